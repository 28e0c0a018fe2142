"""Adjudication: every rule, every refusal, and that the order of arrival never matters."""

from __future__ import annotations

import math
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgeissuer.errors import Rejected
from badgeissuer.rules.adjudication import (
    Assessment,
    Criterion,
    Discrepancy,
    Level,
    Policy,
    Ruling,
    decide,
    outcome_of,
    policy_faults,
)
from badgeissuer.rules.terms import AssessmentMode, AssessorRole, DecisionState, Outcome

AWARDED, NOT_YET = Outcome.AWARDED, Outcome.NOT_YET


def scale(*points: float | None) -> tuple[Level, ...]:
    return tuple(Level(id=f"l{rank}", rank=rank, points=each) for rank, each in enumerate(points))


PLAN = Criterion("https://x.example/a#plan", "Plan", scale(0, 1, 2, 3), required="l2")
PRACTICE = Criterion("https://x.example/a#practice", "Practice", scale(0, 1, 2, 3), required="l2")
VOICE = Criterion("https://x.example/a#voice", "Voice", scale(0, 1, 2, 3))
RUBRIC = (PLAN, PRACTICE, VOICE)
ONE, TWO, EXTERNAL = (Policy(mode) for mode in AssessmentMode)


def levels(plan: int = 2, practice: int = 2, voice: int = 2) -> dict[str, str]:
    return {PLAN.id: f"l{plan}", PRACTICE.id: f"l{practice}", VOICE.id: f"l{voice}"}


def assessed(
    by: str,
    found: dict[str, str] | None = None,
    *,
    outcome: Outcome | None = None,
    role: AssessorRole = AssessorRole.ASSESSOR,
    name: str | None = None,
) -> Assessment:
    return Assessment(by, by.title() if name is None else name, role, levels() if found is None else found, outcome)


def adjudged(by: str, found: dict[str, str] | None = None, *, outcome: Outcome | None = None) -> Assessment:
    return assessed(by, found, outcome=outcome, role=AssessorRole.ADJUDICATOR)


def refused(policy: Policy, *assessments: Assessment, rubric: tuple[Criterion, ...] = RUBRIC) -> list[tuple[str, str]]:
    with pytest.raises(Rejected) as caught:
        decide(policy, rubric, assessments)
    assert caught.value.faults
    return [(fault.pointer, fault.code) for fault in caught.value.faults]


class TestOneAssessor:
    def test_awards_when_every_required_level_is_reached(self) -> None:
        assert decide(ONE, RUBRIC, [assessed("ann", levels(voice=0))]) == Ruling(
            DecisionState.DECIDED, AWARDED, levels(voice=0), "one_assessor", "The assessor would award."
        )

    def test_says_what_is_below(self) -> None:
        assert decide(ONE, RUBRIC, [assessed("ann", levels(plan=1))]) == Ruling(
            DecisionState.DECIDED,
            NOT_YET,
            levels(plan=1),
            "one_assessor",
            "The assessor would not award yet, with “Plan” below the required level.",
        )

    def test_may_withhold_although_the_levels_are_reached(self) -> None:
        assert decide(ONE, RUBRIC, [assessed("ann", outcome=NOT_YET)]).outcome is NOT_YET

    def test_may_give_an_outcome_without_levels(self) -> None:
        ruling = decide(ONE, RUBRIC, [assessed("ann", {}, outcome=AWARDED)])
        assert (ruling.outcome, ruling.levels) == (AWARDED, {})

    def test_may_not_leave_out_some_levels(self) -> None:
        assert refused(ONE, assessed("ann", {PLAN.id: "l2"}, outcome=AWARDED)) == [
            ("/assessments/0/levels/https:~1~1x.example~1a#practice", "missing-criterion"),
            ("/assessments/0/levels/https:~1~1x.example~1a#voice", "missing-criterion"),
        ]

    def test_is_one(self) -> None:
        assert refused(ONE, assessed("ann"), assessed("bea")) == [("/assessments/1", "too-many-assessors")]

    def test_has_no_adjudicator(self) -> None:
        assert refused(ONE, assessed("ann"), adjudged("cam")) == [("/assessments/1/role", "no-adjudicator")]


class TestOutsideBody:
    def test_decides_with_some_levels(self) -> None:
        assert decide(EXTERNAL, RUBRIC, [assessed("ann", {PLAN.id: "l3"}, outcome=AWARDED)]) == Ruling(
            DecisionState.DECIDED, AWARDED, {PLAN.id: "l3"}, "external", "The outside body's assessor would award."
        )

    def test_without_outcome_gives_all_levels(self) -> None:
        assert refused(EXTERNAL, assessed("ann", {PLAN.id: "l2", VOICE.id: "l2"})) == [
            ("/assessments/0/levels/https:~1~1x.example~1a#practice", "missing-criterion")
        ]


