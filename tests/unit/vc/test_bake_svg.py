"""Baking into SVG: what goes in comes out, the drawing is untouched, and nothing active or outward is baked into."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from badgeissuer.vc import strictjson
from badgeissuer.vc.bake import SVG, Baked, Family, ImageRefused, ImageTooLarge, Limits, Meter, NotBaked, bake, unbake
from tests.support.shared import shared_path

BADGE, JWT = '{"name":"Bär]]>]]>"}', "eyJh.eyJi.c2ln"
OB, CLR = "https://purl.imsglobal.org/ob/v3p0", "https://purl.imsglobal.org/clr/v2p0"


def svg(body: str = "<rect/>", root: str = "", before: str = "") -> bytes:
    head = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f"{before}<svg {head}{root}>{body}</svg>".encode()


def test_json_goes_into_cdata_directly_after_the_root_tag() -> None:
    baked = bake(svg("<rect/>"), BADGE)
    element = '<openbadges:credential><![CDATA[{"name":"Bär]]]]><![CDATA[>]]]]><![CDATA[>"}]]></openbadges:credential>'
    assert baked == svg(element + "<rect/>", f' xmlns:openbadges="{OB}"')
    assert unbake(baked) == Baked(Family.OPEN_BADGE, BADGE, SVG)


def test_a_jwt_goes_into_verify_and_a_clr_has_its_own_namespace() -> None:
    baked = bake(svg("<rect/>"), JWT, family=Family.CLR)
    assert baked == svg(f'<clr:credential verify="{JWT}"></clr:credential><rect/>', f' xmlns:clr="{CLR}"')
    assert unbake(baked) == Baked(Family.CLR, JWT, SVG)


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufffe\uffff"))))
def test_any_text_survives(names: list[str]) -> None:
    text = strictjson.dumps(dict.fromkeys(names, "]]>"))
    image = svg("<g id='>'/>", "\n", '<?xml version="1.0" encoding="UTF-8"?>\n<!-- é -->')
    assert unbake(bake(image, text)).text == text


@pytest.mark.parametrize("text", ['{"a":"\uffff"}', '{\r"a":1}'])
def test_a_text_that_xml_would_change_is_refused(text: str) -> None:
    with pytest.raises(ImageRefused, match="does not give back"):
        bake(svg(), text)


def test_an_empty_root_and_a_prefixed_one() -> None:
    empty = b'\xef\xbb\xbf<s:svg xmlns:s="http://www.w3.org/2000/svg" />\n'
    assert unbake(bake(empty, BADGE)).text == BADGE
    assert bake(empty, JWT).endswith(b"></openbadges:credential></s:svg>\n")


@pytest.mark.parametrize(
    "old",
    [
        f'<o:credential xmlns:o="{OB}" verify="a.b.c"/>',
        f'<o:credential xmlns:o="{OB}"  >{{}}<x a="&gt;"/><!-- > --></o:credential >',
        f'<o:credential xmlns:o="{OB}"><o:credential>{{}}</o:credential></o:credential>',
        f'<clr:credential xmlns:clr="{CLR}"/></g><g><o:credential xmlns:o="{OB}">{{}}</o:credential>',
    ],
)
def test_baking_again_replaces_whatever_was_there(old: str) -> None:
    bare = old[old.index("</g>") : old.index("</g>") + 7] if "</g>" in old else ""
    assert bake(svg(f"<g>{old}</g>"), BADGE) == bake(svg(f"<g>{bare}</g>"), BADGE)
    assert bake(bake(svg(), JWT), BADGE) == bake(svg(), BADGE)


def test_the_official_sample_is_read_but_its_dtd_is_not_baked_into() -> None:
    image = (shared_path("standards/samples/valid/ob30") / "simple-jwt.svg").read_bytes()
    baked = unbake(image)
    assert (baked.family, baked.is_jwt, baked.text[:20]) == (Family.OPEN_BADGE, True, "eyJhbGciOiJSUzI1NiIs")
    with pytest.raises(ImageRefused, match="DTD"):
        bake(image, baked.text)
    start, end = image.index(b"<!DOCTYPE"), image.index(b"<svg")
    assert unbake(bake(image[:start] + image[end:], baked.text)) == baked


DOCTYPE = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
BROKEN: dict[str, tuple[bytes, str]] = {
    "not closed": (svg()[:-6], "not well-formed"),
    "not UTF-8": (svg("é").decode().encode("latin-1"), "not UTF-8"),
    "UTF-16 without a mark": (b"<\0s\0", "not UTF-8"),
    "another encoding": (svg("", before='<?xml version="1.0" encoding="latin-1"?>'), "says that it is not UTF-8"),
    "another root": (b"<html/>", "no SVG"),
    "svg of no namespace": (b"<svg/>", "no SVG"),
    "the credential as root": (f'<credential xmlns="{OB}">{{}}</credential>'.encode(), "no SVG"),
    "bombs": (svg("&b;", before='<!DOCTYPE svg [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>'), "DTD"),
    "an outer entity": (svg("&b;", before='<!DOCTYPE svg [<!ENTITY b SYSTEM "file:///etc/passwd">]>'), "DTD"),
    "an unknown entity": (svg("&b;"), "not well-formed"),
}


@pytest.mark.parametrize("act", [unbake, lambda image: bake(image, BADGE)], ids=["unbake", "bake"])
@pytest.mark.parametrize(("image", "reason"), BROKEN.values(), ids=BROKEN)
def test_broken_files_are_refused_both_ways(image: bytes, reason: str, act: Callable[[bytes], object]) -> None:
    with pytest.raises(ImageRefused, match=reason):
        act(image)


def carried(body: str = "{}", attributes: str = "") -> str:
    return f'<o:credential xmlns:o="{OB}"{attributes}>{body}</o:credential>'


UNREADABLE: dict[str, tuple[bytes, str]] = {
    "twice": (svg(carried() + carried()), "more than one"),
    "both places": (svg(carried("{}", ' verify="a.b.c"')), "both a verify attribute and a body"),
    "nothing in it": (svg(carried("")), "neither a JWT"),
    "a JWT in the body": (svg(carried("a.b.c")), "neither a JWT"),
    "JSON in verify": (svg(carried("", ' verify="{}"')), "neither a JWT"),
    "elements in it": (svg(carried("<x/>{}")), "has elements in it"),
    "an instruction in it": (svg(carried("<?x?>{}")), "processing instruction"),
    "an entity in it": (svg(carried("&nbsp;{}"), before=DOCTYPE), "not defined"),
    "an entity in verify": (svg(carried("", ' verify="a.b.&nbsp;c"'), before=DOCTYPE), "names an entity"),
}


@pytest.mark.parametrize(("image", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_credentials_in_a_form_that_must_not_be_read(image: bytes, reason: str) -> None:
    with pytest.raises(ImageRefused, match=reason):
        unbake(image)


def test_white_space_and_instructions_elsewhere_do_no_harm() -> None:
    assert unbake(svg(f"<?x?><g>{carried(' {} ')}</g>", before=DOCTYPE)).text == "{}"
    with pytest.raises(NotBaked):
        unbake(svg('<credential xmlns="http://openbadges.org" verify="a.b.c"/>'))


XHTML, LOCAL = "http://www.w3.org/1999/xhtml", "xlink:href"
ACTIVE: dict[str, str] = {
    "script": "<script>alert(1)</script>",
    "a script of HTML": f'<script xmlns="{XHTML}">alert(1)</script>',
    "foreignObject": "<foreignObject/>",
    "animate": '<a><animate attributeName="href" values="javascript:alert(1)"/></a>',
    "set": "<set/>",
    "handler": "<handler/>",
    "onload": '<rect onload="alert(1)"/>',
    "a handler on a foreign element": '<x xmlns="urn:x" onload="alert(1)"/>',
    "javascript": f'<a {LOCAL}="javascript:alert(1)"/>',
    "javascript with a tab": '<a href="java&#9;script:alert(1)"/>',
    "javascript with a newline": '<a href="&#10; java&#10;script:alert(1)"/>',
    "javascript with a thousand tabs": f'<a href="j{"&#9;" * 1000}avascript:alert(1)"/>',
    "a page as data": '<a href="data:text/html,x"/>',
    "an outer picture": f'<image {LOCAL}="https://tracker.example/p.png"/>',
    "an SVG as picture": '<image href="data:image/svg+xml;base64,AAAA"/>',
    "an outer use": '<use href="other.svg#x"/>',
    "an http link": '<a href="http://example.org/"/>',
    "base": '<g xml:base="https://example.org/"/>',
    "an outer fill": '<rect fill="url(https://example.org/x#a)"/>',
    "an outer fill in quotes": "<rect fill=\"url( 'https://example.org/x#a' )\"/>",
    "an outer fill with escapes": r'<rect fill="u\72l(https://example.org/x#a)"/>',
    "an outer mask": "<rect mask=\"image-set('https://example.org/x' 1x)\"/>",
    "an address with a bracket": "<rect fill='url(&quot;#a)b&quot;) url(x'/>",
    "an open url": '<rect style="fill:url(https://example.org"/>',
    "import": "<style>@import 'https://example.org/x.css';</style>",
    "import in pieces": "<style>@im<![CDATA[port 'x.css';]]></style>",
    "an escape in a style": r"<style>@\69mport 'x.css';</style>",
    "an outer url in a style": "<style>.a{background:url(//example.org/x)}</style>",
    "expression": '<rect style="width:expression(alert(1))"/>',
    "binding": '<rect style="-moz-binding:url(#x)"/>',
    "a style that repeats": '<style>.a{mask:url(#m)}</style><mask id="m"/>',
    "percent signs": '<use href="#%61"/>',
    "an instruction": '<?xml-stylesheet href="x.css"?>',
    "a circle": '<g id="a"><use href="#a"/></g>',
    "a longer circle": '<g id="a"><use href="#b"/></g><pattern id="b"><rect fill="url(#a)"/></pattern>',
}


@pytest.mark.parametrize("body", ACTIVE.values(), ids=ACTIVE)
def test_active_and_outward_content_is_not_baked_into(body: str) -> None:
    with pytest.raises(ImageRefused):
        bake(svg(body), BADGE)


def test_ordinary_drawings_are_baked_into() -> None:
    body = (
        '<title>Badge \\ (1)</title><metadata><x:RDF xmlns:x="urn:x" x:about="url(http://x)" href="x"/></metadata>'
        '<defs><linearGradient id="g"><stop/></linearGradient><path xml:id="p" d="M0 0"/></defs>'
        "<style>.a{fill:url(#g);stroke:url('#gone')}</style>"
        f'<a {LOCAL}="https://example.org/"><use {LOCAL}="#p"/></a><a href="#p"/><use href="#gone"/>'
        '<image href="data:image/png;base64,iVBORw0KGgo="/><rect style="fill: url( #g )" data-name="image (1)"/>'
        '<rect fill="url(#g)" aria-label="src (x\\)" stroke="url(data:image/png;base64,AAAA)"/>'
    )
    meter = Meter()
    assert unbake(bake(svg(body), BADGE, meter=meter)).text == BADGE
    assert meter.elements == 16


def test_a_prefix_that_means_something_else() -> None:
    with pytest.raises(ImageRefused, match="for something else"):
        bake(svg("", ' xmlns:openbadges="http://openbadges.org"'), BADGE)
    declared = f' xmlns:openbadges="{OB}"'
    assert bake(svg("", declared), JWT) == bake(svg(""), JWT)


LIMITS = Limits(elements=40, attributes=20, depth=6, drawn=200, badge_bytes=30)
MANY = Limits(drawn=200)


def too_large(act: Callable[[Meter], object]) -> Meter:
    meter = Meter(LIMITS)
    with pytest.raises(ImageTooLarge):
        act(meter)
    return meter


def test_bombs_cost_what_the_limits_say() -> None:
    wide, deep = svg("<g/>" * 90), svg("<g>" * 9 + "</g>" * 9)
    assert too_large(lambda meter: unbake(wide, meter=meter)).elements == 41
    assert too_large(lambda meter: unbake(deep, meter=meter)).elements == 7
    assert too_large(lambda meter: unbake(svg("<?x?>" * 90), meter=meter)).elements == 41
    names = " ".join(f'a{number}=""' for number in range(30))
    assert too_large(lambda meter: unbake(svg(f"<g {names}/>"), meter=meter)).attributes == 21
    spaces = " ".join(f'xmlns:a{number}="urn:x"' for number in range(30))
    assert too_large(lambda meter: unbake(svg(f"<g {spaces}/>"), meter=meter)).attributes == 21
    four = '<use href="#uX"/>' * 4
    nested = "".join(f'<g id="u{i}">{four}</g>'.replace("X", str(i + 1)) for i in range(9)) + '<g id="u9"/>'
    meter = Meter(MANY)
    with pytest.raises(ImageTooLarge, match="repeat more than 200"):
        bake(svg(nested), "{}", meter=meter)
    assert meter.drawn == 201
    with pytest.raises(ImageTooLarge, match="longer than 1048576 characters"):
        bake(svg(f"<style>{' ' * 1_048_577}</style>"), "{}")
    urls = "url(#a)" * 30
    assert too_large(lambda meter: bake(svg(f"<style>{urls}</style>"), "{}", meter=meter)).attributes == 32
    chain = "".join(f'<use id="u{i}" href="#u{i + 1}"/>' for i in range(300))
    with pytest.raises(ImageTooLarge, match="nested too deeply"):
        bake(svg(chain), "{}")
    too_large(lambda meter: unbake(svg(carried("{" + " " * 40 + "}")), meter=meter))


@settings(max_examples=300)
@given(st.text(alphabet="<>/&;![]?abg:='\" xlns\n", max_size=40))
def test_noise_raises_nothing_but_our_own(noise: str) -> None:
    for image in (svg(noise), b"<" + noise.encode()):
        for act in (unbake, lambda image: bake(image, BADGE)):
            with suppress(ImageRefused, ImageTooLarge, NotBaked):
                act(image)
