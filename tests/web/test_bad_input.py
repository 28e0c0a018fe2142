"""The table of bad input: each line is refused as a 4xx problem that names the place, and changes nothing anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.support import make
from tests.support.app import BASE_URL, Service
from tests.support.counting import row_counts

Headers = dict[str, str]
Json = dict[str, Any]

# Stands in the JSON text where the bad piece goes.
HERE = "@@HERE@@"


def achievement(**members: Any) -> Json:
    document = make.achievement() | members
    return {
        "issuer": "kvec",
        "achievement": {name: value for name, value in document.items() if value is not None},
        "parts": {},
    }


def alignment(**members: Any) -> Json:
    given = {"type": ["Alignment"], "targetName": "Standard 1", "targetUrl": "https://standards.example.org/1"}
    return achievement(alignment=[given | members])


# Bodies of POST /v1/achievements that cannot be signed: what is wrong, status, pointers.
ACHIEVEMENTS: dict[str, tuple[Json, int, list[str]]] = {
    "no criteria": (achievement(criteria=None), 422, ["/achievement/criteria"]),
    "criteria that say nothing": (achievement(criteria={}), 422, ["/achievement/criteria"]),
    "no name": (achievement(name=None), 422, ["/achievement/name"]),
    "a relative id": (achievement(image={"id": "logo.png", "type": "Image"}), 422, ["/achievement/image/id"]),
    "a relative link": (alignment(targetUrl="/standards/1"), 422, ["/achievement/alignment/0/targetUrl"]),
    "an undefined term": (achievement(gradeBand="K-5"), 422, ["/achievement/gradeBand"]),
    "an undefined term within": (alignment(gradeBand="K-5"), 422, ["/achievement/alignment/0/gradeBand"]),
    "an undefined type": (achievement(type=["Achievement", "Nanodegree"]), 422, ["/achievement/type/1"]),
    "a context of its own": (achievement(**{"@context": {"x": "https://x.example/"}}), 422, ["/achievement/@context"]),
    "a TAB": (achievement(description="one\ttwo"), 422, ["/achievement/description"]),
    "a NUL": (achievement(description="one\0two"), 400, ["/achievement/description"]),
    "a hidden direction": (achievement(name="Assess\u202ement"), 422, ["/achievement/name"]),
    "2^60": (achievement(creditsAvailable=2**60), 422, ["/achievement/creditsAvailable"]),
    "text for a number": (achievement(creditsAvailable="3"), 422, ["/achievement/creditsAvailable"]),
    "a link that runs": (
        achievement(image={"id": "javascript:alert(1)", "type": "Image"}),
        422,
        ["/achievement/image/id"],
    ),
    "a blank node": (achievement(image={"id": "_:b0", "type": "Image"}), 422, ["/achievement/image/id"]),
    "an unknown kind": (achievement(achievementType="Medal"), 422, ["/achievement/achievementType"]),
    "an id that we give": (achievement(id="https://x.example/1"), 422, ["/achievement/id"]),
    "a level that is not there": (
        achievement(
            resultDescription=[
                {
                    "name": "Design",
                    "resultType": "RubricCriterionLevel",
                    "requiredLevel": "Superb",
                    "rubricCriterionLevel": [{"name": "Good"}],
                }
            ]
        ),
        422,
        ["/achievement/resultDescription/0/requiredLevel"],
    ),
    "not an object": (achievement() | {"achievement": ["x"]}, 422, ["/achievement"]),
    "a member that is none": (achievement() | {"state": "published"}, 422, ["/state"]),
    "parts that are none": (achievement() | {"parts": {"assessors": 2}}, 422, ["/parts/assessors"]),
    "another tenant's issuer": (achievement() | {"issuer": "digital-promise"}, 404, ["/issuer"]),
    "no such issuer": (achievement() | {"issuer": "nobody"}, 404, ["/issuer"]),
}


@pytest.fixture
async def headers(service: Service) -> Headers:
    headers = await make.register(service)
    await make.register(service, "digital-promise")
    return headers


async def send(service: Service, path: str, content: bytes | str, headers: Headers) -> httpx2.Response:
    return await service.http.post(path, content=content, headers={**headers, "Content-Type": "application/json"})


def said(answer: httpx2.Response) -> tuple[int, list[str]]:
    """Status and pointers of a problem; fails where the answer is not one."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["type"].startswith(f"{BASE_URL}/problems/")
    assert problem["detail"]
    assert problem["request_id"] == answer.headers["X-Request-ID"]
    return answer.status_code, sorted({error["pointer"] for error in problem.get("errors", [])})


