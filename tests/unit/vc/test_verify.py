"""Verification: a good badge passes nine checks, and everything else is refused by the check that it concerns."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgeissuer.vc import verify
from badgeissuer.vc.checks.report import SECURITY, STATUS
from badgeissuer.vc.contexts import CREDENTIALS_V2, OB_EXTENSIONS, OB_V3P0_302, OB_V3P0_303
from badgeissuer.vc.verify import Failure, Outcome, Report, Verdict
from tests.support import issued
from tests.support.issued import report_on, resigned

SIGNED = issued.signed()


def badge() -> dict[str, Any]:
    return copy.deepcopy(SIGNED)


def verdicts(report: Report) -> dict[int, str]:
    """The checks that are not ok, by number."""
    return {check.number: check.verdict.value for check in report.checks if check.verdict is not Verdict.OK}


def failing(report: Report) -> list[int]:
    return [number for number, verdict in verdicts(report).items() if verdict == "failed"]


def put(document: Any, pointer: str, value: Any) -> Any:
    """The document with the member at the pointer set; ``...`` removes it."""
    target = document
    *path, last = pointer.strip("/").split("/")
    for step in path:
        target = target[int(step)] if isinstance(target, list) else target[step]
    if value is ...:
        del target[last]
    elif isinstance(target, list):
        target[int(last)] = value
    else:
        target[last] = value
    return document


def test_a_good_badge_passes_all_nine_checks() -> None:
    report = report_on(json.dumps(SIGNED).encode())
    assert verdicts(report) == {}
    assert [(check.number, check.name) for check in report.checks] == [
        (0, "parse"),
        (1, "shape"),
        (2, "terms"),
        (3, "proof"),
        (4, "key belongs to issuer"),
        (5, "dates"),
        (6, "status"),
        (7, "subject and achievement"),
        (8, "nested and linked documents"),
    ]
    assert (report.verified, report.outcome) == (True, Outcome.VALID)
    assert report.facts == verify.Facts(
        id=SIGNED["id"],
        types=("OpenBadgeCredential", "VerifiableCredential"),
        issuer=issued.DID,
        issuer_name="Kentucky Valley Educational Cooperative",
        name="Assessment Literacy",
        achievement="Assessment Literacy",
        achievement_id=issued.achievement()["id"],
        valid_from="2026-03-01T12:00:00Z",
        valid_until="2027-03-01T12:00:00Z",
    )
    assert report.check(6).detail == "the issuer's status list says not revoked"


# One change, whatever it is, and the badge is refused.

S, A = "/credentialSubject", "/credentialSubject/achievement"
CHANGES: list[tuple[str, Any]] = [
    ("/id", f"{issued.BASE}/credentials/other"),
    ("/name", "Assessment Literacy 2"),
    ("/name", ...),
    ("/description", "added"),
    ("/validFrom", "2026-02-28T12:00:00Z"),
    ("/validFrom", "2026-03-01T12:00:00+00:00"),
    ("/validUntil", "2099-03-01T12:00:00Z"),
    ("/validUntil", ...),
    ("/awardedDate", "2020-02-27T12:00:00Z"),
    ("/type", ["VerifiableCredential", "EndorsementCredential"]),
    ("/type", ["VerifiableCredential", "OpenBadgeCredential", "EndorsementCredential"]),
    ("/@context", [CREDENTIALS_V2, OB_V3P0_303, "https://www.w3.org/2018/credentials/examples/v1"]),
    ("/@context", [{"@vocab": "https://a.example/"}, CREDENTIALS_V2, OB_V3P0_303]),
    ("/issuer", issued.DID),
    ("/issuer/id", "did:web:evil.example"),
    ("/issuer/name", "Another Cooperative"),
    ("/issuer/email", "other@kvec.example.org"),
    ("/issuer/otherIdentifier/0/identifier", "2100271"),
    ("/issuer/motto", "undefined"),
    (f"{S}/id", "urn:uuid:b7a0d4e6-3d1c-4c8e-9e0f-5a4b3c2d1e00"),
    (f"{S}/identifier/0/identityHash", "sha256$" + "0" * 64),
    (f"{S}/identifier/0/salt", "0" * 32),
    (f"{S}/identifier/0/hashed", False),
    (f"{S}/identifier", ...),
    (f"{S}/creditsEarned", 15),
    (f"{S}/creditsEarned", "1.5"),
    (f"{S}/activityEndDate", "2026-02-19T12:00:01Z"),
    (f"{S}/result/0/achievedLevel", "urn:uuid:7d8c1f0e-2a3b-4c5d-8e9f-000000000001"),
    (f"{S}/result", ...),
    (f"{A}/id", f"{issued.BASE}/achievements/other"),
    (f"{A}/name", "Assessment Mastery"),
    (f"{A}/name", None),
    (f"{A}/criteria/narrative", "Nothing."),
    (f"{A}/criteria/id", ...),
    (f"{A}/@id", "urn:x:1"),
    (f"{A}/schema:keywords", "x"),
    ("/@included", [{"id": "urn:x:1", "type": "Profile"}]),
    ("/issuer/address/geo", {"type": "GeoCoordinates", "latitude": 1, "longitude": 2}),
    (f"{A}/alignment/0/targetUrl", "https://ccsso.example.org/intasc#7"),
    (f"{A}/creator/name", "Nobody"),
    (f"{A}/creditsAvailable", 3),
    (f"{A}/achievementType", "Degree"),
    (f"{A}/resultDescription/0/requiredLevel", "urn:uuid:7d8c1f0e-2a3b-4c5d-8e9f-000000000001"),
    (f"{A}/resultDescription/0/rubricCriterionLevel/2/name", "Best"),
    (f"{A}/tag/0", "other"),
    (f"{A}/tag", []),
    ("/evidence/0/digestMultibase", "uEiAAAA"),
    ("/evidence/1/name", "Teacher's work"),
    ("/evidence/1/id", "https://evil.example/"),
    ("/evidence", ...),
    ("/credentialStatus", ...),
    ("/credentialStatus/statusListIndex", "94568"),
    ("/credentialStatus/statusListIndex", 94567),
    ("/credentialStatus/statusListCredential", "https://evil.example/status"),
    ("/credentialStatus/statusPurpose", "suspension"),
    ("/proof/0/created", "2026-03-01T11:00:00Z"),
    ("/proof/0/proofPurpose", "authentication"),
    ("/proof/0/verificationMethod", f"{issued.DID}#other"),
    ("/proof/0/cryptosuite", "ecdsa-rdfc-2019"),
    ("/proof/0/proofValue", "z" + "1" * 64),
    ("/proof/0/nonce", "added"),
    ("/proof/0/expires", "2099-03-01T12:00:00Z"),
    ("/proof", ...),
    ("/proof", []),
]


@pytest.mark.parametrize(("pointer", "value"), CHANGES)
def test_any_one_change_is_refused(pointer: str, value: Any) -> None:
    report = report_on(put(badge(), pointer, value))
    assert not report.verified
    assert report.outcome is Outcome.INVALID
    assert {1, 2, 3, 4} & set(failing(report)), "refused by shape, terms, proof or key, not by chance further down"


def leaves(value: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield from leaves(member, f"{pointer}/{name}")
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from leaves(member, f"{pointer}/{index}")
    else:
        yield pointer, value


def test_every_single_value_is_covered() -> None:
    """Each leaf of the document, changed to a near value of its kind, one at a time."""
    survived = []
    for pointer, value in leaves(SIGNED):
        other: Any = (
            not value if isinstance(value, bool) else value + 1 if isinstance(value, int | float) else f"{value}0"
        )
        if report_on(put(badge(), pointer, other)).verified:
            survived.append(pointer)
    assert survived == []


def arrays(value: Any, pointer: str = "") -> Iterator[tuple[str, list[Any]]]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield from arrays(member, f"{pointer}/{name}")
    elif isinstance(value, list):
        yield pointer, value
        for index, member in enumerate(value):
            yield from arrays(member, f"{pointer}/{index}")


def test_no_item_can_be_doubled() -> None:
    """RDF has sets: where an item repeats an earlier one, or only its id, the signature holds."""
    survived = []
    for pointer, items in arrays(SIGNED):
        if report_on(put(badge(), pointer, [*copy.deepcopy(items), copy.deepcopy(items[0])])).verified:
            survived.append(pointer)
    assert survived == []


def test_an_item_cannot_be_dealt_out_over_two() -> None:
    """Two objects of one id are one thing to a signature and two to a reader."""
    document = badge()
    first = document["evidence"][0] = {"id": "https://a.example/work", "type": ["Evidence"], "name": "N", "genre": "G"}
    whole = resigned(document)
    assert report_on(whole).verified
    rest = {"id": first["id"], "type": ["Evidence"], "genre": first.pop("genre")}
    document = copy.deepcopy(whole)
    document["evidence"][:1] = [{name: first[name] for name in ("id", "type", "name")}, rest]
    assert failing(report_on(document)) == [1]


# Check 0


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln\n", "this is a JWT: the JWT's header names no key: kid or jwk"),
        (b"[]", "the document is not a JSON object"),
        (b'"x"', "the document is not a JSON object"),
    ],
)
def test_what_is_no_json_credential_is_said_to_be_so(data: bytes, said: str) -> None:
    report = report_on(data)
    assert report.check(0).detail == said
    assert failing(report) == [0]
    assert [check.verdict.value for check in report.checks[1:]] == ["not_checked"] * 8
    assert (report.verified, report.outcome, report.facts) == (False, Outcome.INVALID, verify.Facts())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"a":1,"a":2}',
        b'{"a":NaN}',
        b"\xff\xfe{\x00}\x00",
        b'{"a":' + b"[" * 70 + b"]" * 70 + b"}",
        b" " * 300_000,
    ],
)
def test_broken_json_is_a_report(data: bytes) -> None:
    assert failing(report_on(data)) == [0]


def test_a_badge_with_the_context_of_vc_1_1_is_held_to_that_model() -> None:
    for contexts in ("https://www.w3.org/2018/credentials/v1", ["https://www.w3.org/2018/credentials/v1", OB_V3P0_303]):
        report = report_on(badge() | {"@context": contexts})
        assert report.check(0).detail == "one JSON document, of VC data model 1.1 (an older form)"
        assert "/issuanceDate is required" in report.check(1).detail
        assert 1 in failing(report)


# Check 1

_NO_KIND = "the type is not that of an Open Badge, an endorsement or a learner record (OpenBadgeCredential with …)"


@pytest.mark.parametrize(
    ("types", "said"),
    [
        (
            ["VerifiablePresentation"],
            "this is a presentation, not a credential; verify its credentials one by one",
        ),
        (["VerifiableCredential", "BitstringStatusListCredential"], "this is a status list, not a badge"),
        (["EnvelopedVerifiableCredential"], "this is an envelope; verify the credential in it by itself"),
        (["VerifiableCredential", "StatusList2021Credential"], "this is a status list, not a badge"),
        (["VerifiableCredential", "OpenBadgeCredential", "ClrCredential"], _NO_KIND),
        (["VerifiableCredential", "SchoolReport"], _NO_KIND),
    ],
)
def test_other_kinds_of_documents_are_no_badges(types: list[str], said: str) -> None:
    report = report_on(badge() | {"type": types})
    assert report.check(1).detail == said
    assert not report.verified


@pytest.mark.parametrize(
    "types",
    [None, 5, [], "OpenBadgeCredential", ["OpenBadgeCredential"], ["VerifiableCredential"],
     ["VerifiableCredential", "OpenBadgeCredential", "EndorsementCredential"]],
)  # fmt: skip
def test_the_type_must_be_one_that_we_verify(types: Any) -> None:
    report = report_on(badge() | {"type": types})
    assert 1 in failing(report)
    assert not report.verified


def test_a_wrapped_badge_or_a_second_proof_elsewhere_is_refused_although_the_proof_may_be_good() -> None:
    inner = badge()
    for wrapped in (
        badge() | {"verifiableCredential": [inner]},
        put(badge(), f"{S}/proof", inner["proof"]),
        put(badge(), f"{A}/proof", inner["proof"]),
        put(badge(), "/proof/0/proof", inner["proof"][0]),
        put(badge(), "/proof", {"@graph": inner["proof"]}),
        put(badge(), "/proof", [inner["proof"]]),
        {"@context": inner["@context"], "type": ["VerifiableCredential", "OpenBadgeCredential"], "proof": inner},
    ):
        report = report_on(wrapped)
        assert 1 in failing(report)
        assert report.outcome is Outcome.INVALID


def test_what_readers_meet_is_accepted() -> None:
    """One value where an array of one would be (both schema editions differ here), and the other name of the type."""
    document = badge()
    document["proof"] = document["proof"][0]
    for pointer, value in (
        ("/issuer/type", "Profile"),
        (f"{S}/type", "AchievementSubject"),
        (f"{A}/type", "Achievement"),
        (f"{A}/alignment", document["credentialSubject"]["achievement"]["alignment"][0]),
        (f"{S}/identifier", document["credentialSubject"]["identifier"][0]),
    ):
        put(document, pointer, value)
    assert report_on(document).verified, "these are other texts with one meaning, which the signature covers"
    # Two names of one type, with one IRI: the signature holds for either.
    assert report_on(badge() | {"type": ["VerifiableCredential", "AchievementCredential"]}).verified
    uri = badge() | {"issuer": issued.DID}
    assert report_on(resigned(uri)).verified
    older = issued.signed(issued.minimal_facts()) | {"@context": [CREDENTIALS_V2, OB_V3P0_302]}
    assert report_on(resigned(older)).verified
    extended = badge() | {"@context": [CREDENTIALS_V2, OB_V3P0_303, OB_EXTENSIONS]}
    assert report_on(resigned(extended)).verified


def test_many_faults_of_shape_are_counted() -> None:
    document = badge() | {"evidence": [{"type": "Foo", "name": str(number)} for number in range(9)]}
    assert report_on(document).check(1).detail.endswith("; and 4 more")


def test_terms_of_one_iri_cannot_be_swapped() -> None:
    """GeoCoordinates and geo have one IRI: the graph stays the same, and a JSON reader would miss the member."""
    document = put(badge(), "/issuer/address/geo", {"type": "GeoCoordinates", "latitude": 37.5, "longitude": -82.5})
    document = resigned(document)
    assert report_on(document).verified
    put(document, "/issuer/address/GeoCoordinates", document["issuer"]["address"].pop("geo"))
    assert verdicts(report_on(document))[1] == "failed"


# Check 2


def test_members_that_no_signature_covers_are_refused_even_where_the_signature_is_good() -> None:
    report = report_on(resigned(put(badge(), f"{A}/competency", "undefined")))
    assert verdicts(report) == {2: "failed"}
    assert report.check(2).type == SECURITY + "DATA_LOSS_DETECTION_ERROR"
    assert report.check(2).detail.endswith(f": {A}/competency")


def test_an_undefined_member_of_the_proof_is_refused() -> None:
    report = report_on(resigned(badge(), remark="undefined"))
    assert verdicts(report) == {2: "failed"}
    assert report.check(2).detail.startswith("in the proof, ")


def test_many_lost_members_are_counted() -> None:
    document = badge()
    for number in range(8):
        put(document, f"/extra{number}", number)
    assert report_on(resigned(document)).check(2).detail.endswith(" and 3 more")


def test_a_canonical_form_of_another_document_does_not_count() -> None:
    plan = verify.plan(badge())
    material = issued.material(plan)
    material.canonical["document"] = issued.material(verify.plan(issued.signed(issued.minimal_facts()))).canonical[
        "document"
    ]
    assert failing(verify.check(plan, material, now=issued.NOW)) == [2, 3]


def test_what_was_not_gathered_is_not_checked_and_never_valid() -> None:
    report = verify.check(verify.plan(badge()), verify.Material(), now=issued.NOW)
    assert verdicts(report) == {2: "not_checked", 3: "not_checked", 4: "not_checked", 6: "not_checked"}
    assert (report.verified, report.outcome) == (False, Outcome.NOT_CHECKED)


# Check 3


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"proofPurpose": "authentication"}, "the proof is not for the purpose assertionMethod"),
        ({"proofPurpose": None}, "the proof is not for the purpose assertionMethod"),
        ({"created": "2026-03-01T12:01:01Z"}, "the proof says it was made in the future"),
        ({"created": "2026-03-01"}, "the proof's date cannot be read"),
        ({"expires": "2026-03-01T11:59:59Z"}, "the proof has expired"),
        ({"expires": "soon"}, "the proof's end date cannot be read"),
        (
            {"domain": ["a.example"], "previousProof": "urn:uuid:1"},
            "previousProof names a proof that is not there, or is there twice",
        ),
    ],
)
def test_a_good_signature_is_not_enough(changes: dict[str, Any], said: str) -> None:
    report = report_on(resigned(badge(), **changes))
    assert 3 in failing(report)
    assert report.check(3).detail == said
    assert report.check(3).type == SECURITY + "PROOF_VERIFICATION_ERROR"


@pytest.mark.parametrize(
    "changes",
    [{"created": None}, {"created": "2026-03-01T12:01:00Z"}, {"expires": "2026-03-01T12:00:00Z"}, {"nonce": "x"},
     {"domain": "a.example"}],
)  # fmt: skip
def test_proofs_that_are_good(changes: dict[str, Any]) -> None:
    assert report_on(resigned(badge(), **changes)).verified


def test_contexts_in_the_proof_are_refused() -> None:
    document = put(badge(), "/proof/0/@context", [CREDENTIALS_V2])
    assert 3 in failing(report_on(document))


def test_one_usable_proof_suffices() -> None:
    document = badge()
    other = {**document["proof"][0], "cryptosuite": "bbs-2023"}
    beside = report_on(document | {"proof": [other, document["proof"][0]]})
    assert beside.verified
    assert beside.check(3).detail == (
        "the eddsa-rdfc-2022 signature is good (1 proof(s) of other suites were not looked at)"
    )
    twice = report_on(document | {"proof": document["proof"] * 2})
    assert verdicts(twice) == {3: "failed", 4: "not_checked"}
    assert twice.check(3).detail == "the same proof is there twice"


@pytest.mark.parametrize(
    ("proof", "suite"),
    [
        ({"type": "DataIntegrityProof", "cryptosuite": "bbs-2023"}, "bbs-2023"),
        ({"type": "RsaSignature2018"}, "RsaSignature2018"),
        ({"type": "DataIntegrityProof", "cryptosuite": 5}, "of no known form"),
        ("proof", "of no known form"),
    ],
)
def test_other_suites_are_never_valid(proof: Any, suite: str) -> None:
    report = report_on(badge() | {"proof": [proof]})
    assert 3 in failing(report)
    assert report.check(3).detail == f"the proof is of a suite that is not verified here: {suite}"


def test_without_proof_anyone_could_have_written_it() -> None:
    report = report_on({name: value for name, value in badge().items() if name != "proof"})
    assert verdicts(report) == {3: "failed", 4: "not_checked"}


# Check 4


def with_controller(**changes: Any) -> dict[str, Any]:
    document = issued.controller()
    for pointer, value in changes.items():
        put(document, pointer, value)
    return {issued.DID: document}


V = "/verificationMethod/0"


@pytest.mark.parametrize(
    ("changes", "type_"),
    [
        ({"/id": "did:web:badges.example.org:issuers:KVEC"}, "INVALID_CONTROLLED_IDENTIFIER_DOCUMENT_ID"),
        ({"/id": f"{issued.DID}#"}, "INVALID_CONTROLLED_IDENTIFIER_DOCUMENT_ID"),
        ({"/id": ...}, "INVALID_CONTROLLED_IDENTIFIER_DOCUMENT_ID"),
        ({"/assertionMethod": []}, "INVALID_RELATIONSHIP_FOR_VERIFICATION_METHOD"),
        ({"/assertionMethod": ...}, "INVALID_RELATIONSHIP_FOR_VERIFICATION_METHOD"),
        ({"/assertionMethod": [f"#{issued.MULTIKEY}"]}, "INVALID_RELATIONSHIP_FOR_VERIFICATION_METHOD"),
        ({"/verificationMethod": []}, "INVALID_VERIFICATION_METHOD"),
        ({"/verificationMethod": "x"}, "INVALID_VERIFICATION_METHOD"),
        ({f"{V}/id": f"#{issued.MULTIKEY}"}, "INVALID_VERIFICATION_METHOD"),
        ({f"{V}/controller": "did:web:evil.example"}, "INVALID_VERIFICATION_METHOD"),
        ({f"{V}/controller": ...}, "INVALID_VERIFICATION_METHOD"),
        ({f"{V}/type": "RsaKey"}, "INVALID_VERIFICATION_METHOD"),
        ({f"{V}/publicKeyMultibase": "zabc"}, "INVALID_VERIFICATION_METHOD"),
        ({f"{V}/publicKeyMultibase": 5}, "INVALID_VERIFICATION_METHOD"),
        ({f"{V}/revoked": "2099-01-01T00:00:00Z"}, "INVALID_VERIFICATION_METHOD"),
        ({f"{V}/expires": "2026-03-01T12:00:00Z"}, "INVALID_VERIFICATION_METHOD"),
        ({f"{V}/expires": "never"}, "INVALID_VERIFICATION_METHOD"),
    ],
)
def test_the_issuers_document_decides(changes: dict[str, Any], type_: str) -> None:
    report = report_on(badge(), controllers=with_controller(**changes))
    assert failing(report)[-1] == 4 or 4 in failing(report)
    assert report.check(4).type == SECURITY + type_
    assert report.outcome is Outcome.INVALID


def test_two_methods_of_one_id_are_refused() -> None:
    document = issued.controller()
    document["verificationMethod"] *= 2
    assert 4 in failing(report_on(badge(), controllers={issued.DID: document}))


def test_other_forms_of_a_good_document() -> None:
    jwk = with_controller(**{f"{V}/type": "JsonWebKey"})
    method = jwk[issued.DID]["verificationMethod"][0]
    del method["publicKeyMultibase"]
    x = "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"
    method["publicKeyJwk"] = {"kty": "OKP", "crv": "Ed25519", "x": x}
    embedded = issued.controller()
    embedded["assertionMethod"] = embedded.pop("verificationMethod")
    single = issued.controller()
    single |= {"verificationMethod": single["verificationMethod"][0], "assertionMethod": single["assertionMethod"][0]}
    for document in (
        jwk[issued.DID],
        embedded,
        single,
        with_controller(**{f"{V}/expires": "2026-03-01T12:00:01Z"})[issued.DID],
        with_controller(**{f"{V}/type": "Ed25519VerificationKey2020"})[issued.DID],
    ):
        assert report_on(badge(), controllers={issued.DID: document}).verified


def test_a_retired_key_that_is_still_listed_verifies() -> None:
    from badgeissuer.vc.multikey import VerificationKey, did_document, public_multikey

    newer = public_multikey(issued.OTHER_KEY.public_key())
    both = did_document(issued.DID, [VerificationKey(newer), VerificationKey(issued.MULTIKEY)])
    assert report_on(badge(), controllers={issued.DID: both}).verified
    stolen = did_document(issued.DID, [VerificationKey(newer), VerificationKey(issued.MULTIKEY, revoked=issued.NOW)])
    assert 4 in failing(report_on(badge(), controllers={issued.DID: stolen}))


def test_another_key_than_the_one_named_is_refused() -> None:
    report = report_on(resigned(badge(), key=issued.OTHER_KEY))
    assert verdicts(report) == {3: "failed"}


def test_the_keys_of_others_do_not_count_and_are_not_even_asked_for() -> None:
    """A stranger's good signature over a text that names the issuer."""
    forged = resigned(badge(), key=issued.OTHER_KEY, verificationMethod="did:web:evil.example#key")
    plan = verify.plan(forged)
    assert plan.controllers == ()
    report = verify.check(plan, issued.material(plan), now=issued.NOW)
    assert verdicts(report) == {3: "not_checked", 4: "failed"}
    assert report.outcome is Outcome.INVALID


