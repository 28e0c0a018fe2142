"""Endorsements over HTTP: made, public, listed, taken back, and carried by the badges that come later."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import select, update

from badgeissuer.rules.terms import ClientKind, Visibility
from badgeissuer.services import access
from badgeissuer.services.access import operator
from badgeissuer.store.awards import Award
from badgeissuer.store.catalog import Issuer
from badgeissuer.store.outbox import Event
from badgeissuer.vc import strictjson
from badgeissuer.vc.status import Bits
from badgeissuer.web.app import create_app
from tests.service.test_verifying import DID_URL, Web
from tests.support import issued, make, records
from tests.support.app import BASE_URL, Clock, MakeRuntime, Service
from tests.support.counting import row_counts, statements
from tests.web.test_pages import BROWSER, Page

Json = dict[str, Any]
KDE = "did:web:issuer.example:issuers:kde"


@dataclass
class Parties:
    """A recognizer (kde), whose things it endorses (kvec), and one award of theirs."""

    service: Service
    kde: dict[str, str]
    kvec: dict[str, str]
    achievement: str
    award: Json

    async def endorse(self, of: Json, status: int = 201, *, key: str | None = None, **members: Any) -> Any:
        body = {"of": of, "comment": "It fits the *Kentucky* teaching standards.", **members}
        headers = {**self.kde, **({"Idempotency-Key": key} if key else {})}
        answer = await self.service.http.post("/v1/endorsements", json=body, headers=headers)
        assert answer.status_code == status, answer.text
        return answer

    async def revoke(self, made: Json, status: int = 200) -> Any:
        path = f"/v1/endorsements/{made['id']}/revoke"
        answer = await self.service.http.post(path, json={"reason": "given by mistake"}, headers=self.kde)
        assert answer.status_code == status, answer.text
        return answer

    async def standing(self, made: Json, policy: Json, status: int = 200) -> Any:
        path = f"/v1/endorsements/{made['id']}/standing"
        answer = await self.service.http.put(path, json=policy, headers=self.kde)
        assert answer.status_code == status, answer.text
        return answer

    async def verified(self, text: str) -> Json:
        answer = await self.service.http.post("/v1/verify", json={"credential": text})
        assert answer.status_code == 200, answer.text
        report: Json = answer.json()
        return report

    async def minted(self, n: int) -> Json:
        """A badge that is made now."""
        award = await make.award(self.service, self.kvec, self.achievement, n)
        document: Json = (await self.service.http.get(_path(award["credential"]["url"]))).json()
        return document


@pytest.fixture
async def parties(service: Service) -> Parties:
    kvec = await make.register(service, "kvec", name="KVEC")
    kde = await make.register(service, "kde", name="Kentucky Department of Education")
    achievement = await make.publish(service, kvec)
    return Parties(service, kde, kvec, achievement, await make.award(service, kvec, achievement))


def _path(url: str) -> str:
    assert url.startswith(BASE_URL), url
    return url.removeprefix(BASE_URL)


def _faults(answer: Any) -> list[tuple[str, str]]:
    return [(entry["pointer"], entry["code"]) for entry in answer.json()["errors"]]


def _carried(badge: Json) -> dict[str, list[str]]:
    holders = {"issuer": badge["issuer"], "achievement": badge["credentialSubject"]["achievement"]}
    return {name: [each["id"] for each in holder.get("endorsement", [])] for name, holder in holders.items()}


def _inside(report: Json) -> list[str]:
    """What check 8 says of each document inside, in a word."""
    return [part["detail"].partition(":")[0] for part in report["checks"][8]["parts"]]


async def test_an_endorsement_of_each_kind_is_signed_public_and_verifies(parties: Parties) -> None:
    credential = parties.award["credential"]["url"]
    achievement = f"{BASE_URL}/achievements/{parties.achievement}"
    cases = [
        ({"issuer": "kvec"}, "issuer", "did:web:issuer.example:issuers:kvec", "Endorsement of KVEC"),
        ({"issuer": f"{BASE_URL}/issuers/kvec"}, "issuer", "did:web:issuer.example:issuers:kvec", None),
        ({"issuer": "did:web:issuer.example:issuers:kvec"}, "issuer", "did:web:issuer.example:issuers:kvec", None),
        ({"achievement": parties.achievement}, "achievement", achievement, "Endorsement of Assessment Literacy"),
        ({"achievement": achievement}, "achievement", achievement, None),
        ({"award": credential}, "award", credential, "Endorsement of Assessment Literacy"),
        ({"award": credential.rpartition("/")[2]}, "award", credential, None),
    ]
    for of, kind, subject, name in cases:
        answer = await parties.endorse(of, **({} if name else {"name": "Approved for renewal"}))
        made = answer.json()
        assert answer.headers["location"] == f"{BASE_URL}/v1/endorsements/{made['id']}"
        assert {member: made[member] for member in ("issuer", "of", "name", "state", "standing", "media_type")} == {
            "issuer": "kde",
            "of": {"kind": kind, "id": subject},
            "name": name or "Approved for renewal",
            "state": "active",
            "standing": {"embed": False, "from": None, "until": None},
            "media_type": "application/vc",
        }
        public = await parties.service.http.get(_path(made["url"]))
        assert hashlib.sha256(public.content).hexdigest() == made["sha256"]
        document = public.json()
        assert document["type"] == ["VerifiableCredential", "EndorsementCredential"]
        assert document["issuer"]["id"] == KDE
        assert document["credentialSubject"] == {
            "id": subject,
            "type": ["EndorsementSubject"],
            "endorsementComment": "It fits the *Kentucky* teaching standards.",
        }
        assert document["credentialStatus"]["statusPurpose"] == "revocation"
        assert (await parties.verified(public.text))["outcome"] == "valid"
        for address in (made["url"], f"{made['url']}.json"):
            by_address = await parties.service.http.post("/v1/verify", json={"url": address})
            assert by_address.json()["outcome"] == "valid"
        assert (await parties.service.http.get(_path(answer.headers["location"]), headers=parties.kde)).json() == made


async def test_no_endorsement_is_at_an_address_that_nobody_gave(parties: Parties) -> None:
    for last in ("nothing", "0b0c9d3e-0000-4000-8000-000000000001"):
        answer = await parties.service.http.post("/v1/verify", json={"url": f"{BASE_URL}/endorsements/{last}"})
        assert (answer.status_code, _faults(answer)) == (422, [("/url", "not-found")])


async def test_the_exact_text_in_each_of_its_names(parties: Parties) -> None:
    made = (await parties.endorse({"issuer": "kvec"})).json()
    at, http = _path(made["url"]), parties.service.http
    plain = await http.get(at)
    assert (plain.headers["content-type"], plain.headers["etag"]) == ("application/vc", f'"{made["sha256"]}"')
    assert plain.headers["access-control-allow-origin"] == "*"
    assert "set-cookie" not in plain.headers
    for kind in ("application/vc", "application/vc+ld+json", "application/ld+json", "application/json"):
        answer = await http.get(at, headers={"Accept": kind})
        assert (answer.headers["content-type"], answer.content) == (kind, plain.content)
    by_end = await http.get(f"{at}.json", headers=BROWSER)
    assert (by_end.headers["content-type"], by_end.content) == ("application/json", plain.content)
    assert (await http.get(at, headers={"If-None-Match": plain.headers["etag"]})).status_code == 304
    assert (await http.get(at, headers={"Accept": "image/png"})).status_code == 406
    for other in (f"/endorsements/{uuid4()}", "/endorsements/x", f"{at}.jwt", at.upper(), f"{at}/"):
        assert (await http.get(other)).status_code == 404, other
    # What is signed here is not a badge: no address of badges serves it.
    assert (await http.get(at.replace("endorsements", "credentials"))).status_code == 404


async def test_it_may_end_and_be_taken_back(parties: Parties) -> None:
    made = (await parties.endorse({"issuer": "kvec"}, valid_until="2027-01-01T00:00:00Z")).json()
    assert made["valid_until"] == "2027-01-01T00:00:00Z"
    text = (await parties.service.http.get(_path(made["url"]))).text
    assert json.loads(text)["validUntil"] == "2027-01-01T00:00:00Z"
    other = (await parties.endorse({"achievement": parties.achievement})).json()
    revoked = (await parties.revoke(made)).json()
    assert (revoked["state"], revoked["state_reason"]) == ("revoked", "given by mistake")
    assert (await parties.revoke(made, 409)).json()["type"].endswith("/illegal-transition")
    assert (await parties.verified(text))["outcome"] == "revoked"
    assert (await parties.service.http.get(_path(made["url"]))).text == text
    kept = (await parties.service.http.get(_path(other["url"]))).text
    assert (await parties.verified(kept))["outcome"] == "valid"
    parties.service.clock.advance(days=60)
    ended = (await parties.endorse({"issuer": "kvec"}, 422, valid_until="2027-01-01T00:00:00Z")).json()
    assert ended["errors"][0]["pointer"] == "/valid_until"


async def test_badges_that_come_later_carry_it_and_those_that_are_signed_never(parties: Parties) -> None:
    service = parties.service
    first = (await service.http.get(_path(parties.award["credential"]["url"]))).content
    silent = (await parties.endorse({"achievement": parties.achievement})).json()
    assert _carried(await parties.minted(2)) == {"issuer": [], "achievement": []}
    service.clock.advance(seconds=1)
    about = (await parties.endorse({"achievement": parties.achievement}, standing={"embed": True})).json()
    issuer = (await parties.endorse({"issuer": "kvec"}, standing={"embed": True})).json()
    badge = await parties.minted(3)
    assert _carried(badge) == {"issuer": [issuer["url"]], "achievement": [about["url"]]}
    # As it was signed, member for member.
    stored = (await service.http.get(_path(about["url"]))).text
    inside = badge["credentialSubject"]["achievement"]["endorsement"][0]
    assert strictjson.dumps(inside) == stored
    report = await parties.verified(json.dumps(badge))
    assert (report["outcome"], _inside(report)) == ("valid", ["verified", "verified"])
    assert (await service.http.get(_path(parties.award["credential"]["url"]))).content == first
    assert (await service.http.get(f"/achievements/{parties.achievement}")).json().get("endorsement") is None

    await parties.standing(issuer, {"embed": False})
    await parties.standing(silent, {"embed": True})
    # The newest of one endorser about one thing is enough.
    assert _carried(await parties.minted(4)) == {"issuer": [], "achievement": [about["url"]]}
    await parties.revoke(about)
    assert _carried(await parties.minted(5)) == {"issuer": [], "achievement": [silent["url"]]}
    # The badge that carries one that was taken back stays what it is, and says so.
    report = await parties.verified(json.dumps(badge))
    assert (report["outcome"], _inside(report)) == ("valid", ["verified", "revoked"])
    assert report["advice"].endswith("An endorsement in it was withdrawn or has ended: do not count on that one.")
    assert (await parties.standing(about, {"embed": True}, 409)).json()["type"].endswith("/illegal-transition")


async def test_the_standing_policy_has_a_from_and_an_until(parties: Parties) -> None:
    window = {"embed": True, "from": "2026-12-01T00:00:00Z", "until": "2026-12-31T00:00:00Z"}
    made = (await parties.endorse({"achievement": parties.achievement}, standing=window)).json()
    assert made["standing"] == window
    seen = []
    for n in range(2, 6):
        seen.append(len(_carried(await parties.minted(n))["achievement"]))
        parties.service.clock.advance(days=14)  # from 24 November
    assert seen == [0, 1, 1, 0]


async def test_what_is_not_an_endorsement_is_named_and_changes_nothing(parties: Parties) -> None:
    draft = await parties.service.http.post(
        "/v1/achievements", json={"achievement": make.achievement("Draft")}, headers=parties.kvec
    )
    before = await row_counts(parties.service.runtime)
    cases: list[tuple[Json, int, list[tuple[str, str]]]] = [
        ({"of": {}}, 422, [("/of", "invalid")]),
        ({"of": {"issuer": "kvec", "achievement": parties.achievement}}, 422, [("/of", "invalid")]),
        ({"of": {"issuer": "kde"}}, 422, [("/of/issuer", "self-endorsement")]),
        ({"of": {"issuer": KDE}}, 422, [("/of/issuer", "self-endorsement")]),
        ({"of": {"issuer": "nobody"}}, 404, [("/of/issuer", "invalid")]),
        ({"of": {"achievement": str(uuid4())}}, 404, [("/of/achievement", "invalid")]),
        ({"of": {"achievement": "x"}}, 404, [("/of/achievement", "invalid")]),
        ({"of": {"achievement": draft.json()["id"]}}, 404, [("/of/achievement", "invalid")]),
        ({"of": {"award": "https://elsewhere.example/credentials/1"}}, 404, [("/of/award", "invalid")]),
        # Another tenant's award by its private id is as unknown as one that is not there.
        ({"of": {"award": parties.award["id"]}}, 404, [("/of/award", "invalid")]),
        ({"of": {"award": parties.award["credential"]["url"]}, "standing": {"embed": True}}, 422,
         [("/standing/embed", "signed-already")]),
        ({"standing": {"embed": False, "from": "2027-01-01T00:00:00Z"}}, 422, [("/standing/embed", "contradiction")]),
        ({"standing": {"embed": True, "from": "2027-01-02T00:00:00Z", "until": "2027-01-01T00:00:00Z"}}, 422,
         [("/standing/until", "date")]),
        ({"standing": {"embed": True, "until": "2026-01-01T00:00:00Z"}}, 422, [("/standing/until", "date")]),
        ({"standing": {"embed": True, "from": "2027-06-01T00:00:00Z"}, "valid_until": "2027-01-01T00:00:00Z"}, 422,
         [("/standing/from", "date")]),
    ]  # fmt: skip
    for members, status, faults in cases:
        answer = await parties.endorse(members.pop("of", {"issuer": "kvec"}), status, **members)
        assert _faults(answer) == faults, members
    for members, pointers in [
        ({"comment": ""}, ["/comment"]),
        ({"comment": "x" * 4_001}, ["/comment"]),
        ({"comment": 5, "name": "", "valid_until": "2027-01-01", "surprise": 1},
         ["/comment", "/name", "/surprise", "/valid_until"]),
        ({"standing": {"embed": "yes"}}, ["/standing/embed"]),
    ]:  # fmt: skip
        answer = await parties.endorse({"issuer": "kvec"}, 422, **members)
        assert sorted(pointer for pointer, _ in _faults(answer)) == pointers, answer.text
    assert (await parties.endorse({"issuer": "kvec"}, 404, issuer="kvec")).json()["detail"] == "no such issuer"
    assert await row_counts(parties.service.runtime) == before


async def test_only_an_award_that_stands_is_endorsed(parties: Parties) -> None:
    of = {"award": parties.award["credential"]["url"]}
    award = f"/v1/awards/{parties.award['id']}"
    made = (await parties.endorse(of)).json()
    for action, status in (("suspend", 422), ("reinstate", 201), ("revoke", 422)):
        changed = await parties.service.http.post(f"{award}/{action}", json={"reason": "r"}, headers=parties.kvec)
        assert changed.status_code == 200
        answer = await parties.endorse(of, status)
        if status == 422:
            assert _faults(answer) == [("/of/award", "not-active")]
    # What was said of it stays.
    assert (await parties.service.http.get(_path(made["url"]))).status_code == 200


async def test_a_repeat_gets_the_first_answer(parties: Parties) -> None:
    first = await parties.endorse({"issuer": "kvec"}, key="k1")
    before = await row_counts(parties.service.runtime)
    again = await parties.endorse({"issuer": "kvec"}, key="k1")
    assert (again.content, again.headers["idempotent-replay"]) == (first.content, "true")
    assert again.headers["location"] == first.headers["location"]
    other = await parties.endorse({"issuer": "kvec"}, 422, key="k1", comment="Other.")
    assert _faults(other) == [("", "key-reused")]
    assert await row_counts(parties.service.runtime) == before
    path, headers = f"/v1/endorsements/{first.json()['id']}/revoke", {**parties.kde, "Idempotency-Key": "k2"}
    revoked = await parties.service.http.post(path, json={"reason": "r"}, headers=headers)
    repeated = await parties.service.http.post(path, json={"reason": "r"}, headers=headers)
    assert (repeated.status_code, repeated.content) == (200, revoked.content)


async def test_the_list_is_paged_at_one_cost_and_shows_ones_own(parties: Parties) -> None:
    counts, made = [], []
    for n in range(3):
        made.append((await parties.endorse({"issuer": "kvec"}, name=f"No. {n}")).json())
        parties.service.clock.advance(seconds=1)
        with statements(parties.service.runtime) as counted:
            answer = await parties.service.http.get("/v1/endorsements?limit=2", headers=parties.kde)
        counts.append(len(counted))
    assert len(set(counts)) == 1
    assert answer.json()["items"] == [made[2], made[1]]
    following = await parties.service.http.get(_path(answer.json()["next"]), headers=parties.kde)
    assert (following.json()["items"], following.json()["next"]) == ([made[0]], None)
    await parties.revoke(made[1])
    for query, names in (
        ("issuer=kde", ["No. 2", "No. 1", "No. 0"]),
        ("issuer=kvec", []),
        ("kind=award", []),
        ("kind=issuer&state=active", ["No. 2", "No. 0"]),
        ("state=revoked", ["No. 1"]),
    ):
        found = await parties.service.http.get(f"/v1/endorsements?{query}", headers=parties.kde)
        assert [item["name"] for item in found.json()["items"]] == names, query
    assert (await parties.service.http.get("/v1/endorsements", headers=parties.kvec)).json()["items"] == []


async def test_anybody_lists_what_stands_of_one_thing(parties: Parties) -> None:
    subject = f"{BASE_URL}/achievements/{parties.achievement}"
    counts, made = [], []
    for n in range(3):
        made.append((await parties.endorse({"achievement": parties.achievement}, name=f"No. {n}")).json())
        parties.service.clock.advance(seconds=1)
        with statements(parties.service.runtime) as counted:
            answer = await parties.service.http.get("/endorsements", params={"subject": subject, "limit": 2})
        counts.append(len(counted))
    assert len(set(counts)) == 1
    await parties.endorse({"issuer": "kvec"})
    assert [item["name"] for item in answer.json()["items"]] == ["No. 2", "No. 1"]
    assert answer.json()["items"][0] == {
        "url": made[2]["url"],
        "endorser": KDE,
        "endorser_name": "Kentucky Department of Education",
        "kind": "achievement",
        "name": "No. 2",
        "valid_from": made[2]["valid_from"],
        "valid_until": None,
        "sha256": made[2]["sha256"],
    }
    following = await parties.service.http.get(_path(answer.json()["next"]))
    assert [item["name"] for item in following.json()["items"]] == ["No. 0"]
    shown = await parties.service.http.get("/endorsements", params={"subject": subject}, headers=BROWSER)
    assert Page(shown.text).text.count("Endorses this micro-credential") == 3
    assert subject in {attributes.get("href") for attributes in Page(shown.text).all("a")}
    await parties.revoke(made[0])
    left = await parties.service.http.get("/endorsements", params={"subject": subject})
    assert [item["name"] for item in left.json()["items"]] == ["No. 2", "No. 1"]
    none = await parties.service.http.get("/endorsements", params={"subject": "urn:x"})
    assert none.json() == {"items": [], "next": None}
    page = await parties.service.http.get("/endorsements", params={"subject": "urn:x"}, headers=BROWSER)
    assert "There are none that stand today." in Page(page.text).text
    assert "urn:x" not in {attributes.get("href") for attributes in Page(page.text).all("a")}
    assert (await parties.service.http.get("/endorsements")).status_code == 422
    stray = await parties.service.http.get("/endorsements", params={"subject": "urn:x", "cursor": "x"})
    assert stray.json()["type"].endswith("/bad-cursor")


async def test_the_page_says_who_endorses_what_and_how_it_stands(parties: Parties) -> None:
    made = (await parties.endorse({"achievement": parties.achievement}, valid_until="2027-01-01T00:00:00Z")).json()
    at, http = _path(made["url"]), parties.service.http
    answer = await http.get(at, headers=BROWSER)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    page = Page(answer.text)
    assert "valid" in next(name for name in page.classes("div") if name.startswith("verdict")).split()
    for words in (
        "Endorsement of Assessment Literacy",
        "signed by Kentucky Department of Education",
        "Endorses the micro-credential Assessment Literacy",
        "Kentucky Department of Education signed this endorsement, and it stands today.",
        "It fits the Kentucky teaching standards.",
        "All 9 checks are in order.",
        "January 1, 2027",
    ):
        assert words in page.text, words
    assert "<em>Kentucky</em>" in answer.text
    links = {attributes.get("href") for attributes in page.all("a")}
    assert {f"{BASE_URL}/issuers/kde", f"{BASE_URL}/achievements/{parties.achievement}", f"{made['url']}.json"} <= links
    spanish = Page((await http.get(f"{at}?lang=es", headers=BROWSER)).text)
    assert "firmó este respaldo y hoy sigue en pie" in spanish.text
    parties.service.clock.advance(days=60)
    over = Page((await http.get(at, headers=BROWSER)).text)
    assert "its time ended on January 1, 2027" in over.text
    await parties.revoke(made)
    revoked = Page((await http.get(at, headers=BROWSER)).text)
    assert "later took it back" in revoked.text
    assert "Taken back on" in revoked.text
    assert "given by mistake" not in revoked.text
    missing = await http.get(f"/endorsements/{uuid4()}", headers=BROWSER)
    assert (missing.status_code, missing.headers["content-type"]) == (404, "text/html; charset=utf-8")


@pytest.mark.parametrize(
    "bad",
    [
        "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "[x](javascript&colon;alert(1))",
        "<svg/onload=alert(1)>",
        "![x](https://evil.example/x.png)", "{{ 7 * 7 }}", "</title><script>", "<style>*{}</style>", "[a](http://evil.example)",
    ],
)  # fmt: skip
async def test_words_of_others_do_nothing_on_the_page(parties: Parties, bad: str) -> None:
    made = (await parties.endorse({"achievement": parties.achievement}, comment=bad, name=f"N {bad}")).json()
    subject = f"{BASE_URL}/achievements/{parties.achievement}"
    for at, params in ((_path(made["url"]), {}), ("/endorsements", {"subject": subject})):
        page = Page((await parties.service.http.get(at, params=params, headers=BROWSER)).text)
        assert {tag for tag, _ in page.elements} & {"script", "img", "style", "iframe", "object"} == set()
        for _, attributes in page.elements:
            assert not any(name.startswith("on") for name in attributes)
            assert all(
                not value.startswith(("javascript:", "http://"))
                for name, value in attributes.items()
                if name in ("href", "src", "action")
            )
        assert "49" not in page.text or bad != "{{ 7 * 7 }}"


async def test_nothing_about_an_award_that_its_earner_closed_is_public(parties: Parties) -> None:
    url = parties.award["credential"]["url"]
    made = (await parties.endorse({"award": url})).json()
    assert (await parties.service.http.get(_path(made["url"]))).status_code == 200
    async with parties.service.runtime.begin(operator()) as work:
        await work.begin_write()
        await work.session.execute(update(Award).values(visibility=Visibility.CLOSED))
    for headers in ({}, BROWSER):
        assert (await parties.service.http.get(_path(made["url"]), headers=headers)).status_code == 404
    listed = await parties.service.http.get("/endorsements", params={"subject": url})
    assert listed.json()["items"] == []
    assert _faults(await parties.endorse({"award": url}, 404)) == [("/of/award", "invalid")]
    # Its endorser may still take it back.
    await parties.revoke(made)


async def test_what_has_happened_is_told_to_both(parties: Parties) -> None:
    made = (await parties.endorse({"issuer": "kvec"}, comment="A secret of nobody.")).json()
    await parties.standing(made, {"embed": True})
    await parties.revoke(made)
    async with parties.service.runtime.database.reading() as session:
        rows = (
            await session.execute(
                select(Event.type, Issuer.slug, Event.data)
                .join(Issuer, Issuer.id == Event.issuer_id)
                .where(Event.type.startswith("endorsement."))
            )
        ).all()
    assert sorted((kind, slug) for kind, slug, _ in rows) == [
        ("endorsement.issued", "kde"),
        ("endorsement.received", "kvec"),
        ("endorsement.revoked", "kde"),
        ("endorsement.standing_changed", "kde"),
        ("endorsement.withdrawn", "kvec"),
    ]
    assert "secret" not in json.dumps([data for _, _, data in rows])


async def test_the_page_of_a_badge_tells_of_one_that_was_made_elsewhere(make_runtime: MakeRuntime) -> None:
    """It stood in the achievement when that was published; its endorser's keys are fetched for the page."""
    web = Web()
    runtime = await make_runtime(clock=Clock(), fetch=web)
    app = create_app(runtime)
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url=BASE_URL) as http:
        service = Service(runtime=runtime, clock=Clock(), app=app, http=http)
        own = await make.register(service)
        document = make.achievement(endorsement=[records.signed_endorsement()])
        award = await make.award(service, own, await make.publish(service, own, document=document))

        async def shown() -> list[str]:
            answer = await http.get(_path(award["credential"]["url"]), headers=BROWSER)
            assert answer.status_code == 200, answer.text
            page = Page(answer.text)
            return [name.split()[1] for name in page.classes("span") if name.startswith("pill ")]

        # Its endorser's host is away: that says nothing against it, and nothing for it.
        assert await shown() == ["not_checked"]
        web.pages |= {DID_URL: issued.controller(), issued.LIST_URL: issued.status_list()}
        assert await shown() == ["valid"]
        bits = Bits.new()
        bits.set(issued.INDEX)
        web.pages[issued.LIST_URL] = issued.status_list(bits)
        assert await shown() == ["revoked"]


