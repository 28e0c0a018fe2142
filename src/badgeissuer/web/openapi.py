"""The OpenAPI 3.1 description: what FastAPI finds, plus the answers that any route of its kind can give."""

from __future__ import annotations

from typing import Any

import yaml
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from badgeissuer import errors
from badgeissuer.errors import BadgeissuerError
from badgeissuer.web.deps import required_scopes
from badgeissuer.web.problems import MEDIA_TYPE, Problem, UnsupportedMediaType, problems

_ANY = (errors.Unavailable,)
_WITH_SCOPE = (errors.Unauthenticated, errors.NotPermitted)
_WITH_BODY = (errors.MalformedInput, errors.TooLarge, UnsupportedMediaType, errors.Rejected)


def openapi_yaml() -> str:
    """The description as it is committed; the same text every time, with no runtime and no database."""
    from badgeissuer.web.app import create_app

    text: str = yaml.dump(create_app(None).openapi(), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=120)
    return text


class _Plain(yaml.SafeDumper):
    """Writes a thing that occurs twice twice, instead of an anchor and an alias."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def describe(app: FastAPI) -> dict[str, Any]:
    """The description of this app, made once."""
    if app.openapi_schema is None:
        app.openapi_schema = _completed(
            get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.state.documented,
                servers=[{"url": app.state.base_url}],
            ),
            app,
        )
    return app.openapi_schema


def _completed(document: dict[str, Any], app: FastAPI) -> dict[str, Any]:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    # FastAPI's own form of a 422, which we never send.
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    inner = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(inner.pop("$defs"))
    schemas["Problem"] = inner
    for route in app.routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            for method in route.methods or ():
                _complete(document["paths"][route.path_format][method.lower()], route)
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    return document


def _complete(operation: dict[str, Any], route: APIRoute) -> None:
    kinds: list[type[BadgeissuerError]] = [*_ANY]
    scopes = required_scopes(route)
    if scopes:
        kinds.extend(_WITH_SCOPE)
        operation["x-required-scopes"] = list(scopes)
    if "requestBody" in operation:
        kinds.extend(_WITH_BODY)
    if operation.get("parameters"):
        kinds.append(errors.Rejected)
    if "{" in route.path_format:
        kinds.append(errors.NotFound)
    answers: dict[str, Any] = operation["responses"]
    if "HTTPValidationError" in str(answers.get("422", {}).get("content", "")):
        del answers["422"]
    common = {str(status): about for status, about in problems(*dict.fromkeys(kinds)).items()}
    common["500"] = {
        "description": "Internal error. The cause is in the service's log under the request_id.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    # Whatever goes wrong before a route is found is a problem too, e.g. 405.
    operation["responses"] = dict(sorted({**common, **answers}.items()))
