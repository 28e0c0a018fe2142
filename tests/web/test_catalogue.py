"""The catalogue's pages and feeds: what is found, shown and listed, in both languages, whatever is typed."""

from __future__ import annotations

import json
import random
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4
from xml.etree import ElementTree

import pytest

from badgeissuer.rules.stack_rules import StackDocument
from badgeissuer.services import stacking
from badgeissuer.services.access import operator
from badgeissuer.web.pages import language, rule_words
from tests.support import make
from tests.support.app import BASE_URL, Service
from tests.support.counting import statements
from tests.support.stacked import document as stack_document
from tests.support.stacked import url
from tests.web.test_pages import BROWSER, Page

Json = dict[str, Any]
ATOM = "{http://www.w3.org/2005/Atom}"


async def _page(service: Service, path: str, status: int = 200, **headers: str) -> Page:
    answer = await service.http.get(path, headers={**BROWSER, **headers})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    assert len(answer.content) < 50_000
    page = Page(answer.text)
    # Links of the page are ours, or leave with nofollow; the only script is data.
    for link in page.all("a"):
        assert link["href"].startswith(("/", "?", "#", BASE_URL)) or "nofollow" in link.get("rel", ""), link
    assert all(script == {"type": "application/ld+json"} for script in page.all("script"))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    return page


async def _catalogue(service: Service) -> dict[str, str]:
    """Three micro-credentials of two issuers and a stack; the ids by name."""
    kvec, iris = await make.register(service, "kvec", name="Kentucky Valley"), await make.register(service, "iris")
    code = {"type": "Alignment", "targetName": "Assessment", "targetUrl": "https://a.example/6"}
    ids = {}
    for name, own, slug, framework, hours in (
        ("Assessment Literacy", kvec, "kvec", "InTASC", 10),
        ("Collaborative Coaching", kvec, "kvec", "InTASC", 2.5),
        ("Classroom Behavior", iris, "iris", None, 40),
        ("Rural Poverty Stack", kvec, "kvec", None, None),
    ):
        service.clock.advance(minutes=1)
        more = {"alignment": [{**code, "targetFramework": framework}]} if framework else {}
        parts = {"grain_size_hours": hours} if hours else {}
        ids[name] = await make.publish(service, own, slug, document=make.achievement(name, **more), **parts)
    document = stack_document([ids["Assessment Literacy"], ids["Collaborative Coaching"]])
    ids["stack"] = str(await _stack(service, ids["Rural Poverty Stack"], document))
    return ids


async def _stack(service: Service, crown: str, document: Json, issuer: str = "kvec") -> UUID:
    async with service.runtime.begin(operator()) as work:
        stack, _ = await stacking.define_stack(
            work, issuer=issuer, achievement_id=UUID(crown), document=StackDocument.model_validate(document)
        )
    async with service.runtime.begin(operator()) as work:
        await stacking.publish(work, stack_id=stack.id)
    return stack.id


def _names(page: Page) -> list[str]:
    """The names of the results, by their links."""
    return [
        attributes["href"].partition("?")[0].rpartition("/")[2]
        for n, (tag, attributes) in enumerate(page.elements)
        if tag == "a" and page.elements[n - 1] == ("h2", {"class": "found-name"})
    ]


