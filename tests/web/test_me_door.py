"""Signing in by a mailed link, as earners do it and as others try it."""

from __future__ import annotations

import re
import statistics
import time
from uuid import uuid4

import pytest

from badgeissuer.services import signing_in
from badgeissuer.services.access import operator
from tests.support.app import BASE_URL, MakeRuntime
from tests.support.earning import EMAIL, Earner
from tests.support.mailbox import Posted, posted_service, token_in
from tests.support.make import award, publish, register
from tests.support.pages import BROWSER

STRANGER = "nobody@schools.example.org"


@pytest.fixture
async def posted(make_runtime: MakeRuntime) -> Posted:
    posted = await posted_service(make_runtime)
    headers = await register(posted)
    achievement = await publish(posted, headers)
    for n in (1, 2):
        await award(posted, headers, achievement, n)
    return posted


async def test_the_mailed_link_signs_in_by_a_button_and_not_by_being_followed(posted: Posted) -> None:
    earner = Earner(posted)
    page = await earner.open("/me")
    assert "Sign in to your badges" in page.text
    link = await earner.link()
    for _ in range(3):  # a scanner, a preview, the person
        page = await earner.open(link)
        assert "Press the button to sign in" in page.text
    assert len(earner.http.cookies.jar) == 1  # only the form's
    page = await earner.sign_in()
    assert f"Signed in as {EMAIL}" in page.text
    assert "Assessment Literacy" in page.text
    cookies = {cookie.name: cookie for cookie in earner.http.cookies.jar}
    assert set(cookies) == {"__Secure-badgeissuer-session", "__Secure-badgeissuer-form"}
    for cookie in cookies.values():
        assert (cookie.secure, cookie.path, cookie.expires) == (True, "/me", None)
        assert cookie.has_nonstandard_attr("HttpOnly")
        assert cookie.get_nonstandard_attr("SameSite") == "lax"
    assert earner.answer.headers["vary"] == "Accept-Language, Cookie"
    assert "access-control-allow-origin" not in earner.answer.headers
    await earner.send("/me/sign-out")
    assert "Sign in to your badges" in earner.page.text
    assert [cookie.name for cookie in earner.http.cookies.jar] == ["__Secure-badgeissuer-form"]


async def test_on_plain_http_the_cookies_are_not_secure(make_runtime: MakeRuntime) -> None:
    posted = await posted_service(make_runtime, base_url="http://localhost:8000")
    answer = await posted.http.get("/me", headers=BROWSER)
    (cookie,) = answer.headers.get_list("set-cookie")
    assert re.fullmatch(r"badgeissuer-form=[0-9a-f]{48}; HttpOnly; Path=/me; SameSite=lax", cookie)
    assert 'action="/me/sign-in"' in answer.text


async def test_known_or_not_the_answer_is_the_same(posted: Posted) -> None:
    await posted.deliver()
    answers = []
    for email in (EMAIL, STRANGER):
        earner = Earner(posted)
        await earner.open("/me")
        first = await earner.post("/me/sign-in", email=email)
        second = await earner.http.get(first.headers["location"], headers=BROWSER)
        answers.append((first.status_code, first.headers["location"], second.status_code, second.text))
        assert email not in second.text
    assert answers[0] == answers[1]
    assert [letter.to for letter in await posted.deliver()] == [EMAIL]


async def test_the_time_does_not_tell_who_is_known(posted: Posted) -> None:
    """Both do the same work: one row and one job, whoever it is. The medians may differ by noise only."""
    earner = Earner(posted)
    await earner.open("/me")
    taken: dict[str, list[float]] = {EMAIL: [], STRANGER: []}
    for _ in range(12):
        for email, times in taken.items():
            posted.clock.advance(minutes=4)
            started = time.perf_counter()
            assert (await earner.post("/me/sign-in", email=email)).status_code == 303
            times.append(time.perf_counter() - started)
    known, unknown = (statistics.median(times) for times in taken.values())
    assert known < 2 * unknown
    assert unknown < 2 * known


async def test_a_used_late_or_invented_link_says_so_and_offers_another(posted: Posted) -> None:
    earner, other = Earner(posted), Earner(posted)
    link = await earner.link()
    token = link.rpartition("=")[2]
    await earner.open(link)
    await earner.send("/me/sign-in/link", t=token)
    for path in (link, "/me/sign-in/link", f"/me/sign-in/link?t={uuid4().hex}", "/me/sign-in/link?t=%00"):
        status = 422 if path.endswith("%00") else 404
        await other.open(path, status)
    await other.open("/me")
    page = await other.send("/me/sign-in/link", 404, t=token)
    assert "This link is over" in page.text
    assert "Ask for a link" in page.text
    late = await other.link()
    posted.clock.advance(minutes=15)
    page = await other.open(late, 404)
    assert "older than 15 minutes" in page.text


