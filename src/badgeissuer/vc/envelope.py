"""The envelope that all verifiable credentials and presentations share, whatever they hold (VCDM 2.0 §4).

For documents of any kind: what a credential of Open Badges or CLR must say besides is ``lint``'s and ``checks.shape``'s
business. Nothing is expanded: terms that only JSON-LD processing could find undefined are found when it is done.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from badgeissuer.errors import Fault
from badgeissuer.vc.contexts import CREDENTIALS_V2, ContextStore
from badgeissuer.vc.model.base import instant, is_iri

CREDENTIAL, PRESENTATION = "VerifiableCredential", "VerifiablePresentation"
_ENVELOPED = {
    "EnvelopedVerifiableCredential": re.compile(r"data:application/vc\+(?:jwt|sd-jwt|cose)[;,].+", re.DOTALL),
    "EnvelopedVerifiablePresentation": re.compile(r"data:application/vp\+(?:jwt|sd-jwt|cose)[;,].+", re.DOTALL),
}
_LANGUAGE = frozenset(("@value", "@language", "@direction"))
_DIGESTS = ("digestSRI", "digestMultibase")

Document = Mapping[str, Any]


def envelope_faults(document: Document, *, issued: bool = True) -> list[Fault]:
    """Every fault of the envelope of a credential or presentation, with its pointer and clause.

    ``issued``: it is said to be finished. Otherwise it is handed in to be secured: who issues it may still be put in,
    and the credentials in a presentation may still get their proofs.
    """
    types = _words(document.get("type"))
    if not isinstance(document.get("type"), str | list) or not types:
        return [*_contexts(document), _fault("/type", "is required", "§4.5", "required")]
    if PRESENTATION in types:
        return [*_contexts(document), *_presentation(document, issued=issued)]
    if CREDENTIAL in types:
        return [*_contexts(document), *_credential(document, issued=issued)]
    enveloped = [name for name in _ENVELOPED if name in types]
    if enveloped:
        return [*_contexts(document), *_data(document, enveloped[0], "")]
    return [*_contexts(document), _fault("/type", f"must contain {CREDENTIAL} or {PRESENTATION}", "§4.5")]


def _contexts(document: Document) -> Iterator[Fault]:
    clause = "§4.3"
    given = document.get("@context")
    if given is None:
        yield _fault("/@context", "is required", clause, "required")
        return
    if not isinstance(given, list) or not given:
        yield _fault("/@context", f"must be an array that begins with {CREDENTIALS_V2}", clause)
        return
    if given[0] != CREDENTIALS_V2:
        yield _fault("/@context/0", f"must be {CREDENTIALS_V2}", clause)
    for n, context in enumerate(given):
        if isinstance(context, Mapping):
            yield from _inline(context, f"/@context/{n}")
        elif not isinstance(context, str) or not is_iri(context):
            yield _fault(f"/@context/{n}", "must be a URL or an object", clause)


def _inline(context: Document, pointer: str) -> Iterator[Fault]:
    """A context inside the document may add terms. It may not take those of the standard, nor point nowhere."""
    for term, definition in context.items():
        target = definition.get("@id") if isinstance(definition, Mapping) else definition
        if term in _standard_terms():
            yield _fault(f"{pointer}/{term}", "is a term of the standard and must not be defined anew", "§4.3")
        elif not term.startswith("@") and isinstance(target, str) and not target.startswith("@") and not is_iri(target):
            yield _fault(f"{pointer}/{term}", "must be defined as a URL", "§4.5")


@lru_cache(maxsize=1)
def _standard_terms() -> frozenset[str]:
    terms: Document = ContextStore.pinned().document(CREDENTIALS_V2)["@context"]
    return frozenset(term for term in terms if not term.startswith("@"))


def _credential(document: Document, *, issued: bool) -> Iterator[Fault]:
    yield from _identifier(document, "", "§4.4")
    yield from _types(document.get("type"), "/type")
    yield from _texts(document, "")
    yield from _issuer(document.get("issuer"), required=issued)
    yield from _subjects(document.get("credentialSubject"))
    yield from _dates(document)
    for name, (id_needed, clause) in _SERVICES.items():
        for pointer, item in _each(document, name):
            yield from _service(item, pointer, id_needed=id_needed, clause=clause)
    yield from _related(document)


# What may stand in a credential more than once and must have a type; whether it must have an id, and the clause.
_SERVICES: Mapping[str, tuple[bool, str]] = {
    "credentialStatus": (False, "§4.10"),
    "credentialSchema": (True, "§4.11"),
    "refreshService": (False, "§5.4"),
    "termsOfUse": (False, "§5.5"),
    "evidence": (False, "§5.6"),
    "proof": (False, "§4.12"),
}


def _service(item: object, pointer: str, *, id_needed: bool, clause: str) -> Iterator[Fault]:
    if not isinstance(item, Mapping):
        yield _fault(pointer, "must be an object", clause)
        return
    if "type" not in item:
        yield _fault(f"{pointer}/type", "is required", clause, "required")
    else:
        yield from _types(item["type"], f"{pointer}/type", clause)
    if id_needed and "id" not in item:
        yield _fault(f"{pointer}/id", "is required", clause, "required")
    yield from _identifier(item, pointer, clause)


def _issuer(issuer: object, *, required: bool) -> Iterator[Fault]:
    clause = "§4.7"
    if issuer is None:
        if required:
            yield _fault("/issuer", "is required", clause, "required")
    elif isinstance(issuer, Mapping):
        if "id" in issuer or required:
            yield from _url(issuer.get("id"), "/issuer/id", clause)
        yield from _texts(issuer, "/issuer")
    else:
        yield from _url(issuer, "/issuer", clause)


def _subjects(subjects: object) -> Iterator[Fault]:
    clause = "§4.8"
    if subjects is None or subjects == []:
        yield _fault("/credentialSubject", "is required", clause, "required")
        return
    several = isinstance(subjects, list)
    for n, subject in enumerate(subjects if isinstance(subjects, list) else [subjects]):
        pointer = f"/credentialSubject/{n}" if several else "/credentialSubject"
        if not isinstance(subject, Mapping) or not subject:
            yield _fault(pointer, "must be an object that says something", clause)
        else:
            yield from _identifier(subject, pointer, clause)


def _dates(document: Document) -> Iterator[Fault]:
    clause = "§4.9"
    moments = {}
    for name in ("validFrom", "validUntil"):
        if name in document:
            try:
                moments[name] = instant(document[name])
            except (TypeError, ValueError):
                yield _fault(f"/{name}", "must be a date and time with time zone, such as 2026-01-31T12:00:00Z", clause)
    if len(moments) == 2 and moments["validUntil"] < moments["validFrom"]:
        yield _fault("/validUntil", "must not lie before validFrom", clause)


def _related(document: Document) -> Iterator[Fault]:
    clause = "§5.3"
    seen: set[str] = set()
    for pointer, item in _each(document, "relatedResource"):
        if not isinstance(item, Mapping):
            yield _fault(pointer, "must be an object", clause)
            continue
        identifier = item.get("id")
        yield from _url(identifier, f"{pointer}/id", clause)
        if isinstance(identifier, str) and identifier in seen:
            yield _fault(f"{pointer}/id", "is named twice", clause)
        seen.add(str(identifier))
        if not any(isinstance(item.get(name), str | list) for name in _DIGESTS):
            yield _fault(pointer, f"must have {' or '.join(_DIGESTS)}", clause, "required")


def _presentation(document: Document, *, issued: bool) -> Iterator[Fault]:
    clause = "§4.13"
    yield from _identifier(document, "", clause)
    yield from _types(document.get("type"), "/type")
    holder = document.get("holder")
    if isinstance(holder, Mapping):
        yield from _url(holder.get("id"), "/holder/id", clause)
        holder = holder.get("id")
    elif holder is not None:
        yield from _url(holder, "/holder", clause)
    for pointer, item in _each(document, "proof"):
        yield from _service(item, pointer, id_needed=False, clause="§4.12")
    for pointer, member in _each(document, "verifiableCredential"):
        if not isinstance(member, Mapping):
            yield _fault(pointer, "must be an object: a credential, or one in an envelope", clause)
            continue
        enveloped = [name for name in _ENVELOPED if name in _words(member.get("type"))]
        if enveloped:
            yield from _data(member, enveloped[0], pointer)
            continue
        yield from (fault.under(pointer) for fault in envelope_faults(member, issued=issued))
        # Nobody vouches for a credential without proof but the one who presents it.
        if issued and "proof" not in member and _issuer_id(member) != holder:
            yield _fault(f"{pointer}/issuer", "must be the holder where the credential has no proof", clause)


def _data(document: Document, type_: str, pointer: str) -> Iterator[Fault]:
    identifier = document.get("id")
    if not isinstance(identifier, str) or not _ENVELOPED[type_].fullmatch(identifier):
        yield _fault(f"{pointer}/id", "must be a data: URL with the secured document", "§4.13")


def _types(value: object, pointer: str, clause: str = "§4.5") -> Iterator[Fault]:
    items = value if isinstance(value, list) else [value]
    if not items or not all(isinstance(item, str) and item for item in items):
        yield _fault(pointer, "must be one or more terms or URLs", clause)


def _identifier(document: Document, pointer: str, clause: str) -> Iterator[Fault]:
    if "id" in document:
        yield from _url(document["id"], f"{pointer}/id", clause)


def _url(value: object, pointer: str, clause: str) -> Iterator[Fault]:
    if not isinstance(value, str) or not is_iri(value):
        yield _fault(pointer, "must be one URL", clause)


def _texts(document: Document, pointer: str) -> Iterator[Fault]:
    """``name`` and ``description``: a text, or the same in one or more languages (§4.6, §11.1)."""
    for name in ("name", "description"):
        if name in document:
            value = document[name]
            several = isinstance(value, list)
            for n, item in enumerate(value if isinstance(value, list) else [value]):
                if not (isinstance(item, str) or _in_language(item)):
                    where = f"{pointer}/{name}/{n}" if several else f"{pointer}/{name}"
                    yield _fault(where, "must be a text, or @value with @language and @direction only", "§4.6")


def _in_language(value: object) -> bool:
    return (
        isinstance(value, Mapping)
        and isinstance(value.get("@value"), str)
        and value.keys() <= _LANGUAGE
        and all(isinstance(member, str) for member in value.values())
    )


def _each(document: Document, name: str) -> Iterator[tuple[str, object]]:
    value = document.get(name, [])
    if isinstance(value, list):
        yield from ((f"/{name}/{n}", item) for n, item in enumerate(value))
    else:
        yield f"/{name}", value


def _words(value: object) -> set[str]:
    return {item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)}


def _issuer_id(document: Document) -> object:
    issuer = document.get("issuer")
    return issuer.get("id") if isinstance(issuer, Mapping) else issuer


def _fault(pointer: str, detail: str, clause: str, code: str = "invalid") -> Fault:
    return Fault(pointer, detail, code, f"VCDM {clause}")
