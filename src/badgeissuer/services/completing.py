"""Do what is due to an earner by a stack: award what completion awards, or take it away and give it back by policy."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from badgeissuer.rules.adjudication import Ruling
from badgeissuer.rules.terms import DecisionSource, DecisionState, Outcome
from badgeissuer.services import awarding, defining, identifying, revoking
from badgeissuer.services.decision_rows import tell
from badgeissuer.services.grounds import Attempt, grounds_of
from badgeissuer.services.selecting import Edition
from badgeissuer.services.stack_findings import Book, Due, Finding, findings, open_book
from badgeissuer.store.assessment import Decision
from badgeissuer.store.awards import Award
from badgeissuer.store.catalog import Achievement
from badgeissuer.store.people import Subject
from badgeissuer.store.stacks import StackAward
from badgeissuer.work import Work

_ACTIONS: dict[Due, revoking.Action] = {Due.SUSPEND: "suspend", Due.REVOKE: "revoke", Due.REINSTATE: "reinstate"}


async def settle(work: Work, *, stack_id: UUID, subject_id: UUID) -> Due | None:
    """Find what is due to the subject and do it; None where things changed meanwhile, and it has to be tried again.

    What takes time comes before the writer is taken; then the subject's row is locked, as every award of the subject
    does, and it is found again. So a stack is never awarded twice. Raises ``Rejected`` where the stack's own award
    cannot be made as a credential.
    """
    book = await open_book(work, stack_id=stack_id)
    subject = (await work.session.scalars(select(Subject).where(Subject.id == subject_id))).one()
    seen = (await findings(work, book, [subject]))[subject.id]
    if seen.due is Due.NOTHING:
        return Due.NOTHING
    if seen.due is Due.AWARD:
        prepared: _Completion | revoking.Change = await _draft(work, book, subject, seen)
    else:
        assert seen.award_id is not None
        prepared = await revoking.prepare(work, award_id=seen.award_id, action=_ACTIONS[seen.due])
    await work.begin_write()
    await work.session.execute(select(Subject.id).where(Subject.id == subject_id).with_for_update(key_share=True))
    book = await open_book(work, stack_id=stack_id)
    if (await findings(work, book, [subject]))[subject.id] != seen:
        return None
    if isinstance(prepared, _Completion):
        return await _award(work, book, subject, seen, prepared)
    await revoking.carry_out(work, change=prepared, reason=_reason(book, seen))
    made = (await work.session.scalars(select(StackAward).where(StackAward.award_id == prepared.award_id))).one()
    made.held = None if seen.due is Due.REINSTATE else prepared.aim
    await work.session.flush()
    return seen.due


@dataclass(frozen=True, slots=True)
class _Completion:
    edition: Edition
    attempt: Attempt
    ruling: Ruling
    drafted: awarding.AwardDraft


async def _draft(work: Work, book: Book, subject: Subject, found: Finding) -> _Completion:
    assert found.standing is not None
    assert found.standing.complete_since is not None
    assert found.version_id is not None
    achievement = (
        await work.session.scalars(select(Achievement).where(Achievement.id == book.stack.achievement_id))
    ).one()
    all_versions = await defining.versions(work, achievement_id=achievement.id)
    # Where it was retired since, the rules of awarding refuse it, and say why.
    version = defining.current(all_versions) or all_versions[-1]
    edition = Edition(book.issuer, achievement, version)
    number = book.versions[found.version_id].number
    ruling = Ruling(
        state=DecisionState.DECIDED,
        outcome=Outcome.AWARDED,
        levels={},
        rule=f"stack:{book.stack.id}:v{number}",
        reason=_reason(book, found),
    )
    attempt = Attempt(affiliation=await _affiliation(work, subject))
    grounds = grounds_of(
        edition,
        attempt,
        ruling=ruling,
        source=DecisionSource.STACK,
        mode=version.as_parts().assessment.assessors,
        persons=len(found.standing.counted),
        decided_at=found.standing.complete_since,
    )
    earner = await identifying.recorded(work, subject=subject)
    recipient = identifying.recipient(work, urn=subject.urn, earner=earner)
    drafted = await awarding.draft(work, awarding.Wanted(edition, recipient, grounds, subject))
    return _Completion(edition, attempt, ruling, drafted)


async def _award(work: Work, book: Book, subject: Subject, found: Finding, made: _Completion) -> Due:
    assert found.version_id is not None
    version = book.versions[found.version_id]
    decision = Decision(
        id=work.new_id(),
        issuer_id=book.issuer.id,
        subject_id=subject.id,
        achievement_version_id=made.edition.version.id,
        external_reference=None,
        source=DecisionSource.STACK,
        state=DecisionState.DECIDED,
        outcome=Outcome.AWARDED,
        rule=made.ruling.rule,
        reason=made.ruling.reason,
        feedback=None,
        details=made.attempt.as_document(),
        decided_by=f"the stack {version.name}, version {version.number}",
        decided_at=made.drafted.grounds.awarded,
        created_at=work.now,
        updated_at=work.now,
    )
    work.session.add(decision)
    await work.session.flush()
    tell(work, decision)
    award, _ = await awarding.award(
        work, decision=decision, edition=made.edition, subject=subject, drafted=made.drafted
    )
    work.session.add(
        StackAward(
            award_id=award.id,
            stack_id=book.stack.id,
            stack_version_id=version.id,
            issuer_id=book.issuer.id,
            subject_id=subject.id,
            held=None,
            created_at=work.now,
        )
    )
    await work.session.flush()
    work.emit("stack.completed", "stack", book.stack.id, issuer_id=book.issuer.id, award=str(award.id))
    return Due.AWARD


async def _affiliation(work: Work, subject: Subject) -> dict[str, str]:
    """Where the earner works, as the issuer last heard it: statistics count the stack's award there too."""
    query = (
        select(Award.school, Award.district, Award.jurisdiction)
        .where(Award.subject_id == subject.id)
        .order_by(Award.created_at.desc(), Award.id.desc())
        .limit(1)
    )
    row = (await work.session.execute(query)).one_or_none()
    named = zip(("school", "district", "state"), row or (), strict=False)
    return {name: value for name, value in named if value is not None}


def _reason(book: Book, found: Finding) -> str:
    assert found.standing is not None
    assert found.version_id is not None
    version, document = book.versions[found.version_id], book.documents[found.version_id]
    stack = f"the stack {version.name!r}, version {version.number},"
    if found.due is Due.REINSTATE:
        return f"{stack} is complete again"
    if found.due is not Due.AWARD:
        return f"{stack} is not complete any more: an award that it counted does not stand"
    since = found.standing.complete_since
    assert since is not None
    awards = "; ".join(
        f"{document.member(key).title}: {award.id}" for key, award in sorted(found.standing.counted.items())
    )
    return f"{stack} was completed on {since.date().isoformat()} by the awards {awards}"
