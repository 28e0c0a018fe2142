"""Check 0: what was given is one JSON document with an embedded proof, of a kind that we can check."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from badgeissuer.errors import MalformedInput, TooLarge
from badgeissuer.vc import strictjson
from badgeissuer.vc.checks.report import DATA_MODEL, PARSE, Check, failed, ok
from badgeissuer.vc.contexts import CREDENTIALS_V1

LARGEST_DOCUMENT = 262_144
_PNG = b"\x89PNG\r\n\x1a\n"
_JWT = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*(~.*)?", re.DOTALL)
_PARSING = DATA_MODEL + "PARSING_ERROR"


def parse(data: bytes | Mapping[str, Any]) -> tuple[dict[str, Any] | None, Check]:
    """The document, and check 0. None where the check failed."""
    if isinstance(data, bytes):
        foreign = _foreign(data)
        if foreign is not None:
            return None, failed(PARSE, f"not supported yet; {foreign}", _PARSING, remedy="send the JSON form instead")
    try:
        raw = data if isinstance(data, bytes) else strictjson.dumps(data).encode("utf-8")
        document = strictjson.loads(raw, max_bytes=LARGEST_DOCUMENT)
    except (MalformedInput, TooLarge) as error:
        return None, failed(PARSE, error.detail, _PARSING)
    if not isinstance(document, dict):
        return None, failed(PARSE, "the document is not a JSON object", _PARSING)
    contexts = document.get("@context")
    if contexts == CREDENTIALS_V1 or (isinstance(contexts, list) and CREDENTIALS_V1 in contexts[:1]):
        return None, failed(PARSE, "not supported yet; this is a credential of VC data model 1.1", _PARSING)
    return document, ok(PARSE, "one JSON document")


def _foreign(data: bytes) -> str | None:
    start = data[:512].lstrip()
    if data.startswith(_PNG):
        return "this is a PNG image"
    if start.startswith(b"<"):
        return "this is an SVG image or another XML document"
    if _JWT.fullmatch(data.strip()):
        return "this is a JWT"
    return None
