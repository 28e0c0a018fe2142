"""What two JSON texts differ in, as a reader sees it: from the texts alone, without any canonical form.

``differences`` names each way in which they differ and say the same. What is no such way is ``ANOTHER``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from badgeissuer.vc.contexts import ContextStore
from badgeissuer.vc.faults import KeyInvalid
from badgeissuer.vc.multibase import multibase_encode
from badgeissuer.vc.multikey import multibase_decode

# The ways to write one thing in two texts.
MEMBER_ORDER = "the order of an object's members"
SPELLING = "white space and escapes"
NUMBER = "the spelling of a number"
ARRAY_ORDER = "the order in an array"
ONE_OR_ARRAY = "one value, or an array of one"
CONTEXTS = "contexts that define the same terms"
TYPE_BY_IRI = "a type by its name, by its IRI, or by both"
ONE_NODE = "a member with this or that of two objects that have one id"
UNREPEATED = "the contexts of a jcs proof, which are the document's, in the document alone"
SELF_PROVED = "one more endorsement as a JWT, which proves itself (ADR 10)"
FURTHER_PROOF = "a further proof beside the good one"
TWIN = "the other signature that everyone can make of one of ECDSA: (r, n - s)"
ANOTHER = "another meaning"


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is written."""

    text: str

    def __deepcopy__(self, _memo: object) -> Number:
        return self


@dataclass(frozen=True, slots=True)
class Style:
    """How a text is written."""

    separators: tuple[str, str] = (",", ":")
    ascii_only: bool = False
    escaped: str = ""
    around: tuple[str, str] = ("", "")


def read(text: str) -> Any:
    """The JSON value, with numbers as they are written."""
    return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=Number)


def write(value: Any, style: Style = Style()) -> str:
    """The text of a value. A ``Doubled`` object has one member twice."""
    return style.around[0] + _written(value, style) + style.around[1]


class Doubled(dict[str, Any]):
    """An object that names its first member a second time, with another value."""

    second: Any = None


def _written(value: Any, style: Style) -> str:
    comma, colon = style.separators
    match value:
        case Number():
            return value.text
        case dict():
            members = [(name, member) for name, member in value.items()]
            if isinstance(value, Doubled):
                members.append((members[0][0], value.second))
            return "{" + comma.join(f"{_text(n, style)}{colon}{_written(m, style)}" for n, m in members) + "}"
        case list():
            return "[" + comma.join(_written(item, style) for item in value) + "]"
        case str():
            return _text(value, style)
        case _:
            return json.dumps(value)


def _text(text: str, style: Style) -> str:
    written = json.dumps(text, ensure_ascii=style.ascii_only)
    if style.escaped and style.escaped not in '"\\/bfnrtu0123456789abcdef':
        written = written.replace(style.escaped, f"\\u{ord(style.escaped):04x}")
    return written


# Differences


def differences(ours: str, theirs: str) -> frozenset[str]:
    """In what ways the second text says what the first says, otherwise; or ``ANOTHER``. Empty for one and the same."""
    if ours == theirs:
        return frozenset()
    try:
        a, b = read(ours), read(theirs)
    except ValueError:
        return frozenset({ANOTHER})
    found = _between(a, b, "")
    if ANOTHER in found and isinstance(a, dict) and isinstance(b, dict):
        found = {ONE_NODE} | _between(_by_id(a), _by_id(b), "")
    return frozenset(found or {SPELLING})


def _by_id(document: dict[str, Any]) -> dict[str, Any]:
    """The document with all that its objects of one id say said once, and in their places the id alone."""
    nodes: dict[str, dict[str, list[Any]]] = {}

    def moved(value: Any, name: str) -> Any:
        if isinstance(value, list):
            return [moved(item, name) for item in value]
        # A proof is a graph of its own. The members of a record are not: the CLR context puts all into one.
        if not isinstance(value, dict) or name in ("proof", "@context"):
            return value
        members = {member: moved(inner, member) for member, inner in value.items()}
        if not isinstance(value.get("id"), str):
            return members
        node = nodes.setdefault(value["id"], {})
        for member, inner in members.items():
            said = node.setdefault(member, [])
            said += [item for item in (inner if isinstance(inner, list) else [inner]) if item not in said]
        return {"id": value["id"]}

    own = {name: moved(member, name) for name, member in document.items()}
    return {**own, "": [dict(sorted(nodes[identifier].items())) for identifier in sorted(nodes)]}


