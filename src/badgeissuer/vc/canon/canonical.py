"""From a document to its canonical N-Quads; what would be lost or read differently elsewhere is reported."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from badgeissuer.errors import Fault
from badgeissuer.vc import limits, strictjson
from badgeissuer.vc.canon.expansion import Loss, expander_of, not_json_ld
from badgeissuer.vc.canon.rdf import Statements
from badgeissuer.vc.canon.rdfc import Algorithm, canonize
from badgeissuer.vc.contexts import ContextStore, Edition
from badgeissuer.vc.faults import BudgetExceeded, NotCanonical, UnknownContext


@dataclass(frozen=True, slots=True)
class Budget:
    """How much work one canonicalisation may take. All limits are counted: the machine's speed plays no part.

    ``max_steps`` bounds the search through blank nodes that look alike (RDFC-1.0 §4.8, N-degree hashing): one step is
    one look at a neighbour in one permutation. An ordinary credential takes none. ``bytes_per_quad`` bounds what a text
    gets by its length, beyond a badge's share (``within``); 0 where its length shall not matter.
    """

    max_bytes: int = limits.BADGE_BYTES
    max_quads: int = limits.BADGE_QUADS
    max_steps: int = limits.BADGE_STEPS
    bytes_per_quad: int = limits.BYTES_PER_QUAD

    @property
    def max_values(self) -> int:
        """Members and items of the document, at all levels: each makes about one statement, some none."""
        return limits.VALUES_PER_QUAD * self.max_quads

    @property
    def max_contexts(self) -> int:
        """Work on JSON-LD contexts, counted as ``limits.CONTEXT_STEPS`` says; members mostly share their contexts."""
        return limits.CONTEXT_STEPS + limits.CONTEXT_STEPS_EACH * (self.max_quads // limits.BADGE_QUADS)

    def within(self, size: int) -> Budget:
        """What of the budget a text of so many bytes can use. A learner record's budget grows with its members; a short
        text that claims a thousand of them gets little more than a badge's share all the same."""
        if not self.bytes_per_quad:
            return self
        earned = size // self.bytes_per_quad
        quads = min(self.max_quads, limits.BADGE_QUADS + earned)
        return replace(self, max_quads=quads, max_steps=min(self.max_steps, limits.BADGE_STEPS + earned))


BADGE_BUDGET = Budget()
FOREIGN_BUDGET = Budget(limits.FOREIGN_BYTES, limits.FOREIGN_QUADS, limits.FOREIGN_STEPS)


@dataclass(frozen=True, slots=True)
class Canonical:
    """The canonical form of one document, and what it says about that document.

    ``source`` is ``source_digest`` of the document. ``dropped`` names members and values that leave no statement
    behind, so that no signature covers them; ``relative`` names ids and types that are not absolute IRIs ("id abc",
    "type Foo"), whose statements are left out likewise. ``dropped_at`` and ``relative_at`` hold the JSON pointer of
    each, in the same order ("" where it is not known). A document may be signed, or taken for verified, only where both
    are empty. ``algorithm`` is the hash inside RDFC-1.0; signatures with P-384 need SHA-384 (vc-di-ecdsa §3.2.3).
    ``edition`` is which content of the Open Badges context it was made with.
    """

    source: str
    nquads: bytes
    quads: int
    dropped: tuple[str, ...] = ()
    relative: tuple[str, ...] = ()
    dropped_at: tuple[str, ...] = ()
    relative_at: tuple[str, ...] = ()
    algorithm: Algorithm = "sha256"
    edition: Edition = Edition.CURRENT

    @property
    def sha256(self) -> bytes:
        """SHA-256 of the N-Quads: the document half of a Data Integrity proof's hash data."""
        return hashlib.sha256(self.nquads).digest()