HTTPS = "https://issuers.example.org/876543"


def https_badge(method: str) -> dict[str, Any]:
    return resigned(put(badge(), "/issuer/id", HTTPS), verificationMethod=method)


def cid() -> dict[str, Any]:
    method = f"{HTTPS}#{issued.MULTIKEY}"
    return {
        "id": HTTPS,
        "verificationMethod": [
            {"id": method, "type": "Multikey", "controller": HTTPS, "publicKeyMultibase": issued.MULTIKEY}
        ],
        "assertionMethod": [method],
    }


def own_status(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "credentialStatus"}


def test_a_key_in_a_url_is_trusted_only_with_its_document() -> None:
    document = own_status(put(badge(), "/issuer/id", HTTPS))
    document = resigned(document, verificationMethod=f"{HTTPS}#{issued.MULTIKEY}")
    assert verify.plan(document).controllers == (HTTPS,)
    assert verdicts(report_on(document, controllers={})) == {3: "not_checked", 4: "not_checked"}
    assert report_on(document, controllers={HTTPS: cid()}).verified
    assert 4 in failing(report_on(document, controllers={HTTPS: cid() | {"id": HTTPS + "/"}}))


@pytest.mark.parametrize(
    ("issuer", "method", "said"),
    [
        (HTTPS, HTTPS, "the verification method's URL names no key: it has no fragment"),
        (HTTPS, "z6Mk", "the verification method is not named by a URL"),
        ("did:example:1", "did:example:1#k", "of the DID methods only did:web, did:key and did:jwk are known here"),
        ("urn:uuid:1", "urn:uuid:1#k", "the id leads to no document that could hold keys"),
        ("did:key:zabc", "did:key:zabc#zabc", None),
    ],
)
def test_methods_that_lead_nowhere(issuer: str, method: str, said: str | None) -> None:
    document = own_status(put(badge(), "/issuer/id", issuer))
    document = put(document, "/proof/0/verificationMethod", method)
    report = report_on(document, controllers={HTTPS: cid()})
    assert 4 in failing(report)
    assert said is None or report.check(4).detail == said
    assert report.check(3).verdict is Verdict.NOT_CHECKED


