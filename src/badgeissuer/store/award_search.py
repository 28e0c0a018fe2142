"""The award query: one select for pages, streams, the command line and jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, literal_column, select, tuple_
from sqlalchemy.orm import aliased

from badgeissuer.rules.terms import AwardState, StatusPurpose
from badgeissuer.store.access import Actor
from badgeissuer.store.awards import EMBEDDED, Award, Credential
from badgeissuer.store.catalog import AchievementVersion, Issuer
from badgeissuer.store.pages import issuer_named, issuers_apart, page_of
from badgeissuer.store.people import Subject
from badgeissuer.store.scope import visible_to


@dataclass(frozen=True, slots=True)
class AwardFilter:
    """What to look for; None does not filter. Ranges are half-open: from ≤ date < before."""

    award_id: UUID | None = None
    issuer: str | None = None
    achievement_id: UUID | None = None
    version: int | None = None
    state: AwardState | None = None
    earner_id: UUID | None = None
    external_reference: str | None = None
    jurisdiction: str | None = None
    district: str | None = None
    awarded_from: datetime | None = None
    awarded_before: datetime | None = None
    changed_from: datetime | None = None

    @property
    def names_few(self) -> bool:
        """Whether it names something of which there are few awards, whoever issued them."""
        few = (self.award_id, self.earner_id, self.external_reference)
        return any(each is not None for each in few)


@dataclass(frozen=True, slots=True)
class AwardLine:
    """One award with what a reader of lists needs; no documents, no e-mail."""

    award: Award
    issuer_slug: str
    issuer_name: str
    issuer_did: str
    version: int
    achievement_name: str
    subject_urn: str
    credential_id: UUID
    credential_url: str
    credential_media_type: str
    credential_sha256: str
    status_purpose: StatusPurpose
    successor_credential_url: str | None

    @property
    def place(self) -> tuple[datetime, UUID]:
        """Where the line stands in the order: newest awarded first."""
        return self.award.awarded_at, self.award.id


# The credential of the award that stands in another's place.
SUCCESSOR = aliased(Credential, name="successor")
_NEWEST = (Award.awarded_at, Award.id)


def select_awards(
    actor: Actor, where: AwardFilter, *, after: tuple[datetime, UUID] | None = None, limit: int | None = None
) -> Select[*tuple[Any, ...]]:
    """Awards the actor may see, newest first, from after ``after`` on. Rows are for ``line``."""
    columns = (
        Award,
        Issuer.slug,
        Issuer.name,
        Issuer.did,
        AchievementVersion.number,
        AchievementVersion.name,
        Subject.urn,
        Credential.id,
        Credential.url,
        Credential.media_type,
        Credential.sha256,
        AchievementVersion.parts["status_purpose"].as_string(),
        SUCCESSOR.url,
    )
    return select_of_awards(columns, actor, where, after=after, limit=limit)


def select_of_awards(
    columns: Sequence[Any],
    actor: Actor,
    where: AwardFilter,
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int | None = None,
) -> Select[*tuple[Any, ...]]:
    """These columns, of awards and what each belongs to, of the awards that ``select_awards`` finds."""
    query: Select[*tuple[Any, ...]] = (
        select(*columns)
        .select_from(Award)
        .join(Issuer, Issuer.id == Award.issuer_id)
        .join(AchievementVersion, AchievementVersion.id == Award.achievement_version_id)
        .join(Subject, Subject.id == Award.subject_id)
        .join(Credential, (Credential.award_id == Award.id) & (Credential.media_type == EMBEDDED))
        .outerjoin(
            SUCCESSOR,
            (SUCCESSOR.award_id == Award.superseded_by_id) & (SUCCESSOR.media_type == Credential.media_type),
        )
        .order_by(Award.awarded_at.desc(), Award.id.desc())
    )
    asked = [visible_to(actor, Award), *_conditions(where)]
    if after is not None:
        asked.append(tuple_(Award.awarded_at, Award.id) < after)
    if limit is None:
        return query.where(*asked)
    # The page first, by awards alone: what belongs to them is read for a page of them, not for all.
    shares = issuers_apart(actor) if where.issuer is None and not where.names_few else ()
    return query.where(Award.id.in_(page_of(_NEWEST, asked, Award.issuer_id, shares, limit)))


def _conditions(where: AwardFilter) -> list[ColumnElement[bool]]:
    equal = {
        Award.id: where.award_id,
        Award.achievement_id: where.achievement_id,
        Award.state: where.state,
        Award.subject_id: where.earner_id,
        Award.external_reference: where.external_reference,
        Award.jurisdiction: where.jurisdiction,
        Award.district: where.district,
    }
    found = [column == value for column, value in equal.items() if value is not None]
    if where.state is not None and where.state is not AwardState.ACTIVE:
        # As the index of the few that are not active has it: neither database would know from a parameter.
        found.append(Award.state != literal_column("'active'"))
    if where.issuer is not None:
        found.append(Award.issuer_id == issuer_named(where.issuer))
    if where.version is not None:
        numbered = select(AchievementVersion.id).where(AchievementVersion.number == where.version)
        if where.achievement_id is not None:
            numbered = numbered.where(AchievementVersion.achievement_id == where.achievement_id)
        found.append(Award.achievement_version_id.in_(numbered))
    if where.awarded_from is not None:
        found.append(Award.awarded_at >= where.awarded_from)
    if where.awarded_before is not None:
        found.append(Award.awarded_at < where.awarded_before)
    if where.changed_from is not None:
        found.append(Award.state_changed_at >= where.changed_from)
    return found


def line(row: Any) -> AwardLine:
    """One row of ``select_awards``."""
    *columns, purpose, successor_url = row
    columns += [StatusPurpose(purpose), successor_url]
    return AwardLine(*columns)
