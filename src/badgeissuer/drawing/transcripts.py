"""The transcript of a learner record: what is in it, and how each of it stood when the paper was made."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from badgeissuer.drawing.press import Printed, press
from badgeissuer.drawing.sheets import colour_of, qr_svg

# How something stands, as a colour and a mark: in force, not any more, for a while, in part, over, replaced.
Tone = Literal["good", "bad", "hold", "warn", "open", "next"]

# A word without a place to break at would run into the next column.
_LONG_WORD = re.compile(r"\S{25,}")
_WORDS_OF_OTHERS = ("title", "about", "issuer", "cause")
_PIECE = re.compile(r"\S{12}(?=\S)")


@dataclass(frozen=True, slots=True)
class Line:
    """A credential. ``about`` is a line below its title; ``cause`` says why it is not in order, where it is known."""

    number: str
    title: str
    about: str
    issuer: str
    awarded: str
    until: str
    state: str
    tone: Tone
    cause: str = ""


@dataclass(frozen=True, slots=True)
class TranscriptFacts:
    """What a transcript says. ``facts`` are lines of label and value, ``words`` the fixed texts in its language:
    kind, holder_of, list, number, credential, issuer, awarded, until, state, together, check, code, page, lacking.

    ``verdict`` and ``said`` tell how the record stands as a whole; ``notes`` are sentences below them.
    """

    title: str
    holder: str
    issuer: str
    issuer_id: str
    language: str
    facts: Sequence[tuple[str, str]]
    verdict: str
    said: str
    tone: Tone
    notes: Sequence[str]
    lines: Sequence[Line]
    relations: Sequence[str]
    url: str
    words: Mapping[str, str]
    paper: str = "us-letter"


def transcript(facts: TranscriptFacts, *, font_folders: Sequence[Path] = ()) -> Printed:
    """As many sheets of PDF as it takes, with a QR code to the address where all of it can be checked."""
    data = {
        **asdict(facts),
        "title": _breakable(facts.title),
        "holder": _breakable(facts.holder),
        "issuer": _breakable(facts.issuer),
        "plain_title": facts.title,
        "plain_issuer": facts.issuer,
        "facts": [{"label": label, "value": value} for label, value in facts.facts],
        "lines": [
            {
                **asdict(line),
                **{name: _breakable(getattr(line, name)) for name in ("title", "about", "issuer", "cause")},
            }
            for line in facts.lines
        ],
        "relations": [_breakable(relation) for relation in facts.relations],
        "colour": colour_of(facts.issuer_id),
        "code": qr_svg(facts.url).decode("utf-8"),
        "note": None,
    }
    return press(
        "transcript.typ", data, "pdf", font_folders=font_folders, where_lacking={"note": facts.words["lacking"]}
    )


def _breakable(text: str) -> str:
    """With zero-width spaces in words that are too long for a column."""
    return _LONG_WORD.sub(lambda found: _PIECE.sub("\\g<0>\u200b", found[0]), text)
