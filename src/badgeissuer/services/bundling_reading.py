"""Records as they are read: by who signed them, by their earner, and by anybody who has their address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, tuple_
from sqlalchemy.orm import aliased

from badgeissuer.errors import NotFound
from badgeissuer.rules.terms import ClrState, JobState, Visibility
from badgeissuer.store.awards import Award
from badgeissuer.store.catalog import Issuer
from badgeissuer.store.clrs import Clr, ClrMember
from badgeissuer.store.jobs import Job
from badgeissuer.store.pages import issuer_named, issuers_apart, page_of
from badgeissuer.store.people import Subject
from badgeissuer.store.scope import visible_to
from badgeissuer.work import Work


@dataclass(frozen=True, slots=True)
class Line:
    """A record with its signer's slug, the earner as the signer's credentials name them, and its further parts."""

    record: Clr
    issuer: str
    subject: str
    parts: tuple[UUID, ...] = ()
    newer: str | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """What stands at one place of a record."""

    position: int
    award_id: UUID | None
    credential_id: UUID | None
    admission_id: UUID | None


@dataclass(frozen=True, slots=True)
class Making:
    """How far the job is that makes a record; ``records`` once it is done, ``error`` where it was given up."""

    state: JobState
    done: int
    total: int | None
    records: tuple[UUID, ...]
    error: str | None


async def find_record(work: Work, *, clr_id: UUID) -> Clr:
    """A record by an issuer the actor may act for. Raises ``NotFound``, also for another tenant's."""
    found = await work.session.scalar(select(Clr).where(Clr.id == clr_id, _mine(work)))
    if found is None:
        raise NotFound("no such record")
    return found


async def read_record(work: Work, *, clr_id: UUID) -> Line:
    """The same with what a caller is shown of it. Raises ``NotFound``."""
    return (await lines_of(work, [await find_record(work, clr_id=clr_id)]))[0]


async def earners_record(work: Work, *, earner_id: UUID, clr_id: UUID) -> Clr:
    """A record that the earner asked for themselves. Raises ``NotFound``."""
    record = await work.session.scalar(select(Clr).where(Clr.id == clr_id, Clr.earner_id == earner_id))
    if record is None or not record.choice.get("across"):
        raise NotFound("no such record")
    return record


async def records_of_earner(
    work: Work, *, earner_id: UUID, after: tuple[datetime, UUID] | None = None, limit: int
) -> list[Clr]:
    """An earner's records, whoever signed them, newest first; parts are left out. ``record.choice["across"]`` says
    whether they asked for it themselves."""
    query = _newest(select(Clr).where(Clr.earner_id == earner_id, Clr.part_of_id.is_(None)), after)
    return list((await work.session.scalars(query.limit(limit))).all())


async def public_record(work: Work, *, clr_id: UUID) -> tuple[Clr, str | None]:
    """What anybody may have who knows the address, revoked or not; and the address of its newer edition.

    Raises ``NotFound``; also for a record that an issuer made and that holds an award which its earner has closed
    since: nobody may have that by another way. What earners put into their own records is their choice.
    """
    newer = aliased(Clr)
    query = select(Clr, newer.url).outerjoin(newer, newer.id == Clr.replaced_by_id)
    found = (await work.session.execute(query.where(Clr.id == clr_id, is_public()))).one_or_none()
    if found is None:
        raise NotFound("no such record")
    return found[0], found[1]


