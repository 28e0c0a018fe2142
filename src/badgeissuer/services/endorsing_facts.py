"""Endorsements as others use them: those that stand, those that a badge takes in, and what its page shows of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true, tuple_

from badgeissuer.errors import NotFound
from badgeissuer.rules.endorsing import Candidate, EndorsementVerdict, carried, verdict
from badgeissuer.rules.terms import EndorsedKind, EndorsementState, KeyState, Visibility
from badgeissuer.services.registering import issuer_page
from badgeissuer.store.access import Actor
from badgeissuer.store.awards import EMBEDDED, Award, Credential
from badgeissuer.store.catalog import Issuer, IssuerKey
from badgeissuer.store.endorsements import Endorsement
from badgeissuer.vc.model.base import instant
from badgeissuer.vc.verify import Report, Role
from badgeissuer.work import Work

# On a page, and as many candidates as are ever weighed for one badge.
MOST_SHOWN = 5
_MOST_CANDIDATES = 50
_MOST_OF_ONE = 5
_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Carried:
    """What a badge takes in, as the exact signed objects."""

    ids: tuple[UUID, ...] = ()
    of_issuer: tuple[dict[str, Any], ...] = ()
    of_achievement: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """An endorsement as a page shows it. ``verdict`` is that of now; ``url`` is its own address where it is ours."""

    name: str
    endorser_url: str | None
    url: str | None
    kind: EndorsedKind
    comment: str
    since: datetime
    until: datetime | None
    verdict: str
    embedded: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A stored endorsement with its endorser, and how it stands now."""

    endorsement: Endorsement
    endorser: Issuer
    verdict: EndorsementVerdict


async def endorsements_for(
    work: Work,
    *,
    issuer_ids: Iterable[UUID] = (),
    achievement_ids: Iterable[UUID] = (),
    credential_ids: Iterable[UUID] = (),
) -> list[dict[str, Any]]:
    """The endorsements of these things that stand now and may be carried, newest first, as the exact signed objects.

    ``issuer_ids`` are those of the endorsed; ``credential_ids`` those of credentials, not of awards.
    """
    issuers, achievements, credentials = set(issuer_ids), set(achievement_ids), set(credential_ids)
    about = or_(
        and_(Endorsement.kind == EndorsedKind.ISSUER, Endorsement.endorsed_issuer_id.in_(issuers)),
        Endorsement.achievement_id.in_(achievements),
        Endorsement.credential_id.in_(credentials),
    )
    may = Endorsement.declined_at.is_(None)
    query = _newest(select(Endorsement.text).where(about, may, _stands(work))).limit(_MOST)
    return [json.loads(text) for text in (await work.session.scalars(query)).all()]


async def carried_by(work: Work, *, issuer_did: str, achievement: str) -> Carried:
    """What a badge that is made now takes in, under its endorsers' standing policies."""
    wanted = (
        Endorsement.embed.is_(True),
        Endorsement.declined_at.is_(None),
        or_(Endorsement.embed_from.is_(None), Endorsement.embed_from <= work.now),
        or_(Endorsement.embed_until.is_(None), Endorsement.embed_until > work.now),
    )
    newest = (Endorsement.created_at.desc(), Endorsement.id.desc())
    rank = func.row_number().over(partition_by=(Endorsement.issuer_id, Endorsement.kind), order_by=newest)
    ranked = (
        select(Endorsement.id, rank.label("rank"))
        .where(Endorsement.subject.in_((issuer_did, achievement)), _stands(work), *wanted)
        .subquery()
    )
    # Whoever endorses one thing a hundred times takes nobody's place.
    query = select(Endorsement).join(ranked, ranked.c.id == Endorsement.id).where(ranked.c.rank <= _MOST_OF_ONE)
    rows = {row.id: row for row in (await work.session.scalars(_newest(query).limit(_MOST_CANDIDATES))).all()}
    chosen = carried(Candidate(row.id, row.issuer_id, row.kind, len(row.text.encode("utf-8"))) for row in rows.values())

    def of(kind: EndorsedKind) -> tuple[dict[str, Any], ...]:
        return tuple(json.loads(rows[id_].text) for id_ in chosen if rows[id_].kind is kind)

    return Carried(tuple(chosen), of(EndorsedKind.ISSUER), of(EndorsedKind.ACHIEVEMENT))


