"""A PostgreSQL of the run's own, with the durability of a production server: a commit waits for the disk."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import asyncpg
from tools import postgres_process

from bench.run import Run

START_SECONDS = 60.0
SETTINGS = ("max_connections=200", "shared_buffers=512MB", "max_wal_size=4GB", "checkpoint_timeout=15min")


class NoPostgres(Exception):
    """Why there is none, in words."""


@dataclass(frozen=True, slots=True)
class Server:
    """``pid`` is the postmaster's; ``folder`` holds its socket."""

    folder: Path
    pid: int

    @property
    def host(self) -> str:
        return str(self.folder / "socket")

    def url(self, name: str) -> str:
        return f"postgresql+asyncpg://postgres@/{name}?host={quote(self.host, safe='/')}"

    def create(self, name: str) -> str:
        """The URL of a new, empty database."""
        asyncio.run(self._administer(f'CREATE DATABASE "{name}"'))
        return self.url(name)

    def create_like(self, name: str, template: str) -> str:
        """A copy of a database, to which nobody may be connected."""
        asyncio.run(self._administer(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
        return self.url(name)

    def drop(self, name: str) -> None:
        asyncio.run(self._administer(f'DROP DATABASE "{name}" WITH (FORCE)'))

    def psql(self, name: str) -> list[str]:
        """The command that connects to a database with psql, reading no start file."""
        program = postgres_process.installation() / "bin" / "psql"
        return [str(program), "-X", "-q", "-h", self.host, "-U", "postgres", "-d", name]

    async def _administer(self, statement: str) -> None:
        for left in range(100, -1, -1):
            try:
                connection = await asyncpg.connect(host=self.host, user="postgres", database="postgres")
                break
            except asyncpg.CannotConnectNowError:  # it answers a little before it is ready
                if not left:
                    raise
                await asyncio.sleep(0.1)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def server(run: Run) -> Iterator[Server]:
    """Raises ``NoPostgres``. It ends with the run, however that ends: its keeper watches this process."""
    run.tell("starting PostgreSQL")
    folder = run.folder / "pg"
    folder.mkdir()
    try:
        postgres_process.installation()
    except postgres_process.CannotStart as reason:
        raise NoPostgres(str(reason)) from None
    keeper = subprocess.Popen(
        [sys.executable, postgres_process.__file__, str(folder), str(os.getpid()), *SETTINGS],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait(folder, keeper)
        pid = int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        yield Server(folder, pid)
    finally:
        keeper.send_signal(signal.SIGTERM)
        keeper.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(folder: Path, keeper: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not (folder / postgres_process.READY).exists():
        if (folder / postgres_process.FAILED).exists():
            raise NoPostgres((folder / postgres_process.FAILED).read_text())
        if keeper.poll() is not None or time.monotonic() > deadline:
            raise NoPostgres(f"no answer within {START_SECONDS:.0f} s")
        time.sleep(0.05)
