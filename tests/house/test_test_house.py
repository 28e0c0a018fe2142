"""The test house itself: databases of both kinds answer, and the network is shut."""

from __future__ import annotations

import socket

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.conftest import Backend
from tests.support import postgres, sockets


async def test_a_fresh_database_is_empty_and_of_its_kind(backend: Backend, fresh_database_url: str) -> None:
    tables = {
        "sqlite": "SELECT count(*) FROM sqlite_master",
        "postgresql": "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'",
    }
    engine = create_async_engine(fresh_database_url)
    async with engine.connect() as connection:
        assert (await connection.execute(text(tables[backend]))).scalar_one() == 0
    await engine.dispose()


async def test_the_shared_database_is_one_and_the_same(database_url: str, make_database_url: object) -> None:
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1
    await engine.dispose()


async def test_a_database_can_be_copied_from_a_template() -> None:
    template = postgres.fresh_database()
    engine = create_async_engine(template)
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE kept (id int)"))
    await engine.dispose()
    copy = postgres.fresh_database(template=template)
    engine = create_async_engine(copy)
    async with engine.begin() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM kept"))).scalar_one() == 0
    await engine.dispose()
    postgres.drop_database(copy)
    postgres.drop_database(template)


async def test_the_network_is_shut_for_names_and_addresses() -> None:
    with pytest.raises(sockets.NetworkBlocked):
        socket.create_connection(("192.0.2.1", 443), timeout=1)
    with pytest.raises(sockets.NetworkBlocked):
        socket.getaddrinfo("badges.example.org", 443)
    async with httpx2.AsyncClient(trust_env=False) as client:
        with pytest.raises(sockets.NetworkBlocked):
            await client.get("https://badges.example.org/")
    assert len(sockets.take_attempts()) == 3  # taken, so that this test passes


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("localhost", port), timeout=1) as client:
            assert client.getpeername()[1] == port
