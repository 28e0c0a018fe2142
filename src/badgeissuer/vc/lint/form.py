"""Whether a document has the shape of its class, and is written in array form (OB data model; OB serialization)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from badgeissuer.errors import Fault
from badgeissuer.vc.model.base import Node, faults_of, to_document
from badgeissuer.vc.strictjson import escape_pointer


def model_faults(class_: type[Node], document: Mapping[str, Any], *, clause: str) -> Iterator[Fault]:
    """Every breach of the class; where there is none, every place that is not in array form."""
    try:
        node = class_.model_validate(dict(document))
    except ValidationError as error:
        yield from faults_of(error, clause=clause)
        return
    written = to_document(node)
    if written != document:
        yield from _form_faults(document, written, "")


def class_faults(class_: type[Node], document: Mapping[str, Any], *, clause: str) -> Iterator[Fault]:
    """Every breach of the class, whichever way arrays of one are written: for what others wrote."""
    try:
        class_.model_validate(dict(document))
    except ValidationError as error:
        yield from faults_of(error, clause=clause)


def _form_faults(given: object, canonical: object, pointer: str) -> Iterator[Fault]:
    """Where a document differs from its array form. Nulls and empty arrays have their own faults."""
    if isinstance(canonical, list) and not isinstance(given, list):
        yield Fault(pointer, "must be written as an array", "array", "OB serialization")
    elif isinstance(canonical, dict) and isinstance(given, Mapping):
        for name, member in canonical.items():
            yield from _form_faults(given.get(name), member, f"{pointer}/{escape_pointer(name)}")
    elif isinstance(canonical, list) and isinstance(given, list):
        for index, (item, member) in enumerate(zip(given, canonical, strict=False)):
            yield from _form_faults(item, member, f"{pointer}/{index}")
