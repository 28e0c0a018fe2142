"""Public keys as texts: Multikey, JWK (Controlled Identifiers 1.0 §2.2; RFC 7517, 7638, 8037), DIDs, DID documents."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias
from urllib.parse import quote, urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from badgeissuer.vc import strictjson
from badgeissuer.vc.contexts import DID_V1, MULTIKEY_V1
from badgeissuer.vc.faults import DidInvalid, KeyInvalid
from badgeissuer.vc.multibase import (
    base58btc_decode,
    base58btc_encode,
    base64url_decode,
    base64url_encode,
    digest_multibase,
    multibase_decode,
    multibase_encode,
)
from badgeissuer.vc.stamps import timestamp

__all__ = [
    "PublicKey",
    "VerificationKey",
    "base58btc_decode",
    "base58btc_encode",
    "base64url_decode",
    "base64url_encode",
    "did_document",
    "did_key",
    "did_key_document",
    "did_web",
    "did_web_of",
    "did_web_url",
    "digest_multibase",
    "jwk_thumbprint",
    "multibase_decode",
    "multibase_encode",
    "parse_jwk",
    "parse_multikey",
    "public_jwk",
    "public_multikey",
]

PublicKey: TypeAlias = Ed25519PublicKey | ec.EllipticCurvePublicKey

_ED25519, _P256, _P384 = b"\xed\x01", b"\x80\x24", b"\x81\x24"
_CURVES: dict[bytes, tuple[ec.EllipticCurve, int]] = {_P256: (ec.SECP256R1(), 32), _P384: (ec.SECP384R1(), 48)}
_JWK_CURVES: dict[str, tuple[ec.EllipticCurve, int]] = {"P-256": (ec.SECP256R1(), 32), "P-384": (ec.SECP384R1(), 48)}
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})

# Curve25519's field, the constant of the Edwards curve, and the y coordinates of its eight points of small order
# (RFC 8032 §5.1). Such a "key" makes one signature valid for many messages.
_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
_Y_OF_ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL_ORDER_Y = frozenset({0, 1, _P - 1, _Y_OF_ORDER_8, _P - _Y_OF_ORDER_8})


def public_multikey(key: PublicKey) -> str:
    """``publicKeyMultibase`` of an Ed25519, P-256 or P-384 key. Raises ``KeyInvalid`` for other curves."""
    if isinstance(key, Ed25519PublicKey):
        return "z" + base58btc_encode(_ED25519 + key.public_bytes_raw())
    for prefix, (curve, _) in _CURVES.items():
        if key.curve.name == curve.name:
            point = key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
            return "z" + base58btc_encode(prefix + point)
    raise KeyInvalid("only Ed25519, P-256 and P-384 keys are used here")


# Whether a point is on its curve takes as long as a signature, and a service sees few keys.
@lru_cache(maxsize=1_024)
def parse_multikey(text: str) -> PublicKey:
    """The key of a ``publicKeyMultibase``.

    Raises ``KeyInvalid`` for other bases than ``z``, other key types, wrong lengths, points that are not on the curve,
    and for Ed25519 also for points of small order and coordinates that are not reduced: a text stands for one key only.
    """
    if not text.startswith("z"):
        raise KeyInvalid("a Multikey is written in base58btc, beginning with z")
    data = base58btc_decode(text[1:])
    prefix, point = data[:2], data[2:]
    if prefix == _ED25519:
        return _ed25519(point)
    if prefix in _CURVES:
        curve, size = _CURVES[prefix]
        if len(point) != size + 1 or point[0] not in (2, 3):
            raise KeyInvalid("the Multikey has not the length of its key type")
        try:
            return ec.EllipticCurvePublicKey.from_encoded_point(curve, point)
        except (ValueError, UnsupportedAlgorithm):
            raise KeyInvalid("the Multikey is not a point on its curve") from None
    raise KeyInvalid("the Multikey is not an Ed25519, P-256 or P-384 public key")


def public_jwk(key: PublicKey) -> dict[str, str]:
    """The key as a JWK of public members only, without ``kid``. Raises ``KeyInvalid`` for other curves."""
    if isinstance(key, Ed25519PublicKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": base64url_encode(key.public_bytes_raw())}
    for name, (curve, size) in _JWK_CURVES.items():
        if key.curve.name == curve.name:
            numbers = key.public_numbers()
            x, y = (base64url_encode(value.to_bytes(size)) for value in (numbers.x, numbers.y))
            return {"kty": "EC", "crv": name, "x": x, "y": y}
    raise KeyInvalid("only Ed25519, P-256 and P-384 keys are used here")


def parse_jwk(jwk: Mapping[str, Any]) -> PublicKey:
    """The key of a public JWK. Raises ``KeyInvalid``, also where any private member is there (RFC 7517 §9.3)."""
    if _PRIVATE_MEMBERS & jwk.keys():
        raise KeyInvalid("the JWK holds private members and must not be used or published")
    kty, crv = jwk.get("kty"), jwk.get("crv")
    if kty == "OKP" and crv == "Ed25519":
        return _ed25519(_member(jwk, "x"))
    if kty == "EC" and isinstance(crv, str) and crv in _JWK_CURVES:
        curve, size = _JWK_CURVES[crv]
        x, y = _member(jwk, "x"), _member(jwk, "y")
        if len(x) != size or len(y) != size:
            raise KeyInvalid("the JWK's coordinates have not the length of their curve")
        try:
            return ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), curve).public_key()
        except ValueError:
            raise KeyInvalid("the JWK is not a point on its curve") from None
    raise KeyInvalid("the JWK is not an Ed25519, P-256 or P-384 public key")


def jwk_thumbprint(jwk: Mapping[str, Any]) -> str:
    """RFC 7638 thumbprint of a public JWK. Raises ``KeyInvalid``."""
    required = public_jwk(parse_jwk(jwk))
    return base64url_encode(hashlib.sha256(strictjson.dumps(required, sort_keys=True).encode()).digest())


def _member(jwk: Mapping[str, Any], name: str) -> bytes:
    value = jwk.get(name)
    if not isinstance(value, str):
        raise KeyInvalid(f"the JWK has no text in {name}")
    return base64url_decode(value)


def _ed25519(point: bytes) -> Ed25519PublicKey:
    if len(point) != 32:
        raise KeyInvalid("an Ed25519 public key has 32 bytes")
    y = int.from_bytes(point, "little") & (2**255 - 1)
    if y >= _P or y in _SMALL_ORDER_Y:
        raise KeyInvalid("the Ed25519 key is a point of small order or is not reduced")
    # On the curve: x² = (y² - 1) / (dy² + 1) must have a root (Euler's criterion).
    x2 = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    if pow(x2, (_P - 1) // 2, _P) != 1:
        raise KeyInvalid("the Ed25519 key is not a point on its curve")
    return Ed25519PublicKey.from_public_bytes(point)


_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_SEGMENT = re.compile(r"(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})+")
_LOOPBACK = ("localhost", "127.0.0.1")


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A key in a DID document: a Multikey, or with ``as_jwk`` a JsonWebKey. ``revoked`` means compromised."""

    public_multibase: str
    as_jwk: bool = False
    revoked: datetime | None = None


