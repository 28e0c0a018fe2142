"""Endorse an issuer, an achievement or an award; revoke an endorsement; say whether later badges carry it.

As minting: read, build and canonicalise first; then reserve the status index, sign, check and store in the one writing
transaction. What is stored is served, byte for byte, for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_

from badgeissuer.errors import Fault, NotFound, Rejected
from badgeissuer.rules import endorsing as rules
from badgeissuer.rules.endorsing import StandingPolicy
from badgeissuer.rules.terms import EndorsedKind, EndorsementState, StatusPurpose
from badgeissuer.services import rechecking, statuses
from badgeissuer.services.endorsing_facts import about_nobody_hidden
from badgeissuer.services.endorsing_targets import Target, find_target
from badgeissuer.services.registering import find_issuer
from badgeissuer.services.signing import current_key, sign
from badgeissuer.store.catalog import Issuer
from badgeissuer.store.endorsements import Endorsement
from badgeissuer.store.pages import issuer_named, issuers_apart, page_of
from badgeissuer.store.scope import visible_to
from badgeissuer.vc import lint
from badgeissuer.vc.build import EndorsementFacts, endorsement_credential
from badgeissuer.vc.lint import Prepared
from badgeissuer.vc.status import status_entry
from badgeissuer.work import Work

CRYPTOSUITE = "eddsa-rdfc-2022"
_TRIES = 20
# Where what is signed came from in the request.
_PLACES = {"/credentialSubject/endorsementComment": "/comment", "/name": "/name", "/validUntil": "/valid_until"}


@dataclass(frozen=True, slots=True)
class EndorsementGiven:
    """What an endorser says: of what, in which words, until when, and whether badges are to carry it."""

    of: Mapping[EndorsedKind, str]
    comment: str
    name: str | None = None
    valid_until: datetime | None = None
    standing: StandingPolicy = field(default_factory=StandingPolicy)


@dataclass(frozen=True, slots=True)
class _Draft:
    endorsement_id: UUID
    url: str
    place: statuses.Place
    prepared: Prepared


def endorsement_url(base_url: str, endorsement_id: UUID) -> str:
    return f"{base_url}/endorsements/{endorsement_id}"


async def endorse(work: Work, *, endorser: str, given: EndorsementGiven) -> Endorsement:
    """A new endorsement, signed and public. ``endorser`` is the slug of an issuer that the actor may act for.

    Raises ``NotFound`` (endorser, thing), ``Rejected`` with every fault by its place in the request, ``Unavailable``.
    """
    issuer = await find_issuer(work, slug=endorser)
    target = await find_target(work, endorser=issuer, of=given.of)
    faults = rules.policy_faults(given.standing, kind=target.kind, valid_until=given.valid_until, now=work.now)
    if faults:
        raise Rejected("the endorsement cannot stand like this", faults=faults)
    drafted = await _draft(work, issuer, target, given)
    await work.begin_write()
    target = await find_target(work, endorser=issuer, of=given.of)  # it may have been closed or revoked meanwhile
    for _ in range(_TRIES):
        if await statuses.reserve(work, place=drafted.place, credential_id=drafted.endorsement_id, issuer=issuer):
            break
        drafted = await _draft(work, issuer, target, given)
    else:
        raise RuntimeError("no free status index in so many tries: the list's counter must be wrong")
    signed = sign(work, prepared=drafted.prepared, key=await current_key(work, issuer_id=issuer.id))
    made = Endorsement(
        id=drafted.endorsement_id,
        issuer_id=issuer.id,
        url=drafted.url,
        kind=target.kind,
        subject=target.subject,
        endorsed_issuer_id=target.owner_id,
        achievement_id=target.achievement_id,
        credential_id=target.credential_id,
        name=str(drafted.prepared.document["name"]),
        embed=given.standing.embed,
        embed_from=given.standing.since,
        embed_until=given.standing.until,
        state=EndorsementState.ACTIVE,
        state_reason=None,
        state_changed_at=work.now,
        valid_from=work.now,
        valid_until=given.valid_until,
        cryptosuite=CRYPTOSUITE,
        key_id=signed.key.id,
        text=signed.text,
        sha256=signed.sha256,
        created_at=work.now,
    )
    work.session.add(made)
    await work.session.flush()
    await rechecking.admit(work, rechecking.Kind.ENDORSEMENT, [made.id])
    await statuses.count_one(work, list_id=drafted.place.list_id)
    _emit(work, made, "endorsement.issued", "endorsement.received", kind=made.kind.value, sha256=made.sha256)
    return made


async def revoke(work: Work, *, endorsement_id: UUID, reason: str) -> Endorsement:
    """Take an endorsement back, for good. No badge that is made from now on carries it; those that do stay as they are.

    Raises ``NotFound``, ``IllegalTransition``.
    """
    seen = await find_endorsement(work, endorsement_id=endorsement_id)
    rules.revoke(seen.state)
    issuer = (await work.session.scalars(select(Issuer).where(Issuer.id == seen.issuer_id))).one()
    prepared = await statuses.prepare_bit(work, issuer=issuer, credential_id=endorsement_id, value=True)
    await work.begin_write()
    endorsement = await find_endorsement(work, endorsement_id=endorsement_id, lock=True)
    endorsement.state = rules.revoke(endorsement.state)
    endorsement.state_reason, endorsement.state_changed_at = reason, work.now
    await work.session.flush()
    await statuses.publish_bit(work, issuer=issuer, credential_id=endorsement_id, value=True, prepared=prepared)
    _emit(work, endorsement, "endorsement.revoked", "endorsement.withdrawn")
    return endorsement


async def set_standing(work: Work, *, endorsement_id: UUID, policy: StandingPolicy) -> Endorsement:
    """Whether badges that are made from now on carry it. Raises ``NotFound``, ``IllegalTransition``, ``Rejected``."""
    await work.begin_write()
    endorsement = await find_endorsement(work, endorsement_id=endorsement_id, lock=True)
    if policy.embed:
        rules.revoke(endorsement.state)  # what is revoked is carried by nothing
    faults = rules.policy_faults(policy, kind=endorsement.kind, valid_until=endorsement.valid_until, now=work.now)
    if faults:
        at = [Fault(fault.pointer.removeprefix("/standing"), fault.detail, fault.code) for fault in faults]
        raise Rejected("the endorsement cannot stand like this", faults=at)
    endorsement.embed, endorsement.embed_from, endorsement.embed_until = policy.embed, policy.since, policy.until
    await work.session.flush()
    work.emit(
        "endorsement.standing_changed",
        "endorsement",
        endorsement.id,
        issuer_id=endorsement.issuer_id,
        embed=policy.embed,
    )
    return endorsement


async def find_endorsement(work: Work, *, endorsement_id: UUID, lock: bool = False) -> Endorsement:
    """An endorsement by an issuer the actor may act for. Raises ``NotFound``, also for another tenant's."""
    own = (visible_to(work.actor, Endorsement), about_nobody_hidden(work.actor))
    query = select(Endorsement).where(Endorsement.id == endorsement_id, *own)
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    found = await work.session.scalar(query)
    if found is None:
        raise NotFound("no such endorsement")
    return found


