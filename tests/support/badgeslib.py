"""openbadgeslib 4.6.3 as a reader of ours and a signer of its own, with the issuer of ``issued`` as its whole web.

It reads the clock on the wall, so that what it is to find valid is valid until 2099.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from openbadgeslib.ob3 import OB3VerificationError
from openbadgeslib.ob3.clr import bundled_clr_contexts
from openbadgeslib.ob3.credential import (
    Achievement,
    Alignment,
    Evidence,
    IdentityObject,
    Issuer,
    OpenBadgeCredential,
    Result,
    ResultDescription,
)
from openbadgeslib.ob3.ldp import OB3LdpVerifier, verify_data_integrity_proof
from openbadgeslib.ob3.status_list import status_entry
from openbadgeslib.ob3.verifier import OB3Verifier

from badgeissuer.vc import lint
from badgeissuer.vc.build import endorsement_credential, open_badge_credential
from badgeissuer.vc.multikey import did_key, public_multikey
from badgeissuer.vc.status import Bits
from badgeissuer.vc.verify import Report, Verdict
from tests.support import issued, records, renditions, tokens
from tests.support.issued import Json
from tests.support.renditions import P256, WORLD

UNTIL = datetime(2099, 1, 1, tzinfo=UTC)
PRIVATE: Mapping[str, Any] = {"ES256": P256, "RS256": tokens.RSA, "EdDSA": issued.KEY}


def private_pem(alg: str) -> bytes:
    pem: bytes = PRIVATE[alg].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem


def public_pem(alg: str) -> bytes:
    pem: bytes = PRIVATE[alg].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem


class Web:
    """What the issuer serves. ``revoked``: whether the credential's bit is set in the list."""

    def __init__(self, *, revoked: bool = False) -> None:
        bits = Bits.new()
        bits.set(issued.INDEX, revoked)
        did_url = "https://badges.example.org/issuers/kvec/did.json"
        self.served = {did_url: WORLD[issued.DID], issued.LIST_URL: issued.status_list(bits)}

    def __call__(self, url: str) -> bytes:
        return json.dumps(self.served[url]).encode()


# Ours


@cache
def lasting(kind: str) -> lint.Prepared:
    """Our badge or endorsement, valid for long."""
    if kind == "badge":
        return issued.prepared(open_badge_credential(replace(issued.facts(), valid_until=UNTIL)))
    facts = replace(records.endorsement_facts(), valid_until=UNTIL)
    return records.prepared_endorsement(endorsement_credential(facts))


def badge(suite: str = "eddsa-rdfc-2022") -> Json:
    return renditions.SECURE[suite](lasting("badge"))


def proof_set(*suites: str) -> Json:
    documents = [badge(suite) for suite in suites]
    return {**documents[0], "proof": [proof for document in documents for proof in document["proof"]]}


def one_of(kind: str, suite: str = "eddsa-rdfc-2022") -> Json:
    found: Json = json.loads(renditions.secured(kind, suite))
    return found


# It, as a reader


def its_verdict(credential: Json | str, *, revoked: bool = False) -> str:
    """Of a badge, with its status: ``valid``, or why not. The list's own proof it checks in JWTs alone."""
    web = Web(revoked=revoked)
    try:
        if isinstance(credential, str):
            verifier = OB3Verifier.for_issuer_did(issued.DID, download=web)
            found = verifier.verify(credential, download=web, check_status=True, verify_status_list=False)
        else:
            found = OB3LdpVerifier.for_issuer_did(issued.DID).verify(
                json.dumps(credential), download=web, check_status=True, verify_status_list=False
            )
    except OB3VerificationError as error:
        return str(error)
    assert found.issuer.id == issued.DID
    return "valid"


def proof_verdict(document: Json, alg: str = "EdDSA") -> str:
    """Of the proof of any document, and of nothing else."""
    try:
        verify_data_integrity_proof(document, public_pem(alg), extra_contexts=bundled_clr_contexts())
    except OB3VerificationError as error:
        return str(error)
    return "valid"


def read_out(data: bytes, carrier: str) -> str:
    """The text in the file, by its own reader."""
    text: str
    match carrier:
        case "png":
            text = OB3Verifier.extract_token_from_png(data)
        case "svg":
            text = OB3Verifier.extract_token_from_svg(data)
        case _:
            text = data.decode()
    return text


# Its

_RESULT = "urn:uuid:5b6a1c2d-3e4f-4a5b-8c6d-000000000001"


def its_badge(did: str, index: int | None = None) -> OpenBadgeCredential:
    """Every member that it writes. ``index`` is the place in the list."""
    return OpenBadgeCredential(
        id="urn:uuid:0d0c7d8e-6f5a-4b4c-9d3e-000000000003",
        issuer=Issuer(
            id=did,
            name="KVEC",
            url="https://kvec.example.org/",
            email="badges@kvec.example.org",
            image_url="https://kvec.example.org/logo.png",
        ),
        recipient_id="mailto:teacher@school.example.org",
        achievement=Achievement(
            id="https://kvec.example.org/achievements/1",
            name="Assessment Literacy",
            description="Designs assessments — «really».",
            criteria_narrative="A *plan*.",
            image_url="https://kvec.example.org/al.png",
            tags=["assessment", "literacy"],
            achievement_type="MicroCredential",
            credits_available=1.5,
            alignments=[Alignment("InTASC 6", "https://ccsso.example.org/6", target_code="6")],
            result_descriptions=[ResultDescription(_RESULT, "Grade", "LetterGrade", allowed_values=["A", "B"])],
        ),
        issuance_date=issued.NOW,
        expiration_date=UNTIL,
        evidence=[Evidence(id="https://kvec.example.org/e/1", narrative="Two pages.", name="Plan", genre="Text")],
        credits_earned=1.5,
        identifiers=[IdentityObject(f"sha256${'0' * 64}", "emailAddress", True, "salt")],
        results=[Result(value="A", result_description=_RESULT)],
        credential_status=[] if index is None else [status_entry(issued.LIST_URL, "revocation", index)],
    )


def sole_issuer(alg: str) -> str:
    """An issuer that is its own document."""
    return did_key(public_multikey(PRIVATE[alg].public_key()))


def our_report(
    data: Json | bytes | str, lists: Mapping[str, Any] | None = None, *, now: datetime = issued.NOW
) -> Report:
    data = data.encode() if isinstance(data, str) else data
    return issued.report_on(data, controllers=WORLD, lists=lists or {}, now=now)


def assert_valid(report: Report) -> None:
    assert [check for check in report.checks if check.verdict is not Verdict.OK] == []
    assert report.verified
