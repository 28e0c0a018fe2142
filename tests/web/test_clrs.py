"""Records over HTTP: answers, repeats, lists, public files, and what is refused."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from badgeissuer.rules.terms import ClientKind
from badgeissuer.services import bundling, bundling_choice
from badgeissuer.vc.bake import Family, unbake
from badgeissuer.web.app import create_app
from tests.support.app import BASE_URL, MakeRuntime, Service
from tests.support.bundled import EMAIL, bundled, member_texts, row, verified
from tests.support.counting import row_counts, statements

Json = dict[str, Any]


def _faults(answer: Any) -> list[tuple[str, str]]:
    return [(entry["pointer"], entry["code"]) for entry in answer.json()["errors"]]


async def test_the_answer_says_what_was_made_and_where(service: Service) -> None:
    made = await bundled(service, count=2)
    answer = await made.post({"name": "For the district"})
    (record,) = answer.json()["records"]
    row_ = await row(service, record["id"])
    assert answer.headers["location"] == f"{BASE_URL}/v1/clrs/{record['id']}"
    assert record == {
        "id": record["id"],
        "url": f"{BASE_URL}/clrs/{record['id']}",
        "issuer": "kvec",
        "subject": json.loads(row_.text)["credentialSubject"]["id"],
        "name": "For the district",
        "state": "active",
        "state_reason": None,
        "state_changed_at": "2026-11-24T09:30:00Z",
        "members": 2,
        "partial": False,
        "bytes": row_.size,
        "media_type": "application/vc",
        "sha256": row_.sha256,
        "parts": [],
        "part_of": None,
        "superseded_by": None,
        "advice": [],
        "created_at": "2026-11-24T09:30:00Z",
    }
    assert answer.json()["job"] is None
    at = f"/v1/clrs/{record['id']}"
    assert (await service.http.get(at, headers=made.headers)).json() == record
    first = await service.http.get(f"{at}/members?limit=1", headers=made.headers)
    rest = await service.http.get(first.json()["next"].removeprefix(BASE_URL), headers=made.headers)
    members = [*first.json()["items"], *rest.json()["items"]]
    assert [member["position"] for member in members] == [0, 1]
    assert {member["award"] for member in members} == {award["id"] for award in made.awards}
    assert rest.json()["next"] is None


async def test_a_record_is_public_in_each_of_its_forms(service: Service) -> None:
    made = await bundled(service, count=1)
    clr = await made.record()
    at = f"/clrs/{clr.id}"
    for accept in ("application/vc", "application/ld+json", "application/json", "*/*"):
        answer = await service.http.get(at, headers={"Accept": accept})
        assert (answer.text, answer.headers["etag"]) == (clr.text, f'"{clr.sha256}"')
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["x-robots-tag"] == "noindex"
    again = await service.http.get(at, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for end in ("png", "svg"):
        image = await service.http.get(f"{at}.{end}")
        baked = unbake(image.content)
        assert (baked.family, baked.text) == (Family.CLR, clr.text)
        assert (await service.http.get(at, headers={"Accept": image.headers["content-type"]})).content == image.content
        report = await service.http.post(
            "/v1/verify", content=image.content, headers={"Content-Type": image.headers["content-type"]}
        )
        assert report.json()["verified"], report.text
    pdf = await service.http.get(f"{at}.pdf")
    assert (pdf.status_code, pdf.content[:5]) == (200, b"%PDF-")
    page = await service.http.get(at, headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    by_url = await service.http.post("/v1/verify", json={"url": clr.url})
    assert by_url.json()["verified"], by_url.text
    for wrong in (f"/clrs/{uuid4()}", f"{at}.jwt", "/clrs/x", f"{at.upper()}"):
        assert (await service.http.get(wrong)).status_code == 404, wrong
    assert (await service.http.get(at, headers={"Accept": "image/gif"})).status_code == 406


async def test_repeats_get_the_first_answer_and_make_one_record(service: Service, make_runtime: MakeRuntime) -> None:
    made = await bundled(service, count=3)
    before = await row_counts(service.runtime)
    other = await make_runtime(clock=service.clock, seed=None)
    transport = httpx2.ASGITransport(app=create_app(other), raise_app_exceptions=False)
    body = {"issuer": "kvec", "earner": {"email": EMAIL}}
    headers = {**made.headers, "Idempotency-Key": "one"}
    async with httpx2.AsyncClient(transport=transport, base_url=BASE_URL) as elsewhere:
        answers = await asyncio.gather(
            *(http.post("/v1/clrs", json=body, headers=headers) for http in [service.http, elsewhere] * 5)
        )
    assert {answer.status_code for answer in answers} == {201}, [answer.text for answer in answers]
    assert len({answer.content for answer in answers}) == 1
    after = await row_counts(service.runtime)
    grown = {name: after[name] - count for name, count in before.items() if after[name] != count}
    assert {name: grown.get(name, 0) for name in ("clrs", "clr_members", "status_entries", "answers")} == {
        "clrs": 1,
        "clr_members": 3,
        "status_entries": 1,
        "answers": 1,
    }
    changed = await made.post({"name": "Another"}, key="one", status=422)
    assert _faults(changed) == [("", "key-reused")]


async def test_many_at_once_each_make_their_own(service: Service) -> None:
    made = await bundled(service, count=2)
    answers = await asyncio.gather(*(made.post(key=f"k{n}") for n in range(12)))
    ids = {answer.json()["records"][0]["id"] for answer in answers}
    assert len(ids) == 12
    seats = set()
    for id_ in ids:
        clr = await row(service, id_)
        seats.add(json.loads(clr.text)["credentialStatus"]["id"])
        assert (await verified(service, clr.text)).verified
    assert len(seats) == 12


async def test_a_large_one_answers_with_a_job(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundling, "AT_ONCE", 2)
    made = await bundled(service, count=3)
    answer = await made.post(key="k", status=202)
    assert (answer.json()["records"], answer.headers["location"]) == (
        [],
        f"{BASE_URL}/v1/jobs/{answer.json()['job']}",
    )
    again = await made.post(key="k", status=202)
    assert again.content == answer.content
    assert await made.settle() == 1
    job = (await service.http.get(f"/v1/jobs/{answer.json()['job']}", headers=made.headers)).json()
    assert (job["kind"], job["state"], job["done"], job["total"]) == ("clrs.make", "succeeded", 3, 3)
    assert [url.rpartition("/")[2] for url in job["result"]["urls"]] == job["result"]["records"]
    clr = await row(service, job["result"]["records"][0])
    assert len(member_texts(clr.text)) == 3
    assert (await row_counts(service.runtime))["clrs"] == 1


async def test_a_list_costs_the_same_for_one_and_for_three(service: Service) -> None:
    made = await bundled(service, count=1)
    counts = []
    for n in range(3):
        service.clock.advance(seconds=1)
        await made.post({"name": f"Record {n}"})
        with statements(service.runtime) as counted:
            answer = await service.http.get("/v1/clrs?limit=2", headers=made.headers)
        counts.append(len(counted))
        assert [item["name"] for item in answer.json()["items"]] == [f"Record {k}" for k in range(n, -1, -1)][:2]
    assert len(set(counts)) == 1, counts
    following = await service.http.get(answer.json()["next"].removeprefix(BASE_URL), headers=made.headers)
    assert [item["name"] for item in following.json()["items"]] == ["Record 0"]
    subject, id_ = answer.json()["items"][0]["subject"], answer.json()["items"][0]["id"]
    await service.http.post(f"/v1/clrs/{id_}/revoke", json={"reason": "old"}, headers=made.headers)
    for query, count in (
        (f"subject={subject}&issuer=kvec", 3),
        ("subject=urn:uuid:nobody", 0),
        ("state=revoked", 1),
        ("state=active", 2),
        ("issuer=iris", 0),
    ):
        answer = await service.http.get(f"/v1/clrs?{query}", headers=made.headers)
        assert len(answer.json()["items"]) == count, query


async def test_a_revoked_record_stays_readable_and_is_revoked_once(service: Service) -> None:
    made = await bundled(service, count=1)
    clr = await made.record()
    at = f"/v1/clrs/{clr.id}/revoke"
    marked = {**made.headers, "Idempotency-Key": "r"}
    first = await service.http.post(at, json={"reason": " wrong person "}, headers=marked)
    again = await service.http.post(at, json={"reason": " wrong person "}, headers=marked)
    assert (first.status_code, again.content) == (200, first.content)
    assert (first.json()["state"], first.json()["state_reason"]) == ("revoked", "wrong person")
    assert (await service.http.post(at, json={"reason": "x"}, headers=made.headers)).status_code == 409
    assert (await service.http.get(f"/clrs/{clr.id}.json")).text == clr.text
    assert (await verified(service, clr.text)).outcome == "revoked"
    member = json.loads(clr.text)["credentialSubject"]["verifiableCredential"][0]
    assert (await verified(service, json.dumps(member))).verified


async def test_what_is_wrong_is_named_and_changes_nothing(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await bundled(service, count=3)
    await made.change(made.awards[1]["id"], "revoke")
    before = await row_counts(service.runtime)
    gone = str(uuid4())
    for body, faults in (
        ({"earner": {}}, [("/earner", "invalid")]),
        ({"earner": {"email": EMAIL, "did": "did:web:a.example"}}, [("/earner", "invalid")]),
        ({"awards": [gone, made.awards[1]["id"]]}, [("/awards/0", "reference"), ("/awards/1", "not-live")]),
        ({"awards": [made.awards[0]["id"]], "stack": gone}, [("", "invalid")]),
        ({"awards": []}, [("", "empty")]),
        ({"awards": [], "admitted_badges": [gone]}, [("/admitted_badges/0", "reference")]),
        ({"stack": gone}, [("/stack", "reference")]),
        ({"achievements": [gone]}, [("", "empty")]),
        ({"states": []}, [("/states", "invalid")]),
        # Not "of any": a selection that came out empty must not make a whole record public.
        ({"achievements": []}, [("/achievements", "invalid")]),
        ({"split": "yes"}, [("/split", "invalid")]),
        ({"surprise": 1}, [("/surprise", "unknown-member")]),
        ({"name": ""}, [("/name", "invalid")]),
    ):
        answer = await made.post(body, status=422)
        assert [(pointer, code) for pointer, code in _faults(answer)] == faults, (body, answer.text)
    monkeypatch.setattr(bundling_choice, "MOST_MEMBERS", 1)
    assert _faults(await made.post(status=422)) == [("", "too-many")]
    monkeypatch.setattr(bundling_choice, "MOST_MEMBERS", 1_000)
    monkeypatch.setattr(bundling_choice, "_OWN_BYTES", 16 * 1024 * 1024 - 5_000)
    assert _faults(await made.post(status=422)) == [("/split", "too-large")]
    assert await row_counts(service.runtime) == before


async def test_agencies_that_read_by_consent_read_no_records(service: Service) -> None:
    from badgeissuer.services import access

    made = await bundled(service, count=1)
    clr = await made.record()
    async with service.runtime.begin(access.operator()) as work:
        _, token = await access.create_client(
            work,
            kind=ClientKind.AGENCY,
            name="State",
            scopes=("clrs:read",),
            issuers=("kvec",),
            consent_purpose="licence renewal",
        )
    headers = {"Authorization": f"Bearer {token}"}
    assert (await service.http.get("/v1/clrs", headers=headers)).json()["items"] == []
    assert (await service.http.get(f"/v1/clrs/{clr.id}", headers=headers)).status_code == 404
    assert (await service.http.get("/v1/clrs", headers=made.headers)).json()["items"] != []
