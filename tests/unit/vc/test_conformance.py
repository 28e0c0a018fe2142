"""docs/conformance.md says what the code does, file by file."""

from __future__ import annotations

from tests.conformance.__main__ import PAGE, groups
from tests.conformance.rows import page
from tests.support.shared import shared_path


def test_the_page_is_what_the_code_gives_and_no_row_differs_without_a_reason() -> None:
    found = groups()
    assert [row for group in found for row in group.rows if row.defect] == []
    assert PAGE.read_text(encoding="utf-8") == page(found)


def test_no_file_of_the_standards_is_left_out() -> None:
    root = shared_path("standards")
    listed = {row.file.partition(":")[0] for group in groups() for row in group.rows}
    parts = ("vectors", "samples")
    there = {
        path.relative_to(root / part).as_posix()
        for part in parts
        for path in (root / part).rglob("*")
        if path.is_file()
    }
    # Inputs of the vectors beside their results, keys, and one file that holds all the tests of its folder.
    inputs = {"samples/index.json", "index.json", "rdf-canon/rdfc10-tests.json"}
    left = {name for name in there - listed - inputs if not name.startswith(("ecdsa/", "eddsa/"))}
    assert left == set()
