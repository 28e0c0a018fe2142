"""What the page of a record shows: which credentials on which sheet of it, in one of three orders, and how they stand.

A record may hold a thousand credentials. Each sheet shows a few, and these are the ones that are verified for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from badgeissuer.services.record_findings import Finding, Findings
from badgeissuer.services.record_reading import MemberRead, RecordRead, in_words
from badgeissuer.services.record_standing import MemberStanding
from badgeissuer.vc.verify import Outcome
from badgeissuer.web.pages.markup import shown

# Credentials on one sheet: as many as can be verified while somebody waits, and fit in 50 kB whatever they say.
PER_SHEET = 20
_SOURCES = 5
_NAME, _PART, _LINE = 110, 80, 160
_VALID, _INVALID, _NOT_CHECKED = Outcome.VALID.value, Outcome.INVALID.value, Outcome.NOT_CHECKED.value


class View(StrEnum):
    """The three orders."""

    TIME = "time"
    SKILL = "skill"
    ISSUER = "issuer"


@dataclass(frozen=True, slots=True)
class Entry:
    """A credential in its group. A credential with several skills stands in several groups."""

    group: str
    about: str
    member: MemberRead


@dataclass(frozen=True, slots=True)
class Shown:
    """A credential as a sheet shows it. ``path`` is its own page, where it has one here."""

    number: int
    title: str
    kind: str
    issuer: str
    begins: datetime | None
    until: datetime | None
    state: str
    elsewhere: bool
    path: str | None
    successor: str | None
    cause: str
    endorses: bool


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    about: str
    entries: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A part of the list: ``number`` of ``count``, from 1."""

    view: View
    number: int
    count: int
    entries: tuple[Entry, ...]

    @property
    def places(self) -> list[int]:
        """Those to be verified, each once."""
        return sorted({entry.member.place for entry in self.entries})


def view_of(text: str | None) -> View:
    """What is no view is the first of them: an address that somebody mistyped still leads to the record."""
    return View(text) if text in set(View) else View.TIME


def sheet_of(record: RecordRead, view: View, page: str | None) -> Sheet:
    """The sheet of that number, as it stands in the address; the last one where there are fewer."""
    entries = _entries(record.members, view)
    count = max(1, -(-len(entries) // PER_SHEET))
    asked = int(page) if page is not None and page.isascii() and page.isdecimal() and len(page) < 7 else 1
    number = min(max(asked, 1), count)
    return Sheet(view, number, count, tuple(entries[(number - 1) * PER_SHEET : number * PER_SHEET]))


def _entries(members: Sequence[MemberRead], view: View) -> list[Entry]:
    newest = sorted(members, key=lambda each: (_moment(each), -each.place), reverse=True)
    match view:
        case View.TIME:
            return [Entry(str(each.begins.astimezone(UTC).year) if each.begins else "", "", each) for each in newest]
        case View.ISSUER:
            entries = [Entry(each.issuer, "", each) for each in newest]
        case View.SKILL:
            entries = [entry for each in newest for entry in _by_skill(each)]
    # Groups in the order of their names; what belongs to none comes last. Within a group the newest stays first.
    return sorted(entries, key=lambda entry: (not entry.group, entry.group.casefold(), entry.about.casefold()))


def _by_skill(member: MemberRead) -> Iterator[Entry]:
    found = {(skill.name, skill.framework): None for skill in member.skills}
    for name, framework in found or {("", ""): None}:
        yield Entry(name, framework, member)


def _moment(member: MemberRead) -> float:
    return member.begins.timestamp() if member.begins is not None else float("-inf")


def groups_of(
    sheet: Sheet, findings: Findings, standings: Mapping[int, MemberStanding], base_url: str
) -> Iterator[Group]:
    """The sheet's entries under their headings."""
    gathered: list[tuple[str, str, list[Shown]]] = []
    for entry in sheet.entries:
        if not gathered or gathered[-1][:2] != (entry.group, entry.about):
            gathered.append((entry.group, entry.about, []))
        place = entry.member.place
        gathered[-1][2].append(_shown(entry.member, findings.members[place], standings.get(place), base_url))
    return (Group(shown(name, _NAME), shown(about, _NAME), tuple(found)) for name, about, found in gathered)


def _shown(member: MemberRead, finding: Finding, standing: MemberStanding | None, base_url: str) -> Shown:
    path = standing.url.removeprefix(base_url) if standing is not None and standing.url is not None else None
    return Shown(
        number=member.place + 1,
        title=shown(member.title, _NAME),
        kind=shown(in_words(member.kind), _NAME),
        issuer=shown(member.issuer, _NAME),
        begins=member.begins,
        until=member.until,
        state=finding.state,
        elsewhere=standing is None,
        path=path,
        successor=standing.successor.removeprefix(base_url) if standing and standing.successor else None,
        cause=shown(finding.cause, _LINE) if finding.state in (_INVALID, _NOT_CHECKED) else "",
        endorses=member.endorses,
    )


def tallies_of(findings: Findings) -> list[tuple[str, int]]:
    """How many stand how: those in force first, those without a verdict last; not those that nobody
    looked at and that our rows say nothing of."""
    last = {_VALID: -1, _NOT_CHECKED: 1}
    counts = findings.counts
    counts[_NOT_CHECKED] -= findings.whole.not_here
    return sorted((+counts).items(), key=lambda each: (last.get(each[0], 0), each[0]))


@dataclass(frozen=True, slots=True)
class Trouble:
    """A credential that does not hold and is on another sheet."""

    number: int
    title: str
    state: str
    sheet: int


def elsewhere_bad(record: RecordRead, findings: Findings, sheet: Sheet, most: int = 10) -> list[Trouble]:
    """Those of the other sheets that our own rows speak against, with where they are shown."""
    here = set(sheet.places)
    sheets = {entry.member.place: place // PER_SHEET + 1 for place, entry in _last_first(record, sheet.view)}
    found = [
        Trouble(place + 1, shown(record.members[place].title, _NAME), finding.state, sheets[place])
        for place, finding in enumerate(findings.members)
        if place not in here and finding.state not in (_VALID, _NOT_CHECKED)
    ]
    return found[:most]


def _last_first(record: RecordRead, view: View) -> Iterator[tuple[int, Entry]]:
    """So that the first sheet that shows a credential is what is kept of it."""
    return reversed(list(enumerate(_entries(record.members, view))))


@dataclass(frozen=True, slots=True)
class Related:
    """Credentials that belong to one thing in one way: some of them by name, and how many more."""

    kind: str
    names: tuple[str, ...]
    more: int
    target: str


def relations_of(record: RecordRead, most: int = 10) -> tuple[list[Related], int]:
    """How they belong together, as far as there is room, and how many more ways there are."""
    cut = [
        Related(
            each.kind,
            tuple(shown(name, _PART) for name in each.sources[:_SOURCES]),
            max(0, len(each.sources) - _SOURCES),
            shown(each.target, _PART),
        )
        for each in record.relations[:most]
    ]
    return cut, max(0, len(record.relations) - most)
