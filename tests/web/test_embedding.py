"""A badge elsewhere: in a frame, by oEmbed, in a wallet, in a zip, with the older suite, and the links to these."""

from __future__ import annotations

import asyncio
import io
import json
import re
import zipfile
from html import unescape
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select, update

from badgeissuer.store.awards import JWT, OLDER, Credential, older_id
from badgeissuer.store.catalog import IssuerKey
from badgeissuer.store.status import StatusEntry
from badgeissuer.vc.contexts import ED25519_2020
from badgeissuer.vc.proofs.data_integrity import unsecured
from tests.support import make
from tests.support.app import BASE_URL, Service

ODD = """Zoë ® <b onclick="x">'&amp;{title}"""
PRESENTATION = {
    "@context": ["https://www.w3.org/2018/credentials/v1"],
    "type": ["VerifiablePresentation"],
    "holder": "did:key:z6Mk",
}


async def _award(service: Service, name: str = "Assessment Literacy", **members: Any) -> tuple[dict[str, str], Any]:
    own = await make.register(service)
    achievement = await make.publish(service, own, document=make.achievement(name, **members))
    return own, await make.award(service, own, achievement)


# --- The frame


async def test_any_page_may_frame_it_and_nothing_in_it_runs(service: Service) -> None:
    _, award = await _award(service, ODD)
    name = award["credential"]["id"]
    answer = await service.http.get(f"/embed/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *"
    )
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["x-robots-tag"] == "noindex"
    for absent in ("set-cookie", "x-frame-options", "cross-origin-opener-policy"):
        assert absent not in answer.headers
    assert "<script" not in answer.text
    assert "<b onclick" not in answer.text
    assert "Zoë ® &lt;b" in answer.text
    assert "In force" in answer.text
    assert "Teacher 1" not in answer.text
    assert set(re.findall(r' (?:src|href)="(https?://[^"]+)"', answer.text)) == {award["credential"]["url"]}
    assert re.search(r'<a href="[^"]+" target="_blank" rel="noopener">', answer.text)
    again = await service.http.get(f"/embed/{name}", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.headers["content-security-policy"]) == (
        304,
        answer.headers["content-security-policy"],
    )
    spanish = await service.http.get(f"/embed/{name}?lang=es")
    assert "Vigente" in spanish.text
    assert '<html lang="es">' in spanish.text


@pytest.mark.parametrize("action", ["revoke", "suspend"])
async def test_the_frame_says_what_no_longer_holds(service: Service, action: str) -> None:
    own, award = await _award(service)
    await service.http.post(f"/v1/awards/{award['id']}/{action}", json={"reason": "a test"}, headers=own)
    text = (await service.http.get(f"/embed/{award['credential']['id']}")).text
    assert "In force" not in text
    assert {"revoke": "Revoked", "suspend": "Suspended"}[action] in text


async def test_the_frame_says_that_its_time_is_over(service: Service) -> None:
    own = await make.register(service)
    award = await make.award(service, own, await make.publish(service, own, valid_for_days=30))
    service.clock.advance(days=40)
    text = (await service.http.get(f"/embed/{award['credential']['id']}")).text
    assert "Expired" in text
    assert "In force" not in text


@pytest.mark.parametrize("name", ["x", "00000000-0000-4000-8000-000000000000"])
async def test_a_frame_of_nothing_says_so(service: Service, name: str) -> None:
    answer = await service.http.get(f"/embed/{name}")
    assert answer.status_code == 404
    assert answer.headers["content-security-policy"].endswith("frame-ancestors *")
    assert answer.headers["cache-control"] == "no-store"


# --- oEmbed


async def test_editors_find_the_frame_by_the_page(service: Service) -> None:
    _, award = await _award(service, ODD)
    url = award["credential"]["url"]
    page = await service.http.get(url, headers={"Accept": "text/html"})
    found = re.search(r'<link rel="alternate" type="application/json\+oembed" href="([^"]+)"', page.text)
    assert found
    address = unescape(found[1])
    assert address == f"{BASE_URL}/oembed?url={quote(url, safe='')}"
    answer = await service.http.get(address)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["access-control-allow-origin"] == "*"
    told = answer.json()
    frame = told.pop("html")
    assert told == {
        "version": "1.0",
        "type": "rich",
        "title": ODD,
        "author_name": "Issuer kvec",
        "author_url": f"{BASE_URL}/issuers/kvec",
        "provider_name": "badgeissuer",
        "provider_url": BASE_URL,
        "cache_age": 300,
        "thumbnail_url": f"{url}.card.png",
        "thumbnail_width": 1200,
        "thumbnail_height": 630,
        "width": 420,
        "height": 180,
    }
    assert frame.startswith(
        f'<iframe src="{BASE_URL}/embed/{award["credential"]["id"]}" title="Zoë ® &lt;b onclick=&quot;'
    )
    assert frame.count("<") == 2
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in frame
    for name in ("embed", "card.png"):
        address = f"/embed/{award['credential']['id']}" if name == "embed" else f"{url}.{name}"
        assert (await service.http.get(address)).status_code == 200
    # What the page offers to copy is the same frame.
    assert frame in unescape(page.text)


