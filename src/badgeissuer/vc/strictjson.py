"""The one JSON parser for every body and every foreign document, and the one writer of the texts we sign.

What two parsers could read differently is refused: that is how a signed document comes to say one thing to us and
another to a verifier (RFC 8259 §4, §8; RFC 7493 I-JSON).
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeAlias

from badgeissuer.errors import Fault, TooLarge
from badgeissuer.vc import limits
from badgeissuer.vc.faults import MalformedJson

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"

# Strings (also one that never ends: hence the optional quote) and the brackets between them. The possessive quantifiers
# keep the scan linear on input such as `"\"\"\"…`.
_STRUCTURE = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_RISKY_ESCAPE = re.compile(r"\\u(?:0000|[dD])")
_SURROGATE_OR_NUL = re.compile("[\x00\ud800-\udfff]")
_SURROGATE_OR_ESCAPED_NUL = re.compile("[\ud800-\udfff]|\\\\u0000")
_MANY = 20_000
_SHOWABLE_NAME = re.compile(r"[A-Za-z@_][A-Za-z0-9@_.-]{0,40}")


def loads(data: bytes, *, max_bytes: int = limits.FOREIGN_BYTES, max_depth: int = limits.JSON_DEPTH) -> JsonValue:
    """The value of one JSON text in UTF-8; integers stay integers. Takes time linear in the size of the input.

    Raises ``TooLarge`` above ``max_bytes``, and for a long text that is nothing but small values. Raises
    ``MalformedJson`` for: other encodings, a byte order mark, a member named twice in one object, NaN, infinities and
    numbers beyond a double, integers of more than 400 digits, lone surrogates and NUL characters (escaped ones too),
    nesting deeper than ``max_depth``, names so long that a value's JSON pointer has more than 1,024 characters,
    anything after the value, broken syntax.
    """
    if len(data) > max_bytes:
        raise TooLarge(f"the JSON text is longer than {max_bytes} bytes")
    if len(data) > limits.FOREIGN_BYTES and _values(data) * limits.BYTES_PER_VALUE > len(data):
        raise TooLarge("the JSON text holds more values than a text of its length may")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _malformed(f"the text is not UTF-8 (byte {error.start})") from None
    if text.startswith("\ufeff"):
        raise _malformed("the text starts with a byte order mark")
    # Levels are counted as values are read, but a text that is mostly brackets is not read before.
    brackets = text.count("[") + text.count("{")
    if brackets > max_depth and (brackets > _MANY or brackets * limits.BYTES_PER_VALUE > len(text)):
        _check_depth(text, max_depth)
    refusal: MalformedJson | None = None
    try:
        value: JsonValue = _DECODER.decode(text)
    except RecursionError:
        _check_depth(text, max_depth)
        raise _malformed("nested too deeply") from None
    except json.JSONDecodeError as error:
        _check_depth(text, max_depth)
        raise _malformed(f"not JSON: {error.msg}, line {error.lineno}, column {error.colno}") from None
    except MalformedJson as error:
        refusal = error.with_traceback(None)  # the traceback holds all that was read so far
    if refusal is not None:
        _check_depth(text, max_depth)
        raise _located(text) or refusal
    if not _check_pointers(value, max_depth):
        _check_depth(text, max_depth)
    if "\\u" in text and _RISKY_ESCAPE.search(text):
        _check_characters(value)
    return value


def loads_object(
    data: bytes, *, max_bytes: int = limits.FOREIGN_BYTES, max_depth: int = limits.JSON_DEPTH
) -> dict[str, Any]:
    """As ``loads``, for a text that must be a JSON object."""
    value = loads(data, max_bytes=max_bytes, max_depth=max_depth)
    if not isinstance(value, dict):
        raise _malformed("the text must be a JSON object")
    return value


def dumps(value: object, *, sort_keys: bool = False) -> str:
    """The compact text of a JSON value, characters as they are, members in the order given: what we sign and store.

    Raises ``MalformedJson`` for what has no JSON text that every parser reads alike: NaN, infinities, lone surrogates,
    other types. Any ``Mapping`` counts as an object and a tuple as an array, so frozen documents can be written.
    """
    try:
        text: str = (_SORTING if sort_keys else _WRITER).encode(value)
        text.encode("utf-8")
    except (TypeError, ValueError, RecursionError):
        raise _malformed("the value has no JSON text (a non-JSON type, NaN, infinity or a lone surrogate)") from None
    return text


def strings(value: object, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Every string of a JSON value with its JSON pointer; a member's name comes before its value, under its pointer."""
    for item, where in _places(value, pointer):
        if isinstance(item, str):
            yield item, where
        elif isinstance(item, Mapping):
            for name in item:
                yield name, f"{where}/{escape_pointer(name)}"


def _places(value: object, pointer: str = "") -> Iterator[tuple[object, str]]:
    """Every value with its pointer, in the order of the text. One by one: all pointers together are megabytes."""
    pending: list[Iterator[tuple[object, str]]] = [iter([(value, pointer)])]
    while pending:
        found = next(pending[-1], None)
        if found is None:
            pending.pop()
            continue
        yield found
        item, where = found
        if isinstance(item, Mapping):
            pending.append(_members(item, where))
        elif isinstance(item, list | tuple):
            pending.append(_items(item, where))


def _members(value: Mapping[str, object], pointer: str) -> Iterator[tuple[object, str]]:
    return ((member, f"{pointer}/{escape_pointer(name)}") for name, member in value.items())


def _items(value: Iterable[object], pointer: str) -> Iterator[tuple[object, str]]:
    return ((item, f"{pointer}/{index}") for index, item in enumerate(value))


