"""Compact JWS (RFC 7515, 7518 §3, 8037 §3.1): taken apart strictly, verified with a key that came another way.

The header says nothing that is believed: the algorithm is the key's, and a header that names another is refused. So
``none`` and HMAC need no list. Headers that fetch, extend or rewrap (``jku``, ``x5u``, ``crit``, ``b64``, ``zip`` …)
are refused, as every member is that the form in hand does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from badgeissuer.errors import Fault, TooLarge
from badgeissuer.vc import limits, strictjson
from badgeissuer.vc.faults import KeyInvalid, ProofInvalid
from badgeissuer.vc.jwk import JoseKey, algorithms, parse_public_jwk, thumbprint
from badgeissuer.vc.multibase import base64url_decode, base64url_encode

# The order of Ed25519's base point: a signature's second half must be below it, or it has a twin (RFC 8032 §5.1.7).
_ORDER = 2**252 + 27742317777372353535851937790883648493


class JwtInvalid(ProofInvalid):
    """The JWT is out of form, contradicts the credential in it, or its signature does not hold."""

    code = "jwt-invalid"


def invalid(detail: str, pointer: str = "", clause: str = "RFC 7515") -> JwtInvalid:
    """The error, with its one fault."""
    return JwtInvalid(detail, faults=[Fault(pointer, detail, JwtInvalid.code, clause)])


@dataclass(frozen=True, slots=True)
class Jws:
    """A compact JWS in its parts. Nothing about it is proved."""

    header: Mapping[str, Any]
    payload: bytes
    signature: bytes
    signing_input: bytes


def parse(token: str, *, max_bytes: int) -> Jws:
    """The parts of a token of at most ``max_bytes`` characters.

    Raises ``TooLarge``, ``MalformedJson`` for a header with a member twice and the like, and ``JwtInvalid`` for all
    else: other than three parts, base64url in another than its one spelling.
    """
    if len(token) > max_bytes:
        raise TooLarge(f"the JWT is longer than {max_bytes} characters")
    parts = token.split(".")
    if len(parts) != 3 or not all(parts):
        raise invalid("the text is not a compact JWS of three parts")
    if len(parts[0]) > limits.JWS_HEADER:
        raise TooLarge(f"the JWT's header is longer than {limits.JWS_HEADER} characters")
    try:
        header, payload, signature = (base64url_decode(part) for part in parts)
    except KeyInvalid:
        raise invalid("a part of the JWS is not base64url in its one spelling") from None
    return Jws(
        strictjson.loads_object(header, max_depth=limits.JWS_HEADER_DEPTH),
        payload,
        signature,
        token.rpartition(".")[0].encode("ascii"),
    )


def check_members(header: Mapping[str, Any], allowed: frozenset[str], clause: str) -> None:
    """Raises ``JwtInvalid`` for a header with other members than ``allowed``, an ``alg`` that is no text, or a ``kid``
    that is none."""
    beyond = sorted(header.keys() - allowed)
    if beyond:
        shown = beyond[0] if beyond[0].isascii() and beyond[0].isprintable() else "one"
        raise invalid(f"the JWT's header has a member that is not allowed: {shown[:40]}", "/header", clause)
    for name, value in (("alg", header.get("alg")), ("kid", header.get("kid", ""))):
        if not isinstance(value, str):
            raise invalid(f"the JWT's {name} must be a text", f"/header/{name}", clause)


def verify(jws: Jws, key: JoseKey) -> None:
    """Return where the signature holds under the key, with the key's own algorithm; raise ``JwtInvalid`` otherwise.

    A ``jwk`` in the header must be that very key. It is never used by itself: anyone can put one there.
    """
    if jws.header.get("alg") not in algorithms(key):
        raise invalid("the JWT's algorithm is not that of the issuer's key", "/header/alg", "RFC 8725 §3.1")
    if "jwk" in jws.header:
        embedded = jws.header["jwk"]
        try:
            same = isinstance(embedded, Mapping) and thumbprint(parse_public_jwk(embedded)) == thumbprint(key)
        except KeyInvalid as error:
            raise invalid(f"the JWT's header holds a key that cannot be used: {error.detail}", "/header/jwk") from None
        if not same:
            raise invalid("the JWT's header holds another key than the issuer's", "/header/jwk")
    try:
        _check(jws.signature, jws.signing_input, key)
    except InvalidSignature:
        raise invalid("the JWT's signature does not match: the text or the key is another one") from None


def create(header: Mapping[str, Any], payload: str, *, sign: Callable[[bytes], bytes], key: JoseKey) -> str:
    """The compact JWS of a payload; ``alg`` is put in by the key. ``sign`` gives the raw signature (r‖s for ECDSA).

    The signature is checked with the public key before the token is given out. Raises ``JwtInvalid`` where it fails.
    """
    parts = (strictjson.dumps({"alg": algorithms(key)[0], **header}), payload)
    text = ".".join(base64url_encode(part.encode()) for part in parts)
    token = f"{text}.{base64url_encode(sign(text.encode('ascii')))}"
    verify(parse(token, max_bytes=len(token)), key)
    return token


def _check(signature: bytes, data: bytes, key: JoseKey) -> None:
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
    elif isinstance(key, Ed25519PublicKey):
        if len(signature) != 64 or int.from_bytes(signature[32:], "little") >= _ORDER:
            raise InvalidSignature
        key.verify(signature, data)
    else:
        size = (key.curve.key_size + 7) // 8
        if len(signature) != 2 * size:
            raise InvalidSignature
        r, s = int.from_bytes(signature[:size]), int.from_bytes(signature[size:])
        hash_ = hashes.SHA256() if size == 32 else hashes.SHA384()
        key.verify(encode_dss_signature(r, s), data, ec.ECDSA(hash_))
