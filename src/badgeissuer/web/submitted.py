"""A credential as callers send it: JSON, a JWT or a baked image as it is, or in an object beside options."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import Request
from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from badgeissuer.errors import Fault, Rejected, TooLarge
from badgeissuer.vc import strictjson
from badgeissuer.web import media, validation
from badgeissuer.web.body import DEFAULT_LIMIT, LIMITS, read_body
from badgeissuer.web.gate import gate_of
from badgeissuer.web.problems import InvalidRequest
from badgeissuer.web.wire import WireIn

_LONG_SECONDS = 20.0
_OTHER_TYPES = (*media.IMAGE_TYPES, *media.JWT_TYPES)
M = TypeVar("M", bound=WireIn)


def document_or_jwt(value: object) -> object:
    """Raises ``ValueError`` for what no member may be that holds a credential."""
    if not isinstance(value, dict | str):
        raise ValueError("must be the document (a JSON object) or a JWT (a string)")
    return value


@dataclass(frozen=True, slots=True)
class Submitted:
    """The body's bytes; ``json`` is what they say where they came as JSON."""

    data: bytes
    is_json: bool
    json: Any = None


async def read(request: Request, *, path: str) -> Submitted:
    """The body, within the limit of its kind. What is not JSON is read by the check itself, within its own limits.

    Raises ``TooLarge``, ``UnsupportedMediaType``, ``MalformedJson``.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    other = kind in _OTHER_TYPES
    limit = LIMITS.get(kind if kind in media.IMAGE_TYPES else path, DEFAULT_LIMIT)
    types = _OTHER_TYPES if other else (*media.CREDENTIAL_TYPES, *_OTHER_TYPES)
    data = await read_body(request, media_types=types, limit=limit)
    if other:
        return Submitted(data, is_json=False)
    if len(data) > DEFAULT_LIMIT and b"ClrCredential" not in data:
        raise TooLarge(f"only a learner record may be longer than {DEFAULT_LIMIT} bytes")
    if len(data) <= DEFAULT_LIMIT:
        return Submitted(data, is_json=True, json=await asyncio.to_thread(strictjson.loads, data, max_bytes=limit))
    # A record of the largest size takes seconds to read: one after the other.
    async with gate_of(request.app, "long records", running=1, waiting=8, seconds=_LONG_SECONDS).enter():
        return Submitted(data, is_json=True, json=await asyncio.to_thread(strictjson.loads, data, max_bytes=limit))


def asked(submitted: Submitted, model: type[M], *, several: str) -> M | None:
    """The object with options, checked; None where the body is the credential itself.

    Raises ``Rejected`` for JSON that is no object (``several`` says what to do with a list), ``InvalidRequest``.
    """
    if not submitted.is_json:
        return None
    body = submitted.json
    options = {name for field in model.model_fields for name in (field, to_camel(field))}
    if not isinstance(body, dict):
        forms = " or ".join(name for name in ("credential", "url") if name in model.model_fields)
        detail = f"must be a JSON object: the credential, or an object with {forms}"
        hint = f"; {several}" if isinstance(body, list) else ""
        raise Rejected("the body is no credential", faults=[Fault("", detail + hint, "not-an-object")])
    if "@context" in body or not body.keys() & options:
        return None
    try:
        return model.model_validate(body)
    except ValidationError as error:
        read = validation.read({**found, "loc": ("body", *found["loc"])} for found in error.errors())
        raise InvalidRequest(faults=read[0] if read else ()) from None


def as_bytes(credential: Any) -> bytes:
    """The bytes of a credential that stood in an object. A text is a JWT, or nothing that can be read."""
    text = credential if isinstance(credential, str) else strictjson.dumps(credential)
    return text.encode("utf-8", "surrogatepass")


def request_body(model: type[WireIn], *, description: str, example: dict[str, Any]) -> dict[str, Any]:
    """The description of such a body for OpenAPI."""
    return {
        "required": True,
        "content": {
            media.JSON: {
                "schema": {
                    "description": description,
                    "anyOf": [model.model_json_schema(), {"type": "object", "required": ["@context"]}],
                    "examples": [example],
                }
            },
            media.VC: {"schema": {"type": "object"}},
            media.LD_JSON: {"schema": {"type": "object"}},
            **{kind: {"schema": {"type": "string", "description": "a compact JWS"}} for kind in media.JWT_TYPES},
            media.PNG: {"schema": {"type": "string", "format": "binary", "description": "a baked badge"}},
            media.SVG: {"schema": {"type": "string", "description": "a baked badge"}},
        },
    }
