"""How a record and the members that are looked at hold now: each has its own verdict, and what was not looked at says
so.

Looking at a thousand members would take seconds for every visitor, so callers choose. Members from elsewhere need their
issuers' keys and lists, from hosts that may be slow: they are looked at last, and only for so long.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from badgeissuer.rules.terms import AwardState
from badgeissuer.services import verifying
from badgeissuer.services.record_standing import MemberStanding, RecordMatter
from badgeissuer.vc.checks.conclusion import outcome_of
from badgeissuer.vc.checks.kinds import members_of
from badgeissuer.vc.verify import Outcome, Report, Role, Verdict
from badgeissuer.work import Work

SUPERSEDED = "superseded"
# How the record as a whole stands where it is in order by itself, and its members are not all in order, or not all
# looked at.
MIXED, PARTLY = "mixed", "partly"
_BY_ROWS: Mapping[AwardState, str] = {
    AwardState.REVOKED: Outcome.REVOKED.value,
    AwardState.SUSPENDED: Outcome.SUSPENDED.value,
    AwardState.SUPERSEDED: SUPERSEDED,
}
# Parts of check 8 that are about members: these have verdicts of their own.
_OF_MEMBERS = ("credential at ", "documents inside")
# How a check ends that leaves the reason to another one.
_ELSEWHERE = "see the next check"
# The number of the last check that is about the record alone.
_LAST_OWN = 7


@dataclass(frozen=True, slots=True)
class Finding:
    """How one member stands. ``report`` is None where it was not looked at: then ``state`` is what our own rows say of
    it, and ``not_checked`` where they say nothing against it. It is never ``valid`` unless it was looked at."""

    state: str
    report: Report | None = None

    @property
    def cause(self) -> str:
        """Why it is not in order, in the words of the first check that says so itself."""
        checks = self.report.checks if self.report is not None else ()
        for verdict in (Verdict.FAILED, Verdict.NOT_CHECKED):
            for check in checks:
                if check.verdict is verdict and not check.detail.endswith(_ELSEWHERE):
                    return check.detail
        return ""


@dataclass(frozen=True, slots=True)
class Findings:
    """``state`` is that of the record by itself, whatever its members are; ``members`` is every member, by place."""

    state: str
    report: Report
    members: tuple[Finding, ...]

    @property
    def looked_at(self) -> int:
        return sum(found.report is not None for found in self.members)

    @property
    def counts(self) -> Counter[str]:
        return Counter(found.state for found in self.members)

    @property
    def whole(self) -> Whole:
        """The record's own state goes before that of its members; not looked at is never valid."""
        counts, total = self.counts, len(self.members)
        good, unsaid = counts[Outcome.VALID.value], counts[Outcome.NOT_CHECKED.value]
        bad, state = total - good - unsaid, self.state
        if state == Outcome.VALID.value and bad:
            state = MIXED
        elif state == Outcome.VALID.value and unsaid:
            state = PARTLY
        not_here = sum(found.report is None and found.state == Outcome.NOT_CHECKED.value for found in self.members)
        return Whole(state, total, self.looked_at, good, bad, unsaid, not_here)


@dataclass(frozen=True, slots=True)
class Whole:
    """How all of it stands, in numbers: ``bad`` do not hold, ``looked`` were verified now and ``good`` of these are
    valid, ``unsaid`` have no verdict; ``not_here`` of these because nobody looked at them."""

    state: str
    total: int
    looked: int
    good: int
    bad: int
    unsaid: int
    not_here: int

    @property
    def unlooked(self) -> int:
        return self.total - self.looked


async def look(
    work: Work, *, matter: RecordMatter, document: Mapping[str, Any], places: Collection[int], patience: float
) -> Findings:
    """Verify the record now, with the members at these places. ``patience``: seconds for members from elsewhere.

    ``document`` is the record's text, read. The unit of work is not good for anything else afterwards.
    """
    data, members = matter.record.text.encode(), members_of(document)
    own = [place for place in places if place in matter.standings]
    report = await verifying.verify(work, data=data, members=own, keep=True)
    reports = dict(_members(report))
    state = _record_state(report, matter)
    if state == Outcome.INVALID.value:
        # Which of them is to blame? No stranger wrote this text, so each of our own may be asked by itself.
        for place in own[: verifying.MOST_FETCHES]:
            reports[place] = await verifying.verify(work, data=json.dumps(members[place]).encode(), keep=True)
    elsewhere = [place for place in places if place not in matter.standings]
    if elsewhere and state != Outcome.INVALID.value:
        try:
            async with asyncio.timeout(patience):
                others = await verifying.verify(work, data=data, members=elsewhere, keep=True)
            reports.update(_members(others))
        except TimeoutError:
            pass  # they are told as not looked at
    found = (_finding(reports.get(place), matter.standings.get(place), matter.now) for place in range(len(members)))
    return Findings(state, report, tuple(found))


def _members(report: Report) -> Iterator[tuple[int, Report]]:
    for nested in report.nested:
        if nested.role is Role.MEMBER:
            yield int(nested.pointer.rpartition("/")[2]), nested.report


def _record_state(report: Report, matter: RecordMatter) -> str:
    """The record by itself: checks 0 to 7, and what of check 8 is not about its members."""
    own = report.checks[: _LAST_OWN + 1]
    outcome = outcome_of(own)
    if outcome is Outcome.VALID:
        linked = [part for part in report.checks[_LAST_OWN + 1].parts if not part.name.startswith(_OF_MEMBERS)]
        outcome = outcome_of((*own, *linked))
    return SUPERSEDED if outcome is Outcome.REVOKED and matter.newer is not None else outcome.value


def _finding(report: Report | None, standing: MemberStanding | None, now: datetime) -> Finding:
    by_rows = _BY_ROWS.get(standing.state) if standing is not None else None
    if report is None:
        if standing is not None and by_rows is None and not standing.stands(now):
            return Finding(Outcome.EXPIRED.value)
        return Finding(by_rows or Outcome.NOT_CHECKED.value)
    # What was suspended or replaced here may not show in its status list; a check that fails goes before both.
    if by_rows is not None and report.outcome not in (Outcome.INVALID, Outcome.NOT_CHECKED):
        return Finding(by_rows, report)
    return Finding(report.outcome.value, report)