async def test_the_frame_gets_no_larger_than_it_may(service: Service) -> None:
    _, award = await _award(service)
    given = {"url": f"{award['credential']['url']}.png?lang=es#x", "maxwidth": 300, "maxheight": 9_999}
    told = (await service.http.get("/oembed", params=given)).json()
    assert (told["width"], told["height"]) == (300, 180)
    assert 'width="300" height="180"' in told["html"]


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({}, 422),
        ({"url": "https://elsewhere.example/credentials/1"}, 404),
        ({"url": f"{BASE_URL}/credentials/1"}, 404),
        ({"url": f"{BASE_URL}/credentials/00000000-0000-4000-8000-000000000000"}, 404),
        ({"url": f"{BASE_URL}/issuers/kvec"}, 404),
        ({"url": f"{BASE_URL}.evil.example/credentials/1"}, 404),
        ({"url": f"{BASE_URL}/credentials/1", "format": "xml"}, 501),
        ({"url": f"{BASE_URL}/credentials/1", "maxwidth": "wide"}, 422),
        ({"url": f"{BASE_URL}/credentials/1", "maxwidth": "0"}, 422),
        ({"url": "x" * 2_001}, 422),
    ],
)
async def test_other_questions_get_a_problem(service: Service, params: dict[str, str], status: int) -> None:
    answer = await service.http.get("/oembed", params=params)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


# --- Wallet, and the links


async def test_the_api_tells_the_ways(service: Service) -> None:
    own, award = await _award(service, ODD)
    url = award["credential"]["url"]
    ways = (await service.http.get(f"/v1/awards/{award['id']}/exports", headers=own)).json()["ways"]
    assert set(ways) == {"linkedin", "wallet", "embed", "oembed"}
    wallet = urlsplit(ways["wallet"])
    assert (wallet.scheme, wallet.netloc, wallet.path) == ("https", "lcw.app", "/request.html")
    assert {name: value for name, (value,) in parse_qs(wallet.query).items()} == {
        "issuer": "issuer.example",
        "auth_type": "bearer",
        "challenge": award["credential"]["id"],
        "vc_request_url": f"{url}/wallet",
    }
    linkedin = parse_qs(urlsplit(ways["linkedin"]).query)
    assert (linkedin["name"], linkedin["certUrl"]) == ([ODD], [url])
    page = unescape((await service.http.get(url, headers={"Accept": "text/html"})).text)
    for way in ways.values():
        assert way in page


@pytest.mark.parametrize("body", [PRESENTATION, {**PRESENTATION, "type": "VerifiablePresentation"}])
async def test_a_wallet_that_shows_who_it_is_gets_the_stored_text(service: Service, body: Any) -> None:
    _, award = await _award(service, ODD)
    url = award["credential"]["url"]
    stored = (await service.http.get(f"{url}.json")).content
    answer = await service.http.post(f"{url}/wallet", json=body)
    assert (answer.status_code, answer.content) == (200, stored)
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("content", [b"", b"{}", json.dumps({"verifiablePresentation": PRESENTATION}).encode()])
async def test_an_exchange_gets_a_presentation(service: Service, content: bytes) -> None:
    _, award = await _award(service)
    url = award["credential"]["url"]
    stored = (await service.http.get(f"{url}.json")).text
    answer = await service.http.post(f"{url}/wallet", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200
    assert answer.json() == {
        "verifiablePresentation": {
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "type": ["VerifiablePresentation"],
            "verifiableCredential": [json.loads(stored)],
        }
    }
    assert stored in answer.text


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"a":NaN}', "application/json", 400),
        (b"{}", "text/plain", 415),
        (b" " * 300_000, "application/json", 413),
    ],
)
async def test_a_wallet_that_sends_nonsense_gets_a_problem(
    service: Service, content: bytes, kind: str, status: int
) -> None:
    _, award = await _award(service)
    answer = await service.http.post(
        f"{award['credential']['url']}/wallet", content=content, headers={"Content-Type": kind}
    )
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    absent = await service.http.post("/credentials/00000000-0000-4000-8000-000000000000/wallet", json={})
    assert absent.status_code == 404


