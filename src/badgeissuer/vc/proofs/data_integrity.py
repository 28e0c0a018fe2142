"""What every suite shares: the proof's options, where proofs stand, the hash data (VC Data Integrity §4)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import rfc8785

from badgeissuer.errors import Fault
from badgeissuer.vc import strictjson
from badgeissuer.vc.canon.rdfc import Algorithm
from badgeissuer.vc.faults import NotCanonical, ProofInvalid

PROOF_TYPE = "DataIntegrityProof"
ASSERTION_METHOD = "assertionMethod"
_HASHES = {"sha256": hashlib.sha256, "sha384": hashlib.sha384}


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


def hash_data(config: bytes, document: bytes, algorithm: Algorithm = "sha256") -> bytes:
    """What is signed: the hash of the proof's options first, then the document's (vc-di-eddsa §3.2.4).

    SHA-384 for signatures with P-384, as inside the canonicalisation (vc-di-ecdsa §3.2.4).
    """
    hash_ = _HASHES[algorithm]
    return hash_(config).digest() + hash_(document).digest()


def spliced(text: str, proof: Mapping[str, Any]) -> str:
    """The text of a secured document: that of the document as ``strictjson`` writes it, and its proof, in an array.

    Equal to writing the document anew with the proof as its last member.
    """
    return f'{text[:-1]},"proof":[{strictjson.dumps(proof)}]}}'


def jcs(value: Mapping[str, Any]) -> bytes:
    """The canonical JSON text (RFC 8785), as the jcs suites have it. Raises ``NotCanonical``: numbers beyond 2^53."""
    try:
        return rfc8785.dumps(dict(value))
    except (rfc8785.CanonicalizationError, RecursionError, UnicodeError):
        detail = "the document has no canonical JSON text: a number beyond 2^53, or nested too deeply"
        raise NotCanonical(detail, faults=[Fault("", detail, NotCanonical.code, "RFC 8785 §3.2")]) from None


def invalid(detail: str, pointer: str = "") -> ProofInvalid:
    """The error that says what is wrong with a proof; the pointer is into the proof."""
    return ProofInvalid(detail, faults=[Fault(pointer, detail, ProofInvalid.code, "VC Data Integrity §4.4")])
