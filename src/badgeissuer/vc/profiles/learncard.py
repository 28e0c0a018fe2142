"""LearnCard: its engine, without remote contexts."""

from __future__ import annotations

from badgeissuer.vc.contexts import DATA_INTEGRITY_V2
from badgeissuer.vc.profiles import checks
from badgeissuer.vc.profiles.checks import ERROR, NOTE, UNKNOWN, WARNING
from badgeissuer.vc.profiles.findings import Finding, Findings, Reading, text

_MEASURED = "measured with LearnCard's engine"
_SUITES = {"eddsa-rdfc-2022": True, "Ed25519Signature2020": True, "ecdsa-rdfc-2019": False, "ecdsa-sd-2023": False}


def findings(reading: Reading) -> Findings:
    """What is known of LearnCard, for this document."""
    yield from checks.kind(reading, _MEASURED)
    yield from checks.context_order(reading, _MEASURED)
    if DATA_INTEGRITY_V2 in reading.contexts:
        detail = "the data-integrity context redefines protected terms"
        yield Finding(ERROR, "data-integrity-context", "/@context", detail, "leave that context out", _MEASURED)
    else:
        yield from checks.own_contexts(reading, UNKNOWN, _MEASURED)
    yield from checks.terms(reading, UNKNOWN, _MEASURED)
    yield from checks.endorsement_jwt(reading, _MEASURED)
    yield from checks.zoned_dates(reading, _MEASURED)
    yield from checks.one_subject(reading, UNKNOWN, _MEASURED)
    yield from checks.did_issuer(reading, UNKNOWN, _MEASURED)
    yield from checks.token_unmeasured(reading, _MEASURED)
    if reading.header is None:
        yield from _proofs(reading)
    if reading.is_clr:
        detail = "the CLR context is not built in: the wallet must be allowed to fetch it"
        yield Finding(WARNING, "clr-context", "/@context", detail, "tell holders to verify online", _MEASURED)
    if reading.statuses:
        detail = "the engine did not look at the status: a revoked badge still shows as valid"
        remedy = "give a validUntil where revocation must be seen"
        yield Finding(NOTE, "status-unseen", reading.statuses[0][0], detail, remedy, _MEASURED)


def _proofs(reading: Reading) -> Findings:
    proofs = reading.proofs
    if len(proofs) > 1:
        measured = {checks.suite_of(proof) for _, proof in proofs} == {"eddsa-rdfc-2022", "ecdsa-rdfc-2019"}
        detail = "a proof set is a parse error" if measured else "this proof set was not measured"
        code = "proof-set" if measured else "proof-set-unmeasured"
        remedy = "keep one eddsa-rdfc-2022 proof in the document"
        yield Finding(ERROR if measured else UNKNOWN, code, "/proof", detail, remedy, _MEASURED)
    else:
        yield from checks.suites(proofs, _SUITES, _MEASURED)
    yield from checks.key_of_issuer(reading, proofs, _MEASURED)
    yield from checks.key_fragment(proofs, _MEASURED)
    for pointer, proof in proofs:
        if not text(proof.get("created")):
            detail = "without created it finds no applicable proof"
            yield Finding(ERROR, "proof-created", pointer, detail, "sign with created, whole seconds, Z", _MEASURED)
