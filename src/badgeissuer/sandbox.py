"""Work on documents in processes that can be killed: a document can cost a bounded time and memory, no more.

Canonicalisation, and checking against a JSON Schema of somebody else.
Lanes keep our own minting from waiting behind foreign documents. Workers start when they are first needed.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import sys
from collections import OrderedDict
from collections.abc import Coroutine, Mapping
from typing import Any

from badgeissuer import processes
from badgeissuer.errors import BadgeissuerError, Fault, Unavailable
from badgeissuer.vc import limits, strictjson
from badgeissuer.vc.canon import BADGE_BUDGET, WARM_UP, Algorithm, Budget, Canonical, frames, quickly
from badgeissuer.vc.contexts import ContextStore, Edition
from badgeissuer.vc.faults import BudgetExceeded

MINT = "mint"
_ONE_EACH: Mapping[str, int] = {MINT: 1, "foreign": 1, "records": 1}
# The library is loaded within it, the first time; what is left is more than any honest schema takes.
_SCHEMA_SECONDS = 2.0
# No document gets more than so many times the time of a badge.
_MOST_TIMES = 24
# Bytes of canonical forms that are kept: those of five records of a thousand members, or of ten thousand badges.
_KEPT_BYTES = 32 * limits.MIB
# The canonical form of some thirty badges.
_LARGE_BYTES = limits.MIB // 2


class Sandbox:
    """Worker processes in lanes, each lane with its own number of workers. One event loop uses one sandbox."""

    def __init__(
        self,
        contexts: ContextStore,
        *,
        timeout: float = 5.0,
        memory_mib: int = 512,
        lanes: Mapping[str, int] = _ONE_EACH,
        patience: float = 30.0,
        in_process: bool = True,
    ) -> None:
        """``timeout`` bounds one document, ``patience`` the wait for a free worker and for a new one to start.

        ``in_process``: ordinary documents of our own need no worker.
        """
        self._contexts = contexts
        self._in_process = in_process
        # Only a store of the caller's own has to travel; the pinned one each worker reads and checks for itself.
        own = None
        if contexts is not ContextStore.pinned():
            own = {url: contexts.content(url).decode() for url in contexts.urls}
        self._hello = frames.frame(frames.hello(own, memory_mib=memory_mib, edition=contexts.edition))
        self._timeout = timeout
        self._patience = patience
        self._lanes = {name: _Lane(asyncio.Semaphore(count)) for name, count in lanes.items()}
        self._workers: set[asyncio.subprocess.Process] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self._kept: OrderedDict[bytes, Canonical] = OrderedDict()
        self._kept_bytes = 0

    async def start(self) -> None:
        """Start the first worker of the first lane in the background, so that the first caller need not wait for it.

        Where it has one already, this starts no other.
        """
        self._closed = False
        self._background(self._read_contexts())
        for lane in list(self._lanes.values())[:1]:
            self._background(self._warm(lane))

    async def close(self) -> None:
        """End all workers, busy ones too."""
        self._closed = True
        for lane in self._lanes.values():
            lane.idle.clear()
        for worker in list(self._workers):
            self._discard(worker)
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def canonicalize(
        self,
        document: Mapping[str, Any],
        *,
        lane: str = "mint",
        budget: Budget = BADGE_BUDGET,
        algorithm: Algorithm = "sha256",
        edition: Edition = Edition.CURRENT,
        keep: bool = False,
        text: str | None = None,
    ) -> Canonical:
        """As ``vc.canon.canonicalize``, in a worker of the lane. The event loop stays free.

        Raises ``BudgetExceeded`` also where the document takes more than the time or the memory of a worker, and
        ``Unavailable`` where no worker becomes free or starts. A caller that is cancelled takes its worker with it:
        the next caller never reads another's answer. The time grows with the budget, as a learner record's does.
        ``edition`` chooses between the pinned contexts. A sandbox with a store of its own has the edition of that store
        and no other: ``Canonical.edition`` says which one the form was made with. ``keep``: the same text will come
        again, and its form is always the same. What strangers send is not to be kept. ``text`` is the document's JSON,
        where the caller has it: writing that of a large record would hold up the event loop.
        """
        if self._in_process and lane == MINT and budget.max_bytes <= BADGE_BUDGET.max_bytes:
            # What we issue ourselves is nearly always ordinary, and then asking a worker would take longer.
            found = quickly(document, self._contexts_of(edition), budget=budget, algorithm=algorithm)
            if found is not None:
                return found
        if text is None:
            text = strictjson.dumps(document)
        if len(text) > budget.max_bytes or len(text.encode()) > budget.max_bytes:
            raise BudgetExceeded(f"the document is longer than {budget.max_bytes} bytes")
        seconds = self._timeout * min(max(budget.max_quads / BADGE_BUDGET.max_quads, 1), _MOST_TIMES)
        job = frames.job(text, budget, algorithm, edition)
        key = hashlib.sha256(job).digest()
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        answer = await self._run(lane, job, seconds)
        # A large one takes a while to read; others come in between at least before and after it.
        large = len(answer) > _LARGE_BYTES
        canonical = await asyncio.to_thread(frames.read_answer, answer) if large else frames.read_answer(answer)
        if keep:
            self._keep(key, canonical)
        return canonical

    def _keep(self, key: bytes, canonical: Canonical) -> None:
        replaced = self._kept.pop(key, None)
        self._kept[key] = canonical
        self._kept_bytes += len(canonical.nquads) - (len(replaced.nquads) if replaced is not None else 0)
        while self._kept_bytes > _KEPT_BYTES:
            _, oldest = self._kept.popitem(last=False)
            self._kept_bytes -= len(oldest.nquads)

    def _contexts_of(self, edition: Edition) -> ContextStore:
        return ContextStore.of_edition(edition) if self._contexts is ContextStore.pinned() else self._contexts

    async def validate(self, schema: object, document: Mapping[str, Any], *, lane: str = "foreign") -> list[Fault]:
        """As ``vc.schemas.validate``, in a worker of the lane: a pattern can take for ever, and a worker can be killed.

        Raises ``BudgetExceeded`` also where it takes longer than two seconds or too much memory, and ``Unavailable``.
        """
        request = frames.schema_job(strictjson.dumps(schema), strictjson.dumps(document))
        return frames.read_found(await self._run(lane, request, min(self._timeout, _SCHEMA_SECONDS)))

    async def pyld(self, document: Mapping[str, Any], *, lane: str = "foreign") -> bytes:
        """As ``vc.canon.oracle.pyld_nquads``, in a worker of the lane; the time grows with its length. Raises
        ``BudgetExceeded`` also where it takes longer than that or too much memory, and ``Unavailable``."""
        text = strictjson.dumps(document)
        seconds = self._timeout * min(1 + len(text) / BADGE_BUDGET.max_bytes, _MOST_TIMES)
        return frames.read_said(await self._run(lane, frames.pyld_job(text), seconds))

    async def _run(self, lane: str, job: bytes, seconds: float) -> bytes:
        place = self._lanes[lane]
        try:
            async with asyncio.timeout(self._patience):
                await place.free.acquire()
        except TimeoutError:
            raise Unavailable("all workers for canonicalisation are busy; try again later") from None
        try:
            return await self._in_lane(place, frames.frame(job), seconds)
        finally:
            place.free.release()

    async def _in_lane(self, lane: _Lane, request: bytes, seconds: float) -> bytes:
        while (worker := lane.take()) is not None:
            try:
                return await self._ask(lane, worker, request, seconds)
            except _WorkerLost:
                continue  # it may have died while it was idle, which is not this document's doing
        try:
            return await self._ask(lane, await self._spawn(), request, seconds)
        except _WorkerLost:
            if self._closed:
                raise Unavailable("the service is stopping") from None
            raise BudgetExceeded("the document took more than its worker may use") from None

    async def _ask(self, lane: _Lane, worker: asyncio.subprocess.Process, request: bytes, seconds: float) -> bytes:
        try:
            async with asyncio.timeout(seconds):
                answer = await _exchange(worker, request)
        except TimeoutError:
            self._discard(worker)
            raise BudgetExceeded(f"the document takes longer than {seconds:g} s") from None
        except (asyncio.IncompleteReadError, ConnectionError):
            self._discard(worker)
            raise _WorkerLost from None
        except BaseException:
            self._discard(worker)
            raise
        lane.idle.append(worker)
        return answer

    async def _read_contexts(self) -> None:
        """Read the contexts of a credential before the first caller comes: that takes a tenth of a second."""
        with contextlib.suppress(BadgeissuerError):  # as above
            await asyncio.to_thread(quickly, WARM_UP, self._contexts)

    async def _warm(self, lane: _Lane) -> None:
        async with lane.free:
            if lane.idle:
                return
            with contextlib.suppress(Unavailable):  # the first caller will meet it, and can be told
                lane.idle.append(await self._spawn())

    async def _spawn(self) -> asyncio.subprocess.Process:
        if self._closed:
            raise Unavailable("the service is stopping")
        environment = processes.environment()
        # The order in which a tie of blank nodes is looked at follows string hashes: equal work for equal documents.
        environment["PYTHONHASHSEED"] = "0"
        try:
            worker = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "badgeissuer.vc.canon.worker",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=environment,
                # Ctrl-C at the terminal is for the service: it closes its workers in order.
                start_new_session=True,
            )
        except OSError:
            raise Unavailable("a worker for canonicalisation does not start") from None
        self._workers.add(worker)
        try:
            if self._closed:
                raise Unavailable("the service is stopping")
            async with asyncio.timeout(self._patience):
                await _exchange(worker, self._hello)
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
            self._discard(worker)
            raise Unavailable("a worker for canonicalisation does not start") from None
        except BaseException:
            self._discard(worker)
            raise
        if self._closed:
            self._discard(worker)
            raise Unavailable("the service is stopping")
        return worker

    def _discard(self, worker: asyncio.subprocess.Process) -> None:
        """Kill at once; collect the process in the background, so that a cancelled caller need not wait."""
        if worker in self._workers:
            self._workers.remove(worker)
            if worker.returncode is None:
                worker.kill()
            self._background(_collect(worker))

    def _background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _WorkerLost(Exception):
    """The worker ended without an answer."""


class _Lane:
    def __init__(self, free: asyncio.Semaphore) -> None:
        self.free = free
        self.idle: list[asyncio.subprocess.Process] = []

    def take(self) -> asyncio.subprocess.Process | None:
        """An idle worker that still lives; one that something else has killed is left behind."""
        while self.idle:
            worker = self.idle.pop()
            if worker.returncode is None:
                return worker
        return None


async def _exchange(worker: asyncio.subprocess.Process, request: bytes) -> bytes:
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(request)
    await worker.stdin.drain()
    size = int.from_bytes(await worker.stdout.readexactly(4))
    return await worker.stdout.readexactly(size)


async def _collect(worker: asyncio.subprocess.Process) -> None:
    """Wait until the process and its pipes are gone. One that was talking with it is woken by its end, and lets go."""
    await worker.wait()
    while True:
        try:
            await worker.communicate()
        except RuntimeError:  # that one still reads, and a stream has one reader
            await asyncio.sleep(0.01)
        else:
            return
