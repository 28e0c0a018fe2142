"""Hostile input, each case named for its one defect: what must be refused cheaply, and by which typed error.

Used twice: the tests assert the error and what was counted, ``bench.hostile`` measures CPU time and memory. All of it
is made here, from small seeds; no file of megabytes is kept.
"""

from __future__ import annotations

import base64
import gzip
import json
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from badgeissuer.vc import bake, jwt, limits, strictjson
from badgeissuer.vc.canon import FOREIGN_BUDGET, canonicalize
from badgeissuer.vc.contexts import OB_CONTEXTS, ContextStore
from badgeissuer.vc.multibase import base64url_encode
from badgeissuer.vc.status import Bits

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """``make`` gives the input, ``act`` is what meets it, ``code`` is that of the error it has to raise.

    ``unit`` names what is counted where a budget ends it.
    """

    family: str
    name: str
    make: Callable[[], Any]
    act: Callable[[Any], object]
    code: str
    unit: str = ""


# --- JSON

_JSON: dict[str, tuple[Callable[[], bytes], str]] = {
    "duplicate key": (lambda: b'{"a":1,"a":2}', "malformed-json"),
    "duplicate key by an escape": (lambda: b'{"a":1,"\\u0061":2}', "malformed-json"),
    "duplicate key far inside": (lambda: b'{"a":[{"b":{"c":1,"d":2,"c":3}}]}', "malformed-json"),
    "ten thousand duplicate keys": (lambda: b"{" + b'"a":1,' * 10_000 + b'"a":1}', "malformed-json"),
    "NaN": (lambda: b'{"a":NaN}', "malformed-json"),
    "Infinity": (lambda: b'{"a":-Infinity}', "malformed-json"),
    "1e400": (lambda: b'{"a":1e400}', "malformed-json"),
    "integer of 5,000 digits": (lambda: b'{"a":' + b"9" * 5_000 + b"}", "malformed-json"),
    "integer of 250,000 digits": (lambda: b'{"a":' + b"9" * 250_000 + b"}", "malformed-json"),
    "lone surrogate, escaped": (lambda: b'{"a":"\\ud800"}', "malformed-json"),
    "lone surrogate, raw": (lambda: b'{"a":"\xed\xa0\x80"}', "malformed-json"),
    "NUL": (lambda: b'{"a":"\\u0000"}', "malformed-json"),
    "byte order mark": (lambda: b"\xef\xbb\xbf{}", "malformed-json"),
    "UTF-16": (lambda: '{"a":1}'.encode("utf-16"), "malformed-json"),
    "something after the value": (lambda: b"{} {}", "malformed-json"),
    "a hundred thousand levels": (lambda: b"[" * 100_000 + b"]" * 100_000, "malformed-json"),
    "levels in members": (lambda: b'{"a":' * 30_000 + b"1" + b"}" * 30_000, "malformed-json"),
    "escapes without end": (lambda: b'{"a":"' + b"\\\\" * 120_000, "malformed-json"),
    "longer than allowed": (lambda: b" " * 300_000, "too-large"),
}


def _loads(data: bytes) -> object:
    return strictjson.loads(data, max_bytes=limits.FOREIGN_BYTES)


# --- graphs

_BADGE: Document = {
    "@context": list(OB_CONTEXTS),
    "id": "urn:uuid:0d0d6c0a-0000-4000-8000-000000000001",
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "issuer": {"id": "did:web:a.example", "type": ["Profile"]},
    "validFrom": "2026-01-01T00:00:00Z",
}


def _badge(**members: Any) -> Document:
    return {**_BADGE, **members}


def _results(*results: Document) -> Document:
    return _badge(credentialSubject={"id": "urn:a", "type": ["AchievementSubject"], "result": list(results)})


def _alike(results: int, alignments: int) -> Document:
    alignment = {"type": ["Alignment"], "targetName": "x", "targetUrl": "https://b.example/x"}
    return _results(*[{"type": ["Result"], "alignment": [alignment] * alignments}] * results)


