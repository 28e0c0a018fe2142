"""Preflight: will a credential import there? What is known of wallets, validators and importers, put to a document."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import AfterValidator, Field, WithJsonSchema

from badgeissuer.errors import Unavailable
from badgeissuer.services import preflighting
from badgeissuer.vc.preflight import Preflight, Severity, Target, Verdict
from badgeissuer.web import submitted
from badgeissuer.web.body import StrictRoute
from badgeissuer.web.deps import ActorDep, RuntimeDep, require
from badgeissuer.web.gate import gate_of
from badgeissuer.web.problems import problems
from badgeissuer.web.submitted import document_or_jwt
from badgeissuer.web.wire import WireIn, WireOut

router = APIRouter(route_class=StrictRoute, tags=["Verify"])

_PATH = "/v1/preflight"
# As for verification: those who ask cannot starve those who issue.
_RUNNING = 4
_WAITING = 32
_SECONDS = 30.0

# Written out: the body is described in one piece, in which a reference would lead nowhere.
_TargetName = Annotated[Target, WithJsonSchema({"type": "string", "enum": [target.value for target in Target]})]
# Verification has verdicts too; the description would show both under their modules' names.
_Verdict = Annotated[Verdict, WithJsonSchema({"type": "string", "enum": [verdict.value for verdict in Verdict]})]


class PreflightIn(WireIn):
    """A credential, and where it should import."""

    credential: Annotated[Any, AfterValidator(document_or_jwt), WithJsonSchema({"type": ["object", "string"]})] = Field(
        description="the document, or a JWT"
    )
    targets: list[_TargetName] | None = Field(
        None, min_length=1, max_length=50, description="all, where it is left out"
    )


class FindingOut(WireOut):
    """One fact about a target that touches this document."""

    severity: Severity = Field(
        description="`error`: the target refuses it; `unknown`: no source says what the target does; `warning`: it is "
        "taken, with a loss; `note`: good to know"
    )
    code: str = Field(description="stable, for programs")
    pointer: str = Field(description="JSON pointer (RFC 6901) into the credential; into the payload, for a JWT")
    detail: str
    remedy: str = Field(description="what the issuer can do")
    source: str = Field(description="where the fact comes from")


class TargetOut(WireOut):
    """What is known for one target."""

    target: Target
    verdict: _Verdict = Field(description="`unknown` is no pass: a fact that the answer needs has no source")
    findings: list[FindingOut] = Field(description="those that decide come first")
    beyond: int = Field(description="findings that were too many to list")


class PreflightOut(WireOut):
    targets: list[TargetOut]

    @classmethod
    def of(cls, found: Iterable[Preflight]) -> PreflightOut:
        return cls(targets=[TargetOut.model_validate(answer) for answer in found])


_BODY = submitted.request_body(
    PreflightIn,
    description="the credential itself, or an object with `credential` and `targets`",
    example={"credential": "eyJhbGciOiJFUzI1NiIs…", "targets": ["learner-credential-wallet", "learncard"]},
)


@router.post(
    _PATH,
    operation_id="preflight",
    # It reads no row. A key is asked for because a document costs work: every key that can issue may have this scope.
    dependencies=[require("achievements:read")],
    responses=problems(Unavailable),
    openapi_extra={"requestBody": _BODY},
)
async def preflight(request: Request, runtime: RuntimeDep, actor: ActorDep) -> PreflightOut:
    """Say where a credential imports: 200 with an answer for each target. Signatures and dates are not checked."""
    given = await submitted.read(request, path=_PATH)
    asked = submitted.asked(given, PreflightIn, several="ask for one credential at a time")
    data = given.data if asked is None else submitted.as_bytes(asked.credential)
    targets = tuple(Target) if asked is None or asked.targets is None else tuple(asked.targets)
    gate = gate_of(request.app, "preflights", running=_RUNNING, waiting=_WAITING, seconds=_SECONDS)
    async with gate.enter(), runtime.begin(actor) as work:
        found = await preflighting.preflight(work, data=data, targets=targets)
    return PreflightOut.of(found)
