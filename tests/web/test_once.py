"""A request with a mark is carried out once: repeats, races, two processes, and marks that stand for something else."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from badgeissuer.store.access import Answer
from badgeissuer.store.awards import EMBEDDED, JWT
from badgeissuer.web.app import create_app
from badgeissuer.web.once import StillRunning, Turns, turns_of
from tests.support import make
from tests.support.app import BASE_URL, MakeRuntime, Service
from tests.support.counting import credential_forms, row_counts

Headers = dict[str, str]


@pytest.fixture
async def issuer(service: Service) -> tuple[Headers, str]:
    """The headers of an issuer's key, and one of its published achievements."""
    headers = await make.register(service)
    return headers, await make.publish(service, headers)


async def _post(service: Service, path: str, body: Any, headers: Headers, key: str | None = None) -> httpx2.Response:
    return await service.http.post(path, json=body, headers={**headers, **({"Idempotency-Key": key} if key else {})})


def _decision(achievement: str, n: int = 1, **members: Any) -> dict[str, Any]:
    body = make.award_body(achievement, n, outcome="awarded", **members)
    body["assessor"] = body.pop("decided_by")
    return body


def _pointers(answer: httpx2.Response) -> list[str]:
    return [error["pointer"] for error in answer.json()["errors"]]


async def test_issuing_needs_a_mark(service: Service, issuer: tuple[Headers, str]) -> None:
    headers, achievement = issuer
    before = await row_counts(service.runtime)
    for path, body in (("/v1/awards", make.award_body(achievement)), ("/v1/decisions", _decision(achievement))):
        answer = await _post(service, path, body, headers)
        assert answer.status_code == 400, answer.text
        assert answer.json()["detail"].startswith("send the header Idempotency-Key, or external_reference")
        assert _pointers(answer) == ["", "/external_reference"]
    assert await row_counts(service.runtime) == before


@pytest.mark.parametrize("key", ["", "with space", "x" * 256, "tab\tinside"])
async def test_a_key_out_of_form_is_refused(service: Service, issuer: tuple[Headers, str], key: str) -> None:
    headers, achievement = issuer
    answer = await service.http.post(
        "/v1/awards", json=make.award_body(achievement), headers={**headers, "Idempotency-Key": key}
    )
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["detail"]


async def test_two_keys_on_one_request_are_refused(service: Service, issuer: tuple[Headers, str]) -> None:
    headers, achievement = issuer
    two = [*headers.items(), ("Idempotency-Key", "one"), ("Idempotency-Key", "two")]
    answer = await service.http.post("/v1/awards", json=make.award_body(achievement), headers=two)
    assert answer.status_code == 400


async def test_a_repeat_gets_the_first_answer_byte_for_byte(service: Service, issuer: tuple[Headers, str]) -> None:
    headers, achievement = issuer
    body = make.award_body(achievement)
    first = await _post(service, "/v1/awards", body, headers, "k1")
    assert first.status_code == 201, first.text
    assert "Idempotent-Replay" not in first.headers
    before = await row_counts(service.runtime)
    service.clock.advance(hours=30)
    # Spacing and the order of members are not the request's meaning.
    reordered = json.dumps(dict(reversed(body.items())), indent=3)
    again = await service.http.post(
        "/v1/awards",
        content=reordered,
        headers={**headers, "Idempotency-Key": "k1", "Content-Type": "application/json"},
    )
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Location"] == first.headers["Location"] == first.json()["url"]
    assert again.headers["Idempotent-Replay"] == "true"
    assert await row_counts(service.runtime) == before
    assert before["awards"] == before["answers"] == 1
    assert await credential_forms(service.runtime) == {EMBEDDED: 1, JWT: 1}


async def test_the_answer_is_stored_as_it_was_sent(service: Service, issuer: tuple[Headers, str]) -> None:
    headers, achievement = issuer
    body = make.award_body(achievement, external_reference="r1")
    answer = await _post(service, "/v1/awards", body, headers, "k1")
    async with service.runtime.database.reading() as session:
        kept = (await session.scalars(select(Answer).order_by(Answer.kind))).all()
    assert [(each.kind, each.key, each.status, each.body) for each in kept] == [
        ("key", "k1", 201, answer.text),
        ("reference", "r1", 201, answer.text),
    ]


async def test_another_request_under_the_same_mark_is_refused(service: Service, issuer: tuple[Headers, str]) -> None:
    headers, achievement = issuer
    assert (await _post(service, "/v1/awards", make.award_body(achievement), headers, "k1")).status_code == 201
    marked = make.award_body(achievement, 2, external_reference="r1")
    assert (await _post(service, "/v1/awards", marked, headers)).status_code == 201
    before = await row_counts(service.runtime)
    other_body = await _post(service, "/v1/awards", make.award_body(achievement, 3), headers, "k1")
    other_route = await _post(service, "/v1/decisions", _decision(achievement, 3), headers, "k1")
    other_reference = await _post(
        service, "/v1/awards", make.award_body(achievement, 3, external_reference="r1"), headers, "k9"
    )
    for answer, pointer in ((other_body, ""), (other_route, ""), (other_reference, "/external_reference")):
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["code"] == "key-reused"
        assert _pointers(answer) == [pointer]
    assert await row_counts(service.runtime) == before


async def test_a_reference_is_the_issuers_whichever_key_sends_it(service: Service, issuer: tuple[Headers, str]) -> None:
    headers, achievement = issuer
    body = make.award_body(achievement, external_reference="course-7/teacher-1")
    first = await _post(service, "/v1/awards", body, headers)
    again = await _post(service, "/v1/awards", body, await service.as_issuer("kvec"), "a-key-besides")
    assert again.headers["Idempotent-Replay"] == "true"
    assert again.content == first.content


