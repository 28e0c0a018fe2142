"""A share of what is signed is held against PyLD, after it is stored; a difference stops all signing of credentials.

What we sign is canonicalised by code of our own. Tests say that it agrees with PyLD; this says so of what was really
issued. A difference means that others would refuse the signature, so nothing more is made until a person has looked.
Revoking goes on: status lists are not stopped.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select

from badgeissuer.errors import BadgeissuerError, NotFound, Unavailable
from badgeissuer.store.awards import Credential
from badgeissuer.store.catalog import IssuerKey
from badgeissuer.store.clrs import Clr
from badgeissuer.store.endorsements import Endorsement
from badgeissuer.store.halts import MintingHalt, is_halted
from badgeissuer.vc import strictjson
from badgeissuer.vc.faults import BudgetExceeded, NotCanonical, ProofInvalid
from badgeissuer.vc.limits import CLR_BYTES
from badgeissuer.vc.multikey import parse_multikey
from badgeissuer.vc.proofs import eddsa_rdfc_2022 as eddsa
from badgeissuer.vc.proofs.data_integrity import proof_config, unsecured
from badgeissuer.work import Work

log = logging.getLogger("badgeissuer.rechecking")

RECHECK = "canon.recheck"
_SCALE = 1_000_000


class MintingHalted(Unavailable):
    """A recheck found a signature that others would refuse, so nothing is signed until the operator has looked."""

    code = "minting-halted"


class Kind(StrEnum):
    """What is signed and rechecked."""

    CREDENTIAL = "credential"
    ENDORSEMENT = "endorsement"
    CLR = "clr"


_ROWS: Mapping[Kind, type[Credential] | type[Endorsement] | type[Clr]] = {
    Kind.CREDENTIAL: Credential,
    Kind.ENDORSEMENT: Endorsement,
    Kind.CLR: Clr,
}


async def admit(work: Work, kind: Kind, ids: Iterable[UUID]) -> None:
    """Before what was just stored is committed: refuse where minting is halted, and choose what will be rechecked.

    One statement for all of them; the job commits with them. Which ones are chosen follows from their ids, which are
    random. Raises ``MintingHalted``.
    """
    if await is_halted(work.session):
        raise MintingHalted("nothing is issued at present: a signature was found wrong; its operator has been told")
    share = work.settings.canon_recheck_rate * _SCALE
    chosen = [str(id_) for id_ in ids if id_.int % _SCALE < share]
    if chosen:
        work.ask(RECHECK, f"{RECHECK}:{chosen[0]}", what=kind.value, ids=chosen)


async def recheck(work: Work, *, kind: Kind, document_id: UUID) -> str | None:
    """What is wrong with a signed document: the signature does not hold over what PyLD makes of it. None: nothing is.

    Raises ``BudgetExceeded`` where PyLD takes longer than it may, and ``Unavailable``.
    """
    row = _ROWS[kind]
    found = (
        await work.session.execute(
            select(row.text, IssuerKey.public_multibase)
            .join(IssuerKey, IssuerKey.id == row.key_id)
            .where(row.id == document_id)
        )
    ).one()
    document = strictjson.loads_object(found.text.encode(), max_bytes=CLR_BYTES)
    (proof,) = document["proof"]
    lane = "records" if kind is Kind.CLR else "foreign"
    try:
        eddsa.verify(
            proof,
            config_nquads=await work.sandbox.pyld(proof_config(document, proof), lane=lane),
            document_nquads=await work.sandbox.pyld(unsecured(document), lane=lane),
            key=parse_multikey(found.public_multibase),
        )
    except (ProofInvalid, NotCanonical) as error:
        return error.detail
    return None


async def halt(work: Work, *, kind: Kind, document_id: UUID, detail: str) -> None:
    """Stop minting in all processes, with an event. The caller logs it."""
    session = await work.begin_write()
    halted = MintingHalt(
        id=work.new_id(),
        kind=kind.value,
        document_id=document_id,
        detail=detail,
        found_at=work.now,
        lifted_at=None,
        lifted_by=None,
        lifted_reason=None,
    )
    session.add(halted)
    work.emit("minting.halted", kind.value, document_id, issuer_id=None, halt=str(halted.id))


async def standing(work: Work) -> list[MintingHalt]:
    """The halts that are not lifted, the oldest first."""
    query = select(MintingHalt).where(MintingHalt.lifted_at.is_(None)).order_by(MintingHalt.found_at, MintingHalt.id)
    return list((await work.session.scalars(query)).all())


async def lift(work: Work, *, reason: str) -> list[MintingHalt]:
    """Let minting go on; what was wrong has been found and mended. Raises ``NotFound`` where nothing is halted."""
    await work.begin_write()
    halts = await standing(work)
    if not halts:
        raise NotFound("minting is not halted")
    for each in halts:
        each.lifted_at, each.lifted_by, each.lifted_reason = work.now, work.actor.label, reason
        work.emit("minting.resumed", each.kind, each.document_id, issuer_id=None, halt=str(each.id))
    return halts


def said(error: BadgeissuerError) -> str:
    """Why a document could not be rechecked, in words that are safe to show."""
    return "PyLD takes too long or too much memory" if isinstance(error, BudgetExceeded) else error.detail


def payload(given: Mapping[str, Any]) -> tuple[Kind, list[UUID]]:
    """What a job of kind ``RECHECK`` is about."""
    return Kind(given["what"]), [UUID(id_) for id_ in given["ids"]]