def did_web(host: str, port: int | None, *path: str) -> str:
    """The did:web of a host, its port and a path (did:web method, "Method-specific identifier").

    The host is written in lower case. Raises ``DidInvalid`` for IP addresses, which the method excludes and verifiers
    refuse, and for names that are not host names.
    """
    name = host.lower()
    if not _HOST.fullmatch(name) or name.rpartition(".")[2].isdigit():
        raise DidInvalid("a did:web needs a host name, not an address")
    authority = name if port is None else f"{name}%3A{port}"
    return ":".join(["did:web", authority, *(_segment(segment) for segment in path)])


def did_web_of(base_url: str, *path: str) -> str:
    """The did:web under a base URL; the base URL's own path comes before ``path``. Raises ``DidInvalid``."""
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise DidInvalid("the base URL is not a URL") from None
    return did_web(host, port, *(segment for segment in parts.path.split("/") if segment), *path)


def did_web_url(did: str, *, loopback_http: bool = False) -> str:
    """The URL of a did:web's document. https, except for this machine itself where ``loopback_http`` is given.

    Raises ``DidInvalid`` for anything that is not a well-formed did:web, a path that climbs among it.
    """
    method, _, rest = did.partition("did:web:")
    authority, *segments = rest.split(":")
    host, _, port = authority.partition("%3A")
    number = int(port) if re.fullmatch(r"[0-9]{1,5}", port) else None
    if method or (port and number is None) or did_web(host, number, *segments) != did:
        raise DidInvalid("not a did:web in its one spelling (lower-case host, port as %3A)")
    scheme = "http" if loopback_http and host in _LOOPBACK else "https"
    origin = f"{scheme}://{host}" if number is None else f"{scheme}://{host}:{number}"
    return "/".join([origin, *segments, "did.json"]) if segments else f"{origin}/.well-known/did.json"


def did_key(multikey: str) -> str:
    """The did:key of a public Multikey. Raises ``KeyInvalid``."""
    parse_multikey(multikey)
    return f"did:key:{multikey}"


def did_key_document(did: str) -> dict[str, Any]:
    """The document that a did:key stands for, made without fetching. Raises ``DidInvalid`` or ``KeyInvalid``."""
    method, _, multikey = did.partition("did:key:")
    if method or not multikey:
        raise DidInvalid("not a did:key")
    parse_multikey(multikey)
    return did_document(did, [VerificationKey(multikey)])


def did_document(did: str, keys: Sequence[VerificationKey]) -> dict[str, Any]:
    """The DID document of an issuer, in the form that every verifier we measured accepts.

    Absolute ids, each method an object with ``controller``, ``assertionMethod`` a list of ids: Multikeys first, then
    the JsonWebKeys, and never a revoked key. A key is named by its own multibase, so that verifiers which read the key
    from the fragment find it there. Raises ``KeyInvalid``.
    """
    ordered = sorted(keys, key=lambda key: key.as_jwk)
    return {
        "@context": [DID_V1, MULTIKEY_V1],
        "id": did,
        "verificationMethod": [_method(did, key) for key in ordered],
        "assertionMethod": [f"{did}#{key.public_multibase}" for key in ordered if key.revoked is None],
    }


def _method(did: str, key: VerificationKey) -> dict[str, Any]:
    public = parse_multikey(key.public_multibase)
    method: dict[str, Any] = {"id": f"{did}#{key.public_multibase}"}
    if key.as_jwk:
        method |= {"type": "JsonWebKey", "controller": did, "publicKeyJwk": public_jwk(public)}
    else:
        method |= {"type": "Multikey", "controller": did, "publicKeyMultibase": key.public_multibase}
    if key.revoked is not None:
        method["revoked"] = timestamp(key.revoked)
    return method


def _segment(segment: str) -> str:
    quoted = segment if _SEGMENT.fullmatch(segment) else quote(segment, safe="")
    if quoted in ("", ".", "..") or "%2f" in quoted.lower():
        raise DidInvalid("a path segment of a did:web must be a plain name")
    return quoted
