"""Decisions over HTTP: an outcome by one named assessor, what it must not be, and what becomes of it."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from badgeissuer.vc.multibase import multibase_encode
from badgeissuer.vc.recipient import matches
from tests.support import make
from tests.support.app import BASE_URL, Service
from tests.support.counting import row_counts, statements

Headers = dict[str, str]
Json = dict[str, Any]
EMAIL = "Teacher1@Schools.example.org"


def body(achievement_id: str, reference: str = "r1", /, **members: Any) -> Json:
    """A decision by one assessor. ``None`` takes a member away."""
    given = {
        "achievement": achievement_id,
        "earner": {"email": EMAIL, "name": "Teacher One", "licence_id": "KY-4711"},
        "outcome": "awarded",
        "assessor": {"id": "assessor-7", "name": "Dana Whitaker"},
        "decided_at": "2026-11-20T10:00:00Z",
        "external_reference": reference,
        **members,
    }
    return {name: value for name, value in given.items() if value is not None}


async def send(service: Service, headers: Headers, given: Json) -> httpx2.Response:
    return await service.http.post("/v1/decisions", json=given, headers=headers)


def faults(answer: httpx2.Response) -> list[tuple[str, str]]:
    return sorted((error["pointer"], error["code"]) for error in answer.json()["errors"])


async def credential(service: Service, decision: Json) -> Json:
    """The public credential of a decision's award; its bytes are those that the answer names."""
    url = decision["award"]["credential"]["url"]
    answer = await service.http.get(url.removeprefix(BASE_URL))
    assert answer.status_code == 200
    assert answer.headers["ETag"] == f'"{decision["award"]["credential"]["sha256"]}"'
    document: Json = answer.json()
    return document


@pytest.fixture
async def headers(service: Service) -> Headers:
    return await make.register(service)


@pytest.fixture
async def achievement(service: Service, headers: Headers) -> str:
    return await make.publish(service, headers)


async def test_an_awarded_decision_is_issued_at_once(service: Service, headers: Headers, achievement: str) -> None:
    given = body(
        achievement,
        results=[
            {"result_description": "Assessment design", "achieved_level": "Exemplary"},
            {"criterion": f"{BASE_URL}/achievements/{achievement}#v1-c2", "level": "Proficient", "value": 2},
        ],
        evidence=[
            {
                "url": "https://files.example.org/plan",
                "name": "Assessment plan",
                "description": "A unit plan.",
                "narrative": "Built with the grade team.",
                "genre": "Lesson plan",
                "audience": "Grade 5",
                "sha256": "AB" * 32,
            },
            {"url": "https://files.example.org/talk", "name": "Talk", "narrative": "Public talk.", "share": True},
        ],
        feedback="Clear targets; keep the exit tickets.",
        credits_earned=1.5,
        activity_start="2026-09-01T00:00:00Z",
        activity_end="2026-11-01T00:00:00+01:00",
        valid_until="2028-11-24T09:30:00Z",
    )
    answer = await send(service, headers, given)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert answer.headers["Location"] == f"{BASE_URL}/v1/decisions/{made['id']}"
    c1, c2 = (f"{BASE_URL}/achievements/{achievement}#v1-c{n}" for n in (1, 2))
    assert made == {
        "id": made["id"],
        "state": "decided",
        "outcome": "awarded",
        "rule": "one_assessor",
        "reason": "Dana Whitaker judged the evidence on 2026-11-20: awarded.",
        "feedback": "Clear targets; keep the exit tickets.",
        "source": "platform",
        "decided_by": "Dana Whitaker",
        "decided_at": "2026-11-20T10:00:00Z",
        "external_reference": "r1",
        "achievement": {"id": achievement, "version": 1},
        "results": [
            {"result_description": c1, "achieved_level": f"{c1}-l3", "value": None, "status": None},
            {"result_description": c2, "achieved_level": f"{c2}-l2", "value": "2", "status": None},
        ],
        "evidence": [
            {
                "name": "Assessment plan",
                "description": "A unit plan.",
                "genre": "Lesson plan",
                "audience": "Grade 5",
                "sha256": "ab" * 32,
                "shared": False,
                "url": None,
                "narrative": None,
            },
            {
                "name": "Talk",
                "description": None,
                "genre": None,
                "audience": None,
                "sha256": None,
                "shared": True,
                "url": "https://files.example.org/talk",
                "narrative": "Public talk.",
            },
        ],
        "assessments_received": 0,
        "assessments": [],
        "award": {
            "id": made["award"]["id"],
            "url": f"{BASE_URL}/v1/awards/{made['award']['id']}",
            "credential": {**made["award"]["credential"], "media_type": "application/vc"},
        },
    }
    read = await service.http.get(f"/v1/decisions/{made['id']}", headers=headers)
    assert (read.status_code, read.json()) == (200, made)

    document = await credential(service, made)
    subject = document["credentialSubject"]
    assert (document["validFrom"], document["validUntil"]) == ("2026-11-24T09:30:00Z", "2028-11-24T09:30:00Z")
    assert document["awardedDate"] == "2026-11-20T10:00:00Z"
    assert (subject["creditsEarned"], subject["activityStartDate"], subject["activityEndDate"]) == (
        1.5,
        "2026-09-01T00:00:00Z",
        "2026-10-31T23:00:00Z",
    )
    assert subject["result"] == [
        {"type": ["Result"], "resultDescription": c1, "achievedLevel": f"{c1}-l3"},
        {"type": ["Result"], "resultDescription": c2, "achievedLevel": f"{c2}-l2", "value": "2"},
    ]
    digest = multibase_encode(b"\x12\x20" + bytes.fromhex("ab" * 32), document["evidence"][0]["digestMultibase"][0])
    assert document["evidence"] == [
        {
            "type": ["Evidence"],
            "name": "Assessment plan",
            "description": "A unit plan.",
            "genre": "Lesson plan",
            "audience": "Grade 5",
            "digestMultibase": digest,
        },
        {
            "id": "https://files.example.org/talk",
            "type": ["Evidence"],
            "name": "Talk",
            "narrative": "Public talk.",
        },
    ]


