"""The page of a record, at its own address and behind a share link, and the record on paper: what they say of each
credential in it, and what they keep to themselves."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest

from badgeissuer.errors import Rejected
from badgeissuer.rules.terms import Visibility
from badgeissuer.services import sharing, showing
from badgeissuer.services.access import operator
from badgeissuer.services.sharing import Link
from badgeissuer.store.awards import Award
from badgeissuer.store.clrs import Clr
from badgeissuer.store.people import Subject
from badgeissuer.vc.bake import unbake
from badgeissuer.web.app import create_app
from badgeissuer.web.pages import clr, clr_reading, clr_transcript
from tests.service.test_verifying import DID_URL, Web
from tests.support import issued, kept_records, make
from tests.support.app import BASE_URL, Clock, MakeRuntime, Service
from tests.support.pages import BROWSER, Page, check_headers, page_at
from tests.support.tools import run, tool

Json = dict[str, Any]
PASSWORD = "a long password"


@dataclass
class World:
    """The service, and what is outside of it."""

    service: Service
    web: Web
    own: dict[str, str]


@pytest.fixture
async def world(make_runtime: MakeRuntime) -> AsyncIterator[World]:
    clock, web = Clock(), Web({DID_URL: issued.controller(), issued.LIST_URL: issued.status_list()})
    runtime = await make_runtime(clock=clock, fetch=web)
    app = create_app(runtime)
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url=BASE_URL) as http:
        service = Service(runtime=runtime, clock=clock, app=app, http=http)
        yield World(service, web, await make.register(service))


async def award(world: World, name: str, number: int = 1, *, aligned: tuple[str, ...] = (), **parts: Any) -> str:
    alignment = [
        {"type": ["Alignment"], "targetName": skill, "targetUrl": f"https://ccsso.example.org/{place}"}
        for place, skill in enumerate(aligned)
    ]
    document = make.achievement(name, **({"alignment": alignment} if alignment else {}))
    achievement = await make.publish(world.service, world.own, document=document, **parts)
    made = await make.award(
        world.service, world.own, achievement, number, earner={"email": "a@schools.example.org", "name": "Zoë Ñ"}
    )
    identifier: str = made["id"]
    return identifier


async def change(world: World, award_id: str, verb: str) -> None:
    answer = await world.service.http.post(f"/v1/awards/{award_id}/{verb}", json={"reason": "Why"}, headers=world.own)
    assert answer.status_code == 200, answer.text


async def shared(world: World, record: Clr, **link: Any) -> str:
    """The path of a new link."""
    answer = await world.service.http.post(f"/v1/clrs/{record.id}/shares", json=link, headers=world.own)
    assert answer.status_code == 201, answer.text
    address: str = answer.json()["url"]
    return address.removeprefix(BASE_URL)


async def record_with_every_kind(world: World) -> Clr:
    """A valid one, a revoked one, an expired one, a foreign one, a suspended one; it is the truth that comes later."""
    awards = {
        "good": await award(world, "Assessment Literacy", 1, aligned=("Assessment",)),
        "revoked": await award(world, "Collaborative Coaching", 2),
        "expired": await award(world, "Framing a Problem of Practice", 3, valid_for_days=30),
        "suspended": await award(world, "Learning Structures", 4, status_purpose="suspension"),
    }
    record = await kept_records.keep(
        world.service,
        awards["good"],
        awards["revoked"],
        awards["expired"],
        kept_records.foreign(),
        awards["suspended"],
        name="All of my work",
    )
    await change(world, awards["revoked"], "revoke")
    await change(world, awards["suspended"], "suspend")
    world.service.clock.advance(days=31)
    return record


def entries(page: Page, html: str) -> dict[int, tuple[str, str]]:
    """Each credential on the page by its number: the class of its entry, and what it says."""
    found = {}
    for kind, inside in re.findall(r'<li class="entry (\w+)">(.*?)</li>', html, re.DOTALL):
        text = " ".join(re.sub(r"<[^>]+>", " ", inside).split())
        number = re.search(r"No\. (\d+)", text)
        assert number is not None, text
        found[int(number[1])] = (kind, text)
    return found


def squeezed(text: bytes) -> str:
    return " ".join(text.decode().replace("\u200b", "").split())


async def paper(world: World, path: str, folder: Path, **headers: str) -> str:
    """The words of a transcript, as pdftotext reads them; its bytes' own words where there is none."""
    answer = await world.service.http.get(path, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf"), answer.text
    assert answer.content.startswith(b"%PDF-")
    assert b"pdfuaid" in answer.content
    pdftotext = tool("pdftotext")
    if pdftotext is None:
        pytest.skip("there is no pdftotext here (see tests/apt.txt)")
    file = folder / "transcript.pdf"
    file.write_bytes(answer.content)
    return squeezed(run(pdftotext, "-layout", file, "-"))


async def test_page_and_paper_tell_the_truth_of_each_credential(world: World, tmp_path: Path) -> None:
    record = await record_with_every_kind(world)
    path = await shared(world, record)
    answer = await world.service.http.get(path, headers=BROWSER)
    page = Page(answer.text)
    check_headers(answer)
    assert [name for name in page.classes("div") if name.startswith("verdict")] == ["verdict mixed"]
    assert "Genuine, but not all of it holds" in page.text
    assert "Of its 5 credentials, 3 do not hold today" in page.text
    assert "the record itself and 5 of the 5 credentials in it" in page.text
    said = entries(page, answer.text)
    assert {number: kind for number, (kind, _) in said.items()} == {
        1: "valid",
        2: "revoked",
        3: "expired",
        4: "valid",
        5: "suspended",
    }
    for number, words in {1: "Valid", 2: "Revoked", 3: "Expired", 5: "Suspended"}.items():
        assert words in said[number][1]
    assert "from another service" in said[4][1]
    assert all("from another service" not in said[number][1] for number in (1, 2, 3, 5))
    assert "ended on December 24, 2026" in said[3][1]
    # What a reader may not learn from it: why, and who.
    assert "Why" not in page.text
    assert "Zoë" not in page.text
    text = await paper(world, f"{path}/record.pdf", tmp_path)
    for part in (
        "All of my work",
        "Genuine, but not all of it holds",
        "on December 25, 2026 at 09:30 UTC: the record itself and 5 of the 5 credentials in it.",
        "Of its credentials: Valid: 2, Expired: 1, Revoked: 1, Suspended: 1, from another service: 1.",
        f"{BASE_URL}{path}",
        "Sheet 1 of 1",
    ):
        assert part in text, (part, text)
    rows = re.findall(r"(?:^| )(\d) (\S.*?) (?:Valid|Revoked|Expired|Suspended)(?= )", text.partition("On that day")[2])
    assert [number for number, _ in rows] == ["1", "2", "3", "4", "5"]
    states = re.findall(r"\d{4}-\d\d-\d\d (?:\S+ ){1,3}?(Valid|Revoked|Expired|Suspended)\b", text)
    assert states == ["Valid", "Revoked", "Expired", "Valid", "Suspended"], text
    assert text.count("from another service") == 2
    assert "Zoë" not in text


async def test_who_cannot_be_asked_has_no_verdict_and_is_not_called_valid(world: World, tmp_path: Path) -> None:
    record = await kept_records.keep(world.service, await award(world, "Assessment Literacy"), kept_records.foreign())
    path = await shared(world, record)
    world.web.pages.clear()
    answer = await world.service.http.get(path, headers=BROWSER)
    said = entries(Page(answer.text), answer.text)
    assert (said[1][0], said[2][0]) == ("valid", "not_checked")
    assert "the host does not answer" in said[2][1]
    assert "Genuine; checked in part" in answer.text
    text = await paper(world, f"{path}/record.pdf", tmp_path)
    assert "Of its credentials: Valid: 1, No verdict: 1, from another service: 1." in text
    assert "the host does not answer" in text
    assert "1 of its 2 credentials were checked" in text


async def test_a_paper_that_takes_too_long_is_made_of_some_and_says_so(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clr_transcript, "_FOR_ALL", 0.0)
    monkeypatch.setattr(clr_transcript, "_SOME", 1)
    ids = [await award(world, f"Number {number}", number) for number in (1, 2, 3)]
    record = await kept_records.keep(world.service, *ids)
    await change(world, ids[2], "revoke")
    text = await paper(world, f"{await shared(world, record)}/record.pdf", tmp_path)
    assert "the record itself and 1 of the 3 credentials in it" in text
    # What nobody looked at is not called valid, and what our own rows know is told.
    assert "Of its credentials: Valid: 1, Revoked: 1, not looked at here: 1." in text
    assert "It could not be looked at in time." in text


async def test_a_member_that_was_changed_is_named_by_its_number(world: World, tmp_path: Path) -> None:
    tampered = copy.deepcopy(kept_records.foreign(2))
    tampered["credentialSubject"]["achievement"]["name"] = "Doctor of Everything"
    good = await award(world, "Assessment Literacy")
    record = await kept_records.keep(world.service, good, tampered, kept_records.foreign(4))
    # What nobody signed does not come into a record at all.
    unsigned = {name: value for name, value in kept_records.foreign(3).items() if name != "proof"}
    with pytest.raises(Rejected):
        await kept_records.keep(world.service, good, unsigned)
    path = await shared(world, record)
    answer = await world.service.http.get(path, headers=BROWSER)
    said = entries(Page(answer.text), answer.text)
    assert {number: kind for number, (kind, _) in said.items()} == {1: "valid", 2: "invalid", 3: "valid"}
    assert "signature" in said[2][1]
    text = await paper(world, f"{path}/record.pdf", tmp_path)
    assert "Of its credentials: Valid: 2, Not valid: 1, from another service: 2." in text


async def test_a_record_that_was_tampered_with_is_not_to_be_relied_on(world: World, tmp_path: Path) -> None:
    record = await kept_records.keep(world.service, await award(world, "Assessment Literacy"), kept_records.foreign())
    path = await shared(world, record)
    document = json.loads(record.text)
    document["credentialSubject"]["verifiableCredential"][0]["credentialSubject"]["achievement"]["name"] = "Doctor"
    await kept_records.overwrite(world.service, record, document)
    answer = await world.service.http.get(path, headers=BROWSER)
    assert '<div class="verdict invalid" role="status">' in answer.text
    said = entries(Page(answer.text), answer.text)
    assert (said[1][0], said[2][0]) == ("invalid", "not_checked")
    text = await paper(world, f"{path}/record.pdf", tmp_path)
    assert "A check of the record failed. Do not rely on it" in text


async def test_a_record_that_was_taken_back_or_replaced_says_so(world: World, tmp_path: Path) -> None:
    first = await kept_records.keep(world.service, await award(world, "Assessment Literacy"))
    second = await kept_records.keep(world.service, await award(world, "Collaborative Coaching", 2))
    paths = [await shared(world, first), await shared(world, second)]
    assert "Valid Issuer kvec signed this record, and the one credential in it is in force today." in (
        await page_at_share(world, paths[0])
    )
    await kept_records.take_back(world.service, first)
    await kept_records.take_back(world.service, second, newer=first)
    assert "Revoked Issuer kvec signed this record and later took it back." in await page_at_share(world, paths[0])
    replaced = await world.service.http.get(paths[1], headers=BROWSER)
    assert "Issuer kvec has made a newer record in place of this one." in Page(replaced.text).text
    # The newer one was not shared.
    assert str(first.id) not in replaced.text
    assert "Replaced by a newer record" in await paper(world, f"{paths[1]}/record.pdf", tmp_path)


async def page_at_share(world: World, path: str, status: int = 200, **headers: str) -> str:
    answer = await world.service.http.get(path, headers={**BROWSER, **headers})
    assert answer.status_code == status, answer.text
    check_headers(answer)
    assert answer.headers["cache-control"] in ("private, no-store", "no-store")
    assert "noindex" in answer.headers["x-robots-tag"]
    return Page(answer.text).text


async def test_the_same_credentials_by_time_by_skill_and_by_issuer(world: World) -> None:
    record = await kept_records.keep(
        world.service,
        await award(world, "Assessment Literacy", 1, aligned=("Feedback", "Assessment")),
        await award(world, "Collaborative Coaching", 2, aligned=("Feedback",)),
        await award(world, "Learning Structures", 3),
        kept_records.foreign(),
    )
    path = await shared(world, record)

    async def groups(query: str) -> list[tuple[str, list[int]]]:
        html = (await world.service.http.get(path + query, headers=BROWSER)).text
        parts = re.split(r"<h3[^>]*>", html.partition('id="list"')[2].partition('<div class="side">')[0])[1:]
        return [(part.partition("<")[0].strip(), [int(n) for n in re.findall(r"No\. (\d+)", part)]) for part in parts]

    assert await groups("") == [("2026", [1, 2, 3, 4])]
    assert await groups("?view=time") == await groups("?view=%3Cscript%3E") == await groups("")
    skills = await groups("?view=skill")
    assert skills[0] == ("Assessment", [1])
    assert ("Feedback", [1, 2]) in skills
    assert skills[-1][0] == "No skill is named"
    assert sorted({number for _, numbers in skills for number in numbers}) == [1, 2, 3, 4]
    assert await groups("?view=issuer") == [
        ("Issuer kvec", [1, 2, 3]),
        ("Kentucky Valley Educational Cooperative", [4]),
    ]


async def test_a_large_record_comes_in_sheets(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clr_reading, "PER_SHEET", 2)
    monkeypatch.setattr(clr, "_AT_ONCE", 2)
    ids = [await award(world, f"Number {number}", number) for number in range(1, 6)]
    record = await kept_records.keep(world.service, *ids)
    await change(world, ids[4], "revoke")
    path = await shared(world, record)
    html = (await world.service.http.get(path, headers=BROWSER)).text
    page = Page(html)
    assert list(entries(page, html)) == [1, 2]
    assert "Sheet 1 of 3" in page.text
    # Those that are not shown are neither called good nor hidden where we know that they are bad.
    assert "the record itself and 2 of the 5 credentials in it" in page.text
    assert "Number 5 : Revoked, sheet 3" in page.text
    links = [attributes["href"] for attributes in page.all("a")]
    assert f"{path}?page=2#list" in links
    last = (await world.service.http.get(f"{path}?page=3", headers=BROWSER)).text
    assert {number: kind for number, (kind, _) in entries(Page(last), last).items()} == {5: "revoked"}
    for beyond in ("4", "99999", "0", "-1", "x", "9" * 50, "%F0%9F%98%80"):
        answer = await world.service.http.get(f"{path}?page={beyond}", headers=BROWSER)
        assert answer.status_code == 200, beyond


async def test_a_page_of_texts_as_long_as_they_may_be_stays_small(world: World) -> None:
    long = "W" * 200
    skills = [
        {"type": ["Alignment"], "targetName": f"{long}{n}", "targetUrl": f"https://x.example.org/{n}"} for n in range(3)
    ]
    many = [
        kept_records.foreign(
            n,
            issuer={**issued.issuer(), "name": long},
            credentialSubject={
                **issued.signed()["credentialSubject"],
                "achievement": {**issued.achievement(), "name": long, "alignment": skills},
            },
        )
        for n in range(30)
    ]
    record = await kept_records.keep(world.service, await award(world, "Assessment Literacy"), *many, name=long)
    path = await shared(world, record)
    for query in ("", "?view=skill", "?view=issuer&page=2", "?lang=es"):
        answer = await world.service.http.get(path + query, headers=BROWSER)
        check_headers(answer)


async def test_a_record_in_spanish(world: World, tmp_path: Path) -> None:
    record = await record_with_every_kind(world)
    path = await shared(world, record)
    text = await page_at_share(world, path, **{"Accept-Language": "es"})
    assert "Auténtico, pero no todo sigue en vigor" in text
    assert "De sus 5 credenciales, 3 no están en vigor hoy" in text
    html = (await world.service.http.get(f"{path}?lang=es", headers=BROWSER)).text
    links = [attributes["href"] for attributes in Page(html).all("a")]
    assert f"{path}/record.pdf?lang=es" in links
    assert f"{path}?view=skill&lang=es#list" in links or f"{path}?view=skill#list" in links
    on_paper = await paper(world, f"{path}/record.pdf?lang=es", tmp_path)
    assert "De sus credenciales: Válida: 2, Vencida: 1, Revocada: 1, Suspendida: 1, de otro servicio: 1." in on_paper
    assert "el 25 de diciembre de 2026 a las 09:30 UTC" in on_paper


async def test_the_earner_is_named_only_where_the_link_says_so(world: World, tmp_path: Path) -> None:
    record = await kept_records.keep(world.service, await award(world, "Assessment Literacy"))
    plain, named = await shared(world, record), await shared(world, record, named=True)
    assert "The record of its holder" in await page_at_share(world, plain)
    assert "The record of Zoë Ñ" in await page_at_share(world, named)
    assert "Zoë" not in await paper(world, f"{plain}/record.pdf", tmp_path)
    assert "The record of Zoë Ñ" in await paper(world, f"{named}/record.pdf", tmp_path)


async def test_the_files_of_a_link_are_those_of_the_record(world: World) -> None:
    record = await kept_records.keep(world.service, await award(world, "Assessment Literacy"))
    path = await shared(world, record)
    page = Page((await world.service.http.get(path, headers=BROWSER)).text)
    links = {attributes["href"]: attributes for attributes in page.all("a")}
    kinds = {"json": "application/json", "png": "image/png", "svg": "image/svg+xml", "pdf": "application/pdf"}
    for form, kind in kinds.items():
        assert "download" in links[f"{path}/record.{form}"]
        answer = await world.service.http.get(f"{path}/record.{form}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["content-disposition"].startswith("attachment; ")
        assert "sandbox" in answer.headers["content-security-policy"]
        if form == "json":
            assert answer.text == record.text
        elif form != "pdf":
            assert unbake(answer.content).text == record.text
    # The record's own address is not told on a page that may be closed.
    assert f"/clrs/{record.id}" not in page.text
    assert (await world.service.http.get(f"{path}/record.exe", headers=BROWSER)).status_code == 404


async def test_a_closed_link_is_gone_at_once_and_as_one_that_never_was(world: World) -> None:
    record = await kept_records.keep(world.service, await award(world, "Assessment Literacy"))
    http = world.service.http
    answer = await http.post(f"/v1/clrs/{record.id}/shares", json={"password": PASSWORD}, headers=world.own)
    made, path = answer.json(), answer.json()["url"].removeprefix(BASE_URL)
    ending = await shared(world, record, expires_at="2026-11-24T09:31:00Z")
    open_one = await shared(world, record)
    for address in (open_one, ending):
        assert (await http.get(address, headers=BROWSER)).status_code == 200
    closed = await http.post(f"/v1/clrs/{record.id}/shares/{made['id']}/close", headers=world.own)
    assert (closed.status_code, closed.json()["open"], closed.json()["closed_at"]) == (
        200,
        False,
        "2026-11-24T09:30:00Z",
    )
    world.service.clock.advance(minutes=1)
    never = f"/s/{'A' * 32}"
    said = set()
    for address in (path, ending, never):
        for method, below in (("GET", ""), ("GET", "/record.pdf"), ("GET", "/record.json"), ("POST", "")):
            gone = await http.request(
                method,
                address + below,
                headers=BROWSER,
                data={"password": PASSWORD} if method == "POST" else None,
            )
            assert gone.status_code == 404, (address, below)
            headers = {name: value for name, value in gone.headers.items() if name != "x-request-id"}
            said.add((gone.text, json.dumps(headers)))
    assert len(said) == 1
    assert (await http.get(open_one, headers=BROWSER)).status_code == 200


async def test_a_password_is_asked_for_before_anything_is_told(world: World) -> None:
    record = await kept_records.keep(world.service, await award(world, "Assessment Literacy"), name="All of my work")
    http = world.service.http
    path, other = await shared(world, record, password=PASSWORD), await shared(world, record, password=PASSWORD)
    asked = await page_at_share(world, path)
    assert "This record is protected" in asked
    assert "All of my work" not in asked
    for form in ("json", "pdf", "png"):
        answer = await http.get(f"{path}/record.{form}")
        assert (answer.status_code, answer.headers["location"]) == (303, path)
    wrong = await http.post(f"{path}?lang=es", data={"password": "another one"}, headers=BROWSER)
    assert wrong.status_code == 403
    check_headers(wrong)
    page = Page(wrong.text)
    assert "Esa no es la contraseña de este enlace." in page.text
    assert [form["action"] for form in page.all("form")] == [f"{path}?lang=es"]
    right = await http.post(path, data={"password": PASSWORD}, headers=BROWSER)
    assert (right.status_code, right.headers["location"]) == (303, path)
    cookie = right.headers["set-cookie"]
    assert {part.strip() for part in cookie.split(";")[1:]} == {
        "HttpOnly",
        "Max-Age=7200",
        f"Path={path}",
        "SameSite=lax",
        "Secure",
    }
    assert PASSWORD not in cookie
    # httpx2 keeps the cookie by path, as a browser does.
    assert "All of my work" in await page_at_share(world, path)
    assert (await http.get(f"{path}/record.json")).text == record.text
    assert "This record is protected" in await page_at_share(world, other)
    world.service.clock.advance(hours=2)
    assert "This record is protected" in await page_at_share(world, path)
    # A link without one takes any, and sends on.
    plain = await shared(world, record)
    answer = await http.post(plain, data={"password": "x"}, headers=BROWSER)
    assert (answer.status_code, answer.headers["location"], "set-cookie" in answer.headers) == (303, plain, False)


async def test_passwords_are_tried_a_few_times_and_then_later(world: World) -> None:
    record = await kept_records.keep(world.service, await award(world, "Assessment Literacy"))
    path = await shared(world, record, password=PASSWORD)
    http = world.service.http
    for _ in range(10):
        assert (await http.post(path, data={"password": "wrong one"}, headers=BROWSER)).status_code == 403
    many = await http.post(path, data={"password": PASSWORD}, headers=BROWSER)
    assert (many.status_code, many.headers["retry-after"]) == (429, "900")
    assert "Try again in 15 minutes." in many.text
    world.service.clock.advance(minutes=15)
    assert (await http.post(path, data={"password": PASSWORD}, headers=BROWSER)).status_code == 303


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"{}", "application/json"), (b"\xff", "application/x-www-form-urlencoded"), (b"a&" * 9, "text/plain"),
     (b"a=1&b=2&c=3&d=4&e=5", "application/x-www-form-urlencoded"),
     (b"x" * 5_000, "application/x-www-form-urlencoded")],
)  # fmt: skip
async def test_another_form_is_refused(world: World, content: bytes, kind: str) -> None:
    record = await kept_records.keep(world.service, await award(world, "Assessment Literacy"))
    path = await shared(world, record, password=PASSWORD)
    answer = await world.service.http.post(path, content=content, headers={**BROWSER, "Content-Type": kind})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/html; charset=utf-8")