class TestTwoAssessors:
    def test_first_alone_waits_and_says_nothing_of_what_it_found(self) -> None:
        assert decide(TWO, RUBRIC, [assessed("ann", levels(plan=0))]) == Ruling(
            DecisionState.AWAITING_SECOND,
            None,
            {},
            "awaiting_second",
            "One of two assessors has answered; the other's view is still to come.",
        )

    @pytest.mark.parametrize(("found", "outcome"), [(levels(), AWARDED), (levels(practice=1), NOT_YET)])
    def test_agreement_decides(self, found: dict[str, str], outcome: Outcome) -> None:
        ruling = decide(TWO, RUBRIC, [assessed("ann", found), assessed("bea", found)])
        assert (ruling.state, ruling.outcome, ruling.levels, ruling.rule) == (
            DecisionState.DECIDED,
            outcome,
            found,
            "two_agree",
        )

    def test_agreement_keeps_the_lower_level_where_they_differ_a_little(self) -> None:
        ruling = decide(TWO, RUBRIC, [assessed("ann", levels(plan=3)), assessed("bea", levels(voice=1))])
        assert ruling == Ruling(
            DecisionState.DECIDED,
            AWARDED,
            levels(plan=2, voice=1),
            "two_agree",
            "Both assessors would award. On “Plan”, “Voice” they differ within the policy; the lower level stands.",
        )

    def test_different_outcomes_call_the_adjudicator(self) -> None:
        ruling = decide(TWO, RUBRIC, [assessed("ann"), assessed("bea", levels(plan=1))])
        assert ruling == Ruling(
            DecisionState.NEEDS_ADJUDICATION,
            None,
            {},
            "discrepancy",
            "The two assessors differ, so an adjudicator decides: one would award, the other would not yet.",
        )

    def test_levels_far_apart_call_the_adjudicator_although_the_outcomes_agree(self) -> None:
        ruling = decide(TWO, RUBRIC, [assessed("ann", levels(voice=3)), assessed("bea", levels(voice=1))])
        assert ruling.reason == "The two assessors differ, so an adjudicator decides: 2 levels apart on “Voice”."

    def test_one_level_can_be_far_apart(self) -> None:
        policy = Policy(AssessmentMode.TWO, Discrepancy(criterion_levels=1))
        ruling = decide(policy, RUBRIC, [assessed("ann", levels(voice=3)), assessed("bea")])
        assert ruling.reason == "The two assessors differ, so an adjudicator decides: 1 level apart on “Voice”."

    def test_totals_compare_as_the_decimals_that_were_written(self) -> None:
        tenths = (
            Criterion("a", "A", scale(0.0, 0.1, 0.3), required="l0"),
            Criterion("b", "B", scale(0.0, 0.2, 0.4), required="l0"),
        )
        pair = [assessed("ann", {"a": "l1", "b": "l1"}), assessed("bea", {"a": "l0", "b": "l0"})]
        at = Policy(AssessmentMode.TWO, Discrepancy(criterion_levels=None, total_points=0.3))
        above = Policy(AssessmentMode.TWO, Discrepancy(criterion_levels=None, total_points=0.31))
        assert decide(at, tenths, pair).reason.endswith("totals 0.3 points apart.")
        assert decide(above, tenths, pair).rule == "two_agree"

    def test_where_outcomes_may_differ_the_stricter_view_stands(self) -> None:
        policy = Policy(AssessmentMode.TWO, Discrepancy(outcome=False))
        ruling = decide(policy, RUBRIC, [assessed("ann"), assessed("bea", levels(plan=1))])
        assert (ruling.outcome, ruling.levels, ruling.rule) == (NOT_YET, levels(plan=1), "stricter_stands")
        assert ruling.reason == (
            "One assessor would award, the other would not yet; the policy lets the stricter view stand. "
            "On “Plan” they differ within the policy; the lower level stands."
        )

    @pytest.mark.parametrize(("found", "outcome"), [(levels(voice=3), AWARDED), (levels(plan=0), NOT_YET)])
    def test_the_adjudicator_settles_it(self, found: dict[str, str], outcome: Outcome) -> None:
        ruling = decide(TWO, RUBRIC, [assessed("ann"), assessed("bea", levels(plan=1)), adjudged("cam", found)])
        assert (ruling.state, ruling.outcome, ruling.levels, ruling.rule) == (
            DecisionState.DECIDED,
            outcome,
            found,
            "adjudicated",
        )

    def test_reason_of_an_adjudication(self) -> None:
        ruling = decide(TWO, RUBRIC, [assessed("ann"), assessed("bea", levels(plan=0)), adjudged("cam")])
        assert ruling.reason == (
            "The two assessors differed (one would award, the other would not yet; 2 levels apart on “Plan”); "
            "the adjudicator would award, and that decides."
        )

    def test_without_a_rubric_outcomes_decide(self) -> None:
        pair = [assessed("ann", {}, outcome=AWARDED), assessed("bea", {}, outcome=AWARDED)]
        assert decide(TWO, (), pair).outcome is AWARDED


