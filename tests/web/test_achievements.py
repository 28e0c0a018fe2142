"""Achievements over HTTP: drafts, immutable versions, search."""

from __future__ import annotations

from typing import Any

from tests.support import make
from tests.support.app import BASE_URL, Service

FULL: dict[str, Any] = {
    **make.achievement("Collaborative Coaching"),
    "humanCode": "KVEC-CC-1",
    "tag": ["coaching", "leadership"],
    "inLanguage": "en-US",
    "fieldOfStudy": "Teaching",
    "specialization": "Instructional coaching",
    "creditsAvailable": 1.5,
    "image": {"id": "https://www.kvec.org/coaching.png", "type": "Image"},
    "creator": {"id": "https://iris.example.edu", "type": ["Profile"], "name": "IRIS Center"},
    "related": [{"id": "https://www.kvec.org/badges/coaching-2", "type": ["Related"], "inLanguage": "en"}],
    "alignment": [
        {
            "type": ["Alignment"],
            "targetName": "Coaching standard 2",
            "targetUrl": "https://standards.example.org/coaching/2",
            "targetCode": "C.2",
            "targetFramework": "Kentucky teacher standards",
            "targetType": "ceasn:Competency",
        }
    ],
}
PARTS: dict[str, Any] = {
    "competency": "Coaches colleagues through a cycle.",
    "key_method": "The coaching cycle.",
    "method_components": ["Plan", "Observe", "Reflect"],
    "resources": [{"title": "Coaching reader", "url": "https://reader.example.org/1"}],
    "requirements": [{"name": "Cycle log", "description": "Two cycles.", "genre": "Log"}],
    "grain_size_hours": 15,
    "assessment": {"assessors": 2, "discrepancy": {"criterion_levels": 2}},
    "duplicates": "replace",
    "status_purpose": "suspension",
    "valid_for_days": 1095,
}


def _pointers(answer: Any) -> list[str]:
    return sorted({entry["pointer"] for entry in answer.json()["errors"]})


async def test_a_full_achievement_comes_back_as_it_was_sent(service: Service) -> None:
    own = await make.register(service)
    answer = await service.http.post("/v1/achievements", json={"achievement": FULL, "parts": PARTS}, headers=own)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    url = f"{BASE_URL}/achievements/{made['id']}"
    assert answer.headers["location"] == f"{BASE_URL}/v1/achievements/{made['id']}"
    document = made["achievement"]
    assert (document["id"], document["type"], document["version"]) == (url, ["Achievement"], "1")
    rubric = document["resultDescription"][1]
    assert rubric["id"] == f"{url}#v1-c2"
    assert [level["id"] for level in rubric["rubricCriterionLevel"]] == [f"{url}#v1-c2-l{n}" for n in (1, 2, 3)]
    assert rubric["requiredLevel"] == f"{url}#v1-c2-l2"
    untouched = [name for name in FULL if name != "resultDescription"]
    assert {name: document[name] for name in untouched} == {name: FULL[name] for name in untouched}
    assert made["parts"] == {
        **PARTS,
        "resources": [{**PARTS["resources"][0], "note": None}],
        "assessment": {
            "assessors": "two",
            "discrepancy": {"outcome": True, "criterion_levels": 2, "total_points": None},
        },
    }
    assert {name: made[name] for name in ("issuer", "version", "state", "revision", "url", "published_at")} == {
        "issuer": "kvec",
        "version": 1,
        "state": "draft",
        "revision": 1,
        "url": url,
        "published_at": None,
    }
    read = await service.http.get(f"/v1/achievements/{made['id']}", headers=own)
    assert read.json() == {
        **made,
        "versions": [{"version": 1, "state": "draft", "revision": 1, "published_at": None, "retired_at": None}],
    }


async def test_camel_case_is_taken_too(service: Service) -> None:
    own = await make.register(service)
    answer = await service.http.post(
        "/v1/achievements",
        json={"achievement": make.achievement(), "parts": {"validForDays": 10, "statusPurpose": "suspension"}},
        headers=own,
    )
    assert answer.status_code == 201, answer.text
    assert (answer.json()["parts"]["valid_for_days"], answer.json()["parts"]["status_purpose"]) == (10, "suspension")


