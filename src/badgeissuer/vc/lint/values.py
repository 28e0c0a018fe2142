"""What no value may be, wherever it stands: what implementations sign differently, or what readers cannot see.

Measured: JSON-LD and RDF libraries disagree on control characters, on integers beyond 2^53, on many decimals, on
relative and blank ids, and drop nulls, empty arrays and undefined terms without a word. All of it is refused before
signing, with a pointer. The same walk serves documents of others, where it protects the reader.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache

from badgeissuer.errors import Fault
from badgeissuer.vc.strictjson import escape_pointer

LARGEST_INTEGER = 2**53
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_NO_CHARACTER = re.compile("[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
# Zero-width and bidirectional controls, invisible operators, annotations, tag characters: texts that look alike.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
# What follows a backslash in the JSON text of a control character other than the line feed.
_ESCAPES = frozenset("ubfrt")
_SCRIPT_LINK = re.compile(r"\]\(\s*<?\s*(javascript|vbscript|data)\s*:", re.IGNORECASE)


def value_faults(document: Mapping[str, object], *, text: str | None = None) -> list[Fault]:
    """Every value and member name that may not be signed, in document order. ``text`` is the document's JSON, or that
    of a larger one of which it is a part, where the caller has it."""
    return [] if _is_clean(document, text) else list(_walk(document, "", credential=True))


def _is_clean(document: Mapping[str, object], text: str | None) -> bool:
    """Whether there is surely none: its texts are looked at all at once, its values without their pointers."""
    if text is None:
        text = json.dumps(document, ensure_ascii=False, default=lambda value: dict(value))
    if not text.isascii() or "\x7f" in text or "](" in text:
        return False
    if "\\" in text and any(after[:1] in _ESCAPES for after in text.split("\\")[1:]):
        return False
    pending: list[object] = [document]
    while pending:
        value = pending.pop()
        if isinstance(value, Mapping):
            if not value:
                return False
            for name in value:
                if not _is_plain(name) and name != "@context":
                    return False
            # Contexts may stand where a document begins; elsewhere it is for the walk to say.
            if "@context" in value and value is not document:
                return False
            items: Iterable[object] = value.values()
        else:
            assert isinstance(value, list | tuple)  # nothing else is put there
            if not value:
                return False
            if len(value) > 1:
                ids = [item.get("id") if isinstance(item, Mapping) else item for item in value]
                texts = [item for item in ids if isinstance(item, str)]
                if len(set(texts)) < len(texts):
                    return False
            if any(isinstance(item, list | tuple) for item in value):
                return False
            items = value
        for item in items:
            kind = type(item)
            if kind is str:
                continue
            if kind is dict or kind is list or isinstance(item, Mapping | list | tuple):
                pending.append(item)
            elif not isinstance(item, str) and (item is None or (kind is not bool and any(_number(item)))):
                return False
    return True


@lru_cache(maxsize=4_096)
def _is_plain(name: str) -> bool:
    """Whether a member's name is surely that of a term."""
    return "a" <= name[:1] <= "z" and ":" not in name


def _number(value: object) -> Iterator[Fault]:
    """What is wrong with a number."""
    if isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            yield Fault("", "must not be larger than 2^53, beyond which JSON readers round", "number", "RFC 7493")
    else:
        assert isinstance(value, float)  # nothing else is left in JSON
        yield from _double(value, "")


def structure_faults(document: Mapping[str, object]) -> list[Fault]:
    """Of these, what makes a signed document ambiguous: JSON-LD keywords, IRI members, nulls, empty and nested arrays,
    repeats within an array.

    A verifier refuses these too. Such members change what a JSON reader sees and leave the signature intact.
    """
    return [fault for fault in _walk(document, "", credential=True) if fault.code in _STRUCTURE]


_STRUCTURE = frozenset(("keyword", "iri-member", "null", "empty", "nested-array", "repeated"))
# Of the codes here, those of what changes or unsettles a signature. The others protect the reader.
SIGNED_ALIKE = _STRUCTURE | {"number"}


