"""From chosen members to the signed text of a record, or of its parts: build, prepare, sign, check.

Nothing is written here. The members' stored texts stand in the signed one as they are, character by character.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import select

from badgeissuer.errors import Fault, Rejected
from badgeissuer.rules.splitting import PEER_BYTES, divide
from badgeissuer.rules.terms import StatusPurpose
from badgeissuer.services import statuses
from badgeissuer.services.bundling_choice import Chosen, Source
from badgeissuer.services.bundling_facts import Beside, Placed, Stacks, beside, find_stacks
from badgeissuer.services.signing import Signed, current_key, sign
from badgeissuer.store.awards import Credential
from badgeissuer.store.catalog import Issuer
from badgeissuer.store.clrs import AdmittedBadge
from badgeissuer.vc import lint, strictjson
from badgeissuer.vc.build import ClrFacts, clr_credential
from badgeissuer.vc.model.base import instant
from badgeissuer.vc.status import status_entry
from badgeissuer.work import Work

CRYPTOSUITE = "eddsa-rdfc-2022"
LANE = "records"
_PAGE = 100
# What a proof adds to a text, at most.
_PROOF_BYTES = 1_024
# The room for members in a part, in shares of what peers take: what stands beside them is known only afterwards.
_SHARES = (0.92, 0.8, 0.65, 0.5, 0.3, 0.15)

Step = Callable[[int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Person:
    """Whom the record is about: the id by which the signer's credentials name them, and hashed identities."""

    urn: str
    did: str | None
    identities: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a record will be: its id, its address, and its place in the status list."""

    clr_id: UUID
    url: str
    place: statuses.Place


@dataclass(frozen=True, slots=True)
class Part:
    """One record as it may be stored."""

    seat: Seat
    name: str
    sources: tuple[Source, ...]
    partial: bool
    signed: Signed
    endorsement_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class _Planned:
    members: tuple[Placed, ...]
    beside: Beside
    name: str
    partial: bool


def clr_url(base_url: str, clr_id: UUID) -> str:
    return f"{base_url}/clrs/{clr_id}"


async def make(
    work: Work,
    *,
    signer: Issuer,
    person: Person,
    chosen: Chosen,
    name: str,
    split: bool,
    seats: Sequence[Seat] = (),
    step: Step | None = None,
) -> list[Part]:
    """The signed parts; one, unless it is to be split and is larger than peers take. ``seats`` are used where given.

    ``step`` is told how many members are done. Raises ``Rejected`` with every fault, ``Unavailable``.
    """
    placed = await _read(work, chosen.sources)
    stacks = await find_stacks(work, placed)
    planned = await _planned(work, placed, stacks, signer=signer, person=person, chosen=chosen, name=name, split=split)
    seats = await find_seats(work, signer=signer, count=len(planned), given=seats)
    key = await current_key(work, issuer_id=signer.id)
    parts, done = [], 0
    for seat, plan in zip(seats, planned, strict=True):
        unsigned = _document(work, signer, person, seat, plan)
        texts = [each.text for each in plan.members]
        text, budget = spliced(unsigned, texts), lint.clr_budget(unsigned)
        canonical = await work.sandbox.canonicalize(unsigned, lane=LANE, budget=budget, text=text)
        now, loopback = work.now, work.settings.loopback
        try:
            prepared = await asyncio.to_thread(lint.prepare_clr, unsigned, canonical, now=now, allow_loopback=loopback)
        except Rejected as error:
            raise Rejected(error.detail, faults=[_told(fault, plan) for fault in error.faults]) from None
        signed = await asyncio.to_thread(sign, work, prepared=prepared, key=key, write=partial(spliced, members=texts))
        sources = tuple(each.source for each in plan.members)
        parts.append(Part(seat, plan.name, sources, plan.partial, signed, plan.beside.endorsement_ids))
        done += len(sources)
        if step is not None:
            await step(done)
    return parts


async def find_seats(work: Work, *, signer: Issuer, count: int, given: Sequence[Seat] = ()) -> list[Seat]:
    """So many seats, the given ones first. Their places in the status list are free now, and differ."""
    seats = list(given[:count])
    while len(seats) < count:
        place = await statuses.find_place(work, issuer=signer, purpose=StatusPurpose.REVOCATION)
        opening = next((seat.place for seat in seats if seat.place.opening is not None), None)
        if opening is not None and place.opening is not None:  # the list that the first one opens serves all
            place = statuses.Place(opening.list_id, opening.url, place.index, place.purpose, None)
        if any((seat.place.list_id, seat.place.index) == (place.list_id, place.index) for seat in seats):
            continue
        clr_id = work.new_public_id()
        seats.append(Seat(clr_id, clr_url(work.base_url, clr_id), place))
    return seats


def spliced(secured: Mapping[str, Any], members: Iterable[str]) -> str:
    """The text of a secured record with the members' own texts in their places, in order."""
    # Nobody could know this before the record was made, so it stands nowhere else.
    mark = f"{secured['id']}#members"
    subject = {**secured["credentialSubject"], "verifiableCredential": [mark]}
    frame = strictjson.dumps({**secured, "credentialSubject": subject})
    before, _, after = frame.partition(f'["{mark}"]')
    return f"{before}[{','.join(members)}]{after}"


