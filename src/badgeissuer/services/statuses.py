"""Status lists: choose a random free index, change a bit, publish the next edition.

One issuer and one purpose per list. Handing out an index changes no published byte; changing a bit locks the list's
row, so that no bit is ever lost, and re-signs the list before the answer leaves.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from sqlalchemy import and_, select, update

from badgeissuer.rules.terms import StatusPurpose
from badgeissuer.services.signing import current_key, sign
from badgeissuer.store.catalog import Issuer
from badgeissuer.store.insert import insert_free, insert_if_free, padded
from badgeissuer.store.status import StatusEntry, StatusList
from badgeissuer.vc import lint
from badgeissuer.vc.lint import Prepared
from badgeissuer.vc.status import LIST_SIZE, Bits, status_list_document
from badgeissuer.work import Work

# The next list opens when this share of a list is handed out: free indexes stay easy to find, and a list stays a crowd.
FULL_AT = 0.8


@dataclass(frozen=True, slots=True)
class Edition:
    """The next edition of a list, canonicalised but not signed. ``version`` is the one it will have."""

    list_id: UUID
    url: str
    issuer_id: UUID
    purpose: StatusPurpose
    version: int
    bits: Bits
    prepared: Prepared


@dataclass(frozen=True, slots=True)
class Place:
    """A free index, found but not reserved. ``opening`` is the first edition of the list where it is a new one."""

    list_id: UUID
    url: str
    index: int
    purpose: StatusPurpose
    opening: Edition | None


def status_url(base_url: str, list_id: UUID) -> str:
    return f"{base_url}/status/{list_id}"


async def find_place(work: Work, *, issuer: Issuer, purpose: StatusPurpose) -> Place:
    """A random free index in the issuer's open list of that purpose, or in a new list where none is open."""
    [place] = await find_places(work, issuer=issuer, purpose=purpose, count=1)
    return place


async def find_places(work: Work, *, issuer: Issuer, purpose: StatusPurpose, count: int) -> list[Place]:
    """The same for so many documents that are signed together: different indexes of one list."""
    columns = select(StatusList.id, StatusList.url, StatusList.size)  # not the list itself, which is long
    found = await work.session.execute(
        columns.where(StatusList.issuer_id == issuer.id, StatusList.purpose == purpose, StatusList.open.is_(True))
    )
    open_list = found.one_or_none()
    if open_list is None:
        list_id = work.new_public_id()
        url = status_url(work.base_url, list_id)
        opening = await _edition(
            work, issuer=issuer, list_id=list_id, url=url, purpose=purpose, version=1, bits=Bits.new(LIST_SIZE)
        )
        return [Place(list_id, url, index, purpose, opening) for index in work.rng.sample(range(LIST_SIZE), count)]
    free: dict[int, None] = {}
    while len(free) < count:
        drawn = set(work.rng.sample(range(open_list.size), count - len(free))) - free.keys()
        taken = await work.session.scalars(
            select(StatusEntry.index).where(StatusEntry.list_id == open_list.id, StatusEntry.index.in_(padded(drawn)))
        )
        free |= dict.fromkeys(drawn.difference(taken))
    return [Place(open_list.id, open_list.url, index, purpose, None) for index in free]


async def reserve(work: Work, *, place: Place, credential_id: UUID, issuer: Issuer) -> bool:
    """Take the index for ever, opening the list where it is new. False where another took index or list meanwhile."""
    return credential_id in await reserve_all(work, places={credential_id: place}, issuer=issuer)


async def reserve_all(work: Work, *, places: Mapping[UUID, Place], issuer: Issuer) -> set[UUID]:
    """The same for many documents, by their ids; returns those whose index was free."""
    openings = {place.list_id: place.opening for place in places.values() if place.opening is not None}
    # An issuer has one open list of each purpose: two units of work that open some do so in one order.
    in_order = sorted(openings.values(), key=lambda opening: (opening.purpose, opening.list_id))
    lost = {opening.list_id for opening in in_order if not await _open(work, opening)}
    return await insert_free(
        work.session,
        StatusEntry,
        [
            {
                "list_id": place.list_id,
                "index": place.index,
                "issuer_id": issuer.id,
                "credential_id": credential_id,
            }
            for credential_id, place in sorted(places.items(), key=lambda each: (each[1].list_id, each[1].index))
            if place.list_id not in lost
        ],
        told="credential_id",
    )


async def count_one(work: Work, *, list_id: UUID) -> None:
    """Count an index that was handed out; close the list at 80 %. Last in the unit of work: it locks the list's row."""
    await count_handed_out(work, counts={list_id: 1})


