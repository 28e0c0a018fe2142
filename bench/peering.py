"""Contenders of others, each in its own process: installed by name into `.bench`, apart from this project's `.venv`.

They are installed once; a change of their lists installs them anew. Nothing of a half-made folder stays. A contender
ends when its stdin closes, so also when the bench is killed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from bench.rounds import Tell

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".bench"
_HERE = Path(__file__).resolve().parent / "peers"
_STAMP = "installed"


class NotThere(Exception):
    """The contender cannot be had here; the reason, in words."""


class Peer:
    """One contender that waits for tasks."""

    def __init__(self, command: Sequence[str | Path]) -> None:
        self._process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=_environment(),
            start_new_session=True,  # Ctrl-C is for the bench, which ends its contenders
        )

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.kill()
        self._process.communicate()

    def wait(self) -> None:
        """Until it has loaded its libraries. Raises ``NotThere``."""
        self._answer()

    def round(self, first: int, count: int, **more: Any) -> float:
        """The CPU seconds of so many items."""
        return float(self._ask({"first": first, "count": count, **more})["seconds"])

    def signed(self, number: int) -> str:
        """The text of one signed document."""
        return str(self._ask({"show": number})["signed"])

    def digests(self, texts: Sequence[str]) -> list[str]:
        """SHA-256 of the canonical form of each, in hex."""
        return list(self._ask({"digests": list(texts)})["digests"])

    def _ask(self, task: Mapping[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(task) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it ended; its last words follow
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            _, words = self._process.communicate()
            raise NotThere(_last_line(words) or "it ended without a word")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def python_peer(name: str, work: Path, *, tell: Tell) -> Iterator[Peer]:
    """``pyld`` or ``openbadgeslib``. Raises ``NotThere``."""
    home = _installed("python", _HERE / "requirements.txt", _install_python, tell)
    with Peer([home / "bin" / "python", _HERE / "signing.py", name, work]) as peer:
        peer.wait()
        yield peer


@contextmanager
def node_peer(work: Path, *, tell: Tell) -> Iterator[Peer]:
    """``@digitalbazaar/vc``. Raises ``NotThere``, also where Node or npm is missing."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            raise NotThere(f"{tool} is not installed")
    home = _installed("node", _HERE / "package.json", _install_node, tell)
    with Peer(["node", _HERE / "digitalbazaar.mjs", home, work]) as peer:
        peer.wait()
        yield peer


def _installed(kind: str, wanted: Path, install: Callable[[Path, Path], None], tell: Tell) -> Path:
    home = HOME / kind
    stamp = hashlib.sha256(wanted.read_bytes()).hexdigest()
    if (home / _STAMP).is_file() and (home / _STAMP).read_text() == stamp:
        return home
    tell(f"installing the contenders of {wanted.name}")
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    try:
        install(home, wanted)
        (home / _STAMP).write_text(stamp)
    except BaseException:
        shutil.rmtree(home, ignore_errors=True)
        raise
    return home


def _install_python(home: Path, wanted: Path) -> None:
    _run([sys.executable, "-m", "venv", home])
    pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
    _run([home / "bin" / "python", *pip, "-r", wanted])


def _install_node(home: Path, wanted: Path) -> None:
    shutil.copy(wanted, home / "package.json")
    options = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error"]
    _run(["npm", "install", *options, "--prefix", home])


def _run(command: Sequence[str | Path]) -> None:
    """Raises ``NotThere`` with its last line."""
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=HOME,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        words, _ = process.communicate(timeout=600)
    except subprocess.TimeoutExpired:
        raise NotThere("installing it takes longer than ten minutes") from None
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    if process.returncode != 0:
        raise NotThere(f"it cannot be installed: {_last_line(words)}")


def _environment() -> dict[str, str]:
    """Nothing of ours: no path to our packages, no setting."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG", "SYSTEMROOT") if name in os.environ}


def _last_line(words: str) -> str:
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    return lines[-1][:200] if lines else ""