async def search(
    work: Work,
    *,
    issuer: str | None = None,
    kind: EndorsedKind | None = None,
    state: EndorsementState | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[tuple[Endorsement, str]]:
    """Endorsements by issuers the actor may act for, newest first, each with its endorser's slug."""
    asked = [visible_to(work.actor, Endorsement), about_nobody_hidden(work.actor)]
    if issuer is not None:
        asked.append(Endorsement.issuer_id == issuer_named(issuer))
    asked += [
        column == value for column, value in ((Endorsement.kind, kind), (Endorsement.state, state)) if value is not None
    ]
    if after is not None:
        asked.append(tuple_(Endorsement.created_at, Endorsement.id) < after)
    shares = issuers_apart(work.actor) if issuer is None else ()
    page = page_of((Endorsement.created_at, Endorsement.id), asked, Endorsement.issuer_id, shares, limit)
    query = (
        select(Endorsement, Issuer.slug)
        .join(Issuer, Issuer.id == Endorsement.issuer_id)
        .where(Endorsement.id.in_(page))
        .order_by(Endorsement.created_at.desc(), Endorsement.id.desc())
    )
    return [(row[0], row[1]) for row in (await work.session.execute(query)).all()]


async def _draft(work: Work, issuer: Issuer, target: Target, given: EndorsementGiven) -> _Draft:
    """Build and canonicalise. Raises ``Rejected``, with faults by their places in the request."""
    endorsement_id = work.new_public_id()
    url = endorsement_url(work.base_url, endorsement_id)
    place = await statuses.find_place(work, issuer=issuer, purpose=StatusPurpose.REVOCATION)
    document = endorsement_credential(
        EndorsementFacts(
            credential_id=url,
            issuer=issuer.profile,
            subject_id=target.subject,
            name=given.name or f"Endorsement of {target.name}",
            valid_from=work.now,
            valid_until=given.valid_until,
            status=status_entry(list_url=place.url, index=place.index, purpose=StatusPurpose.REVOCATION.value),
            comment=given.comment,
        )
    )
    canonical = await work.sandbox.canonicalize(document, lane="mint")
    try:
        prepared = lint.prepare_endorsement(document, canonical, now=work.now, allow_loopback=work.settings.loopback)
    except Rejected as error:
        faults = [
            Fault(_PLACES.get(fault.pointer, ""), fault.detail, fault.code, fault.clause) for fault in error.faults
        ]
        raise Rejected("the endorsement cannot be signed as it is; see the faults", faults=faults) from None
    return _Draft(endorsement_id, url, place, prepared)


def _emit(work: Work, endorsement: Endorsement, ours: str, theirs: str, **data: str) -> None:
    """For the endorser, and for whose thing it is."""
    work.emit(ours, "endorsement", endorsement.id, issuer_id=endorsement.issuer_id, **data)
    work.emit(theirs, "endorsement", endorsement.id, issuer_id=endorsement.endorsed_issuer_id, **data)
