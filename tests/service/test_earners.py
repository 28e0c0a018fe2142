"""Earners at their own page, below the pages: links, sessions, answers, visibility, counts, consents, disclosures."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from badgeissuer.errors import NotFound, Rejected, Unavailable
from badgeissuer.rules.terms import Acceptance, ClientKind, ViewKind, Visibility
from badgeissuer.services import access, claiming, consenting, publishing, showing, signing_in
from badgeissuer.services.access import operator
from badgeissuer.services.signing_in import EARNER, LinkOver
from badgeissuer.store.access import Actor, ApiClient
from badgeissuer.store.award_search import AwardFilter, select_awards
from badgeissuer.store.awards import Award
from badgeissuer.store.catalog import Issuer
from badgeissuer.store.earners import Consent, DisclosedEarner, Disclosure, EarnerSession, PageViews, SignInLink
from badgeissuer.store.outbox import Event
from badgeissuer.store.people import EarnerIdentity, Subject
from badgeissuer.work import Work
from tests.support.app import MakeRuntime
from tests.support.mailbox import Posted, posted_service, token_in
from tests.support.make import award, publish, register

ADDRESS = "teacher1@schools.example.org"


@pytest.fixture
async def posted(make_runtime: MakeRuntime) -> Posted:
    return await posted_service(make_runtime)


async def _earner(posted: Posted, email: str = ADDRESS) -> UUID:
    async with posted.runtime.begin(operator()) as work:
        query = select(EarnerIdentity.earner_id).where(EarnerIdentity.value == email)
        return (await work.session.scalars(query)).one()


async def _awards(posted: Posted, email: str = ADDRESS) -> list[UUID]:
    earner = await _earner(posted, email)
    async with posted.runtime.begin(EARNER) as work:
        return [each.award.id for each in await showing.own_awards(work, earner_id=earner)]


async def _names_shown(work: Work, award_ids: list[UUID]) -> list[bool]:
    return [(await work.session.get_one(Award, each)).name_shown for each in award_ids]


async def _events(posted: Posted, prefix: str) -> list[str]:
    async with posted.runtime.begin(operator()) as work:
        found = await work.session.scalars(select(Event.type).where(Event.type.startswith(prefix)).order_by(Event.id))
        return list(found)


async def _link(posted: Posted) -> str:
    async with posted.runtime.begin(EARNER) as work:
        await signing_in.ask(work, email=f" {ADDRESS.title()} ", language="en")
    (letter,) = await posted.deliver()
    return token_in(letter)


async def _one_award(posted: Posted) -> None:
    headers = await register(posted)
    await award(posted, headers, await publish(posted, headers))
    await posted.deliver()


async def test_a_link_signs_in_once_and_only_whose_it_is(posted: Posted) -> None:
    await _one_award(posted)
    first, second = await _link(posted), await _link(posted)
    async with posted.runtime.begin(EARNER) as work:
        await signing_in.look(work, token=first)
        await signing_in.look(work, token=first)
    async with posted.runtime.begin(EARNER) as work:
        session = await signing_in.sign_in(work, token=first)
    for used in (first, second, "", "x" * 48, "\ud800"):  # the other link of the same person is over with it
        async with posted.runtime.begin(EARNER) as work:
            with pytest.raises(LinkOver):
                await signing_in.look(work, token=used)
            with pytest.raises(LinkOver):
                await signing_in.sign_in(work, token=used)
    async with posted.runtime.begin(EARNER) as work:
        found = await signing_in.who(work, token=session)
        assert found is not None
        assert (found.earner_id, found.addresses) == (await _earner(posted), (ADDRESS,))
        assert await signing_in.who(work, token=session[:-1]) is None
        stored = (await work.session.scalars(select(EarnerSession))).one()
        assert stored.token_sha256 == signing_in.hashed(session)


async def test_two_tabs_at_once_make_one_session(posted: Posted) -> None:
    await _one_award(posted)
    token = await _link(posted)

    async def press() -> str | None:
        try:
            async with posted.runtime.begin(EARNER) as work:
                return await signing_in.sign_in(work, token=token)
        except LinkOver:
            return None

    sessions = await asyncio.gather(*(press() for _ in range(5)))
    assert len([session for session in sessions if session]) == 1


async def test_links_and_sessions_end_by_the_clock_and_are_swept(posted: Posted) -> None:
    await _one_award(posted)
    late = await _link(posted)
    posted.clock.advance(minutes=15)
    async with posted.runtime.begin(EARNER) as work:
        with pytest.raises(LinkOver):
            await signing_in.sign_in(work, token=late)
    token = await _link(posted)
    async with posted.runtime.begin(EARNER) as work:
        session = await signing_in.sign_in(work, token=token)
    for _ in range(20):  # seen often enough it lasts a week
        posted.clock.advance(hours=8.3)
        async with posted.runtime.begin(EARNER) as work:
            assert await signing_in.who(work, token=session) is not None
    posted.clock.advance(hours=8.3)
    async with posted.runtime.begin(EARNER) as work:
        assert await signing_in.who(work, token=session) is None
    idle = await _link(posted)
    async with posted.runtime.begin(EARNER) as work:
        session = await signing_in.sign_in(work, token=idle)
    posted.clock.advance(hours=12)
    async with posted.runtime.begin(EARNER) as work:
        assert await signing_in.who(work, token=session) is None
    posted.clock.advance(days=2)
    async with posted.runtime.begin(EARNER) as work:
        await signing_in.sweep(work)
        assert await work.session.scalar(select(func.count()).select_from(EarnerSession)) == 0
        assert await work.session.scalar(select(func.count()).select_from(SignInLink)) == 1


async def test_signing_out_here_or_everywhere(posted: Posted) -> None:
    await _one_award(posted)
    sessions = []
    for _ in range(3):
        token = await _link(posted)
        async with posted.runtime.begin(EARNER) as work:
            sessions.append(await signing_in.sign_in(work, token=token))

    async def open_ones() -> list[bool]:
        async with posted.runtime.begin(EARNER) as work:
            return [await signing_in.who(work, token=each) is not None for each in sessions]

    for everywhere, left in ((False, [False, True, True]), (True, [False, False, False])):
        async with posted.runtime.begin(EARNER) as work:
            mine = await signing_in.who(work, token=sessions[1 if everywhere else 0])
            assert mine is not None
            await signing_in.sign_out(work, signed_in=mine, everywhere=everywhere)
        assert await open_ones() == left


@pytest.mark.parametrize(
    "address",
    [
        "",
        "no address",
        "a@b@c",
        "a@b\r\nBcc: c@d.example",
        "a\x00@b.example",
        "<a@b.example>",
        "a,c@b.example",
        "@b",
        "a@",
    ],
)
async def test_what_is_no_address_gets_no_mail(posted: Posted, address: str) -> None:
    async with posted.runtime.begin(EARNER) as work:
        with pytest.raises(Rejected):
            await signing_in.ask(work, email=address, language="en")


async def test_without_mail_nobody_signs_in(make_runtime: MakeRuntime) -> None:
    posted = await posted_service(make_runtime, mail_backend="none")
    async with posted.runtime.begin(EARNER) as work:
        with pytest.raises(Unavailable):
            await signing_in.ask(work, email=ADDRESS, language="en")


async def test_declining_closes_and_accepting_opens_again(posted: Posted) -> None:
    headers = await register(posted)
    await award(posted, headers, await publish(posted, headers))
    (letter,) = await posted.deliver()
    token = token_in(letter)
    async with posted.runtime.begin(EARNER) as work:
        found = await claiming.claim(work, token=token)
    assert (found.title, found.acceptance, found.visibility) == ("Assessment Literacy", None, Visibility.UNLISTED)
    seen = []
    for acceptance in (Acceptance.DECLINED, Acceptance.DECLINED, Acceptance.ACCEPTED):
        posted.clock.advance(minutes=1)
        async with posted.runtime.begin(EARNER) as work:
            await claiming.answer(work, award_id=found.award_id, acceptance=acceptance)
        async with posted.runtime.begin(EARNER) as work:
            again = await claiming.claim(work, token=token)
        seen.append((again.acceptance, again.visibility))
    declined, accepted = (Acceptance.DECLINED, Visibility.CLOSED), (Acceptance.ACCEPTED, Visibility.UNLISTED)
    assert seen == [declined, declined, accepted]
    assert await _events(posted, "award.") == ["award.issued", "award.declined", "award.accepted"]
    posted.clock.advance(days=90)
    async with posted.runtime.begin(EARNER) as work:
        with pytest.raises(LinkOver):
            await claiming.claim(work, token=token)


async def test_an_earner_changes_only_what_is_theirs(posted: Posted) -> None:
    headers = await register(posted)
    achievement = await publish(posted, headers)
    for n in (1, 2):
        await award(posted, headers, achievement, n)
    mine, theirs = await _earner(posted), await _awards(posted, "teacher2@schools.example.org")
    (own,) = await _awards(posted)
    for stranger in (*theirs, uuid4()):
        async with posted.runtime.begin(EARNER) as work:
            with pytest.raises(NotFound):
                await showing.own_award(work, earner_id=mine, award_id=stranger)
            with pytest.raises(NotFound):
                await showing.set_visibility(work, earner_id=mine, award_id=stranger, visibility=Visibility.PUBLIC)
            with pytest.raises(NotFound):
                await showing.show_name(work, earner_id=mine, award_id=stranger, shown=True)
    async with posted.runtime.begin(EARNER) as work:
        found = await showing.own_award(work, earner_id=mine, award_id=own)
    assert (found.title, found.issuer, found.name) == ("Assessment Literacy", "Issuer kvec", "Teacher 1")
    for visibility in (Visibility.CLOSED, Visibility.CLOSED, Visibility.PUBLIC):
        async with posted.runtime.begin(EARNER) as work:
            await showing.set_visibility(work, earner_id=mine, award_id=own, visibility=visibility)
            await showing.show_name(work, earner_id=mine, award_id=own, shown=True)
        async with posted.runtime.begin(EARNER) as work:
            opened = publishing.credential(work, credential_id=found.credential_id)
            if visibility is Visibility.CLOSED:
                with pytest.raises(NotFound):
                    await opened
            else:
                assert (await opened).award_id == own
            assert await _names_shown(work, [own, *theirs]) == [True, False]
    assert await _events(posted, "award.v") == ["award.visibility_changed"] * 2


async def test_views_are_counted_by_day_and_survive_a_database_that_is_away(
    posted: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, other = uuid4(), uuid4()
    waiting = showing.views_of(posted.runtime.database)
    for moved, target_id, times in ((0, target, 3), (1, target, 2), (0, other, 1)):
        posted.clock.advance(days=moved)
        async with posted.runtime.begin(EARNER) as work:
            for _ in range(times):
                showing.count_view(work, kind=ViewKind.BADGE, target_id=target_id)

    def away() -> None:
        raise Unavailable("away")

    with monkeypatch.context() as broken:
        broken.setattr(posted.runtime.database, "writing", away)
        with pytest.raises(Unavailable):
            await waiting.flush(posted.runtime.database)
    assert await waiting.flush(posted.runtime.database) == 3
    assert await waiting.flush(posted.runtime.database) == 0
    waiting.add(ViewKind.BADGE, target, date(2026, 11, 25))
    await waiting.flush(posted.runtime.database)
    async with posted.runtime.begin(EARNER) as work:
        found = await showing.views(work, kind=ViewKind.BADGE, targets=[target, other, uuid4()])
        assert await showing.views(work, kind=ViewKind.SHARE, targets=[target]) == {target: {}}
        assert await work.session.scalar(select(func.count()).select_from(PageViews)) == 3
    assert list(found.values())[:2] == [{date(2026, 11, 25): 3, date(2026, 11, 24): 3}, {date(2026, 11, 25): 1}]


async def test_what_waits_to_be_counted_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(showing, "_MOST_WAITING", 2)
    views = showing.Views()
    ids = [uuid4() for _ in range(3)]
    for each in (*ids, *ids):
        views.add(ViewKind.BADGE, each, date(2026, 11, 24))
    assert sorted(views._waiting.values()) == [2, 2]


async def _agency(posted: Posted, purpose: str | None = "Licence renewal", issuers: tuple[str, ...] = ()) -> Actor:
    async with posted.runtime.begin(operator()) as work:
        _, key = await access.create_client(
            work,
            kind=ClientKind.AGENCY,
            name="Kentucky Department of Education",
            issuers=issuers,
            all_issuers=not issuers,
            consent_purpose=purpose,
        )
    async with posted.runtime.begin(operator()) as work:
        return await access.authenticate(work.database.lookups, token=key)


async def _read(posted: Posted, agency: Actor) -> list[UUID]:
    """The awards that it sees now, in the order of their making."""
    async with posted.runtime.begin(agency) as work:
        rows = await work.session.execute(select_awards(agency, AwardFilter()))
        return sorted(row[0].id for row in rows)


async def test_only_agencies_keys_have_a_purpose(posted: Posted) -> None:
    async with posted.runtime.begin(operator()) as work:
        with pytest.raises(Rejected):
            await access.create_client(work, kind=ClientKind.PLATFORM, name="LMS", consent_purpose="Anything")


async def test_an_agency_reads_what_is_consented_to_while_it_is(posted: Posted) -> None:
    one, two = await register(posted, "one"), await register(posted, "two")
    for headers, slug in ((one, "one"), (two, "two")):
        achievement = await publish(posted, headers, slug)
        for n in (1, 2):
            posted.clock.advance(minutes=1)
            await award(posted, headers, achievement, n)
    mine, earner = sorted(await _awards(posted)), await _earner(posted)
    agency, under_agreement = await _agency(posted), await _agency(posted, None)
    limited = await _agency(posted, issuers=("two",))
    assert len(await _read(posted, under_agreement)) == 4
    assert await _read(posted, agency) == []
    async with posted.runtime.begin(EARNER) as work:
        issuers = {name: issuer for issuer, name in await consenting.issuers_of(work, earner_id=earner)}
        assert agency.client_id is not None
        first = await consenting.give(
            work, earner_id=earner, client_id=agency.client_id, issuers=[issuers["Issuer one"]]
        )
    assert await _read(posted, agency) == mine[:1]
    assert await _read(posted, limited) == []
    posted.clock.advance(minutes=1)
    async with posted.runtime.begin(EARNER) as work:
        second = await consenting.give(work, earner_id=earner, client_id=agency.client_id, issuers=None)
    assert await _read(posted, agency) == mine
    posted.clock.advance(minutes=1)
    async with posted.runtime.begin(EARNER) as work:
        assert limited.client_id is not None
        await consenting.give(work, earner_id=earner, client_id=limited.client_id, issuers=None)
    assert await _read(posted, limited) == mine[1:]  # a consent widens no key
    async with posted.runtime.begin(EARNER) as work:
        given = await consenting.given_by(work, earner_id=earner)
        assert [(each.consent.id, each.issuers, each.holds) for each in given[1:]] == [
            (second.id, None, True),
            (first.id, ("Issuer one",), False),
        ]
        with pytest.raises(NotFound):
            await consenting.withdraw(work, earner_id=uuid4(), consent_id=second.id)
    for _ in range(2):
        posted.clock.advance(minutes=1)
        async with posted.runtime.begin(EARNER) as work:
            await consenting.withdraw(work, earner_id=earner, consent_id=second.id)
    assert await _read(posted, agency) == []
    events = await _events(posted, "consent.")
    assert events[0] == "consent.given"
    assert sorted(events[1:3]) == ["consent.given", "consent.withdrawn"]  # the second one takes the first one's place
    assert events[3:] == ["consent.given", "consent.withdrawn"]


async def test_a_consent_is_to_one_purpose(posted: Posted) -> None:
    await _one_award(posted)
    agency, earner = await _agency(posted), await _earner(posted)
    assert agency.client_id is not None
    async with posted.runtime.begin(EARNER) as work:
        await consenting.give(work, earner_id=earner, client_id=agency.client_id, issuers=None)
    assert len(await _read(posted, agency)) == 1
    async with posted.runtime.begin(operator()) as work:
        await work.begin_write()
        client = await work.session.get(ApiClient, agency.client_id)
        assert client is not None
        client.consent_purpose = "Something else"
    other = Actor(
        agency.kind, agency.name, agency.scopes, agency.client_id, agency.issuer_ids, consent_purpose="Something else"
    )
    assert await _read(posted, other) == []
    async with posted.runtime.begin(EARNER) as work:
        (given,) = await consenting.given_by(work, earner_id=earner)
    assert not given.holds


async def test_consent_needs_an_agency_that_asks_and_issuers_that_are_there(posted: Posted) -> None:
    await _one_award(posted)
    earner, under_agreement = await _earner(posted), await _agency(posted, None)
    agency = await _agency(posted)
    assert agency.client_id is not None
    assert under_agreement.client_id is not None
    async with posted.runtime.begin(EARNER) as work:
        assert {each.purpose for each in await consenting.askers(work)} == {None, "Licence renewal"}
        for client_id in (uuid4(), under_agreement.client_id):
            with pytest.raises(NotFound):
                await consenting.give(work, earner_id=earner, client_id=client_id, issuers=None)
        for issuers in ([], [uuid4()]):
            with pytest.raises(Rejected):
                await consenting.give(work, earner_id=earner, client_id=agency.client_id, issuers=issuers)
        assert await work.session.scalar(select(func.count()).select_from(Consent)) == 0


async def test_every_read_is_recorded_and_the_earner_sees_it(posted: Posted) -> None:
    headers = await register(posted)
    achievement = await publish(posted, headers)
    for n in (1, 2):
        await award(posted, headers, achievement, n)
    earner, agency = await _earner(posted), await _agency(posted)
    assert agency.client_id is not None
    async with posted.runtime.begin(EARNER) as work:
        given = await consenting.give(work, earner_id=earner, client_id=agency.client_id, issuers=None)
        subjects = list(await work.session.scalars(select(Subject.id)))
        mine = (await work.session.scalars(select(Subject.id).where(Subject.earner_id == earner))).one()
    for _ in range(3):
        posted.clock.advance(minutes=1)
        async with posted.runtime.begin(agency) as work:
            told = await consenting.disclose(work, subjects=[*subjects, mine])
        assert told is not None
        assert told.subjects == {mine}  # teacher 2 gave no consent: what was read of them must not leave
    async with posted.runtime.begin(agency) as work:  # the next part of the same request
        await consenting.disclose(work, subjects=[mine], disclosure_id=told.id)
    async with posted.runtime.begin(EARNER) as work:
        asked = await consenting.who_asked(work, earner_id=earner, limit=2)
        rest = await consenting.who_asked(work, earner_id=earner, after=(asked[-1].at, asked[-1].id), limit=2)
    assert [(each.agency, each.purpose, each.awards) for each in (*asked, *rest)] == [
        ("Kentucky Department of Education", "Licence renewal", 3),
        ("Kentucky Department of Education", "Licence renewal", 2),
        ("Kentucky Department of Education", "Licence renewal", 2),
    ]
    assert asked[0].at - asked[1].at == timedelta(minutes=1)
    async with posted.runtime.begin(EARNER) as work:
        await consenting.withdraw(work, earner_id=earner, consent_id=given.id)
    async with posted.runtime.begin(agency) as work:
        told = await consenting.disclose(work, subjects=[mine])
        assert told is not None
        assert told.subjects == frozenset()
    async with posted.runtime.begin(operator()) as work:
        assert await consenting.disclose(work, subjects=[mine]) is None  # not an agency
        assert await work.session.scalar(select(func.count()).select_from(Disclosure)) == 3
        assert await work.session.scalar(select(func.count()).select_from(DisclosedEarner)) == 3
        assert await work.session.scalar(select(Award.visibility).limit(1)) is Visibility.UNLISTED
        assert await work.session.scalar(select(func.count()).select_from(Issuer)) == 1