class TestRefusals:
    @pytest.mark.parametrize("policy", [ONE, TWO, EXTERNAL])
    def test_nobody(self, policy: Policy) -> None:
        assert refused(policy) == [("/assessments", "no-assessor")]

    @pytest.mark.parametrize("again", ["ann", " Ann ", "ＡＮＮ"])
    def test_the_same_person_twice(self, again: str) -> None:
        assert refused(TWO, assessed("ann"), assessed(again)) == [("/assessments/1/assessor/id", "same-assessor")]

    @pytest.mark.parametrize(("first", "second"), [("Ann Lee", "a-7"), ("a-7", "ANN LEE ")])
    def test_the_same_person_by_name_where_one_has_no_id(self, first: str, second: str) -> None:
        people = [assessed(first, name="Ann Lee"), assessed(second, name="Ann Lee")]
        assert refused(TWO, *people) == [("/assessments/1/assessor/id", "same-assessor")]

    def test_two_namesakes_with_ids_are_two(self) -> None:
        people = [assessed("a-7", name="Ann Lee"), assessed("a-8", name="Ann Lee")]
        assert decide(TWO, RUBRIC, people).rule == "two_agree"

    def test_the_adjudicator_is_one_of_the_two(self) -> None:
        assert refused(TWO, assessed("ann"), assessed("bea", levels(plan=0)), adjudged("bea")) == [
            ("/assessments/2/assessor/id", "same-assessor")
        ]

    def test_a_third_assessor(self) -> None:
        assert refused(TWO, assessed("ann"), assessed("bea"), assessed("cam")) == [
            ("/assessments/2", "too-many-assessors")
        ]

    def test_two_adjudicators(self) -> None:
        people = [assessed("ann"), assessed("bea", levels(plan=0)), adjudged("cam"), adjudged("dot")]
        assert refused(TWO, *people) == [("/assessments/3", "too-many-adjudicators")]

    def test_adjudication_before_the_second(self) -> None:
        assert refused(TWO, adjudged("cam"), assessed("ann")) == [("/assessments/0/role", "no-discrepancy")]

    def test_adjudication_alone(self) -> None:
        assert refused(TWO, adjudged("cam")) == [
            ("/assessments", "no-assessor"),
            ("/assessments/0/role", "no-discrepancy"),
        ]

    def test_adjudication_without_discrepancy(self) -> None:
        assert refused(TWO, assessed("ann"), adjudged("cam"), assessed("bea")) == [
            ("/assessments/1/role", "no-discrepancy")
        ]

    def test_an_assessor_without_id_or_name(self) -> None:
        assert refused(ONE, assessed(" ", name="")) == [
            ("/assessments/0/assessor/id", "no-assessor"),
            ("/assessments/0/assessor/name", "no-assessor"),
        ]

    def test_unknown_criterion_and_level_and_a_missing_one_together(self) -> None:
        found = {PLAN.id: "l9", VOICE.id: "l0", "a~b/c": "l0"}
        assert refused(TWO, assessed("ann", found)) == [
            ("/assessments/0/levels/https:~1~1x.example~1a#plan", "unknown-level"),
            ("/assessments/0/levels/a~0b~1c", "unknown-criterion"),
            ("/assessments/0/levels/https:~1~1x.example~1a#practice", "missing-criterion"),
        ]

    def test_an_award_that_its_own_levels_contradict(self) -> None:
        assert refused(ONE, assessed("ann", levels(plan=1), outcome=AWARDED)) == [
            ("/assessments/0/levels/https:~1~1x.example~1a#plan", "below-required")
        ]

    def test_no_outcome_where_no_level_is_required(self) -> None:
        assert refused(ONE, assessed("ann", {VOICE.id: "l3"}), rubric=(VOICE,)) == [
            ("/assessments/0/outcome", "no-outcome")
        ]

    def test_details_do_not_repeat_what_was_sent(self) -> None:
        with pytest.raises(Rejected) as caught:
            decide(ONE, RUBRIC, [assessed("ann", {**levels(), PLAN.id: "secret-level"}, name=" ")])
        assert "secret-level" not in str(caught.value.faults) + caught.value.detail


