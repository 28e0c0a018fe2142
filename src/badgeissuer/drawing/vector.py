"""Uploaded SVGs: read by expat, written anew from an allow-list of elements, attributes and style properties.

What can act or reach outside of the file is refused with the reason; what editors add and viewers ignore (their own
namespaces, metadata, comments) is left out. What is written passes the rules for baking, which count what references
repeat, so that it can always carry a credential.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from badgeissuer.drawing import styles
from badgeissuer.drawing.svg_words import ACTIVE_NAMESPACES, ATTRIBUTES, ELEMENTS, HARMFUL, LEFT_OUT, TEXT
from badgeissuer.vc.bake import bake
from badgeissuer.vc.carriers.forms import Meter, refused

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_XML = "http://www.w3.org/XML/1998/namespace"
# What viewers leave out of an address wherever it stands, so that "java\nscript:" is one.
_BLANK = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]")
_ATTRIBUTE = re.compile(rb"=\s*[\"']")
_LOCAL = re.compile(r"#[A-Za-z_][\w.:-]{0,199}", re.ASCII)
_NAME = re.compile(r"[A-Za-z_][\w.:-]{0,199}", re.ASCII)
_LENGTH = re.compile(r"\s*\+?(\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})\s*(px|pt|pc|mm|cm|in)?\s*", re.ASCII)
_UNITS = {"px": 1.0, "pt": 4 / 3, "pc": 16.0, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0}
_NUMBER = re.compile(r"[+-]?(?:\d{1,12}(?:\.\d{0,12})?|\.\d{1,12})(?:[eE][+-]?\d{1,2})?", re.ASCII)
# The side that a drawing gets where it says none.
_SIDE = 600.0


@dataclass(frozen=True, slots=True)
class Vector:
    """An SVG of ours and the size at which it is shown, in pixels."""

    content: bytes
    width: int
    height: int


def clean_svg(data: bytes, meter: Meter) -> Vector:
    """The drawing in the file. Raises ``ImageRefused``, and ``ImageTooLarge`` over the meter's limits."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise refused("the SVG is not UTF-8") from None
    # Before expat gathers the attributes of one tag.
    for _ in _ATTRIBUTE.finditer(data):
        meter.attribute()
    writer = _Writer(meter)
    try:
        writer.parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        raise refused(f"the SVG is not well-formed XML (line {error.lineno}, column {error.offset})") from None
    content = "".join(writer.parts).encode()
    # The rules for baking are another reading of the same dangers, and count what "use" repeats.
    bake(content, "{}", meter=Meter(meter.limits))
    return Vector(content, writer.width, writer.height)