async def test_achievements_that_cannot_be_signed(service: Service, headers: Headers) -> None:
    before = await row_counts(service.runtime)
    found = {
        name: said(await send(service, "/v1/achievements", json.dumps(body), headers))
        for name, (body, _, _) in ACHIEVEMENTS.items()
    }
    assert found == {name: (status, pointers) for name, (_, status, pointers) in ACHIEVEMENTS.items()}
    assert await row_counts(service.runtime) == before


def _issuing(path: str, published: str, *, draft: str, theirs: str) -> dict[str, tuple[Json, int, list[str]]]:
    """Bodies of the two issuing routes: what is wrong, status, pointers."""
    good = make.award_body(published, external_reference="r1")
    if path == "/v1/decisions":
        good = good | {"outcome": "awarded", "assessor": good["decided_by"]}
        del good["decided_by"]
    evidence = good["evidence"][0]

    def earner(**members: Any) -> Json:
        return good | {"earner": good["earner"] | members}

    return {
        "a draft": (good | {"achievement": draft}, 422, ["/achievement"]),
        "another tenant's achievement": (good | {"achievement": theirs}, 404, ["/achievement"]),
        "another tenant's, by its URL": (
            good | {"achievement": f"{BASE_URL}/achievements/{theirs}"},
            404,
            ["/achievement"],
        ),
        "a relative id": (good | {"achievement": "../achievements/1"}, 422, ["/achievement"]),
        "an undefined member": (good | {"grade": "A"}, 422, ["/grade"]),
        "an undefined member within": (earner(phone="+1 606"), 422, ["/earner/phone"]),
        "a TAB": (good | {"evidence": [evidence | {"name": "a\tplan"}]}, 422, ["/evidence/0/name"]),
        "an escape": (good | {"feedback": "\x1b[31mred"}, 422, ["/feedback"]),
        "a zero-width character": (earner(name="Tea\u200bcher"), 422, ["/earner/name"]),
        "a soft hyphen": (earner(name="Tea\u00adcher"), 422, ["/earner/name"]),
        "2^60": (good | {"credits_earned": 2**60}, 422, ["/credits_earned"]),
        "2^60 in a result": (
            good | {"results": [{"criterion": "Use of results", "value": 2**60}]},
            422,
            ["/results/0/value"],
        ),
        "2^60 as a version": (good | {"version": 2**60}, 422, ["/version"]),
        "a double that programs write differently": (
            good | {"credits_earned": 0.30000000000000004},
            422,
            ["/credits_earned"],
        ),
        "a date without a zone": (good | {"decided_at": "2026-11-20T10:00:00"}, 422, ["/decided_at"]),
        "a date without a time": (good | {"valid_until": "2027-11-20"}, 422, ["/valid_until"]),
        "a date as a number": (good | {"activity_start": 1_795_168_800}, 422, ["/activity_start"]),
        "a date that is none": (good | {"decided_at": "2026-02-30T10:00:00Z"}, 422, ["/decided_at"]),
        "a date before time": (good | {"decided_at": "0001-01-01T00:00:00+23:59"}, 422, ["/decided_at"]),
        "a link with a space": (
            good | {"evidence": [evidence | {"url": "https://x.example/a b", "share": True}]},
            422,
            ["/evidence/0/url"],
        ),
        "a link that runs": (
            good | {"evidence": [evidence | {"url": "javascript:alert(1)", "share": True}]},
            422,
            ["/evidence/0/url"],
        ),
        "two pieces that are the same": (
            good | {"evidence": [evidence, evidence]},
            422,
            ["/evidence/1"],
        ),
        "evidence that is text": (good | {"evidence": "a plan"}, 422, ["/evidence"]),
        "too much evidence": (good | {"evidence": [{"name": f"{n}"} for n in range(101)]}, 422, ["/evidence"]),
        "an earner who is text": (good | {"earner": "teacher1@schools.example.org"}, 422, ["/earner"]),
        "nothing": ({}, 422, sorted({"/achievement", "/earner", *_also_required(path)})),
    }


def _also_required(path: str) -> Iterator[str]:
    if path == "/v1/awards":
        yield from ("/decided_at", "/decided_by")


