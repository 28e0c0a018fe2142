"""The standards' own files lie beside the repository; tests read them. A stranger's machine has none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]


def shared_path(name: str) -> Path:
    """A file or folder of the shared material; skips the test with the reason where it is absent."""
    root = Path(os.environ.get("BADGEISSUER_SHARED", REPO.parent / "shared"))
    path = root / name
    if not path.exists():
        pytest.skip(f"the standards material is not on this machine (looked for {name} in the shared folder)")
    return path