async def test_neither_answers_nor_credentials_hold_the_earners_data(
    service: Service, headers: Headers, achievement: str
) -> None:
    made = (await send(service, headers, body(achievement))).json()
    document = await credential(service, made)
    award = await service.http.get(made["award"]["url"].removeprefix(BASE_URL), headers=headers)
    for text in (json.dumps(made), json.dumps(document), award.text):
        assert all(secret.casefold() not in text.casefold() for secret in (EMAIL, "Teacher One", "KY-4711"))
    # There was something to hide: the earner's wallet finds the address behind the hash.
    [identity] = document["credentialSubject"]["identifier"]
    assert matches(identity, EMAIL.lower())


async def test_not_yet_is_kept_with_feedback_and_a_later_attempt_is_a_new_decision(
    service: Service, headers: Headers, achievement: str
) -> None:
    first = await send(service, headers, body(achievement, outcome="not_yet", feedback="Add student work."))
    assert first.status_code == 201
    assert {name: first.json()[name] for name in ("state", "outcome", "feedback", "award", "reason")} == {
        "state": "decided",
        "outcome": "not_yet",
        "feedback": "Add student work.",
        "award": None,
        "reason": "Dana Whitaker judged the evidence on 2026-11-20: not yet.",
    }
    assert (await row_counts(service.runtime))["credentials"] == 0
    second = await send(service, headers, body(achievement, "r2"))
    assert (second.status_code, second.json()["outcome"]) == (201, "awarded")
    assert second.json()["id"] != first.json()["id"]
    # Both attempts are about one subject, whom only this issuer's credentials name so.
    assert (await row_counts(service.runtime))["subjects"] == 1


async def test_an_earner_may_be_known_by_a_did(service: Service, headers: Headers, achievement: str) -> None:
    did = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
    made = (await send(service, headers, body(achievement, earner={"did": did, "did_proved": True}))).json()
    subject = (await credential(service, made))["credentialSubject"]
    assert subject["id"] == did
    assert "identifier" not in subject
    claimed = (
        await send(service, headers, body(achievement, "r2", earner={"email": "b@x.example", "did": did}))
    ).json()
    subject = (await credential(service, claimed))["credentialSubject"]
    assert subject["id"].startswith("urn:uuid:")
    assert [matches(identity, did) for identity in subject["identifier"]] == [False, True]


async def test_camel_case_the_public_url_and_a_bare_name_are_taken(
    service: Service, headers: Headers, achievement: str
) -> None:
    given = {
        "achievement": f"{BASE_URL}/achievements/{achievement}",
        "version": 1,
        "earner": {"email": EMAIL, "licenceId": "KY-4711"},
        "outcome": "awarded",
        "assessor": "Dana Whitaker",
        "decidedAt": "2026-11-20T11:00:00+01:00",
        "externalReference": "r1",
        "results": [{"resultDescription": "Assessment design", "achievedLevel": "Proficient"}],
    }
    answer = await send(service, headers, given)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["decided_by"], answer.json()["decided_at"]) == ("Dana Whitaker", "2026-11-20T10:00:00Z")


