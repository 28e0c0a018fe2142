"""The cryptosuite eddsa-rdfc-2022 (Data Integrity EdDSA Cryptosuites 1.0 §3.2): RDFC-1.0, SHA-256, Ed25519."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from badgeissuer.errors import Fault
from badgeissuer.vc.faults import KeyInvalid, ProofInvalid
from badgeissuer.vc.lint import Prepared
from badgeissuer.vc.multikey import PublicKey, multibase_decode, multibase_encode
from badgeissuer.vc.proofs.data_integrity import ASSERTION_METHOD, PROOF_TYPE, hash_data, proof_config
from badgeissuer.vc.stamps import timestamp

__all__ = ["CRYPTOSUITE", "DEPRECATED_NAME", "config_nquads", "create", "hash_data", "proof_config", "verify"]

CRYPTOSUITE = "eddsa-rdfc-2022"
# The suite's name before it was final; the algorithm is the same. Verified, never issued.
DEPRECATED_NAME = "eddsa-2022"

# The order of Ed25519's base point: a signature's second half must be below it, or it has a twin (RFC 8032 §5.1.7).
_ORDER = 2**252 + 27742317777372353535851937790883648493

_SECURITY = "https://w3id.org/security#"
_STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_IRI = re.compile(r'[A-Za-z][A-Za-z0-9+.\-]*:[^\s\x00-\x20\x7f<>"\\]+')
_OWN_MEMBERS = frozenset({"type", "cryptosuite", "created", "verificationMethod", "proofPurpose"})


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
        raise _invalid("the proof has not the form of our own proofs")
    return (
        f'_:c14n0 <http://purl.org/dc/terms/created> "{created}"^^<http://www.w3.org/2001/XMLSchema#dateTime> .\n'
        f"_:c14n0 <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{_SECURITY}{PROOF_TYPE}> .\n"
        f'_:c14n0 <{_SECURITY}cryptosuite> "{CRYPTOSUITE}"^^<{_SECURITY}cryptosuiteString> .\n'
        f"_:c14n0 <{_SECURITY}proofPurpose> <{_SECURITY}{ASSERTION_METHOD}> .\n"
        f"_:c14n0 <{_SECURITY}verificationMethod> <{method}> .\n"
    ).encode()


def create(
    prepared: Prepared, *, sign: Callable[[bytes], bytes], verification_method: str, created: datetime
) -> dict[str, Any]:
    """The secured document: the prepared document and its proof, as an array of one (OB 3.0's formal schema).

    Only what ``lint.prepare`` passed can be signed. Raises ``ProofInvalid`` where ``sign`` gives no Ed25519 signature
    or ``verification_method`` is no absolute IRI; the signature itself is checked by ``verify`` with the published key.
    """
    if not isinstance(prepared, Prepared):
        raise TypeError("only a Prepared can be signed")
    proof: dict[str, Any] = {
        "type": PROOF_TYPE,
        "cryptosuite": CRYPTOSUITE,
        "created": timestamp(created),
        "verificationMethod": verification_method,
        "proofPurpose": ASSERTION_METHOD,
    }
    signature = sign(hash_data(config_nquads(proof), prepared.canonical.nquads))
    if len(signature) != 64:
        raise _invalid("the signer gave no Ed25519 signature")
    proof["proofValue"] = multibase_encode(signature)
    return {**prepared.document, "proof": [proof]}


def verify(proof: Mapping[str, Any], *, config_nquads: bytes, document_nquads: bytes, key: PublicKey) -> None:
    """Return where the proof holds over both canonical forms under the key; raise ``ProofInvalid`` otherwise.

    Checks type, suite, the form of ``proofValue`` (base58btc multibase, 64 bytes, S below the group order) and the
    signature. Whose key it is, the purpose and the dates are other checks (VC Data Integrity §4.4).
    """
    if proof.get("type") != PROOF_TYPE or proof.get("cryptosuite") not in (CRYPTOSUITE, DEPRECATED_NAME):
        raise _invalid(f"the proof is not a {PROOF_TYPE} of suite {CRYPTOSUITE}")
    if not isinstance(key, Ed25519PublicKey):
        raise _invalid(f"the suite {CRYPTOSUITE} needs an Ed25519 key")
    value = proof.get("proofValue")
    if not isinstance(value, str) or not value.startswith("z"):
        raise _invalid("proofValue must be base58btc multibase, beginning with z", "/proofValue")
    try:
        signature = multibase_decode(value)
    except KeyInvalid:
        raise _invalid("proofValue is not base58btc", "/proofValue") from None
    if len(signature) != 64 or int.from_bytes(signature[32:], "little") >= _ORDER:
        raise _invalid("proofValue is not an Ed25519 signature of 64 bytes in its one form", "/proofValue")
    try:
        key.verify(signature, hash_data(config_nquads, document_nquads))
    except InvalidSignature:
        raise _invalid("the signature does not match: the document, the proof or the key is another one") from None


def _invalid(detail: str, pointer: str = "") -> ProofInvalid:
    return ProofInvalid(detail, faults=[Fault(pointer, detail, ProofInvalid.code, "VC Data Integrity §4.4")])
