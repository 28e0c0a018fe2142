"""The issuers' private keys: made, found by their rows, and compared with what is published before they are used."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from pydantic import SecretStr

from badgeissuer.errors import Misconfigured, Rejected
from badgeissuer.keyring import local
from badgeissuer.keyring.local import KeyFileMissing
from badgeissuer.keyring.signer import Signer
from badgeissuer.rules.keys import KeyFacts
from badgeissuer.rules.terms import KeyAlgorithm, KeyState
from badgeissuer.vc.multikey import public_multikey

# A file name and nothing else: no folder, no way up.
_URI = re.compile(r"file:(?P<name>[a-z0-9][a-z0-9-]{0,200}\.pem)")
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,100}")
# OpenSSL takes no longer ones.
_MAX_PASSPHRASE = 1_023
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was made: where its private half is, and its public half for the row."""

    signer_uri: str
    public_multibase: str


class KeyRing:
    """All private keys of this service, in one folder under one passphrase. One key serves one issuer.

    Raises ``Misconfigured`` for an empty passphrase or one over 1,023 bytes.
    """

    def __init__(self, keys_dir: Path, passphrase: SecretStr | bytes) -> None:
        secret = passphrase if isinstance(passphrase, bytes) else passphrase.get_secret_value().encode("utf-8")
        if not 0 < len(secret) <= _MAX_PASSPHRASE:
            raise Misconfigured(f"the passphrase of the private keys must have 1 to {_MAX_PASSPHRASE} bytes")
        self._folder = keys_dir
        self._passphrase = secret
        # By everything that makes the key the right one, so that a changed row is checked anew.
        self._signers: dict[tuple[UUID, KeyAlgorithm, str, str], Signer] = {}

    def create(self, *, issuer: str, key_id: UUID, algorithm: KeyAlgorithm) -> NewKey:
        """Make a key of its own for an issuer (by slug). When this returns, its file is on disk and was read back.

        Raises ``Rejected`` for a slug that is none, ``Conflict`` where the file exists, ``Unavailable`` where the disk
        refuses. A crash afterwards leaves a file without a row, never a row without a file.
        """
        if not _SLUG.fullmatch(issuer):
            raise Rejected("the issuer's slug cannot be part of a file name")
        name = f"{issuer}-{key_id}.pem"
        private = local.generate(algorithm)
        local.write(self._folder, name, private, self._passphrase)
        made = NewKey(signer_uri=f"file:{name}", public_multibase=public_multikey(private.public_key()))
        self._open(key_id, algorithm, made.signer_uri, made.public_multibase)
        return made

    def signer(self, key: KeyFacts) -> Signer:
        """The signer whose public half is the row's. Opened once, then kept.

        Raises ``Misconfigured`` where the file is missing or damaged, the passphrase is another, the scheme unknown, or
        the private half does not belong to the published one.
        """
        return self._open(key.id, key.algorithm, key.signer_uri, key.public_multibase)

    def check(self, keys: Iterable[KeyFacts]) -> None:
        """At start-up: every key opens and is the published one. Only an ended key may be without its file.

        Raises ``Misconfigured`` that names the files and what is wrong with each.
        """
        wrong = []
        for key in keys:
            try:
                self.signer(key)
            except KeyFileMissing as error:
                if key.state in (KeyState.NEXT, KeyState.ACTIVE):
                    wrong.append(error.detail)
            except Misconfigured as error:
                wrong.append(error.detail)
        if wrong:
            more = f"; and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
            raise Misconfigured("; ".join(wrong[:_SHOWN]) + more)

    def _open(self, key_id: UUID, algorithm: KeyAlgorithm, uri: str, public_multibase: str) -> Signer:
        known = (key_id, algorithm, uri, public_multibase)
        if known not in self._signers:
            match = _URI.fullmatch(uri)
            if match is None:
                raise Misconfigured(f"key {key_id}: no signer for its URI; known are those like file:name.pem")
            path = self._folder / match["name"]
            try:
                signer = local.signer_of(local.read(path, self._passphrase), key_id=str(key_id), algorithm=algorithm)
            except Misconfigured as error:
                raise type(error)(f"the key file {path} {error.detail}") from None
            if public_multikey(signer.private.public_key()) != public_multibase:
                raise Misconfigured(f"the key file {path} holds another key than the published one")
            self._signers[known] = signer
        return self._signers[known]