async def test_a_badge_that_carries_one_verifies_in_every_form(parties: Parties) -> None:
    http = parties.service.http
    made = (await parties.endorse({"achievement": parties.achievement}, standing={"embed": True})).json()
    badge = await parties.minted(2)
    assert _carried(badge)["achievement"] == [made["url"]]
    kinds = {
        "json": "application/vc",
        "jwt": "application/vc+jwt",
        "png": "image/png",
        "svg": "image/svg+xml",
        "ed25519-2020.json": "application/json",
    }
    for form, kind in kinds.items():
        file = await http.get(f"{_path(badge['id'])}.{form}")
        assert file.status_code == 200, form
        if form in ("jwt", "ed25519-2020.json"):
            sent = {"json": {"credential": file.text}}
        else:
            sent = {"content": file.content, "headers": {"Content-Type": kind}}
        report = (await http.post("/v1/verify", **sent)).json()
        assert (report["outcome"], _inside(report)) == ("valid", ["verified"]), (form, report)


async def test_whose_badges_they_are_may_keep_it_out(parties: Parties) -> None:
    http = parties.service.http
    made = (await parties.endorse({"achievement": parties.achievement}, standing={"embed": True})).json()
    shown = {
        "id": made["id"],
        "url": made["url"],
        "issuer": "kvec",
        "of": made["of"],
        "endorser": KDE,
        "endorser_name": "Kentucky Department of Education",
        "name": made["name"],
        "state": "active",
        "wanted": True,
        "carry": True,
        "valid_from": made["valid_from"],
        "valid_until": None,
        "sha256": made["sha256"],
    }
    assert (await http.get("/v1/received-endorsements", headers=parties.kvec)).json()["items"] == [shown]
    assert (await http.get("/v1/received-endorsements", headers=parties.kde)).json()["items"] == []
    first = await parties.minted(2)
    path = f"/v1/received-endorsements/{made['id']}/carrying"
    for carry in (False, False, True, False):
        answer = await http.put(path, json={"carry": carry}, headers=parties.kvec)
        assert (answer.status_code, answer.json()) == (200, {**shown, "carry": carry})
    assert (await http.put(path, json={"carry": True}, headers=parties.kde)).status_code == 404
    assert (await http.put(path, json={"carry": "no"}, headers=parties.kvec)).status_code == 422
    second = await parties.minted(3)
    assert [_carried(badge)["achievement"] for badge in (first, second)] == [[made["url"]], []]
    # It stands all the same, for anybody to see, and its endorser's wish is as it was.
    listed = await http.get("/endorsements", params={"subject": made["of"]["id"]})
    assert [item["url"] for item in listed.json()["items"]] == [made["url"]]
    assert (await http.get(f"/v1/endorsements/{made['id']}", headers=parties.kde)).json() == made
    await http.put(path, json={"carry": True}, headers=parties.kvec)
    assert _carried(await parties.minted(4))["achievement"] == [made["url"]]


