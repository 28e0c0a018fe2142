"""Prepare, then sign: the one place that says whether a document may be signed.

``inspect`` looks at everything that JSON alone shows; ``prepare`` adds what the canonical form shows (members that
JSON-LD drops) and makes a ``Prepared``. Nothing else makes one, and nothing but a ``Prepared`` can be signed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import InitVar, dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from badgeissuer.errors import Fault, MalformedInput, Rejected
from badgeissuer.vc import strictjson
from badgeissuer.vc.canon import Canonical, equal_siblings, source_digest
from badgeissuer.vc.lint.badge import badge_faults
from badgeissuer.vc.lint.links import link_faults
from badgeissuer.vc.lint.statuslist import status_list_faults
from badgeissuer.vc.lint.values import value_faults
from badgeissuer.vc.model.base import faults_of, to_document
from badgeissuer.vc.model.ob3 import OpenBadgeCredential
from badgeissuer.vc.strictjson import escape_pointer

LARGEST_TEXT = 65_536

_ONLY_HERE: Final = object()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document that may be signed: its exact text and the canonical form that was checked.

    Made by ``prepare`` and ``prepare_status_list`` only; any other call raises ``TypeError``. It cannot change: the
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
        document = strictjson.loads(self.text.encode("utf-8"), max_bytes=4 * LARGEST_TEXT)
        assert isinstance(document, dict)
        return document

    @property
    def text_sha256(self) -> str:
        """SHA-256 of the text, in hex."""
        return hashlib.sha256(self.text.encode("utf-8")).hexdigest()


def inspect(document: Mapping[str, Any], *, now: datetime, allow_loopback: bool = False) -> list[Fault]:
    """Every fault of an unsigned Open Badges credential that can be seen without JSON-LD, in the order of the checks.

    Classes and cardinalities of OB 3.0 in array form, texts and numbers that implementations treat alike, ids and
    links, dates, contexts, hashed identities, references of results, the status entry, equal siblings, size.
    ``allow_loopback`` lets http URLs of this machine pass (demo mode).
    """
    return _inspected(
        document, lambda: [*_model_faults(document), *badge_faults(document, now=now)], allow_loopback=allow_loopback
    )


def dropped_faults(document: Mapping[str, Any], canonical: Canonical) -> list[Fault]:
    """What JSON-LD would leave out of the signature: undefined members and ids or types that are not absolute.

    Raises ``Rejected`` where the canonical form is that of another document.
    """
    if canonical.source != source_digest(document):
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
    document: Mapping[str, Any], canonical: Canonical, *, now: datetime, allow_loopback: bool = False
) -> Prepared:
    """The document, ready to be signed. Raises ``Rejected`` with every fault that was found."""
    faults = inspect(document, now=now, allow_loopback=allow_loopback)
    return _prepared(document, canonical, faults, what="credential")


def prepare_status_list(
    document: Mapping[str, Any], canonical: Canonical, *, now: datetime, allow_loopback: bool = False
) -> Prepared:
    """A status list credential, ready to be signed (BSL §2.2). Raises ``Rejected`` with every fault."""
    faults = _inspected(document, lambda: status_list_faults(document, now=now), allow_loopback=allow_loopback)
    return _prepared(document, canonical, faults, what="status list")


def _prepared(document: Mapping[str, Any], canonical: Canonical, faults: list[Fault], *, what: str) -> Prepared:
    # Where the document is not even JSON it has no digest, and the fault that says so is enough.
    if not any(fault.code == "malformed-json" for fault in faults):
        faults = [*faults, *dropped_faults(document, canonical)]
    if faults:
        raise Rejected(f"the {what} cannot be signed as it is; see the faults", faults=faults)
    return Prepared(strictjson.dumps(document), canonical, _ONLY_HERE)


def _inspected(document: Mapping[str, Any], own: Callable[[], Iterable[Fault]], *, allow_loopback: bool) -> list[Fault]:
    try:
        size = len(strictjson.dumps(document).encode("utf-8"))
    except MalformedInput as error:
        return list(error.faults) or [Fault("", error.detail, error.code)]
    faults = [*own(), *value_faults(document), *link_faults(document, allow_loopback=allow_loopback)]
    if size > LARGEST_TEXT:
        faults.append(Fault("", f"is larger than {LARGEST_TEXT} bytes", "too-large"))
    repeated = "repeats an earlier object of the same array; tell them apart or leave one out"
    faults.extend(Fault(pointer, repeated, "repeated", "RDFC §7.1") for pointer in equal_siblings(document))
    return _once(faults)


def _model_faults(document: Mapping[str, Any]) -> Iterator[Fault]:
    try:
        node = OpenBadgeCredential.model_validate(dict(document))
    except ValidationError as error:
        yield from faults_of(error, clause="OB data model")
        return
    yield from _form_faults(document, to_document(node), "")


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


def _kind(name: str) -> str:
    """ "type Foo" → "the type 'Foo'"; an id is not repeated, since it may name a person."""
    kind, _, value = name.partition(" ")
    return f"the type {value!r}" if kind == "type" else f"the {kind}"


def _once(faults: list[Fault]) -> list[Fault]:
    return list(dict.fromkeys(faults))
