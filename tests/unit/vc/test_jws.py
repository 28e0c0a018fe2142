"""Compact JWS: no word of the header is believed, no changed signature passes; PyJWT and joserfc agree with us."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from badgeissuer.errors import BadgeissuerError, TooLarge
from badgeissuer.vc import jwt
from badgeissuer.vc.faults import MalformedJson
from badgeissuer.vc.jwk import public_jwk
from badgeissuer.vc.jwt import JwtInvalid
from badgeissuer.vc.multibase import base64url_decode, base64url_encode
from tests.support.tokens import (
    CLAIMS,
    EACH,
    ED,
    KEY,
    KID,
    P256,
    P384,
    PREPARED,
    RSA,
    SIGN,
    SIGNERS,
    accept,
    document,
    ecdsa,
    parts,
    token,
)

ORDER = 2**252 + 27742317777372353535851937790883648493


@EACH
@pytest.mark.parametrize("make", [jwt.create_ob, jwt.create_vc_jose])
def test_pyjwt_verifies_ours(alg: str, make: Callable[..., str]) -> None:
    sign, key = SIGNERS[alg]
    text = make(PREPARED, sign=sign, key=key, kid=KID)
    options: Any = {"verify_exp": False, "verify_nbf": False}
    decoded = pyjwt.decode(text, key, algorithms=[alg], options=options)
    assert document().items() <= decoded.items()


@pytest.mark.filterwarnings("ignore:.*EdDSA")
@EACH
def test_joserfc_verifies_ours(alg: str) -> None:
    joserfc = pytest.importorskip("joserfc.jws", reason="joserfc is not installed")
    jwk = pytest.importorskip("joserfc.jwk")
    sign, key = SIGNERS[alg]
    text = jwt.create_ob(PREPARED, sign=sign, key=key, kid=KID)
    found = joserfc.deserialize_compact(text, jwk.import_key(public_jwk(key)), algorithms=[alg])
    assert json.loads(found.payload) == {**document(), **CLAIMS}


@pytest.mark.parametrize(("alg", "private"), [("EdDSA", ED), ("ES256", P256), ("ES384", P384), ("RS256", RSA)])
def test_we_verify_pyjwts(alg: str, private: Any) -> None:
    text = pyjwt.encode({**document(), **CLAIMS}, private, algorithm=alg, headers={"kid": KID})
    assert accept(text, SIGNERS[alg][1]).document == document()


def test_the_header_may_hold_the_key_but_it_is_not_believed() -> None:
    text = jwt.create_ob(PREPARED, sign=SIGN, key=KEY, kid=None, with_jwk=True)
    assert parts(text)[0] == {"alg": "ES256", "typ": "JWT", "jwk": public_jwk(KEY)}
    assert accept(text).header_jwk == public_jwk(KEY)
    thief = ec.generate_private_key(ec.SECP256R1())
    forged = token(
        {**document(), **CLAIMS},
        sign=partial(ecdsa, thief),
        key=thief.public_key(),
        jwk=public_jwk(thief.public_key()),
    )
    accept(forged, thief.public_key())
    with pytest.raises(JwtInvalid, match="another key than the issuer's"):
        accept(forged)


@pytest.mark.parametrize(
    ("jwk", "reason"),
    [
        ("text", "another key"),
        ({"kty": "oct", "k": "AAAA"}, "cannot be used"),
        ({**public_jwk(KEY), "d": "AAAA"}, "private members"),
    ],
)
def test_a_header_with_what_is_no_public_key(jwk: object, reason: str) -> None:
    text = token({**document(), **CLAIMS}, jwk=jwk)
    assert (jwt.read(text).header_jwk is None) == isinstance(jwk, str)
    with pytest.raises(JwtInvalid, match=reason):
        accept(text)


HEADERS: dict[str, dict[str, Any]] = {
    "jku": {"jku": "https://thief.example/keys"},
    "x5u": {"x5u": "https://thief.example/cert"},
    "x5c": {"x5c": ["AAAA"]},
    "x5t": {"x5t": "AAAA"},
    "crit": {"crit": ["exp"]},
    "b64": {"b64": False},
    "zip": {"zip": "DEF"},
    "enc": {"enc": "A128GCM"},
    "an odd name": {"\u202ejku": 1},
    "no alg": {"alg": None},
    "alg in a list": {"alg": ["ES256"]},
    "kid in a list": {"kid": [KID]},
}


@pytest.mark.parametrize("typ", ["JWT", "vc+jwt"])
@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_headers_that_are_refused(header: dict[str, Any], typ: str) -> None:
    with pytest.raises(JwtInvalid, match=r"header has a member|must be a text"):
        jwt.read(token(document() | (CLAIMS if typ == "JWT" else {}), **{"typ": typ, **header}))


@EACH
@pytest.mark.parametrize(
    "claimed", ["none", "HS256", "ES256", "ES384", "RS256", "PS256", "EdDSA", "ES256K", "nOnE", ""]
)
def test_the_algorithm_is_the_keys(alg: str, claimed: str) -> None:
    sign, key = SIGNERS[alg]
    text = token({**document(), **CLAIMS}, sign=sign, key=key, alg=claimed)
    if claimed == alg:
        accept(text, key)
        return
    with pytest.raises(JwtInvalid, match="algorithm is not that of the issuer's key"):
        accept(text, key)


def test_the_public_key_as_an_hmac_secret() -> None:
    secret = KEY.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    sign = partial(hmac.digest, secret, digest="sha256")
    text = token({**document(), **CLAIMS}, sign=sign, alg="HS256")
    with pytest.raises(JwtInvalid, match="algorithm"):
        accept(text)


@EACH
def test_no_changed_signature_passes(alg: str) -> None:
    sign, key = SIGNERS[alg]
    good = jwt.create_ob(PREPARED, sign=sign, key=key, kid=KID)
    head, _, tail = good.rpartition(".")
    signature = base64url_decode(tail)
    size = len(signature) // 2
    forged = [signature[:-1], signature + b"\0", bytes(len(signature)), signature[size:] + signature[:size]]
    forged += [signature[:9] + bytes([signature[9] ^ 1]) + signature[10:], b"\0"]
    if alg == "EdDSA":
        twin = int.from_bytes(signature[32:], "little") + ORDER
        forged.append(signature[:32] + twin.to_bytes(32, "little"))
    if isinstance(key, ec.EllipticCurvePublicKey):
        forged.append(P256.sign(head.encode(), ec.ECDSA(hashes.SHA256())))
    for changed in forged:
        with pytest.raises(JwtInvalid, match="does not match"):
            accept(f"{head}.{base64url_encode(changed)}", key)
    header, payload, _ = good.split(".")
    other = base64url_encode(base64url_decode(payload).replace(b'"KVEC"', b'"KVED"'))
    with pytest.raises(JwtInvalid, match="does not match"):
        accept(f"{header}.{other}.{tail}", key)


def raw(header: bytes, payload: bytes = b"{}") -> str:
    return f"{base64url_encode(header)}.{base64url_encode(payload)}.AAAA"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", JwtInvalid),
        ("a.b", JwtInvalid),
        ("e30.e30.", JwtInvalid),
        ("e30.e30.AAAA.AAAA", JwtInvalid),
        ("e30.e30=.AAAA", JwtInvalid),
        ("e31.e30.AAAA", JwtInvalid),
        ("e30.e30.é", JwtInvalid),
        ("e30.e30.AAAA\n", JwtInvalid),
        (raw(b'{"alg":"ES256","alg":"none","kid":"a:b"}'), MalformedJson),
        (raw(b'{"alg":"ES256","kid":"a:b"}', b'{"iss":1,"iss":2}'), MalformedJson),
        (raw(b'{"alg":"ES256","kid":"a:b"}', b'{"exp":NaN}'), MalformedJson),
        (raw(b'{"alg":"ES256","kid":"a:b"}', b'{"exp":1e400}'), MalformedJson),
        (raw(b'{"alg":"ES256","kid":"a:b"}', b"[]"), MalformedJson),
        (raw(b"[" * 9 + b"]" * 9), MalformedJson),
        (raw(b'{"a":"' + b"x" * 9000 + b'"}'), TooLarge),
        ("a" * 262_145, TooLarge),
    ],
)
def test_texts_that_are_no_tokens(text: str, error: type[BadgeissuerError]) -> None:
    with pytest.raises(error):
        jwt.read(text)