def test_a_method_that_is_no_text() -> None:
    assert 4 in failing(report_on(put(badge(), "/proof/0/verificationMethod", 5)))


def test_did_key_needs_no_fetch_with_or_without_fragment() -> None:
    did = f"did:key:{issued.MULTIKEY}"
    document = own_status(put(badge(), "/issuer/id", did))
    for method in (did, f"{did}#{issued.MULTIKEY}"):
        assert report_on(resigned(document, verificationMethod=method), controllers={}).verified
    assert 4 in failing(report_on(resigned(document, verificationMethod=f"{did}#other"), controllers={}))


def test_a_did_key_that_is_not_the_issuer_proves_nothing() -> None:
    """The official sample simple-did-key-method.json is like this; its signature is good."""
    method = f"did:key:{issued.MULTIKEY}"
    report = report_on(resigned(own_status(badge()), verificationMethod=method))
    assert verdicts(report) == {4: "failed"}
    for other in ("did:key:zabc", f"did:key:{issued.MULTIKEY}#other", "did:example:1#k"):
        report = report_on(resigned(own_status(badge()), verificationMethod=other))
        assert report.check(4).detail == "the proof was made with a key that is not the issuer's"


def test_failures_of_fetching_are_not_checked_and_refusals_fail() -> None:
    plan = verify.plan(badge())
    material = issued.material(plan)
    material.controllers[issued.DID] = Failure("away", "type", remedy="later")
    report = verify.check(plan, material, now=issued.NOW)
    assert (report.check(4).verdict, report.check(4).detail, report.check(4).remedy) == ("not_checked", "away", "later")
    material.controllers[issued.DID] = Failure("refused", "ssrf-refused", definite=True)
    assert verify.check(plan, material, now=issued.NOW).check(4).verdict is Verdict.FAILED