def _between(a: Any, b: Any, name: str) -> set[str]:
    if name == "@context":
        return _contexts(a, b)
    if name == "type" and not _plain(b) and _types(a) == _types(b):
        return {TYPE_BY_IRI}
    if isinstance(a, list) != isinstance(b, list):
        many, one = (a, b) if isinstance(a, list) else (b, a)
        return {ONE_OR_ARRAY} | _between(many[0], one, "") if len(many) == 1 else {ANOTHER}
    match a, b:
        case dict(), dict() if a.keys() - b.keys() == {"@context"} and "proofValue" in b:
            return {UNREPEATED} | _between({n: v for n, v in a.items() if n != "@context"}, b, name)
        case dict(), dict() if b.keys() - a.keys() == {"endorsementJwt"} and "proofValue" not in b:
            return {SELF_PROVED} | _between(a, {n: v for n, v in b.items() if n != "endorsementJwt"}, name)
        case dict(), dict():
            if a.keys() != b.keys():
                return {ANOTHER}
            found = {MEMBER_ORDER} if list(a) != list(b) else set()
            for member in a:
                found |= _between(a[member], b[member], member)
            return found
        case list(), list():
            return _arrays(a, b, name)
        case Number(), Number():
            if a == b:
                return set()
            return {NUMBER} if Decimal(a.text) == Decimal(b.text) else {ANOTHER}
        case str(), str() if a != b and name == "proofValue":
            return {TWIN} if twin(a) == b else {ANOTHER}
        case _:
            return set() if type(a) is type(b) and a == b else {ANOTHER}


def twin(value: str) -> str | None:
    """The ``proofValue`` of the other signature, where it can be one of ECDSA."""
    try:
        signature = multibase_decode(value)
    except KeyInvalid:
        return None
    return multibase_encode(twin_signature(signature)) if len(signature) in _ORDERS else None


def twin_signature(signature: bytes) -> bytes:
    """r and n - s."""
    half = len(signature) // 2
    other = (_ORDERS[len(signature)] - int.from_bytes(signature[half:])) % _ORDERS[len(signature)]
    return signature[:half] + other.to_bytes(half)


# The orders of P-256 and P-384 (FIPS 186-4 D.1.2), by the length of their signatures.
_ORDERS = {
    64: 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    96: int("f" * 48 + "c7634d81f4372ddf581a0db248b0a77aecec196accc52973", 16),
}


VOCABULARIES = (
    "https://purl.imsglobal.org/spec/vc/ob/vocab.html#",
    "https://purl.imsglobal.org/spec/vc/clr/vocab.html#",
    "https://www.w3.org/2018/credentials#",
)


def _plain(types: Any) -> bool:
    listed = types if isinstance(types, list) else [types]
    return not any(isinstance(type_, str) and type_.startswith(VOCABULARIES) for type_ in listed)


def _types(types: Any) -> set[str]:
    listed = types if isinstance(types, list) else [types]
    return {
        str(type_).rpartition("#")[2] if isinstance(type_, str) and not _plain(type_) else str(type_)
        for type_ in listed
    }


def _arrays(a: list[Any], b: list[Any], name: str) -> set[str]:
    if len(a) == len(b):
        found = {way for x, y in zip(a, b, strict=True) for way in _between(x, y, "")}
        if ANOTHER not in found:
            return found
    left, found = list(b), set[str]()
    for item in a:
        nearest_first = sorted(left, key=lambda other: other != item)
        alike = next((other for other in nearest_first if ANOTHER not in _between(item, other, "")), None)
        if alike is None:
            return {ANOTHER}
        left.remove(alike)
        found |= _between(item, alike, "")
    if left:
        return found | {FURTHER_PROOF} if name == "proof" else {ANOTHER}
    return found | {ARRAY_ORDER}


def _contexts(a: Any, b: Any) -> set[str]:
    if a == b:
        return set()
    # The Open Badges context in another of its versions, or further known contexts at the end.
    known = ContextStore.pinned().urls
    both = isinstance(a, list) and isinstance(b, list) and b[:1] == a[:1]
    if both and all(isinstance(url, str) and url in known for url in b):
        return {CONTEXTS}
    return {ANOTHER}
