"""A gate before work that costs much: a few run at once, a few wait, and none for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from badgeissuer.errors import Unavailable


class Gate:
    """Lets a few run, a few wait, and sends the rest away with ``Unavailable``."""

    def __init__(self, what: str, *, running: int, waiting: int, seconds: float) -> None:
        """``what`` names the work, in the plural. ``seconds`` bounds the wait, and then the work."""
        self._what = what
        self._running = asyncio.Semaphore(running)
        self._most_waiting = waiting
        self._waiting = 0
        self._seconds = seconds

    @asynccontextmanager
    async def enter(self) -> AsyncIterator[None]:
        if self._waiting >= self._most_waiting:
            raise self._busy()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._seconds):
                await self._running.acquire()
        except TimeoutError:
            raise self._busy() from None
        finally:
            self._waiting -= 1
        try:
            async with asyncio.timeout(self._seconds):
                yield
        except TimeoutError:
            raise Unavailable("what the check needs did not come in time; try again later") from None
        finally:
            self._running.release()

    def _busy(self) -> Unavailable:
        return Unavailable(f"too many {self._what} at once; try again shortly")


def gate_of(app: FastAPI, what: str, *, running: int, waiting: int, seconds: float) -> Gate:
    """The app's one gate for this work, made at first need (in its event loop)."""
    gates: dict[str, Gate] | None = getattr(app.state, "gates", None)
    if gates is None:
        gates = app.state.gates = {}
    if what not in gates:
        gates[what] = Gate(what, running=running, waiting=waiting, seconds=seconds)
    return gates[what]
