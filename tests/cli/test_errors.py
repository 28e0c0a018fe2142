"""Whatever goes wrong, people read a line, programs read JSON, and nobody reads a traceback unasked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from badgeissuer.cli import console, migrate
from badgeissuer.cli.exits import Exit
from tests.cli.conftest import Shell


def test_a_mistake_of_ours_is_one_line_and_70(empty: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("secret value")

    monkeypatch.setattr(migrate, "_upgrade", broken)
    done = empty("migrate")
    assert done.code == Exit.BUG
    assert done.err.splitlines()[0] == "error: badgeissuer made a mistake (KeyError)"
    assert "BADGEISSUER_DEBUG=1" in done.err
    assert "secret value" not in done.err
    assert empty("migrate", "--json").json["error"]["code"] == "bug"


def test_with_debug_it_says_where(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "badgeissuer", "migrate", "--revision", "nope", "--data-dir", str(tmp_path)]
    plain = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (plain.returncode, "Traceback" in plain.stderr) == (Exit.NOT_FOUND, False)
    debug = subprocess.run(
        command, capture_output=True, text=True, check=False, env={"BADGEISSUER_DEBUG": "1", "PATH": ""}
    )
    assert (debug.returncode, "Traceback" in debug.stderr) == (Exit.NOT_FOUND, True)


def test_an_error_in_json_holds_every_fault(shell: Shell) -> None:
    body = {"achievement": {"name": "x"}, "surprise": 1}
    done = shell("achievement", "create", shell.write("bad.json", body), "--issuer", "kvec", "--json")
    assert done.code == Exit.REFUSED
    error = done.json["error"]
    assert (error["code"], [fault["pointer"] for fault in error["faults"]]) == ("rejected", ["/surprise"])
    assert done.err.startswith("error: ")


def test_control_characters_of_strangers_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    console.say("a\x1b[31mred\u202eevil\x9bz")
    assert capsys.readouterr().out == "a�[31mred�evil�z\n"


@pytest.mark.parametrize(
    ("url", "command", "code"),
    [
        ("postgresql+asyncpg://u:geheim@127.0.0.1:1/x", "migrate", Exit.UNAVAILABLE),
        ("postgresql+asyncpg://u:geheim@127.0.0.1:1/x", "apikey list", Exit.UNAVAILABLE),
        ("postgresql+asyncpg://u:geheim@/x?host=/nowhere", "migrate", Exit.UNAVAILABLE),
        ("postgresql+asyncpg://u:geheim@/x?host=/nowhere", "apikey list", Exit.UNAVAILABLE),
        ("sqlite+aiosqlite:////proc/nowhere/x.db", "migrate", Exit.UNAVAILABLE),
        ("sqlite+aiosqlite:////nowhere/x.db", "apikey list", Exit.CONFIGURATION),
        ("mysql://u:geheim@localhost/x", "apikey list", Exit.CONFIGURATION),
    ],
)
def test_a_database_that_is_not_there_is_said_in_words(empty: Shell, url: str, command: str, code: Exit) -> None:
    empty.environment["BADGEISSUER_DATABASE_URL"] = url
    done = empty(*command.split())
    assert done.code == code, done.err
    assert len(done.err.splitlines()) == 1
    assert "geheim" not in done.err


def test_a_database_name_that_does_not_exist_is_said_in_words(shell: Shell) -> None:
    url = shell.environment["BADGEISSUER_DATABASE_URL"]
    if url.startswith("sqlite"):
        other, code = url.replace("badgeissuer.db", "other.db"), Exit.CONFIGURATION
    else:
        other, code = url.replace("badgeissuer_test_", "nowhere_"), Exit.UNAVAILABLE
    shell.environment["BADGEISSUER_DATABASE_URL"] = other
    done = shell("apikey", "list")
    assert done.code == code, done.err
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("stdin", "code"),
    [("{", Exit.REFUSED), ('{"a":1,"a":2}', Exit.REFUSED), ("[]", Exit.REFUSED), ('{"a":NaN}', Exit.REFUSED)],
)
def test_broken_json_is_refused(shell: Shell, stdin: str, code: Exit) -> None:
    for command in (("issue", "-"), ("achievement", "create", "-"), ("issuer", "create", "kvec", "--profile", "-")):
        assert shell(*command, stdin=stdin).code == code


def test_a_file_that_is_not_there_is_not_found(shell: Shell) -> None:
    assert shell("issue", "nowhere.json").code == Exit.NOT_FOUND
