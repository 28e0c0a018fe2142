"""The envelope of any credential or presentation: the W3C's own inputs, and every rule broken alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from badgeissuer.vc.contexts import CREDENTIALS_V2
from badgeissuer.vc.envelope import envelope_faults
from tests.support import issued, records
from tests.support.shared import shared_path

Json = dict[str, Any]

# Each invalid input of the W3C test suite, and where its one fault lies.
INVALID = {
    "credential-context-combo3-fail": "/@context/1",
    "credential-id-multi-fail": "/id",
    "credential-id-not-url-fail": "/id",
    "credential-id-subject-multi-fail": "/credentialSubject/id",
    "credential-issuer-no-url-fail": "/issuer",
    "credential-issuer-object-id-no-url-fail": "/issuer/id",
    "credential-issuer-object-id-null-fail": "/issuer/id",
    "credential-missing-base-context-fail-or-inject": "/@context/0",
    "credential-no-context-fail-or-inject": "/@context",
    "credential-no-subject-fail": "/credentialSubject",
    "credential-no-type-fail": "/type",
    "credential-proof-missing-type-fail": "/proof/type",
    "credential-redef-type-fail": "/@context/1/VerifiableCredential",
    "credential-refresh-no-type-fail": "/refreshService/type",
    "credential-schema-no-id-fail": "/credentialSchema/id",
    "credential-schema-non-url-id-fail": "/credentialSchema/id",
    "credential-status-missing-type-fail": "/credentialStatus/type",
    "credential-status-nonurl-id-fail": "/credentialStatus/id",
    "credential-status-type-nonurl-fail": "/credentialStatus/type",
    "credential-subject-multiple-empty-fail": "/credentialSubject/1",
    "credential-termsofuse-missing-type-fail": "/termsOfUse/type",
    "credential-type-mapped-nonurl-fail": "/@context/1/ExampleTestCredential",
    "credential-validfrom-invalid-fail": "/validFrom",
    "credential-validuntil-invalid-fail": "/validUntil",
    "names-and-descriptions--credential-description-extra-prop-en-fail": "/description",
    "names-and-descriptions--issuer-description-extra-prop-en-fail": "/issuer/description",
    "presentation-context-order-fail": "/@context/0",
    "presentation-enveloped-vc-missing-type-fail": "/verifiableCredential/0/type",
    "presentation-holder-fail": "/holder",
    "presentation-holder-object-fail": "/holder/id",
    "presentation-missing-base-context-fail": "/@context/0",
    "presentation-no-context-fail-or-inject": "/@context",
    "presentation-vc-as-string-fail": "/verifiableCredential/0",
}
# As they stand these are finished documents: a credential without proof must be its holder's own.
SELF_ASSERTED = {
    "presentation-self-asserted-vc-holder-mismatch": "/verifiableCredential/0/issuer",
    "presentation-self-asserted-vc-no-holder": "/verifiableCredential/0/issuer",
}
# A bare string for @context is a fault of its own beside the one that the name tells.
BESIDES = {"presentation-enveloped-vc-missing-type-fail": {"/verifiableCredential/0/@context"}}


def read(kind: str, name: str) -> Json:
    text = shared_path(f"standards/samples/{kind}/w3c-vcdm2/{name}.json").read_text(encoding="utf-8")
    # One input is a template whose dates the suite fills in.
    document: Json = json.loads(
        text.replace("PAST DATE", "2020-01-01T00:00:00Z").replace("FUTURE DATE", "2099-01-01T00:00:00Z")
    )
    return document


def pointers(document: Json, *, issued: bool = True) -> set[str]:
    return {fault.pointer for fault in envelope_faults(document, issued=issued)}


@pytest.mark.parametrize("name", INVALID)
def test_each_invalid_input_is_refused_where_its_fault_lies(name: str) -> None:
    expected = {INVALID[name]} | BESIDES.get(name, set())
    assert pointers(read("invalid", name), issued=False) == expected


@pytest.mark.parametrize("name", SELF_ASSERTED)
def test_a_credential_without_proof_that_is_not_the_holders_own(name: str) -> None:
    assert pointers(read("invalid", name)) == {SELF_ASSERTED[name]}


def test_each_valid_input_is_accepted() -> None:
    folder = shared_path("standards/samples/valid/w3c-vcdm2")
    names = sorted(path.stem for path in folder.iterdir())
    assert len(names) == 44
    assert {name: found for name in names if (found := pointers(read("valid", name), issued=False))} == {}


def test_no_input_is_left_out() -> None:
    folder = shared_path("standards/samples/invalid/w3c-vcdm2")
    assert {path.stem for path in folder.iterdir()} == INVALID.keys() | SELF_ASSERTED.keys()


def test_what_we_issue_has_the_envelope() -> None:
    for document in (issued.signed(), records.signed_endorsement(), records.signed_clr(), issued.status_list()):
        assert envelope_faults(document) == []


BASE: Json = {
    "@context": [CREDENTIALS_V2],
    "type": ["VerifiableCredential"],
    "issuer": "did:web:a.example",
    "credentialSubject": {"id": "did:web:b.example"},
}
JWT = {"@context": [CREDENTIALS_V2], "type": "EnvelopedVerifiableCredential", "id": "data:application/vc+jwt,a.b.c"}
VP: Json = {"@context": [CREDENTIALS_V2], "type": ["VerifiablePresentation"]}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, set()),
        ({"@context": CREDENTIALS_V2}, {"/@context"}),
        ({"@context": []}, {"/@context"}),
        ({"@context": [CREDENTIALS_V2, 5]}, {"/@context/1"}),
        (
            {"@context": [CREDENTIALS_V2, {"a": {"@id": "urn:a"}, "b": {"@id": "b"}, "@vocab": "x", "c": "@id"}]},
            {"/@context/1/b"},
        ),
        ({"type": "VerifiableCredential"}, set()),
        ({"type": ["Thing"]}, {"/type"}),
        ({"type": ["VerifiableCredential", 5]}, {"/type"}),
        ({"type": 5}, {"/type"}),
        ({"issuer": ...}, {"/issuer"}),
        ({"issuer": 5}, {"/issuer"}),
        ({"issuer": {"name": "A"}}, {"/issuer/id"}),
        ({"issuer": {"id": "urn:a", "name": [{"@value": "A", "@language": "en"}, {"@value": 5}]}}, {"/issuer/name/1"}),
        ({"credentialSubject": ...}, {"/credentialSubject"}),
        ({"credentialSubject": []}, {"/credentialSubject"}),
        ({"credentialSubject": "urn:a"}, {"/credentialSubject"}),
        ({"credentialSubject": [{"id": "urn:a"}, {"id": 5}]}, {"/credentialSubject/1/id"}),
        ({"validFrom": 5, "validUntil": "2020-01-01"}, {"/validFrom", "/validUntil"}),
        ({"validFrom": "2020-01-02T00:00:00Z", "validUntil": "2020-01-01T00:00:00Z"}, {"/validUntil"}),
        ({"validFrom": "2020-01-01T00:00:00Z", "validUntil": "2020-01-01T01:00:00+01:00"}, set()),
        ({"proof": "x"}, {"/proof"}),
        ({"evidence": [{"type": ["Evidence"]}, {"id": "urn:a"}]}, {"/evidence/1/type"}),
        ({"name": 5}, {"/name"}),
        ({"relatedResource": ["urn:a"]}, {"/relatedResource/0"}),
        ({"relatedResource": {"id": "urn:a"}}, {"/relatedResource"}),
        ({"relatedResource": [{"digestSRI": "sha256-x"}]}, {"/relatedResource/0/id"}),
        (
            {"relatedResource": [{"id": "urn:a", "digestSRI": "x"}, {"id": "urn:a", "digestMultibase": "u"}]},
            {"/relatedResource/1/id"},
        ),
    ],
)
def test_a_rule_is_broken_alone(changes: Json, expected: set[str]) -> None:
    document = {name: value for name, value in {**BASE, **changes}.items() if value is not ...}
    found = envelope_faults(document)
    assert {fault.pointer for fault in found} == expected
    assert all((fault.clause or "").startswith("VCDM §") for fault in found)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, set()),
        ({"verifiableCredential": JWT}, set()),
        ({"verifiableCredential": [{**JWT, "id": "https://a.example"}]}, {"/verifiableCredential/0/id"}),
        ({"verifiableCredential": [{**BASE, "proof": {"type": "DataIntegrityProof"}}]}, set()),
        ({"verifiableCredential": [BASE], "holder": {"id": "did:web:a.example"}}, set()),
        (
            {"verifiableCredential": [{**BASE, "issuer": {"id": "did:web:a.example"}}]},
            {"/verifiableCredential/0/issuer"},
        ),
        ({"proof": {}}, {"/proof/type"}),
        ({"id": 5}, {"/id"}),
    ],
)
def test_presentations(changes: Json, expected: set[str]) -> None:
    assert pointers({**VP, **changes}) == expected


def test_an_envelope_by_itself() -> None:
    assert pointers(JWT) == set()
    assert pointers({**JWT, "type": "EnvelopedVerifiablePresentation"}) == {"/id"}
