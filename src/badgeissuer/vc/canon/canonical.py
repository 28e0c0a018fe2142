"""From a document to its canonical N-Quads; what would be lost or read differently elsewhere is reported."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from badgeissuer.errors import Fault
from badgeissuer.vc import limits, strictjson
from badgeissuer.vc.canon.collecting import quiet
from badgeissuer.vc.canon.compiled import statements
from badgeissuer.vc.canon.expansion import expander_of, not_json_ld
from badgeissuer.vc.canon.places import Places, check_contexts
from badgeissuer.vc.canon.rdf import Statements
from badgeissuer.vc.canon.rdfc import Algorithm, canonize, canonize_dataset
from badgeissuer.vc.canon.siblings import SCALARS
from badgeissuer.vc.canon.tables import NotPlain
from badgeissuer.vc.contexts import OB_CONTEXTS, ContextStore, Edition
from badgeissuer.vc.faults import BudgetExceeded, NotCanonical

# A look at a neighbour takes some microseconds.
_FEW_STEPS = 200
# Characters of a text for which the collector of cyclic garbage is put off.
_LONG = 4 * limits.BADGE_BYTES
# Reading the contexts of a badge takes a tenth of a second, once: done before the first document comes.
WARM_UP: Mapping[str, Any] = {
    "@context": list(OB_CONTEXTS),
    "id": "urn:a",
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "issuer": {"id": "urn:b", "type": ["Profile"], "name": "B"},
    "validFrom": "2026-01-01T00:00:00Z",
    "credentialSubject": {
        "id": "urn:c",
        "type": ["AchievementSubject"],
        "achievement": {"id": "urn:d", "type": ["Achievement"], "name": "D", "criteria": {"narrative": "d"}},
    },
    "credentialStatus": {"id": "urn:e", "type": "BitstringStatusListEntry", "statusListIndex": "0"},
}


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
        if self.max_quads <= limits.BADGE_QUADS and self.max_steps <= limits.BADGE_STEPS:
            return self  # a badge's share is all there is
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
    """SHA-256 (hex) of the document's JSON text: which document a ``Canonical`` is the form of.

    Members count in the order they have: the same facts in another order are another text.
    """
    return _digest(strictjson.dumps(document))


def canonicalize(
    document: Mapping[str, Any],
    contexts: ContextStore,
    *,
    budget: Budget = BADGE_BUDGET,
    algorithm: Algorithm = "sha256",
    text: str | None = None,
) -> Canonical:
    """The RDFC-1.0 form of a JSON-LD document, with no base IRI and no context but those of the store.

    Raises ``UnknownContext`` for contexts that are not in the store, ``BudgetExceeded`` where a limit of the budget is
    passed, ``MalformedJson`` for what is not JSON, and ``NotCanonical`` for inline context objects, blank node ids in
    the input, invalid JSON-LD, a document that makes no statement, and what implementations write differently (control
    characters in literals other than tab and line ends, malformed language tags). Lost members and relative IRIs do
    not raise: they are listed in the result, so that a report can name them all. ``text`` is what ``strictjson.dumps``
    makes of this very document, where the caller has it already.
    """
    try:
        return _canonicalize(document, contexts, budget, algorithm, text)
    except RecursionError:
        raise BudgetExceeded("the document is nested too deeply") from None


def quickly(
    document: Mapping[str, Any],
    contexts: ContextStore,
    *,
    budget: Budget = BADGE_BUDGET,
    algorithm: Algorithm = "sha256",
    text: str | None = None,
) -> Canonical | None:
    """The same where the document is an ordinary one, in less than a millisecond for a badge; else None.

    Raises ``BudgetExceeded`` for more bytes, values or levels than the budget has, and ``MalformedJson``. All else that
    ``canonicalize`` raises or reports is None here, and so is a document with blank nodes that look alike: this is
    bounded by small counts, so that it may run where nothing can be killed.
    """
    try:
        text, budget = _text_of(document, budget, text)
        few = replace(budget, max_quads=min(budget.max_quads, limits.BADGE_QUADS), max_steps=_FEW_STEPS)
        found = _the_short_way(document, text, contexts, few, algorithm)
        if found is None:
            check_values(document, budget)
        return found
    except RecursionError:
        raise BudgetExceeded("the document is nested too deeply") from None
    except BudgetExceeded as error:
        if error.unit in ("statements", "steps"):
            return None
        raise


def _canonicalize(
    document: Mapping[str, Any], contexts: ContextStore, budget: Budget, algorithm: Algorithm, text: str | None
) -> Canonical:
    text, budget = _text_of(document, budget, text)
    with quiet() if len(text) > _LONG else contextlib.nullcontext():
        found = _the_short_way(document, text, contexts, budget, algorithm)
        return found or _the_long_way(text, contexts, budget, algorithm)


def _text_of(document: Mapping[str, Any], budget: Budget, text: str | None = None) -> tuple[str, Budget]:
    """The document's text, and what of the budget it can use."""
    if text is None:
        text = strictjson.dumps(document)
    size = len(text) if text.isascii() else len(text.encode())
    if size > budget.max_bytes:
        raise BudgetExceeded(f"the document is longer than {budget.max_bytes} bytes", unit="bytes", spent=size)
    return text, budget.within(size)


