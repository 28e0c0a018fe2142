"""What is here, whether it lives, whether it is ready, and what its problem types mean."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import select

from badgeissuer.errors import BadgeissuerError, NotFound, Unavailable
from badgeissuer.store import schema
from badgeissuer.store.access import ANONYMOUS
from badgeissuer.store.catalog import IssuerKey
from badgeissuer.store.halts import is_halted
from badgeissuer.web import media, problems
from badgeissuer.web.body import StrictRoute
from badgeissuer.web.deps import RuntimeDep, runtime_of
from badgeissuer.web.pages.home import home_page
from badgeissuer.web.wire import WireOut

router = APIRouter(route_class=StrictRoute, tags=["Service"])


class IndexOut(WireOut):
    service: str
    version: str
    links: dict[str, str]


class HealthOut(WireOut):
    status: str


class ReadyOut(WireOut):
    status: str
    checks: dict[str, str]


class ProblemKindOut(WireOut):
    """What a problem type means."""

    type: str
    title: str
    status: int
    explanation: str


class ProblemKindsOut(WireOut):
    items: list[ProblemKindOut]


@router.get(
    "/",
    operation_id="index",
    response_model=IndexOut,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
)
async def index(request: Request) -> IndexOut | Response:
    """Where things are; for a browser, the first page."""
    if media.wants_page(request.headers.get("accept"), (media.JSON,)):
        async with runtime_of(request).begin(ANONYMOUS) as work:
            return await home_page(request, work)
    base = request.app.state.base_url
    links = {
        "openapi": "/openapi.json",
        "health": "/healthz",
        "ready": "/readyz",
        "problems": "/problems",
        "verify": "/v1/verify",
        "catalogue": "/catalogue.json",
        "issuers": "/v1/issuers",
        "achievements": "/v1/achievements",
        "decisions": "/v1/decisions",
        "awards": "/v1/awards",
    }
    return IndexOut(
        service="badgeissuer", version=request.app.version, links={name: base + path for name, path in links.items()}
    )


@router.get("/openapi.json", operation_id="openapi", include_in_schema=False)
async def description(request: Request) -> JSONResponse:
    return JSONResponse(request.app.openapi(), headers={"Cache-Control": "public, max-age=300"})


@router.get("/healthz", operation_id="healthz")
async def healthz() -> HealthOut:
    """The process lives. Asks nothing of the database."""
    return HealthOut(status="ok")


@router.get("/readyz", operation_id="readyz", responses=problems.problems(Unavailable))
async def readyz(runtime: RuntimeDep) -> ReadyOut:
    """The process can do its work: the database answers, is at the newest migration, and the keys fit their rows."""
    checks = {"database": "ok", "migrations": "ok", "keys": "ok", "minting": "ok"}
    await runtime.database.ping()
    if not await schema.at_head(runtime.database):
        raise Unavailable("the database is not at the newest migration; run `badgeissuer migrate`")
    async with runtime.database.reading() as session:
        rows = (await session.scalars(select(IssuerKey))).all()
        # Reading, verifying and revoking go on, so the process is ready; but who watches it should know.
        halted = await is_halted(session)
    try:
        runtime.keys.check([row.as_facts() for row in rows])
    except BadgeissuerError:
        # The reason names files and issuers: it is in the log of the start, not for strangers.
        raise Unavailable("a signing key cannot be used; the service's log says which") from None
    if halted:
        checks["minting"] = "halted"
    return ReadyOut(status="ready", checks=checks)


@router.get("/problems", operation_id="list_problems")
async def problem_kinds(request: Request) -> ProblemKindsOut:
    """Every kind of problem that an answer's ``type`` can name."""
    return ProblemKindsOut(items=[_kind(request, code) for code in problems.codes()])


@router.get("/problems/{code}", operation_id="read_problem")
async def problem_kind(request: Request, code: str) -> ProblemKindOut:
    """What a problem type means."""
    return _kind(request, code)


def _kind(request: Request, code: str) -> ProblemKindOut:
    known: Any = problems.explain(code)
    if known is None:
        raise NotFound("no such kind of problem")
    status, title, explanation = known
    return ProblemKindOut(
        type=f"{request.app.state.base_url}/problems/{code}", title=title, status=status, explanation=explanation
    )
