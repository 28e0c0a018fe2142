"""Preflight: each finding is shown by one document and not by another, and nothing unknown passes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from badgeissuer.errors import Rejected
from badgeissuer.vc import preflight as module
from badgeissuer.vc.bake import bake
from badgeissuer.vc.canon import FOREIGN_BUDGET, Canonical, canonicalize
from badgeissuer.vc.contexts import (
    CREDENTIALS_V1,
    CREDENTIALS_V2,
    DATA_INTEGRITY_V2,
    OB_V3P0_302,
    OB_V3P0_303,
    ContextStore,
)
from badgeissuer.vc.faults import BudgetExceeded, UnknownContext
from badgeissuer.vc.preflight import (
    IMPORTERS,
    KNOWN_TARGETS,
    MOST_FINDINGS,
    Severity,
    Target,
    Verdict,
    answer,
    plan,
    preflight,
)
from badgeissuer.vc.profiles.checks import UNVERSIONED
from badgeissuer.vc.strictjson import dumps
from tests.support.preflighted import (
    FULL,
    LEFT_OUT,
    MINIMAL,
    PNG,
    SVG,
    Json,
    changed,
    clr,
    did_key,
    proof,
    token,
    with_proofs,
)

WEB, WALLET, CARD, LIB = "1edtech-validator", "learner-credential-wallet", "learncard", "openbadgeslib"
ENGINES = (WEB, WALLET, CARD, LIB)
OWN = "https://example.org/context.json"
ENDORSEMENT = changed(MINIMAL, type=["VerifiableCredential", "EndorsementCredential"])
JWT = token()
HTTPS = changed(
    issuer__id="https://badges.example.org/i", proof__0__verificationMethod="https://badges.example.org/i#z6Mk"
)
PLAIN_STATUS = changed(credentialStatus=LEFT_OUT)

Document = Json | str
Case = tuple[tuple[str, ...], str, str, str, Document, Document]
# Targets, code, severity, pointer, a document that shows the finding, one that does not.
CASES: list[Case] = [
    (ENGINES, "kind", "unknown", "/type", ENDORSEMENT, FULL),
    (ENGINES, "context-order", "error", "/@context", changed(context=[OB_V3P0_303, CREDENTIALS_V2]), FULL),
    (ENGINES, "context-order", "error", "/@context", changed(context=LEFT_OUT), clr()),
    (ENGINES, "context-unversioned", "error", "/@context", changed(context=[CREDENTIALS_V2, UNVERSIONED]), FULL),
    (ENGINES, "context-other", "unknown", "/@context", changed(context=[CREDENTIALS_V2, OB_V3P0_302]), clr()),
    (ENGINES, "old-data-model", "unknown", "/@context", changed(context=[CREDENTIALS_V1, OB_V3P0_302]), FULL),
    ((WEB, WALLET, CARD), "own-context", "unknown", "/@context", changed(context=[*FULL["@context"], OWN]), FULL),
    ((LIB,), "own-context", "error", "/@context", changed(context=[*FULL["@context"], OWN]), FULL),
    ((LIB,), "inline-context", "error", "/@context", changed(context=[*FULL["@context"], {}]), FULL),
    (
        (CARD,),
        "data-integrity-context",
        "error",
        "/@context",
        changed(context=[*FULL["@context"], DATA_INTEGRITY_V2]),
        FULL,
    ),
    ((WEB, WALLET), "undefined-term", "error", "/shoeSize", changed(shoeSize=44), FULL),
    ((WEB, WALLET), "undefined-term", "error", "/type/2", changed(type=[*FULL["type"], "Foo"]), JWT),
    ((CARD, LIB), "undefined-term", "unknown", "/shoeSize", changed(shoeSize=44), FULL),
    (ENGINES, "not-expanded", "unknown", "", changed(context=[*FULL["@context"], {}]), FULL),
    ((WALLET, LIB), "id", "error", "/id", changed(id="badge 1"), changed(id="urn:uuid:1")),
    ((WALLET, LIB), "id", "error", "/id", changed(id=LEFT_OUT), FULL),
    ((WEB,), "id", "error", "/id", clr(id=LEFT_OUT), clr()),
    ((WALLET, CARD), "endorsement-jwt", "error", "/endorsementJwt", changed(endorsementJwt=["a.b.c"]), FULL),
    ((WEB, CARD, LIB), "time-zone", "error", "/validFrom", changed(validFrom="2026-03-01T12:00:00"), FULL),
    (
        (WEB, CARD, LIB),
        "time-zone",
        "error",
        "/validUntil",
        changed(validUntil="2026-03-01"),
        changed(validUntil="2026-03-01T12:00:00.000+00:00"),
    ),
    (
        (WALLET, CARD, LIB),
        "one-subject",
        "unknown",
        "/credentialSubject",
        changed(credentialSubject=[FULL["credentialSubject"]]),
        FULL,
    ),
    ((WEB,), "one-subject", "error", "/credentialSubject", clr(credentialSubject=[{"type": "ClrSubject"}]), clr()),
    ((WALLET, LIB), "issuer-did", "error", "/issuer", HTTPS, FULL),
    ((CARD,), "issuer-did", "unknown", "/issuer", HTTPS, changed(issuer=FULL["issuer"]["id"])),
    (
        ENGINES,
        "did-method",
        "unknown",
        "/issuer",
        changed(issuer__id="did:jwk:abc", proof__0__verificationMethod="did:jwk:abc#0"),
        did_key("#z6Mk"),
    ),
    (
        ENGINES,
        "key-owner",
        "error",
        "/proof/0/verificationMethod",
        changed(proof__0__verificationMethod="did:web:other.example#z6Mk"),
        did_key("#z6Mk"),
    ),
    ((WEB,), "key-owner", "error", "/proof/0/verificationMethod", changed(issuer=LEFT_OUT), did_key("")),
    ((WALLET, CARD, LIB), "key-fragment", "unknown", "/proof/0/verificationMethod", did_key(""), did_key("#z6Mk")),
    (ENGINES, "suite", "error", "/proof/0", with_proofs("ecdsa-rdfc-2019"), FULL),
    ((WEB,), "suite", "error", "/proof/0", with_proofs("eddsa-jcs-2022"), with_proofs("ecdsa-sd-2023")),
    ((WEB,), "proof-order", "unknown", "/proof", with_proofs("eddsa-jcs-2022", "eddsa-rdfc-2022"), FULL),
    (
        (WALLET,),
        "suite",
        "error",
        "/proof/0",
        with_proofs("strange"),
        with_proofs("ecdsa-rdfc-2019", "eddsa-rdfc-2022"),
    ),
    (
        (LIB,),
        "suite",
        "error",
        "/proof/0",
        changed(proof=[proof(type="Ed25519Signature2020")]),
        with_proofs("ecdsa-rdfc-2019", "eddsa-rdfc-2022"),
    ),
    ((WEB, CARD, LIB), "suite-unmeasured", "unknown", "/proof/0", with_proofs("strange"), FULL),
    ((CARD,), "suite-unmeasured", "unknown", "/proof/0", with_proofs("eddsa-jcs-2022"), FULL),
    (ENGINES, "no-proof", "error", "", changed(proof=LEFT_OUT), JWT),
    ((CARD,), "proof-set", "error", "/proof", with_proofs("eddsa-rdfc-2022", "ecdsa-rdfc-2019"), FULL),
    ((CARD,), "proof-set-unmeasured", "unknown", "/proof", with_proofs("eddsa-rdfc-2022", "ecdsa-sd-2023"), FULL),
    (
        (LIB,),
        "proof-set",
        "error",
        "/proof",
        with_proofs("eddsa-rdfc-2022", "ecdsa-sd-2023"),
        with_proofs("eddsa-rdfc-2022", "ecdsa-rdfc-2019"),
    ),
    ((CARD,), "proof-created", "error", "/proof/0", changed(proof__0__created=LEFT_OUT), FULL),
    ((WALLET, CARD, "credly", "canvas"), "token", "unknown", "", JWT, FULL),
    ((WALLET,), "characters", "unknown", "/name", changed(name="SAFe® 4"), FULL),
    ((WALLET, CARD), "clr-context", "warning", "/@context", clr(), FULL),
    ((CARD,), "status-unseen", "note", "/credentialStatus", FULL, PLAIN_STATUS),
    ((LIB,), "status-list", "warning", "/credentialStatus", FULL, PLAIN_STATUS),
    ((LIB,), "too-large", "error", "", changed(description="a" * 262_144), FULL),
    ((LIB,), "claims", "error", "/iss", token(iss="did:web:other.example"), JWT),
    ((LIB,), "claims", "error", "/sub", token(changed(credentialSubject__id="urn:uuid:1"), sub=None), JWT),
    ((LIB,), "claims", "error", "/nbf", token(nbf=1), JWT),
    ((LIB,), "claims", "error", "/nbf", token(validFrom="soon"), JWT),
    ((LIB,), "token-alg", "unknown", "", token(header={"alg": "EdDSA", "kid": "did:web:x#1"}), JWT),
    ((WEB,), "token-alg", "error", "", token(header={"alg": "EdDSA", "kid": "did:web:x#1"}), JWT),
    ((WEB,), "token-key", "error", "", token(header={"alg": "ES256"}), token(header={"alg": "RS256", "jwk": {}})),
    ((WEB,), "clr-token", "unknown", "", token(clr()), JWT),
    (
        (WEB,),
        "schema",
        "error",
        "/credentialSubject/achievement",
        changed(credentialSubject__achievement=LEFT_OUT),
        FULL,
    ),
    ((WEB,), "schema", "error", "/validFrom", changed(validFrom=LEFT_OUT), FULL),
    ((WEB,), "schema-unread", "unknown", "", clr(), FULL),
    ((WEB,), "issuer-object", "error", "/issuer", changed(issuer=FULL["issuer"]["id"]), FULL),
    ((WEB,), "name", "error", "/name", clr(name=LEFT_OUT), clr()),
    ((WEB,), "clr-subject", "error", "/credentialSubject/type", clr(credentialSubject__type=7), clr()),
    ((WEB,), "array", "warning", "/proof", changed(proof=proof()), JWT),
    ((WEB,), "array", "warning", "/type", changed(type="OpenBadgeCredential"), FULL),
    ((WEB,), "proof-purpose", "error", "/proof/0/proofPurpose", changed(proof__0__proofPurpose="authentication"), FULL),
    (
        (WEB,),
        "key-fetched",
        "unknown",
        "/proof/0/verificationMethod",
        changed(proof__0__verificationMethod="https://badges.example.org/key"),
        HTTPS,
    ),
    ((WEB,), "status-array", "error", "/credentialStatus", changed(credentialStatus=[FULL["credentialStatus"]]), FULL),
    (
        (WEB,),
        "status-id",
        "warning",
        "/credentialStatus/id",
        changed(credentialStatus__id=FULL["credentialStatus"]["statusListCredential"]),
        changed(credentialStatus={"id": "https://example.org/s", "type": "1EdTechRevocationList"}),
    ),
    ((WEB,), "status-id", "warning", "/credentialStatus/id", changed(credentialStatus__id=LEFT_OUT), FULL),
    (
        (WEB,),
        "status-purpose",
        "note",
        "/credentialStatus/statusPurpose",
        changed(credentialStatus__statusPurpose="suspension"),
        FULL,
    ),
    ((WEB,), "status-size", "warning", "/credentialStatus/statusSize", changed(credentialStatus__statusSize=2), FULL),
    (("credly", "canvas"), "kind", "unknown", "/type", clr(), FULL),
    (("credly",), "email", "warning", "/credentialSubject", MINIMAL, FULL),
    (
        ("credly",),
        "email",
        "warning",
        "/credentialSubject",
        MINIMAL,
        changed(MINIMAL, credentialSubject__id="mailto:a@b.example"),
    ),
    (("canvas",), "email-change", "note", "/credentialSubject", FULL, MINIMAL),
    (("linkedin",), "link-field", "warning", "/id", changed(id="urn:uuid:1"), FULL),
    (("linkedin",), "link-field", "warning", "/issuer/name", changed(issuer=FULL["issuer"]["id"]), FULL),
]
# True of these targets whatever the document.
ALWAYS = {
    ("credly", "unpublished", "unknown"),
    ("canvas", "unpublished", "unknown"),
    ("linkedin", "no-import", "error"),
}
ROWS = [
    pytest.param(target, *rest, id=f"{target}-{rest[0]}-{number}")
    for number, (targets, *rest) in enumerate(CASES)
    for target in targets
]


@pytest.mark.parametrize(("target", "code", "severity", "pointer", "shows", "does_not"), ROWS)
def test_each_finding_is_there_and_is_not(
    target: str, code: str, severity: str, pointer: str, shows: Document, does_not: Document
) -> None:
    answer = preflight(shows, Target(target))
    found = [finding for finding in answer.findings if finding.code == code and finding.pointer == pointer]
    assert [finding.severity for finding in found[:1]] == [severity]
    assert all(finding.detail and finding.remedy and finding.source for finding in answer.findings)
    if severity == "error":
        assert answer.verdict is Verdict.WILL_NOT_IMPORT
    if severity == "unknown":
        assert answer.verdict is not Verdict.IMPORTS
    passing = preflight(does_not, Target(target)).findings
    assert [finding for finding in passing if finding.code == code and finding.pointer == pointer] == []


@pytest.mark.parametrize("document", [FULL, MINIMAL], ids=["full", "minimal"])
def test_our_own_badges_import_wherever_that_is_known(document: Json) -> None:
    answers = {target: preflight(document, target) for target in Target}
    assert {target: answer.verdict.value for target, answer in answers.items()} == {
        **dict.fromkeys(ENGINES, "imports"),
        "credly": "unknown",
        "canvas": "unknown",
        "linkedin": "will_not_import",
    }
    deciding = {
        (target.value, finding.code, finding.severity.value)
        for target, answer in answers.items()
        for finding in answer.findings
        if finding.severity in (Severity.ERROR, Severity.UNKNOWN)
    }
    assert deciding == ALWAYS


def test_our_jwt_is_fit_for_those_that_take_one() -> None:
    verdicts = {target: preflight(JWT, Target(target)).verdict.value for target in ENGINES}
    assert verdicts == {WEB: "imports", WALLET: "unknown", CARD: "unknown", LIB: "imports"}


def test_what_decides_comes_first() -> None:
    document = changed(id="urn:uuid:1", issuer=FULL["issuer"]["id"], proof=[proof(cryptosuite="strange")])
    severities = [finding.severity for finding in preflight(document, Target.OPENBADGESLIB).findings]
    assert severities == ["unknown", "warning"]


@pytest.mark.parametrize("target", list(Target))
@pytest.mark.parametrize(
    "document",
    ["", "a.b.c", "{}", {"a": float("nan")}, {"a": "\ud800"}, b"", b"[]", b"\xff", b"GIF89a", PNG, b"<svg"],
)
def test_what_cannot_be_read_imports_nowhere(document: Document | bytes, target: Target) -> None:
    answer = preflight(document, target)
    assert (answer.verdict, [finding.code for finding in answer.findings]) == (Verdict.WILL_NOT_IMPORT, ["unreadable"])


def test_beyond_our_limit_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("badgeissuer.vc.limits.CLR_BYTES", 100)
    for document in (FULL, JWT):
        answer = preflight(document, Target.OPENBADGESLIB)
        assert (answer.verdict, [finding.code for finding in answer.findings]) == (Verdict.UNKNOWN, ["too-large-here"])


@pytest.mark.parametrize("target", list(Target))
@pytest.mark.parametrize("value", [None, 7, "text", [], {}, [None, 7, [], {}]])
def test_no_content_makes_it_raise(value: object, target: Target) -> None:
    for base in (FULL, clr()):
        for name in base:
            document = {**base, name: value}
            assert preflight(document, target).verdict in Verdict


@pytest.mark.parametrize(("document", "text"), [(FULL, dumps(FULL)), (JWT, JWT)], ids=["json", "jwt"])
def test_bytes_and_images_are_read_as_what_they_hold(document: Document, text: str) -> None:
    for data in (text.encode(), bake(PNG, text), bake(SVG, text)):
        assert [preflight(data, target) for target in Target] == [preflight(document, target) for target in Target]


def _form(document: Json) -> Canonical:
    return canonicalize(document, ContextStore.pinned())


def test_one_canonical_form_answers_for_all_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    document = changed(shoeSize=44)
    expected = tuple(preflight(document, target) for target in Target)
    unsecured = {name: member for name, member in document.items() if name != "proof"}
    form, without_proof = _form(document), _form(unsecured)
    monkeypatch.setattr("badgeissuer.vc.preflight.canonicalize", None)
    planned = plan(document)
    assert (planned.document, planned.budget) == (document, FOREIGN_BUDGET)
    assert answer(planned, form) == answer(planned, without_proof) == expected
    asked = (Target.LEARNCARD, Target.OPENBADGESLIB, Target.LEARNCARD)
    assert [found.target for found in answer(planned, form, asked)] == [Target.LEARNCARD, Target.OPENBADGESLIB]
    assert "undefined-term" in {finding.code for finding in expected[0].findings}


def test_the_claims_of_a_jwt_are_not_canonicalised() -> None:
    planned = plan(JWT)
    assert planned.document == {name: member for name, member in FULL.items() if name != "proof"}


@pytest.mark.parametrize("member", ["endorsement", "remark", "proof"])
def test_a_document_that_is_nothing_but_values_is_not_read(member: str) -> None:
    """Each could be a finding of every target: a hundred kilobytes took seven seconds."""
    found = preflight(json.dumps({**FULL, member: [{}] * 30_000}).encode(), Target.ONEDTECH_VALIDATOR)
    assert [(finding.code, finding.detail) for finding in found.findings] == [
        ("too-large-here", "was not read: the document has more than 6000 values")
    ]


def test_a_record_may_cost_more_with_each_member() -> None:
    assert plan(clr()).budget.max_quads == 2 * FOREIGN_BUDGET.max_quads
    assert plan(b"").budget == FOREIGN_BUDGET
    assert plan(b"").document is None


def test_the_form_of_another_document_is_refused() -> None:
    planned = plan(FULL)
    with pytest.raises(Rejected):
        answer(planned, _form(changed(name="Other")))
    with pytest.raises(TypeError):
        answer(planned, None)


def test_why_there_is_no_form_is_said_unless_the_contexts_say_it() -> None:
    def codes(error: Rejected | BudgetExceeded) -> list[str]:
        return [finding.code for finding in answer(plan(FULL), error, [Target.LEARNCARD])[0].findings]

    usual = [finding.code for finding in preflight(FULL, Target.LEARNCARD).findings]
    assert codes(UnknownContext("an own one")) == usual
    assert codes(BudgetExceeded("too much")) == ["not-expanded", *usual]


def test_a_document_full_of_findings_is_not_answered_at_length() -> None:
    document = changed(**{f"x{number}": number for number in range(150)})
    found = preflight(document, Target.ONEDTECH_VALIDATOR)
    usual = len(preflight(FULL, Target.ONEDTECH_VALIDATOR).findings)
    assert (len(found.findings), found.beyond) == (MOST_FINDINGS, 50 + usual)
    assert {finding.severity for finding in found.findings} == {Severity.ERROR}


def test_what_may_be_chosen() -> None:
    assert {target.value for target in KNOWN_TARGETS} == set(ENGINES)
    assert set(Target) - set(IMPORTERS) == {Target.LINKEDIN}


def test_the_documentation_lists_each_finding_with_its_source() -> None:
    text = (Path(__file__).parents[3] / "docs" / "preflight.md").read_text("utf-8")
    rows = re.findall(r"^\| (\S+) \| `(\S+)` \| (\w+) \| [^|]+ \| [^|]+ \|$", text, flags=re.MULTILINE)
    shown = {(target, code, severity) for targets, code, severity, *_ in CASES for target in targets}
    assert len(rows) == len(set(rows))
    assert set(rows) == shown | ALWAYS


def test_a_code_in_the_source_is_a_row() -> None:
    folder = Path(str(module.__file__)).parent / "profiles"
    written = {
        code
        for file in folder.glob("*.py")
        for code in re.findall(r'Finding\([^"]*"([a-z-]+)"', file.read_text("utf-8"))
    }
    assert written <= {code for _, code, *_ in CASES} | {code for _, code, _ in ALWAYS}