def _clique(nodes: int) -> Document:
    """Every node points to every other: by RDFC-1.0 without a budget, the work grows with the factorial."""
    related = [
        {"id": f"_:n{a}", "type": ["Related"], "related": [{"id": f"_:n{b}", "type": ["Related"]}]}
        for a, b in combinations(range(nodes), 2)
    ]
    return _badge(
        credentialSubject={"type": ["AchievementSubject"], "achievement": {"type": ["Achievement"], "related": related}}
    )


def _nested_profiles(depth: int) -> Document:
    profile: Document = {"type": ["Profile"], "name": "x"}
    for _ in range(depth):
        profile = {"type": ["Profile"], "name": "x", "parentOrg": profile, "endorsement": []}
    return _badge(issuer={**profile, "id": "did:web:a.example"})


def _many(count: int, make: Callable[[int], Any]) -> list[Any]:
    return [make(number) for number in range(count)]


_GRAPHS: dict[str, tuple[Callable[[], Document], str, str]] = {
    "inline context": (lambda: _badge(**{"@context": [*OB_CONTEXTS, {"name": "urn:x:other"}]}), "not-canonical", ""),
    "inline context deep inside": (
        lambda: _badge(issuer={"id": "did:web:a", "type": ["Profile"], "@context": {"@vocab": "urn:x:"}}),
        "not-canonical",
        "",
    ),
    "unknown context": (
        lambda: _badge(**{"@context": [*OB_CONTEXTS, "https://evil.example/c"]}),
        "unknown-context",
        "",
    ),
    "blank node ids": (lambda: _clique(6), "not-canonical", ""),
    "eight alike in two": (lambda: _alike(2, 8), "budget-exceeded", "steps"),
    "ten by ten alike": (lambda: _alike(10, 10), "budget-exceeded", "steps"),
    "forty by twenty alike": (lambda: _alike(40, 20), "budget-exceeded", "statements"),
    "five hundred alike": (lambda: _alike(1, 500), "budget-exceeded", "statements"),
    "alike, each in its own": (lambda: _alike(6, 6), "budget-exceeded", "steps"),
    "fourteen hundred results": (
        lambda: _results(*_many(1_400, lambda n: {"type": ["Result"], "value": str(n)})),
        "budget-exceeded",
        "statements",
    ),
    "six thousand unknown members": (lambda: _badge(**{f"x{n}": n for n in range(6_100)}), "budget-exceeded", "values"),
    "twenty thousand numbers": (lambda: _badge(name=_many(20_000, lambda n: n)), "budget-exceeded", "values"),
    "fifty thousand empty objects": (
        lambda: _badge(evidence=_many(50_000, lambda _n: {})),
        "budget-exceeded",
        "values",
    ),
    "six thousand tags": (
        lambda: _badge(
            credentialSubject={
                "type": ["AchievementSubject"],
                "achievement": {"type": ["Achievement"], "tag": _many(5_900, str)},
            }
        ),
        "budget-exceeded",
        "statements",
    ),
    "one text of 300 kB": (lambda: _badge(name="x" * 300_000), "budget-exceeded", "bytes"),
}


def _canonical(document: Document) -> object:
    return canonicalize(document, ContextStore.pinned(), budget=FOREIGN_BUDGET)


# --- PNG

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


def _text_chunk(text: bytes, *, compressed: bool = False, key: bytes = _BADGE_KEY) -> bytes:
    body = zlib.compress(text, 9) if compressed else text
    return chunk(b"iTXt", key + b"\0" + (b"\1" if compressed else b"\0") + b"\0\0\0" + body)


def _png(*chunks: bytes) -> bytes:
    return _SIGNATURE + _header() + b"".join(chunks) + _PIXEL + _END


_ZEROS = b"\0" * (64 * limits.MIB)

