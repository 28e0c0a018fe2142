"""The two commands and what stands around them."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.house.tree import ROOT


def test_make_help_names_every_target_that_is_meant_for_people() -> None:
    # Not as a part of the make that may run these tests.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "help"]
    shown = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    named = set(re.findall(r"^  make ([a-z-]+)", shown, flags=re.MULTILINE))
    assert {"help", "run", "test", "test-long", "lint", "migrate", "openapi", "bench", "lock"} <= named
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert phony is not None
    assert named == set(phony[1].split()) - {"env", "dev"}


def test_ci_runs_the_tests_and_then_the_lint() -> None:
    commands = [
        line for line in (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines() if line.startswith("make ")
    ]
    assert commands == ["make test", "make lint"]


@pytest.mark.parametrize("python", ["", "/nowhere/python3"])
def test_without_a_fitting_python_the_message_says_what_to_do(python: str, tmp_path: Path) -> None:
    environment = {"PATH": str(tmp_path), "PYTHON": python}
    done = subprocess.run(
        ["/bin/sh", str(ROOT / "tools/find-python")], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "needs Python 3.11 or newer" in done.stderr
    assert "make run PYTHON=" in done.stderr
