"""Stacks by commands: publish from a file, award those who earned it already, see where somebody stands."""

from __future__ import annotations

import json
from collections.abc import Callable

from badgeissuer.cli.exits import Exit
from tests.cli.conftest import Shell
from tests.support import make

BASE = "http://localhost:8000"


def test_a_stack_is_published_and_awarded_by_commands(shell: Shell, published: Callable[..., str]) -> None:
    member = published()
    second, crown = (
        shell.json(
            "achievement", "create", "-", "--publish", "--issuer", "kvec", stdin=json.dumps(make.achievement(name))
        )["id"]
        for name in ("Second", "Crown")
    )
    shell.json("issue", "-", stdin=json.dumps(make.award_body(member, external_reference="r1")))
    members = [
        {"key": "one", "title": "One", "achievement": f"{BASE}/achievements/{member}"},
        {"key": "two", "title": "Two", "achievement": f"{BASE}/achievements/{second}"},
    ]
    document = {"name": "Stack", "description": "D", "members": members, "rule": {"all": ["one", "two"]}}
    body = {"issuer": "kvec", "achievement": crown, "stack": document}
    made = shell.json("stack", "publish", shell.write("stack.json", body))
    assert (made["version"], made["state"]) == (1, "published")
    who = ("--email", "teacher1@schools.example.org")
    found = shell.json("stack", "progress", made["id"], *who)
    assert (found["complete"], found["summary"]) == (
        False,
        "1 of 2 earned; missing: Two",
    )
    assert shell.json("stack", "progress", made["url"], *who, "--what-if", "two")["complete"]
    shown = shell("stack", "progress", made["id"], *who)
    assert "1 of 2 earned" in shown.out
    assert "not earned yet" in shown.out
    assert "Any one of these would complete it: two" in shown.out
    file = shell.write("next.json", {"stack": {**document, "rule": "one"}})
    again = shell.json("stack", "publish", file, "--as-version-of", made["url"], "--now")
    assert again["version"] == 2
    found = shell.json("stack", "progress", made["id"], *who)
    assert (found["complete"], found["award"]["state"]) == (True, "active")


def test_what_is_wrong_with_a_stack_is_said(shell: Shell, published: Callable[..., str]) -> None:
    crown = published()
    members = [{"key": "one", "title": "One", "achievement": f"{BASE}/achievements/{crown}"}]
    document = {"name": "Stack", "description": "D", "members": members, "rule": "one"}
    body = {"issuer": "kvec", "achievement": crown, "stack": document}
    done = shell("stack", "publish", "-", stdin=json.dumps(body))
    assert done.code == Exit.REFUSED
    assert "/stack/members/0/achievement: is what the stack itself awards" in done.err
    assert shell("stack", "publish", "-", stdin=json.dumps({"stack": document})).code == Exit.REFUSED
    assert shell("stack", "publish", "-", stdin=json.dumps({**body, "issuer": None})).code == Exit.USAGE
    assert shell("stack", "progress", "nonsense", "--email", "a@b.example").code == Exit.NOT_FOUND
    assert shell("stack", "progress", "nonsense").code == Exit.USAGE
