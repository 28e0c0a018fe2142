"""JWKs: one key, one algorithm, one spelling; never a private member."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from badgeissuer.vc.faults import KeyInvalid
from badgeissuer.vc.jwk import algorithms, parse_public_jwk, public_jwk, thumbprint
from badgeissuer.vc.multibase import base64url_encode

# RFC 7638 §3.1.
N = (
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64"
    "tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbO"
    "pbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
)
RSA: dict[str, Any] = {"kty": "RSA", "n": N, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"}
ED = public_jwk(Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key())
P256 = public_jwk(ec.derive_private_key(7, ec.SECP256R1()).public_key())
P384 = public_jwk(ec.derive_private_key(7, ec.SECP384R1()).public_key())


@pytest.mark.parametrize(
    ("jwk", "names"),
    [(RSA, ("RS256",)), (ED, ("EdDSA", "Ed25519")), (P256, ("ES256",)), (P384, ("ES384",))],
    ids=["RSA", "Ed25519", "P-256", "P-384"],
)
def test_a_key_has_its_algorithm_and_one_form(jwk: dict[str, Any], names: tuple[str, ...]) -> None:
    key = parse_public_jwk(jwk)
    assert algorithms(key) == names
    assert public_jwk(key) == {name: value for name, value in jwk.items() if name not in ("alg", "kid")}
    for name in names:
        assert parse_public_jwk({**jwk, "alg": name, "use": "sig", "key_ops": ["verify"]}) == key


def test_the_thumbprint_of_rfc_7638() -> None:
    assert thumbprint(parse_public_jwk(RSA)) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def number(value: int, extra: bytes = b"") -> str:
    return base64url_encode(extra + value.to_bytes(max(1, (value.bit_length() + 7) // 8)))


SHORT = rsa.RSAPublicNumbers(65537, (1 << 2046) + 1)


@pytest.mark.parametrize(
    "jwk",
    [
        *({**RSA, name: "AQAB"} for name in ("d", "p", "q", "dp", "dq", "qi", "oth", "k")),
        {**RSA, "n": number(SHORT.n)},
        {**RSA, "n": number((1 << 8192) + 1)},
        {**RSA, "n": number((1 << 2047) + 2)},
        {**RSA, "n": number((1 << 2047) + 1, b"\0")},
        {**RSA, "n": "A" * 3000},
        {**RSA, "n": None},
        {**RSA, "n": N + "="},
        {**RSA, "e": "Aw"},
        {**RSA, "e": number(65538)},
        {**RSA, "e": number(2**32 + 1)},
        {**RSA, "e": ""},
        {**RSA, "alg": "RS384"},
        {**RSA, "alg": "PS256"},
        {**RSA, "use": "enc"},
        {**RSA, "key_ops": ["encrypt"]},
        {**RSA, "key_ops": "verify"},
        {**ED, "alg": "ES256"},
        {**P256, "d": "AQAB"},
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kty": "EC", "crv": "secp256k1", "x": P256["x"], "y": P256["y"]},
        {},
    ],
)
def test_what_is_no_verification_key(jwk: dict[str, Any]) -> None:
    with pytest.raises(KeyInvalid):
        parse_public_jwk(jwk)
