"""Uploaded PNGs: looked at before anything is unpacked, decoded within counted limits, and encoded anew.

Nothing of the file that came in is kept but its pixels: no text, no place or camera, no colour profile, no animation.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

from PIL import Image

from badgeissuer.vc.carriers.forms import Meter, refused
from badgeissuer.vc.carriers.png import read_chunks
from badgeissuer.vc.carriers.png_content import check_content

# Pixels a side of the picture that goes into badges, certificates and cards. Art may be larger; what is sent around
# with every credential should not be. At its worst (noise) one takes 2.5 MB.
PICTURE_SIDE = 800
_PLAIN = frozenset(("L", "LA", "RGB", "RGBA"))


@dataclass(frozen=True, slots=True)
class Raster:
    """A PNG of ours and its size in pixels."""

    content: bytes
    width: int
    height: int


def clean_png(data: bytes, meter: Meter) -> Raster:
    """The pixels of one sound PNG, encoded anew. Raises ``ImageRefused``, ``ImageTooLarge`` (of the meter's limits).

    Every chunk is read and every compressed byte counted first, so that Pillow decodes only what has the size that it
    says: its own limit (on pixels) would come after the headers, and not bound texts and profiles.
    """
    check_content([(chunk.type, chunk.data) for chunk in read_chunks(data, meter)], meter)
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as opened:
            opened.load()
            return _encoded(_plain(opened), meter)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        # The chunks are in order and the pixels as many as they should be, but no decoder takes them.
        raise refused("the PNG cannot be decoded") from None


def picture(raster: Raster) -> Raster:
    """The same at most ``PICTURE_SIDE`` pixels a side."""
    if max(raster.width, raster.height) <= PICTURE_SIDE:
        return raster
    with Image.open(io.BytesIO(raster.content), formats=("PNG",)) as opened:
        opened.load()
        image = _shrunk(opened, max(opened.size) // (2 * PICTURE_SIDE))
        image.thumbnail((PICTURE_SIDE, PICTURE_SIDE), Image.Resampling.LANCZOS)
        return _encoded(image, None)


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


def framed(raster: Raster, *, square: bool = False) -> bytes:
    """An SVG that holds the PNG and nothing else; ``square`` puts it in the middle of a square."""
    width, height = (max(raster.width, raster.height),) * 2 if square else (raster.width, raster.height)
    x, y = (width - raster.width) / 2, (height - raster.height) / 2
    coded = base64.b64encode(raster.content).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f'<image x="{x:g}" y="{y:g}" width="{raster.width}" height="{raster.height}" '
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


def _encoded(image: Image.Image, meter: Meter | None) -> Raster:
    image.info = {}
    written = io.BytesIO()
    image.save(written, format="PNG")
    content = written.getvalue()
    if meter is not None and len(content) > meter.limits.art_bytes:
        raise refused(f"the image, encoded anew, is longer than {meter.limits.art_bytes} bytes; make it smaller")
    return Raster(content, image.width, image.height)
