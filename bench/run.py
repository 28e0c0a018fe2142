"""One run of the bench: its folder, what it may use, and that nothing of it stays, however it ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from bench.rounds import ROUNDS, Tell, silent

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Run:
    """``folder`` holds all that is made on the way. ``quick``: small counts, to see that everything works."""

    folder: Path
    quick: bool = False
    peers: bool = True
    tell: Tell = silent

    @property
    def rounds(self) -> int:
        return 1 if self.quick else ROUNDS

    def few(self, usual: int, quick: int) -> int:
        return quick if self.quick else usual


@contextmanager
def folder() -> Iterator[Path]:
    """A new folder that is gone afterwards: also after SIGTERM, and after a kill that this process cannot catch.

    For that one a process of its own keeps watch; everything that a run starts ends by itself when the run is gone.
    """
    made = Path(tempfile.mkdtemp(prefix="badgeissuer-bench-", dir=_temporary_folder()))
    made.chmod(0o711)  # where root runs this, PostgreSQL runs as another user and must get through
    watch = subprocess.Popen(
        [sys.executable, "-m", "bench.run", str(made), str(os.getpid())],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    earlier = signal.signal(signal.SIGTERM, _stop)
    try:
        yield made
    finally:
        signal.signal(signal.SIGTERM, earlier)
        watch.terminate()
        watch.wait()
        shutil.rmtree(made, ignore_errors=True)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _temporary_folder() -> str:
    """The system's temporary folder, unless its name is too long for a socket path (107 bytes) or root's alone."""
    usual = Path(tempfile.gettempdir()).resolve()
    reachable = all(place.stat().st_mode & 0o001 for place in (usual, *usual.parents))
    return str(usual) if len(str(usual)) < 60 and reachable else "/tmp"


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _watch(made: Path, owner: int) -> None:
    """Remove the folder once its owner is gone, when what it started has had time to end."""
    while alive(owner):
        time.sleep(0.25)
    for _ in range(40):
        shutil.rmtree(made, ignore_errors=True)
        time.sleep(0.25)
        if not made.exists():
            return


if __name__ == "__main__":
    _watch(Path(sys.argv[1]), int(sys.argv[2]))
