"""Independent software on every form: what openbadgeslib 4.6.3 reads of ours and refuses, and what we read of its.

It has a verifier for badges, one for endorsements as JWTs, and one of proofs alone for any document. It signs by
eddsa-rdfc-2022 and as JWTs; ecdsa-sd-2023 it only reads, through openvc-core. Images and JWTs by themselves are in the
files beside this one, and what is changed in ``test_openbadgeslib_changes.py``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from openbadgeslib.ob3 import OB3VerificationError
from openbadgeslib.ob3.clr import build_clr_credential, bundled_clr_contexts
from openbadgeslib.ob3.ldp import OB3LdpSigner, add_data_integrity_proof
from openbadgeslib.ob3.signer import OB3Signer
from openbadgeslib.ob3.status_list import build_status_list_credential, sign_status_list_credential
from openbadgeslib.ob3.verifier import OB3Verifier, verify_endorsement_jwt

from badgeissuer.runtime import utc_now
from badgeissuer.vc import jwt
from badgeissuer.vc.bake import unbake
from badgeissuer.vc.contexts import CLR_V2P0_201
from badgeissuer.vc.verify import Outcome, Verdict
from tests.support import issued, renditions
from tests.support.badgeslib import (
    Web,
    assert_valid,
    badge,
    its_badge,
    its_verdict,
    lasting,
    one_of,
    our_report,
    private_pem,
    proof_set,
    proof_verdict,
    read_out,
    sole_issuer,
)
from tests.support.issued import Json
from tests.support.renditions import ALGORITHMS, CARRIERS, FORMS, KINDS, SUITES

EVERY_CARRIER = pytest.mark.parametrize("carrier", CARRIERS)
EVERY_ALGORITHM = pytest.mark.parametrize("alg", ALGORITHMS)


def token(kind: str, form: str, alg: str) -> str:
    make = {"ob": jwt.create_ob, "vc+jwt": jwt.create_vc_jose}[form]
    sign, key = renditions.JWT_SIGNERS[alg]
    return make(lasting(kind), sign=sign, key=key, kid=f"{issued.DID}#{alg}")


# Ours, read by it

READ: Mapping[str, Callable[[], Json]] = {
    "eddsa-rdfc-2022": badge,
    "ecdsa-sd-2023": lambda: badge("ecdsa-sd-2023"),
    # With one proof of a suite that it has, it leaves the others alone.
    "a proof set": lambda: proof_set("eddsa-rdfc-2022", "ecdsa-rdfc-2019"),
    "a proof set, the other way": lambda: proof_set("ecdsa-rdfc-2019", "eddsa-rdfc-2022"),
}


@EVERY_CARRIER
@pytest.mark.parametrize("name", READ)
def test_it_accepts_our_badges(name: str, carrier: str) -> None:
    text = json.dumps(READ[name]())
    found = read_out(renditions.carried(text, "badge", carrier), carrier)
    assert found == text
    assert its_verdict(json.loads(found)) == "valid"
    assert its_verdict(json.loads(found), revoked=True).startswith("Credential status 'revocation' is set")


@EVERY_CARRIER
@EVERY_ALGORITHM
def test_it_accepts_our_tokens(alg: str, carrier: str) -> None:
    text = token("badge", "ob", alg)
    found = read_out(renditions.carried(text, "badge", carrier), carrier)
    assert found == text
    assert its_verdict(found) == "valid"
    assert its_verdict(found, revoked=True).startswith("Credential status 'revocation' is set")


@EVERY_ALGORITHM
def test_it_accepts_our_endorsements_as_tokens(alg: str) -> None:
    text, subject = token("endorsement", "ob", alg), lasting("endorsement").document["credentialSubject"]
    found = verify_endorsement_jwt(text, download=Web())
    assert (found["issuer"], found["endorses"], found["comment"]) == (
        issued.DID,
        subject["id"],
        subject["endorsementComment"],
    )
    header, payload, signature = text.split(".")
    with pytest.raises(OB3VerificationError):
        verify_endorsement_jwt(f"{header}.{payload}.{signature[:-6]}AAAAAA", download=Web())


@pytest.mark.parametrize(
    ("kind", "suite", "alg"),
    [
        ("endorsement", "eddsa-rdfc-2022", "EdDSA"),
        ("endorsement", "ecdsa-sd-2023", "ES256"),
        ("clr", "eddsa-rdfc-2022", "EdDSA"),
    ],
)
def test_it_accepts_the_proofs_of_our_endorsements_and_records(kind: str, suite: str, alg: str) -> None:
    """Of a record the root alone: the members have proofs of their own, which it takes one by one."""
    document = one_of(kind, suite)
    assert proof_verdict(document, alg) == "valid"
    members = document["credentialSubject"].get("verifiableCredential", [])
    own = [member for member in members if member["issuer"]["id"] == issued.DID]
    assert len(own) == (renditions.MEMBERS - 1 if kind == "clr" else 0)
    assert {proof_verdict(member) for member in own} <= {"valid"}


@pytest.mark.parametrize("carrier", ["png", "svg"])
def test_of_images_it_reads_endorsements_and_no_records(carrier: str) -> None:
    """It knows the place of a badge, where an endorsement stands too, and not that of a record (CLR 2.0 §5.3)."""
    text = renditions.secured("endorsement", "eddsa-rdfc-2022")
    assert read_out(renditions.carried(text, "endorsement", carrier), carrier) == text
    text = renditions.secured("clr", "eddsa-rdfc-2022")
    image = renditions.carried(text, "clr", carrier)
    with pytest.raises(OB3VerificationError):
        read_out(image, carrier)
    assert unbake(image).text == text


_OTHER_SUITE = "credential carries no supported Data Integrity proof (found: {}; supported"
_NO_BADGE = "credential is not an OpenBadgeCredential/AchievementCredential"
REFUSED: Mapping[str, tuple[Callable[[], str], str]] = {
    # It has two suites of Data Integrity, and no older one.
    **{
        f"{suite}, {kind}": (
            lambda suite=suite, kind=kind: proof_verdict(one_of(kind, suite)),
            _OTHER_SUITE.format(suite.partition(" ")[0]),
        )
        for suite in SUITES
        if suite not in READ
        for kind in KINDS
    },
    # For ecdsa-sd-2023 it takes no contexts besides its own, and the CLR context is none of these.
    "ecdsa-sd-2023, clr": (
        lambda: proof_verdict(one_of("clr", "ecdsa-sd-2023"), "ES256"),
        f"JSON-LD context '{CLR_V2P0_201}' is not in the bundled allowlist",
    ),
    # Two proofs that it could read: it does not choose.
    "two proofs of its suites": (
        lambda: its_verdict(proof_set("eddsa-rdfc-2022", "ecdsa-sd-2023")),
        "credential carries multiple supported Data Integrity proofs",
    ),
    # Its verifier of badges reads badges.
    "an endorsement as a badge": (lambda: its_verdict(one_of("endorsement")), _NO_BADGE),
    "a record as a badge": (lambda: its_verdict(one_of("clr")), _NO_BADGE),
    "a record as a JWT": (lambda: its_verdict(renditions.token("clr", "ob", "ES256")), _NO_BADGE),
    # VC-JOSE-COSE's form has no registered claims, which that of Open Badges must have.
    **{
        f"vc+jwt {alg}": (
            lambda alg=alg: its_verdict(token("badge", "vc+jwt", alg)),
            "JWT payload is missing the required 'iss' claim",
        )
        for alg in ALGORITHMS
    },
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_refuses_of_ours(name: str) -> None:
    """A newer one that accepts more is good news: then the cell moves into a test above."""
    verdict, why = REFUSED[name]
    assert verdict().startswith(why)


def test_all_forms_are_accounted_for() -> None:
    assert {form for form in FORMS if f"{form} ES256" not in REFUSED} == {"ob"}
    assert {suite for suite in SUITES if f"{suite}, badge" not in REFUSED} == {"eddsa-rdfc-2022", "ecdsa-sd-2023"}


# Its, read by us


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
    # It signs by the clock.
    assert_valid(our_report(image, now=utc_now()))
    assert json.loads(read_out(image, carrier))["id"] == given.id


TOKENS = [(alg, issued.DID) for alg in ALGORITHMS] + [(alg, sole_issuer(alg)) for alg in ("ES256", "EdDSA")]


@EVERY_CARRIER
@pytest.mark.parametrize(("alg", "did"), TOKENS, ids=[f"{alg} {did[:7]}" for alg, did in TOKENS])
def test_we_accept_its_tokens(alg: str, did: str, carrier: str) -> None:
    """It puts the key into the header and names none: that very key must be the issuer's."""
    signer = OB3Signer(private_pem(alg), alg)
    match carrier:
        case "png":
            image = signer.sign_into_png(its_badge(did), renditions.PNG)
        case "svg":
            image = signer.sign_into_svg(its_badge(did), renditions.SVG)
        case _:
            image = signer.sign(its_badge(did)).encode()
    assert_valid(our_report(image))


