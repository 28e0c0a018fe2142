"""What a profile says of a document, and the document as the profiles read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeAlias

from badgeissuer.errors import BadgeissuerError, Rejected
from badgeissuer.vc import bake, jws, limits, strictjson
from badgeissuer.vc.canon import Canonical, source_digest
from badgeissuer.vc.carriers.forms import is_compact_jws
from badgeissuer.vc.faults import UnknownContext

# Claims that stand beside the credential's members in an OB JWT (OB §8.2); no context defines them.
_CLAIMS = frozenset(("iss", "sub", "aud", "exp", "nbf", "iat", "jti"))


class Severity(StrEnum):
    """``error``: the target refuses it. ``unknown``: no source says what the target does with it. ``warning``: it is
    taken, with a loss. ``note``: good to know."""

    ERROR = "error"
    UNKNOWN = "unknown"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact about a target that touches this document. ``code`` is stable; ``pointer`` is an RFC 6901 pointer (into
    the payload, for a JWT); ``remedy`` says what the issuer can do; ``source`` where the fact comes from."""

    severity: Severity
    code: str
    pointer: str
    detail: str
    remedy: str
    source: str


Findings: TypeAlias = Iterator[Finding]


@dataclass(frozen=True, slots=True)
class Reading:
    """A credential as JSON, or the payload and header of a JWT. Foreign material: any member may hold anything.

    ``text`` is its JSON as it was read. ``lost`` are the members, ids and types that JSON-LD leaves out, with their
    pointers; ``trouble`` says why that could not be found out ("" where it could).
    """

    document: Mapping[str, Any]
    header: Mapping[str, Any] | None
    text: str
    size: int
    lost: tuple[tuple[str, str], ...] = ()
    trouble: str = ""

    @property
    def credential(self) -> Mapping[str, Any]:
        """What JSON-LD has to say something about: a JWT's payload without the claims beside the credential."""
        if self.header is None:
            return self.document
        return {name: member for name, member in self.document.items() if name not in _CLAIMS}

    def with_form(self, form: Canonical | BadgeissuerError) -> Reading:
        """The same document with what its canonical form says about it, or why there is none.

        The form is that of ``credential``, or of ``credential`` without ``proof``: then the proof counts as defined,
        as that of a proof of ours is. Raises ``Rejected`` for the form of another document.
        """
        if isinstance(form, UnknownContext):
            return self  # the contexts have findings of their own
        if isinstance(form, BadgeissuerError):
            return replace(self, trouble=form.detail)
        whole = self.credential
        unsecured = {name: member for name, member in whole.items() if name != "proof"}
        if source_digest(unsecured) != form.source != source_digest(whole):
            raise Rejected("the canonical form belongs to another document")
        lost = zip((*form.dropped, *form.relative), (*form.dropped_at, *form.relative_at), strict=True)
        return replace(self, lost=tuple(lost))

    def lacks(self, name: str) -> bool:
        """Whether no name and no text in it is this one, as a glance at the JSON shows: False may be wrong."""
        return name not in self.text and "\\u" not in self.text

    @property
    def is_ascii(self) -> bool:
        """Whether every text is, as a glance at the JSON shows: False may be wrong."""
        return self.text.isascii() and "\\u" not in self.text

    @property
    def types(self) -> set[str]:
        return {item for item in items(self.document.get("type")) if isinstance(item, str)}

    @property
    def is_clr(self) -> bool:
        return "ClrCredential" in self.types

    @property
    def is_badge(self) -> bool:
        return bool(self.types & {"OpenBadgeCredential", "AchievementCredential"})

    @property
    def contexts(self) -> list[Any]:
        return items(self.document.get("@context"))

    @property
    def issuer_id(self) -> str:
        """The issuer's id, "" where there is none."""
        issuer = self.document.get("issuer")
        return text(issuer) or text(members(issuer).get("id"))

    @property
    def subjects(self) -> list[tuple[str, Mapping[str, Any]]]:
        return placed(self.document, "credentialSubject")

    @property
    def statuses(self) -> list[tuple[str, Mapping[str, Any]]]:
        return placed(self.document, "credentialStatus")

    @property
    def proofs(self) -> list[tuple[str, Mapping[str, Any]]]:
        return placed(self.document, "proof")


def read(document: Mapping[str, Any] | str | bytes) -> Reading:
    """The document as the profiles read it; bytes may hold JSON, a compact JWT, or an image that carries either.

    Raises ``TooLarge``, ``MalformedJson``, ``JwtInvalid`` and ``ImageRefused`` or ``NotBaked`` for what is neither a
    JSON object nor a compact JWT nor an image with one.
    """
    if isinstance(document, bytes):
        document = _unpacked(document)
    if isinstance(document, str):
        parts = jws.parse(document, max_bytes=limits.CLR_BYTES)
        payload = strictjson.loads_object(parts.payload, max_bytes=limits.CLR_BYTES)
        return Reading(payload, parts.header, parts.payload.decode("utf-8"), len(document))
    content = document if isinstance(document, bytes) else strictjson.dumps(document).encode("utf-8")
    found = strictjson.loads_object(content, max_bytes=limits.CLR_BYTES)
    return Reading(found, None, content.decode("utf-8"), len(content))


def _unpacked(data: bytes) -> bytes | str:
    """JSON as bytes, a compact JWT as text."""
    if bake.media_type(data) is not None:
        data = bake.unbake(data).text.encode("utf-8")
    try:
        text = data.strip().decode("ascii")
    except UnicodeDecodeError:
        return data
    return text if is_compact_jws(text) else data


def items(value: object) -> list[Any]:
    """The values of a member that may be written as one value or as an array."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def members(value: object) -> Mapping[str, Any]:
    """An object's members; none where the value is no object."""
    return value if isinstance(value, Mapping) else {}


def text(value: object) -> str:
    """A text; "" where the value is none."""
    return value if isinstance(value, str) else ""


def placed(document: Mapping[str, Any], name: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Each value of a member with its pointer; what is no object counts as an empty one."""
    value = document.get(name)
    if isinstance(value, list | tuple):
        return [(f"/{name}/{index}", members(item)) for index, item in enumerate(value)]
    return [] if value is None else [(f"/{name}", members(value))]
