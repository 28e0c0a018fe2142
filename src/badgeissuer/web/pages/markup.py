"""Words of others on our pages: Markdown cut down to an allow-list, links that may be followed, texts cut to size.

Nothing here is trusted to be harmless because it was signed: who signs is not who wrote the page.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

_TAGS = {
    *("a", "blockquote", "br", "code", "em", "h3", "h4", "h5", "hr", "li", "ol", "p", "pre", "s", "strong", "ul"),
    *("table", "tbody", "td", "th", "thead", "tr"),
}
_REL = "nofollow ugc noopener noreferrer"
# A page stays small whatever a credential says; all of it is in the JSON.
_NARRATIVE = 8_000
_LINE = 400
_WEB = re.compile(r"https://[^\s\"'<>\\]+", re.IGNORECASE)
_HEADINGS = {"h1": "h3", "h2": "h4"}

_reader = MarkdownIt("js-default")


def markdown(text: object) -> Markup:
    """Markdown as HTML: no raw HTML, no images, headings below those of the page, links to https only."""
    if not isinstance(text, str):
        return Markup()
    tokens = _reader.parse(shown(text, _NARRATIVE))
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = _HEADINGS.get(token.tag, "h5")
    html = _reader.renderer.render(tokens, _reader.options, {})
    cleaned = nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href"}},
        attribute_filter=lambda _tag, name, value: web_address(value) if name == "href" else value,
        url_schemes={"https"},
        link_rel=_REL,
    )
    return Markup(cleaned)  # noqa: S704 - it has just been cut down to the allow-list


def web_address(value: Any) -> str | None:
    """The text where it is an https address with a host and no user in it, else None: it is shown, but no link."""
    if not isinstance(value, str) or len(value) > 2_000 or not _WEB.fullmatch(value):
        return None
    try:
        parts = urlsplit(value)
        return value if parts.hostname and "@" not in parts.netloc else None
    except ValueError:
        return None


def shown(value: object, most: int = _LINE) -> str:
    """A text of at most that many characters; what is no text is none."""
    if not isinstance(value, str):
        return ""
    text = value.strip()
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
