"""What may become an award, and what may become of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgeissuer.errors import IllegalTransition
from badgeissuer.rules.awarding import (
    DecisionFacts,
    NotAwardable,
    Terms,
    duplicate,
    status_bit,
    status_transition,
    terms,
    visible_to_third_parties,
)
from badgeissuer.rules.terms import (
    AssessmentMode,
    AwardState,
    DecisionSource,
    DecisionState,
    DuplicatePolicy,
    Outcome,
    StatusPurpose,
    VersionState,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GOOD = DecisionFacts(
    state=DecisionState.DECIDED,
    outcome=Outcome.AWARDED,
    source=DecisionSource.PLATFORM,
    mode=AssessmentMode.ONE,
    persons=1,
    decided_at=NOW - timedelta(days=400),
    version_state=VersionState.PUBLISHED,
)
DAY = timedelta(days=1)
ACTIVE, SUSPENDED, REVOKED, SUPERSEDED = AwardState


class TestTerms:
    def test_without_an_end(self) -> None:
        assert terms(GOOD, now=NOW, valid_for_days=None) == Terms(valid_until=None)

    def test_ends_so_many_days_after_it_is_made(self) -> None:
        assert terms(GOOD, now=NOW, valid_for_days=30) == Terms(valid_until=NOW + 30 * DAY)

    @pytest.mark.parametrize(("limit", "chosen"), [(None, NOW + DAY), (30, NOW + DAY), (30, NOW + 30 * DAY)])
    def test_the_decision_may_choose_an_end(self, limit: int | None, chosen: datetime) -> None:
        assert terms(GOOD, now=NOW, valid_for_days=limit, valid_until=chosen) == Terms(valid_until=chosen)

    @pytest.mark.parametrize(
        ("chosen", "code"),
        [
            (NOW + 31 * DAY, "too-late"),
            (NOW, "past"),
            (NOW - DAY, "past"),
            ((NOW + DAY).replace(tzinfo=None), "no-zone"),
        ],
    )
    def test_but_not_any(self, chosen: datetime, code: str) -> None:
        with pytest.raises(NotAwardable) as caught:
            terms(GOOD, now=NOW, valid_for_days=30, valid_until=chosen)
        assert [(fault.pointer, fault.code) for fault in caught.value.faults] == [("/valid_until", code)]

    @pytest.mark.parametrize("source", DecisionSource)
    @pytest.mark.parametrize("mode", [AssessmentMode.ONE, AssessmentMode.EXTERNAL])
    def test_one_person_is_enough_where_the_policy_says_so(self, source: DecisionSource, mode: AssessmentMode) -> None:
        assert terms(replace(GOOD, source=source, mode=mode), now=NOW, valid_for_days=None) == Terms(None)

    @pytest.mark.parametrize("persons", [2, 3])
    def test_two_assessments_meet_the_policy_of_two(self, persons: int) -> None:
        facts = replace(GOOD, source=DecisionSource.ASSESSMENTS, mode=AssessmentMode.TWO, persons=persons)
        assert terms(facts, now=NOW, valid_for_days=None) == Terms(None)

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"state": DecisionState.AWAITING_SECOND, "outcome": None}, "not-decided"),
            ({"state": DecisionState.NEEDS_ADJUDICATION, "outcome": None}, "not-decided"),
            ({"outcome": Outcome.NOT_YET}, "not-awarded"),
            ({"outcome": None}, "not-awarded"),
            ({"persons": 0}, "no-assessor"),
            ({"mode": AssessmentMode.TWO, "persons": 2}, "policy-not-met"),
            ({"mode": AssessmentMode.TWO, "source": DecisionSource.EXTERNAL, "persons": 2}, "policy-not-met"),
            ({"mode": AssessmentMode.TWO, "source": DecisionSource.ASSESSMENTS}, "policy-not-met"),
            ({"version_state": VersionState.DRAFT}, "not-published"),
            ({"version_state": VersionState.RETIRED}, "not-published"),
            ({"decided_at": None}, "not-decided"),
            ({"decided_at": NOW.replace(tzinfo=None)}, "no-zone"),
            ({"decided_at": NOW + timedelta(seconds=61)}, "future"),
        ],
    )
    def test_what_stands_against_an_award(self, change: dict[str, object], code: str) -> None:
        with pytest.raises(NotAwardable) as caught:
            terms(replace(GOOD, **change), now=NOW, valid_for_days=None)  # type: ignore[arg-type]
        assert [fault.code for fault in caught.value.faults] == [code]

    def test_a_clock_may_be_a_little_ahead(self) -> None:
        assert terms(replace(GOOD, decided_at=NOW + timedelta(seconds=60)), now=NOW, valid_for_days=None) == Terms(None)

    def test_says_everything_at_once(self) -> None:
        facts = DecisionFacts(
            DecisionState.DECIDED,
            Outcome.NOT_YET,
            DecisionSource.EXTERNAL,
            AssessmentMode.TWO,
            0,
            None,
            VersionState.DRAFT,
        )
        with pytest.raises(NotAwardable) as caught:
            terms(facts, now=NOW, valid_for_days=1, valid_until=NOW - DAY)
        assert [fault.code for fault in caught.value.faults] == [
            "not-awarded",
            "no-assessor",
            "not-decided",
            "not-published",
            "past",
        ]


@pytest.mark.parametrize(
    ("policy", "answer"),
    [(DuplicatePolicy.DENY, "deny"), (DuplicatePolicy.ALLOW, "issue"), (DuplicatePolicy.REPLACE, "replace")],
)
def test_a_second_award(policy: DuplicatePolicy, answer: str) -> None:
    assert duplicate(policy, False) == "issue"
    assert duplicate(policy, True) == answer


STEPS = {
    (ACTIVE, "suspend"): SUSPENDED,
    (ACTIVE, "revoke"): REVOKED,
    (ACTIVE, "supersede"): SUPERSEDED,
    (SUSPENDED, "reinstate"): ACTIVE,
    (SUSPENDED, "revoke"): REVOKED,
}
ACTIONS = ("revoke", "suspend", "reinstate", "supersede")


@pytest.mark.parametrize("state", AwardState)
@pytest.mark.parametrize("action", ACTIONS)
def test_every_step_of_an_award(state: AwardState, action: str) -> None:
    if (state, action) in STEPS:
        assert status_transition(state, action) is STEPS[state, action]  # type: ignore[arg-type]
    else:
        with pytest.raises(IllegalTransition):
            status_transition(state, action)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("purpose", "set_in"),
    [
        (StatusPurpose.REVOCATION, {REVOKED, SUPERSEDED}),
        (StatusPurpose.SUSPENSION, {SUSPENDED, REVOKED, SUPERSEDED}),
    ],
)
def test_when_the_bit_is_set(purpose: StatusPurpose, set_in: set[AwardState]) -> None:
    assert {state for state in AwardState if status_bit(purpose, state)} == set_in


def test_only_a_suspension_under_revocation_is_hidden() -> None:
    hidden = [(p, s) for p in StatusPurpose for s in AwardState if not visible_to_third_parties(p, s)]
    assert hidden == [(StatusPurpose.REVOCATION, SUSPENDED)]


@given(purpose=st.sampled_from(StatusPurpose), actions=st.lists(st.sampled_from(ACTIONS), max_size=12))
def test_no_bit_is_cleared_once_the_award_has_ended(purpose: StatusPurpose, actions: list[str]) -> None:
    state, ended, bit = ACTIVE, False, False
    for action in actions:
        try:
            state = status_transition(state, action)  # type: ignore[arg-type]
        except IllegalTransition:
            continue
        assert not ended
        cleared = bit and not status_bit(purpose, state)
        bit, ended = status_bit(purpose, state), state in (REVOKED, SUPERSEDED)
        assert not (cleared and purpose is StatusPurpose.REVOCATION)
    assert bit or not ended
