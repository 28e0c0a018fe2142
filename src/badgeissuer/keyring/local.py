"""Private keys as encrypted PKCS#8 files, and the signers that use them. The ``file:`` scheme of signer URIs."""

from __future__ import annotations

import logging
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from badgeissuer.errors import Conflict, Misconfigured, Unavailable
from badgeissuer.rules.terms import KeyAlgorithm

log = logging.getLogger("badgeissuer.keyring")

PrivateKey: TypeAlias = Ed25519PrivateKey | ec.EllipticCurvePrivateKey

# Nobody but the service reads or changes its keys; a group may read them, as mounted secrets need it.
_TOO_OPEN = 0o027


class KeyFileMissing(Misconfigured):
    """There is no file at the place that the key's row names."""


@dataclass(frozen=True, slots=True, repr=False)
class Ed25519Signer:
    """Signs with an Ed25519 key in memory."""

    key_id: str
    private: Ed25519PrivateKey
    algorithm: KeyAlgorithm = KeyAlgorithm.ED25519

    def sign(self, data: bytes) -> bytes:
        return self.private.sign(data)


@dataclass(frozen=True, slots=True, repr=False)
class P256Signer:
    """Signs with a P-256 key in memory."""

    key_id: str
    private: ec.EllipticCurvePrivateKey
    algorithm: KeyAlgorithm = KeyAlgorithm.P256

    def sign(self, data: bytes) -> bytes:
        r, s = decode_dss_signature(self.private.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)


def generate(algorithm: KeyAlgorithm) -> PrivateKey:
    """A new private key, from the system's randomness."""
    return (
        Ed25519PrivateKey.generate() if algorithm is KeyAlgorithm.ED25519 else ec.generate_private_key(ec.SECP256R1())
    )


def signer_of(private: object, *, key_id: str, algorithm: KeyAlgorithm) -> Ed25519Signer | P256Signer:
    """The signer for a private key. Raises ``Misconfigured`` where the key is not of the algorithm."""
    if algorithm is KeyAlgorithm.ED25519 and isinstance(private, Ed25519PrivateKey):
        return Ed25519Signer(key_id, private)
    if (
        algorithm is KeyAlgorithm.P256
        and isinstance(private, ec.EllipticCurvePrivateKey)
        and isinstance(private.curve, ec.SECP256R1)
    ):
        return P256Signer(key_id, private)
    raise Misconfigured(f"is not a private key for {algorithm.value}")


def write(folder: Path, name: str, private: PrivateKey, passphrase: bytes) -> None:
    """Store the key, encrypted, with mode 600, in a folder made with mode 700; on disk for good when this returns.

    The text is written and synced under another name, the right name is taken (so that nothing is ever overwritten),
    and the file put in its place. A kill in between leaves a file with a name that no row holds.
    Raises ``Conflict`` where the name is taken, ``Unavailable`` where the disk refuses.
    """
    text = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase))
    unfinished, place = folder / f".{name}.{secrets.token_hex(8)}.tmp", folder / name
    try:
        _make(folder)
        _create(unfinished, text)
        try:
            _create(place, b"")
            os.rename(unfinished, place)
        except FileExistsError:
            os.unlink(unfinished)
            raise
        except OSError:
            for path in (unfinished, place):
                path.unlink(missing_ok=True)
            raise
        _sync(folder)
    except FileExistsError:
        raise Conflict(f"a key file {name} exists already, and keys are never overwritten") from None
    except OSError as error:
        raise Unavailable(f"the key could not be stored: {error.strerror}") from error


def read(path: Path, passphrase: bytes) -> object:
    """The private key in the file. Raises ``KeyFileMissing``, ``Misconfigured``; neither shows what the file holds."""
    try:
        mode, text = path.stat().st_mode, path.read_bytes()
    except FileNotFoundError:
        raise KeyFileMissing("is missing") from None
    except OSError as error:
        raise Misconfigured(f"cannot be read: {error.strerror}") from None
    if mode & _TOO_OPEN:
        log.warning("the key file %s is open to others (mode %o); make it 600", path, mode & 0o777)
    try:
        return load_pem_private_key(text, passphrase)
    except TypeError:
        raise Misconfigured("is not encrypted; keys are kept under the passphrase only") from None
    except (ValueError, UnsupportedAlgorithm):
        raise Misconfigured("cannot be opened: another passphrase, or a damaged file") from None


def _make(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sync(folder.parent)


def _create(path: Path, text: bytes) -> None:
    """A new file with the text, synced. It is whole or, on an error, gone."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        os.unlink(path)
        raise


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
