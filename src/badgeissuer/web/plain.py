"""Routes for the public reads that come most: FastAPI describes them, and has no part in answering them.

Such a route takes its address and the request and gives a ``Response``; all that FastAPI would do in between (solving
dependencies, exit stacks, looking through the routes before it) takes several times what the read does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from badgeissuer.web.body import StrictRoute, check_path


class PlainRoute(StrictRoute):
    """Calls its function with ``request`` and the parts of the path. With a query it is a route like any other."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["query_string"] or scope["method"] != "GET":
            await super().handle(scope, receive, send)
            return
        check_path(scope["path_params"])
        response: Response = await self.endpoint(request=Request(scope, receive), **scope["path_params"])
        await response(scope, receive, send)


def plain_first(routes: Sequence[Any]) -> list[Any]:
    """The order in which routes are tried: that of the documentation, but plain ones at once. No path has two."""
    return sorted(routes, key=lambda route: not isinstance(route, PlainRoute))
