"""A decision as callers read it. It holds no e-mail, and nothing of an assessment before the decision is made."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import Field

from badgeissuer.errors import NotFound
from badgeissuer.rules.terms import AssessorRole, DecisionSource, DecisionState, Outcome
from badgeissuer.services.awarding import award_url
from badgeissuer.services.decision_rows import Recorded
from badgeissuer.store.assessment import AssessmentRow, EvidenceItem
from badgeissuer.store.decision_search import DecisionFilter, DecisionLine, read_decisions
from badgeissuer.web.api.award_wire import CredentialRef
from badgeissuer.web.telling import tell_one
from badgeissuer.web.wire import Timestamp, WireOut
from badgeissuer.work import Work


class DecisionAchievement(WireOut):
    id: UUID
    version: int


class ResultOut(WireOut):
    result_description: str
    achieved_level: str | None = None
    value: str | None = None
    status: str | None = None


class EvidenceOut(WireOut):
    """As it stands in the credential: link and narrative only where they were shared."""

    name: str | None
    description: str | None
    genre: str | None
    audience: str | None
    sha256: str | None
    shared: bool
    url: str | None
    narrative: str | None


class AssessmentOut(WireOut):
    assessor: str = Field(description="name")
    role: AssessorRole
    levels: dict[str, str]
    outcome: Outcome | None = Field(description="as it was recommended; null where the levels say it")
    feedback: str | None
    assessed_at: Timestamp


class DecisionAward(WireOut):
    id: UUID
    url: str
    credential: CredentialRef


class DecisionOut(WireOut):
    """Where an attempt stands. Assessments are blind: nothing of them is shown before the decision is made."""

    id: UUID
    state: DecisionState
    outcome: Outcome | None
    rule: str = Field(description="which rule fired; stable, for programs")
    reason: str = Field(description="why, in words")
    feedback: str | None
    source: DecisionSource
    decided_by: str | None
    decided_at: Timestamp | None
    external_reference: str | None
    achievement: DecisionAchievement
    results: list[ResultOut]
    evidence: list[EvidenceOut]
    assessments_received: int
    assessments: list[AssessmentOut]
    award: DecisionAward | None

    @classmethod
    def of(cls, found: DecisionLine, base_url: str) -> DecisionOut:
        decision = found.decision
        decided = decision.state is DecisionState.DECIDED
        return cls(
            id=decision.id,
            state=decision.state,
            outcome=decision.outcome,
            rule=decision.rule,
            reason=decision.reason,
            feedback=decision.feedback,
            source=decision.source,
            decided_by=decision.decided_by,
            decided_at=decision.decided_at,
            external_reference=decision.external_reference,
            achievement=DecisionAchievement(id=found.achievement_id, version=found.version),
            results=[ResultOut(**result) for result in decision.details["results"]],
            evidence=[_evidence(item) for item in found.evidence],
            assessments_received=len(found.assessments),
            assessments=[_assessment(row) for row in found.assessments] if decided else [],
            award=_award(found, base_url),
        )


def line_of(recorded: Recorded) -> DecisionLine:
    """The decision that was made or went on in this unit of work, as the query would read it."""
    credential = recorded.credential
    return DecisionLine(
        decision=recorded.decision,
        achievement_id=recorded.edition.achievement.id,
        version=recorded.edition.version.number,
        award_id=recorded.award.id if recorded.award else None,
        credential_id=credential.id if credential else None,
        credential_url=credential.url if credential else None,
        credential_media_type=credential.media_type if credential else None,
        credential_sha256=credential.sha256 if credential else None,
        evidence=recorded.evidence,
        assessments=recorded.assessments,
    )


async def read_one(work: Work, decision_id: UUID) -> DecisionOut:
    """One decision of an issuer that the caller may act for. Raises ``NotFound``, also for another tenant's."""
    found = await read_decisions(work.session, work.actor, DecisionFilter(decision_id=decision_id), limit=1)
    if not found:
        raise NotFound("no such decision")
    await tell_one(work, found[0].decision.subject_id)
    return DecisionOut.of(found[0], work.base_url)


def _evidence(item: EvidenceItem) -> EvidenceOut:
    columns: dict[str, Any] = {name: getattr(item, name) for name in ("name", "description", "genre", "audience")}
    return EvidenceOut(
        **columns,
        sha256=item.sha256.hex() if item.sha256 is not None else None,
        shared=item.share,
        url=item.url if item.share else None,
        narrative=item.narrative if item.share else None,
    )


def _assessment(row: AssessmentRow) -> AssessmentOut:
    return AssessmentOut(
        assessor=row.assessor_name,
        role=row.role,
        levels=row.levels,
        outcome=row.outcome,
        feedback=row.feedback,
        assessed_at=row.assessed_at,
    )


def _award(found: DecisionLine, base_url: str) -> DecisionAward | None:
    if found.award_id is None or found.credential_id is None:
        return None
    return DecisionAward(
        id=found.award_id,
        url=award_url(base_url, found.award_id),
        credential=CredentialRef(
            id=found.credential_id,
            url=str(found.credential_url),
            media_type=str(found.credential_media_type),
            sha256=str(found.credential_sha256),
        ),
    )