_PNGS: dict[str, tuple[Callable[[], bytes], str]] = {
    "no credential": (lambda: _png(), "not-baked"),
    "compressed credential": (lambda: _png(_text_chunk(b"{}", compressed=True)), "image-refused"),
    "compressed bomb": (lambda: _png(_text_chunk(_ZEROS, compressed=True)), "image-refused"),
    "two credentials": (lambda: _png(_text_chunk(b"{}") * 2), "image-refused"),
    "credential too long": (lambda: _png(_text_chunk(b"{" + b" " * 300_000 + b"}")), "image-too-large"),
    "length beyond the file": (lambda: _SIGNATURE + _header() + chunk(b"iTXt", b"x", size=2**31 - 1), "image-refused"),
    "length over 2^31": (lambda: _SIGNATURE + _header() + chunk(b"iTXt", b"x", size=2**32 - 1), "image-refused"),
    "wrong CRC": (
        lambda: _SIGNATURE + _header() + chunk(b"iTXt", _BADGE_KEY + b"\0\0\0\0\0{}", crc=0) + _PIXEL + _END,
        "image-refused",
    ),
    "no end": (lambda: _SIGNATURE + _header() + _text_chunk(b"{}") + _PIXEL, "image-refused"),
    "something after the end": (lambda: _png(_text_chunk(b"{}")) + b"PK\x03\x04" + b"\0" * 100, "image-refused"),
    "forty thousand chunks": (lambda: _png(chunk(b"tEXt", b"a\0b") * 40_000), "image-too-large"),
    "longer than any image": (lambda: _png(chunk(b"tEXt", b"a\0" + b"b" * (22 * limits.MIB))), "image-too-large"),
}
_PNG_ART: dict[str, tuple[Callable[[], bytes], str]] = {
    "30,000 by 30,000 pixels": (
        lambda: _SIGNATURE + _header(30_000, 30_000, 6) + chunk(b"IDAT", zlib.compress(_ZEROS, 9)) + _END,
        "image-refused",
    ),
    "pixels that unpack to gigabytes": (
        lambda: _SIGNATURE + _header(4_096, 4_096, 6) + chunk(b"IDAT", zlib.compress(_ZEROS, 9) * 40) + _END,
        "image-refused",
    ),
    "more pixels than it says": (
        lambda: _SIGNATURE + _header() + chunk(b"IDAT", zlib.compress(_ZEROS, 9)) + _END,
        "image-refused",
    ),
    "zTXt bomb": (lambda: _png(chunk(b"zTXt", b"Comment\0\0" + zlib.compress(_ZEROS, 9))), "image-too-large"),
    "iTXt bomb": (lambda: _png(_text_chunk(_ZEROS, compressed=True, key=b"Comment")), "image-too-large"),
    "iCCP bomb": (lambda: _png(chunk(b"iCCP", b"icc\0\0" + zlib.compress(_ZEROS, 9))), "image-too-large"),
    "a hundred small bombs": (
        lambda: _png(chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"\0" * 500_000, 9)) * 100),
        "image-too-large",
    ),
}

# --- SVG

_NS = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


def _svg(body: str, *, before: str = "", attributes: str = "") -> bytes:
    return f"{before}<svg {_NS} {attributes}>{body}</svg>".encode()


def _laughs(levels: int) -> bytes:
    names = [f"&l{n};" * 10 for n in range(levels)]
    entities = '<!ENTITY l0 "ha">' + "".join(f'<!ENTITY l{n + 1} "{names[n]}">' for n in range(levels - 1))
    return _svg(f"<text>&l{levels - 1};</text>", before=f"<!DOCTYPE svg [{entities}]>")


def _uses(levels: int, width: int) -> bytes:
    groups = '<g id="u0"><rect width="1" height="1"/></g>' + "".join(
        f'<g id="u{n}">' + f'<use xlink:href="#u{n - 1}"/>' * width + "</g>" for n in range(1, levels)
    )
    return _svg(f'<defs>{groups}</defs><use href="#u{levels - 1}"/>')


_ATTRIBUTES = " ".join(f'data-{n}=""' for n in range(100))

