"""Hostile PNGs, made here: each is refused with its reason, or comes out as pixels only, at a counted cost."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import pytest
from PIL import Image, PngImagePlugin

from badgeissuer.drawing import raster
from badgeissuer.drawing.cleaning import LIMITS, clean
from badgeissuer.vc.bake import bake
from badgeissuer.vc.carriers.forms import ImageRefused, Meter

SIGNATURE = b"\x89PNG\r\n\x1a\n"
SECRET = b"40.7128N 74.0060W by Dana Whitaker"


def chunk(kind: bytes, data: bytes = b"", *, crc: int | None = None) -> bytes:
    checked = zlib.crc32(kind + data) if crc is None else crc
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checked)


def header(width: int = 8, height: int = 8, depth: int = 8, colour: int = 2, rest: bytes = b"\0\0\0") -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBB", width, height, depth, colour) + rest)


def rows(width: int = 8, height: int = 8, each: int = 3, filler: bytes = b"\x40") -> bytes:
    return (b"\0" + filler * (width * each)) * height


def pixels(data: bytes | None = None) -> bytes:
    return chunk(b"IDAT", zlib.compress(rows() if data is None else data))


def png(*parts: bytes, head: bytes | None = None, body: bytes | None = None, end: bytes | None = None) -> bytes:
    """A PNG of 8 by 8 pixels with these chunks after its header."""
    return b"".join(
        [
            SIGNATURE,
            header() if head is None else head,
            *parts,
            pixels() if body is None else body,
            chunk(b"IEND") if end is None else end,
        ]
    )


def text(keyword: bytes, packed: bytes) -> bytes:
    return chunk(b"zTXt", keyword + b"\0\0" + packed)


def itxt(keyword: bytes, value: bytes, flag: bytes = b"\1\0") -> bytes:
    return chunk(b"iTXt", keyword + b"\0" + flag + b"\0\0" + value)


def bomb(size: int = 64 << 20) -> bytes:
    squeezer = zlib.compressobj(9)
    return b"".join([*(squeezer.compress(bytes(1 << 20)) for _ in range(size >> 20)), squeezer.flush()])


def huge(width: int, height: int) -> bytes:
    return png(head=header(width, height), body=chunk(b"IDAT", bomb(4 << 20)))


def jpeg() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(written, "JPEG")
    return written.getvalue()


def saved(kind: str) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(written, kind)
    return written.getvalue()


def apng() -> bytes:
    written = io.BytesIO()
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(written, "PNG", save_all=True, append_images=frames[1:])
    return written.getvalue()


def nested(levels: int) -> bytes:
    data = bytes(1 << 20)
    for _ in range(levels):
        data = zlib.compress(data, 9)
    return data


BOMB = bomb()
REFUSED: dict[str, Callable[[], bytes]] = {
    # What unpacks to far more than it is.
    "bomb in zTXt": lambda: png(text(b"Comment", BOMB)),
    "bomb in iTXt": lambda: png(itxt(b"XML:com.adobe.xmp", BOMB)),
    "bomb in iCCP": lambda: png(chunk(b"iCCP", b"p\0\0" + BOMB)),
    "bomb in IDAT": lambda: png(body=chunk(b"IDAT", BOMB)),
    "bomb in many zTXt": lambda: png(*[text(b"c%d" % n, bomb(1 << 20)) for n in range(8)]),
    "bomb in many IDAT": lambda: png(
        body=b"".join(chunk(b"IDAT", BOMB[at : at + 997]) for at in range(0, 60_000, 997))
    ),
    "bomb under the credential's keyword": lambda: png(itxt(b"openbadgecredential", BOMB)),
    "bomb behind the pixels": lambda: png(body=chunk(b"IDAT", zlib.compress(rows()) + BOMB)),
    "text packed with an unknown method": lambda: png(chunk(b"zTXt", b"c\0\1" + zlib.compress(b"x"))),
    "profile that is no zlib": lambda: png(chunk(b"iCCP", b"p\0\0" + b"\xff" * 64)),
    "profile cut short": lambda: png(chunk(b"iCCP", b"p\0\0" + nested(1)[:40])),
    "text without its keyword's end": lambda: png(chunk(b"zTXt", b"x" * 40)),
    # What claims to be larger, smaller or other than it is.
    "flood of pixels 65535 x 65535": lambda: huge(65_535, 65_535),
    "flood of pixels 2^31-1 x 1": lambda: huge(2**31 - 1, 1),
    "one pixel too wide": lambda: png(head=header(4097, 1), body=pixels(rows(4097, 1))),
    "one pixel too high": lambda: png(head=header(1, 4097), body=pixels(rows(1, 4097))),
    "too many bytes a pixel": lambda: png(
        head=header(4096, 4096, depth=16, colour=6), body=chunk(b"IDAT", bomb(1 << 20))
    ),
    "no width": lambda: png(head=header(0, 8)),
    "no height": lambda: png(head=header(8, 0)),
    "fewer pixels than it says": lambda: png(body=pixels(rows(8, 7))),
    "more pixels than it says": lambda: png(body=pixels(rows(8, 9))),
    "pixels cut short": lambda: png(body=chunk(b"IDAT", zlib.compress(rows())[:-6])),
    "pixels that are no zlib": lambda: png(body=chunk(b"IDAT", b"\0" * 64)),
    "pixels with a wrong sum": lambda: png(body=chunk(b"IDAT", zlib.compress(rows())[:-1] + b"\0")),
    "depth that its colour has not": lambda: png(head=header(depth=3)),
    "unknown colour": lambda: png(head=header(colour=5)),
    "unknown interlace": lambda: png(head=header(rest=b"\0\0\7")),
    "unknown packing": lambda: png(head=header(rest=b"\1\0\0")),
    "unknown filter method": lambda: png(head=header(rest=b"\0\1\0")),
    "palette missing": lambda: png(head=header(colour=3), body=pixels(rows(each=1))),
    "palette twice": lambda: png(chunk(b"PLTE", b"abc"), chunk(b"PLTE", b"abc")),
    "palette too long": lambda: png(chunk(b"PLTE", b"abc" * 257)),
    "palette of no whole colours": lambda: png(chunk(b"PLTE", b"abcd")),
    "palette after the pixels": lambda: png(end=chunk(b"PLTE", b"abc") + chunk(b"IEND")),
    # What is no PNG file, or more than one.
    "animation": apng,
    "animation without its frames": lambda: png(chunk(b"acTL", struct.pack(">II", 1, 0))),
    "frame data without an animation": lambda: png(chunk(b"fdAT", b"\0\0\0\1" + zlib.compress(rows()))),
    "HTML behind its end": lambda: png() + b"<script>alert(1)</script>",
    "zip behind its end": lambda: png() + b"PK\x05\x06" + bytes(18),
    "second PNG behind its end": lambda: png() * 2,
    "one byte behind its end": lambda: png() + b"\0",
    "data in its end": lambda: png(end=chunk(b"IEND", SECRET)),
    "no end": lambda: png(end=b""),
    "header twice": lambda: png(header()),
    "header not first": lambda: SIGNATURE + chunk(b"tEXt", b"a\0b") + header() + pixels() + chunk(b"IEND"),
    "header too long": lambda: png(head=chunk(b"IHDR", struct.pack(">IIBB", 8, 8, 8, 2) + b"\0\0\0\0")),
    "header alone": lambda: SIGNATURE + header(),
    "signature alone": lambda: SIGNATURE,
    "nothing": lambda: b"",
    "wrong checksum": lambda: png(chunk(b"tEXt", b"a\0b", crc=0)),
    "chunk longer than the file": lambda: SIGNATURE + struct.pack(">I", 2**31 - 1) + b"IHDR" + bytes(32),
    "chunk of 4 GiB": lambda: SIGNATURE + header() + struct.pack(">I", 2**32 - 1) + b"IDAT" + bytes(32),
    "unknown critical chunk": lambda: png(chunk(b"ABCD", b"x")),
    "chunk named in other letters": lambda: png(chunk(b"\0\0\0\0", b"x")),
    "pixels in two runs": lambda: png(end=chunk(b"tEXt", b"a\0b") + pixels() + chunk(b"IEND")),
    "too many chunks": lambda: png(*[chunk(b"tEXt", b"a\0b")] * 20_000),
    "line ends changed on the way": lambda: png().replace(b"\r\n", b"\n"),
    "bytes before its signature": lambda: b"\0" + png(),
    "JPEG": jpeg,
    "JPEG in a PNG's name": lambda: SIGNATURE + jpeg(),
    "GIF": lambda: saved("GIF"),
    "WebP": lambda: saved("WEBP"),
    "BMP": lambda: saved("BMP"),
    "TIFF": lambda: saved("TIFF"),
    "ICO": lambda: saved("ICO"),
    "PDF": lambda: b"%PDF-1.7\n%%EOF",
    "HTML": lambda: b"\xef\xbb\xbf <!doctype html><script>alert(1)</script>",
    "zip": lambda: b"PK\x03\x04" + bytes(64),
    "longer than 5 MiB": lambda: png(chunk(b"tEXt", b"a\0" + bytes(5 << 20))),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_at_a_counted_cost(name: str) -> None:
    meter = Meter(LIMITS)
    with pytest.raises(ImageRefused) as refusal:
        clean(REFUSED[name](), meter)
    assert refusal.value.code == "image-refused"
    assert refusal.value.detail
    # Not a byte is unpacked, nor a chunk read, beyond the first that is over its limit.
    assert meter.packed_bytes <= LIMITS.packed_bytes + (256 << 10)
    assert meter.pixel_bytes <= LIMITS.pixel_bytes + (256 << 10)
    assert meter.chunks <= LIMITS.chunks + 1


def test_a_bomb_costs_its_first_piece_and_not_its_size() -> None:
    for data in (REFUSED["bomb in IDAT"](), REFUSED["bomb behind the pixels"]()):
        meter = Meter(LIMITS)
        with pytest.raises(ImageRefused):
            clean(data, meter)
        assert meter.pixel_bytes <= 2 * (256 << 10)


def _exif() -> bytes:
    exif = Image.Exif()
    exif[0x010E], exif[0x013B] = "taken at home", SECRET.decode()
    return exif.tobytes()


CLEANED: dict[str, Callable[[], bytes]] = {
    "plain": png,
    "text": lambda: png(chunk(b"tEXt", b"Author\0" + SECRET)),
    "packed text": lambda: png(text(b"Author", zlib.compress(SECRET))),
    "international text": lambda: png(itxt(b"Author", SECRET, b"\0\0")),
    "XMP": lambda: png(itxt(b"XML:com.adobe.xmp", b"<x>" + SECRET + b"</x>", b"\0\0")),
    "Exif": lambda: png(chunk(b"eXIf", _exif())),
    "time": lambda: png(chunk(b"tIME", struct.pack(">HBBBBB", 2026, 1, 2, 3, 4, 5))),
    "place": lambda: png(chunk(b"prVt", SECRET)),
    "profile": lambda: png(chunk(b"iCCP", b"p\0\0" + zlib.compress(SECRET))),
    "credential of somebody else": lambda: png(itxt(b"openbadgecredential", b'{"id":"' + SECRET + b'"}', b"\0\0")),
    "OB2 assertion": lambda: png(itxt(b"openbadges", b'{"id":"' + SECRET + b'"}', b"\0\0")),
    "histogram, background, size": lambda: png(
        chunk(b"bKGD", b"\0\1" * 3), chunk(b"pHYs", struct.pack(">IIB", 1, 1, 1)), chunk(b"gAMA", b"\0\0\xb1\x8f")
    ),
    "unknown harmless chunk": lambda: png(chunk(b"heLo", SECRET)),
    "script in its pixels": lambda: png(body=chunk(b"IDAT", zlib.compress(rows(filler=b"<"), 0))),
    "text before its end": lambda: png(end=chunk(b"tEXt", b"Author\0" + SECRET) + chunk(b"IEND")),
}


@pytest.mark.parametrize("name", CLEANED)
def test_nothing_but_the_pixels_is_left(name: str) -> None:
    data = CLEANED[name]()
    cleaned = clean(data)
    assert (cleaned.media_type, cleaned.width, cleaned.height) == ("image/png", 8, 8)
    for made in (cleaned.content, cleaned.picture):
        assert SECRET not in made
        assert _kinds(made) == ["IHDR", "IDAT", "IEND"]
        with Image.open(io.BytesIO(made)) as image, Image.open(io.BytesIO(data)) as before:
            image.load()
            assert image.info == {}
            assert isinstance(image, PngImagePlugin.PngImageFile)
            assert image.text == {}
            assert image.convert("RGB").tobytes() == before.convert("RGB").tobytes()


def _kinds(data: bytes) -> list[str]:
    kinds, at = [], 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kinds.append(data[at + 4 : at + 8].decode())
        at += length + 12
    return kinds


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("1", "L"), ("L", "L"), ("LA", "LA"), ("P", "RGB"), ("RGB", "RGB"), ("RGBA", "RGBA"), ("I;16", "L")],
)
def test_every_kind_of_pixel_comes_out_as_plain_ones(mode: str, expected: str) -> None:
    image = Image.new(mode, (5, 3))
    image.putpixel((4, 2), {"I;16": 65_535, "LA": (255, 255), "RGBA": (255,) * 4, "RGB": (255,) * 3}.get(mode, 255))
    written = io.BytesIO()
    image.save(written, "PNG")
    with Image.open(io.BytesIO(clean(written.getvalue()).content)) as made:
        assert (made.mode, made.size) == (expected, (5, 3))
        white = made.convert("RGB").getpixel((4, 2))
        black = made.convert("RGB").getpixel((0, 0))
    assert black == (0, 0, 0)
    assert white == (255, 255, 255) or mode == "P"


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_colour_that_stands_for_nothing_becomes_transparent(mode: str) -> None:
    written = io.BytesIO()
    key: object = (1, 2, 3) if mode == "RGB" else 7
    Image.new(mode, (2, 2), key).save(written, "PNG", transparency=key)  # type: ignore[arg-type]
    with Image.open(io.BytesIO(clean(written.getvalue()).content)) as made:
        assert made.mode == "RGBA"
        assert {pixel[3] for pixel in made.get_flattened_data()} == {0}


@pytest.mark.parametrize(
    ("size", "expected"), [((4096, 1024), (800, 200)), ((3, 4096), (1, 800)), ((801, 800), (800, 799))]
)
def test_what_is_larger_than_a_badge_needs_is_made_smaller(size: tuple[int, int], expected: tuple[int, int]) -> None:
    written = io.BytesIO()
    image = Image.new("RGBA", size, (10, 200, 30, 255))
    image.putpixel((0, 0), (255, 255, 255, 255))
    image.save(written, "PNG")
    cleaned = clean(written.getvalue())
    assert (cleaned.width, cleaned.height) == expected
    assert cleaned.content == cleaned.picture
    with Image.open(io.BytesIO(cleaned.picture)) as picture:
        assert picture.size == expected
        assert picture.getpixel((expected[0] // 2, expected[1] // 2)) == (10, 200, 30, 255)


def test_what_is_in_order_but_no_decoder_takes_is_refused() -> None:
    # The fifth filter does not exist; counting bytes does not see it.
    with pytest.raises(ImageRefused, match="decoded"):
        clean(png(body=pixels((b"\7" + b"\x40" * 24) * 8)))


@pytest.mark.parametrize("size", [(8, 8), (800, 300), (3, 700)])
def test_a_frame_holds_the_picture_and_can_be_baked(size: tuple[int, int]) -> None:
    written = io.BytesIO()
    Image.new("RGB", size, "red").save(written, "PNG")
    cleaned = clean(written.getvalue())
    for square in (False, True):
        frame = raster.framed(cleaned.picture, square=square)
        assert b'viewBox="0 0 %d %d"' % ((max(size),) * 2 if square else size) in frame
        assert bake(frame, "{}").startswith(b"<svg")


def test_there_are_as_many_cases_as_were_promised() -> None:
    assert len(REFUSED) + len(CLEANED) >= 50
