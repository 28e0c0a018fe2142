"""The array form of what others wrote down (OB serialization), and whether extensions are used in it."""

from __future__ import annotations

import contextlib
import marshal
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from badgeissuer.vc.model.base import Node, to_document

# The types that only extensions.json defines (REQUIREMENTS of OB: it must be there when one of them is used).
EXTENSION_TYPES = frozenset(("1EdTechJsonSchemaValidator2019", "1EdTechRevocationList", "1EdTechCredentialRefresh"))
# Of a document that is remembered; so many of them at the most, which are some ten megabytes.
_REMEMBERED_BYTES = 16_384
_REMEMBERED = 256


def uses_extensions(document: object) -> bool:
    """Whether a type occurs anywhere that only the extensions context defines."""
    pending: list[object] = [document]
    while pending:
        value = pending.pop()
        if isinstance(value, Mapping):
            for name, member in value.items():
                if name == "type":
                    given = member if isinstance(member, list | tuple) else (member,)
                    if any(isinstance(item, str) and item in EXTENSION_TYPES for item in given):
                        return True
                elif type(member) is not str:
                    pending.append(member)
        elif isinstance(value, list | tuple):
            pending.extend(item for item in value if type(item) is not str)
    return False


def known_form(class_: type[Node], document: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """``in_form``, and whether extensions are used in it. What is in every badge of an issuer is read once."""
    if type(document) is dict:
        with contextlib.suppress(ValueError):  # something that is not of JSON's own types
            exact = marshal.dumps(document, 2)
            if len(exact) <= _REMEMBERED_BYTES:
                formed, extends = _remembered(class_, exact)
                # A copy: whoever gets a document may change it.
                return marshal.loads(formed), extends  # noqa: S302 - written below
    form = in_form(class_, document)
    return form, uses_extensions(form)


@lru_cache(maxsize=_REMEMBERED)
def _remembered(class_: type[Node], exact: bytes) -> tuple[bytes, bool]:
    form = in_form(class_, marshal.loads(exact))  # noqa: S302 - written above
    return marshal.dumps(form), uses_extensions(form)


def in_form(class_: type[Node], document: Mapping[str, Any]) -> dict[str, Any]:
    """The document in array form; as it is where it does not fit its class, so that the fault is named at its place."""
    try:
        return to_document(class_.model_validate(dict(document)))
    except ValidationError:
        return dict(document)
