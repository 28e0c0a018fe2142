"""The award query: pages of JSON, or the whole of it as NDJSON, one award a line, from one snapshot of the database."""

from __future__ import annotations

from asyncio import Queue, Semaphore, Task, create_task, wait
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from weakref import WeakKeyDictionary

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import Row
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from badgeissuer.errors import MalformedInput, Unavailable
from badgeissuer.rules.terms import AwardState, ClientKind
from badgeissuer.runtime import Runtime
from badgeissuer.services import consenting
from badgeissuer.store.access import Actor
from badgeissuer.store.award_search import AwardFilter, line, select_awards
from badgeissuer.web.api.award_lines import select_lines
from badgeissuer.web.api.award_wire import AwardOut
from badgeissuer.web.body import StrictRoute
from badgeissuer.web.deps import RuntimeDep, WorkDep, require
from badgeissuer.web.media import JSON, negotiate
from badgeissuer.web.paging import PagerDep
from badgeissuer.web.problems import InvalidRequest, NotAcceptable, problems
from badgeissuer.web.telling import tell
from badgeissuer.web.wire import Page, Timestamp

router = APIRouter(prefix="/v1/awards", tags=["Awards"], route_class=StrictRoute)

NDJSON = "application/x-ndjson"
ROWS_AT_ONCE = 250
# Whose award a line is about, and the line.
_Chunk = Sequence[Row[UUID, str]]
Text = Annotated[str | None, Query(max_length=255)]


async def award_filter(
    issuer: Annotated[str | None, Query(max_length=63, description="slug")] = None,
    achievement: Annotated[UUID | None, Query(description="id of the achievement")] = None,
    version: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
    state: Annotated[AwardState | None, Query()] = None,
    external_reference: Text = None,
    jurisdiction: Annotated[str | None, Query(max_length=16, description="the affiliation's state")] = None,
    district: Text = None,
    awarded_from: Annotated[Timestamp | None, Query(description="awarded at or after")] = None,
    awarded_before: Annotated[Timestamp | None, Query(description="awarded before")] = None,
    changed_from: Annotated[Timestamp | None, Query(description="state changed at or after")] = None,
) -> AwardFilter:
    return AwardFilter(
        issuer=issuer,
        achievement_id=achievement,
        version=version,
        state=state,
        external_reference=external_reference,
        jurisdiction=jurisdiction,
        district=district,
        awarded_from=awarded_from,
        awarded_before=awarded_before,
        changed_from=changed_from,
    )


@router.get(
    "",
    operation_id="list_awards",
    summary="List awards, newest first; or stream all of them",
    description=f"With `Accept: {NDJSON}` the same query is streamed, one award a line, without pages.",
    response_model=Page[AwardOut],
    responses={
        200: {"content": {NDJSON: {"schema": {"type": "string", "description": "one AwardOut a line"}}}},
        **problems(MalformedInput, NotAcceptable, Unavailable),
    },
    dependencies=[require("awards:read")],
)
async def list_awards(
    where: Annotated[AwardFilter, Depends(award_filter)],
    work: WorkDep,
    pager: PagerDep,
    request: Request,
    response: Response,
    runtime: RuntimeDep,
) -> Any:
    response.headers["Vary"] = "Accept"
    if negotiate(request.headers.get("accept"), (JSON, NDJSON)) == NDJSON:
        paging = {name: "a stream is not paged" for name in ("limit", "cursor") if name in request.query_params}
        if paging:
            raise InvalidRequest(parameters=paging)
        return await _stream(runtime, work.actor, where)
    after = (datetime.fromisoformat(pager.after[0]), UUID(pager.after[1])) if pager.after else None
    rows = (await work.session.execute(select_awards(work.actor, where, after=after, limit=pager.take))).all()
    found = [line(row) for row in rows]
    await tell(work, (each.award.subject_id for each in found[: pager.limit]))
    return pager.page(
        found,
        place=lambda each: [each.place[0].isoformat(), str(each.place[1])],
        show=lambda each: AwardOut.of(each, work.base_url),
    )


class LineStream(StreamingResponse):
    """Lines as they come. However the answer ends, what is read behind them is closed at once."""

    def __init__(self, first: bytes, rest: _Lines) -> None:
        # Proxies that collect an answer before they pass it on would turn the stream into one long wait.
        headers = {"X-Accel-Buffering": "no", "Vary": "Accept"}
        super().__init__(_chained(first, rest), media_type=NDJSON, headers=headers)
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._rest):
            await super().__call__(scope, receive, send)


async def _chained(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for more in rest:
        yield more


async def _stream(runtime: Runtime, actor: Actor, where: AwardFilter) -> Response:
    lines = _Lines(runtime, actor, where)
    try:
        # The first rows are read before the answer begins: what goes wrong until then is still a problem document.
        first = await anext(lines, b"")
    except BaseException:
        await lines.aclose()
        raise
    return LineStream(first, lines)


class _Lines:
    """The awards in chunks of lines, from one snapshot; the next is read while the reader has the one before.

    What reads is a task of its own with its own unit of work: it ends whole, wherever a reader goes away. It is never
    more than two chunks ahead.
    """

    def __init__(self, runtime: Runtime, actor: Actor, where: AwardFilter) -> None:
        self._runtime = runtime
        self._actor = actor
        self._where = where
        self._disclosure: UUID | None = None
        self._ahead: Queue[_Chunk | Exception | None] = Queue(maxsize=1)
        self._reading: Task[None] | None = None
        self._ended = False

    def __aiter__(self) -> _Lines:
        return self

    async def __anext__(self) -> bytes:
        if self._reading is None:
            self._reading = create_task(self._read())
        while not self._ended:
            rows = await self._ahead.get()
            if rows is None or isinstance(rows, Exception):
                self._ended = True
                raise rows or StopAsyncIteration
            if self._actor.kind is ClientKind.AGENCY:
                rows = await self._told(rows)
            if rows:
                return "".join([f"{text}\n" for _, text in rows]).encode()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """End the reading, also in the middle; the connection is free afterwards."""
        if self._reading is not None:
            self._reading.cancel()
            await wait({self._reading})

    async def _read(self) -> None:
        end: Exception | None = None
        try:
            slots = _slots_of(self._runtime)
            if slots.locked():
                raise Unavailable("as many streams are running as this process allows; try again shortly")
            async with slots, self._runtime.begin(self._actor) as work:
                query = select_lines(
                    self._actor, self._where, base_url=work.base_url, sqlite=work.database.sqlite
                ).execution_options(yield_per=ROWS_AT_ONCE)
                # Not through the session: its rows are dearer, and no row is of use there.
                found = await (await work.session.connection()).stream(query)
                async for rows in found.partitions():
                    await self._ahead.put(rows)
        except Exception as error:
            end = error
        await self._ahead.put(end)

    async def _told(self, rows: _Chunk) -> _Chunk:
        """Each chunk is written down before it leaves. Who withdrew since the stream began is left out."""
        async with self._runtime.begin(self._actor) as telling:
            told = await consenting.disclose(
                telling, subjects=[subject_id for subject_id, _ in rows], disclosure_id=self._disclosure
            )
        if told is None:
            return rows
        self._disclosure = told.id
        return [row for row in rows if row[0] in told.subjects]


_slots: WeakKeyDictionary[Runtime, Semaphore] = WeakKeyDictionary()


def _slots_of(runtime: Runtime) -> Semaphore:
    """A stream holds a connection for as long as its reader takes, so half of them stay free for everybody else."""
    if runtime not in _slots:
        _slots[runtime] = Semaphore(max(1, runtime.settings.pool_size // 2))
    return _slots[runtime]
