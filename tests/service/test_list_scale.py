"""What a page of a list costs hangs on the page, not on the number of rows: by the plans of both databases."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Select, insert, select, text

from badgeissuer.rules.terms import AwardState, DecisionState
from badgeissuer.services import admitting, bundling_reading, declining, endorsing
from badgeissuer.services.access import operator
from badgeissuer.store.access import Actor
from badgeissuer.store.award_search import AwardFilter, line, select_awards
from badgeissuer.store.awards import Award, Credential
from badgeissuer.store.catalog import Issuer
from badgeissuer.store.decision_search import DecisionFilter, read_decisions
from badgeissuer.work import Work
from tests.support import make
from tests.support.app import Service
from tests.support.counting import statements

_T = datetime(2026, 11, 20, tzinfo=UTC)
_FILTERS = (
    AwardFilter(),
    AwardFilter(issuer="a"),
    AwardFilter(achievement_id=uuid4()),
    AwardFilter(state=AwardState.ACTIVE),
    AwardFilter(state=AwardState.REVOKED),
    AwardFilter(awarded_from=_T, awarded_before=_T + timedelta(days=9)),
    AwardFilter(external_reference="ref-1"),
    AwardFilter(jurisdiction="KY"),
    AwardFilter(district="Pike County"),
)
# A walk that stops at the page, in the order of an index; and the few rows that a part of the statement gave already.
_GROWING = ("awards", "decisions", "clrs", "endorsements", "admitted_badges")
_GOOD_SCANS = (*(f"SCAN {table} USING" for table in _GROWING), "SCAN anon_", "SCAN CONSTANT ROW", "SCAN (subquery")


async def _callers(service: Service, slugs: Iterable[str] = ("a", "b", "c")) -> list[Actor]:
    """Keys of all issuers, of one, of two."""
    for slug in slugs:
        await make.register(service, slug)
    async with service.runtime.begin(operator()) as work:
        ids = list(await work.session.scalars(select(Issuer.id).order_by(Issuer.slug)))
    return [operator(), *(replace(operator(), issuer_ids=frozenset(ids[:count])) for count in (1, 2))]


async def _read_all(work: Work, after: tuple[datetime, UUID] | None) -> None:
    """Every list that grows with what is issued."""
    for where in _FILTERS:
        if after is not None and where.external_reference is not None:
            continue  # awards of one reference do not fill a page
        await work.session.execute(select_awards(work.actor, where, after=after, limit=51))
    for state in (None, DecisionState.DECIDED, DecisionState.AWAITING_SECOND):
        found = DecisionFilter(state=state)
        await read_decisions(work.session, work.actor, found, after=after and after[1], limit=51)
    for issuer in (None, "a"):
        await bundling_reading.search(work, issuer=issuer, after=after, limit=51)
        await endorsing.search(work, issuer=issuer, after=after, limit=51)
        await declining.received(work, issuer=issuer, after=after, limit=51)
        await admitting.search(work, issuer=issuer, after=after, limit=51)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_no_page_is_sorted_out_of_the_whole(service: Service) -> None:
    for caller in await _callers(service):
        for after in (None, (_T, uuid4())):
            with statements(service.runtime) as sent:
                async with service.runtime.begin(caller) as work:
                    await _read_all(work, after)
            assert len(sent) > 20
            async with service.runtime.database.reading() as session:
                connection = await session.connection()
                for statement in sent:
                    empty = (None,) * statement.count("?")
                    rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", empty)
                    steps = [(row[0], row[1], row[3]) for row in rows]
                    scans = [step for _, _, step in steps if step.startswith("SCAN")]
                    assert [step for step in scans if not step.startswith(_GOOD_SCANS)] == [], (statement, steps)
                    assert _sorted_wholes(steps) == [], (statement, steps)


def _sorted_wholes(steps: list[tuple[int, int, str]]) -> list[str]:
    """The steps that read a growing table by itself where what they read is sorted next to them; those
    of one reference are few."""
    growing = re.compile(rf"(SCAN|SEARCH) ({'|'.join(_GROWING)})\b(?!.*\((id|external_reference)=\?\))")
    sorts = {parent for _, parent, step in steps if "TEMP B-TREE FOR ORDER BY" in step}
    return [step for _, parent, step in steps if parent in sorts and growing.match(step)]


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_postgresql_reads_a_page_of_many_thousand_by_an_index(service: Service) -> None:
    headers = await make.register(service, "z")
    made = await make.award(service, headers, await make.publish(service, headers, "z"))
    callers = await _callers(service)
    async with service.runtime.begin(operator()) as work:
        pattern = (await work.session.scalars(select(Award).where(Award.id == UUID(made["id"])))).one()
        credential = (await work.session.scalars(select(Credential).where(Credential.award_id == pattern.id))).first()
        issuers = list(await work.session.scalars(select(Issuer.id).order_by(Issuer.slug)))
    assert credential is not None
    async with service.runtime.database.writing() as session:
        # Rows as years leave them; what they refer to does not matter to the plan of a page.
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        ids = [UUID(int=n) for n in range(1, 20_001)]
        common = {column.key: getattr(pattern, column.key) for column in Award.__table__.columns}
        awards = [
            {**common, "id": id_, "decision_id": id_, "subject_id": id_, "issuer_id": issuers[n % 3],
             "awarded_at": _T - timedelta(minutes=n), "external_reference": f"many-{n}"}
            for n, id_ in enumerate(ids)
        ]  # fmt: skip
        common = {column.key: getattr(credential, column.key) for column in Credential.__table__.columns}
        signed = [{**common, "id": id_, "award_id": id_, "text": "x"} for id_ in ids]
        for start in range(0, len(ids), 1_000):
            await session.execute(insert(Award), awards[start : start + 1_000])
            await session.execute(insert(Credential), signed[start : start + 1_000])
    async with service.runtime.database._write_engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.exec_driver_sql("ANALYZE")
    for caller in callers:
        for after in (None, (_T - timedelta(days=10), uuid4())):
            for where in _FILTERS:
                query = select_awards(caller, where, after=after, limit=51)
                async with service.runtime.begin(caller) as work:
                    plan = await _explained(work, query)
                assert [step for step in plan if re.search(r"Seq Scan on (awards|credentials)\b", step)] == []


async def _explained(work: Work, query: Select[Any]) -> list[str]:
    dialect = (await work.session.connection()).dialect
    words = str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    return [row[0] for row in (await (await work.session.connection()).exec_driver_sql(f"EXPLAIN {words}")).all()]


async def test_a_caller_for_several_issuers_reads_every_award_of_theirs_in_order(service: Service) -> None:
    callers = await _callers(service)
    for n, slug in enumerate(("a", "b", "c", "b", "a", "b")):
        headers = await service.as_issuer(slug)
        achievement = await make.publish(service, headers, slug, document=make.achievement(f"Number {n}"))
        day = 10 if n < 4 else 9  # some at one moment, which ids part; and not in the order of their issue
        await make.award(service, headers, achievement, n, decided_at=f"2026-11-{day:02}T10:00:00Z")
    async with service.runtime.begin(operator()) as work:
        rows = await work.session.execute(select(Award).order_by(Award.awarded_at.desc(), Award.id.desc()))
        expected = list(rows.scalars())
    for caller in callers:
        for limit in (1, 2, 5, 50):
            found: list[UUID] = []
            after = None
            async with service.runtime.begin(caller) as work:
                while True:
                    page = (
                        await work.session.execute(select_awards(caller, AwardFilter(), after=after, limit=limit))
                    ).all()
                    if not page:
                        break
                    found += [line(row).award.id for row in page]
                    after = line(page[-1]).place
            theirs = [award.id for award in expected if caller.sees(award.issuer_id)]
            assert found == theirs
            assert len(theirs) == {None: 6, 1: 2, 2: 5}[caller.issuer_ids and len(caller.issuer_ids)]
