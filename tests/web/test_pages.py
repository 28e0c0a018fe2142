"""The pages for people: what they say in every state, that nothing on them runs, and that programs still get JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import badgeissuer.web.pages
from badgeissuer.web.pages import language, markup, rendering
from tests.support import make
from tests.support.app import BASE_URL, Service
from tests.support.bundled import Bundled
from tests.support.hostile_texts import REFUSED, XSS
from tests.support.pages import BROWSER, CHROME, Page, check_headers, page_at

FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/png,image/svg+xml,*/*;q=0.8"


async def _award(service: Service, document: Any = None, **members: Any) -> tuple[dict[str, str], Any]:
    own = await make.register(service)
    return own, await make.award(service, own, await make.publish(service, own, document=document), **members)


def _results() -> list[dict[str, str]]:
    return [{"criterion": "Assessment design", "level": "Exemplary"}]


async def test_a_browser_gets_the_page_of_a_badge(service: Service) -> None:
    document = make.achievement(
        criteria={"id": "https://kvec.example.org/criteria", "narrative": "Submit a *reflection*.\n\n- one\n- two"},
        alignment=[
            {
                "type": ["Alignment"],
                "targetName": "Assessment",
                "targetFramework": "InTASC 6",
                "targetUrl": "https://ccsso.example.org/intasc/6",
            }
        ],
        tag=["literacy"],
    )
    _, award = await _award(service, document, results=_results())
    url, page = award["credential"]["url"], await page_at(service, award["credential"]["url"])
    for part in (
        "Assessment Literacy",
        "Awarded to the holder of this credential by Issuer kvec",
        "Awarded November 20, 2026",
        "Valid Issuer kvec signed this credential, and it is in force today.",
        "All 9 checks are in order",
        "0 It can be read in order",
        "8 Endorsements and linked documents are in order in order",
        "Designs and reads classroom assessments",
        "Submit a reflection . one two",
        "InTASC 6",
        "literacy",
        "Assessment design Exemplary required: Proficient",
        "Assessment plan Lesson plan",
    ):
        assert part in page.text, (part, page.text)
    assert "Teacher 1" not in page.text
    links = {attributes["href"]: attributes for attributes in page.all("a")}
    for end in ("json", "jwt", "png", "svg", "pdf"):
        assert f"{urlsplit(url).path}.{end}" in links
    for foreign in ("https://kvec.example.org/criteria", "https://ccsso.example.org/intasc/6"):
        assert links[foreign]["rel"] == "nofollow ugc noopener"
    linkedin = next(address for address in links if "linkedin" in address)
    assert parse_qs(urlsplit(linkedin).query) == {
        "startTask": ["CERTIFICATION_NAME"],
        "name": ["Assessment Literacy"],
        "organizationName": ["Issuer kvec"],
        "issueYear": ["2026"],
        "issueMonth": ["11"],
        "certUrl": [url],
        "certId": [url.rpartition("/")[2]],
    }
    assert f"{BASE_URL}/issuers/kvec" in links
    assert (await service.http.get("/issuers/kvec")).status_code == 200
    meta = {each.get("property") or each.get("name"): each.get("content") for each in page.all("meta")}
    assert meta["og:image"] == f"{url}.card.png"
    assert (meta["twitter:card"], meta["robots"]) == ("summary_large_image", "noindex")
    assert {"rel": "canonical", "href": url} in page.all("link")
    told = json.loads(page.data["script"])
    assert (told["@type"], told["name"], told["url"]) == (
        "EducationalOccupationalCredential",
        "Assessment Literacy",
        url,
    )
    assert [attributes["type"] for attributes in page.all("script")] == ["application/ld+json"]
    # The pictures that it shows are there.
    for image in page.all("img"):
        assert (await service.http.get(image["src"])).headers["content-type"] == "image/svg+xml"
        assert image["alt"]


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (CHROME, "text/html; charset=utf-8"),
        (FIREFOX, "text/html; charset=utf-8"),
        ("text/html", "text/html; charset=utf-8"),
        ("text/html, application/json;q=0.5", "text/html; charset=utf-8"),
        ("*/*", "application/vc"),
        (None, "application/vc"),
        ("application/json, text/plain, */*", "application/json"),
        ("application/vc, application/ld+json;q=0.9, application/json;q=0.8, text/html;q=0.1", "application/vc"),
        ("application/json, text/html", "application/json"),
        ("text/html;q=0, */*", "application/vc"),
        ("application/vc+jwt", "application/vc+jwt"),
    ],
)
async def test_only_who_asks_for_a_page_gets_one(service: Service, accept: str | None, expected: str) -> None:
    _, award = await _award(service)
    url = award["credential"]["url"]
    if accept is None:
        service.http.headers.pop("accept")
    answer = await service.http.get(url, headers={"Accept": accept} if accept else {})
    assert (answer.status_code, answer.headers["content-type"]) == (200, expected)
    suffixed = await service.http.get(f"{url}.json", headers={"Accept": accept} if accept else {})
    assert suffixed.headers["content-type"] == "application/json"


async def test_a_reader_who_has_the_page_gets_304_until_it_says_something_else(service: Service) -> None:
    own, award = await _award(service)
    url = award["credential"]["url"]
    tag = (await service.http.get(url, headers=BROWSER)).headers["etag"]
    again = await service.http.get(url, headers={**BROWSER, "If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["cache-control"]) == (304, b"", "no-cache")
    await _change(service, own, award, "revoke")
    changed = await service.http.get(url, headers={**BROWSER, "If-None-Match": tag})
    assert changed.status_code == 200


async def _change(service: Service, own: dict[str, str], award: Any, verb: str) -> None:
    answer = await service.http.post(f"/v1/awards/{award['id']}/{verb}", json={"reason": "Why not"}, headers=own)
    assert answer.status_code == 200, answer.text


async def test_every_state_has_its_own_words_colour_and_shape(service: Service) -> None:
    own = await make.register(service)
    lasting = await make.publish(service, own)
    ending = await make.publish(service, own, document=make.achievement("Ends"), valid_for_days=365)
    held = await make.publish(service, own, document=make.achievement("Held"), status_purpose="suspension")
    awards = {
        state: await make.award(service, own, {"expired": ending, "suspended": held}.get(state, lasting), number)
        for number, state in enumerate(("valid", "revoked", "suspended", "expired"), start=1)
    }
    await _change(service, own, awards["revoked"], "revoke")
    await _change(service, own, awards["suspended"], "suspend")
    service.clock.advance(days=500)
    said = {
        "valid": "Valid Issuer kvec signed this credential, and it is in force today.",
        "revoked": "Revoked Issuer kvec signed this credential and later took it back. Do not rely on it.",
        "suspended": "Suspended Issuer kvec has suspended this credential for now.",
        "expired": "Expired This credential is genuine, but its time ended on November",
    }
    shapes = set()
    for state, award in awards.items():
        page = await page_at(service, award["credential"]["url"])
        assert [name for name in page.classes("div") if name.startswith("verdict")] == [f"verdict {state}"]
        assert said[state] in page.text
        assert all(words not in page.text for other, words in said.items() if other != state)
        assert ("All 9 checks are in order" in page.text) is (state == "valid")
        assert "Why not" not in page.text
        start = next(
            place for place, (_, found) in enumerate(page.elements) if found.get("class", "").startswith("verd")
        )
        shapes.add(str(page.elements[start + 2 : start + 4]))
    assert len(shapes) == 4


async def test_a_page_in_spanish(service: Service) -> None:
    _, award = await _award(service)
    url = award["credential"]["url"]
    page = await page_at(service, url, **{"Accept-Language": "es-MX,es;q=0.9,en;q=0.5"})
    assert page.all("html") == [{"lang": "es"}]
    assert "Válida Issuer kvec firmó esta credencial y hoy está vigente." in page.text
    assert "Otorgada 20 de noviembre de 2026" in page.text
    assert (await page_at(service, url, **{"Accept-Language": "de"})).all("html") == [{"lang": "en"}]


def test_both_languages_say_the_same_things() -> None:
    assert list(language.ENGLISH.messages) == list(language.SPANISH.messages)
    for name, message in language.ENGLISH.messages.items():
        fields = set(re.findall(r"{(\w+)}", message))
        assert set(re.findall(r"{(\w+)}", language.SPANISH.messages[name])) == fields, name
    for words in (language.ENGLISH, language.SPANISH):
        assert len(words.messages["months"].split()) == 12
    used = set()
    for path in (Path(badgeissuer.web.pages.__file__).parent / "templates").iterdir():
        used |= set(re.findall(r"""say\(["'](\w+)["'][,)]""", path.read_text(encoding="utf-8")))
    assert used <= set(language.ENGLISH.messages)


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        (None, "en"),
        ("", "en"),
        ("es", "es"),
        ("ES-mx", "es"),
        ("en,es", "en"),
        ("es;q=0.8, en;q=0.7", "es"),
        ("fr", "en"),
        ("fr, es;q=0.1", "es"),
        ("*", "en"),
        ("es;q=0", "en"),
        ("*;q=0.5, en;q=0.1", "es"),
        ("x" * 9_000, "en"),
    ],
)
def test_the_language_that_a_browser_asks_for(header: str | None, tag: str) -> None:
    assert language.asked(header).tag == tag