async def test_an_earner_sees_how_often_a_link_was_opened(world: World) -> None:
    record = await kept_records.keep(world.service, await award(world, "Assessment Literacy"))
    http = world.service.http
    made = (await http.post(f"/v1/clrs/{record.id}/shares", json={"password": PASSWORD}, headers=world.own)).json()
    path = made["url"].removeprefix(BASE_URL)
    await http.get(path, headers=BROWSER)  # only the question for the password
    await http.post(path, data={"password": PASSWORD}, headers=BROWSER)
    for query in ("", "", "?view=skill", "?page=2", "?lang=es"):
        await http.get(path + query, headers=BROWSER)
    await http.get(f"{path}/record.json")
    async with world.service.runtime.begin(operator()) as work:
        await showing.views_of(work.database).flush(work.database)
    told = (await http.get(f"/v1/clrs/{record.id}/shares/{made['id']}", headers=world.own)).json()
    assert (told["views"], told["locked"], told["open"], told["url"]) == (3, True, True, None)


async def test_links_over_http_are_made_once_and_told_once(world: World) -> None:
    record = await kept_records.keep(world.service, await award(world, "Assessment Literacy"))
    http, address = world.service.http, f"/v1/clrs/{record.id}/shares"
    headers = {**world.own, "Idempotency-Key": "a-key-of-mine"}
    body = {"label": "For the board", "expires_at": "2026-12-24T00:00:00+01:00"}
    first = await http.post(address, json=body, headers=headers)
    assert first.status_code == 201, first.text
    made = first.json()
    assert first.headers["location"] == f"{BASE_URL}{address}/{made['id']}"
    assert {name: made[name] for name in ("label", "named", "locked", "expires_at", "closed_at", "open", "views")} == {
        "label": "For the board",
        "named": False,
        "locked": False,
        "expires_at": "2026-12-23T23:00:00Z",
        "closed_at": None,
        "open": True,
        "views": 0,
    }
    again = await http.post(address, json=body, headers=headers)
    assert (again.status_code, again.headers["idempotent-replay"]) == (201, "true")
    assert again.json() == {**made, "url": None}
    other = await http.post(address, json={"label": "Another"}, headers=headers)
    assert other.status_code == 422
    service_clock = world.service.clock
    for number in range(2):
        service_clock.advance(seconds=1)
        await http.post(address, json={"label": f"More {number}"}, headers=world.own)
    page = (await http.get(f"{address}?limit=2", headers=world.own)).json()
    assert [item["label"] for item in page["items"]] == ["More 1", "More 0"]
    rest = (await http.get(page["next"], headers=world.own)).json()
    assert ([item["label"] for item in rest["items"]], rest["next"]) == (["For the board"], None)
    assert all(item["url"] is None for item in (*page["items"], *rest["items"]))
    for bad, pointer in (
        ({"password": "short"}, "/password"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "soon"}, "/expires_at"),
        ({"label": ""}, "/label"),
        ({"named": "perhaps"}, "/named"),
        ({"token": "mine"}, "/token"),
    ):
        refused = await http.post(address, json=bad, headers=world.own)
        assert (refused.status_code, [each["pointer"] for each in refused.json()["errors"]]) == (422, [pointer]), bad
    assert len((await http.get(address, headers=world.own)).json()["items"]) == 3


