"""The proof values of ecdsa-sd-2023: CBOR behind three bytes, in base64url (vc-di-ecdsa §3.5.2 to §3.5.8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from badgeissuer.vc import limits
from badgeissuer.vc.faults import KeyInvalid
from badgeissuer.vc.multikey import base64url_decode, base64url_encode
from badgeissuer.vc.proofs.data_integrity import invalid

_BASE: Final = b"\xd9\x5d\x00"
_DERIVED: Final = b"\xd9\x5d\x01"
_P256_PREFIX: Final = b"\x80\x24"


@dataclass(frozen=True, slots=True)
class BaseValue:
    """What the issuer gives the holder. ``public_key`` is a Multikey's bytes, of the key that signed the statements."""

    base_signature: bytes
    public_key: bytes
    hmac_key: bytes
    signatures: tuple[bytes, ...]
    mandatory_pointers: tuple[str, ...]

    def encode(self) -> str:
        """The text of ``proofValue`` (§3.5.2)."""
        return _encode(
            _BASE,
            [self.base_signature, self.public_key, self.hmac_key, list(self.signatures), list(self.mandatory_pointers)],
        )

    @classmethod
    def decode(cls, text: object) -> BaseValue:
        """The value in a ``proofValue`` (§3.5.3). Raises ``ProofInvalid``."""
        match _decode(text, _BASE):
            case [
                bytes() as base,
                bytes() as public,
                bytes() as hmac_key,
                list() as signatures,
                list() as pointers,
            ] if (
                _fits(base, public, signatures)
                and len(hmac_key) == 32
                and all(isinstance(pointer, str) for pointer in pointers)
            ):
                return cls(base, public, hmac_key, tuple(signatures), tuple(pointers))
        raise _malformed("base")


@dataclass(frozen=True, slots=True)
class DerivedValue:
    """What the holder shows. ``labels`` maps canonical labels of the shown document to those that were signed."""

    base_signature: bytes
    public_key: bytes
    signatures: tuple[bytes, ...]
    labels: Mapping[str, str]
    mandatory_indexes: tuple[int, ...]

    def encode(self) -> str:
        """The text of ``proofValue`` (§3.5.7), labels compressed (§3.5.5)."""
        labels = sorted(
            (int(canonical.removeprefix("c14n")), base64url_decode(signed.removeprefix("u")))
            for canonical, signed in self.labels.items()
        )
        return _encode(
            _DERIVED,
            [self.base_signature, self.public_key, list(self.signatures), dict(labels), list(self.mandatory_indexes)],
        )

    @classmethod
    def decode(cls, text: object) -> DerivedValue:
        """The value in a ``proofValue`` (§3.5.8), labels decompressed (§3.5.6). Raises ``ProofInvalid``.

        Two labels never stand for one: that would let two things of the document pass for the same.
        """
        match _decode(text, _DERIVED):
            case [bytes() as base, bytes() as public, list() as signatures, dict() as labels, list() as indexes] if (
                _fits(base, public, signatures)
                and all(
                    _is_index(key) and isinstance(value, bytes) and len(value) == 32 for key, value in labels.items()
                )
                and len(set(labels.values())) == len(labels)
                and all(_is_index(index) for index in indexes)
                and len(set(indexes)) == len(indexes)
            ):
                named = {f"c14n{key}": f"u{base64url_encode(value)}" for key, value in labels.items()}
                return cls(base, public, tuple(signatures), named, tuple(indexes))
        raise _malformed("derived")


def is_base(text: object) -> bool:
    """Whether a ``proofValue`` is that of a base proof, which is for the holder's eyes only."""
    return isinstance(text, str) and text.startswith("u" + base64url_encode(_BASE))


def _encode(header: bytes, parts: list[Any]) -> str:
    import cbor2  # only this suite needs it

    return "u" + base64url_encode(header + cbor2.dumps(parts))


def _decode(text: object, header: bytes) -> Any:
    import cbor2

    if not isinstance(text, str) or not text.startswith("u"):
        return None
    try:
        data = base64url_decode(text[1:])
        parts = cbor2.loads(data[3:], max_depth=3, allow_indefinite=False, allow_duplicate_keys=False)
        # One value has one spelling: no longer forms of numbers, no tags, nothing behind it.
        canonical = data[:3] == header and cbor2.dumps(parts) == data[3:]
    except (KeyInvalid, cbor2.CBORError, ValueError, OverflowError, TypeError):
        return None
    return parts if canonical else None


def _fits(base: bytes, public: bytes, signatures: list[Any]) -> bool:
    return (
        len(base) == 64
        and len(public) == 35
        and public.startswith(_P256_PREFIX)
        and all(isinstance(item, bytes) and len(item) == 64 for item in signatures)
    )


def _is_index(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < limits.SD_INDEXES


def _malformed(kind: str) -> Exception:
    return invalid(f"proofValue is not the value of a {kind} proof of ecdsa-sd-2023", "/proofValue")
