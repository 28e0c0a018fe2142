"""From an issuer to a revoked award, by commands alone."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from badgeissuer.cli.exits import Exit
from tests.cli.conftest import Shell
from tests.support.make import achievement, award_body

Published = Callable[..., str]


def test_an_issuer_with_its_keys(shell: Shell) -> None:
    made = shell.json("issuer", "create", "kvec", "--name", "KVEC")
    assert made["did"] == "did:web:localhost%3A8000:issuers:kvec"
    assert len(list((shell.data_dir / "keys").glob("*.pem"))) == 2
    shown = shell.json("issuer", "show", "kvec")
    assert [(key["algorithm"], key["state"]) for key in shown["keys"]] == [("Ed25519", "active"), ("P-256", "active")]
    assert shown["profile"]["name"] == "KVEC"
    assert [item["slug"] for item in shell.json("issuer", "list")["items"]] == ["kvec"]
    assert shell("issuer", "create", "kvec", "--name", "KVEC").code == Exit.CONFLICT
    assert shell("issuer", "create", "KVEC!", "--name", "KVEC").code == Exit.REFUSED
    assert shell("issuer", "create", "other").code == Exit.USAGE
    assert shell("issuer", "show", "nowhere").code == Exit.NOT_FOUND


def test_an_issuer_with_a_profile_from_a_file(shell: Shell) -> None:
    profile = {"name": "From the file", "description": "Serves schools.", "email": "badges@kvec.example.org"}
    shell.json("issuer", "create", "kvec", "--name", "KVEC", "--profile", shell.write("profile.json", profile))
    stored = shell.json("issuer", "show", "kvec")["profile"]
    assert (stored["name"], stored["email"]) == ("KVEC", "badges@kvec.example.org")


def test_rotating_keys(shell: Shell) -> None:
    shell.json("issuer", "create", "kvec", "--name", "KVEC")
    made = shell.json("issuer", "rotate-keys", "kvec")["keys"]
    assert [key["state"] for key in made] == ["next", "next"]
    assert shell("issuer", "rotate-keys", "kvec").code == Exit.CONFLICT
    shell.json("issuer", "rotate-keys", "kvec", "--now")
    states = [key["state"] for key in shell.json("issuer", "show", "kvec")["keys"]]
    assert sorted(states) == ["active"] * 2 + ["retired"] * 4


def test_making_keys_needs_the_passphrase(without_passphrase: Shell) -> None:
    done = without_passphrase("issuer", "create", "kvec", "--name", "KVEC")
    assert done.code == Exit.CONFIGURATION
    assert "BADGEISSUER_KEY_PASSPHRASE" in done.err
    assert without_passphrase.json("issuer", "list") == {"items": []}


def test_a_draft_is_published(shell: Shell) -> None:
    shell.json("issuer", "create", "kvec", "--name", "KVEC")
    path = shell.write("achievement.json", achievement())
    made = shell.json("achievement", "create", path, "--issuer", "kvec")
    assert made["state"] == "draft"
    assert shell.json("achievement", "publish", made["url"])["state"] == "published"
    assert shell("achievement", "publish", made["id"]).code == Exit.CONFLICT
    (listed,) = shell.json("achievement", "list", "--issuer", "kvec", "--search", "literacy")["items"]
    assert (listed["id"], listed["state"]) == (made["id"], "published")
    assert shell.json("achievement", "list", "--search", "swimming")["items"] == []
    assert shell("achievement", "create", path).code == Exit.USAGE
    assert shell("achievement", "create", path, "--issuer", "nowhere").code == Exit.NOT_FOUND


def test_a_repeat_issues_nothing_twice(shell: Shell, published: Published) -> None:
    path = shell.write("award.json", award_body(published()))
    assert shell("issue", path).code == Exit.USAGE
    first = shell.json("issue", path, "--external-reference", "ref-1")
    assert first["external_reference"] == "ref-1"
    assert shell.json("issue", path, "--external-reference", "ref-1") == first
    done = shell("issue", path, "--external-reference", "ref-2")
    assert done.code == Exit.CONFLICT
    assert first["id"] in done.err


def test_the_same_reference_for_another_body_is_refused(shell: Shell, published: Published) -> None:
    made = published()
    shell.json("issue", shell.write("1.json", award_body(made, 1, external_reference="ref")))
    done = shell("issue", shell.write("2.json", award_body(made, 2, external_reference="ref")))
    assert done.code == Exit.REFUSED
    assert "/external_reference" in done.err
    assert shell("issue", shell.data_dir.joinpath("1.json").as_posix(), "--external-reference", "x").code == Exit.USAGE


def test_faults_point_into_the_file(shell: Shell, published: Published) -> None:
    body = award_body(published(), external_reference="ref", decided_at="2026-11-20T10:00:00")
    body["earner"] = {"name": "no address"}
    done = shell("issue", "-", "--json", stdin=json.dumps(body))
    assert done.code == Exit.REFUSED
    assert {fault["pointer"] for fault in done.json["error"]["faults"]} == {"/decided_at", "/earner"}


def test_states_of_an_award(shell: Shell, published: Published) -> None:
    body = award_body(published(status_purpose="suspension"), external_reference="ref")
    award = shell.json("issue", "-", stdin=json.dumps(body))
    suspended = shell.json("suspend", award["id"], "--reason", "under review")
    assert (suspended["state"], suspended["visible_to_third_parties"]) == ("suspended", True)
    assert shell("verify", award["credential"]["url"]).code == Exit.REFUSED
    reinstated = shell.json("reinstate", award["credential"]["url"], "--reason", "all is well")
    assert (reinstated["id"], reinstated["state"]) == (award["id"], "active")
    assert shell("verify", award["credential"]["url"]).code == Exit.OK
    assert shell.json("revoke", award["url"], "--reason", "evidence was not the earner's")["state"] == "revoked"
    assert shell("reinstate", award["id"], "--reason", "regret").code == Exit.CONFLICT


@pytest.mark.parametrize(
    ("award", "reason", "code"),
    [
        ("01a20c56-2422-7b75-a32e-af5cd885a2a1", "x", Exit.NOT_FOUND),
        ("http://localhost:8000/credentials/01a20c56-2422-7b75-a32e-af5cd885a2a1", "x", Exit.NOT_FOUND),
        ("https://elsewhere.example/credentials/01a20c56-2422-7b75-a32e-af5cd885a2a1", "x", Exit.NOT_FOUND),
        ("whatever", "x", Exit.NOT_FOUND),
        ("01a20c56-2422-7b75-a32e-af5cd885a2a1", " ", Exit.USAGE),
        ("01a20c56-2422-7b75-a32e-af5cd885a2a1", "x" * 501, Exit.USAGE),
    ],
)
def test_what_is_no_award_is_not_found(shell: Shell, award: str, reason: str, code: Exit) -> None:
    assert shell("revoke", award, "--reason", reason).code == code


def test_nothing_is_made_under_another_base_url(shell: Shell, published: Published) -> None:
    path = shell.write("award.json", award_body(published(), external_reference="ref"))
    shell.environment["BADGEISSUER_BASE_URL"] = "https://elsewhere.example"
    for command in (("issue", path), ("issuer", "create", "two", "--name", "Two"), ("serve",)):
        done = shell(*command)
        assert done.code == Exit.CONFIGURATION
        assert "BADGEISSUER_BASE_URL=http://localhost:8000" in done.err
    assert shell("apikey", "create", "--issuer", "kvec").code == Exit.OK


def test_a_key_that_is_not_its_rows_stops_everything_that_signs(shell: Shell, published: Published) -> None:
    path = shell.write("award.json", award_body(published(), external_reference="ref"))
    first, second = sorted((shell.data_dir / "keys").glob("*.pem"))
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    for command in (("issue", path), ("serve",), ("config", "check")):
        done = shell(*command)
        assert done.code == Exit.CONFIGURATION
        assert first.name in done.err + done.out
    first.write_bytes(content)
    assert shell("issue", path).code == Exit.OK


def test_where_an_issuers_credentials_must_import(shell: Shell) -> None:
    shell.json("issuer", "create", "any", "--name", "Any", "--no-preflight")
    made = shell.json(
        "issuer", "create", "kvec", "--name", "KVEC", "--preflight-target", "learncard", "--preflight-target", "canvas"
    )
    assert made["preflight_targets"] == ["learncard", "canvas"]
    for options, expected in [
        ((), ["learncard", "canvas"]),
        (("--preflight-target", "openbadgeslib"), ["openbadgeslib"]),
        (("--no-preflight",), []),
        (("--default",), ["1edtech-validator", "learner-credential-wallet", "learncard", "openbadgeslib"]),
    ]:
        chosen = shell.json("issuer", "preflight", "kvec", *options)
        assert chosen == {"slug": "kvec", "preflight_targets": expected}
        assert shell.json("issuer", "show", "kvec")["preflight_targets"] == expected
    assert shell("issuer", "preflight", "any").out == "  Must import   nowhere\n"
    assert shell("issuer", "preflight", "kvec").out.startswith("  Must import   1edtech-validator, ")
    assert shell("issuer", "preflight", "kvec", "--preflight-target", "linkedin").code == Exit.REFUSED
    assert shell("issuer", "preflight", "kvec", "--default", "--no-preflight").code == Exit.USAGE
    assert shell("issuer", "preflight", "kvec", "--preflight-target", "canvas", "--no-preflight").code == Exit.USAGE
    assert shell("issuer", "preflight", "nowhere").code == Exit.NOT_FOUND
