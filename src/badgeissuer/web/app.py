"""The app: routes, the table of errors, the life of the runtime."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

import badgeissuer
from badgeissuer.errors import BadgeissuerError, NotFound
from badgeissuer.runtime import Runtime
from badgeissuer.settings import Settings
from badgeissuer.web import media, openapi, problems
from badgeissuer.web.api import routers
from badgeissuer.web.edge import Edge
from badgeissuer.web.pages import catalogue, home, me, rendering, share
from badgeissuer.web.pages import verifying as pages
from badgeissuer.web.plain import plain_first

DESCRIPTION = """An issuing authority for educator micro-credentials: achievements, decisions and awards in; signed Open
Badges 3.0 credentials out, served for ever at their own addresses.

Errors are RFC 9457 problems. Lists are paged by cursor (`next`, and `Link`). Calls that issue need an `Idempotency-Key`
or an `external_reference`: a repeat gets the first answer, byte for byte."""


Jobs = Callable[[Runtime], AbstractAsyncContextManager[None]]


def create_app(runtime: Runtime | None, *, jobs: Jobs | None = None) -> FastAPI:
    """The ASGI app over a runtime. Without one (to describe the API) it answers nothing that needs a database.

    ``jobs`` runs beside the app while it serves (``jobs.background.run``); web and jobs do not know each other.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        if runtime is None:
            raise RuntimeError("this app was made without a runtime")
        await runtime.start()
        try:
            async with jobs(runtime) if jobs else nullcontext():
                yield
        finally:
            await runtime.close()

    app = FastAPI(
        title="badgeissuer",
        version=badgeissuer.__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        # The usual pages load scripts from a CDN.
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # A redirect would be built from the Host header, which anybody can write.
        redirect_slashes=False,
    )
    app.state.runtime = runtime
    app.state.base_url = runtime.settings.base_url if runtime else str(Settings.model_fields["base_url"].default)
    for router in (*routers(), home.router, catalogue.router, pages.router, share.router, *me.routers()):
        # Not include_router: it hides the routes in a wrapper, and some of our tests and tables walk them.
        app.router.routes.extend(router.routes)
    app.state.documented = list(app.router.routes)
    app.router.routes[:] = plain_first(app.router.routes)
    app.openapi = lambda: openapi.describe(app)  # type: ignore[method-assign]
    handlers: Any = app.exception_handlers
    for kind in (BadgeissuerError, RequestValidationError, HTTPException, IntegrityError, PoolTimeout):
        handlers[kind] = _answer
    app.add_middleware(Edge)
    return app


async def _answer(request: Any, error: Exception) -> Any:
    # Whoever opens an address that is none in a browser gets words; below /v1 there are only programs.
    nowhere = isinstance(error, HTTPException) and error.status_code == 404 and not request.url.path.startswith("/v1/")
    if nowhere and media.wants_page(request.headers.get("accept"), ()):
        return rendering.failed(request, NotFound("nothing is here"))
    return problems.answer(request, error)