async def test_two_tabs_and_two_presses_end_on_the_own_page(posted: Posted) -> None:
    earner = Earner(posted)
    link = await earner.link()
    await earner.open(link)
    form, token = earner.token(), link.rpartition("=")[2]
    await earner.send("/me/sign-in/link", token=form, t=token)
    page = await earner.send("/me/sign-in/link", token=form, t=token)  # the other tab
    assert f"Signed in as {EMAIL}" in page.text


async def test_a_session_that_somebody_planted_is_not_taken_over(posted: Posted) -> None:
    """Session fixation: signing in makes a new session, and what was in the cookie before ends."""
    attacker, victim = Earner(posted), Earner(posted)
    await attacker.sign_in("teacher2@schools.example.org")
    planted = attacker.http.cookies["__Secure-badgeissuer-session"]
    for value in (planted, "a" * 48):
        victim.http.cookies.set("__Secure-badgeissuer-session", value, domain="issuer.example", path="/me")
        if value == planted:
            await victim.open("/me")
            assert "teacher2" in victim.page.text
        link_owner = Earner(posted)
        posted.clock.advance(minutes=16)
        link = await link_owner.link()
        await victim.open(link)
        await victim.send("/me/sign-in/link", t=link.rpartition("=")[2])
        assert victim.http.cookies["__Secure-badgeissuer-session"] not in (planted, "a" * 48)
        assert f"Signed in as {EMAIL}" in victim.page.text
    await attacker.open("/me")
    assert "Sign in to your badges" in attacker.page.text


async def test_forms_without_their_token_change_nothing(posted: Posted) -> None:
    """Another site's form: the browser sends the cookies along, and the token is what it cannot know."""
    earner, other = Earner(posted), Earner(posted)
    await earner.sign_in()
    await other.sign_in("teacher2@schools.example.org")
    foreign = other.token()
    await earner.open("/me")
    (link,) = [each["href"] for each in earner.page.all("a") if each["href"].startswith("/me/awards/")]
    posts = {
        "/me/sign-out": {},
        "/me/sign-in": {"email": EMAIL},
        "/me/sign-in/link": {"t": "x"},
        "/me/claim": {"t": "x", "answer": "declined"},
        "/me/stop": {"t": "x"},
        f"{link}/visibility": {"visibility": "closed"},
        f"{link}/name": {"shown": "yes"},
        f"{link}/answer": {"answer": "declined"},
        "/me/records/preview": {},
        "/me/records": {},
        f"/me/records/{uuid4()}/links": {},
        f"/me/records/{uuid4()}/revoke": {},
        f"/me/links/{uuid4()}/close": {},
        "/me/agencies/give": {"agency": str(uuid4()), "scope": "all"},
        "/me/agencies/withdraw": {"consent": str(uuid4())},
        "/me/settings/mail": {"mail": "stop"},
    }
    routes = {
        route.path for route in posted.app.routes if "POST" in getattr(route, "methods", ()) and "/me" in route.path
    }
    assert len(routes) == len(posts)  # a new form without a row here fails
    for path, fields in posts.items():
        for token in ("", foreign, earner.http.cookies["__Secure-badgeissuer-session"]):
            answer = await earner.post(path, token=token, **fields)
            assert answer.status_code == 403, (path, answer.status_code)
        answer = await earner.http.post(path, json={"form_token": earner.token(), **fields}, headers=BROWSER)
        assert answer.status_code == 415, path
        answer = await earner.http.post(
            path, data={"form_token": earner.token(), **fields}, headers={**BROWSER, "Sec-Fetch-Site": "cross-site"}
        )
        assert answer.status_code == 403, path
    await earner.open("/me")
    assert f"Signed in as {EMAIL}" in earner.page.text
    await earner.open(link)
    chosen = [each["value"] for each in earner.page.all("input") if "checked" in each]
    assert chosen == ["unlisted"]


async def test_what_is_not_ones_own_is_not_there(posted: Posted) -> None:
    earner, other = Earner(posted), Earner(posted)
    await other.sign_in("teacher2@schools.example.org")
    (foreign,) = [each["href"] for each in other.page.all("a") if each["href"].startswith("/me/awards/")]
    await earner.sign_in()
    for base in (foreign, f"/me/awards/{uuid4()}"):
        await earner.open("/me")
        for path in ("", "/files/json", "/files/pdf"):
            assert (await earner.http.get(base + path)).status_code == 404
        for path, fields in (
            ("visibility", {"visibility": "closed"}),
            ("name", {}),
            ("answer", {"answer": "declined"}),
        ):
            assert (await earner.post(f"{base}/{path}", **fields)).status_code == 404
    for path in (
        f"/me/records/{uuid4()}",
        f"/me/records/{uuid4()}/transcript.pdf",
        f"/me/records/making/{uuid4()}",
    ):
        assert (await earner.http.get(path, headers=BROWSER)).status_code == 404
    await earner.open("/me")
    for path, fields in (
        (f"/me/records/{uuid4()}/links", {}),
        (f"/me/records/{uuid4()}/revoke", {}),
        (f"/me/links/{uuid4()}/close", {}),
        ("/me/agencies/give", {"agency": str(uuid4()), "scope": "all"}),
        ("/me/agencies/withdraw", {"consent": str(uuid4())}),
        ("/me/settings/mail", {"mail": "stop", "issuer": str(uuid4())}),
    ):
        assert (await earner.post(path, **fields)).status_code == 404, path


