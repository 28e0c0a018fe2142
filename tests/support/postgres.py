"""PostgreSQL databases for tests: ``fresh_database()`` gives the URL of a new, empty one.

The server is the one that ``BADGEISSUER_TEST_DATABASE_URL`` names, else one that the run starts itself on first need
and shares among its workers (``tools/postgres_process``). Where neither can be had a test is skipped with the reason,
or fails if ``BADGEISSUER_REQUIRE_TOOLS=1``, as in CI.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Coroutine
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.engine import URL, make_url
from tools import postgres_process

RUN_FOLDER = "BADGEISSUER_TEST_RUN_FOLDER"
RUN_PID = "BADGEISSUER_TEST_RUN_PID"
START_TIMEOUT = 60.0


def fresh_database(*, template: str | None = None) -> str:
    """The URL (``postgresql+asyncpg://…``) of a new database. It is empty, or a copy of the database at ``template``,
    to which nobody may be connected. Drop it with ``drop_database``; the run's own server vanishes with the run."""
    name = f"badgeissuer_test_{uuid4().hex}"
    source = f' TEMPLATE "{make_url(template).database}"' if template else ""
    _administer(f'CREATE DATABASE "{name}"{source}')
    return _server().set(database=name).render_as_string(hide_password=False)


def drop_database(url: str) -> None:
    """Remove a database that ``fresh_database`` made, whoever is still connected."""
    name = make_url(url).database or ""
    assert name.startswith("badgeissuer_test_"), "only databases that the tests made are dropped"
    _administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def begin_run() -> None:
    """Called once, by the process that controls the run: names the folder that workers find the server in."""
    if os.environ.get("BADGEISSUER_TEST_DATABASE_URL"):
        return
    os.environ[RUN_FOLDER] = tempfile.mkdtemp(prefix="badgeissuer-test-", dir=_temporary_folder())
    os.environ[RUN_PID] = str(os.getpid())


def end_run() -> None:
    """Stop the run's own server, if one was started, and wait until it is gone."""
    name = os.environ.pop(RUN_FOLDER, None)
    if name is None:
        return
    folder = Path(name)
    ready = folder / postgres_process.READY
    if ready.exists():
        os.kill(int(ready.read_text()), signal.SIGTERM)
        for _ in range(100):
            if not folder.exists():
                return
            time.sleep(0.05)
    # No server was started. One that is just starting sees that the run is over, and removes the folder itself.
    if folder.exists() and not any(folder.iterdir()):
        folder.rmdir()


def configured_address() -> tuple[str, int] | None:
    """Host and port of the server that the environment names: the one address off this machine that tests may dial."""
    given = os.environ.get("BADGEISSUER_TEST_DATABASE_URL")
    if not given:
        return None
    url = make_url(given)
    return (url.host, url.port or 5432) if url.host else None


def unavailable(reason: str) -> None:
    """Skip the test for want of a tool, or fail it where every tool must be there."""
    if os.environ.get("BADGEISSUER_REQUIRE_TOOLS") == "1":
        pytest.fail(f"BADGEISSUER_REQUIRE_TOOLS=1, but {reason}", pytrace=False)
    pytest.skip(reason)


def _server() -> URL:
    """The URL of the server's maintenance database."""
    given = os.environ.get("BADGEISSUER_TEST_DATABASE_URL")
    if given:
        return make_url(given).set(drivername="postgresql+asyncpg")
    folder = Path(os.environ[RUN_FOLDER])
    try:
        _ensure_started(folder)
    except postgres_process.CannotStart as error:
        unavailable(f"PostgreSQL cannot be started: {error}")
    return make_url(f"postgresql+asyncpg://postgres@/postgres?host={quote(str(folder / 'socket'), safe='/')}")


def _ensure_started(folder: Path) -> None:
    ready, failed = folder / postgres_process.READY, folder / postgres_process.FAILED
    if ready.exists():
        return
    postgres_process.installation()
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the first worker starts it, the others wait here
        if not ready.exists() and not failed.exists():
            # A session of its own: Ctrl-C ends the tests first, and then the server.
            subprocess.Popen(
                [sys.executable, postgres_process.__file__, str(folder), os.environ[RUN_PID]],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            ).returncode = 0  # it outlives us on purpose; nobody waits for it
            deadline = time.monotonic() + START_TIMEOUT
            while not ready.exists() and not failed.exists():
                if time.monotonic() > deadline:
                    raise postgres_process.CannotStart(f"no answer within {START_TIMEOUT:.0f} s")
                time.sleep(0.05)
    if failed.exists():
        raise postgres_process.CannotStart(failed.read_text())


def _temporary_folder() -> str:
    """The system's temporary folder, unless its name is too long for a socket path (107 bytes) or root's alone."""
    usual = Path(tempfile.gettempdir()).resolve()
    reachable = all(place.stat().st_mode & 0o001 for place in (usual, *usual.parents))
    return str(usual) if len(str(usual)) < 60 and reachable else "/tmp"


def _administer(statement: str) -> None:
    url = _server()
    host = url.query.get("host", url.host)

    async def execute() -> None:
        connection = await asyncpg.connect(
            host=host, port=url.port, user=url.username, password=url.password, database=url.database
        )
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    _run_aside(execute())


def _run_aside(work: Coroutine[object, object, None]) -> None:
    """Run it to the end on a loop of its own, in a thread: the caller may itself be on a running loop."""
    failure: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(work)
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
