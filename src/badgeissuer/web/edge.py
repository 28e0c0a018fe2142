"""The outermost layer: request ids, headers that every answer has, HEAD, CORS, and no error that leaks.

Plain ASGI: Starlette's own wrapper re-raises unexpected errors into the server's log, with whatever their text holds.
"""

from __future__ import annotations

import logging
import re
import secrets
import traceback

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from badgeissuer.web import problems

log = logging.getLogger("badgeissuer.web")

_TOKEN = re.compile(r"[A-Za-z0-9._-]{8,64}")
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, Location, Retry-After, X-Request-ID",
}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Accept, Cache-Control, Content-Type, If-None-Match, X-Request-ID",
    "Access-Control-Max-Age": "86400",
}


def is_public(path: str) -> bool:
    """Whether any web page may read the answers of this address.

    The rest of ``/v1`` is for holders of API keys, and what is below ``/me`` for who is signed in there.
    """
    if path == "/me" or path.startswith("/me/"):
        return False
    return not path.startswith("/v1/") or path == "/v1/verify"


class Edge:
    """Wraps the whole app. Public addresses read no cookies, so ``*`` gives nobody what they could not fetch."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _TOKEN.fullmatch(given) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        public = is_public(scope["path"])
        head = scope["method"] == "HEAD"
        if head:  # every GET has its HEAD: the same work, without the body
            scope["method"] = "GET"
        started = False

        async def send_on(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                for name, value in {**_ALWAYS, **(_CORS if public else {"Cache-Control": "no-store"})}.items():
                    headers.setdefault(name, value)
            elif head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        if public and scope["method"] == "OPTIONS":
            await Response(status_code=204, headers=_PREFLIGHT)(scope, receive, send_on)
            return
        try:
            await self.app(scope, receive, send_on)
        except ClientDisconnect:
            log.info("the client went away (request %s)", request_id)
        except Exception as error:
            log.error("unexpected error in request %s: %s", request_id, described(error))
            if started:
                raise _Broken(f"request {request_id} broke while it was being answered") from None
            await problems.internal(Request(scope, receive))(scope, receive, send_on)


class _Broken(Exception):
    """The answer had begun: the server must cut the connection, so that the client sees that it is not whole."""


def described(error: BaseException) -> str:
    """Where an error came from, without its text: that may hold a row's values, and so personal data."""
    lines: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(lines) < 5:
        frames = traceback.extract_tb(cause.__traceback__)[-12:]
        places = " < ".join(
            f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in reversed(frames)
        )
        lines.append(f"{type(cause).__module__}.{type(cause).__qualname__} at {places}")
        cause = cause.__cause__ or cause.__context__
    return " ; from ".join(lines)
