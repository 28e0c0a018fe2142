"""Objects without id that repeat one another: what makes canonicalising expensive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from badgeissuer.vc import strictjson

# Told by their type at once; asking whether something is a Mapping takes ten times as long.
SCALARS = frozenset((str, int, float, bool, type(None)))
# So many are held one against the other; more are told by their texts.
_FEW = 12


def equal_siblings(document: Mapping[str, Any]) -> list[str]:
    """JSON pointers of objects without id that repeat, member for member, an earlier object of the same array.

    They say nothing twice, and as blank nodes that look alike they are what makes canonicalisation expensive for every
    verifier. They are refused before signing.
    """
    if not _any(document):
        return []
    repeats: list[str] = []
    for array, pointer in _arrays(document, ""):
        nameless = [(index, item) for index, item in enumerate(array) if _is_nameless(item)]
        if len(nameless) < 2:
            continue
        seen: set[str] = set()
        for index, item in nameless:
            text = strictjson.dumps(item, sort_keys=True)
            if text in seen:
                repeats.append(f"{pointer}/{index}")
            seen.add(text)
    return repeats


def _any(document: Mapping[str, Any]) -> bool:
    """Whether there may be one: nearly always there is none, and then nobody needs the pointers. What has one text is
    equal too."""
    pending: list[Any] = [document]
    while pending:
        value = pending.pop()
        if isinstance(value, Mapping):
            pending.extend([member for member in value.values() if type(member) not in SCALARS])
        elif isinstance(value, list | tuple):
            items = [item for item in value if type(item) not in SCALARS]
            pending.extend(items)
            nameless = [item for item in items if _is_nameless(item)]
            if len(nameless) > _FEW or any(
                one == other for place, one in enumerate(nameless) for other in nameless[:place]
            ):
                return True
    return False


def _is_nameless(item: object) -> bool:
    return isinstance(item, Mapping) and "id" not in item and "@id" not in item


def _arrays(value: object, pointer: str) -> Iterator[tuple[list[Any] | tuple[Any, ...], str]]:
    if isinstance(value, Mapping):
        for name, member in value.items():
            if type(member) not in SCALARS:
                yield from _arrays(member, f"{pointer}/{strictjson.escape_pointer(name)}")
    elif isinstance(value, list | tuple):
        yield value, pointer
        for index, item in enumerate(value):
            if type(item) not in SCALARS:
                yield from _arrays(item, f"{pointer}/{index}")
