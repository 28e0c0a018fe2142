"""Two assessors, blind to each other, and an adjudicator where they differ; and every way to go around them."""

from __future__ import annotations

import asyncio
import json
from itertools import permutations
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from badgeissuer.store.awards import EMBEDDED, JWT
from tests.support import make
from tests.support.app import BASE_URL, Service
from tests.support.counting import credential_forms, row_counts

Headers = dict[str, str]
Json = dict[str, Any]
EMAIL = "teacher1@schools.example.org"


@pytest.fixture
async def headers(service: Service) -> Headers:
    return await make.register(service)


@pytest.fixture
async def achievement(service: Service, headers: Headers) -> str:
    return await make.publish(service, headers, assessment={"assessors": "two"})


def view(name: str, design: str = "Proficient", use: str = "Proficient", **members: Any) -> Json:
    """What one assessor found."""
    return {
        "assessor": {"id": name.lower(), "name": name},
        "levels": {"Assessment design": design, "Use of results": use},
        "assessed_at": "2026-11-20T10:00:00Z",
        **members,
    }


def body(achievement_id: str, *views: Json, reference: str = "r1", **members: Any) -> Json:
    return {
        "achievement": achievement_id,
        "earner": {"email": EMAIL, "name": "Teacher One"},
        "assessments": list(views),
        "external_reference": reference,
        **members,
    }


async def send(service: Service, headers: Headers, given: Json) -> httpx2.Response:
    return await service.http.post("/v1/decisions", json=given, headers=headers)


async def add(service: Service, headers: Headers, decision: Json, given: Json) -> httpx2.Response:
    return await service.http.post(f"/v1/decisions/{decision['id']}/assessments", json=given, headers=headers)


def faults(answer: httpx2.Response) -> list[tuple[str, str]]:
    return sorted((error["pointer"], error["code"]) for error in answer.json()["errors"])


def levels(achievement_id: str, design: int, use: int) -> Json:
    """Levels by id, as they are recorded."""
    c1, c2 = (f"{BASE_URL}/achievements/{achievement_id}#v1-c{n}" for n in (1, 2))
    return {c1: f"{c1}-l{design}", c2: f"{c2}-l{use}"}


async def test_two_who_agree_decide(service: Service, headers: Headers, achievement: str) -> None:
    given = body(achievement, view("Ann", feedback="Strong."), view("Ben", "Exemplary", outcome="awarded"))
    answer = await send(service, headers, given)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["state"], made["outcome"], made["rule"], made["source"]) == (
        "decided",
        "awarded",
        "two_agree",
        "assessments",
    )
    assert (made["decided_by"], made["decided_at"]) == ("Ann, Ben", "2026-11-24T09:30:00Z")
    # They differ by one level, which the policy lets pass; the lower one stands, in the record and in the credential.
    stands = levels(achievement, 2, 2)
    assert {result["result_description"]: result["achieved_level"] for result in made["results"]} == stands
    credential = (await service.http.get(made["award"]["credential"]["url"].removeprefix(BASE_URL))).json()
    signed = credential["credentialSubject"]["result"]
    assert {result["resultDescription"]: result["achievedLevel"] for result in signed} == stands
    assert credential["awardedDate"] == "2026-11-24T09:30:00Z"
    shown = sorted(made["assessments"], key=lambda each: each["assessor"])
    assert shown == [
        {
            "assessor": "Ann",
            "role": "assessor",
            "levels": levels(achievement, 2, 2),
            "outcome": None,
            "feedback": "Strong.",
            "assessed_at": "2026-11-20T10:00:00Z",
        },
        {
            "assessor": "Ben",
            "role": "assessor",
            "levels": levels(achievement, 3, 2),
            "outcome": "awarded",
            "feedback": None,
            "assessed_at": "2026-11-20T10:00:00Z",
        },
    ]


