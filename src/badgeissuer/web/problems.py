"""The one table from error to answer: RFC 9457 ``application/problem+json``, for our errors and for the framework's.

An answer never echoes input: it names the place (a JSON pointer into the body, or a parameter) and says what would be
right. An error without a row is a 500 that says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from sqlalchemy.exc import IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from badgeissuer import errors
from badgeissuer.errors import BadgeissuerError, Fault
from badgeissuer.vc import strictjson
from badgeissuer.web import validation

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5


class UnsupportedMediaType(BadgeissuerError):
    """The body's Content-Type is not one that this route reads."""

    code = "unsupported-media-type"


class NotAcceptable(BadgeissuerError):
    """None of the media types in Accept is one that this resource has."""

    code = "not-acceptable"


class FormatNotOffered(BadgeissuerError):
    """The answer is not offered in the format that a parameter asks for."""

    code = "format-not-offered"


class MethodNotAllowed(BadgeissuerError):
    """The address exists, but not with this method; ``Allow`` lists those that it has."""

    code = "method-not-allowed"


class InvalidRequest(errors.Rejected):
    """Members of the body, or parameters of the query or a header, are not of the form that the route reads."""

    code = "invalid-request"

    def __init__(self, *, faults: Iterable[Fault] = (), parameters: Mapping[str, str] | None = None) -> None:
        super().__init__("the request is not of the form that this address reads; see errors", faults=faults)
        self.parameters = dict(parameters or {})


# The most specific class wins; a class without a row takes its parent's. ``Misconfigured`` has none, on purpose.
TABLE: dict[type[BadgeissuerError], tuple[int, str]] = {
    errors.MalformedInput: (400, "The request is malformed"),
    errors.Unauthenticated: (401, "An API key is needed"),
    errors.NotPermitted: (403, "Not permitted"),
    errors.NotFound: (404, "Not found"),
    MethodNotAllowed: (405, "Method not allowed"),
    NotAcceptable: (406, "Not available in that media type"),
    errors.Conflict: (409, "Conflict"),
    errors.PreconditionFailed: (412, "Changed meanwhile"),
    errors.TooLarge: (413, "Too large"),
    UnsupportedMediaType: (415, "Unsupported media type"),
    errors.Rejected: (422, "The request breaks a rule"),
    FormatNotOffered: (501, "Not offered in that format"),
    errors.Unavailable: (503, "Not available now"),
}
_INTERNAL = "internal"
_NOTHING = "there is nothing at this address"


class ProblemError(BaseModel):
    """One thing that is wrong in the request."""

    pointer: str | None = Field(
        None, description='JSON pointer (RFC 6901) into the body as it was sent; "" is all of it'
    )
    parameter: str | None = Field(
        None, description="name of the query parameter or header, where it is not in the body"
    )
    detail: str
    code: str = Field(description="stable, for programs")
    clause: str | None = Field(None, description="the rule that was broken, where it is one of a standard")


class Problem(BaseModel):
    """An error answer (RFC 9457)."""

    type: str = Field(description="stable URI of the kind of problem; it can be read there")
    title: str
    status: int
    detail: str
    instance: str = Field(description="the path that was asked")
    request_id: str = Field(description="also in the X-Request-ID header and in the service's log")
    errors: list[ProblemError] | None = None
    existing: str | None = Field(None, description="URL or id of the record that the request clashes with")


def problems(*kinds: type[BadgeissuerError]) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route: the errors that are its own. What every route can answer is added in openapi.py."""
    found: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        status, title = row_of(kind)
        about = _about(kind)
        if status in found:
            found[status]["description"] += f" Or: {about}"
        else:
            found[status] = {
                "description": f"{title}. {about}",
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }
    return found


def row_of(kind: type[BadgeissuerError]) -> tuple[int, str]:
    """Status and title of an error class."""
    for parent in kind.__mro__:
        if parent in TABLE:
            return TABLE[parent]
    return 500, "Internal error"


def answer(request: Request, error: Exception) -> Response:
    """The problem document for an error. One that has no row becomes a 500 without a word about the cause."""
    return _respond(request, _translated(request, error))


def internal(request: Request) -> Response:
    """The answer to an unexpected error."""
    return _document(
        request,
        status=500,
        code=_INTERNAL,
        title="Internal error",
        detail="something went wrong here; nothing was changed. Say the request_id when you report it",
    )


def explain(code: str) -> tuple[int, str, str] | None:
    """Status, title and explanation of a problem code; None where there is no such code."""
    if code == _INTERNAL:
        return (
            500,
            "Internal error",
            "Something went wrong in the service. The cause is in its log under the request_id.",
        )
    for kind in _kinds():
        if kind.code == code:
            return *row_of(kind), _about(kind)
    return None


def codes() -> list[str]:
    """Every code that a problem's type can end in."""
    return sorted({_INTERNAL, *(kind.code for kind in _kinds())})