ONE = {"assessor": "Ann Lee", "levels": {}, "assessed_at": "2026-11-20T10:00:00Z"}


# What is wrong with a decision: the members that make it so, and where it is said to be wrong.
WRONG: dict[str, tuple[Json, list[str]]] = {
    "both": ({"assessments": [ONE]}, ["/assessments", "/assessor", "/decided_at", "/outcome"]),
    "neither": (
        {"outcome": None, "assessor": None, "decided_at": None},
        ["/assessments", "/assessor", "/decided_at", "/outcome"],
    ),
    "nobody named": ({"assessor": None}, ["/assessor"]),
    "no date": ({"decided_at": None}, ["/decided_at"]),
    "no outcome": ({"outcome": None}, ["/outcome"]),
    "an id names nobody": ({"assessor": {"id": "a-1"}}, ["/assessor/name"]),
    "a blank name names nobody": ({"assessor": {"name": " "}}, ["/assessor/name"]),
    "decided in the future": ({"decided_at": "2026-11-25T10:00:00Z"}, ["/decided_at"]),
    "an outcome that is none": ({"outcome": "passed"}, ["/outcome"]),
    "nobody to award": ({"earner": {"name": "Teacher One"}}, ["/earner"]),
    "not an address": ({"earner": {"email": "teacher"}}, ["/earner/email"]),
    "not a domain": ({"earner": {"email": "a@" + "x" * 70 + ".example"}}, ["/earner/email"]),
    "not a DID": ({"earner": {"did": "did:web"}}, ["/earner/did"]),
    "a DID too long": ({"earner": {"did": "did:example:" + "x" * 600}}, ["/earner/did"]),
    "what was proved?": ({"earner": {"email": EMAIL, "did_proved": True}}, ["/earner"]),
    "not an id": ({"achievement": "assessment-literacy"}, ["/achievement"]),
    "not our URL": ({"achievement": "https://other.example/achievements/1"}, ["/achievement"]),
    "no such version": ({"version": 2}, ["/version"]),
    "a version beyond counting": ({"version": 2**40}, ["/version"]),
    "a version that is none": ({"version": True}, ["/version"]),
    "a criterion that is none": (
        {"results": [{"criterion": "Grit", "level": "High"}]},
        ["/results/0/result_description"],
    ),
    "a level that is none": (
        {"results": [{"criterion": "Use of results", "level": "Superb"}]},
        ["/results/0/achieved_level"],
    ),
    "a result without any": ({"results": [{"criterion": "Use of results"}]}, ["/results/0"]),
    "a value that is none": ({"results": [{"criterion": "Use of results", "value": True}]}, ["/results/0/value"]),
    "a status that is none": ({"results": [{"criterion": "Use of results", "status": "Done"}]}, ["/results/0/status"]),
    "a result given twice": (
        {"results": [{"criterion": "Use of results", "value": "1"}] * 2},
        ["/results/1/result_description"],
    ),
    "results that contradict the outcome": (
        {"results": [{"criterion": "Use of results", "level": "Developing"}]},
        ["/results/0/achieved_level"],
    ),
    "evidence of nothing": ({"evidence": [{"genre": "Video"}]}, ["/evidence/0"]),
    "a link without TLS": ({"evidence": [{"url": "http://x.example/a"}]}, ["/evidence/0/url"]),
    "a digest too short": ({"evidence": [{"name": "x", "sha256": "ab"}]}, ["/evidence/0/sha256"]),
    "share must be said": ({"evidence": [{"name": "x", "share": "yes"}]}, ["/evidence/0/share"]),
    "lapsed already": ({"valid_until": "2026-11-24T09:00:00Z"}, ["/valid_until"]),
    "ended before it began": (
        {"activity_start": "2026-10-02T00:00:00Z", "activity_end": "2026-10-01T00:00:00Z"},
        ["/activity_end"],
    ),
    "less than no credit": ({"credits_earned": -1}, ["/credits_earned"]),
    "text is no number": ({"credits_earned": "3"}, ["/credits_earned"]),
    "a member that we set": ({"id": str(uuid4())}, ["/id"]),
    "a state that is decided here": ({"state": "decided"}, ["/state"]),
    "a rule that fires here": ({"rule": "two_agree"}, ["/rule"]),
}


