"""did:jwk and controller documents: which key is whose, and what for."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from badgeissuer.vc import controllers
from badgeissuer.vc.controllers import (
    ControllerError,
    DocumentIdInvalid,
    DocumentInvalid,
    Method,
    MethodInvalid,
    MethodUrlInvalid,
    RelationshipInvalid,
)
from badgeissuer.vc.did_jwk import did_jwk, did_jwk_document, did_jwk_key
from badgeissuer.vc.faults import DidInvalid
from badgeissuer.vc.jwk import JoseKey, parse_public_jwk, public_jwk
from badgeissuer.vc.multibase import base64url_encode
from badgeissuer.vc.multikey import VerificationKey, did_document, public_multikey

NOW = datetime(2026, 3, 2, tzinfo=UTC)
ED = Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key()
P256 = ec.derive_private_key(7, ec.SECP256R1()).public_key()
P384 = ec.derive_private_key(7, ec.SECP384R1()).public_key()
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
KEYS = pytest.mark.parametrize("key", [ED, P256, P384, RSA], ids=["Ed25519", "P-256", "P-384", "RSA"])
DID = "did:web:a.example:issuers:a"

# The method's own example (did:jwk §Examples).
EXAMPLE = (
    "did:jwk:eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6ImFjYklRaXVNczNpOF91c3pFakoydHBUdFJNNEVVM3l6OTFQSDZDZEgyVjAiLCJ5IjoiX0tj"
    "eUxqOXZXTXB0bm1LdG00NkdxRHo4d2Y3NEk1TEtncmwyR3pIM25TRSJ9"
)


@KEYS
def test_did_jwk_is_the_key(key: JoseKey) -> None:
    did = did_jwk(key)
    document = did_jwk_document(did)
    assert did_jwk_key(did) == key
    assert document["verificationMethod"][0]["publicKeyJwk"] == public_jwk(key)
    assert controllers.own_document(did) == document
    assert controllers.retrieve(document, f"{did}#0", now=NOW) == Method(f"{did}#0", did, key)


def test_the_example_of_did_jwk() -> None:
    assert did_jwk(did_jwk_key(EXAMPLE)) == EXAMPLE
    assert public_jwk(did_jwk_key(EXAMPLE))["x"] == "acbIQiuMs3i8_uszEjJ2tpTtRM4EU3yz91PH6CdH2V0"


def encoded(jwk: object) -> str:
    return "did:jwk:" + base64url_encode(json.dumps(jwk).encode())


@pytest.mark.parametrize(
    "did",
    [
        "did:jwk:",
        "did:web:a.example",
        EXAMPLE + "=",
        EXAMPLE + "#0",
        "did:jwk:" + "A" * 5000,
        encoded([]),
        encoded({}),
        encoded({**public_jwk(P256), "d": "AA"}),
        encoded({**public_jwk(P256), "use": "enc"}),
        "did:jwk:" + base64url_encode(b'{"kty":"OKP","kty":"EC"}'),
    ],
)
def test_what_is_no_did_jwk(did: str) -> None:
    with pytest.raises(DidInvalid):
        did_jwk_document(did)


MULTIKEY = public_multikey(ED)
URL = f"{DID}#{MULTIKEY}"
DOCUMENT = did_document(DID, [VerificationKey(MULTIKEY), VerificationKey(public_multikey(P256), as_jwk=True)])
DI_METHOD, JWT_METHOD = DOCUMENT["verificationMethod"]


def test_the_keys_of_our_own_documents() -> None:
    assert controllers.retrieve(DOCUMENT, URL, now=NOW, controller=DID) == Method(URL, DID, ED)
    assert controllers.retrieve(DOCUMENT, JWT_METHOD["id"], now=NOW).key == P256
    for loose in (
        {**DOCUMENT, "verificationMethod": DI_METHOD, "assertionMethod": URL},
        {"id": DID, "assertionMethod": [DI_METHOD]},
        {**DOCUMENT, "assertionMethod": [], "authentication": [URL]},
    ):
        purpose = "authentication" if "authentication" in loose else "assertionMethod"
        assert controllers.retrieve(loose, URL, now=NOW, purpose=purpose).key == ED


@KEYS
def test_a_json_web_key_of_each_kind(key: JoseKey) -> None:
    method = {**JWT_METHOD, "type": "JsonWebKey2020", "publicKeyJwk": {**public_jwk(key), "kid": "1"}}
    document = {"id": DID, "verificationMethod": [method], "assertionMethod": [method["id"]]}
    assert controllers.retrieve(document, method["id"], now=NOW).key == key
    assert parse_public_jwk(method["publicKeyJwk"]) == key


def test_a_did_key_may_lack_its_fragment() -> None:
    did = f"did:key:{MULTIKEY}"
    document = controllers.own_document(did)
    assert controllers.retrieve(document, did, now=NOW) == Method(f"{did}#{MULTIKEY}", did, ED)
    assert controllers.controller_of(URL) == DID
    assert controllers.own_document(DID) is None
    assert controllers.own_document("https://a.example/issuer") is None


@pytest.mark.parametrize(
    "controller", ["did:key:z6Mk", "did:jwk:AA", "did:ethr:0x1", "urn:uuid:1", "mailto:a@b.example"]
)
def test_ids_that_lead_to_no_document(controller: str) -> None:
    with pytest.raises(MethodUrlInvalid):
        controllers.own_document(controller)


@pytest.mark.parametrize("method", ["key-1", "#key-1", DID, f"{DID}#", "", None, 1, f"{DID}#a b"])
def test_what_names_no_verification_method(method: Any) -> None:
    with pytest.raises(MethodUrlInvalid) as error:
        controllers.retrieve(DOCUMENT, method, now=NOW)
    assert error.value.problem == "https://w3id.org/security#INVALID_VERIFICATION_METHOD_URL"


def with_method(**changes: Any) -> dict[str, Any]:
    method = {name: value for name, value in {**DI_METHOD, **changes}.items() if value is not None}
    return {**DOCUMENT, "verificationMethod": [method]}


OTHER = f"{DID}#other"
REFUSED: dict[str, tuple[object, type[ControllerError], str]] = {
    "no object": ([DOCUMENT], DocumentInvalid, "no JSON object"),
    "another id": ({**DOCUMENT, "id": DID + "/"}, DocumentIdInvalid, "another id"),
    "no id": ({**DOCUMENT, "id": None}, DocumentIdInvalid, "another id"),
    "methods of numbers": ({**DOCUMENT, "verificationMethod": [1]}, DocumentInvalid, "no list of keys"),
    "too many methods": ({**DOCUMENT, "assertionMethod": [URL] * 1001}, DocumentInvalid, "no list of keys"),
    "no such method": (with_method(id=OTHER), MethodInvalid, "no such key"),
    "a relative id": (with_method(id=f"#{MULTIKEY}"), MethodInvalid, "no such key"),
    "twice": ({**DOCUMENT, "verificationMethod": [DI_METHOD] * 2}, MethodInvalid, "more than once"),
    "declared and embedded": ({**DOCUMENT, "assertionMethod": [dict(DI_METHOD)]}, MethodInvalid, "more than once"),
    "another controller": (with_method(controller="did:web:b.example"), MethodInvalid, "another controller"),
    "no controller": (with_method(controller=None), MethodInvalid, "another controller"),
    "a secret": (with_method(secretKeyMultibase="z1"), MethodInvalid, "secret half"),
    "two forms": (with_method(publicKeyJwk=public_jwk(ED)), MethodInvalid, "one form"),
    "no form": (with_method(publicKeyMultibase=None), MethodInvalid, "one form"),
    "an unknown type": (with_method(type="X25519KeyAgreementKey2020"), MethodInvalid, "no form that is known"),
    "a type that is an array": (with_method(type=["Multikey"]), MethodInvalid, "no form that is known"),
    "a type that is an object": (with_method(type={"a": 1}), MethodInvalid, "no form that is known"),
    "a JWK as a text": (
        with_method(type="JsonWebKey", publicKeyMultibase=None, publicKeyJwk="x"),
        MethodInvalid,
        "no form that is known",
    ),
    "a broken key": (with_method(publicKeyMultibase="z6Mk"), MethodInvalid, "Multikey"),
    "not listed": ({**DOCUMENT, "assertionMethod": [OTHER]}, RelationshipInvalid, "does not list the key"),
    "nothing listed": ({"id": DID, "verificationMethod": [DI_METHOD]}, RelationshipInvalid, "does not list the key"),
    "revoked": (with_method(revoked="2999-01-01T00:00:00Z"), MethodInvalid, "revoked"),
    "expired": (with_method(expires="2026-03-02T00:00:00Z"), MethodInvalid, "has expired"),
    "expires some day": (with_method(expires="soon"), MethodInvalid, "cannot be read"),
}


@pytest.mark.parametrize(("document", "kind", "reason"), REFUSED.values(), ids=REFUSED)
def test_documents_that_do_not_vouch_for_the_key(document: object, kind: type[ControllerError], reason: str) -> None:
    with pytest.raises(ControllerError, match=reason) as error:
        controllers.retrieve(document, URL, now=NOW)
    assert type(error.value) is kind
    assert error.value.faults[0].code == kind.code


def test_a_key_of_someone_else_and_a_purpose_that_is_none() -> None:
    with pytest.raises(MethodInvalid, match="not that of the issuer"):
        controllers.retrieve(DOCUMENT, URL, now=NOW, controller="https://a.example/issuer")
    with pytest.raises(RelationshipInvalid, match="none of those"):
        controllers.retrieve(DOCUMENT, URL, now=NOW, purpose="verificationMethod")
    assert controllers.retrieve(with_method(expires="2026-03-02T00:00:01Z"), URL, now=NOW).key == ED