PLACES = ("/", "/catalogue", "/me", "/openapi.json")
ALLOWED = {
    *("html", "head", "meta", "title", "link", "script", "body", "a", "header", "div", "span", "svg", "path", "nav"),
    *(
        "main",
        "article",
        "img",
        "h1",
        "h2",
        "h3",
        "p",
        "b",
        "dl",
        "dt",
        "dd",
        "time",
        "circle",
        "rect",
        "section",
        "ul",
    ),
    *("ul", "li", "ol", "details", "summary", "pre", "code", "footer", "em", "strong", "s"),
}


def _harmless(page: Page) -> None:
    assert {tag for tag, _ in page.elements} <= ALLOWED
    assert len(page.all("script")) == 1
    assert len(page.all("title")) == 1
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name in ("style", "srcdoc", "http-equiv")]
        for name in ("href", "src"):
            if name not in attributes:
                continue
            value = attributes[name]
            own = value.startswith(("/credentials/", "/static/", "#", "?lang=", "mailto:?subject=")) or value in (
                "/verify",
                *PLACES,
            )
            assert own or (tag in ("a", "link") and value.startswith("https:")), (tag, value)
    assert len(page.all("link")) == 5


async def test_what_others_wrote_stays_text_in_every_field(service: Service) -> None:
    assert len(XSS) >= 30
    for number, text in enumerate(XSS):
        await _stays_text(service, f"issuer-{number}", text)


