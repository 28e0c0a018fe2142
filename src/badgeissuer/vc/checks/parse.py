"""Check 0: what was given is one JSON document with an embedded proof, by itself or baked into a PNG or SVG image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from badgeissuer.errors import MalformedInput, Rejected, TooLarge
from badgeissuer.vc import bake, strictjson
from badgeissuer.vc.carriers.forms import is_compact_jws
from badgeissuer.vc.checks.report import DATA_MODEL, PARSE, Check, failed, ok
from badgeissuer.vc.contexts import CREDENTIALS_V1

LARGEST_DOCUMENT = 262_144
_PARSING = DATA_MODEL + "PARSING_ERROR"
_IMAGES = {bake.PNG: "PNG", bake.SVG: "SVG"}


@dataclass(frozen=True, slots=True)
class Parsed:
    """Check 0 and, where it is ok, the document."""

    check: Check
    document: dict[str, Any] | None = None


def parse(data: bytes | Mapping[str, Any], *, images: bool = True) -> Parsed:
    """Read what was given, and say where the credential was found. ``images``: it may be baked into one."""
    raw, where = data if isinstance(data, bytes) else strictjson.dumps(data).encode("utf-8", "surrogatepass"), ""
    kind = bake.media_type(raw)
    if kind is not None and isinstance(data, bytes):
        if not images:
            return _refused("this is an image or another XML document, not a JSON document")
        try:
            raw = bake.unbake(raw).text.encode("utf-8")
        except (Rejected, MalformedInput, TooLarge) as error:
            return _refused(f"{error.detail} (it begins as {'a PNG' if kind == bake.PNG else 'an SVG'} image does)")
        where = f", found in the {_IMAGES[kind]} image"
    if _is_jwt(raw):
        return _refused(f"not supported yet; this is a JWT{where}", remedy="send the JSON form instead")
    return _json(raw, where)


def _json(raw: bytes, where: str) -> Parsed:
    try:
        document = strictjson.loads(raw, max_bytes=LARGEST_DOCUMENT)
    except (MalformedInput, TooLarge) as error:
        return _refused(f"{error.detail}{where}")
    if not isinstance(document, dict):
        return _refused(f"the document{where} is not a JSON object")
    contexts = document.get("@context")
    if contexts == CREDENTIALS_V1 or (isinstance(contexts, list) and CREDENTIALS_V1 in contexts[:1]):
        return _refused(f"not supported yet; this is a credential of VC data model 1.1{where}")
    return Parsed(ok(PARSE, f"one JSON document{where}"), document)


def _refused(detail: str, *, remedy: str | None = None) -> Parsed:
    return Parsed(failed(PARSE, detail, _PARSING, remedy=remedy))


def _is_jwt(raw: bytes) -> bool:
    try:
        return is_compact_jws(raw.strip().decode("ascii"))
    except UnicodeDecodeError:
        return False
