"""Independent software on what anyone could make of a credential: openbadgeslib 4.6.3 and we refuse the same.

And on further forms than ``test_openbadgeslib_kinds.py`` has: proof sets, issuers that are their own document, and
every member that it writes. It reads the clock on the wall, so that what it looks at is valid until 2099.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
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
from openbadgeslib.ob3.ldp import (
    OB3LdpSigner,
    OB3LdpVerifier,
    add_data_integrity_proof,
    verify_data_integrity_proof,
)
from openbadgeslib.ob3.signer import OB3Signer
from openbadgeslib.ob3.status_list import build_status_list_credential, status_entry
from openbadgeslib.ob3.verifier import OB3Verifier

from badgeissuer.runtime import utc_now
from badgeissuer.vc.bake import unbake
from badgeissuer.vc.build import open_badge_credential
from badgeissuer.vc.multikey import did_key, public_multikey
from badgeissuer.vc.verify import Outcome, Report, Verdict
from tests.support import issued, renditions, tokens
from tests.support.issued import Json
from tests.support.renditions import ALGORITHMS, CARRIERS, P256, WORLD
from tests.support.single_changes import variants

UNTIL = datetime(2099, 1, 1, tzinfo=UTC)
PRIVATE: Mapping[str, Any] = {"ES256": P256, "RS256": tokens.RSA, "EdDSA": issued.KEY}
EVERY_CARRIER = pytest.mark.parametrize("carrier", CARRIERS)


def private_pem(alg: str) -> bytes:
    pem: bytes = PRIVATE[alg].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem


def public_pem(alg: str) -> bytes:
    pem: bytes = PRIVATE[alg].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem


def the_web(url: str) -> bytes:
    assert url == "https://badges.example.org/issuers/kvec/did.json"
    return json.dumps(WORLD[issued.DID]).encode()


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


# Ours, read by it


def badge(suite: str = "eddsa-rdfc-2022") -> Json:
    ready = issued.prepared(open_badge_credential(replace(issued.facts(), valid_until=UNTIL)))
    return renditions.SECURE[suite](ready)


def proof_set(*suites: str) -> Json:
    documents = [badge(suite) for suite in suites]
    return {**documents[0], "proof": [proof for document in documents for proof in document["proof"]]}


def its_verdict(document: Json) -> str:
    """Of a badge: ``valid``, or why not."""
    verifier = OB3LdpVerifier.for_issuer_did(issued.DID)
    try:
        found = verifier.verify(json.dumps(document), download=the_web)
    except OB3VerificationError as error:
        return str(error)
    assert found.id == document["id"]
    return "valid"


def test_it_accepts_a_proof_set_with_one_of_its_suites() -> None:
    document = proof_set("eddsa-rdfc-2022", "ecdsa-rdfc-2019")
    assert its_verdict(document) == "valid"
    assert_valid(our_report(document, {issued.LIST_URL: issued.status_list()}))
    # And with none that it knows before the one.
    assert its_verdict({**document, "proof": document["proof"][::-1]}) == "valid"


def _https_issuer() -> Json:
    document = badge()
    document["issuer"] = {**document["issuer"], "id": "https://badges.example.org/issuers/kvec"}
    return issued.resigned(document)


def _inline_context() -> Json:
    document = badge()
    return {**document, "@context": [*document["@context"], {"grade": "urn:x:grade"}]}


REFUSED: Mapping[str, tuple[Callable[[], Json], str]] = {
    # The key must be the issuer's, and it knows no issuers but DIDs.
    "an https issuer": (_https_issuer, "Credential issuer 'https://badges.example.org/issuers/kvec' does not match"),
    # Even one that changes nothing, so that the proof holds.
    "an inline context": (_inline_context, "the credential carries an inline @context object"),
    "longer than 256 KiB": (
        lambda: {**badge(), "description": "long " * 60_000},
        "credential document exceeds the 262144-byte limit",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_both_refuse_of_what_was_ours(name: str) -> None:
    make, why = REFUSED[name]
    assert its_verdict(make()).startswith(why)
    assert not our_report(make(), {issued.LIST_URL: issued.status_list()}).verified


# Endorsements and records: it has the proof's own check for any document.


def one_of(kind: str, suite: str = "eddsa-rdfc-2022") -> Json:
    found: Json = json.loads(renditions.secured(kind, suite))
    return found


def holds(document: Json, alg: str = "EdDSA") -> bool:
    try:
        verify_data_integrity_proof(document, public_pem(alg), extra_contexts=bundled_clr_contexts())
    except OB3VerificationError:
        return False
    return True


@pytest.mark.parametrize("carrier", ["png", "svg"])
def test_of_images_it_reads_no_records(carrier: str) -> None:
    """It knows the place of a badge, and not that of a record (CLR 2.0 §5.3)."""
    text = renditions.secured("clr", "eddsa-rdfc-2022")
    image = renditions.carried(text, "clr", carrier)
    with pytest.raises(OB3VerificationError):
        read_out(image, carrier)
    assert unbake(image).text == text


@pytest.mark.parametrize("kind", ["endorsement", "clr"])
def test_any_single_change_of_an_endorsement_or_a_record_makes_both_refuse(kind: str) -> None:
    document = one_of(kind)
    cases = dict(variants(document))
    assert len(cases) >= 30
    # Its check of proofs is of the proof alone: a member that no context defines is no part of it.
    assert [name for name, case in cases.items() if holds(case)] == ["with an unknown member"]
    assert [name for name, case in cases.items() if renditions.report_on(json.dumps(case).encode()).verified] == []


# Its, read by us

RESULT = "urn:uuid:5b6a1c2d-3e4f-4a5b-8c6d-000000000001"


def its_badge(did: str, index: int | None = None) -> OpenBadgeCredential:
    """Every member that it writes."""
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
            result_descriptions=[ResultDescription(RESULT, "Grade", "LetterGrade", allowed_values=["A", "B"])],
        ),
        issuance_date=issued.NOW,
        expiration_date=UNTIL,
        evidence=[Evidence(id="https://kvec.example.org/e/1", narrative="Two pages.", name="Plan", genre="Text")],
        credits_earned=1.5,
        identifiers=[IdentityObject(f"sha256${'0' * 64}", "emailAddress", True, "salt")],
        results=[Result(value="A", result_description=RESULT)],
        credential_status=[] if index is None else [status_entry(issued.LIST_URL, "revocation", index)],
    )


def sole_issuer(alg: str) -> str:
    return did_key(public_multikey(PRIVATE[alg].public_key()))


def our_report(data: Json | bytes | str, lists: Mapping[str, Any] | None = None, now: datetime = issued.NOW) -> Report:
    data = data.encode() if isinstance(data, str) else data
    return issued.report_on(data, controllers=WORLD, lists=lists or {}, now=now)


def assert_valid(report: Report) -> None:
    assert [check for check in report.checks if check.verdict is not Verdict.OK] == []
    assert report.verified


@EVERY_CARRIER
@pytest.mark.parametrize("method", [issued.METHOD, None], ids=["did:web", "did:key"])
def test_we_accept_its_badges(method: str | None, carrier: str) -> None:
    signer = OB3LdpSigner(private_pem("EdDSA"), method)
    given = its_badge(issued.DID if method else sole_issuer("EdDSA"))
    match carrier:
        case "png":
            image = signer.sign_into_png(given, renditions.PNG)
        case "svg":
            image = signer.sign_into_svg(given, renditions.SVG)
        case _:
            image = signer.sign_to_json(given).encode()
    # In images it signs by the clock.
    assert_valid(our_report(image, now=utc_now()))
    assert json.loads(read_out(image, carrier))["id"] == given.id


@pytest.mark.parametrize("alg", ["ES256", "EdDSA"])
def test_we_accept_its_tokens_of_a_did_key(alg: str) -> None:
    """It puts the key into the header and names none: that very key must be the issuer's."""
    assert_valid(our_report(OB3Signer(private_pem(alg), alg).sign(its_badge(sole_issuer(alg)))))


