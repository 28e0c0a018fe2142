"""Share links: who may make, see and end them, that nothing is left of an ended one, and that passwords cannot be tried
for ever."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from badgeissuer.errors import Conflict, NotFound, Rejected
from badgeissuer.rules.terms import ViewKind, Visibility
from badgeissuer.services import sharing, showing, unlocking
from badgeissuer.services.access import operator
from badgeissuer.services.sharing import Link, Made
from badgeissuer.services.unlocking import TooManyTries
from badgeissuer.store.access import ANONYMOUS, Actor
from badgeissuer.store.clrs import Clr, ClrMember
from badgeissuer.store.outbox import Event
from badgeissuer.store.shares import ShareLink
from tests.support import kept_records, make
from tests.support.app import BASE_URL, Service

SOMEBODY = UUID(int=7)


async def _record(service: Service, slug: str = "kvec", earner: int = 1) -> Clr:
    own = await make.register(service, slug)
    award = await make.award(service, own, await make.publish(service, own, slug), earner)
    return await kept_records.keep(service, award["id"], issuer=slug)


async def _share(service: Service, record: Clr, actor: Actor | None = None, **link: Any) -> Made:
    async with service.runtime.begin(actor or operator()) as work:
        return await sharing.share(work, clr_id=record.id, link=Link(**link))


async def _share_for_earner(service: Service, record: Clr, **link: Any) -> Made:
    async with service.runtime.begin(ANONYMOUS) as work:
        return await sharing.share_for_earner(work, earner_id=record.earner_id, clr_id=record.id, link=Link(**link))


async def _opened(service: Service, address: str) -> ShareLink:
    async with service.runtime.begin(ANONYMOUS) as work:
        return await sharing.opened(work, token=address.rpartition("/")[2])


async def test_a_link_opens_its_record_and_only_its_hash_is_kept(service: Service) -> None:
    record = await _record(service)
    made = await _share(service, record, label="  For the district  ")
    assert re.fullmatch(re.escape(BASE_URL) + r"/s/[A-Za-z0-9_-]{32}", made.address)
    found = await _opened(service, made.address)
    assert (found.clr_id, found.label, found.named, found.locked) == (record.id, "For the district", False, False)
    token = made.address.rpartition("/")[2].encode()
    async with service.runtime.begin(operator()) as work:
        row = (await work.session.scalars(select(ShareLink))).one()
        kept = [value for value in vars(row).values() if isinstance(value, bytes)]
        assert kept == [row.token_sha256]
        assert token not in row.token_sha256
        events = (await work.session.scalars(select(Event).where(Event.subject_type == "share_link"))).all()
        assert [(event.type, event.issuer_id, event.data) for event in events] == [
            ("share_link.made", record.issuer_id, {})
        ]
    assert (await _share(service, record)).address != made.address


async def test_an_ended_link_is_as_one_that_never_was(service: Service) -> None:
    record = await _record(service)
    closed = await _share(service, record, password="a long password")
    ending = await _share(service, record, expires_at=service.clock.now + timedelta(hours=1))
    assert (await _opened(service, closed.address)).locked
    async with service.runtime.begin(operator()) as work:
        kept = await sharing.close(work, clr_id=record.id, link_id=closed.row.id)
    assert (kept.row.closed_at, kept.row.password_scrypt, kept.row.password_salt) == (service.clock.now, None, None)
    async with service.runtime.begin(operator()) as work:
        again = await sharing.close(work, clr_id=record.id, link_id=closed.row.id)
        assert (again.row.closed_at, work.emitted) == (service.clock.now, False)
    await _opened(service, ending.address)
    service.clock.advance(hours=1)
    said = set()
    for address in (closed.address, ending.address, f"{BASE_URL}/s/{'A' * 32}", f"{BASE_URL}/s/x", f"{BASE_URL}/s/é"):
        with pytest.raises(NotFound) as none:
            await _opened(service, address)
        said.add((none.value.detail, none.value.code))
    assert len(said) == 1


async def test_earners_see_all_links_of_their_record_and_keys_only_those_of_keys(service: Service) -> None:
    record, other = await _record(service), await _record(service, "tea", earner=2)
    by_key = await _share(service, record, label="Board")
    service.clock.advance(seconds=1)
    by_earner = await _share_for_earner(service, record, label="Aunt")
    async with service.runtime.begin(ANONYMOUS) as work:
        seen = await sharing.links_for_earner(work, earner_id=record.earner_id, clr_id=record.id)
        assert [each.row.label for each in seen] == ["Aunt", "Board"]
        for asks in (
            sharing.links_for_earner(work, earner_id=other.earner_id, clr_id=record.id),
            sharing.share_for_earner(work, earner_id=other.earner_id, clr_id=record.id, link=Link()),
            sharing.close_for_earner(work, earner_id=other.earner_id, link_id=by_earner.row.id),
            sharing.close_for_earner(work, earner_id=record.earner_id, link_id=SOMEBODY),
        ):
            with pytest.raises(NotFound):
                await asks
    async with service.runtime.begin(operator()) as work:
        assert [each.row.label for each in await sharing.links(work, clr_id=record.id)] == ["Board"]
        for name, clr_id, link_id in (
            ("what the earner shares", record.id, by_earner.row.id),
            ("a link of another record", other.id, by_key.row.id),
            ("none", record.id, SOMEBODY),
        ):
            with pytest.raises(NotFound):
                await sharing.close(work, clr_id=clr_id, link_id=link_id)
                raise AssertionError(name)
        events = await work.session.execute(select(Event.type, Event.issuer_id).order_by(Event.id))
        assert ("share_link.made", None) in events.all()
    async with service.runtime.begin(ANONYMOUS) as work:
        row = await sharing.close_for_earner(work, earner_id=record.earner_id, link_id=by_key.row.id)
        assert row.closed_at == service.clock.now


async def test_a_foreign_key_has_no_links(service: Service) -> None:
    record, other = await _record(service), await _record(service, "tea", earner=2)
    made = await _share(service, record)
    stranger = Actor(kind=operator().kind, name="x", scopes=frozenset(), issuer_ids=frozenset({other.issuer_id}))
    async with service.runtime.begin(stranger) as work:
        for asks in (
            sharing.share(work, clr_id=record.id, link=Link()),
            sharing.links(work, clr_id=record.id),
            sharing.link(work, clr_id=record.id, link_id=made.row.id),
            sharing.close(work, clr_id=record.id, link_id=made.row.id),
        ):
            with pytest.raises(NotFound):
                await asks
        assert await sharing.links(work, clr_id=other.id) == []
    await _opened(service, made.address)


async def test_an_issuers_link_does_not_lead_around_what_the_earner_closed(service: Service) -> None:
    record = await _record(service)
    by_key, by_earner = await _share(service, record), await _share_for_earner(service, record)
    async with service.runtime.begin(operator()) as work:
        award_id = await work.session.scalar(select(ClrMember.award_id).where(ClrMember.clr_id == record.id))
        assert award_id is not None
        await showing.set_visibility(work, earner_id=record.earner_id, award_id=award_id, visibility=Visibility.CLOSED)
    with pytest.raises(NotFound):
        await _opened(service, by_key.address)
    assert (await _opened(service, by_earner.address)).clr_id == record.id


async def test_what_a_link_may_not_be_is_said_by_name(service: Service) -> None:
    record = await _record(service)
    async with service.runtime.begin(operator()) as work:
        bad = Link(label="x" * 121, password="short", expires_at=work.now)
        with pytest.raises(Rejected) as refused:
            await sharing.share(work, clr_id=record.id, link=bad)
        assert [fault.pointer for fault in refused.value.faults] == ["/password", "/expires_at", "/label"]
        assert not work.writing
    async with service.runtime.begin(operator()) as work:
        assert await sharing.links(work, clr_id=record.id) == []


async def test_a_record_has_so_many_open_links_and_no_more(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "MOST_LINKS", 2)
    record = await _record(service)
    first = await _share(service, record)
    await _share(service, record, expires_at=service.clock.now + timedelta(minutes=1))
    with pytest.raises(Conflict):
        await _share(service, record)
    service.clock.advance(minutes=1)
    await _share(service, record)
    with pytest.raises(Conflict):
        await _share_for_earner(service, record)
    async with service.runtime.begin(operator()) as work:
        await sharing.close(work, clr_id=record.id, link_id=first.row.id)
    await _share(service, record)


async def test_how_often_a_link_was_opened(service: Service) -> None:
    record = await _record(service)
    seen, unseen = await _share(service, record), await _share(service, record)
    async with service.runtime.begin(ANONYMOUS) as work:
        for _ in range(3):
            showing.count_view(work, kind=ViewKind.SHARE, target_id=seen.row.id)
        await showing.views_of(work.database).flush(work.database)
    service.clock.advance(days=1)
    async with service.runtime.begin(ANONYMOUS) as work:
        showing.count_view(work, kind=ViewKind.SHARE, target_id=seen.row.id)
        await showing.views_of(work.database).flush(work.database)
    async with service.runtime.begin(operator()) as work:
        kept = await sharing.links(work, clr_id=record.id)
    assert {each.row.id: each.views for each in kept} == {seen.row.id: 4, unseen.row.id: 0}


async def test_links_come_in_pages(service: Service) -> None:
    record = await _record(service)
    made = []
    for _ in range(3):
        service.clock.advance(seconds=1)
        made.append((await _share(service, record)).row.id)
    async with service.runtime.begin(operator()) as work:
        first = await sharing.links(work, clr_id=record.id, limit=2)
        assert [each.row.id for each in first] == made[:0:-1]
        last = await sharing.links(work, clr_id=record.id, after=first[-1].row.id, limit=2)
        assert [each.row.id for each in last] == made[:1]


async def _try(service: Service, link: ShareLink, password: str) -> str | None:
    """As the page does it; what the browser keeps, or None."""
    async with service.runtime.begin(ANONYMOUS) as work:
        given = await unlocking.count_try(work, link=link)
    if not await asyncio.to_thread(unlocking.fits, given, password):
        return None
    async with service.runtime.begin(ANONYMOUS) as work:
        await unlocking.forget_tries(work, link_id=link.id)
        return unlocking.pass_for(given, now=work.now)


async def test_a_password_lets_in_for_a_while(service: Service) -> None:
    record = await _record(service)
    made = await _share(service, record, password="Zoë trägt eine Ñ")
    link = await _opened(service, made.address)
    assert link.password_scrypt is not None
    assert "trägt".encode() not in link.password_scrypt
    assert not unlocking.lets_in(link, None, now=service.clock.now)
    assert await _try(service, link, "zoë trägt eine Ñ") is None
    assert await _try(service, link, "x" * 5_000) is None
    # Letters that are put together in another way are the same letters.
    kept = await _try(service, link, "Zoe\u0308 tra\u0308gt eine N\u0303")
    assert kept is not None
    link = await _opened(service, made.address)
    assert (link.tries, unlocking.lets_in(link, kept, now=service.clock.now)) == (0, True)
    other = (await _share(service, record, password="Zoë trägt eine Ñ")).row
    until, _, mac = kept.partition(".")
    for wrong in (f"{int(until) + 1}.{mac}", f"{until}.", f".{mac}", mac, "", "٣.x", "-1.x", f"{until}.é", f"{kept}0"):
        assert not unlocking.lets_in(link, wrong, now=service.clock.now), wrong
    assert not unlocking.lets_in(other, kept, now=service.clock.now)
    assert not unlocking.lets_in(link, kept, now=service.clock.now + unlocking.LASTS)
    assert unlocking.lets_in((await _share(service, record)).row, None, now=service.clock.now)


async def test_passwords_cannot_be_tried_for_ever(service: Service) -> None:
    record = await _record(service)
    made = await _share(service, record, password="the right one")
    link = await _opened(service, made.address)
    for number in range(unlocking.MOST_TRIES):
        assert await _try(service, link, f"wrong one {number}") is None
    service.clock.advance(minutes=5)
    with pytest.raises(TooManyTries) as many:
        await _try(service, link, "the right one")
    assert many.value.retry_after == 600
    service.clock.advance(minutes=10)
    assert await _try(service, link, "the right one") is not None


async def test_many_tries_at_once_are_no_more_tries(service: Service) -> None:
    record = await _record(service)
    link = (await _share(service, record, password="the right one")).row

    async def one() -> bool:
        try:
            async with service.runtime.begin(ANONYMOUS) as work:
                await unlocking.count_try(work, link=link)
        except TooManyTries:
            return False
        return True

    assert sum(await asyncio.gather(*(one() for _ in range(30)))) == unlocking.MOST_TRIES


async def test_a_link_that_is_closed_meanwhile_takes_no_password(service: Service) -> None:
    record = await _record(service)
    link = (await _share(service, record, password="the right one")).row
    async with service.runtime.begin(operator()) as work:
        await sharing.close(work, clr_id=record.id, link_id=link.id)
    with pytest.raises(NotFound):
        await _try(service, link, "the right one")
