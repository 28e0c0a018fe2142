"""The outbox of mail: it commits with its cause, is tried again with pauses, is given up, and holds no link."""

from __future__ import annotations

import asyncio
from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import select

from badgeissuer.jobs import background
from badgeissuer.net.mail import MailFailed, Message
from badgeissuer.rules.terms import AwardState, MailKind, MailState, ViewKind
from badgeissuer.services import mailing, notifying, revoking, showing, signing_in
from badgeissuer.services.access import operator
from badgeissuer.store.awards import Award
from badgeissuer.store.catalog import Issuer
from badgeissuer.store.earners import Mail, NoticeToken, SignInLink
from badgeissuer.store.jobs import Job
from badgeissuer.store.people import EarnerIdentity
from tests.support.app import BASE_URL, MakeRuntime
from tests.support.mailbox import Posted, link_in, posted_service, token_in
from tests.support.make import award, publish, register
from tests.support.stacked import document, stacked

ADDRESS = "teacher1@schools.example.org"
BUSY = MailFailed("the mail server answered 451", final=False)


class _Died(BaseException):
    """The process ends here."""


@pytest.fixture
async def posted(make_runtime: MakeRuntime) -> Posted:
    return await posted_service(make_runtime)


async def _ask(posted: Posted, email: str = ADDRESS, language: str = "en") -> None:
    async with posted.runtime.begin(signing_in.EARNER) as work:
        await signing_in.ask(work, email=email, language=language)


async def _mails(posted: Posted) -> list[Mail]:
    async with posted.runtime.begin(operator()) as work:
        return list(await work.session.scalars(select(Mail).order_by(Mail.id)))


async def _jobs(posted: Posted) -> list[Job]:
    async with posted.runtime.begin(operator()) as work:
        return list(await work.session.scalars(select(Job)))


async def test_an_award_is_told_once_to_its_earner(posted: Posted) -> None:
    headers = await register(posted, name="Kentucky\nValley")
    made = await award(posted, headers, await publish(posted, headers))
    (waiting,) = await _mails(posted)
    assert (waiting.state, waiting.address, waiting.kind) == (MailState.WAITING, ADDRESS, MailKind.AWARD_NOTICE)
    (job,) = await _jobs(posted)
    assert ADDRESS not in str(job.payload)
    (letter,) = await posted.deliver()
    assert letter.to == ADDRESS
    assert letter.subject == "Kentucky Valley has awarded you “Assessment Literacy”"
    assert letter.id == f"<{waiting.id}@issuer.example>"
    assert link_in(letter).startswith(f"{BASE_URL}/me/claim?t=")
    assert letter.headers["List-Unsubscribe"] == f"<{BASE_URL}/me/stop?t={token_in(letter)}>"
    assert made["credential"]["id"] not in letter.text  # only the link opens it, and the earner may decline
    (sent,) = await _mails(posted)
    assert (sent.state, sent.address) == (MailState.SENT, None)
    assert await posted.deliver() == []
    assert await _jobs(posted) == []


async def test_no_token_and_no_link_is_stored(posted: Posted) -> None:
    headers = await register(posted)
    await award(posted, headers, await publish(posted, headers))
    (letter,) = await posted.deliver()
    async with posted.runtime.begin(operator()) as work:
        (token,) = await work.session.scalars(select(NoticeToken))
    assert token.token_sha256 == signing_in.hashed(token_in(letter))


async def test_what_fails_is_tried_again_with_growing_pauses_and_given_up(posted: Posted) -> None:
    headers = await register(posted)
    await award(posted, headers, await publish(posted, headers))
    posted.mailbox.refusals = [BUSY] * 200
    pauses = []
    for _ in range(200):
        assert await posted.deliver() == []
        jobs = await _jobs(posted)
        if jobs[0].finished_at is not None:
            break
        pauses.append((jobs[0].run_at - posted.clock.now).total_seconds())
        posted.clock.now = jobs[0].run_at
    (mail,) = await _mails(posted)
    assert (mail.state, mail.address, mail.last_error) == (MailState.DEAD, None, "the mail server answered 451")
    assert mail.attempts == len(pauses) + 1
    assert all(15 * 2**n * 0.75 <= pause <= 15 * 2**n * 1.25 for n, pause in enumerate(pauses[:6]))
    assert max(pauses) <= 3600 * 1.25
    assert 60 <= len(pauses) <= 110  # three days, an hour apart