def test_its_token_with_a_key_that_is_not_the_issuers_is_refused() -> None:
    """It signs for whom you like; its own verifier, asked for the issuer by its DID, refuses that as we do."""
    token = OB3Signer(private_pem("ES256"), "ES256").sign(its_badge(sole_issuer("EdDSA")))
    report = our_report(token)
    assert (report.verified, report.check(4).verdict) == (False, Verdict.FAILED)
    with pytest.raises(OB3VerificationError):
        OB3Verifier.for_issuer_did(sole_issuer("EdDSA")).verify(token)


def test_we_read_its_status_lists_with_a_proof() -> None:
    document = OB3LdpSigner(private_pem("EdDSA"), issued.METHOD).sign(its_badge(issued.DID, 5), created=issued.NOW)
    now = utc_now()
    for revoked in (4, 5):
        unsigned = build_status_list_credential(issued.DID, issued.LIST_URL, "revocation", [revoked], issued=now)
        signed = add_data_integrity_proof(unsigned, private_pem("EdDSA"), issued.METHOD)
        report = our_report(document, {issued.LIST_URL: signed}, utc_now())
        expected = (False, Outcome.REVOKED) if revoked == 5 else (True, Outcome.VALID)
        assert (report.verified, report.outcome) == expected, report.check(6).detail
    assert our_report(document, now=now).outcome is Outcome.NOT_CHECKED


def test_any_single_change_of_its_badge_makes_both_refuse() -> None:
    document = OB3LdpSigner(private_pem("EdDSA"), issued.METHOD).sign(its_badge(issued.DID), created=issued.NOW)
    assert its_verdict(document) == "valid"
    assert_valid(our_report(document))
    cases = dict(variants(document))
    assert len(cases) >= 40
    assert [name for name, case in cases.items() if its_verdict(case) == "valid"] == []
    assert [name for name, case in cases.items() if our_report(case).verified] == []


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_any_change_of_its_token_makes_both_refuse(alg: str) -> None:
    token = OB3Signer(private_pem(alg), alg).sign(its_badge(issued.DID))
    verifier = OB3Verifier(public_pem(alg))
    assert verifier.verify(token).id == its_badge(issued.DID).id
    for at in range(0, len(token), len(token) // 25):
        changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        with pytest.raises(OB3VerificationError):
            verifier.verify(changed)
        assert not our_report(changed).verified