XSS = [
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'><svg onload=alert(1)>", "{{ 7*7 }}",
    "</title><script>alert(1)</script>", "javascript:alert(1)", "<base href=//evil.example>", "${7*7}#set page()",
    "<meta http-equiv=refresh content='0;url=//evil.example'>", "&lt;script&gt;", "{% raw %}", "#eval(\"1\")",
]  # fmt: skip


async def test_words_of_others_stay_words(world: World, tmp_path: Path) -> None:
    members = []
    for number, text in enumerate(XSS, start=1):
        subject = copy.deepcopy(issued.signed()["credentialSubject"])
        subject["achievement"] |= {
            "name": f"Name {text}",
            "alignment": [
                {"type": ["Alignment"], "targetName": f"Skill {text}", "targetFramework": text,
                 "targetUrl": "https://x.example.org/1"}
            ],
        }  # fmt: skip
        members.append(
            kept_records.foreign(number, issuer={**issued.issuer(), "name": f"By {text}"}, credentialSubject=subject)
        )
    record = await kept_records.keep(
        world.service, await award(world, "Assessment Literacy"), *members, name="".join(XSS)[:400]
    )
    path = await shared(world, record)
    for query in ("", "?view=skill", "?view=issuer", "?page=2&view=skill"):
        answer = await world.service.http.get(path + query, headers=BROWSER)
        check_headers(answer)
        page = Page(answer.text)
        assert page.all("script") == []
        assert {name for name, _ in page.elements}.isdisjoint({"base", "iframe", "style", "object", "embed"})
        for _, attributes in page.elements:
            assert not any(name.startswith("on") for name in attributes), attributes
            assert not attributes.get("href", "").lower().startswith("javascript:")
        assert [each["http-equiv"] for each in page.all("meta") if "http-equiv" in each] == []
    first = Page((await world.service.http.get(path, headers=BROWSER)).text)
    for text in XSS:
        assert f"Name {' '.join(text.split())}" in first.text, text
    words = await paper(world, f"{path}/record.pdf", tmp_path)
    assert "Name {{ 7*7 }}" in words
    assert "49" not in re.sub(r"[\w-]*\d{3,}[\w-]*", "", words)


