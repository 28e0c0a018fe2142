"""Assessments that come one by one: the second assessor's, or the adjudicator's, on the way to a decision."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from sqlalchemy import select

from badgeissuer.errors import Fault, IllegalTransition, NotFound, Rejected
from badgeissuer.rules import adjudication
from badgeissuer.rules.parts import criteria_of
from badgeissuer.rules.terms import DecisionState, Outcome
from badgeissuer.services import awarding, identifying, judging
from badgeissuer.services.decision_rows import Recorded, assessment_row, tell, wanted
from badgeissuer.services.grounds import Attempt
from badgeissuer.services.identifying import EarnerGiven
from badgeissuer.services.judging import AssessmentGiven
from badgeissuer.services.selecting import Edition, edition_of
from badgeissuer.store.assessment import AssessmentRow, Decision, EvidenceItem
from badgeissuer.store.people import Subject
from badgeissuer.store.scope import visible_to
from badgeissuer.work import Work


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
    work.session.add(assessment_row(work, decision, edition, given))
    decision.state, decision.outcome = ruling.state, ruling.outcome
    decision.rule, decision.reason = ruling.rule, ruling.reason
    decision.details = attempt.as_document()
    decision.updated_at = work.now
    if ruling.state is DecisionState.DECIDED:
        decision.decided_at = work.now
        names = [row.assessor_name for row in await assessment_rows(work, decision_id=decision.id)]
        decision.decided_by = ", ".join(sorted({*names, given.by.name}))
    await work.session.flush()
    tell(work, decision)
    recorded = Recorded(
        decision,
        edition,
        subject,
        tuple(await evidence_items(work, decision_id=decision_id)),
        tuple(await assessment_rows(work, decision_id=decision_id)),
    )
    if drafted is None:
        return recorded
    award, credential = await awarding.award(work, decision=decision, edition=edition, subject=subject, drafted=drafted)
    return replace(recorded, award=award, credential=credential)


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
    """The assessments of a decision, in the order in which they came."""
    query = (
        select(AssessmentRow)
        .where(AssessmentRow.decision_id == decision_id)
        .order_by(AssessmentRow.created_at, AssessmentRow.id)
    )
    return list((await work.session.scalars(query)).all())


async def evidence_items(work: Work, *, decision_id: UUID) -> list[EvidenceItem]:
    """The evidence of a decision, in the order in which it was given."""
    query = select(EvidenceItem).where(EvidenceItem.decision_id == decision_id).order_by(EvidenceItem.position)
    return list((await work.session.scalars(query)).all())


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
        drafted = await awarding.draft(
            work,
            wanted(
                work,
                edition,
                subject=subject,
                urn=subject.urn,
                earner=earner,
                attempt=attempt,
                ruling=ruling,
                source=decision.source,
                persons=len(together),
                decided_at=work.now,
            ),
        )
    return ruling, attempt, drafted
