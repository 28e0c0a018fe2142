"""A request that carries a mark (Idempotency-Key, external reference) is carried out once; a repeat gets its answer.

The database decides: the answer is stored in the transaction of the change, under unique marks. What is here besides
makes it pleasant: in one process repeats wait for the first, and one that lost a race against another process looks
up what the winner was answered.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy.exc import IntegrityError
from starlette.requests import Request
from starlette.responses import Response

from badgeissuer.errors import Conflict, Fault, MalformedInput
from badgeissuer.runtime import Runtime
from badgeissuer.services import answering, issuing
from badgeissuer.services.answering import Kept
from badgeissuer.services.decision_rows import Asking, Recorded
from badgeissuer.services.issuing import Answered, Order
from badgeissuer.store.access import Actor
from badgeissuer.work import Work

KEY_HEADER = "Idempotency-Key"
REPLAY_HEADER = "Idempotent-Replay"
# How long a repeat waits for the first request before it is told to come again.
PATIENCE = 30.0
_KEY = re.compile(r"[\x21-\x7e]{1,255}")

# How the header stands in the description of a route that takes it.
KEY_PARAMETER: dict[str, Any] = {
    "parameters": [
        {
            "name": KEY_HEADER,
            "in": "header",
            "required": False,
            "description": "marks this request, say by a random UUID: a repeat gets the first answer, byte for byte",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"},
        }
    ]
}

Produce = Callable[[Work], Awaitable[Kept]]


class StillRunning(Conflict):
    """The first request with this mark has not ended yet."""

    code = "still-running"


async def answer_once(
    runtime: Runtime,
    actor: Actor,
    request: Request,
    *,
    produce: Produce,
) -> Response:
    """Carry out ``produce`` in one unit of work and send its answer, unless this request was answered before.

    The request's meaning is its body as ``StrictRoute`` read it. Raises ``MalformedInput`` (bad key), ``Rejected``
    where the key stands for another request, ``StillRunning``, and what ``produce`` raises.
    """
    key, fingerprint = _key(request), _fingerprint(request)
    claims = [] if key is None else [answering.client_claim(actor, key)]

    async def answer() -> Answered:
        async with runtime.begin(actor) as work:
            found = await answering.find(work, claims, request=fingerprint)
            if found is not None:
                return Answered(found, repeated=True)
            made = await produce(work)
            await answering.keep(work, claims, request=fingerprint, answer=made)
        return Answered(made, repeated=False)

    async def earlier(work: Work) -> Kept | None:
        return await answering.find(work, claims, request=fingerprint)

    return await _respond(runtime, actor, _names(actor, key), answer, earlier)


async def issue_once(
    runtime: Runtime,
    actor: Actor,
    request: Request,
    *,
    asking: Asking,
    write: Callable[[Recorded], Kept],
) -> Response:
    """The same for a request to issue, which is carried out together with others (``Runtime.issue``).

    It needs a mark: a key, or the asking's own reference. ``write`` makes the answer. Raises ``MalformedInput`` (no
    mark, bad key), ``StillRunning``, and as ``Runtime.issue``.
    """
    key = _key(request)
    reference = asking.external_reference
    if key is None and reference is None:
        raise MalformedInput(
            f"send the header {KEY_HEADER}, or external_reference in the body: with one of them a repeat of this "
            "request gets the first answer and never issues twice",
            faults=[
                Fault("", f"the header {KEY_HEADER} is missing", "mark-missing"),
                Fault("/external_reference", "is missing too", "mark-missing"),
            ],
        )
    order = Order(asking, _fingerprint(request), key, write)
    names = _names(actor, key)
    if reference is not None:
        names.append(f"reference {asking.achievement_id} {reference}")
    return await _respond(
        runtime, actor, names, lambda: runtime.issue(actor, order), lambda work: issuing.earlier(work, order)
    )


async def _respond(
    runtime: Runtime,
    actor: Actor,
    names: list[str],
    answer: Callable[[], Awaitable[Answered]],
    earlier: Callable[[Work], Awaitable[Kept | None]],
) -> Response:
    """The response to a request, which takes its turn for ``names``. ``earlier`` looks for an answer once more."""
    async with turns_of(runtime).take(names):
        try:
            answered = await answer()
        except (Conflict, IntegrityError):
            if not names:
                raise
            # Perhaps another process answered this very request between our look and our write.
            async with runtime.begin(actor) as work:
                found = await earlier(work)
            if found is None:
                raise
            answered = Answered(found, repeated=True)
    kept = answered.kept
    headers = {"Location": kept.location} if kept.location is not None else {}
    if answered.repeated:
        headers[REPLAY_HEADER] = "true"
    return Response(kept.body, kept.status, headers, media_type="application/json")


def _names(actor: Actor, key: str | None) -> list[str]:
    """What a request with this key takes its turn for."""
    return [] if key is None else [f"key {actor.label} {key}"]


class Turns:
    """One at a time for each name. A name that nobody waits for takes no memory."""

    def __init__(self) -> None:
        self._queues: dict[str, _Queue] = {}

    @asynccontextmanager
    async def take(self, names: Iterable[str], *, patience: float = PATIENCE) -> AsyncIterator[None]:
        """Hold the turn for all names. Raises ``StillRunning`` when the wait is too long."""
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(patience):
                    for name in sorted(set(names)):  # in one order, so that no two wait for each other
                        await held.enter_async_context(self._turn(name))
            except TimeoutError:
                raise StillRunning(
                    "the first request with this key or reference is still running; repeat this one later"
                ) from None
            yield

    @asynccontextmanager
    async def _turn(self, name: str) -> AsyncIterator[None]:
        queue = self._queues.setdefault(name, _Queue())
        queue.interested += 1
        try:
            async with queue.lock:
                yield
        finally:
            queue.interested -= 1
            if not queue.interested:
                del self._queues[name]

    def __len__(self) -> int:
        return len(self._queues)


@dataclass(slots=True)
class _Queue:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    interested: int = 0


_turns: WeakKeyDictionary[Runtime, Turns] = WeakKeyDictionary()


def turns_of(runtime: Runtime) -> Turns:
    """The turns of one running service."""
    return _turns.setdefault(runtime, Turns())


def _key(request: Request) -> str | None:
    given = request.headers.getlist(KEY_HEADER)
    if not given:
        return None
    if len(given) > 1 or not _KEY.fullmatch(given[0]):
        raise MalformedInput(
            f"send the header {KEY_HEADER} once, as 1 to 255 visible ASCII characters; a random UUID serves well",
            faults=[Fault("", f"{KEY_HEADER} is not of this form", "bad-key")],
        )
    return given[0]


def _fingerprint(request: Request) -> bytes:
    """Over the body as it was sent, without defaults: a field that is added later must not make old repeats new."""
    return answering.fingerprint(f"{request.method} {request.url.path}", getattr(request.state, "body", {}))
