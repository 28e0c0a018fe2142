"""The wheel, installed elsewhere, is complete: contexts and migrations are inside, the demo runs without a checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from badgeissuer.resources import resource
from tests.house.tree import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("dist")
    _run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)], cwd=ROOT)
    (built,) = target.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh virtual environment with the wheel. The dependencies are lent from this environment: installing them
    again would need the network. Its editable badgeissuer is not lent: ``.pth`` files are not followed twice."""
    place = tmp_path_factory.mktemp("elsewhere")
    venv = place / "venv"
    _run([sys.executable, "-m", "venv", "--without-pip", str(venv)], cwd=place)
    python = venv / "bin" / "python"
    packages = Path(
        _run([str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], cwd=place).strip()
    )
    lent = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (packages / "lent.pth").write_text("\n".join(sorted(lent)) + "\n", encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "install", "--quiet"]
    _run([*pip, "--no-index", "--no-deps", "--ignore-installed", str(wheel)], cwd=place)
    return place


def test_contexts_and_migrations_are_inside(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    for name in ("schemas", "migrations"):
        expected = {
            f"badgeissuer/_data/{name}/{path.relative_to(resource(name)).as_posix()}"
            for path in resource(name).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert expected
        assert expected <= inside


def test_nothing_that_is_not_ours_is_inside(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"badgeissuer"}
    assert [name for name in names if name.endswith((".pem", ".db", ".pyc"))] == []


def test_it_runs_from_its_own_files(elsewhere: Path) -> None:
    where = _run(
        [str(elsewhere / "venv/bin/python"), "-c", "import badgeissuer; print(badgeissuer.__file__)"], cwd=elsewhere
    )
    assert Path(where.strip()).is_relative_to(elsewhere)


def test_the_demo_runs_there(elsewhere: Path) -> None:
    export = elsewhere / "export"
    command = [str(elsewhere / "venv/bin/badgeissuer"), "demo", "--data-dir", str(elsewhere / "data")]
    _run([*command, "--no-serve", "--export", str(export)], cwd=elsewhere)
    items = json.loads((export / "manifest.json").read_text(encoding="utf-8"))["items"]
    assert len([item for item in items if item["kind"] == "credential"]) >= 8
    assert [item["path"] for item in items if not (export / item["path"]).is_file()] == []


def _run(command: list[str], *, cwd: Path) -> str:
    kept = ("PATH", "LANG", "LC_ALL", "TMPDIR")
    environment = {name: os.environ[name] for name in kept if name in os.environ} | {"HOME": str(cwd)}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout
