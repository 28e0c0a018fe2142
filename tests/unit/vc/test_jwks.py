"""JWK Sets and single JWKs: the one key for a JWT, and whose it is."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from badgeissuer.vc.faults import KeyInvalid
from badgeissuer.vc.jwk import JoseKey, public_jwk
from badgeissuer.vc.jwks import Standing, issuer_key, jwk_set, key_in, standing, well_known

ED = Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key()
P256 = ec.derive_private_key(7, ec.SECP256R1()).public_key()
P384 = ec.derive_private_key(7, ec.SECP384R1()).public_key()
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
DID = "did:web:a.example:issuers:a"


def test_a_key_set_names_each_key_its_algorithm_and_its_issuer() -> None:
    assert jwk_set([("a", ED)]) == {"keys": [{**public_jwk(ED), "kid": "a", "use": "sig", "alg": "EdDSA"}]}
    assert jwk_set([("a", RSA)], issuer=DID)["keys"][0]["iss"] == DID
    with pytest.raises(KeyInvalid, match="names each key once"):
        jwk_set([("a", ED), ("a", P256)])


SET = jwk_set([("ed", ED), ("p256", P256), ("rsa", RSA)])
TWO = {"keys": [*SET["keys"], {**public_jwk(P384), "kid": "p256"}, {**SET["keys"][1], "kid": "old", "iss": DID}]}


@pytest.mark.parametrize(
    ("document", "wanted", "key"),
    [
        (SET, {"alg": "EdDSA", "kid": "ed"}, ED),
        (SET, {"alg": "Ed25519", "kid": "ed"}, ED),
        (SET, {"alg": "RS256"}, RSA),
        (SET, {"alg": "ES256", "hint": public_jwk(P256)}, P256),
        (TWO, {"alg": "ES256", "kid": "p256"}, P256),
        (TWO, {"alg": "ES384", "kid": "p256"}, P384),
        (TWO, {"alg": "ES256", "kid": "old", "issuer": DID}, P256),
        (TWO, {"alg": "ES256"}, P256),
        ({"keys": ["x", {"kty": "AKP"}, {"kty": "EC"}, *SET["keys"]]}, {"alg": "ES256"}, P256),
        (public_jwk(P256), {"alg": "ES256", "kid": "https://a.example/keys/1"}, P256),
    ],
)
def test_the_key_in_a_set(document: Any, wanted: Any, key: JoseKey) -> None:
    assert key_in(document, **wanted) == key


@pytest.mark.parametrize(
    ("document", "wanted", "reason"),
    [
        ({}, {"alg": "ES256"}, "neither a JWK nor"),
        ({"keys": {}}, {"alg": "ES256"}, "neither a JWK nor"),
        ({"keys": [{}] * 1001}, {"alg": "ES256"}, "reasonable size"),
        (SET, {"alg": "ES256", "kid": "gone"}, "no such key"),
        (SET, {"alg": "none"}, "no such key"),
        (SET, {"alg": "RS256", "kid": "p256"}, "not for the JWT's algorithm but for ES256"),
        (SET, {"alg": "ES256", "hint": public_jwk(P384)}, "no such key"),
        (SET, {"alg": "ES256", "hint": {"kty": "oct"}}, "not an Ed25519"),
        (TWO, {"alg": "ES256", "kid": "old"}, "no such key"),
        (TWO, {"alg": "ES256", "issuer": DID}, "more than one"),
        ({"keys": [{**SET["keys"][1], "d": "AA"}]}, {"alg": "ES256"}, "private members"),
        (
            jwk_set([("a", P256)], issuer="did:web:b.example"),
            {"alg": "ES256", "kid": "a", "issuer": DID},
            "no such key",
        ),
    ],
)
def test_no_key_in_a_set(document: Any, wanted: Any, reason: str) -> None:
    with pytest.raises(KeyInvalid, match=reason):
        key_in(document, **wanted)


def test_a_kid_may_be_named_by_its_fragment() -> None:
    assert key_in(SET, alg="ES256", kid="https://a.example/jwks.json#p256") == P256
    with pytest.raises(KeyInvalid, match="no such key"):
        key_in(SET, alg="ES256", kid="https://a.example/jwks.json#")


OWN, SHARED, FOREIGN = Standing.OWN, Standing.SHARED, Standing.FOREIGN


@pytest.mark.parametrize(
    ("url", "issuer", "place"),
    [
        ("https://a.example/.well-known/jwks.json", "did:web:a.example", OWN),
        ("https://a.example:443/keys/1", "https://a.example", OWN),
        ("https://a.example/keys/1?x=1", "https://A.example/", OWN),
        ("https://a.example/issuers/a/jwks.json", DID, OWN),
        ("https://a.example/issuers/a", "https://a.example/issuers/a", OWN),
        ("https://a.example/issuers/a/keys/1", "https://a.example/issuers/a/", OWN),
        ("https://a.example/.well-known/jwks.json", DID, SHARED),
        ("https://a.example/.well-known/x/keys", DID, SHARED),
        ("https://a.example/issuers/ab/jwks.json", DID, FOREIGN),
        ("https://a.example/jwks.json", DID, FOREIGN),
        ("https://a.example/", DID, SHARED),
        ("https://a.example", DID, SHARED),
        ("https://a.example:8443/jwks.json", "did:web:a.example", FOREIGN),
        ("https://a.example/jwks.json", "did:web:a.example%3A8443", FOREIGN),
        ("https://b.example/jwks.json", DID, FOREIGN),
        ("https://a.example.b.example/jwks.json", "did:web:a.example", FOREIGN),
        ("https://a.example@b.example/jwks.json", "did:web:a.example", FOREIGN),
        ("https://b.example@a.example/jwks.json", "did:web:a.example", FOREIGN),
        ("http://a.example/jwks.json", "did:web:a.example", FOREIGN),
        ("https://a.example/issuers/a/../b/jwks.json", DID, FOREIGN),
        ("https://a.example/issuers/a/./jwks.json", DID, FOREIGN),
        ("https://a.example/issuers/a/%2e%2e/b", DID, FOREIGN),
        ("https://a.example//issuers/a/x", DID, FOREIGN),
        ("https://a.example/issuers/a/..", DID, FOREIGN),
        ("https://a.example\\@b.example/x", "did:web:a.example", FOREIGN),
        ("https://[a.example/x", "did:web:a.example", FOREIGN),
        ("https://a.example:x/x", "did:web:a.example", FOREIGN),
        ("https:///x", "did:web:a.example", FOREIGN),
        ("https://a.example/x", "did:web:A.example", FOREIGN),
        ("https://a.example/x", "did:key:z6Mk", FOREIGN),
        ("data:application/json,{}", "did:web:a.example", FOREIGN),
    ],
)
def test_whose_place_a_url_is(url: str, issuer: str, place: Standing) -> None:
    assert standing(url, issuer) is place


def test_a_key_counts_by_where_it_lies() -> None:
    own, shared = "https://a.example/issuers/a/jwks.json", "https://a.example/.well-known/jwks.json"
    both = {"keys": [*SET["keys"], *jwk_set([("mine", P256)], issuer=DID)["keys"]]}
    assert issuer_key(SET, url=own, issuer=DID, alg="ES256", kid="p256") == P256
    assert issuer_key(both, url=shared, issuer=DID, alg="ES256", kid="mine") == P256
    assert issuer_key(both, url=shared, issuer=DID, alg="ES256") == P256
    for url, reason in ((shared, "no such key"), ("https://b.example/jwks.json", "someone else")):
        with pytest.raises(KeyInvalid, match=reason):
            issuer_key(both, url=url, issuer=DID, alg="ES256", kid="p256")
    # Another who has a place on the host can write this issuer's name there too.
    named = {**public_jwk(P256), "iss": DID}
    with pytest.raises(KeyInvalid, match="someone else"):
        issuer_key(named, url="https://a.example/issuers/b/key", issuer=DID, alg="ES256", kid="x:1")
    assert issuer_key(named, url=shared, issuer=DID, alg="ES256", kid="x:1") == P256


def test_the_key_set_of_a_host() -> None:
    assert well_known("https://a.example/issuers/a") == "https://a.example/.well-known/jwks.json"
    assert well_known("https://a.example:8443") == "https://a.example:8443/.well-known/jwks.json"
    assert well_known("https://[a.example/") is None
    assert well_known("https://a\u2100b.example/") is None


@pytest.mark.parametrize("kty", [None, [], {}, ["EC"], 5])
def test_a_key_of_no_kind_is_passed_over(kty: object) -> None:
    odd = {**public_jwk(P256), "kty": kty}
    with pytest.raises(KeyInvalid, match="no such key"):
        key_in({"keys": [odd]}, alg="ES256")
    with pytest.raises(KeyInvalid, match="no such key"):
        key_in(odd, alg="ES256")
