"""The envelope that all verifiable credentials and presentations share, whatever they hold (VCDM 2.0 §4, §5).

For documents of any kind: what a credential of Open Badges or CLR must say besides is ``lint``'s and ``checks.shape``'s
business. Nothing is expanded: terms that only JSON-LD processing could find undefined are found when it is done.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import unquote_to_bytes

from badgeissuer.errors import Fault
from badgeissuer.vc import envelope_members as members
from badgeissuer.vc.contexts import CREDENTIALS_V2
from badgeissuer.vc.envelope_members import Document, each, fault, words
from badgeissuer.vc.faults import EnvelopeInvalid
from badgeissuer.vc.model.base import instant

__all__ = ["Envelope", "EnvelopeInvalid", "Form", "Secured", "envelope_faults", "parse_envelope"]


class Form(StrEnum):
    """What an envelope is around. The last two hold a document that is secured from outside, as a JWT is (§4.13)."""

    CREDENTIAL = "VerifiableCredential"
    PRESENTATION = "VerifiablePresentation"
    ENVELOPED_CREDENTIAL = "EnvelopedVerifiableCredential"
    ENVELOPED_PRESENTATION = "EnvelopedVerifiablePresentation"


@dataclass(frozen=True, slots=True)
class Secured:
    """What the ``data:`` URL of an enveloped document holds: a JWT, for instance. It is not read here."""

    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the envelope of a credential or presentation says. ``parse_envelope`` makes one only of what has no fault.

    ``issuer`` and ``holder`` are ids, ``subjects`` the id of each subject, None for one without. ``held`` are the
    envelopes of the credentials in a presentation. ``secured`` is there in the two enveloped forms, and only there.
    """

    form: Form
    contexts: tuple[str | Mapping[str, Any], ...]
    types: tuple[str, ...]
    id: str | None = None
    issuer: str | None = None
    subjects: tuple[str | None, ...] = ()
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    holder: str | None = None
    held: tuple[Envelope, ...] = ()
    secured: Secured | None = None


_DATA = {
    Form.ENVELOPED_CREDENTIAL: re.compile(r"data:(application/vc\+(?:jwt|sd-jwt|cose))((?:;[^;,\s]+)*),(\S+)"),
    Form.ENVELOPED_PRESENTATION: re.compile(r"data:(application/vp\+(?:jwt|sd-jwt|cose))((?:;[^;,\s]+)*),(\S+)"),
}


def parse_envelope(document: Document, *, issued: bool = True) -> Envelope:
    """The envelope of a credential or presentation of any kind. ``issued`` is as for ``envelope_faults``.

    Raises ``EnvelopeInvalid`` with every fault. It looks at form alone: nothing is said about proofs, nor about what
    the terms in the document mean.
    """
    faults = envelope_faults(document, issued=issued)
    if faults:
        raise EnvelopeInvalid("the document is no verifiable credential or presentation in order", faults=faults)
    return _read(document)


def envelope_faults(document: Document, *, issued: bool = True) -> list[Fault]:
    """Every fault of the envelope of a credential or presentation, with its pointer and clause.

    ``issued``: it is said to be finished. Otherwise it is handed in to be secured: who issues it may still be put in,
    and the credentials in a presentation may still get their proofs.
    """
    return list(_faults(document, issued=issued))


def _faults(document: Document, *, issued: bool) -> Iterator[Fault]:
    forms = _forms(document)
    enveloped = _enveloped(forms)
    if enveloped is not None:
        yield from _data_faults(document, enveloped)
        return
    known = bool(forms & {Form.CREDENTIAL, Form.PRESENTATION})
    yield from members.contexts(document)
    yield from members.identifier(document, "", "§4.4")
    if "type" not in document:
        yield fault("/type", "is required", "§4.5", "required")
    else:
        wrong = list(members.types(document["type"], "/type"))
        if not wrong and not known:
            wrong.append(fault("/type", f"must contain {Form.CREDENTIAL} or {Form.PRESENTATION}", "§4.5"))
        yield from wrong
    yield from members.texts(document, "")
    for name in members.SERVICES:
        yield from members.service(document, name)
    if Form.PRESENTATION in forms:
        yield from _presentation(document, issued=issued)
    # Of a document that does not say what it is, all is told that would be a fault in a credential too.
    if Form.CREDENTIAL in forms or not known:
        yield from members.issuer(document, required=issued and known)
        yield from members.subjects(document, required=known)
        yield from members.dates(document)
        yield from members.related(document)


