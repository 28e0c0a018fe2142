"""One line of the table: what a file is, what it should give, what the code gave just now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """``why`` is the named reason of a deviation; a row that differs without one is a defect."""

    file: str
    stated: str
    ours: str
    same: bool
    why: str = ""

    @property
    def verdict(self) -> str:
        return "as stated" if self.same else self.why or "DIFFERS"

    @property
    def defect(self) -> bool:
        return not self.same and not self.why


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one folder, with a sentence on how they are checked."""

    title: str
    how: str
    rows: tuple[Row, ...]


def equal(file: str, stated: str, wanted: object, found: object) -> Row:
    """A row of a file whose content has to come out byte for byte, or value for value."""
    same = wanted == found
    return Row(file, stated, "the same" if same else "another value", same)


def page(groups: Iterable[Group]) -> str:
    """The Markdown text. The same every time: no dates, no places of this machine."""
    listed = list(groups)
    rows = [row for group in listed for row in group.rows]
    same = sum(row.same for row in rows)
    reasons = sum(not row.same and bool(row.why) for row in rows)
    text = [
        "# Conformance",
        "",
        "Every vector and sample that the standards bodies publish for Open Badges 3.0, CLR 2.0, Verifiable",
        "Credentials, Data Integrity, RDF canonicalisation and Bitstring Status List, with the verdict they state and",
        "ours. It is written by a run of the code (`make conformance`, with the standards' files at hand), and a test",
        "holds it to that.",
        "",
        f"**{same} of {len(rows)} as stated; {reasons} with a named reason; {len(rows) - same - reasons} without.**",
    ]
    for group in listed:
        text += ["", f"## {group.title}", "", group.how, "", "| file | stated | ours | |", "|---|---|---|---|"]
        text += [f"| {row.file} | {row.stated} | {_cell(row.ours)} | {_cell(row.verdict)} |" for row in group.rows]
    return "\n".join(text) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
