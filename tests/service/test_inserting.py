"""Rows that go in many at once: what is stored is what one row at a time would store, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError, StatementError

from badgeissuer.store.insert import insert_rows
from badgeissuer.store.outbox import Event
from tests.support.app import MakeRuntime

NOW = datetime(2026, 11, 24, 12, tzinfo=timezone(timedelta(hours=5)))


def _row(number: int, **members: Any) -> dict[str, Any]:
    return {
        "id": UUID(int=number),
        "position": None,
        "issuer_id": None,
        "type": "t",
        "subject_type": "s",
        "subject_id": "x",
        "actor": "a",
        "at": NOW,
        "data": {},
        **members,
    }


async def test_odd_values_come_back_as_they_went_in(make_runtime: MakeRuntime) -> None:
    runtime = await make_runtime()
    rows = [
        _row(1),
        _row(2, position=2**62, data={"none": None, "big": 2**70, "part": 1.5, "text": "é\U0001f600\u2028\x00"}),
        _row(3, type="NULL", subject_id="", actor='"\\{},\n\t\u0301', data={"list": [[], {}, "\\\"{}',NULL"]}),
    ]
    async with runtime.database.writing() as session:
        await insert_rows(session, Event, rows)
    async with runtime.database.reading() as session:
        stored = (await session.scalars(select(Event).order_by(Event.id))).all()
    assert [{name: getattr(event, name) for name in _row(0)} for event in stored] == rows
    assert {event.at for event in stored} == {datetime(2026, 11, 24, 7, tzinfo=UTC)}


async def test_more_rows_than_a_statement_takes_parameters(make_runtime: MakeRuntime) -> None:
    runtime = await make_runtime()
    async with runtime.database.writing() as session:
        await insert_rows(session, Event, [_row(number) for number in range(8_000)])
    async with runtime.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Event)) == 8_000


@pytest.mark.parametrize("member", [{"at": datetime(2026, 11, 24)}, {"type": None}, {"position": 2**63}])
async def test_what_one_row_would_be_refused_for_is_refused_among_many(
    make_runtime: MakeRuntime, member: dict[str, Any]
) -> None:
    runtime = await make_runtime()
    with pytest.raises((DBAPIError, StatementError, ValueError, OverflowError)):
        async with runtime.database.writing() as session:
            await insert_rows(session, Event, [_row(1), _row(2, **member), _row(3)])
    async with runtime.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Event)) == 0
