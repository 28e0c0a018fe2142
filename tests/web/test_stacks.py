"""Stacks over HTTP: drafts, immutable versions, what cannot be published, progress, the public document, jobs."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.support import make
from tests.support.app import BASE_URL, Service
from tests.support.counting import statements
from tests.support.stacked import Json, Stacked, document, stacked, url

WHO = "email=teacher1@schools.example.org"


async def _create(made: Stacked, stack: Json, *, crown: str | None = None, status: int = 201) -> Any:
    body = {"issuer": made.slug, "achievement": crown or made.crown, "stack": stack}
    answer = await made.service.http.post("/v1/stacks", json=body, headers=made.headers)
    assert answer.status_code == status, answer.text
    return answer


async def _publish(made: Stacked, stack_id: str, status: int = 200) -> Any:
    answer = await made.service.http.post(f"/v1/stacks/{stack_id}/publish", headers=made.headers)
    assert answer.status_code == status, answer.text
    return answer


async def _draft(made: Stacked) -> str:
    answer = await made.service.http.post(
        "/v1/achievements", json={"achievement": make.achievement("Draft")}, headers=made.headers
    )
    drafted: str = answer.json()["id"]
    return drafted


def _faults(answer: Any) -> list[tuple[str, str]]:
    return [(entry["pointer"], entry["code"]) for entry in answer.json()["errors"]]


async def test_a_stack_from_draft_to_retired(service: Service) -> None:
    made = await stacked(service)
    sent = document(
        made.achievements, {"within": {"years": 3}, "of": {"all": ["m1", {"at_least": 1, "of": ["m2", "m3"]}]}}
    )
    answer = await _create(made, sent, crown=url(made.crown))
    stack = answer.json()
    at = f"/v1/stacks/{stack['id']}"
    assert answer.headers["location"] == f"{BASE_URL}{at}"
    assert answer.headers["etag"] == '"1.1.draft"'
    assert stack["stack"] == sent
    assert {name: stack[name] for name in ("url", "issuer", "achievement", "version", "state", "revision")} == {
        "url": f"{BASE_URL}/stacks/{stack['id']}",
        "issuer": "kvec",
        "achievement": url(made.crown),
        "version": 1,
        "state": "draft",
        "revision": 1,
    }
    public = f"/stacks/{stack['id']}"
    assert (await service.http.get(public)).status_code == 404
    changed = {"stack": document(made.achievements, on_loss="suspend")}
    stale = await service.http.put(at, json=changed, headers={**made.headers, "If-Match": '"1.9.draft"'})
    assert stale.status_code == 412
    answer = await service.http.put(at, json=changed, headers={**made.headers, "If-Match": '"1.1.draft"'})
    assert (answer.status_code, answer.json()["revision"]) == (200, 2)
    published = (await _publish(made, stack["id"])).json()
    assert (published["state"], published["version"]) == ("published", 1)
    await _publish(made, stack["id"], 409)
    shown = await service.http.get(public)
    assert shown.headers["content-type"] == "application/json"
    assert shown.json() == {
        "id": f"{BASE_URL}{public}",
        "version": 1,
        "state": "published",
        "issuer": "did:web:issuer.example:issuers:kvec",
        "achievement": url(made.crown),
        **changed["stack"],
    }
    again = await service.http.get(public, headers={"If-None-Match": shown.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    answer = await service.http.put(at, json={"stack": sent}, headers=made.headers)
    assert (answer.json()["version"], answer.json()["state"]) == (2, "draft")
    assert (await service.http.get(public)).json()["version"] == 1
    await _publish(made, stack["id"])
    answer = await service.http.post(f"{at}/retire", headers=made.headers)
    assert (answer.json()["version"], answer.json()["state"]) == (2, "retired")
    assert (await service.http.post(f"{at}/retire", headers=made.headers)).status_code == 409
    assert (await service.http.get(public)).json()["state"] == "retired"


async def test_the_job_of_a_publication_tells_how_far_it_is(service: Service) -> None:
    made = await stacked(service, 1)
    await made.award(made.achievements[0])
    job = (await _publish(made, (await _create(made, document(made.achievements))).json()["id"])).json()["job"]
    before = (await service.http.get(f"/v1/jobs/{job}", headers=made.headers)).json()
    assert (before["kind"], before["state"], before["done"], before["total"]) == (
        "stacks.retroactive",
        "queued",
        0,
        None,
    )
    await made.settle()
    after = (await service.http.get(f"/v1/jobs/{job}", headers=made.headers)).json()
    assert (after["state"], after["done"], after["total"], after["result"]) == ("succeeded", 1, 1, {"award": 1})
    decisions = (await service.http.get("/v1/decisions", headers=made.headers)).json()["items"]
    assert sorted(each["source"] for each in decisions) == ["external", "stack"]


async def test_what_is_wrong_with_a_stack_is_named_when_it_is_published(service: Service) -> None:
    made = await stacked(service, 2)
    draft = await _draft(made)
    theirs = await stacked(service, 1, slug="iris")
    hidden = await _draft(theirs)
    names = [
        made.achievements[0],
        draft,
        hidden,
        str(uuid4()),
        made.crown,
        theirs.achievements[0],
    ]
    sent = document(names, {"all": ["m1", "none"]})
    sent["members"] += [
        {"key": "m8", "title": "S", "stack": f"{BASE_URL}/stacks/{uuid4()}"},
        {"key": "m9", "title": "S", "achievement": "https://elsewhere.example/a", "alternatives": [url(names[0])]},
    ]
    answer = await _publish(made, (await _create(made, sent)).json()["id"], 422)
    assert _faults(answer) == [
        ("/stack/members/7/alternatives/0", "ambiguous"),
        ("/stack/rule/all/1", "reference"),
        ("/stack/members/1/achievement", "not-published"),
        ("/stack/members/2/achievement", "reference"),
        ("/stack/members/3/achievement", "reference"),
        ("/stack/members/4/achievement", "cycle"),
        ("/stack/members/6/stack", "reference"),
        ("/stack/members", "cycle"),
    ]
    answer = await _publish(made, (await _create(made, document(made.achievements), crown=draft)).json()["id"], 422)
    assert _faults(answer) == [("/achievement", "not-published")]
    allowed = await make.publish(service, made.headers, document=make.achievement("Often"), duplicates="allow")
    answer = await _publish(made, (await _create(made, document(made.achievements), crown=allowed)).json()["id"], 422)
    assert _faults(answer) == [("/achievement", "invalid")]


async def test_a_member_in_development_may_be_a_draft(service: Service) -> None:
    made = await stacked(service, 1)
    draft = await _draft(made)
    sent = document([*made.achievements, draft], {"at_least": 1})
    sent["members"][1]["in_development"] = True
    sent["members"].append({"key": "idea", "title": "An idea", "in_development": True})
    await _publish(made, (await _create(made, sent)).json()["id"])


async def test_what_a_stack_awards_is_its_issuers_and_no_other_stacks(service: Service) -> None:
    made, theirs = await stacked(service, 1), await stacked(service, 1, slug="iris")
    first = (await _create(made, document(made.achievements))).json()
    taken = await _create(made, document(made.achievements), status=409)
    assert taken.json()["existing"] == first["url"]
    assert _faults(await _create(made, document(made.achievements), crown=theirs.crown, status=404)) == [
        ("/achievement", "invalid")
    ]
    assert _faults(await _create(made, document(made.achievements), crown="nonsense", status=422)) == [
        ("/achievement", "invalid")
    ]
    body = {"issuer": "kvec", "achievement": theirs.crown, "stack": document(made.achievements)}
    answer = await service.http.post("/v1/stacks", json=body, headers=await service.platform())
    assert _faults(answer) == [("/achievement", "invalid")]


async def test_stacks_nest_three_levels_and_never_in_circles(service: Service) -> None:
    made = await stacked(service, 1)
    ids: list[str] = []
    for level in range(4):
        crown = await make.publish(service, made.headers, document=make.achievement(f"Level {level}"))
        sent = document(made.achievements, {"at_least": 1})
        if ids:
            sent["members"].append({"key": "below", "title": "B", "stack": f"{BASE_URL}/stacks/{ids[-1]}"})
        ids.append((await _create(made, sent, crown=crown)).json()["id"])
        answer = await _publish(made, ids[-1], 200 if level < 3 else 422)
    assert _faults(answer) == [("/stack/members", "too-deep")]
    # From below: the lowest gets a stack of its own under it, and the highest would be four deep.
    crown = await make.publish(service, made.headers, document=make.achievement("Deepest"))
    deepest = (await _create(made, document(made.achievements), crown=crown)).json()["id"]
    await _publish(made, deepest)
    for below, code in ((deepest, "too-deep"), (ids[1], "cycle")):
        sent = document(made.achievements)
        sent["members"].append({"key": "below", "title": "B", "stack": f"{BASE_URL}/stacks/{below}"})
        await service.http.put(f"/v1/stacks/{ids[0]}", json={"stack": sent}, headers=made.headers)
        assert _faults(await _publish(made, ids[0], 422)) == [("/stack/members", code)]


async def test_a_stack_of_a_wrong_form_is_refused_with_places(service: Service) -> None:
    made = await stacked(service, 1)
    sent = {**document(made.achievements, {"at_least": 1, "all": ["m1"]}), "surprise": 1}
    sent["members"][0]["key"] = "Not A Key"
    answer = await _create(made, sent, status=422)
    assert sorted(pointer for pointer, _ in _faults(answer)) == [
        "/stack/members",  # pydantic counts only members that are right
        "/stack/members/0/key",
        "/stack/rule",
        "/stack/surprise",
    ]


async def test_progress_says_what_is_done_what_is_missing_and_what_if(service: Service) -> None:
    made = await stacked(service, 3)
    sent = document(made.achievements, {"within": {"years": 1}, "of": {"at_least": 3}})
    stack = (await _create(made, sent)).json()["id"]
    await _publish(made, stack)
    at = f"/v1/stacks/{stack}/progress"
    assert (await service.http.get(f"{at}?{WHO}", headers=made.headers)).status_code == 404
    first = await made.award(made.achievements[0])
    answer = (await service.http.get(f"{at}?{WHO}", headers=made.headers)).json()
    assert (answer["complete"], answer["complete_since"], answer["award"], answer["next_steps"]) == (
        False,
        None,
        None,
        [],
    )
    assert answer["deadline"] == "2027-11-20T10:00:00Z"
    assert answer["members"][0] == {
        "key": "m1",
        "title": "Member 1",
        "state": "earned",
        "detail": "earned on 2026-11-20",
        "award": first["id"],
    }
    assert [member["state"] for member in answer["members"]] == ["earned", "open", "open"]
    assert (answer["rule"]["text"], answer["rule"]["met"]) == ("within 1 year", False)
    assert (answer["rule"]["parts"][0]["have"], answer["rule"]["parts"][0]["need"]) == (1, 3)
    answer = (await service.http.get(f"{at}?{WHO}&what_if=m2", headers=made.headers)).json()
    assert (answer["what_if"], answer["next_steps"], answer["members"][1]["award"]) == (["m2"], ["m3"], None)
    answer = (await service.http.get(f"{at}?{WHO}&what_if=m2,m3", headers=made.headers)).json()
    assert answer["complete"]
    for achievement in made.achievements[1:]:
        await made.award(achievement)
    await made.settle()
    found = (await service.http.get(f"/v1/awards/{first['id']}", headers=made.headers)).json()
    by_subject = await service.http.get(f"{at}?subject={found['subject']}", headers=made.headers)
    answer = by_subject.json()
    assert (answer["complete_since"], answer["award"]["state"]) == ("2026-11-20T10:00:00Z", "active")
    for wrong in ("", "?subject=x&did=did:web:a.example", f"?{WHO}&what_if=m9", "?email=x"):
        assert (await service.http.get(at + wrong, headers=made.headers)).status_code == 422


async def test_progress_is_for_the_issuers_own_earners(service: Service) -> None:
    made, theirs = await stacked(service, 1), await stacked(service, 1, slug="iris")
    stack = (await _create(made, document([*made.achievements, *theirs.achievements]))).json()["id"]
    await _publish(made, stack)
    await theirs.award(theirs.achievements[0])
    at = f"/v1/stacks/{stack}/progress?{WHO}"
    assert (await service.http.get(at, headers=made.headers)).status_code == 404
    await made.award(made.achievements[0])
    answer = (await service.http.get(at, headers=made.headers)).json()
    assert [(member["state"], member["award"] is None) for member in answer["members"]] == [
        ("earned", False),
        ("earned", True),
    ]
    assert (await service.http.get(at, headers=theirs.headers)).status_code == 404


async def test_a_list_costs_the_same_for_one_and_for_three(service: Service) -> None:
    made = await stacked(service, 1)
    counts = []
    for n in range(3):
        crown = await make.publish(service, made.headers, document=make.achievement(f"Crown {n}"))
        await _create(made, {**document(made.achievements), "name": f"Stack {n}"}, crown=crown)
        with statements(service.runtime) as counted:
            answer = await service.http.get("/v1/stacks?limit=2", headers=made.headers)
        counts.append(len(counted))
        assert len(answer.json()["items"]) == min(n + 1, 2)
    assert len(set(counts)) == 1
    following = await service.http.get(answer.json()["next"].removeprefix(BASE_URL), headers=made.headers)
    assert [item["stack"]["name"] for item in following.json()["items"]] == ["Stack 2"]
    found = await service.http.get("/v1/stacks?q=stack+2&issuer=kvec&state=draft", headers=made.headers)
    assert [item["stack"]["name"] for item in found.json()["items"]] == ["Stack 2"]
