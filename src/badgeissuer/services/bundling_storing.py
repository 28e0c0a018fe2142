"""Records into their rows: decide again on what is chosen, reserve, store, and take back what they replace."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from badgeissuer.errors import Conflict, IllegalTransition, Unavailable
from badgeissuer.rules.terms import ClrState, IdentityKind
from badgeissuer.services import bundling_making, rechecking, statuses
from badgeissuer.services.bundling_choice import Asked, Choice, Chosen, choose
from badgeissuer.services.bundling_making import CRYPTOSUITE, Part, Person, Seat, Step
from badgeissuer.services.endorsing_facts import still_stand
from badgeissuer.services.identifying import EarnerGiven, make_known, recipient, recorded
from badgeissuer.services.signing import current_key
from badgeissuer.store.catalog import Issuer
from badgeissuer.store.clrs import Clr, ClrMember
from badgeissuer.store.people import EarnerIdentity, Subject
from badgeissuer.store.status import StatusEntry
from badgeissuer.work import Work

__all__ = ["Moved", "Order", "Step", "make", "plain_name", "take_back"]

_TRIES = 20
_OF_PARTS = re.compile(r" \(1 of [0-9]+\)$")


class Moved(Unavailable):
    """What the record is made of changed while it was made; it is made anew."""

    code = "changed-meanwhile"


@dataclass(frozen=True, slots=True)
class Order:
    """A record that is to be made. ``replaces`` is the one whose newer edition it is; ``ends`` why that is revoked."""

    asked: Asked
    name: str
    replaces: UUID | None = None
    ends: str | None = None

    def as_json(self) -> dict[str, Any]:
        """For a job."""
        return {
            "signer": str(self.asked.signer_id),
            "earner": str(self.asked.earner_id),
            "across": self.asked.across,
            "choice": self.asked.choice.as_json(),
            "name": self.name,
            "replaces": None if self.replaces is None else str(self.replaces),
            "ends": self.ends,
        }

    @classmethod
    def of_json(cls, given: dict[str, Any]) -> Order:
        """From what ``as_json`` made."""
        asked = Asked(
            UUID(given["signer"]), UUID(given["earner"]), Choice.of_json(given["choice"]), across=given["across"]
        )
        replaces = None if given["replaces"] is None else UUID(given["replaces"])
        return cls(asked, given["name"], replaces, given["ends"])


@dataclass(frozen=True, slots=True)
class _Draft:
    person: Person
    chosen: Chosen
    parts: list[Part]


async def make(work: Work, *, signer: Issuer, order: Order, step: Step | None = None, again: bool = True) -> list[Clr]:
    """Sign and store, all parts in one transaction. The first stands for all.

    Where something moved meanwhile (a key, an award, an index) it is made again inside the transaction; ``again`` False
    raises ``Moved`` instead. Raises ``Rejected`` with every fault, ``Conflict`` where another edition came first.
    """
    drafted = await _draft(work, signer, order, step=step)
    await work.begin_write()
    old = None if order.replaces is None else await work.locked(Clr, order.replaces)
    if old is not None and old.replaced_by_id is not None:
        raise Conflict("there is a newer edition of it already", existing=str(old.replaced_by_id))
    taken: dict[UUID, Seat] = {}
    for _ in range(_TRIES):
        seats = [part.seat for part in drafted.parts]
        if await _still_so(work, signer, order, drafted):
            free = []
            for seat in seats:
                if seat.clr_id not in taken and not await _take(work, signer, seat):
                    continue
                taken[seat.clr_id] = seat
                free.append(seat)
            if len(free) == len(seats):
                break
        if not again:
            raise Moved("what the record is made of changed while it was made; it is made anew")
        drafted = await _draft(work, signer, order, seats=list(taken.values()))
    else:
        raise Moved("what the record is made of changes faster than it can be made; try again")
    for clr_id in taken.keys() - {part.seat.clr_id for part in drafted.parts}:
        await _give_back(work, clr_id)
    records = await _store(work, signer, order, drafted)
    if old is not None:
        await _replace(work, old, records[0], order)
    for seat in seats:  # last: it locks the list
        await statuses.count_one(work, list_id=seat.place.list_id)
    return records


async def take_back(work: Work, seen: Clr, *, reason: str) -> Clr:
    """Revoke a record and its parts. Raises ``IllegalTransition``, ``Conflict`` for a part."""
    if seen.part_of_id is not None:
        raise Conflict("it is a part of a record; revoke that", existing=str(seen.part_of_id))
    await work.begin_write()
    record = await work.locked(Clr, seen.id)
    if record.state is not ClrState.ACTIVE:
        raise IllegalTransition("the record is revoked already")
    await _end(work, record, reason)
    return record


def plain_name(record: Clr) -> str:
    """The record's name without which part of a whole it is."""
    return _OF_PARTS.sub("", record.name)


async def _draft(
    work: Work, signer: Issuer, order: Order, *, seats: list[Seat] | None = None, step: Step | None = None
) -> _Draft:
    chosen = await choose(work, order.asked)
    person = await _person(work, order.asked)
    parts = await bundling_making.make(
        work,
        signer=signer,
        person=person,
        chosen=chosen,
        name=order.name,
        split=order.asked.choice.split,
        seats=seats or (),
        step=step,
    )
    return _Draft(person, chosen, parts)


