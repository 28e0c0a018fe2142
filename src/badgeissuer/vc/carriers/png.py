"""Baking into PNG (OB 3.0 §5.3.1; PNG 3rd edition): one ``iTXt`` chunk, not compressed, directly after the header.

The image's other chunks stay as they are, byte for byte. Reading never unpacks anything; before baking, what a viewer
would have to unpack is unpacked once, in pieces that are counted and thrown away.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from struct import pack, unpack_from

from badgeissuer.vc.carriers.forms import (
    Baked,
    Family,
    Meter,
    NotBaked,
    check_size,
    is_compact_jws,
    is_json_object,
    refused,
)
from badgeissuer.vc.carriers.png_content import check_content

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MEDIA_TYPE = "image/png"

_TEXT_TYPES = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_FAMILIES = {family.keyword: family for family in Family}
_KNOWN_CRITICAL = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk: its type, its data, and where the whole of it stands in the file."""

    type: bytes
    data: memoryview
    start: int
    end: int

    @property
    def family(self) -> Family | None:
        """The family of credentials whose keyword this text chunk has; None for all other chunks."""
        if self.type not in _TEXT_TYPES:
            return None
        keyword, found, _ = bytes(self.data[:80]).partition(b"\0")
        return _FAMILIES.get(keyword) if found else None


def bake_png(image: bytes, text: str, family: Family, meter: Meter) -> bytes:
    """The image with the credential in it, in place of any that it carried. Raises ``ImageRefused``, ``ImageTooLarge``.

    Refused are files that are not one sound PNG: wrong checksums, cut or continued files, unknown critical chunks,
    animations, pixels that do not unpack to exactly the size in the header, and sizes over the limits.
    """
    chunks = read_chunks(image, meter)
    check_content([(chunk.type, chunk.data) for chunk in chunks], meter)
    data = family.keyword + b"\0" * 5 + text.encode()
    header, *others = chunks
    kept = (image[chunk.start : chunk.end] for chunk in others if chunk.family is None)
    return b"".join([image[: header.end], _chunk(b"iTXt", data), *kept])


def unbake_png(image: bytes, meter: Meter) -> Baked:
    """The credential in the image. Raises ``NotBaked``, and ``ImageRefused`` for a broken file, a credential that is
    compressed, in another kind of chunk, there twice, or not UTF-8; ``ImageTooLarge`` for one that is too long."""
    found = [(chunk, chunk.family) for chunk in read_chunks(image, meter) if chunk.family is not None]
    if not found:
        raise NotBaked("the PNG carries no credential")
    if len(found) > 1:
        raise refused("the PNG carries more than one credential")
    (chunk, family) = found[0]
    assert family is not None
    if chunk.type != b"iTXt":
        raise refused("the PNG carries its credential in another chunk than iTXt")
    rest = bytes(chunk.data[len(family.keyword) + 1 :])
    if rest[:2] != b"\0\0":
        raise refused("the PNG's credential is compressed, which Open Badges forbids")
    _, language_ends, rest = rest[2:].partition(b"\0")
    _, translation_ends, text = rest.partition(b"\0")
    if not language_ends or not translation_ends:
        raise refused("the PNG's iTXt chunk is out of form")
    check_size(text, family, meter.limits)
    try:
        found_text = text.decode("utf-8")
    except UnicodeDecodeError:
        raise refused("the PNG's credential is not UTF-8") from None
    if not is_json_object(found_text) and not is_compact_jws(found_text):
        raise refused("the PNG's credential is neither JSON nor a JWT")
    return Baked(family, found_text, MEDIA_TYPE)


def read_chunks(image: bytes, meter: Meter) -> list[Chunk]:
    """The chunks of one whole PNG, checksums and order checked. Raises ``ImageRefused`` or ``ImageTooLarge``."""
    if not image.startswith(SIGNATURE):
        raise refused("the file does not begin as a PNG does")
    chunks = list(_chunks(image, meter))
    types = [chunk.type for chunk in chunks]
    if types[0] != b"IHDR" or types.count(b"IHDR") != 1 or len(chunks[0].data) != 13:
        raise refused("a PNG begins with its one header")
    unknown = [type_ for type_ in types if type_[:1].isupper() and type_ not in _KNOWN_CRITICAL]
    if unknown:
        raise refused("the PNG has a critical chunk that no viewer knows")
    positions = [index for index, type_ in enumerate(types) if type_ == b"IDAT"]
    if not positions or any(after - before != 1 for before, after in pairwise(positions)):
        raise refused("a PNG has its pixels in one run of chunks")
    return chunks


def _chunks(image: bytes, meter: Meter) -> Iterator[Chunk]:
    view, at = memoryview(image), len(SIGNATURE)
    while True:
        meter.chunk()
        if at + 12 > len(image):
            raise refused("the PNG is cut short: it has no end")
        length, type_ = unpack_from(">I4s", image, at)
        end = at + 12 + length
        if end > len(image):
            raise refused("the PNG is cut short, or a chunk is longer than the file")
        if not (type_.isalpha() and type_.isascii()):
            raise refused("a chunk of the PNG has no proper type")
        if zlib.crc32(view[at + 4 : end - 4]) != unpack_from(">I", image, end - 4)[0]:
            raise refused("a chunk of the PNG does not match its checksum")
        yield Chunk(type_, view[at + 8 : end - 4], at, end)
        if type_ == b"IEND":
            if length or end != len(image):
                raise refused("the file goes on after the end of the PNG")
            return
        at = end


def _chunk(type_: bytes, data: bytes) -> bytes:
    return pack(">I4s", len(data), type_) + data + pack(">I", zlib.crc32(type_ + data))
