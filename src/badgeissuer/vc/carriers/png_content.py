"""What a PNG unpacks to (PNG 3rd edition §9, §10, §11): checked before an image is baked, so that ours are no bombs."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from struct import unpack

from badgeissuer.vc.carriers.forms import Meter, refused
from badgeissuer.vc.limits import PNG_PIECE_BYTES

# Samples in a pixel and allowed bit depths, by colour type (§11.2.1).
_COLOURS = {
    0: (1, (1, 2, 4, 8, 16)),
    2: (3, (8, 16)),
    3: (1, (1, 2, 4, 8)),
    4: (2, (8, 16)),
    6: (4, (8, 16)),
}
_INDEXED = 3
# Adam7: first column, first row, column step, row step of each pass (§8.1).
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_ANIMATION = frozenset({b"acTL", b"fcTL", b"fdAT"})

Chunks = Sequence[tuple[bytes, memoryview]]


def check_content(chunks: Chunks, meter: Meter) -> None:
    """Raises ``ImageRefused`` for a header, palette or pixels out of form and for animations, ``ImageTooLarge`` for
    images over the limits. ``chunks`` are those of a file whose structure has been checked."""
    width, height, depth, colour, packing, filters, interlace = unpack(">IIBBBBB", chunks[0][1])
    samples, depths = _COLOURS.get(colour, (0, ()))
    if depth not in depths or packing or filters or interlace > 1 or not width or not height:
        raise refused("the PNG's header is out of form")
    if width > meter.limits.side or height > meter.limits.side:
        raise refused(f"the image is larger than {meter.limits.side} pixels a side")
    if any(type_ in _ANIMATION for type_, _ in chunks):
        raise refused("the PNG is an animation")
    _check_palette(chunks, colour)
    for type_, data in chunks:
        if type_ in (b"zTXt", b"iCCP", b"iTXt"):
            _check_packed(type_, bytes(data), meter)
    expected = _pixel_bytes(width, height, depth * samples, interlaced=bool(interlace))
    if expected > meter.limits.pixel_bytes:
        raise refused(f"the image has more than {meter.limits.pixel_bytes} bytes of pixels")
    size = _unpack((data for type_, data in chunks if type_ == b"IDAT"), meter.pixels, at_most=expected)
    if size != expected:
        raise refused("the PNG's pixels are not as many as its header says")


def _check_palette(chunks: Chunks, colour: int) -> None:
    types = [type_ for type_, _ in chunks]
    palettes = [data for type_, data in chunks if type_ == b"PLTE"]
    wrong = len(palettes) > 1 or (colour == _INDEXED) > len(palettes) or (colour in (0, 4) and bool(palettes))
    if wrong or (palettes and types.index(b"PLTE") > types.index(b"IDAT")):
        raise refused("the PNG's palette is missing, doubled or out of place")
    if any(len(data) % 3 or not 3 <= len(data) <= 768 for data in palettes):
        raise refused("the PNG's palette has no whole number of colours from 1 to 256")


def _check_packed(type_: bytes, data: bytes, meter: Meter) -> None:
    """Compressed texts and colour profiles: what a viewer would unpack without asking."""
    _, found, rest = data.partition(b"\0")
    if not found or len(rest) < 2:
        raise refused("a text or profile of the PNG is out of form")
    if type_ == b"iTXt":
        packed, method = rest[0], rest[1]
        _, _, rest = rest[2:].partition(b"\0")
        _, found, rest = rest.partition(b"\0")
        if packed > 1 or method or not found:
            raise refused("a text or profile of the PNG is out of form")
        if not packed:
            return
    else:
        method, rest = rest[0], rest[1:]
        if method:
            raise refused("a text or profile of the PNG is out of form")
    _unpack([memoryview(rest)], meter.unpacked)


def _unpack(parts: Iterable[memoryview], count: Callable[[int], None], *, at_most: int | None = None) -> int:
    """The unpacked size of one whole zlib stream; every piece is counted before the next is made."""
    stream, size = zlib.decompressobj(), 0
    for part in _slices(parts):
        waiting: bytes | memoryview = part
        piece = b""
        # A full piece with no input left over: the stream may still hold back a little.
        while waiting or len(piece) == PNG_PIECE_BYTES:
            try:
                piece = stream.decompress(waiting, PNG_PIECE_BYTES)
            except zlib.error:
                raise refused("compressed data of the PNG is broken") from None
            count(len(piece))
            size += len(piece)
            if stream.unused_data or (at_most is not None and size > at_most):
                raise refused("compressed data of the PNG is longer than it may be")
            waiting = stream.unconsumed_tail
    if not stream.eof:
        raise refused("compressed data of the PNG is cut short")
    return size


def _slices(parts: Iterable[memoryview]) -> Iterator[memoryview]:
    """Short ones: what zlib has not taken yet it copies anew for every piece that it gives."""
    for part in parts:
        for at in range(0, len(part), PNG_PIECE_BYTES // 4):
            yield part[at : at + PNG_PIECE_BYTES // 4]


def _pixel_bytes(width: int, height: int, bits: int, *, interlaced: bool) -> int:
    """Bytes of all rows, each with its filter byte."""
    if not interlaced:
        return height * (1 + (width * bits + 7) // 8)
    total = 0
    for column, row, across, down in _PASSES:
        columns, rows = (width - column + across - 1) // across, (height - row + down - 1) // down
        if columns > 0 and rows > 0:
            total += rows * (1 + (columns * bits + 7) // 8)
    return total
