"""Judgements as they are given: who judged, what, when; and what the achievement's policy makes of them.

Everything here works on values that were read already; nothing reads or writes rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from badgeissuer.errors import Fault, Rejected
from badgeissuer.rules import adjudication, rubric
from badgeissuer.rules.awarding import CLOCK_SKEW
from badgeissuer.rules.parts import criteria_of
from badgeissuer.rules.terms import AssessmentMode, AssessorRole, DecisionSource, DecisionState, Outcome
from badgeissuer.services.grounds import Attempt, resolve_levels
from badgeissuer.services.identifying import EarnerGiven
from badgeissuer.services.selecting import Edition
from badgeissuer.store.assessment import AssessmentRow
from badgeissuer.store.people import Subject


@dataclass(frozen=True, slots=True)
class Person:
    """Who judged: the id by which the platform knows them, and a name that people can read."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """An outcome by one named assessor, as a platform delivers it."""

    outcome: Outcome
    by: Person
    at: datetime
    source: DecisionSource = DecisionSource.PLATFORM


@dataclass(frozen=True, slots=True)
class AssessmentGiven:
    """What one assessor found: criterion (id or name) → level (id or name), perhaps with a recommended outcome."""

    by: Person
    levels: dict[str, str]
    at: datetime
    role: AssessorRole = AssessorRole.ASSESSOR
    outcome: Outcome | None = None
    feedback: str | None = None


def ruling(
    edition: Edition,
    *,
    judgement: Judgement | None,
    attempt: Attempt,
    assessments: Sequence[adjudication.Assessment],
) -> adjudication.Ruling:
    """What the policy makes of an outcome by one, or of the assessments. Raises ``Rejected`` with every fault."""
    policy = edition.version.as_parts().assessment.as_policy()
    if judgement is None:
        if not assessments:
            raise Rejected(
                "there is no judgement",
                faults=[Fault("", "send an outcome with its assessor and decided_at, or the assessments")],
            )
        return adjudication.decide(policy, criteria_of(edition.version.document), assessments)
    if policy.mode is AssessmentMode.TWO:
        raise Rejected(
            "the achievement's policy asks for two assessors",
            faults=[Fault("/outcome", "one outcome does not meet the policy: send the assessments of two assessors")],
        )
    if judgement.outcome is Outcome.AWARDED:
        _results_carry(edition, attempt)
    return adjudication.Ruling(
        state=DecisionState.DECIDED,
        outcome=judgement.outcome,
        levels={},
        rule="external" if judgement.source is DecisionSource.EXTERNAL else "one_assessor",
        reason=f"{judgement.by.name} judged the evidence on {judgement.at.date().isoformat()}: "
        + ("awarded." if judgement.outcome is Outcome.AWARDED else "not yet."),
    )


def _results_carry(edition: Edition, attempt: Attempt) -> None:
    """An award must not contradict the results that come with it."""
    reached = {r["result_description"]: r["achieved_level"] for r in attempt.results if r.get("achieved_level")}
    places = [result["result_description"] for result in attempt.results]
    faults = [
        Fault(
            f"/results/{places.index(criterion.id)}/achieved_level",
            f"below the level that {criterion.name!r} requires for an award",
        )
        for criterion in rubric.below_required(criteria_of(edition.version.document), reached)
    ]
    if faults:
        raise Rejected("the results contradict the outcome", faults=faults)


def check_people(
    earner: EarnerGiven,
    subject: Subject | None,
    judgement: Judgement | None,
    assessments: Sequence[AssessmentGiven],
    *,
    now: datetime,
) -> None:
    """A judgement has a date that has come, and nobody judges their own work.

    Where an assessor has no id but a name, the earner's name counts too: of two namesakes one is sent with an id.
    """
    ids, names = [earner.email, earner.identity()[1], earner.did, earner.licence_id], [earner.name]
    if subject is not None:
        ids += [subject.did, subject.licence_id]
        names.append(subject.name)
    own = {adjudication.person_key(text) for text in ids if text}
    named = own | {adjudication.person_key(text) for text in names if text}
    faults = []
    people = [("/assessor", judgement.by, judgement.at, "/decided_at")] if judgement is not None else []
    people += [
        (f"/assessments/{n}/assessor", given.by, given.at, f"/assessments/{n}/assessed_at")
        for n, given in enumerate(assessments)
    ]
    for pointer, person, at, at_pointer in people:
        if adjudication.person_key(person.id) in (named if person.id == person.name else own):
            words = "nobody assesses their own evidence; tell an assessor of the earner's name apart by an id"
            faults.append(Fault(f"{pointer}/id", words, "self-assessment"))
        if at > now + CLOCK_SKEW:
            faults.append(Fault(at_pointer, "lies in the future", "future"))
    if faults:
        raise Rejected("the judgement cannot be taken as it is", faults=faults)


def levels(
    edition: Edition, assessments: Sequence[AssessmentGiven], *, prefix: str = "/assessments"
) -> list[adjudication.Assessment]:
    """Assessments as the rule takes them, with ids for the names of criteria and levels. Raises ``Rejected``."""
    return [
        adjudication.Assessment(
            assessor_id=given.by.id,
            assessor_name=given.by.name,
            role=given.role,
            levels=resolve_levels(edition, given.levels, pointer=f"{prefix}/{n}/levels" if prefix else "/levels"),
            outcome=given.outcome,
        )
        for n, given in enumerate(assessments)
    ]


def recorded(row: AssessmentRow) -> adjudication.Assessment:
    """A stored assessment as the rule takes it."""
    return adjudication.Assessment(
        assessor_id=row.assessor_id,
        assessor_name=row.assessor_name,
        role=row.role,
        levels=row.levels,
        outcome=row.outcome,
    )


def with_levels(attempt: Attempt, ruling: adjudication.Ruling) -> Attempt:
    """The results that the assessors settled on stand in the record; a platform's other results stay beside them."""
    if not ruling.levels:
        return attempt
    settled: list[dict[str, Any]] = [
        {"result_description": criterion, "achieved_level": level} for criterion, level in ruling.levels.items()
    ]
    others = [result for result in attempt.results if result["result_description"] not in ruling.levels]
    return replace(attempt, results=[*settled, *others])


def decided_at(judgement: Judgement | None, ruling: adjudication.Ruling, *, now: datetime) -> datetime | None:
    """When it was decided: the judgement's own date, now for a rule's, None while it is open."""
    if judgement is not None:
        return judgement.at
    return now if ruling.state is DecisionState.DECIDED else None


def names(assessments: Sequence[AssessmentGiven], ruling: adjudication.Ruling) -> str | None:
    """Who decided, once it is decided."""
    if ruling.state is not DecisionState.DECIDED:
        return None
    return ", ".join(sorted(given.by.name for given in assessments))
