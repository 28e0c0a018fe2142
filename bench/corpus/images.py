"""PNG and SVG that are bombs, lie about themselves, can act, or carry a credential in a form that must not be read."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import cache, partial

from badgeissuer.vc import bake, limits
from badgeissuer.vc.carriers.forms import Family
from bench.corpus.case import Case, of_table

Table = dict[str, tuple[Callable[[], bytes], str]]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_BADGE_KEY = b"openbadgecredential"


def chunk(type_: bytes, data: bytes, *, crc: int | None = None, size: int | None = None) -> bytes:
    """A PNG chunk, with a wrong CRC or length where one is given."""
    length = len(data) if size is None else size
    return (
        struct.pack(">I", length) + type_ + data + struct.pack(">I", zlib.crc32(type_ + data) if crc is None else crc)
    )


def _header(width: int = 1, height: int = 1, colour: int = 0, interlace: int = 0) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, interlace))


_PIXEL = chunk(b"IDAT", zlib.compress(b"\0\0"))
_END = chunk(b"IEND", b"")


def text_chunk(text: bytes, *, compressed: bool = False, key: bytes = _BADGE_KEY) -> bytes:
    """An iTXt chunk; by its key, one that carries a badge."""
    body = zlib.compress(text, 9) if compressed else text
    return chunk(b"iTXt", key + b"\0" + (b"\1" if compressed else b"\0") + b"\0\0\0" + body)


def png(*chunks: bytes) -> bytes:
    """An image of one pixel with these chunks."""
    return _SIGNATURE + _header() + b"".join(chunks) + _PIXEL + _END


def _pixels(*packed: bytes, width: int = 1, height: int = 1, colour: int = 0, interlace: int = 0) -> bytes:
    """An image whose pixels are this packed data, a chunk for each."""
    data = b"".join(chunk(b"IDAT", part) for part in packed)
    return _SIGNATURE + _header(width, height, colour, interlace) + data + _END


@cache
def _bomb() -> bytes:
    """64 MiB of zeros in 64 KiB."""
    return zlib.compress(bytes(64 * limits.MIB), 9)


_UNBAKED_PNG: Table = {
    "no credential": (lambda: png(), "not-baked"),
    "compressed credential": (lambda: png(text_chunk(b"{}", compressed=True)), "image-refused"),
    "compressed bomb": (
        lambda: png(text_chunk(bytes(64 * limits.MIB), compressed=True)),
        "image-refused",
    ),
    "credential in a zTXt bomb": (lambda: png(chunk(b"zTXt", _BADGE_KEY + b"\0\0" + _bomb())), "image-refused"),
    "credential in tEXt": (lambda: png(chunk(b"tEXt", _BADGE_KEY + b"\0{}")), "image-refused"),
    "two credentials": (lambda: png(text_chunk(b"{}") * 2), "image-refused"),
    "a badge and a record": (
        lambda: png(text_chunk(b"{}"), text_chunk(b"{}", key=Family.CLR.keyword)),
        "image-refused",
    ),
    "ten thousand credentials": (lambda: png(text_chunk(b"{}") * 10_000), "image-refused"),
    "credential too long": (lambda: png(text_chunk(b"{" + b" " * 300_000 + b"}")), "image-too-large"),
    "credential that is no UTF-8": (lambda: png(text_chunk(b"{\xff}")), "image-refused"),
    "length beyond the file": (lambda: _SIGNATURE + _header() + chunk(b"iTXt", b"x", size=2**31 - 1), "image-refused"),
    "length over 2^31": (lambda: _SIGNATURE + _header() + chunk(b"iTXt", b"x", size=2**32 - 1), "image-refused"),
    "length too short": (lambda: png(chunk(b"tEXt", b"a\0" + b"b" * 50, size=9)), "image-refused"),
    "wrong CRC": (
        lambda: _SIGNATURE + _header() + chunk(b"iTXt", _BADGE_KEY + b"\0\0\0\0\0{}", crc=0) + _PIXEL + _END,
        "image-refused",
    ),
    "no end": (lambda: _SIGNATURE + _header() + text_chunk(b"{}") + _PIXEL, "image-refused"),
    "an end with something in it": (
        lambda: _SIGNATURE + _header() + text_chunk(b"{}") + _PIXEL + chunk(b"IEND", b"x"),
        "image-refused",
    ),
    "a ZIP archive after the end": (lambda: png(text_chunk(b"{}")) + b"PK\x03\x04" + b"\0" * 100, "image-refused"),
    "a second PNG after the end": (lambda: png(text_chunk(b"{}")) * 2, "image-refused"),
    "a GIF before the PNG": (lambda: b"GIF89a" + png(text_chunk(b"{}")), "image-refused"),
    "two headers": (lambda: png(_header(), text_chunk(b"{}")), "image-refused"),
    "forty thousand chunks": (lambda: png(chunk(b"tEXt", b"a\0b") * 40_000), "image-too-large"),
    "a million empty chunks": (lambda: png(chunk(b"IDAT", b"") * 1_000_000), "image-too-large"),
    "six megabytes without a learner record": (
        lambda: png(chunk(b"tEXt", b"a\0" + b"b" * (6 * limits.MIB))),
        "image-too-large",
    ),
    "longer than any image": (lambda: png(chunk(b"tEXt", b"a\0" + b"b" * (17 * limits.MIB))), "image-too-large"),
}
_BAKED_PNG: Table = {
    "30,000 by 30,000 pixels": (
        lambda: _pixels(_bomb(), width=30_000, height=30_000, colour=6),
        "image-refused",
    ),
    "2^31 pixels a side": (lambda: _pixels(_bomb(), width=2**31 - 1, height=2**31 - 1), "image-refused"),
    "no pixels a side": (lambda: _pixels(_bomb(), width=0), "image-refused"),
    "pixels that unpack to gigabytes": (
        lambda: _pixels(*[_bomb()] * 40, width=4_096, height=4_096, colour=6),
        "image-refused",
    ),
    "gigabytes in one stream": (
        lambda: _pixels(_gigabytes(4), width=4_096, height=4_096, colour=6),
        "image-refused",
    ),
    "interlaced, more than it says": (lambda: _pixels(_bomb(), width=64, height=64, interlace=1), "image-refused"),
    "sixteen bits, more than the limit": (
        lambda: (
            _SIGNATURE
            + chunk(b"IHDR", struct.pack(">IIBBBBB", 4_096, 4_096, 16, 6, 0, 0, 0))
            + chunk(b"IDAT", _bomb())
            + _END
        ),
        "image-refused",
    ),
    "more pixels than it says": (lambda: _pixels(_bomb()), "image-refused"),
    "fewer pixels than it says": (lambda: _pixels(zlib.compress(b"\0\0"), width=4_096, height=4_096), "image-refused"),
    "pixels in fourteen thousand pieces": (
        lambda: _pixels(*_pieces(zlib.compress(bytes(4_096 * 4_097))), width=4_096, height=4_096),
        "accepted",
    ),
    "zTXt bomb": (lambda: png(chunk(b"zTXt", b"Comment\0\0" + _bomb())), "image-too-large"),
    "iTXt bomb": (
        lambda: png(text_chunk(bytes(64 * limits.MIB), compressed=True, key=b"Comment")),
        "image-too-large",
    ),
    "iCCP bomb": (lambda: png(chunk(b"iCCP", b"icc\0\0" + _bomb())), "image-too-large"),
    "a hundred small bombs": (
        lambda: png(chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(500_000), 9)) * 100),
        "image-too-large",
    ),
    "a text that is not packed": (lambda: png(chunk(b"zTXt", b"Comment\0\0" + b"x" * 1_000_000)), "image-refused"),
    "animation": (lambda: png(chunk(b"acTL", struct.pack(">II", 1_000_000, 0))), "image-refused"),
    "critical chunk that nobody knows": (lambda: png(chunk(b"EVIL", b"")), "image-refused"),
    "five megabytes and one byte": (
        lambda: png(chunk(b"tEXt", b"a\0" + b"b" * (limits.IMAGE_BYTES + limits.FOREIGN_BYTES))),
        "image-too-large",
    ),
}


def _gigabytes(count: int) -> bytes:
    """A stream of as many GiB: blocks that end with a full flush stand for themselves, so one can be repeated."""
    packer = zlib.compressobj(9)
    first = packer.compress(bytes(16 * limits.MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(16 * limits.MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + block * (count * 64 - 1) + packer.flush()


def _pieces(packed: bytes) -> list[bytes]:
    return [packed[at : at + 2] for at in range(0, len(packed), 2)][:14_000]


# --- SVG

_NS = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
_OB = 'xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0"'
_CLR = 'xmlns:clr="https://purl.imsglobal.org/clr/v2p0"'


def _svg(body: str, *, before: str = "", attributes: str = "") -> bytes:
    return f"{before}<svg {_NS} {attributes}>{body}</svg>".encode()


def _laughs(levels: int) -> bytes:
    names = [f"&l{n};" * 10 for n in range(levels)]
    entities = '<!ENTITY l0 "ha">' + "".join(f'<!ENTITY l{n + 1} "{names[n]}">' for n in range(levels - 1))
    return _svg(f"<text>&l{levels - 1};</text>", before=f"<!DOCTYPE svg [{entities}]>")


def _quadratic_laughs() -> bytes:
    return _svg("<text>" + "&a;" * 50_000 + "</text>", before=f'<!DOCTYPE svg [<!ENTITY a "{"ha" * 50_000}">]>')


def _uses(levels: int, width: int) -> bytes:
    groups = '<g id="u0"><rect width="1" height="1"/></g>' + "".join(
        f'<g id="u{n}">' + f'<use xlink:href="#u{n - 1}"/>' * width + "</g>" for n in range(1, levels)
    )
    return _svg(f'<defs>{groups}</defs><use href="#u{levels - 1}"/>')


_ATTRIBUTES = " ".join(f'data-{n}=""' for n in range(100))
_ACTIVE = {
    "script": "<script>alert(1)</script>",
    "script by a prefix": '<x:script xmlns:x="http://www.w3.org/2000/svg">alert(1)</x:script>',
    "event handler": '<rect onload="alert(1)"/>',
    "event handler in capitals": '<rect OnLoad="alert(1)"/>',
    "javascript link": '<a href="javascript:alert(1)"><rect/></a>',
    "javascript link in capitals": '<a href="JaVaScRiPt:alert(1)"><rect/></a>',
    "javascript link with a tab": '<a xlink:href="java&#9;script:alert(1)"><rect/></a>',
    "javascript link with a line end": '<a href="java&#10;script:alert(1)"><rect/></a>',
    "javascript link after blanks": '<a href=" &#1; javascript:alert(1)"><rect/></a>',
    "data link": '<a href="data:text/html,&lt;script>alert(1)&lt;/script>"><rect/></a>',
    "set of a link": '<a><set attributeName="href" to="javascript:alert(1)"/></a>',
    "animate of a link": '<a><animate attributeName="href" values="javascript:alert(1)"/></a>',
    "animate of a handler": '<rect><animate attributeName="onload" values="alert(1)"/></rect>',
    "animateTransform": '<rect><animateTransform attributeName="transform" dur="1s"/></rect>',
    "foreignObject": "<foreignObject><b xmlns='http://www.w3.org/1999/xhtml'/></foreignObject>",
    "HTML": "<iframe xmlns='http://www.w3.org/1999/xhtml' src='https://evil.example/'/>",
    "outside image": '<image href="https://evil.example/t.png"/>',
    "outside image by two slashes": '<image href="//evil.example/t.png"/>',
    "SVG in an image": '<image href="data:image/svg+xml;base64,PHN2Zy8+"/>',
    "outside use": '<use href="https://evil.example/a.svg#x"/>',
    "outside filter image": '<filter><feImage href="https://evil.example/t.png"/></filter>',
    "file link": '<image href="file:///etc/passwd"/>',
    "another base": '<g xml:base="https://evil.example/"><use href="#x"/></g>',
    "style that fetches": "<style>@import url(https://evil.example/a.css);</style>",
    "style with an escape": "<style>rect{fill:u\\72l(https://evil.example/a)}</style>",
    "style that names a font": "<style>@font-face{font-family:x;src:url(https://evil.example/f)}</style>",
    "url in an attribute": '<rect fill="url(https://evil.example/a#b)"/>',
    "url in a style attribute": '<rect style="fill:url( https://evil.example/a )"/>',
    "image-set in a style": "<style>rect{fill:image-set('https://evil.example/a' 1x)}</style>",
    "use of itself": '<g id="a"><use href="#a"/></g>',
    "uses in a circle": '<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>',
    "not closed": "<g>",
    "element of no SVG": '<handler type="text/javascript">alert(1)</handler>',
}
_BAKED_SVG: Table = {
    **{name: (partial(_svg, body), "image-refused") for name, body in _ACTIVE.items()},
    "event handler on the root": (lambda: _svg("<rect/>", attributes='onload="alert(1)"'), "image-refused"),
    "external entity": (
        lambda: _svg("<text>&x;</text>", before='<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
        "image-refused",
    ),
    "external parameter entity": (
        lambda: _svg("<rect/>", before='<!DOCTYPE svg [<!ENTITY % x SYSTEM "https://evil.example/a.dtd">%x;]>'),
        "image-refused",
    ),
    "external DTD": (
        lambda: _svg("<rect/>", before='<!DOCTYPE svg SYSTEM "https://evil.example/a.dtd">'),
        "image-refused",
    ),
    "a billion laughs": (lambda: _laughs(10), "image-refused"),
    "quadratic laughs": (_quadratic_laughs, "image-refused"),
    "processing instruction": (
        lambda: _svg("<rect/>", before='<?xml-stylesheet href="https://evil.example/a.css"?>'),
        "image-refused",
    ),
    "UTF-16": (lambda: _svg("<script/>").decode().encode("utf-16"), "image-refused"),
    "another encoding by name": (
        lambda: _svg("<rect/>", before='<?xml version="1.0" encoding="utf-7"?>'),
        "image-refused",
    ),
    "nested use, eight to the sixth": (lambda: _uses(7, 8), "image-too-large"),
    "nested use, two to the thirtieth": (lambda: _uses(30, 2), "image-too-large"),
    "ten thousand uses of ten thousand": (
        lambda: _svg('<g id="a">' + "<rect/>" * 10_000 + "</g>" + '<use href="#a"/>' * 10_000),
        "image-too-large",
    ),
    "patterns in patterns": (
        lambda: _svg(
            "".join(f'<pattern id="p{n}">' + f'<rect fill="url(#p{n + 1})"/>' * 10 + "</pattern>" for n in range(12))
            + '<rect fill="url(#p0)"/>'
        ),
        "image-too-large",
    ),
    "two hundred levels": (lambda: _svg("<g>" * 200 + "</g>" * 200), "image-too-large"),
    "a hundred thousand levels": (lambda: _svg("<g>" * 100_000 + "</g>" * 100_000), "image-too-large"),
    "a hundred thousand levels, never closed": (lambda: _svg("<g>" * 100_000), "image-too-large"),
    "a million elements": (lambda: _svg("<g/>" * 1_000_000), "image-too-large"),
    "two hundred thousand attributes": (lambda: _svg(f"<g {_ATTRIBUTES}/>" * 2_000), "image-too-large"),
    "two hundred thousand attributes of one element": (
        lambda: _svg("<g " + " ".join(f'a{n}=""' for n in range(200_000)) + "/>"),
        "image-too-large",
    ),
    "two hundred thousand namespaces": (
        lambda: _svg("<g " + " ".join(f'xmlns:a{n}="b"' for n in range(200_000)) + "/>"),
        "image-too-large",
    ),
    "a style of two megabytes": (lambda: _svg(f'<g style="{"fill:red;" * 220_000}"/>'), "image-too-large"),
    "style sheets of two megabytes": (lambda: _svg("<style>a{fill:red}</style>" * 20_000 * 5), "image-too-large"),
    "two hundred thousand urls in a style": (
        lambda: _svg("<style>" + "url(#a)" * 140_000 + "</style>"),
        "image-too-large",
    ),
    "longer than any image": (lambda: _svg("<!--" + "x" * (17 * limits.MIB) + "-->"), "image-too-large"),
    "a path of four megabytes": (lambda: _svg(f'<path d="M0 0{" L1 1" * 800_000}"/>'), "accepted"),
}
_UNBAKED_SVG: Table = {
    "no credential": (lambda: _svg("<rect/>"), "not-baked"),
    "two credentials": (
        lambda: _svg("<openbadges:credential>{}</openbadges:credential>" * 2, attributes=_OB),
        "image-refused",
    ),
    "credential in another": (
        lambda: _svg(
            "<openbadges:credential><openbadges:credential>{}</openbadges:credential></openbadges:credential>",
            attributes=_OB,
        ),
        "image-refused",
    ),
    "credential in both places": (
        lambda: _svg('<openbadges:credential verify="a.b.c">{}</openbadges:credential>', attributes=_OB),
        "image-refused",
    ),
    "credential too long": (
        lambda: _svg(f"<openbadges:credential>{{{' ' * 300_000}}}</openbadges:credential>", attributes=_OB),
        "image-too-large",
    ),
    "credential by entities": (
        lambda: _svg(
            "<openbadges:credential>&a;</openbadges:credential>",
            attributes=_OB,
            before=f'<!DOCTYPE svg [<!ENTITY a "{{{" " * 1_000}}}">]>',
        ),
        "image-refused",
    ),
    "a billion laughs": (lambda: _laughs(10), "image-refused"),
    "six megabytes without a learner record": (
        lambda: _svg("<!--" + "x" * (6 * limits.MIB) + "-->"),
        "image-too-large",
    ),
    # An image that names learner records may be long.
    "fifteen megabytes of comment": (
        lambda: _svg("<!--" + "x" * (15 * limits.MIB) + "-->", attributes=_CLR),
        "not-baked",
    ),
    "fifteen megabytes of text": (
        lambda: _svg("<text>" + "x\n" * (15 * limits.MIB // 2) + "</text>", attributes=_CLR),
        "not-baked",
    ),
    "fifteen megabytes of elements": (
        lambda: _svg("<g/>" * (15 * limits.MIB // 4), attributes=_CLR),
        "image-too-large",
    ),
    "fifteen megabytes of attributes": (
        lambda: _svg("<g " + 'a="" ' * (3 * limits.MIB) + "/>", attributes=_CLR),
        "image-too-large",
    ),
    "fifteen megabytes of one attribute": (
        lambda: _svg(f'<g a="{"x" * (15 * limits.MIB)}"/>', attributes=_CLR),
        "not-baked",
    ),
    "fifteen megabytes of a tag that never ends": (
        lambda: _svg("<g " + "x" * (15 * limits.MIB), attributes=_CLR),
        "image-refused",
    ),
    "longer than any image": (lambda: _svg("<!--" + "x" * (17 * limits.MIB) + "-->"), "image-too-large"),
}


def _bake(image: bytes) -> object:
    return bake.bake(image, "{}")


CASES: list[Case] = [
    *of_table("PNG", bake.unbake, _UNBAKED_PNG, "unbake: "),
    *of_table("PNG", _bake, _BAKED_PNG, "bake: "),
    *of_table("SVG", bake.unbake, _UNBAKED_SVG, "unbake: "),
    *of_table("SVG", _bake, _BAKED_SVG, "bake: "),
]