# Check 5


@pytest.mark.parametrize(
    ("begins", "ends", "outcome"),
    [
        ("2026-03-01T12:00:00Z", None, "valid"),
        ("2026-03-01T12:01:00Z", None, "valid"),
        ("2026-03-01T12:01:01Z", None, "not_yet_valid"),
        ("2026-01-01T00:00:00Z", "2026-03-01T12:00:00Z", "valid"),
        ("2026-01-01T00:00:00Z", "2026-03-01T11:59:59Z", "expired"),
        ("2026-01-01T00:00:00Z", "2026-03-01T13:59:59+02:00", "expired"),
        ("2026-02-01T00:00:00Z", "2026-01-01T00:00:00Z", "invalid"),
    ],
)
def test_dates_are_compared_as_moments(begins: str, ends: str | None, outcome: str) -> None:
    document = badge() | {"validFrom": begins, "validUntil": ends}
    report = report_on(resigned({name: value for name, value in document.items() if value is not None}))
    assert report.outcome == outcome
    assert failing(report) == ([] if outcome == "valid" else [5])


def test_a_forged_badge_is_invalid_not_expired() -> None:
    report = report_on(badge() | {"validUntil": "2026-03-01T11:00:00+00:00", "validFrom": "2020-01-01T00:00:00Z"})
    assert failing(report) == [3, 5]
    assert report.outcome is Outcome.INVALID


