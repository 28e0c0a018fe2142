"""Pages of lists: opaque cursors that are good only for the caller and the query they were made for.

A cursor holds the place of the last item (keyset paging, so a page costs the same wherever it stands) and a MAC over
place, caller, path and filters. All processes of a service derive the same MAC key from the passphrase of its keys.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar
from urllib.parse import urlencode

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from fastapi import Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from badgeissuer.errors import MalformedInput
from badgeissuer.runtime import Runtime
from badgeissuer.store.access import ANONYMOUS, Actor
from badgeissuer.web.deps import ActorDep, RuntimeDep, runtime_of
from badgeissuer.web.wire import Page

MAX_LIMIT = 200
_MAC_BYTES = 16

R = TypeVar("R")
T = TypeVar("T")


class BadCursor(MalformedInput):
    """The cursor is not one that was given to this caller for this query."""

    code = "bad-cursor"


class Pager:
    """Where a page starts and how long it is. Ask the database for ``take`` rows after ``after``; ``page`` them."""

    def __init__(
        self, request: Request, response: Response, *, key: bytes, actor: Actor, limit: int, cursor: str | None
    ) -> None:
        self._request = request
        self._response = response
        self._key = key
        self._filters = sorted(
            (name, value) for name, value in request.query_params.multi_items() if name not in ("cursor", "limit")
        )
        # The language that a page is shown in changes nothing of what is listed.
        bound = [each for each in self._filters if each[0] != "lang"]
        self._bound = json.dumps([str(actor.client_id or actor.kind.value), request.url.path, bound]).encode()
        self.limit = limit
        self.after: tuple[str, ...] | None = self._read(cursor) if cursor is not None else None

    @property
    def take(self) -> int:
        """One more than the page holds: so the last page knows that it is the last."""
        return self.limit + 1

    def page(self, rows: Sequence[R], *, place: Callable[[R], Sequence[str]], show: Callable[[R], T]) -> Page[T]:
        """The page of these rows, and the Link header where there is a next one."""
        shown = rows[: self.limit]
        following = None
        if len(rows) > self.limit:
            cursor = self._write(tuple(place(shown[-1])))
            query = urlencode([*self._filters, ("limit", self.limit), ("cursor", cursor)])
            following = f"{self._request.app.state.base_url}{self._request.url.path}?{query}"
            self._response.headers["Link"] = f'<{following}>; rel="next"'
        return Page(items=[show(row) for row in shown], next=following)

    def _write(self, place: tuple[str, ...]) -> str:
        payload = json.dumps(place, ensure_ascii=False, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._mac(payload) + payload).rstrip(b"=").decode()

    def _read(self, cursor: str) -> tuple[str, ...]:
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            raw = b""
        mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not payload or not hmac.compare_digest(mac, self._mac(payload)):
            raise BadCursor("the cursor was not made for this query; start without one, or follow the Link header")
        return tuple(json.loads(payload))

    def _mac(self, payload: bytes) -> bytes:
        return hmac.digest(self._key, self._bound + b"\0" + payload, hashlib.sha256)[:_MAC_BYTES]


def cursor_key(runtime: Runtime) -> bytes:
    """The MAC key, the same in all processes that share a passphrase."""
    secret = runtime.settings.passphrase()
    if secret is None:  # the runtime was handed its passphrase: one process, which has nobody to agree with
        return secrets.token_bytes(32)
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"badgeissuer list cursors")
    return derive.derive(secret.get_secret_value().encode())


async def get_pager(
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    actor: ActorDep,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="items on a page")] = 50,
    cursor: Annotated[str | None, Query(max_length=2_000, description="from `next` of the page before")] = None,
) -> Pager:
    return _pager(request, response, runtime, actor, limit, cursor)


async def get_public_pager(
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="items on a page")] = 50,
    cursor: Annotated[str | None, Query(max_length=2_000, description="from `next` of the page before")] = None,
) -> Pager:
    """For lists that anybody may read."""
    return _pager(request, response, runtime, ANONYMOUS, limit, cursor)


def _pager(
    request: Request, response: Response, runtime: Runtime, actor: Actor, limit: int, cursor: str | None
) -> Pager:
    state = request.app.state
    if getattr(state, "cursor_key", None) is None:
        state.cursor_key = cursor_key(runtime)
    return Pager(request, response, key=state.cursor_key, actor=actor, limit=limit, cursor=cursor)


def public_pager(request: Request, *, limit: int, cursor: str | None = None) -> Pager:
    """For a page that reads its query itself. Raises ``BadCursor``."""
    return _pager(request, Response(), runtime_of(request), ANONYMOUS, limit, cursor)


PagerDep = Annotated[Pager, Depends(get_pager)]
PublicPagerDep = Annotated[Pager, Depends(get_public_pager)]
