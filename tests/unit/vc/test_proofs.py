"""eddsa-rdfc-2022: what we make, what we accept, and that nothing else signs."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from badgeissuer.errors import Rejected
from badgeissuer.vc import lint, multikey
from badgeissuer.vc.canon import canonicalize
from badgeissuer.vc.contexts import ContextStore
from badgeissuer.vc.faults import ProofInvalid
from badgeissuer.vc.lint import Prepared
from badgeissuer.vc.proofs import data_integrity
from badgeissuer.vc.proofs import eddsa_rdfc_2022 as eddsa
from badgeissuer.vc.status import Bits, status_list_document

NOW = datetime(2026, 3, 4, 5, 6, 7, 890_000, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
METHOD = f"did:web:a.example:issuers:a#{multikey.public_multikey(KEY.public_key())}"
ORDER = 2**252 + 27742317777372353535851937790883648493


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    document = status_list_document(
        list_url="https://a.example/status/1",
        issuer="did:web:a.example:issuers:a",
        purpose="revocation",
        encoded=Bits.new().encode(),
        valid_from=NOW,
    )
    return lint.prepare_status_list(document, canonicalize(document, ContextStore.pinned()), now=NOW)


@pytest.fixture(scope="module")
def secured(prepared: Prepared) -> dict[str, Any]:
    return eddsa.create(prepared, sign=KEY.sign, verification_method=METHOD, created=NOW)


def verify(document: dict[str, Any], **changes: Any) -> None:
    proof = {**document["proof"][0], **changes}
    eddsa.verify(
        proof,
        config_nquads=eddsa.config_nquads(document["proof"][0]),
        document_nquads=canonicalize(data_integrity.unsecured(document), ContextStore.pinned()).nquads,
        key=KEY.public_key(),
    )


def test_a_made_proof_is_an_array_of_one_and_verifies(prepared: Prepared, secured: dict[str, Any]) -> None:
    (proof,) = secured["proof"]
    assert secured == {**prepared.document, "proof": [proof]}
    assert {**proof, "proofValue": ""} == {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": "2026-03-04T05:06:07Z",
        "verificationMethod": METHOD,
        "proofPurpose": "assertionMethod",
        "proofValue": "",
    }
    verify(secured)


def test_the_template_equals_the_generic_canonical_form(secured: dict[str, Any]) -> None:
    (proof,) = secured["proof"]
    config = canonicalize(eddsa.proof_config(secured, proof), ContextStore.pinned())
    assert (config.dropped, config.relative, config.quads) == ((), (), 5)
    assert config.nquads == eddsa.config_nquads(proof)


def test_the_order_of_members_changes_nothing(secured: dict[str, Any]) -> None:
    backwards = json.loads(json.dumps(secured), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    verify(backwards)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("issuer",), "did:web:b.example:issuers:a"),
        (("validFrom",), "2026-03-04T05:06:08Z"),
        (("id",), "https://a.example/status/2"),
        (("credentialSubject", "statusPurpose"), "suspension"),
        (("credentialSubject", "ttl"), 300_001),
        (("proof", 0, "created"), "2026-03-04T05:06:08Z"),
        (("proof", 0, "verificationMethod"), METHOD + "x"),
    ],
)
def test_any_one_change_breaks_the_proof(secured: dict[str, Any], path: tuple[Any, ...], value: Any) -> None:
    changed = copy.deepcopy(secured)
    *way, last = path
    target: Any = changed
    for step in way:
        target = target[step]
    target[last] = value
    with pytest.raises(ProofInvalid, match="does not match"):
        verify(changed)


def _with_twin(value: str) -> str:
    """The same signature with S + L in place of S: valid to a verifier that does not look."""
    signature = multikey.multibase_decode(value)
    s = int.from_bytes(signature[32:], "little") + ORDER
    return multikey.multibase_encode(signature[:32] + s.to_bytes(32, "little"))


def test_the_forms_of_proof_values(secured: dict[str, Any]) -> None:
    value = secured["proof"][0]["proofValue"]
    signature = multikey.multibase_decode(value)
    for wrong in (
        None,
        7,
        "",
        value[1:],
        multikey.multibase_encode(signature, "u"),
        value + "0",
        multikey.multibase_encode(signature[:-1]),
        multikey.multibase_encode(signature + b"\0"),
        _with_twin(value),
    ):
        with pytest.raises(ProofInvalid) as caught:
            verify(secured, proofValue=wrong)
        assert [fault.pointer for fault in caught.value.faults] == ["/proofValue"]


@pytest.mark.parametrize(
    "changes", [{"type": "Ed25519Signature2020"}, {"cryptosuite": "ecdsa-rdfc-2019"}, {"cryptosuite": None}]
)
def test_other_suites_are_not_taken_for_this_one(secured: dict[str, Any], changes: dict[str, Any]) -> None:
    with pytest.raises(ProofInvalid, match="not a DataIntegrityProof of suite"):
        verify(secured, **changes)


def test_another_key_and_another_kind_of_key(secured: dict[str, Any]) -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key()
    for key, message in (
        (other, "does not match"),
        (ec.derive_private_key(7, ec.SECP256R1()).public_key(), "needs an"),
    ):
        with pytest.raises(ProofInvalid, match=message):
            eddsa.verify(secured["proof"][0], config_nquads=b"", document_nquads=b"", key=key)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "urn:uuid:1"},
        {"expires": "2027-01-01T00:00:00Z"},
        {"type": "Other"},
        {"cryptosuite": "eddsa-2022"},
        {"proofPurpose": "authentication"},
        {"created": "2026-03-04T05:06:07.5Z"},
        {"created": "2026-03-04T05:06:07Z\n"},
        {"created": None},
        {"verificationMethod": 'did:web:a> "x" .'},
        {"verificationMethod": "key-1"},
        {"verificationMethod": None},
    ],
)
def test_the_template_is_for_our_own_form_only(secured: dict[str, Any], change: dict[str, Any]) -> None:
    with pytest.raises(ProofInvalid, match="form of our own"):
        eddsa.config_nquads({**secured["proof"][0], **change})


def test_only_a_prepared_can_be_signed(prepared: Prepared) -> None:
    with pytest.raises(TypeError):
        eddsa.create(prepared.document, sign=KEY.sign, verification_method=METHOD, created=NOW)  # type: ignore[arg-type]


def test_a_signer_must_sign_and_a_date_have_a_zone(prepared: Prepared) -> None:
    with pytest.raises(ProofInvalid, match="no Ed25519 signature"):
        eddsa.create(prepared, sign=lambda data: data[:63], verification_method=METHOD, created=NOW)
    with pytest.raises(Rejected, match="zone"):
        eddsa.create(prepared, sign=KEY.sign, verification_method=METHOD, created=NOW.replace(tzinfo=None))


def test_a_proof_alone_is_that_of_the_secured_document(prepared: Prepared, secured: dict[str, Any]) -> None:
    given: dict[str, Any] = {"verification_method": METHOD, "created": NOW}
    proof = eddsa.create_proof(prepared, sign=KEY.sign, **given)
    assert [proof] == secured["proof"]
    assert json.loads(data_integrity.spliced(prepared.text, proof)) == secured
    with pytest.raises(ProofInvalid, match="no Ed25519 signature"):
        eddsa.create_proof(prepared, sign=lambda data: data[:63], **given)
    with pytest.raises(TypeError):
        eddsa.create_proof(prepared.document, sign=KEY.sign, **given)  # type: ignore[arg-type]


def test_where_proofs_stand() -> None:
    proof = {"type": "DataIntegrityProof"}
    assert data_integrity.proofs_of({}) == []
    assert data_integrity.proofs_of({"proof": proof}) == [proof]
    assert data_integrity.proofs_of({"proof": (proof, proof)}) == [proof, proof]
    assert data_integrity.unsecured({"id": "urn:a", "proof": proof}) == {"id": "urn:a"}


def test_a_proofs_own_context_is_not_used() -> None:
    config = data_integrity.proof_config({"@context": ["urn:a"]}, {"@context": "urn:b", "type": "X", "proofValue": "z"})
    assert config == {"@context": ["urn:a"], "type": "X"}