async def search(
    work: Work,
    *,
    issuer: str | None = None,
    subject: str | None = None,
    state: ClrState | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[Line]:
    """Records by issuers the actor may act for, newest first; parts are named by the records that they are parts of."""
    asked = [_mine(work), Clr.part_of_id.is_(None)]
    if issuer is not None:
        asked.append(Clr.issuer_id == issuer_named(issuer))
    if state is not None:
        asked.append(Clr.state == state)
    if subject is not None:
        known = select(Subject.earner_id).where(Subject.urn == subject, Subject.issuer_id == Clr.issuer_id)
        asked.append(Clr.earner_id.in_(known))
    if after is not None:
        asked.append(tuple_(Clr.created_at, Clr.id) < after)
    shares = issuers_apart(work.actor) if issuer is None and subject is None else ()
    page = page_of((Clr.created_at, Clr.id), asked, Clr.issuer_id, shares, limit)
    query = _newest(select(Clr).where(Clr.id.in_(page)), None)
    return await lines_of(work, (await work.session.scalars(query)).all())


async def lines_of(work: Work, records: Sequence[Clr]) -> list[Line]:
    """What callers are shown of these records."""
    ids = [record.id for record in records]
    parts: dict[UUID | None, list[UUID]] = {}
    found = await work.session.execute(select(Clr.part_of_id, Clr.id, Clr.name).where(Clr.part_of_id.in_(ids)))
    for whole, part, _ in sorted(found.all(), key=lambda row: (len(row[2]), row[2])):
        parts.setdefault(whole, []).append(part)
    query = (
        select(Clr.id, Issuer.slug, Subject.urn)
        .join(Issuer, Issuer.id == Clr.issuer_id)
        .join(Subject, and_(Subject.issuer_id == Clr.issuer_id, Subject.earner_id == Clr.earner_id))
        .where(Clr.id.in_(ids))
    )
    known = {row[0]: (row[1], row[2]) for row in (await work.session.execute(query)).all()}
    newer = await work.session.execute(
        select(Clr.id, Clr.url).where(Clr.id.in_([r.replaced_by_id for r in records if r.replaced_by_id is not None]))
    )
    urls: dict[UUID | None, str] = {row[0]: row[1] for row in newer.all()}
    return [
        Line(record, *known[record.id], tuple(parts.get(record.id, ())), urls.get(record.replaced_by_id))
        for record in records
    ]


async def members(work: Work, *, clr_id: UUID, after: int = -1, limit: int) -> list[Member]:
    """The members of a record that the caller has found, in their places."""
    query = (
        select(ClrMember)
        .where(ClrMember.clr_id == clr_id, ClrMember.position > after)
        .order_by(ClrMember.position)
        .limit(limit)
    )
    rows = (await work.session.scalars(query)).all()
    return [Member(row.position, row.award_id, row.credential_id, row.admitted_badge_id) for row in rows]


async def making(work: Work, *, earner_id: UUID, job_id: UUID) -> Making:
    """How far a job is that an earner's ``bundle_for_earner`` gave. Raises ``NotFound``."""
    job = await work.session.get(Job, job_id)
    if job is None or job.payload.get("earner") != str(earner_id) or not job.payload.get("across"):
        raise NotFound("no such job")
    records = tuple(UUID(each) for each in job.result.get("records", ()))
    error = job.last_error if job.state is JobState.FAILED else None
    return Making(job.state, job.done, job.total, records, error)


def _mine(work: Work) -> ColumnElement[bool]:
    """Of the actor's issuers. A key that reads by consent to awards has none to whole records."""
    return false() if work.actor.consent_purpose is not None else visible_to(work.actor, Clr)


def _newest(query: Select[Any], after: tuple[datetime, UUID] | None) -> Select[Any]:
    if after is not None:
        query = query.where(tuple_(Clr.created_at, Clr.id) < after)
    return query.order_by(Clr.created_at.desc(), Clr.id.desc())


def is_public() -> ColumnElement[bool]:
    """Not for a record that an issuer made and that holds an award which its earner has closed since."""
    closed = (
        select(ClrMember.position)
        .join(Award, Award.id == ClrMember.award_id)
        .where(ClrMember.clr_id == Clr.id, Award.visibility == Visibility.CLOSED)
        .correlate(Clr)
    )
    return or_(Clr.choice["across"].as_boolean().is_(True), ~closed.exists())
