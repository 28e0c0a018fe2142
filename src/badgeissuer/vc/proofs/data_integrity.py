"""What every suite shares: the proof's options, where proofs stand, the hash data (VC Data Integrity §4)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

PROOF_TYPE = "DataIntegrityProof"
ASSERTION_METHOD = "assertionMethod"


def unsecured(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document without its proofs: what each proof of a set is made over (§4.2, §4.4)."""
    return {name: value for name, value in document.items() if name != "proof"}


def proofs_of(document: Mapping[str, Any]) -> list[Any]:
    """The document's proofs as a list, whether it carries one object, a set or none."""
    proof = document.get("proof")
    if proof is None:
        return []
    return list(proof) if isinstance(proof, list | tuple) else [proof]


def proof_config(document: Mapping[str, Any], proof: Mapping[str, Any]) -> dict[str, Any]:
    """The proof's options as the rdfc suites canonicalise them: no ``proofValue``, and the document's contexts.

    vc-di-eddsa §3.2.5. An ``@context`` of the proof's own is not used.
    """
    options = {name: value for name, value in proof.items() if name not in ("proofValue", "@context")}
    return {"@context": document.get("@context"), **options}


def hash_data(config_nquads: bytes, document_nquads: bytes) -> bytes:
    """The 64 bytes that are signed: the hash of the proof's options first, then the document's (vc-di-eddsa §3.2.4)."""
    return hashlib.sha256(config_nquads).digest() + hashlib.sha256(document_nquads).digest()
