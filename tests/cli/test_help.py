"""The command as a newcomer meets it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from badgeissuer import __version__, errors
from badgeissuer.cli.exits import MEANINGS, Exit, code_of
from badgeissuer.errors import BadgeissuerError
from tests.cli.conftest import Shell

COMMANDS = [
    ("demo",),
    ("serve",),
    ("migrate",),
    ("apikey", "create"),
    ("apikey", "list"),
    ("apikey", "revoke"),
    ("issuer", "create"),
    ("issuer", "art"),
    ("issuer", "list"),
    ("issuer", "show"),
    ("issuer", "preflight"),
    ("issuer", "rotate-keys"),
    ("achievement", "create"),
    ("achievement", "publish"),
    ("achievement", "art"),
    ("achievement", "list"),
    ("stack", "publish"),
    ("stack", "progress"),
    ("catalogue", "rebuild"),
    ("issue",),
    ("revoke",),
    ("suspend",),
    ("reinstate",),
    ("export",),
    ("endorse",),
    ("endorsement", "create"),
    ("endorsement", "list"),
    ("endorsement", "standing"),
    ("endorsement", "carrying"),
    ("endorsement", "revoke"),
    ("endorsement", "export"),
    ("verify",),
    ("preflight",),
    ("config", "check"),
    ("openapi",),
]


def test_help_names_every_command_and_every_exit_code(empty: Shell) -> None:
    done = empty.bare("--help")
    assert done.code == 0
    assert [name for name, *_ in COMMANDS if f" {name} " not in done.out] == []
    assert [code for code in MEANINGS if str(int(code)) not in done.out] == []


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_takes_a_data_folder_and_gives_json(empty: Shell, command: tuple[str, ...]) -> None:
    done = empty.bare(*command, "--help")
    assert done.code == 0
    assert "--data-dir" in done.out
    assert "--json" in done.out


def test_without_a_command_it_shows_the_help(empty: Shell) -> None:
    done = empty.bare()
    assert done.code == Exit.USAGE
    assert "verify" in done.out + done.err


def test_a_wrong_option_is_wrong_usage(empty: Shell) -> None:
    assert empty.bare("migrate", "--no-such-option").code == Exit.USAGE


def test_the_version(empty: Shell) -> None:
    assert empty.bare("--version").out == f"badgeissuer {__version__}\n"


def test_help_loads_none_of_the_heavy_parts() -> None:
    heavy = "{'fastapi', 'sqlalchemy', 'pyld', 'uvicorn', 'cryptography', 'alembic', 'badgeissuer.runtime'}"
    code = f"import sys, badgeissuer.cli.main; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_error_has_an_exit_code() -> None:
    kinds, pending = [], [BadgeissuerError]
    while pending:
        for kind in pending.pop().__subclasses__():
            pending.append(kind)
            # The web's own errors are about requests over HTTP.
            if not kind.__module__.startswith("badgeissuer.web."):
                kinds.append(kind)
    assert [kind.__name__ for kind in kinds if code_of(kind) is Exit.BUG] == []
    assert code_of(BadgeissuerError) is Exit.BUG


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.Rejected, 1),
        (errors.TooLarge, 1),
        (errors.NotFound, 3),
        (errors.IllegalTransition, 4),
        (errors.Misconfigured, 5),
        (errors.Unavailable, 6),
    ],
)
def test_exit_codes_stay(error: type[BadgeissuerError], code: int) -> None:
    assert code_of(error) == code
