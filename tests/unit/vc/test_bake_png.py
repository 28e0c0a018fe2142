"""Baking into PNG: what goes in comes out, and hostile files cost what the limits say."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from contextlib import suppress
from struct import pack

import png
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from badgeissuer.errors import BadgeissuerError
from badgeissuer.vc import strictjson
from badgeissuer.vc.bake import PNG, Baked, Family, ImageRefused, ImageTooLarge, Limits, Meter, NotBaked, bake, unbake
from badgeissuer.vc.carriers.png import read_chunks
from badgeissuer.vc.faults import MalformedJson
from tests.support.shared import shared_path

SIGNATURE = b"\x89PNG\r\n\x1a\n"
BADGE, JWT = '{"name":"Bär]]>"}', "eyJh.eyJi.c2ln"


def chunk(type_: bytes, data: bytes = b"", crc: int | None = None) -> bytes:
    return pack(">I4s", len(data), type_) + data + pack(">I", zlib.crc32(type_ + data) if crc is None else crc)


def header(width: int = 2, height: int = 2, depth: int = 8, colour: int = 0, rest: bytes = b"\0\0\0") -> bytes:
    return chunk(b"IHDR", pack(">IIBB", width, height, depth, colour) + rest)


PIXELS = chunk(b"IDAT", zlib.compress(b"\0\x10\x20\0\x30\x40"))
END = chunk(b"IEND")


def made(*parts: bytes) -> bytes:
    return SIGNATURE + b"".join(parts)


ART = made(header(), PIXELS, END)


def itxt(keyword: bytes, text: bytes, flags: bytes = b"\0\0\0\0") -> bytes:
    return chunk(b"iTXt", keyword + b"\0" + flags + text)


def carried(text: bytes = b"{}", family: Family = Family.OPEN_BADGE) -> bytes:
    return itxt(family.keyword, text)


@pytest.mark.parametrize("family", Family)
@pytest.mark.parametrize("text", [BADGE, JWT])
def test_baked_is_one_chunk_after_the_header_and_the_rest_is_untouched(family: Family, text: str) -> None:
    baked = bake(ART, text, family=family)
    assert baked == made(header(), carried(text.encode(), family), PIXELS, END)
    assert unbake(baked) == Baked(family, text, PNG)
    assert unbake(baked).is_jwt == (text is JWT)
    assert png.Reader(bytes=baked).read_flat()[2] == bytearray(b"\x10\x20\x30\x40")


@given(
    st.dictionaries(
        st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0")), st.text(max_size=3)
    )
)
def test_any_text_survives(members: dict[str, str]) -> None:
    text = strictjson.dumps(dict.fromkeys(members, "x"))
    assert unbake(bake(ART, text)).text == text


def test_baking_again_replaces_whatever_was_there() -> None:
    old = [carried(), carried(b"{}", Family.CLR), chunk(b"tEXt", b"openbadgecredential\0x"), carried(b"{}")]
    assert bake(made(header(), *old[:2], PIXELS, *old[2:], END), BADGE) == bake(ART, BADGE)
    assert bake(bake(ART, JWT), BADGE) == bake(ART, BADGE)


@pytest.mark.parametrize(("name", "jwt", "end"), [("simple-json.png", False, "}"), ("simple-jwt_v1.png", True, "")])
def test_the_official_samples(name: str, jwt: bool, end: str) -> None:
    image = (shared_path("standards/samples/valid/ob30") / name).read_bytes()
    baked = unbake(image)
    assert (baked.family, baked.is_jwt, baked.text.endswith(end)) == (Family.OPEN_BADGE, jwt, True)
    assert unbake(bake(image, baked.text)) == baked
    assert len(bake(image, baked.text)) == len(image)


def test_no_credential_is_told_apart_from_a_broken_image() -> None:
    with pytest.raises(NotBaked, match="carries no credential"):
        unbake(made(header(), itxt(b"openbadges", b"an OB 2 assertion"), chunk(b"tEXt", b"x" * 90), PIXELS, END))


REFUSED: dict[str, tuple[bytes, str]] = {
    "not a PNG": (b"GIF89a", "neither PNG nor SVG"),
    "cut after the signature": (SIGNATURE, "cut short"),
    "cut within a chunk": (ART[:-20], "cut short"),
    "no end": (made(header(), PIXELS), "cut short"),
    "a chunk longer than the file": (made(header(), b"\x7f\xff\xff\xffIDAT1234", END), "longer than the file"),
    "wrong checksum": (made(header(), PIXELS, chunk(b"tEXt", b"a\0b", crc=1), END), "checksum"),
    "a type that is not letters": (made(header(), chunk(b"ID1T"), PIXELS, END), "no proper type"),
    "more after the end": (ART + b"<script>", "goes on after the end"),
    "an end that holds data": (made(header(), PIXELS, chunk(b"IEND", b"x")), "goes on after the end"),
    "no header": (made(PIXELS, END), "begins with its one header"),
    "two headers": (made(header(), header(), PIXELS, END), "begins with its one header"),
    "a header too short": (made(chunk(b"IHDR", b"1234"), PIXELS, END), "begins with its one header"),
    "an unknown critical chunk": (made(header(), chunk(b"ZZZZ"), PIXELS, END), "no viewer knows"),
    "no pixels": (made(header(), END), "one run of chunks"),
    "pixels in two runs": (made(header(), PIXELS, chunk(b"tEXt", b"a\0b"), PIXELS, END), "one run of chunks"),
}


@pytest.mark.parametrize("act", [unbake, lambda image: bake(image, BADGE)], ids=["unbake", "bake"])
@pytest.mark.parametrize(("image", "reason"), REFUSED.values(), ids=REFUSED)
def test_broken_files_are_refused_both_ways(image: bytes, reason: str, act: Callable[[bytes], object]) -> None:
    with pytest.raises(ImageRefused, match=reason):
        act(image)


UNREADABLE: dict[str, tuple[bytes, str]] = {
    "twice": (carried() + carried(), "more than one credential"),
    "one of each family": (carried() + carried(b"{}", Family.CLR), "more than one credential"),
    "as tEXt": (chunk(b"tEXt", b"openbadgecredential\0{}"), "another chunk than iTXt"),
    "as zTXt": (chunk(b"zTXt", b"openbadgecredential\0\0" + zlib.compress(b"{}")), "another chunk than iTXt"),
    "compressed": (itxt(b"openbadgecredential", zlib.compress(b"{}"), b"\1\0\0\0"), "compressed"),
    "another method": (itxt(b"openbadgecredential", b"{}", b"\0\1\0\0"), "compressed"),
    "no language tag": (itxt(b"openbadgecredential", b"{}", b"\0\0"), "out of form"),
    "no translated keyword": (itxt(b"openbadgecredential", b"{}", b"\0\0en\0"), "out of form"),
    "nothing in it": (carried(b""), "neither JSON nor a JWT"),
    "not UTF-8": (carried(b"\xff\xfe"), "not UTF-8"),
}


@pytest.mark.parametrize(("chunks", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_credentials_in_a_form_that_must_not_be_read(chunks: bytes, reason: str) -> None:
    with pytest.raises(ImageRefused, match=reason):
        unbake(made(header(), chunks, PIXELS, END))


def test_a_language_tag_does_no_harm() -> None:
    image = made(header(), itxt(b"openbadgecredential", b"{}", b"\0\0en\0badge\0"), PIXELS, END)
    assert unbake(image).text == "{}"


def squeezed(data: bytes) -> bytes:
    return chunk(b"IDAT", zlib.compress(data))


PALETTE = chunk(b"PLTE", b"\0\0\0\xff\xff\xff")
NOT_BAKED_INTO: dict[str, tuple[bytes, str]] = {
    "colour type 1": (made(header(colour=1), PIXELS, END), "header is out of form"),
    "three bits": (made(header(depth=3), PIXELS, END), "header is out of form"),
    "no width": (made(header(width=0), PIXELS, END), "header is out of form"),
    "no height": (made(header(height=0), PIXELS, END), "header is out of form"),
    "another packing": (made(header(rest=b"\1\0\0"), PIXELS, END), "header is out of form"),
    "another filter": (made(header(rest=b"\0\1\0"), PIXELS, END), "header is out of form"),
    "another interlace": (made(header(rest=b"\0\0\2"), PIXELS, END), "header is out of form"),
    "too wide": (made(header(width=4097), PIXELS, END), "larger than 4096"),
    "too high": (made(header(height=4097), PIXELS, END), "larger than 4096"),
    "a flood of pixels": (made(header(4096, 4096, 16, 6), PIXELS, END), "bytes of pixels"),
    "an animation": (made(header(), chunk(b"acTL", bytes(8)), PIXELS, END), "animation"),
    "no palette": (made(header(colour=3), PIXELS, END), "palette is missing"),
    "two palettes": (made(header(colour=3), PALETTE, PALETTE, PIXELS, END), "palette is missing, doubled"),
    "a palette for grey": (made(header(), PALETTE, PIXELS, END), "palette is missing"),
    "a late palette": (made(header(colour=3), PIXELS, PALETTE, END), "out of place"),
    "an odd palette": (made(header(colour=3), chunk(b"PLTE", b"1234"), PIXELS, END), "no whole number"),
    "an empty palette": (made(header(colour=3), chunk(b"PLTE"), PIXELS, END), "no whole number"),
    "a huge palette": (made(header(colour=3), chunk(b"PLTE", bytes(771)), PIXELS, END), "no whole number"),
    "too few pixels": (made(header(height=3), PIXELS, END), "not as many"),
    "too many pixels": (made(header(height=1), PIXELS, END), "longer than it may be"),
    "pixels cut short": (made(header(), chunk(b"IDAT", zlib.compress(b"\0\1\1\0\1\1")[:-3]), END), "cut short"),
    "pixels that are no zlib": (made(header(), chunk(b"IDAT", b"plain"), END), "is broken"),
    "something after the pixels": (
        made(header(), chunk(b"IDAT", zlib.compress(b"\0\1\1\0\1\1") + b"MZ"), END),
        "longer than it may be",
    ),
    "a text without end of keyword": (made(header(), chunk(b"zTXt", b"abc"), PIXELS, END), "text or profile"),
    "a text too short": (made(header(), chunk(b"iTXt", b"a\0\0"), PIXELS, END), "text or profile"),
    "a text of unknown packing": (made(header(), chunk(b"zTXt", b"a\0\1x"), PIXELS, END), "text or profile"),
    "a text of packing 2": (made(header(), itxt(b"a", b"x", b"\2\0\0\0"), PIXELS, END), "text or profile"),
    "a text of method 1": (made(header(), itxt(b"a", b"x", b"\1\1\0\0"), PIXELS, END), "text or profile"),
    "a text without translation": (made(header(), itxt(b"a", b"x", b"\1\0\0"), PIXELS, END), "text or profile"),
    "a profile that is no zlib": (made(header(), chunk(b"iCCP", b"a\0\0xyz"), PIXELS, END), "is broken"),
    "an empty profile": (made(header(), chunk(b"iCCP", b"a\0\0"), PIXELS, END), "text or profile"),
    "a profile cut short": (
        made(header(), chunk(b"iCCP", b"a\0\0" + zlib.compress(b"x")[:-2]), PIXELS, END),
        "cut short",
    ),
}


@pytest.mark.parametrize(("image", "reason"), NOT_BAKED_INTO.values(), ids=NOT_BAKED_INTO)
def test_images_that_are_not_baked_into(image: bytes, reason: str) -> None:
    with pytest.raises(ImageRefused, match=reason):
        bake(image, BADGE)


def test_sound_images_of_every_kind() -> None:
    for colour, depth, planes in ((0, 1, 1), (0, 16, 1), (2, 8, 3), (4, 8, 2), (6, 16, 4)):
        rows = [[0] * (5 * planes)] * 3
        out = io.BytesIO()
        png.Writer(5, 3, greyscale=colour in (0, 4), alpha=colour >= 4, bitdepth=depth).write(out, rows)
        assert unbake(bake(out.getvalue(), BADGE)).text == BADGE
    for interlace in (b"\0\0\0", b"\0\0\1"):
        # Adam7 of 2 by 2: passes 1, 6 and 7 have pixels.
        size = 6 if interlace == b"\0\0\0" else 2 + 2 + 3
        assert bake(made(header(rest=interlace), squeezed(bytes(size)), END), BADGE)
    extras = [
        chunk(b"zTXt", b"a\0\0" + zlib.compress(b"text")),
        chunk(b"iCCP", b"a\0\0" + zlib.compress(b"profile")),
        itxt(b"b", zlib.compress(b"text"), b"\1\0\0\0"),
        itxt(b"c", b"text"),
    ]
    assert bake(made(header(colour=3), *extras, PALETTE, squeezed(bytes(6)), END), BADGE)


def test_the_pixels_may_come_in_many_chunks() -> None:
    data = zlib.compress(bytes(1025 * 1024), 1)
    pieces = [chunk(b"IDAT", data[at : at + 7]) for at in range(0, len(data), 7)]
    meter = Meter()
    assert bake(made(header(1024, 1024 + 0), *pieces, END), BADGE, meter=meter)
    assert (meter.pixel_bytes, meter.chunks) == (1025 * 1024, len(pieces) + 2)


LIMITS = Limits(
    chunks=5, packed_bytes=300_000, pixel_bytes=1_000_000, badge_bytes=40, art_bytes=2_000_000, clr_bytes=60
)


def too_large(act: Callable[[Meter], object]) -> Meter:
    meter = Meter(LIMITS)
    with pytest.raises(ImageTooLarge):
        act(meter)
    return meter


def test_bombs_cost_what_the_limits_say() -> None:
    bomb = zlib.compress(bytes(50_000_000), 9)
    texts = made(header(), chunk(b"zTXt", b"a\0\0" + bomb), PIXELS, END)
    assert too_large(lambda meter: bake(texts, BADGE, meter=meter)).packed_bytes == 2 * 262_144
    assert unbake(made(header(), chunk(b"zTXt", b"a\0\0" + bomb), carried(), PIXELS, END)).text == "{}"
    many = made(header(), *[chunk(b"tEXt", b"a\0b")] * 9, PIXELS, END)
    assert too_large(lambda meter: unbake(many, meter=meter)).chunks == 6
    meter = Meter(LIMITS)
    with pytest.raises(ImageRefused, match="longer than it may be"):
        bake(made(header(), chunk(b"IDAT", bomb), END), BADGE, meter=meter)
    assert meter.pixel_bytes == 262_144
    with pytest.raises(ImageTooLarge, match="pixels exceed"):
        Meter(LIMITS).pixels(1_000_001)


def test_texts_and_files_over_the_limits() -> None:
    fits = '{"a":"' + "x" * 32 + '"}'
    assert unbake(bake(ART, fits, limits=LIMITS), limits=LIMITS).text == fits
    assert bake(bake(ART, fits), fits, limits=LIMITS) == bake(ART, fits)
    with pytest.raises(ImageTooLarge, match="longer than 40 bytes"):
        bake(ART, "a.b." + "c" * 37, limits=LIMITS)
    with pytest.raises(BadgeissuerError, match="longer than 40 bytes"):
        bake(ART, fits + " ", limits=LIMITS)
    assert bake(ART, fits + " " * 20, limits=LIMITS, family=Family.CLR)
    too_large(lambda meter: unbake(bake(ART, fits + " "), meter=meter))
    too_large(lambda meter: bake(ART + bytes(2_000_000), BADGE, meter=meter))
    too_large(lambda meter: unbake(ART + bytes(2_000_100), meter=meter))


def test_only_an_image_that_names_learner_records_is_long() -> None:
    limits = Limits(art_bytes=200, badge_bytes=200, clr_bytes=3_000, clr_image_bytes=2_000)
    record = '{"a":"' + "x" * 1_600 + '"}'
    long = bake(ART, record, limits=limits, family=Family.CLR)
    assert unbake(long, limits=limits).text == record
    with pytest.raises(ImageTooLarge, match="longer than 400 bytes"):
        unbake(long.replace(b"clrcredential", b"clrcredentiaI"), limits=limits)
    # What would not be read again is not made.
    with pytest.raises(ImageTooLarge, match="would be longer than 2000 bytes"):
        bake(ART, record + " " * 400, limits=limits, family=Family.CLR)


@pytest.mark.parametrize("text", ["", "[]", "plain", '{"a":1,"a":2}', '{"a":"\ud800"}', "a.b", "a.b.c\n"])
def test_what_is_no_credential_is_not_baked(text: str) -> None:
    with pytest.raises(MalformedJson):
        bake(ART, text)


@settings(max_examples=300)
@given(st.binary(max_size=60), st.integers(0, len(ART)))
def test_noise_raises_nothing_but_our_own(noise: bytes, at: int) -> None:
    for image in (SIGNATURE + noise, ART[:at] + noise + ART[at:]):
        with suppress(ImageRefused, ImageTooLarge):
            read_chunks(image, Meter())
        with suppress(ImageRefused, ImageTooLarge):
            bake(image, BADGE)


def test_pillow_shows_the_same_picture() -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    with image.open(io.BytesIO(bake(ART, BADGE))) as shown:
        assert list(shown.tobytes()) == [16, 32, 48, 64]
        assert shown.text["openbadgecredential"] == BADGE