async def test_who_is_signed_out_is_led_to_the_door_from_everywhere(posted: Posted) -> None:
    earner = Earner(posted)
    await earner.open("/me")
    paths = ["/me/stacks", "/me/records", "/me/records/new", "/me/agencies", "/me/settings", f"/me/awards/{uuid4()}"]
    for path in [*paths, f"/me/awards/{uuid4()}/files/json", f"/me/records/{uuid4()}/transcript.pdf"]:
        answer = await earner.http.get(path, headers=BROWSER)
        assert (answer.status_code, answer.headers["location"]) == (303, "/me"), path
    await earner.open("/me/stacks?lang=es")
    assert "Entrar a sus insignias" in earner.page.text


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Original-URL"])
async def test_a_host_that_the_request_names_comes_into_no_link(posted: Posted, header: str) -> None:
    await posted.deliver()
    earner = Earner(posted)
    evil = {header: "host=evil.example" if header == "Forwarded" else "evil.example"}
    page = await earner.open("/me", **evil)
    assert "evil.example" not in earner.answer.text
    answer = await earner.http.post(
        "/me/sign-in", data={"form_token": earner.token(), "email": EMAIL}, headers={**BROWSER, **evil}
    )
    assert answer.headers["location"] == "/me/sign-in/sent"
    (letter,) = await posted.deliver()
    assert "evil" not in letter.text + letter.html + str(letter.headers)
    assert f"{BASE_URL}/me/sign-in/link?t={token_in(letter)}" in letter.text
    assert page.all("form")[0]["action"] == "/me/sign-in"


async def test_no_address_leads_elsewhere_after_signing_in(posted: Posted) -> None:
    """Open redirect: there is no parameter that says where to go."""
    earner = Earner(posted)
    link = await earner.link()
    await earner.open(f"{link}&next=https://evil.example&return_to=//evil.example")
    answer = await earner.post(
        "/me/sign-in/link?next=//evil.example", t=link.rpartition("=")[2], next="https://evil.example"
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/me")


@pytest.mark.parametrize(
    "email",
    [
        "",
        "no address",
        "a@b@c.example",
        "x@y.example\r\nBcc: z@evil.example",
        "x@y.example\nTo: z@evil.example",
        "a b@c.example",
    ],
)
async def test_what_is_no_address_is_said_and_mailed_to_nobody(posted: Posted, email: str) -> None:
    await posted.deliver()
    earner = Earner(posted)
    await earner.open("/me")
    answer = await earner.post("/me/sign-in", email=email)
    assert answer.status_code == 422
    assert await posted.deliver() == []


async def test_asking_has_limits(posted: Posted) -> None:
    await posted.deliver()
    earner = Earner(posted)
    await earner.open("/me")
    for _ in range(8):  # for one address: the same answer, and no more mail
        assert (await earner.post("/me/sign-in", email=EMAIL)).status_code == 303
    assert len(await posted.deliver()) == 3
    statuses = [(await earner.post("/me/sign-in", email=f"x{n}@schools.example.org")).status_code for n in range(30)]
    assert statuses == [303] * 22 + [429] * 8
    answer = await earner.post("/me/sign-in", email=STRANGER)
    assert 0 < int(answer.headers["retry-after"]) <= 30
    assert "Too many links" in answer.text
    posted.clock.advance(minutes=15)
    assert (await earner.post("/me/sign-in", email=STRANGER)).status_code == 303


async def test_without_mail_the_door_says_so(make_runtime: MakeRuntime) -> None:
    posted = await posted_service(make_runtime, mail_backend="none")
    earner = Earner(posted)
    page = await earner.open("/me")
    assert "This service sends no e-mail" in page.text
    assert page.all("form") == []


async def test_no_personal_data_and_no_token_in_events_or_logs(
    posted: Posted, caplog: pytest.LogCaptureFixture
) -> None:
    earner = Earner(posted)
    link = await earner.link()
    await earner.open(link)
    await earner.send("/me/sign-in/link", t=link.rpartition("=")[2])
    async with posted.runtime.begin(operator()) as work:
        from sqlalchemy import select

        from badgeissuer.store.outbox import Event

        told = " ".join(str((e.type, e.actor, e.subject_id, e.data)) for e in await work.session.scalars(select(Event)))
    for secret in (EMAIL, "teacher1", link.rpartition("=")[2]):
        assert secret not in told
        assert secret not in caplog.text
    assert signing_in.EARNER.label not in (EMAIL, "")
