"""JSON texts, packed status lists, JWTs and keys that are broken, ambiguous or bombs."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from badgeissuer.vc import jwt, limits, strictjson
from badgeissuer.vc.jwk import parse_public_jwk, public_jwk
from badgeissuer.vc.multibase import base64url_encode, multibase_encode
from badgeissuer.vc.multikey import parse_multikey
from badgeissuer.vc.status import Bits
from bench.corpus.case import Case, of_table

Table = dict[str, tuple[Callable[[], Any], str]]

_JSON: Table = {
    "duplicate key": (lambda: b'{"a":1,"a":2}', "malformed-json"),
    "duplicate key by an escape": (lambda: b'{"a":1,"\\u0061":2}', "malformed-json"),
    "duplicate key far inside": (lambda: b'{"a":[{"b":{"c":1,"d":2,"c":3}}]}', "malformed-json"),
    "duplicate key far inside, by an escape": (lambda: b'{"a":[{"b":{"c":1,"d":2,"\\u0063":3}}]}', "malformed-json"),
    "ten thousand duplicate keys": (lambda: b"{" + b'"a":1,' * 10_000 + b'"a":1}', "malformed-json"),
    "NaN": (lambda: b'{"a":NaN}', "malformed-json"),
    "Infinity": (lambda: b'{"a":-Infinity}', "malformed-json"),
    "1e400": (lambda: b'{"a":1e400}', "malformed-json"),
    "-1e400": (lambda: b'{"a":-1e400}', "malformed-json"),
    "integer of 5,000 digits": (lambda: b'{"a":' + b"9" * 5_000 + b"}", "malformed-json"),
    "integer of 250,000 digits": (lambda: b'{"a":' + b"9" * 250_000 + b"}", "malformed-json"),
    "six hundred integers of 400 digits and one of 401": (
        lambda: b"[" + (b"9" * 400 + b",") * 600 + b"9" * 401 + b"]",
        "malformed-json",
    ),
    "leading zero": (lambda: b'{"a":01}', "malformed-json"),
    "hexadecimal": (lambda: b'{"a":0x1}', "malformed-json"),
    "lone surrogate, escaped": (lambda: b'{"a":"\\ud800"}', "malformed-json"),
    "lone surrogate in a name": (lambda: b'{"\\udfff":1}', "malformed-json"),
    "surrogates in the wrong order": (lambda: b'{"a":"\\ude00\\ud83d"}', "malformed-json"),
    "lone surrogate, raw": (lambda: b'{"a":"\xed\xa0\x80"}', "malformed-json"),
    "overlong UTF-8": (lambda: b'{"a":"\xc0\xaf"}', "malformed-json"),
    "NUL": (lambda: b'{"a":"\\u0000"}', "malformed-json"),
    "NUL, raw": (lambda: b'{"a":"\0"}', "malformed-json"),
    "NUL after the value": (lambda: b'{"a":1}\0', "malformed-json"),
    "byte order mark": (lambda: b"\xef\xbb\xbf{}", "malformed-json"),
    "UTF-16": (lambda: '{"a":1}'.encode("utf-16"), "malformed-json"),
    "UTF-16 without a mark": (lambda: '{"a":1}'.encode("utf-16-le"), "malformed-json"),
    "UTF-32": (lambda: '{"a":1}'.encode("utf-32-be"), "malformed-json"),
    "something after the value": (lambda: b"{} {}", "malformed-json"),
    "comment": (lambda: b'{"a":1}// b', "malformed-json"),
    "comma at the end": (lambda: b'{"a":1,}', "malformed-json"),
    "a hundred thousand levels": (lambda: b"[" * 100_000 + b"]" * 100_000, "malformed-json"),
    "a hundred thousand levels, never closed": (lambda: b"[" * 100_000, "malformed-json"),
    "levels in members": (lambda: b'{"a":' * 30_000 + b"1" + b"}" * 30_000, "malformed-json"),
    "levels of both kinds": (lambda: b'[{"a":' * 20_000 + b"1" + b"}]" * 20_000, "malformed-json"),
    "escapes without end": (lambda: b'{"a":"' + b"\\\\" * 120_000, "malformed-json"),
    "quotes without end": (lambda: b'{"a":"' + b'\\"' * 120_000, "malformed-json"),
    # The places of the values in it, written out, would be a gigabyte.
    "five thousand values under a name of 200 kB": (
        lambda: b'{"' + b"n" * 200_000 + b'":[' + b'"",' * 5_000 + b'""]}',
        "malformed-json",
    ),
    "sixty names of four kilobytes, one within the other": (
        lambda: (b'{"' + b"n" * 4_000 + b'":') * 60 + b"1" + b"}" * 60,
        "malformed-json",
    ),
    "longer than allowed": (lambda: b" " * 300_000, "too-large"),
}
# As a learner record comes: up to 16 MiB.
_LONG: Table = {
    "a million small members": (
        lambda: b"{" + b",".join(b'"k%d":0' % n for n in range(1_000_000)) + b"}",
        "too-large",
    ),
    "millions of numbers": (lambda: b"[" + b"0," * (7 * limits.MIB) + b"0]", "too-large"),
    "millions of empty objects": (lambda: b"[" + b"{}," * (5 * limits.MIB) + b"{}]", "too-large"),
    "sixty brackets for a comma": (
        lambda: b"[" + (b"[" * 60 + b"]" * 60 + b",") * 130_000 + b"[]]",
        "too-large",
    ),
    "half a million levels": (lambda: b"[" * 500_000 + b" " * (10 * limits.MIB), "malformed-json"),
    "a duplicate around fifteen megabytes": (
        lambda: b'{"a":"' + b"word " * (3 * limits.MIB) + b'","a":1}',
        "malformed-json",
    ),
    "fifteen megabytes, never closed": (lambda: b'{"a":"' + b"word " * (3 * limits.MIB), "malformed-json"),
    "longer than any record": (lambda: b" " * (limits.CLR_BYTES + 1), "too-large"),
}


def _loads(data: bytes) -> object:
    return strictjson.loads(data, max_bytes=limits.FOREIGN_BYTES)


def _loads_long(data: bytes) -> object:
    return strictjson.loads(data, max_bytes=limits.CLR_BYTES)


# --- packed status lists


def _list(data: bytes) -> str:
    return "u" + base64url_encode(data)


def _zeros(mib: int) -> bytes:
    return bytes(mib * limits.MIB)


_LISTS: Table = {
    "bomb of 64 MiB": (lambda: _list(gzip.compress(_zeros(64), 9)), "status-list-length"),
    "one byte over the limit": (lambda: _list(gzip.compress(bytes(limits.LIST_BYTES + 1), 9)), "status-list-length"),
    # What was packed twice is a list of odd bits; it is unpacked once.
    "bomb in a list": (lambda: _list(gzip.compress(gzip.compress(_zeros(64), 9))), "accepted"),
    "short list": (lambda: _list(gzip.compress(bytes(100))), "status-list-length"),
    "one entry short": (lambda: _list(gzip.compress(bytes(16_383))), "status-list-length"),
    "empty list": (lambda: _list(gzip.compress(b"")), "status-list-length"),
    "two lists in a row": (lambda: _list(gzip.compress(bytes(16_384)) * 2), "status-list-encoding"),
    "a bomb after the list": (
        lambda: _list(gzip.compress(bytes(16_384)) + gzip.compress(_zeros(64), 9)),
        "status-list-encoding",
    ),
    "something after the list": (lambda: _list(gzip.compress(bytes(16_384)) + b"x"), "status-list-encoding"),
    "cut short": (lambda: _list(gzip.compress(bytes(16_384))[:-9]), "status-list-encoding"),
    "wrong checksum": (lambda: _list(gzip.compress(bytes(16_384))[:-8] + bytes(8)), "status-list-encoding"),
    "no gzip": (lambda: _list(bytes(16_384)), "status-list-encoding"),
    "zlib in place of gzip": (lambda: _list(zlib.compress(bytes(16_384))), "status-list-encoding"),
    "base64 with padding": (
        lambda: "u" + base64.urlsafe_b64encode(gzip.compress(bytes(16_385))).decode() + "=",
        "status-list-encoding",
    ),
    "base64 in another spelling": (
        lambda: "u" + base64.b64encode(gzip.compress(bytes(range(256)) * 64)).decode().rstrip("="),
        "status-list-encoding",
    ),
    "another multibase": (lambda: "z" + base64url_encode(gzip.compress(bytes(16_384))), "status-list-encoding"),
    "no multibase": (lambda: base64url_encode(gzip.compress(bytes(16_384))), "status-list-encoding"),
    "no text": (lambda: 5, "status-list-encoding"),
    "eight megabytes of text": (lambda: "u" + "A" * (limits.LIST_CHARACTERS + 8), "status-list-length"),
}

# --- JWT


def _part(value: object) -> str:
    return base64url_encode((value if isinstance(value, str) else json.dumps(value)).encode())


def _jwt(header: object, payload: object = None, signature: str = "AAAA") -> str:
    return f"{_part(header)}.{_part({'iss': 'x'} if payload is None else payload)}.{signature}"


_KID = {"kid": "did:web:a.example#k"}
_HEADERS: dict[str, dict[str, Any]] = {
    "jku": {"jku": "https://evil.example/k"},
    "x5u": {"x5u": "https://evil.example/k"},
    "x5c": {"x5c": ["MIIB"]},
    "crit": {"crit": ["exp"]},
    "b64": {"b64": False, "crit": ["b64"]},
    "zip": {"zip": "DEF"},
    "alg that is no text": {"alg": ["ES256"]},
    "kid that is no text": {"kid": ["did:web:a.example#k"]},
}
_TOKENS: Table = {
    "alg none": (lambda: _jwt({"alg": "none", **_KID}), "jwt-invalid"),
    "alg None, no signature": (lambda: _jwt({"alg": "None", **_KID}, signature=""), "jwt-invalid"),
    "HMAC": (lambda: _jwt({"alg": "HS256", **_KID}), "jwt-invalid"),
    **{
        f"header with {name}": (partial(_jwt, {"alg": "ES256", **_KID, **more}), "jwt-invalid")
        for name, more in _HEADERS.items()
    },
    "two algs": (lambda: _jwt('{"alg":"none","alg":"ES256","kid":"did:web:a#k"}'), "malformed-json"),
    "two algs, one by an escape": (
        lambda: _jwt('{"alg":"none","\\u0061lg":"ES256","kid":"did:web:a#k"}'),
        "malformed-json",
    ),
    "header of a hundred levels": (lambda: _jwt('{"alg":' + "[" * 100 + "]" * 100 + "}"), "malformed-json"),
    "private key in the header": (
        lambda: _jwt({"alg": "ES256", "jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "d": "AA"}}),
        "jwt-invalid",
    ),
    "no key named": (lambda: _jwt({"alg": "ES256"}), "jwt-invalid"),
    "typ of something else": (lambda: _jwt({"alg": "ES256", "typ": "at+jwt", **_KID}), "jwt-invalid"),
    "header of 200 kB": (lambda: _jwt({"alg": "ES256", "kid": "did:web:a#" + "k" * 200_000}), "too-large"),
    "longer than allowed": (lambda: _jwt({"alg": "ES256", **_KID}, "x" * 400_000), "too-large"),
    "payload of fifty thousand levels": (
        lambda: _jwt({"alg": "ES256", **_KID}, "[" * 50_000 + "]" * 50_000),
        "malformed-json",
    ),
    "payload with a duplicate": (lambda: _jwt({"alg": "ES256", **_KID}, '{"iss":"a","iss":"b"}'), "malformed-json"),
    "exp of 1e400": (lambda: _jwt({"alg": "ES256", **_KID}, '{"exp":1e400}'), "malformed-json"),
    "exp that is not a number": (lambda: _jwt({"alg": "ES256", **_KID}, '{"exp":NaN}'), "malformed-json"),
    "two dots more": (lambda: _jwt({"alg": "ES256", **_KID}) + ".AA.AA", "jwt-invalid"),
    "base64 with padding": (lambda: _jwt({"alg": "ES256", **_KID}, signature="AA=="), "jwt-invalid"),
    "base64 in another spelling": (lambda: _jwt({"alg": "ES256", **_KID}, signature="AB"), "jwt-invalid"),
}

# Tokens that read well: their signature is what is wrong.
_SIGNING_KEY = ec.derive_private_key(7, ec.SECP256R1())
_NOW = datetime(2026, 3, 1, tzinfo=UTC)


def _proof(signature: Callable[[bytes], bytes], **header: Any) -> str:
    credential = {"id": "urn:b", "issuer": "did:web:a.example", "validFrom": "2026-01-01T00:00:00Z"}
    claims = {"iss": "did:web:a.example", "sub": "urn:a", "jti": "urn:b", "nbf": 1_767_225_600}
    payload = {**credential, **claims, "credentialSubject": {"id": "urn:a"}}
    text = f"{_part({'alg': 'ES256', **_KID, **header})}.{_part(payload)}"
    return f"{text}.{base64url_encode(signature(text.encode()))}"


def _der(data: bytes) -> bytes:
    return _SIGNING_KEY.sign(data, ec.ECDSA(hashes.SHA256()))


def _raw(data: bytes) -> bytes:
    return b"".join(number.to_bytes(32) for number in decode_dss_signature(_der(data)))


_OTHER_JWK = public_jwk(ec.derive_private_key(8, ec.SECP256R1()).public_key())
_SIGNATURES: Table = {
    # The first shows that the others fail for the reason that they are named for.
    "a good signature": (lambda: _proof(_raw), "accepted"),
    "r and s are zero": (lambda: _proof(lambda _data: bytes(64)), "jwt-invalid"),
    "s is the order": (
        lambda: _proof(
            lambda data: (
                _raw(data)[:32] + bytes.fromhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
            )
        ),
        "jwt-invalid",
    ),
    "signature in DER": (lambda: _proof(_der), "jwt-invalid"),
    "signature cut short": (lambda: _proof(lambda data: _raw(data)[:-1]), "jwt-invalid"),
    "signature with zeros in front": (lambda: _proof(lambda data: bytes(2) + _raw(data)), "jwt-invalid"),
    "signature of 200 kB": (lambda: _proof(lambda _data: bytes(140_000)), "jwt-invalid"),
    "alg of another kind of key": (lambda: _proof(_raw, alg="EdDSA"), "jwt-invalid"),
    "alg none over a good signature": (lambda: _proof(_raw, alg="none"), "jwt-invalid"),
    "HMAC with the public key": (lambda: _proof(_raw, alg="HS256"), "jwt-invalid"),
    "another key in the header": (lambda: _proof(_raw, jwk=_OTHER_JWK), "jwt-invalid"),
    "no key in the header's jwk": (lambda: _proof(_raw, jwk={"kty": "oct", "k": "AA"}), "jwt-invalid"),
}


def _prove(token: str) -> None:
    jwt.verify(jwt.read(token), _SIGNING_KEY.public_key(), now=_NOW)


# --- keys

# The eight points of small order of Curve25519 in the Edwards form, by y, and one y that is not reduced (RFC 8032
# §5.1.3). Under such a key one signature fits many messages.
_SMALL = (
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
)


def _multikey(prefix: bytes, point: bytes) -> str:
    return multibase_encode(prefix + point)


_MULTIKEYS: Table = {
    **{
        f"Ed25519 point of small order {number}": (
            partial(_multikey, b"\xed\x01", bytes.fromhex(point)),
            "key-invalid",
        )
        for number, point in enumerate(_SMALL)
    },
    "P-256 at infinity": (lambda: _multikey(b"\x80\x24", b"\0"), "key-invalid"),
    "P-256 off the curve": (lambda: _multikey(b"\x80\x24", b"\x02" + b"\xff" * 32), "key-invalid"),
    "base58 of 200 kB": (lambda: "z" + "2" * 200_000, "key-invalid"),
}
_JWKS: Table = {
    "symmetric": (lambda: {"kty": "oct", "k": "AA"}, "key-invalid"),
    "Ed25519 of small order": (
        lambda: {"kty": "OKP", "crv": "Ed25519", "x": base64url_encode(bytes.fromhex(_SMALL[4]))},
        "key-invalid",
    ),
    "P-256 off the curve": (
        lambda: {"kty": "EC", "crv": "P-256", "x": base64url_encode(bytes(32)), "y": base64url_encode(bytes(32))},
        "key-invalid",
    ),
    "RSA of 1,024 bits": (
        lambda: {"kty": "RSA", "n": base64url_encode(b"\xff" * 128), "e": "AQAB"},
        "key-invalid",
    ),
    "RSA of a million bits": (
        lambda: {"kty": "RSA", "n": base64url_encode(b"\xff" * 125_000), "e": "AQAB"},
        "key-invalid",
    ),
    "RSA with exponent 1": (lambda: {"kty": "RSA", "n": base64url_encode(b"\xff" * 256), "e": "AQ"}, "key-invalid"),
}

CASES: list[Case] = [
    *of_table("JSON", _loads, _JSON),
    *of_table("long JSON", _loads_long, _LONG),
    *of_table("gzip", Bits.from_encoded, _LISTS),
    *of_table("JWT", jwt.read, _TOKENS),
    *of_table("JWT", _prove, _SIGNATURES, "proof: "),
    *of_table("key", parse_multikey, _MULTIKEYS, "Multikey: "),
    *of_table("key", parse_public_jwk, _JWKS, "JWK: "),
]