async def test_the_first_alone_waits_and_nothing_of_it_is_shown(
    service: Service, headers: Headers, achievement: str
) -> None:
    answer = await send(service, headers, body(achievement, view("Ann", "Exemplary", feedback="Not to be seen yet.")))
    assert answer.status_code == 202, answer.text
    made = answer.json()
    assert answer.headers["Location"] == f"{BASE_URL}/v1/decisions/{made['id']}"
    read = await service.http.get(f"/v1/decisions/{made['id']}", headers=headers)
    assert read.json() == made
    assert {name: made[name] for name in ("state", "outcome", "rule", "decided_by", "decided_at", "award")} == {
        "state": "awaiting_second",
        "outcome": None,
        "rule": "awaiting_second",
        "decided_by": None,
        "decided_at": None,
        "award": None,
    }
    assert (made["assessments_received"], made["assessments"], made["results"]) == (1, [], [])
    for secret in ("Ann", "ann", "Exemplary", "-l3", "Not to be seen yet."):
        assert secret not in read.text
    assert (await row_counts(service.runtime))["credentials"] == 0

    second = await add(service, headers, made, view("Ben"))
    assert second.status_code == 201, second.text
    assert (second.json()["outcome"], second.json()["decided_by"]) == ("awarded", "Ann, Ben")
    assert "Not to be seen yet." in second.text


async def test_a_discrepancy_waits_for_an_adjudicator_who_settles_it(
    service: Service, headers: Headers, achievement: str
) -> None:
    made = (await send(service, headers, body(achievement, view("Ann", feedback="Hidden.")))).json()
    differs = await add(service, headers, made, view("Ben", "Developing", feedback="Hidden too."))
    assert differs.status_code == 202, differs.text
    waiting = differs.json()
    assert (waiting["state"], waiting["outcome"], waiting["rule"]) == ("needs_adjudication", None, "discrepancy")
    assert (waiting["assessments_received"], waiting["assessments"], waiting["feedback"]) == (2, [], None)
    assert waiting["reason"] == (
        "The two assessors differ, so an adjudicator decides: one would award, the other would not yet."
    )
    assert "Hidden" not in differs.text
    settled = await add(service, headers, made, view("Cy", role="adjudicator"))
    assert settled.status_code == 201, settled.text
    decided = settled.json()
    assert (decided["state"], decided["outcome"], decided["rule"]) == ("decided", "awarded", "adjudicated")
    assert decided["decided_by"] == "Ann, Ben, Cy"
    assert {each["assessor"]: each["role"] for each in decided["assessments"]} == {
        "Ann": "assessor",
        "Ben": "assessor",
        "Cy": "adjudicator",
    }
    assert decided["award"]["credential"]["url"].startswith(f"{BASE_URL}/credentials/")


async def test_an_adjudicator_may_decide_not_yet(service: Service, headers: Headers, achievement: str) -> None:
    made = (await send(service, headers, body(achievement, view("Ann"), view("Ben", "Developing")))).json()
    settled = await add(service, headers, made, view("Cy", "Developing"))  # the role is what the decision waits for
    assert (settled.status_code, settled.json()["outcome"], settled.json()["award"]) == (201, "not_yet", None)
    assert (await row_counts(service.runtime))["awards"] == 0


async def test_the_order_of_arrival_changes_nothing(service: Service, headers: Headers) -> None:
    views = [view("Ann"), view("Ben", "Exemplary")]
    records = []
    for n, order in enumerate(permutations(views)):
        achievement = await make.publish(service, headers, assessment={"assessors": "two"})
        made = (await send(service, headers, body(achievement, order[0], reference=f"s{n}"))).json()
        settled = (await add(service, headers, made, order[1])).json()
        together = (
            await send(
                service, headers, body(achievement, *order, reference=f"t{n}", earner={"email": "other@x.example"})
            )
        ).json()
        for each in (settled, together):
            said = {name: each[name] for name in ("outcome", "rule", "reason", "decided_by")}
            records.append(json.dumps([said, sorted(r["achieved_level"][-2:] for r in each["results"])]))
    assert len(records) == 4
    assert len(set(records)) == 1


async def test_results_of_the_platform_stand_beside_what_the_assessors_settled(
    service: Service, headers: Headers
) -> None:
    document = make.achievement()
    document["resultDescription"].append({"name": "Hours", "resultType": "RawScore"})
    achievement = await make.publish(service, headers, document=document, assessment={"assessors": "two"})
    given = body(achievement, view("Ann"), view("Ben"), results=[{"criterion": "Hours", "value": 12}])
    made = (await send(service, headers, given)).json()
    assert [(r["achieved_level"] is not None, r["value"]) for r in made["results"]] == [
        (True, None),
        (True, None),
        (False, "12"),
    ]


