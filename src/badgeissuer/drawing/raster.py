"""Uploaded PNGs: looked at before anything is unpacked, decoded within counted limits, and encoded anew.

Nothing of the file that came in is kept but its pixels: no text, no place or camera, no colour profile, no animation.
"""

from __future__ import annotations

import base64
import io
import struct
from dataclasses import dataclass

from PIL import Image

from badgeissuer.vc.carriers.forms import Meter, refused
from badgeissuer.vc.carriers.png import read_chunks
from badgeissuer.vc.carriers.png_content import check_content

# Pixels a side of the picture that goes into badges, certificates and cards. What is uploaded may be larger; what is
# sent around with every credential should not be. At its worst (noise) one takes 2.5 MB.
PICTURE_SIDE = 800
_PLAIN = frozenset(("L", "LA", "RGB", "RGBA"))


@dataclass(frozen=True, slots=True)
class Raster:
    """A PNG of ours and its size in pixels."""

    content: bytes
    width: int
    height: int


def clean_png(data: bytes, meter: Meter) -> Raster:
    """The pixels of one sound PNG, encoded anew and at most ``PICTURE_SIDE`` a side.

    Every chunk is read and every compressed byte counted first, so that Pillow decodes only what has the size that it
    says: its own limit (on pixels) would come after the headers, and not bound texts and profiles. Raises
    ``ImageRefused``, ``ImageTooLarge`` (of the meter's limits).
    """
    check_content([(chunk.type, chunk.data) for chunk in read_chunks(data, meter)], meter)
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as opened:
            opened.load()
            return _encoded(_small(_plain(opened)))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        # The chunks are in order and the pixels as many as they should be, but no decoder takes them.
        raise refused("the PNG cannot be decoded") from None


def _small(image: Image.Image) -> Image.Image:
    if max(image.size) > PICTURE_SIDE:
        image = _shrunk(image, max(image.size) // (2 * PICTURE_SIDE))
        image.thumbnail((PICTURE_SIDE, PICTURE_SIDE), Image.Resampling.LANCZOS)
    return image


def _shrunk(image: Image.Image, factor: int) -> Image.Image:
    """The image by a whole factor smaller, strip by strip: Pillow takes a second copy of what has transparency."""
    if factor < 2:
        return image
    width, height = -(-image.width // factor), -(-image.height // factor)
    made = Image.new(image.mode, (width, height))
    rows = 64
    for top in range(0, height, rows):
        box = (0, top * factor, image.width, min((top + rows) * factor, image.height))
        made.paste(image.crop(box).reduce(factor), (0, top))
    return made


def framed(png: bytes, *, square: bool = False) -> bytes:
    """An SVG that holds one of our PNGs and nothing else; ``square`` puts it in the middle of a square."""
    across, down = struct.unpack(">II", png[16:24])
    width, height = (max(across, down),) * 2 if square else (across, down)
    x, y = (width - across) / 2, (height - down) / 2
    coded = base64.b64encode(png).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f'<image x="{x:g}" y="{y:g}" width="{across}" height="{down}" '
        f'xlink:href="data:image/png;base64,{coded}"/></svg>'
    ).encode()


def _plain(image: Image.Image) -> Image.Image:
    """Eight bits a channel, transparency as a channel. Palettes and bits become colours."""
    if "transparency" in image.info:
        return image.convert("RGBA")
    if image.mode in _PLAIN:
        return image
    if image.mode == "I;16":
        # Sixteen bits of grey: the upper eight. Pillow would clip them instead of scaling.
        return Image.frombytes("L", image.size, image.tobytes()[1::2])
    return image.convert("L" if image.mode == "1" else "RGB")


def _encoded(image: Image.Image) -> Raster:
    image.info = {}
    written = io.BytesIO()
    image.save(written, format="PNG")
    return Raster(written.getvalue(), image.width, image.height)
