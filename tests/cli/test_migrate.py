from __future__ import annotations

import pytest

from badgeissuer.cli.exits import Exit
from tests.cli.conftest import PASSPHRASE, Shell


@pytest.fixture
def fresh(empty: Shell, fresh_database_url: str) -> Shell:
    empty.environment["BADGEISSUER_DATABASE_URL"] = fresh_database_url
    return empty


def test_it_makes_the_database_once(fresh: Shell) -> None:
    checked = fresh("migrate", "--check", "--json")
    assert (checked.code, checked.json["up_to_date"]) == (Exit.CONFIGURATION, False)
    assert fresh("migrate", "--check").code == Exit.CONFIGURATION
    first = fresh.json("migrate")
    assert first["before"] is None
    assert first["after"] is not None
    again = fresh.json("migrate")
    assert again["before"] == again["after"] == first["after"]
    assert fresh.json("migrate", "--check")["up_to_date"] is True
    assert fresh("migrate").out == f"The database is up to date ({first['after']}).\n"


def test_it_goes_to_a_revision(fresh: Shell) -> None:
    assert fresh.json("migrate", "--revision", "0001")["after"] == "0001"
    assert fresh("migrate", "--revision", "nope").code == Exit.NOT_FOUND
    assert fresh("migrate", "--revision", "0001", "--check").code == Exit.USAGE


def test_other_commands_ask_for_it(fresh: Shell) -> None:
    done = fresh("apikey", "list")
    assert done.code == Exit.CONFIGURATION
    assert "badgeissuer migrate" in done.err


def test_without_a_database_url_the_file_lies_in_the_data_folder(empty: Shell) -> None:
    assert empty.json("migrate")["database"] == str(empty.data_dir / "badgeissuer.db")
    assert empty.data_dir.stat().st_mode & 0o777 == 0o700


def test_it_makes_the_operators_own_issuer_where_keys_and_address_are_those_that_last(fresh: Shell) -> None:
    fresh.environment["BADGEISSUER_OPERATOR_NAME"] = "Badges of Kentucky"
    fresh.environment["BADGEISSUER_BASE_URL"] = "https://badges.example.org"
    assert "own issuer" not in fresh("migrate").err  # there is no passphrase, so no key can be made
    fresh.environment["BADGEISSUER_KEY_PASSPHRASE"] = PASSPHRASE
    del fresh.environment["BADGEISSUER_BASE_URL"]
    assert "own issuer" not in fresh("migrate").err  # an address of this machine lasts for nobody
    fresh.environment["BADGEISSUER_BASE_URL"] = "https://badges.example.org"
    made = fresh("migrate")
    assert (made.code, made.err) == (0, "The operator's own issuer was made: Badges of Kentucky.\n")
    assert fresh("migrate").err == ""
    assert [issuer["name"] for issuer in fresh.json("issuer", "list")["items"]] == ["Badges of Kentucky"]
