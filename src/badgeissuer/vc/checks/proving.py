"""Checks 3 and 4: a proof over this very document, by a key of the issuer (DI §4.4, §4.5; OB verification step 2).

A document may carry several proofs. One that holds, with the issuer's key, suffices (OB §8); those that do not are
reported as parts. A proof of a chain holds only where the proofs that it builds on hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from badgeissuer.errors import Rejected
from badgeissuer.vc.canon import Canonical
from badgeissuer.vc.checks import keys
from badgeissuer.vc.checks.content import canonical_of
from badgeissuer.vc.checks.plan import Material, Plan
from badgeissuer.vc.checks.plan_proofs import CONFIG, DOCUMENT, MOST_PROOFS, SELF_PROVED, FormKeys, PlannedProof
from badgeissuer.vc.checks.report import KEY, PROOF, SECURITY, Check, Failure, Policy, Verdict, failed, missing, ok
from badgeissuer.vc.checks.report import not_checked as unchecked
from badgeissuer.vc.contexts import Edition
from badgeissuer.vc.jwk import JoseKey
from badgeissuer.vc.proofs import chains, options
from badgeissuer.vc.proofs.cryptosuite import Form
from badgeissuer.vc.proofs.data_integrity import jcs, proofs_of
from badgeissuer.vc.proofs.signatures import algorithm_of

_VERIFICATION = SECURITY + "PROOF_VERIFICATION_ERROR"
_NO_KEY = unchecked(KEY, "there is no proof whose key could be looked at")
_UNREADABLE = {
    "/proofPurpose": "the proof is not for the purpose assertionMethod",
    "/created": "the proof's date cannot be read",
    "/expires": "the proof's end date cannot be read",
}


@dataclass(frozen=True, slots=True)
class _Result:
    """One proof, and its key."""

    planned: PlannedProof
    proof: Check
    key: Check
    edition: Edition = Edition.CURRENT

    @property
    def verdict(self) -> Verdict:
        """As bad as the worse of the two."""
        both = {self.proof.verdict, self.key.verdict}
        return next(verdict for verdict in _WORST_FIRST if verdict in both)


_WORST_FIRST = (Verdict.FAILED, Verdict.NOT_CHECKED, Verdict.OK)


def check_proofs(plan: Plan, material: Material, *, now: datetime, policy: Policy) -> tuple[Check, Check, Edition]:
    """Checks 3 and 4 of a document with embedded proofs, and the edition of the Open Badges context it holds under."""
    assert plan.document is not None
    given = proofs_of(plan.document)
    wrong = _unusable(given, plan)
    if wrong is not None:
        return failed(PROOF, wrong, _VERIFICATION), _NO_KEY, Edition.CURRENT
    results = [_one(plan, planned, material, now=now, policy=policy) for planned in plan.proofs]
    good = [result.planned.place for result in results if result.verdict is Verdict.OK]
    try:
        held = chains.holding(plan.document, good)
    except Rejected as error:
        broken = failed(PROOF, error.detail, _VERIFICATION)
        return replace(broken, parts=_parts(results)), results[0].key, Edition.CURRENT
    results = [result if result.planned.place in held else _not_held(result, results) for result in results]
    best = min(results, key=lambda result: -_WORST_FIRST.index(result.verdict))
    parts = _parts(results)
    if best.verdict is not Verdict.OK:
        return replace(best.proof, parts=parts), best.key, best.edition
    return ok(PROOF, best.proof.detail + _others(results, best, len(given)), parts), best.key, best.edition


def _unusable(given: list[Any], plan: Plan) -> str | None:
    """Why none of the proofs need be looked at."""
    if not given:
        return "there is no proof: anyone could have written this"
    if len(given) > MOST_PROOFS:
        return f"there are more than {MOST_PROOFS} proofs"
    if any(proof in given[:place] for place, proof in enumerate(given)):
        return "the same proof is there twice"
    if not plan.proofs:
        suites = ", ".join(sorted({_suite(proof) for proof in given}))
        return f"the proof is of a suite that is not verified here: {suites}"
    return None


def _one(plan: Plan, planned: PlannedProof, material: Material, *, now: datetime, policy: Policy) -> _Result:
    binding = keys.bind(plan, planned.proof, material, now=now)
    wrong = _option_fault(planned, now=now, policy=policy)
    if wrong is not None:
        return _Result(planned, wrong, binding.check)
    if planned.suite.form is Form.JCS:
        forms = _jcs(planned)
        return _Result(planned, _signed(planned, forms, binding.key), binding.check)
    ways = [way for way in planned.forms if binding.key is None or way.algorithm == _algorithm(binding.key)]
    tried = [
        _Result(
            planned, _signed(planned, _forms(plan, planned, material, way), binding.key), binding.check, way.edition
        )
        for way in ways or planned.forms[:1]
    ]
    good = next((result for result in tried if result.proof.verdict is Verdict.OK), None)
    if good is not None and good.edition is Edition.EARLIER:
        note = f"{good.proof.detail}, under the Open Badges context of 2024"
        return replace(good, proof=replace(good.proof, detail=note))
    return good or tried[0]


def _algorithm(key: JoseKey) -> str:
    return "sha256" if isinstance(key, rsa.RSAPublicKey) else algorithm_of(key)


def _signed(planned: PlannedProof, forms: tuple[bytes, bytes] | Failure, key: JoseKey | None) -> Check:
    if isinstance(forms, Failure):
        return missing(PROOF, forms)
    if key is None:
        return unchecked(PROOF, "the key of the proof is not known, see the next check")
    if isinstance(key, rsa.RSAPublicKey):
        return failed(PROOF, "no suite makes proofs with an RSA key", _VERIFICATION)
    try:
        planned.suite.verify(planned.proof, document=forms[0], config=forms[1], key=key)
    except Rejected as error:
        return failed(PROOF, error.detail, _VERIFICATION)
    return ok(PROOF, f"the {planned.suite.name} signature is good")


def _option_fault(planned: PlannedProof, *, now: datetime, policy: Policy) -> Check | None:
    expected = options.Expected(domain=policy.domain, challenge=policy.challenge, clock_skew=policy.clock_skew)
    for fault in options.faults(planned.proof, now=now, expected=expected):
        if fault.pointer != "/verificationMethod":  # the next check says that
            plain = fault.detail.startswith("the proof ")
            detail = fault.detail if plain else _UNREADABLE.get(fault.pointer, f"{fault.pointer} {fault.detail}")
            return failed(PROOF, detail, options.PROBLEMS[fault.code])
    if "@context" in planned.proof and planned.suite.form is not Form.JCS:
        return failed(PROOF, "the proof brings contexts of its own", _VERIFICATION)
    if planned.inputs is None:
        return failed(PROOF, planned.fault, _VERIFICATION)
    return None


def _jcs(planned: PlannedProof) -> tuple[bytes, bytes] | Failure:
    assert planned.inputs is not None
    try:
        return jcs(planned.inputs.document), jcs(planned.inputs.config)
    except Rejected as error:
        return Failure(error.detail, SECURITY + "PROOF_TRANSFORMATION_ERROR", definite=True)


def _forms(plan: Plan, planned: PlannedProof, material: Material, way: FormKeys) -> tuple[bytes, bytes] | Failure:
    """Document and options, each in its one form."""
    found: list[bytes] = []
    for key in (way.document, way.config):
        form = canonical_of(plan, material, key)
        if isinstance(form, Failure):
            return form
        # Of the document, and of the options of an only proof, check 2 says so.
        told = key == DOCUMENT or (key == CONFIG and len(plan.proofs) == 1)
        if not told and _lost(form, way.edition):
            detail = "the contexts do not define all members that the proof is over, so that no signature covers them"
            return Failure(detail, SECURITY + "DATA_LOSS_DETECTION_ERROR", definite=True)
        found.append(form.nquads)
    return found[0], found[1]


def _lost(form: Canonical, edition: Edition) -> bool:
    """Whether a form lost more than what may stand without its signature."""
    lost = form.dropped if edition is Edition.CURRENT else [name for name in form.dropped if name != SELF_PROVED]
    return bool(form.relative or lost)


def _not_held(result: _Result, results: list[_Result]) -> _Result:
    """A good proof that builds on one that is not."""
    if result.verdict is not Verdict.OK:
        return result
    open_ = any(other.verdict is Verdict.NOT_CHECKED for other in results)
    made = unchecked if open_ else failed
    return replace(result, proof=made(PROOF, "the proof builds on another that does not hold", _VERIFICATION))


def _parts(results: list[_Result]) -> tuple[Check, ...]:
    """Each proof by itself, where there are several."""
    if len(results) < 2:
        return ()
    return tuple(
        Check(PROOF, f"proof {result.planned.place}", result.verdict, _told(result), result.proof.type)
        for result in results
    )


def _told(result: _Result) -> str:
    if result.proof.verdict is Verdict.OK and result.key.verdict is not Verdict.OK:
        return f"{result.planned.suite.name}: {result.key.detail}"
    return f"{result.planned.suite.name}: {result.proof.detail}"


def _others(results: list[_Result], best: _Result, given: int) -> str:
    unknown = given - len(results)
    note = f" ({unknown} proof(s) of other suites were not looked at)" if unknown else ""
    bad = [result for result in results if result is not best and result.verdict is not Verdict.OK]
    return note + "".join(f"; another proof does not hold: {_told(result)}" for result in bad)


def _suite(proof: object) -> str:
    if isinstance(proof, Mapping):
        name = proof.get("cryptosuite") or proof.get("type")
        if isinstance(name, str):
            return name[:60]
    return "of no known form"
