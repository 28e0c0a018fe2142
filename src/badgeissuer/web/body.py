"""Reading requests strictly: who is calling, then how much, then what kind, then what it says.

Every route is a ``StrictRoute``. It lets the caller in first, counts the body's bytes while they come, takes JSON
through the one strict parser, and puts text in one form (NFC) or refuses it, with the place named.
"""

from __future__ import annotations

import email.message
import re
import unicodedata
from collections.abc import Callable, Collection, Coroutine, Mapping
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from badgeissuer.errors import Fault, NotFound, Rejected, TooLarge
from badgeissuer.vc import limits, strictjson
from badgeissuer.vc.lint.values import INVISIBLE
from badgeissuer.web.deps import admission
from badgeissuer.web.problems import InvalidRequest, UnsupportedMediaType

# The one table of body limits, in bytes: by path, and by media type where a route takes images. A route that is not
# named has the default.
DEFAULT_LIMIT = limits.FOREIGN_BYTES
LIMITS: dict[str, int] = {
    # A learner record; anything else is refused above the default by the routes themselves.
    "/v1/verify": limits.CLR_BYTES,
    "/v1/preflight": limits.CLR_BYTES,
    # An image with a badge in it, in base64.
    "/v1/admitted-badges": 8 * limits.MIB,
    "image/png": limits.CLR_IMAGE_BYTES,
    "image/svg+xml": limits.CLR_IMAGE_BYTES,
}
# The only addresses under /v1 that need no API key.
OPEN_PATHS = frozenset({"/v1/verify"})

JSON_TYPES = frozenset({"application/json"})
# LF is the only control character that text may hold. Bidirectional controls and zero-width characters make text read
# as something else than it says (homographs, hidden words).
_UNWANTED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]|" + INVISIBLE.pattern)

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class StrictRoute(APIRoute):
    """A route that reads as this module says. Under ``/v1`` it must demand a scope, or be named in ``OPEN_PATHS``."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()
        admit = admission(self)
        private = self.path.startswith("/v1/")
        if private and not admit and self.path not in OPEN_PATHS:
            raise RuntimeError(f"{self.path} demands no scope; add require(…) or name it in OPEN_PATHS")
        known = _query_names(self.dependant) if private else None
        reads_json = self.body_field is not None
        limit = LIMITS.get(self.path, DEFAULT_LIMIT)

        async def strict(request: Request) -> Response:
            _check_address(request, known)
            for allow in admit:
                await allow(request)
            if reads_json:
                request = await _with_json(request, limit)
            return await handle(request)

        return strict


async def read_body(request: Request, *, media_types: Collection[str], limit: int = DEFAULT_LIMIT) -> bytes:
    """The body's bytes. Raises ``TooLarge`` before reading on, ``UnsupportedMediaType`` where it is of another kind."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and (len(declared) > 12 or int(declared) > limit):
        raise _too_large(limit)
    kind = email.message.Message()
    kind["content-type"] = request.headers.get("content-type", "")
    has_body = (declared.isdecimal() and int(declared) > 0) or "transfer-encoding" in request.headers
    charset = str(kind.get_param("charset", "utf-8")).lower()
    right = (
        "content-type" in request.headers and kind.get_content_type() in media_types and charset in ("utf-8", "utf8")
    )
    if has_body and not right:
        raise UnsupportedMediaType(f"send the body as {' or '.join(sorted(media_types))}, in UTF-8")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise UnsupportedMediaType("send the body without a Content-Encoding")
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > limit:
            raise _too_large(limit)
    if data and not right:
        raise UnsupportedMediaType(f"send the body as {' or '.join(sorted(media_types))}, in UTF-8")
    return bytes(data)


def clean(value: Any) -> Any:
    """A JSON value with every text in NFC. Raises ``Rejected`` that names each text which holds what no text may."""
    faults = [
        Fault(
            _UNWANTED.sub("\ufffd", pointer),
            "holds a control character (only LF may stand in text), a bidirectional control or a zero-width character",
            "unwanted-character",
        )
        for text, pointer in strictjson.strings(value)
        if _UNWANTED.search(text)
    ]
    if faults:
        raise Rejected("the body holds characters that text may not hold; see errors", faults=faults)
    return _normalised(value)


def _normalised(value: Any) -> Any:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, dict):
        return {name: _normalised(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_normalised(member) for member in value]
    return value


async def _with_json(request: Request, limit: int) -> Request:
    """The request with its body read, parsed and cleaned, for FastAPI to validate."""
    data = await read_body(request, media_types=JSON_TYPES, limit=limit)
    read = _ReadRequest(request.scope, request.receive)
    read._body = data
    if data:
        value = strictjson.loads(data, max_bytes=limit)
        # Most bodies show at a glance that there is nothing to clean.
        plain = data.isascii() and b"\\" not in data and not _UNWANTED.search(data.decode("ascii"))
        read.value = value if plain else clean(value)
        # For routes that need the request's meaning as it was sent (fingerprints of repeats).
        request.state.body = read.value
    return read


class _ReadRequest(Request):
    """A request whose JSON was parsed already."""

    value: Any = None

    async def json(self) -> Any:
        return self.value


def check_path(parts: Mapping[str, Any]) -> None:
    """Refuse parts of a path that no address of ours has. Raises ``NotFound``."""
    if any(isinstance(value, str) and _UNWANTED.search(value) for value in parts.values()):
        raise NotFound("there is nothing at this address")


def _check_address(request: Request, known: frozenset[str] | None) -> None:
    """Refuse what no parameter may hold; PostgreSQL, for one, cannot take a NUL. ``known`` None lets any name pass."""
    check_path(request.path_params)
    wrong = {}
    seen = set()
    for name, value in request.query_params.multi_items():
        if known is not None and name not in known:
            # Silence would answer another question than the one that was asked.
            shown = name if re.fullmatch(r"[A-Za-z_.\[\]-]{1,40}", name) else "query"
            wrong[shown] = f"there is no such parameter here; there are: {', '.join(sorted(known)) or 'none'}"
        elif known is not None and name in seen:
            wrong[name] = "is given more than once; only one of them would count"
        elif _UNWANTED.search(value):
            wrong[name] = "holds a control character, a bidirectional control or a zero-width character"
        elif len(value) > 2_000:
            wrong[name] = "is longer than 2,000 characters"
        seen.add(name)
    if wrong:
        raise InvalidRequest(parameters=wrong)


def _query_names(dependant: Dependant) -> frozenset[str]:
    names: set[str] = set()
    for field in dependant.query_params:
        kind = field.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names |= {info.alias or name for name, info in kind.model_fields.items()}
        else:
            names.add(field.alias)
    for below in dependant.dependencies:
        names |= _query_names(below)
    return frozenset(names)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the body is larger than {limit} bytes")
