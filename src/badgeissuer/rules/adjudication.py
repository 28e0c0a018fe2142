"""Assessments become a decision: by one assessor, by two who agree, or by an adjudicator where two do not.

The order in which assessments arrive never matters: they are told apart by role and person, and every comparison is
symmetric. Nothing is scored automatically: each ruling rests on at least one named person.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from badgeissuer.errors import Fault, Rejected
from badgeissuer.rules import rubric
from badgeissuer.rules.rubric import Criterion, Level
from badgeissuer.rules.terms import AssessmentMode, AssessorRole, DecisionState, Outcome

__all__ = [
    "Assessment",
    "Criterion",
    "Discrepancy",
    "Level",
    "Policy",
    "Ruling",
    "decide",
    "outcome_of",
    "policy_faults",
]

_VERB = {Outcome.AWARDED: "would award", Outcome.NOT_YET: "would not award yet"}


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """What counts as two assessors disagreeing; any one of the three is enough, and None switches one off."""

    outcome: bool = True
    criterion_levels: int | None = 2
    total_points: float | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """Who decides under a version of an achievement, and when an adjudicator is needed."""

    mode: AssessmentMode
    discrepancy: Discrepancy = Discrepancy()


@dataclass(frozen=True, slots=True)
class Assessment:
    """What one person found: criterion id → level id, and the outcome they recommend (None: what the levels say)."""

    assessor_id: str
    assessor_name: str
    role: AssessorRole
    levels: Mapping[str, str]
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """Where the decision stands, by which rule (a stable code), and why, in words that name roles and criteria.

    Once ``state`` is decided, ``outcome`` is there, and ``levels`` holds the level that stands for each criterion.
    """

    state: DecisionState
    outcome: Outcome | None
    levels: Mapping[str, str]
    rule: str
    reason: str


def outcome_of(criteria: Sequence[Criterion], assessment: Assessment) -> Outcome:
    """The outcome an assessment stands for: the recommended one, else awarded if every required level is reached.

    The levels are the rubric's own. Raises ``Rejected`` where neither tells: no level is required, or one is missing.
    """
    if assessment.outcome is not None:
        return assessment.outcome
    required = [criterion for criterion in criteria if criterion.required is not None]
    if not required or any(criterion.id not in assessment.levels for criterion in required):
        raise Rejected("the assessment does not say its outcome", faults=[_no_outcome()])
    return Outcome.NOT_YET if rubric.below_required(required, assessment.levels) else Outcome.AWARDED


def person_key(name: str) -> str:
    """What tells one person from another: Ann@x is ann@x."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def policy_faults(policy: Policy, criteria: Sequence[Criterion]) -> list[Fault]:
    """What keeps a policy from working with a rubric. Ask when it is published; ``decide`` asks again."""
    return rubric.rubric_faults(criteria, with_points=policy.discrepancy.total_points is not None)


def decide(policy: Policy, criteria: Sequence[Criterion], assessments: Sequence[Assessment]) -> Ruling:
    """Apply the policy to all assessments of one attempt; equal for every order in which they come.

    Under ``two`` each assessment rates every criterion. Under ``one`` the levels may be left out as a whole, and under
    ``external`` in part, if the outcome is given. Raises ``Rejected`` with every fault, at ``/assessments/N/…``: the
    same person twice, an unknown, missing or contradicted level, an outcome that nothing tells, more people than the
    policy has, an adjudicator before the two assessors or without a discrepancy; at ``/criteria/N/…``: an unfit rubric.
    """
    faults = [*policy_faults(policy, criteria), *_people_faults(policy, assessments)]
    for n, assessment in enumerate(assessments):
        faults += [fault.under(f"/assessments/{n}") for fault in _faults(policy.mode, criteria, assessment)]
    if faults:
        raise Rejected("the assessments do not fit the achievement's policy or rubric", faults=faults)
    assessors = [each for each in assessments if each.role is AssessorRole.ASSESSOR]
    if policy.mode is AssessmentMode.ONE:
        return _by_one(criteria, assessors[0], rule="one_assessor", who="The assessor")
    if policy.mode is AssessmentMode.EXTERNAL:
        return _by_one(criteria, assessors[0], rule="external", who="The outside body's assessor")
    if len(assessors) == 1:
        reason = "One of two assessors has answered; the other's view is still to come."
        return Ruling(DecisionState.AWAITING_SECOND, None, {}, "awaiting_second", reason)
    return _by_two(policy.discrepancy, criteria, assessments)


def _same_person(one: Assessment, other: Assessment) -> bool:
    """By id; by name too where one of them has nothing but a name for an id."""
    ids = {person_key(one.assessor_id), person_key(other.assessor_id)}
    names = {person_key(one.assessor_name), person_key(other.assessor_name)}
    return len(ids) == 1 or (len(names) == 1 and names < ids)


