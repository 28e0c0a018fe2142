"""Awards as lines of JSON that the database writes: one text a row, so that a stream of millions costs Python little.

Each line is to the byte what ``AwardOut`` writes of the same award. Its members and their order are those of that
model; what stands in each is said here, once, in words that both databases have.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from json.encoder import encode_basestring
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import (
    JSON,
    ColumnElement,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    or_,
    type_coerce,
)

from badgeissuer.rules.awarding import visible_to_third_parties
from badgeissuer.rules.terms import AwardState, StatusPurpose
from badgeissuer.store.access import Actor
from badgeissuer.store.award_search import SUCCESSOR, AwardFilter, select_of_awards
from badgeissuer.store.awards import Award, Credential
from badgeissuer.store.catalog import AchievementVersion, Issuer
from badgeissuer.store.people import Subject
from badgeissuer.web.api.award_wire import AwardOut, Successor

Value = ColumnElement[Any]

_MOMENT = 'YYYY-MM-DD"T"HH24:MI:SS"Z"'
_NULL = cast(literal_column("'null'"), JSON)
# Where the parts of an id stand that hyphens part.
_GROUPS = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))


def select_lines(actor: Actor, where: AwardFilter, *, base_url: str, sqlite: bool) -> Select[UUID, str]:
    """Whose each award is (the subject's id) and its line, newest first, as ``select_awards`` finds them."""
    return select_of_awards((Award.subject_id, _line(base_url, sqlite)), actor, where)


@cache
def _line(base_url: str, sqlite: bool) -> Value:
    """Made once in a process: there are many pieces to it."""
    return _Words(base_url, sqlite=sqlite).line().label("line")


@dataclass(frozen=True, slots=True)
class _Member:
    """A value as JSON: a pattern with ``%s`` for each of the arguments."""

    pattern: str
    arguments: tuple[Any, ...]


class _Words:
    """How one database writes an award as JSON."""

    def __init__(self, base_url: str, *, sqlite: bool) -> None:
        self._sqlite = sqlite
        self._base_url = encode_basestring(base_url)[1:-1].replace("%", "%%")
        self._members = {
            "id": self._id(Award.id),
            "url": self._id(Award.id, "/v1/awards/"),
            "state": _plain(Award.state),
            "state_reason": self._text(Award.state_reason),
            "state_changed_at": self._moment(Award.state_changed_at),
            "visible_to_third_parties": _Member("%s", (_visible(),)),
            "issuer.slug": _plain(Issuer.slug),
            "issuer.name": self._text(Issuer.name),
            "issuer.did": self._text(Issuer.did),
            "achievement.id": self._id(Award.achievement_id),
            "achievement.version": _Member("%s", (AchievementVersion.number,)),
            "achievement.name": self._text(AchievementVersion.name),
            "achievement.url": self._id(Award.achievement_id, "/achievements/"),
            "subject": _plain(Subject.urn),
            "credential.id": self._id(Credential.id),
            "credential.url": self._text(Credential.url),
            "credential.media_type": _plain(Credential.media_type),
            "credential.sha256": _plain(Credential.sha256),
            "decision_id": self._id(Award.decision_id),
            "external_reference": self._text(Award.external_reference),
            "awarded_at": self._moment(Award.awarded_at),
            "valid_until": self._moment(Award.valid_until),
            "affiliation.school": self._text(Award.school),
            "affiliation.district": self._text(Award.district),
            "affiliation.state": self._text(Award.jurisdiction),
            "superseded_by.award": self._id(Award.superseded_by_id, "/v1/awards/"),
            "superseded_by.credential": self._text(SUCCESSOR.url),
        }
        successor = self._formatted(self._object(Successor, "superseded_by."))
        self._members["superseded_by"] = _Member("%s", (case((SUCCESSOR.url.is_not(None), successor), else_="null"),))

    def line(self) -> Value:
        return self._formatted(self._object(AwardOut, ""))

    def _object(self, model: type[BaseModel], path: str) -> _Member:
        """The members of the model, in its order. One that nothing is said of here is a ``KeyError``."""
        patterns: list[str] = []
        arguments: tuple[Any, ...] = ()
        for name, about in model.model_fields.items():
            kind = about.annotation
            inner = isinstance(kind, type) and issubclass(kind, BaseModel)
            member = self._object(kind, f"{path}{name}.") if inner else self._members[path + name]  # type: ignore[arg-type]
            patterns.append(f'"{name}":{member.pattern}')
            arguments += member.arguments
        return _Member(f"{{{','.join(patterns)}}}", arguments)

    def _formatted(self, member: _Member) -> Value:
        write = func.printf if self._sqlite else func.format
        return write(member.pattern, *member.arguments, type_=Text())

    def _text(self, column: Any) -> _Member:
        """Text that anybody may have written, or null."""
        if self._sqlite:
            return _Member("%s", (func.json_quote(column),))
        return _Member("%s", (func.coalesce(func.to_json(cast(column, Text)), _NULL),))

    def _id(self, column: Any, path: str | None = None) -> _Member:
        """An id; with a path, the address there."""
        before = "" if path is None else f"{self._base_url}{path}"
        if not self._sqlite:
            return _Member(f'"{before}%s"', (column,))
        digits = type_coerce(column, Text)  # which it keeps without hyphens
        groups = tuple(func.substr(digits, start, length) for start, length in _GROUPS)
        return _Member(f'"{before}%s-%s-%s-%s-%s"', groups)

    def _moment(self, column: Any) -> _Member:
        """In UTC and whole seconds, cut as ``Timestamp`` cuts them; or null."""
        if self._sqlite:
            kept = type_coerce(column, Text)
            shown = func.substr(kept, 1, 10, type_=Text()) + "T" + func.substr(kept, 12, 8, type_=Text()) + "Z"
        else:
            shown = func.to_char(func.timezone("UTC", column), _MOMENT, type_=Text())
        if not column.expression.nullable:
            return _plain(shown)
        return _Member("%s", (func.coalesce(literal('"') + shown + '"', "null"),))


def _plain(value: Any) -> _Member:
    """Text of our own that needs no escaping, and is never null."""
    return _Member('"%s"', (value,))


def _visible() -> Value:
    """What ``visible_to_third_parties`` says, for each purpose and state. Few states look at the purpose at all."""
    hidden = [
        and_(Award.state == state, AchievementVersion.parts["status_purpose"].as_string() == purpose.value)
        for state in AwardState
        for purpose in StatusPurpose
        if not visible_to_third_parties(purpose, state)
    ]
    return case((or_(*hidden), "false"), else_="true")
