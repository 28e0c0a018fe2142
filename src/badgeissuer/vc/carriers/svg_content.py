"""What an SVG that we bake may contain: drawing, and nothing that runs, moves, or reaches outside of the file.

An allow-list of SVG's elements; editors' own namespaces are let through, since viewers ignore them. References within
the file are followed, and what they repeat is counted: eight nested ``use`` of eight elements draw sixteen million.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from badgeissuer.vc.carriers.forms import ImageRefused, ImageTooLarge, Meter, refused

_SVG, _XML = "http://www.w3.org/2000/svg", "http://www.w3.org/XML/1998/namespace"
ACTIVE_NAMESPACES = frozenset(
    {
        "http://www.w3.org/1999/xhtml",
        "http://www.w3.org/1998/Math/MathML",
        "http://www.w3.org/2001/xml-events",
        "http://www.w3.org/2001/XInclude",
        "http://www.w3.org/2002/xforms",
        "http://www.w3.org/1999/XSL/Transform",
    }
)
_WORDS = (
    "a circle clipPath defs desc ellipse feBlend feColorMatrix feComponentTransfer feComposite "
    "feConvolveMatrix feDiffuseLighting feDisplacementMap feDistantLight feDropShadow feFlood "
    "feFuncA feFuncB feFuncG feFuncR feGaussianBlur feImage feMerge feMergeNode feMorphology "
    "feOffset fePointLight feSpecularLighting feSpotLight feTile feTurbulence filter g image "
    "line linearGradient marker mask metadata path pattern polygon polyline radialGradient rect "
    "stop style svg switch symbol text textPath title tspan use view"
)
_ELEMENTS = frozenset(_WORDS.split(" "))
_GRADIENTS = frozenset({"linearGradient", "radialGradient"})
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*")
# What viewers leave out of an address, at its ends and (of a scheme) in between.
_BLANKS = "".join(map(chr, [*range(0x21), *range(0x7F, 0xA1)]))
_SCHEMES = ("javascript:", "vbscript:", "data:text", "data:application", "data:image/svg")
_BLANK = r"[\x00-\x20\x7f-\xa0]*"
_SCRIPT = re.compile("|".join(_BLANK + _BLANK.join(scheme) for scheme in _SCHEMES), re.IGNORECASE)
# A quoted bracket ends an address too early, and then it is no address that is allowed.
_URL = re.compile(r"url\(([^)]*\)?)", re.IGNORECASE)
_CSS = re.compile(r"\\|@import|@font-face|@charset|expression|behaviou?r\s*:|-moz-binding", re.IGNORECASE)
_FETCHING = re.compile(r"(?<![A-Za-z0-9])(?:image-set|cross-fade|image|src)\s*\(", re.IGNORECASE)
# Attributes without a namespace that no viewer reads as a style.
_WORDING = ("aria-", "data-")


@dataclass(slots=True)
class _Element:
    name: str
    children: list[int] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)


class Content:
    """Sees every element as it comes and refuses, then ``finish`` counts what the references repeat."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._elements: list[_Element] = []
        self._ids: dict[str, int] = {}
        self._path: list[int] = []
        self._styles: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins. Raises ``ImageRefused``."""
        namespace, _, local = name.rpartition(" ")
        if namespace in ACTIVE_NAMESPACES or (namespace == _SVG and local not in _ELEMENTS):
            raise refused("the SVG has an element that can act or reach outside of the image")
        element, index = _Element(local if namespace == _SVG else ""), len(self._elements)
        if self._path:
            self._elements[self._path[-1]].children.append(index)
        self._elements.append(element)
        self._path.append(index)
        for attribute, value in attributes.items():
            self._attribute(element, attribute, value)
        identifier = attributes.get("id", attributes.get(f"{_XML} id"))
        if identifier is not None:
            self._ids.setdefault(identifier, index)

    def end(self) -> None:
        """The element that began last and has not ended ends."""
        self._path.pop()

    def text(self, data: str) -> None:
        """Characters; they matter in style sheets alone."""
        if self._elements[self._path[-1]].name == "style":
            self._styles.append(data)

    def finish(self) -> None:
        """Raises ``ImageRefused`` for a style sheet that reaches out and for references in a circle, ``ImageTooLarge``
        where they repeat too much."""
        targets: list[str] = []
        self._check_css("".join(self._styles), targets, whole=True)
        for target in targets:
            index = self._ids.get(target)
            if index is not None and self._elements[index].name not in _GRADIENTS:
                raise refused("a style sheet of the SVG refers to something else than a gradient")
        self._meter.draws(self._drawn(0, {}, 0))

    def _attribute(self, element: _Element, name: str, value: str) -> None:
        namespace, _, local = name.rpartition(" ")
        if local.lower().startswith("on") or (namespace == _XML and local == "base") or _SCRIPT.match(value):
            raise refused("the SVG has an attribute that can act or reach outside of the image")
        if local.lower() in ("href", "src", "action", "formaction", "ping") and element.name:
            address = value.strip(_BLANKS)
            if address.startswith("#"):
                element.targets += [_local(address)] if element.name != "a" else []
            elif not _PICTURE.fullmatch(address) and not (element.name == "a" and address.startswith("https://")):
                raise refused("the SVG refers to something outside of the file")
        elif element.name and not namespace and (local == "style" or _is_drawn_by(local, value)):
            self._check_css(value, element.targets, whole=local == "style")

    def _check_css(self, css: str, targets: list[str], *, whole: bool) -> None:
        """A style sheet, a style attribute, or (not ``whole``) the value of a presentation attribute."""
        most = self._meter.limits.style
        if len(css) > most:
            raise ImageTooLarge(f"a style of the SVG is longer than {most} characters")
        if (_CSS.search(css) if whole else "\\" in css) or _FETCHING.search(css):
            raise _outward()
        found: list[str] = _URL.findall(css)
        self._meter.attribute(len(found))
        for closed in dict.fromkeys(found):
            address = closed[:-1].strip().strip("\"'").strip()
            if not closed.endswith(")") or not (address.startswith("#") or _PICTURE.fullmatch(address)):
                raise _outward()
            if address.startswith("#"):
                targets.append(_local(address))

    def _drawn(self, index: int, known: dict[int, int], depth: int) -> int:
        """How many elements one element draws. Known ones are counted once; 0 marks those whose count is under way."""
        if index in known:
            if known[index] == 0:
                raise refused("the SVG refers to itself in a circle")
            return known[index]
        if depth > 2 * self._meter.limits.depth:
            raise ImageTooLarge("the SVG's references are nested too deeply")
        known[index] = 0
        element = self._elements[index]
        below = [*element.children, *(self._ids[target] for target in element.targets if target in self._ids)]
        total = 1
        for other in below:
            total = min(total + self._drawn(other, known, depth + 1), self._meter.limits.drawn + 1)
        known[index] = total
        return total


def _is_drawn_by(attribute: str, value: str) -> bool:
    """Whether viewers may find a function, such as url(), in an attribute without namespace."""
    return "(" in value and not attribute.startswith(_WORDING)


def _local(address: str) -> str:
    """The id that ``#id`` refers to. Viewers differ about percent signs, so there must be none."""
    if "%" in address:
        raise refused("a reference within the SVG is written with percent signs")
    return address[1:]


def _outward() -> ImageRefused:
    return refused("a style of the SVG reaches outside of the image")
