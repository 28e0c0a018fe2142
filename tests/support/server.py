"""The real service in a process of its own, on a loopback port: to be killed, restarted and called over a socket."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

import httpx2

PASSPHRASE = "a passphrase that only the tests use"
START_TIMEOUT = 60.0


class Server:
    """``badgeissuer serve`` on one data folder and database. ``start`` waits until it answers; ``kill`` is kill -9."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.port = _free_port()
        self.base_url = f"http://localhost:{self.port}"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "BADGEISSUER_DATA_DIR": str(folder),
            "BADGEISSUER_DATABASE_URL": database_url,
            "BADGEISSUER_BASE_URL": self.base_url,
            "BADGEISSUER_KEY_PASSPHRASE": PASSPHRASE,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.log = folder / "server.log"

    def run(self, *arguments: str) -> str:
        """Run one command of the command line with the server's settings; returns what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "badgeissuer", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "badgeissuer", "serve", "--port", str(self.port)],
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()[-4000:]
            try:
                if httpx2.get(f"http://127.0.0.1:{self.port}/healthz", trust_env=False).status_code == 200:
                    return
            except httpx2.TransportError:
                time.sleep(0.05)
        raise AssertionError(f"the server did not answer in {START_TIMEOUT} s:\n{self.log.read_text()[-4000:]}")

    def kill(self) -> None:
        """Kill -9: nothing is flushed, closed or told."""
        self._signal(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        return self._signal(signal.SIGTERM)

    def _signal(self, number: signal.Signals) -> int:
        process, self.process = self.process, None
        if process is None:
            return 0
        process.send_signal(number)
        return process.wait(timeout=30)

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
