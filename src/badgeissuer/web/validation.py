"""What pydantic and FastAPI found wrong, in our words: no input in it, and pointers instead of paths."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from badgeissuer.errors import Fault
from badgeissuer.vc import strictjson

# Names of members that may be shown in a pointer; others might be personal data put in the wrong place.
_SHOWABLE = re.compile(r"@?[A-Za-z_][A-Za-z0-9_.:/#-]{0,200}")
_CODES = {"missing": "required", "extra_forbidden": "unknown-member"}
_WORDS = {
    "missing": "required, and it is not there",
    "extra_forbidden": "there is no such member here",
    "model_attributes_type": "must be a JSON object",
    "model_type": "must be a JSON object",
    "dict_type": "must be a JSON object",
    "string_type": "must be a string",
    "list_type": "must be an array",
    "bool_type": "must be true or false",
    # These would quote what was sent.
    "uuid_parsing": "must be a UUID",
    "union_tag_invalid": "is none of the forms that fit here",
}


def read(found: Iterable[Any]) -> tuple[list[Fault], dict[str, str]] | None:
    """Faults of the body, and of parameters by name; None where a part of the path is not of its form."""
    faults: list[Fault] = []
    parameters: dict[str, str] = {}
    for problem in found:
        place, *path = problem["loc"]
        detail = _WORDS.get(problem["type"], str(problem["msg"]).removeprefix("Value error, "))
        if place == "path":
            return None
        if place == "body":
            faults.append(Fault(_pointer(path), detail, _CODES.get(problem["type"], "invalid")))
        else:
            parameters[str(path[0]) if path else place] = detail
    return faults, parameters


def _pointer(path: Sequence[object]) -> str:
    pointer = ""
    for step in path:
        if isinstance(step, str) and not _SHOWABLE.fullmatch(step):
            break
        pointer += "/" + strictjson.escape_pointer(str(step))
    return pointer
