"""Signatures as Data Integrity has them: raw bytes, by the kind of key (vc-di-eddsa §3, vc-di-ecdsa §3)."""

from __future__ import annotations

from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from badgeissuer.vc.canon.rdfc import Algorithm
from badgeissuer.vc.faults import KeyInvalid
from badgeissuer.vc.multikey import PublicKey, multibase_decode
from badgeissuer.vc.proofs.data_integrity import invalid


class Curve(StrEnum):
    """The kinds of keys that proofs are made with."""

    ED25519 = "Ed25519"
    P256 = "P-256"
    P384 = "P-384"


# The order of Ed25519's base point: a signature's second half must be below it, or it has a twin (RFC 8032 §5.1.7).
_ORDER = 2**252 + 27742317777372353535851937790883648493
_SIZES = {Curve.ED25519: 64, Curve.P256: 64, Curve.P384: 96}


def curve_of(key: PublicKey) -> Curve | None:
    """The kind of a key, None for one that no suite here uses."""
    if isinstance(key, Ed25519PublicKey):
        return Curve.ED25519
    return {"secp256r1": Curve.P256, "secp384r1": Curve.P384}.get(key.curve.name)


def algorithm_of(key: PublicKey) -> Algorithm:
    """The hash that goes with a key, for the hash data and inside RDFC-1.0 (vc-di-ecdsa §3.2: SHA-384 for P-384)."""
    return "sha384" if curve_of(key) is Curve.P384 else "sha256"


def size_of(curve: Curve) -> int:
    """How many bytes a signature has: R‖S of Ed25519, or r‖s of ECDSA in the length of the curve."""
    return _SIZES[curve]


def decode_base58(value: object, curve: Curve) -> bytes:
    """The signature in a ``proofValue`` of form ``z``. Raises ``ProofInvalid`` for all but the one form it can have."""
    if not isinstance(value, str) or not value.startswith("z"):
        raise invalid("proofValue must be base58btc multibase, beginning with z", "/proofValue")
    try:
        signature = multibase_decode(value)
    except KeyInvalid:
        raise invalid("proofValue is not base58btc", "/proofValue") from None
    size = size_of(curve)
    if len(signature) != size or (curve is Curve.ED25519 and int.from_bytes(signature[32:], "little") >= _ORDER):
        article = "an" if curve is Curve.ED25519 else "a"
        raise invalid(f"proofValue is not {article} {curve} signature of {size} bytes in its one form", "/proofValue")
    return signature


def check(key: PublicKey, signature: bytes, data: bytes) -> None:
    """Return where the signature over the data is the key's; raise ``ProofInvalid`` otherwise."""
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(signature, data)
        else:
            half = len(signature) // 2
            r, s = int.from_bytes(signature[:half]), int.from_bytes(signature[half:])
            digest = hashes.SHA384() if algorithm_of(key) == "sha384" else hashes.SHA256()
            key.verify(encode_dss_signature(r, s), data, ec.ECDSA(digest))
    except InvalidSignature:
        raise invalid("the signature does not match: the document, the proof or the key is another one") from None