async def test_everything_that_is_published_by_name_with_counts(service: Service) -> None:
    ids = await _catalogue(service)
    page = await _page(service, "/catalogue")
    assert "All 7" in page.text
    assert "Micro-credentials 4 Stacks 1 Issuers 2" in page.text
    assert "7 results" in page.text
    assert _names(page) == [
        *(ids[name] for name in ("Assessment Literacy", "Classroom Behavior", "Collaborative Coaching")),
        "iris",
        "kvec",
        ids["Rural Poverty Stack"],
        ids["stack"],
    ]
    for link in _names(page):
        kind = "issuers" if link in ("kvec", "iris") else "stacks" if link == ids["stack"] else "achievements"
        await _page(service, f"/{kind}/{link}")
    assert page.all("meta")[-1]["name"] == "description"
    assert not [meta for meta in page.all("meta") if meta.get("name") == "robots"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("q=literacy", ["Assessment Literacy"]),
        ("q=assessm", ["Assessment Literacy", "Collaborative Coaching", "Classroom Behavior", "Rural Poverty Stack"]),
        ("q=assess&kind=achievement&issuer=iris", ["Classroom Behavior"]),
        ("kind=stack", ["stack"]),
        ("kind=achievement&framework=InTASC", ["Assessment Literacy", "Collaborative Coaching"]),
        ("kind=achievement&from=10", ["Assessment Literacy", "Classroom Behavior"]),
        ("kind=achievement&to=2,5", ["Collaborative Coaching"]),
        ("from=3&to=39.9&q=", ["Assessment Literacy"]),
        ("type=MicroCredential&sort=newest&issuer=kvec&from=1", ["Collaborative Coaching", "Assessment Literacy"]),
        ("kind=achievement&sort=hours&from=1", ["Collaborative Coaching", "Assessment Literacy", "Classroom Behavior"]),
        ("kind=&issuer=&framework=&from=&to=&sort=&retired=&q=coaching", ["Collaborative Coaching"]),
    ],
)
async def test_filters_of_the_page_are_those_of_the_feed(service: Service, query: str, names: list[str]) -> None:
    ids = await _catalogue(service)
    assert _names(await _page(service, f"/catalogue?{query}")) == [ids[name] for name in names]
    strict = "&".join(part for part in query.split("&") if not part.endswith("="))
    sort = "" if "sort" in strict or "q=" in strict else "&sort=name"
    feed = await service.http.get(f"/catalogue.json?{strict}{sort}")
    assert feed.status_code == 200, feed.text
    assert [item["id"].rpartition("/")[2] for item in feed.json()["items"]] == [ids[name] for name in names]


async def test_filters_that_are_set_stay_in_the_form_and_can_be_taken_away(service: Service) -> None:
    ids = await _catalogue(service)
    path = f"/catalogue?q=a&issuer=kvec&stack={ids['stack']}&to=20&lang=es"
    page = await _page(service, path)
    chosen = [option for option in page.all("option") if "selected" in option]
    assert [option["value"] for option in chosen] == ["kvec", ids["stack"], "relevance"]
    assert [field["value"] for field in page.all("input") if field.get("name") in ("q", "to", "lang")] == [
        "es",
        "a",
        "20",
    ]
    for text in ("Emisor: Kentucky Valley", "Horas, como máximo: 20 horas", "Microcredenciales 2"):
        assert text in page.text
    chips = [link["href"] for link in page.all("a") if link["href"].startswith("/catalogue?q=a&")]
    without = next(href for href in chips if "issuer" not in href and "kind" not in href)
    assert parse_qs(urlsplit(without).query) == {"q": ["a"], "stack": [ids["stack"]], "to": ["20"], "lang": ["es"]}
    # An issuer that there is none of is no mistake of form: it leaves nothing, and the page says how to go on.
    none = await _page(service, "/catalogue?issuer=nobody&q=a")
    assert "Nothing fits" in none.text
    assert "Search without filters" in none.text


async def test_search_engines_are_shown_the_list_and_not_the_ways_to_cut_it(service: Service) -> None:
    await _catalogue(service)
    assert "x-robots-tag" not in (await service.http.get("/catalogue", headers=BROWSER)).headers
    for query in ("q=a", "kind=stack", "issuer=kvec"):
        answer = await service.http.get(f"/catalogue?{query}", headers=BROWSER)
        assert answer.headers["x-robots-tag"] == "noindex"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from=ten", "“Hours, at least” has to be a number"),
        ("from=-1", "“Hours, at least” has to be a number"),
        ("to=nan", "“Hours, at most” has to be a number"),
        ("to=1e400", "“Hours, at most” has to be a number"),
        ("from=5&to=2", "“Hours, at most” is less than the lower limit"),
        ("kind=person", "“Kind” has a value that does not exist"),
        ("stack=x", "“Part of the stack” has a value that does not exist"),
        ("framework=" + "x" * 301, "“Framework of skills or standards” has a value"),
        ("sort=price", "“Order” has a value that does not exist"),
        ("retired=maybe", "“Also what is no longer offered” has a value"),
    ],
)
async def test_a_filter_that_makes_no_sense_is_said_and_finds_nothing(service: Service, query: str, said: str) -> None:
    await _catalogue(service)
    page = await _page(service, f"/catalogue?{query}", 422)
    assert said in page.text
    assert _names(page) == []
    feed = await service.http.get(f"/catalogue.json?{query}")
    assert feed.status_code == 422
    wrong = "to" if query == "from=5&to=2" else query.partition("=")[0]
    assert [each["parameter"] for each in feed.json()["errors"]] == [wrong]


