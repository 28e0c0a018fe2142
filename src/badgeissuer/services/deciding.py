"""Record decisions, many in one unit of work, each with its own outcome; what is awarded is minted with it.

No decision without a named person, and none that the policy does not carry. What was decided stays: a later attempt is
a new decision.

Whatever can be wrong with one of many is found before the first row is written, on rows that are locked by then. What
goes wrong after that ends the unit of work, and whoever called tries again with fewer at a time.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from badgeissuer.errors import BadgeissuerError, Conflict
from badgeissuer.rules.adjudication import Ruling
from badgeissuer.rules.terms import DecisionState, Outcome
from badgeissuer.services import awarding, identifying, judging
from badgeissuer.services.decision_rows import Asking, Recorded, rows_of, tell, wanted
from badgeissuer.services.grounds import Attempt, resolve_results
from badgeissuer.services.identifying import Known
from badgeissuer.services.selecting import Edition, published_edition, still_published
from badgeissuer.store.assessment import AssessmentRow, Decision, EvidenceItem
from badgeissuer.store.awards import Award
from badgeissuer.store.insert import columns_of, insert_rows
from badgeissuer.store.people import Subject
from badgeissuer.work import Work


class InOneUnit(Conflict):
    """Two decisions about one person are not made in one unit of work: the second is to see what the first did."""

    code = "in-one-unit"


# Whom a decision is about: the issuer's id, and by what that issuer knows them.
_Person = tuple[UUID, identifying.Identity]


@dataclass(slots=True)
class _Case:
    """An asking on its way: what was found and made of it so far, or the error that ended it."""

    asking: Asking
    error: BadgeissuerError | None = None
    edition: Edition | None = None
    attempt: Attempt | None = None
    ruling: Ruling | None = None
    urn: str = ""
    drafted: awarding.AwardDraft | None = None
    earlier: Award | None = None


async def record_decision(work: Work, asking: Asking) -> Recorded:
    """Record one decision, or the first assessments on the way to one; an awarded one is minted with it.

    Raises ``NotFound`` (achievement, also another tenant's), ``Rejected`` with every fault (policy, rubric, form),
    ``Conflict`` naming the award that exists already.
    """
    [recorded] = await record_decisions(work, [asking])
    if isinstance(recorded, BadgeissuerError):
        raise recorded
    return recorded


async def record_decisions(work: Work, askings: Sequence[Asking]) -> list[Recorded | BadgeissuerError]:
    """The same for many; in the place of each its decision or its own error.

    Raises what stood against one of them only once rows were locked: a race that was lost, or ``InOneUnit``.
    """
    cases = [_Case(asking) for asking in askings]
    await _find_editions(work, cases)
    people = await _people_before(work, cases)
    for case in _open(cases):
        _weigh(work, case, people.get(_person(case)))
        await asyncio.sleep(0)
    await _draft(work, cases, people)
    recorded: dict[int, Recorded] = {}
    standing = list(_open(cases))
    if standing:
        await work.begin_write()
        await still_published(work, editions=[case.edition for case in standing if case.edition is not None])
        known = await _record_subjects(work, standing)
        await _draft_again(work, standing, known)
        await _check_duplicates(work, standing, known)
        recorded = await _store(work, standing, known)
    return [recorded[id(case)] if case.error is None else case.error for case in cases]


def _open(cases: Iterable[_Case]) -> Iterable[_Case]:
    """Those that nothing stands against so far."""
    return (case for case in cases if case.error is None)


def _person(case: _Case) -> _Person:
    """By whom and at which issuer a case is known."""
    assert case.edition is not None
    return case.edition.issuer.id, case.asking.earner.identity()


async def _find_editions(work: Work, cases: Sequence[_Case]) -> None:
    """Once for each that is named."""
    found: dict[tuple[UUID, int | None], Edition | BadgeissuerError] = {}
    for case in cases:
        name = case.asking.achievement_id, case.asking.version
        if name not in found:
            try:
                found[name] = await published_edition(work, achievement_id=name[0], number=name[1])
            except BadgeissuerError as error:
                found[name] = error
        edition = found[name]
        if isinstance(edition, BadgeissuerError):
            # Each its own: whoever gets it may move its faults to where they stand in what was sent.
            case.error = copy.copy(edition)
        else:
            case.edition = edition


async def _people_before(work: Work, cases: Sequence[_Case]) -> dict[_Person, Subject]:
    found: dict[_Person, Subject] = {}
    for issuer_id, own in _by_issuer(_identified(cases)).items():
        earners = [case.asking.earner for case in own]
        subjects = await identifying.find_subjects(work, issuer_id=issuer_id, earners=earners)
        found |= {(issuer_id, identity): subject for identity, subject in subjects.items()}
    return found


def _identified(cases: Iterable[_Case]) -> Iterable[_Case]:
    for case in _open(cases):
        if _tried(case, case.asking.earner.identity) is not None:
            yield case


def _by_issuer(cases: Iterable[_Case]) -> dict[UUID, list[_Case]]:
    groups: dict[UUID, list[_Case]] = {}
    for case in cases:
        assert case.edition is not None
        groups.setdefault(case.edition.issuer.id, []).append(case)
    return groups


def _tried(case: _Case, step: Callable[[], Any]) -> Any:
    """What the step gives; where it raises one of our errors, that is the end of the case."""
    try:
        return step()
    except BadgeissuerError as error:
        case.error = error
        return None


def _weigh(work: Work, case: _Case, subject: Subject | None) -> None:
    """What the policy makes of it. Works on what was read already."""
    asking, edition = case.asking, case.edition
    assert edition is not None

    def weigh() -> None:
        attempt = replace(asking.attempt, results=resolve_results(edition, asking.attempt.results))
        judging.check_people(asking.earner, subject, asking.judgement, asking.assessments, now=work.now)
        levels = judging.levels(edition, asking.assessments)
        case.ruling = judging.ruling(edition, judgement=asking.judgement, attempt=attempt, assessments=levels)
        case.attempt = judging.with_levels(attempt, case.ruling)
        case.urn = subject.urn if subject is not None else f"urn:uuid:{work.new_public_id()}"

    _tried(case, weigh)


def _wanted(work: Work, case: _Case, subject: Subject | None) -> awarding.Wanted:
    assert case.edition is not None
    assert case.attempt is not None
    assert case.ruling is not None
    return wanted(
        work,
        case.edition,
        subject=subject,
        urn=case.urn,
        earner=case.asking.earner,
        attempt=case.attempt,
        ruling=case.ruling,
        source=case.asking.source,
        persons=case.asking.persons,
        decided_at=_decided_at(work, case),
    )


def _decided_at(work: Work, case: _Case) -> datetime | None:
    assert case.ruling is not None
    return judging.decided_at(case.asking.judgement, case.ruling, now=work.now)


async def _draft(work: Work, cases: Sequence[_Case], people: Mapping[_Person, Subject]) -> None:
    """The credentials of what is awarded; for what is not decided yet, whether it could be at all."""
    awarded = [case for case in _open(cases) if case.ruling is not None and case.ruling.outcome is Outcome.AWARDED]
    drafts = await awarding.draft_all(work, [_wanted(work, case, people.get(_person(case))) for case in awarded])
    for case, drafted in zip(awarded, drafts, strict=True):
        if isinstance(drafted, BadgeissuerError):
            case.error = drafted
        else:
            case.drafted = drafted
    undecided = [
        (case, person, case.edition.version)
        for case in _open(cases)
        if case.edition is not None and case.ruling is not None and case.ruling.state is not DecisionState.DECIDED
        if (person := people.get(_person(case))) is not None
    ]
    standing = await awarding.standing_awards(work, holders=[(person, version) for _, person, version in undecided])
    for case, person, version in undecided:
        # Refuse early what could only end in a denied duplicate.
        _tried(
            case,
            partial(awarding.earlier_award, work, version=version, subject=person, standing=standing),
        )


async def _record_subjects(work: Work, cases: Sequence[_Case]) -> dict[int, Known]:
    """The locked subjects of the cases. Raises ``InOneUnit``."""
    known: dict[int, Known] = {}
    by_issuer = _by_issuer(cases)
    if len(by_issuer) > 1:
        # All at once: one issuer's after the other's, two units of work could wait for each other's new people.
        await identifying.record_earners(work, {case.asking.earner.identity() for case in cases})
    for issuer_id, own in sorted(by_issuer.items()):
        earners = {case.asking.earner.identity(): (case.asking.earner, case.urn) for case in own}
        found = await identifying.record_subjects(work, issuer_id=issuer_id, earners=earners)
        known |= {id(case): found[case.asking.earner.identity()] for case in own}
    if len({each.subject.id for each in known.values()}) < len(cases):
        raise InOneUnit("two decisions are about one person")
    return known


async def _draft_again(work: Work, cases: Sequence[_Case], known: Mapping[int, Known]) -> None:
    """Where another request made the earner known meanwhile, the credential names them by the wrong id."""
    for case in cases:
        subject = known[id(case)].subject
        if case.drafted is not None and subject.urn != case.urn:
            case.urn = subject.urn
            case.drafted = await awarding.draft(work, _wanted(work, case, subject))


async def _check_duplicates(work: Work, cases: Sequence[_Case], known: Mapping[int, Known]) -> None:
    """Decide about second awards on locked rows. Who is new holds nothing."""
    holders = {
        id(case): (known[id(case)].subject, case.edition.version)
        for case in cases
        if case.edition is not None and case.drafted is not None and not known[id(case)].new
    }
    standing = await awarding.standing_awards(work, holders=holders.values())
    for case in cases:
        if id(case) in holders:
            subject, version = holders[id(case)]
            case.earlier = awarding.earlier_award(work, version=version, subject=subject, standing=standing)


async def _store(work: Work, cases: Sequence[_Case], known: dict[int, Known]) -> dict[int, Recorded]:
    """Write all down and mint what is awarded."""
    await work.session.flush()  # what is newly said of people who were known
    recorded: dict[int, Recorded] = {}
    for case in cases:
        recorded[id(case)] = _rows(work, case, known[id(case)].subject)
        tell(work, recorded[id(case)].decision)
    rows = recorded.values()
    await insert_rows(work.session, Decision, [columns_of(each.decision) for each in rows])
    await insert_rows(work.session, EvidenceItem, [columns_of(item) for each in rows for item in each.evidence])
    await insert_rows(work.session, AssessmentRow, [columns_of(item) for each in rows for item in each.assessments])
    due = {
        id(case): awarding.Due(
            recorded[id(case)].decision, case.edition, known[id(case)].subject, case.drafted, case.earlier
        )
        for case in cases
        if case.drafted is not None and case.edition is not None
    }
    made = await awarding.award_all(work, list(due.values()))
    for key, (award, credential) in zip(due, made, strict=True):
        recorded[key] = replace(recorded[key], award=award, credential=credential)
    return recorded


def _rows(work: Work, case: _Case, subject: Subject) -> Recorded:
    assert case.edition is not None
    assert case.attempt is not None
    assert case.ruling is not None
    return rows_of(work, case.asking, edition=case.edition, attempt=case.attempt, ruling=case.ruling, subject=subject)
