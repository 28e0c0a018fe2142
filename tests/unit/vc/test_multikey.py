"""Keys, DIDs and DID documents as texts: one spelling each, and nothing that is not a public key of ours."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from badgeissuer.errors import Rejected
from badgeissuer.vc import multikey
from badgeissuer.vc.faults import DidInvalid, KeyInvalid
from badgeissuer.vc.multikey import VerificationKey
from badgeissuer.vc.stamps import timestamp

ED = Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key()
P256 = ec.derive_private_key(7, ec.SECP256R1()).public_key()
P384 = ec.derive_private_key(7, ec.SECP384R1()).public_key()
KEYS = pytest.mark.parametrize("key", [ED, P256, P384], ids=["Ed25519", "P-256", "P-384"])


@given(st.binary(max_size=80), st.sampled_from("zu"))
def test_multibase_round_trip(data: bytes, base: str) -> None:
    assert multikey.multibase_decode(multikey.multibase_encode(data, base)) == data


@pytest.mark.parametrize(
    ("text", "data"),
    [("2NEpo7TZRRrLZSi2U", b"Hello World!"), ("11233QC4", bytes.fromhex("0000287fb4cd")), ("", b""), ("1", b"\0")],
)
def test_base58btc_vectors(text: str, data: bytes) -> None:
    """From the base58 draft (draft-msporny-base58) and the edges."""
    assert multikey.base58btc_encode(data) == text
    assert multikey.base58btc_decode(text) == data


@pytest.mark.parametrize(
    "text", ["z0", "zO", "zI", "zl", "z é", "z" + "2" * 513, "u=", "uA", "uAB", "uA*==", "ué", "fab", ""]
)
def test_multibase_refusals(text: str) -> None:
    with pytest.raises(KeyInvalid):
        multikey.multibase_decode(text)


def test_digest_multibase_is_a_multihash() -> None:
    digest = hashlib.sha256(b"evidence").digest()
    assert multikey.multibase_decode(multikey.digest_multibase(digest)) == b"\x12\x20" + digest
    assert multikey.digest_multibase(digest).startswith("uEi")
    assert multikey.digest_multibase(digest, "z").startswith("zQm")
    with pytest.raises(KeyInvalid):
        multikey.digest_multibase(b"short")
    with pytest.raises(KeyInvalid):
        multikey.digest_multibase(digest, "f")


@KEYS
def test_a_key_survives_both_forms(key: Any) -> None:
    text, jwk = multikey.public_multikey(key), multikey.public_jwk(key)
    assert multikey.public_multikey(multikey.parse_multikey(text)) == text
    assert multikey.public_multikey(multikey.parse_jwk(jwk)) == text
    assert multikey.public_jwk(multikey.parse_jwk({**jwk, "kid": "a", "alg": "x"})) == jwk


def test_prefixes_are_the_registered_ones() -> None:
    assert [multikey.public_multikey(key)[:4] for key in (ED, P256, P384)] == ["z6Mk", "zDna", "z82L"]


def test_thumbprint_of_rfc_8037() -> None:
    """RFC 8037, Appendix A.3."""
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "use": "sig"}
    assert multikey.jwk_thumbprint(jwk) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_other_curves_have_no_form_here() -> None:
    other = ec.derive_private_key(7, ec.SECP521R1()).public_key()
    for form in (multikey.public_multikey, multikey.public_jwk):
        with pytest.raises(KeyInvalid):
            form(other)


def _multikey(prefix: str, point: bytes) -> str:
    return "z" + multikey.base58btc_encode(bytes.fromhex(prefix) + point)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "z",
        "u7QEAAA",  # another base
        _multikey("8026", bytes(32)),  # a private key's prefix
        _multikey("ed01", bytes(31)),
        _multikey("ed01", bytes(33)),
        _multikey("8024", b"\x02" + bytes(31)),
        _multikey("8024", b"\x04" + bytes(32)),
        _multikey("8024", b"\x02" + b"\xff" * 32),  # not on the curve
        _multikey("8124", b"\x02" + bytes(32)),
        _multikey("ed01", (2**255 - 19 + 3).to_bytes(32, "little")),  # 3, not reduced
        _multikey("ed01", (2).to_bytes(32, "little")),  # not on the curve
    ],
)
def test_multikey_refusals(text: str) -> None:
    with pytest.raises(KeyInvalid):
        multikey.parse_multikey(text)


# Written out from RFC 8032's curve, not from the module: the y coordinates of the eight points of small order.
_FIELD = 2**255 - 19
_Y8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7


@pytest.mark.parametrize("y", [0, 1, _FIELD - 1, _Y8, _FIELD - _Y8, _FIELD, _FIELD + 1])
@pytest.mark.parametrize("sign", [0, 1 << 255])
def test_points_of_small_order_are_no_keys(y: int, sign: int) -> None:
    point = (y | sign).to_bytes(32, "little")
    with pytest.raises(KeyInvalid, match="small order"):
        multikey.parse_multikey(_multikey("ed01", point))
    with pytest.raises(KeyInvalid, match="small order"):
        multikey.parse_jwk({"kty": "OKP", "crv": "Ed25519", "x": multikey.base64url_encode(point)})


_P256_JWK = multikey.public_jwk(P256)


@pytest.mark.parametrize(
    "change",
    [
        {"d": "AA"},
        {"k": "AA"},
        {"kty": "RSA"},
        {"crv": "secp256k1"},
        {"crv": ["P-256"]},
        {"kty": "OKP", "crv": "X25519"},
        {"x": None},
        {"x": 1},
        {"x": "AA"},
        {"y": _P256_JWK["x"]},
        {"y": _P256_JWK["y"] + "="},
    ],
)
def test_jwk_refusals(change: dict[str, Any]) -> None:
    with pytest.raises(KeyInvalid):
        multikey.parse_jwk({**_P256_JWK, **change})


@pytest.mark.parametrize(
    ("base_url", "path", "did", "url"),
    [
        ("https://Issuer.Example", ("issuers", "kvec"), "did:web:issuer.example:issuers:kvec", "https://issuer.example/issuers/kvec/did.json"),
        ("http://localhost:8000/", ("issuers", "kvec"), "did:web:localhost%3A8000:issuers:kvec", "https://localhost:8000/issuers/kvec/did.json"),
        ("https://a.example/badges/", ("x y",), "did:web:a.example:badges:x%20y", "https://a.example/badges/x%20y/did.json"),
        ("https://a.example", (), "did:web:a.example", "https://a.example/.well-known/did.json"),
        ("https://a.example:8443", (), "did:web:a.example%3A8443", "https://a.example:8443/.well-known/did.json"),
    ],
)  # fmt: skip
def test_did_web(base_url: str, path: tuple[str, ...], did: str, url: str) -> None:
    assert multikey.did_web_of(base_url, *path) == did
    assert multikey.did_web_url(did) == url


def test_plain_http_is_for_this_machine_alone() -> None:
    assert multikey.did_web_url("did:web:localhost%3A8000:a", loopback_http=True) == "http://localhost:8000/a/did.json"
    assert multikey.did_web_url("did:web:a.example:a", loopback_http=True) == "https://a.example/a/did.json"


@pytest.mark.parametrize("host", ["127.0.0.1", "10.1", "::1", "", "a_b.example", "-a.example", "a..example", "a" * 64])
def test_hosts_that_a_did_web_cannot_name(host: str) -> None:
    with pytest.raises(DidInvalid):
        multikey.did_web(host, None)


@pytest.mark.parametrize("segment", ["", ".", "..", "a/b", "a%2Fb"])
def test_segments_that_a_did_web_cannot_have(segment: str) -> None:
    with pytest.raises(DidInvalid):
        multikey.did_web("a.example", None, segment)


def test_a_base_url_must_be_a_url() -> None:
    with pytest.raises(DidInvalid):
        multikey.did_web_of("https://a.example:port/")


@pytest.mark.parametrize(
    "did",
    [
        "did:key:z6Mk",
        "did:web:",
        "did:web:A.example",
        "did:web:a.example%3a8000",
        "did:web:a.example%3A",
        "did:web:a.example%3A0800",
        "did:web:a.example%3A99999999",
        "did:web:a.example:",
        "did:web:a.example:..:b",
        "did:web:a.example:b%2Fc",
        "did:web:a.example:b#c",
        "did:web:a.example/b",
        "did:web:127.0.0.1%3A80",
        "xdid:web:a.example",
    ],
)
def test_did_web_refusals(did: str) -> None:
    with pytest.raises(DidInvalid):
        multikey.did_web_url(did)


def test_did_key_is_its_own_document() -> None:
    text = multikey.public_multikey(ED)
    did = multikey.did_key(text)
    assert multikey.did_key_document(did) == {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": did,
        "verificationMethod": [
            {"id": f"{did}#{text}", "type": "Multikey", "controller": did, "publicKeyMultibase": text}
        ],
        "assertionMethod": [f"{did}#{text}"],
    }
    for wrong, error in (("did:web:a", DidInvalid), ("did:key:", DidInvalid), ("did:key:z6Mk", KeyInvalid)):
        with pytest.raises(error):
            multikey.did_key_document(wrong)


def test_did_document_of_an_issuer() -> None:
    did = "did:web:a.example:issuers:kvec"
    new, old = (
        multikey.public_multikey(ED),
        multikey.public_multikey(Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key()),
    )
    p256 = multikey.public_multikey(P256)
    stolen_at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    document = multikey.did_document(
        did, [VerificationKey(p256, as_jwk=True), VerificationKey(new), VerificationKey(old, revoked=stolen_at)]
    )
    assert document == {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": did,
        "verificationMethod": [
            {"id": f"{did}#{new}", "type": "Multikey", "controller": did, "publicKeyMultibase": new},
            {
                "id": f"{did}#{old}",
                "type": "Multikey",
                "controller": did,
                "publicKeyMultibase": old,
                "revoked": "2026-03-01T12:00:00Z",
            },
            {"id": f"{did}#{p256}", "type": "JsonWebKey", "controller": did, "publicKeyJwk": multikey.public_jwk(P256)},
        ],
        "assertionMethod": [f"{did}#{new}", f"{did}#{p256}"],
    }


def test_stamps_need_a_zone() -> None:
    assert timestamp(datetime.fromisoformat("2026-01-01T01:30:00.999+02:00")) == "2025-12-31T23:30:00Z"
    with pytest.raises(Rejected):
        timestamp(datetime(2026, 1, 1))