def escape_pointer(name: str) -> str:
    """A member's name as a reference token of a JSON pointer (RFC 6901 §3)."""
    return name.replace("~", "~0").replace("/", "~1")


def unescape_pointer(step: str) -> str:
    """The member's name in a reference token."""
    return step.replace("~1", "/").replace("~0", "~")


def _values(data: bytes) -> int:
    """At least as many as the values in the text; commas and brackets inside of strings are counted too."""
    return sum(data.count(sign) for sign in (b",", b"[", b"{"))


def _malformed(detail: str, pointer: str = "") -> MalformedJson:
    return MalformedJson(detail, faults=[Fault(pointer, detail, MalformedJson.code, "RFC 8259")])


def _plain(value: object) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(type(value).__name__)


def _check_depth(text: str, limit: int) -> None:
    depth = 0
    for token in _STRUCTURE.finditer(text):
        first = text[token.start()]
        if first in "[{":
            depth += 1
            if depth > limit:
                raise _malformed(f"nested deeper than {limit} levels", _member_around(text, token.start()))
        elif first in "]}":
            depth -= 1


def _check_pointers(value: JsonValue, max_depth: int = limits.JSON_DEPTH) -> bool:
    """Whether it is nested no deeper. Raises ``MalformedJson`` for names that are too long, one within the other."""
    depth, longest = _extent(value)
    # No pointer is longer than the longest name at every level: nearly always that is enough to know.
    if depth * (longest + 1) > limits.JSON_POINTER:
        _check_lengths(value)
    return depth <= max_depth


def _check_lengths(value: JsonValue) -> None:
    pending: list[tuple[Any, int]] = [(value, 0)]
    while pending:
        item, length = pending.pop()
        if isinstance(item, dict):
            for name, member in item.items():
                below = length + len(name) + 1
                if below > limits.JSON_POINTER:
                    raise _malformed("the names of members, one within the other, are too long")
                if isinstance(member, dict | list):
                    pending.append((member, below))
        else:
            pending.extend((member, length) for member in item if isinstance(member, dict | list))


def _extent(value: JsonValue) -> tuple[int, int]:
    """How many levels of objects and arrays there are, and how long the longest name of a member is."""
    names: set[str] = set()
    layer: list[Any] = [value] if isinstance(value, dict | list) else []
    depth = 0
    while layer:
        depth, around, layer = depth + 1, layer, []
        for each in around:
            if type(each) is dict:
                names.update(each)
            items = each.values() if type(each) is dict else each
            layer += [item for item in items if type(item) is dict or type(item) is list]
    return depth, max(map(len, names), default=0)


def _check_characters(value: JsonValue) -> None:
    # Written at once: going through the values with their pointers costs thirty times as much.
    if not _SURROGATE_OR_ESCAPED_NUL.search(json.dumps(value, ensure_ascii=False)):
        return
    for text, pointer in strings(value):
        if _SURROGATE_OR_NUL.search(text):
            safe = _SURROGATE_OR_NUL.sub("\ufffd", pointer)
            raise _malformed("a lone surrogate or a NUL character", safe)


def _member_around(text: str, position: int) -> str:
    """The pointer of the top member of an object that reaches over ``position``; "" where it cannot be shown."""
    name, depth = "", 0
    for token in _STRUCTURE.finditer(text, 0, position):
        first = text[token.start()]
        depth += (first in "[{") - (first in "]}")
        if first == '"' and depth == 1:
            name = token.group()[1:-1]
    return f"/{name}" if text.lstrip().startswith("{") and _SHOWABLE_NAME.fullmatch(name) else ""


class _Refused:
    """Stands in the place of a value that is refused, while the places are looked for."""

    def __init__(self, detail: str) -> None:
        self.detail = detail


def _located(text: str) -> MalformedJson | None:
    """Why the text is refused, with the place of each refused value; None where the text breaks off after them."""
    try:
        value = _LOCATOR.decode(text)
        _check_pointers(value)
    except (json.JSONDecodeError, RecursionError, MalformedJson):
        return None
    refused = ((item, where) for item, where in _places(value) if isinstance(item, _Refused))
    faults = [
        Fault(where, item.detail, MalformedJson.code, "RFC 8259") for item, where in islice(refused, limits.JSON_FAULTS)
    ]
    return MalformedJson(faults[0].detail, faults=faults)


def _decoder(refuse: Callable[[str], Any]) -> json.JSONDecoder:
    """A decoder that asks ``refuse`` what to put where two parsers could read differently."""

    def integer(digits: str) -> Any:
        if len(digits) > limits.JSON_DIGITS:
            return refuse(f"an integer has more than {limits.JSON_DIGITS} digits")
        return int(digits)

    def double(digits: str) -> Any:
        value = float(digits)
        return refuse("a number is beyond what a double can hold") if math.isinf(value) else value

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            name = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
            shown = f"the member {name!r}" if _SHOWABLE_NAME.fullmatch(name) else "a member"
            found[name] = refuse(f"an object has {shown} twice")
        return found

    return json.JSONDecoder(
        object_pairs_hook=members,
        parse_int=integer,
        parse_float=double,
        parse_constant=lambda name: refuse(f"{name} is not JSON"),
        strict=True,
    )


def _refuse(detail: str) -> Any:
    raise _malformed(detail)


# What holds itself ends in a RecursionError: looking out for it at each value would cost a tenth.
_WRITER, _SORTING = (
    json.JSONEncoder(
        ensure_ascii=False,
        allow_nan=False,
        check_circular=False,
        separators=(",", ":"),
        sort_keys=sort_keys,
        default=_plain,
    )
    for sort_keys in (False, True)
)
_DECODER = _decoder(_refuse)
_LOCATOR = _decoder(_Refused)
