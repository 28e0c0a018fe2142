"""Which of a document's proofs can be checked, and what has to be canonicalised for each (DI §4.4, §4.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from badgeissuer.errors import Rejected
from badgeissuer.vc import limits
from badgeissuer.vc.canon import FOREIGN_BUDGET, Algorithm, Budget
from badgeissuer.vc.faults import ProofUnsupported
from badgeissuer.vc.multikey import parse_multikey
from badgeissuer.vc.proofs.cryptosuite import Form, Inputs
from badgeissuer.vc.proofs.data_integrity import proofs_of, unsecured
from badgeissuer.vc.proofs.signatures import algorithm_of
from badgeissuer.vc.proofs.suites import Suite, suite_of

MOST_PROOFS = limits.PROOFS
DOCUMENT, CONFIG = "document", "proof"


@dataclass(frozen=True, slots=True)
class CanonJob:
    """One document to canonicalise. ``key`` is where the result belongs in ``Material.canonical``."""

    key: str
    document: Mapping[str, Any]
    algorithm: Algorithm = "sha256"
    budget: Budget = FOREIGN_BUDGET


@dataclass(frozen=True, slots=True)
class PlannedProof:
    """A proof of a suite that we know. ``place`` is where it stands among the document's proofs.

    ``inputs`` is None where the proof contradicts the document; ``fault`` says how. The keys are those of its jobs; a
    jcs suite has none. ``algorithm`` is the hash that the name of the key lets expect.
    """

    place: int
    proof: Mapping[str, Any]
    suite: Suite
    inputs: Inputs | None
    fault: str = ""
    document_key: str = DOCUMENT
    config_key: str = CONFIG
    algorithm: Algorithm = "sha256"


def planned_proofs(document: Mapping[str, Any]) -> tuple[PlannedProof, ...]:
    """The document's proofs that we can check, in their order. None where there are too many."""
    given = proofs_of(document)
    planned: list[PlannedProof] = []
    for place, proof in enumerate(given if len(given) <= MOST_PROOFS else []):
        if not isinstance(proof, Mapping):
            continue
        try:
            suite = suite_of(proof)
        except ProofUnsupported:
            continue
        try:
            inputs, fault = suite.inputs(document, proof), ""
        except Rejected as error:
            inputs, fault = None, error.detail
        algorithm = _expected_algorithm(proof)
        name = DOCUMENT if algorithm == "sha256" else f"{DOCUMENT}/{algorithm}"
        planned.append(
            PlannedProof(
                place,
                proof,
                suite,
                inputs,
                fault,
                document_key=name if "previousProof" not in proof else f"{DOCUMENT}/{place}",
                config_key=CONFIG if not planned else f"{CONFIG}/{place}",
                algorithm=algorithm,
            )
        )
    return tuple(planned)


def jobs_of(
    document: Mapping[str, Any], proofs: tuple[PlannedProof, ...], *, budget: Budget = FOREIGN_BUDGET
) -> tuple[CanonJob, ...]:
    """What to canonicalise, within ``budget`` each. Always the document itself: whatever signs it, its members must be
    defined (check 2)."""
    jobs = {DOCUMENT: CanonJob(DOCUMENT, unsecured(document), budget=budget)}
    for planned in proofs:
        if planned.inputs is not None and planned.suite.form is Form.RDFC:
            for key, part in (
                (planned.document_key, planned.inputs.document),
                (planned.config_key, planned.inputs.config),
            ):
                jobs.setdefault(key, CanonJob(key, part, planned.algorithm, budget))
    return tuple(jobs.values())


def _expected_algorithm(proof: Mapping[str, Any]) -> Algorithm:
    """SHA-384 where the key's name is a P-384 key: documents are canonicalised before the key is known."""
    method = proof.get("verificationMethod")
    if not isinstance(method, str):
        return "sha256"
    try:
        return algorithm_of(parse_multikey(method.rpartition("#")[2].removeprefix("did:key:")))
    except Rejected:
        return "sha256"