def _walk(value: object, pointer: str, *, credential: bool = False, proof: bool = False) -> Iterator[Fault]:
    """``credential``: a signed document begins here (at the root, or as an embedded endorsement), with contexts.

    ``proof``: this is its proof, which in the jcs suites repeats the contexts (vc-di-eddsa §3.3).
    """
    if isinstance(value, Mapping):
        if not value:
            yield Fault(pointer, "must not be an empty object", "empty", "OB serialization")
        for name, member in value.items():
            below = f"{pointer}/{escape_pointer(name)}"
            yield from _name(name, below, may_have_context=credential or proof)
            yield from _walk(member, below, credential=name == "endorsement", proof=credential and name == "proof")
    elif isinstance(value, list | tuple):
        yield from _array(value, pointer, credential=credential, proof=proof)
    elif isinstance(value, str):
        yield from text_faults(value, pointer)
    elif value is None:
        yield Fault(pointer, "must not be null; leave the member out", "null", "OB serialization")
    else:
        yield from (fault.under(pointer) for fault in _number(value))


def _name(name: str, pointer: str, *, may_have_context: bool) -> Iterator[Fault]:
    if name.startswith("@") and not (name == "@context" and may_have_context):
        yield Fault(pointer, "JSON-LD keywords are not taken here", "keyword", "VCDM §1.3")
    elif ":" in name or not name:
        yield Fault(pointer, "a member must be a term of the contexts, not an IRI", "iri-member", "VCDM §1.3")
    elif "A" <= name[0] <= "Z":
        # The contexts give Criteria and criteria one IRI, GeoCoordinates and geo another: swapped, a signature holds.
        yield Fault(pointer, "is the name of a class, not of a member", "iri-member", "VCDM §1.3")
    elif _CONTROL.search(name) or INVISIBLE.search(name) or _NO_CHARACTER.search(name):
        yield Fault(pointer, "the member's name has characters that cannot be seen", "character")


def _array(items: list[object] | tuple[object, ...], pointer: str, *, credential: bool, proof: bool) -> Iterator[Fault]:
    if not items:
        yield Fault(pointer, "must not be an empty array; leave the member out", "empty", "OB serialization")
    seen: set[object] = set()
    for index, item in enumerate(items):
        below = f"{pointer}/{index}"
        if isinstance(item, list | tuple):
            yield Fault(below, "must not be an array within an array", "nested-array", "OB serialization")
        # RDF has sets: a repeat adds nothing that a signature would cover. Objects of one id are one thing there, so an
        # item could be doubled, or its members dealt out over two, and the signature would hold.
        named = item.get("id") if isinstance(item, Mapping) else item
        if isinstance(named, str):
            if named in seen:
                yield Fault(below, "repeats an earlier value of the same array, or its id", "repeated")
            seen.add(named)
        yield from _walk(item, below, credential=credential, proof=proof)


def text_faults(text: str, pointer: str) -> Iterator[Fault]:
    """What a signed text may not hold."""
    if _CONTROL.search(text):
        yield Fault(pointer, "must not hold control characters (TAB and CR among them); LF is allowed", "character")
    if _NO_CHARACTER.search(text):
        yield Fault(pointer, "must not hold surrogates or noncharacters", "character", "RFC 7493")
    elif INVISIBLE.search(text):
        detail = "must not hold zero-width, invisible or direction-changing characters"
        yield Fault(pointer, detail, "character", "UTS #39")
    elif not unicodedata.is_normalized("NFC", text):
        yield Fault(pointer, "must be in Unicode normal form C", "character", "UAX #15")
    if _SCRIPT_LINK.search(text):
        yield Fault(pointer, "must not hold links that run or embed something; use https links", "link")


def _double(value: float, pointer: str) -> Iterator[Fault]:
    """JSON-LD writes doubles with 16 significant digits; where that is not the shortest form, readers differ."""
    if not 1e-6 <= abs(value) < LARGEST_INTEGER:
        yield Fault(pointer, "must be an integer, or a decimal between 0.000001 and 2^53 in size", "number")
    elif Decimal(repr(value)) != Decimal(f"{value:.15E}"):
        yield Fault(pointer, "has more digits than all JSON-LD libraries write alike; use at most 15", "number")
