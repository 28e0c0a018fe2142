from __future__ import annotations

from pathlib import Path

import pytest

from badgeissuer.cli.exits import Exit
from tests.cli.conftest import PASSPHRASE, Shell


def test_config_check_says_where_every_setting_comes_from(shell: Shell) -> None:
    shell.environment["BADGEISSUER_POOL_SIZE"] = "7"
    done = shell("config", "check", "--json")
    assert done.code == 0, done.out
    settings = {item["name"]: (item["value"], item["source"]) for item in done.json["settings"]}
    assert settings["BADGEISSUER_POOL_SIZE"] == ("7", "BADGEISSUER_POOL_SIZE")
    assert settings["BADGEISSUER_DATA_DIR"] == (str(shell.data_dir), "--data-dir")
    assert settings["BADGEISSUER_FETCH_TIMEOUT"] == ("5.0", "default")
    assert settings["BADGEISSUER_KEY_PASSPHRASE"] == ("(set, hidden)", "BADGEISSUER_KEY_PASSPHRASE")
    assert PASSPHRASE not in done.out + shell("config", "check").out
    assert [check["ok"] for check in done.json["checks"]] == [True] * 4


def test_config_check_without_anything_makes_nothing(empty: Shell) -> None:
    done = empty("config", "check")
    assert done.code == Exit.CONFIGURATION
    assert "failed  passphrase" in done.out
    assert "badgeissuer migrate" in done.out
    assert not empty.data_dir.exists()


def test_config_check_hides_the_database_password(empty: Shell) -> None:
    empty.environment["BADGEISSUER_DATABASE_URL"] = "postgresql+asyncpg://u:geheim@127.0.0.1:1/x"
    done = empty("config", "check")
    assert done.code == Exit.CONFIGURATION
    assert "geheim" not in done.out + done.err
    assert "u:***@127.0.0.1" in done.out


def test_config_check_warns_of_names_that_are_no_settings(shell: Shell) -> None:
    shell.environment["BADGEISSUER_BASEURL"] = "https://badges.example.org"
    assert "BADGEISSUER_BASEURL" in shell("config", "check").err


@pytest.mark.parametrize(
    ("name", "value"),
    [("BASE_URL", "https://Badges.example.org"), ("POOL_SIZE", "many"), ("KEY_ACTIVATION_DELAY", "-1")],
)
def test_a_wrong_setting_is_named(shell: Shell, name: str, value: str) -> None:
    shell.environment[f"BADGEISSUER_{name}"] = value
    for command in (("config", "check"), ("apikey", "list"), ("serve",)):
        done = shell(*command)
        assert done.code == Exit.CONFIGURATION
        assert f"BADGEISSUER_{name}" in done.err


def test_openapi_is_written_checked_and_printed(empty: Shell, tmp_path: Path) -> None:
    path = tmp_path / "openapi.yaml"
    missing = empty("openapi", "--check", "--output", str(path))
    assert missing.code == Exit.NOT_FOUND
    assert empty.json("openapi", "--output", str(path)) == {"file": str(path), "same": False, "written": True}
    assert empty("openapi", "--check", "--output", str(path)).code == 0
    assert empty("openapi", "--output", "-").out == path.read_text(encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8").replace("badgeissuer", "somethingelse", 1), encoding="utf-8")
    changed = empty("openapi", "--check", "--output", str(path))
    assert changed.code == Exit.REFUSED
    assert "somethingelse" in changed.err
    assert not empty.data_dir.exists()
