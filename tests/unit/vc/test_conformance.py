"""docs/conformance.md says what the code does, file by file."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from tests.conformance import __main__ as command
from tests.conformance.__main__ import PAGE, groups
from tests.conformance.rows import Group, Row, equal, files, page
from tests.support.shared import shared_path


def test_the_page_is_what_the_code_gives_and_no_row_differs_without_a_reason() -> None:
    found = groups()
    assert [row for group in found for row in group.rows if row.defect] == []
    assert PAGE.read_text(encoding="utf-8") == page(found)
    assert files(found) == there(), "each file of the standards has its row"


def there() -> set[str]:
    root = shared_path("standards")
    # Listed as the samples and vectors are: below their folder. The messages of the issuance protocol are one row.
    names = {path.relative_to(root / part).as_posix() for part in ("vectors", "samples") for path in below(root / part)}
    names |= {path.relative_to(root).as_posix() for part in ("contexts", "json-schema") for path in below(root / part)}
    messages = {name for name in names if name.startswith("oid4vci-1.0/")}
    assert messages
    return (names - messages - {"index.json"}) | {"oid4vci-1.0/", "samples/index.json"}


def below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


GOOD, BAD = Row("a/b.json", "valid", "valid", True), Row("a/c.json: x", "valid | so", "invalid", False)


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (GOOD, "as stated"),
        (dataclasses.replace(GOOD, note="but"), "as stated; but"),
        (BAD, "DIFFERS"),
        (dataclasses.replace(BAD, why="a reason"), "a reason"),
        (equal("a", "this", 1, 1), "as stated"),
        (equal("a", "this", 1, 2), "DIFFERS"),
    ],
)
def test_a_row_says_whether_it_is_as_stated(row: Row, verdict: str) -> None:
    assert row.verdict == verdict
    assert row.defect is (verdict == "DIFFERS")


def test_the_page_counts_its_rows() -> None:
    group = Group("Things", "How.", (GOOD, BAD, dataclasses.replace(BAD, why="r")), ("a/d.json",), "After.")
    text = page([group])
    assert "**1 of 3 as stated; 1 with a named reason; 1 without.**" in text
    assert "| a/c.json: x | valid \\| so | invalid | DIFFERS |" in text
    assert re.search(r"Inputs[^\n]*`a/d\.json`", text)
    assert text.endswith("\nAfter.\n")
    assert files([group]) == {"a/b.json", "a/c.json", "a/d.json"}


def test_the_command_writes_checks_and_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "PAGE", tmp_path / "page.md")
    monkeypatch.setattr(command, "groups", lambda: [Group("Things", "How.", (GOOD,))])
    assert command.main([]) == 0
    assert command.main(["--check"]) == 0
    monkeypatch.setattr(command, "groups", lambda: [Group("Other things", "How.", (GOOD,))])
    assert command.main(["--check"]) == 1
    monkeypatch.setattr(command, "groups", lambda: [Group("Things", "How.", (GOOD, BAD))])
    assert command.main([]) == 1
    assert "a/c.json: x: stated valid | so, ours invalid, without a reason" in capsys.readouterr().err


def test_without_the_standards_files_the_command_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("BADGEISSUER_SHARED", str(tmp_path))
    assert command.main(["--check"]) == 0
    assert capsys.readouterr().out.startswith("docs/conformance.md was not looked at: the standards material is not")
