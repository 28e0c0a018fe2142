"""Independent software on our JWTs: openbadgeslib 4.6.3 verifies ours (OB form), and we verify its."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from openbadgeslib.ob3 import OB3VerificationError
from openbadgeslib.ob3.signer import OB3Signer
from openbadgeslib.ob3.verifier import OB3Verifier

from badgeissuer.vc import jwt
from badgeissuer.vc.bake import bake, unbake
from badgeissuer.vc.jwk import public_jwk
from tests.support.tokens import CLAIMS, DID, ED, KID, P256, PREPARED, RSA, SIGNERS, document

PRIVATE = {"EdDSA": ED, "ES256": P256, "RS256": RSA}
EACH = pytest.mark.parametrize("alg", PRIVATE)
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def did_document(alg: str) -> bytes:
    method = {"id": KID, "type": "JsonWebKey", "controller": DID, "publicKeyJwk": public_jwk(SIGNERS[alg][1])}
    document = {"@context": "https://www.w3.org/ns/did/v1", "id": DID}
    return json.dumps({**document, "verificationMethod": [method], "assertionMethod": [KID]}).encode()


@EACH
def test_it_verifies_ours(alg: str) -> None:
    sign, key = SIGNERS[alg]
    token = jwt.create_ob(PREPARED, sign=sign, key=key, kid=KID)
    verifier = OB3Verifier(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())
    assert verifier.verify(token).id == document()["id"]
    resolved = OB3Verifier.for_issuer_did(DID, download=lambda _url: did_document(alg))
    assert resolved.verify(token).id == document()["id"]
    image = bake(b'<svg xmlns="http://www.w3.org/2000/svg"/>', token)
    assert resolved.verify(OB3Verifier.extract_token_from_svg(image)).id == document()["id"]
    header, payload, signature = token.split(".")
    with pytest.raises(OB3VerificationError):
        resolved.verify(f"{header}.{payload}.{signature[:-6]}AAAAAA")


@EACH
def test_we_verify_its(alg: str) -> None:
    pem = PRIVATE[alg].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    payload: dict[str, Any] = {**document(), **CLAIMS}
    token = OB3Signer(pem, algorithm=alg).sign_payload(payload)
    found = jwt.read(unbake(bake(b'<svg xmlns="http://www.w3.org/2000/svg"/>', token)).text)
    jwt.verify(found, SIGNERS[alg][1], now=NOW)
    assert (found.form, found.document) == (jwt.Form.OB, document())
    assert pyjwt.get_unverified_header(token)["jwk"].items() >= public_jwk(SIGNERS[alg][1]).items()
