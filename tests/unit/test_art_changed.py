"""Hostile drawings changed at random: each is refused, or is clean; nothing else is ever raised."""

from __future__ import annotations

import random
import re
from xml.etree import ElementTree

import pytest

from badgeissuer.drawing.cleaning import LIMITS
from badgeissuer.drawing.raster import clean_png
from badgeissuer.drawing.vector import SVG, clean_svg
from badgeissuer.vc.carriers.forms import ImageRefused, ImageTooLarge, Meter
from tests.support.figures import Figure
from tests.unit.test_art_png import CLEANED as CLEAN_PNGS
from tests.unit.test_art_png import REFUSED as HOSTILE_PNGS
from tests.unit.test_art_svg import CLEANED as CLEAN_SVGS
from tests.unit.test_art_svg import REFUSED as HOSTILE_SVGS

PIECES = [
    b"<", b">", b'"', b"'", b"&#10;", b"&#x6a;avascript:", b"url(", b"url(#a)", b"//e", b'href="#a"', b'xlink:href="x"',
    b"<![CDATA[", b"]]>", b"/*", b"*/", b"{", b"}", b"\\", b"@", b";", b" onload=", b"<style>", b"</style>",
    b'<use href="#b"/>', b"\xc2\xa0", b"\xff", b'xmlns="x"', b'xmlns:q="http://www.w3.org/1999/xhtml"', b"<q:b/>",
    b'viewBox="0 0 1e9 1"', b'style="fill:red;', b"expression(", b"<!--", b"-->",
]  # fmt: skip
REACHES_OUT = re.compile(r"//|\\|@|url\s*\((?!\s*[\"']?#)|^\s*(?:javascript|vbscript|data):", re.IGNORECASE)


def _changed(chance: random.Random, files: list[bytes], pieces: list[bytes]) -> bytes:
    data = bytearray(chance.choice(files))
    for _ in range(chance.randint(1, 4)):
        at, way = chance.randrange(len(data) + 1), chance.random()
        if way < 0.5:
            data[at:at] = chance.choice(pieces)
        elif way < 0.7:
            del data[at : at + chance.randint(1, 12)]
        else:
            other = chance.choice(files) or b"x"
            start = chance.randrange(len(other))
            data[at:at] = other[start : start + chance.randint(1, 60)]
    return bytes(data)


@pytest.mark.parametrize("seed", range(4))
def test_changed_drawings_are_refused_or_clean(seed: int, figure: Figure) -> None:
    made = [make() for make in HOSTILE_SVGS.values()]
    files = [data for data in (*made, *(data for data, _ in CLEAN_SVGS.values())) if 0 < len(data) < 5_000]
    chance, passed, count = random.Random(seed), 0, 2_000
    for _ in range(count):
        data = _changed(chance, files, PIECES)
        try:
            content = clean_svg(data, Meter(LIMITS)).content
        except (ImageRefused, ImageTooLarge):
            continue
        passed += 1
        for element in ElementTree.fromstring(content).iter():
            assert element.tag.startswith(f"{{{SVG}}}"), data
            assert "script" not in element.tag, data
            for name, value in element.attrib.items():
                assert not name.lower().startswith("on"), data
                assert not REACHES_OUT.search(value), data
            if element.tag.endswith("}style"):
                assert not REACHES_OUT.search(element.text or ""), data
        assert clean_svg(content, Meter(LIMITS)).content == content, data
    assert 0 < passed < count
    figure(f"{count} changed drawings: {count - passed} refused, {passed} clean")


@pytest.mark.parametrize("seed", range(2))
def test_changed_pixels_are_refused_or_clean(seed: int) -> None:
    made = [make() for make in (*HOSTILE_PNGS.values(), *CLEAN_PNGS.values())]
    files = [data for data in made if 0 < len(data) < 50_000]
    chance, count = random.Random(seed), 3_000
    for _ in range(count):
        try:
            found = clean_png(_changed(chance, files, [bytes([n]) for n in range(256)]), Meter(LIMITS))
        except (ImageRefused, ImageTooLarge):
            continue
        assert clean_png(found.content, Meter(LIMITS)).content == found.content
