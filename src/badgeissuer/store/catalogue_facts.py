"""What a catalogue entry says of an issuer, an achievement or a stack: read from its document. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from badgeissuer.store.catalogue_words import IndexedWords

_SUMMARY = 300
_LONGEST_FRAMEWORK = 200
_MARKS = re.compile(r"[*_`#>\[\]|]+")

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """The searched and listed part of a document."""

    name: str
    summary: str
    found_by: IndexedWords
    type: str | None = None
    hours: float | None = None
    frameworks: tuple[str, ...] = ()


def achievement_facts(document: Json, parts: Json, *, issuer: str) -> EntryFacts:
    """An OB3 Achievement and our parts of it."""
    alignments = [each for each in document.get("alignment", ()) if isinstance(each, Mapping)]
    frameworks = {
        name.strip()[:_LONGEST_FRAMEWORK] for each in alignments if (name := _text(each.get("targetFramework"))).strip()
    }
    skills = [_text(each.get(member)) for each in alignments for member in ("targetName", "targetCode")]
    kind = _text(document.get("achievementType"))
    tags = [
        _text(document.get("humanCode")),
        *(_text(tag) for tag in document.get("tag", ())),
        *sorted(frameworks),
        *skills,
        _text(document.get("fieldOfStudy")),
        _in_words(kind),
        issuer,
    ]
    criteria = document.get("criteria")
    requirements = [each for each in parts.get("requirements", ()) if isinstance(each, Mapping)]
    text = [
        _text(document.get("description")),
        _text(parts.get("competency")),
        _text(parts.get("key_method")),
        *(_text(each) for each in parts.get("method_components", ())),
        *(_text(each.get(member)) for each in requirements for member in ("name", "description")),
        *(_text(each.get("targetDescription")) for each in alignments),
        _text(criteria.get("narrative")) if isinstance(criteria, Mapping) else "",
    ]
    hours = parts.get("grain_size_hours")
    name = _text(document.get("name"))
    return EntryFacts(
        name=name,
        summary=_summary(_text(document.get("description"))),
        found_by=IndexedWords.of(name=name, tags=tags, text=text),
        type=kind or None,
        hours=float(hours) if isinstance(hours, (int, float)) else None,
        frameworks=tuple(sorted(frameworks)),
    )


def stack_facts(document: Json, *, issuer: str) -> EntryFacts:
    """A stack's document."""
    name = _text(document.get("name"))
    return EntryFacts(
        name=name,
        summary=_summary(_text(document.get("description"))),
        found_by=IndexedWords.of(
            name=name, tags=[issuer], text=[_text(document.get("description")), *_titles(document)]
        ),
    )


def issuer_facts(profile: Json) -> EntryFacts:
    """An OB3 Profile."""
    name = _text(profile.get("name"))
    address = profile.get("address")
    places = [_text(value) for value in address.values()] if isinstance(address, Mapping) else []
    return EntryFacts(
        name=name,
        summary=_summary(_text(profile.get("description"))),
        found_by=IndexedWords.of(name=name, tags=places, text=[_text(profile.get("description"))]),
    )


def _titles(document: Json) -> Iterator[str]:
    for member in document.get("members", ()):
        if isinstance(member, Mapping):
            yield _text(member.get("title"))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _in_words(kind: str) -> str:
    """``MicroCredential`` is found by "micro credential" and, as it stands, by "microcredential"."""
    plain = kind.removeprefix("ext:")
    return f"{plain} {re.sub(r'(?<=[a-z])(?=[A-Z])', ' ', plain)}"


def _summary(text: str) -> str:
    """The beginning of a description, without marks of Markdown."""
    plain = " ".join(_MARKS.sub(" ", text).split())
    return plain if len(plain) <= _SUMMARY else plain[: _SUMMARY - 1].rstrip() + "…"
