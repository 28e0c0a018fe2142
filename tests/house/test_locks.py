"""The lock files: every entry hashed, no address in them, and in step with pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from functools import cache

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.tree import ROOT

_LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-build.lock")


@cache
def _pins(name: str) -> dict[str, tuple[str, int]]:
    """Package name → version and number of hashes."""
    entries = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    pins: dict[str, tuple[str, int]] = {}
    for entry in entries:
        match = re.fullmatch(r"([A-Za-z0-9._-]+)==(\S+)( ; [^#]*?)?((?: +--hash=sha256:[0-9a-f]{64})+) *", entry)
        assert match, f"{name}: {entry[:80]}"
        pins[canonicalize_name(match[1])] = (match[2], match[4].count("--hash="))
    return pins


@pytest.mark.parametrize("name", _LOCKS)
def test_every_entry_is_pinned_and_hashed_and_nothing_else_is_in_it(name: str) -> None:
    assert _pins(name)
    assert "://" not in (ROOT / name).read_text(encoding="utf-8")


def test_the_development_lock_holds_the_same_versions_as_the_one_for_running() -> None:
    development = _pins("requirements-dev.lock")
    assert {name: development.get(name) for name in _pins("requirements.lock")} == _pins("requirements.lock")


@pytest.mark.parametrize(("lock", "extras"), [("requirements.lock", ()), ("requirements-dev.lock", ("dev",))])
def test_the_locks_fit_the_declared_dependencies(lock: str, extras: tuple[str, ...]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = [
        *project["dependencies"],
        *(line for extra in extras for line in project["optional-dependencies"][extra]),
    ]
    wrong = []
    for requirement in map(Requirement, declared):
        version, _ = _pins(lock).get(canonicalize_name(requirement.name), ("missing", 0))
        if version == "missing" or not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{requirement} is {version}: run `make lock`")
    assert wrong == []
