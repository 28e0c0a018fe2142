"""The members of the VC envelope, each by its own rule (VCDM 2.0 §4, §5). ``envelope`` says what stands where.

Each function yields the faults of one member, or of one kind of members, of the document that it is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from badgeissuer.errors import Fault
from badgeissuer.vc.canon.rdf import LANGUAGE_TAG
from badgeissuer.vc.contexts import CREDENTIALS_V2, ContextStore
from badgeissuer.vc.model.base import instant, is_iri
from badgeissuer.vc.strictjson import escape_pointer

Document = Mapping[str, Any]

# What may stand there more than once and must have a type; whether it must have an id, and the clause.
SERVICES: Mapping[str, tuple[bool, str]] = {
    "credentialStatus": (False, "§4.10"),
    "credentialSchema": (True, "§4.11"),
    "proof": (False, "§4.12"),
    "refreshService": (False, "§5.4"),
    "termsOfUse": (False, "§5.5"),
    "evidence": (False, "§5.6"),
}
_IN_LANGUAGE = frozenset(("@value", "@language", "@direction"))
_DIRECTIONS = ("ltr", "rtl")
_DIGESTS = ("digestSRI", "digestMultibase")


def contexts(document: Document) -> Iterator[Fault]:
    """An ordered set that begins with the context of the standard (§4.3)."""
    clause = "§4.3"
    given = document.get("@context")
    if given is None:
        yield fault("/@context", "is required", clause, "required")
        return
    if not isinstance(given, list) or not given:
        yield fault("/@context", f"must be an array that begins with {CREDENTIALS_V2}", clause)
        return
    if given[0] != CREDENTIALS_V2:
        yield fault("/@context/0", f"must be {CREDENTIALS_V2}", clause)
    seen: set[str] = set()
    for n, context in enumerate(given):
        if isinstance(context, Mapping):
            yield from _inline(context, f"/@context/{n}")
        elif not isinstance(context, str) or not is_iri(context):
            yield fault(f"/@context/{n}", "must be a URL or an object", clause)
        elif context in seen:
            yield fault(f"/@context/{n}", "is named twice", clause)
        else:
            seen.add(context)


def _inline(context: Document, pointer: str) -> Iterator[Fault]:
    """A context inside the document may add terms. It may not take those of the standard, nor point nowhere."""
    for term, definition in context.items():
        target = definition.get("@id") if isinstance(definition, Mapping) else definition
        below = f"{pointer}/{escape_pointer(term)}"
        if term in _standard_terms():
            yield fault(below, "is a term of the standard and must not be defined anew", "§4.3")
        elif not term.startswith("@") and isinstance(target, str) and not target.startswith("@") and not is_iri(target):
            yield fault(below, "must be defined as a URL", "§4.5")


@lru_cache(maxsize=1)
def _standard_terms() -> frozenset[str]:
    terms: Document = ContextStore.pinned().document(CREDENTIALS_V2)["@context"]
    return frozenset(term for term in terms if not term.startswith("@"))


def types(value: object, pointer: str, clause: str = "§4.5") -> Iterator[Fault]:
    """One or more terms or URLs. That the terms are defined is found where the document is expanded."""
    items = value if isinstance(value, list) else [value]
    if not items or not all(isinstance(item, str) and item for item in items):
        yield fault(pointer, "must be one or more terms or URLs", clause)


def identifier(document: Document, pointer: str, clause: str) -> Iterator[Fault]:
    """``id``, where it is there: one URL (§4.4)."""
    if "id" in document:
        yield from url(document["id"], f"{pointer}/id", clause)


def url(value: object, pointer: str, clause: str) -> Iterator[Fault]:
    """One absolute URL."""
    if not isinstance(value, str) or not is_iri(value):
        yield fault(pointer, "must be one URL", clause)


def texts(document: Document, pointer: str) -> Iterator[Fault]:
    """``name`` and ``description``: a text, or the same in one or more languages (§4.6, §11.1)."""
    for name in ("name", "description"):
        for below, item in each(document, name):
            if not (isinstance(item, str) or _is_in_language(item)):
                yield fault(pointer + below, "must be a text, or @value with @language and @direction only", "§4.6")


def _is_in_language(value: object) -> bool:
    if not isinstance(value, Mapping) or not value.keys() <= _IN_LANGUAGE or not isinstance(value.get("@value"), str):
        return False
    language, direction = value.get("@language", "en"), value.get("@direction", "ltr")
    return isinstance(language, str) and LANGUAGE_TAG.fullmatch(language) is not None and direction in _DIRECTIONS


def issuer(document: Document, *, required: bool) -> Iterator[Fault]:
    """A URL, or an object whose id is one (§4.7). Where it is not required, an object without id will do."""
    clause = "§4.7"
    given = document.get("issuer")
    if given is None:
        if required:
            yield fault("/issuer", "is required", clause, "required")
    elif isinstance(given, Mapping):
        if "id" in given or required:
            yield from url(given.get("id"), "/issuer/id", clause)
        yield from texts(given, "/issuer")
    else:
        yield from url(given, "/issuer", clause)


def subjects(document: Document, *, required: bool) -> Iterator[Fault]:
    """One or more objects that say something (§4.8)."""
    clause = "§4.8"
    if document.get("credentialSubject") in (None, []):
        if required:
            yield fault("/credentialSubject", "is required", clause, "required")
        return
    for pointer, subject in each(document, "credentialSubject"):
        if not isinstance(subject, Mapping) or not subject:
            yield fault(pointer, "must be an object that says something", clause)
        else:
            yield from identifier(subject, pointer, clause)


def dates(document: Document) -> Iterator[Fault]:
    """``validFrom`` and ``validUntil``: moments with a time zone, in this order (§4.9)."""
    clause = "§4.9"
    moments = {}
    for name in ("validFrom", "validUntil"):
        if name in document:
            try:
                moments[name] = instant(document[name])
            except (TypeError, ValueError):
                yield fault(f"/{name}", "must be a date and time with time zone, such as 2026-01-31T12:00:00Z", clause)
    if len(moments) == 2 and moments["validUntil"] < moments["validFrom"]:
        yield fault("/validUntil", "must not lie before validFrom", clause)


def service(document: Document, name: str) -> Iterator[Fault]:
    """One of ``SERVICES``: each an object with a type."""
    id_needed, clause = SERVICES[name]
    for pointer, item in each(document, name):
        if not isinstance(item, Mapping):
            yield fault(pointer, "must be an object", clause)
            continue
        if "type" not in item:
            yield fault(f"{pointer}/type", "is required", clause, "required")
        else:
            yield from types(item["type"], f"{pointer}/type", clause)
        if id_needed and "id" not in item:
            yield fault(f"{pointer}/id", "is required", clause, "required")
        yield from identifier(item, pointer, clause)


def related(document: Document) -> Iterator[Fault]:
    """``relatedResource``: each with an id of its own and one or more digests (§5.3)."""
    clause = "§5.3"
    seen: set[str] = set()
    for pointer, item in each(document, "relatedResource"):
        if not isinstance(item, Mapping):
            yield fault(pointer, "must be an object", clause)
            continue
        named = item.get("id")
        yield from url(named, f"{pointer}/id", clause)
        if isinstance(named, str):
            if named in seen:
                yield fault(f"{pointer}/id", "is named twice", clause)
            seen.add(named)
        given = [name for name in _DIGESTS if name in item]
        if not given:
            yield fault(pointer, f"must have {' or '.join(_DIGESTS)}", clause, "required")
        for name in given:
            digests = item[name] if isinstance(item[name], list) else [item[name]]
            if not digests or not all(isinstance(digest, str) and digest for digest in digests):
                yield fault(f"{pointer}/{name}", "must be one or more texts", clause)


def each(document: Document, name: str) -> Iterator[tuple[str, object]]:
    """Each value of a member that may have several, with its pointer; none where the member is not there."""
    value = document.get(name, [])
    if isinstance(value, list):
        yield from ((f"/{name}/{n}", item) for n, item in enumerate(value))
    else:
        yield f"/{name}", value


def words(value: object) -> set[str]:
    """The texts among one value or several: the types of a document, for instance."""
    return {item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)}


def fault(pointer: str, detail: str, clause: str, code: str = "invalid") -> Fault:
    return Fault(pointer, detail, code, f"VCDM {clause}")