def _people_faults(policy: Policy, assessments: Sequence[Assessment]) -> list[Fault]:
    """Who may not stand together under the policy. Judged over all of them, so that no order is safer than another."""
    two = policy.mode is AssessmentMode.TWO
    places: dict[AssessorRole, list[int]] = {AssessorRole.ASSESSOR: [], AssessorRole.ADJUDICATOR: []}
    faults = []
    for n, assessment in enumerate(assessments):
        places[assessment.role].append(n)
        if any(_same_person(assessment, earlier) for earlier in assessments[:n]):
            faults.append(_fault(n, "/assessor/id", "this person has assessed this attempt already", "same-assessor"))
    assessors, adjudicators = places.values()
    if not assessors:
        faults.append(Fault("/assessments", "a decision needs the assessment of a named assessor", "no-assessor"))
    words = "the policy has two assessors; a third view is an adjudicator's" if two else "the policy has one assessor"
    faults += [_fault(n, "", words, "too-many-assessors") for n in assessors[2 if two else 1 :]]
    if not two:
        faults += [_fault(n, "/role", "the policy has no adjudicator", "no-adjudicator") for n in adjudicators]
    elif len(assessors) < 2:
        words = "an adjudicator comes after two assessors who differ"
        faults += [_fault(n, "/role", words, "no-discrepancy") for n in adjudicators]
    else:
        words = "the policy has one adjudicator"
        faults += [_fault(n, "", words, "too-many-adjudicators") for n in adjudicators[1:]]
    return faults


def _faults(mode: AssessmentMode, criteria: Sequence[Criterion], assessment: Assessment) -> list[Fault]:
    """What is wrong with one assessment, whoever else there is."""
    faults = [
        Fault(f"/assessor/{member}", "the person who assessed is named", "no-assessor")
        for member, text in (("id", assessment.assessor_id), ("name", assessment.assessor_name))
        if not text.strip()
    ]
    told = assessment.outcome is not None
    spared = told and (mode is AssessmentMode.EXTERNAL or (mode is AssessmentMode.ONE and not assessment.levels))
    wrong = rubric.level_faults(criteria, assessment.levels, complete=not spared)
    faults += wrong
    if not told and all(criterion.required is None for criterion in criteria):
        faults.append(_no_outcome())
    if assessment.outcome is Outcome.AWARDED and not wrong:
        faults += rubric.contradictions(criteria, assessment.levels)
    return faults


def _by_one(criteria: Sequence[Criterion], assessment: Assessment, *, rule: str, who: str) -> Ruling:
    outcome = outcome_of(criteria, assessment)
    below = rubric.below_required(criteria, assessment.levels)
    why = f", with {rubric.quoted(below)} below the required level" if below else ""
    return _decided(criteria, outcome, assessment.levels, rule, f"{who} {_VERB[outcome]}{why}.")


def _by_two(terms: Discrepancy, criteria: Sequence[Criterion], assessments: Sequence[Assessment]) -> Ruling:
    first, second = (each for each in assessments if each.role is AssessorRole.ASSESSOR)
    adjudicator = next((n for n, each in enumerate(assessments) if each.role is AssessorRole.ADJUDICATOR), None)
    outcomes = {outcome_of(criteria, first), outcome_of(criteria, second)}
    differences = "; ".join(_differences(terms, criteria, first, second, outcomes))
    if differences:
        if adjudicator is None:
            reason = f"The two assessors differ, so an adjudicator decides: {differences}."
            return Ruling(DecisionState.NEEDS_ADJUDICATION, None, {}, "discrepancy", reason)
        final = assessments[adjudicator]
        outcome = outcome_of(criteria, final)
        reason = f"The two assessors differed ({differences}); the adjudicator {_VERB[outcome]}, and that decides."
        return _decided(criteria, outcome, final.levels, "adjudicated", reason)
    if adjudicator is not None:
        raise Rejected(
            "the two assessors do not differ in a way that calls an adjudicator",
            faults=[_fault(adjudicator, "/role", "nothing is left to adjudicate", "no-discrepancy")],
        )
    apart = rubric.quoted([each for each in criteria if first.levels[each.id] != second.levels[each.id]])
    kept = f" On {apart} they differ within the policy; the lower level stands." if apart else ""
    levels = rubric.lower(criteria, first.levels, second.levels)
    if len(outcomes) == 2:
        reason = "One assessor would award, the other would not yet; the policy lets the stricter view stand."
        return _decided(criteria, Outcome.NOT_YET, levels, "stricter_stands", reason + kept)
    outcome = outcomes.pop()
    return _decided(criteria, outcome, levels, "two_agree", f"Both assessors {_VERB[outcome]}.{kept}")


def _differences(
    terms: Discrepancy, criteria: Sequence[Criterion], one: Assessment, other: Assessment, outcomes: set[Outcome]
) -> list[str]:
    """Each bound of the policy that is passed, in words that do not say which assessor is which."""
    found = []
    if terms.outcome and len(outcomes) == 2:
        found.append("one would award, the other would not yet")
    for criterion in criteria if terms.criterion_levels is not None else ():
        apart = abs(criterion.rank(one.levels[criterion.id]) - criterion.rank(other.levels[criterion.id]))
        if apart >= (terms.criterion_levels or 0):
            found.append(f"{apart} level{'' if apart == 1 else 's'} apart on {rubric.quoted([criterion])}")
    if terms.total_points is not None:
        apart_by = abs(rubric.total(criteria, one.levels) - rubric.total(criteria, other.levels))
        if apart_by >= rubric.exact(terms.total_points):
            found.append(f"totals {float(apart_by):g} points apart")
    return found


def _decided(
    criteria: Sequence[Criterion], outcome: Outcome, levels: Mapping[str, str], rule: str, reason: str
) -> Ruling:
    standing = {criterion.id: levels[criterion.id] for criterion in criteria if criterion.id in levels}
    return Ruling(DecisionState.DECIDED, outcome, standing, rule, reason)


def _no_outcome() -> Fault:
    return Fault("/outcome", "the rubric requires no level, so the assessor says whether to award", "no-outcome")


def _fault(n: int, member: str, detail: str, code: str) -> Fault:
    return Fault(f"/assessments/{n}{member}", detail, code)
