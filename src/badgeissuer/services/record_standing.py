"""How a stored record and the awards in it stand by our own rows: what no signature tells, and what costs one query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import aliased

from badgeissuer.errors import NotFound
from badgeissuer.rules.terms import AwardState, Visibility
from badgeissuer.store.awards import EMBEDDED, Award, Credential
from badgeissuer.store.clrs import Clr, ClrMember
from badgeissuer.store.people import Subject
from badgeissuer.work import Work


@dataclass(frozen=True, slots=True)
class MemberStanding:
    """An award of ours in a record. ``url`` is its credential's address, None where its earner has closed that."""

    state: AwardState
    valid_until: datetime | None
    url: str | None
    successor: str | None

    def stands(self, now: datetime) -> bool:
        return self.state is AwardState.ACTIVE and (self.valid_until is None or self.valid_until > now)


@dataclass(frozen=True, slots=True)
class RecordMatter:
    """All that a page or a paper says of a record beyond its signed text. ``standings`` are by place in the record;
    members from elsewhere have none. ``earner`` only where the name was asked for, and is known."""

    record: Clr
    standings: dict[int, MemberStanding]
    newer: str | None
    now: datetime
    earner: str | None = None


async def record_matter(work: Work, *, clr_id: UUID, named: bool = False) -> RecordMatter:
    """What anybody may have of a record who knows its address, revoked or not. Raises ``NotFound``.

    ``named``: with the earner's name; whoever calls answers for that.
    """
    record = await work.session.get(Clr, clr_id)
    if record is None:
        raise NotFound("no such record")
    newer = None
    if record.replaced_by_id is not None:
        newer = await work.session.scalar(select(Clr.url).where(Clr.id == record.replaced_by_id))
    name = await _name(work, record) if named else None
    return RecordMatter(record, await _standings(work, clr_id=clr_id), newer, work.now, name)


async def _name(work: Work, record: Clr) -> str | None:
    """As the signer knows it, else as one of those knows it who awarded what is in the record: the operator, who signs
    for several issuers, is told no names."""
    among = select(Award.issuer_id).join(ClrMember, ClrMember.award_id == Award.id).where(ClrMember.clr_id == record.id)
    return await work.session.scalar(
        select(Subject.name)
        .where(
            Subject.earner_id == record.earner_id,
            Subject.name.is_not(None),
            or_(Subject.issuer_id == record.issuer_id, Subject.issuer_id.in_(among)),
        )
        .order_by(Subject.issuer_id != record.issuer_id, Subject.updated_at.desc(), Subject.id)
        .limit(1)
    )


async def _standings(work: Work, *, clr_id: UUID) -> dict[int, MemberStanding]:
    newer = aliased(Credential)
    rows = await work.session.execute(
        select(ClrMember.position, Award.state, Award.valid_until, Award.visibility, Credential.url, newer.url)
        .join(Award, Award.id == ClrMember.award_id)
        .join(Credential, Credential.id == ClrMember.credential_id)
        .outerjoin(newer, (newer.award_id == Award.superseded_by_id) & (newer.media_type == EMBEDDED))
        .where(ClrMember.clr_id == clr_id)
    )
    return {
        place: MemberStanding(state, until, None if seen is Visibility.CLOSED else url, successor)
        for place, state, until, seen, url, successor in rows
    }
