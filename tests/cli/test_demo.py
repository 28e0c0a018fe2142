"""`badgeissuer demo`, and what can be done with what it leaves."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from badgeissuer.cli.exits import Exit
from tests.cli.conftest import Shell
from tests.cli.test_serving import running

CODES = {"valid": Exit.OK, **dict.fromkeys(("revoked", "suspended", "expired", "invalid"), Exit.REFUSED)}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shell, Any]:
    """A demo that was loaded and exported once, and what the command said. Tests change only copies of it."""
    folder = tmp_path_factory.mktemp("demo")
    shell = Shell(folder / "data")
    return shell, shell.json("demo", "--no-serve", "--export", str(folder / "export"))


@pytest.fixture
def copy(loaded: tuple[Shell, Any], tmp_path: Path) -> Shell:
    shutil.copytree(loaded[0].data_dir, tmp_path / "data")
    return Shell(tmp_path / "data")


def test_it_issues_and_says_what(loaded: tuple[Shell, Any]) -> None:
    shell, said = loaded
    assert len(said["issued"]) >= 8
    assert {item["state"] for item in said["issued"]} >= {"active", "revoked"}
    assert all(item["url"].startswith("http://localhost:8000/credentials/") for item in said["issued"])
    assert (shell.data_dir / "passphrase").stat().st_mode & 0o777 == 0o600
    assert len((shell.data_dir / "passphrase").read_text().strip()) == 44


def test_it_tells_who_is_how_far_in_which_stack(loaded: tuple[Shell, Any]) -> None:
    _, said = loaded
    told = {each["earner"]: each["progress"] for stack in said["stacks"] for each in stack["earners"]}
    assert told["José Núñez"].startswith("complete since ")
    assert told["Tamsin O’Quinn"].startswith("complete since ")
    assert told["Ana Sofía Delgado-Reyes"] == ("4 of 5 earned; missing: Facilitating an Online Computer Science Course")
    assert (len(said["endorsements"]), [record["members"] for record in said["records"]]) == (2, [4, 7, 2, 2])


def test_a_second_start_finds_everything_there(copy: Shell, loaded: tuple[Shell, Any]) -> None:
    done = copy("demo", "--no-serve")
    assert done.code == 0
    assert "everything was there already" in done.out
    said = loaded[1]
    urls = [*said["endorsements"], *(each["url"] for kind in ("issued", "stacks", "records") for each in said[kind])]
    assert [url for url in urls if url not in done.out] == []
    assert "4 of 5 earned" in done.out
    assert "curl -H 'Accept: application/vc'" in done.out
    assert "badgeissuer apikey create --platform" in done.out
    assert copy.json("demo", "--no-serve") == {**loaded[1], "new": 0}


def test_the_printed_key_command_works(copy: Shell) -> None:
    assert copy.json("apikey", "create", "--platform", "My platform", "--for-issuer", "kvec")["issuers"] == ["kvec"]


def test_every_export_verifies_as_the_manifest_says(loaded: tuple[Shell, Any]) -> None:
    shell, _ = loaded
    export = shell.data_dir.parent / "export"
    items = json.loads((export / "manifest.json").read_text())["items"]
    credentials = [item for item in items if item["kind"] == "credential"]
    one_of_each = list({item["expected"]: item for item in credentials}.values())
    assert {item["expected"] for item in one_of_each} >= {"valid", "revoked"}
    for item in one_of_each:
        for source in (str(export / item["path"]), item["url"]):
            done = shell("verify", source, "--json")
            outcome = done.json["outcome"]
            # Our own records may know more than the exported bytes prove.
            assert (done.code, outcome) == (CODES[outcome], outcome)
            assert outcome == item["expected"] or item["expected"] == "valid"


def test_records_and_endorsements_verify_as_the_manifest_says(loaded: tuple[Shell, Any]) -> None:
    shell, _ = loaded
    export = shell.data_dir.parent / "export"
    items = json.loads((export / "manifest.json").read_text())["items"]
    for kind in ("endorsement", "clr", "clr-png"):
        for item in list({item["expected"]: item for item in items if item["kind"] == kind}.values()):
            # By address, only the signed text itself is ours to look up; an image would be fetched.
            for source in (str(export / item["path"]), *([item["url"]] if kind != "clr-png" else [])):
                done = shell("verify", source, "--json")
                assert (done.code, done.json["outcome"]) == (CODES[item["expected"]], item["expected"])


def test_verify_numbers_its_checks(loaded: tuple[Shell, Any]) -> None:
    shell, said = loaded
    url = next(item["url"] for item in said["issued"] if item["state"] == "active")
    done = shell("verify", url)
    assert done.code == Exit.OK
    assert [line[0] for line in done.out.splitlines()[:9]] == [str(number) for number in range(9)]
    assert done.out.splitlines()[-2] == "VALID"
    # Whatever the base URL is set to: the address says whose it is.
    shell = Shell(shell.data_dir, {"BADGEISSUER_BASE_URL": "https://elsewhere.example"})
    assert shell("verify", url).code == Exit.OK


def test_a_changed_credential_is_not_valid(loaded: tuple[Shell, Any]) -> None:
    shell, _ = loaded
    path = next((shell.data_dir.parent / "export" / "credentials").glob("*.json"))
    done = shell("verify", "-", "--json", stdin=path.read_text().replace('"awardedDate":"20', '"awardedDate":"19'))
    assert (done.code, done.json["outcome"]) == (Exit.REFUSED, "invalid")


def test_strangers_verify_without_a_database(loaded: tuple[Shell, Any], empty: Shell) -> None:
    path = next((loaded[0].data_dir.parent / "export" / "credentials").glob("*.json"))
    done = empty("verify", str(path), "--json")
    assert (done.code, done.json["outcome"]) == (Exit.REFUSED, "invalid")
    assert [check["verdict"] for check in done.json["checks"]][:3] == ["ok", "ok", "ok"]
    assert not empty.data_dir.exists()


@pytest.mark.parametrize("source", ["https://127.0.0.1/x", "http://localhost:8000/credentials/nothing", "no-such-file"])
def test_what_cannot_be_had_has_no_verdict(empty: Shell, source: str) -> None:
    done = empty("verify", source)
    assert done.code == 2
    assert done.err.startswith("error: ")


def test_keys_without_their_passphrase_are_not_given_another(copy: Shell) -> None:
    (copy.data_dir / "passphrase").unlink()
    done = copy("demo", "--no-serve")
    assert done.code == Exit.CONFIGURATION
    assert "passphrase is missing" in done.err
    assert not (copy.data_dir / "passphrase").exists()


def test_another_base_url_needs_another_folder(copy: Shell) -> None:
    done = copy("demo", "--no-serve", "--port", "8001")
    assert done.code == Exit.CONFIGURATION
    assert "BADGEISSUER_BASE_URL=http://localhost:8000" in done.err


def test_it_serves_what_it_issued(copy: Shell) -> None:
    import httpx2

    with running(copy.data_dir, "demo", "--base-url", "http://localhost:8000") as (_, said):
        url = str(said["issued"][0]["url"]).replace("http://localhost:8000", said["listening"])
        with httpx2.Client(trust_env=False) as http:
            assert http.get(url, headers={"Accept": "application/vc"}).status_code == 200
