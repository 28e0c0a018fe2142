"""What an earner does at their own page, and what others see of it."""

from __future__ import annotations

from typing import Any

import pytest

from badgeissuer.rules.terms import ClientKind
from badgeissuer.services import access, operating, showing
from badgeissuer.services.access import operator
from tests.support.app import BASE_URL, MakeRuntime
from tests.support.earning import EMAIL, Earner
from tests.support.mailbox import Posted, link_in, posted_service, token_in
from tests.support.make import achievement, award, publish, register
from tests.support.pages import BROWSER

Json = dict[str, Any]
TEACHER_2 = "teacher2@schools.example.org"
FORMS = {"json": "application/vc", "jwt": "application/vc+jwt", "png": "image/png", "svg": "image/svg+xml"}


@pytest.fixture
async def posted(make_runtime: MakeRuntime) -> Posted:
    return await posted_service(make_runtime)


async def _awards(posted: Posted, *names: str, slug: str = "kvec") -> list[Json]:
    headers = await register(posted, slug)
    made = []
    for number, name in enumerate(names):
        posted.clock.advance(minutes=1)
        published = await publish(posted, headers, slug, document=achievement(name))
        made.append(await award(posted, headers, published, external_reference=f"{slug}-{number}"))
    return made


def _path(made: Json) -> str:
    return str(made["credential"]["url"]).removeprefix(BASE_URL)


def _own(made: Json) -> str:
    return f"/me/awards/{made['id']}"


async def test_awards_of_all_issuers_stand_on_pages_of_twenty(posted: Posted) -> None:
    headers = await register(posted)
    published = await publish(posted, headers, duplicates="allow")
    for number in range(41):
        posted.clock.advance(minutes=1)
        await award(posted, headers, published, external_reference=f"ref-{number}")
    await posted.deliver()
    earner = Earner(posted)
    page = await earner.sign_in()
    seen: list[str] = []
    for size in (20, 20, 1):
        links = [each["href"] for each in page.all("a") if each["href"].startswith("/me/awards/")]
        assert len(links) == size
        seen += links
        following = [each["href"] for each in page.all("a") if each.get("rel") == "next"]
        if following:
            page = await earner.open(following[0])
    assert len(set(seen)) == 41
    assert following == []
    for wrong in ("x", "2026-01-01", "2026-01-01T00:00:00~x", "~", "2026-01-01T00:00:00~" + seen[0].rpartition("/")[2]):
        page = await earner.open(f"/me?after={wrong}")
        assert [each["href"] for each in page.all("a") if each["href"].startswith("/me/awards/")] == seen[:20]


async def test_a_closed_award_is_gone_everywhere_and_stays_its_earners(posted: Posted) -> None:
    (made,) = await _awards(posted, "Assessment Literacy")
    earner, path = Earner(posted), _path(made)
    addresses = {path: BROWSER, f"{path}.pdf": {}, f"{path}.qr.svg": {}, f"{path}.card.png": {}, f"{path}.zip": {}}
    addresses |= {f"{path}.{form}": {} for form in FORMS}
    addresses |= {f"{path}?as={number}": {"Accept": kind} for number, kind in enumerate(FORMS.values())}
    addresses |= {f"/oembed?url={BASE_URL}{path}": {}, f"/embed/{made['credential']['id']}": {}}
    before = {each: (await posted.http.get(each, headers=headers)).status_code for each, headers in addresses.items()}
    opened = {each for each, status in before.items() if status == 200}
    assert {path, f"{path}.pdf", *(f"{path}.{form}" for form in FORMS)} <= opened
    await earner.sign_in()
    await earner.open(_own(made))
    page = await earner.send(f"{_own(made)}/visibility", visibility="closed")
    assert "nobody but you sees it" in page.text
    for each in addresses:
        answer = await posted.http.get(each, headers=addresses[each])
        missing = await posted.http.get(each.replace(made["credential"]["id"], "0" * 8 + "-0000-4000-8000-" + "0" * 12))
        assert (answer.status_code, missing.status_code) == (404, 404), each
    for form in (*FORMS, "pdf"):
        answer = await earner.http.get(f"{_own(made)}/files/{form}")
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store"), form
    headers = await posted.platform()  # the issuer keeps what it issued
    assert (await posted.http.get(f"/v1/awards/{made['id']}", headers=headers)).status_code == 200
    signed = (await earner.http.get(f"{_own(made)}/files/json")).text
    report = (await posted.http.post("/v1/verify", content=signed, headers={"Content-Type": "application/vc"})).json()
    assert report["outcome"] == "valid"  # whoever has a copy can still verify it
    await earner.open(_own(made))
    await earner.send(f"{_own(made)}/visibility", visibility="public")
    for each in opened:
        assert (await posted.http.get(each, headers=addresses[each])).status_code == 200, each
    answer = await posted.http.get(path, headers=BROWSER)
    assert "x-robots-tag" not in answer.headers