async def test_letters_that_no_font_has_are_said_to_be_missing(world: World) -> None:
    record = await kept_records.keep(
        world.service, await award(world, "王小明 😀 שלום"), name="José Ñ · Zoë ® · 王小明"
    )
    path = await shared(world, record)
    answer = await world.service.http.get(f"{path}/record.pdf")
    assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")
    assert "王小明 😀 שלום" in await page_at_share(world, path)


async def test_a_record_has_its_page_at_its_own_address(world: World, tmp_path: Path) -> None:
    first = await kept_records.keep(world.service, await award(world, "Assessment Literacy"), kept_records.foreign())
    second = await kept_records.keep(world.service, await award(world, "Collaborative Coaching", 2))
    path = f"/clrs/{first.id}"
    page = await page_at(world.service, path)
    assert f"Address of this record {BASE_URL}{path}" in page.text
    links = {attributes["href"] for attributes in page.all("a")}
    for form in ("json", "png", "svg", "pdf"):
        assert f"{path}.{form}" in links
        assert (await world.service.http.get(f"{path}.{form}")).status_code == 200
    assert {each.get("content") for each in page.all("meta") if each.get("name") == "robots"} == {"noindex"}
    text = await paper(world, path, tmp_path, Accept="application/pdf")
    assert f"{BASE_URL}{path}" in text
    assert (await world.service.http.get(path)).text == first.text
    await kept_records.take_back(world.service, first, newer=second)
    page = await page_at(world.service, path)
    assert f"/clrs/{second.id}" in {attributes["href"] for attributes in page.all("a")}
    for nothing in (f"/clrs/{'0' * 8}-0000-4000-8000-{'0' * 12}", "/clrs/x", f"{path}x"):
        await page_at(world.service, nothing, 404)