async def still_stand(work: Work, *, ids: Sequence[UUID]) -> bool:
    """Whether none of them was revoked or declined meanwhile; in a unit that writes they cannot be until it has
    committed."""
    if not ids:
        return True
    query = select(Endorsement.id).where(
        Endorsement.id.in_(ids), Endorsement.state == EndorsementState.ACTIVE, Endorsement.declined_at.is_(None)
    )
    if work.writing:
        query = query.order_by(Endorsement.id).with_for_update(read=True)
    return len((await work.session.scalars(query)).all()) == len(ids)


async def public_endorsement(work: Work, *, endorsement_id: UUID) -> Found:
    """One endorsement, revoked or not: what was said stays readable. Raises ``NotFound``; also where the award that it
    is about was closed by its earner."""
    query = _with_endorser().where(Endorsement.id == endorsement_id, about_nothing_closed())
    row = (await work.session.execute(query)).one_or_none()
    if row is None:
        raise NotFound("no such endorsement")
    return _found(work, row)


async def standing_about(
    work: Work, *, subject: str, after: tuple[datetime, UUID] | None = None, limit: int = MOST_SHOWN
) -> list[Found]:
    """The endorsements of a thing that stand now, newest first. ``subject`` is the id that credentials name it by: an
    issuer's DID, an achievement's or a credential's address."""
    query = _newest(_with_endorser().where(Endorsement.subject == subject, _stands(work))).limit(limit)
    if after is not None:
        query = query.where(tuple_(Endorsement.created_at, Endorsement.id) < after)
    return [_found(work, row) for row in (await work.session.execute(query)).all()]


async def endorsements_about(work: Work, *, subject: str, limit: int = MOST_SHOWN + 1) -> list[Shown]:
    """What the page of an issuer or an achievement shows; ``subject`` as for ``standing_about``.

    The macro ``endorsements`` of ``templates/endorsements_parts.html`` writes it, and that of ``endorsements_of``: it
    shows ``MOST_SHOWN`` and leads to the list of all where there is one more.
    """
    found = await standing_about(work, subject=subject, limit=limit)
    return [shown(work, each) for each in found]


async def endorsements_of(work: Work, credential: Credential, *, report: Report | None = None) -> list[Shown]:
    """What the page of a badge shows: the endorsements of the award, its achievement and its issuer that stand now, and
    all that the badge itself carries, whatever became of them.

    ``report`` is that on the badge: what it found wrong with one that is carried is told too. Where it was made in this
    unit of work, the row must have been expunged before, since verifying may end the transaction.
    """
    document = json.loads(credential.text)
    achievement = document["credentialSubject"]["achievement"]
    subjects = (credential.url, achievement["id"], document["issuer"]["id"])
    inside = {
        each.get("id"): (kind, each)
        for kind, holder in ((EndorsedKind.ISSUER, document["issuer"]), (EndorsedKind.ACHIEVEMENT, achievement))
        for each in holder.get("endorsement", ())
        if isinstance(each, dict)
    }
    told = _told(report)
    of_these = Endorsement.subject.in_(subjects)
    query = _newest(_with_endorser().where(of_these, or_(_stands(work), Endorsement.url.in_(inside))))
    told_of = []
    for row in (await work.session.execute(query.limit(_MOST_CANDIDATES))).all():
        found = _found(work, row)
        embedded = inside.pop(found.endorsement.url, None) is not None
        now = found.verdict.value
        if found.verdict is EndorsementVerdict.VALID:
            now = told.get(found.endorsement.url, now)
        told_of.append(shown(work, found, now, embedded=embedded))
    strangers = [_stranger(kind, each, told.get(id_, "not_checked")) for id_, (kind, each) in inside.items()]
    return [*told_of, *strangers]


