"""Verify anybody's credential: numbered checks, each ok, failed or not checked, with the reason. Writes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from fastapi import APIRouter, FastAPI, Request
from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from badgeissuer.errors import BadgeissuerError, Fault, NotFound, Rejected, TooLarge, Unavailable
from badgeissuer.net.fetch import FetchFailed, FetchRefused
from badgeissuer.services import obtaining, publishing, verifying
from badgeissuer.store.access import ANONYMOUS
from badgeissuer.vc import strictjson
from badgeissuer.web import media, validation
from badgeissuer.web.api.verify_wire import VerificationIn, VerificationOut
from badgeissuer.web.body import DEFAULT_LIMIT, LIMITS, StrictRoute, read_body
from badgeissuer.web.deps import RuntimeDep
from badgeissuer.web.problems import InvalidRequest, problems
from badgeissuer.work import Work

router = APIRouter(route_class=StrictRoute, tags=["Verify"])

_PATH = "/v1/verify"
# Anybody may call, so few run at once, few wait, and none for ever: they cannot starve those who issue.
_RUNNING = 4
_WAITING = 32
_SECONDS = 30.0
_OTHER_TYPES = (*media.IMAGE_TYPES, *media.JWT_TYPES)


_BODY = {
    "required": True,
    "content": {
        media.JSON: {
            "schema": {
                "description": "the credential itself, or an object with `credential` or `url`, and with options",
                "anyOf": [VerificationIn.model_json_schema(), {"type": "object", "required": ["@context"]}],
                "examples": [
                    {"url": "https://badges.example.org/credentials/0b0c…", "recipient": ["teacher@school.example"]}
                ],
            }
        },
        media.VC: {"schema": {"type": "object"}},
        media.LD_JSON: {"schema": {"type": "object"}},
        **{kind: {"schema": {"type": "string", "description": "a compact JWS"}} for kind in media.JWT_TYPES},
        media.PNG: {"schema": {"type": "string", "format": "binary", "description": "a baked badge"}},
        media.SVG: {"schema": {"type": "string", "description": "a baked badge"}},
    },
}


@router.post(
    _PATH,
    operation_id="verify",
    responses=problems(Unavailable),
    openapi_extra={"requestBody": _BODY},
)
async def verify(request: Request, runtime: RuntimeDep) -> VerificationOut:
    """Verify a credential: 200 with the report, whether it is valid or not. No API key is needed."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    other = kind in _OTHER_TYPES
    limit = LIMITS.get(kind if kind in media.IMAGE_TYPES else _PATH, DEFAULT_LIMIT)
    types = _OTHER_TYPES if other else (*media.CREDENTIAL_TYPES, *_OTHER_TYPES)
    data = await read_body(request, media_types=types, limit=limit)
    if not other and len(data) > DEFAULT_LIMIT and b"ClrCredential" not in data:
        raise TooLarge(f"only a learner record may be longer than {DEFAULT_LIMIT} bytes")
    # What is not JSON is read by the check itself, within its own limits.
    asked = None if other else _asked(await asyncio.to_thread(strictjson.loads, data, max_bytes=limit))
    policy = None if asked is None else asked.policy()
    async with _gate(request.app).enter(), runtime.begin(ANONYMOUS) as work:
        document = data if asked is None else await _document(work, asked)
        report = await verifying.verify(work, data=document, policy=policy)
    return VerificationOut.of(report)


_OPTIONS = frozenset(name for field in VerificationIn.model_fields for name in (field, to_camel(field)))


def _asked(body: Any) -> VerificationIn | None:
    """The object with options, checked; None where the body is the document itself."""
    if not isinstance(body, dict):
        detail = "must be a JSON object: the credential, or an object with credential or url"
        several = "; verify several credentials one by one" if isinstance(body, list) else ""
        raise Rejected("the body is no credential", faults=[Fault("", detail + several, "not-an-object")])
    if "@context" in body or not body.keys() & _OPTIONS:
        return None
    try:
        asked = VerificationIn.model_validate(body)
    except ValidationError as error:
        read = validation.read({**found, "loc": ("body", *found["loc"])} for found in error.errors())
        raise InvalidRequest(faults=read[0] if read else ()) from None
    if (asked.credential is None) is (asked.url is None):
        detail = "must have exactly one of the members credential and url"
        raise Rejected("send either the credential or its url", faults=[Fault("", detail, "one-of")])
    return asked


async def _document(work: Work, asked: VerificationIn) -> bytes:
    """The document to verify: what the body holds, or what it points to."""
    if asked.url is None:
        # A text is a JWT, or nothing that can be verified.
        given = asked.credential
        return (given if isinstance(given, str) else strictjson.dumps(given)).encode("utf-8", "surrogatepass")
    try:
        return await _at(work, asked.url)
    except (FetchRefused, FetchFailed, NotFound) as error:
        refused = Rejected("the document at that url cannot be had", faults=[Fault("/url", error.detail, error.code)])
        raise refused from error


async def _at(work: Work, url: str) -> bytes:
    """The document at an address: ours from the database, others through the guard."""
    own = f"{work.base_url}/credentials/"
    if url.startswith(own):
        try:
            credential_id = UUID(url.removeprefix(own).removesuffix(".json"))
        except ValueError:
            raise NotFound("no such credential") from None
        return (await publishing.credential(work, credential_id=credential_id)).text.encode()
    return await obtaining.document_at(work, url)


class _Gate:
    """Lets a few run, a few wait, and sends the rest away."""

    def __init__(self) -> None:
        self._running = asyncio.Semaphore(_RUNNING)
        self._waiting = 0

    @asynccontextmanager
    async def enter(self) -> AsyncIterator[None]:
        if self._waiting >= _WAITING:
            raise _busy()
        self._waiting += 1
        try:
            async with asyncio.timeout(_SECONDS):
                await self._running.acquire()
        except TimeoutError:
            raise _busy() from None
        finally:
            self._waiting -= 1
        try:
            async with asyncio.timeout(_SECONDS):
                yield
        except TimeoutError:
            raise Unavailable("what the check needs did not come in time; try again later") from None
        finally:
            self._running.release()


def _busy() -> BadgeissuerError:
    return Unavailable("too many verifications at once; try again shortly")


def _gate(app: FastAPI) -> _Gate:
    gate: _Gate | None = getattr(app.state, "verify_gate", None)
    if gate is None:
        gate = app.state.verify_gate = _Gate()
    return gate
