"""The suites that sign one hash over the whole document: transform, hash, sign (VC Data Integrity §4.2 to §4.4).

eddsa-rdfc-2022 and eddsa-jcs-2022 (vc-di-eddsa §3.2, §3.3), ecdsa-rdfc-2019 and ecdsa-jcs-2019 (vc-di-ecdsa §3.2, §3.3)
differ in two points only: how a document is brought into its one form, and what keys sign it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from badgeissuer.errors import Fault
from badgeissuer.vc.canon import Canonical, source_digest
from badgeissuer.vc.faults import ProofUnsupported
from badgeissuer.vc.lint import Prepared
from badgeissuer.vc.multikey import PublicKey, multibase_encode
from badgeissuer.vc.proofs.chains import signed_document
from badgeissuer.vc.proofs.data_integrity import PROOF_TYPE, hash_data, invalid, jcs, proof_config
from badgeissuer.vc.proofs.options import Options, config_nquads, written
from badgeissuer.vc.proofs.signatures import Curve, algorithm_of, check, curve_of, decode_base58, size_of


class Form(StrEnum):
    """How a document is brought into its one form: RDFC-1.0, or JSON Canonicalization (RFC 8785)."""

    RDFC = "rdfc"
    JCS = "jcs"


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a proof is made over: two documents, to be brought into the suite's form and given to ``verify`` as bytes.

    For ``Form.RDFC`` that is ``canonicalize(…, algorithm=algorithm_of(key))``; for ``Form.JCS`` it is ``jcs``.
    """

    document: Mapping[str, Any]
    config: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cryptosuite:
    """A cryptosuite of Data Integrity. ``curves`` verify; the first of them signs."""

    name: str
    form: Form
    curves: tuple[Curve, ...]
    earlier_names: tuple[str, ...] = ()

    def inputs(self, document: Mapping[str, Any], proof: Mapping[str, Any]) -> Inputs:
        """What one of the document's proofs is made over. Raises ``ProofInvalid`` where the proof contradicts it.

        The jcs suites: the proof's own contexts, where it has them, must be the first of the document's, and take their
        place (vc-di-eddsa §3.3.2 step 3). The rdfc suites use the document's contexts (§3.2.5).
        """
        body = signed_document(document, proof)
        if self.form is Form.RDFC:
            return Inputs(body, proof_config(document, proof))
        config = {name: value for name, value in proof.items() if name != "proofValue"}
        if "@context" in proof:
            own, all_ = (
                value if isinstance(value, list) else [value] for value in (proof["@context"], body.get("@context"))
            )
            if all_[: len(own)] != own:
                raise invalid("the document does not begin with the proof's contexts", "/@context")
            body["@context"] = proof["@context"]
        return Inputs(body, config)

    def create(
        self,
        prepared: Prepared,
        *,
        sign: Callable[[bytes], bytes],
        verification_method: str,
        created: datetime,
        options: Options | None = None,
        proofs: Sequence[Mapping[str, Any]] = (),
        chained: Canonical | None = None,
    ) -> dict[str, Any]:
        """The secured document: the prepared document with ``proofs`` (made over it before) and the new one after them.

        Only what ``lint.prepare`` passed can be signed. A proof of a chain (``options.previous``) of an rdfc suite also
        needs ``chained``: the canonical form of ``signed_document`` with the proofs that it builds on. ``sign`` gives
        the raw signature: 64 bytes. Raises ``ProofInvalid``; the signature itself is checked by ``verify``.
        """
        if not isinstance(prepared, Prepared):
            raise TypeError("only a Prepared can be signed")
        options = options or Options()
        document = prepared.document
        proof = written(cryptosuite=self.name, created=created, method=verification_method, options=options)
        body = signed_document({**document, "proof": list(proofs)}, proof)
        if self.form is Form.JCS:
            proof["@context"] = document["@context"]
            data = hash_data(jcs(proof), jcs(body))
        else:
            data = hash_data(config_nquads(proof), _canonical_of(prepared, body, chained))
        return {**document, "proof": [*proofs, self.signed(proof, data, sign=sign)]}

    def signed(self, proof: Mapping[str, Any], data: bytes, *, sign: Callable[[bytes], bytes]) -> dict[str, Any]:
        """The proof with its signature over the data. Raises ``ProofInvalid`` for a signature of another length."""
        signature = sign(data)
        if len(signature) != size_of(self.curves[0]):
            raise invalid(f"the signer gave no {self.curves[0]} signature")
        return {**proof, "proofValue": multibase_encode(signature)}

    def verify(self, proof: Mapping[str, Any], *, document: bytes, config: bytes, key: PublicKey) -> None:
        """Return where the proof holds over both ``inputs`` under the key; raise ``ProofInvalid`` otherwise.

        Checks type, suite, the form of ``proofValue`` and the signature. Whose key it is, the options and the rest of a
        chain are other checks (``options.faults``, ``chains.holding``).
        """
        if proof.get("type") != PROOF_TYPE or proof.get("cryptosuite") not in (self.name, *self.earlier_names):
            raise invalid(f"the proof is not a {PROOF_TYPE} of suite {self.name}")
        curve = usable_curve(self.name, key, self.curves)
        signature = decode_base58(proof.get("proofValue"), curve)
        check(key, signature, hash_data(config, document, algorithm_of(key)))


def usable_curve(suite: str, key: PublicKey, curves: Sequence[Curve]) -> Curve:
    """The key's kind, where it is one of the suite's. Raises ``ProofUnsupported``."""
    curve = curve_of(key)
    if curve is None or curve not in curves:
        article = "an" if curves[0] is Curve.ED25519 else "a"
        detail = f"the suite {suite} needs {article} {' or '.join(curves)} key"
        raise ProofUnsupported(detail, faults=[Fault("/verificationMethod", detail, ProofUnsupported.code)])
    return curve


def _canonical_of(prepared: Prepared, body: Mapping[str, Any], chained: Canonical | None) -> bytes:
    if "proof" not in body:
        return prepared.canonical.nquads
    if chained is None or chained.source != source_digest(body) or chained.algorithm != "sha256":
        raise invalid("a proof of a chain needs the canonical form of the document with the proofs it builds on")
    if chained.dropped or chained.relative:
        raise invalid("the proofs that it builds on hold members that no signature would cover")
    return chained.nquads