async def test_what_a_decision_must_not_be(service: Service, headers: Headers, achievement: str) -> None:
    before = await row_counts(service.runtime)
    found = {}
    for name, (members, _) in WRONG.items():
        answer = await send(service, headers, body(achievement, **members))
        said = faults(answer) if answer.status_code == 422 else [(answer.text, "")]
        found[name] = sorted({pointer for pointer, _ in said})
    assert found == {name: pointers for name, (_, pointers) in WRONG.items()}
    assert await row_counts(service.runtime) == before


@pytest.mark.parametrize(
    ("earner", "assessor"),
    [
        ({"email": EMAIL}, {"id": "teacher1@SCHOOLS.example.org ".strip(), "name": "T. One"}),
        ({"email": EMAIL}, EMAIL),
        ({"email": EMAIL, "licence_id": "KY-4711"}, {"id": "ky-4711", "name": "T. One"}),
        ({"email": EMAIL, "did": "did:example:1"}, {"id": "did:example:1", "name": "T. One"}),
        ({"email": EMAIL, "name": "Teacher One"}, "TEACHER ONE"),
    ],
)
async def test_nobody_assesses_their_own_evidence(
    service: Service, headers: Headers, achievement: str, earner: Json, assessor: Any
) -> None:
    answer = await send(service, headers, body(achievement, earner=earner, assessor=assessor))
    assert answer.status_code == 422
    assert faults(answer) == [("/assessor/id", "self-assessment")]
    assert EMAIL.casefold() not in answer.text.casefold()


async def test_an_earner_is_known_as_assessor_by_what_was_said_before(
    service: Service, headers: Headers, achievement: str
) -> None:
    assert (await send(service, headers, body(achievement, outcome="not_yet"))).status_code == 201
    again = body(achievement, "r2", earner={"email": EMAIL}, assessor={"id": "KY-4711", "name": "T. One"})
    assert faults(await send(service, headers, again)) == [("/assessor/id", "self-assessment")]


async def test_a_namesake_is_told_apart_by_an_id(service: Service, headers: Headers, achievement: str) -> None:
    given = body(achievement, assessor={"id": "assessor-9", "name": "Teacher One"})
    assert (await send(service, headers, given)).status_code == 201


async def test_a_policy_of_two_takes_no_single_outcome(service: Service, headers: Headers) -> None:
    two = await make.publish(service, headers, assessment={"assessors": "two"})
    for outcome in ("awarded", "not_yet"):
        answer = await send(service, headers, body(two, outcome=outcome))
        assert (answer.status_code, [pointer for pointer, _ in faults(answer)]) == (422, ["/outcome"])
    assert (await row_counts(service.runtime))["decisions"] == 0


async def test_an_external_policy_takes_an_outcome(service: Service, headers: Headers) -> None:
    external = await make.publish(service, headers, assessment={"assessors": "external"})
    answer = await send(service, headers, body(external))
    assert (answer.status_code, answer.json()["outcome"]) == (201, "awarded")


async def test_a_draft_or_a_retired_version_is_not_decided(service: Service, headers: Headers) -> None:
    drafted = await service.http.post(
        "/v1/achievements", json={"issuer": "kvec", "achievement": make.achievement()}, headers=headers
    )
    draft = drafted.json()["id"]
    assert faults(await send(service, headers, body(draft))) == [("/achievement", "not-published")]
    assert faults(await send(service, headers, body(draft, version=1))) == [("/version", "not-published")]
    retired = await make.publish(service, headers)
    await service.http.post(f"/v1/achievements/{retired}/retire", headers=headers)
    assert faults(await send(service, headers, body(retired))) == [("/achievement", "not-published")]


async def test_a_second_award_is_denied_naming_the_first(service: Service, headers: Headers, achievement: str) -> None:
    first = (await send(service, headers, body(achievement))).json()
    before = await row_counts(service.runtime)
    answer = await send(service, headers, body(achievement, "r2", earner={"email": EMAIL.lower()}))
    assert (answer.status_code, answer.json()["existing"]) == (409, first["award"]["url"])
    assert await row_counts(service.runtime) == before


