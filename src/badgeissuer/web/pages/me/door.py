"""The door to an earner's own pages: the session's cookie, the tokens of forms, and what every answer here has.

Two cookies, both for ``/me`` alone and hidden from scripts: the session's, and one that forms are bound to before there
is a session. A form holds a token that is derived from its cookie, which another site can neither read nor write.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import Depends, Request, Response

from badgeissuer.errors import MalformedInput, NotPermitted
from badgeissuer.services import signing_in
from badgeissuer.services.signing_in import EARNER, SignedIn
from badgeissuer.web.body import clean, read_body
from badgeissuer.web.deps import RuntimeDep, runtime_of
from badgeissuer.web.pages.rendering import Handler, PageRoute, address_of, page, root_of
from badgeissuer.work import Work

TYPES = frozenset({"application/x-www-form-urlencoded"})
_FORM_BYTES = 64 * 1024
_MOST_FIELDS = 1_200
_SESSION, _FORM = "session", "form"
TOKEN_FIELD = "form_token"  # noqa: S105 - a field's name


class SignedOut(Exception):
    """Nobody is signed in here (any more)."""


class MeRoute(PageRoute):
    """A route of the earner's own. Nobody keeps its answers; who is not signed in is led to the door."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def private(request: Request) -> Response:
            try:
                response = await handle(request)
            except SignedOut:
                response = go(request, "/me")
            response.headers["Cache-Control"] = "no-store"
            response.headers["Vary"] = "Accept-Language, Cookie"
            if "ETag" in response.headers:
                del response.headers["ETag"]
            return response

        return private


@dataclass(frozen=True, slots=True)
class Fields:
    """What a form sent, by name and in order."""

    pairs: tuple[tuple[str, str], ...]

    def one(self, name: str) -> str:
        """The first of that name, trimmed; empty where there is none."""
        return next((value.strip() for given, value in self.pairs if given == name), "")

    def all(self, name: str) -> list[str]:
        return [value for given, value in self.pairs if given == name]


async def own_fields(request: Request) -> Fields:
    """The fields of a form of somebody who is signed in. Raises ``NotPermitted`` where it is no form of ours."""
    return await _fields(request, _own_token(request))


async def open_fields(request: Request) -> Fields:
    """The same for forms that need nobody to be signed in."""
    return await _fields(request, _token_of(request.cookies.get(_name(request, _FORM))))


async def fields_without_token(request: Request) -> Fields:
    """What a mail program sends by itself (RFC 8058): the address it was given is its only right."""
    return _parsed(await read_body(request, media_types=TYPES, limit=_FORM_BYTES))


def own_page(request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
    """A page of somebody who is signed in, with the token for its forms."""
    return page(request, template, status=status, form_token=_own_token(request), **context)


def open_page(request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
    """A page with forms for which nobody needs to be signed in: it sets their cookie where there is none."""
    secret = request.cookies.get(_name(request, _FORM))
    fresh = None if secret else f"{runtime_of(request).rng.getrandbits(192):048x}"
    response = page(request, template, status=status, form_token=_token_of(secret or fresh), **context)
    if fresh is not None:
        _set(request, response, _FORM, fresh)
    return response


def go(request: Request, path: str) -> Response:
    """To a page of ours, after a form. Never to an address that was sent, nor to a host that the request names."""
    return Response(status_code=303, headers={"Location": address_of(request, path)})


def let_in(request: Request, response: Response, token: str) -> None:
    """The session begins in this browser."""
    _set(request, response, _SESSION, token)


def let_out(request: Request, response: Response) -> None:
    """The session ends in this browser."""
    response.delete_cookie(_name(request, _SESSION), **_about(request))


def session_of(request: Request) -> str | None:
    """The session's token as the browser sent it; whether it holds, the database says."""
    return request.cookies.get(_name(request, _SESSION)) or None


async def anybody(request: Request) -> SignedIn | None:
    """Who is signed in, if anybody is; looked up once a request."""
    if not hasattr(request.state, "signed_in"):
        token = session_of(request)
        request.state.signed_in = None
        if token is not None:
            async with runtime_of(request).begin(EARNER) as work:
                request.state.signed_in = await signing_in.who(work, token=token)
    found: SignedIn | None = request.state.signed_in
    return found


async def _somebody(request: Request) -> SignedIn:
    found = await anybody(request)
    if found is None:
        raise SignedOut
    return found


async def _work(runtime: RuntimeDep) -> AsyncIterator[Work]:
    async with runtime.begin(EARNER) as work:
        yield work


MeDep = Annotated[SignedIn, Depends(_somebody)]
# As deps.WorkDep: it commits before the response leaves.
MeWorkDep = Annotated[Work, Depends(_work, scope="function")]


async def _fields(request: Request, expected: str | None) -> Fields:
    fields = _parsed(await read_body(request, media_types=TYPES, limit=_FORM_BYTES))
    given = fields.one(TOKEN_FIELD)
    cross = request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
    if cross or expected is None or not hmac.compare_digest(given.encode(), expected.encode()):
        raise NotPermitted("the form did not come from a page of this service that is open in this browser")
    return fields


def _parsed(body: bytes) -> Fields:
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise MalformedInput("the form cannot be read") from None
    return Fields(tuple((str(name), str(value)) for name, value in clean([list(pair) for pair in pairs])))


def _own_token(request: Request) -> str | None:
    return _token_of(session_of(request))


def _token_of(secret: str | None) -> str | None:
    return hashlib.sha256(b"form\0" + secret.encode("utf-8", "replace")).hexdigest() if secret else None


def _name(request: Request, what: str) -> str:
    # Over https no other host and no page without TLS can set a cookie of this name.
    return f"__Secure-badgeissuer-{what}" if _is_https(request) else f"badgeissuer-{what}"


def _set(request: Request, response: Response, what: str, value: str) -> None:
    # Without an age: it ends with the browser, as it should on a computer that several people use.
    response.set_cookie(_name(request, what), value, **_about(request))


def _about(request: Request) -> dict[str, Any]:
    return {"path": f"{root_of(request)}/me", "secure": _is_https(request), "httponly": True, "samesite": "lax"}


def _is_https(request: Request) -> bool:
    return str(request.app.state.base_url).startswith("https://")