async def _read(work: Work, sources: Sequence[Source]) -> list[Placed]:
    """The members by the day on which they were awarded, each with its exact text."""
    texts: dict[UUID, str] = {}
    for start in range(0, len(sources), _PAGE):
        page = sources[start : start + _PAGE]
        credentials = [each.credential_id for each in page if each.credential_id is not None]
        admissions = [each.admission_id for each in page if each.admission_id is not None]
        rows = await work.session.execute(select(Credential.id, Credential.text).where(Credential.id.in_(credentials)))
        texts.update((row[0], row[1]) for row in rows)
        if admissions:
            rows = await work.session.execute(
                select(AdmittedBadge.id, AdmittedBadge.text).where(AdmittedBadge.id.in_(admissions))
            )
            texts.update((row[0], row[1]) for row in rows)
    return await asyncio.to_thread(_placed, sources, texts)


def _placed(sources: Sequence[Source], texts: Mapping[UUID, str]) -> list[Placed]:
    found = []
    for source in sources:
        text = texts[source.credential_id or source.admission_id]  # type: ignore[index]
        found.append(Placed(source, text, json.loads(text)))
    return sorted(found, key=lambda each: instant(each.document.get("awardedDate") or each.document["validFrom"]))


async def _planned(
    work: Work,
    placed: Sequence[Placed],
    stacks: Stacks,
    *,
    signer: Issuer,
    person: Person,
    chosen: Chosen,
    name: str,
    split: bool,
) -> list[_Planned]:
    whole = _Planned(tuple(placed), await beside(work, placed, stacks, signer_id=signer.id), name, chosen.partial)
    if not split or _size(work, signer, person, whole) <= PEER_BYTES:
        return [whole]
    sizes = [len(each.text.encode()) + 1 for each in placed]
    for share in _SHARES:
        parts = divide(sizes, stacks.together(placed), most=int(PEER_BYTES * share))
        planned = []
        for n, places in enumerate(parts, start=1):
            members = tuple(placed[place] for place in places)
            said = await beside(work, members, stacks, signer_id=signer.id)
            planned.append(_Planned(members, said, f"{name} ({n} of {len(parts)})", partial=True))
        if all(len(plan.members) == 1 or _size(work, signer, person, plan) <= PEER_BYTES for plan in planned):
            return planned
    return planned


def _size(work: Work, signer: Issuer, person: Person, plan: _Planned) -> int:
    place = statuses.Place(
        UUID(int=0), statuses.status_url(work.base_url, UUID(int=0)), 0, StatusPurpose.REVOCATION, None
    )
    seat = Seat(UUID(int=0), clr_url(work.base_url, UUID(int=0)), place)
    text = spliced(_document(work, signer, person, seat, plan), [each.text for each in plan.members])
    return len(text.encode()) + _PROOF_BYTES


def _document(work: Work, signer: Issuer, person: Person, seat: Seat, plan: _Planned) -> dict[str, Any]:
    entry = status_entry(list_url=seat.place.url, index=seat.place.index, purpose=seat.place.purpose.value)
    return clr_credential(
        ClrFacts(
            credential_id=seat.url,
            issuer=signer.profile,
            name=plan.name,
            subject_id=_subject_id(person, plan.members),
            identities=person.identities,
            members=tuple(each.document for each in plan.members),
            valid_from=work.now,
            valid_until=None,
            status=entry,
            achievements=plan.beside.achievements,
            associations=plan.beside.associations,
            partial=plan.partial,
            awarded=None,
            endorsements=plan.beside.endorsements,
            evidence=plan.beside.evidence,
        )
    )


def _subject_id(person: Person, members: Sequence[Placed]) -> str:
    """Their DID where it is proved, unless a member names them by another one: a reader would take that for another."""
    if person.did is not None:
        subjects = (each.document.get("credentialSubject") for each in members)
        named = {subject.get("id") for subject in subjects if isinstance(subject, Mapping)}
        if not any(isinstance(each, str) and each.startswith("did:") and each != person.did for each in named):
            return person.did
    return person.urn


def _told(fault: Fault, plan: _Planned) -> Fault:
    """A fault of a member by which member it is, where a badge from elsewhere has it."""
    at = "/credentialSubject/verifiableCredential/"
    if not fault.pointer.startswith(at):
        return fault
    place = int(fault.pointer.removeprefix(at).partition("/")[0])
    source = plan.members[place].source
    which = f"award {source.award_id}" if source.award_id is not None else f"admitted badge {source.admission_id}"
    return Fault("", f"{which}: {fault.detail}", fault.code, fault.clause)