async def _stays_text(service: Service, slug: str, text: str) -> None:
    answer = await service.http.post(
        "/v1/issuers", json={"slug": slug, "profile": make.profile(text)}, headers=await service.platform()
    )
    if text in REFUSED:
        # It would never stand in a credential of ours. One of somebody else's is shown as it is: see below.
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "link")
        return
    assert answer.status_code == 201, answer.text
    own = await service.as_issuer(slug)
    levels = [{"name": text, "level": "1", "points": "1"}, {"name": "Else", "level": "2", "points": "2"}]
    document = {
        **make.achievement(text),
        "description": text,
        "criteria": {"narrative": f"{text}\n\n{text}"},
        "alignment": [
            {
                "type": ["Alignment"],
                "targetName": text,
                "targetDescription": text,
                "targetFramework": text,
                "targetCode": text,
                "targetUrl": "https://ccsso.example.org/6",
            }
        ],
        "tag": [text],
        "resultDescription": [
            {"name": text, "resultType": "RubricCriterionLevel", "requiredLevel": text, "rubricCriterionLevel": levels}
        ],
    }
    achievement = await make.publish(service, own, slug, document=document)
    evidence = {"name": text, "genre": text, "description": text, "narrative": f"{text}\n\n{text}"}
    award = await make.award(
        service, own, achievement, evidence=[evidence], results=[{"criterion": text, "level": text}]
    )
    answer = await service.http.get(award["credential"]["url"], headers=BROWSER)
    check_headers(answer)
    page = Page(answer.text)
    _harmless(page)
    # It is all there, as text.
    plain = " ".join(text.split())
    assert page.text.count(plain) >= 10, (page.text.count(plain), page.text)
    assert json.loads(page.data["script"])["name"] == text.strip()


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("https://a.example/x?y=1#z", True),
        ("http://a.example", False),
        ("javascript:alert(1)", False),
        ("https://user@a.example", False),
        ("https://", False),
        ("https://[::1", False),
        ('https://a.example/"x', False),
        ("https://a.example/" + "x" * 3_000, False),
        (None, False),
    ],
)
def test_only_https_is_a_link(value: object, found: bool) -> None:
    assert markup.web_address(value) == (value if found else None)