async def test_a_second_award_beside_the_first_or_in_its_place(service: Service, headers: Headers) -> None:
    allowed = await make.publish(service, headers, duplicates="allow")
    pair = [(await send(service, headers, body(allowed, f"a{n}"))).json() for n in (1, 2)]
    states = [await _award(service, headers, made) for made in pair]
    assert [(award["state"], award["superseded_by"]) for award in states] == [("active", None)] * 2

    replaced = await make.publish(service, headers, duplicates="replace")
    old, new = [(await send(service, headers, body(replaced, f"b{n}"))).json() for n in (1, 2)]
    first, second = await _award(service, headers, old), await _award(service, headers, new)
    assert (first["state"], first["state_reason"]) == ("superseded", "superseded by a newer award")
    assert first["superseded_by"] == {"award": second["url"], "credential": second["credential"]["url"]}
    assert first["visible_to_third_parties"] is True
    assert (second["state"], second["superseded_by"]) == ("active", None)

    served = [await service.http.get(award["credential"]["url"].removeprefix(BASE_URL)) for award in (first, second)]
    assert [answer.headers.get("link") for answer in served] == [
        f'<{second["credential"]["url"]}>; rel="successor-version"',
        None,
    ]
    etag = {"If-None-Match": served[0].headers["etag"]}
    again = await service.http.get(first["credential"]["url"].removeprefix(BASE_URL), headers=etag)
    assert (again.status_code, again.headers["link"]) == (304, served[0].headers["link"])


async def _award(service: Service, headers: Headers, decision: Json) -> Json:
    award: Json = (await service.http.get(decision["award"]["url"].removeprefix(BASE_URL), headers=headers)).json()
    return award


async def test_lists_are_paged_filtered_and_cost_the_same(service: Service, headers: Headers, achievement: str) -> None:
    other = await make.publish(service, headers)
    made: list[str] = []
    costs = {}
    for n, (target, outcome) in enumerate([(achievement, "awarded"), (other, "not_yet"), (achievement, "not_yet")]):
        service.clock.advance(seconds=1)
        evidence = [{"name": "Plan"}, {"name": "Video"}]
        given = body(target, f"r{n}", outcome=outcome, evidence=evidence, earner={"email": f"t{n}@x.example"})
        made.insert(0, (await send(service, headers, given)).json()["id"])
        with statements(service.runtime) as sent:
            listed = await service.http.get("/v1/decisions", headers=headers)
        costs[n + 1] = len(sent)
        assert [item["id"] for item in listed.json()["items"]] == made
        assert listed.json()["next"] is None
    # The decisions, their evidence, their assessments. The key is looked up outside any unit of work.
    assert (costs[1], costs[3]) == (3, 3)

    first = await service.http.get("/v1/decisions?limit=2", headers=headers)
    assert [item["id"] for item in first.json()["items"]] == made[:2]
    assert first.headers["Link"] == f'<{first.json()["next"]}>; rel="next"'
    rest = await service.http.get(first.json()["next"].removeprefix(BASE_URL), headers=headers)
    assert ([item["id"] for item in rest.json()["items"]], rest.json()["next"]) == (made[2:], None)
    of_one = await service.http.get(f"/v1/decisions?achievement={achievement}", headers=headers)
    assert [item["id"] for item in of_one.json()["items"]] == [made[0], made[2]]
    waiting = await service.http.get("/v1/decisions?state=awaiting_second", headers=headers)
    assert waiting.json() == {"items": [], "next": None}


async def test_another_tenants_decisions_are_not_there(service: Service, headers: Headers, achievement: str) -> None:
    made = (await send(service, headers, body(achievement))).json()
    theirs = await make.register(service, "digital-promise")
    before = await row_counts(service.runtime)
    read = await service.http.get(f"/v1/decisions/{made['id']}", headers=theirs)
    listed = await service.http.get("/v1/decisions", headers=theirs)
    filtered = await service.http.get(f"/v1/decisions?achievement={achievement}", headers=theirs)
    assert (read.status_code, listed.json()["items"], filtered.json()["items"]) == (404, [], [])
    for given in (body(achievement, "r2"), body(achievement, "r2", version=1), body(str(uuid4()))):
        answer = await send(service, theirs, given)
        assert (answer.status_code, [pointer for pointer, _ in faults(answer)]) == (404, ["/achievement"])
        given.pop("external_reference")
        answer = await send(service, {**theirs, "Idempotency-Key": "k"}, given)
        assert (answer.status_code, [pointer for pointer, _ in faults(answer)]) == (404, ["/achievement"])
    assert await row_counts(service.runtime) == before


async def test_scopes(service: Service, headers: Headers, achievement: str) -> None:
    made = (await send(service, headers, body(achievement))).json()
    reader = await service.as_issuer("kvec", scopes=("decisions:read",))
    assert (await send(service, reader, body(achievement, "r2"))).status_code == 403
    assert (await service.http.get(f"/v1/decisions/{made['id']}", headers=reader)).status_code == 200
    writer = await service.as_issuer("kvec", scopes=("decisions:write",))
    assert (await service.http.get("/v1/decisions", headers=writer)).status_code == 403
    assert (await service.http.get("/v1/decisions")).status_code == 401
    assert (await service.http.get("/v1/decisions/not-an-id", headers=headers)).status_code == 404