async def test_the_page_names_the_earner_only_where_they_want_it(posted: Posted) -> None:
    (made,) = await _awards(posted, "Assessment Literacy")
    earner = Earner(posted)
    await earner.sign_in()
    for shown in (True, False):
        await earner.open(_own(made))
        await earner.send(f"{_own(made)}/name", shown="yes" if shown else "no")
        answer = await posted.http.get(_path(made), headers=BROWSER)
        assert ("Teacher 1" in answer.text) is shown


async def test_openings_are_counted_by_day_and_say_nothing_of_who(posted: Posted) -> None:
    (made,) = await _awards(posted, "Assessment Literacy")
    for _ in range(3):
        await posted.http.get(_path(made), headers=BROWSER)
    await posted.http.get(_path(made))  # a program has the JSON: no page was opened
    await showing.views_of(posted.runtime.database).flush(posted.runtime.database)
    earner = Earner(posted)
    await earner.sign_in()
    page = await earner.open(_own(made))
    assert "In the last 90 days: 3" in page.text
    assert "November 24, 2026 3" in page.text


async def test_the_notices_link_opens_the_award_for_an_answer(posted: Posted) -> None:
    (made,) = await _awards(posted, "Assessment Literacy")
    (letter,) = await posted.deliver()
    visitor, link = Earner(posted), link_in(letter).removeprefix(BASE_URL)
    page = await visitor.open(link)
    assert "An award for you" in page.text
    assert len(visitor.http.cookies.jar) == 1  # it signs nobody in
    page = await visitor.send("/me/claim", t=token_in(letter), answer="declined")
    assert "You declined this award" in page.text
    assert (await posted.http.get(_path(made), headers=BROWSER)).status_code == 404
    await visitor.send("/me/claim", 422, t=token_in(letter), answer="perhaps")
    page = await visitor.open(link)
    page = await visitor.send("/me/claim", t=token_in(letter), answer="accepted")
    assert "You accepted this award" in page.text
    assert (await posted.http.get(_path(made), headers=BROWSER)).status_code == 200
    form = visitor.token()
    await visitor.open("/me/claim?t=x", 404)
    await visitor.send("/me/claim", 404, token=form, t="x", answer="accepted")
    posted.clock.advance(days=91)
    page = await visitor.open(link, 404)
    assert "work for 90 days" in page.text


async def test_answers_at_the_own_page_are_the_same_answers(posted: Posted) -> None:
    (made,) = await _awards(posted, "Assessment Literacy")
    earner = Earner(posted)
    await earner.sign_in()
    for answer, says in (("declined", "You declined"), ("accepted", "You accepted")):
        await earner.open(_own(made))
        page = await earner.send(f"{_own(made)}/answer", answer=answer)
        assert says in page.text
    assert (await posted.http.get(_path(made), headers=BROWSER)).status_code == 200


async def test_mails_are_ended_by_one_click_or_a_button_and_resumed_in_settings(posted: Posted) -> None:
    await _awards(posted, "One", slug="one")
    await _awards(posted, "Two", slug="two")
    one, two = sorted(await posted.deliver(), key=lambda letter: letter.subject)
    address = one.headers["List-Unsubscribe"].strip("<>").removeprefix(BASE_URL)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await posted.http.post(address, content="x=1", headers=form)).status_code == 422
    for _ in range(2):
        answer = await posted.http.post(address, content="List-Unsubscribe=One-Click", headers=form)
        assert answer.status_code == 200
    other = Earner(posted)
    await other.open(f"/me/stop?t={token_in(two)}")
    page = await other.send("/me/stop", t=token_in(two))
    assert "No more e-mails about awards of Issuer two" in page.text
    await other.open("/me/stop?t=x", 404)
    assert (
        await posted.http.post("/me/stop?t=x", content="List-Unsubscribe=One-Click", headers=form)
    ).status_code == 404
    earner = Earner(posted)
    await earner.sign_in()
    page = await earner.open("/me/settings")
    assert page.text.count("Let them come again") == 2
    for issuer in earner.values("issuer"):
        page = await earner.send("/me/settings/mail", issuer=issuer, mail="resume")
    assert page.text.count("Let them come again") == 0
    await earner.send("/me/settings/mail", issuer=earner.values("issuer")[0], mail="stop")
    assert earner.page.text.count("Let them come again") == 1
    await earner.send("/me/settings/mail", 422, issuer=earner.values("issuer")[0], mail="other")