async def test_the_feed_refuses_filters_that_there_are_not(service: Service) -> None:
    await make.register(service)
    for query, parameter in (("isuer=kvec", "query"), ("q=a&q=b", "q"), ("issuer=", "issuer"), ("limit=0", "limit")):
        answer = await service.http.get(f"/catalogue.json?{query}")
        assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, parameter)
    # Who follows a link with a mark of a mailer wants the page.
    assert (await service.http.get("/catalogue?utm_source=mail", headers=BROWSER)).status_code == 200


async def test_pages_follow_one_another_and_the_language_may_change_on_the_way(service: Service) -> None:
    own = await make.register(service)
    made = [await make.publish(service, own, document=make.achievement(f"Twin {n:02}")) for n in range(30)]
    first = await _page(service, "/catalogue?q=twin")
    assert _names(first) == made[:24]
    (following,) = [link["href"] for link in first.all("a") if link.get("rel") == "next"]
    second = await _page(service, following)
    assert _names(second) == made[24:]
    assert not [link for link in second.all("a") if link.get("rel") == "next"]
    (spanish,) = [link["href"] for link in second.all("a") if link.get("hreflang") == "es"]
    translated = await _page(service, f"/catalogue{spanish}")
    assert _names(translated) == made[24:]
    assert "Ir a la primera página" in translated.text
    # A cursor of another search leads to the beginning of this one, and never to an error.
    for cursor in (parse_qs(urlsplit(following).query)["cursor"][0], "nonsense", "é", "A" * 900):
        answer = await service.http.get("/catalogue", params={"q": "twin 0", "cursor": cursor}, headers=BROWSER)
        assert answer.status_code == 200, answer.text
        assert _names(Page(answer.text)) == made[:10]


async def test_an_empty_catalogue_says_so(service: Service) -> None:
    page = await _page(service, "/catalogue")
    assert "Nothing is published here yet" in page.text
    assert (await service.http.get("/catalogue.json")).json()["items"] == []
    home = await _page(service, "/")
    assert "Micro-credentials for educators" in home.text


async def test_nothing_that_is_typed_breaks_a_page(service: Service) -> None:
    await _catalogue(service)
    rng = random.Random(41)
    signs = [
        *"\\\"'*():^-+&|!<>{};%_$#@~`[]?=,./",
        "\x00",
        "\t",
        "é",
        "漢",
        "\u202e",
        "\U0001f600",
        "AND",
        "OR",
        "NOT",
        "NEAR",
    ]
    tried = [*signs, "' OR 1=1 --", "{{7*7}}", "<script>alert(1)</script>", "\ud800".encode("utf-8", "surrogatepass")]
    tried += ["".join(rng.choices(signs, k=rng.randint(1, 12))) for _ in range(150)]
    for typed in tried:
        for name in ("q", rng.choice(("issuer", "framework", "type", "stack", "from", "kind", "sort", "cursor"))):
            answer = await service.http.get("/catalogue", params={name: typed}, headers=BROWSER)
            assert answer.status_code in (200, 422), (name, typed)
            assert "<script>alert" not in answer.text
            Page(answer.text)


