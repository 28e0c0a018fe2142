"""What a caller of POST /v1/verify may ask besides: recipient, trusted issuers, a status, domain and challenge."""

from __future__ import annotations

import json
from typing import Any

import pytest

from badgeissuer.net.fetch import Fetched, Fetcher
from badgeissuer.vc import bake, limits
from tests.support import make
from tests.support.app import Service
from tests.web.test_verify_route import _PNG, _issued, _verify

DID = "did:web:issuer.example:issuers:kvec"


async def _credential(service: Service) -> tuple[Any, str]:
    _, award, text = await _issued(service)
    return json.loads(text), award["credential"]["url"]


async def test_without_options_the_answer_has_their_members_too(service: Service) -> None:
    document, url = await _credential(service)
    for body in (document, {"credential": document}, {"url": url}):
        report = (await _verify(service, body)).json()
        assert (report["verified"], report["accepted"], report["policy"], report["refreshed"]) == (
            True,
            True,
            [],
            False,
        )
        assert report["advice"].startswith("Genuine and in force: ")
    document["name"] = "Other"
    report = (await _verify(service, document)).json()
    assert (report["verified"], report["accepted"]) == (False, False)
    assert report["advice"].startswith("Not genuine as it stands: ")
    assert all(check["remedy"] for check in report["checks"] if check["verdict"] != "ok")


async def test_own_rules_show_in_policy_and_never_in_verified(service: Service) -> None:
    document, url = await _credential(service)
    rules = {"trusted_issuers": [DID, "https://other.example/"], "needs_status": True}
    for way in ({"credential": document}, {"url": url}):
        report = (await _verify(service, way | rules)).json()
        assert (report["verified"], report["accepted"]) == (True, True)
        assert [(item["name"], item["verdict"]) for item in report["policy"]] == [
            ("trusted issuer", "ok"),
            ("has a status", "ok"),
        ]
    report = (await _verify(service, {"url": url, "trustedIssuers": ["did:web:other.example"]})).json()
    assert (report["verified"], report["outcome"], report["accepted"]) == (True, "valid", False)
    assert [(item["verdict"], bool(item["remedy"])) for item in report["policy"]] == [("failed", True)]
    assert "not accepted by your own rules" in report["advice"]


async def test_the_recipient_that_is_asked_for(service: Service) -> None:
    own = await make.register(service)
    award = await make.award(service, own, await make.publish(service, own))
    url = award["credential"]["url"]
    document = (await service.http.get(url)).json()
    subject = document["credentialSubject"]
    assert subject["id"]
    report = (await _verify(service, {"url": url, "recipient": [subject["id"]]})).json()
    assert (report["verified"], [part["name"] for part in report["checks"][7]["parts"]]) == (
        True,
        ["subject", "recipient"],
    )
    report = (await _verify(service, {"url": url, "recipient": ["did:example:somebody-else"]})).json()
    assert (report["verified"], report["outcome"], report["checks"][7]["verdict"]) == (False, "invalid", "failed")
    assert report["checks"][7]["parts"][1]["detail"] == "it was awarded to someone else than asked for"


async def test_domain_and_challenge_are_held_against_the_proof(service: Service) -> None:
    document, _ = await _credential(service)
    for asked in ({"domain": "https://a.example"}, {"domain": ["https://a.example", "b"]}, {"challenge": "abc"}):
        report = (await _verify(service, {"credential": document, **asked})).json()
        assert (report["verified"], report["checks"][3]["verdict"]) == (False, "failed"), asked


@pytest.mark.parametrize(
    ("options", "pointer", "code"),
    [
        ({"recipient": "a@b.example"}, "/recipient", "invalid"),
        ({"recipient": []}, "/recipient", "invalid"),
        ({"recipient": [5]}, "/recipient/0", "invalid"),
        ({"recipient": [""]}, "/recipient/0", "invalid"),
        ({"recipient": ["x"] * 21}, "/recipient", "invalid"),
        ({"recipient": ["x" * 2_001]}, "/recipient/0", "invalid"),
        ({"trusted_issuers": ["did:a:b", "KVEC"]}, "/trusted_issuers/1", "invalid"),
        ({"trusted_issuers": {}}, "/trusted_issuers", "invalid"),
        ({"needs_status": "yes"}, "/needs_status", "invalid"),
        ({"domain": 5}, "/domain", "invalid"),
        ({"domain": [""]}, "/domain/0", "invalid"),
        ({"challenge": ["x"]}, "/challenge", "invalid"),
        ({"recipients": ["x"]}, "/recipients", "unknown-member"),
    ],
)
async def test_an_option_that_cannot_be_read_is_named(
    service: Service, options: dict[str, Any], pointer: str, code: str
) -> None:
    answer = await _verify(service, {"credential": {}} | options)
    assert answer.status_code == 422
    assert [(entry["pointer"], entry["code"]) for entry in answer.json()["errors"]] == [(pointer, code)]
    assert "KVEC" not in answer.text


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"recipient": ["x"]}, "", "one-of"),
        ({"credential": {}, "url": "https://a.example"}, "", "one-of"),
        ({"credential": None}, "", "one-of"),
        ({"credential": 5}, "/credential", "invalid"),
        ({"credential": []}, "/credential", "invalid"),
        ({"url": 5}, "/url", "invalid"),
        ([], "", "not-an-object"),
        ([{"@context": []}], "", "not-an-object"),
        (5, "", "not-an-object"),
        (None, "", "not-an-object"),
        ("eyJ.eyJ.sig", "", "not-an-object"),
    ],
)
async def test_a_body_that_names_no_one_credential(service: Service, body: Any, pointer: str, code: str) -> None:
    answer = await _verify(service, body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert [(entry["pointer"], entry["code"]) for entry in answer.json()["errors"]] == [(pointer, code)]


async def test_a_document_that_has_such_members_itself_has_no_options(service: Service) -> None:
    document, _ = await _credential(service)
    answer = await _verify(service, document | {"recipient": "x", "url": 5})
    assert (answer.status_code, answer.json()["verified"]) == (200, False)


class _Host(Fetcher):
    """One page, and how it was asked for."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.body = body
        self.accept = ""
        self.most: int | None = 0

    async def get(self, url: str, *, accept: str, max_bytes: int | None = None) -> Fetched:
        self.accept, self.most = accept, max_bytes
        return Fetched(url, 200, "application/octet-stream", self.body)


async def test_an_address_may_lead_to_an_image_or_a_jwt(service: Service) -> None:
    document, _ = await _credential(service)
    text = json.dumps(document)
    for art in (_PNG, b'<svg xmlns="http://www.w3.org/2000/svg"/>'):
        host = service.runtime.fetch = _Host(bake.bake(art, text))
        report = (await _verify(service, {"url": "https://copy.example/badge"})).json()
        assert (report["verified"], "image" in report["checks"][0]["detail"]) == (True, True)
        assert {"image/png", "image/svg+xml", "application/vc+jwt"} <= {
            kind.split(";")[0].strip() for kind in host.accept.split(",")
        }
        assert (host.most or 0) >= limits.IMAGE_BYTES
    service.runtime.fetch = _Host(b"eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln")
    report = (await _verify(service, {"url": "https://copy.example/badge.jwt"})).json()
    assert (report["outcome"], report["checks"][0]["detail"][:13]) == ("invalid", "this is a JWT")
