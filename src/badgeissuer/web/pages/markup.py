"""Words of others on our pages: Markdown cut down to an allow-list, links that may be followed, texts cut to size.

Nothing here is trusted to be harmless because it was signed: who signs is not who wrote the page.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

_TAGS = {
    *("a", "blockquote", "br", "code", "em", "h3", "h4", "h5", "hr", "li", "ol", "p", "pre", "s", "strong", "ul"),
    *("table", "tbody", "td", "th", "thead", "tr"),
}
_REL = "nofollow ugc noopener noreferrer"
# A page stays small whatever a credential says; all of it is in the JSON.
_NARRATIVE = 8_000
_HTML_BYTES = 12_000
_ADDRESS = 2_000
_LINE = 400
_WEB = re.compile(r"https://[^\s\"'<>\\]+", re.IGNORECASE)
_HEADINGS = {"h1": "h3", "h2": "h4"}

_reader = MarkdownIt("js-default")


def markdown(text: object, most: int = _HTML_BYTES) -> Markup:
    """Markdown as HTML of at most that many bytes: no raw HTML, no images, headings below those of the page, links to
    https only. What would be longer is cut."""
    source = shown(text, _NARRATIVE)
    html = _html(source)
    # A quotation within a quotation takes thirty times its length, an ampersand five times: only trying tells.
    while len(html.encode("utf-8", "replace")) > most:
        source = shown(source, len(source) // 2)
        html = _html(source)
    return html


def _html(text: str) -> Markup:
    tokens = _reader.parse(text)
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


def fitting(value: object, most: int) -> str:
    """A text of at most that many bytes of HTML."""
    text = shown(value, most)
    while bytes_of(text) > most:
        text = shown(text, len(text) * 3 // 4)
    return text


def bytes_of(*texts: str) -> int:
    """How many bytes they take in HTML."""
    return sum(len(escape(text).encode("utf-8", "replace")) for text in texts)


def web_address(value: Any) -> str | None:
    """The text where it is an https address with a host and no user in it, else None: it is shown, but no link."""
    if not isinstance(value, str) or len(value) > _ADDRESS or not _WEB.fullmatch(value):
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
    return text if len(text) <= most else text[: max(most - 1, 0)].rstrip() + "…" * (most > 0)