def _the_short_way(
    document: Mapping[str, Any], text: str, contexts: ContextStore, budget: Budget, algorithm: Algorithm
) -> Canonical | None:
    most = {"max_quads": budget.max_quads, "max_values": budget.max_values}
    try:
        made = statements(document, contexts, text=text, **most)
    except NotPlain:
        made = statements(json.loads(text), contexts, text=text, **most)
    if made is None:
        return None
    # Nothing was lost, relative or refused.
    dataset = canonize_dataset(made, max_steps=budget.max_steps, algorithm=algorithm)
    return Canonical(
        source=_digest(text),
        nquads=dataset.nquads,
        quads=dataset.quads,
        algorithm=algorithm,
        edition=contexts.edition,
    )


def _the_long_way(text: str, contexts: ContextStore, budget: Budget, algorithm: Algorithm) -> Canonical:
    """By PyLD, which takes thirty times as long: for what is unusual, and for all that is wrong, which it finds."""
    plain: dict[str, Any] = json.loads(text)
    check_values(plain, budget)
    check_contexts(plain, contexts)
    expander = expander_of(contexts)
    expanded, losses = expander.expand(plain, max_steps=budget.max_contexts)
    made = Statements(max_quads=budget.max_quads)
    try:
        made.read(expanded)
    except (AttributeError, KeyError, TypeError, ValueError):
        # PyLD lets some keywords pass where none may stand; what they expand to is no node.
        raise not_json_ld("invalid structure") from None
    places = Places(plain)
    if made.refused:
        raise NotCanonical(
            "the document contains what has no reliable canonical form",
            faults=[
                Fault(pointer, detail, NotCanonical.code)
                for value, detail in _unique(made.refused)
                for pointer in places.of_text(value)
            ],
        )
    dropped = [*((loss.name, places.of_loss(loss)) for loss in losses), *((name, "") for name in made.dropped)]
    if not made.quads:
        detail = "nothing in the document would be covered by a signature"
        lost = [Fault(pointer, "this is not defined by the contexts", NotCanonical.code) for _, pointer in dropped]
        raise NotCanonical(detail, faults=[Fault("", detail, NotCanonical.code), *lost])

    dataset = canonize(made.quads, max_steps=budget.max_steps, algorithm=algorithm)
    relative = [
        (f"{kind} {value}", pointer) for kind, value in _unique(made.relative) for pointer in places.of_text(value)
    ]
    return Canonical(
        source=_digest(text),
        nquads=dataset.nquads,
        quads=dataset.quads,
        dropped=tuple(name for name, _ in dropped),
        relative=tuple(name for name, _ in relative),
        dropped_at=tuple(pointer for _, pointer in dropped),
        relative_at=tuple(pointer for _, pointer in relative),
        algorithm=algorithm,
        edition=contexts.edition,
    )


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
        pending.extend(
            (item, level + 1)
            for item in items
            if type(item) not in SCALARS and isinstance(item, Mapping | list | tuple)
        )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _unique(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return list(dict.fromkeys(pairs))
