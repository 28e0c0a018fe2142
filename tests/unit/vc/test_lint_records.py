"""Which endorsements and learner records may be signed: every rule has a document that breaks it alone."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from badgeissuer.errors import Rejected
from badgeissuer.vc import lint
from badgeissuer.vc.build import clr_credential, endorsement_credential
from badgeissuer.vc.canon import BADGE_BUDGET, FOREIGN_BUDGET, canonicalize
from badgeissuer.vc.contexts import CLR_CONTEXTS, CREDENTIALS_V2, OB_CONTEXTS, OB_EXTENSIONS
from badgeissuer.vc.faults import ProofInvalid
from badgeissuer.vc.multikey import parse_multikey
from badgeissuer.vc.proofs import eddsa_rdfc_2022 as eddsa
from tests.support import issued, records
from tests.support.shared import shared_path
from tests.unit.vc.test_lint import put

S = "/credentialSubject"
M = f"{S}/verifiableCredential"
V1 = "https://www.w3.org/2018/credentials/v1"


def record(**changes: Any) -> dict[str, Any]:
    document = clr_credential(records.clr_facts())
    for pointer, value in changes.items():
        put(document, pointer, value)
    return copy.deepcopy(document)


def endorsement(**changes: Any) -> dict[str, Any]:
    document = endorsement_credential(records.endorsement_facts())
    for pointer, value in changes.items():
        put(document, pointer, value)
    return document


def codes(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(fault.pointer, fault.code) for fault in lint.inspect_clr(document, now=issued.NOW)]


def endorsement_codes(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(fault.pointer, fault.code) for fault in lint.inspect_endorsement(document, now=issued.NOW)]


# Endorsements


@pytest.mark.parametrize(
    ("pointer", "value", "expected"),
    [
        ("/name", "Endorsed", []),
        ("/name", ..., [("/name", "required")]),
        ("/name", " \n", [("/name", "required")]),
        ("/@context", list(CLR_CONTEXTS), [("/@context", "context")]),
        ("/type", ["VerifiableCredential", "EndorsementCredential", "Foo"], [("/type", "type")]),
        ("/issuer", issued.DID, [("/issuer", "issuer")]),
        ("/issuer/id", "https://a.example/", [("/issuer/id", "issuer")]),
        ("/validUntil", "2026-03-01T12:00:00Z", [("/validUntil", "date")]),
        ("/validFrom", "2026-03-01T12:02:00Z", [("/validFrom", "date")]),
        ("/issuanceDate", "2026-03-01T12:00:00Z", [("/issuanceDate", "vc11")]),
        ("/proof", [{"type": "DataIntegrityProof"}], [("/proof", "proof")]),
        ("/credentialSchema", [{"id": "https://a.example/", "type": "X"}], [("/credentialSchema", "unsupported")]),
        ("/credentialStatus", ..., [("/credentialStatus", "status")]),
        (S, ..., [(S, "required")]),
        (f"{S}/id", ..., [(f"{S}/id", "required")]),
        (f"{S}/id", "http://a.example/", [(f"{S}/id", "uri")]),
        (f"{S}/id", "did:web:a.example", []),
        (f"{S}/id", records.endorsement_facts().credential_id, [(f"{S}/id", "subject")]),
        (f"{S}/type", "EndorsementSubject", [(f"{S}/type", "array")]),
        (f"{S}/endorsementComment", " ", [(f"{S}/endorsementComment", "required")]),
        (f"{S}/endorsementComment", 5, [(f"{S}/endorsementComment", "invalid")]),
        (f"{S}/endorsementComment", "a\tb", [(f"{S}/endorsementComment", "character")]),
        (f"{S}/endorsementComment", "x" * 70_000, [("", "too-large")]),
    ],
)  # fmt: skip
def test_a_rule_of_endorsements_is_broken_alone(pointer: str, value: Any, expected: list[tuple[str, str]]) -> None:
    assert endorsement_codes(endorsement(**{pointer: value})) == expected


def test_all_faults_of_an_endorsement_are_named_at_once_with_their_clause() -> None:
    document = endorsement(**{"/name": " ", f"{S}/type": ["Thing"], f"{S}/nonsense": 1, "/credentialStatus": ...})
    with pytest.raises(Rejected, match="endorsement") as raised:
        records.prepared_endorsement(document)
    assert [(fault.pointer, fault.code, fault.clause) for fault in raised.value.faults] == [
        (f"{S}/type", "invalid", "OB data model"),
        ("/name", "required", "OB §EndorsementCredential"),
        ("/credentialStatus", "status", "BSL §2.1"),
        (f"{S}/endorsementComment", "dropped", "DI §4.2 (DATA_LOSS_DETECTION_ERROR)"),
        (f"{S}/nonsense", "dropped", "DI §4.2 (DATA_LOSS_DETECTION_ERROR)"),
        (f"{S}/type/0", "relative", "DI §4.2 (DATA_LOSS_DETECTION_ERROR)"),
    ]


# Learner records


def test_our_records_have_no_fault() -> None:
    assert codes(record()) == []
    assert codes(clr_credential(records.minimal_clr_facts())) == []


@pytest.mark.parametrize(
    ("pointer", "value", "expected"),
    [
        # envelope
        ("/@context", list(OB_CONTEXTS), [("/@context", "invalid"), ("/@context", "context")]),
        ("/@context", [CLR_CONTEXTS[0], CLR_CONTEXTS[2], CLR_CONTEXTS[1]], [("/@context", "context")]),
        ("/@context", [*CLR_CONTEXTS, OB_EXTENSIONS], [("/@context", "context")]),
        ("/type", ["ClrCredential", "VerifiableCredential"], [("/type", "type")]),
        ("/name", "", [("/name", "required")]),
        ("/partial", "yes", [("/partial", "invalid")]),
        ("/issuer", issued.DID, [("/issuer", "issuer")]),
        ("/validFrom", "2026-03-02T12:00:00Z", [("/validFrom", "date")]),
        ("/endorsementJwt", ["a.b.c"], [("/endorsementJwt", "unsupported")]),
        ("/credentialStatus", ..., [("/credentialStatus", "status")]),
        # subject
        (S, ..., [(S, "required")]),
        (S, "urn:x:1", [(S, "invalid")]),
        (f"{S}/id", "https://people.example.org/teacher", [(f"{S}/id", "subject")]),
        (f"{S}/identifier/0/hashed", False, [(f"{S}/identifier/0/hashed", "identity")]),
        (f"{S}/achievement/0/name", "a\tb", [(f"{S}/achievement/0/name", "character")]),
        (f"{S}/achievement/0/type", "Achievement", [(f"{S}/achievement/0/type", "array")]),
        # associations
        (f"{S}/association/0/sourceId", "urn:x:1", [(f"{S}/association/0/sourceId", "association")]),
        (f"{S}/association/0/targetId", "urn:x:1", [(f"{S}/association/0/targetId", "association")]),
        (f"{S}/association/0/targetId", issued.achievement()["id"],
         [(f"{S}/association/0/targetId", "reference")]),
        (f"{S}/association/0/targetId", 5, [(f"{S}/association/0/targetId", "invalid")]),
        (f"{S}/association/0/associationType", "ext:x", [(f"{S}/association/0/associationType", "invalid")]),
        (f"{S}/association/0/note", "x", [(f"{S}/association/0/note", "unknown-member")]),
        (f"{S}/achievement", ..., [(f"{S}/association/0/targetId", "association")]),
        # members
        (M, [], [(M, "invalid"), (f"{S}/association/0/sourceId", "association")]),
        (M, ..., [(M, "required"), (f"{S}/association/0/sourceId", "association")]),
        (M, issued.signed(), [(M, "array")]),
        (f"{M}/1", "a.b.c", [(f"{M}/1", "member")]),
        (f"{M}/1/type", ["EnvelopedVerifiableCredential"], [(f"{M}/1/type", "member")]),
        (f"{M}/1/type", "VerifiablePresentation", [(f"{M}/1/type", "member")]),
        (f"{M}/1/type", ["VerifiableCredential", "ClrCredential"], [(f"{M}/1/type", "member")]),
        (f"{M}/1/type", ["OpenBadgeCredential"], [(f"{M}/1/type", "invalid")]),
        (f"{M}/1/type", [5, "VerifiableCredential"], [(f"{M}/1/type/0", "invalid")]),
        (f"{M}/1/@context", [V1], [(f"{M}/1/@context", "invalid")]),
        (f"{M}/1/@context", [CREDENTIALS_V2], [(f"{M}/1/@context", "invalid")]),
        (f"{M}/1/issuanceDate", "2026-03-01T12:00:00Z", [(f"{M}/1/issuanceDate", "vc11")]),
        (f"{M}/1/validFrom", ..., [(f"{M}/1/validFrom", "required")]),
        (f"{M}/1/proof", ..., [(f"{M}/1/proof", "unsigned")]),
        (f"{M}/1/proof", [], [(f"{M}/1/proof", "unsigned"), (f"{M}/1/proof", "empty")]),
        (f"{M}/1/proof", ["x"], [(f"{M}/1/proof/0", "invalid")]),
        (f"{M}/1/proof", {"type": "DataIntegrityProof"}, []),
        (f"{M}/1/credentialSubject/achievement", ..., [(f"{M}/1/credentialSubject/achievement", "required")]),
        (f"{M}/2/credentialSubject/id", ..., [(f"{M}/2/credentialSubject/id", "required")]),
        (f"{M}/1/credentialSubject/achievement/name", "a\u200bb \r http", []),
        (f"{M}/1/credentialSubject/achievement/type", "Achievement", []),
        (f"{M}/1/credentialSubject/achievement/criteria/id", "http://a.example/", []),
        (f"{M}/1/credentialSubject/achievement/creditsAvailable", 2**60,
         [(f"{M}/1/credentialSubject/achievement/creditsAvailable", "number")]),
        (f"{M}/1/@id", "urn:x:1", [(f"{M}/1/@id", "keyword")]),
        (f"{M}/1/note", None, [(f"{M}/1/note", "null")]),
        (f"{M}/1/id", records.clr_facts().members[0]["id"], [(f"{M}/1", "repeated")]),
        (f"{M}/1/description", "x" * 65_000, [(f"{M}/1", "too-large")]),
        ("/description", "x" * 300_000, [("", "too-large")]),
        ("/description", "x" * 100_000, []),
    ],
)  # fmt: skip
def test_a_rule_of_records_is_broken_alone(pointer: str, value: Any, expected: list[tuple[str, str]]) -> None:
    assert codes(record(**{pointer: value})) == expected


def test_a_member_without_id_may_be_there_once() -> None:
    document = record(**{f"{M}/0/id": ...})
    subject = document["credentialSubject"]
    member = subject["verifiableCredential"][0] | {
        "type": ["VerifiableCredential", "Diploma"], "@context": CREDENTIALS_V2
    }  # fmt: skip
    subject["verifiableCredential"] = [member]
    assert codes(document) == []
    subject["verifiableCredential"] = [member, copy.deepcopy(member)]
    assert codes(document) == [(f"{M}/1", "repeated")]


def test_equal_associations_are_refused() -> None:
    document = record()
    document["credentialSubject"]["association"] *= 2
    assert codes(document) == [(f"{S}/association/1", "repeated")]


def test_all_faults_of_a_record_are_named_at_once_with_their_clause() -> None:
    document = record(**{"/name": " ", f"{M}/1/proof": ..., f"{M}/0/nonsense": 1, f"{S}/association/0/sourceId": "a:b"})
    with pytest.raises(Rejected, match="learner record") as raised:
        records.prepared_clr(document)
    assert [(fault.pointer, fault.code, fault.clause) for fault in raised.value.faults] == [
        ("/name", "required", "CLR §ClrCredential"),
        (f"{S}/association/0/sourceId", "association", "CLR §Association"),
        (f"{M}/1/proof", "unsigned", "CLR §VerifiableCredential"),
        (f"{M}/0/nonsense", "dropped", "DI §4.2 (DATA_LOSS_DETECTION_ERROR)"),
    ]


def test_what_is_not_json_is_refused_before_all_else() -> None:
    assert codes(record(**{f"{M}/0/note": float("nan")})) == [("", "malformed-json")]


# Budgets


def test_the_budget_grows_with_the_members() -> None:
    one = clr_credential(records.minimal_clr_facts())
    shares = [lint.clr_budget(with_members(one, count)).max_bytes / 65_536 for count in (0, 1, 2, 254, 255, 10_000)]
    assert shares == [1, 2, 3, 255, 256, 256]
    budget = lint.clr_budget(with_members(one, 9))
    assert (budget.max_quads, budget.max_steps) == (10 * BADGE_BUDGET.max_quads, 10 * BADGE_BUDGET.max_steps)
    assert lint.clr_budget(with_members(one, 1_000)).max_bytes == 16 * 1024 * 1024
    assert lint.clr_budget({"credentialSubject": []}) == BADGE_BUDGET


def with_members(document: dict[str, Any], count: int) -> dict[str, Any]:
    return document | {"credentialSubject": document["credentialSubject"] | {"verifiableCredential": [{}] * count}}


def test_a_form_of_too_many_statements_is_refused() -> None:
    document = clr_credential(records.minimal_clr_facts())
    form = canonicalize(document, issued.CONTEXTS)
    assert lint.prepare_clr(document, form, now=issued.NOW).canonical == form
    with pytest.raises(Rejected) as raised:
        lint.prepare_clr(document, replace(form, quads=4_001), now=issued.NOW)
    assert [(fault.pointer, fault.code) for fault in raised.value.faults] == [("", "too-large")]


def test_a_record_of_many_members_is_prepared_and_read_again() -> None:
    members = [
        issued.signed(replace(issued.facts(), credential_id=f"{issued.BASE}/credentials/{number}"))
        for number in range(90)
    ]
    document = clr_credential(replace(records.minimal_clr_facts(), members=tuple(members)))
    ready = records.prepared_clr(document)
    assert len(ready.text) > 4 * lint.LARGEST_TEXT
    assert ready.document == document
    assert ready.document["credentialSubject"]["verifiableCredential"] == members


# Signing


@pytest.mark.parametrize("signed", [records.signed_clr, records.signed_endorsement])
def test_what_is_signed_verifies_and_no_other(signed: Callable[[], dict[str, Any]]) -> None:
    document = signed()

    def verify(body: dict[str, Any]) -> None:
        (proof,) = document["proof"]
        form = canonicalize({k: v for k, v in body.items() if k != "proof"}, issued.CONTEXTS, budget=FOREIGN_BUDGET)
        key = parse_multikey(issued.MULTIKEY)
        eddsa.verify(proof, config_nquads=eddsa.config_nquads(proof), document_nquads=form.nquads, key=key)

    verify(document)
    with pytest.raises(ProofInvalid):
        verify(document | {"name": "Another"})


def test_the_valid_sample_breaks_only_rules_of_our_own() -> None:
    """1EdTech's record is one that others may issue: we do not sign for issuers without a DID, or without status."""
    document = json.loads(shared_path("standards/samples/valid/clr20/simple.json").read_bytes())
    del document["proof"]
    assert codes(document) == [
        ("/@context", "context"),
        ("/credentialSchema", "unsupported"),
        ("/issuer/id", "issuer"),
        ("/credentialStatus", "status"),
        ("/id", "uri"),
    ]
    ours = document | {
        "@context": list(CLR_CONTEXTS),
        "id": "https://example.edu/credentials/3732",
        "issuer": issued.issuer(),
        "credentialStatus": dict(issued.facts().status),
    }
    del ours["credentialSchema"]
    assert records.prepared_clr(ours).document == ours


def test_the_invalid_sample_is_refused() -> None:
    document = json.loads(shared_path("standards/samples/invalid/clr20/simple-noproof.json").read_bytes())
    found = codes(document)
    assert {("/validFrom", "required"), ("/issuanceDate", "vc11"), (f"{M}/0/@context", "invalid")} <= set(found)