async def test_marks_of_two_tenants_are_apart(service: Service, issuer: tuple[Headers, str]) -> None:
    headers, achievement = issuer
    theirs = await make.register(service, "digital-promise")
    their_achievement = await make.publish(service, theirs, "digital-promise")
    body, their_body = (make.award_body(each, external_reference="r1") for each in (achievement, their_achievement))
    first = await _post(service, "/v1/awards", body, headers, "k1")
    second = await _post(service, "/v1/awards", their_body, theirs, "k1")
    assert (first.status_code, second.status_code) == (201, 201)
    assert "Idempotent-Replay" not in second.headers
    assert first.json()["id"] != second.json()["id"]


async def test_a_key_is_the_clients_own(service: Service, issuer: tuple[Headers, str]) -> None:
    headers, achievement = issuer
    other = await service.as_issuer("kvec")
    first = await _post(service, "/v1/awards", make.award_body(achievement, 1), headers, "k1")
    second = await _post(service, "/v1/awards", make.award_body(achievement, 2), other, "k1")
    assert (first.status_code, second.status_code) == (201, 201)


async def test_what_failed_leaves_no_mark(service: Service, issuer: tuple[Headers, str]) -> None:
    headers, achievement = issuer
    wrong = make.award_body(achievement, decided_at="2030-01-01T00:00:00Z", external_reference="r1")
    assert (await _post(service, "/v1/awards", wrong, headers, "k1")).status_code == 422
    right = make.award_body(achievement, external_reference="r1")
    answer = await _post(service, "/v1/awards", right, headers, "k1")
    assert answer.status_code == 201
    assert "Idempotent-Replay" not in answer.headers


async def test_a_repeat_is_answered_though_the_achievement_is_retired(
    service: Service, issuer: tuple[Headers, str]
) -> None:
    headers, achievement = issuer
    body = make.award_body(achievement, external_reference="r1")
    first = await _post(service, "/v1/awards", body, headers)
    retired = await service.http.post(f"/v1/achievements/{achievement}/retire", headers=headers)
    assert retired.status_code == 200
    assert (await _post(service, "/v1/awards", body, headers)).content == first.content


async def test_an_answer_that_waits_is_repeated_though_it_was_settled_since(service: Service) -> None:
    headers = await make.register(service)
    achievement = await make.publish(service, headers, assessment={"assessors": "two"})
    levels = {"Assessment design": "Proficient", "Use of results": "Proficient"}

    def view(name: str) -> dict[str, Any]:
        return {"assessor": {"id": name, "name": name}, "levels": levels, "assessed_at": "2026-11-20T10:00:00Z"}

    body = {
        "achievement": achievement,
        "earner": {"email": "teacher1@schools.example.org"},
        "assessments": [view("Ann")],
        "external_reference": "r1",
    }
    first = await _post(service, "/v1/decisions", body, headers)
    assert (first.status_code, first.json()["state"]) == (202, "awaiting_second")
    path = f"/v1/decisions/{first.json()['id']}/assessments"
    second = await _post(service, path, view("Ben"), headers, "second")
    assert (second.status_code, second.json()["state"]) == (201, "decided")
    assert (await _post(service, "/v1/decisions", body, headers)).content == first.content
    again = await _post(service, path, view("Ben"), headers, "second")
    assert (again.status_code, again.content) == (201, second.content)


async def test_two_processes_and_one_mark_make_one_award(
    service: Service, issuer: tuple[Headers, str], make_runtime: MakeRuntime
) -> None:
    headers, achievement = issuer
    other = await make_runtime(clock=service.clock, seed=None)
    transport = httpx2.ASGITransport(app=create_app(other), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url=BASE_URL) as elsewhere:
        for n in range(4):
            body = make.award_body(achievement, n, external_reference=f"r{n}")
            marked = {**headers, "Idempotency-Key": f"k{n}"}
            answers = await asyncio.gather(
                *(http.post("/v1/awards", json=body, headers=marked) for http in [service.http, elsewhere] * 3)
            )
            assert [answer.status_code for answer in answers] == [201] * 6, [answer.text for answer in answers]
            assert len({answer.content for answer in answers}) == 1
            assert sum("Idempotent-Replay" in answer.headers for answer in answers) == 5
    counts = await row_counts(service.runtime)
    assert (counts["awards"], counts["status_entries"]) == (4, 4)
    assert await credential_forms(service.runtime) == {EMBEDDED: 4, JWT: 4}


async def test_waiting_leaves_nothing_in_memory(service: Service, issuer: tuple[Headers, str]) -> None:
    headers, achievement = issuer
    body = make.award_body(achievement, external_reference="r1")
    await asyncio.gather(*(_post(service, "/v1/awards", body, headers, "k1") for _ in range(20)))
    assert len(turns_of(service.runtime)) == 0


async def test_one_who_waits_too_long_is_told_to_come_again() -> None:
    turns = Turns()
    async with turns.take(["a", "b"]):
        with pytest.raises(StillRunning):
            async with turns.take(["b", "c"], patience=0.01):
                pytest.fail("b is taken")
        async with turns.take(["c"], patience=0.01):  # what the impatient one held is free again
            assert len(turns) == 3
    assert len(turns) == 0


async def test_turns_that_overlap_do_not_wait_for_each_other_for_ever() -> None:
    turns = Turns()
    done: list[str] = []

    async def take(*names: str) -> None:
        async with turns.take(names, patience=5):
            await asyncio.sleep(0)
            done.append("".join(names))

    await asyncio.gather(*(take("a", "b") for _ in range(5)), *(take("b", "a") for _ in range(5)))
    assert sorted(done) == ["ab"] * 5 + ["ba"] * 5
