"""What may be signed: every rule has a document that breaks it alone, and is named at its place."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgeissuer.errors import Rejected
from badgeissuer.vc import lint
from badgeissuer.vc.build import open_badge_credential
from badgeissuer.vc.canon import Canonical, canonicalize, source_digest
from badgeissuer.vc.contexts import OB_EXTENSIONS
from badgeissuer.vc.lint.links import name_fault
from badgeissuer.vc.lint.values import structure_faults, value_faults
from badgeissuer.vc.proofs import eddsa_rdfc_2022 as eddsa
from badgeissuer.vc.status import Bits, status_list_document
from tests.support import issued

S = "/credentialSubject"
A = f"{S}/achievement"
I = "/issuer"  # noqa: E741
D = f"{A}/resultDescription/0"


def put(document: Any, pointer: str, value: Any) -> None:
    """Set the member at the pointer; ``...`` removes it."""
    *path, last = pointer.strip("/").split("/")
    for step in path:
        document = document[int(step)] if isinstance(document, list) else document[step]
    if value is ...:
        del document[last]
    elif isinstance(document, list):
        document[int(last)] = value
    else:
        document[last] = value


def badge(**changes: Any) -> dict[str, Any]:
    document = open_badge_credential(issued.facts())
    for pointer, value in changes.items():
        put(document, pointer, value)
    return document


def codes(document: dict[str, Any], *, allow_loopback: bool = False) -> list[tuple[str, str]]:
    found = lint.inspect(document, now=issued.NOW, allow_loopback=allow_loopback)
    return [(fault.pointer, fault.code) for fault in found]


def test_our_badges_have_no_fault() -> None:
    assert codes(badge()) == []
    assert codes(open_badge_credential(issued.minimal_facts())) == []


LONG = "x" * 70_000
ENDORSEMENT = {"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiableCredential"]}


@pytest.mark.parametrize(
    ("pointer", "value", "expected"),
    [
        # texts
        (f"{A}/name", "a\tb", [(f"{A}/name", "character")]),
        (f"{A}/name", "a\rb", [(f"{A}/name", "character")]),
        (f"{A}/name", "a\x7fb", [(f"{A}/name", "character")]),
        (f"{A}/name", "a\x85b", [(f"{A}/name", "character")]),
        (f"{A}/name", "a\u200bb", [(f"{A}/name", "character")]),
        (f"{A}/name", "a\u202eb", [(f"{A}/name", "character")]),
        (f"{A}/name", "a\u2066b", [(f"{A}/name", "character")]),
        (f"{A}/name", "a\ufeffb", [(f"{A}/name", "character")]),
        (f"{A}/name", "a\ufffeb", [(f"{A}/name", "character")]),
        (f"{A}/name", "a\U000e0041b", [(f"{A}/name", "character")]),
        (f"{A}/name", "cafe\u0301", [(f"{A}/name", "character")]),
        (f"{A}/name", " \n", [(f"{A}/name", "required")]),
        (f"{A}/description", "a\nb – “ok” ® 日本 👩", []),
        (f"{A}/criteria/narrative", "[x](JavaScript:alert(1))", [(f"{A}/criteria/narrative", "link")]),
        (f"{A}/criteria/narrative", "[x]( <data:text/html,a>)", [(f"{A}/criteria/narrative", "link")]),
        # numbers
        (f"{A}/creditsAvailable", 2**53 + 1, [(f"{A}/creditsAvailable", "number")]),
        (f"{A}/creditsAvailable", 2**60, [(f"{A}/creditsAvailable", "number")]),
        (f"{A}/creditsAvailable", 2**53, []),
        (f"{A}/creditsAvailable", 0.1, []),
        (f"{A}/creditsAvailable", 1 / 3, []),
        (f"{A}/creditsAvailable", 1e-7, [(f"{A}/creditsAvailable", "number")]),
        (f"{A}/creditsAvailable", 1e17, [(f"{A}/creditsAvailable", "number")]),
        (f"{A}/creditsAvailable", 0.0, [(f"{A}/creditsAvailable", "number")]),
        (f"{A}/creditsAvailable", 5e15 + 0.5, []),
        (f"{A}/creditsAvailable", 100000000000000.02, [(f"{A}/creditsAvailable", "number")]),
        # form
        (f"{A}/humanCode", None, [(f"{A}/humanCode", "null")]),
        (f"{A}/tag", [], [(f"{A}/tag", "empty")]),
        (f"{A}/tag", "one", [(f"{A}/tag", "array")]),
        (f"{A}/type", "Achievement", [(f"{A}/type", "array")]),
        (f"{D}/rubricCriterionLevel/0/type", "RubricCriterionLevel", [(f"{D}/rubricCriterionLevel/0/type", "array")]),
        (f"{A}/tag", ["a", "a"], [(f"{A}/tag/1", "repeated")]),
        (f"{A}/extra", {}, [(f"{A}/extra", "empty")]),
        (f"{A}/extra", [["a"]], [(f"{A}/extra/0", "nested-array")]),
        (f"{A}/@type", "Foo", [(f"{A}/@type", "keyword")]),
        (f"{A}/name", {"@value": "x", "@direction": "rtl"},
         [(f"{A}/name", "invalid"), (f"{A}/name/@value", "keyword"), (f"{A}/name/@direction", "keyword")]),
        (f"{A}/@context", ["https://www.w3.org/ns/credentials/v2"], [(f"{A}/@context", "keyword")]),
        ("/@included", [{"id": "urn:x:1"}], [("/@included", "keyword")]),
        (f"{A}/schema:name", "x", [(f"{A}/schema:name", "iri-member")]),
        (f"{A}/Criteria", {"narrative": "x"}, [(f"{A}/Criteria", "iri-member")]),
        (f"{A}/na\u200bme", "x", [(f"{A}/na\u200bme", "character")]),
        (f"{A}/description", LONG, [("", "too-large")]),
        ("/evidence", [{"type": ["Evidence"], "name": "a"}] * 2, [("/evidence/1", "repeated")]),
        # envelope
        ("/@context", ["https://www.w3.org/ns/credentials/v2", OB_EXTENSIONS], [("/@context", "context")]),
        ("/type", ["VerifiableCredential", "AchievementCredential"], [("/type", "type")]),
        ("/issuanceDate", "2026-03-01T12:00:00Z", [("/issuanceDate", "vc11")]),
        ("/proof", [{"type": "DataIntegrityProof"}], [("/proof", "proof")]),
        ("/endorsementJwt", ["a.b.c"], [("/endorsementJwt", "unsupported")]),
        (I, issued.DID, [(I, "issuer")]),
        (f"{I}/id", "https://badges.example.org/", [(f"{I}/id", "issuer")]),
        ("/id", "urn:isbn:1", [("/id", "uri")]),
        ("/id", "urn:uuid:1", [("/id", "uri")]),
        ("/id", "abc", [("/id", "invalid"), ("/id", "uri"), ("/id", "uri")]),
        # dates
        ("/validFrom", "2026-03-01T12:01:00Z", []),
        ("/validFrom", "2026-03-01T12:01:01Z", [("/validFrom", "date")]),
        ("/validFrom", "2026-03-01T12:00:00", [("/validFrom", "invalid")]),
        ("/validUntil", "2026-03-01T12:00:00Z", [("/validUntil", "date")]),
        ("/validUntil", "2026-03-01T13:00:00+02:00", [("/validUntil", "date")]),
        ("/awardedDate", "2026-03-02T12:00:00Z", [("/awardedDate", "date")]),
        (f"{S}/activityEndDate", "2025-01-01T00:00:00Z", [(f"{S}/activityEndDate", "date")]),
        (f"{S}/activityEndDate", 5, [(f"{S}/activityEndDate", "invalid")]),
        # subject
        (S, [], [(S, "invalid"), (S, "empty")]),
        (A, ..., [(A, "required"), (f"{S}/result/0/resultDescription", "reference")]),
        (f"{S}/id", "mailto:teacher@school.example", [(f"{S}/id", "subject"), (f"{S}/id", "uri")]),
        (f"{S}/id", "https://people.example.org/teacher", [(f"{S}/id", "subject")]),
        (f"{S}/identifier/0/hashed", False, [(f"{S}/identifier/0/hashed", "identity")]),
        (f"{S}/identifier/0/identityHash", "sha256$ABC", [(f"{S}/identifier/0/identityHash", "identity")]),
        (f"{S}/identifier/0/salt", "short", [(f"{S}/identifier/0/salt", "identity")]),
        (f"{S}/identifier/0/salt", ..., [(f"{S}/identifier/0/salt", "identity")]),
        (f"{S}/identifier/0/identityType", "nationalIdentityNumber",
         [(f"{S}/identifier/0/identityType", "identity")]),
        # results
        (f"{S}/result/0/resultDescription", "urn:x:other", [(f"{S}/result/0/resultDescription", "reference")]),
        (f"{S}/result/0/resultDescription", ..., [(f"{S}/result/0/resultDescription", "reference")]),
        (f"{S}/result/0/achievedLevel", "urn:x:other", [(f"{S}/result/0/achievedLevel", "level")]),
        (f"{S}/result/0", {"type": ["Result"], "value": "A"}, []),
        (f"{S}/result", ["A"], [(f"{S}/result/0", "invalid")]),
        (f"{D}/requiredLevel", "urn:x:other", [(f"{D}/requiredLevel", "reference")]),
        (f"{D}/resultType", "Status", [(f"{S}/result/0/status", "required")]),
        (f"{D}/rubricCriterionLevel/0/id", "urn:uuid:7d8c1f0e-2a3b-4c5d-8e9f-000000000002",
         [(f"{D}/rubricCriterionLevel", "reference"), (f"{D}/rubricCriterionLevel/1", "repeated")]),
        # status
        ("/credentialStatus", ..., [("/credentialStatus", "status")]),
        ("/credentialStatus/type", "1EdTechRevocationList",
         [("/@context", "context"), ("/credentialStatus/type", "status")]),
        ("/credentialStatus/statusPurpose", "message", [("/credentialStatus/statusPurpose", "status")]),
        ("/credentialStatus/statusListIndex", 5, [("/credentialStatus/statusListIndex", "status")]),
        ("/credentialStatus/statusListIndex", "05", [("/credentialStatus/statusListIndex", "status")]),
        ("/credentialStatus/statusListCredential", ...,
         [("/credentialStatus/statusListCredential", "status")]),
        ("/credentialStatus/id", issued.LIST_URL, [("/credentialStatus/id", "status")]),
        ("/credentialStatus/id", ..., [("/credentialStatus/id", "status")]),
        ("/credentialStatus/statusSize", 2, [("/credentialStatus/statusSize", "status")]),
        # links
        (f"{I}/url", "http://badges.example.org/", [(f"{I}/url", "uri")]),
        (f"{I}/url", "javascript:alert(1)", [(f"{I}/url", "uri")]),
        (f"{I}/url", "urn:x:a", [(f"{I}/url", "uri")]),
        (f"{A}/image/id", "data:image/png;base64,AAAA", [(f"{A}/image/id", "uri")]),
        (f"{A}/alignment/0/targetUrl", "https://a.example/?token=x", [(f"{A}/alignment/0/targetUrl", "uri")]),
        ("/evidence/0/id", "https://s3.example/x?X-Amz-Signature=1", [("/evidence/0/id", "uri")]),
        ("/evidence/0/id", "_:b0", [("/evidence/0/id", "invalid"), ("/evidence/0/id", "uri")]),
    ],
)  # fmt: skip
def test_a_rule_is_broken_alone(pointer: str, value: Any, expected: list[tuple[str, str]]) -> None:
    assert sorted(codes(badge(**{pointer: value}))) == sorted(expected)


@pytest.mark.parametrize("odd", [[], {}, {"a": 1}, [5], 5, True])
def test_odd_kinds_of_values_are_faults_and_not_errors(odd: Any) -> None:
    subject = ("id", "identifier/0/salt", "result/0/achievedLevel", "result/0/resultDescription")
    description = ("id", "rubricCriterionLevel/0/id", "requiredLevel", "allowedValue")
    others = ("/@context", "/type", "/issuer/id", "/credentialStatus/type", "/credentialStatus/statusPurpose")
    for pointer in (*others, f"{A}/image/type", *(f"{S}/{x}" for x in subject), *(f"{D}/{x}" for x in description)):
        assert codes(badge(**{pointer: odd})) != []


def test_levels_and_values_of_a_description() -> None:
    description = {
        "id": "urn:x:grade", "type": ["ResultDescription"], "name": "Grade", "resultType": "LetterGrade",
        "allowedValue": ["C", "B", "A"], "requiredValue": "B",
    }  # fmt: skip
    document = badge(**{f"{A}/resultDescription": [description]})
    result: dict[str, Any] = {"type": ["Result"], "resultDescription": "urn:x:grade", "value": "A"}
    document["credentialSubject"]["result"] = [result]
    assert codes(document) == []
    result["value"] = "D"
    assert codes(document) == [(f"{S}/result/0/value", "reference")]
    result["value"], description["requiredValue"] = "C", "E"
    assert codes(document) == [(f"{D}/requiredValue", "reference")]
    description["requiredValue"] = "B"
    document["credentialSubject"]["achievement"]["resultDescription"].append({**description, "name": "Again"})
    assert codes(document) == [(f"{A}/resultDescription/1/id", "reference"), (f"{A}/resultDescription/1", "repeated")]


@pytest.mark.parametrize(
    "text",
    [
        "https://a.example/x?y=z#f", "https://a.example:8443/", "urn:uuid:7d8c1f0e-2a3b-4c5d-8e9f-000000000002",
        "urn:isbn:0451450523", "did:web:a.example:issuers:k#key",
        "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
        "https://8.8.8.8/",
    ],
)  # fmt: skip
def test_names_that_may_stand(text: str) -> None:
    assert name_fault(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "", "abc", "a b:c", "https://", "https:///x", "https://a.example/<x>", "https://a.example/{x}", "http://a.example/",
        "https://u:p@a.example/", "https://a.example:99999/", "https://[::1/", "https://localhost/", "https://127.0.0.1/",
        "https://[::1]/", "https://10.0.0.1/", "https://169.254.169.254/", "https://printer.local/", "https://a.internal/",
        "did:web:localhost%3A8000", "did:web:10.0.0.1", "did:", "did:web:", "urn:", "urn:x", "urn:uuid:1",
        "mailto:a@b.example",
        "ftp://a.example/", "https://a.example/?access_token=1", "https://a.example/?SIG=1",
    ],
)  # fmt: skip
def test_names_that_may_not_stand(text: str) -> None:
    assert name_fault(text) is not None
    assert name_fault(text, link=True) is not None


def test_this_machine_is_allowed_in_demo_mode_only() -> None:
    ours = (
        "http://localhost:8000/x",
        "http://127.0.0.1:8000/",
        "http://[::1]:8000/",
        "did:web:localhost%3A8000:issuers:k",
    )
    assert [name_fault(text, allow_loopback=True) for text in ours] == [None] * 4
    assert None not in [name_fault(text) for text in ours]
    assert name_fault("http://10.0.0.1/", allow_loopback=True) is not None
    document = badge(**{f"{I}/url": "http://localhost:8000/issuers/kvec"})
    assert codes(document) == [(f"{I}/url", "uri")]
    assert codes(document, allow_loopback=True) == []


def test_all_faults_are_named_at_once() -> None:
    document = badge(**{f"{A}/criteria": ..., "/validFrom": "2026-03-01", f"{A}/name": "a\tb", "/nonsense": 1})
    with pytest.raises(Rejected) as raised:
        lint.prepare(document, canonicalize(document, issued.CONTEXTS), now=issued.NOW)
    assert [(fault.pointer, fault.code) for fault in raised.value.faults] == [
        ("/validFrom", "invalid"),
        (f"{A}/criteria", "required"),
        (f"{A}/name", "character"),
        ("/nonsense", "dropped"),
    ]


@pytest.mark.parametrize(
    ("pointer", "value", "expected"),
    [
        (f"{A}/competency", "x", (f"{A}/competency", "dropped")),
        (f"{S}/evidence", [{"type": ["Evidence"], "name": "x"}], (f"{S}/evidence", "dropped")),
        (f"{A}/alignment/0/note", "x", (f"{A}/alignment/0/note", "dropped")),
        (f"{A}/type", ["Achievement", "Foo"], (f"{A}/type/1", "relative")),
    ],
)
def test_what_json_ld_would_drop_is_refused(pointer: str, value: Any, expected: tuple[str, str]) -> None:
    document = badge(**{pointer: value})
    canonical = canonicalize(document, issued.CONTEXTS)
    assert expected in [(fault.pointer, fault.code) for fault in lint.dropped_faults(document, canonical)]
    with pytest.raises(Rejected):
        lint.prepare(document, canonical, now=issued.NOW)


def test_a_relative_id_is_named_without_being_repeated() -> None:
    canonical = canonicalize(badge(), issued.CONTEXTS)
    odd = Canonical(
        source=canonical.source, nquads=b"", quads=1, relative=("id jane.doe",), relative_at=("/credentialSubject/id",)
    )
    faults = lint.dropped_faults(badge(), odd)
    assert [(fault.pointer, fault.code) for fault in faults] == [("/credentialSubject/id", "relative")]
    assert "jane" not in faults[0].detail


def test_a_form_of_another_document_is_refused() -> None:
    other = canonicalize(open_badge_credential(issued.minimal_facts()), issued.CONTEXTS)
    with pytest.raises(Rejected, match="another document"):
        lint.prepare(badge(), other, now=issued.NOW)


def test_what_is_not_json_is_refused_before_all_else() -> None:
    document = badge(**{f"{A}/creditsAvailable": float("nan")})
    canonical = canonicalize(badge(), issued.CONTEXTS)
    with pytest.raises(Rejected) as raised:
        lint.prepare(document, canonical, now=issued.NOW)
    assert [fault.code for fault in raised.value.faults] == ["malformed-json"]


def test_only_prepare_makes_a_prepared() -> None:
    canonical = canonicalize(badge(), issued.CONTEXTS)
    with pytest.raises(TypeError):
        lint.Prepared("{}", canonical, object())
    with pytest.raises(TypeError):
        eddsa.create(badge(), sign=issued.KEY.sign, verification_method=issued.METHOD, created=issued.NOW)  # type: ignore[arg-type]
    with pytest.raises((TypeError, ValueError)):
        replace(issued.prepared(badge()), text="{}")


def test_what_was_prepared_cannot_change() -> None:
    document = badge()
    ready = issued.prepared(document)
    document["name"] = "other"
    ready.document["name"] = "other"
    assert ready.document["name"] == "Assessment Literacy"
    assert source_digest(ready.document) == ready.canonical.source
    assert len(ready.text_sha256) == 64
    with pytest.raises(AttributeError):
        ready.text = "{}"  # type: ignore[misc]


def test_an_embedded_endorsement_may_have_its_own_contexts_and_nothing_else_may() -> None:
    faults = value_faults({"endorsement": [copy.deepcopy(ENDORSEMENT)]})
    assert faults == []
    assert [fault.code for fault in value_faults({"evidence": [copy.deepcopy(ENDORSEMENT)]})] == ["keyword"]


def test_a_verifier_refuses_structure_but_not_taste() -> None:
    document = {"a": "x\ty", "b": 2**60, "c": None, "d": [], "e": {"@value": 1}, "f:g": 1, "": 1}
    assert [fault.pointer for fault in structure_faults(document)] == ["/c", "/d", "/e/@value", "/f:g", "/"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = [
    "@context", "id", "type", "issuer", "validFrom", "validUntil", "awardedDate", "credentialSubject", "evidence",
    "credentialStatus", "endorsement", "proof", "name",
]  # fmt: skip


@given(st.dictionaries(st.sampled_from(MEMBERS), JSON))
def test_inspection_never_fails_on_any_json(members: dict[str, Any]) -> None:
    """A fault is a fault of the document; it never becomes an error of ours."""
    document = badge() | members
    for fault in lint.inspect(document, now=issued.NOW):
        assert fault.pointer == "" or fault.pointer.startswith("/")
    lint.inspect(badge() | {"credentialSubject": {**badge()["credentialSubject"], **members}}, now=issued.NOW)


# Status lists


def status_list(**changes: Any) -> dict[str, Any]:
    document = status_list_document(
        list_url=issued.LIST_URL,
        issuer=issued.DID,
        purpose="revocation",
        encoded=Bits.new().encode(),
        valid_from=issued.NOW,
    )
    for pointer, value in changes.items():
        put(document, pointer, value)
    return document


def list_codes(document: dict[str, Any]) -> list[tuple[str, str]]:
    try:
        lint.prepare_status_list(document, canonicalize(document, issued.CONTEXTS), now=issued.NOW)
    except Rejected as error:
        return [(fault.pointer, fault.code) for fault in error.faults]
    return []


@pytest.mark.parametrize(
    ("pointer", "value", "expected"),
    [
        ("/validUntil", "2026-03-02T12:00:00Z", []),
        (f"{S}/ttl", ..., []),
        (f"{S}/statusPurpose", "suspension", []),
        ("/id", ..., [("/id", "required")]),
        ("/issuer", "https://a.example/", [("/issuer", "issuer")]),
        ("/validFrom", ..., [("/validFrom", "date")]),
        ("/validUntil", "2026-03-02", [("/validUntil", "date")]),
        ("/validUntil", "2026-02-02T12:00:00Z", [("/validUntil", "date")]),
        ("/name", "x", [("/name", "unknown-member")]),
        (f"{S}/type", ["BitstringStatusList"], [(f"{S}/type", "type")]),
        (f"{S}/statusPurpose", ["revocation"], [(f"{S}/statusPurpose", "status")]),
        (f"{S}/ttl", 0, [(f"{S}/ttl", "status")]),
        (f"{S}/ttl", True, [(f"{S}/ttl", "status")]),
        (f"{S}/name", "x", [(f"{S}/name", "unknown-member")]),
        (f"{S}/encodedList", "uAAAA", [(f"{S}/encodedList", "status-list-encoding")]),
        (f"{S}/encodedList", 5, [(f"{S}/encodedList", "status-list-encoding")]),
        ("/type", ["VerifiableCredential"], [("/type", "type")]),
        (
            "/@context",
            ["https://www.w3.org/ns/credentials/v2"] * 2,
            [("/@context", "context"), ("/@context/1", "repeated")],
        ),
        (S, ["x"], [(S, "required")]),
    ],
)
def test_a_status_list_of_ours(pointer: str, value: Any, expected: list[tuple[str, str]]) -> None:
    found = [item for item in list_codes(status_list(**{pointer: value})) if item[1] not in ("dropped", "relative")]
    assert found == expected


def test_the_future_is_not_issued() -> None:
    document = open_badge_credential(replace(issued.facts(), valid_from=issued.NOW + timedelta(hours=1)))
    assert codes(document) == [("/validFrom", "date")]
