"""The pages' own words, in English and in Spanish, and which of the two a browser asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_FOLDER = Path(__file__).parent / "messages"
_ENTRY = re.compile(
    r"\s*([a-z]{1,8}|\*)(?:-[a-z0-9-]{1,40})?\s*(?:;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?", re.I
)


@dataclass(frozen=True, slots=True)
class Words:
    """One language: its messages by name, and how it writes a day."""

    tag: str
    messages: Mapping[str, str]

    @property
    def name(self) -> str:
        """What the language calls itself."""
        return self.messages["language"]

    def __call__(self, name: str, **parts: object) -> str:
        """The message; a name that is not in the catalogue is a mistake of ours."""
        message = self.messages[name]
        return message.format(**parts) if parts else message

    def has(self, name: str) -> bool:
        return name in self.messages

    def day(self, moment: datetime) -> str:
        """A day in words, in UTC, as the credential counts."""
        when = moment.astimezone(UTC)
        month = self.messages["months"].split()[when.month - 1]
        return self("date", day=when.day, month=month, year=when.year)


def _read(tag: str) -> Words:
    """What all pages say, in ``en.json``, and what some of them say, in files of their own, ``catalogue.en.json``."""
    messages: dict[str, str] = {}
    for path in [*sorted(_FOLDER.glob(f"*.{tag}.json")), _FOLDER / f"{tag}.json"]:
        messages |= json.loads(path.read_text(encoding="utf-8"))
    return Words(tag, messages)


ENGLISH = _read("en")
SPANISH = _read("es")
LANGUAGES: Mapping[str, Words] = {words.tag: words for words in (ENGLISH, SPANISH)}


def chosen(tag: str | None) -> Words | None:
    """The language that an address names; None where it names none of ours."""
    return LANGUAGES.get(tag or "")


def asked(accept_language: str | None) -> Words:
    """The better of the two for an Accept-Language header (RFC 9110 §12.5.4); English where it does not matter."""
    weights: dict[str, float] = {}
    for entry in (accept_language or "")[:1_000].split(","):
        found = _ENTRY.fullmatch(entry)
        if found:
            tag, weight = found[1].lower(), float(found[2] or 1)
            weights[tag] = max(weight, weights.get(tag, 0.0))
    anything = weights.get("*", 0.0)
    return SPANISH if weights.get("es", anything) > weights.get("en", anything) else ENGLISH
