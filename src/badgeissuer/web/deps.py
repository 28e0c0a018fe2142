"""What routes ask for: the runtime, the caller, a unit of work, and the scopes that a route demands.

No postponed annotations in this module: FastAPI reads them from the callables at import.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.params import Depends as DependsParam
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from badgeissuer.errors import NotPermitted, Unauthenticated
from badgeissuer.runtime import Runtime
from badgeissuer.services import access
from badgeissuer.store.access import ANONYMOUS, Actor
from badgeissuer.work import Work

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="apiKey",
    bearerFormat="bi_<prefix>_<secret>",
    description="an API key made with `badgeissuer apikey create`",
)

Admit = Callable[[Request], Awaitable[Actor]]


def runtime_of(request: Request) -> Runtime:
    """As ``get_runtime``, for code that FastAPI does not call."""
    runtime: Runtime | None = request.app.state.runtime
    if runtime is None:
        raise RuntimeError("this app was made without a runtime")
    return runtime


async def get_runtime(request: Request) -> Runtime:
    """The process's runtime. An app that was made only for its OpenAPI description has none."""
    return runtime_of(request)


async def get_actor(request: Request) -> Actor:
    """The caller behind `Authorization: Bearer bi_…`, looked up once per request. Raises ``Unauthenticated``."""
    known: Actor | None = getattr(request.state, "actor", None)
    if known is not None:
        return known
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("this address needs an API key; send it as `Authorization: Bearer bi_…`")
    actor = await access.authenticate(runtime_of(request).database.lookups, token=token.strip())
    request.state.actor = actor
    return actor


def require(*scopes: str) -> DependsParam:
    """A dependency that lets in only callers whose key has all these scopes.

    ``StrictRoute`` runs it before a byte of the body is read: a stranger learns nothing about the form of a route and
    costs no parsing. Raises ``Unauthenticated``, ``NotPermitted``.
    """
    unknown = set(scopes) - set(access.SCOPES)
    if not scopes or unknown:
        raise ValueError(f"no such scopes: {sorted(unknown)}")

    async def admit(
        request: Request, _shown_in_openapi: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)] = None
    ) -> Actor:
        actor = await get_actor(request)
        missing = [scope for scope in scopes if scope not in actor.scopes]
        if missing:
            raise NotPermitted(f"the API key lacks the scope {', '.join(missing)}")
        return actor

    dependency: DependsParam = Depends(admit)
    _scopes[admit] = scopes
    return dependency


_scopes: dict[Callable[..., Any], tuple[str, ...]] = {}


def required_scopes(route: APIRoute) -> tuple[str, ...]:
    """The scopes that a route demands, empty where it demands none."""
    return tuple(
        scope for needed in route.dependencies if needed.dependency in _scopes for scope in _scopes[needed.dependency]
    )


def admission(route: APIRoute) -> list[Admit]:
    """What must be passed before the route's body is read."""
    return [needed.dependency for needed in route.dependencies if needed.dependency in _scopes]


RuntimeDep = Annotated[Runtime, Depends(get_runtime)]
ActorDep = Annotated[Actor, Depends(get_actor)]


async def get_work(runtime: RuntimeDep, actor: ActorDep) -> AsyncIterator[Work]:
    """The request's unit of work: commits on leaving, rolls back on an error."""
    async with runtime.begin(actor) as work:
        yield work


async def get_public_work(runtime: RuntimeDep) -> AsyncIterator[Work]:
    """A unit of work for anybody: public reads."""
    async with runtime.begin(ANONYMOUS) as work:
        yield work


# scope="function": the unit commits before the response leaves. With FastAPI's default it would commit after, and a
# caller could hold a 201 for an award that does not exist.
WorkDep = Annotated[Work, Depends(get_work, scope="function")]
PublicWorkDep = Annotated[Work, Depends(get_public_work, scope="function")]