async def test_it_arrives_once_the_server_takes_it(posted: Posted) -> None:
    headers = await register(posted)
    await award(posted, headers, await publish(posted, headers))
    posted.mailbox.refusals = [BUSY, BUSY]
    assert await posted.deliver() == []
    posted.clock.advance(seconds=10)
    assert await posted.deliver() == []  # not yet
    posted.clock.advance(seconds=10)
    assert await posted.deliver() == []
    posted.clock.advance(seconds=40)
    (letter,) = await posted.deliver()
    (mail,) = await _mails(posted)
    assert (mail.state, mail.attempts, letter.id) == (MailState.SENT, 2, f"<{mail.id}@issuer.example>")


async def test_a_refused_recipient_is_given_up_at_once(posted: Posted) -> None:
    headers = await register(posted)
    await award(posted, headers, await publish(posted, headers))
    posted.mailbox.refusals = [MailFailed("the mail server refused the recipient (550)", final=True)]
    assert await posted.deliver() == []
    (mail,) = await _mails(posted)
    assert (mail.state, mail.address) == (MailState.DEAD, None)


async def test_a_process_that_dies_after_sending_sends_the_same_letter_again(
    posted: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = await register(posted)
    await award(posted, headers, await publish(posted, headers))
    with monkeypatch.context() as broken:

        async def die(*_: object, **__: object) -> None:
            raise _Died

        broken.setattr(mailing, "finish", die)
        with pytest.raises(_Died):
            await posted.deliver()
    (first,) = posted.mailbox.take()
    posted.clock.advance(seconds=61)
    (second,) = await posted.deliver()
    assert first.id == second.id
    assert token_in(first) != token_in(second)
    async with posted.runtime.begin(operator()) as work:  # whichever is opened, it works
        for letter in (first, second):
            hashed = signing_in.hashed(token_in(letter))
            assert await work.session.scalar(select(NoticeToken).where(NoticeToken.token_sha256 == hashed))


async def test_no_notice_of_an_award_that_stands_no_more(posted: Posted) -> None:
    headers = await register(posted)
    made = await award(posted, headers, await publish(posted, headers))
    async with posted.runtime.begin(operator()) as work:
        award_id = (await work.session.scalars(select(Award.id))).one()
        await revoking.change_state(work, award_id=award_id, action="revoke", reason="a mistake")
    assert await posted.deliver() == []
    (mail,) = await _mails(posted)
    assert mail.state is MailState.DROPPED
    assert made["state"] == AwardState.ACTIVE.value


async def test_who_stopped_an_issuer_gets_nothing_of_it_and_still_of_others(posted: Posted) -> None:
    mine, other = await register(posted, "mine"), await register(posted, "other")
    one, two = await publish(posted, mine, "mine"), await publish(posted, other, "other")
    await award(posted, mine, one)
    await posted.deliver()
    async with posted.runtime.begin(operator()) as work:
        earner = (await work.session.scalars(select(EarnerIdentity.earner_id))).one()
        issuer = (await work.session.scalars(select(Issuer).where(Issuer.slug == "mine"))).one()
        await notifying.stop(work, earner_id=earner, issuer_id=issuer.id)
        await notifying.stop(work, earner_id=earner, issuer_id=issuer.id)
    again = await publish(posted, mine, "mine")
    await award(posted, mine, again, external_reference="ref-again")
    await award(posted, other, two)
    (letter,) = await posted.deliver()
    assert "Issuer other" in letter.subject
    async with posted.runtime.begin(operator()) as work:
        assert await notifying.stopped_by(work, earner_id=earner) == [(issuer.id, "Issuer mine")]
        await notifying.resume(work, earner_id=earner, issuer_id=issuer.id)
        assert await notifying.stopped_by(work, earner_id=earner) == []


async def test_without_mail_nothing_is_queued(make_runtime: MakeRuntime) -> None:
    posted = await posted_service(make_runtime, mail_backend=None, mail_host=None, mail_from=None)
    headers = await register(posted)
    await award(posted, headers, await publish(posted, headers))
    assert await _mails(posted) == []
    assert await _jobs(posted) == []


async def test_strangers_get_no_mail_and_leave_no_trace(posted: Posted) -> None:
    await _ask(posted, "nobody@schools.example.org")
    (mail,) = await _mails(posted)
    assert mail.address == "nobody@schools.example.org"
    assert await posted.deliver() == []
    assert await _mails(posted) == []


async def test_a_person_gets_three_links_in_a_quarter_of_an_hour(posted: Posted) -> None:
    headers = await register(posted)
    await award(posted, headers, await publish(posted, headers))
    await posted.deliver()
    for _ in range(5):
        await _ask(posted)
    assert len(await posted.deliver()) == 3
    posted.clock.advance(minutes=16)
    await _ask(posted)
    assert len(await posted.deliver()) == 1


async def test_a_link_that_was_tried_again_counts_once(posted: Posted) -> None:
    headers = await register(posted)
    await award(posted, headers, await publish(posted, headers))
    await posted.deliver()
    posted.mailbox.refusals = [BUSY] * 4
    await _ask(posted)
    for _ in range(4):
        assert await posted.deliver() == []
        posted.clock.advance(minutes=2.6)
    (letter,) = await posted.deliver()
    async with posted.runtime.begin(operator()) as work:
        (link,) = await work.session.scalars(select(SignInLink))
    assert link.token_sha256 == signing_in.hashed(token_in(letter))


async def test_letters_are_in_the_language_that_was_asked_for(posted: Posted) -> None:
    headers = await register(posted)
    one, two = await publish(posted, headers), await publish(posted, headers)
    await award(posted, headers, one)
    await posted.deliver()
    await _ask(posted, language="es")
    (letter,) = await posted.deliver()
    assert letter.subject == "Su enlace para entrar"
    posted.clock.advance(days=20)
    async with posted.runtime.begin(operator()) as work:
        await signing_in.sweep(work)
    await award(posted, headers, two, external_reference="ref-2")
    (notice,) = await posted.deliver()
    assert (notice.language, notice.subject) == ("es", "Issuer kvec le ha otorgado «Assessment Literacy»")


async def test_markup_in_names_is_text_in_the_letter(posted: Posted) -> None:
    headers = await register(posted, name="<b>K&V</b>")
    await award(posted, headers, await publish(posted, headers))
    (letter,) = await posted.deliver()
    assert "<b>K&V</b>" in letter.text
    assert "&lt;b&gt;K&amp;V&lt;/b&gt;" in letter.html
    assert "<b>K&V</b>" not in letter.html


async def test_a_mail_server_that_hangs_holds_up_neither_other_jobs_nor_who_waits_at_the_door(posted: Posted) -> None:
    made = await stacked(posted, 1)
    hanging, arrived, goes_on = asyncio.Event(), asyncio.Event(), asyncio.Event()
    send = posted.mailbox.send

    async def slow(message: Message) -> None:
        if "sign-in" not in message.text:
            hanging.set()
            await goes_on.wait()
        await send(message)
        arrived.set()

    posted.mailbox.send = slow  # type: ignore[method-assign]
    async with background.run(posted.runtime):
        await made.publish(document(made.achievements))
        await made.award(made.achievements[0])
        await asyncio.wait_for(hanging.wait(), timeout=30)
        await _ask(posted)
        await asyncio.wait_for(arrived.wait(), timeout=30)
        assert [letter.subject for letter in posted.mailbox.take()] == ["Your link to sign in"]
        for _ in range(600):
            if await made.crowns():
                break
            await asyncio.sleep(0.05)
        assert list(await made.crowns()) == [ADDRESS]
        goes_on.set()


async def test_what_waits_to_be_counted_is_written_down_when_the_process_ends(posted: Posted) -> None:
    target = uuid4()
    async with background.run(posted.runtime):
        await asyncio.sleep(0.1)
        showing.views_of(posted.runtime.database).add(ViewKind.BADGE, target, date(2026, 11, 24))
    async with posted.runtime.begin(operator()) as work:
        assert (await showing.views(work, kind=ViewKind.BADGE, targets=[target]))[target] == {date(2026, 11, 24): 1}