async def test_the_json_feed_is_one_of_version_1_1(service: Service) -> None:
    ids = await _catalogue(service)
    answer = await service.http.get("/catalogue.json?limit=2")
    assert answer.headers["content-type"] == "application/feed+json"
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["access-control-allow-origin"] == "*"
    feed = answer.json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["home_page_url"] == f"{BASE_URL}/catalogue"
    assert feed["feed_url"] == f"{BASE_URL}/catalogue.json?limit=2"
    seen = list(feed["items"])
    while "next_url" in feed:
        feed = (await service.http.get(feed["next_url"])).json()
        seen += feed["items"]
    assert len({item["id"] for item in seen}) == len(seen) == 7
    by_id = {item["id"]: item for item in seen}
    item = by_id[f"{BASE_URL}/achievements/{ids['Assessment Literacy']}"]
    assert item == {
        "id": item["id"],
        "url": item["id"],
        "title": "Assessment Literacy",
        "content_text": "Designs and reads classroom assessments that inform instruction.",
        "date_published": "2026-11-24T09:31:00Z",
        "date_modified": "2026-11-24T09:31:00Z",
        "authors": [{"name": "Kentucky Valley", "url": f"{BASE_URL}/issuers/kvec"}],
        "tags": ["InTASC"],
        "_catalogue": {
            "kind": "achievement",
            "issuer": "kvec",
            "state": "published",
            "type": "MicroCredential",
            "hours": 10.0,
            "frameworks": ["InTASC"],
            "json": f"{item['id']}.json",
        },
    }
    for each in seen:
        assert (await service.http.get(each["_catalogue"]["json"])).status_code == 200
    again = await service.http.get("/catalogue.json?limit=2", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


async def test_the_atom_feed_says_the_same(service: Service) -> None:
    ids = await _catalogue(service)
    own = await service.as_issuer("kvec")
    service.clock.advance(minutes=1)
    odd = await make.publish(service, own, document=make.achievement("A & B < C \U0001f600"))
    answer = await service.http.get("/catalogue.atom?kind=achievement&limit=3")
    assert answer.headers["content-type"] == "application/atom+xml"
    feed = ElementTree.fromstring(answer.text)
    entries = feed.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}id") for entry in entries] == [
        url(made) for made in (odd, ids["Rural Poverty Stack"], ids["Classroom Behavior"])
    ]
    assert entries[0].findtext(f"{ATOM}title") == "A & B < C \U0001f600"
    following = next(link for link in feed.findall(f"{ATOM}link") if link.get("rel") == "next")
    rest = ElementTree.fromstring((await service.http.get(following.attrib["href"])).text)
    assert len(rest.findall(f"{ATOM}entry")) == 2


async def test_a_page_costs_as_many_statements_for_one_entry_as_for_three(service: Service) -> None:
    own = await make.register(service)
    counts = []
    for n in (1, 3):
        while n > len(counts) * 2:
            made = await make.publish(service, own, document=make.achievement(f"A{n}{len(counts)}{uuid4()}"))
            if len(counts) == 0 or n == 3:
                break
        with statements(service.runtime) as sent:
            await _page(service, "/catalogue?q=a")
            await service.http.get("/catalogue.json")
            await _page(service, f"/achievements/{made}")
            await _page(service, "/issuers/kvec")
        counts.append(len(sent))
    assert counts[0] == counts[1]


async def test_robots_and_sitemaps_name_what_is_public_and_nothing_else(service: Service) -> None:
    ids = await _catalogue(service)
    own = await service.as_issuer("kvec")
    draft = await service.http.post("/v1/achievements", json={"achievement": make.achievement("Draft")}, headers=own)
    await service.http.post(f"/v1/achievements/{ids['Classroom Behavior']}/retire", headers=await service.platform())
    award = await make.award(service, own, ids["Assessment Literacy"])
    robots = await service.http.get("/robots.txt")
    assert robots.headers["content-type"] == "text/plain; charset=utf-8"
    assert f"Sitemap: {BASE_URL}/sitemap.xml" in robots.text.splitlines()
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    index = ElementTree.fromstring((await service.http.get("/sitemap.xml")).text)
    (part,) = [loc.text for loc in index.iter(f"{space}loc")]
    assert part == f"{BASE_URL}/sitemap-1.xml"
    found = [loc.text or "" for loc in ElementTree.fromstring((await service.http.get(part)).text).iter(f"{space}loc")]
    assert sorted(found) == sorted(
        [
            *(f"{BASE_URL}{path}" for path in ("/", "/catalogue", "/verify", "/issuers/kvec", "/issuers/iris")),
            *(url(ids[name]) for name in ("Assessment Literacy", "Collaborative Coaching", "Rural Poverty Stack")),
            f"{BASE_URL}/stacks/{ids['stack']}",
        ]
    )
    assert draft.json()["id"] not in " ".join(found)
    assert award["credential"]["id"] not in " ".join(found)
    for path in found:
        assert (await service.http.get(path, headers=BROWSER)).status_code == 200
    for name in ("2", "0", "01", "-1", "x", "9" * 30, "²"):
        assert (await service.http.get(f"/sitemap-{name}.xml")).status_code == 404


