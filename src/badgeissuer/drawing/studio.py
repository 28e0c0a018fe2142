"""Where drawings are made for many callers: in a few threads, each once, and kept for a while."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor

from badgeissuer.errors import Unavailable


class Studio:
    """Files by key, made in threads. ``draw`` must give the same bytes whenever the key is the same.

    Callers who ask for the same thing at once share the making. What was used last is kept, up to so many bytes. One
    event loop uses one studio.
    """

    def __init__(self, *, threads: int = 2, most_bytes: int = 33_554_432, most_waiting: int = 64) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="drawing")
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._bytes = 0
        self._most_bytes = most_bytes
        self._under_way: dict[Hashable, asyncio.Task[bytes]] = {}
        self._most_waiting = most_waiting

    async def have(self, key: Hashable, draw: Callable[[], bytes]) -> bytes:
        """The file of that key. Raises what ``draw`` raises, and ``Unavailable`` where too many wait already."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        task = self._under_way.get(key)
        if task is None:
            if len(self._under_way) >= self._most_waiting:
                raise Unavailable("too many pictures and papers are asked for at once; try again shortly")
            task = self._under_way[key] = asyncio.ensure_future(self._made(key, draw))
            # A failure that nobody waits for any more is not to be reported as forgotten.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        # Whoever goes away must not take it from the others.
        return await asyncio.shield(task)

    async def once(self, draw: Callable[[], bytes]) -> bytes:
        """A file that is not kept, such as one with a name in it. Raises as ``have`` does."""
        alone = object()
        try:
            return await self.have(alone, draw)
        finally:
            self._bytes -= len(self._kept.pop(alone, b""))

    async def close(self) -> None:
        """End the threads. What is under way is given up."""
        for task in list(self._under_way.values()):
            task.cancel()
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)
        await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)

    async def _made(self, key: Hashable, draw: Callable[[], bytes]) -> bytes:
        try:
            made = await asyncio.get_running_loop().run_in_executor(self._pool, draw)
        finally:
            del self._under_way[key]
        self._kept[key] = made
        self._bytes += len(made)
        while self._bytes > self._most_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= len(oldest)
        return made
