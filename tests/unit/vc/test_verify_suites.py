"""Verification with every suite of Data Integrity, and with several proofs: one that holds suffices, all are told."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from badgeissuer.vc import lint, verify
from badgeissuer.vc.build import open_badge_credential
from badgeissuer.vc.canon import FOREIGN_BUDGET, canonicalize
from badgeissuer.vc.checks.report import SECURITY
from badgeissuer.vc.contexts import ED25519_2020
from badgeissuer.vc.did_jwk import did_jwk
from badgeissuer.vc.jwk import public_jwk
from badgeissuer.vc.multibase import multibase_encode
from badgeissuer.vc.multikey import public_multikey
from badgeissuer.vc.proofs import ed25519_2020
from badgeissuer.vc.proofs.chains import signed_document
from badgeissuer.vc.proofs.cryptosuite import Form
from badgeissuer.vc.proofs.data_integrity import hash_data, jcs
from badgeissuer.vc.proofs.ecdsa_sd_2023 import ECDSA_SD_2023, mandatory_pointers
from badgeissuer.vc.proofs.signatures import algorithm_of
from badgeissuer.vc.proofs.suites import ECDSA_JCS_2019, ECDSA_RDFC_2019, EDDSA_JCS_2022, EDDSA_RDFC_2022, suite_of
from badgeissuer.vc.verify import Policy, Report, Verdict
from tests.support import issued

Json = dict[str, Any]
Private = Ed25519PrivateKey | ec.EllipticCurvePrivateKey
P256 = ec.derive_private_key(7, ec.SECP256R1())
P384 = ec.derive_private_key(7, ec.SECP384R1())
PREPARED = issued.prepared(open_badge_credential(issued.facts()))


def sign(key: Private, data: bytes) -> bytes:
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(data)
    size = key.key_size // 8
    digest = hashes.SHA256() if size == 32 else hashes.SHA384()
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(digest, deterministic_signing=True)))
    return r.to_bytes(size) + s.to_bytes(size)


def method_of(key: Private) -> str:
    return f"{issued.DID}#{public_multikey(key.public_key())}"


WORLD = {
    issued.DID: {
        "id": issued.DID,
        "verificationMethod": [
            {
                "id": method_of(key),
                "type": "Multikey",
                "controller": issued.DID,
                "publicKeyMultibase": public_multikey(key.public_key()),
            }
            for key in (issued.KEY, P256, P384)
        ],
        "assertionMethod": [method_of(key) for key in (issued.KEY, P256, P384)],
    }
}


def proved(suite: Any, key: Private, document: Json | None = None, **options: Any) -> Json:
    """The document with one more proof, past all inspection."""
    document = copy.deepcopy(document if document is not None else PREPARED.document)
    proof = {
        "type": "DataIntegrityProof",
        "cryptosuite": suite.name,
        "created": "2026-03-01T12:00:00Z",
        "verificationMethod": method_of(key),
        "proofPurpose": "assertionMethod",
        **({"@context": document["@context"]} if suite.form is Form.JCS else {}),
        **options,
    }
    inputs = suite.inputs(document, proof)
    algorithm = algorithm_of(key.public_key())
    if suite.form is Form.JCS:
        parts = [jcs(inputs.config), jcs(inputs.document)]
    else:
        parts = [
            canonicalize(part, issued.CONTEXTS, budget=FOREIGN_BUDGET, algorithm=algorithm).nquads
            for part in (inputs.config, inputs.document)
        ]
    proof["proofValue"] = multibase_encode(sign(key, hash_data(parts[0], parts[1], algorithm)))
    return {**document, "proof": [*document.get("proof", []), proof]}


def report_on(document: Json, *, world: Json | None = None) -> Report:
    return issued.report_on(document, controllers=WORLD if world is None else world)


def derived() -> Json:
    base = ECDSA_SD_2023.create(
        PREPARED,
        sign=lambda data: sign(P256, data),
        verification_method=method_of(P256),
        created=issued.NOW,
        pointers=mandatory_pointers(PREPARED.document),
        hmac_key=bytes(32),
        statement_key=ec.derive_private_key(9, ec.SECP256R1()),
        contexts=issued.CONTEXTS,
    )
    refused = report_on(base)
    assert not refused.verified, "a base proof is for the holder only"
    assert refused.advice.endswith("a base proof stays with the holder.")
    shown = ("/id", "/credentialSubject/id", "/credentialSubject/achievement/achievementType", "/name")
    return ECDSA_SD_2023.derive(base, shown, contexts=issued.CONTEXTS)


def older() -> Json:
    document = ed25519_2020.rendition_of(PREPARED)
    return ed25519_2020.ED25519_SIGNATURE_2020.create(
        PREPARED,
        rendition=canonicalize(document, issued.CONTEXTS),
        sign=issued.KEY.sign,
        verification_method=issued.METHOD,
        created=issued.NOW,
    )


SUITES = {
    "eddsa-rdfc-2022": lambda: proved(EDDSA_RDFC_2022, issued.KEY),
    "eddsa-jcs-2022": lambda: proved(EDDSA_JCS_2022, issued.KEY),
    "ecdsa-rdfc-2019": lambda: proved(ECDSA_RDFC_2019, P256),
    "ecdsa-rdfc-2019 P-384": lambda: proved(ECDSA_RDFC_2019, P384),
    "ecdsa-jcs-2019": lambda: proved(ECDSA_JCS_2019, P256),
    "ecdsa-jcs-2019 P-384": lambda: proved(ECDSA_JCS_2019, P384),
    "ecdsa-sd-2023": derived,
    "Ed25519Signature2020": older,
}


@pytest.mark.parametrize("name", SUITES)
def test_every_suite_is_verified_and_covers_what_is_read(name: str) -> None:
    document = SUITES[name]()
    report = report_on(document)
    assert [check.detail for check in report.checks if check.verdict is not Verdict.OK] == []
    assert report.check(3).detail == f"the {name.partition(' ')[0]} signature is good"
    for change in (
        {"name": "Another"},
        {"issuer": {**document["issuer"], "name": "Nobody"}},
        {"validUntil": "2099-01-01T00:00:00Z"},
        {"proof": [{**document["proof"][0], "created": "2026-03-01T11:00:00Z"}]},
        {"proof": [{**document["proof"][0], "proofValue": "z" + "1" * 64}]},
    ):
        changed = report_on(document | change)
        assert changed.check(3).verdict is Verdict.FAILED, change
        assert not changed.verified


def test_the_name_of_the_suite_before_it_was_final() -> None:
    assert report_on(proved(EDDSA_RDFC_2022, issued.KEY, cryptosuite="eddsa-2022")).verified


def test_contexts_in_the_proof_are_for_the_jcs_suites_and_equal_the_documents() -> None:
    document = proved(EDDSA_JCS_2022, issued.KEY)
    contexts = document["@context"]
    turned = {**document["proof"][0], "@context": list(reversed(contexts))}
    report = report_on(document | {"proof": [turned]})
    assert report.check(3).detail == "the document does not begin with the proof's contexts"
    rdfc = proved(EDDSA_RDFC_2022, issued.KEY)
    rdfc["proof"][0]["@context"] = contexts
    assert report_on(rdfc).check(3).detail == "the proof brings contexts of its own"
    for odd in ([{}], [["x"]], {"id": "x"}):
        assert report_on(document | {"proof": [turned | {"@context": odd}]}).check(1).verdict is Verdict.FAILED
    huge = proved(EDDSA_JCS_2022, issued.KEY)
    huge["credentialSubject"]["creditsEarned"] = 2**60
    assert not report_on(huge).verified


def test_the_older_suite_needs_its_context_last_and_once() -> None:
    document = older()
    assert document["@context"][-1] == ED25519_2020
    again = report_on(document | {"@context": [*document["@context"], ED25519_2020]})
    assert again.check(1).verdict is Verdict.FAILED


def test_what_an_issuer_let_be_left_out_may_be_missing() -> None:
    """A holder's copy cannot show that there is no status and no end: only an issuer's own document can."""
    kept = [pointer for pointer in mandatory_pointers(PREPARED.document) if "Until" not in pointer]
    for pointers in (kept, [pointer for pointer in kept if pointer != "/credentialStatus"]):
        base = ECDSA_SD_2023.create(
            PREPARED,
            sign=lambda data: sign(P256, data),
            verification_method=method_of(P256),
            created=issued.NOW,
            pointers=pointers,
            hmac_key=bytes(32),
            statement_key=ec.derive_private_key(9, ec.SECP256R1()),
            contexts=issued.CONTEXTS,
        )
        shown = ECDSA_SD_2023.derive(base, ["/credentialSubject/creditsEarned"], contexts=issued.CONTEXTS)
        report = issued.report_on(shown, controllers=WORLD)
        assert report.verified
        assert report.check(5).detail == (
            "it is valid now; its holder may have left an end date out, where its issuer let them"
        )
        status = "the issuer's status list says not revoked"
        if "/credentialStatus" not in pointers:
            status = "it shows no status entry; its holder may have left one out, where its issuer let them"
        assert report.check(6).detail == status
        # Not so where another proof covers the document as it is.
        bare = {name: value for name, value in shown.items() if name != "proof"}
        whole = proved(EDDSA_RDFC_2022, issued.KEY, bare)
        assert issued.report_on(whole, controllers=WORLD).check(5).detail == "it is valid now"


def test_a_key_of_another_kind_never_fits() -> None:
    document = proved(EDDSA_RDFC_2022, P256)
    assert report_on(document).check(3).detail == "the suite eddsa-rdfc-2022 needs an Ed25519 key"
    key = rsa.generate_private_key(65537, 2048).public_key()
    method = {"id": issued.METHOD, "type": "JsonWebKey", "controller": issued.DID, "publicKeyJwk": public_jwk(key)}
    world = {issued.DID: {"id": issued.DID, "verificationMethod": [method], "assertionMethod": [issued.METHOD]}}
    report = report_on(proved(EDDSA_RDFC_2022, issued.KEY), world=world)
    assert report.check(3).detail == "no suite makes proofs with an RSA key"


def test_a_p384_key_may_have_any_name() -> None:
    method = f"{issued.DID}#key-1"
    entry = {**WORLD[issued.DID]["verificationMethod"][2], "id": method}
    world = {issued.DID: {"id": issued.DID, "verificationMethod": [entry], "assertionMethod": [method]}}
    report = report_on(proved(ECDSA_RDFC_2019, P384, verificationMethod=method), world=world)
    assert [report.check(number).verdict for number in (3, 4)] == [Verdict.OK, Verdict.OK]
    report = report_on(proved(ECDSA_JCS_2019, P384, verificationMethod=method), world=world)
    assert [report.check(number).verdict for number in (3, 4)] == [Verdict.OK, Verdict.OK]


def test_an_issuer_that_is_a_did_jwk() -> None:
    did = did_jwk(P256.public_key())
    document = copy.deepcopy(PREPARED.document)
    document["issuer"]["id"] = did
    del document["credentialStatus"]
    assert report_on(proved(ECDSA_RDFC_2019, P256, document, verificationMethod=f"{did}#0")).verified


def test_domain_and_challenge_are_held_against_the_proof_where_they_are_given() -> None:
    document = proved(EDDSA_RDFC_2022, issued.KEY, domain=["a.example", "b.example"], challenge="once")
    plan = verify.plan(document)
    material = issued.material(plan, WORLD)

    def said(**policy: Any) -> tuple[bool, str | None]:
        report = verify.check(plan, material, now=issued.NOW, policy=Policy(**policy))
        return report.verified, report.check(3).type

    both = frozenset({"a.example", "b.example"})
    assert said() == (True, None)
    assert said(domain=both, challenge="once") == (True, None)
    assert said(domain=frozenset({"c.example"})) == (False, SECURITY + "INVALID_DOMAIN_ERROR")
    assert said(challenge="twice") == (False, SECURITY + "INVALID_CHALLENGE_ERROR")


# Several proofs


def test_one_proof_that_holds_suffices_and_the_broken_one_is_told() -> None:
    document = proved(ECDSA_RDFC_2019, P256, proved(EDDSA_RDFC_2022, issued.KEY))
    report = report_on(document)
    assert report.verified
    assert [(part.name, part.verdict.value) for part in report.check(3).parts] == [("proof 0", "ok"), ("proof 1", "ok")]
    document["proof"][0]["created"] = "2026-03-01T11:00:00Z"
    report = report_on(document)
    assert report.verified
    assert report.check(3).detail.startswith(
        "the ecdsa-rdfc-2019 signature is good; another proof does not hold: eddsa-rdfc-2022: the signature does not"
    )
    assert [part.verdict.value for part in report.check(3).parts] == ["failed", "ok"]
    document["proof"][1]["created"] = "2026-03-01T11:00:00Z"
    assert report_on(document).outcome == "invalid"


def test_a_proof_of_a_stranger_beside_the_issuers() -> None:
    document = proved(EDDSA_RDFC_2022, issued.KEY, verificationMethod="did:web:evil.example#k")
    report = report_on(proved(EDDSA_RDFC_2022, issued.KEY, document))
    assert report.verified
    assert report.check(3).parts[0].detail == ("eddsa-rdfc-2022: the key of the proof is not known, see the next check")
    alone = report_on(proved(EDDSA_RDFC_2022, issued.KEY, document, verificationMethod=f"{issued.DID}#no-such-key"))
    assert (alone.verified, alone.outcome) == (False, "invalid")
    assert {alone.check(3).verdict, alone.check(4).verdict} >= {Verdict.FAILED}


def test_undefined_members_of_one_proof_of_two_break_that_one_alone() -> None:
    document = proved(EDDSA_RDFC_2022, issued.KEY, proved(EDDSA_RDFC_2022, issued.KEY), remark="undefined")
    report = report_on(document)
    assert report.verified
    assert report.check(3).parts[1].type == SECURITY + "DATA_LOSS_DETECTION_ERROR"


def test_undefined_members_of_a_p384_proof_are_refused() -> None:
    """Its options have a form of their own, made with the other hash."""
    report = report_on(proved(ECDSA_RDFC_2019, P384, remark="undefined"))
    assert (report.verified, report.check(3).verdict) == (False, "failed")
    assert report.check(3).type == SECURITY + "DATA_LOSS_DETECTION_ERROR"


def test_too_many_proofs_are_refused() -> None:
    document = proved(EDDSA_RDFC_2022, issued.KEY)
    report = report_on(document | {"proof": document["proof"] * 9})
    assert report.check(3).detail == "there are more than 8 proofs"
    assert len(verify.plan(document | {"proof": document["proof"] * 9}).jobs) == 1


# Chains

A, B = "urn:uuid:00000000-0000-4000-8000-00000000000a", "urn:uuid:00000000-0000-4000-8000-00000000000b"


def chain() -> Json:
    return proved(ECDSA_RDFC_2019, P256, proved(EDDSA_RDFC_2022, issued.KEY, id=A), id=B, previousProof=A)


def test_a_chain_holds_all_the_way() -> None:
    document = chain()
    assert len(signed_document(document, document["proof"][1])["proof"]) == 1
    assert suite_of(document["proof"][1]) is ECDSA_RDFC_2019
    report = report_on(document)
    assert report.verified
    assert [part.verdict.value for part in report.check(3).parts] == ["ok", "ok"]


def test_a_proof_that_builds_on_a_bad_one_does_not_hold() -> None:
    first = proved(EDDSA_RDFC_2022, issued.KEY, id=A)
    first["proof"][0]["created"] = "2026-03-01T11:00:00Z"
    report = report_on(proved(ECDSA_RDFC_2019, P256, first, id=B, previousProof=A))
    assert report.outcome == "invalid"
    assert report.check(3).parts[1].detail == "ecdsa-rdfc-2019: the proof builds on another that does not hold"
    without = {issued.DID: {**WORLD[issued.DID], "assertionMethod": [method_of(P256)]}}
    assert report_on(chain(), world=without).outcome == "invalid"


def test_a_broken_chain_is_refused() -> None:
    document = chain()
    document["proof"].pop(0)
    report = report_on(document)
    assert report.check(3).detail == "previousProof names a proof that is not there, or is there twice"
    circle = chain()
    circle["proof"][0]["previousProof"] = B
    assert report_on(circle).check(3).detail == "the proofs build on each other in a circle"


def test_lint_still_refuses_contexts_in_odd_places() -> None:
    document = copy.deepcopy(PREPARED.document)
    document["issuer"]["@context"] = ["https://www.w3.org/ns/credentials/v2"]
    assert "keyword" in {fault.code for fault in lint.values.structure_faults(document)}
