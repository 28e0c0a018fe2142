"""Programs that read what we export, and are not ours. A test skips where one is absent, except in CI."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def tool(name: str) -> str | None:
    """The program's path; None where it is absent, and a failure where ``BADGEISSUER_REQUIRE_TOOLS=1`` forbids that."""
    found = shutil.which(name)
    if found is None and os.environ.get("BADGEISSUER_REQUIRE_TOOLS") == "1":
        pytest.fail(f"BADGEISSUER_REQUIRE_TOOLS=1, but there is no {name} (see tests/apt.txt)", pytrace=False)
    return found


def run(*command: str | Path) -> bytes:
    """What it wrote; a failure where it complains."""
    done = subprocess.run([str(part) for part in command], capture_output=True, check=False)
    assert done.returncode == 0, (command[0], done.stdout, done.stderr)
    return done.stdout
