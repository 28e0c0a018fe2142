"""Where things stand in a document: pointers of what the long way lost or refused, and contexts that are not ours."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from badgeissuer.errors import Fault
from badgeissuer.vc import strictjson
from badgeissuer.vc.canon.expansion import Loss
from badgeissuer.vc.contexts import ContextStore
from badgeissuer.vc.faults import NotCanonical, UnknownContext


def check_contexts(document: dict[str, Any], contexts: ContextStore) -> None:
    """Every ``@context`` at any depth is a pinned URL or an array of pinned URLs; all that are not are named."""
    inline: list[Fault] = []
    unknown: list[Fault] = []
    for value, pointer in _context_members(document, ""):
        entries = enumerate(value) if isinstance(value, list) else [("", value)]
        for index, entry in entries:
            where = f"{pointer}/{index}" if index != "" else pointer
            if not isinstance(entry, str):
                inline.append(Fault(where, "a context must be a URL, not an inline object", NotCanonical.code))
            elif entry not in contexts.urls:
                detail = "this JSON-LD context is not known to this service, and contexts are never fetched"
                unknown.append(Fault(where, detail, UnknownContext.code))
    if inline:
        raise NotCanonical("inline JSON-LD contexts are not accepted", faults=inline)
    if unknown:
        raise UnknownContext("the document names JSON-LD contexts that this service does not know", faults=unknown)


def _context_members(value: object, pointer: str) -> Iterator[tuple[Any, str]]:
    if isinstance(value, dict):
        for name, member in value.items():
            below = f"{pointer}/{strictjson.escape_pointer(name)}"
            if name == "@context":
                yield member, below
            else:
                yield from _context_members(member, below)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _context_members(item, f"{pointer}/{index}")


class Places:
    """Where things stand in one document. Each index is made once, so that a thousand losses cost no more than one."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document

    def of_text(self, value: str) -> list[str]:
        """The pointers of a string; ``[""]`` where it does not stand in the document."""
        return self._texts.get(value, [""])

    def of_loss(self, loss: Loss) -> str:
        """The pointer of a loss: its element is the very object in the document."""
        where = self._objects.get(id(loss.element), "")
        return f"{where}/{strictjson.escape_pointer(loss.name)}" if loss.is_member else where

    @cached_property
    def _texts(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for text, pointer in strictjson.strings(self._document):
            found.setdefault(text, []).append(pointer)
        return found

    @cached_property
    def _objects(self) -> dict[int, str]:
        found: dict[int, str] = {}
        for value, pointer in _values(self._document, ""):
            found.setdefault(id(value), pointer)
        return found


def _values(value: object, pointer: str) -> Iterator[tuple[object, str]]:
    yield value, pointer
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _values(member, f"{pointer}/{strictjson.escape_pointer(name)}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _values(item, f"{pointer}/{index}")