class TestUnfitRubric:
    @pytest.mark.parametrize("points", [None, math.nan, math.inf, -math.inf, 1e300])
    def test_totals_without_points_are_refused_not_guessed(self, points: float | None) -> None:
        rubric = (Criterion("a", "A", scale(0, points), required="l0"),)
        policy = Policy(AssessmentMode.TWO, Discrepancy(total_points=1))
        assert refused(policy, assessed("ann", {"a": "l1"}), assessed("bea", {"a": "l0"}), rubric=rubric) == [
            ("/criteria/0/levels/1/points", "no-points")
        ]
        assert policy_faults(TWO, rubric) == []

    def test_ambiguity_is_refused(self) -> None:
        twice = Level("l0", 0)
        rubric = (
            Criterion("a", "A", (twice, twice)),
            Criterion("a", "Again", scale(0), required="l7"),
            Criterion("b", "Empty", ()),
        )
        assert [fault.pointer for fault in policy_faults(ONE, rubric)] == [
            "/criteria/0/levels",
            "/criteria/1/id",
            "/criteria/1/required",
            "/criteria/2/levels",
        ]


class TestOutcomeOf:
    def test_recommendation_counts_first(self) -> None:
        assert outcome_of(RUBRIC, assessed("ann", levels(plan=0), outcome=AWARDED)) is AWARDED

    @pytest.mark.parametrize(("plan", "outcome"), [(1, NOT_YET), (2, AWARDED), (3, AWARDED)])
    def test_else_the_required_levels(self, plan: int, outcome: Outcome) -> None:
        assert outcome_of(RUBRIC, assessed("ann", levels(plan=plan))) is outcome

    @pytest.mark.parametrize("rubric", [(VOICE,), RUBRIC])
    def test_refuses_to_guess(self, rubric: tuple[Criterion, ...]) -> None:
        with pytest.raises(Rejected) as caught:
            outcome_of(rubric, assessed("ann", {VOICE.id: "l3"}))
        assert [fault.pointer for fault in caught.value.faults] == ["/outcome"]


findings = st.builds(levels, *[st.integers(0, 3)] * 3)
bounds = st.builds(
    Discrepancy,
    outcome=st.booleans(),
    criterion_levels=st.none() | st.integers(1, 3),
    total_points=st.none() | st.sampled_from([0.5, 1, 2, 3.5]),
)
people = st.lists(st.sampled_from(["ann", "bea", "cam", "dot"]), min_size=0, max_size=4)
crowds = people.flatmap(
    lambda ids: st.tuples(
        *(
            st.builds(
                assessed,
                st.just(each),
                findings,
                outcome=st.none() | st.sampled_from(Outcome),
                role=st.sampled_from(AssessorRole),
            )
            for each in ids
        )
    )
)


def verdict(policy: Policy, assessments: tuple[Assessment, ...]) -> Ruling | frozenset[str] | str:
    try:
        return decide(policy, RUBRIC, assessments)
    except Rejected:
        return "refused"


@given(policy=st.builds(Policy, st.sampled_from(AssessmentMode), bounds), assessments=crowds)
def test_order_of_arrival_never_matters(policy: Policy, assessments: tuple[Assessment, ...]) -> None:
    rulings = [verdict(policy, order) for order in permutations(assessments)]
    assert all(each == rulings[0] for each in rulings)


@given(bounds, findings, findings, findings)
def test_an_award_is_always_carried(
    terms: Discrepancy, one: dict[str, str], two: dict[str, str], three: dict[str, str]
) -> None:
    policy = Policy(AssessmentMode.TWO, terms)
    pair = (assessed("ann", one), assessed("bea", two))
    ruling = decide(policy, RUBRIC, pair)
    if ruling.state is DecisionState.NEEDS_ADJUDICATION:
        ruling = decide(policy, RUBRIC, (*pair, adjudged("cam", three)))
    else:
        assert verdict(policy, (*pair, adjudged("cam", three))) == "refused"
    assert ruling.state is DecisionState.DECIDED
    standing = assessed("x", dict(ruling.levels))
    assert ruling.outcome is outcome_of(RUBRIC, standing) or (
        ruling.outcome is NOT_YET and ruling.rule in ("two_agree", "stricter_stands")
    )
    if ruling.outcome is AWARDED and ruling.rule != "adjudicated":
        assert outcome_of(RUBRIC, pair[0]) is outcome_of(RUBRIC, pair[1]) is AWARDED
