"""The event loop while a large record is made: others are answered meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from tests.support.app import Service
from tests.support.bundled import bundled
from tests.support.figures import Figure

# Of the time that the work takes. The longest step on the loop takes as long as reading or writing one JSON text.
_LONGEST = 0.2


@dataclass
class Turns:
    """What the loop did: how long each answer of ``/healthz`` took, in seconds, and how long the work took."""

    waits: list[float] = field(default_factory=list)
    whole: float = 0.0


@asynccontextmanager
async def watched(service: Service) -> AsyncIterator[Turns]:
    found = Turns()
    over = asyncio.Event()

    async def ask() -> None:
        while not over.is_set():
            started = time.perf_counter()
            assert (await service.http.get("/healthz")).status_code == 200
            found.waits.append(time.perf_counter() - started)
            await asyncio.sleep(0)

    asking = asyncio.create_task(ask())
    started = time.perf_counter()
    try:
        yield found
    finally:
        found.whole = time.perf_counter() - started
        over.set()
        await asking


@pytest.mark.parametrize("members", [150, pytest.param(1_000, marks=pytest.mark.long)])
async def test_others_are_answered_while_a_large_record_is_made(service: Service, figure: Figure, members: int) -> None:
    made = await bundled(service, count=members)
    answer = await made.post(status=None)
    assert answer.status_code == 202, answer.text
    async with watched(service) as turns:
        assert await made.settle() == 1
    longest = max(turns.waits)
    figure(
        f"{len(turns.waits)} answers in {turns.whole:.2f} s; the longest wait {longest * 1_000:.0f} ms,"
        f" {longest / turns.whole:.2f} of it"
    )
    assert len(turns.waits) >= 20
    assert longest <= _LONGEST * turns.whole
