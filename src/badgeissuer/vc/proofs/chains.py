"""Proof sets and proof chains: which document each proof is made over (VC Data Integrity §2.1, §4.3, §4.5)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from badgeissuer.vc.proofs.data_integrity import invalid, proofs_of, unsecured


def signed_document(document: Mapping[str, Any], proof: Mapping[str, Any]) -> dict[str, Any]:
    """The document that one of its proofs is made over: without proofs, but for those that the proof builds on (§4.5).

    These stand in an array, whole and in the document's order. Raises ``ProofInvalid`` where one of them is not there.
    """
    wanted = previous_ids(proof)
    body = unsecured(document)
    if wanted:
        body["proof"] = [proofs_of(document)[place] for place in _places(document, wanted)]
    return body


def previous_ids(proof: Mapping[str, Any]) -> list[str]:
    """The ids of the proofs that a proof builds on. Raises ``ProofInvalid`` where they are out of form."""
    value = proof.get("previousProof", [])
    ids = [value] if isinstance(value, str) else value
    if not isinstance(ids, list) or not all(isinstance(item, str) for item in ids):
        raise invalid("previousProof must be the id of a proof, or an array of them", "/previousProof")
    if "previousProof" in proof and not ids:
        raise invalid("previousProof names no proof", "/previousProof")
    return ids


def holding(document: Mapping[str, Any], good: Collection[int]) -> list[int]:
    """Which proofs hold, by their place: those that are good and that build on proofs that hold, all the way.

    ``good`` are the places of proofs whose own checks passed. A proof of a chain covers earlier proofs as they are
    written, and says nothing about whether they are right: a chain is as good as its weakest part. Raises
    ``ProofInvalid`` where the chain is broken: an id that is missing or there twice, or a circle.
    """
    proofs = proofs_of(document)
    builds_on: dict[int, set[int]] = {}
    for place, proof in enumerate(proofs):
        ids = previous_ids(proof) if isinstance(proof, Mapping) else []
        builds_on[place] = set(_places(document, ids))
    held: list[int] = []
    settled: set[int] = set()
    while ready := [place for place in builds_on if place not in settled and builds_on[place] <= settled]:
        settled.update(ready)
        held.extend(place for place in ready if place in good and builds_on[place] <= set(held))
    if len(settled) < len(proofs):
        raise invalid("the proofs build on each other in a circle", "/previousProof")
    return sorted(held)


def _places(document: Mapping[str, Any], ids: list[str]) -> list[int]:
    places: dict[str, list[int]] = {}
    for place, proof in enumerate(proofs_of(document)):
        if isinstance(proof, Mapping) and isinstance(proof.get("id"), str):
            places.setdefault(proof["id"], []).append(place)
    for wanted in ids:
        if len(places.get(wanted, [])) != 1:
            raise invalid("previousProof names a proof that is not there, or is there twice", "/previousProof")
    return sorted({places[wanted][0] for wanted in ids})
