"""POST /v1/verify: anybody may ask, about any document, and nobody can make it hang, fetch inwards or fall over."""

from __future__ import annotations

import asyncio
import base64
import copy
import json
from typing import Any

import pytest
from sqlalchemy import func, select

from badgeissuer.net.fetch import Fetched, Fetcher, FetchFailed
from badgeissuer.services import verifying
from badgeissuer.store.outbox import Event
from badgeissuer.vc import bake
from badgeissuer.vc.canon import canonicalize
from badgeissuer.vc.checks.plan import budget_of
from badgeissuer.vc.multibase import multibase_encode
from badgeissuer.vc.proofs.data_integrity import hash_data, proof_config
from badgeissuer.vc.verify import Policy, Report
from badgeissuer.web.api import verify as route
from badgeissuer.work import Work
from tests.support import issued, make, records
from tests.support.app import BASE_URL, Service

_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
NAMES = [
    "parse",
    "shape",
    "terms",
    "proof",
    "key belongs to issuer",
    "dates",
    "status",
    "subject and achievement",
    "nested and linked documents",
]


async def _issued(service: Service) -> tuple[dict[str, str], Any, bytes]:
    own = await make.register(service)
    award = await make.award(service, own, await make.publish(service, own))
    return own, award, (await service.http.get(award["credential"]["url"])).content


async def _verify(service: Service, body: bytes | Any, kind: str = "application/json") -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await service.http.post("/v1/verify", content=content, headers={"Content-Type": kind})


async def test_a_good_credential_in_each_way_of_sending_it(service: Service) -> None:
    _, award, text = await _issued(service)
    document = json.loads(text)
    url = award["credential"]["url"]
    for body, kind in [
        (text, "application/json"),
        (text, "application/vc"),
        (text, "application/ld+json"),
        ({"credential": document}, "application/json"),
        ({"url": url}, "application/json"),
        ({"url": f"{url}.json"}, "application/json"),
    ]:
        answer = await _verify(service, body, kind)
        assert answer.status_code == 200, answer.text
        report = answer.json()
        assert (report["verified"], report["outcome"]) == (True, "valid"), report
        assert [(check["number"], check["name"], check["verdict"]) for check in report["checks"]] == [
            (number, name, "ok") for number, name in enumerate(NAMES)
        ]
        assert report["credential"]["id"] == url
        assert report["credential"]["issuer"] == "did:web:issuer.example:issuers:kvec"
        assert report["credential"]["name"] == "Assessment Literacy"
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_a_changed_or_revoked_one_is_a_200_that_says_so(service: Service) -> None:
    own, award, text = await _issued(service)
    changed = json.loads(text)
    changed["credentialSubject"]["achievement"]["name"] = "Another"
    report = (await _verify(service, changed)).json()
    assert (report["verified"], report["outcome"]) == (False, "invalid")
    assert report["checks"][3]["verdict"] == "failed"
    assert report["checks"][3]["type"] == "https://w3id.org/security#PROOF_VERIFICATION_ERROR"
    await service.http.post(f"/v1/awards/{award['id']}/revoke", json={"reason": "a mistake"}, headers=own)
    for body in (text, {"url": award["credential"]["url"]}):
        report = (await _verify(service, body)).json()
        assert (report["verified"], report["outcome"], report["checks"][6]["verdict"]) == (False, "revoked", "failed")


async def test_bodies_that_are_not_documents(service: Service) -> None:
    for body, status in [
        (b"{", 400),
        (b"", 400),
        (b'{"a": 1, "a": 2}', 400),
        (b'{"a": NaN}', 400),
        (b"[" * 1000, 400),
        (b" " * 300_000, 413),
        (b"[]", 422),
        (b"5", 422),
        (b"{}", 200),
        (b'{"credential": "eyJ.eyJ.sig"}', 200),
        (b'{"@context": [], "url": "https://a.example"}', 200),
        (b'{"credential": {}, "url": "https://a.example"}', 422),
        (b'{"url": 5}', 422),
    ]:
        answer = await _verify(service, body)
        assert answer.status_code == status, body[:40]
        if status == 200:
            assert (answer.json()["verified"], answer.json()["outcome"]) == (False, "invalid"), body
        else:
            assert answer.headers["content-type"] == "application/problem+json"
    for kind in ("text/plain", "application/jwt", "application/vc+jwt"):
        answer = await _verify(service, b"eyJ.eyJ.sig", kind)
        assert (answer.status_code, answer.json()["outcome"]) == (200, "invalid")
        long = await _verify(service, b"eyJ." + b"e" * 300_000 + b".sig", kind)
        assert (long.status_code, long.json()["outcome"]) == (200, "invalid")
        assert (await _verify(service, b"e" * 16_777_217, kind)).status_code == 413
    assert (await _verify(service, b"GIF89a", "image/gif")).status_code == 415


