"""Callers that ask a service over HTTP/1.1, each on a connection of its own: ``python -m bench.calling`` with a task.

A process apart from the one that is measured, with as little work a request as Python allows. stdin holds one JSON
object: host, port, callers, and requests as texts that are sent as they are. stdout gets one: seconds, the statuses
with their counts, latencies in milliseconds, and the first body that was not welcome.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from typing import Any


class Caller(asyncio.Protocol):
    """Sends the next request as soon as it has the answer to the one before."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._buffer = bytearray()
        self._sent_at = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def _next(self) -> None:
        assert self._transport is not None
        request = self._desk.take()
        if request is None:
            self._transport.close()
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._buffer[:end]).lower()
        at = head.index(b"content-length:") + 15
        stop = head.find(b"\r\n", at)
        size = end + 4 + int(head[at:] if stop < 0 else head[at:stop])
        if len(self._buffer) < size:
            return
        body = bytes(self._buffer[end + 4 : size])
        del self._buffer[:size]
        self._desk.got(int(head[9:12]), body, time.perf_counter() - self._sent_at)
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        self._desk.left(error)


class Desk:
    """The requests that wait, and what came of them."""

    def __init__(self, requests: list[bytes], callers: int) -> None:
        self._waiting = iter(requests)
        self._due = len(requests)
        self._callers = callers
        self.done = asyncio.get_running_loop().create_future()
        self.statuses: Counter[int] = Counter()
        self.latencies: list[float] = []
        self.refused = ""

    def take(self) -> bytes | None:
        return next(self._waiting, None)

    def got(self, status: int, body: bytes, seconds: float) -> None:
        self.statuses[status] += 1
        self.latencies.append(seconds * 1_000)
        if status >= 400 and not self.refused:
            self.refused = body.decode(errors="replace")[:500]

    def left(self, error: Exception | None) -> None:
        self._callers -= 1
        if error is not None and not self.refused:
            self.refused = str(error)
        if not self._callers and not self.done.done():
            self.done.set_result(None)


async def call(task: dict[str, Any]) -> dict[str, Any]:
    requests = [text.encode() for text in task["requests"]]
    callers = min(task["callers"], len(requests))
    desk = Desk(requests, callers)
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    for _ in range(callers):
        await loop.create_connection(lambda: Caller(desk), task["host"], task["port"])
    await desk.done
    seconds = time.perf_counter() - started
    return {
        "seconds": seconds,
        "statuses": {str(status): count for status, count in desk.statuses.items()},
        "latencies_ms": [round(each, 3) for each in desk.latencies],
        "refused": desk.refused,
    }


if __name__ == "__main__":
    json.dump(asyncio.run(call(json.load(sys.stdin))), sys.stdout)
