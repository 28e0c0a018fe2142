"""What a serving process does besides answering: number events, write down what time did to keys and how often pages
were opened, sweep out what has ended, work on jobs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from badgeissuer.errors import BadgeissuerError
from badgeissuer.jobs import key_states, worker
from badgeissuer.runtime import Runtime
from badgeissuer.services import showing, signing_in
from badgeissuer.services.access import operator

log = logging.getLogger("badgeissuer.jobs")

# The sequencer is woken by commits of this process; the pause catches those of others, and of processes that died.
_SEQUENCE_EVERY = 1.0
_KEYS_EVERY = 15.0
_VIEWS_EVERY = 10.0
_SWEEP_EVERY = 3600.0


@contextlib.asynccontextmanager
async def run(runtime: Runtime) -> AsyncIterator[None]:
    """Run the jobs while the block runs. A job that fails is logged and tried again; it never ends the service."""
    tasks = [
        asyncio.create_task(_sequence(runtime), name="sequencer"),
        _repeated("key-states", _KEYS_EVERY, lambda: key_states.settle(runtime)),
        _repeated("views", _VIEWS_EVERY, lambda: _write_views(runtime)),
        _repeated("sweep", _SWEEP_EVERY, lambda: _sweep(runtime)),
    ]
    try:
        async with worker.working(runtime):
            yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await _guarded("views", lambda: _write_views(runtime))


async def _sequence(runtime: Runtime) -> None:
    while True:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(runtime.events_waiting.wait(), timeout=_SEQUENCE_EVERY)
        runtime.events_waiting.clear()
        await _guarded("sequencer", runtime.sequence_events)


def _repeated(name: str, seconds: float, act: Callable[[], Awaitable[object]]) -> asyncio.Task[None]:
    return asyncio.create_task(_every(name, seconds, act), name=name)


async def _every(name: str, seconds: float, act: Callable[[], Awaitable[object]]) -> None:
    while True:
        await _guarded(name, act)
        await asyncio.sleep(seconds)


async def _write_views(runtime: Runtime) -> None:
    await showing.views_of(runtime.database).flush(runtime.database)


async def _sweep(runtime: Runtime) -> None:
    async with runtime.begin(operator()) as work:
        await signing_in.sweep(work)


async def _guarded(name: str, act: Callable[[], Awaitable[object]]) -> None:
    try:
        await act()
    except BadgeissuerError as error:
        log.warning("job %s: %s", name, error.detail)
    except Exception:
        log.exception("job %s failed; it will be tried again", name)
        await asyncio.sleep(_SEQUENCE_EVERY)
