"""What signs: a key id, an algorithm, and ``sign``. Where the private half lives is the signer's own business."""

from __future__ import annotations

from typing import Protocol

from badgeissuer.rules.terms import KeyAlgorithm


class Signer(Protocol):
    """One private key. It never shows the key itself."""

    @property
    def key_id(self) -> str:
        """The id of the key's row."""
        ...

    @property
    def algorithm(self) -> KeyAlgorithm: ...

    def sign(self, data: bytes) -> bytes:
        """64 bytes: Ed25519 as RFC 8032 has it; for P-256 ECDSA with SHA-256 as r‖s (RFC 7518 §3.4)."""
        ...
