"""One line of the table: what a file is, what it should give, what the code gave just now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """``why`` is the named reason of a deviation; a row that differs without one is a defect.

    ``note`` is what one has to know of a row that is as stated.
    """

    file: str
    stated: str
    ours: str
    same: bool
    why: str = ""
    note: str = ""

    @property
    def verdict(self) -> str:
        if self.same:
            return f"as stated; {self.note}" if self.note else "as stated"
        return self.why or "DIFFERS"

    @property
    def defect(self) -> bool:
        return not self.same and not self.why


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one folder, with a sentence on how they are checked.

    ``inputs`` are files that state no result: what is computed from, keys, an index. ``after`` is text below the table.
    """

    title: str
    how: str
    rows: tuple[Row, ...]
    inputs: tuple[str, ...] = ()
    after: str = ""


def equal(file: str, stated: str, wanted: object, found: object) -> Row:
    """A row of a file whose content has to come out byte for byte, or value for value."""
    same = wanted == found
    return Row(file, stated, "the same" if same else "another value", same)


def files(groups: Iterable[Group]) -> set[str]:
    """The files that the rows and the inputs are of."""
    return {name.partition(":")[0] for group in groups for name in (*(row.file for row in group.rows), *group.inputs)}


def page(groups: Iterable[Group]) -> str:
    """The Markdown text. The same every time: no dates, no places of this machine."""
    listed = list(groups)
    text = [
        "# Conformance",
        "",
        "Every vector and sample that the standards bodies publish for Open Badges 3.0, CLR 2.0, Verifiable",
        "Credentials, Data Integrity, RDF canonicalisation and Bitstring Status List, with the verdict they state and",
        "ours. It is written by a run of the code (`make conformance`, with the standards' files at hand), and a test",
        "holds it to that.",
        "",
        f"**{_totals([row for group in listed for row in group.rows])}**",
        "",
        "| group | |",
        "|---|---|",
        *(f"| {group.title} | {_totals(group.rows)} |" for group in listed),
    ]
    for group in listed:
        text += ["", f"## {group.title}", "", group.how]
        if group.inputs:
            text += ["", f"Inputs, which state no result: {', '.join(f'`{name}`' for name in group.inputs)}."]
        text += ["", "| file | stated | ours | |", "|---|---|---|---|"]
        text += [
            f"| {row.file} | {_cell(row.stated)} | {_cell(row.ours)} | {_cell(row.verdict)} |" for row in group.rows
        ]
        if group.after:
            text += ["", group.after]
    return "\n".join(text) + "\n"


def _totals(rows: Iterable[Row]) -> str:
    found = list(rows)
    same = sum(row.same for row in found)
    reasons = sum(not row.same and bool(row.why) for row in found)
    return f"{same} of {len(found)} as stated; {reasons} with a named reason; {len(found) - same - reasons} without."


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