async def test_the_page_of_an_achievement_says_what_it_takes(service: Service) -> None:
    own = await make.register(service, name="Kentucky Valley")
    document = make.achievement(
        humanCode="KV-1",
        fieldOfStudy="Assessment",
        creator={"id": "https://iris.example/", "type": ["Profile"], "name": "IRIS Center"},
        alignment=[
            {"type": ["Alignment"], "targetName": "Uses data", "targetFramework": "InTASC", "targetCode": "6",
             "targetUrl": "https://intasc.example/6"}
        ],
        tag=["literacy"],
    )  # fmt: skip
    document["resultDescription"][0]["rubricCriterionLevel"][1]["description"] = "Fits its purpose."
    made = await make.publish(
        service,
        own,
        document=document,
        competency="The educator **designs** assessments.",
        key_method="Plan, teach, revise.",
        method_components=["Purpose.", "Evidence."],
        requirements=[{"name": "Plan", "description": "Two pages."}],
        resources=[{"title": "A reading", "url": "https://r.example/1", "note": "Chapter 2."}],
        grain_size_hours=2.5,
        valid_for_days=1095,
        assessment={"assessors": "two"},
    )
    page = await _page(service, f"/achievements/{made}")
    for text in (
        "Offered by Kentucky Valley , developed by IRIS Center",
        "Effort 2.5 hours",
        "Code KV-1",
        "The educator designs assessments.",
        "Submit an assessment plan",
        "Purpose. Evidence.",
        "What the earner hands in Plan Two pages.",
        "Assessment design Developing – Proficient needed for an award Fits its purpose. Exemplary –",
        "Uses data InTASC · 6",
        "literacy",
        "A reading Chapter 2.",
        "Two people judge the evidence",
        "An award is valid for 3 years.",
        "Edition 1 offered now",
    ):
        assert text in page.text, text
    spanish = await _page(service, f"/achievements/{made}?lang=es")
    for text in (
        "La ofrece Kentucky Valley , desarrollada por IRIS Center",
        "Dedicación 2.5 horas",
        "válida durante 3 años",
    ):
        assert text in spanish.text, text
    data = json.loads(page.data["script"])
    assert data["@type"] == "EducationalOccupationalCredential"
    assert data["url"] == url(made)
    # Programs get what they always got.
    plain = await service.http.get(f"/achievements/{made}")
    assert plain.json()["name"] == "Assessment Literacy"
    assert plain.headers["content-type"] == "application/json"


async def test_editions_of_an_achievement_are_told_apart(service: Service) -> None:
    own = await make.register(service)
    made = await make.publish(service, own)
    path = f"/achievements/{made}"
    await service.http.put(f"/v1{path}", json={"achievement": make.achievement("Second Edition")}, headers=own)
    assert "Second Edition" not in (await _page(service, path)).text
    await service.http.post(f"/v1{path}/publish", headers=own)
    newest, old = await _page(service, path), await _page(service, f"{path}?version=1")
    assert "Second Edition" in newest.text
    assert "no longer the newest" not in newest.text
    assert "This is edition 1, which is no longer the newest." in old.text
    assert (await service.http.get(f"{path}?version=1", headers=BROWSER)).headers["x-robots-tag"] == "noindex"
    await service.http.post(f"/v1{path}/retire", headers=own)
    retired = await service.http.get(path, headers=BROWSER)
    assert "This micro-credential is no longer offered." in retired.text
    assert retired.headers["x-robots-tag"] == "noindex"
    missing = await _page(service, f"{path}?version=3", 404)
    assert "Nothing is here" in missing.text


