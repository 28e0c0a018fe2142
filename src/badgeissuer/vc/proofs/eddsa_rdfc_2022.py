"""The cryptosuite eddsa-rdfc-2022 (Data Integrity EdDSA Cryptosuites 1.0 §3.2): RDFC-1.0, SHA-256, Ed25519.

What badges are issued with: the suite of ``suites``, in the one form that our own proofs have.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from badgeissuer.vc.lint import Prepared
from badgeissuer.vc.multikey import PublicKey
from badgeissuer.vc.proofs import options
from badgeissuer.vc.proofs.data_integrity import ASSERTION_METHOD, PROOF_TYPE, hash_data, invalid, proof_config
from badgeissuer.vc.proofs.suites import EDDSA_RDFC_2022

__all__ = [
    "CRYPTOSUITE",
    "DEPRECATED_NAME",
    "config_nquads",
    "create",
    "create_proof",
    "hash_data",
    "proof_config",
    "verify",
]

CRYPTOSUITE = EDDSA_RDFC_2022.name
# The suite's name before it was final; the algorithm is the same. Verified, never issued.
(DEPRECATED_NAME,) = EDDSA_RDFC_2022.earlier_names

_STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_IRI = re.compile(r'[A-Za-z][A-Za-z0-9+.\-]*:[^\s\x00-\x20\x7f<>"\\]+')
_OWN_MEMBERS = frozenset({"type", "cryptosuite", "created", "verificationMethod", "proofPurpose"})
_NO_OPTIONS = options.Options()
# The canonical form of all our proofs' options: nothing but the date and the key's name ever changes, and neither the
# order of the lines.
_CONFIG = options.config_nquads(
    {
        "type": PROOF_TYPE,
        "cryptosuite": CRYPTOSUITE,
        "created": "{created}",
        "verificationMethod": "{method}",
        "proofPurpose": ASSERTION_METHOD,
    }
).decode()


def config_nquads(proof: Mapping[str, Any]) -> bytes:
    """The canonical form of the options of a proof as *we* make it: five statements about one blank node.

    Equal, byte for byte, to canonicalising ``proof_config`` under the pinned contexts. Raises ``ProofInvalid`` for a
    proof with other members or values than ours, which needs the generic way.
    """
    members = {name: value for name, value in proof.items() if name != "proofValue"}
    created, method = members.get("created"), members.get("verificationMethod")
    if (
        members.keys() != _OWN_MEMBERS
        or members["type"] != PROOF_TYPE
        or members["cryptosuite"] != CRYPTOSUITE
        or members["proofPurpose"] != ASSERTION_METHOD
        or not (isinstance(created, str) and _STAMP.fullmatch(created))
        or not (isinstance(method, str) and _IRI.fullmatch(method))
    ):
        raise invalid("the proof has not the form of our own proofs")
    return _CONFIG.format(created=created, method=method).encode()


def create(
    prepared: Prepared, *, sign: Callable[[bytes], bytes], verification_method: str, created: datetime
) -> dict[str, Any]:
    """The secured document: the prepared document and its proof, as an array of one (OB 3.0's formal schema).

    Only what ``lint.prepare`` passed can be signed. Raises ``ProofInvalid`` where ``sign`` gives no Ed25519 signature
    or ``verification_method`` is no absolute IRI; the signature itself is checked by ``verify`` with the published key.
    """
    return EDDSA_RDFC_2022.create(prepared, sign=sign, verification_method=verification_method, created=created)


def create_proof(
    prepared: Prepared, *, sign: Callable[[bytes], bytes], verification_method: str, created: datetime
) -> dict[str, Any]:
    """The proof alone, as ``create`` makes it and under the same conditions, without reading the document again.

    ``data_integrity.spliced`` puts it into the prepared text.
    """
    if not isinstance(prepared, Prepared):
        raise TypeError("only a Prepared can be signed")
    proof = options.written(cryptosuite=CRYPTOSUITE, created=created, method=verification_method, options=_NO_OPTIONS)
    return EDDSA_RDFC_2022.signed(proof, hash_data(config_nquads(proof), prepared.canonical.nquads), sign=sign)


def verify(proof: Mapping[str, Any], *, config_nquads: bytes, document_nquads: bytes, key: PublicKey) -> None:
    """``EDDSA_RDFC_2022.verify``. Raises ``ProofInvalid``."""
    EDDSA_RDFC_2022.verify(proof, document=document_nquads, config=config_nquads, key=key)
