"""Private keys on disk: never overwritten, never half there, never used for a key that is not the published one."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from pydantic import SecretStr

from badgeissuer.errors import Conflict, Misconfigured, Rejected, Unavailable
from badgeissuer.keyring import local
from badgeissuer.keyring.ring import KeyRing
from badgeissuer.rules.keys import KeyFacts
from badgeissuer.rules.terms import KeyAlgorithm, KeyState
from badgeissuer.vc.multikey import parse_multikey, public_multikey

PASSPHRASE = b"correct horse battery staple, 32 bytes and more"
ED25519, P256 = KeyAlgorithm
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "made" / "keys"


@pytest.fixture
def ring(folder: Path) -> KeyRing:
    return KeyRing(folder, PASSPHRASE)


def make(
    ring: KeyRing,
    n: int = 1,
    algorithm: KeyAlgorithm = ED25519,
    *,
    issuer: str = "kvec",
    state: KeyState = KeyState.ACTIVE,
) -> KeyFacts:
    made = ring.create(issuer=issuer, key_id=UUID(int=n), algorithm=algorithm)
    did = f"did:web:badges.example:issuers:{issuer}"
    return KeyFacts(UUID(int=n), did, algorithm, made.signer_uri, made.public_multibase, state, NOW)


def place(folder: Path, key: KeyFacts) -> Path:
    return folder / key.signer_uri.removeprefix("file:")


class TestCreate:
    def test_name_and_modes(self, ring: KeyRing, folder: Path) -> None:
        key = make(ring)
        assert key.signer_uri == "file:kvec-00000000-0000-0000-0000-000000000001.pem"
        assert [path.name for path in folder.iterdir()] == [place(folder, key).name]
        assert place(folder, key).stat().st_mode & 0o777 == 0o600
        assert folder.stat().st_mode & 0o777 == 0o700

    def test_file_is_encrypted_pkcs8(self, ring: KeyRing, folder: Path) -> None:
        text = place(folder, make(ring)).read_bytes()
        assert text.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
        assert isinstance(load_pem_private_key(text, PASSPHRASE), Ed25519PrivateKey)

    @pytest.mark.parametrize("algorithm", KeyAlgorithm)
    def test_each_key_is_new(self, ring: KeyRing, algorithm: KeyAlgorithm) -> None:
        assert make(ring, 1, algorithm).public_multibase != make(ring, 2, algorithm).public_multibase

    def test_never_overwrites(self, ring: KeyRing, folder: Path) -> None:
        key = make(ring)
        before = place(folder, key).read_bytes()
        with pytest.raises(Conflict):
            ring.create(issuer="kvec", key_id=key.id, algorithm=ED25519)
        assert {path: path.read_bytes() for path in folder.iterdir()} == {place(folder, key): before}

    def test_does_not_follow_a_link_out_of_the_folder(self, ring: KeyRing, folder: Path, tmp_path: Path) -> None:
        folder.mkdir(parents=True)
        (folder / f"kvec-{UUID(int=1)}.pem").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(Conflict):
            make(ring)
        assert not (tmp_path / "elsewhere").exists()

    @pytest.mark.parametrize("issuer", ["", "../up", "a/b", "A", "-a", "a.b", "a\n"])
    def test_slug_stays_a_name(self, ring: KeyRing, folder: Path, issuer: str) -> None:
        with pytest.raises(Rejected):
            ring.create(issuer=issuer, key_id=UUID(int=1), algorithm=ED25519)
        assert not folder.exists()

    def test_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(Unavailable):
            make(KeyRing(tmp_path / "file" / "keys", PASSPHRASE))

    @pytest.mark.parametrize("step", ["fsync", "rename"])
    def test_a_full_disk_leaves_nothing(
        self, ring: KeyRing, folder: Path, monkeypatch: pytest.MonkeyPatch, step: str
    ) -> None:
        folder.mkdir(parents=True)

        def fail(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, step, fail)
        with pytest.raises(Unavailable, match="No space left on device"):
            make(ring)
        assert list(folder.iterdir()) == []

    @pytest.mark.parametrize("passphrase", [b"", SecretStr(""), b"x" * 1024])
    def test_passphrase_of_a_wrong_length(self, folder: Path, passphrase: SecretStr | bytes) -> None:
        with pytest.raises(Misconfigured, match="1 to 1023 bytes"):
            KeyRing(folder, passphrase)


class TestSigner:
    @pytest.mark.parametrize("fresh", [False, True])
    def test_ed25519(self, ring: KeyRing, folder: Path, fresh: bool) -> None:
        key = make(ring)
        signer = (KeyRing(folder, SecretStr(PASSPHRASE.decode())) if fresh else ring).signer(key)
        signature = signer.sign(b"text")
        assert (signer.key_id, signer.algorithm, len(signature)) == (str(key.id), ED25519, 64)
        public = parse_multikey(key.public_multibase)
        assert isinstance(public, Ed25519PublicKey)
        public.verify(signature, b"text")

    def test_p256(self, ring: KeyRing) -> None:
        key = make(ring, algorithm=P256)
        signer = ring.signer(key)
        public = parse_multikey(key.public_multibase)
        assert isinstance(public, ec.EllipticCurvePublicKey)
        for n in range(40):  # now and then r or s begins with a zero byte
            signature = signer.sign(str(n).encode())
            assert (signer.key_id, signer.algorithm, len(signature)) == (str(key.id), P256, 64)
            r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
            public.verify(encode_dss_signature(r, s), str(n).encode(), ec.ECDSA(hashes.SHA256()))

    def test_is_opened_once(self, ring: KeyRing, folder: Path) -> None:
        key = make(ring)
        first = ring.signer(key)
        place(folder, key).unlink()
        assert ring.signer(key) is first

    def test_a_changed_row_is_checked_anew(self, ring: KeyRing) -> None:
        key, other = make(ring, 1), make(ring, 2)
        ring.signer(key)
        with pytest.raises(Misconfigured, match="holds another key than the published one"):
            ring.signer(replace(key, public_multibase=other.public_multibase))

    def test_shows_no_secret(self, ring: KeyRing) -> None:
        for algorithm in KeyAlgorithm:
            shown = (
                repr(ring.signer(make(ring, 1 + (algorithm is P256), algorithm))) + repr(vars(ring).keys()) + repr(ring)
            )
            assert "rivate" not in shown
            assert PASSPHRASE.decode() not in shown

    @pytest.mark.parametrize(
        "uri",
        [
            "pkcs11:token=x",
            "file:../kvec.pem",
            "file:/etc/kvec.pem",
            "file:a/b.pem",
            "file:.kvec.pem",
            "file:kvec.pem\n",
            "kvec.pem",
        ],
    )
    def test_other_places_are_refused(self, ring: KeyRing, uri: str) -> None:
        with pytest.raises(Misconfigured, match="no signer for its URI"):
            ring.signer(replace(make(ring), signer_uri=uri))

    @pytest.mark.parametrize(("mode", "warned"), [(0o600, 0), (0o440, 0), (0o604, 1), (0o620, 1)])
    def test_an_open_file_is_named(
        self, ring: KeyRing, folder: Path, caplog: pytest.LogCaptureFixture, mode: int, warned: int
    ) -> None:
        key = make(ring)
        place(folder, key).chmod(mode)
        with caplog.at_level(logging.WARNING):
            KeyRing(folder, PASSPHRASE).signer(key)
        assert len(caplog.records) == warned


class TestCheck:
    def test_all_is_well(self, ring: KeyRing, folder: Path) -> None:
        keys = [make(ring, n + 1, algorithm) for n, algorithm in enumerate(KeyAlgorithm)]
        KeyRing(folder, PASSPHRASE).check(keys)

    def test_another_passphrase(self, ring: KeyRing, folder: Path) -> None:
        keys = [make(ring, n) for n in range(7)]
        with pytest.raises(Misconfigured, match=r"another passphrase, or a damaged file.*and 2 more") as caught:
            KeyRing(folder, b"another").check(keys)
        assert "another'" not in caught.value.detail
        assert caught.value.detail.count("cannot be opened") == 5

    @pytest.mark.parametrize("algorithm", KeyAlgorithm)
    def test_swapped_files(self, ring: KeyRing, folder: Path, algorithm: KeyAlgorithm) -> None:
        one, other = make(ring, 1, algorithm), make(ring, 2, algorithm)
        first, second = place(folder, one), place(folder, other)
        first.rename(folder / "aside")
        second.rename(first)
        (folder / "aside").rename(second)
        with pytest.raises(Misconfigured) as caught:
            KeyRing(folder, PASSPHRASE).check([one, other])
        assert caught.value.detail == "; ".join(
            f"the key file {path} holds another key than the published one" for path in (first, second)
        )

    def test_files_of_different_algorithms_swapped(self, ring: KeyRing, folder: Path) -> None:
        one, other = make(ring, 1, ED25519), make(ring, 2, P256)
        place(folder, other).replace(place(folder, one))
        with pytest.raises(Misconfigured, match="is not a private key for Ed25519"):
            KeyRing(folder, PASSPHRASE).check([one])

    @pytest.mark.parametrize("state", KeyState)
    def test_a_missing_file(self, ring: KeyRing, folder: Path, state: KeyState) -> None:
        key = make(ring, state=state)
        place(folder, key).unlink()
        fresh = KeyRing(folder, PASSPHRASE)
        if state in (KeyState.RETIRED, KeyState.COMPROMISED):
            fresh.check([key])
        else:
            with pytest.raises(Misconfigured, match=r"kvec-.*\.pem is missing"):
                fresh.check([key])

    def test_the_file_of_a_retired_key_must_still_be_right(self, ring: KeyRing, folder: Path) -> None:
        key = make(ring, state=KeyState.RETIRED)
        place(folder, make(ring, 2)).replace(place(folder, key))
        with pytest.raises(Misconfigured, match="holds another key"):
            KeyRing(folder, PASSPHRASE).check([key])

    @pytest.mark.parametrize("damage", [b"", b"not a key", b"cut"])
    def test_a_damaged_file(self, ring: KeyRing, folder: Path, damage: bytes) -> None:
        path = place(folder, key := make(ring))
        path.write_bytes(path.read_bytes()[:100] if damage == b"cut" else damage)
        with pytest.raises(Misconfigured, match="cannot be opened"):
            KeyRing(folder, PASSPHRASE).check([key])

    def test_an_unreadable_file(self, ring: KeyRing, folder: Path) -> None:
        path = place(folder, key := make(ring))
        path.unlink()
        path.mkdir()
        with pytest.raises(Misconfigured, match="cannot be read: Is a directory"):
            KeyRing(folder, PASSPHRASE).check([key])

    def test_a_key_in_the_clear(self, ring: KeyRing, folder: Path) -> None:
        key = make(ring)
        text = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        place(folder, key).write_bytes(text)
        with pytest.raises(Misconfigured, match="is not encrypted"):
            KeyRing(folder, PASSPHRASE).check([key])

    def test_a_key_on_another_curve(self, ring: KeyRing, folder: Path) -> None:
        private = ec.generate_private_key(ec.SECP384R1())
        text = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSPHRASE))
        key = make(ring, algorithm=P256)
        place(folder, key).write_bytes(text)
        with pytest.raises(Misconfigured, match="is not a private key for P-256"):
            KeyRing(folder, PASSPHRASE).check([replace(key, public_multibase=public_multikey(private.public_key()))])


# Runs create() and ends the process, without any clean-up, right before its Nth call that touches the disk.
_KILLED = """
import os, sys
from pathlib import Path
from uuid import UUID
from badgeissuer.keyring import local
from badgeissuer.keyring.ring import KeyRing
from badgeissuer.rules.terms import KeyAlgorithm