_SVGS: dict[str, tuple[Callable[[], bytes], str]] = {
    "script": (lambda: _svg("<script>alert(1)</script>"), "image-refused"),
    "event handler": (lambda: _svg("<rect/>", attributes='onload="alert(1)"'), "image-refused"),
    "javascript link": (lambda: _svg('<a href="javascript:alert(1)"><rect/></a>'), "image-refused"),
    "javascript link with a tab": (
        lambda: _svg('<a xlink:href="java&#9;script:alert(1)"><rect/></a>'),
        "image-refused",
    ),
    "javascript link with a line end": (
        lambda: _svg('<a href="java&#10;script:alert(1)"><rect/></a>'),
        "image-refused",
    ),
    "set of a link": (lambda: _svg('<a><set attributeName="href" to="javascript:alert(1)"/></a>'), "image-refused"),
    "animate of a handler": (
        lambda: _svg('<rect><animate attributeName="onload" values="alert(1)"/></rect>'),
        "image-refused",
    ),
    "foreignObject": (
        lambda: _svg("<foreignObject><b xmlns='http://www.w3.org/1999/xhtml'/></foreignObject>"),
        "image-refused",
    ),
    "outside image": (lambda: _svg('<image href="https://evil.example/t.png"/>'), "image-refused"),
    "outside use": (lambda: _svg('<use href="https://evil.example/a.svg#x"/>'), "image-refused"),
    "style that fetches": (lambda: _svg("<style>@import url(https://evil.example/a.css);</style>"), "image-refused"),
    "url in an attribute": (lambda: _svg('<rect fill="url(https://evil.example/a#b)"/>'), "image-refused"),
    "external entity": (
        lambda: _svg("<text>&x;</text>", before='<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
        "image-refused",
    ),
    "external DTD": (
        lambda: _svg("<rect/>", before='<!DOCTYPE svg SYSTEM "https://evil.example/a.dtd">'),
        "image-refused",
    ),
    "a billion laughs": (lambda: _laughs(10), "image-refused"),
    "nested use, eight to the sixth": (lambda: _uses(7, 8), "image-too-large"),
    "nested use, two to the thirtieth": (lambda: _uses(30, 2), "image-too-large"),
    "use of itself": (lambda: _svg('<g id="a"><use href="#a"/></g>'), "image-refused"),
    "two hundred levels": (lambda: _svg("<g>" * 200 + "</g>" * 200), "image-too-large"),
    "a hundred thousand levels": (lambda: _svg("<g>" * 100_000 + "</g>" * 100_000), "image-too-large"),
    "a million elements": (lambda: _svg("<g/>" * 1_000_000), "image-too-large"),
    "two hundred thousand attributes": (
        lambda: _svg(f"<g {_ATTRIBUTES}/>" * 2_000),
        "image-too-large",
    ),
    "processing instruction": (
        lambda: _svg("<rect/>", before='<?xml-stylesheet href="https://evil.example/a.css"?>'),
        "image-refused",
    ),
}

# --- status lists


def _list(data: bytes) -> str:
    return "u" + base64url_encode(data)


_LISTS: dict[str, tuple[Callable[[], object], str]] = {
    "bomb": (lambda: _list(gzip.compress(_ZEROS, 9)), "status-list-length"),
    "short list": (lambda: _list(gzip.compress(bytes(100))), "status-list-length"),
    "one entry short": (lambda: _list(gzip.compress(bytes(16_383))), "status-list-length"),
    "two lists in a row": (lambda: _list(gzip.compress(bytes(16_384)) * 2), "status-list-encoding"),
    "something after the list": (lambda: _list(gzip.compress(bytes(16_384)) + b"x"), "status-list-encoding"),
    "cut short": (lambda: _list(gzip.compress(bytes(16_384))[:-9]), "status-list-encoding"),
    "no gzip": (lambda: _list(bytes(16_384)), "status-list-encoding"),
    "zlib in place of gzip": (lambda: _list(zlib.compress(bytes(16_384))), "status-list-encoding"),
    "base64 with padding": (
        lambda: "u" + base64.urlsafe_b64encode(gzip.compress(bytes(16_385))).decode() + "=",
        "status-list-encoding",
    ),
    "another multibase": (lambda: "z" + base64url_encode(gzip.compress(bytes(16_384))), "status-list-encoding"),
    "no text": (lambda: 5, "status-list-encoding"),
    "eight megabytes of text": (lambda: "u" + "A" * (8 * limits.MIB + 8), "status-list-length"),
}

# --- JWT


def _part(value: object) -> str:
    return base64url_encode((value if isinstance(value, str) else json.dumps(value)).encode())


def _jwt(header: object, payload: object = None, signature: str = "AAAA") -> str:
    return f"{_part(header)}.{_part({'iss': 'x'} if payload is None else payload)}.{signature}"


_KID = {"kid": "did:web:a.example#k"}
_JWTS: dict[str, tuple[Callable[[], str], str]] = {
    "alg none": (lambda: _jwt({"alg": "none", **_KID}), "jwt-invalid"),
    "alg None, no signature": (lambda: _jwt({"alg": "None", **_KID}, signature=""), "jwt-invalid"),
    "HMAC": (lambda: _jwt({"alg": "HS256", **_KID}), "jwt-invalid"),
    "jku": (lambda: _jwt({"alg": "ES256", "jku": "https://evil.example/k", **_KID}), "jwt-invalid"),
    "x5u": (lambda: _jwt({"alg": "ES256", "x5u": "https://evil.example/k", **_KID}), "jwt-invalid"),
    "crit": (lambda: _jwt({"alg": "ES256", "crit": ["exp"], **_KID}), "jwt-invalid"),
    "b64": (lambda: _jwt({"alg": "ES256", "b64": False, "crit": ["b64"], **_KID}), "jwt-invalid"),
    "zip": (lambda: _jwt({"alg": "ES256", "zip": "DEF", **_KID}), "jwt-invalid"),
    "two algs": (lambda: _jwt('{"alg":"none","alg":"ES256","kid":"did:web:a#k"}'), "malformed-json"),
    "private key in the header": (
        lambda: _jwt({"alg": "ES256", "jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "d": "AA"}}),
        "jwt-invalid",
    ),
    "no key named": (lambda: _jwt({"alg": "ES256"}), "jwt-invalid"),
    "typ of something else": (lambda: _jwt({"alg": "ES256", "typ": "at+jwt", **_KID}), "jwt-invalid"),
    "header of 200 kB": (lambda: _jwt({"alg": "ES256", "kid": "did:web:a#" + "k" * 200_000}), "too-large"),
    "longer than allowed": (lambda: _jwt({"alg": "ES256", **_KID}, "x" * 400_000), "too-large"),
    "payload of a hundred thousand levels": (
        lambda: _jwt({"alg": "ES256", **_KID}, "[" * 100_000 + "]" * 100_000),
        "too-large",
    ),
    "payload with a duplicate": (lambda: _jwt({"alg": "ES256", **_KID}, '{"iss":"a","iss":"b"}'), "malformed-json"),
}


def cases() -> Iterator[Case]:
    """Every case, family by family."""
    for name, (make, code) in _JSON.items():
        yield Case("JSON", name, make, _loads, code)
    for name, (graph, code, unit) in _GRAPHS.items():
        yield Case("graph", name, graph, _canonical, code, unit)
    for name, (image, code) in _PNGS.items():
        yield Case("PNG", f"unbake: {name}", image, bake.unbake, code)
    for name, (image, code) in _PNG_ART.items():
        yield Case("PNG", f"bake: {name}", image, _bake, code)
    for name, (image, code) in _SVGS.items():
        yield Case("SVG", f"bake: {name}", image, _bake, code)
    for name, (listed, code) in _LISTS.items():
        yield Case("gzip", name, listed, Bits.from_encoded, code)
    for name, (token, code) in _JWTS.items():
        yield Case("JWT", name, token, jwt.read, code)


def _bake(image: bytes) -> object:
    return bake.bake(image, "{}")