def about_nobody_hidden(actor: Actor) -> ColumnElement[bool]:
    """Beside the tenant filter: an agency that reads people's awards by their consent sees no endorsement of an award,
    since that names the award's credential."""
    return Endorsement.kind != EndorsedKind.AWARD if actor.consent_purpose is not None else true()


def _told(report: Report | None) -> dict[str | None, str]:
    """The outcome of each endorsement that a badge carries, by its id."""
    nested = report.nested if report is not None else ()
    return {each.report.facts.id: each.report.outcome.value for each in nested if each.role is Role.ENDORSEMENT}


def shown(work: Work, found: Found, now: str | None = None, *, embedded: bool = False) -> Shown:
    """As a page shows it; ``now`` is what a verification made of it, where there was one."""
    endorsement, document = found.endorsement, json.loads(found.endorsement.text)
    return Shown(
        name=str(document["issuer"].get("name") or found.endorser.name),
        endorser_url=issuer_page(work.base_url, found.endorser.slug),
        url=endorsement.url,
        kind=endorsement.kind,
        comment=str(document["credentialSubject"].get("endorsementComment") or ""),
        since=endorsement.valid_from,
        until=endorsement.valid_until,
        verdict=now or found.verdict.value,
        embedded=embedded,
    )


def _stranger(kind: EndorsedKind, document: dict[str, Any], now: str) -> Shown:
    """One that was made elsewhere, and stands in the profile or the achievement as its issuer wrote it."""
    issuer = document["issuer"] if isinstance(document["issuer"], dict) else {"id": document["issuer"]}
    until = document.get("validUntil")
    return Shown(
        name=str(issuer.get("name") or issuer["id"]),
        endorser_url=issuer.get("url"),
        url=None,
        kind=kind,
        comment=str(document["credentialSubject"].get("endorsementComment") or ""),
        since=instant(document["validFrom"]),
        until=None if until is None else instant(until),
        verdict=now,
        embedded=True,
    )


def _with_endorser() -> Select[Endorsement, Issuer, KeyState]:
    return (
        select(Endorsement, Issuer, IssuerKey.state)
        .join(Issuer, Issuer.id == Endorsement.issuer_id)
        .join(IssuerKey, IssuerKey.id == Endorsement.key_id)
    )


def _found(work: Work, row: Any) -> Found:
    endorsement, endorser, key = row
    now = verdict(
        endorsement.state,
        valid_until=endorsement.valid_until,
        key_compromised=key is KeyState.COMPROMISED,
        now=work.now,
    )
    return Found(endorsement, endorser, now)


def _newest(query: Any) -> Any:
    return query.order_by(Endorsement.created_at.desc(), Endorsement.id.desc())


def _stands(work: Work) -> ColumnElement[bool]:
    """As ``rules.endorsing.verdict`` says valid."""
    sound = select(IssuerKey.id).where(IssuerKey.id == Endorsement.key_id, IssuerKey.state != KeyState.COMPROMISED)
    return and_(
        Endorsement.state == EndorsementState.ACTIVE,
        or_(Endorsement.valid_until.is_(None), Endorsement.valid_until >= work.now),
        sound.correlate(Endorsement).exists(),
        about_nothing_closed(),
    )


def about_nothing_closed() -> ColumnElement[bool]:
    """About no award that its earner has closed."""
    closed = (
        select(Award.id)
        .join(Credential, Credential.award_id == Award.id)
        .where(
            Credential.id == Endorsement.credential_id,
            Credential.media_type == EMBEDDED,
            Award.visibility == Visibility.CLOSED,
        )
    )
    return ~closed.correlate(Endorsement).exists()