async def _agency(posted: Posted, purpose: str | None) -> dict[str, str]:
    async with posted.runtime.begin(operator()) as work:
        _, key = await access.create_client(
            work,
            kind=ClientKind.AGENCY,
            name="Kentucky Department of Education",
            scopes=("awards:read", "decisions:read"),
            all_issuers=True,
            consent_purpose=purpose,
        )
    return {"Authorization": f"Bearer {key}"}


async def _seen(posted: Posted, agency: dict[str, str], made: Json) -> list[int]:
    """How many awards and decisions an agency gets, by each way there is; an answer that is no list counts 0 or 1."""
    http, found = posted.http, []
    found.append(len((await http.get("/v1/awards", headers=agency)).json()["items"]))
    found.append(
        len((await http.get("/v1/awards", headers={**agency, "Accept": "application/x-ndjson"})).text.splitlines())
    )
    for path in (
        f"/v1/awards/{made['id']}",
        f"/v1/awards/{made['id']}/exports",
        f"/v1/decisions/{made['decision_id']}",
    ):
        answer = await http.get(path, headers=agency)
        assert answer.status_code in (200, 404)
        found.append(int(answer.status_code == 200))
    found.append(len((await http.get("/v1/decisions", headers=agency)).json()["items"]))
    return found


async def test_an_agency_reads_by_consent_and_every_read_is_shown(posted: Posted) -> None:
    headers = await register(posted)
    published = await publish(posted, headers)
    made = await award(posted, headers, published)
    await award(posted, headers, published, 2)
    agency, earner = await _agency(posted, "Licence renewal"), Earner(posted)
    assert await _seen(posted, agency, made) == [0] * 6
    await earner.sign_in()
    page = await earner.open("/me/agencies")
    assert "No agency has read awards of yours." in page.text
    (client,) = earner.values("agency")
    await earner.send("/me/agencies/give", 422, agency=client, scope="some")
    await earner.open("/me/agencies")
    page = await earner.send("/me/agencies/give", agency=client, scope="some", issuer=earner.values("issuer"))
    assert "For: Licence renewal" in page.text
    assert await _seen(posted, agency, made) == [1] * 6
    page = await earner.open("/me/agencies")
    assert page.text.count("UTC · awards: 1 · Licence renewal") == 6
    other = Earner(posted)
    await other.sign_in(TEACHER_2)
    page = await other.open("/me/agencies")
    assert "No agency has read awards of yours." in page.text
    await earner.open("/me/agencies")
    page = await earner.send("/me/agencies/withdraw", consent=earner.values("consent")[0])
    assert "Consents that ended" in page.text
    assert await _seen(posted, agency, made) == [0] * 6  # from the next request on
    page = await earner.open("/me/agencies")
    assert page.text.count("UTC · awards: 1") == 6


async def test_what_is_read_under_an_agreement_is_shown_too(posted: Posted) -> None:
    headers = await register(posted)
    published = await publish(posted, headers)
    made = await award(posted, headers, published)
    await award(posted, headers, published, 2)
    agency, earner = await _agency(posted, None), Earner(posted)
    assert await _seen(posted, agency, made) == [2, 2, 1, 1, 1, 2]
    platform = await posted.platform()  # the issuer's own platform is nobody who asks
    assert (await posted.http.get("/v1/awards", headers=platform)).status_code == 200
    await earner.sign_in()
    page = await earner.open("/me/agencies")
    assert page.text.count("UTC · awards: 1 · under an agreement") == 6
    assert "Agencies with an agreement" in page.text
    assert page.text.count("Kentucky Department of Education") == 7