def test_markdown_is_cut_down_to_what_is_allowed() -> None:
    html = markup.markdown("# One\n\n[a](https://a.example) [b](/verify) ![c](https://a.example/c.png) <b>d</b>")
    assert html == (
        "<h3>One</h3>\n"
        '<p><a href="https://a.example" rel="nofollow ugc noopener noreferrer">a</a> '
        '<a rel="nofollow ugc noopener noreferrer">b</a>  &lt;b&gt;d&lt;/b&gt;</p>\n'
    )
    assert len(markup.markdown("x " * 100_000)) < 8_100
    assert markup.markdown(5) == ""


async def test_what_is_not_there_is_a_page_with_its_status(service: Service) -> None:
    for name in ("nothing", "00000000-0000-4000-8000-000000000000"):
        page = await page_at(service, f"/credentials/{name}", 404)
        assert "Nothing is here" in page.text
        program = await service.http.get(f"/credentials/{name}", headers={"Accept": "application/vc"})
        assert program.headers["content-type"] == "application/problem+json"


async def test_an_address_that_is_none_is_a_page_for_people_and_a_problem_for_programs(service: Service) -> None:
    page = await page_at(service, "/nothing/here", 404)
    assert "Nothing is here" in page.text
    for path, accept in (("/nothing/here", "*/*"), ("/v1/nothing", CHROME)):
        program = await service.http.get(path, headers={"Accept": accept})
        assert (program.status_code, program.headers["content-type"]) == (404, "application/problem+json")


async def test_the_style_sheet_is_kept_for_ever_and_loads_nothing(service: Service) -> None:
    page = await page_at(service, "/verify")
    (address,) = (each["href"] for each in page.all("link") if each["rel"] == "stylesheet")
    assert re.fullmatch(r"/static/style\.css\?v=[0-9a-f]{16}", address)
    answer = await service.http.get(address)
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "url(" not in answer.text
    assert "@import" not in answer.text
    assert answer.content == rendering.STYLE


# The form.


async def _send(service: Service, status: int = 200, *, file: bytes | None = None, **fields: str) -> Page:
    files = {"file": ("badge", file, "application/octet-stream")} if file is not None else {"file": ("", b"")}
    answer = await service.http.post("/verify", data=fields, files=files, headers=BROWSER)
    assert answer.status_code == status, answer.text
    check_headers(answer)
    assert answer.headers["cache-control"] == "no-store"
    return Page(answer.text)


async def test_the_form_verifies_every_form_of_a_credential(service: Service) -> None:
    _, award = await _award(service)
    url = award["credential"]["url"]
    for end in ("json", "jwt", "png", "svg"):
        content = (await service.http.get(f"{url}.{end}")).content
        page = await _send(service, file=content)
        assert "Valid Its issuer signed it, and it is in force today." in page.text, page.text
        assert "Title Assessment Literacy" in page.text
        if end in ("json", "jwt"):
            assert "Valid Its issuer signed it" in (await _send(service, text=f"\n {content.decode()} ")).text
    assert "Valid Its issuer signed it" in (await _send(service, text=f" {url} ")).text


async def test_the_form_names_the_step_that_failed_with_cause_and_remedy(service: Service) -> None:
    own, award = await _award(service)
    content = (await service.http.get(f"{award['credential']['url']}.json")).content
    page = await _send(service, file=content.replace(b"Assessment Literacy", b"Assessment Illiteracy"))
    assert page.classes("li").count("step failed") == 1
    assert "3 The signature is good failed Cause:" in page.text
    assert "What to do: do not rely on this copy" in page.text
    assert "None of this is proved" in page.text
    assert "Valid" not in page.text.replace("Not valid", "").replace("Valid from", "")
    await _change(service, own, award, "revoke")
    assert "Revoked Its issuer signed it and later took it back." in (await _send(service, file=content)).text
    nonsense = await _send(service, text="<script>alert(1)</script>")
    assert nonsense.all("script") == []
    assert "0 It can be read failed" in nonsense.text


async def test_the_form_asks_whom_it_is_about(service: Service) -> None:
    _, award = await _award(service)
    content = (await service.http.get(f"{award['credential']['url']}.json")).content
    assert "Valid" in (await _send(service, file=content, recipient="teacher1@schools.example.org")).text
    other = await _send(service, file=content, recipient="teacher2@schools.example.org")
    assert "7 Holder and achievement fit failed" in other.text


