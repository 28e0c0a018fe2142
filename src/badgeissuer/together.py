"""Callers that come at one time are served together: what one of them costs alone, many then share.

A lone caller waits for nobody: whoever comes first is served at once, and who comes meanwhile is served with the others
that came meanwhile. Callers who were served together mostly come again together, so after them the next group waits a
moment for those: without that, two halves would take turns for ever (ADR 16).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Generic, TypeVar

# The moment that a group waits for those of the group before it: this share of how long that took, at most.
_SHARE = 0.25
_LONGEST_MOMENT_S = 0.1

# A group that takes longer than this holds up nobody else: another is served beside it.
_PATIENCE_S = 0.5

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Together(Generic[_Item, _Result]):
    """``serve`` takes the items of a group and gives each its result or its own error, in their order.

    Up to ``most`` are in a group. One group is served at a time, and more, up to ``groups``, where one takes long.
    """

    def __init__(
        self, serve: Callable[[Sequence[_Item]], Awaitable[Sequence[_Result | Exception]]], *, most: int, groups: int
    ) -> None:
        self._serve = serve
        self._most = most
        self._groups = groups
        self._waiting: deque[tuple[_Item, asyncio.Future[_Result]]] = deque()
        self._serving = 0
        self._slow = 0
        self._came = asyncio.Event()
        # How many were served last, or waited then; and until when those of them are waited for who come again.
        self._came_last = 1
        self._until = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    async def join(self, item: _Item) -> _Result:
        """The item's result. Raises its own error. A caller who goes away while it is served changes nothing."""
        answer: asyncio.Future[_Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        self._came.set()
        self._start()
        return await answer

    async def close(self) -> None:
        """Wait until all that came has been served."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _start(self) -> None:
        """Serve who waits, unless a group that may end at any moment takes them next."""
        if self._waiting and self._serving == self._slow < self._groups:
            self._serving += 1
            task = asyncio.create_task(self._work_off())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _work_off(self) -> None:
        try:
            await asyncio.sleep(0)  # those who came in this turn of the loop come along
            await self._gather()
            while group := self._next():
                began = self._now()
                with self._watched():
                    await self._serve_group(group)
                ended = self._now()
                self._came_last = len(group) + len(self._waiting)
                self._until = ended + min(_SHARE * (ended - began), _LONGEST_MOMENT_S)
                if self._waiting:
                    await self._gather()
        finally:
            # In the same breath in which nobody was found waiting: who comes next starts another.
            self._serving -= 1

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Count the group as slow once it has taken so long."""
        slow = False

        def note() -> None:
            nonlocal slow
            slow = True
            self._slow += 1
            self._start()

        timer = asyncio.get_running_loop().call_later(_PATIENCE_S, note)
        try:
            yield
        finally:
            timer.cancel()
            self._slow -= slow

    async def _serve_group(self, group: Sequence[tuple[_Item, asyncio.Future[_Result]]]) -> None:
        results: Sequence[_Result | Exception]
        try:
            results = await self._serve([item for item, _ in group])
            if len(results) != len(group):
                raise RuntimeError("a group was served with another number of results than it has items")
        except Exception as error:
            results = [error] * len(group)
        except BaseException:
            for _, answer in group:
                answer.cancel()
            raise
        for (_, answer), result in zip(group, results, strict=True):
            if answer.done():  # its caller has gone
                continue
            if isinstance(result, Exception):
                answer.set_exception(result)
            else:
                answer.set_result(result)

    async def _gather(self) -> None:
        """Wait the moment, unless all who may come are there."""
        if self._came_last == 1 or self._until <= self._now():
            return
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._until):
                while len(self._waiting) < min(self._came_last, self._most):
                    self._came.clear()
                    await self._came.wait()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _next(self) -> list[tuple[_Item, asyncio.Future[_Result]]]:
        group: list[tuple[_Item, asyncio.Future[_Result]]] = []
        while self._waiting and len(group) < self._most:
            item, answer = self._waiting.popleft()
            if not answer.done():
                group.append((item, answer))
        return group
