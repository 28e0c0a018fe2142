"""The files of the repository as a newcomer gets them, found without git: a downloaded archive has none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FOLDERS = ("src", "tests", "docs", "tools", "bench", "schemas", "migrations", ".ci", "keys")
_MADE = {"__pycache__", ".venv"}


def text_files() -> Iterator[tuple[Path, str]]:
    """Every text file with its path from the top; what tools make is left out."""
    for path in _files():
        data = path.read_bytes()
        if b"\0" not in data[:8192]:
            yield path.relative_to(ROOT), data.decode("utf-8", errors="replace")


def python_files(folder: str) -> list[Path]:
    return sorted(path for path in (ROOT / folder).rglob("*.py") if not _MADE & set(path.parts))


def _files() -> Iterator[Path]:
    for path in sorted(ROOT.iterdir()):
        if path.is_file() and path.name not in (".coverage", ".git", "uv.lock", "pylock.toml"):
            yield path
    for folder in _FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and not _MADE & set(path.parts) and path.suffix not in (".pyc", ".pem"):
                yield path
