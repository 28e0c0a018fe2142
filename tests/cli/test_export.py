"""badgeissuer export: an award as files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from badgeissuer.cli.exits import Exit
from badgeissuer.vc.bake import unbake
from tests.cli.conftest import Shell
from tests.support.make import award_body
from tests.support.tools import run, tool

Published = Callable[..., str]


@pytest.fixture
def award(shell: Shell, published: Published) -> dict[str, str]:
    body = award_body(published(), external_reference="one")
    made = shell.json("issue", "-", stdin=json.dumps(body))
    return {"id": made["id"], "url": made["credential"]["url"], "sha256": made["credential"]["sha256"]}


def test_all_forms_by_any_name_of_the_award(shell: Shell, award: dict[str, str], tmp_path: Path) -> None:
    texts = set()
    for n, name in enumerate((award["id"], award["url"], f"{award['url']}.png")):
        folder = tmp_path / f"out-{n}"
        files = {file["form"]: file for file in shell.json("export", name, "-o", str(folder))["files"]}
        assert list(files) == ["json", "jwt", "png", "svg", "pdf"]
        content = {form: Path(file["path"]).read_bytes() for form, file in files.items()}
        for form, file in files.items():
            assert Path(file["path"]).parent == folder
            assert hashlib.sha256(content[form]).hexdigest() == file["sha256"]
        assert files["json"]["sha256"] == award["sha256"]
        for form in ("png", "svg"):
            assert unbake(content[form]).text.encode() == content["json"]
        for form in ("json", "jwt", "png", "svg"):
            done = shell("verify", files[form]["path"], "--json")
            assert (done.code, done.json["outcome"]) == (0, "valid"), form
        texts.add(content["jwt"])
    assert len(texts) == 1
    assert shell("verify", f"{award['url']}.jwt", "--json").json["outcome"] == "valid"


def test_one_form_and_the_name_on_paper_only_where_it_is_wished(
    shell: Shell, award: dict[str, str], tmp_path: Path
) -> None:
    done = shell("export", award["id"], "--form", "pdf", "-o", str(tmp_path / "a"))
    assert done.code == 0
    (plain,) = (tmp_path / "a").iterdir()
    assert plain.name in done.out.replace("\n", "")
    shell.json("export", award["id"], "--form", "pdf", "--with-name", "-o", str(tmp_path / "b"))
    named = tmp_path / "b" / plain.name
    assert plain.read_bytes() != named.read_bytes()
    if pdftotext := tool("pdftotext"):
        assert b"Teacher 1" not in run(pdftotext, plain, "-")
        assert b"Teacher 1" in run(pdftotext, named, "-")


def test_several_at_once_and_nothing_where_one_is_not_here(shell: Shell, award: dict[str, str], tmp_path: Path) -> None:
    (first,) = shell.json("export", award["id"], "--form", "json", "-o", str(tmp_path / "a"))["files"]
    achievement = json.loads(Path(first["path"]).read_bytes())["credentialSubject"]["achievement"]["id"]
    body = award_body(achievement.rpartition("/")[2], 2, external_reference="two")
    second = shell.json("issue", "-", stdin=json.dumps(body))
    names = (award["id"], second["credential"]["url"], award["url"])
    files = shell.json("export", *names, "--form", "qr.svg", "-o", str(tmp_path / "b"))["files"]
    assert sorted(path.name for path in (tmp_path / "b").iterdir()) == sorted(Path(file["path"]).name for file in files)
    assert [Path(file["path"]).read_bytes()[:4] for file in files] == [b"<svg", b"<svg"]
    nobody = "00000000-0000-4000-8000-000000000000"
    assert shell("export", award["id"], nobody, "-o", str(tmp_path / "c")).code == Exit.NOT_FOUND
    assert not (tmp_path / "c").exists()
    (card,) = shell.json("export", award["id"], "--form", "card.png", "-o", str(tmp_path / "d"))["files"]
    assert Path(card["path"]).read_bytes()[:4] == b"\x89PNG"


def test_a_stored_form_needs_no_passphrase(without_passphrase: Shell, award: dict[str, str], tmp_path: Path) -> None:
    for form in ("json", "png", "svg", "pdf"):
        assert without_passphrase("export", award["id"], "--form", form, "-o", str(tmp_path / form)).code == 0


def test_what_there_is_not(shell: Shell, award: dict[str, str], tmp_path: Path) -> None:
    for name in ("00000000-0000-4000-8000-000000000000", "nonsense", "http://localhost:8000/credentials/x"):
        assert shell("export", name, "-o", str(tmp_path)).code == Exit.NOT_FOUND
    assert shell("export", award["id"], "--form", "gif", "-o", str(tmp_path)).code == Exit.USAGE
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    done = shell("export", award["id"], "--form", "json", "-o", str(blocked))
    assert done.code == Exit.UNAVAILABLE
    assert "cannot be written" in done.err
