"""What is signed is what was prepared, with its proof beside it; whatever else came about is not given out."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from badgeissuer.errors import Unavailable
from badgeissuer.keyring.local import signer_of
from badgeissuer.rules.keys import KeyFacts
from badgeissuer.rules.terms import KeyAlgorithm, KeyState
from badgeissuer.services import signing
from badgeissuer.vc import jwt, strictjson
from badgeissuer.vc.build import open_badge_credential
from badgeissuer.vc.faults import ProofInvalid
from badgeissuer.vc.multikey import public_multikey
from badgeissuer.vc.proofs import eddsa_rdfc_2022 as eddsa
from tests.support import issued

P256 = ec.derive_private_key(7, ec.SECP256R1())
PREPARED = issued.prepared(open_badge_credential(issued.facts()))


def key(private: Any, algorithm: KeyAlgorithm) -> KeyFacts:
    return KeyFacts(
        UUID(int=1),
        issued.DID,
        algorithm,
        "file:key.pem",
        public_multikey(private.public_key()),
        KeyState.ACTIVE,
        issued.NOW,
    )


def work_with(private: Any, algorithm: KeyAlgorithm) -> Any:
    """What signing uses of a unit of work."""
    signer = signer_of(private, key_id="key", algorithm=algorithm)
    return SimpleNamespace(keys=SimpleNamespace(signer=lambda _key: signer), now=issued.NOW)


ED, EC = KeyAlgorithm.ED25519, KeyAlgorithm.P256


def signed(private: Any = issued.KEY, **more: Any) -> signing.Signed:
    return signing.sign(work_with(private, ED), prepared=PREPARED, key=key(issued.KEY, ED), **more)


def token(private: Any = P256) -> signing.Signed:
    return signing.sign_jwt(work_with(private, EC), prepared=PREPARED, key=key(P256, EC))


def test_the_text_is_that_of_the_whole_document_written_at_once() -> None:
    secured = eddsa.create(PREPARED, sign=issued.KEY.sign, verification_method=issued.METHOD, created=issued.NOW)
    assert signed().text == signed(write=strictjson.dumps).text == strictjson.dumps(secured)


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda text: text.replace('"validFrom"', '"validfrom"'),
        lambda text: f'{text[:-1]},"more":1}}',
        lambda text: f'{text[:-1]},"proof":[]}}',
        lambda text: text.replace('"proof":[', '"proof":[1,'),
        lambda text: text.replace(',"proof":[', ' ,"proof":['),
        lambda text: text.replace(',"proof":[', ',"proof":[],"proof":['),
    ],
)
def test_a_text_that_says_anything_else_is_not_given_out(monkeypatch: pytest.MonkeyPatch, spoilt: Any) -> None:
    made = signing.spliced
    monkeypatch.setattr(signing, "spliced", lambda text, proof: spoilt(made(text, proof)))
    with pytest.raises(Unavailable, match="not the document that was prepared"):
        signed()


def test_nor_one_that_another_writer_made_of_it() -> None:
    with pytest.raises(Unavailable, match="not the document that was prepared"):
        signed(write=lambda secured: json.dumps({**secured, "name": "Another"}))
    assert json.loads(signed(write=json.dumps).text) == json.loads(signed().text)


def test_a_key_that_is_not_the_published_one_signs_nothing() -> None:
    with pytest.raises(ProofInvalid):
        signed(Ed25519PrivateKey.from_private_bytes(bytes(32)))
    with pytest.raises(ProofInvalid):
        token(ec.derive_private_key(8, ec.SECP256R1()))


def test_a_token_is_the_document_and_its_claims() -> None:
    found = jwt.read(token().text)
    assert found.document == PREPARED.document
    claims = {"iss", "jti", "sub", "nbf", "exp"}
    assert found.claims.keys() == claims
    assert found.jws.payload.decode() == strictjson.dumps({**found.document, **found.claims})


@pytest.mark.parametrize("change", [{"name": "Another"}, {"description": "more"}])
def test_a_token_of_another_document_is_not_given_out(monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]) -> None:
    made = jwt.create_ob
    other = issued.prepared({**PREPARED.document, **change})
    monkeypatch.setattr(jwt, "create_ob", lambda _prepared, **given: made(other, **given))
    with pytest.raises(Unavailable, match="not the document that was prepared"):
        token()
