"""One unit of work: what a verb may use, and the transaction it runs in.

A unit starts with a read-only session. A verb that changes something first reads, builds and canonicalises (which is
slow), then calls ``begin_write`` and decides again on locked rows: on SQLite there is one writer, and nobody may hold
it while a document is canonicalised. Verbs never commit; leaving the unit does (runtime.begin).
"""

from __future__ import annotations

import hashlib
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from badgeissuer.keyring.ring import KeyRing
from badgeissuer.net.fetch import Fetcher
from badgeissuer.sandbox import Sandbox
from badgeissuer.settings import Settings
from badgeissuer.store.access import Actor
from badgeissuer.store.engine import Database
from badgeissuer.store.insert import insert_rows
from badgeissuer.store.jobs import Asked, enqueue
from badgeissuer.store.outbox import Event, number_events
from badgeissuer.vc.contexts import ContextStore

_Row = TypeVar("_Row")


@dataclass(slots=True, eq=False)
class Work:
    """``now`` is read once, so every date in one award agrees. ``rng`` is the only source of ids and salts."""

    now: datetime
    actor: Actor
    settings: Settings
    keys: KeyRing
    contexts: ContextStore
    sandbox: Sandbox
    fetch: Fetcher
    rng: Random
    database: Database
    _stack: AsyncExitStack
    _session: AsyncSession | None = None
    _writing: bool = False
    _events: list[dict[str, Any]] = field(default_factory=list)
    _asked: list[Asked] = field(default_factory=list)
    _ids: int = 0

    @property
    def base_url(self) -> str:
        return self.settings.base_url

    @property
    def session(self) -> AsyncSession:
        """The read-only session, or the writing one once ``begin_write`` was called."""
        if self._session is None:
            raise RuntimeError("the unit of work is not open")
        return self._session

    @property
    def writing(self) -> bool:
        return self._writing

    async def open(self) -> None:
        """Start reading. Called by the runtime."""
        self._session = await self._stack.enter_async_context(self.database.reading())

    async def begin_write(self) -> AsyncSession:
        """End reading, take the writer and begin the one writing transaction. A second call changes nothing."""
        if not self._writing:
            await self._stack.aclose()
            self._session = None
            self._session = await self._stack.enter_async_context(self.database.writing())
            self._writing = True
        return self.session

    async def locked(self, kind: type[_Row], id_: UUID) -> _Row:
        """The row with that id as it is now, whatever this unit read of it before; it stays so until the unit ends.

        Other rows may go on naming it. Raises ``NoResultFound``.
        """
        return await self.session.get_one(kind, id_, populate_existing=True, with_for_update={"key_share": True})

    async def finish(self) -> None:
        """Write the events that were emitted and the jobs that were asked for.

        On SQLite, where the writer is the sequencer, number the events too.
        """
        if self._writing:
            await self.session.flush()  # what the events speak of goes first: they refer to it
            await insert_rows(self.session, Event, self._events)
            if self._events and self.database.sqlite:
                await number_events(self.session)
            await enqueue(self.session, self._asked, now=self.now)

    @property
    def emitted(self) -> bool:
        return bool(self._events)

    @property
    def asked(self) -> bool:
        return bool(self._asked)

    def ask(self, kind: str, key: str, *, issuer_id: UUID | None = None, **payload: Any) -> UUID:
        """Have a job done once this has committed; a job of the same key that waits or runs already does. Its id."""
        if not self._writing:
            raise RuntimeError("a job commits with the change that asks for it, and nothing is changed here")
        job = Asked(id=self.new_id(), kind=kind, key=key, issuer_id=issuer_id, payload=payload)
        self._asked.append(job)
        return job.id

    def emit(self, type_: str, subject_type: str, subject_id: object, *, issuer_id: UUID | None, **data: Any) -> None:
        """Record that something happened. ``data`` holds no personal data. It commits with the change itself."""
        self._events.append(
            {
                "id": self.new_id(),
                "position": None,
                "issuer_id": issuer_id,
                "type": type_,
                "subject_type": subject_type,
                "subject_id": str(subject_id),
                "actor": self.actor.label,
                "at": self.now,
                "data": data,
            }
        )

    def new_id(self) -> UUID:
        """A time-ordered internal id (RFC 9562 version 7). Those of one unit stand in the order in which it made them:
        the first 2^20 (§6.2, method 1), which is more than any unit makes: 100 awards have up to 10,000 pieces of
        evidence."""
        millis = int(self.now.timestamp() * 1000)
        count = min(self._ids, 0xFFFFF)
        self._ids += 1
        low = (count & 0xFF) << 54 | self.rng.getrandbits(54)
        return UUID(int=(millis << 80) | (0x7000 | count >> 8) << 64 | 0x8000 << 48 | low)

    def new_public_id(self) -> UUID:
        """A random id for public URLs (version 4, 122 random bits): says nothing and cannot be guessed."""
        return UUID(int=self.rng.getrandbits(128), version=4)

    def new_salt(self) -> str:
        """A fresh 128-bit salt, in hex."""
        return f"{self.rng.getrandbits(128):032x}"


def digest(text: str) -> str:
    """The SHA-256 of a stored text, in hex: its ETag."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
