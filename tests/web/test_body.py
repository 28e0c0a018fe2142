"""Bodies are read strictly, in the order: who, how much, what kind, what it says."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import APIRouter, Query

from badgeissuer.web.app import create_app
from badgeissuer.web.body import DEFAULT_LIMIT, StrictRoute
from badgeissuer.web.wire import Count, Did, Email, HttpUrl, Reference, ShortText, Timestamp, WireIn

router = APIRouter(route_class=StrictRoute)


class Inner(WireIn):
    first_name: ShortText


class Probe(WireIn):
    short_text: ShortText | None = None
    inner: Inner | None = None
    number: Count | None = None
    at: Timestamp | None = None
    reference: Reference | None = None
    url: HttpUrl | None = None
    email: Email | None = None
    did: Did | None = None
    document: dict[str, Any] | None = None


@router.post("/probe")
async def probe(body: Probe, count: Annotated[int, Query(ge=1, le=9)] = 1) -> dict[str, Any]:
    return {"count": count, **body.model_dump(mode="json", exclude_none=True)}


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    app = create_app(None)
    app.router.routes.extend(router.routes)
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
        yield client


async def _send(http: httpx2.AsyncClient, body: bytes | str, **headers: str) -> httpx2.Response:
    return await http.post("/probe", content=body, headers={"Content-Type": "application/json", **headers})


def _errors(answer: httpx2.Response) -> list[tuple[str | None, str]]:
    return [(entry.get("pointer", entry.get("parameter")), entry["code"]) for entry in answer.json()["errors"]]


MALFORMED = {
    "not json": b"{",
    "empty text": b" ",
    "trailing data": b"{} {}",
    "duplicate names": b'{"number": 1, "number": 2}',
    "duplicate names below": b'{"inner": {"first_name": "a", "first_name": "b"}}',
    "NaN": b'{"number": NaN}',
    "Infinity": b'{"number": -Infinity}',
    "1e400": b'{"number": 1e400}',
    "5000 digits": b'{"number": ' + b"9" * 5000 + b"}",
    "lone surrogate": b'{"short_text": "\\ud800"}',
    "NUL": b'{"short_text": "\\u0000"}',
    "not utf-8": b'{"short_text": "\xff"}',
    "utf-16": '{"number": 1}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "deep": b'{"document": {"a":' * 1 + b"[" * 100 + b"]" * 100 + b"}}",
    "very deep": b"[" * 100_000,
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_what_is_not_strict_json_is_a_400(http: httpx2.AsyncClient, name: str) -> None:
    answer = await _send(http, MALFORMED[name])
    assert (answer.status_code, answer.json()["type"]) == (400, "http://localhost:8000/problems/malformed-json")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_body_that_is_declared_too_large_is_refused_unread(http: httpx2.AsyncClient) -> None:
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield b" " * 10_000

    answer = await http.post(
        "/probe",
        content=chunks(),
        headers={"Content-Type": "application/json", "Content-Length": "10000000"},
    )
    assert answer.status_code == 413
    assert answer.json()["type"] == "http://localhost:8000/problems/too-large"


async def test_a_body_that_does_not_say_how_large_it_is_is_counted() -> None:
    """Straight over ASGI, as a chunked request comes: reading must stop at the limit."""
    app = create_app(None)
    app.router.routes.extend(router.routes)
    taken = 0

    async def receive() -> dict[str, Any]:
        nonlocal taken
        taken += 1
        assert taken < 100, "the body was read on after it was over the limit"
        return {"type": "http.request", "body": b" " * 10_000, "more_body": True}

    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/probe",
        "raw_path": b"/probe",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json"), (b"transfer-encoding", b"chunked")],
    }
    await app(scope, receive, send)
    assert sent[0]["status"] == 413
    assert taken == DEFAULT_LIMIT // 10_000 + 1


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", "json", "application/vc"]
)
async def test_another_media_type_is_a_415(http: httpx2.AsyncClient, kind: str) -> None:
    answer = await _send(http, b"{}", **{"Content-Type": kind})
    assert (answer.status_code, answer.json()["type"]) == (415, "http://localhost:8000/problems/unsupported-media-type")


async def test_other_encodings_are_a_415(http: httpx2.AsyncClient) -> None:
    assert (await _send(http, b"{}", **{"Content-Type": "application/json; charset=latin-1"})).status_code == 415
    assert (await _send(http, b"{}", **{"Content-Encoding": "gzip"})).status_code == 415
    assert (await _send(http, b"{}", **{"Content-Type": "application/json; charset=UTF-8"})).status_code == 200
    answer = await http.post("/probe", content=b"{}")
    assert answer.status_code == 415


async def test_no_body_is_named_as_missing(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/probe")
    assert (answer.status_code, _errors(answer)) == (422, [("", "required")])


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"nmae": "x"}, "/nmae", "unknown-member"),
        ({"inner": {"first_name": "x", "last": 1}}, "/inner/last", "unknown-member"),
        ({"inner": {}}, "/inner/first_name", "required"),
        ({"inner": "text"}, "/inner", "invalid"),
        ({"short_text": 5}, "/short_text", "invalid"),
        ({"shortText": 5}, "/shortText", "invalid"),
        ({"short_text": ""}, "/short_text", "invalid"),
        ({"number": 10**400 - 1}, "/number", "invalid"),
        ({"at": "2026-03-01T09:30:00"}, "/at", "invalid"),
        ({"at": "2026-03-01"}, "/at", "invalid"),
        ({"at": 1_700_000_000}, "/at", "invalid"),
        ({"at": "2026-02-30T09:30:00Z"}, "/at", "invalid"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "/at", "invalid"),
        ({"url": "http://a.example"}, "/url", "invalid"),
        ({"url": "javascript:alert(1)"}, "/url", "invalid"),
        ({"url": "https://a.example/<b>"}, "/url", "invalid"),
        ({"email": "nobody"}, "/email", "invalid"),
        ({"did": "urn:x"}, "/did", "invalid"),
        ({"reference": " x"}, "/reference", "invalid"),
        ({"reference": "x" * 256}, "/reference", "invalid"),
        ({"short_text": "a\tb"}, "/short_text", "unwanted-character"),
        ({"short_text": "a\u202eb"}, "/short_text", "unwanted-character"),
        ({"short_text": "a\u200bb"}, "/short_text", "unwanted-character"),
        ({"document": {"list": [{"x": "\x07"}]}}, "/document/list/0/x", "unwanted-character"),
        ({"document": {"a/b~\u200b": 1}}, "/document/a~1b~0\ufffd", "unwanted-character"),
    ],
)
async def test_each_fault_is_named_at_its_place(
    http: httpx2.AsyncClient, body: dict[str, Any], pointer: str, code: str
) -> None:
    answer = await _send(http, json.dumps(body))
    assert (answer.status_code, _errors(answer)) == (422, [(pointer, code)])


async def test_all_faults_are_named_at_once(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/probe?count=10", json={"nmae": 1, "email": "x", "at": 1})
    assert answer.status_code == 422
    assert sorted(_errors(answer)) == [
        ("/at", "invalid"), ("/email", "invalid"), ("/nmae", "unknown-member"), ("count", "invalid"),
    ]  # fmt: skip


async def test_no_value_and_no_odd_name_is_echoed(http: httpx2.AsyncClient) -> None:
    secret = "anna.berg@school.example"
    bodies = [
        {"email": secret + "@x"},
        {secret: 1},
        {"inner": {"first_name": secret, secret: secret}},
        {"number": secret},
        {"at": secret},
        {"did": secret},
    ]
    for body in bodies:
        answer = await _send(http, json.dumps(body))
        assert answer.status_code == 422
        assert "anna" not in answer.text, body
    answer = await _send(http, json.dumps({secret: "x"})[:-1])
    assert answer.status_code == 400
    assert "anna" not in answer.text


async def test_text_is_put_into_one_form(http: httpx2.AsyncClient) -> None:
    answer = await _send(http, json.dumps({"shortText": "Zoe\u0308", "document": {"a": ["e\u0301", "line\nline"]}}))
    assert answer.json() == {"count": 1, "short_text": "Zo\u00eb", "document": {"a": ["\u00e9", "line\nline"]}}


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("2026-03-01T09:30:00Z", "2026-03-01T09:30:00Z"),
        ("2026-03-01t09:30:00z", "2026-03-01T09:30:00Z"),
        ("2026-03-01T09:30:00.123456+01:00", "2026-03-01T08:30:00Z"),
        ("2026-03-01T00:30:00-05:00", "2026-03-01T05:30:00Z"),
    ],
)
async def test_instants_are_read_with_their_zone(http: httpx2.AsyncClient, sent: str, read: str) -> None:
    assert (await _send(http, json.dumps({"at": sent}))).json() == {"count": 1, "at": read}


async def test_integers_stay_integers(http: httpx2.AsyncClient) -> None:
    answer = await _send(http, json.dumps({"document": {"n": 2**60}}))
    assert answer.json()["document"] == {"n": 2**60}


def test_a_private_route_without_a_scope_cannot_be_made() -> None:
    async def nothing() -> None: ...

    with pytest.raises(RuntimeError, match="/v1/forgotten demands no scope"):
        StrictRoute("/v1/forgotten", nothing)
