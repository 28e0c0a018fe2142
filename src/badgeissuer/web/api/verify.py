"""Verify anybody's credential: numbered checks, each ok, failed or not checked, with the reason. Writes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from fastapi import APIRouter, FastAPI, Request
from pydantic import Field

from badgeissuer.errors import BadgeissuerError, Fault, NotFound, Rejected, Unavailable
from badgeissuer.net.fetch import FetchFailed, FetchRefused
from badgeissuer.services import publishing, verifying
from badgeissuer.store.access import ANONYMOUS
from badgeissuer.vc import strictjson
from badgeissuer.vc.verify import Outcome, Verdict
from badgeissuer.web import media
from badgeissuer.web.body import DEFAULT_LIMIT, LIMITS, StrictRoute, read_body
from badgeissuer.web.deps import RuntimeDep
from badgeissuer.web.problems import problems
from badgeissuer.web.wire import WireOut
from badgeissuer.work import Work

router = APIRouter(route_class=StrictRoute, tags=["Verify"])

_PATH = "/v1/verify"
# Anybody may call, so few run at once, few wait, and none for ever: they cannot starve those who issue.
_RUNNING = 4
_WAITING = 32
_SECONDS = 30.0
_OTHER_TYPES = (*media.IMAGE_TYPES, *media.JWT_TYPES)
_ACCEPT = f"{media.VC}, {media.LD_JSON};q=0.9, {media.JSON};q=0.8"


class CheckOut(WireOut):
    number: int
    name: str
    verdict: Verdict = Field(description="not checked is never valid")
    detail: str
    type: str | None = Field(description="URI of the kind of failure, where the standards name one")
    remedy: str | None = Field(description="what the reader can do")
    parts: list[CheckOut] = Field([], description="the single steps, where a check has several")


class CredentialFactsOut(WireOut):
    """What the document says of itself; to be believed only where it is verified."""

    id: str | None
    types: list[str]
    issuer: str | None
    issuer_name: str | None
    name: str | None
    achievement: str | None
    achievement_id: str | None
    valid_from: str | None
    valid_until: str | None


class VerificationOut(WireOut):
    verified: bool = Field(description="every check is ok. Whether the issuer deserves trust is another question")
    outcome: Outcome
    checks: list[CheckOut]
    credential: CredentialFactsOut = Field(validation_alias="facts")


_BODY = {
    "required": True,
    "content": {
        media.JSON: {
            "schema": {
                "type": "object",
                "description": "the credential itself, or an object with one member: `credential` (the document, or a "
                "JWT) or `url` (where it can be fetched, https only)",
                "examples": [{"url": "https://badges.example.org/credentials/0b0c…"}],
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
    # What is not JSON is read by the check itself, within its own limits.
    asked = None if other else await asyncio.to_thread(strictjson.loads, data, max_bytes=limit)
    async with _gate(request.app).enter(), runtime.begin(ANONYMOUS) as work:
        report = await verifying.verify(work, data=await _document(work, data, asked))
    return VerificationOut.model_validate(report)


async def _document(work: Work, data: bytes, asked: Any) -> bytes:
    """The document to verify: the body, or what it holds, or what it points to."""
    if not isinstance(asked, dict) or "@context" in asked or not asked.keys() & {"credential", "url"}:
        return data
    if len(asked) != 1:
        raise Rejected(
            "send either the credential or its url",
            faults=[Fault("", "must have exactly one member: credential or url", "unknown-member")],
        )
    if "credential" in asked:
        credential = asked["credential"]
        # A text is a JWT, or nothing that can be verified.
        return (credential if isinstance(credential, str) else strictjson.dumps(credential)).encode(
            "utf-8", "surrogatepass"
        )
    url = asked["url"]
    if not isinstance(url, str):
        raise Rejected("the url is not a string", faults=[Fault("/url", "must be a string")])
    try:
        return await _at(work, url)
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
    fetched = await work.fetch.get(url, accept=_ACCEPT)
    if fetched.status != 200:
        raise FetchFailed(f"the answer has status {fetched.status}")
    return fetched.body


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
