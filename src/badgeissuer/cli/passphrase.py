"""The demo makes its own passphrase, so that a first run needs no setup. A real service gets one from its operator."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from badgeissuer.errors import Misconfigured

if TYPE_CHECKING:
    from badgeissuer.settings import Settings


def ensure_passphrase(settings: Settings) -> Path | None:
    """Write ``{data_dir}/passphrase`` (256 random bits, mode 600) where none is configured; the path if it was made.

    Raises ``Misconfigured`` where keys are there already: a new passphrase could not open them.
    """
    if settings.passphrase() is not None:
        return None
    if any(settings.resolved_keys_dir.glob("*.pem")):
        raise Misconfigured(
            f"{settings.resolved_keys_dir} holds private keys, but their passphrase is missing: bring back "
            f"{settings.passphrase_path}, or set BADGEISSUER_KEY_PASSPHRASE"
        )
    path = settings.passphrase_path
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # O_EXCL: a second process that starts now must not replace the passphrase of the first one's keys.
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return None
    except OSError as error:
        raise Misconfigured(f"the passphrase file {path} cannot be written: {error.strerror}") from None
    with os.fdopen(file, "wb") as out:
        os.fchmod(out.fileno(), 0o600)
        out.write(base64.b64encode(secrets.token_bytes(32)) + b"\n")
        out.flush()
        os.fsync(out.fileno())
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return path
