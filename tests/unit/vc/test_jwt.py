"""JWTs: both forms made and verified, every contradiction refused, and no word of the header believed."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from badgeissuer.errors import BadgeissuerError, TooLarge
from badgeissuer.vc import jws, jwt, lint
from badgeissuer.vc.bake import unbake
from badgeissuer.vc.canon import canonicalize
from badgeissuer.vc.contexts import ContextStore
from badgeissuer.vc.faults import MalformedJson
from badgeissuer.vc.jwk import JoseKey, algorithms, parse_public_jwk, public_jwk
from badgeissuer.vc.jwt import CredentialJwt, Form, JwtInvalid, NoSubjectId
from badgeissuer.vc.lint import Prepared
from badgeissuer.vc.multibase import base64url_decode, base64url_encode
from tests.support.shared import REPO, shared_path

NOW = datetime(2026, 3, 2, tzinfo=UTC)
DID = "did:web:badges.example.org:issuers:kvec"
KID = f"{DID}#key-1"
ED = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
P256, P384 = ec.derive_private_key(7, ec.SECP256R1()), ec.derive_private_key(7, ec.SECP384R1())
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ORDER = 2**252 + 27742317777372353535851937790883648493

Sign = Callable[[bytes], bytes]


def _ecdsa(private: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    size = private.curve.key_size // 8
    hash_ = hashes.SHA256() if size == 32 else hashes.SHA384()
    return b"".join(number.to_bytes(size) for number in decode_dss_signature(private.sign(data, ec.ECDSA(hash_))))


def _rsa(data: bytes) -> bytes:
    return RSA.sign(data, padding.PKCS1v15(), hashes.SHA256())


SIGNERS: dict[str, tuple[Sign, JoseKey]] = {
    "EdDSA": (ED.sign, ED.public_key()),
    "ES256": (partial(_ecdsa, P256), P256.public_key()),
    "ES384": (partial(_ecdsa, P384), P384.public_key()),
    "RS256": (_rsa, RSA.public_key()),
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
        sign=partial(_ecdsa, thief),
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