async def test_the_page_of_a_stack_says_the_rule_in_words_and_what_is_inside(service: Service) -> None:
    ids = await _catalogue(service)
    own = await service.as_issuer("kvec")
    crown = await make.publish(service, own, document=make.achievement("Outer"))
    outer = {
        "name": "Outer stack",
        "description": "With *everything*.",
        "members": [
            {"key": "base", "title": "The base", "stack": f"{BASE_URL}/stacks/{ids['stack']}"},
            {"key": "soon", "title": "Coming soon", "in_development": True, "categories": ["Later"]},
            {"key": "cap", "title": "Capstone work", "achievement": url(ids["Classroom Behavior"]),
             "requires": ["base"]},
            {"key": "far", "title": "From afar", "achievement": "https://other.example/a/1",
             "alternatives": [url(ids["Rural Poverty Stack"])], "minimum": {"at_least": 2.5}},
        ],
        "rule": {
            "within": {"years": 3, "months": 1},
            "of": {"capstone": "cap", "after": {"at_least": 1, "of": ["base", "far"]}},
        },
        "on_loss": "suspend",
    }  # fmt: skip
    path = f"/stacks/{await _stack(service, crown, outer)}"
    page = await _page(service, path)
    for text in (
        "Within 3 years and 1 month, whenever they begin:",
        "At least one of these: The base From afar",
        "Coming soon in development",
        "Counts only after “The base”",
        "Counts with a result of at least 2.5",
        "From afar from another service",
        "Counts instead: Rural Poverty Stack",
        "What is inside (2) Member 1 Member 2",
        "Parts 4 (1 in development)",
        "Who completes it is awarded Outer",
        "the award for the stack is suspended",
    ):
        assert text in page.text, text
    spanish = await _page(service, path, **{"Accept-Language": "es"})
    for text in (
        "En un plazo de 3 años y 1 mes",
        "Al menos uno de estos:",
        "en preparación",
        "2.5",
        "Qué contiene (2)",
    ):
        assert text in spanish.text, text
    inner = await _page(service, f"/stacks/{ids['stack']}")
    assert "All 2 parts." in inner.text
    member = await _page(service, f"/achievements/{ids['Assessment Literacy']}")
    assert "It counts toward Teaching Rural Students From Poverty" in member.text
    awarded = await _page(service, f"/achievements/{crown}")
    assert "awarded to whoever completes the stack Outer stack" in awarded.text
    plain = await service.http.get(path)
    assert plain.json()["name"] == "Outer stack"
    await _page(service, "/stacks/00000000-0000-4000-8000-000000000000", 404)


@pytest.mark.parametrize(
    ("rule", "english", "spanish"),
    [
        ("a", "First", "First"),
        ({"all": ["a", "b", "c"]}, "All 3 parts.", "Las 3 partes."),
        ({"all": ["a"]}, "First", "First"),
        ({"at_least": 3}, "All 3 parts.", "Las 3 partes."),
        ({"at_least": 1}, "At least one of the 3 parts.", "Al menos una de las 3 partes."),
        ({"at_least": 2}, "At least 2 of the 3 parts.", "Al menos 2 de las 3 partes."),
        ({"at_least": 2, "of": ["a", "b"]}, "All of these: [First | Second]", "Todo lo siguiente: [First | Second]"),
        (
            {"at_least": 2, "of": ["a", "b", "c"]},
            "At least 2 of these 3: [First | Second | Third]",
            "Al menos 2 de estos 3: [First | Second | Third]",
        ),
        (
            {"per_category": {"X": 1, "Y": 2}},
            "All of these: [At least one part of the category “X” | At least 2 parts of the category “Y”]",
            "Todo lo siguiente: [Al menos una parte de la categoría «X» | Al menos 2 partes de la categoría «Y»]",
        ),
        ({"per_category": {"X": 1}}, "At least one part of the category “X”", "Al menos una parte de la categoría «X»"),
        (
            {"in_order": ["b", "a"]},
            "All of these, earned in this order: [Second > First]",
            "Todo lo siguiente, obtenido en este orden: [Second > First]",
        ),
        (
            {"phases": [{"length": {"years": 1}, "rule": "a"}, {"length": {"days": 1}, "rule": {"at_least": 2}}]},
            "In periods that follow one another without a gap: [Period 1, 1 year long: [First] > "
            "Period 2, 1 day long: [At least 2 of the 3 parts.]]",
            "En períodos que se suceden sin interrupción: [Período 1, de 1 año: [First] > "
            "Período 2, de 1 día: [Al menos 2 de las 3 partes.]]",
        ),
    ],
)
def test_every_rule_in_words(rule: Any, english: str, spanish: str) -> None:
    members = [
        {"key": key, "title": title, "achievement": f"https://a.example/{key}", "categories": ["X", "Y"]}
        for key, title in (("a", "First"), ("b", "Second"), ("c", "Third"))
    ]
    stack = StackDocument.model_validate({"name": "S", "description": "D", "members": members, "rule": rule})

    def flat(said: rule_words.Said) -> str:
        inside = (" > " if said.ordered else " | ").join(flat(part) for part in said.parts)
        return f"{said.text} [{inside}]" if inside else said.text

    assert flat(rule_words.rule_in_words(language.ENGLISH, stack)) == english
    assert flat(rule_words.rule_in_words(language.SPANISH, stack)) == spanish


