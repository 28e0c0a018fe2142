"""The unit of work and the engines under it."""

from __future__ import annotations

from datetime import datetime
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, StatementError

from badgeissuer.errors import Unavailable
from badgeissuer.rules.terms import ClientKind
from badgeissuer.services import access
from badgeissuer.store.access import ANONYMOUS, ApiClient
from badgeissuer.store.engine import Database
from badgeissuer.store.outbox import Event
from tests.support.app import START, MakeRuntime


async def test_a_unit_of_work_commits_on_leaving_and_events_with_it(make_runtime: MakeRuntime) -> None:
    runtime = await make_runtime()
    async with runtime.begin(access.operator()) as work:
        client, token = await access.create_client(work, kind=ClientKind.PLATFORM, name="P")
    await runtime.sequence_events()
    async with runtime.database.reading() as session:
        [event] = (await session.scalars(select(Event))).all()
        stored = await session.get(ApiClient, client.id)
    assert (event.type, event.subject_id, event.actor, event.position) == (
        "api_client.created",
        str(client.id),
        "operator",
        1,
    )
    assert stored is not None
    assert token.split("_")[2] not in str(vars(stored))
    async with runtime.begin(ANONYMOUS) as work:
        actor = await access.authenticate(work.database.lookups, token=token)
    assert (actor.client_id, actor.kind) == (client.id, ClientKind.PLATFORM)


async def test_an_error_undoes_all_of_it(make_runtime: MakeRuntime) -> None:
    runtime = await make_runtime()
    with pytest.raises(ZeroDivisionError):
        async with runtime.begin(access.operator()) as work:
            await access.create_client(work, kind=ClientKind.PLATFORM, name="P")
            raise ZeroDivisionError
    async with runtime.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(ApiClient)) == 0
        assert await session.scalar(select(func.count()).select_from(Event)) == 0


async def test_a_reading_session_cannot_write(make_runtime: MakeRuntime) -> None:
    runtime = await make_runtime()
    with pytest.raises((DBAPIError, Unavailable)):
        async with runtime.begin(access.operator()) as work:
            await work.session.execute(text("DELETE FROM events"))


async def test_naive_times_are_refused(make_runtime: MakeRuntime) -> None:
    runtime = await make_runtime()
    with pytest.raises(StatementError, match="naive"):
        async with runtime.database.reading() as session:
            await session.scalar(select(Event).where(Event.at == datetime(2026, 1, 1)))


async def test_ids_are_time_ordered_and_public_ids_are_random(make_runtime: MakeRuntime) -> None:
    runtime = await make_runtime(seed=1)
    async with runtime.begin(ANONYMOUS) as work:
        ids = [work.new_id() for _ in range(50)]
        public = [work.new_public_id() for _ in range(50)]
        salts = {work.new_salt() for _ in range(50)}
    assert {(i.version, i.variant) for i in ids} == {(7, "specified in RFC 4122")}
    assert {i.int >> 80 for i in ids} == {int(START.timestamp() * 1000)}
    assert {i.version for i in public} == {4}
    assert len({*ids, *public}) == 100
    assert {len(salt) for salt in salts} == {32}
    assert UUID(int=Random(1).getrandbits(128), version=4) not in public


async def test_a_database_that_is_away_is_unavailable(tmp_path: object) -> None:
    database = Database("postgresql+asyncpg://nobody@127.0.0.1:1/none")
    with pytest.raises(Unavailable):
        await database.ping()
    await database.close()
