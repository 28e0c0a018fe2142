"""A decision as it is asked for, and as it is written down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from badgeissuer.rules.adjudication import Ruling
from badgeissuer.rules.terms import DecisionSource
from badgeissuer.services import identifying, judging
from badgeissuer.services.awarding import Wanted
from badgeissuer.services.grounds import Attempt, grounds_of, resolve_levels
from badgeissuer.services.identifying import EarnerGiven
from badgeissuer.services.judging import AssessmentGiven, Judgement
from badgeissuer.services.selecting import Edition
from badgeissuer.store.assessment import AssessmentRow, Decision, EvidenceItem
from badgeissuer.store.awards import Award, Credential
from badgeissuer.store.people import Subject
from badgeissuer.work import Work


@dataclass(frozen=True, slots=True)
class Asking:
    """One attempt of one earner at one achievement, as it was sent, with its judgement or its assessments."""

    achievement_id: UUID
    version: int | None
    earner: EarnerGiven
    attempt: Attempt
    external_reference: str | None
    judgement: Judgement | None = None
    assessments: tuple[AssessmentGiven, ...] = ()

    @property
    def source(self) -> DecisionSource:
        return self.judgement.source if self.judgement is not None else DecisionSource.ASSESSMENTS

    @property
    def persons(self) -> int:
        return 1 if self.judgement is not None else len(self.assessments)


@dataclass(frozen=True, slots=True)
class Recorded:
    """The decision as it stands now, with the award and the credential where it became one."""

    decision: Decision
    edition: Edition
    subject: Subject
    evidence: tuple[EvidenceItem, ...]
    assessments: tuple[AssessmentRow, ...]
    award: Award | None = None
    credential: Credential | None = None


def wanted(
    work: Work,
    edition: Edition,
    *,
    subject: Subject | None,
    urn: str,
    earner: EarnerGiven,
    attempt: Attempt,
    ruling: Ruling,
    source: DecisionSource,
    persons: int,
    decided_at: datetime | None,
) -> Wanted:
    """The award that an outcome asks for."""
    grounds = grounds_of(
        edition,
        attempt,
        ruling=ruling,
        source=source,
        mode=edition.version.as_parts().assessment.assessors,
        persons=persons,
        decided_at=decided_at or work.now,
    )
    return Wanted(edition, identifying.recipient(work, urn=urn, earner=earner), grounds, subject)


def tell(work: Work, decision: Decision) -> None:
    """Record that a decision was made, or went on."""
    work.emit(
        "decision.recorded",
        "decision",
        decision.id,
        issuer_id=decision.issuer_id,
        state=decision.state.value,
        outcome=decision.outcome.value if decision.outcome else None,
        rule=decision.rule,
    )


def assessment_row(work: Work, decision: Decision, edition: Edition, given: AssessmentGiven) -> AssessmentRow:
    """What one assessor found, as it is stored."""
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


def rows_of(
    work: Work, asking: Asking, *, edition: Edition, attempt: Attempt, ruling: Ruling, subject: Subject
) -> Recorded:
    """The decision with what hangs on it, for ``insert_rows``. There is no award yet."""
    judgement = asking.judgement
    decision = Decision(
        id=work.new_id(),
        issuer_id=edition.issuer.id,
        subject_id=subject.id,
        achievement_version_id=edition.version.id,
        external_reference=asking.external_reference,
        source=asking.source,
        state=ruling.state,
        outcome=ruling.outcome,
        rule=ruling.rule,
        reason=ruling.reason,
        feedback=attempt.feedback,
        details=attempt.as_document(),
        decided_by=judgement.by.name if judgement is not None else judging.names(asking.assessments, ruling),
        decided_at=judging.decided_at(judgement, ruling, now=work.now),
        created_at=work.now,
        updated_at=work.now,
    )
    evidence = tuple(
        EvidenceItem(
            id=work.new_id(),
            decision_id=decision.id,
            issuer_id=decision.issuer_id,
            position=position,
            **item.as_columns(),
        )
        for position, item in enumerate(attempt.evidence)
    )
    assessments = tuple(assessment_row(work, decision, edition, given) for given in asking.assessments)
    return Recorded(decision, edition, subject, evidence, assessments)