async def test_what_could_not_be_signed_is_refused_by_name(service: Service) -> None:
    own = await make.register(service)
    plain = {"name": "N", "description": "D", "criteria": {"narrative": "C"}}
    for achievement, parts, pointer in [
        ({**plain, "criteria": None}, {}, "/achievement/criteria"),
        ({"name": "N", "description": "D"}, {}, "/achievement/criteria"),
        ({**plain, "criteria": {}}, {}, "/achievement/criteria"),
        ({**plain, "id": "relative"}, {}, "/achievement/id"),
        ({**plain, "level": "hard"}, {}, "/achievement/level"),
        ({**plain, "description": "a\tb"}, {}, "/achievement/description"),
        ({**plain, "creditsAvailable": 2**60}, {}, "/achievement/creditsAvailable"),
        ({**plain, "achievementType": "Medal"}, {}, "/achievement/achievementType"),
        ({**plain, "image": {"id": "http://insecure.example/a.png", "type": "Image"}}, {}, "/achievement/image/id"),
        (plain, {"assessment": {"assessors": "two"}}, "/achievement/resultDescription"),
        (plain, {"duplicates": "maybe"}, "/parts/duplicates"),
        (plain, {"valid_for_days": 0}, "/parts/valid_for_days"),
        (plain, {"valid_for_days": 10**300}, "/parts/valid_for_days"),
        (plain, {"resources": [{"title": "T", "url": "javascript:x"}]}, "/parts/resources/0/url"),
        (plain, {"owner": "me"}, "/parts/owner"),
    ]:
        answer = await service.http.post(
            "/v1/achievements", json={"achievement": achievement, "parts": parts}, headers=own
        )
        assert (answer.status_code, _pointers(answer)) == (422, [pointer]), answer.text
    assert (await service.http.get("/v1/achievements", headers=own)).json()["items"] == []


async def test_the_issuer_must_be_named_where_a_key_acts_for_several(service: Service) -> None:
    for slug in ("a", "b"):
        await make.register(service, slug)
    platform = await service.platform()
    answer = await service.http.post("/v1/achievements", json={"achievement": make.achievement()}, headers=platform)
    assert (answer.status_code, _pointers(answer)) == (422, ["/issuer"])
    answer = await service.http.post(
        "/v1/achievements", json={"issuer": "b", "achievement": make.achievement()}, headers=platform
    )
    assert (answer.status_code, answer.json()["issuer"]) == (201, "b")
    answer = await service.http.post(
        "/v1/achievements", json={"issuer": "none", "achievement": make.achievement()}, headers=platform
    )
    assert (answer.status_code, _pointers(answer)) == (404, ["/issuer"])


async def test_drafts_change_and_published_versions_never(service: Service) -> None:
    own = await make.register(service)
    made = (
        await service.http.post("/v1/achievements", json={"achievement": make.achievement("One")}, headers=own)
    ).json()
    address, public = f"/v1/achievements/{made['id']}", f"/achievements/{made['id']}"
    assert (await service.http.get(public)).status_code == 404
    replaced = await service.http.put(address, json={"achievement": make.achievement("Two")}, headers=own)
    assert (replaced.json()["version"], replaced.json()["revision"]) == (1, 2)
    published = await service.http.post(f"{address}/publish", headers=own)
    assert (published.status_code, published.json()["state"]) == (200, "published")
    assert published.json()["published_at"] == "2026-11-24T09:30:00Z"
    first = (await service.http.get(public)).json()
    assert first == published.json()["achievement"]
    assert (await service.http.post(f"{address}/publish", headers=own)).status_code == 409

    following = await service.http.put(address, json={"achievement": make.achievement("Three")}, headers=own)
    assert (following.json()["version"], following.json()["state"]) == (2, "draft")
    assert (await service.http.get(public)).json() == first
    assert (await service.http.get(f"{public}?version=2")).status_code == 404
    await service.http.post(f"{address}/publish", headers=own)
    assert (await service.http.get(public)).json()["name"] == "Three"
    assert (await service.http.get(f"{public}?version=1")).json() == first

    retired = await service.http.post(f"{address}/retire", headers=own)
    assert (retired.status_code, retired.json()["state"]) == (200, "retired")
    assert (await service.http.get(public)).json()["name"] == "Three"
    assert (await service.http.post(f"{address}/retire", headers=own)).status_code == 409
    read = (await service.http.get(address, headers=own)).json()
    assert [(version["version"], version["state"]) for version in read["versions"]] == [(1, "retired"), (2, "retired")]