async def test_one_assessor_may_send_levels(service: Service, headers: Headers) -> None:
    achievement = await make.publish(service, headers)
    below = (await send(service, headers, body(achievement, view("Ann", "Developing")))).json()
    assert (below["state"], below["outcome"], below["rule"]) == ("decided", "not_yet", "one_assessor")
    reached = (await send(service, headers, body(achievement, view("Ann"), reference="r2"))).json()
    assert (reached["outcome"], reached["decided_by"]) == ("awarded", "Ann")
    outcome_alone = body(achievement, view("Ann", levels={}, outcome="not_yet"), reference="r3")
    assert (await send(service, headers, outcome_alone)).json()["outcome"] == "not_yet"


# Security 28: ways around the policy when the assessments come together.
TOGETHER: dict[str, tuple[list[Json], dict[str, Any], list[tuple[str, str]]]] = {
    "the same assessor twice": (
        [view("Ann"), view("Ann", "Exemplary")],
        {},
        [("/assessments/1/assessor/id", "same-assessor")],
    ),
    "the same assessor in another spelling": (
        [view("Ann"), {**view("Ann"), "assessor": {"id": "ANN", "name": "A. Lee"}}],
        {},
        [("/assessments/1/assessor/id", "same-assessor")],
    ),
    "the same assessor without the id": (
        [view("Ann"), {**view("Ann"), "assessor": "ann"}],
        {},
        [("/assessments/1/assessor/id", "same-assessor")],
    ),
    "the same name without ids": (
        [{**view("Ann"), "assessor": "Ann Lee"}, {**view("Ann"), "assessor": {"id": "a-7", "name": "Ann Lee"}}],
        {},
        [("/assessments/1/assessor/id", "same-assessor")],
    ),
    "the earner assesses": (
        [view("Ann"), {**view("Ben"), "assessor": {"id": EMAIL.upper(), "name": "B"}}],
        {},
        [("/assessments/1/assessor/id", "self-assessment")],
    ),
    "the earner assesses by name": (
        [{**view("Ann"), "assessor": "teacher one"}, view("Ben")],
        {},
        [("/assessments/0/assessor/id", "self-assessment")],
    ),
    "three at once": ([view("Ann"), view("Ben"), view("Cy")], {}, [("/assessments", "invalid")]),
    "a role before its time": (
        [view("Ann"), view("Ben", role="adjudicator")],
        {},
        [("/assessments/1/role", "unknown-member")],
    ),
    "the state in the body": ([view("Ann")], {"state": "decided"}, [("/state", "unknown-member")]),
    "the rule in the body": ([view("Ann")], {"rule": "two_agree"}, [("/rule", "unknown-member")]),
    "assessed in the future": (
        [view("Ann", assessed_at="2026-11-24T09:32:00Z")],
        {},
        [("/assessments/0/assessed_at", "future")],
    ),
    "assessed on a day without an hour": (
        [view("Ann", assessed_at="2026-11-20")],
        {},
        [("/assessments/0/assessed_at", "invalid")],
    ),
    "levels that are numbers": (
        [view("Ann", levels={"Assessment design": 2, "Use of results": "Proficient"})],
        {},
        [("/assessments/0/levels", "invalid")],
    ),
}


async def test_ways_around_the_policy_in_one_request(service: Service, headers: Headers, achievement: str) -> None:
    before = await row_counts(service.runtime)
    found = {}
    for name, (views, members, _) in TOGETHER.items():
        answer = await send(service, headers, body(achievement, *views, **members))
        found[name] = faults(answer) if answer.status_code == 422 else [(answer.text, "")]
    assert found == {name: expected for name, (_, _, expected) in TOGETHER.items()}
    assert await row_counts(service.runtime) == before