async def test_a_long_record_and_its_members(service: Service) -> None:
    service.clock.now = issued.NOW
    did = f"did:key:{issued.MULTIKEY}"
    method = f"{did}#{issued.MULTIKEY}"
    bare = {name: value for name, value in issued.signed().items() if name not in ("proof", "credentialStatus")}
    bare["issuer"] = {"id": did, "type": ["Profile"], "name": "KVEC"}
    members = []
    for number in range(6):
        bare |= {"id": f"urn:uuid:4c1d2f6e-0000-4000-8000-00000000000{number}", "description": "word " * 10_000}
        members.append(issued.resigned(bare, verificationMethod=method))
    members[4]["name"] = "Changed"
    subject = {"id": bare["credentialSubject"]["id"], "type": ["ClrSubject"], "verifiableCredential": members}
    contexts = records.signed_clr()["@context"]
    record = bare | {"@context": contexts, "type": ["VerifiableCredential", "ClrCredential"]}
    del record["evidence"], record["description"]
    with_members = record | {"credentialSubject": subject}
    form = canonicalize(with_members, issued.CONTEXTS, budget=budget_of(with_members))
    proof = {**members[0]["proof"][0]}
    del proof["proofValue"]
    config = canonicalize(proof_config(with_members, proof), issued.CONTEXTS)
    value = multibase_encode(issued.KEY.sign(hash_data(config.nquads, form.nquads)))
    body = with_members | {"proof": [proof | {"proofValue": value}]}
    for sent in (body, {"credential": body}):
        answer = await _verify(service, sent)
        assert answer.status_code == 200, answer.text
        report = answer.json()
        assert (report["verified"], [member["verified"] for member in report["members"]]) == (
            False,
            [True, True, True, True, False, True],
        )
        assert [check["number"] for check in report["checks"] if check["verdict"] != "ok"] == [8]
        bad = report["members"][4]
        assert (bad["pointer"], bad["credential"]["name"]) == (
            "/credentialSubject/verifiableCredential/4",
            "Changed",
        )
        assert [check["number"] for check in bad["checks"] if check["verdict"] != "ok"] == [3]


async def test_long_bodies_that_are_no_records(service: Service) -> None:
    words = json.dumps({"@context": [], "a": "word " * 60_000})
    assert (await _verify(service, words.encode())).status_code == 413
    named = await _verify(service, words.replace("word ", "ClrCredential ", 1).encode())
    assert (named.status_code, named.json()["outcome"]) == (200, "invalid")
    dense = b'{"a":"ClrCredential","b":[' + b"{}," * 1_000_000 + b"{}]}"
    assert (await _verify(service, dense)).status_code == 413