# --- The zip and the older suite


@pytest.mark.parametrize(
    ("language", "word"), [("en", "How to bring it"), ("es-ES", "Cómo llevarla"), ("fr", "How to")]
)
async def test_the_zip_says_how_it_is_done_in_the_badges_language(service: Service, language: str, word: str) -> None:
    _, award = await _award(service, ODD, inLanguage=language)
    url = award["credential"]["url"]
    answer = await service.http.get(f"{url}.zip")
    assert answer.headers["content-type"] == "application/zip"
    stem = f"zoe-b-onclick-x-amp-title-{award['credential']['id'][:8]}"
    assert answer.headers["content-disposition"] == f'attachment; filename="{stem}.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert packed.namelist() == [f"{stem}.png", f"{stem}.json", "how-to.txt"]
        assert packed.read(f"{stem}.png") == (await service.http.get(f"{url}.png")).content
        assert packed.read(f"{stem}.json") == (await service.http.get(f"{url}.json")).content
        how = packed.read("how-to.txt").decode()
    assert word in how
    assert ODD in how
    assert url in how
    assert (await service.http.get(f"{url}.zip")).content == answer.content


async def test_the_older_suite_is_signed_once_where_it_is_asked_for(service: Service) -> None:
    own, award = await _award(service)
    url = award["credential"]["url"]
    answers = await asyncio.gather(*(service.http.get(f"{url}.ed25519-2020.json") for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    document, main = answers[0].json(), (await service.http.get(f"{url}.json")).json()
    assert document["@context"] == [*main["@context"], ED25519_2020]
    assert {**unsecured(document), "@context": main["@context"]} == unsecured(main)
    (proof,) = document["proof"]
    assert (proof["type"], "cryptosuite" in proof) == ("Ed25519Signature2020", False)
    assert proof["verificationMethod"] == main["proof"][0]["verificationMethod"]
    async with service.runtime.database.reading() as session:
        rows = list(await session.scalars(select(Credential).where(Credential.media_type == OLDER)))
        assert [(row.id, row.url, row.cryptosuite) for row in rows] == [
            (older_id(UUID(award["credential"]["id"])), f"{url}.ed25519-2020.json", "Ed25519Signature2020")
        ]
        assert await session.scalar(select(func.count()).select_from(StatusEntry)) == 1

    # It verifies, by itself and by its address; what is taken back is taken back in this form too.
    for body in (document, {"url": f"{url}.ed25519-2020.json"}):
        assert (await service.http.post("/v1/verify", json=body)).json()["verified"] is True
    changed = {**document, "name": "Another"}
    assert (await service.http.post("/v1/verify", json=changed)).json()["verified"] is False
    await service.http.post(f"/v1/awards/{award['id']}/revoke", json={"reason": "a test"}, headers=own)
    assert (await service.http.post("/v1/verify", json=document)).json()["outcome"] == "revoked"
    # Its row's id is no address, and the award has one credential as before.
    assert (await service.http.get(f"/credentials/{rows[0].id}")).status_code == 404
    listed = (await service.http.get("/v1/awards", headers=own)).json()["items"]
    assert [item["credential"]["id"] for item in listed] == [award["credential"]["id"]]


async def test_where_it_cannot_be_signed_the_older_form_is_not_there(service: Service) -> None:
    _, award = await _award(service)
    url = award["credential"]["url"]
    async with service.runtime.database.writing() as session:
        await session.execute(update(IssuerKey).values(compromised_at=service.clock.now))
    assert (await service.http.get(f"{url}.ed25519-2020.json")).status_code == 503
    async with service.runtime.database.writing() as session:
        await session.execute(update(IssuerKey).values(compromised_at=None))
        await session.execute(delete(Credential).where(Credential.media_type == JWT))
        row = (await session.scalars(select(Credential))).one()
        document = json.loads(row.text)
        del document["credentialSubject"]["achievement"]["criteria"]
        row.text = json.dumps(document)
    assert (await service.http.get(f"{url}.ed25519-2020.json")).status_code == 404
