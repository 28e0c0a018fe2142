"""Callers that come at one time are served together: what one of them costs alone, many then share.

There is no waiting for company. Whoever comes first is served at once; who comes meanwhile is served with the others
that came meanwhile. So a lone caller waits for nobody, and the more callers there are, the less each costs (ADR 16).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Together(Generic[_Item, _Result]):
    """``serve`` takes the items of a group and gives each its result or its own error, in their order.

    Up to ``most`` are in a group, and up to ``groups`` are served at one time.
    """

    def __init__(
        self, serve: Callable[[Sequence[_Item]], Awaitable[Sequence[_Result | Exception]]], *, most: int, groups: int
    ) -> None:
        self._serve = serve
        self._most = most
        self._groups = groups
        self._waiting: deque[tuple[_Item, asyncio.Future[_Result]]] = deque()
        self._serving: set[asyncio.Task[None]] = set()

    async def join(self, item: _Item) -> _Result:
        """The item's result. Raises its own error. A caller who goes away while it is served changes nothing."""
        answer: asyncio.Future[_Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if len(self._serving) < self._groups:
            task = asyncio.create_task(self._work_off())
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        return await answer

    async def close(self) -> None:
        """Wait until all that came has been served."""
        while self._serving:
            await asyncio.wait(self._serving)

    async def _work_off(self) -> None:
        await asyncio.sleep(0)  # those who came in this turn of the loop come along
        while group := self._next():
            try:
                results = await self._serve([item for item, _ in group])
            except Exception as error:
                results = [error] * len(group)
            for (_, answer), result in zip(group, results, strict=True):
                if answer.done():  # its caller has gone
                    continue
                if isinstance(result, Exception):
                    answer.set_exception(result)
                else:
                    answer.set_result(result)

    def _next(self) -> list[tuple[_Item, asyncio.Future[_Result]]]:
        group: list[tuple[_Item, asyncio.Future[_Result]]] = []
        while self._waiting and len(group) < self._most:
            item, answer = self._waiting.popleft()
            if not answer.done():
                group.append((item, answer))
        return group
