"""The public reads that come most: one statement each, the stored bytes, and never an old answer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from badgeissuer.errors import NotFound, Unavailable
from badgeissuer.runtime import Runtime
from badgeissuer.services import serving
from badgeissuer.store import lookups
from badgeissuer.store.lookups import Lookup, Row
from tests.support import make
from tests.support.app import MakeRuntime, Service
from tests.support.counting import statements


@contextmanager
def counted(runtime: Runtime) -> Iterator[list[Lookup]]:
    """The lookups while the block runs; anything else that reaches the database fails the test."""
    found: list[Lookup] = []
    source = runtime.database.lookups
    ask = source.rows

    async def note(lookup: Lookup, **parameters: Any) -> list[Row]:
        found.append(lookup)
        return await ask(lookup, **parameters)

    source.rows = note  # type: ignore[method-assign]
    try:
        with statements(runtime) as sent:
            yield found
    finally:
        del source.rows  # type: ignore[misc]
    assert sent == []


async def _addresses(service: Service) -> dict[str, str]:
    own = await make.register(service)
    award = await make.award(service, own, await make.publish(service, own))
    url = str(award["credential"]["url"])
    document = (await service.http.get(url)).json()
    return {
        "credential": url,
        "jwt": f"{url}.jwt",
        "status list": document["credentialStatus"]["statusListCredential"],
        "achievement": document["credentialSubject"]["achievement"]["id"],
        "issuer": "/issuers/kvec",
        "did document": "/issuers/kvec/did.json",
    }


async def test_each_is_one_statement_also_where_the_caller_has_the_text(service: Service) -> None:
    for name, address in (await _addresses(service)).items():
        whole = await service.http.get(address)  # a JWT is made when it is first asked for
        for headers in ({}, {"If-None-Match": whole.headers["etag"]}):
            with counted(service.runtime) as found:
                answer = await service.http.get(address, headers=headers)
            assert (name, answer.status_code, len(found)) == (name, 304 if headers else 200, 1)


async def test_a_query_changes_nothing(service: Service) -> None:
    for address in (await _addresses(service)).values():
        plain = await service.http.get(address)
        asked = await service.http.get(address, params={"utm_source": "x"})
        assert (asked.status_code, asked.content) == (200, plain.content)
        same = {"etag", "content-type", "cache-control", "vary", "content-disposition"}
        assert {n: v for n, v in asked.headers.items() if n in same} == {
            n: v for n, v in plain.headers.items() if n in same
        }
        refused = await service.http.get(address, params={"x": "\u202e"})
        assert refused.status_code == 422


async def test_what_the_caller_has_does_not_travel(service: Service) -> None:
    id_ = UUID((await _addresses(service))["credential"].rpartition("/")[2])
    source = service.runtime.database.lookups
    whole = await serving.credential(source, credential_id=id_, known="")
    assert len(whole.text) > 1_000
    again = await serving.credential(source, credential_id=id_, known=whole.sha256)
    assert (again.text, again.sha256) == ("", whole.sha256)
    # One of several tags is answered with 304 all the same.
    several = {"If-None-Match": f'"x", "{whole.sha256}"'}
    assert (await service.http.get(f"/credentials/{id_}", headers=several)).status_code == 304


async def test_a_change_by_another_process_is_read_at_once(service: Service, make_runtime: MakeRuntime) -> None:
    own = await make.register(service)
    award = await make.award(service, own, await make.publish(service, own))
    document = (await service.http.get(award["credential"]["url"])).json()
    list_id = UUID(document["credentialStatus"]["statusListCredential"].rpartition("/")[2])
    other = (await make_runtime()).database.lookups
    before = await serving.status_list(other, list_id=list_id, known="")
    revoked = await service.http.post(f"/v1/awards/{award['id']}/revoke", json={"reason": "a mistake"}, headers=own)
    assert revoked.status_code == 200
    after = await serving.status_list(other, list_id=list_id, known=before.sha256)
    assert after.sha256 != before.sha256
    assert after.text == (await service.http.get(f"/status/{list_id}")).text


@pytest.mark.parametrize("path", ["/issuers/a%00b", "/issuers/a%E2%80%AEb/did.json", "/status/%00"])
async def test_no_address_holds_what_no_address_may(service: Service, path: str) -> None:
    with counted(service.runtime) as found:
        answer = await service.http.get(path)
    assert (answer.status_code, found) == (404, [])


async def test_the_server_may_be_started_anew_between_two_reads(service: Service, backend: str) -> None:
    if backend != "postgresql":
        pytest.skip("SQLite has no server")
    address = (await _addresses(service))["status list"]
    assert (await service.http.get(address)).status_code == 200
    engine = create_async_engine(service.runtime.database.url)
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    await engine.dispose()
    assert (await service.http.get(address)).status_code == 200


async def test_lookups_only_read(service: Service, backend: str) -> None:
    source = service.runtime.database.lookups
    with pytest.raises(Exception, match=r"readonly database|read-only transaction"):
        await source.rows(_Raw("DELETE FROM jobs"))  # type: ignore[arg-type]


async def test_a_database_that_is_not_there_is_unavailable(backend: str, tmp_path: Any) -> None:
    from badgeissuer.store.engine import Database

    url = {
        "sqlite": f"sqlite+aiosqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}",
        "postgresql": "postgresql+asyncpg://nobody@127.0.0.1:1/nothing",
    }[backend]
    database = Database(url)
    if backend == "sqlite":
        (tmp_path / "no" / "such").rmdir()
    try:
        with pytest.raises(Unavailable):
            await serving.issuer_profile(database.lookups, slug="kvec")
    finally:
        await database.close()


async def test_a_file_that_is_locked_as_a_whole_is_waited_for_in_a_thread(
    service: Service, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if backend != "sqlite":
        pytest.skip("PostgreSQL has no file to lock")
    await make.register(service)
    source = service.runtime.database.lookups
    assert isinstance(source, lookups.Sqlite)
    source._patience_s = 0.05
    await source.close()  # it looked up the key of whoever registered the issuer
    await service.runtime.database._read_engine.dispose()
    await service.runtime.database._write_engine.dispose()
    with closing(sqlite3.connect(make_url(service.runtime.database.url).database or "")) as other:
        other.execute("PRAGMA journal_mode=DELETE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Unavailable):
            await serving.issuer_profile(source, slug="kvec")
        other.rollback()
    assert '"Profile"' in await serving.issuer_profile(source, slug="kvec")
    with pytest.raises(NotFound):
        await serving.issuer_profile(source, slug="nobody")


class _Raw:
    """Words as they are, in the place of a lookup."""

    def __init__(self, text: str) -> None:
        self.text = text

    def written(self, _dialect: object) -> _Raw:
        return self

    def arguments(self, _given: object) -> list[Any]:
        return []

    def row(self, found: Row) -> Row:
        return found
