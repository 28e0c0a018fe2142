"""Check 0: what was given is one credential, as JSON with an embedded proof or as a JWT, or baked into an image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from badgeissuer.errors import MalformedInput, Rejected, TooLarge
from badgeissuer.vc import bake, jwt, strictjson
from badgeissuer.vc.carriers.forms import is_compact_jws
from badgeissuer.vc.checks.report import DATA_MODEL, PARSE, Check, failed, ok
from badgeissuer.vc.contexts import CREDENTIALS_V1

LARGEST_DOCUMENT = 262_144
_PARSING = DATA_MODEL + "PARSING_ERROR"
_IMAGES = {bake.PNG: "PNG", bake.SVG: "SVG"}


@dataclass(frozen=True, slots=True)
class Parsed:
    """Check 0 and, where it is ok, the document, and the JWT that it came in."""

    check: Check
    document: dict[str, Any] | None = None
    token: jwt.CredentialJwt | None = None


def parse(data: bytes | Mapping[str, Any], *, images: bool = True) -> Parsed:
    """Read what was given, and say where the credential was found. ``images``: it may be baked into one, or a JWT."""
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
    return _jwt(raw, where) if images and _is_jwt(raw) else _json(raw, where)


def _jwt(raw: bytes, where: str) -> Parsed:
    try:
        token = jwt.read(raw.strip().decode("ascii"), max_bytes=LARGEST_DOCUMENT)
    except (Rejected, MalformedInput, TooLarge) as error:
        return _refused(f"this is a JWT{where}: {error.detail}")
    if token.form is jwt.Form.VC_1_1 or _is_vc_1_1(token.document):
        return _refused(f"not supported yet; this is a JWT with a credential of VC data model 1.1{where}")
    return Parsed(ok(PARSE, f"one JWT of the form {token.form.value}{where}"), token.document, token)


def _json(raw: bytes, where: str) -> Parsed:
    try:
        document = strictjson.loads(raw, max_bytes=LARGEST_DOCUMENT)
    except (MalformedInput, TooLarge) as error:
        return _refused(f"{error.detail}{where}")
    if not isinstance(document, dict):
        return _refused(f"the document{where} is not a JSON object")
    if _is_vc_1_1(document):
        return _refused(f"not supported yet; this is a credential of VC data model 1.1{where}")
    return Parsed(ok(PARSE, f"one JSON document{where}"), document)


def _is_vc_1_1(document: Mapping[str, Any]) -> bool:
    contexts = document.get("@context")
    return contexts == CREDENTIALS_V1 or (isinstance(contexts, list) and CREDENTIALS_V1 in contexts[:1])


def _refused(detail: str) -> Parsed:
    return Parsed(failed(PARSE, detail, _PARSING))


def _is_jwt(raw: bytes) -> bool:
    try:
        return is_compact_jws(raw.strip().decode("ascii"))
    except UnicodeDecodeError:
        return False