async def test_a_baked_badge(service: Service) -> None:
    _, _, text = await _issued(service)
    for art, kind in ((_PNG, "image/png"), (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml")):
        report = (await _verify(service, bake.bake(art, text.decode()), kind)).json()
        assert (report["verified"], report["checks"][0]["detail"][:24]) == (True, "one JSON document, found")
        answer = await _verify(service, art, kind)
        assert (answer.status_code, answer.json()["checks"][0]["verdict"]) == (200, "failed")
        assert (await _verify(service, b" " * 300_000, kind)).status_code == 200
        assert (await _verify(service, b" " * 16_777_217, kind)).status_code == 413
        assert (await _verify(service, b"{}", f"{kind}; charset=latin-1")).status_code == 415


async def test_an_address_inside_is_never_asked(service: Service) -> None:
    for url in [
        "http://localhost:8000/credentials/x",
        "http://127.0.0.1/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/",
        "https://user:pass@example.org/",
        "file:///etc/passwd",
        "gopher://x",
        "",
    ]:
        answer = await _verify(service, {"url": url})
        assert answer.status_code == 422, url
        assert [(entry["pointer"], entry["code"]) for entry in answer.json()["errors"]] == [("/url", "ssrf-refused")]


async def test_our_own_addresses_are_read_from_the_database(service: Service) -> None:
    for name in ["00000000-0000-4000-8000-000000000000", "nonsense", "../v1/issuers"]:
        answer = await _verify(service, {"url": f"{BASE_URL}/credentials/{name}"})
        assert answer.status_code == 422
        assert [(entry["pointer"], entry["code"]) for entry in answer.json()["errors"]] == [("/url", "not-found")]


class _Elsewhere(Fetcher):
    """A host of somebody else's, in memory."""

    def __init__(self, answers: dict[str, Fetched]) -> None:
        super().__init__()
        self.answers = answers

    async def get(self, url: str, *, accept: str, max_bytes: int | None = None) -> Fetched:
        if url not in self.answers:
            raise FetchFailed("the host does not answer")
        return self.answers[url]


async def test_documents_elsewhere_are_fetched(service: Service) -> None:
    _, _, text = await _issued(service)
    service.runtime.fetch = _Elsewhere(
        {
            "https://copy.example/badge": Fetched("https://copy.example/badge", 200, "application/json", text),
            "https://copy.example/gone": Fetched("https://copy.example/gone", 410, "text/html", b"gone"),
            "https://copy.example/page": Fetched("https://copy.example/page", 200, "text/html", b"<html>"),
        }
    )
    assert (await _verify(service, {"url": "https://copy.example/badge"})).json()["outcome"] == "valid"
    assert (await _verify(service, {"url": "https://copy.example/page"})).json()["outcome"] == "invalid"
    for url in ("https://copy.example/gone", "https://away.example/"):
        answer = await _verify(service, {"url": url})
        assert answer.status_code == 422
        assert [(entry["pointer"], entry["code"]) for entry in answer.json()["errors"]] == [("/url", "fetch-failed")]


async def test_too_many_at_once_are_sent_away_and_others_served(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, text = await _issued(service)
    holding = asyncio.Event()
    running = most = 0
    real = verifying.verify

    async def slow(work: Work, *, data: bytes, policy: Policy | None = None) -> Report:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await holding.wait()
        running -= 1
        return await real(work, data=data, policy=policy)

    monkeypatch.setattr(verifying, "verify", slow)
    calls = [asyncio.create_task(_verify(service, text)) for _ in range(60)]
    refused: list[asyncio.Task[Any]] = []
    while len(refused) < 60 - route._RUNNING - route._WAITING:
        await asyncio.sleep(0.01)
        refused = [call for call in calls if call.done()]
    for call in refused:
        answer = call.result()
        assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    assert (await service.http.get("/healthz")).status_code == 200
    holding.set()
    answers = await asyncio.gather(*calls)
    assert sorted({answer.status_code for answer in answers}) == [200, 503]
    assert sum(answer.status_code == 200 for answer in answers) == route._RUNNING + route._WAITING
    assert most == route._RUNNING
    assert (await _verify(service, text)).status_code == 200


async def test_what_never_comes_ends_in_time(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    async def forever(work: Work, *, data: bytes, policy: Policy | None = None) -> Report:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(verifying, "verify", forever)
    monkeypatch.setattr(route, "_SECONDS", 0.1)
    assert (await _verify(service, b"{}")).status_code == 503


async def test_nothing_is_written(service: Service) -> None:
    _, _, text = await _issued(service)
    changed = copy.deepcopy(json.loads(text))
    changed["name"] = "x"

    async def events() -> int:
        async with service.runtime.database.reading() as session:
            return (await session.scalar(select(func.count()).select_from(Event))) or 0

    before = await events()
    await _verify(service, text)
    await _verify(service, changed)
    assert await events() == before
