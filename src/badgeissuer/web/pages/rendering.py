"""How a page leaves: templates that escape, one strict policy for all of them, the reader's language, own errors."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

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
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
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


def words_of(request: Request) -> Words:
    return language.asked(request.headers.get("accept-language"))


def page(request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
    """The page in the reader's language, or 304 where the reader has just this one."""
    html = _render(request, template, context)
    headers = {**_HEADERS, "Content-Language": words_of(request).tag}
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
    words, base = words_of(request), str(request.app.state.base_url)
    root = urlsplit(base).path.rstrip("/")
    text = _environment.get_template(template).render(
        say=words,
        lang=words.tag,
        base_url=base,
        root=root,
        style=f"{root}/static/style.css?v={STYLE_TAG[:16]}",
        **context,
    )
    return text.encode("utf-8", "replace")
