"""How a page leaves: templates that escape, one strict policy for all of them, the reader's language, own errors."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from fastapi.exceptions import RequestValidationError
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from badgeissuer import errors
from badgeissuer.errors import BadgeissuerError
from badgeissuer.web import media, problems
from badgeissuer.web.body import StrictRoute
from badgeissuer.web.pages import language, markup
from badgeissuer.web.pages.language import Words

_FOLDER = Path(__file__).parent
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
    # What a page says of a credential is true now: nobody keeps it without asking again.
    "Cache-Control": "no-cache",
    "Vary": "Accept, Accept-Language",
}
STYLE = (_FOLDER / "static" / "style.css").read_bytes()
STYLE_TAG = hashlib.sha256(STYLE).hexdigest()
ICON = (_FOLDER / "static" / "icon.svg").read_bytes()
ICON_TAG = hashlib.sha256(ICON).hexdigest()
# What stands in the head of every page, where this service has it.
_PLACES = (("catalogue", "/catalogue"), ("verify", "/verify"), ("me", "/me"))

_environment = Environment(
    loader=FileSystemLoader(_FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_environment.filters.update(markdown=markup.markdown, shown=markup.shown, link=markup.web_address)

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class PageRoute(StrictRoute):
    """A route whose errors are pages too: a person who sent a form gets words, not a problem document."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def in_words(request: Request) -> Response:
            try:
                return await handle(request)
            except (BadgeissuerError, RequestValidationError) as error:
                return failed(request, error)

        return in_words


async def in_words(request: Request, made: Callable[[], Coroutine[Any, Any, Response]]) -> Response:
    """A page of an address that programs read too, or the page that says what is wrong."""
    try:
        return await made()
    except BadgeissuerError as error:
        return failed(request, error)


def words_of(request: Request) -> Words:
    """The language of the address (``?lang=es``), else the one that the browser asks for. No cookie remembers it."""
    return language.chosen(request.query_params.get("lang")) or language.asked(request.headers.get("accept-language"))


def address_of(request: Request, path: str) -> str:
    """A page of ours as a link on this one: below the base URL's path, in the language that was chosen by hand."""
    chosen = language.chosen(request.query_params.get("lang"))
    query = f"{'&' if '?' in path else '?'}lang={chosen.tag}" if chosen is not None else ""
    return f"{root_of(request)}{path}{query}"


def page(request: Request, template: str, *, status: int = 200, listed: bool = False, **context: Any) -> Response:
    """The page in the reader's language, or 304 where the reader has just this one.

    ``listed``: search engines may show it; they may not where this is left out. Templates have ``say``, ``lang``,
    ``to(path)`` for links to pages of ours, ``root`` before addresses of files, and what is given here.
    """
    html = _render(request, template, {**context, "listed": listed})
    headers = {**_HEADERS, "Content-Language": words_of(request).tag}
    if listed:
        del headers["X-Robots-Tag"]
    if status == 200 and request.method == "GET":
        headers["ETag"] = tag = media.etag(hashlib.sha256(html).hexdigest())
        if media.is_current(request, tag):
            return Response(
                status_code=304, headers={name: headers[name] for name in headers if name != "Content-Type"}
            )
    else:
        headers["Cache-Control"] = "no-store"
    return Response(html, status_code=status, headers=headers)


def failed(request: Request, error: BadgeissuerError | RequestValidationError) -> Response:
    """The page for an error, with the status that the same error has for programs."""
    kind = errors.Rejected if isinstance(error, RequestValidationError) else type(error)
    status, _ = problems.row_of(kind)
    name = {404: "missing", 413: "too_large", 503: "busy"}.get(status, "refused" if status < 500 else "broken")
    answer = page(request, "error.html", status=status, name=name)
    if status == 503:
        answer.headers["Retry-After"] = str(problems.RETRY_AFTER_S)
    return answer


def _render(request: Request, template: str, context: dict[str, Any]) -> bytes:
    words, root = words_of(request), root_of(request)
    text = _environment.get_template(template).render(
        say=words,
        lang=words.tag,
        other=_other(request, words),
        base_url=str(request.app.state.base_url),
        root=root,
        to=partial(address_of, request),
        places=_places(request.app),
        style=f"{root}/static/style.css?v={STYLE_TAG[:16]}",
        icon_address=f"{root}/static/icon.svg?v={ICON_TAG[:16]}",
        **context,
    )
    return text.encode("utf-8", "replace")


def root_of(request: Request) -> str:
    """The path that the base URL ends in, before the path of every page and file."""
    return urlsplit(str(request.app.state.base_url)).path.rstrip("/")


def _other(request: Request, words: Words) -> dict[str, str]:
    """The way to this page in the other language. By its query alone: whatever the path is, it leads nowhere else."""
    (other,) = (each for each in language.LANGUAGES.values() if each.tag != words.tag)
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return {"tag": other.tag, "name": other.name, "address": f"?{urlencode([*kept, ('lang', other.tag)])}"}


def _places(app: Any) -> list[tuple[str, str]]:
    """The head's links to what is there; read once an app, whose routes do not change."""
    found: list[tuple[str, str]] | None = getattr(app.state, "places", None)
    if found is None:
        paths = {getattr(route, "path", None) for route in app.routes}
        found = app.state.places = [(name, path) for name, path in _PLACES if path in paths]
    return found
