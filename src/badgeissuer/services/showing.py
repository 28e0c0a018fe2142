"""An earner's own awards, over all issuers; who may see each; whether the page names them; how often it was opened."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import func, or_, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from badgeissuer.errors import NotFound
from badgeissuer.rules.terms import Acceptance, ViewKind, Visibility
from badgeissuer.services.registering import OPERATOR_SLUG
from badgeissuer.store.awards import EMBEDDED, Award, Credential
from badgeissuer.store.catalog import AchievementVersion, Issuer
from badgeissuer.store.clrs import Clr
from badgeissuer.store.earners import AwardAnswer, PageViews
from badgeissuer.store.engine import Database
from badgeissuer.store.people import Subject
from badgeissuer.store.shares import ShareLink
from badgeissuer.work import Work

# Different pages that wait to be counted. Beyond that nothing more is counted until they are written down: a count
# that is too low is better than a process without memory.
_MOST_WAITING = 20_000
_MOST_RECORDS = 200


@dataclass(frozen=True, slots=True)
class OwnAward:
    """One award of the earner's, as their own page shows it."""

    award: Award
    title: str
    issuer: str
    credential_id: UUID
    credential_url: str
    name: str | None
    acceptance: Acceptance | None

    @property
    def place(self) -> tuple[datetime, UUID]:
        return self.award.awarded_at, self.award.id


async def own_awards(
    work: Work,
    *,
    earner_id: UUID,
    after: tuple[datetime, UUID] | None = None,
    limit: int | None = None,
    only: Collection[UUID] | None = None,
) -> list[OwnAward]:
    """The earner's awards of every issuer, newest first; ``only`` these ones."""
    query = (
        select(
            Award,
            AchievementVersion.name,
            Issuer.name,
            Credential.id,
            Credential.url,
            Subject.name,
            AwardAnswer.acceptance,
        )
        .join(Subject, Subject.id == Award.subject_id)
        .join(Issuer, Issuer.id == Award.issuer_id)
        .join(AchievementVersion, AchievementVersion.id == Award.achievement_version_id)
        .join(Credential, (Credential.award_id == Award.id) & (Credential.media_type == EMBEDDED))
        .outerjoin(AwardAnswer, AwardAnswer.award_id == Award.id)
        .where(Subject.earner_id == earner_id)
        .order_by(Award.awarded_at.desc(), Award.id.desc())
        .limit(limit)
    )
    if only is not None:
        query = query.where(Award.id.in_(only))
    if after is not None:
        query = query.where(tuple_(Award.awarded_at, Award.id) < after)
    return [OwnAward(*row) for row in (await work.session.execute(query)).all()]


async def own_award(work: Work, *, earner_id: UUID, award_id: UUID) -> OwnAward:
    """One of them. Raises ``NotFound``, also for other people's."""
    found = await own_awards(work, earner_id=earner_id, only=(award_id,))
    if not found:
        raise NotFound("you have no such award")
    return found[0]


async def set_visibility(work: Work, *, earner_id: UUID, award_id: UUID, visibility: Visibility) -> None:
    """Who may see it from now on. Raises ``NotFound``, also for other people's."""
    await own_award(work, earner_id=earner_id, award_id=award_id)
    await work.begin_write()
    award = await work.locked(Award, award_id)
    if award.visibility is not visibility:
        award.visibility = visibility
        await work.session.flush()
        work.emit("award.visibility_changed", "award", award.id, issuer_id=award.issuer_id, visibility=visibility.value)


async def show_name(work: Work, *, earner_id: UUID, award_id: UUID, shown: bool) -> None:
    """Whether its page names the earner. Raises ``NotFound``, also for other people's."""
    await own_award(work, earner_id=earner_id, award_id=award_id)
    await work.begin_write()
    award = await work.locked(Award, award_id)
    award.name_shown = shown
    await work.session.flush()


@dataclass(frozen=True, slots=True)
class OwnRecord:
    """One record of the earner's, of any issuer. ``own``: they made it themselves. ``open_links`` lead to it now."""

    record: Clr
    issuer: str
    own: bool
    open_links: int


