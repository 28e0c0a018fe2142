"""Records by commands alone: made, made anew, listed, taken back."""

from __future__ import annotations

import json

import pytest

from badgeissuer.cli.exits import Exit
from badgeissuer.services import bundling
from tests.cli.conftest import Shell
from tests.support.make import achievement, award_body
from tests.support.records import signed_clr

EMAIL = "teacher1@schools.example.org"


@pytest.fixture
def awarded(shell: Shell) -> list[str]:
    """The addresses of three credentials of one earner."""
    shell.json("issuer", "create", "kvec", "--name", "KVEC")
    body = shell.write("achievement.json", {"achievement": achievement(), "parts": {"duplicates": "allow"}})
    made = shell.json("achievement", "create", body, "--issuer", "kvec")
    shell.json("achievement", "publish", made["url"])
    urls = []
    for n in range(3):
        path = shell.write(f"award-{n}.json", award_body(made["id"], external_reference=f"r{n}"))
        urls.append(shell.json("issue", path)["credential"]["url"])
    return urls


def test_a_record_from_awards_to_its_end(shell: Shell, awarded: list[str]) -> None:
    (record,) = shell.json("clr", "make", "--issuer", "kvec", "--email", EMAIL, "--name", "All")["records"]
    assert (record["members"], record["partial"], record["name"]) == (3, False, "All")
    done = shell("clr", "make", "--issuer", "kvec", "--email", EMAIL, "--award", awarded[0])
    assert (done.code, "A record of 1 badges, and there is more" in done.out) == (0, True)
    assert [each["members"] for each in shell.json("clr", "list")["items"]] == [1, 3]
    assert record["url"] in shell("clr", "list", "--issuer", "kvec").out.replace("\n", "")
    (newer,) = shell.json("clr", "remake", record["url"])["records"]
    listed = {each["id"]: each for each in shell.json("clr", "list")["items"]}
    assert (listed[record["id"]]["state"], listed[record["id"]]["superseded_by"]) == ("revoked", newer["url"])
    ended = shell.json("clr", "revoke", newer["id"], "--reason", "a test")
    assert (ended["state"], ended["state_reason"]) == ("revoked", "a test")
    assert shell("clr", "revoke", newer["id"], "--reason", "a test").code == Exit.CONFLICT


def test_a_large_one_is_finished_here(shell: Shell, awarded: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundling, "AT_ONCE", 2)
    (record,) = shell.json("clr", "make", "--issuer", "kvec", "--email", EMAIL)["records"]
    assert record["members"] == 3


def test_what_cannot_be_made_is_said(shell: Shell, awarded: list[str]) -> None:
    badge = shell.data_dir / "badge.json"
    badge.write_text(json.dumps(signed_clr()))
    done = shell("clr", "make", "--issuer", "kvec", "--email", EMAIL, "--badge", str(badge))
    assert (done.code, "no Open Badge 3.0" in done.err) == (Exit.REFUSED, True)
    assert shell("clr", "make", "--issuer", "kvec").code == Exit.USAGE
    assert shell("clr", "make", "--issuer", "kvec", "--email", "nobody@example.org").code == Exit.NOT_FOUND
    assert shell("clr", "make", "--issuer", "kvec", "--email", EMAIL, "--stack", "x").code == Exit.NOT_FOUND
    assert shell("clr", "revoke", "x", "--reason", "a test").code == Exit.NOT_FOUND
    assert shell("clr", "revoke", awarded[0].rpartition("/")[2], "--reason", " ").code == Exit.USAGE
    assert shell.json("clr", "list") == {"items": []}