async def test_a_credential_that_was_replaced_leads_to_the_newer_one_and_a_closed_one_nowhere(world: World) -> None:
    achievement = await make.publish(world.service, world.own, duplicates="replace")
    first = await make.award(world.service, world.own, achievement, 1)
    closed = await award(world, "Learning Structures", 7)
    record = await kept_records.keep(world.service, first["id"], closed)
    second = await make.award(
        world.service, world.own, achievement, 2, earner={"email": "teacher1@schools.example.org"}
    )
    async with world.service.runtime.begin(operator()) as work:
        row = await work.session.get(Award, UUID(closed))
        assert row is not None
        subject = await work.session.get(Subject, row.subject_id)
        assert subject is not None
        await showing.set_visibility(work, earner_id=subject.earner_id, award_id=row.id, visibility=Visibility.CLOSED)
        made = await sharing.share_for_earner(work, earner_id=record.earner_id, clr_id=record.id, link=Link())
    answer = await world.service.http.get(made.address, headers=BROWSER)
    assert answer.status_code == 200, answer.text
    said = entries(Page(answer.text), answer.text)
    assert (said[1][0], said[2][0]) == ("superseded", "valid")
    links = {attributes["href"] for attributes in Page(answer.text).all("a")}
    newer = second["credential"]["url"].removeprefix(BASE_URL)
    assert newer in links
    assert first["credential"]["url"].removeprefix(BASE_URL) in links
    assert sum(link.startswith("/credentials/") for link in links) == 2
