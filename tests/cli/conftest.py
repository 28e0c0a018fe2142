"""A shell for tests: calls the command in this process, on a data folder and a database of its own."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from badgeissuer.cli.main import app

PASSPHRASE = "only the tests use this passphrase"


@dataclass(frozen=True)
class Done:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Shell:
    """Commands run with this folder and this environment. ``data_dir`` goes along as an option."""

    data_dir: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str, stdin: str | bytes | None = None) -> Done:
        return self.bare(*arguments, "--data-dir", str(self.data_dir), stdin=stdin)

    def json(self, *arguments: str, stdin: str | bytes | None = None) -> Any:
        """The JSON of a command that must succeed."""
        done = self(*arguments, "--json", stdin=stdin)
        assert done.code == 0, done.err
        return done.json

    def bare(self, *arguments: str, stdin: str | bytes | None = None) -> Done:
        result = CliRunner(env=self.environment).invoke(app, arguments, input=stdin)
        assert "Traceback" not in result.output
        return Done(result.exit_code, result.stdout, result.stderr)

    def write(self, name: str, document: Any) -> str:
        path = self.data_dir / name
        path.write_text(json.dumps(document), encoding="utf-8")
        return str(path)


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """Commands take over logging, as the programs that they are."""
    names = ("", "alembic", "badgeissuer", "badgeissuer.net", "uvicorn.error", "uvicorn.access")
    before = {name: (logging.getLogger(name).level, list(logging.getLogger(name).handlers)) for name in names}
    yield
    for name, (level, handlers) in before.items():
        logging.getLogger(name).setLevel(level)
        logging.getLogger(name).handlers[:] = handlers


@pytest.fixture
def empty(tmp_path: Path) -> Shell:
    """A shell where nothing is set and nothing is there."""
    return Shell(tmp_path / "data")


@pytest.fixture
def shell(tmp_path: Path, migrated_database_url: str) -> Shell:
    """A shell on a migrated database of each kind, with a passphrase."""
    return Shell(
        tmp_path,
        {"BADGEISSUER_DATABASE_URL": migrated_database_url, "BADGEISSUER_KEY_PASSPHRASE": PASSPHRASE},
    )


@pytest.fixture
def without_passphrase(shell: Shell) -> Shell:
    return Shell(shell.data_dir, {"BADGEISSUER_DATABASE_URL": shell.environment["BADGEISSUER_DATABASE_URL"]})


@pytest.fixture
def published(shell: Shell) -> Callable[..., str]:
    """Makes a published achievement of an issuer that it registers; gives its id."""
    from tests.support import make

    def publish(slug: str = "kvec", **parts: Any) -> str:
        shell.json("issuer", "create", slug, "--name", f"Issuer {slug}")
        body = {"issuer": slug, "achievement": make.achievement(), "parts": parts}
        made = shell.json("achievement", "create", "-", "--publish", stdin=json.dumps(body))
        assert made["state"] == "published"
        return str(made["id"])

    return publish
