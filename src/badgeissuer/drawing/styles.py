"""The styles of uploaded SVGs: declarations of known properties, under plain selectors. No at-rules, no addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from badgeissuer.drawing.svg_words import FUNCTIONS, PROPERTIES
from badgeissuer.vc.carriers.forms import ImageTooLarge, Meter, refused

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_OUTWARD = re.compile(r"\\|@|<|//|behaviou?r\s*:|-moz-binding|javascript", re.IGNORECASE)
_FUNCTION = re.compile(r"([^\s,;:{}()]*)\s*\(")
_URL = re.compile(r"url\s*\(", re.IGNORECASE)
_OWN = re.compile(r"""url\(\s*(["']?)#[A-Za-z_][\w.:-]{0,199}\1\s*\)""", re.ASCII)
_RULE = re.compile(r"\s*([^{}]*)\{([^{}]*)\}\s*")
_SELECTOR = re.compile(r"[A-Za-z0-9_.#*>+~,\s-]{1,2000}", re.ASCII)
# No address, and no bracket that a viewer could read as the end of something.
_VALUE = re.compile(r"[^{};]*")


def check_value(value: str) -> None:
    """The value of a presentation attribute or of a property. Raises ``ImageRefused`` where it reaches out."""
    if _OUTWARD.search(value):
        raise refused("a style of the SVG can act or reaches outside of the image")
    if any(name.lower() not in FUNCTIONS for name in _FUNCTION.findall(value)):
        raise refused("a style of the SVG calls a function that is not among those that draw")
    if len(_URL.findall(value)) != len(_OWN.findall(value)):
        raise refused("a style of the SVG refers to something outside of the file (only url(#id) is allowed)")


def clean_declarations(text: str) -> str:
    """A style attribute: its known properties. Raises ``ImageRefused``."""
    kept = []
    for name, value in _declarations(_COMMENT.sub(" ", text)):
        if name in PROPERTIES:
            kept.append(f"{name}:{value}")
    return ";".join(kept)


def clean_sheet(text: str, meter: Meter) -> str:
    """A style sheet: its rules, with their known properties. Raises ``ImageRefused``, ``ImageTooLarge``."""
    if len(text) > meter.limits.style:
        raise ImageTooLarge(f"a style of the SVG is longer than {meter.limits.style} characters")
    text = _COMMENT.sub(" ", text)
    check_value(text)
    at, rules = 0, []
    while at < len(text.rstrip()):
        found = _RULE.match(text, at)
        if found is None or not _SELECTOR.fullmatch(found[1]):
            raise refused("a style sheet of the SVG has more than plain rules, such as .name { fill: red }")
        meter.attribute()
        at = found.end()
        if kept := clean_declarations(found[2]):
            rules.append(f"{' '.join(found[1].split())}{{{kept}}}")
    return "\n".join(rules)


def _declarations(text: str) -> Iterator[tuple[str, str]]:
    for part in text.split(";"):
        check_value(part)
        name, colon, value = part.partition(":")
        # A bracket or a quotation mark that a semicolon has torn apart is not read here as a viewer would.
        whole = value.count("(") == value.count(")") and value.count('"') % 2 == 0 and value.count("'") % 2 == 0
        if colon and whole and _VALUE.fullmatch(value):
            yield name.strip().lower(), value.strip()
