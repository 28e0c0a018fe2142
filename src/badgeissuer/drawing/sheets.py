"""What is drawn: the default badge, the certificate, the card of a shared link. Facts in, files out."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import segno

from badgeissuer.drawing.press import Printed, press

# Dark enough for white letters on them and for themselves on white (contrast of at least 5 : 1).
_COLOURS = (
    "#1f5f8b", "#7a2e39", "#2c6e49", "#5b3f8c", "#8a4b08", "#0b6e75", "#6b3a5b", "#3d5a1f", "#96304c", "#34495e",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BadgeFacts:
    """What the default badge shows. ``kind`` is a short word for what it is, such as "Micro-credential"."""

    title: str
    issuer: str
    issuer_id: str
    kind: str | None = None
    language: str = "en"


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a certificate says. ``facts`` are lines of label and value, ``words`` the fixed texts in its language."""

    badge: BadgeFacts
    earner: str
    description: str
    facts: Sequence[tuple[str, str]]
    url: str
    status: str
    words: dict[str, str]
    art: bytes | None = None
    paper: str = "us-letter"
    # Whether the status line tells of something in force; what is not must be seen at once.
    in_force: bool = True


def colour_of(issuer_id: str) -> str:
    """The issuer's colour: always the same one, since people come to know a badge by it."""
    return _COLOURS[hashlib.sha256(issuer_id.encode()).digest()[0] % len(_COLOURS)]


def badge_svg(facts: BadgeFacts) -> bytes:
    """The default badge as SVG: shapes only, no script, no link, no font that a viewer would need."""
    return press("badge.typ", _badge(facts), "svg").content


def badge_png(facts: BadgeFacts, *, side: int = 600) -> bytes:
    """The same as PNG, ``side`` pixels square, transparent around it."""
    return press("badge.typ", _badge(facts), "png", ppi=side * 72 / 400).content


def certificate(facts: CertificateFacts, *, font_folders: Sequence[Path] = ()) -> Printed:
    """One sheet of PDF with the badge, the facts, and a QR code to the address where it can be checked."""
    data = {
        **_badge(facts.badge),
        "earner": facts.earner,
        "summary": f"{facts.badge.title}, {facts.earner}, {facts.badge.issuer}",
        "description": facts.description,
        "facts": [{"label": label, "value": value} for label, value in facts.facts],
        "url": facts.url,
        "status": facts.status,
        "words": facts.words,
        "art": (facts.art or badge_svg(facts.badge)).decode("utf-8"),
        "code": qr_svg(facts.url).decode("utf-8"),
        "paper": facts.paper,
        "in_force": facts.in_force,
        "note": None,
    }
    lacking = {"note": facts.words["lacking"]}
    return press("certificate.typ", data, "pdf", font_folders=font_folders, where_lacking=lacking)


def card_png(facts: BadgeFacts, line: str, *, art: bytes | None = None) -> bytes:
    """The picture of a shared link, 1200 by 630 pixels."""
    data = {**_badge(facts), "line": line, "art": (art or badge_svg(facts)).decode("utf-8")}
    return press("card.typ", data, "png", ppi=72).content


def qr_svg(url: str) -> bytes:
    """A QR code as SVG, black on white, with the quiet zone that scanners need. It stands a quarter of damage."""
    made = segno.make(url, error="q", micro=False)
    written = io.BytesIO()
    made.save(written, kind="svg", scale=4, border=4, dark="#000", light="#fff", xmldecl=False, nl=False)
    return written.getvalue()


def _badge(facts: BadgeFacts) -> dict[str, object]:
    return {
        "colour": colour_of(facts.issuer_id),
        "title": facts.title,
        "issuer": facts.issuer,
        "kind": facts.kind,
        "language": facts.language,
    }
