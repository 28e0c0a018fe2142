"""What others say of an issuer's things: those endorsements, and whether badges and records of it may carry one.

An endorser wants its word carried; the badge's own issuer signs the whole. So either of them can keep it out. It stands
beside the badge all the same: that is between the endorser and the public.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import aliased

from badgeissuer.errors import NotFound
from badgeissuer.rules.terms import EndorsedKind
from badgeissuer.services.endorsing_facts import about_nobody_hidden
from badgeissuer.store.catalog import Issuer
from badgeissuer.store.endorsements import Endorsement
from badgeissuer.store.pages import issuer_named, issuers_apart, page_of
from badgeissuer.store.scope import visible_to
from badgeissuer.work import Work

Received = tuple[Endorsement, Issuer, str]


async def received(
    work: Work,
    *,
    issuer: str | None = None,
    kind: EndorsedKind | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[Received]:
    """Endorsements of things of the actor's issuers, revoked ones too, newest first, each with its endorser and with
    the slug of whose thing it is."""
    asked = [about_nobody_hidden(work.actor)]
    shares = issuers_apart(work.actor) if issuer is None else ()
    if issuer is not None:
        asked.append(Endorsement.endorsed_issuer_id == issuer_named(issuer))
    if work.actor.issuer_ids is not None:
        mine = select(Issuer.id).where(visible_to(work.actor, Issuer))
        asked.append(Endorsement.endorsed_issuer_id.in_(mine))
    if kind is not None:
        asked.append(Endorsement.kind == kind)
    if after is not None:
        asked.append(tuple_(Endorsement.created_at, Endorsement.id) < after)
    page = page_of((Endorsement.created_at, Endorsement.id), asked, Endorsement.endorsed_issuer_id, shares, limit)
    query = _with_both().where(Endorsement.id.in_(page))
    query = query.order_by(Endorsement.created_at.desc(), Endorsement.id.desc())
    return [(found[0], found[1], found[2]) for found in (await work.session.execute(query)).all()]


async def find_received(work: Work, *, endorsement_id: UUID, lock: bool = False) -> Received:
    """One of them. Raises ``NotFound``, also for what is said of another tenant's things."""
    query = _received(work).where(Endorsement.id == endorsement_id)
    if lock:
        query = query.with_for_update(key_share=True, of=Endorsement).execution_options(populate_existing=True)
    found = (await work.session.execute(query)).one_or_none()
    if found is None:
        raise NotFound("no such endorsement")
    return found[0], found[1], found[2]


async def decide(work: Work, *, endorsement_id: UUID, carry: bool) -> Received:
    """Whether badges and records that are made from now on may carry it, where its endorser wants that too.

    Those that are signed stay as they are. Saying the same twice changes nothing. Raises ``NotFound``.
    """
    await work.begin_write()
    found = await find_received(work, endorsement_id=endorsement_id, lock=True)
    endorsement = found[0]
    if carry is (endorsement.declined_at is None):
        return found
    endorsement.declined_at = None if carry else work.now
    await work.session.flush()
    for issuer_id in (endorsement.endorsed_issuer_id, endorsement.issuer_id):
        work.emit("endorsement.carrying_decided", "endorsement", endorsement.id, issuer_id=issuer_id, carry=carry)
    return found


def _received(work: Work) -> Select[Endorsement, Issuer, str]:
    return _with_both().where(visible_to(work.actor, Issuer), about_nobody_hidden(work.actor))


def _with_both() -> Select[Endorsement, Issuer, str]:
    endorser = aliased(Issuer)
    return (
        select(Endorsement, endorser, Issuer.slug)
        .join(endorser, endorser.id == Endorsement.issuer_id)
        .join(Issuer, Issuer.id == Endorsement.endorsed_issuer_id)
    )
