"""Parts of a document by JSON pointers, and their statements (vc-di-ecdsa §3.4: selectJsonLd, canonicalizeAndGroup).

The standard gives every blank node an id, compacts the document and selects from that. Compacting turns arrays of one
into single values, so that a pointer into the formal form of a badge would lead nowhere. Here blank nodes are named by
the object of the document that they stand for, whole or selected: the same statements, without compacting.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from badgeissuer.errors import Fault
from badgeissuer.vc.canon import Budget
from badgeissuer.vc.canon.expansion import Origins, expander_of
from badgeissuer.vc.canon.nquads import Quad
from badgeissuer.vc.canon.rdf import Statements
from badgeissuer.vc.contexts import ContextStore
from badgeissuer.vc.faults import BudgetExceeded, NotCanonical, ProofInvalid
from badgeissuer.vc.strictjson import escape_pointer

_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
_ESCAPE = re.compile(r"~(?![01])")
# No document that is read is nested deeper (strictjson).
_DEEPEST = 64
# What a selected part says of itself in any case, so that its statements mean what they meant in the whole.
_KEPT = ("@context", "id", "@id", "type", "@type")

# A tree of steps; None stands for all that is there.
_Wanted: TypeAlias = "dict[str, _Wanted] | None"


@dataclass(frozen=True, slots=True)
class Selection:
    """A document made of parts of another. ``places``: by ``id()``, where each of its objects stood in that other."""

    document: dict[str, Any]
    places: dict[int, str]


def whole(document: Mapping[str, Any]) -> Selection:
    """The whole document, as a copy. Raises ``BudgetExceeded`` where it is nested too deeply."""
    return _selection(document, None)


def select(document: Mapping[str, Any], pointers: Iterable[str]) -> Selection:
    """What the pointers name, each in the objects it stands in, with their contexts, ids and types (RFC 6901).

    Raises ``ProofInvalid`` that names every pointer which leads nowhere, and ``BudgetExceeded`` as ``whole``.
    """
    wanted: _Wanted = {}
    wrong = []
    for pointer in pointers:
        steps = _steps(pointer)
        if steps is None or len(steps) > _DEEPEST or not _leads(document, steps):
            wrong.append(Fault("", f"the pointer {pointer[:200]!r} leads nowhere", ProofInvalid.code, "RFC 6901 §4"))
        else:
            wanted = _add(wanted, steps)
    if wrong:
        raise ProofInvalid("; ".join(fault.detail for fault in wrong[:5]), faults=wrong)
    return _selection(document, wanted)


def _selection(document: Mapping[str, Any], wanted: _Wanted) -> Selection:
    places: dict[int, str] = {}
    try:
        return Selection(_select(document, wanted, "", places), places)
    except RecursionError:
        raise BudgetExceeded("the document is nested too deeply") from None


@dataclass(slots=True)
class Statement:
    """Makes statements of selections of one document, with the same names for the same blank nodes."""

    contexts: ContextStore
    budget: Budget
    _names: dict[Hashable, str] = field(default_factory=dict)

    def of(self, selection: Selection) -> list[Quad]:
        """The statements. Raises ``NotCanonical``, ``UnknownContext`` and ``BudgetExceeded``."""
        expanded, origins = expander_of(self.contexts).trace(selection.document)
        statements = Statements(
            max_quads=self.budget.max_quads, naming=lambda what: self._name(what, origins, selection.places)
        )
        statements.read(expanded)
        if statements.refused:
            raise NotCanonical("the document contains what has no reliable canonical form")
        return list(statements.quads)

    def _name(self, what: dict[str, Any] | tuple[str, str, int, int], origins: Origins, places: dict[int, str]) -> str:
        key = what if isinstance(what, tuple) else _place(what, origins, places)
        return self._names.setdefault(key, f"b{len(self._names)}")


def _place(node: dict[str, Any], origins: Origins, places: dict[int, str]) -> Hashable:
    _, element = origins.get(id(node), (node, node))
    if id(element) in places:
        return places[id(element)]
    # A graph that a context puts around a proof or a credential: named by what is in it.
    inner = node.get("@graph", ())
    return ("graph", _place(inner[0], origins, places)) if len(inner) == 1 else object()


def _steps(pointer: str) -> list[str] | None:
    if pointer and (not pointer.startswith("/") or _ESCAPE.search(pointer)):
        return None
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _leads(value: Any, steps: list[str]) -> bool:
    for step in steps:
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, list | tuple) and _INDEX.fullmatch(step) and int(step) < len(value):
            value = value[int(step)]
        else:
            return False
    return True


def _add(wanted: _Wanted, steps: list[str]) -> _Wanted:
    """The tree of what is wanted with one path more."""
    if wanted is None or not steps:
        return None
    wanted[steps[0]] = _add(wanted.get(steps[0], {}), steps[1:])
    return wanted


def _select(value: Any, wanted: Any, pointer: str, places: dict[int, str]) -> Any:
    if wanted is None:
        return _copy(value, pointer, places)
    if isinstance(value, Mapping):
        result: dict[str, Any] = {}
        for name, member in value.items():
            below = f"{pointer}/{escape_pointer(name)}"
            if name in wanted:
                result[name] = _select(member, wanted[name], below, places)
            elif name in _KEPT:
                result[name] = _copy(member, below, places)
        places[id(result)] = pointer
        return result
    indexes = sorted(int(step) for step in wanted)
    return [_select(value[index], wanted[str(index)], f"{pointer}/{index}", places) for index in indexes]


def _copy(value: Any, pointer: str, places: dict[int, str]) -> Any:
    if isinstance(value, Mapping):
        result = {name: _copy(member, f"{pointer}/{escape_pointer(name)}", places) for name, member in value.items()}
        places[id(result)] = pointer
        return result
    if isinstance(value, list | tuple):
        return [_copy(item, f"{pointer}/{index}", places) for index, item in enumerate(value)]
    return value