def _presentation(document: Document, *, issued: bool) -> Iterator[Fault]:
    clause = "§4.13"
    holder = document.get("holder")
    if isinstance(holder, Mapping):
        yield from members.url(holder.get("id"), "/holder/id", clause)
    elif "holder" in document:
        yield from members.url(holder, "/holder", clause)
    for pointer, member in each(document, "verifiableCredential"):
        if not isinstance(member, Mapping):
            yield fault(pointer, "must be an object: a credential, or one in an envelope", clause)
            continue
        forms = _forms(member)
        if Form.PRESENTATION in forms or Form.ENVELOPED_PRESENTATION in forms:
            # Not followed: a presentation does not hold another.
            yield fault(f"{pointer}/type", "must be that of a credential", clause)
            continue
        yield from (found.under(pointer) for found in _faults(member, issued=issued))
        if Form.ENVELOPED_CREDENTIAL in forms or not issued:
            continue
        # Nobody vouches for a credential without proof but the one who presents it.
        if not member.get("proof") and _id_of(member.get("issuer")) != _id_of(holder):
            yield fault(f"{pointer}/issuer", "must be the holder where the credential has no proof", clause)


def _data_faults(document: Document, form: Form) -> Iterator[Fault]:
    """An object whose id is the secured document itself. Its context may be one text (§4.13.1, §4.13.2)."""
    clause = "§4.13"
    given = document.get("@context")
    if given is None:
        yield fault("/@context", "is required", clause, "required")
    elif CREDENTIALS_V2 not in (given if isinstance(given, list) else [given]):
        yield fault("/@context", f"must name {CREDENTIALS_V2}", clause)
    yield from members.types(document["type"], "/type")
    if _secured(document, form) is None:
        yield fault("/id", "must be a data: URL with the secured document", clause)


def _secured(document: Document, form: Form) -> Secured | None:
    identifier = document.get("id")
    found = _DATA[form].fullmatch(identifier) if isinstance(identifier, str) else None
    if found is None:
        return None
    media_type, parameters, data = found.groups()
    content = unquote_to_bytes(data)
    if parameters.endswith(";base64"):
        try:
            content = base64.b64decode(content, validate=True)
        except binascii.Error:
            return None
    return Secured(media_type, content)


def _read(document: Document) -> Envelope:
    forms = _forms(document)
    enveloped = _enveloped(forms)
    presented = Form.PRESENTATION in forms
    dates: dict[str, datetime] = {}
    if Form.CREDENTIAL in forms:
        dates = {name: instant(document[name]) for name in ("validFrom", "validUntil") if name in document}
    return Envelope(
        form=enveloped or (Form.PRESENTATION if presented else Form.CREDENTIAL),
        contexts=_several(document["@context"]),
        types=_several(document["type"]),
        id=document.get("id"),
        issuer=_id_of(document.get("issuer")),
        subjects=tuple(_id_of(subject) for _, subject in each(document, "credentialSubject")),
        valid_from=dates.get("validFrom"),
        valid_until=dates.get("validUntil"),
        holder=_id_of(document.get("holder")),
        held=_held(document) if presented else (),
        secured=None if enveloped is None else _secured(document, enveloped),
    )


def _held(document: Document) -> tuple[Envelope, ...]:
    value = document.get("verifiableCredential", [])
    return tuple(_read(member) for member in _several(value))


def _forms(document: Document) -> set[Form]:
    types = words(document.get("type"))
    return {form for form in Form if form in types}


def _enveloped(forms: set[Form]) -> Form | None:
    """The enveloped form, where the document has no other."""
    return next((form for form in _DATA if forms == {form}), None)


def _several(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list) else (value,)


def _id_of(value: Any) -> str | None:
    found = value.get("id") if isinstance(value, Mapping) else value
    return found if isinstance(found, str) else None
