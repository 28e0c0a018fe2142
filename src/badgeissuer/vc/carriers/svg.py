"""Baking into SVG (OB 3.0 §5.3.2): one element ``credential`` directly after the root's start tag.

The file is read by expat with handlers that refuse what could reach outside of it or grow: internal DTDs, and with them
every entity. Nothing is written by an XML library: the credential is spliced into the bytes, which otherwise stay as
they are. (lxml would rewrite the file; and expat tells where in the bytes an element stands.)
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.parsers import expat

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
from badgeissuer.vc.carriers.svg_content import Content

MEDIA_TYPE = "image/svg+xml"
SVG = "http://www.w3.org/2000/svg"

_CARRIERS = {f"{family.namespace} credential": family for family in Family}
# A whole start tag: expat has found it well-formed, so a > outside of quotes ends it.
_START_TAG = re.compile(rb"""<([^\s/>]+)(?:[^"'>]|"[^"]*"|'[^']*')*+>""")
_ATTRIBUTE = re.compile(rb"=\s*[\"']")
_ENTITY = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#[0-9]+|#x[0-9A-Fa-f]+);)")
# What XML 1.0 cannot hold, or does not give back as it was.
_NOT_IN_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(slots=True)
class Carrier:
    """An element that carries a credential, and where it stands in the bytes."""

    family: Family
    tag: re.Match[bytes]
    verify: str | None
    end: int = 0
    text: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Svg:
    """What reading found: the root's start tag, the prefixes declared on it, and the carriers, outermost ones only."""

    source: bytes
    root: re.Match[bytes] | None = None
    prefixes: dict[str, str] = field(default_factory=dict)
    carriers: list[Carrier] = field(default_factory=list)


def bake_svg(image: bytes, text: str, family: Family, meter: Meter) -> bytes:
    """The image with the credential in it, in place of any that it carried. Raises ``ImageRefused``, ``ImageTooLarge``.

    Refused are files with a DTD, with scripts or other active or outward content (``svg_content``), and texts that XML
    would not give back as they are.
    """
    if _NOT_IN_XML.search(text):
        raise refused("the credential holds a character that an XML text does not give back")
    content = Content(meter)
    svg = _read(image, meter, content)
    content.finish()
    assert svg.root is not None
    tag, name = svg.root[0], svg.root[1]
    declared = svg.prefixes.get(family.prefix)
    if declared not in (None, family.namespace):
        raise refused(f"the SVG uses the prefix {family.prefix} for something else")
    empty = tag.endswith(b"/>")
    head = tag[: -2 if empty else -1]
    if declared is None:
        head += f' xmlns:{family.prefix}="{family.namespace}"'.encode()
    parts = [image[: svg.root.start()], head, b">", _element(text, family)]
    at = svg.root.end()
    for carrier in svg.carriers:
        parts.append(image[at : carrier.tag.start()])
        at = carrier.end
    parts += [b"</", name, b">"] if empty else []
    return b"".join([*parts, image[at:]])


def unbake_svg(image: bytes, meter: Meter) -> Baked:
    """The credential in the image: the JWT in ``verify``, or the JSON in the element's body.

    Raises ``NotBaked``; ``ImageRefused`` for a broken file, an internal DTD, more than one credential, or one in both
    places; ``ImageTooLarge`` for one that is too long. A bare DOCTYPE, which many editors write, is passed over.
    """
    carriers = _read(image, meter, None).carriers
    if not carriers:
        raise NotBaked("the SVG carries no credential")
    if len(carriers) > 1:
        raise refused("the SVG carries more than one credential")
    (carrier,) = carriers
    body = "".join(carrier.text).strip(" \t\r\n")
    if carrier.verify is not None and body:
        raise refused("the SVG's credential has both a verify attribute and a body")
    text = body if carrier.verify is None else carrier.verify
    check_size(text.encode(), carrier.family, meter.limits)
    if not (is_json_object(text) if carrier.verify is None else is_compact_jws(text)):
        raise refused("the SVG's credential is neither a JWT in verify nor JSON in the body")
    return Baked(carrier.family, text, MEDIA_TYPE)


def _element(text: str, family: Family) -> bytes:
    name = f"{family.prefix}:credential"
    if is_compact_jws(text):
        return f'<{name} verify="{text}"></{name}>'.encode()
    return f"<{name}><![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]></{name}>".encode()


def _read(image: bytes, meter: Meter, content: Content | None) -> Svg:
    """Read the file once. With ``content``, everything in it is shown to the rules for what we bake."""
    try:
        image.decode("utf-8")
    except UnicodeDecodeError:
        raise refused("the SVG is not UTF-8") from None
    if b"\0" in image:
        raise refused("the SVG is not UTF-8")
    # Counted before expat gathers the attributes of one tag. What looks like one in a text counts too.
    for _ in _ATTRIBUTE.finditer(image):
        meter.attribute()
    reader = _Reader(Svg(image), meter, content)
    try:
        reader.parser.Parse(image, True)
    except expat.ExpatError as error:
        raise refused(f"the SVG is not well-formed XML (line {error.lineno}, column {error.offset})") from None
    return reader.svg


class _Reader:
    """Expat's handlers. Names come as "namespace local" or "local"."""

    def __init__(self, svg: Svg, meter: Meter, content: Content | None) -> None:
        self.svg = svg
        self._meter, self._content = meter, content
        self._depth = 0
        self._open: Carrier | None = None
        self._open_depth = 0
        self.parser = parser = expat.ParserCreate(namespace_separator=" ")
        # Without it, every line is a call.
        parser.buffer_text, parser.buffer_size = True, 65_536
        parser.XmlDeclHandler = self._declaration
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartNamespaceDeclHandler = self._namespace
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.ProcessingInstructionHandler = self._instruction
        parser.SkippedEntityHandler = self._skipped

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in ("utf-8", "us-ascii"):
            raise refused("the SVG says that it is not UTF-8")

    def _doctype(self, _name: str, _system: str | None, _public: str | None, has_internal_subset: bool) -> None:
        if has_internal_subset or self._content is not None:
            raise refused("the SVG has a document type definition (DTD)")

    def _namespace(self, prefix: str | None, uri: str | None) -> None:
        if self._depth == 0 and prefix is not None:
            self.svg.prefixes[prefix] = uri or ""

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._meter.element(self._depth)
        position = self.parser.CurrentByteIndex
        if self._depth == 1:
            if name != f"{SVG} svg":
                raise refused("the file is XML but no SVG")
            self.svg.root = self._tag(position)
        if self._open is not None:
            if self._content is None:
                raise refused("the SVG's credential has elements in it")
            return
        family = _CARRIERS.get(name)
        if family is not None and self._depth > 1:
            tag = self._tag(position)
            if _ENTITY.search(tag[0]):
                raise refused("the SVG's credential names an entity")
            self._open, self._open_depth = Carrier(family, tag, attributes.get("verify")), self._depth
        elif self._content is not None:
            self._content.start(name, attributes)

    def _end(self, _name: str) -> None:
        carrier = self._open
        if carrier is None:
            if self._content is not None:
                self._content.end()
        elif self._depth == self._open_depth:
            if carrier.tag[0].endswith(b"/>"):
                carrier.end = carrier.tag.end()
            else:
                carrier.end = self.svg.source.index(b">", self.parser.CurrentByteIndex) + 1
            self.svg.carriers.append(carrier)
            self._open = None
        self._depth -= 1

    def _tag(self, position: int) -> re.Match[bytes]:
        tag = _START_TAG.match(self.svg.source, position)
        assert tag is not None, "expat found a start tag here"
        return tag

    def _characters(self, data: str) -> None:
        if self._open is not None:
            self._open.text.append(data)
        elif self._content is not None:
            self._content.text(data)

    def _instruction(self, _target: str, _data: str) -> None:
        self._meter.element(self._depth)
        if self._content is not None or self._open is not None:
            raise refused("the SVG has a processing instruction")

    def _skipped(self, _name: str, _is_parameter: bool) -> None:
        raise refused("the SVG names an entity that is not defined")
