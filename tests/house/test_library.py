"""``badgeissuer.vc`` stands alone: no web, database or network package comes with it, and its documentation runs."""

from __future__ import annotations

import pkgutil
import re
import subprocess
import sys

import badgeissuer.vc
from tests.support.shared import REPO

FOREIGN = (
    "fastapi", "starlette", "uvicorn", "sqlalchemy", "alembic", "asyncpg", "aiosqlite", "httpx", "httpx2", "httpcore",
    "httpcore2", "requests", "aiohttp", "urllib3", "typer", "rich",
)  # fmt: skip
OWN = ("store", "net", "work", "keyring", "services", "web", "cli", "jobs", "runtime", "sandbox")

# None in sys.modules: an import of it fails, as where it is not installed. PyLD takes requests where it finds it, for
# document loaders that are never used here, and does without it elsewhere; nothing else may even ask.
_IMPORT_ALL = """
import importlib, pkgutil, sys
sys.modules["requests"] = sys.modules["aiohttp"] = None
import badgeissuer.vc
for found in pkgutil.walk_packages(badgeissuer.vc.__path__, "badgeissuer.vc."):
    importlib.import_module(found.name)
print("\\n".join(sorted(name for name, module in sys.modules.items() if module is not None)))
"""


def test_the_library_brings_no_web_database_or_network_package() -> None:
    done = subprocess.run([sys.executable, "-c", _IMPORT_ALL], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "badgeissuer.vc.verify" in loaded
    assert "badgeissuer.vc.carriers.png" in loaded
    assert {name for name in loaded if name.partition(".")[0] in FOREIGN} == set()
    assert {name for name in OWN if f"badgeissuer.{name}" in loaded} == set()


def test_what_is_installed_for_the_library_opens_no_connections() -> None:
    """The runtime lock, where the service's own packages are the only ones that do."""
    names = re.findall(r"^([a-z0-9_.-]+)==", (REPO / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)
    assert "pyld" in names
    assert {"requests", "aiohttp", "urllib3"} & set(names) == set()


def test_the_front_page_of_the_library_names_what_is_there() -> None:
    named = set(re.findall(r"``(?:vc\.)?([a-z_]+)``", badgeissuer.vc.__doc__ or ""))
    there = {found.name for found in pkgutil.iter_modules(badgeissuer.vc.__path__)}
    assert named <= there
    assert {"build", "lint", "proofs", "jwt", "verify", "bake", "preflight", "status", "envelope"} <= named


def test_the_example_in_the_documentation_runs() -> None:
    text = (REPO / "docs" / "library.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    done = subprocess.run([sys.executable, "-c", example], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "openbadgeslib imports" in done.stdout