class _Writer:
    """Expat's handlers: each element is written as it comes, or left out with all that is in it."""

    def __init__(self, meter: Meter) -> None:
        self.parts: list[str] = []
        self.width = self.height = 0
        self._meter = meter
        self._depth = 0
        self._open: list[str] = []
        self._left_out = 0
        self._style: list[str] | None = None
        self.parser = parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text, parser.buffer_size = True, 65_536
        parser.XmlDeclHandler = self._declaration
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.ProcessingInstructionHandler = self._instruction

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in ("utf-8", "us-ascii"):
            raise refused("the SVG says that it is not UTF-8")

    def _doctype(self, *_: object) -> None:
        raise refused("the SVG has a document type definition (DOCTYPE); save it without one, as plain SVG")

    def _instruction(self, *_: object) -> None:
        raise refused("the SVG has a processing instruction, such as a style sheet from elsewhere")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._meter.element(self._depth)
        namespace, _, local = name.rpartition(" ")
        if self._depth == 1 and (namespace, local) != (SVG, "svg"):
            raise refused("the file is XML but no SVG")
        # Also in what is left out: nobody sends a script by mistake, and the sender should know.
        if namespace in ACTIVE_NAMESPACES or (namespace == SVG and local.lower() in HARMFUL):
            raise refused("the SVG has an element that can act, move or reach outside of the image: " + _shown(local))
        if self._left_out or namespace != SVG or local in LEFT_OUT:
            self._left_out += 1
            return
        kept = _attributes(attributes)
        if local not in ELEMENTS:
            raise refused("the SVG has an element that is not among those that draw: " + _shown(local))
        if self._style is not None:
            raise refused("a style sheet of the SVG has elements in it")
        if self._depth == 1:
            kept = self._root(kept)
        elif local == "style":
            kept, self._style = {}, []
        self._open.append(local)
        self.parts.append(f"<{local}{''.join(f' {key}={quoteattr(value)}' for key, value in kept.items())}>")

    def _root(self, kept: dict[str, str]) -> dict[str, str]:
        box = _box(kept.pop("viewBox", None))
        width, height = _length(kept.pop("width", None)), _length(kept.pop("height", None))
        if box is None:
            if width is None or height is None:
                raise refused("the SVG says no size: give it a viewBox, or width and height")
            box = (0.0, 0.0, width, height)
        ratio = box[2] / box[3]
        if width is None and height is None:
            width = _SIDE * min(ratio, 1.0)
            height = width / ratio
        elif width is None:
            assert height is not None
            width = height * ratio
        elif height is None:
            height = width / ratio
        most = self._meter.limits.side
        self.width, self.height = round(width), round(height)
        if not (1 <= self.width <= most and 1 <= self.height <= most):
            raise refused(f"the SVG is not between 1 and {most} pixels a side")
        kept.pop("x", None)
        kept.pop("y", None)
        view = " ".join(f"{number:.9g}" for number in box)
        own = {"xmlns": SVG, "viewBox": view, "width": str(self.width), "height": str(self.height)}
        return {**own, **kept}

    def _end(self, _name: str) -> None:
        self._depth -= 1
        if self._left_out:
            self._left_out -= 1
            return
        if self._style is not None:
            self.parts.append(escape(styles.clean_sheet("".join(self._style), self._meter)))
            self._style = None
        self.parts.append(f"</{self._open.pop()}>")

    def _characters(self, data: str) -> None:
        if self._left_out:
            return
        if self._style is not None:
            self._style.append(data)
        elif self._open[-1] in TEXT:
            self.parts.append(escape(data))


def _shown(name: str) -> str:
    """The name of an element where it is one of plain letters: answers echo no text of others."""
    return name if re.fullmatch(r"[A-Za-z]{1,24}", name) else "one with an odd name"


def _attributes(attributes: dict[str, str]) -> dict[str, str]:
    """Those of an element that are kept. Raises ``ImageRefused`` for those that can act or reach out."""
    kept: dict[str, str] = {}
    for name, value in attributes.items():
        namespace, _, local = name.rpartition(" ")
        lower = local.lower()
        if lower.startswith("on") or (namespace == _XML and lower == "base"):
            raise refused("the SVG has an attribute that can act, or that moves its addresses")
        squeezed = _BLANK.sub("", value).lower()
        if squeezed.startswith(("javascript:", "vbscript:", "data:")):
            raise refused("the SVG has a script, or data of its own, in an address")
        if lower in ("href", "src", "action", "formaction"):
            if not _LOCAL.fullmatch(value):
                raise refused("the SVG refers to something outside of the file (only #id is allowed in href)")
            if lower == "href" and namespace in ("", XLINK):
                kept["href"] = value
        elif namespace == _XML:
            if lower == "space" and value == "preserve":
                kept["xml:space"] = value
        elif namespace:
            continue
        elif local == "style":
            if cleaned := styles.clean_declarations(value):
                kept[local] = cleaned
        elif local in ("id", "class"):
            if all(_NAME.fullmatch(word) for word in value.split()):
                kept[local] = value
        elif local in ATTRIBUTES:
            styles.check_value(value)
            kept[local] = value
    return kept


def _length(value: str | None) -> float | None:
    """Pixels; None for percentages and the like."""
    found = _LENGTH.fullmatch(value) if value is not None else None
    return float(found[1]) * _UNITS[found[2] or "px"] if found else None


def _box(value: str | None) -> tuple[float, float, float, float] | None:
    if value is None:
        return None
    numbers = re.split(r"[\s,]+", value.strip())
    if len(numbers) != 4 or not all(_NUMBER.fullmatch(number) for number in numbers):
        raise refused("the SVG's viewBox is out of form")
    x, y, width, height = (float(number) for number in numbers)
    if not (1e-3 <= width <= 1e7 and 1e-3 <= height <= 1e7 and width / height <= 100 and height / width <= 100):
        raise refused("the SVG's viewBox has no size, or one that cannot be drawn")
    return x, y, width, height
