"""The award query as NDJSON: the same lines as the pages, one snapshot, and nothing left behind when a reader goes."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from starlette.types import Message

from badgeissuer.rules.terms import AwardState, ClientKind
from badgeissuer.services.access import operator
from badgeissuer.store.award_search import AwardFilter, line, select_awards
from badgeissuer.store.awards import Award
from badgeissuer.web.api import award_stream
from badgeissuer.web.api.award_wire import AwardOut
from tests.support import make
from tests.support.app import MakeRuntime, Service
from tests.support.counting import statements

Headers = dict[str, str]
NDJSON = {"Accept": "application/x-ndjson"}


@pytest.fixture
async def headers(service: Service) -> Headers:
    return await make.register(service)


@pytest.fixture
async def achievement(service: Service, headers: Headers) -> str:
    return await make.publish(service, headers)


async def lines(service: Service, headers: Headers, query: str = "") -> list[Any]:
    answer = await service.http.get(f"/v1/awards{query}", headers={**headers, **NDJSON})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert (answer.headers["X-Accel-Buffering"], answer.headers["Cache-Control"]) == ("no", "no-store")
    assert answer.text == "" or answer.text.endswith("\n")
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_an_agency_gets_the_same_awards_as_on_pages(
    service: Service, headers: Headers, achievement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    agency = {"Authorization": f"Bearer {await service.key(ClientKind.AGENCY, all_issuers=True)}"}
    assert await lines(service, agency) == []
    theirs = await make.register(service, "digital-promise")
    for n in range(3):
        await make.award(service, headers, achievement, n)
    await make.award(service, theirs, await make.publish(service, theirs, "digital-promise"), 9)
    pages = (await service.http.get("/v1/awards?limit=200", headers=agency)).json()["items"]
    assert len(pages) == 4
    monkeypatch.setattr(award_stream, "ROWS_AT_ONCE", 2)  # more than one chunk
    assert await lines(service, agency) == pages
    assert await lines(service, agency, "?issuer=kvec") == [p for p in pages if p["issuer"]["slug"] == "kvec"]
    assert await lines(service, headers) == [p for p in pages if p["issuer"]["slug"] == "kvec"]
    assert await lines(service, headers, "?state=revoked") == []


async def test_a_stream_costs_the_same_for_one_and_for_three(
    service: Service, headers: Headers, achievement: str
) -> None:
    costs = {}
    for n in (1, 2, 3):
        await make.award(service, headers, achievement, n)
        with statements(service.runtime) as sent:
            assert len(await lines(service, headers)) == n
        costs[n] = len(sent)
    # The awards. The key is looked up outside any unit of work.
    assert (costs[1], costs[3]) == (1, 1)


async def test_media_types_and_pages(service: Service, headers: Headers) -> None:
    page = await service.http.get(
        "/v1/awards", headers={**headers, "Accept": "application/json, application/x-ndjson;q=0.5"}
    )
    assert page.json() == {"items": [], "next": None}
    assert page.headers["Vary"] == "Accept"
    none = await service.http.get("/v1/awards", headers={**headers, "Accept": "text/csv"})
    assert none.status_code == 406
    for query in ("?limit=5", "?cursor=abc"):
        answer = await service.http.get(f"/v1/awards{query}", headers={**headers, **NDJSON})
        assert answer.status_code in (400, 422)
    assert (await service.http.get("/v1/awards", headers=NDJSON)).status_code == 401
    weak = await service.as_issuer("kvec", scopes=("decisions:read",))
    assert (await service.http.get("/v1/awards", headers={**weak, **NDJSON})).status_code == 403


async def test_a_stream_shows_one_moment(
    service: Service, headers: Headers, achievement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(4):
        await make.award(service, headers, achievement, n)
    monkeypatch.setattr(award_stream, "ROWS_AT_ONCE", 1)
    reader = _Reader(service, headers)
    await reader.one_line()
    last = (await service.http.get("/v1/awards?external_reference=ref-0", headers=headers)).json()["items"][0]
    await service.http.post(f"/v1/awards/{last['id']}/revoke", json={"reason": "x"}, headers=headers)
    await make.award(service, headers, achievement, 7)
    await reader.to_the_end()
    states = [json.loads(line)["state"] for line in reader.text.splitlines()]
    assert states == ["active"] * 4


async def test_a_reader_who_goes_leaves_no_connection_behind(
    service: Service, headers: Headers, achievement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        await make.award(service, headers, achievement, n)
    monkeypatch.setattr(award_stream, "ROWS_AT_ONCE", 1)
    pool = service.runtime.database._read_engine.pool
    for _ in range(service.runtime.settings.pool_size * 2):
        reader = _Reader(service, headers)
        await reader.one_line()
        assert pool.checkedout() == 1  # type: ignore[attr-defined]
        await reader.leave()
        assert pool.checkedout() == 0  # type: ignore[attr-defined]
    assert len(await lines(service, headers)) == 3


async def test_slow_readers_do_not_take_every_connection(
    make_runtime: MakeRuntime, service: Service, headers: Headers, achievement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(5):  # more than is read ahead: what is read to its end holds no connection
        await make.award(service, headers, achievement, n)
    monkeypatch.setattr(award_stream, "ROWS_AT_ONCE", 1)
    readers = [_Reader(service, headers) for _ in range(service.runtime.settings.pool_size // 2)]
    for reader in readers:
        await reader.one_line()
    refused = await service.http.get("/v1/awards", headers={**headers, **NDJSON})
    assert (refused.status_code, refused.headers["Content-Type"]) == (503, "application/problem+json")
    assert "Retry-After" in refused.headers
    assert (await service.http.get("/v1/awards", headers=headers)).status_code == 200
    await readers.pop().leave()
    assert len(await lines(service, headers)) == 5
    for reader in readers:
        await reader.leave()


async def test_each_line_is_to_the_byte_what_the_model_writes(
    service: Service, headers: Headers, achievement: str
) -> None:
    theirs = await make.register(service, "other", name='Schools of "Letcher" \\ Perry & <Knott> County, %s')
    named = make.achievement("Beyond \u201cGrades\u201d: 100 % é 𝄞")
    versions = [achievement, await make.publish(service, theirs, "other", document=named)]
    odd = ('Ä "b" \\', "tab\tline\nreturn\r\b\f\x01\x1f", "%s %% {} \u2029 </script> é 𝄞", "'; --")
    made = []
    for n, words in enumerate(odd):
        service.clock.advance(minutes=1)
        answer = await make.award(service, (headers, theirs)[n % 2], versions[n % 2], n)
        made.append(UUID(answer["id"]))
        async with service.runtime.database.writing() as session:
            await session.execute(
                update(Award)
                .where(Award.id == made[-1])
                .values(
                    state=list(AwardState)[n],
                    state_reason=words if n else None,
                    state_changed_at=service.clock() + timedelta(microseconds=999_999 if n % 2 else 0),
                    external_reference=words,
                    school=words,
                    district=None if n % 2 else words,
                    jurisdiction=None if n == 1 else "KY",
                    valid_until=service.clock() + timedelta(days=400, microseconds=n) if n else None,
                    superseded_by_id=made[0] if n == 3 else None,
                )
            )
    async with service.runtime.begin(operator()) as work:
        rows = await work.session.execute(select_awards(operator(), AwardFilter()))
        expected = [AwardOut.of(line(row), work.base_url) for row in rows]
    assert len({each.state for each in expected}) == len(AwardState) == 4
    assert {each.visible_to_third_parties for each in expected} == {True, False}
    assert [each.superseded_by is None for each in expected] == [False, True, True, True]
    agency = {"Authorization": f"Bearer {await service.key(ClientKind.AGENCY, all_issuers=True)}"}
    for key in (agency, await service.platform()):
        streamed = await service.http.get("/v1/awards", headers={**key, **NDJSON})
        assert streamed.text.split("\n")[:-1] == [each.model_dump_json() for each in expected]


async def test_what_fails_while_lines_are_read_reaches_the_reader(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_named: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(award_stream, "select_lines", fail)
    found = award_stream._Lines(service.runtime, operator(), AwardFilter())
    with pytest.raises(RuntimeError, match="broken"):
        await anext(found)
    with pytest.raises(StopAsyncIteration):
        await anext(found)
    await found.aclose()
    assert service.runtime.database._read_engine.pool.checkedout() == 0  # type: ignore[attr-defined]


class _Reader:
    """A caller of the stream who reads one line and then stands still: the app waits in ``send`` until they go on."""

    def __init__(self, service: Service, headers: Headers) -> None:
        self.text = ""
        self._gone = asyncio.Event()
        self._may_send = asyncio.Event()
        self._arrived = asyncio.Event()
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "https",
            "path": "/v1/awards",
            "raw_path": b"/v1/awards",
            "query_string": b"",
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in {**headers, **NDJSON}.items()],
            "server": ("issuer.example", 443),
            "client": ("127.0.0.1", 1),
        }
        self._asked = False
        self._task = asyncio.create_task(service.app(scope, self._receive, self._send))

    async def one_line(self) -> None:
        async with asyncio.timeout(20):
            await self._arrived.wait()

    async def to_the_end(self) -> None:
        self._may_send.set()
        async with asyncio.timeout(20):
            await self._task

    async def leave(self) -> None:
        self._gone.set()
        async with asyncio.timeout(20):
            await self._task

    async def _receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.body":
            self.text += message.get("body", b"").decode()
            if self.text:
                self._arrived.set()
                await self._may_send.wait()
