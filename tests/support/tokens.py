"""Signers of every kind, a credential to sign, and tokens as others would make them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from badgeissuer.vc import jwt, lint
from badgeissuer.vc.canon import canonicalize
from badgeissuer.vc.contexts import ContextStore
from badgeissuer.vc.jwk import JoseKey, algorithms
from badgeissuer.vc.jwt import CredentialJwt
from badgeissuer.vc.lint import Prepared
from badgeissuer.vc.multibase import base64url_decode, base64url_encode
from tests.support.shared import REPO

NOW = datetime(2026, 3, 2, tzinfo=UTC)
DID = "did:web:badges.example.org:issuers:kvec"
KID = f"{DID}#key-1"
ED = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
P256, P384 = ec.derive_private_key(7, ec.SECP256R1()), ec.derive_private_key(7, ec.SECP384R1())
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)

Sign = Callable[[bytes], bytes]


def ecdsa(private: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    size = private.curve.key_size // 8
    hash_ = hashes.SHA256() if size == 32 else hashes.SHA384()
    return b"".join(number.to_bytes(size) for number in decode_dss_signature(private.sign(data, ec.ECDSA(hash_))))


def rsa_signature(data: bytes) -> bytes:
    return RSA.sign(data, padding.PKCS1v15(), hashes.SHA256())


SIGNERS: dict[str, tuple[Sign, JoseKey]] = {
    "EdDSA": (ED.sign, ED.public_key()),
    "ES256": (partial(ecdsa, P256), P256.public_key()),
    "ES384": (partial(ecdsa, P384), P384.public_key()),
    "RS256": (rsa_signature, RSA.public_key()),
}
EACH = pytest.mark.parametrize("alg", SIGNERS)
SIGN, KEY = SIGNERS["ES256"]


def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((REPO / "tests/golden/badge-minimal.json").read_bytes())
    del found["proof"]
    found["validUntil"] = "2099-03-01T13:00:00+01:00"
    return found


def prepare(document: dict[str, Any]) -> Prepared:
    return lint.prepare(document, canonicalize(document, ContextStore.pinned()), now=NOW)


PREPARED = prepare(document())
CLAIMS = {
    "iss": DID,
    "jti": document()["id"],
    "sub": document()["credentialSubject"]["id"],
    "nbf": 1772366400,
    "exp": 4076049600,
}


def token(payload: object, *, sign: Sign = SIGN, key: JoseKey = KEY, **header: Any) -> str:
    """A token as someone else would make it. A header member of None is left out."""
    members = {"alg": algorithms(key)[0], "typ": "JWT", "kid": KID, **header}
    texts = [json.dumps({name: value for name, value in members.items() if value is not None}), json.dumps(payload)]
    text = ".".join(base64url_encode(part.encode()) for part in texts)
    return f"{text}.{base64url_encode(sign(text.encode()))}"


def parts(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    header, payload, _ = text.split(".")
    return json.loads(base64url_decode(header)), json.loads(base64url_decode(payload))


def accept(text: str, key: JoseKey = KEY, now: datetime = NOW) -> CredentialJwt:
    found = jwt.read(text)
    jwt.verify(found, key, now=now)
    return found
