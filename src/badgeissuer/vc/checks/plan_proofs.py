"""Which of a document's proofs can be checked, and what has to be canonicalised for each (DI §4.4, §4.5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from badgeissuer.errors import Rejected
from badgeissuer.vc import limits
from badgeissuer.vc.canon import FOREIGN_BUDGET, Algorithm, Budget
from badgeissuer.vc.contexts import OB_V3P0_303, Edition
from badgeissuer.vc.faults import ProofUnsupported
from badgeissuer.vc.multikey import parse_multikey
from badgeissuer.vc.proofs.cryptosuite import Form, Inputs
from badgeissuer.vc.proofs.data_integrity import proofs_of, unsecured
from badgeissuer.vc.proofs.ecdsa_sd_2023 import ECDSA_SD_2023
from badgeissuer.vc.proofs.signatures import algorithm_of
from badgeissuer.vc.proofs.suites import ECDSA_RDFC_2019, Suite, suite_of

MOST_PROOFS = limits.PROOFS
DOCUMENT, CONFIG = "document", "proof"
# Of what only the newer content of context-3.0.3 defines, the member that may stand without the signature of the whole:
# the endorsements in it are signed themselves. A ``jti`` is not, so one that is not covered is refused.
SELF_PROVED = "endorsementJwt"


@dataclass(frozen=True, slots=True)
class CanonJob:
    """One document to canonicalise. ``key`` is where the result belongs in ``Material.canonical``."""

    key: str
    document: Mapping[str, Any]
    algorithm: Algorithm = "sha256"
    budget: Budget = FOREIGN_BUDGET
    edition: Edition = Edition.CURRENT


@dataclass(frozen=True, slots=True)
class FormKeys:
    """Where the canonical forms of document and options lie in ``Material.canonical``, made in one of the ways that a
    signer may have made them: the hash inside RDFC-1.0 (by the key's curve), the edition of the Open Badges context."""

    document: str
    config: str
    algorithm: Algorithm = "sha256"
    edition: Edition = Edition.CURRENT


@dataclass(frozen=True, slots=True)
class PlannedProof:
    """A proof of a suite that we know. ``place`` is where it stands among the document's proofs.

    ``inputs`` is None where the proof contradicts the document; ``fault`` says how. ``forms`` are the ways to try, the
    likelier one first; a jcs suite has none.
    """

    place: int
    proof: Mapping[str, Any]
    suite: Suite
    inputs: Inputs | None
    fault: str = ""
    forms: tuple[FormKeys, ...] = ()


def planned_proofs(document: Mapping[str, Any]) -> tuple[PlannedProof, ...]:
    """The document's proofs that we can check, in their order. None where there are too many."""
    given = proofs_of(document)
    planned: list[PlannedProof] = []
    editions = editions_of(document)
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
        own_document = DOCUMENT if "previousProof" not in proof else f"{DOCUMENT}/{place}"
        config = CONFIG if not planned else f"{CONFIG}/{place}"
        forms = [
            FormKeys(_key(own_document, algorithm, edition), _key(config, algorithm, edition), algorithm, edition)
            for algorithm in _algorithms(suite, proof)
            for edition in editions
            if suite.form is Form.RDFC
        ]
        planned.append(PlannedProof(place, proof, suite, inputs, fault, tuple(forms)))
    return tuple(planned)


def shown_in_part(proofs: tuple[PlannedProof, ...]) -> bool:
    """Whether the document may be a part of what was signed: all that its issuer did not make mandatory can be gone."""
    return bool(proofs) and all(planned.suite is ECDSA_SD_2023 for planned in proofs)


def jobs_of(
    document: Mapping[str, Any], proofs: tuple[PlannedProof, ...], *, budget: Budget = FOREIGN_BUDGET
) -> tuple[CanonJob, ...]:
    """What to canonicalise, within ``budget`` each. Always the document itself: whatever signs it, its members must be
    defined (check 2)."""
    jobs = {DOCUMENT: CanonJob(DOCUMENT, unsecured(document), budget=budget)}
    for planned in proofs:
        if planned.inputs is None:
            continue
        for form in planned.forms:
            for key, part in ((form.document, planned.inputs.document), (form.config, planned.inputs.config)):
                jobs.setdefault(key, CanonJob(key, part, form.algorithm, budget, form.edition))
    return tuple(jobs.values())


def editions_of(document: Mapping[str, Any]) -> tuple[Edition, ...]:
    """The editions of the Open Badges context that give the document different forms (ADR 10)."""
    if _any(document, _uses_context_303) and _any(document, lambda value: SELF_PROVED in value):
        return (Edition.CURRENT, Edition.EARLIER)
    return (Edition.CURRENT,)


def _uses_context_303(value: Mapping[str, Any]) -> bool:
    """Members of a record, and endorsements, name contexts of their own."""
    contexts = value.get("@context")
    return isinstance(contexts, list) and OB_V3P0_303 in contexts


def _any(value: object, holds: Callable[[Mapping[str, Any]], bool]) -> bool:
    if isinstance(value, Mapping):
        return holds(value) or any(_any(member, holds) for member in value.values() if isinstance(member, dict | list))
    return isinstance(value, list) and any(_any(item, holds) for item in value if isinstance(item, dict | list))


def _key(name: str, algorithm: Algorithm, edition: Edition) -> str:
    hashed = name if algorithm == "sha256" else f"{name}/{algorithm}"
    return hashed if edition is Edition.CURRENT else f"{hashed}/{edition.value}"


def _algorithms(suite: Suite, proof: Mapping[str, Any]) -> tuple[Algorithm, ...]:
    """SHA-384 where the key is on P-384. Documents are canonicalised before the key is known: where its name is not
    the key itself, both are made for the suites that such a key can sign with."""
    method = proof.get("verificationMethod")
    try:
        if isinstance(method, str):
            return (algorithm_of(parse_multikey(method.rpartition("#")[2].removeprefix("did:key:"))),)
    except Rejected:
        pass
    return ("sha256", "sha384") if suite is ECDSA_RDFC_2019 else ("sha256",)
