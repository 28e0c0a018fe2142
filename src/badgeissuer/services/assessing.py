"""Decisions: record what assessors judged, apply the achievement's policy, and award where it says so.

No decision without a named person, and none that the policy does not carry. What was decided stays: a later attempt is
a new decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from badgeissuer.errors import Fault, IllegalTransition, NotFound, Rejected
from badgeissuer.rules import adjudication
from badgeissuer.rules.parts import criteria_of
from badgeissuer.rules.terms import DecisionSource, DecisionState, Outcome
from badgeissuer.services import awarding, identifying, judging
from badgeissuer.services.grounds import Attempt, grounds_of, resolve_levels, resolve_results
from badgeissuer.services.identifying import EarnerGiven
from badgeissuer.services.judging import AssessmentGiven, Judgement
from badgeissuer.services.selecting import Edition, edition_of, published_edition
from badgeissuer.store.assessment import AssessmentRow, Decision, EvidenceItem
from badgeissuer.store.awards import Award, Credential
from badgeissuer.store.people import Subject
from badgeissuer.store.scope import visible_to
from badgeissuer.work import Work


@dataclass(frozen=True, slots=True)
class Recorded:
    """The decision as it stands now, with the award and the credential where it became one."""

    decision: Decision
    award: Award | None = None
    credential: Credential | None = None


async def record_decision(
    work: Work,
    *,
    achievement_id: UUID,
    version: int | None,
    earner: EarnerGiven,
    attempt: Attempt,
    external_reference: str | None,
    judgement: Judgement | None = None,
    assessments: Sequence[AssessmentGiven] = (),
) -> Recorded:
    """Record a decision, or the first assessments on the way to one; an awarded one is minted with it.

    Raises ``NotFound`` (achievement, also another tenant's), ``Rejected`` with every fault (policy, rubric, form),
    ``Conflict`` naming the award that exists already.
    """
    edition = await published_edition(work, achievement_id=achievement_id, number=version)
    attempt = replace(attempt, results=resolve_results(edition, attempt.results))
    subject = await identifying.find_subject(work, issuer=edition.issuer, earner=earner)
    judging.check_people(earner, subject, judgement, assessments, now=work.now)
    ruling = judging.ruling(
        edition, judgement=judgement, attempt=attempt, assessments=judging.levels(edition, assessments)
    )
    details = judging.with_levels(attempt, ruling)
    decided_at = judging.decided_at(judgement, ruling, now=work.now)
    urn = subject.urn if subject is not None else f"urn:uuid:{work.new_public_id()}"
    source = judgement.source if judgement is not None else DecisionSource.ASSESSMENTS
    persons = 1 if judgement is not None else len(assessments)
    drafted = None
    if subject is not None and ruling.state is not DecisionState.DECIDED:
        await awarding.check_duplicate(work, version=edition.version, subject=subject)
    if ruling.outcome is Outcome.AWARDED:
        drafted = await _draft(work, edition, subject, urn, earner, details, ruling, source, persons, decided_at)

    await work.begin_write()
    edition = await published_edition(work, achievement_id=achievement_id, number=edition.version.number)
    subject = await identifying.record_subject(work, issuer=edition.issuer, earner=earner, urn=urn)
    if drafted is not None and subject.urn != urn:  # the earner was recorded by another request meanwhile
        drafted = await _draft(
            work, edition, subject, subject.urn, earner, details, ruling, source, persons, decided_at
        )
    decision = Decision(
        id=work.new_id(),
        issuer_id=edition.issuer.id,
        subject_id=subject.id,
        achievement_version_id=edition.version.id,
        external_reference=external_reference,
        source=source,
        state=ruling.state,
        outcome=ruling.outcome,
        rule=ruling.rule,
        reason=ruling.reason,
        feedback=attempt.feedback,
        details=details.as_document(),
        decided_by=judgement.by.name if judgement is not None else judging.names(assessments, ruling),
        decided_at=decided_at,
        created_at=work.now,
        updated_at=work.now,
    )
    work.session.add(decision)
    await work.session.flush()
    work.session.add_all(
        EvidenceItem(
            id=work.new_id(),
            decision_id=decision.id,
            issuer_id=decision.issuer_id,
            position=position,
            **item.as_columns(),
        )
        for position, item in enumerate(attempt.evidence)
    )
    work.session.add_all(_row(work, decision, edition, given) for given in assessments)
    await work.session.flush()
    return await _conclude(work, decision=decision, edition=edition, subject=subject, drafted=drafted)


async def record_assessment(work: Work, *, decision_id: UUID, given: AssessmentGiven) -> Recorded:
    """Add the second assessor's or the adjudicator's assessment; where it settles the decision, it is carried out.

    Raises ``NotFound``, ``IllegalTransition`` once decided, ``Rejected`` with every fault.
    """
    decision = await find_decision(work, decision_id=decision_id)
    edition = await edition_of(work, version_id=decision.achievement_version_id)
    subject = (await work.session.scalars(select(Subject).where(Subject.id == decision.subject_id))).one()
    earner = await identifying.recorded(work, subject=subject)
    judging.check_people(earner, subject, None, [given], now=work.now)
    ruling, attempt, drafted = await _settle(work, decision, edition, subject, earner, given)

    await work.begin_write()
    seen = decision.updated_at, decision.state
    decision = await find_decision(work, decision_id=decision_id, lock=True)
    edition = await edition_of(work, version_id=decision.achievement_version_id)
    subject = (
        await work.session.scalars(
            select(Subject).where(Subject.id == decision.subject_id).with_for_update(key_share=True)
        )
    ).one()
    if (decision.updated_at, decision.state) != seen or decision.state is DecisionState.DECIDED:
        ruling, attempt, drafted = await _settle(work, decision, edition, subject, earner, given)
    work.session.add(_row(work, decision, edition, given))
    decision.state, decision.outcome = ruling.state, ruling.outcome
    decision.rule, decision.reason = ruling.rule, ruling.reason
    decision.details = attempt.as_document()
    decision.updated_at = work.now
    if ruling.state is DecisionState.DECIDED:
        decision.decided_at = work.now
        names = [row.assessor_name for row in await assessment_rows(work, decision_id=decision.id)]
        decision.decided_by = ", ".join(sorted({*names, given.by.name}))
    await work.session.flush()
    return await _conclude(work, decision=decision, edition=edition, subject=subject, drafted=drafted)


async def find_decision(work: Work, *, decision_id: UUID, lock: bool = False) -> Decision:
    """A decision of an issuer the actor may act for. Raises ``NotFound``, also for another tenant's."""
    query = select(Decision).where(Decision.id == decision_id, visible_to(work.actor, Decision))
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    decision = await work.session.scalar(query)
    if decision is None:
        raise NotFound("no such decision")
    return decision


async def assessment_rows(work: Work, *, decision_id: UUID) -> list[AssessmentRow]:
    """The assessments of a decision, in the order in which they came; those sent together by assessor."""
    query = (
        select(AssessmentRow)
        .where(AssessmentRow.decision_id == decision_id)
        .order_by(AssessmentRow.created_at, AssessmentRow.assessor_id)
    )
    return list((await work.session.scalars(query)).all())


async def evidence_items(work: Work, *, decision_id: UUID) -> list[EvidenceItem]:
    """The evidence of a decision, in the order in which it was given."""
    query = select(EvidenceItem).where(EvidenceItem.decision_id == decision_id).order_by(EvidenceItem.position)
    return list((await work.session.scalars(query)).all())


async def _draft(
    work: Work,
    edition: Edition,
    subject: Subject | None,
    urn: str,
    earner: EarnerGiven,
    attempt: Attempt,
    ruling: adjudication.Ruling,
    source: DecisionSource,
    persons: int,
    decided_at: datetime | None,
) -> awarding.AwardDraft:
    mode = edition.version.as_parts().assessment.assessors
    return await awarding.draft(
        work,
        issuer=edition.issuer,
        version=edition.version,
        recipient=identifying.recipient(work, urn=urn, earner=earner),
        grounds=grounds_of(
            edition,
            attempt,
            ruling=ruling,
            source=source,
            mode=mode,
            persons=persons,
            decided_at=decided_at or work.now,
        ),
        subject=subject,
    )


async def _settle(
    work: Work, decision: Decision, edition: Edition, subject: Subject, earner: EarnerGiven, given: AssessmentGiven
) -> tuple[adjudication.Ruling, Attempt, awarding.AwardDraft | None]:
    if decision.state is DecisionState.DECIDED:
        raise IllegalTransition("this decision is made; a further attempt is a new decision")
    earlier = [judging.recorded(row) for row in await assessment_rows(work, decision_id=decision.id)]
    policy = edition.version.as_parts().assessment.as_policy()
    together = [*earlier, *judging.levels(edition, [given], prefix="")]
    try:
        ruling = adjudication.decide(policy, criteria_of(edition.version.document), together)
    except Rejected as error:  # its pointers count all assessments; the caller sent only the last one
        own = f"/assessments/{len(earlier)}"
        raise Rejected(
            error.detail,
            faults=[
                Fault(f.pointer.removeprefix(own) if f.pointer.startswith(own) else "", f.detail, f.code, f.clause)
                for f in error.faults
            ],
        ) from error
    attempt = judging.with_levels(Attempt.of(decision, await evidence_items(work, decision_id=decision.id)), ruling)
    drafted = None
    if ruling.outcome is Outcome.AWARDED:
        drafted = await _draft(
            work, edition, subject, subject.urn, earner, attempt, ruling, decision.source, len(together), work.now
        )
    return ruling, attempt, drafted


async def _conclude(
    work: Work, *, decision: Decision, edition: Edition, subject: Subject, drafted: awarding.AwardDraft | None
) -> Recorded:
    outcome = decision.outcome.value if decision.outcome else None
    work.emit(
        "decision.recorded",
        "decision",
        decision.id,
        issuer_id=decision.issuer_id,
        state=decision.state.value,
        outcome=outcome,
        rule=decision.rule,
    )
    if drafted is None:
        return Recorded(decision)
    award, credential = await awarding.award(
        work, decision=decision, issuer=edition.issuer, version=edition.version, subject=subject, drafted=drafted
    )
    return Recorded(decision, award, credential)


def _row(work: Work, decision: Decision, edition: Edition, given: AssessmentGiven) -> AssessmentRow:
    return AssessmentRow(
        id=work.new_id(),
        decision_id=decision.id,
        issuer_id=decision.issuer_id,
        role=given.role,
        assessor_id=given.by.id,
        assessor_name=given.by.name,
        levels=resolve_levels(edition, given.levels, pointer="/levels"),
        outcome=given.outcome,
        feedback=given.feedback,
        assessed_at=given.at,
        created_at=work.now,
    )
