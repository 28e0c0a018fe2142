"""What a record says of its members and how they belong together, read from its signed text.

Members are documents of anybody: whatever is not of the form that we expect is left out, and nothing raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from badgeissuer.vc.checks.kinds import members_of
from badgeissuer.vc.model.base import instant

_ENDORSEMENT = "EndorsementCredential"
_RECORD = "ClrCredential"


@dataclass(frozen=True, slots=True)
class SkillRead:
    """One alignment of an achievement."""

    name: str
    framework: str
    url: str


@dataclass(frozen=True, slots=True)
class MemberRead:
    """One credential in a record. ``place`` counts from 0, as in the text; texts are empty where there is none."""

    place: int
    id: str
    title: str
    kind: str
    issuer: str
    issuer_id: str
    achievement_id: str
    begins: datetime | None
    until: datetime | None
    skills: tuple[SkillRead, ...]
    endorses: bool


@dataclass(frozen=True, slots=True)
class Relation:
    """Credentials that are related to one thing in the same way: ``kind`` is a word of the standard (``isPartOf``)."""

    kind: str
    sources: tuple[str, ...]
    target: str


@dataclass(frozen=True, slots=True)
class RecordRead:
    """A record. ``partial`` is None where it does not say whether there is more."""

    url: str
    title: str
    description: str
    issuer: str
    issuer_id: str
    issuer_url: str
    begins: datetime | None
    until: datetime | None
    partial: bool | None
    members: tuple[MemberRead, ...]
    relations: tuple[Relation, ...]


def read(document: Mapping[str, Any]) -> RecordRead:
    """The facts of one of our own records."""
    members = tuple(_member(place, _mapping(member)) for place, member in enumerate(members_of(document)))
    issuer, issuer_id = _issuer(document)
    partial = document.get("partial")
    return RecordRead(
        url=_text(document.get("id")),
        title=_text(document.get("name")),
        description=_text(document.get("description")),
        issuer=issuer,
        issuer_id=issuer_id,
        issuer_url=_text(_mapping(document.get("issuer")).get("url")),
        begins=_moment(document, "awardedDate", "validFrom"),
        until=_moment(document, "validUntil"),
        partial=partial if isinstance(partial, bool) else None,
        members=members,
        relations=tuple(_relations(_mapping(document.get("credentialSubject")), members)),
    )


def _member(place: int, document: Mapping[str, Any]) -> MemberRead:
    subject = _mapping(_first(document.get("credentialSubject")))
    achievement = _mapping(_first(subject.get("achievement")))
    issuer, issuer_id = _issuer(document)
    types = [item for item in _listed(document.get("type")) if isinstance(item, str)]
    return MemberRead(
        place=place,
        id=_text(document.get("id")),
        title=_text(achievement.get("name")) or _text(document.get("name")),
        kind=_text(achievement.get("achievementType")),
        issuer=issuer,
        issuer_id=issuer_id,
        achievement_id=_text(achievement.get("id")),
        begins=_moment(document, "awardedDate", "validFrom", "issuanceDate"),
        until=_moment(document, "validUntil", "expirationDate"),
        skills=tuple(_skills(achievement)),
        endorses=_ENDORSEMENT in types,
    )


def _skills(achievement: Mapping[str, Any]) -> Iterator[SkillRead]:
    for each in _listed(achievement.get("alignment")):
        alignment = _mapping(each)
        name = _text(alignment.get("targetName"))
        if name:
            yield SkillRead(name, _text(alignment.get("targetFramework")), _text(alignment.get("targetUrl")))


def _relations(subject: Mapping[str, Any], members: tuple[MemberRead, ...]) -> Iterator[Relation]:
    """The associations, those to one target in one way together; achievements by name where one is known."""
    names = {member.achievement_id: member.title for member in members if member.title and member.achievement_id}
    for each in _listed(subject.get("achievement")):
        achievement = _mapping(each)
        names.setdefault(_text(achievement.get("id")), _text(achievement.get("name")))
    found: dict[tuple[str, str], dict[str, None]] = {}
    for each in _listed(subject.get("association")):
        association = _mapping(each)
        kind, source, target = (_text(association.get(name)) for name in ("associationType", "sourceId", "targetId"))
        if kind and source and target:
            found.setdefault((kind, target), {})[source] = None
    for (kind, target), sources in found.items():
        yield Relation(kind, tuple(names.get(source) or source for source in sources), names.get(target) or target)


def in_words(kind: str) -> str:
    """``LearningProgram`` as ``Learning program``, and ``MicroCredential`` as the trade writes it."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind.removeprefix("ext:")).capitalize()
    return text.replace("Micro credential", "Micro-credential")


def _issuer(document: Mapping[str, Any]) -> tuple[str, str]:
    """Name and id; the id stands for a name that is not there."""
    issuer = document.get("issuer")
    identifier = _text(issuer if isinstance(issuer, str) else _mapping(issuer).get("id"))
    return _text(_mapping(issuer).get("name")) or identifier, identifier


def _moment(document: Mapping[str, Any], *names: str) -> datetime | None:
    for name in names:
        try:
            value = document.get(name)
            if isinstance(value, str):
                return instant(value)
        except ValueError:
            continue
    return None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _listed(value: object) -> list[object]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _first(value: object) -> object:
    return next(iter(_listed(value)), None)


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
