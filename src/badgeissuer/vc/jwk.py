"""Public keys as JWKs (RFC 7517, 7518 §6, 8037; VC-JOSE-COSE §4): what ``multikey`` knows, and RSA, for JWTs alone.

A key has one algorithm here. ``alg``, ``use`` and ``key_ops`` of a JWK may only agree with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, TypeAlias

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from badgeissuer.vc import multikey, strictjson
from badgeissuer.vc.faults import KeyInvalid
from badgeissuer.vc.multibase import base64url_decode, base64url_encode
from badgeissuer.vc.multikey import PublicKey

JoseKey: TypeAlias = PublicKey | rsa.RSAPublicKey

# RSA from 2048 bits on (RFC 7518 §3.3); above 8192 a verification costs more than any honest key needs.
_RSA_BITS = range(2048, 8193)
_LARGEST_EXPONENT = 2**32
_RSA_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


def algorithms(key: JoseKey) -> tuple[str, ...]:
    """The JWS ``alg`` values that this key may be used with; the first is the one we write.

    Ed25519 has two names: ``EdDSA`` (RFC 8037), which is what is in use, and ``Ed25519`` (RFC 9864).
    """
    if isinstance(key, rsa.RSAPublicKey):
        return ("RS256",)
    if isinstance(key, Ed25519PublicKey):
        return ("EdDSA", "Ed25519")
    return ("ES256",) if key.curve.name == "secp256r1" else ("ES384",)


def parse_public_jwk(jwk: Mapping[str, Any]) -> JoseKey:
    """The key of a public JWK: Ed25519, P-256, P-384, or RSA from 2048 bits on.

    Raises ``KeyInvalid`` for other keys, for private members, for numbers that are not in their one spelling, and
    where ``use``, ``key_ops`` or ``alg`` say that it is not for verifying with the key's own algorithm.
    """
    key = _rsa(jwk) if jwk.get("kty") == "RSA" else multikey.parse_jwk(jwk)
    operations = jwk.get("key_ops", ["verify"])
    if jwk.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        raise KeyInvalid("the JWK is not for verifying signatures")
    if "alg" in jwk and jwk["alg"] not in algorithms(key):
        raise KeyInvalid("the JWK names an algorithm that is not its key's")
    return key


def public_jwk(key: JoseKey) -> dict[str, str]:
    """The key as a JWK of public members only, without ``kid``. Raises ``KeyInvalid`` for curves not used here."""
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        return {"kty": "RSA", "n": _number_text(numbers.n), "e": _number_text(numbers.e)}
    return multikey.public_jwk(key)


def thumbprint(key: JoseKey) -> str:
    """The RFC 7638 thumbprint: equal for two keys where they are the same. Raises ``KeyInvalid``."""
    text = strictjson.dumps(public_jwk(key), sort_keys=True)
    return base64url_encode(hashlib.sha256(text.encode()).digest())


def _rsa(jwk: Mapping[str, Any]) -> rsa.RSAPublicKey:
    if _RSA_PRIVATE & jwk.keys():
        raise KeyInvalid("the JWK holds private members and must not be used or published")
    n, e = _number(jwk, "n"), _number(jwk, "e")
    if n.bit_length() not in _RSA_BITS or not n % 2:
        raise KeyInvalid("an RSA key has 2048 to 8192 bits here")
    if not 65537 <= e < _LARGEST_EXPONENT or not e % 2:
        raise KeyInvalid("the RSA key's exponent is not one that is used with signatures")
    return rsa.RSAPublicNumbers(e, n).public_key()


def _number(jwk: Mapping[str, Any], name: str) -> int:
    """Base64urlUInt (RFC 7518 §2): no zero bytes in front."""
    text = jwk.get(name)
    if not isinstance(text, str) or len(text) > 2 * _RSA_BITS.stop // 8:
        raise KeyInvalid(f"the JWK has no number in {name}")
    number = int.from_bytes(base64url_decode(text))
    if _number_text(number) != text:
        raise KeyInvalid(f"the JWK's number in {name} is not in its shortest form")
    return number


def _number_text(number: int) -> str:
    return base64url_encode(number.to_bytes(max(1, (number.bit_length() + 7) // 8)))
