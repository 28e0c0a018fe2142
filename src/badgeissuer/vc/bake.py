"""Baking: a credential in an image, and out of it again (OB 3.0 §5.3). PNG and SVG; no other format carries one.

What may be baked is a credential's exact text: a JSON object with its proof inside, or a compact JWS. It comes back
byte for byte. Whether the credential is any good is another question (``verify``).
"""

from __future__ import annotations

from badgeissuer.vc.carriers.forms import (
    LIMITS,
    Baked,
    Family,
    ImageRefused,
    ImageTooLarge,
    Limits,
    Meter,
    NotBaked,
    check_text,
    refused,
)
from badgeissuer.vc.carriers.png import MEDIA_TYPE as PNG
from badgeissuer.vc.carriers.png import SIGNATURE, bake_png, unbake_png
from badgeissuer.vc.carriers.svg import MEDIA_TYPE as SVG
from badgeissuer.vc.carriers.svg import bake_svg, unbake_svg

__all__ = [
    "LIMITS",
    "PNG",
    "SVG",
    "Baked",
    "Family",
    "ImageRefused",
    "ImageTooLarge",
    "Limits",
    "Meter",
    "NotBaked",
    "bake",
    "media_type",
    "unbake",
]


def media_type(image: bytes) -> str | None:
    """``image/png`` or ``image/svg+xml`` where the bytes begin like one; None for all else. Nothing is checked."""
    if image.startswith(SIGNATURE):
        return PNG
    return SVG if image.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n").startswith(b"<") else None


def bake(
    image: bytes, text: str, *, family: Family = Family.OPEN_BADGE, limits: Limits = LIMITS, meter: Meter | None = None
) -> bytes:
    """The image with the credential in it; ``unbake`` gives the same text. One that it carried before is replaced.

    The rest of the file stays as it is, and so shows as it did. Raises ``MalformedJson`` for a text that is neither a
    JSON object nor a compact JWS, ``ImageRefused`` for an image that is broken, not PNG or SVG, or can act, and
    ``ImageTooLarge`` where the text, the image or the work on it is over a limit. ``meter`` shows what it cost.
    """
    meter = meter or Meter(limits)
    check_text(text, family, meter.limits)
    # A baked one, to be baked again, may be as long as its credential makes it.
    if len(image) > meter.limits.art_bytes + meter.limits.text_bytes(family):
        raise ImageTooLarge(f"the image is longer than {meter.limits.art_bytes} bytes")
    match media_type(image):
        case "image/png":
            baked = bake_png(image, text, family, meter)
        case "image/svg+xml":
            baked = bake_svg(image, text, family, meter)
        case _:
            raise refused("the image is neither PNG nor SVG")
    if len(baked) > (most := meter.limits.image_bytes(baked)):
        raise ImageTooLarge(f"the image with the credential in it would be longer than {most} bytes")
    return baked


def unbake(image: bytes, *, limits: Limits = LIMITS, meter: Meter | None = None) -> Baked:
    """The one credential that an image carries: its text, its family, and the image's media type.

    Raises ``NotBaked`` where there is none; ``ImageRefused`` for a broken file, one that is not PNG or SVG, or one
    whose credential is compressed, doubled or out of form; ``ImageTooLarge`` over a limit. Nothing is ever unpacked,
    fetched or run.
    """
    meter = meter or Meter(limits)
    if len(image) > (most := meter.limits.image_bytes(image)):
        raise ImageTooLarge(f"the image is longer than {most} bytes")
    match media_type(image):
        case "image/png":
            return unbake_png(image, meter)
        case "image/svg+xml":
            return unbake_svg(image, meter)
        case _:
            raise refused("the file is neither PNG nor SVG")
