"""Learner records (CLR): from an earner's awards and badges from elsewhere to one signed text, or several parts of it.

A record of an issuer holds its own awards and what it admitted. One across issuers is the operator's, and only the
earner asks for it. What others use:

- ``bundle(work, issuer=slug, earner=EarnerGiven(…), choice=Choice(…), name=None) -> Bundled``
- ``bundle_for_earner(work, earner_id=…, award_ids=(…), admission_ids=(), name=None, split=False) -> Bundled``
- ``revoke(work, clr_id=…, reason=…)``, ``revoke_for_earner(work, earner_id=…, clr_id=…, reason=…)``
- ``remake(work, clr_id=…, keep=False) -> Bundled``
- reading: ``services.bundling_reading``; badges from elsewhere: ``services.admitting``

``Bundled.records`` are there at once for up to 100 members; else ``Bundled.job_id`` is a job of kind ``MAKE``, whose
result names the records (``bundling_reading.making`` reads it for an earner).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import select

from badgeissuer.errors import Conflict, Fault, NotFound, Rejected
from badgeissuer.rules.terms import ClrState
from badgeissuer.services import bundling_choice, bundling_reading, bundling_storing, operating
from badgeissuer.services.bundling_choice import Asked, Choice, Chosen
from badgeissuer.services.bundling_storing import Order, Step
from badgeissuer.services.identifying import EarnerGiven, find_subject
from badgeissuer.services.registering import find_issuer
from badgeissuer.store.catalog import Issuer
from badgeissuer.store.clrs import Clr
from badgeissuer.vc import limits
from badgeissuer.work import Work

MAKE = "clrs.make"
# More than that is made by a job: a hundred badges take about a second.
AT_ONCE = 100
_AT_ONCE_BYTES = limits.MIB
_REPLACED = "a newer edition has taken its place"


@dataclass(frozen=True, slots=True)
class Bundled:
    """What came of it: the records, the first of which stands for all; or the job that makes them, where there is much
    to do."""

    records: tuple[Clr, ...] = ()
    job_id: UUID | None = None


async def bundle(work: Work, *, issuer: str, earner: EarnerGiven, choice: Choice, name: str | None = None) -> Bundled:
    """A record of the issuer (by slug) for an earner. Raises ``NotFound``, ``Rejected``, ``Unavailable``."""
    signer = await find_issuer(work, slug=issuer)
    subject = await find_subject(work, issuer=signer, earner=earner)
    if subject is None:
        faults = [Fault("/earner", "this issuer has awarded nothing to anybody with this identity", "reference")]
        raise NotFound("no such earner", faults=faults)
    asked = Asked(signer.id, subject.earner_id, choice)
    return await _order(work, signer, Order(asked, name or f"Learner record from {signer.name}"))


async def bundle_for_earner(
    work: Work,
    *,
    earner_id: UUID,
    award_ids: tuple[UUID, ...],
    admission_ids: tuple[UUID, ...] = (),
    name: str | None = None,
    split: bool = False,
) -> Bundled:
    """A record across issuers, signed by the operator, of what its earner chose. The caller has made sure who they are.

    Raises ``Unavailable`` where there is no operator's issuer, ``Rejected`` for an award that is not theirs.
    """
    if not award_ids and not admission_ids:
        raise Rejected("choose at least one badge", faults=[Fault("/awards", "nothing was chosen", "empty")])
    signer = await operating.operator_issuer(work)
    states = Choice().states if award_ids else ()
    choice = Choice(award_ids=award_ids, admission_ids=admission_ids, states=states, split=split)
    asked = Asked(signer.id, earner_id, choice, across=True)
    return await _order(work, signer, Order(asked, name or "Learner record"))


async def remake(work: Work, *, clr_id: UUID, keep: bool = False) -> Bundled:
    """The same choice, of today's awards. The old one is revoked, unless it is to be kept, and names the new one.

    Raises ``NotFound``, ``Conflict`` for a part of a record and for one that has a newer edition, ``Rejected``.
    """
    old = await bundling_reading.find_record(work, clr_id=clr_id)
    return await _remake(work, old, keep=keep)


async def remake_for_earner(work: Work, *, earner_id: UUID, clr_id: UUID, keep: bool = False) -> Bundled:
    """The same for the earner whose record of the operator it is."""
    old = await bundling_reading.earners_record(work, earner_id=earner_id, clr_id=clr_id)
    return await _remake(work, old, keep=keep)


async def revoke(work: Work, *, clr_id: UUID, reason: str) -> Clr:
    """Take a record back, with its parts. It stays readable. Raises ``NotFound``, ``IllegalTransition``, ``Conflict``
    for a part."""
    seen = await bundling_reading.find_record(work, clr_id=clr_id)
    return await bundling_storing.take_back(work, seen, reason=reason)


async def revoke_for_earner(work: Work, *, earner_id: UUID, clr_id: UUID, reason: str) -> Clr:
    """The same for the earner whose record of the operator it is."""
    seen = await bundling_reading.earners_record(work, earner_id=earner_id, clr_id=clr_id)
    return await bundling_storing.take_back(work, seen, reason=reason)


async def carry_out(work: Work, *, payload: dict[str, Any], step: Step) -> list[Clr]:
    """What a job of kind ``MAKE`` does, in one unit of work. ``step`` is told how many members are done.

    Raises what ``bundle`` raises, and ``bundling_storing.Moved`` where it is to be tried again from the beginning.
    """
    order = Order.of_json(payload)
    signer = await _signer(work, order)
    return await bundling_storing.make(work, signer=signer, order=order, step=step, again=False)


def is_large(chosen: Chosen) -> bool:
    """Whether a job makes it."""
    return len(chosen.sources) > AT_ONCE or chosen.size > _AT_ONCE_BYTES


async def _order(work: Work, signer: Issuer, order: Order) -> Bundled:
    chosen = await bundling_choice.choose(work, order.asked)
    if not is_large(chosen):
        return Bundled(tuple(await bundling_storing.make(work, signer=signer, order=order)))
    await work.begin_write()
    # Each asking is a job of its own: what makes a repeat one and the same is the caller's key.
    job_id = work.ask(MAKE, f"{MAKE}:{work.new_id()}", issuer_id=signer.id, **order.as_json())
    return Bundled(job_id=job_id)


async def _remake(work: Work, old: Clr, *, keep: bool) -> Bundled:
    if old.part_of_id is not None:
        raise Conflict("it is a part of a record; make that anew", existing=str(old.part_of_id))
    if old.replaced_by_id is not None:
        raise Conflict("there is a newer edition of it already", existing=str(old.replaced_by_id))
    asked = Asked(old.issuer_id, old.earner_id, Choice.of_json(old.choice), across=old.choice["across"])
    asked = replace(asked, choice=await bundling_choice.renewed(work, asked))
    ends = None if keep or old.state is ClrState.REVOKED else _REPLACED
    order = Order(asked, bundling_storing.plain_name(old), replaces=old.id, ends=ends)
    return await _order(work, await _signer(work, order), order)


async def _signer(work: Work, order: Order) -> Issuer:
    return (await work.session.scalars(select(Issuer).where(Issuer.id == order.asked.signer_id))).one()
