"""``badgeissuer.vc`` stands alone: no web, database or network package comes with it, and its documentation runs."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.support.shared import REPO

# Not requests: PyLD loads it where it happens to be installed, for document loaders that are never used here.
FOREIGN = (
    "fastapi", "starlette", "uvicorn", "sqlalchemy", "alembic", "asyncpg", "aiosqlite", "httpx", "httpx2", "httpcore",
    "httpcore2", "typer", "rich",
)  # fmt: skip
OWN = ("store", "net", "work", "keyring", "services", "web", "cli", "jobs", "runtime", "sandbox")

_IMPORT_ALL = """
import importlib, pkgutil, sys
import badgeissuer.vc
for found in pkgutil.walk_packages(badgeissuer.vc.__path__, "badgeissuer.vc."):
    importlib.import_module(found.name)
print("\\n".join(sorted(sys.modules)))
"""


def test_the_library_brings_no_web_database_or_network_package() -> None:
    done = subprocess.run([sys.executable, "-c", _IMPORT_ALL], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "badgeissuer.vc.verify" in loaded
    assert "badgeissuer.vc.carriers.png" in loaded
    assert {name for name in loaded if name.partition(".")[0] in FOREIGN} == set()
    assert {name for name in OWN if f"badgeissuer.{name}" in loaded} == set()


def test_the_example_in_the_documentation_runs() -> None:
    text = (REPO / "docs" / "library.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    done = subprocess.run([sys.executable, "-c", example], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "openbadgeslib imports" in done.stdout