async def test_the_form_lists_the_credentials_of_a_record_by_their_places(service: Service) -> None:
    own = await make.register(service)
    bundled = Bundled(service, own, await make.publish(service, own, duplicates="allow"))
    awards = await bundled.award(3)
    record = (await bundled.post()).json()["records"][0]
    content = (await service.http.get(f"{record['url']}.json")).content
    page = await _send(service, file=content)
    for number in (1, 2, 3):
        assert f"No. {number} Assessment Literacy Issuer kvec Valid" in page.text, page.text
    await _change(service, own, awards[1], "revoke")
    page = await _send(service, file=content)
    members = json.loads(content)["credentialSubject"]["verifiableCredential"]
    place = next(n for n, each in enumerate(members) if each["id"] == awards[1]["credential"]["url"])
    assert f"No. {place + 1} Assessment Literacy Issuer kvec Revoked" in page.text
    assert f"/credentialSubject/verifiableCredential/{place} 0 It can be read" in page.text
    assert page.text.count("Issuer kvec Valid") == 2
    changed = content.replace(b"Designs and reads", b"Writes and reads", 1)
    page = await _send(service, file=changed)
    assert "Not valid A check failed." in page.text
    assert "/credentialSubject/verifiableCredential/0" in page.text


async def test_the_form_answers_in_its_own_words_whatever_is_sent(service: Service) -> None:
    assert "Choose a file, or paste" in (await _send(service, 422)).text
    assert "not both" in (await _send(service, 422, file=b"{}", text="{}")).text
    assert "at most 2,000 characters" in (await _send(service, 422, text="{}", recipient="x" * 2_001)).text
    assert "larger than any credential" in (await _send(service, 413, file=b" " * 300_000 + b"{}")).text
    assert "larger than any credential" in (await _send(service, 413, file=b" " * 17_000_000)).text
    gone = await _send(service, 422, text=f"{BASE_URL}/credentials/nothing")
    assert "cannot be had: no such credential." in gone.text
    for content, kind in [(b"{}", "application/json"), (b"x", "multipart/form-data"), (b"", "text/plain")]:
        answer = await service.http.post("/verify", content=content, headers={"Content-Type": kind})
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.status_code == 422
        check_headers(answer)
    parts = b"".join(b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\ny\r\n' for _ in range(50)) + b"--b--\r\n"
    many = await service.http.post(
        "/verify", content=parts, headers={"Content-Type": "multipart/form-data; boundary=b", **BROWSER}
    )
    assert (many.status_code, "did not arrive whole" in many.text) == (422, True)
    spanish = await service.http.post("/verify", files={"file": ("", b"")}, headers={"Accept-Language": "es"})
    assert "Elija un archivo" in spanish.text
    wrong = await service.http.get("/verify?x=%00", headers=BROWSER)
    assert (wrong.status_code, wrong.headers["content-type"]) == (422, "text/html; charset=utf-8")
    check_headers(wrong)


async def test_pages_are_not_in_the_description_of_the_api(service: Service) -> None:
    assert {"/verify", "/static/style.css"}.isdisjoint(service.app.openapi()["paths"])


# The language and the head.


async def test_the_language_of_the_address_goes_before_the_browsers_and_stays_on_the_way(service: Service) -> None:
    page = await page_at(service, "/verify?lang=es", **{"Accept-Language": "en"})
    assert page.all("html") == [{"lang": "es"}]
    links = {attributes["href"]: attributes for attributes in page.all("a")}
    assert links["?lang=en"]["hreflang"] == "en"
    assert links["/verify?lang=es"]["aria-current"] == "page"
    assert [form["action"] for form in page.all("form")] == ["/verify?lang=es"]
    # A language that is not ours is no mistake: the browser's is taken, and nothing remembers it.
    plain = await page_at(service, "/verify?lang=xx&q=%22%3E%3Cscript%3E", **{"Accept-Language": "es"})
    assert plain.all("html") == [{"lang": "es"}]
    assert "?q=%22%3E%3Cscript%3E&lang=en" in {attributes["href"] for attributes in plain.all("a")}
    assert "/verify" in {attributes["href"] for attributes in plain.all("a")}


async def test_the_head_leads_only_to_what_is_there(service: Service) -> None:
    page = await page_at(service, "/verify")
    there = {getattr(route, "path", "") for route in service.app.routes}
    for place in ("/catalogue", "/verify", "/me"):
        assert (place in {attributes["href"] for attributes in page.all("a")}) is (place in there)
    (icon,) = (each["href"] for each in page.all("link") if each["rel"] == "icon")
    answer = await service.http.get(icon)
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.content == rendering.ICON
    assert len(rendering.STYLE) < 40_000