# Check 7


def test_results_must_be_of_the_achievement() -> None:
    for pointer, value in (
        (f"{S}/result/0/resultDescription", "urn:x:other"),
        (f"{S}/result/0/achievedLevel", "urn:x:other"),
    ):
        report = report_on(resigned(put(badge(), pointer, value)))
        assert verdicts(report) == {7: "failed"}
        assert report.outcome is Outcome.INVALID


def test_a_stored_list_is_no_badge_and_the_statuses_error_prefix_is_the_standards() -> None:
    assert 1 in failing(report_on(issued.status_list()))
    assert STATUS == "https://www.w3.org/ns/credentials/status-list#"


# Nothing that is sent makes an error of ours.

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["did:web:a.example", issued.METHOD]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
POINTERS = ["/" + "/".join(pointer.split("/")[1:depth]) for pointer, _ in leaves(SIGNED) for depth in (2, 3, 5, 9)]


@given(st.sampled_from(sorted(set(POINTERS))), JSON)
def test_any_json_gets_a_report(pointer: str, value: Any) -> None:
    """No canonical forms: only the reading of the document is tried here."""
    plan = verify.plan(json.dumps(put(badge(), pointer, value)).encode("utf-8", "surrogatepass"))
    material = verify.Material(controllers={issued.DID: issued.controller()})
    report = verify.check(plan, material, now=issued.NOW)
    assert not report.verified
    assert len(report.checks) == 9


@given(
    st.sampled_from(["/id", "/verificationMethod", "/assertionMethod", V, f"{V}/id", f"{V}/publicKeyMultibase"]), JSON
)
def test_any_controller_document_gets_a_verdict(pointer: str, value: Any) -> None:
    plan = verify.plan(SIGNED)
    material = verify.Material(controllers=with_controller(**{pointer: value}))
    assert verify.check(plan, material, now=issued.NOW).check(4).verdict in Verdict
