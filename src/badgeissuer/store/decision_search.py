"""Decisions as callers read them: with evidence, assessments and the award, in three selects however many they are."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from badgeissuer.rules.terms import DecisionState
from badgeissuer.store.access import Actor
from badgeissuer.store.assessment import AssessmentRow, Decision, EvidenceItem
from badgeissuer.store.awards import EMBEDDED, Award, Credential
from badgeissuer.store.catalog import AchievementVersion
from badgeissuer.store.pages import issuers_apart, page_of
from badgeissuer.store.scope import visible_to


@dataclass(frozen=True, slots=True)
class DecisionFilter:
    """What to look for; None does not filter."""

    decision_id: UUID | None = None
    state: DecisionState | None = None
    achievement_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """One decision with what hangs on it. Assessments are all there: whoever shows them minds that they are blind."""

    decision: Decision
    achievement_id: UUID
    version: int
    award_id: UUID | None
    credential_id: UUID | None
    credential_url: str | None
    credential_media_type: str | None
    credential_sha256: str | None
    evidence: tuple[EvidenceItem, ...]
    assessments: tuple[AssessmentRow, ...]

    @property
    def place(self) -> UUID:
        """Where the line stands in the order: ids are time-ordered, newest first."""
        return self.decision.id


async def read_decisions(
    session: AsyncSession, actor: Actor, where: DecisionFilter, *, after: UUID | None = None, limit: int
) -> list[DecisionLine]:
    """Decisions that the actor may see, newest first, from after ``after`` on."""
    asked = [visible_to(actor, Decision)]
    share_of, shares = Decision.issuer_id, issuers_apart(actor)
    if where.decision_id is not None:
        shares = ()
        asked.append(Decision.id == where.decision_id)
    if where.state is not None:
        asked.append(Decision.state == where.state)
        if where.state is not DecisionState.DECIDED:
            # As the index of the few that wait has it: neither database would know from a parameter.
            asked.append(Decision.state != literal_column("'decided'"))
    if where.achievement_id is not None:
        versions = select(AchievementVersion.id).where(AchievementVersion.achievement_id == where.achievement_id)
        share_of, shares = Decision.achievement_version_id, list(await session.scalars(versions))
        asked.append(share_of.in_(shares))
    if after is not None:
        asked.append(Decision.id < after)
    query = _select().where(Decision.id.in_(page_of((Decision.id,), asked, share_of, shares, limit)))
    rows = (await session.execute(query)).all()
    ids = [row[0].id for row in rows]
    evidence: defaultdict[UUID, list[EvidenceItem]] = defaultdict(list)
    assessments: defaultdict[UUID, list[AssessmentRow]] = defaultdict(list)
    if ids:
        items = select(EvidenceItem).where(EvidenceItem.decision_id.in_(ids)).order_by(EvidenceItem.position)
        for item in await session.scalars(items):
            evidence[item.decision_id].append(item)
        given = select(AssessmentRow).where(AssessmentRow.decision_id.in_(ids))
        for assessment in await session.scalars(given.order_by(AssessmentRow.created_at, AssessmentRow.id)):
            assessments[assessment.decision_id].append(assessment)
    parts = [(tuple(evidence[key]), tuple(assessments[key])) for key in ids]
    return [DecisionLine(*columns) for columns in ((*row, *more) for row, more in zip(rows, parts, strict=True))]


def _select() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Decision,
            AchievementVersion.achievement_id,
            AchievementVersion.number,
            Award.id,
            Credential.id,
            Credential.url,
            Credential.media_type,
            Credential.sha256,
        )
        .join(AchievementVersion, AchievementVersion.id == Decision.achievement_version_id)
        .outerjoin(Award, Award.decision_id == Decision.id)
        .outerjoin(Credential, (Credential.award_id == Award.id) & (Credential.media_type == EMBEDDED))
        .order_by(Decision.id.desc())
    )