async def test_levels_must_be_the_rubrics_and_complete(service: Service, headers: Headers, achievement: str) -> None:
    before = await row_counts(service.runtime)
    c1, c2 = (f"{BASE_URL}/achievements/{achievement}#v1-c{n}" for n in (1, 2))
    wrong = {
        "unknown criterion": ({**view("Ann")["levels"], "Grit": "High"}, "/assessments/0/levels/Grit"),
        "unknown level": (
            {"Assessment design": "Superb", "Use of results": "Proficient"},
            "/assessments/0/levels/Assessment design",
        ),
        "another criterion's level": (
            {"Assessment design": f"{c2}-l2", "Use of results": "Proficient"},
            "/assessments/0/levels/Assessment design",
        ),
        "one criterion by id and by name": (
            {"Assessment design": "Proficient", c1: "Exemplary", "Use of results": "Proficient"},
            "/assessments/0/levels/" + c1.replace("/", "~1"),
        ),
        "one criterion missing": (
            {"Assessment design": "Proficient"},
            "/assessments/0/levels/" + c2.replace("/", "~1"),
        ),
    }
    found = {}
    for name, (given, _) in wrong.items():
        answer = await send(service, headers, body(achievement, view("Ann", levels=given)))
        found[name] = (answer.status_code, [pointer for pointer, _ in faults(answer)])
    assert found == {name: (422, [pointer]) for name, (_, pointer) in wrong.items()}
    assert await row_counts(service.runtime) == before


async def test_an_outcome_must_not_contradict_the_levels(service: Service, headers: Headers, achievement: str) -> None:
    before = await row_counts(service.runtime)
    answer = await send(service, headers, body(achievement, view("Ann", "Developing", outcome="awarded")))
    assert answer.status_code == 422
    assert [code for _, code in faults(answer)] == ["below-required"]
    assert await row_counts(service.runtime) == before


async def test_ways_around_a_decision_that_waits_for_the_second(
    service: Service, headers: Headers, achievement: str
) -> None:
    made = (await send(service, headers, body(achievement, view("Ann")))).json()
    before = await row_counts(service.runtime)
    tries = {
        "same assessor": (view("Ann"), [("/assessor/id", "same-assessor")]),
        "same assessor as adjudicator": (
            view("Ann", role="adjudicator"),
            [("/assessor/id", "same-assessor"), ("/role", "no-discrepancy")],
        ),
        "adjudication without discrepancy": (view("Cy", role="adjudicator"), [("/role", "no-discrepancy")]),
        "the earner": ({**view("Ben"), "assessor": {"id": EMAIL, "name": "B"}}, [("/assessor/id", "self-assessment")]),
        "the future": (view("Ben", assessed_at="2027-01-01T00:00:00Z"), [("/assessed_at", "future")]),
        "an unknown level": (view("Ben", "Superb"), [("/levels/Assessment design", "invalid")]),
        "another decision's earner": (view("Ben", earner={"email": "x@x.example"}), [("/earner", "unknown-member")]),
    }
    found = {}
    for name, (given, _) in tries.items():
        answer = await add(service, headers, made, given)
        found[name] = faults(answer) if answer.status_code == 422 else [(answer.text, "")]
    assert found == {name: expected for name, (_, expected) in tries.items()}
    assert await row_counts(service.runtime) == before


async def test_ways_around_an_adjudication(service: Service, headers: Headers, achievement: str) -> None:
    made = (await send(service, headers, body(achievement, view("Ann"), view("Ben", "Developing")))).json()
    assert made["state"] == "needs_adjudication"
    before = await row_counts(service.runtime)
    tries = {
        "one of the two adjudicates": (view("Ben", role="adjudicator"), [("/assessor/id", "same-assessor")]),
        "one of the two, role left out": (view("Ann"), [("/assessor/id", "same-assessor")]),
        "a third assessor": (view("Cy", role="assessor"), [("", "too-many-assessors")]),
        "the earner adjudicates": (
            {**view("Cy"), "assessor": {"id": EMAIL, "name": "C"}},
            [("/assessor/id", "self-assessment")],
        ),
    }
    found = {}
    for name, (given, _) in tries.items():
        answer = await add(service, headers, made, given)
        found[name] = faults(answer) if answer.status_code == 422 else [(answer.text, "")]
    assert found == {name: expected for name, (_, expected) in tries.items()}
    assert await row_counts(service.runtime) == before


async def test_what_is_decided_takes_no_more(service: Service, headers: Headers, achievement: str) -> None:
    agreed = (await send(service, headers, body(achievement, view("Ann"), view("Ben")))).json()
    before = await row_counts(service.runtime)
    for given in (view("Cy"), view("Cy", role="adjudicator"), view("Ann"), view("Ben", "Developing")):
        answer = await add(service, headers, agreed, given)
        assert (answer.status_code, answer.json()["type"]) == (409, f"{BASE_URL}/problems/illegal-transition")
    assert await row_counts(service.runtime) == before


