"""The suites by name: one table, and the one place that says which suite a proof is of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from badgeissuer.errors import Fault
from badgeissuer.vc.faults import ProofUnsupported
from badgeissuer.vc.multikey import PublicKey
from badgeissuer.vc.proofs.cryptosuite import Cryptosuite, Form, Inputs
from badgeissuer.vc.proofs.data_integrity import PROOF_TYPE
from badgeissuer.vc.proofs.ecdsa_sd_2023 import ECDSA_SD_2023
from badgeissuer.vc.proofs.ed25519_2020 import ED25519_SIGNATURE_2020
from badgeissuer.vc.proofs.signatures import Curve

EDDSA_RDFC_2022 = Cryptosuite("eddsa-rdfc-2022", Form.RDFC, (Curve.ED25519,), earlier_names=("eddsa-2022",))
EDDSA_JCS_2022 = Cryptosuite("eddsa-jcs-2022", Form.JCS, (Curve.ED25519,))
ECDSA_RDFC_2019 = Cryptosuite("ecdsa-rdfc-2019", Form.RDFC, (Curve.P256, Curve.P384))
ECDSA_JCS_2019 = Cryptosuite("ecdsa-jcs-2019", Form.JCS, (Curve.P256, Curve.P384))


class Suite(Protocol):
    """What verifying needs of a suite, whatever it signs.

    ``inputs`` says what is to be canonicalised (in ``form``, with ``signatures.algorithm_of`` the key), and ``verify``
    holds the results against the proof. Creating differs by suite: see each one's ``create``. All take a ``Prepared``.
    """

    @property
    def name(self) -> str: ...

    @property
    def form(self) -> Form: ...

    def inputs(self, document: Mapping[str, Any], proof: Mapping[str, Any]) -> Inputs: ...

    def verify(self, proof: Mapping[str, Any], *, document: bytes, config: bytes, key: PublicKey) -> None: ...


SUITES: Mapping[str, Suite] = {
    suite.name: suite
    for suite in (
        EDDSA_RDFC_2022,
        EDDSA_JCS_2022,
        ECDSA_RDFC_2019,
        ECDSA_JCS_2019,
        ECDSA_SD_2023,
        ED25519_SIGNATURE_2020,
    )
}
_EARLIER: Mapping[str, Suite] = {"eddsa-2022": EDDSA_RDFC_2022}


def suite_of(proof: Mapping[str, Any]) -> Suite:
    """The suite of a proof: by ``cryptosuite`` for a DataIntegrityProof, by its type for the older kind.

    Raises ``ProofUnsupported`` for any other.
    """
    type_, name = proof.get("type"), proof.get("cryptosuite")
    if type_ == PROOF_TYPE and isinstance(name, str) and name != ED25519_SIGNATURE_2020.name:
        suite = SUITES.get(name) or _EARLIER.get(name)
    else:
        suite = ED25519_SIGNATURE_2020 if type_ == ED25519_SIGNATURE_2020.name and name is None else None
    if suite is None:
        detail = "the proof is of a suite that is not verified here"
        raise ProofUnsupported(detail, faults=[Fault("/cryptosuite", detail, ProofUnsupported.code)])
    return suite
