"""Verify anybody's credential: numbered checks, each ok, failed or not checked, with the reason. Writes nothing."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI, Request

from badgeissuer.errors import Fault, NotFound, Rejected, Unavailable
from badgeissuer.net.fetch import FetchFailed, FetchRefused
from badgeissuer.runtime import Runtime
from badgeissuer.services import bundling_reading, endorsing_facts, obtaining, rendering, verifying
from badgeissuer.store.access import ANONYMOUS
from badgeissuer.web import submitted
from badgeissuer.web.api.credentials import own_form
from badgeissuer.web.api.public import public_id
from badgeissuer.web.api.verify_wire import VerificationIn, VerificationOut
from badgeissuer.web.body import StrictRoute
from badgeissuer.web.deps import RuntimeDep
from badgeissuer.web.gate import Gate, gate_of
from badgeissuer.web.problems import problems
from badgeissuer.work import Work

router = APIRouter(route_class=StrictRoute, tags=["Verify"])

_PATH = "/v1/verify"
# Anybody may call, so few run at once, few wait, and none for ever: they cannot starve those who issue.
_RUNNING = 4
_WAITING = 32
_SECONDS = 30.0
_BODY = submitted.request_body(
    VerificationIn,
    description="the credential itself, or an object with `credential` or `url`, and with options",
    example={"url": "https://badges.example.org/credentials/0b0c…", "recipient": ["teacher@school.example"]},
)


@router.post(
    _PATH,
    operation_id="verify",
    responses=problems(Unavailable),
    openapi_extra={"requestBody": _BODY},
)
async def verify(request: Request, runtime: RuntimeDep) -> VerificationOut:
    """Verify a credential: 200 with the report, whether it is valid or not. No API key is needed."""
    given = await submitted.read(request, path=_PATH)
    asked = _asked(given)
    policy = None if asked is None else asked.policy()
    async with gate_of_verifications(request.app).enter(), runtime.begin(ANONYMOUS) as work:
        document = given.data if asked is None else await _document(runtime, work, asked)
        report = await verifying.verify(work, data=document, policy=policy)
    return VerificationOut.of(report)


def gate_of_verifications(app: FastAPI) -> Gate:
    """The one gate for all that anybody may have verified, by the API or on the page."""
    return gate_of(app, "verifications", running=_RUNNING, waiting=_WAITING, seconds=_SECONDS)


def _asked(given: submitted.Submitted) -> VerificationIn | None:
    """The object with options, checked; None where the body is the document itself."""
    asked = submitted.asked(given, VerificationIn, several="verify several credentials one by one")
    if asked is not None and (asked.credential is None) is (asked.url is None):
        detail = "must have exactly one of the members credential and url"
        raise Rejected("send either the credential or its url", faults=[Fault("", detail, "one-of")])
    return asked


async def _document(runtime: Runtime, work: Work, asked: VerificationIn) -> bytes:
    """The document to verify: what the body holds, or what it points to."""
    if asked.url is None:
        return submitted.as_bytes(asked.credential)
    try:
        return await document_at(runtime, work, asked.url)
    except (FetchRefused, FetchFailed, NotFound) as error:
        refused = Rejected("the document at that url cannot be had", faults=[Fault("/url", error.detail, error.code)])
        raise refused from error


async def document_at(runtime: Runtime, work: Work, url: str) -> bytes:
    """The document at an address: ours from the database, others through the guard.

    Raises ``FetchRefused``, ``FetchFailed``, ``NotFound``.
    """
    own = f"{work.base_url}/credentials/"
    if url.startswith(own):
        try:
            credential_id, form = own_form(url.removeprefix(own))
        except NotFound:
            raise NotFound("no such credential") from None
        matter = await rendering.public_matter(work, credential_id=credential_id, forms=(form,))
        return (await rendering.export(runtime.studio, matter, form)).content
    record_at = f"{work.base_url}/clrs/"
    if url.startswith(record_at):
        try:
            clr_id = public_id(url.removeprefix(record_at).removesuffix(".json"))
        except NotFound:
            raise NotFound("no such record") from None
        return (await bundling_reading.public_record(work, clr_id=clr_id))[0].text.encode()
    endorsement_at = f"{work.base_url}/endorsements/"
    if url.startswith(endorsement_at):
        try:
            endorsement_id = public_id(url.removeprefix(endorsement_at).removesuffix(".json"))
        except NotFound:
            raise NotFound("no such endorsement") from None
        return (await endorsing_facts.public_endorsement(work, endorsement_id=endorsement_id)).endorsement.text.encode()
    return await obtaining.document_at(work, url)