async def _person(work: Work, asked: Asked) -> Person:
    """The earner as the signer knows them, with fresh salts; in a record of their own by all that they are known by."""
    subject = await work.session.scalar(_subject(asked))
    urn = subject.urn if subject is not None else f"urn:uuid:{work.new_public_id()}"
    if subject is not None and not asked.across:
        found = recipient(work, urn=urn, earner=await recorded(work, subject=subject))
        return Person(urn, found.subject_id if found.subject_id != urn else None, found.identities)
    query = select(EarnerIdentity).where(EarnerIdentity.earner_id == asked.earner_id)
    rows = await work.session.scalars(query.order_by(EarnerIdentity.created_at, EarnerIdentity.id))
    given = [
        EarnerGiven(email=row.value) if row.kind is IdentityKind.EMAIL else EarnerGiven(did=row.value)
        for row in rows.all()
    ]
    identities = [each for earner in given for each in recipient(work, urn=urn, earner=earner).identities]
    return Person(urn, None, tuple(identities))


def _subject(asked: Asked) -> Any:
    return select(Subject).where(Subject.earner_id == asked.earner_id, Subject.issuer_id == asked.signer_id)


async def _still_so(work: Work, signer: Issuer, order: Order, drafted: _Draft) -> bool:
    """Whether all that was signed holds on the rows of now. Makes the earner known to the signer, if they were not."""
    await make_known(work, issuer_id=signer.id, earner_id=order.asked.earner_id, urn=drafted.person.urn)
    subject = (await work.session.scalars(_subject(order.asked))).one()
    key = await current_key(work, issuer_id=signer.id)
    endorsements = [id_ for part in drafted.parts for id_ in part.endorsement_ids]
    return (
        subject.urn == drafted.person.urn
        and all(part.signed.key.id == key.id for part in drafted.parts)
        and await choose(work, order.asked) == drafted.chosen
        and await still_stand(work, ids=list(dict.fromkeys(endorsements)))
    )


async def _take(work: Work, signer: Issuer, seat: Seat) -> bool:
    return await statuses.reserve(work, place=seat.place, credential_id=seat.clr_id, issuer=signer)


async def _give_back(work: Work, clr_id: UUID) -> None:
    """An index that was taken in this very transaction, and that no record came to need."""
    entry = (await work.session.scalars(select(StatusEntry).where(StatusEntry.credential_id == clr_id))).one()
    await work.session.delete(entry)


async def _store(work: Work, signer: Issuer, order: Order, drafted: _Draft) -> list[Clr]:
    records: list[Clr] = []
    for part in drafted.parts:
        record = Clr(
            id=part.seat.clr_id,
            issuer_id=signer.id,
            earner_id=order.asked.earner_id,
            url=part.seat.url,
            name=part.name,
            cryptosuite=CRYPTOSUITE,
            key_id=part.signed.key.id,
            text=part.signed.text,
            sha256=part.signed.sha256,
            size=len(part.signed.text.encode()),
            members=len(part.sources),
            partial=part.partial,
            choice={**order.asked.choice.as_json(), "across": order.asked.across},
            state=ClrState.ACTIVE,
            state_reason=None,
            state_changed_at=work.now,
            part_of_id=records[0].id if records else None,
            replaced_by_id=None,
            created_at=work.now,
        )
        work.session.add(record)
        await work.session.flush()
        await work.session.execute(
            insert(ClrMember),
            [
                {
                    "clr_id": record.id,
                    "position": position,
                    "issuer_id": signer.id,
                    "award_id": source.award_id,
                    "credential_id": source.credential_id,
                    "admitted_badge_id": source.admission_id,
                }
                for position, source in enumerate(part.sources)
            ],
        )
        work.emit("clr.issued", "clr", record.id, issuer_id=signer.id, sha256=record.sha256, members=len(part.sources))
        records.append(record)
    await rechecking.admit(work, rechecking.Kind.CLR, [record.id for record in records])
    return records


async def _replace(work: Work, old: Clr, new: Clr, order: Order) -> None:
    old.replaced_by_id = new.id
    await work.session.flush()
    work.emit("clr.superseded", "clr", old.id, issuer_id=old.issuer_id, by=str(new.id))
    if order.ends is not None and old.state is ClrState.ACTIVE:
        await _end(work, old, order.ends)


async def _end(work: Work, record: Clr, reason: str) -> None:
    """Revoked, with its parts; their list says so before this commits."""
    issuer = (await work.session.scalars(select(Issuer).where(Issuer.id == record.issuer_id))).one()
    parts = await work.session.scalars(select(Clr).where(Clr.part_of_id == record.id).order_by(Clr.id))
    ended = [record, *parts.all()]
    for each in ended:
        each.state, each.state_reason, each.state_changed_at = ClrState.REVOKED, reason, work.now
    await work.session.flush()
    await statuses.publish_bits(work, issuer=issuer, credential_ids=[each.id for each in ended], value=True)
    for each in ended:
        work.emit("clr.revoked", "clr", each.id, issuer_id=each.issuer_id)
