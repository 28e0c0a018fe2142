"""What the carriers share: which words each family of credentials uses, what a text may be, and how much is too much.

Work is counted, not timed: every chunk, element and unpacked byte goes through a ``Meter``, and the first one over its
limit ends the work. So a hostile file costs what the limits say on any machine.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from badgeissuer.errors import Fault, Rejected, TooLarge
from badgeissuer.vc import limits, strictjson

_CLAUSE = "OB §5.3"
_COMPACT_JWS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class ImageRefused(Rejected):
    """The image is no PNG or SVG that may carry a credential, or carries one in a form that must not be read."""

    code = "image-refused"


class ImageTooLarge(TooLarge):
    """Reading the image would take more work than its limits allow."""

    code = "image-too-large"


class NotBaked(Rejected):
    """The image is sound and carries no Open Badges 3.0 or CLR 2.0 credential."""

    code = "not-baked"


def refused(detail: str) -> ImageRefused:
    """The error, with its one fault and the clause."""
    return ImageRefused(detail, faults=[Fault("", detail, ImageRefused.code, _CLAUSE)])


class Family(StrEnum):
    """The two families of credentials. They are baked under different words; endorsements go with Open Badges."""

    OPEN_BADGE = "ob"
    CLR = "clr"

    @property
    def keyword(self) -> bytes:
        """The keyword of the PNG ``iTXt`` chunk."""
        return b"openbadgecredential" if self is Family.OPEN_BADGE else b"clrcredential"

    @property
    def namespace(self) -> str:
        """The XML namespace of the SVG element ``credential``."""
        return f"https://purl.imsglobal.org/{self.value}/v{3 if self is Family.OPEN_BADGE else 2}p0"

    @property
    def prefix(self) -> str:
        """The prefix that we write: readers exist that look for ``openbadges`` and not for the namespace."""
        return "openbadges" if self is Family.OPEN_BADGE else "clr"


@dataclass(frozen=True, slots=True)
class Limits:
    """How large things may be, and how much work they may take: from the one table, ``vc.limits``."""

    art_bytes: int = limits.IMAGE_BYTES
    badge_bytes: int = limits.FOREIGN_BYTES
    clr_bytes: int = limits.CLR_BYTES
    clr_image_bytes: int = limits.CLR_IMAGE_BYTES
    side: int = limits.IMAGE_SIDE
    pixel_bytes: int = limits.IMAGE_PIXEL_BYTES
    packed_bytes: int = limits.PNG_PACKED_BYTES
    chunks: int = limits.PNG_CHUNKS
    elements: int = limits.SVG_ELEMENTS
    attributes: int = limits.SVG_ATTRIBUTES
    depth: int = limits.SVG_DEPTH
    drawn: int = limits.SVG_DRAWN
    style: int = limits.SVG_STYLE

    def text_bytes(self, family: Family) -> int:
        """The longest credential of the family, in bytes."""
        return self.badge_bytes if family is Family.OPEN_BADGE else self.clr_bytes

    def image_bytes(self, image: bytes) -> int:
        """The longest that this baked image may be: only one that names learner records has room for one."""
        is_record = Family.CLR.keyword in image or Family.CLR.namespace.encode() in image
        return self.clr_image_bytes if is_record else self.art_bytes + self.badge_bytes


LIMITS = Limits()


@dataclass(slots=True)
class Meter:
    """What the work on one image has cost so far. Raises ``ImageTooLarge`` at the first step over a limit."""

    limits: Limits = field(default_factory=Limits)
    chunks: int = 0
    elements: int = 0
    attributes: int = 0
    pixel_bytes: int = 0
    packed_bytes: int = 0
    drawn: int = 0

    def chunk(self) -> None:
        """One more chunk of a PNG."""
        self.chunks += 1
        if self.chunks > self.limits.chunks:
            raise ImageTooLarge(f"the PNG has more than {self.limits.chunks} chunks")

    def element(self, depth: int) -> None:
        """One more element of an SVG, or processing instruction, at this depth (the root is at 1)."""
        self.elements += 1
        if self.elements > self.limits.elements:
            raise ImageTooLarge(f"the SVG has more than {self.limits.elements} elements")
        if depth > self.limits.depth:
            raise ImageTooLarge(f"the SVG is nested deeper than {self.limits.depth} elements")

    def attribute(self, count: int = 1) -> None:
        """So many more attributes, namespaces or references of an SVG."""
        self.attributes += count
        if self.attributes > self.limits.attributes:
            raise ImageTooLarge(f"the SVG has more than {self.limits.attributes} attributes and references")

    def unpacked(self, size: int) -> None:
        """So many more bytes unpacked from compressed texts and profiles."""
        self.packed_bytes += size
        if self.packed_bytes > self.limits.packed_bytes:
            raise ImageTooLarge(f"the PNG's compressed texts and profiles exceed {self.limits.packed_bytes} bytes")

    def pixels(self, size: int) -> None:
        """So many more bytes of pixels unpacked."""
        self.pixel_bytes += size
        if self.pixel_bytes > self.limits.pixel_bytes:
            raise ImageTooLarge(f"the PNG's pixels exceed {self.limits.pixel_bytes} bytes")

    def draws(self, size: int) -> None:
        """So many elements would be drawn, with what ``use`` and its like repeat."""
        self.drawn = size
        if size > self.limits.drawn:
            raise ImageTooLarge(f"the SVG's references repeat more than {self.limits.drawn} elements")


@dataclass(frozen=True, slots=True)
class Baked:
    """What an image carried: the credential's exact text, and where it was found."""

    family: Family
    text: str
    media_type: str

    @property
    def is_jwt(self) -> bool:
        """Whether the text is a compact JWS; otherwise it is a JSON object."""
        return is_compact_jws(self.text)


def is_compact_jws(text: str) -> bool:
    """Whether a text has the form of a compact JWS: three base64url parts (RFC 7515 §7.1)."""
    return _COMPACT_JWS.fullmatch(text) is not None


def is_json_object(text: str) -> bool:
    """Whether a text begins as a JSON object does. Whether it is one, its reader says."""
    return text.lstrip(" \t\r\n").startswith("{")


def check_size(text: bytes, family: Family, limits: Limits) -> None:
    """Raises ``ImageTooLarge`` where a credential's text is longer than its family may be."""
    allowed = limits.text_bytes(family)
    if len(text) > allowed:
        raise ImageTooLarge(f"the credential is longer than {allowed} bytes")


def check_text(text: str, family: Family, limits: Limits) -> None:
    """Whether a text may be baked: one JSON object in the strict form, or a compact JWS, of allowed size.

    Raises ``MalformedJson`` or ``ImageTooLarge``.
    """
    allowed = limits.text_bytes(family)
    if is_compact_jws(text):
        check_size(text.encode(), family, limits)
    else:
        # A lone surrogate has no UTF-8; as bytes of its own it is refused like any other.
        strictjson.loads_object(text.encode("utf-8", "surrogatepass"), max_bytes=allowed)
