"""What all models share: how a node is read and written, the small value types, and how errors become faults.

Reading is lenient where the published JSON-LD schema is (one value in place of an array of one), and strict in all
else: no value is converted. Writing is the canonical form: arrays for every repeatable member, no nulls, no empty
arrays (OB serialization, JSON).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from badgeissuer.errors import Fault
from badgeissuer.vc.model import terms

_INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)")
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`\x00-\x20\x7f-\x9f]+")
# Names of union branches. They are no part of the document, so they must not show up in a pointer.
URI_BRANCH, OBJECT_BRANCH = "<uri>", "<object>"


class Node(BaseModel):
    """A JSON object of the standard. Members that the class does not name are kept as they are (OB extending)."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=False,
        validate_by_alias=True,
        extra="allow",
        frozen=True,
        strict=True,
        hide_input_in_errors=True,
    )


class ClosedNode(Node):
    """A class whose schema allows no further members."""

    model_config = ConfigDict(extra="forbid")


def instant(text: str) -> datetime:
    """The moment that an ISO 8601 date-time with time zone names, in UTC. Raises ``ValueError``.

    OB ``DateTimeZ`` and XSD ``dateTimeStamp``: a time without zone is no moment and is refused. Two texts with other
    offsets may name one moment.
    """
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise ValueError("must be a date and time with seconds and time zone, such as 2026-01-31T12:00:00Z")
    whole, fraction, zone = match.groups()
    try:
        moment = datetime.fromisoformat(f"{whole}{(fraction or '.0')[:7]:0<7}{zone}")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("is not a date and time that exists") from None


def is_iri(text: str) -> bool:
    """Whether a text is an absolute IRI without characters that N-Quads would have to escape."""
    return _IRI.fullmatch(text) is not None


def _checked_instant(text: str) -> str:
    instant(text)
    return text


def _checked_date(text: str) -> str:
    try:
        datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise ValueError("must be a date such as 2026-01-31") from None
    return text


def _checked_iri(text: str) -> str:
    if not is_iri(text):
        raise ValueError("must be an absolute URI without spaces, quotes or angle brackets")
    return text


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number")
    return value


def _many(value: object) -> object:
    if isinstance(value, list | tuple):
        return tuple(value)
    return value if value is None else (value,)


def _array(value: object) -> object:
    if isinstance(value, list | tuple):
        return tuple(value)
    raise ValueError("must be an array")


def contains(*words: str) -> AfterValidator:
    """A check that a ``type`` has one of ``words`` among its values."""
    expected = f"must contain {' or '.join(words)}"

    def check(values: tuple[str, ...]) -> tuple[str, ...]:
        if not any(word in values for word in words):
            raise ValueError(expected)
        return values

    return AfterValidator(check)


def exactly(word: str) -> AfterValidator:
    """A check that a ``type`` is this one word (the classes whose type is a string, not an array)."""

    def check(value: str) -> str:
        if value != word:
            raise ValueError(f"must be the string {word}")
        return value

    return AfterValidator(check)


# An array; one value in its place is read as an array of one.
MANY = BeforeValidator(_many)
# An array and nothing else.
ARRAY = BeforeValidator(_array)

Text = Annotated[str, StringConstraints(min_length=1)]
Iri = Annotated[str, AfterValidator(_checked_iri)]
Timestamp = Annotated[str, AfterValidator(_checked_instant)]
Date = Annotated[str, AfterValidator(_checked_date)]
Number = Annotated[int | float, BeforeValidator(_number)]
Types = Annotated[tuple[Text, ...], MANY]
Texts = Annotated[tuple[str, ...], MANY]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,4}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$")]
CompactJws = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]+\.[a-zA-Z0-9_-]*\.[a-zA-Z0-9_-]+$")]
AchievementType = Annotated[str, AfterValidator(terms.one_of(terms.ACHIEVEMENT_TYPES, extensible=True))]
ResultType = Annotated[str, AfterValidator(terms.one_of(terms.RESULT_TYPES, extensible=True))]
ResultStatus = Annotated[str, AfterValidator(terms.one_of(terms.RESULT_STATUSES, extensible=False))]
TargetType = Annotated[str, AfterValidator(terms.one_of(terms.TARGET_TYPES, extensible=True))]
IdentifierType = Annotated[str, AfterValidator(terms.one_of(terms.IDENTIFIER_TYPES, extensible=True))]


def to_document(node: Node) -> dict[str, Any]:
    """The JSON form of a node: wire names, no nulls, no empty arrays, members in the order of the class.

    Members that the class does not name come after these, each as it was read, nulls and empty arrays in it included:
    what they mean is not known here (OB extending).
    """
    document: dict[str, Any] = {}
    values = node.__dict__
    for name, wire in _wire_names(type(node)):
        value = values[name]
        if type(value) is str:
            document[wire] = value
        elif value is not None and value != ():
            document[wire] = _written(value)
    extra = node.model_extra
    return {**document, **_plain(extra)} if extra else document


@cache
def _wire_names(class_: type[Node]) -> tuple[tuple[str, str], ...]:
    return tuple((name, field.serialization_alias or name) for name, field in class_.model_fields.items())


def _written(value: Any) -> Any:
    if isinstance(value, Node):
        return to_document(value)
    return [_written(item) for item in value] if isinstance(value, tuple) else value


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(member) for name, member in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


_WORDS = {
    "missing": "is required",
    "extra_forbidden": "is not a member of this class",
    "string_type": "must be a string",
    "string_too_short": "must not be empty",
    "bool_type": "must be true or false",
    "tuple_type": "must be an array",
    "too_short": "has too few items",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "dict_type": "must be an object",
    "union_tag_invalid": "must be a URI or an object",
    "union_tag_not_found": "must be a URI or an object",
    "string_pattern_mismatch": "is not in the form that the standard prescribes",
    "recursion_loop": "refers to itself",
}


def faults_of(error: ValidationError, *, clause: str | None = None) -> tuple[Fault, ...]:
    """The faults in a pydantic error, as JSON pointers into the document. No input is echoed."""
    return tuple(
        Fault(pointer_of(found["loc"]), _said(found["type"], found["msg"]), _code(found["type"]), clause)
        for found in error.errors(include_url=False, include_context=False, include_input=False)
    )


def pointer_of(path: tuple[str | int, ...]) -> str:
    """RFC 6901 pointer of a path; the names of union branches are left out."""
    steps = [str(step) for step in path if step not in (URI_BRANCH, OBJECT_BRANCH)]
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)


def _said(type_: str, message: str) -> str:
    return _WORDS.get(type_) or message.removeprefix("Value error, ")


def _code(type_: str) -> str:
    return {"missing": "required", "extra_forbidden": "unknown-member"}.get(type_, "invalid")
