"""Ed25519Signature2020, the suite before Data Integrity: verified, and made only as an extra rendition for old wallets.

Its algorithm is that of eddsa-rdfc-2022 but for the name (W3C CCG, Ed25519 Signature 2020 §3): RDFC-1.0 and SHA-256
over the proof's options and over the document, Ed25519 over both hashes, base58btc.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from badgeissuer.vc.canon import Canonical, source_digest
from badgeissuer.vc.contexts import ED25519_2020
from badgeissuer.vc.lint import Prepared
from badgeissuer.vc.multikey import PublicKey, multibase_encode
from badgeissuer.vc.proofs.chains import signed_document
from badgeissuer.vc.proofs.cryptosuite import Form, Inputs, usable_curve
from badgeissuer.vc.proofs.data_integrity import hash_data, invalid, proof_config
from badgeissuer.vc.proofs.options import Options, config_nquads, written
from badgeissuer.vc.proofs.signatures import Curve, check, decode_base58


def rendition_of(prepared: Prepared) -> dict[str, Any]:
    """The prepared document with the suite's context after its own. It says the same, statement for statement."""
    document = prepared.document
    return {**document, "@context": [*document["@context"], ED25519_2020]}


@dataclass(frozen=True, slots=True)
class Ed25519Signature2020:
    """The suite. Its name is the proof's type; there is no ``cryptosuite``."""

    name: str = "Ed25519Signature2020"
    form: Form = Form.RDFC

    def inputs(self, document: Mapping[str, Any], proof: Mapping[str, Any]) -> Inputs:
        """What one of the document's proofs is made over, as for the rdfc suites. Raises ``ProofInvalid``."""
        return Inputs(signed_document(document, proof), proof_config(document, proof))

    def create(
        self,
        prepared: Prepared,
        *,
        rendition: Canonical,
        sign: Callable[[bytes], bytes],
        verification_method: str,
        created: datetime,
    ) -> dict[str, Any]:
        """``rendition_of`` the prepared document, secured. ``rendition`` is its canonical form.

        Raises ``ProofInvalid`` where that is the form of another document, or the added context changes what is said.
        """
        if not isinstance(prepared, Prepared):
            raise TypeError("only a Prepared can be signed")
        document = rendition_of(prepared)
        if rendition.source != source_digest(document) or rendition.nquads != prepared.canonical.nquads:
            raise invalid("the rendition does not say what was prepared")
        proof = written(
            type_=self.name, cryptosuite=None, created=created, method=verification_method, options=Options()
        )
        signature = sign(hash_data(config_nquads(proof), rendition.nquads))
        if len(signature) != 64:
            raise invalid("the signer gave no Ed25519 signature")
        proof["proofValue"] = multibase_encode(signature)
        return {**document, "proof": [proof]}

    def verify(self, proof: Mapping[str, Any], *, document: bytes, config: bytes, key: PublicKey) -> None:
        """Return where the proof holds over both ``inputs`` under the key; raise ``ProofInvalid`` otherwise."""
        if proof.get("type") != self.name or "cryptosuite" in proof:
            raise invalid(f"the proof is not an {self.name}")
        curve = usable_curve(self.name, key, (Curve.ED25519,))
        check(key, decode_base58(proof.get("proofValue"), curve), hash_data(config, document))


ED25519_SIGNATURE_2020 = Ed25519Signature2020()