async def test_a_record_is_chosen_looked_at_signed_shared_and_closed(posted: Posted) -> None:
    one = await _awards(posted, "One", "Two", slug="one")
    two = await _awards(posted, "Three", slug="two")
    earner = Earner(posted)
    await earner.sign_in()
    await earner.open("/me/records/new")
    chosen = [one[0]["id"], two[0]["id"]]
    page = await earner.send("/me/records/preview", 503, award=chosen)
    assert "cannot sign records yet" in page.text
    async with posted.runtime.begin(operator()) as work:
        await operating.make_operator(work)
    await earner.open("/me/records/new")
    await earner.send("/me/records/preview", 422)
    await earner.open("/me/records/new")
    page = await earner.send("/me/records/preview", award=chosen, name="For the district")
    assert "2 (issuers: 2)" in page.text
    page = await earner.send("/me/records", award=earner.values("award"), name="For the district")
    assert "For the district" in page.text
    record = str(earner.answer.url.path)
    assert f"{record}/transcript.pdf" in {each["href"] for each in page.all("a")}
    paper = await earner.http.get(f"{record}/transcript.pdf")
    assert (paper.status_code, paper.headers["content-type"]) == (200, "application/pdf")
    assert paper.headers["cache-control"] == "no-store"
    page = await earner.send(f"{record}/links", label="Principal", named="yes", until="2027-06-30", password="")
    (address,) = [each["href"] for each in page.all("a") if "/s/" in each["href"]]
    assert (await posted.http.get(address, headers=BROWSER)).status_code == 200
    await earner.send(f"{record}/links", 422, until="2020-01-01")
    assert "The day must be in the future" in earner.page.text
    await earner.send(f"{record}/links", 422, until="soon")
    await earner.send(f"{record}/links", 422, password="short")
    page = await earner.open(record)
    assert address not in earner.answer.text  # told once
    (close,) = [each["action"] for each in page.all("form") if each["action"].endswith("/close")]
    page = await earner.send(close)
    assert (await posted.http.get(address, headers=BROWSER)).status_code == 404
    page = await earner.open("/me/records")
    assert "Open links: 0" in page.text
    await earner.open(record)
    await earner.send(f"{record}/links", label="Another")
    page = await earner.send(f"{record}/revoke")
    assert "This record was taken back" in page.text
    page = await earner.open("/me/records")
    assert "taken back" in page.text


async def test_nobody_puts_other_peoples_awards_into_a_record(posted: Posted) -> None:
    headers = await register(posted)
    published = await publish(posted, headers)
    await award(posted, headers, published)
    theirs = await award(posted, headers, published, 2)
    async with posted.runtime.begin(operator()) as work:
        await operating.make_operator(work)
    earner = Earner(posted)
    await earner.sign_in()
    await earner.open("/me/records/new")
    await earner.send("/me/records/preview", 422, award=theirs["id"])
    page = await earner.send("/me/records", 422, award=theirs["id"])
    assert "Choose once more" in page.text
    await earner.send("/me/records/preview", 404, award="x")
    page = await earner.open("/me/records")
    assert "No record yet" in page.text


@pytest.mark.parametrize("language", ["en", "es"])
async def test_every_page_is_in_both_languages_small_and_strict(posted: Posted, language: str) -> None:
    made = await _awards(posted, "Assessment Literacy", "Culture")
    (letter, *_) = await posted.deliver()
    async with posted.runtime.begin(operator()) as work:
        await operating.make_operator(work)
    await _agency(posted, "Licence renewal")
    earner = Earner(posted)
    paths = ["/me", "/me/sign-in/sent", f"/me/claim?t={token_in(letter)}", f"/me/stop?t={token_in(letter)}"]
    for signed_in in (False, True):
        if signed_in:
            await earner.sign_in()
            paths = [
                "/me",
                _own(made[0]),
                "/me/stacks",
                "/me/records",
                "/me/records/new",
                "/me/agencies",
                "/me/settings",
            ]
        for path in paths:
            page = await earner.open(f"{path}{'&' if '?' in path else '?'}lang={language}")
            assert page.all("html")[0]["lang"] == language
            assert len(earner.answer.content) < 50_000
            assert "default-src 'none'" in earner.answer.headers["content-security-policy"]
            assert page.all("script") == []
            for form in page.all("form"):
                assert form["action"].endswith(f"lang={language}")


async def test_markup_of_others_is_text_on_every_page(posted: Posted) -> None:
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    headers = await register(posted, name=f"Issuer {evil}")
    published = await publish(posted, headers, document=achievement(f"Badge {evil}"))
    made = await award(posted, headers, published, earner={"email": EMAIL, "name": f"Name {evil}"})
    (letter,) = await posted.deliver()
    await _agency(posted, f"Purpose {evil}")
    async with posted.runtime.begin(operator()) as work:
        await operating.make_operator(work)
    earner = Earner(posted)
    await earner.open(f"/me/claim?t={token_in(letter)}")
    await earner.sign_in()
    for path in ("/me", _own(made), "/me/records/new", "/me/agencies", "/me/settings"):
        page = await earner.open(path)
        assert page.all("script") == []
        assert all("onerror" not in each for each in page.all("img"))
        assert "alert(1)" in page.text
