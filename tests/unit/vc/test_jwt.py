"""Credentials as JWTs: both forms made and verified, every contradiction with the credential refused."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from badgeissuer.vc import jws, jwt
from badgeissuer.vc.bake import unbake
from badgeissuer.vc.jwk import parse_public_jwk
from badgeissuer.vc.jwt import Form, JwtInvalid, NoSubjectId
from tests.support.shared import shared_path
from tests.support.tokens import (
    CLAIMS,
    DID,
    EACH,
    KEY,
    KID,
    NOW,
    P384,
    PREPARED,
    RSA,
    SIGN,
    SIGNERS,
    accept,
    document,
    parts,
    prepare,
    token,
)


@EACH
def test_the_ob_form(alg: str) -> None:
    sign, key = SIGNERS[alg]
    text = jwt.create_ob(PREPARED, sign=sign, key=key, kid=KID)
    assert parts(text) == ({"alg": alg, "typ": "JWT", "kid": KID}, {**document(), **CLAIMS})
    found = accept(text, key)
    assert (found.form, found.document, found.claims, found.kid) == (Form.OB, document(), CLAIMS, KID)
    assert (found.notes, found.header_jwk) == ((), None)


@EACH
def test_the_vc_jose_form(alg: str) -> None:
    sign, key = SIGNERS[alg]
    text = jwt.create_vc_jose(PREPARED, sign=sign, key=key, kid=KID)
    assert parts(text) == ({"alg": alg, "typ": "vc+jwt", "cty": "vc", "kid": KID}, document())
    found = accept(text, key)
    assert (found.form, found.document, found.claims, found.kid) == (Form.VC_JOSE, document(), {}, KID)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"kid": None}, "names its key"),
        ({"kid": "key-1"}, "kid must be a URL"),
        ({"kid": KID, "key": P384.public_key()}, "does not match"),
        ({"kid": KID, "sign": lambda _data: b"x" * 64}, "does not match"),
    ],
)
def test_what_is_not_made(arguments: dict[str, Any], reason: str) -> None:
    with pytest.raises(JwtInvalid, match=reason):
        jwt.create_ob(PREPARED, **{"sign": SIGN, "key": KEY, **arguments})


def test_only_a_prepared_credential_is_signed_and_only_with_a_subject() -> None:
    for make in (jwt.create_ob, jwt.create_vc_jose):
        with pytest.raises(TypeError):
            make(document(), sign=SIGN, key=KEY, kid=KID)  # type: ignore[operator]
    nameless = document()
    nameless["credentialSubject"]["identifier"] = [
        {
            "type": "IdentityObject",
            "hashed": True,
            "identityHash": "sha256$" + "ab" * 32,
            "identityType": "emailAddress",
            "salt": "0123456789abcdef0123456789abcdef",
        }
    ]
    del nameless["credentialSubject"]["id"]
    with pytest.raises(NoSubjectId, match="use an embedded proof"):
        jwt.create_ob(prepare(nameless), sign=SIGN, key=KEY, kid=KID)
    assert accept(jwt.create_vc_jose(prepare(nameless), sign=SIGN, key=KEY, kid=KID)).document == nameless
    claims = {name: value for name, value in CLAIMS.items() if name != "sub"}
    with pytest.raises(NoSubjectId):
        jwt.read(token({**nameless, **claims}))


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"cty": "vc"}, "not allowed: cty"),
        ({"typ": "at+jwt"}, "typ must be"),
        ({"typ": ["JWT"]}, "typ must be"),
        ({"kid": None}, "names no key"),
        ({"typ": "vc+jwt", "cty": "vp"}, "cty must be"),
        ({"typ": "vc+jwt", "kid": "key-1"}, "URL of a verification method"),
        ({"typ": "vc+jwt", "iss": "did:web:thief.example"}, "header's iss"),
    ],
)
def test_headers_of_the_wrong_form(header: dict[str, Any], reason: str) -> None:
    with pytest.raises(JwtInvalid, match=reason):
        jwt.read(token({**document(), **CLAIMS}, **header))


@pytest.mark.parametrize("header", [{"typ": None}, {"typ": "jwt"}, {"alg": "ES256"}])
def test_headers_that_others_write(header: dict[str, Any]) -> None:
    assert accept(token({**document(), **CLAIMS}, **header)).form is Form.OB


@pytest.mark.parametrize("header", [{"kid": None}, {"cty": None}, {"iss": DID, "cty": "application/vc"}])
def test_vc_jose_headers_that_others_write(header: dict[str, Any]) -> None:
    assert accept(token(document(), typ="application/vc+jwt", **header)).document == document()


CONTRADICTIONS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "iss": ({"iss": "did:web:thief.example"}, ["/iss"]),
    "sub": ({"sub": "did:web:thief.example"}, ["/sub"]),
    "jti": ({"jti": "urn:uuid:other"}, ["/jti"]),
    "nbf": ({"nbf": 1772366401}, ["/nbf"]),
    "exp": ({"exp": 4076049600 + 3600}, ["/exp"]),
    "all": ({"iss": 1, "sub": [], "jti": {}, "nbf": 0, "exp": 0.5}, ["/iss", "/jti", "/sub", "/nbf", "/exp"]),
    "nothing": (dict.fromkeys(CLAIMS), ["/iss", "/jti", "/nbf", "/exp"]),
    "nbf as text": ({"nbf": "1772366400"}, ["/nbf"]),
    "exp as truth": ({"exp": True}, ["/exp"]),
    "iat as text": ({"iat": "now"}, ["/iat"]),
    "exp of nothing": ({"validUntil": None}, ["/exp"]),
    "no date": ({"validFrom": None}, ["/nbf"]),
    "a date that is none": ({"validFrom": "yesterday"}, ["/nbf"]),
    "a huge date": ({"nbf": 10**300}, ["/nbf"]),
    "no issuer": ({"issuer": None}, ["/iss"]),
}


@pytest.mark.parametrize(("changes", "pointers"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_claims_that_contradict_the_credential(changes: dict[str, Any], pointers: list[str]) -> None:
    payload = {name: value for name, value in {**document(), **CLAIMS, **changes}.items() if value is not None}
    with pytest.raises(JwtInvalid) as error:
        jwt.read(token(payload))
    assert [fault.pointer for fault in error.value.faults] == pointers


def test_other_texts_of_the_same_moment_and_claims_of_the_token_alone() -> None:
    payload = {**document(), **CLAIMS, "validFrom": "2026-03-01T07:00:00.750-05:00", "iat": 1.5, "aud": "did:x:y"}
    for seconds in (CLAIMS["nbf"], 1772366400.75):
        assert "iat" not in accept(token({**payload, "nbf": seconds})).document
    plain = {**document(), **CLAIMS, "issuer": DID}
    assert accept(token(plain)).document["issuer"] == DID


def test_a_missing_sub_is_noted() -> None:
    payload = {name: value for name, value in {**document(), **CLAIMS}.items() if name != "sub"}
    assert accept(token(payload)).notes == ("the claim sub is missing, which Open Badges requires",)


def test_vc_1_1_is_read() -> None:
    old = {name: value for name, value in document().items() if name not in ("validFrom", "validUntil")}
    old |= {"issuanceDate": "2026-03-01T12:00:00Z", "expirationDate": "2099-03-01T12:00:00Z"}
    found = accept(token({"vc": old, **CLAIMS}))
    assert (found.form, found.document) == (Form.VC_1_1, old)
    with pytest.raises(JwtInvalid, match="nbf"):
        jwt.read(token({"vc": {**old, "issuanceDate": "2026-03-01T12:00:01Z"}, **CLAIMS}))
    with pytest.raises(JwtInvalid, match="must be an object"):
        jwt.read(token({"vc": "text", **CLAIMS}))
    for name in ("vc", "vp"):
        with pytest.raises(JwtInvalid, match="must not have"):
            jwt.read(token({**document(), name: {}}, typ="vc+jwt"))


def test_a_vc_jose_token_has_dates_of_its_own() -> None:
    own = {"nbf": NOW.timestamp(), "exp": NOW.timestamp() + 60, "iat": 1, "iss": DID}
    text = token({**document(), **own}, typ="vc+jwt")
    assert accept(text).document == document()
    for seconds in (-1, 60):
        with pytest.raises(JwtInvalid, match="not valid at this time"):
            accept(text, now=NOW + timedelta(seconds=seconds))
    with pytest.raises(JwtInvalid, match="the claim iss"):
        jwt.read(token({**document(), "iss": "did:web:thief.example"}, typ="vc+jwt"))


@pytest.mark.parametrize(("name", "form"), [("simple-jwt.svg", Form.OB), ("simple-jwt_v1.png", Form.VC_1_1)])
def test_the_official_samples(name: str, form: Form) -> None:
    text = unbake((shared_path("standards/samples/valid/ob30") / name).read_bytes()).text
    found = jwt.read(text)
    assert (found.form, len(found.notes), found.kid) == (form, 1, None)
    # The samples' issuers publish nothing: the key is the header's own, which proves form alone.
    assert found.header_jwk is not None
    jwt.verify(found, parse_public_jwk(found.header_jwk), now=NOW)


def test_the_official_wallet_token_is_read_as_vc_1_1() -> None:
    path: Path = shared_path("standards/samples/invalid/ob30/velocity.jwt")
    found = jwt.read(path.read_text().strip())
    assert found.form is Form.VC_1_1
    assert found.document["@context"][2].startswith("https://lib.velocitynetwork.foundation/")
    with pytest.raises(JwtInvalid, match="does not match"):
        jws.verify(found.jws, RSA.public_key())
