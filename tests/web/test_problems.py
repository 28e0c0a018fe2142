"""Every error is an RFC 9457 problem that says what is wrong and echoes nothing."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import yaml
from fastapi import APIRouter
from sqlalchemy.exc import IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from badgeissuer import errors
from badgeissuer.errors import BadgeissuerError, Fault
from badgeissuer.vc.faults import BudgetExceeded, UnknownContext
from badgeissuer.web import problems
from badgeissuer.web.app import create_app
from badgeissuer.web.body import StrictRoute
from badgeissuer.web.openapi import openapi_yaml

BASE = "http://localhost:8000"
router = APIRouter(route_class=StrictRoute)
to_raise: list[Exception] = []


@router.get("/raise")
async def raise_it() -> None:
    raise to_raise[-1]


class _Orig(Exception):
    sqlstate = "23505"


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    app = create_app(None)
    app.router.routes.extend(router.routes)
    transport = httpx2.ASGITransport(app=app)  # an error that leaves the app fails the test
    async with httpx2.AsyncClient(transport=transport, base_url=BASE) as client:
        yield client


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.MalformedInput("d"), 400, "malformed"),
        (errors.Unauthenticated("d"), 401, "unauthenticated"),
        (errors.NotPermitted("d"), 403, "not-permitted"),
        (errors.NotFound("d"), 404, "not-found"),
        (errors.Conflict("d", existing="https://x.example/1"), 409, "conflict"),
        (errors.IllegalTransition("d"), 409, "illegal-transition"),
        (errors.PreconditionFailed("d"), 412, "precondition-failed"),
        (errors.TooLarge("d"), 413, "too-large"),
        (BudgetExceeded("d"), 413, "budget-exceeded"),
        (errors.Rejected("d", faults=[Fault("/a", "b", "c", "OB §1"), Fault("", "e")]), 422, "rejected"),
        (UnknownContext("d"), 422, "unknown-context"),
        (errors.Unavailable("d"), 503, "unavailable"),
        (PoolTimeout("secret"), 503, "unavailable"),
        (IntegrityError("secret", {"email": "secret"}, _Orig("secret")), 409, "conflict"),
        (IntegrityError("secret", {}, Exception("UNIQUE constraint failed: issuers.slug")), 409, "conflict"),
        (IntegrityError("secret", {}, Exception("FOREIGN KEY constraint failed")), 500, "internal"),
        (errors.Misconfigured("secret"), 500, "internal"),
        (BadgeissuerError("secret"), 500, "internal"),
        (KeyError("secret"), 500, "internal"),
        (ExceptionGroup("secret", [ValueError("secret")]), 500, "internal"),
    ],
)
async def test_the_table(
    http: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture, error: Exception, status: int, code: str
) -> None:
    to_raise.append(error)
    answer = await http.get("/raise?token=secret", headers={"X-Request-ID": "abcdefgh-1"})
    problem = answer.json()
    assert answer.status_code == problem["status"] == status
    assert problem["type"] == f"{BASE}/problems/{code}"
    assert (problem["instance"], problem["request_id"]) == ("/raise", "abcdefgh-1")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == "abcdefgh-1"
    assert answer.headers["cache-control"] == "no-store"
    assert "secret" not in answer.text + str(answer.headers)
    assert "secret" not in caplog.text
    assert (await http.get(f"/problems/{code}")).json()["status"] == status
    assert ("retry-after" in answer.headers) == (status == 503)
    assert answer.headers.get("www-authenticate") == ("Bearer" if status == 401 else None)


async def test_faults_and_what_exists_are_told(http: httpx2.AsyncClient) -> None:
    to_raise.append(errors.Rejected("d", faults=[Fault("/a", "b", "c", "OB §1"), Fault("", "e")]))
    assert (await http.get("/raise")).json()["errors"] == [
        {"pointer": "/a", "detail": "b", "code": "c", "clause": "OB §1"},
        {"pointer": "", "detail": "e", "code": "invalid"},
    ]
    to_raise.append(errors.Conflict("d", existing="https://x.example/1"))
    assert (await http.get("/raise")).json()["existing"] == "https://x.example/1"


async def test_an_unexpected_error_is_logged_with_its_place_and_the_request_id(
    http: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    to_raise.append(ZeroDivisionError("secret"))
    with caplog.at_level(logging.ERROR):
        answer = await http.get("/raise")
    assert answer.json()["request_id"] in caplog.text
    assert "builtins.ZeroDivisionError at test_problems.py" in caplog.text
    assert "raise_it" in caplog.text


async def test_what_the_framework_refuses_is_a_problem_too(http: httpx2.AsyncClient) -> None:
    for method, path, status, code in [
        ("GET", "/nothing/here", 404, "not-found"),
        ("GET", "/healthz/", 404, "not-found"),
        ("GET", "/problems/nothing", 404, "not-found"),
        ("POST", "/healthz", 405, "method-not-allowed"),
        ("DELETE", "/v1/issuers", 405, "method-not-allowed"),
        ("OPTIONS", "/v1/issuers", 405, "method-not-allowed"),
        ("GET", "/v1/issuers", 401, "unauthenticated"),
    ]:
        answer = await http.request(method, path)
        assert (answer.status_code, answer.json()["type"]) == (status, f"{BASE}/problems/{code}"), path
    assert (await http.delete("/v1/issuers")).headers["allow"] == "GET, HEAD, POST"


async def test_request_ids_are_echoed_only_where_they_are_tokens(http: httpx2.AsyncClient) -> None:
    for given in ["short", "x" * 65, "a b c d e f g", "<script>alert(1)</script>", "12345678\u00e9"]:
        answer = await http.get("/healthz", headers=[(b"X-Request-ID", given.encode("latin-1"))])
        assert answer.headers["x-request-id"] != given
        assert len(answer.headers["x-request-id"]) == 16


async def test_the_host_header_never_shows(http: httpx2.AsyncClient) -> None:
    forged = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher"}
    for path in ["/", "/nothing", "/healthz/", "/problems", "/openapi.json"]:
        answer = await http.get(path, headers=forged)
        assert "evil" not in answer.text + str(answer.headers)


async def test_every_answer_has_the_safe_headers(http: httpx2.AsyncClient) -> None:
    for path in ["/", "/nothing", "/v1/issuers"]:
        headers = (await http.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert ("access-control-allow-origin" in headers) == (not path.startswith("/v1"))
        assert "access-control-allow-credentials" not in headers


async def test_head_is_get_without_the_body(http: httpx2.AsyncClient) -> None:
    get, head = await http.get("/healthz"), await http.head("/healthz")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"]


async def test_every_code_is_explained(http: httpx2.AsyncClient) -> None:
    kinds = (await http.get("/problems")).json()["items"]
    assert [kind["type"].rpartition("/")[2] for kind in kinds] == problems.codes()
    for kind in kinds:
        assert kind["explanation"], kind
        assert (await http.get(kind["type"])).json() == kind
    # Two classes with one code would be two meanings of one address.
    classes = _below(BadgeissuerError)
    codes = [kind.code for kind in classes if "code" in vars(kind)]
    assert len(set(codes)) == len(codes)


def test_the_description_is_the_same_every_time_and_in_openapi_3_1() -> None:
    text = openapi_yaml()
    assert text == openapi_yaml()
    document: dict[str, Any] = yaml.safe_load(text)
    assert document["openapi"].startswith("3.1")
    assert "HTTPValidationError" not in text
    assert "&id0" not in text
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    for operation in operations:
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"], (operation["operationId"], status)


def _below(kind: type[BadgeissuerError]) -> list[type[BadgeissuerError]]:
    return [found for below in kind.__subclasses__() for found in (below, *_below(below))]
