"""The published test vectors, byte by byte, on the generic way below ``Prepared``."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from badgeissuer.vc.canon import FOREIGN_BUDGET, Canonical, canonicalize
from badgeissuer.vc.contexts import ContextStore
from badgeissuer.vc.faults import ProofInvalid
from badgeissuer.vc.multikey import (
    base58btc_decode,
    did_key,
    did_key_document,
    multibase_encode,
    parse_multikey,
    public_multikey,
)
from badgeissuer.vc.proofs import data_integrity
from badgeissuer.vc.proofs import eddsa_rdfc_2022 as eddsa
from badgeissuer.vc.status import LIST_SIZE, Bits
from tests.support.shared import shared_path


@lru_cache(maxsize=1)
def published_contexts() -> ContextStore:
    """The contexts that the vectors name, from the vectors' own folder. Never those of the service."""
    folder = shared_path("standards/contexts")
    documents: dict[str, bytes] = {}
    for entry in json.loads((folder / "index.json").read_text()):
        documents.setdefault(entry["url"], (folder / entry["file"]).read_bytes())
    return ContextStore.of(documents)


def canonical(document: dict[str, Any]) -> Canonical:
    form = canonicalize(document, published_contexts(), budget=FOREIGN_BUDGET)
    assert (form.dropped, form.relative) == ((), ())
    return form


def private_key(multibase: str) -> Ed25519PrivateKey:
    seed = base58btc_decode(multibase.removeprefix("z"))
    assert seed[:2] == b"\x80\x26"
    return Ed25519PrivateKey.from_private_bytes(seed[2:])


class TestEddsaRdfc2022:
    """vc-di-eddsa, Appendix B.1 "Representation: eddsa-rdfc-2022"."""

    @pytest.fixture
    def folder(self) -> Path:
        return shared_path("standards/vectors/eddsa")

    def text(self, folder: Path, name: str) -> str:
        return (folder / "eddsa-rdfc-2022" / name).read_text()

    def test_every_step(self, folder: Path) -> None:
        unsigned = json.loads((folder / "unsigned.json").read_text())
        options = json.loads(self.text(folder, "proofConfigDataInt.json"))
        keys = json.loads((folder / "keyPair.json").read_text())
        key = private_key(keys["privateKeyMultibase"])
        assert public_multikey(key.public_key()) == keys["publicKeyMultibase"]

        document = canonical(unsigned)
        assert document.nquads.decode() == self.text(folder, "canonDocDataInt.txt")
        assert document.sha256.hex() == self.text(folder, "docHashDataInt.txt")

        proof = {name: value for name, value in options.items() if name != "@context"}
        assert eddsa.proof_config(unsigned, proof) == options
        config = canonical(options)
        assert config.nquads.decode() == self.text(folder, "proofCanonDataInt.txt")
        assert config.sha256.hex() == self.text(folder, "proofHashDataInt.txt")
        # The vector's proof has the form of ours: the template gives the same bytes.
        assert eddsa.config_nquads(proof) == config.nquads

        data = eddsa.hash_data(config.nquads, document.nquads)
        assert data.hex() == self.text(folder, "combinedHashDataInt.txt")
        signature = key.sign(data)
        assert signature.hex() == self.text(folder, "sigHexDataInt.txt")
        assert multibase_encode(signature) == self.text(folder, "sigBTC58DataInt.txt")

        signed = json.loads(self.text(folder, "signedDataInt.json"))
        assert signed == {**unsigned, "proof": {**proof, "proofValue": multibase_encode(signature)}}

    def test_the_signed_document_verifies_with_the_did_key_it_names(self, folder: Path) -> None:
        signed = json.loads(self.text(folder, "signedDataInt.json"))
        verify(signed)
        signed["credentialSubject"]["alumniOf"] += "!"
        with pytest.raises(ProofInvalid):
            verify(signed)

    @pytest.mark.parametrize("name", ["signedProofSet1.json", "signedProofSet2.json"])
    def test_proof_sets(self, folder: Path, name: str) -> None:
        verify(json.loads((folder / "proof-set" / name).read_text()))


def verify(signed: dict[str, Any]) -> None:
    """Every proof of a set is over the document without its proofs (VC Data Integrity §4.4)."""
    unsecured = data_integrity.unsecured(signed)
    for proof in data_integrity.proofs_of(signed):
        did, _, fragment = proof["verificationMethod"].partition("#")
        method = did_key_document(did)["verificationMethod"][0]
        assert method["id"] == f"{did}#{fragment}"
        eddsa.verify(
            proof,
            config_nquads=canonical(eddsa.proof_config(unsecured, proof)).nquads,
            document_nquads=canonical(unsecured).nquads,
            key=parse_multikey(method["publicKeyMultibase"]),
        )


def test_1edtech_vector() -> None:
    """1EdTech's own "linked data proof" example for an Open Badge, with its intermediate values."""
    vector = json.loads(shared_path("standards/vectors/1edtech/linked-data-proof-ob.json").read_text())
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(vector["privateKeyHex"])[:32])
    assert key.public_key().public_bytes_raw().hex() == vector["publicKeyHex"]
    assert public_multikey(key.public_key()) == vector["publicKeyMultibase"]
    document = canonical(vector["unsigned"])
    assert document.nquads.decode().strip() == vector["canonicalDocument"].strip()
    assert document.sha256.hex() == vector["documentHashHex"]
    config = canonical(eddsa.proof_config(vector["unsigned"], vector["proof"]))
    assert config.nquads.decode().strip() == vector["canonicalProof"].strip()
    assert config.nquads == eddsa.config_nquads(vector["proof"])
    assert config.sha256.hex() == vector["proofHashHex"]
    data = eddsa.hash_data(config.nquads, document.nquads)
    assert data.hex() == vector["dataToSignHex"]
    assert key.sign(data).hex() == vector["signatureHex"]
    eddsa.verify(vector["proof"], config_nquads=config.nquads, document_nquads=document.nquads, key=key.public_key())


@pytest.mark.parametrize("index", [1, 3])
def test_bitstring_examples_of_the_standard(index: int) -> None:
    examples = json.loads(shared_path("standards/vectors/bitstring/spec-examples.json").read_text())
    bits = Bits.from_encoded(examples[index]["document"]["credentialSubject"]["encodedList"])
    assert len(bits) == LIST_SIZE
    assert bits.to_bytes() == bytes(LIST_SIZE // 8)


def test_keys_of_the_ecdsa_vectors() -> None:
    folder = shared_path("standards/vectors/ecdsa")
    for name in ("p256KeyPair.json", "p384KeyPair.json"):
        multibase = json.loads((folder / name).read_text())["publicKeyMultibase"]
        key = parse_multikey(multibase)
        assert not isinstance(key, Ed25519PublicKey)
        assert public_multikey(key) == multibase
        assert did_key(multibase) == f"did:key:{multibase}"
