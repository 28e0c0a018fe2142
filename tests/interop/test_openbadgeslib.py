"""Independent software on our credentials: openbadgeslib 4.6.3, with the exported files as its whole web.

Its status check reads our lists with ``verify_status_list=False``, because it checks a list's signature only where the
list is a JWT. Our own verification, run as a stranger with an empty database, checks the list's signature too.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from openbadgeslib.ob3 import OB3VerificationError
from openbadgeslib.ob3.clr import bundled_clr_contexts
from openbadgeslib.ob3.ldp import OB3LdpVerifier, verify_data_integrity_proof
from openbadgeslib.ob3.verifier import OB3Verifier

from badgeissuer.runtime import Runtime, utc_now
from badgeissuer.sandbox import Sandbox
from badgeissuer.services import verifying
from badgeissuer.store.access import ANONYMOUS
from badgeissuer.vc.multikey import parse_multikey
from tests.support.bundled import member_texts
from tests.support.exported import Exported, FileHost, new_runtime
from tests.support.single_changes import leaves, variants


@pytest.fixture(scope="module")
async def stranger(
    tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox, exported: Exported
) -> AsyncIterator[Runtime]:
    """Another installation, which issued nothing and must fetch everything."""
    runtime = await new_runtime(
        tmp_path_factory.mktemp("stranger"),
        sandbox,
        clock=utc_now,
        fetch=FileHost(exported),
        base_url="https://other.example",
    )
    yield runtime
    await runtime.close()


def openbadgeslib_verdict(exported: Exported, data: bytes) -> str:
    """``valid``, the status that it found set, or ``invalid: <why>``."""
    issuer = json.loads(data).get("issuer")
    did = issuer.get("id") if isinstance(issuer, dict) else issuer
    verifier = OB3LdpVerifier.for_issuer_did(str(did))
    try:
        verifier.verify(data, check_status=True, download=exported.answer, verify_status_list=False)
    except OB3VerificationError as error:
        found = re.match(r"Credential status '(\w+)' is set", str(error))
        if found:
            return {"revocation": "revoked", "suspension": "suspended"}[found[1]]
        return f"invalid: {error}"
    return "valid"


def openbadgeslib_on_the_jwt(exported: Exported, token: str) -> str:
    """As ``openbadgeslib_verdict``, on a token: its issuer is found by the kid, in the exported did.json."""
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    verifier = OB3Verifier.for_issuer_did(claims["iss"], download=exported.answer)
    try:
        verifier.verify(token, check_status=True, download=exported.answer, verify_status_list=False)
    except OB3VerificationError as error:
        found = re.match(r"Credential status '(\w+)' is set", str(error))
        if found:
            return {"revocation": "revoked", "suspension": "suspended"}[found[1]]
        return f"invalid: {error}"
    return "valid"


async def our_verdict(stranger: Runtime, data: bytes) -> tuple[bool, str]:
    async with stranger.begin(ANONYMOUS) as work:
        report = await verifying.verify(work, data=data)
    return report.verified, report.outcome


def test_the_manifest_has_every_kind_of_case(exported: Exported) -> None:
    expected = [item["expected"] for item in exported.of("credential")]
    assert {word: expected.count(word) for word in sorted(set(expected))} == {"revoked": 1, "suspended": 1, "valid": 24}


def test_openbadgeslib_gives_the_manifests_verdict(exported: Exported) -> None:
    found = {item["url"]: openbadgeslib_verdict(exported, exported.data(item)) for item in exported.of("credential")}
    assert found == {item["url"]: item["expected"] for item in exported.of("credential")}


async def test_our_verify_gives_the_manifests_verdict(exported: Exported, stranger: Runtime) -> None:
    for item in exported.of("credential"):
        verdict = await our_verdict(stranger, exported.data(item))
        assert verdict == (item["expected"] == "valid", item["expected"]), item["url"]


def test_openbadgeslib_gives_the_same_verdict_on_the_jwts(exported: Exported) -> None:
    items = exported.of("credential-jwt")
    assert len(items) == len(exported.of("credential"))
    found = {item["url"]: openbadgeslib_on_the_jwt(exported, exported.data(item).decode()) for item in items}
    assert found == {item["url"]: item["expected"] for item in items}
    head, payload, _ = exported.data(items[0]).decode().split(".")
    _, _, signature = exported.data(items[1]).decode().split(".")
    assert openbadgeslib_on_the_jwt(exported, f"{head}.{payload}.{signature}").startswith("invalid")


def test_openbadgeslib_takes_the_credential_out_of_the_images(exported: Exported) -> None:
    texts = {item["url"]: exported.data(item).decode() for item in exported.of("credential")}
    for item in exported.of("credential-svg"):
        url = item["url"].removesuffix(".svg")
        assert OB3Verifier.extract_token_from_svg(exported.data(item)) == texts[url]
    for item in exported.of("credential-png"):
        assert OB3Verifier.extract_token_from_png(exported.data(item)) == texts[item["url"].removesuffix(".png")]


async def test_our_verify_gives_the_manifests_verdict_in_every_signed_form(
    exported: Exported, stranger: Runtime
) -> None:
    for kind in ("credential-jwt", "credential-png", "credential-svg"):
        for item in exported.of(kind):
            verdict = await our_verdict(stranger, exported.data(item))
            assert verdict == (item["expected"] == "valid", item["expected"]), item["url"]


def openbadgeslib_on_the_proof(exported: Exported, document: dict[str, Any]) -> str:
    """It has no verifier of whole endorsements and records as JSON, but one of their proofs: with the key that the
    exported did.json publishes."""
    did = exported.answer(f"{_page(document)}/did.json")
    pem = public_key_pem(json.loads(did), document["proof"][0]["verificationMethod"])
    try:
        verify_data_integrity_proof(document, pem, extra_contexts=bundled_clr_contexts())
    except OB3VerificationError as error:
        return f"invalid: {error}"
    return "valid"


def _page(document: dict[str, Any]) -> str:
    return f"https://issuer.example/issuers/{document['issuer']['id'].rpartition(':')[2]}"


def public_key_pem(did_document: dict[str, Any], method_id: str) -> bytes:
    [method] = [each for each in did_document["verificationMethod"] if each["id"] == method_id]
    key = parse_multikey(method["publicKeyMultibase"])
    pem: bytes = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem


def test_openbadgeslib_checks_endorsements_and_records_with_the_published_keys(exported: Exported) -> None:
    items = [*exported.of("endorsement"), *exported.of("clr")]
    assert len(items) == 6
    for item in items:
        document = exported.document(item)
        assert openbadgeslib_on_the_proof(exported, document) == "valid", item["url"]
        assert openbadgeslib_on_the_proof(exported, {**document, "name": "another"}).startswith("invalid"), item["url"]


def test_openbadgeslib_gives_each_badge_in_a_record_the_verdict_that_it_has_outside(exported: Exported) -> None:
    outside = {exported.data(item).decode(): item["expected"] for item in exported.of("credential")}
    seen = 0
    for item in exported.of("clr"):
        verdicts = []
        for text in member_texts(exported.data(item).decode()):
            assert text in outside, "byte for byte as it is served"
            verdicts.append(openbadgeslib_verdict(exported, text.encode()))
            assert verdicts[-1] == outside[text]
        assert (set(verdicts) == {"valid"}) is (item["expected"] == "valid")
        seen += len(verdicts)
    assert seen == 15


async def test_our_verify_gives_the_manifests_verdict_on_records_and_endorsements(
    exported: Exported, stranger: Runtime
) -> None:
    expected = [item["expected"] for item in exported.of("clr")]
    assert sorted(expected) == ["invalid", "valid", "valid", "valid"]
    for kind in ("endorsement", "clr", "clr-png", "clr-svg"):
        for item in exported.of(kind):
            verdict = await our_verdict(stranger, exported.data(item))
            assert verdict == (item["expected"] == "valid", item["expected"]), item["url"]


async def test_a_status_list_that_was_tampered_with_is_seen(
    exported: Exported, tmp_path: Path, sandbox: Sandbox
) -> None:
    """The bit of a revoked credential cleared by the host: our verify checks the list's own proof."""
    revoked = next(item for item in exported.of("credential") if item["expected"] == "revoked")
    list_url = exported.document(revoked)["credentialStatus"]["statusListCredential"]
    other = next(
        exported.document(item)["credentialSubject"]["encodedList"]
        for item in exported.of("status")
        if item["url"] != list_url
    )

    class Tampering(FileHost):
        async def get(self, url: str, *, accept: str) -> Any:
            fetched = await super().get(url, accept=accept)
            if url != list_url:
                return fetched
            document = json.loads(fetched.body)
            document["credentialSubject"]["encodedList"] = other
            return type(fetched)(
                url=url, status=200, content_type="application/json", body=json.dumps(document).encode()
            )

    runtime = await new_runtime(
        tmp_path, sandbox, clock=utc_now, fetch=Tampering(exported), base_url="https://other.example"
    )
    try:
        verified, outcome = await our_verdict(runtime, exported.data(revoked))
    finally:
        await runtime.close()
    assert not verified
    assert outcome != "valid"


async def test_any_single_change_makes_both_refuse(exported: Exported, stranger: Runtime) -> None:
    """On the credential with the most to change: shared evidence, results, and a creator that is not the issuer."""
    item = max(
        (i for i in exported.of("credential") if "creator" in exported.document(i)["credentialSubject"]["achievement"]),
        key=lambda i: len(set(leaves(exported.document(i)))),
    )
    document = exported.document(item)
    assert openbadgeslib_verdict(exported, json.dumps(document).encode()) == "valid"
    assert await our_verdict(stranger, json.dumps(document).encode()) == (True, "valid")
    cases = dict(variants(document))
    assert len(cases) >= 30
    accepted = []
    for name, case in cases.items():
        data = json.dumps(case, ensure_ascii=False).encode()
        if not openbadgeslib_verdict(exported, data).startswith("invalid"):
            accepted.append(f"openbadgeslib: {name}")
        verified, outcome = await our_verdict(stranger, data)
        if verified or outcome == "valid":
            accepted.append(f"badgeissuer: {name}")
    assert accepted == []
