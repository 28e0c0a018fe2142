"""Prepare, then sign: the one place that says whether a document may be signed.

``inspect`` looks at everything that JSON alone shows; ``prepare`` adds what the canonical form shows (members that
JSON-LD drops) and makes a ``Prepared``. Nothing else makes one, and nothing but a ``Prepared`` can be signed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import InitVar, dataclass
from datetime import datetime
from typing import Any, Final

from badgeissuer.errors import Fault, MalformedInput, Rejected
from badgeissuer.vc import strictjson
from badgeissuer.vc.canon import BADGE_BUDGET, Canonical, equal_siblings, source_digest
from badgeissuer.vc.checks.kinds import Kind
from badgeissuer.vc.lint import known
from badgeissuer.vc.lint.badge import badge_faults
from badgeissuer.vc.lint.clr import clr_budget, clr_faults, member_faults, without_members
from badgeissuer.vc.lint.endorsement import endorsement_faults
from badgeissuer.vc.lint.form import model_faults
from badgeissuer.vc.lint.links import link_faults
from badgeissuer.vc.lint.rules import Rules, held_to
from badgeissuer.vc.lint.statuslist import status_list_faults
from badgeissuer.vc.lint.values import value_faults
from badgeissuer.vc.model.ob3 import OpenBadgeCredential

__all__ = [
    "LARGEST_TEXT",
    "Prepared",
    "Rules",
    "clr_budget",
    "dropped_faults",
    "inspect",
    "inspect_clr",
    "inspect_endorsement",
    "member_faults",
    "prepare",
    "prepare_clr",
    "prepare_endorsement",
    "prepare_status_list",
]

LARGEST_TEXT = BADGE_BUDGET.max_bytes

_ONLY_HERE: Final = object()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document that may be signed: its exact text and the canonical form that was checked.

    Made by ``prepare`` and its like in this module only; any other call raises ``TypeError``. It cannot change: the
    text is the record, and ``document`` reads it anew at each use.
    """

    text: str
    canonical: Canonical
    _permit: InitVar[object]

    def __post_init__(self, _permit: object) -> None:
        if _permit is not _ONLY_HERE:
            raise TypeError("only lint.prepare makes a Prepared")

    @property
    def document(self) -> dict[str, Any]:
        """The unsigned document. Changing what this returns changes nothing here."""
        document = json.loads(self.text)  # it was written by strictjson, so any parser reads it alike
        assert isinstance(document, dict)
        return document

    @property
    def text_sha256(self) -> str:
        """SHA-256 of the text, in hex."""
        return hashlib.sha256(self.text.encode("utf-8")).hexdigest()


def inspect(
    document: Mapping[str, Any], *, now: datetime, allow_loopback: bool = False, rules: Rules = Rules.HOUSE
) -> list[Fault]:
    """Every fault of an unsigned Open Badges credential that can be seen without JSON-LD, in the order of the checks.

    Classes and cardinalities of OB 3.0 in array form, texts and numbers that implementations treat alike, ids and
    links, dates, contexts, hashed identities, references of results, the status entry, equal siblings, size.
    ``allow_loopback`` lets http URLs of this machine pass (demo mode). ``rules``: those of the service, or no more than
    the standards demand.
    """
    return _badge_inspected(document, now=now, allow_loopback=allow_loopback, rules=rules, text=_text_or_none(document))


def _badge_inspected(
    document: Mapping[str, Any], *, now: datetime, allow_loopback: bool, rules: Rules, text: str | None
) -> list[Fault]:
    def faults_in(looked_at: Mapping[str, Any]) -> list[Fault]:
        def own() -> Iterator[Fault]:
            yield from model_faults(OpenBadgeCredential, looked_at, clause="OB data model")
            yield from badge_faults(document, now=now, text=text)

        return _inspected(
            document,
            own,
            allow_loopback=allow_loopback,
            rules=rules,
            kind=Kind.BADGE,
            part=looked_at,
            text=text,
        )

    if text is None or rules is not Rules.HOUSE:
        return faults_in(document)
    parts = known.parts_of(document, allow_loopback=allow_loopback)
    if parts is not None and parts.clean and not faults_in(parts.others):
        return []
    faults = faults_in(document)
    if parts is not None and not faults:
        parts.remember()
    return faults


def inspect_endorsement(
    document: Mapping[str, Any], *, now: datetime, allow_loopback: bool = False, rules: Rules = Rules.HOUSE
) -> list[Fault]:
    """Every fault of an unsigned EndorsementCredential that can be seen without JSON-LD: as ``inspect``."""
    return _inspected(
        document,
        lambda: endorsement_faults(document, now=now),
        allow_loopback=allow_loopback,
        rules=rules,
        kind=Kind.ENDORSEMENT,
    )


def inspect_clr(
    document: Mapping[str, Any], *, now: datetime, allow_loopback: bool = False, rules: Rules = Rules.HOUSE
) -> list[Fault]:
    """Every fault of an unsigned ClrCredential that can be seen without JSON-LD.

    What is the record's own is held to the rules of ``inspect``. Its members are documents of others: each must be a
    VC 2.0 object of the shape of its class, with a proof of its own, of the size of a badge, once. Whether that proof
    is right is the verifier's business. The text may be as long as ``clr_budget`` allows.
    """
    return _inspected(
        document,
        lambda: clr_faults(document, now=now),
        allow_loopback=allow_loopback,
        rules=rules,
        kind=Kind.CLR,
        part=without_members(document),
        largest=clr_budget(document).max_bytes,
    )


