"""What a serving process does besides answering: number events, write down what time did to keys, work on jobs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from badgeissuer.errors import BadgeissuerError
from badgeissuer.jobs import key_states, worker
from badgeissuer.runtime import Runtime

log = logging.getLogger("badgeissuer.jobs")

# The sequencer is woken by commits of this process; the pause catches those of others, and of processes that died.
_SEQUENCE_EVERY = 1.0
_KEYS_EVERY = 15.0


@contextlib.asynccontextmanager
async def run(runtime: Runtime) -> AsyncIterator[None]:
    """Run the jobs while the block runs. A job that fails is logged and tried again; it never ends the service."""
    tasks = [
        asyncio.create_task(_sequence(runtime), name="sequencer"),
        asyncio.create_task(_every(_KEYS_EVERY, lambda: key_states.settle(runtime)), name="key-states"),
    ]
    try:
        async with worker.working(runtime):
            yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _sequence(runtime: Runtime) -> None:
    while True:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(runtime.events_waiting.wait(), timeout=_SEQUENCE_EVERY)
        runtime.events_waiting.clear()
        await _guarded("sequencer", runtime.sequence_events)


async def _every(seconds: float, act: Callable[[], Awaitable[object]]) -> None:
    while True:
        await _guarded("key-states", act)
        await asyncio.sleep(seconds)


async def _guarded(name: str, act: Callable[[], Awaitable[object]]) -> None:
    try:
        await act()
    except BadgeissuerError as error:
        log.warning("job %s: %s", name, error.detail)
    except Exception:
        log.exception("job %s failed; it will be tried again", name)
        await asyncio.sleep(_SEQUENCE_EVERY)