@pytest.mark.parametrize("path", ["/v1/awards", "/v1/decisions"])
async def test_decisions_and_awards_that_cannot_be_issued(service: Service, headers: Headers, path: str) -> None:
    published = await make.publish(service, headers)
    drafted = await service.http.post("/v1/achievements", json=achievement(), headers=headers)
    other = await service.as_issuer("digital-promise")
    theirs = await make.publish(service, other, "digital-promise")
    table = _issuing(path, published, draft=drafted.json()["id"], theirs=theirs)
    before = await row_counts(service.runtime)
    found, echoed = {}, []
    for name, (body, _, _) in table.items():
        answer = await send(service, path, json.dumps(body), headers)
        found[name] = said(answer)
        if "teacher1@" in answer.text.casefold():
            echoed.append(name)
    assert found == {name: (status, pointers) for name, (_, status, pointers) in table.items()}
    assert echoed == []
    assert await row_counts(service.runtime) == before


def _raw(good: Json) -> dict[str, tuple[bytes, int, list[str]]]:
    """Bodies that are not JSON as we read it, or too much of it: what is wrong, status, pointers."""
    text = json.dumps(good | {"feedback": HERE})

    def put(piece: str) -> bytes:
        return text.replace(f'"{HERE}"', piece).encode()

    whole = text.encode()
    return {
        "NaN": (put("NaN"), 400, ["/feedback"]),
        "Infinity": (put("-Infinity"), 400, ["/feedback"]),
        "1e400": (put("1e400"), 400, ["/feedback"]),
        "duplicate keys": (put('"x", "feedback": "y"'), 400, ["/feedback"]),
        "duplicate keys within": (put('{"a": 1, "a": 2}'), 400, ["/feedback/a"]),
        "deep JSON": (put("[" * 5_000 + "]" * 5_000), 400, ["/feedback"]),
        "deep objects": (put('{"a":' * 5_000 + "1" + "}" * 5_000), 400, ["/feedback"]),
        "5,000 digits": (put("9" * 5_000), 400, ["/feedback"]),
        "a lone surrogate": (put('"\\ud800"'), 400, ["/feedback"]),
        "an escaped NUL": (put('"\\u0000"'), 400, ["/feedback"]),
        "a raw control character": (put('"a\x01b"'), 400, [""]),
        "not UTF-8": (put('"x"').replace(b'"x"', b'"\xff"'), 400, [""]),
        "UTF-16": (text.encode("utf-16"), 400, [""]),
        "a byte order mark": (b"\xef\xbb\xbf" + whole, 400, [""]),
        "trailing data": (whole + b"{}", 400, [""]),
        "cut short": (whole[:-20], 400, [""]),
        "a comment": (b"// x\n" + whole, 400, [""]),
        "no body": (b"", 422, [""]),
        "a list": (b"[]", 422, [""]),
        "10 MB": (put('"' + "x" * 10_000_000 + '"'), 413, []),
    }


@pytest.mark.parametrize("path", ["/v1/awards", "/v1/decisions", "/v1/achievements"])
async def test_what_is_not_json_as_we_read_it(service: Service, headers: Headers, path: str) -> None:
    good = achievement() if path == "/v1/achievements" else make.award_body(await make.publish(service, headers))
    table = _raw(good)
    before = await row_counts(service.runtime)
    marked = {**headers, "Idempotency-Key": "k1"}
    found = {name: said(await send(service, path, body, marked)) for name, (body, _, _) in table.items()}
    assert found == {name: (status, pointers) for name, (_, status, pointers) in table.items()}
    assert await row_counts(service.runtime) == before


async def test_a_body_of_another_kind(service: Service, headers: Headers) -> None:
    good = json.dumps(make.award_body(await make.publish(service, headers), external_reference="r1"))
    before = await row_counts(service.runtime)
    for kind in (
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin-1",
    ):
        answer = await service.http.post("/v1/awards", content=good, headers={**headers, "Content-Type": kind})
        assert said(answer) == (415, [])
    assert await row_counts(service.runtime) == before


async def test_a_big_body_without_a_declared_length_is_not_read_to_its_end(service: Service, headers: Headers) -> None:
    sent = 0

    async def body() -> Any:
        nonlocal sent
        for _ in range(160):
            sent += 65_536
            yield b" " * 65_536

    answer = await service.http.post(
        "/v1/awards", content=body(), headers={**headers, "Content-Type": "application/json", "Idempotency-Key": "k"}
    )
    assert said(answer) == (413, [])
    assert sent < 1_000_000