async def test_the_list_of_what_others_say_is_paged_at_one_cost(parties: Parties) -> None:
    counts = []
    for n in range(3):
        await parties.endorse({"issuer": "kvec"}, name=f"No. {n}")
        parties.service.clock.advance(seconds=1)
        with statements(parties.service.runtime) as counted:
            answer = await parties.service.http.get("/v1/received-endorsements?limit=2", headers=parties.kvec)
        counts.append(len(counted))
    assert len(set(counts)) == 1
    assert [item["name"] for item in answer.json()["items"]] == ["No. 2", "No. 1"]
    following = await parties.service.http.get(_path(answer.json()["next"]), headers=parties.kvec)
    assert [item["name"] for item in following.json()["items"]] == ["No. 0"]
    for query, count in (("kind=issuer&issuer=kvec", 3), ("kind=award", 0), ("issuer=kde", 0)):
        found = await parties.service.http.get(f"/v1/received-endorsements?{query}", headers=parties.kvec)
        assert len(found.json()["items"]) == count, query


async def test_an_agency_that_reads_by_consent_sees_no_endorsement_of_an_award(parties: Parties) -> None:
    """It names the award's credential, and whose that is can be read there."""
    of_award = (await parties.endorse({"award": parties.award["credential"]["url"]})).json()
    of_issuer = (await parties.endorse({"issuer": "kvec"})).json()
    async with parties.service.runtime.begin(operator()) as work:
        keys = [
            (
                await access.create_client(
                    work,
                    kind=ClientKind.AGENCY,
                    name="agency",
                    issuers=("kde", "kvec"),
                    consent_purpose=purpose,
                )
            )[1]
            for purpose in ("statistics", None)
        ]
    seen = []
    for token in keys:
        headers = {"Authorization": f"Bearer {token}"}
        for path in ("/v1/endorsements", "/v1/received-endorsements"):
            answer = await parties.service.http.get(path, headers=headers)
            seen.append({item["id"] for item in answer.json()["items"]})
        one = await parties.service.http.get(f"/v1/endorsements/{of_award['id']}", headers=headers)
        seen.append({str(one.status_code)})
    both = {of_award["id"], of_issuer["id"]}
    assert seen == [{of_issuer["id"]}, {of_issuer["id"]}, {"404"}, both, both, {"200"}]
