"""Check 0: what was given is one credential, as JSON with an embedded proof or as a JWT, or baked into an image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from badgeissuer.errors import MalformedInput, Rejected, TooLarge
from badgeissuer.vc import bake, jwt, limits, strictjson
from badgeissuer.vc.carriers.forms import is_compact_jws
from badgeissuer.vc.checks.kinds import Generation, generation_of, types_of
from badgeissuer.vc.checks.report import DATA_MODEL, PARSE, Check, failed, ok

LARGEST_DOCUMENT = limits.FOREIGN_BYTES
_PARSING = DATA_MODEL + "PARSING_ERROR"
_NO_CREDENTIAL_JWT = (
    "ask its issuer for the credential as JSON, as an image, or as a JWT in the form of Open Badges 3.0; other JWTs, "
    "such as those that log people in, are no credentials"
)
_IMAGES = {bake.PNG: "PNG", bake.SVG: "SVG"}


@dataclass(frozen=True, slots=True)
class Parsed:
    """Check 0 and, where it is ok, the document, and the JWT that it came in."""

    check: Check
    document: dict[str, Any] | None = None
    token: jwt.CredentialJwt | None = None


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
    return _jwt(raw, where) if _is_jwt(raw) else _json(raw, where)


def parse_nested(data: bytes | Mapping[str, Any]) -> Parsed:
    """Check 0 of a document inside one that was read strictly already: an object, or the text of a JWT."""
    if isinstance(data, Mapping):
        return _parsed(dict(data), "one JSON document")
    return _jwt(data, "") if _is_jwt(data) else _refused("this is no JWT")


def _jwt(raw: bytes, where: str) -> Parsed:
    try:
        token = jwt.read(raw.strip().decode("ascii"), max_bytes=limits.CLR_BYTES)
    except (Rejected, MalformedInput, TooLarge) as error:
        return _refused(f"this is a JWT{where}: {error.detail}", _NO_CREDENTIAL_JWT)
    if len(raw) > LARGEST_DOCUMENT and "ClrCredential" not in types_of(token.document):
        return _refused(_too_long(where))
    return _parsed(token.document, f"one JWT of the form {token.form.value}{where}", token)


def _json(raw: bytes, where: str) -> Parsed:
    # Only learner records are long. One that does not even name itself so is not read at all.
    if len(raw) > LARGEST_DOCUMENT and b"ClrCredential" not in raw:
        return _refused(_too_long(where))
    try:
        document = strictjson.loads(raw, max_bytes=limits.CLR_BYTES)
    except (MalformedInput, TooLarge) as error:
        return _refused(f"{error.detail}{where}")
    if not isinstance(document, dict):
        return _refused(f"the document{where} is not a JSON object")
    if len(raw) > LARGEST_DOCUMENT and "ClrCredential" not in types_of(document):
        return _refused(_too_long(where))
    return _parsed(document, f"one JSON document{where}")


def _parsed(document: dict[str, Any], what: str, token: jwt.CredentialJwt | None = None) -> Parsed:
    older = ", of VC data model 1.1 (an older form)" if generation_of(document) is Generation.V1 else ""
    return Parsed(ok(PARSE, f"{what}{older}"), document, token)


def _too_long(where: str) -> str:
    return f"the document{where} is longer than {LARGEST_DOCUMENT} bytes, and no learner record"


def _refused(detail: str, remedy: str | None = None) -> Parsed:
    return Parsed(failed(PARSE, detail, _PARSING, remedy=remedy))


def _is_jwt(raw: bytes) -> bool:
    try:
        return is_compact_jws(raw.strip().decode("ascii"))
    except UnicodeDecodeError:
        return False