async def test_a_replayed_assessment_does_not_count_twice(service: Service, headers: Headers, achievement: str) -> None:
    made = (await send(service, headers, body(achievement, view("Ann")))).json()
    marked = {**headers, "Idempotency-Key": "second"}
    path = f"/v1/decisions/{made['id']}/assessments"
    first = await service.http.post(path, json=view("Ben", "Developing"), headers=marked)
    again = await service.http.post(path, json=view("Ben", "Developing"), headers=marked)
    assert (first.status_code, again.status_code, again.content) == (202, 202, first.content)
    unmarked = await add(service, headers, made, view("Ben", "Developing"))
    assert faults(unmarked) == [("/assessor/id", "same-assessor")]
    assert (await row_counts(service.runtime))["assessments"] == 2


async def test_many_seconds_at_once_leave_two_assessors(service: Service, headers: Headers, achievement: str) -> None:
    made = (await send(service, headers, body(achievement, view("Ann")))).json()
    answers = await asyncio.gather(*(add(service, headers, made, view(f"Ben{n}", role="assessor")) for n in range(12)))
    # One is the second; those who came later find the decision made.
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 11
    counts = await row_counts(service.runtime)
    assert (counts["assessments"], counts["awards"]) == (2, 1)
    assert await credential_forms(service.runtime) == {EMBEDDED: 1, JWT: 1}


async def test_many_adjudicators_at_once_leave_one(service: Service, headers: Headers, achievement: str) -> None:
    made = (await send(service, headers, body(achievement, view("Ann"), view("Ben", "Developing")))).json()
    answers = await asyncio.gather(
        *(add(service, headers, made, view(f"Cy{n}", "Developing" if n % 2 else "Proficient")) for n in range(12))
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 11
    [won] = [answer.json() for answer in answers if answer.status_code == 201]
    counts = await row_counts(service.runtime)
    assert (counts["assessments"], counts["awards"]) == (3, int(won["outcome"] == "awarded"))
    read = await service.http.get(f"/v1/decisions/{made['id']}", headers=headers)
    assert read.json() == won


async def test_another_tenants_decision_takes_no_assessment(
    service: Service, headers: Headers, achievement: str
) -> None:
    made = (await send(service, headers, body(achievement, view("Ann")))).json()
    theirs = await make.register(service, "digital-promise")
    before = await row_counts(service.runtime)
    for answer in (
        await add(service, theirs, made, view("Ben")),
        await add(service, {**theirs, "Idempotency-Key": "k"}, made, view("Ben", role="assessor")),
        await add(service, headers, {"id": str(uuid4())}, view("Ben")),
        await add(service, headers, {"id": "not-an-id"}, view("Ben")),
        await send(service, theirs, body(achievement, view("Ben"), reference="r2")),
    ):
        assert answer.status_code == 404
    assert await row_counts(service.runtime) == before


async def test_a_retired_version_is_not_awarded_by_a_late_assessment(
    service: Service, headers: Headers, achievement: str
) -> None:
    made = (await send(service, headers, body(achievement, view("Ann")))).json()
    await service.http.post(f"/v1/achievements/{achievement}/retire", headers=headers)
    before = await row_counts(service.runtime)
    answer = await add(service, headers, made, view("Ben"))
    assert (answer.status_code, [code for _, code in faults(answer)]) == (422, ["not-published"])
    assert await row_counts(service.runtime) == before


async def test_an_earner_who_holds_the_award_is_refused_at_the_first_assessment(
    service: Service, headers: Headers, achievement: str
) -> None:
    """Otherwise the second assessor would work for nothing, and the decision would stay open for ever."""
    first = await send(service, headers, body(achievement, view("Ann"), view("Ben")))
    assert first.status_code == 201, first.text
    before = await row_counts(service.runtime)
    answer = await send(service, headers, body(achievement, view("Cyd"), reference="r2"))
    assert answer.status_code == 409, answer.text
    assert answer.json()["existing"] == first.json()["award"]["url"]
    assert await row_counts(service.runtime) == before