async def test_a_change_on_an_old_reading_is_refused(service: Service) -> None:
    own = await make.register(service)
    answer = await service.http.post("/v1/achievements", json={"achievement": make.achievement("One")}, headers=own)
    address, first = f"/v1/achievements/{answer.json()['id']}", answer.headers["etag"]
    assert (await service.http.get(address, headers=own)).headers["etag"] == first
    body = {"achievement": make.achievement("Two")}
    second = await service.http.put(address, json=body, headers={**own, "If-Match": first})
    assert second.status_code == 200
    assert (await service.http.put(address, json=body, headers={**own, "If-Match": first})).status_code == 412
    await service.http.post(f"{address}/publish", headers=own)
    # The version that the tag belongs to is published: what is there now is another thing, even at the same revision.
    stale = second.headers["etag"]
    assert (await service.http.put(address, json=body, headers={**own, "If-Match": stale})).status_code == 412
    now = (await service.http.get(address, headers=own)).headers["etag"]
    assert (await service.http.put(address, json=body, headers={**own, "If-Match": now})).json()["version"] == 2
    assert (await service.http.put(address, json=body, headers={**own, "If-Match": now})).status_code == 412
    assert (await service.http.put(address, json=body, headers={**own, "If-Match": "*"})).status_code == 200
    assert (await service.http.put(address, json=body, headers={**own, "If-Match": '"1"'})).status_code == 412


async def test_codes_are_unique_within_an_issuer(service: Service) -> None:
    own, other = await make.register(service, "a"), await make.register(service, "b")
    document = make.achievement(humanCode="CODE-1")
    first = await service.http.post("/v1/achievements", json={"achievement": document}, headers=own)
    again = await service.http.post("/v1/achievements", json={"achievement": document}, headers=own)
    assert (again.status_code, _pointers(again)) == (409, ["/achievement/humanCode"])
    for blank in ("", " "):
        body = {"achievement": {**document, "humanCode": blank}}
        refused = await service.http.post("/v1/achievements", json=body, headers=own)
        assert (refused.status_code, _pointers(refused)) == (422, ["/achievement/humanCode"])
    assert again.json()["existing"] == first.json()["url"]
    elsewhere = await service.http.post("/v1/achievements", json={"achievement": document}, headers=other)
    assert elsewhere.status_code == 201


async def test_search(service: Service) -> None:
    own, other = await make.register(service, "a"), await make.register(service, "b")
    await make.publish(service, own, "a", document=make.achievement("Coaching peers", tag=["Leadership"]))
    await service.http.post(
        "/v1/achievements", json={"achievement": make.achievement("Coaching 100%", humanCode="C_1")}, headers=own
    )
    await make.publish(service, other, "b", document=make.achievement("Coaching elsewhere"))
    platform = await service.platform()
    for headers, query, names in [
        (own, "", ["Coaching 100%", "Coaching peers"]),
        (own, "q=coaching", ["Coaching 100%", "Coaching peers"]),
        (own, "q=PEERS+coach", ["Coaching peers"]),
        (own, "q=leadership", ["Coaching peers"]),
        (own, "q=c_1", ["Coaching 100%"]),
        (own, "q=100%25", ["Coaching 100%"]),
        (own, "q=%25", ["Coaching 100%"]),
        (own, "q=elsewhere", []),
        (own, "issuer=b", []),
        (own, "state=published", ["Coaching peers"]),
        (platform, "state=published", ["Coaching elsewhere", "Coaching peers"]),
        (platform, "issuer=b", ["Coaching elsewhere"]),
    ]:
        answer = await service.http.get(f"/v1/achievements?{query}", headers=headers)
        assert [item["achievement"]["name"] for item in answer.json()["items"]] == names, query


async def test_what_is_kept_is_the_form_that_is_signed(service: Service) -> None:
    """A null would stand in the public definition and not in the credential, a lone tag be read letter by letter."""
    own = await make.register(service)
    sent = {**make.achievement("Coaching"), "humanCode": None, "specialization": None, "tag": "leadership"}
    answer = await service.http.post("/v1/achievements", json={"achievement": sent}, headers=own)
    assert answer.status_code == 201, answer.text
    kept = answer.json()["achievement"]
    assert kept["tag"] == ["leadership"]
    assert kept.keys() & {"humanCode", "specialization"} == set()
    found = await service.http.get("/v1/achievements", params={"q": "leadership"}, headers=own)
    assert [item["id"] for item in found.json()["items"]] == [answer.json()["id"]]


async def test_a_level_named_by_no_text_is_named(service: Service) -> None:
    own = await make.register(service)
    rubric = {"name": "R", "resultType": "RubricCriterion", "rubricCriterionLevel": [{"name": ["x"]}, {"name": {}}]}
    sent = {**make.achievement("Coaching"), "resultDescription": [rubric]}
    answer = await service.http.post("/v1/achievements", json={"achievement": sent}, headers=own)
    levels = "/achievement/resultDescription/0/rubricCriterionLevel"
    assert (answer.status_code, _pointers(answer)) == (422, [f"{levels}/0/name", f"{levels}/1/name"])