async def own_records(work: Work, *, earner_id: UUID, only: UUID | None = None) -> list[OwnRecord]:
    """The earner's records, newest first, at most 200; parts of one are told of with the whole, not here."""
    open_links = (
        select(func.count())
        .where(
            ShareLink.clr_id == Clr.id,
            ShareLink.closed_at.is_(None),
            or_(ShareLink.expires_at.is_(None), ShareLink.expires_at > work.now),
        )
        .scalar_subquery()
    )
    query = (
        select(Clr, Issuer.name, Issuer.slug, open_links)
        .join(Issuer, Issuer.id == Clr.issuer_id)
        .where(Clr.earner_id == earner_id)
        .order_by(Clr.created_at.desc(), Clr.id.desc())
        .limit(_MOST_RECORDS)
    )
    query = query.where(Clr.id == only) if only is not None else query.where(Clr.part_of_id.is_(None))
    rows = await work.session.execute(query)
    return [OwnRecord(record, name, slug == OPERATOR_SLUG, links) for record, name, slug, links in rows]


async def own_record(work: Work, *, earner_id: UUID, clr_id: UUID) -> OwnRecord:
    """One of them. Raises ``NotFound``, also for other people's."""
    found = await own_records(work, earner_id=earner_id, only=clr_id)
    if not found:
        raise NotFound("you have no such record")
    return found[0]


class Views:
    """Counts of opened pages that wait to be written down. Counting is adding one in memory: it never fails a page."""

    def __init__(self) -> None:
        self._waiting: Counter[tuple[ViewKind, UUID, date]] = Counter()
        self._flushing = asyncio.Lock()

    def add(self, kind: ViewKind, target_id: UUID, day: date) -> None:
        key = (kind, target_id, day)
        if key in self._waiting or len(self._waiting) < _MOST_WAITING:
            self._waiting[key] += 1

    async def flush(self, database: Database) -> int:
        """Write down what waits; returns how many pages. What could not be written waits on."""
        async with self._flushing:
            taken, self._waiting = self._waiting, Counter()
            if not taken:
                return 0
            try:
                async with database.writing() as session:
                    insert = sqlite.insert if database.sqlite else postgresql.insert
                    # In one order, so that two processes never wait for each other.
                    for (kind, target_id, day), count in sorted(taken.items()):
                        added = insert(PageViews).values(kind=kind, target_id=target_id, day=day, count=count)
                        await session.execute(
                            added.on_conflict_do_update(
                                index_elements=[PageViews.kind, PageViews.target_id, PageViews.day],
                                set_={"count": PageViews.count + count},
                            )
                        )
            except BaseException:
                self._waiting.update(taken)
                raise
            return len(taken)


_views: WeakKeyDictionary[Database, Views] = WeakKeyDictionary()


def views_of(database: Database) -> Views:
    """The process's waiting counts."""
    return _views.setdefault(database, Views())


def count_view(work: Work, *, kind: ViewKind, target_id: UUID) -> None:
    """A page was opened: an award's, by the id of the award, or a record's, by the id of its share link."""
    views_of(work.database).add(kind, target_id, work.now.date())


async def views(work: Work, *, kind: ViewKind, targets: Iterable[UUID], days: int = 90) -> dict[UUID, dict[date, int]]:
    """For each page: the days of the last ``days`` on which it was opened, newest first, and how often."""
    wanted = list(targets)
    found: dict[UUID, dict[date, int]] = {target: {} for target in wanted}
    if not wanted:
        return found
    rows = await work.session.execute(
        select(PageViews.target_id, PageViews.day, PageViews.count)
        .where(
            PageViews.kind == kind,
            PageViews.target_id.in_(wanted),
            PageViews.day > work.now.date() - timedelta(days=days),
        )
        .order_by(PageViews.day.desc())
    )
    for target, day, count in rows:
        found[target][day] = count
    return found