def _kinds() -> Iterator[type[BadgeissuerError]]:
    pending: list[type[BadgeissuerError]] = [BadgeissuerError]
    while pending:
        for kind in pending.pop(0).__subclasses__():
            pending.append(kind)
            if row_of(kind)[0] != 500 and "code" in vars(kind):
                yield kind


def _translated(request: Request, error: Exception) -> Exception:
    match error:
        case BadgeissuerError():
            return error
        case RequestValidationError():
            read = validation.read(error.errors())
            # An id that cannot be one names nothing: the same answer as for one that is not there.
            return InvalidRequest(faults=read[0], parameters=read[1]) if read else errors.NotFound(_NOTHING)
        case HTTPException(status_code=404):
            return errors.NotFound(_NOTHING)
        case HTTPException(status_code=405):
            return MethodNotAllowed(f"this address has only {', '.join(allowed_methods(request))}")
        case HTTPException(status_code=400):
            return errors.MalformedInput("the request cannot be read")
        case PoolTimeout():
            return errors.Unavailable("too many requests at once; try again shortly")
        case IntegrityError() if _is_duplicate(error):
            return errors.Conflict(
                "it clashes with a record that was made at the same moment; read it and decide again"
            )
        case _:
            return error


def _is_duplicate(error: IntegrityError) -> bool:
    """Two callers made the same unique thing at once. Other broken constraints are our own mistakes."""
    return getattr(error.orig, "sqlstate", None) == "23505" or "UNIQUE constraint failed" in str(error.orig)


def _respond(request: Request, error: Exception) -> Response:
    if not isinstance(error, BadgeissuerError) or row_of(type(error))[0] == 500:
        return internal(request)
    status, title = row_of(type(error))
    response = _document(
        request,
        status=status,
        code=error.code,
        title=title,
        detail=error.detail,
        errors=[*(_entry(fault) for fault in error.faults), *_parameters(error)],
        existing=getattr(error, "existing", None),
    )
    match status:
        case 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        case 405:
            response.headers["Allow"] = ", ".join(allowed_methods(request))
        case 503:
            response.headers["Retry-After"] = str(getattr(error, "retry_after", RETRY_AFTER_S))
        case 409 if hasattr(error, "retry_after"):
            response.headers["Retry-After"] = str(error.retry_after)
        case _:
            pass
    return response


def _document(request: Request, *, status: int, code: str, title: str, detail: str, **more: Any) -> Response:
    problem = {
        "type": f"{request.app.state.base_url}/problems/{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.scope.get("raw_path", request.url.path.encode()).decode("ascii", "replace"),
        "request_id": getattr(request.state, "request_id", ""),
        **{name: value for name, value in more.items() if value},
    }
    return Response(
        strictjson.dumps(problem),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store"},
    )


def _entry(fault: Fault) -> dict[str, Any]:
    entry = {"pointer": fault.pointer, "detail": fault.detail, "code": fault.code}
    return {**entry, "clause": fault.clause} if fault.clause else entry


def _parameters(error: BadgeissuerError) -> list[dict[str, Any]]:
    wrong = error.parameters if isinstance(error, InvalidRequest) else {}
    return [{"parameter": name, "detail": detail, "code": "invalid"} for name, detail in wrong.items()]


def allowed_methods(request: Request) -> list[str]:
    """All methods of the address, over all routes of the app. HEAD goes wherever GET goes."""
    found: set[str] = set()
    path = request.scope["path"]
    for route in request.app.routes:
        pattern, methods = getattr(route, "path_regex", None), getattr(route, "methods", None)
        if pattern is not None and methods and pattern.match(path):
            found |= set(methods)
    if "GET" in found:
        found.add("HEAD")
    return sorted(found)


def _about(kind: type[BadgeissuerError]) -> str:
    """What the class says of itself, as readers of answers know it: faults are their ``errors``."""
    said = kind.__doc__ or HTTPStatus(row_of(kind)[0]).phrase
    return " ".join(said.replace("``faults``", "`errors`").replace("``", "`").split())