left = int(sys.argv[2])
def counted(real):
    def call(*arguments, **options):
        global left
        left -= 1
        if left == 0:
            os._exit(9)
        return real(*arguments, **options)
    return call

ring = KeyRing(Path(sys.argv[1]), bytes.fromhex(sys.argv[3]))
for name in ("open", "fdopen", "fsync", "rename", "close"):
    setattr(os, name, counted(getattr(os, name)))
made = ring.create(issuer="kvec", key_id=UUID(int=7), algorithm=KeyAlgorithm.ED25519)
sys.stdout.write(made.public_multibase)
"""


def test_killed_between_any_two_steps(ring: KeyRing, folder: Path) -> None:
    """Whatever was left behind, the earlier keys stand, new ones are made, and the name is free, empty or whole."""
    earlier = [make(ring, 1), make(ring, 2, P256)]
    path = folder / f"kvec-{UUID(int=7)}.pem"
    kinds: list[str] = []
    for step in range(1, 30):
        before = set(folder.iterdir())
        done = subprocess.run(
            [sys.executable, "-c", _KILLED, str(folder), str(step), PASSPHRASE.hex()],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode in (0, 9), done.stderr
        left = set(folder.iterdir()) - before
        assert all(each == path or each.name.endswith(".tmp") for each in left)
        assert all(each.stat().st_mode & 0o777 == 0o600 for each in left)
        fresh = KeyRing(folder, PASSPHRASE)
        fresh.check([*earlier, make(fresh, 100 + step)])
        if not path.exists():
            kinds.append("free")
        elif path.stat().st_size == 0:
            kinds.append("empty")
        else:
            kinds.append("whole")
            assert isinstance(local.read(path, PASSPHRASE), Ed25519PrivateKey)
        if done.returncode == 0:
            break
        path.unlink(missing_ok=True)
    assert done.returncode == 0
    assert kinds == sorted(kinds, key=["free", "empty", "whole"].index)
    assert set(kinds) == {"free", "empty", "whole"}
    assert any(each.name.endswith(".tmp") for each in folder.iterdir())
