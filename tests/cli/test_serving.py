"""The service as a process: it starts, says where it listens, and stops when told to."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from badgeissuer.cli.exits import Exit
from tests.cli.conftest import PASSPHRASE, Shell


@contextmanager
def running(data_dir: Path, command: str, *options: str, **environment: str) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The process, and the JSON it printed once it takes requests."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-m", "badgeissuer", command, "--port", "0", "--json", "--data-dir", str(data_dir), *options],
        env={**kept, **environment},
        cwd=data_dir,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        text = ""
        for line in process.stdout:
            text += line
            if line == "}\n":
                break
        if not text:
            pytest.fail(process.communicate(timeout=30)[1])
        yield process, json.loads(text)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, Exit.INTERRUPTED), (signal.SIGTERM, -signal.SIGTERM)])
def test_it_serves_until_it_is_told_to_stop(shell: Shell, how: signal.Signals, code: int) -> None:
    with running(shell.data_dir, "serve", "--access-log", **shell.environment) as (process, said):
        with httpx2.Client(base_url=said["listening"], trust_env=False) as http:
            assert http.get("/readyz").json()["status"] == "ready"
            assert http.get("/v1/achievements?q=secret").status_code == 401
            assert http.get("/s/secret/record.pdf").status_code == 404
        process.send_signal(how)
        out, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert out == ""
    assert "Traceback" not in err
    assert f"Listening on {said['listening']}" in err
    assert "/v1/achievements" in err
    assert "/s/-/record.pdf" in err
    assert "secret" not in err


def test_a_port_that_is_taken_is_said_in_words(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for command in ("serve", "demo"):
            done = shell(command, "--port", port)
            assert done.code == Exit.UNAVAILABLE
            assert f"127.0.0.1:{port}" in done.err
    assert not (shell.data_dir / "passphrase").exists()


def test_it_refuses_to_start_without_a_passphrase(without_passphrase: Shell) -> None:
    done = without_passphrase("serve")
    assert done.code == Exit.CONFIGURATION
    assert "BADGEISSUER_KEY_PASSPHRASE" in done.err
    assert not (without_passphrase.data_dir / "passphrase").exists()


def test_in_demo_mode_it_makes_one(without_passphrase: Shell) -> None:
    with running(without_passphrase.data_dir, "serve", BADGEISSUER_DEMO="1", **without_passphrase.environment) as (
        _,
        said,
    ):
        assert said["listening"].startswith("http://127.0.0.1:")
    assert (without_passphrase.data_dir / "passphrase").stat().st_mode & 0o777 == 0o600


def test_it_refuses_to_start_on_a_database_that_is_not_migrated(empty: Shell, fresh_database_url: str) -> None:
    empty.environment |= {"BADGEISSUER_DATABASE_URL": fresh_database_url, "BADGEISSUER_KEY_PASSPHRASE": PASSPHRASE}
    done = empty("serve")
    assert done.code == Exit.CONFIGURATION
    assert "badgeissuer migrate" in done.err
