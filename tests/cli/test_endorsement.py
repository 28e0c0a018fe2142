"""Endorsements by commands: made, listed, carried by later badges, taken back, exported."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from badgeissuer.cli.exits import Exit
from tests.cli.conftest import Shell
from tests.support import make

BASE = "http://localhost:8000"


def test_endorsements_by_commands(shell: Shell, published: Callable[..., str], tmp_path: Path) -> None:
    achievement = published()
    shell.json("issuer", "create", "kde", "--name", "Kentucky Department of Education")
    first = shell.json("issue", "-", stdin=json.dumps(make.award_body(achievement, external_reference="r1")))
    until = "2099-06-30T00:00:00Z"
    about = ("--by", "kde", "--comment", "Counts *toward* renewal.")
    made = shell.json("endorse", *about, "--achievement", achievement, "--embed", "--valid-until", until)
    assert (made["issuer"], made["of"], made["state"], made["standing"]["embed"], made["valid_until"]) == (
        "kde",
        {"kind": "achievement", "id": f"{BASE}/achievements/{achievement}"},
        "active",
        True,
        until,
    )
    body = {"issuer": "kde", "of": {"award": first["id"]}, "comment": "Good work.", "name": "Commended"}
    beside = shell.json("endorsement", "create", shell.write("endorsement.json", body))
    assert (beside["name"], beside["of"]) == ("Commended", {"kind": "award", "id": first["credential"]["url"]})

    exported = shell.json("endorsement", "export", made["url"], "-o", str(tmp_path / "out"))["files"]
    path = tmp_path / "out" / f"endorsement-{made['id']}.json"
    assert exported == [{"path": str(path), "media_type": "application/vc", "sha256": made["sha256"]}]
    assert hashlib.sha256(path.read_bytes()).hexdigest() == made["sha256"]
    assert shell.json("verify", str(path))["outcome"] == "valid"

    second = shell.json("issue", "-", stdin=json.dumps(make.award_body(achievement, 2, external_reference="r2")))
    shell.json("export", second["id"], "--form", "json", "-o", str(tmp_path / "badge"))
    (file,) = (tmp_path / "badge").iterdir()
    badge = json.loads(file.read_bytes())
    assert badge["credentialSubject"]["achievement"]["endorsement"] == [json.loads(path.read_bytes())]
    assert shell.json("endorsement", "standing", made["id"], "--no-embed")["standing"]["embed"] is False

    assert shell.json("endorsement", "carrying", made["url"], "--refuse")["carry"] is False
    allowed = shell("endorsement", "carrying", made["id"], "--allow")
    assert (allowed.code, "Badges of kvec that are made from now on may carry it" in allowed.out) == (0, True)

    listed = shell.json("endorsement", "list", "--by", "kde")["items"]
    assert sorted(each["id"] for each in listed) == sorted([made["id"], beside["id"]])
    assert [each["id"] for each in shell.json("endorsement", "list", "--kind", "award")["items"]] == [beside["id"]]
    shown = shell("endorsement", "list", "--state", "active")
    assert (shown.code, "kde" in shown.out, shown.out.count("active")) == (0, True, 2)

    revoked = shell.json("endorsement", "revoke", f"{BASE}/endorsements/{made['id']}", "--reason", "by mistake")
    assert (revoked["state"], revoked["state_reason"]) == ("revoked", "by mistake")
    assert shell("verify", str(path), "--json").json["outcome"] == "revoked"
    assert shell.json("verify", str(file))["outcome"] == "valid"
    assert shell("endorsement", "list", "--state", "revoked").out.count("revoked") == 1


def test_what_cannot_be_endorsed_is_told(shell: Shell, published: Callable[..., str]) -> None:
    achievement = published()
    by = ("endorse", "--by", "kvec", "--comment", "Fine.")
    assert shell(*by).code == Exit.USAGE
    assert shell(*by, "--issuer", "a", "--achievement", "b").code == Exit.USAGE
    done = shell(*by, "--achievement", achievement)
    assert (done.code, "its signature says already" in " ".join(done.err.split())) == (Exit.REFUSED, True)
    assert shell(*by, "--issuer", "nobody").code == Exit.NOT_FOUND
    assert shell(*by, "--issuer", "kvec", "--valid-until", "tomorrow").code == Exit.REFUSED
    assert shell("endorsement", "create", "-", stdin='{"of": {"issuer": "kvec"}, "comment": "c"}').code == Exit.USAGE
    assert shell("endorsement", "list", "--kind", "badge").code == Exit.USAGE
    assert shell("endorsement", "standing", "x").code == Exit.USAGE
    assert shell("endorsement", "carrying", "x").code == Exit.USAGE
    for command in (
        ("export", "x"),
        ("revoke", "x", "--reason", "r"),
        ("standing", "x", "--embed"),
        ("carrying", "x", "--allow"),
    ):
        assert shell("endorsement", *command).code == Exit.NOT_FOUND
    assert shell("endorsement", "revoke", "x", "--reason", " ").code == Exit.USAGE
    assert "There are no such endorsements." in shell("endorsement", "list").err
