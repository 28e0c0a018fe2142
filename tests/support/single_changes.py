"""A document with one thing changed, in every way that a reader could care about. For tests of interoperation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

Json = dict[str, Any]


def leaves(value: Any, pointer: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    match value:
        case dict():
            for name, member in value.items():
                yield from leaves(member, (*pointer, name))
        case list():
            for number, member in enumerate(value):
                yield from leaves(member, (*pointer, number))
        case _:
            yield pointer


def variants(document: Json) -> Iterator[tuple[str, Json]]:
    """The document with one thing changed: a leaf of every shape, each top-level member gone, a member added."""
    shapes = {
        tuple("*" if isinstance(step, int) else step for step in pointer): pointer for pointer in leaves(document)
    }
    for pointer in shapes.values():
        copy = deepcopy(document)
        place = copy
        for step in pointer[:-1]:
            place = place[step]
        place[pointer[-1]] = _changed(place[pointer[-1]])
        yield "changed /" + "/".join(map(str, pointer)), copy
    for name in document:
        copy = deepcopy(document)
        del copy[name]
        yield f"without /{name}", copy
    yield "with an unknown member", {**document, "grade": "A"}
    yield "with a known member", {**document, "description": "better than it was"}
    achievement = document["credentialSubject"].get("achievement")
    if isinstance(achievement, dict):
        more = deepcopy(document)
        more["credentialSubject"]["achievement"]["tag"] = [*achievement.get("tag", ()), "one more"]
        yield "with one more tag", more


def _changed(value: Any) -> Any:
    """A value near to this one, of the same kind, that says something else."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str() if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value):
            return (datetime.fromisoformat(value) - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        case str() if value.isdigit():
            return str(int(value) + 1)
        case str() if re.match(r"https?://|urn:|did:", value):
            return value[:-1] + ("0" if value[-1] != "0" else "1")
        case _:
            return f"{value}x"