async def count_handed_out(work: Work, *, counts: Mapping[UUID, int]) -> None:
    """The same for so many of each list. In the order of the lists: two units then wait for each other in one order."""
    for list_id, count in sorted(counts.items()):
        allocated = StatusList.allocated + count
        await work.session.execute(
            update(StatusList)
            .where(StatusList.id == list_id)
            .values(allocated=allocated, open=and_(StatusList.open, allocated < FULL_AT * StatusList.size))
            .execution_options(synchronize_session=False)
        )


async def prepare_bit(work: Work, *, issuer: Issuer, credential_id: UUID, value: bool) -> Edition | None:
    """The edition of the credential's list with its bit at ``value``; None where the bit says so already."""
    entry = (await work.session.scalars(select(StatusEntry).where(StatusEntry.credential_id == credential_id))).one()
    query = select(StatusList).where(StatusList.id == entry.list_id)
    if work.writing:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    row = (await work.session.scalars(query)).one()
    bits = Bits.from_bytes(row.bits)
    if bits.get(entry.index) == value:
        return None
    bits.set(entry.index, value)
    return await _next_edition(work, row, issuer=issuer, bits=bits)


async def publish_bit(
    work: Work, *, issuer: Issuer, credential_id: UUID, value: bool, prepared: Edition | None
) -> None:
    """Sign and store the edition. Where the list moved since it was prepared, it is made again on the locked row."""
    await publish_bits(work, issuer=issuer, credential_ids=[credential_id], value=value, prepared=prepared)


async def publish_bits(
    work: Work,
    *,
    issuer: Issuer,
    credential_ids: Collection[UUID],
    value: bool,
    prepared: Edition | None = None,
) -> None:
    """The same for several documents of one issuer at once: each list that changes has one next edition.

    ``prepared`` is that of the only document, where there is one.
    """
    query = select(StatusEntry).where(StatusEntry.credential_id.in_(credential_ids)).order_by(StatusEntry.list_id)
    entries = (await work.session.scalars(query)).all()
    # In the order of their ids, as any other unit locks them.
    for list_id, those in groupby(entries, key=lambda entry: entry.list_id):
        row = await work.locked(StatusList, list_id)
        bits = Bits.from_bytes(row.bits)
        for entry in those:
            bits.set(entry.index, value)
        if bits.to_bytes() == row.bits:
            continue
        edition = prepared
        if edition is None or edition.version != row.version + 1:
            edition = await _next_edition(work, row, issuer=issuer, bits=bits)
        await _publish(work, row, edition)


async def _publish(work: Work, row: StatusList, edition: Edition) -> None:
    signed = sign(work, prepared=edition.prepared, key=await current_key(work, issuer_id=edition.issuer_id))
    row.bits = edition.bits.to_bytes()
    row.version = edition.version
    row.text, row.sha256, row.key_id = signed.text, signed.sha256, signed.key.id
    row.updated_at = work.now
    await work.session.flush()
    work.emit("status_list.published", "status_list", row.id, issuer_id=edition.issuer_id, version=row.version)


async def _open(work: Work, edition: Edition) -> bool:
    signed = sign(work, prepared=edition.prepared, key=await current_key(work, issuer_id=edition.issuer_id))
    opened = await insert_if_free(
        work.session,
        StatusList,
        id=edition.list_id,
        issuer_id=edition.issuer_id,
        purpose=edition.purpose,
        url=edition.url,
        size=LIST_SIZE,
        allocated=0,
        open=True,
        version=edition.version,
        bits=edition.bits.to_bytes(),
        text=signed.text,
        sha256=signed.sha256,
        key_id=signed.key.id,
        created_at=work.now,
        updated_at=work.now,
    )
    if opened:
        work.emit(
            "status_list.opened",
            "status_list",
            edition.list_id,
            issuer_id=edition.issuer_id,
            purpose=edition.purpose.value,
        )
    return opened


async def _next_edition(work: Work, row: StatusList, *, issuer: Issuer, bits: Bits) -> Edition:
    return await _edition(
        work, issuer=issuer, list_id=row.id, url=row.url, purpose=row.purpose, version=row.version + 1, bits=bits
    )


async def _edition(
    work: Work, *, issuer: Issuer, list_id: UUID, url: str, purpose: StatusPurpose, version: int, bits: Bits
) -> Edition:
    document = status_list_document(
        list_url=url, issuer=issuer.did, purpose=purpose.value, encoded=bits.encode(), valid_from=work.now
    )
    canonical = await work.sandbox.canonicalize(document, lane="mint")
    prepared = lint.prepare_status_list(document, canonical, now=work.now, allow_loopback=work.settings.loopback)
    return Edition(list_id, url, issuer.id, purpose, version, bits, prepared)