@pytest.mark.parametrize("kind", KINDS)
def test_we_accept_its_proofs_on_every_kind(kind: str) -> None:
    document = add_data_integrity_proof(
        renditions.prepared(kind).document,
        private_pem("EdDSA"),
        issued.METHOD,
        created=issued.NOW,
        extra_contexts=bundled_clr_contexts(),
    )
    assert isinstance(document["proof"], dict)
    lists = {issued.LIST_URL: issued.status_list()}
    assert_valid(our_report(document, lists))
    assert not our_report({**document, "name": "Another"}, lists).verified


def with_a_proof(document: Json) -> Json:
    signed: Json = add_data_integrity_proof(document, private_pem("EdDSA"), issued.METHOD)
    return signed


def as_a_token(alg: str) -> Callable[[Json], bytes]:
    def sign(document: Json) -> bytes:
        text: str = sign_status_list_credential(document, private_pem(alg), alg)
        return text.encode()

    return sign


LISTS = {"a proof": with_a_proof, **{alg: as_a_token(alg) for alg in ALGORITHMS}}


@pytest.mark.parametrize("how", LISTS)
def test_we_read_its_status_lists(how: str) -> None:
    """Signed by the clock, whatever else they say."""
    document = OB3LdpSigner(private_pem("EdDSA"), issued.METHOD).sign(its_badge(issued.DID, 5), created=issued.NOW)
    for revoked, expected in ((4, (True, Outcome.VALID)), (5, (False, Outcome.REVOKED))):
        unsigned = build_status_list_credential(issued.DID, issued.LIST_URL, "revocation", [revoked])
        lists: dict[str, Any] = {issued.LIST_URL: LISTS[how](unsigned)}
        report = our_report(document, lists, now=utc_now())
        assert (report.verified, report.outcome) == expected, report.check(6).detail
    assert our_report(document, now=utc_now()).outcome is Outcome.NOT_CHECKED


