"""The classes of CLR 2.0 and what is built of facts: cardinalities, members kept as they came, the schemas."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft201909Validator, FormatChecker
from pydantic import ValidationError

from badgeissuer.vc.build import AssociationFacts, clr_credential, endorsement_credential
from badgeissuer.vc.contexts import CLR_CONTEXTS, OB_CONTEXTS
from badgeissuer.vc.model import base, clr, ob3, terms
from tests.support import issued, records
from tests.support.shared import shared_path

S = "/credentialSubject"
M = f"{S}/verifiableCredential"
SCHEMAS = "standards/json-schema"
CLR_SCHEMA = f"{SCHEMAS}/clr-v2p0-jsonld/clr_v2p0_clrcredential_schema.json"
ENDORSEMENT_SCHEMAS = (
    f"{SCHEMAS}/clr-v2p0-jsonld/clr_v2p0_endorsementcredential_schema.json",
    f"{SCHEMAS}/ob-v3p0-jsonld/ob_v3p0_endorsementcredential_schema.json",
    f"{SCHEMAS}/ob-v3p0-canonical/ob_v3p0_endorsementcredential-jsonschema1.json",
)


def sample(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(shared_path(f"standards/samples/{name}").read_bytes())
    return document


def faults(document: dict[str, Any]) -> list[tuple[str, str]]:
    try:
        clr.ClrCredential.model_validate(document)
    except ValidationError as error:
        return [(fault.pointer, fault.detail) for fault in base.faults_of(error)]
    return []


def record(pointer: str = "", value: Any = None) -> dict[str, Any]:
    """The full record with the member at the pointer set, or removed where the value is ``...``."""
    document = records.signed_clr()
    *path, last = pointer.strip("/").split("/")
    target: Any = document
    for step in path:
        target = target[int(step)] if isinstance(target, list) else target[step]
    if value is ...:
        del target[last]
    elif pointer:
        target[int(last) if isinstance(target, list) else last] = value
    return document


def schema_errors(file: str, document: dict[str, Any]) -> list[str]:
    schema = json.loads(shared_path(file).read_text(encoding="utf-8"))
    schema["$schema"] = str(schema["$schema"]).rstrip("#")
    checker = FormatChecker()
    assert "date-time" in checker.checkers, "without the format checker zone-less dates pass"
    found = Draft201909Validator(schema, format_checker=checker).iter_errors(document)
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in found]


# The schemas


@pytest.mark.parametrize("facts", [records.clr_facts, records.minimal_clr_facts])
def test_a_signed_record_is_valid(facts: Any) -> None:
    assert schema_errors(CLR_SCHEMA, records.signed_clr(facts())) == []


@pytest.mark.parametrize("file", ENDORSEMENT_SCHEMAS)
@pytest.mark.parametrize("facts", [records.endorsement_facts, records.minimal_endorsement_facts])
def test_a_signed_endorsement_is_valid_in_all_editions(file: str, facts: Any) -> None:
    document = records.signed_endorsement(facts())
    assert schema_errors(file, document) == []
    wrong = schema_errors(file, document | {"validFrom": "2026-03-01T12:00:00"})
    assert [error.partition(":")[0] for error in wrong] == ["validFrom"]


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/name", ...), ("/id", ...), ("/issuer", ...), ("/validFrom", ...), ("/validFrom", "2026-03-01T12:00:00"),
        ("/partial", "true"), (S, ...), (f"{S}/type", ["Person"]), (f"{S}/type", ...), (M, ...), (M, []),
        (f"{M}/0", "a.b.c"), (f"{M}/0/issuer", ...), (f"{M}/0/@context", ["https://www.w3.org/2018/credentials/v1"]),
        (f"{S}/association/0/type", ["Association"]), (f"{S}/association/0/associationType", "ext:is"),
        (f"{S}/association/0/sourceId", ...), (f"{S}/association/0/targetId", ...),
        (f"{S}/association/0/associationType", ...), (f"{S}/association/0/type", ...),
        (f"{S}/association/0/note", "x"), (f"{S}/achievement/0/name", ...), ("/type", ["VerifiableCredential"]),
    ],
)  # fmt: skip
def test_what_the_schema_refuses_the_classes_refuse(pointer: str, value: Any) -> None:
    document = record(pointer, value)
    assert schema_errors(CLR_SCHEMA, document) != []
    assert faults(document) != []


# The classes


@pytest.mark.parametrize(
    ("pointer", "value", "expected"),
    [
        ("/@context", list(OB_CONTEXTS), [("/@context", "has too few items")]),
        ("/type", ["ClrCredential"], [("/type", "must contain VerifiableCredential")]),
        ("/partial", "true", [("/partial", "must be true or false")]),
        (f"{S}/type", ["AchievementSubject"], [(f"{S}/type", "must contain ClrSubject")]),
        (M, ..., [(M, "is required")]),
        (M, [], [(M, "has too few items")]),
        (f"{M}/1", "a.b.c", [(f"{M}/1", "must be an object")]),
        (f"{M}/1/credentialSubject", [], [(f"{M}/1/credentialSubject", "must be an object")]),
        (f"{M}/1/proof", ..., []),
        (f"{M}/1/@context", "https://www.w3.org/ns/credentials/v2", []),
        (f"{S}/association/0/note", "x", [(f"{S}/association/0/note", "is not a member of this class")]),
        (f"{S}/association/0/type", "Link", [(f"{S}/association/0/type", "must be the string Association")]),
        (S, {"type": "ClrSubject", "verifiableCredential": issued.signed()},
         [(S, "a subject needs an id or an identifier (CLR §ClrSubject)")]),
        (S, {"id": "urn:x:1", "type": "ClrSubject", "verifiableCredential": issued.signed()}, []),
    ],
)  # fmt: skip
def test_the_classes(pointer: str, value: Any, expected: list[tuple[str, str]]) -> None:
    assert faults(record(pointer, value)) == expected


@pytest.mark.parametrize("contexts", [[], ["https://www.w3.org/2018/credentials/v1"]])
def test_a_member_is_a_credential_of_version_2(contexts: list[str]) -> None:
    ((pointer, detail),) = faults(record(f"{M}/0/@context", contexts))
    assert pointer == f"{M}/0/@context"
    assert "only VC 2.0 credentials" in detail


def test_association_types_are_those_of_the_schema() -> None:
    defined = json.loads(shared_path(CLR_SCHEMA).read_bytes())["$defs"]["Association"]["properties"]
    assert set(defined["associationType"]["enum"]) == terms.ASSOCIATION_TYPES
    for word in terms.ASSOCIATION_TYPES:
        assert faults(record(f"{S}/association/0/associationType", word)) == []


def test_members_come_back_as_they_came() -> None:
    document = record(f"{M}/0/type", "VerifiableCredential")
    member = document["credentialSubject"]["verifiableCredential"][0]
    member |= {"note": None, "tags": [], "proof": member["proof"][0]}
    given = copy.deepcopy(document)
    read = clr.ClrCredential.model_validate(document)
    assert clr.record_document(read) == given
    read.credential_subject.verifiable_credential[0].document.clear()
    member.clear()
    assert clr.record_document(read) == given


def test_a_member_may_be_given_as_a_node() -> None:
    member = clr.VerifiableCredential.model_validate(issued.signed())
    assert clr.VerifiableCredential.model_validate(member).document == issued.signed()


def test_the_samples() -> None:
    simple = sample("valid/clr20/simple.json")
    assert schema_errors(CLR_SCHEMA, simple) == []
    assert clr.record_document(clr.ClrCredential.model_validate(simple)) == simple
    for name in ("valid/clr20/complex.json", "invalid/clr20/simple-noproof.json"):
        old = sample(name)
        assert schema_errors(CLR_SCHEMA, old) != []
        # Both are of VC 1.1: the record and its members have issuanceDate.
        found = [pointer for pointer, _ in faults(old)]
        assert {"/validFrom", f"{M}/0/@context", f"{M}/0/validFrom"} <= set(found)


# What is built of facts


def test_the_least_endorsement() -> None:
    facts = records.minimal_endorsement_facts()
    assert endorsement_credential(facts) == {
        "@context": list(OB_CONTEXTS),
        "id": facts.credential_id,
        "type": ["VerifiableCredential", "EndorsementCredential"],
        "name": "Endorsement of Assessment Literacy",
        "issuer": issued.issuer(),
        "validFrom": "2026-03-01T12:00:00Z",
        "credentialSubject": {"id": issued.achievement()["id"], "type": ["EndorsementSubject"]},
        "credentialStatus": dict(facts.status),
    }


def test_the_fullest_endorsement_says_all_of_its_facts() -> None:
    document = endorsement_credential(records.endorsement_facts())
    assert document["credentialSubject"]["endorsementComment"] == "Fits our *framework*."
    assert document["description"] == "What we looked at."
    assert (document["awardedDate"], document["validUntil"]) == ("2026-02-28T12:00:00Z", "2027-03-01T12:00:00Z")
    assert base.to_document(ob3.EndorsementCredential.model_validate(document)) == document


def test_the_least_record() -> None:
    facts = records.minimal_clr_facts()
    assert clr_credential(facts) == {
        "@context": list(CLR_CONTEXTS),
        "id": facts.credential_id,
        "type": ["VerifiableCredential", "ClrCredential"],
        "name": "Learner record",
        "issuer": {"id": issued.DID, "type": ["Profile"], "name": "KVEC"},
        "validFrom": "2026-03-01T12:00:00Z",
        "credentialSubject": {
            "id": facts.subject_id,
            "type": ["ClrSubject"],
            "verifiableCredential": [issued.signed(issued.minimal_facts())],
        },
        "credentialStatus": dict(facts.status),
    }


def test_the_fullest_record_says_all_of_its_facts() -> None:
    facts = records.clr_facts()
    document = clr_credential(facts)
    subject = document["credentialSubject"]
    assert subject["verifiableCredential"] == list(facts.members)
    assert subject["identifier"] == list(facts.identities)
    assert [achievement["id"] for achievement in subject["achievement"]] == [records.OTHER]
    assert subject["association"] == [
        {
            "type": "Association",
            "associationType": "isPartOf",
            "sourceId": issued.achievement()["id"],
            "targetId": records.OTHER,
        }
    ]
    assert (document["partial"], document["description"]) == (True, "All that was earned here.")
    assert document["awardedDate"] == "2026-02-28T12:00:00Z"
    whole = clr_credential(replace(facts, partial=False, associations=(AssociationFacts("precedes", "a", "b"),)))
    assert whole["partial"] is False
