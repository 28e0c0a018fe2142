"""``python -m tests.conformance``: write docs/conformance.md anew. ``--check``: fail where it differs."""

from __future__ import annotations

import sys

import pytest

from tests.conformance.rows import Group, page
from tests.support.shared import REPO

PAGE = REPO / "docs" / "conformance.md"


def groups() -> list[Group]:
    """All of them. Raises pytest's skip where the standards' files are not at hand."""
    from tests.conformance import samples, vectors

    return [*vectors.groups(), *samples.groups()]


def main(arguments: list[str]) -> int:
    try:
        found = groups()
    except pytest.skip.Exception as reason:
        print(f"docs/conformance.md was not looked at: {reason}")
        return 0
    defects = [row for group in found for row in group.rows if row.defect]
    for row in defects:
        print(f"{row.file}: stated {row.stated}, ours {row.ours}, without a reason", file=sys.stderr)
    text = page(found)
    if "--check" in arguments:
        if PAGE.read_text(encoding="utf-8") != text:
            print("docs/conformance.md is not what the code gives; run make conformance", file=sys.stderr)
            return 1
    else:
        PAGE.write_text(text, encoding="utf-8")
        count = sum(len(group.rows) for group in found)
        print(f"wrote docs/conformance.md: {count} rows, {len(defects)} without a reason")
    return 1 if defects else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
