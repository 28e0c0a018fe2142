"""Awards over HTTP: issued for platforms that hold the decision, read, listed, paged and kept apart by tenant."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx2
import pytest

from badgeissuer.rules.terms import ClientKind
from tests.support import make
from tests.support.app import BASE_URL, Service
from tests.support.counting import row_counts, statements

Headers = dict[str, str]
Json = dict[str, Any]


@pytest.fixture
async def headers(service: Service) -> Headers:
    return await make.register(service)


@pytest.fixture
async def achievement(service: Service, headers: Headers) -> str:
    return await make.publish(service, headers)


async def send(service: Service, headers: Headers, given: Json) -> httpx2.Response:
    return await service.http.post("/v1/awards", json=given, headers=headers)


async def listed(service: Service, headers: Headers, query: str = "") -> list[str]:
    answer = await service.http.get(f"/v1/awards{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    return [item["external_reference"] for item in answer.json()["items"]]


async def test_an_award_is_issued_read_and_backed_by_a_decision(
    service: Service, headers: Headers, achievement: str
) -> None:
    given = make.award_body(
        achievement,
        external_reference="course-7/1",
        earner={
            "email": "teacher1@schools.example.org",
            "affiliation": {"school": "Hazard High", "district": "Perry County", "state": "KY"},
        },
        valid_until="2029-11-24T00:00:00Z",
    )
    answer = await send(service, headers, given)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    credential = made["credential"]
    assert made == {
        "id": made["id"],
        "url": f"{BASE_URL}/v1/awards/{made['id']}",
        "state": "active",
        "state_reason": None,
        "state_changed_at": "2026-11-24T09:30:00Z",
        "visible_to_third_parties": True,
        "issuer": {"slug": "kvec", "name": "Issuer kvec", "did": "did:web:issuer.example:issuers:kvec"},
        "achievement": {
            "id": achievement,
            "version": 1,
            "name": "Assessment Literacy",
            "url": f"{BASE_URL}/achievements/{achievement}",
        },
        "subject": made["subject"],
        "credential": {
            "id": credential["id"],
            "url": f"{BASE_URL}/credentials/{credential['id']}",
            "media_type": "application/vc",
            "sha256": credential["sha256"],
        },
        "decision_id": made["decision_id"],
        "external_reference": "course-7/1",
        "awarded_at": "2026-11-20T10:00:00Z",
        "valid_until": "2029-11-24T00:00:00Z",
        "superseded_by": None,
        "affiliation": {"school": "Hazard High", "district": "Perry County", "state": "KY"},
    }
    assert answer.headers["Location"] == made["url"]
    read = await service.http.get(f"/v1/awards/{made['id']}", headers=headers)
    assert (read.status_code, read.json()) == (200, made)
    decision = (await service.http.get(f"/v1/decisions/{made['decision_id']}", headers=headers)).json()
    assert {name: decision[name] for name in ("state", "outcome", "source", "rule", "decided_by", "decided_at")} == {
        "state": "decided",
        "outcome": "awarded",
        "source": "external",
        "rule": "external",
        "decided_by": "Dana Whitaker",
        "decided_at": "2026-11-20T10:00:00Z",
    }
    assert decision["award"] == {"id": made["id"], "url": made["url"], "credential": credential}
    public = await service.http.get(credential["url"].removeprefix(BASE_URL))
    assert public.headers["ETag"] == f'"{credential["sha256"]}"'
    assert public.json()["credentialSubject"]["id"] == made["subject"]
    assert "Perry" not in public.text


# What is wrong, and where it is said to be wrong.
WRONG: dict[str, tuple[Json, list[str]]] = {
    "nobody decided": ({"decided_by": None}, ["/decided_by"]),
    "nobody is named": ({"decided_by": {"id": "a-1"}}, ["/decided_by/name"]),
    "no date": ({"decided_at": None}, ["/decided_at"]),
    "a date without a zone": ({"decided_at": "2026-11-20T10:00:00"}, ["/decided_at"]),
    "a date as a number": ({"decided_at": 1_795_168_800}, ["/decided_at"]),
    "decided in the future": ({"decided_at": "2026-11-24T09:32:00Z"}, ["/decided_at"]),
    "decided by the earner": ({"decided_by": "Teacher1@Schools.example.org"}, ["/decided_by/id"]),
    "an outcome": ({"outcome": "awarded"}, ["/outcome"]),
    "assessments": ({"assessments": []}, ["/assessments"]),
    "a state code too long": (
        {"earner": {"email": "a@x.example", "affiliation": {"state": "Commonwealth of Kentucky"}}},
        ["/earner/affiliation/state"],
    ),
    "two names on two lines": ({"decided_by": "Dana\nWhitaker"}, ["/decided_by/name"]),
    "a reference of spaces": ({"external_reference": " "}, ["/external_reference"]),
}


async def test_what_an_award_must_not_be(service: Service, headers: Headers, achievement: str) -> None:
    before = await row_counts(service.runtime)
    found = {}
    for name, (members, _) in WRONG.items():
        given = make.award_body(achievement, external_reference="r1") | members
        answer = await send(service, headers, {key: value for key, value in given.items() if value is not None})
        found[name] = [e["pointer"] for e in answer.json()["errors"]] if answer.status_code == 422 else [answer.text]
    assert found == {name: pointers for name, (_, pointers) in WRONG.items()}
    assert await row_counts(service.runtime) == before


async def test_a_policy_of_two_is_not_met_by_a_platforms_word(service: Service, headers: Headers) -> None:
    two = await make.publish(service, headers, assessment={"assessors": "two"})
    answer = await send(service, headers, make.award_body(two, external_reference="r1"))
    assert (answer.status_code, [e["pointer"] for e in answer.json()["errors"]]) == (422, ["/achievement"])
    assert (await row_counts(service.runtime))["decisions"] == 0


async def test_lists_cost_the_same_for_one_and_for_three(service: Service, headers: Headers, achievement: str) -> None:
    costs = {}
    for n in (1, 2, 3):
        await make.award(service, headers, achievement, n)
        with statements(service.runtime) as sent:
            assert len(await listed(service, headers)) == n
        costs[n] = len(sent)
    # The awards. The key is looked up outside any unit of work.
    assert (costs[1], costs[3]) == (1, 1)


async def test_pages_follow_each_other_without_gap_or_repeat(
    service: Service, headers: Headers, achievement: str
) -> None:
    for n in range(5):  # two of them at the same instant
        await make.award(service, headers, achievement, n, decided_at=f"2026-11-2{n // 2}T10:00:00Z")
    whole = await listed(service, headers)
    assert sorted(whole) == [f"ref-{n}" for n in range(5)]
    found, path = [], "/v1/awards?limit=2&state=active"
    while path:
        page = (await service.http.get(path, headers=headers)).json()
        assert len(page["items"]) <= 2
        found += [item["external_reference"] for item in page["items"]]
        path = (page["next"] or "").removeprefix(BASE_URL)
    assert found == whole
    # A cursor is good only for its caller and its query.
    cursor = httpx2.URL((await service.http.get("/v1/awards?limit=2", headers=headers)).json()["next"]).params["cursor"]
    for query, caller in ((f"?cursor={cursor}&state=active", headers), (f"?cursor={cursor}", await service.platform())):
        assert (await service.http.get(f"/v1/awards{query}", headers=caller)).status_code == 400


async def test_filters(service: Service, headers: Headers, achievement: str) -> None:
    other = await make.publish(service, headers, document=make.achievement("Collaborative Coaching"))
    places = [("KY", "Perry County"), ("KY", "Letcher County"), ("WY", "Perry County")]
    made = []
    for n, (state, district) in enumerate(places):
        earner = {"email": f"t{n}@x.example", "affiliation": {"state": state, "district": district}}
        target = other if n == 1 else achievement
        made.append(await make.award(service, headers, target, n, earner=earner, decided_at=f"2026-11-1{n}T00:00:00Z"))
    service.clock.advance(hours=1)
    suspended = await service.http.post(
        f"/v1/awards/{made[2]['id']}/suspend", json={"reason": "under review"}, headers=headers
    )
    assert suspended.status_code == 200, suspended.text
    expected = {
        "": [2, 1, 0],
        "?issuer=kvec": [2, 1, 0],
        "?issuer=digital-promise": [],
        f"?achievement={achievement}": [2, 0],
        f"?achievement={achievement}&version=1": [2, 0],
        "?version=2": [],
        "?state=suspended": [2],
        "?state=active": [1, 0],
        "?external_reference=ref-1": [1],
        "?jurisdiction=KY": [1, 0],
        "?district=Perry%20County": [2, 0],
        "?jurisdiction=KY&district=Perry%20County": [0],
        "?awarded_from=2026-11-11T00:00:00Z": [2, 1],
        "?awarded_before=2026-11-11T00:00:00Z": [0],
        "?changed_from=2026-11-24T10:00:00Z": [2],
    }
    found = {query: await listed(service, headers, query) for query in expected}
    assert found == {query: [f"ref-{n}" for n in numbers] for query, numbers in expected.items()}


async def test_a_query_out_of_form_is_refused_by_name(service: Service, headers: Headers) -> None:
    wrong = [
        ("?state=gone", "state"),
        ("?achievement=1", "achievement"),
        ("?version=99999999999", "version"),
        ("?awarded_from=2026-11-11", "awarded_from"),
        ("?awarded_from=2026-11-11T00:00:00", "awarded_from"),
        ("?limit=0", "limit"),
        ("?limit=201", "limit"),
        ("?earner=x", "earner"),
        ("?district=a%00b", "district"),
    ]
    for query, parameter in wrong:
        answer = await service.http.get(f"/v1/awards{query}", headers=headers)
        assert (answer.status_code, [e["parameter"] for e in answer.json()["errors"]]) == (422, [parameter])


async def test_another_tenants_awards_are_not_there(service: Service, headers: Headers, achievement: str) -> None:
    made = await make.award(service, headers, achievement)
    theirs = await make.register(service, "digital-promise")
    before = await row_counts(service.runtime)
    assert (await service.http.get(f"/v1/awards/{made['id']}", headers=theirs)).status_code == 404
    assert await listed(service, theirs) == []
    assert await listed(service, theirs, "?issuer=kvec") == []
    assert await listed(service, theirs, f"?achievement={achievement}") == []
    answer = await send(service, theirs, make.award_body(achievement, external_reference="ref-1"))
    assert (answer.status_code, [e["pointer"] for e in answer.json()["errors"]]) == (404, ["/achievement"])
    assert await row_counts(service.runtime) == before
    # The platform that registered both sees both.
    assert await listed(service, await service.platform()) == ["ref-1"]


async def test_an_agency_reads_and_does_not_write(service: Service, headers: Headers, achievement: str) -> None:
    made = await make.award(service, headers, achievement)
    agency = {"Authorization": f"Bearer {await service.key(ClientKind.AGENCY, all_issuers=True)}"}
    assert await listed(service, agency) == ["ref-1"]
    for path, given in (
        ("/v1/awards", make.award_body(achievement, 2, external_reference="r2")),
        (f"/v1/awards/{made['id']}/revoke", {"reason": "x"}),
    ):
        assert (await service.http.post(path, json=given, headers=agency)).status_code == 403
    # Decisions hold what assessors said; an agency has no scope for them.
    assert (await service.http.get(f"/v1/decisions/{made['decision_id']}", headers=agency)).status_code == 403


async def test_ids_that_name_nothing(service: Service, headers: Headers) -> None:
    for name in (str(uuid4()), "not-an-id", "{}", "0"):
        assert (await service.http.get(f"/v1/awards/{name}", headers=headers)).status_code == 404
