"""JSON schemas that a credential names: had once for a request, and held against what names them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from badgeissuer.errors import BadgeissuerError, Fault, MalformedInput, TooLarge
from badgeissuer.vc import limits, strictjson
from badgeissuer.vc.faults import BudgetExceeded, SchemaInvalid
from badgeissuer.vc.verify import Failure, Plan
from badgeissuer.work import Work


class Schemas:
    """Those of one request. ``fetch`` has one by its address."""

    def __init__(self, work: Work, fetch: Callable[[str], Awaitable[bytes | Failure]]) -> None:
        self._work, self._fetch = work, fetch
        self._found: dict[str, asyncio.Task[object]] = {}
        # One at a time, and one that took too much work is not tried again for each member of a record.
        self._one = asyncio.Lock()
        self._costly: set[str] = set()

    async def faults(self, url: str, plan: Plan) -> tuple[Fault, ...] | Failure:
        """What in the document breaks the schema that it names."""
        assert plan.document is not None
        if url not in self._found:
            if len(self._found) >= limits.SCHEMAS:
                return Failure(f"the schema was not looked at: more than {limits.SCHEMAS} would be needed")
            self._found[url] = asyncio.ensure_future(self._find(url))
        schema = await self._found[url]
        if isinstance(schema, Failure):
            return schema
        try:
            async with self._one:
                if url in self._costly:
                    return Failure("the schema was not used: it took too much work already")
                try:
                    return tuple(await self._work.sandbox.validate(schema, plan.document))
                except BudgetExceeded:
                    self._costly.add(url)
                    raise
        except SchemaInvalid as error:
            return Failure(f"what it names as its schema is none: {error.detail}", definite=True)
        except BadgeissuerError as error:  # of another kind, too much work, or no worker is free
            return Failure(f"the schema was not used: {error.detail}")

    async def _find(self, url: str) -> object:
        body = await self._fetch(url)
        if isinstance(body, Failure):
            return body
        try:
            return await asyncio.to_thread(strictjson.loads, body, max_bytes=limits.SCHEMA_BYTES)
        except MalformedInput as error:
            return Failure(f"what it names as its schema is none: {error.detail}", definite=True)
        except TooLarge as error:
            return Failure(f"the schema was not used: {error.detail}")