async def test_the_page_of_an_issuer_shows_what_it_offers(service: Service) -> None:
    ids = await _catalogue(service)
    page = await _page(service, "/issuers/kvec")
    for text in (
        "Kentucky Valley",
        "Serves the schools of eastern Kentucky.",
        "badges@kvec.example.org",
        "Micro-credentials 3 Stacks 1",
        "did:web:issuer.example:issuers:kvec",
        "Assessment Literacy",
        "Teaching Rural Students From Poverty",
    ):
        assert text in page.text, text
    assert ids["Classroom Behavior"] not in str(page.elements)
    assert json.loads(page.data["script"])["@type"] == "EducationalOrganization"
    assert (await service.http.get("/issuers/kvec")).headers["content-type"] == "application/json"
    assert "Nothing is here" in (await _page(service, "/issuers/nobody", 404)).text
    assert "It has published nothing yet." in (await _page(service, f"/issuers/{await _quiet(service)}")).text


async def _quiet(service: Service) -> str:
    await make.register(service, "quiet")
    return "quiet"


async def test_the_first_page_leads_everywhere(service: Service) -> None:
    ids = await _catalogue(service)
    page = await _page(service, "/")
    links = [link["href"] for link in page.all("a")]
    for path in ("/catalogue", "/verify", f"/achievements/{ids['Rural Poverty Stack']}", "/openapi.json"):
        assert path in links
    assert "Micro-credentials 4 Stacks 1 Issuers 2" in page.text
    spanish = await _page(service, "/?lang=es")
    assert "/catalogue?lang=es" in [link["href"] for link in spanish.all("a")]
    answer = await service.http.get("/")
    assert answer.json()["links"]["catalogue"] == f"{BASE_URL}/catalogue.json"


async def test_long_words_of_issuers_leave_a_page_small(service: Service) -> None:
    long = "word <b> & 'x' " * 600
    own = await make.register(service)
    levels = [{"name": f"L{n}", "level": str(n), "description": long[:400]} for n in range(6)]
    document = make.achievement(
        "N" * 300,
        description=long[:4_000],
        criteria={"narrative": long},
        tag=[f"tag {n} {long[:50]}" for n in range(40)],
        alignment=[
            {"type": ["Alignment"], "targetName": f"Skill {n}", "targetDescription": long[:500],
             "targetUrl": "https://a.example/" + "x" * 700}
            for n in range(12)
        ],
        resultDescription=[
            {"name": f"Criterion {n}", "resultType": "RubricCriterionLevel", "rubricCriterionLevel": levels}
            for n in range(8)
        ],
    )  # fmt: skip
    made = await make.publish(
        service,
        own,
        document=document,
        competency=long,
        key_method=long,
        method_components=[long[:2_000]] * 9,
        requirements=[{"name": "Work", "description": long[:2_000]}] * 6,
        resources=[{"title": "T", "note": long[:900], "url": "https://r.example/" + "y" * 900}] * 15,
    )
    page = await _page(service, f"/achievements/{made}")
    assert "more in the JSON file" in page.text