def dropped_faults(document: Mapping[str, Any], canonical: Canonical) -> list[Fault]:
    """What JSON-LD would leave out of the signature: undefined members and ids or types that are not absolute.

    Raises ``Rejected`` where the canonical form is that of another document.
    """
    return _dropped(canonical, source_digest(document))


def _dropped(canonical: Canonical, source: str) -> list[Fault]:
    if canonical.source != source:
        raise Rejected("the canonical form belongs to another document")
    clause = "DI §4.2 (DATA_LOSS_DETECTION_ERROR)"
    dropped = [
        Fault(
            pointer, f"{name!r} is not defined by the contexts here, so no signature would cover it", "dropped", clause
        )
        for name, pointer in zip(canonical.dropped, canonical.dropped_at, strict=True)
    ]
    relative = [
        Fault(pointer, f"{_kind(name)} is neither defined by the contexts nor an absolute IRI", "relative", clause)
        for name, pointer in zip(canonical.relative, canonical.relative_at, strict=True)
    ]
    return [*dropped, *relative]


def prepare(
    document: Mapping[str, Any],
    canonical: Canonical,
    *,
    now: datetime,
    allow_loopback: bool = False,
    rules: Rules = Rules.HOUSE,
) -> Prepared:
    """The document, ready to be signed. Raises ``Rejected`` with every fault that was found."""
    text = _text_or_none(document)
    faults = _badge_inspected(document, now=now, allow_loopback=allow_loopback, rules=rules, text=text)
    return _prepared(document, canonical, faults, what="credential", text=text)


def prepare_endorsement(
    document: Mapping[str, Any],
    canonical: Canonical,
    *,
    now: datetime,
    allow_loopback: bool = False,
    rules: Rules = Rules.HOUSE,
) -> Prepared:
    """An endorsement, ready to be signed (OB §EndorsementCredential). Raises ``Rejected`` with every fault."""
    faults = inspect_endorsement(document, now=now, allow_loopback=allow_loopback, rules=rules)
    return _prepared(document, canonical, faults, what="endorsement")


def prepare_clr(
    document: Mapping[str, Any],
    canonical: Canonical,
    *,
    now: datetime,
    allow_loopback: bool = False,
    rules: Rules = Rules.HOUSE,
) -> Prepared:
    """A learner record, ready to be signed (CLR §ClrCredential). Raises ``Rejected`` with every fault.

    ``canonical`` is made with ``clr_budget(document)``; a form that took more statements than that is refused.
    """
    faults = inspect_clr(document, now=now, allow_loopback=allow_loopback, rules=rules)
    budget = clr_budget(document)
    if canonical.quads > budget.max_quads:
        faults.append(Fault("", f"makes more than {budget.max_quads} statements", "too-large"))
    return _prepared(document, canonical, faults, what="learner record")


def prepare_status_list(
    document: Mapping[str, Any],
    canonical: Canonical,
    *,
    now: datetime,
    allow_loopback: bool = False,
    rules: Rules = Rules.HOUSE,
) -> Prepared:
    """A status list credential, ready to be signed (BSL §2.2). Raises ``Rejected`` with every fault."""
    faults = _inspected(
        document, lambda: status_list_faults(document, now=now), allow_loopback=allow_loopback, rules=rules
    )
    return _prepared(document, canonical, faults, what="status list")


def _prepared(
    document: Mapping[str, Any], canonical: Canonical, faults: list[Fault], *, what: str, text: str | None = None
) -> Prepared:
    # Where the document is not even JSON it has no digest, and the fault that says so is enough.
    text = _text_or_none(document) if text is None else text
    if text is not None:
        faults = [*faults, *_dropped(canonical, hashlib.sha256(text.encode()).hexdigest())]
    if faults or text is None:
        raise Rejected(f"the {what} cannot be signed as it is; see the faults", faults=faults)
    return Prepared(text, canonical, _ONLY_HERE)


def _text_or_none(document: Mapping[str, Any]) -> str | None:
    """The document's text; None where it has none."""
    try:
        return strictjson.dumps(document)
    except MalformedInput:
        return None


def _inspected(
    document: Mapping[str, Any],
    own: Callable[[], Iterable[Fault]],
    *,
    allow_loopback: bool,
    rules: Rules = Rules.HOUSE,
    kind: Kind | None = None,
    part: Mapping[str, Any] | None = None,
    largest: int = LARGEST_TEXT,
    text: str | None = None,
) -> list[Fault]:
    """``part`` is what of the document we wrote ourselves, or what of it is to be looked at, where that is not all of
    it; ``text`` is the document's, where the caller has it."""
    try:
        size = len((strictjson.dumps(document) if text is None else text).encode("utf-8"))
    except MalformedInput as error:
        return list(error.faults) or [Fault("", error.detail, error.code)]
    part = document if part is None else part
    faults = [*own(), *value_faults(part, text=text), *link_faults(part, allow_loopback=allow_loopback)]
    if size > largest:
        faults.append(Fault("", f"is larger than {largest} bytes", "too-large"))
    repeated = "repeats an earlier object of the same array; tell them apart or leave one out"
    faults.extend(Fault(pointer, repeated, "repeated", "RDFC §7.1") for pointer in equal_siblings(part))
    return _once([*held_to(rules, faults, document, kind)])


def _kind(name: str) -> str:
    """ "type Foo" → "the type 'Foo'"; an id is not repeated, since it may name a person."""
    kind, _, value = name.partition(" ")
    return f"the type {value!r}" if kind == "type" else f"the {kind}"


def _once(faults: list[Fault]) -> list[Fault]:
    return list(dict.fromkeys(faults))
