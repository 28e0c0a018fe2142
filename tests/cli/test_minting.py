"""Whether anything is issued: a halt is shown, stops issuing with its own exit code, and is lifted with a reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from uuid import UUID

import pytest

from badgeissuer.cli import session
from badgeissuer.cli.exits import Exit
from badgeissuer.services import rechecking
from badgeissuer.work import Work
from tests.cli.conftest import Shell
from tests.support import make

DOCUMENT = UUID("00000000-0000-4000-8000-000000000007")


def halt(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in shell.environment.items():
        monkeypatch.setenv(name, value)

    async def found(work: Work) -> None:
        await rechecking.halt(work, kind=rechecking.Kind.CREDENTIAL, document_id=DOCUMENT, detail="it differs")

    session.in_unit(session.settings_of(shell.data_dir), found)


def test_where_nothing_is_halted(shell: Shell) -> None:
    assert shell.json("minting", "show") == {"halted": False, "halts": []}
    assert "Minting goes on" in shell("minting", "show").out
    done = shell("minting", "resume", "--reason", "none")
    assert (done.code, "not halted" in done.err) == (Exit.NOT_FOUND, True)


def test_a_halt_is_shown_stops_issuing_and_is_lifted(
    shell: Shell, published: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    body = json.dumps(make.award_body(published(), external_reference="r1"))
    halt(shell, monkeypatch)
    found = shell.json("minting", "show")
    (only,) = found["halts"]
    assert found["halted"] is True
    assert {name: only[name] for name in ("kind", "document", "detail")} == {
        "kind": "credential",
        "document": str(DOCUMENT),
        "detail": "it differs",
    }
    shown = shell("minting", "show").out
    assert f"by credential {DOCUMENT}" in " ".join(shown.split())
    refused = shell("issue", "-", stdin=body)
    assert refused.code == Exit.UNAVAILABLE
    assert "nothing is issued at present" in refused.err
    assert shell.json("minting", "resume", "--reason", "mended")["lifted"] == [only]
    assert shell.json("minting", "show") == {"halted": False, "halts": []}
    assert shell("issue", "-", stdin=body).code == Exit.OK
    halt(shell, monkeypatch)
    assert "Minting goes on." in shell("minting", "resume", "--reason", "mended again").out