def source_digest(document: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of the document's JSON text with sorted members: which document a ``Canonical`` is the form of."""
    return _digest(strictjson.dumps(document, sort_keys=True))


def canonicalize(
    document: Mapping[str, Any],
    contexts: ContextStore,
    *,
    budget: Budget = BADGE_BUDGET,
    algorithm: Algorithm = "sha256",
) -> Canonical:
    """The RDFC-1.0 form of a JSON-LD document, with no base IRI and no context but those of the store.

    Raises ``UnknownContext`` for contexts that are not in the store, ``BudgetExceeded`` where a limit of the budget is
    passed, ``MalformedJson`` for what is not JSON, and ``NotCanonical`` for inline context objects, blank node ids in
    the input, invalid JSON-LD, a document that makes no statement, and what implementations write differently (control
    characters in literals other than tab and line ends, malformed language tags). Lost members and relative IRIs do
    not raise: they are listed in the result, so that a report can name them all.
    """
    try:
        return _canonicalize(document, contexts, budget, algorithm)
    except RecursionError:
        raise BudgetExceeded("the document is nested too deeply") from None


def _canonicalize(
    document: Mapping[str, Any], contexts: ContextStore, budget: Budget, algorithm: Algorithm
) -> Canonical:
    text = strictjson.dumps(document, sort_keys=True)
    size = len(text.encode())
    if size > budget.max_bytes:
        raise BudgetExceeded(f"the document is longer than {budget.max_bytes} bytes", unit="bytes", spent=size)
    budget = budget.within(size)
    plain: dict[str, Any] = json.loads(text)
    check_values(plain, budget)
    _check_contexts(plain, contexts)

    expander = expander_of(contexts)
    expanded, losses = expander.expand(plain, max_steps=budget.max_contexts)
    statements = Statements(max_quads=budget.max_quads)
    try:
        statements.read(expanded)
    except (AttributeError, KeyError, TypeError, ValueError):
        # PyLD lets some keywords pass where none may stand; what they expand to is no node.
        raise not_json_ld("invalid structure") from None
    places = _Places(plain)
    if statements.refused:
        raise NotCanonical(
            "the document contains what has no reliable canonical form",
            faults=[
                Fault(pointer, detail, NotCanonical.code)
                for value, detail in _unique(statements.refused)
                for pointer in places.of_text(value)
            ],
        )
    dropped = [*((loss.name, places.of_loss(loss)) for loss in losses), *((name, "") for name in statements.dropped)]
    if not statements.quads:
        detail = "nothing in the document would be covered by a signature"
        lost = [Fault(pointer, "this is not defined by the contexts", NotCanonical.code) for _, pointer in dropped]
        raise NotCanonical(detail, faults=[Fault("", detail, NotCanonical.code), *lost])

    dataset = canonize(statements.quads, max_steps=budget.max_steps, algorithm=algorithm)
    relative = [
        (f"{kind} {value}", pointer)
        for kind, value in _unique(statements.relative)
        for pointer in places.of_text(value)
    ]
    return Canonical(
        source=_digest(text),
        nquads=dataset.nquads,
        quads=len(dataset.lines),
        dropped=tuple(name for name, _ in dropped),
        relative=tuple(name for name, _ in relative),
        dropped_at=tuple(pointer for _, pointer in dropped),
        relative_at=tuple(pointer for _, pointer in relative),
        algorithm=algorithm,
        edition=contexts.edition,
    )


def equal_siblings(document: Mapping[str, Any]) -> list[str]:
    """JSON pointers of objects without id that repeat, member for member, an earlier object of the same array.

    They say nothing twice, and as blank nodes that look alike they are what makes canonicalisation expensive for every
    verifier. They are refused before signing.
    """
    repeats: list[str] = []
    for array, pointer in _arrays(document, ""):
        seen: set[str] = set()
        for index, item in enumerate(array):
            if isinstance(item, Mapping) and "id" not in item and "@id" not in item:
                text = strictjson.dumps(item, sort_keys=True)
                if text in seen:
                    repeats.append(f"{pointer}/{index}")
                seen.add(text)
    return repeats


def check_values(document: Mapping[str, Any], budget: Budget) -> None:
    """Count what could only end in too many statements, before anything costly is done with it.

    Raises ``BudgetExceeded`` for more members and items than ``budget.max_values``, or for too many levels.
    """
    count, pending = 0, list[tuple[Any, int]]([(document, 1)])
    while pending:
        value, level = pending.pop()
        if level > limits.JSON_DEPTH:
            raise BudgetExceeded(
                f"the document is nested deeper than {limits.JSON_DEPTH} levels", unit="levels", spent=level
            )
        items = value.values() if isinstance(value, Mapping) else value
        count += len(items)
        if count > budget.max_values:
            detail = f"the document has more than {budget.max_values} values"
            raise BudgetExceeded(detail, unit="values", spent=count)
        pending.extend((item, level + 1) for item in items if isinstance(item, Mapping | list | tuple))


def _check_contexts(document: dict[str, Any], contexts: ContextStore) -> None:
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


def _arrays(value: object, pointer: str) -> Iterator[tuple[list[Any] | tuple[Any, ...], str]]:
    if isinstance(value, Mapping):
        for name, member in value.items():
            yield from _arrays(member, f"{pointer}/{strictjson.escape_pointer(name)}")
    elif isinstance(value, list | tuple):
        yield value, pointer
        for index, item in enumerate(value):
            yield from _arrays(item, f"{pointer}/{index}")


class _Places:
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


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _unique(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return list(dict.fromkeys(pairs))