def its_record(**changes: Any) -> Json:
    document = build_clr_credential(
        {"id": issued.DID, "type": ["Profile"], "name": "KVEC"},
        list(issued.facts().identities),
        [OB3LdpSigner(private_pem("EdDSA"), issued.METHOD).sign(its_badge(issued.DID), created=issued.NOW)],
        credential_id="urn:uuid:0d0c7d8e-6f5a-4b4c-9d3e-000000000004",
        valid_from=issued.NOW,
    )
    for name, change in changes.items():
        document[name.replace("context", "@context")] = change
    signed: Json = add_data_integrity_proof(
        document, private_pem("EdDSA"), issued.METHOD, created=issued.NOW, extra_contexts=bundled_clr_contexts()
    )
    return signed


def test_its_records_are_accepted_once_they_are_in_the_form_of_the_standard() -> None:
    """CLR 2.0's schema wants a name, and its context second. ``build_clr_credential`` makes neither so."""
    report = our_report(its_record())
    assert (report.verified, report.check(1).verdict, report.check(3).verdict) == (False, Verdict.FAILED, Verdict.OK)
    assert [part.partition(" ")[0] for part in report.check(1).detail.split("; ")] == ["/name", "/@context"]
    vc, badges, clr = its_record()["@context"]
    report = our_report(its_record(name="Record", context=[vc, clr, badges]))
    assert_valid(report)
    assert [member.report.verified for member in report.nested] == [True]
    assert proof_verdict(its_record(name="Record", context=[vc, clr, badges])) == "valid"


def test_its_token_with_a_key_that_is_not_the_issuers_is_refused() -> None:
    """It signs for whom you like; its own verifier, asked for the issuer by its DID, refuses that as we do."""
    text = OB3Signer(private_pem("ES256"), "ES256").sign(its_badge(sole_issuer("EdDSA")))
    report = our_report(text)
    assert (report.verified, report.check(4).verdict) == (False, Verdict.FAILED)
    with pytest.raises(OB3VerificationError):
        OB3Verifier.for_issuer_did(sole_issuer("EdDSA")).verify(text)
