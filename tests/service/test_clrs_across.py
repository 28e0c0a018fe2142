"""Records across issuers: the operator signs them, and only for the earner who asks."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from sqlalchemy import select

from badgeissuer.errors import NotFound, Rejected, Unavailable
from badgeissuer.rules.terms import ClientKind, JobState, Visibility
from badgeissuer.services import admitting, bundling, bundling_reading
from badgeissuer.store.access import Actor
from badgeissuer.store.awards import Award
from badgeissuer.store.people import EarnerIdentity
from badgeissuer.vc.recipient import is_about
from tests.support import make
from tests.support.app import Service
from tests.support.bundled import (
    EMAIL,
    Bundled,
    bundled,
    foreign,
    member_texts,
    open_world,
    outcomes,
    own_faults,
    row,
    texts,
    verified,
    with_operator,
)

EARNER = Actor(ClientKind.EARNER, "earner", frozenset())


async def _earner(service: Service, email: str = EMAIL) -> UUID:
    async with service.runtime.database.reading() as session:
        query = select(EarnerIdentity.earner_id).where(EarnerIdentity.value == email)
        return (await session.scalars(query)).one()


def _ids(*made: Bundled) -> tuple[UUID, ...]:
    return tuple(UUID(award["id"]) for each in made for award in each.awards)


async def test_an_earner_bundles_what_several_issuers_awarded_and_what_they_brought(service: Service) -> None:
    await with_operator(service)
    kvec, iris = await bundled(service, count=2), await bundled(service, "iris", count=1)
    web = open_world(service)
    earner = await _earner(service)
    async with service.runtime.begin(EARNER) as work:
        badge = await admitting.admit_for_earner(work, earner_id=earner, content=json.dumps(foreign()).encode())
    assert web.asked
    async with service.runtime.begin(EARNER) as work:
        made = await bundling.bundle_for_earner(
            work, earner_id=earner, award_ids=_ids(kvec, iris), admission_ids=(badge.id,), name="All of mine"
        )
    clr = await row(service, made.records[0].id)
    urls = [award["credential"]["url"] for each in (kvec, iris) for award in each.awards]
    assert sorted(member_texts(clr.text)) == sorted([*await texts(service, *urls), json.dumps(foreign())])
    document = json.loads(clr.text)
    assert document["issuer"]["id"] == "did:web:issuer.example:issuers:operator"
    assert document["proof"][0]["verificationMethod"].startswith("did:web:issuer.example:issuers:operator#z6Mk")
    assert (clr.name, clr.partial, clr.choice["across"]) == ("All of mine", False, True)
    subject = document["credentialSubject"]
    assert is_about(subject, [EMAIL]) is True
    members = [member["credentialSubject"]["id"] for member in subject["verifiableCredential"]]
    assert subject["id"] not in members, "the operator's id for a person is no issuer's"
    report = await verified(service, clr.text)
    assert (own_faults(report), outcomes(report)) == ({}, ["valid"] * 4)
    # Its list is the operator's own.
    lists = {document["credentialStatus"]["statusListCredential"]}
    assert lists.isdisjoint(
        member["credentialStatus"]["statusListCredential"] for member in subject["verifiableCredential"]
    )
    # No issuer sees it; the earner and the operator do.
    for each in (kvec, iris):
        listed = await service.http.get("/v1/clrs", headers=each.headers)
        assert listed.json()["items"] == []
        assert (await service.http.get(f"/v1/clrs/{clr.id}", headers=each.headers)).status_code == 404
        shown = await service.http.get("/v1/admitted-badges", headers=each.headers)
        assert shown.json()["items"] == []
    async with service.runtime.begin(EARNER) as work:
        mine = await bundling_reading.records_of_earner(work, earner_id=earner, limit=10)
        assert [each.id for each in mine] == [clr.id]
        assert [each.id for each in await admitting.admitted_for_earner(work, earner_id=earner)] == [badge.id]


async def test_an_issuers_key_bundles_only_its_own(service: Service) -> None:
    await with_operator(service)
    kvec, iris = await bundled(service, count=1), await bundled(service, "iris", count=1)
    open_world(service)
    badge = (await iris.admit(foreign())).json()["id"]
    answer = await kvec.post({"awards": [iris.awards[0]["id"]], "admitted_badges": [badge]}, status=422)
    assert [(each["pointer"], each["code"]) for each in answer.json()["errors"]] == [
        ("/awards/0", "reference"),
        ("/admitted_badges/0", "reference"),
    ]
    for slug in ("iris", "operator"):
        assert (await kvec.post({"issuer": slug}, status=404)).json()["type"].endswith("/not-found")
    answer = await kvec.post({"earner": {"email": "stranger@schools.example.org"}}, status=404)
    assert answer.json()["errors"][0]["pointer"] == "/earner"


async def test_an_earner_takes_back_and_makes_anew_what_is_theirs(service: Service) -> None:
    await with_operator(service)
    kvec = await bundled(service, count=2)
    await kvec.award(n=2)
    earner = await _earner(service)
    other = await _earner(service, "teacher2@schools.example.org")
    async with service.runtime.begin(EARNER) as work:
        made = await bundling.bundle_for_earner(work, earner_id=earner, award_ids=_ids(kvec)[:2])
    clr_id = made.records[0].id
    issuers = await kvec.record()
    async with service.runtime.begin(EARNER) as work:
        for wrong, id_ in ((other, clr_id), (earner, issuers.id)):
            with pytest.raises(NotFound):
                await bundling.revoke_for_earner(work, earner_id=wrong, clr_id=id_, reason="x")
            with pytest.raises(NotFound):
                await bundling.remake_for_earner(work, earner_id=wrong, clr_id=id_)
        with pytest.raises(Rejected) as refused:
            await bundling.bundle_for_earner(work, earner_id=other, award_ids=_ids(kvec)[:1])
        assert refused.value.faults[0].code == "reference"
        with pytest.raises(Rejected):
            await bundling.bundle_for_earner(work, earner_id=earner, award_ids=())
    async with service.runtime.begin(EARNER) as work:
        newer = (await bundling.remake_for_earner(work, earner_id=earner, clr_id=clr_id)).records[0]
    assert (await verified(service, (await row(service, clr_id)).text)).outcome == "revoked"
    async with service.runtime.begin(EARNER) as work:
        await bundling.revoke_for_earner(work, earner_id=earner, clr_id=newer.id, reason="enough")
    assert (await verified(service, (await row(service, newer.id)).text)).outcome == "revoked"


async def test_what_its_earner_has_closed_only_they_put_into_a_record(service: Service) -> None:
    await with_operator(service)
    kvec = await bundled(service, count=2)
    before = await kvec.record()
    await _see(service, kvec.awards[0]["id"], Visibility.CLOSED)
    answer = await kvec.post({"awards": [kvec.awards[0]["id"]]}, status=422)
    assert (answer.json()["errors"][0]["pointer"], answer.json()["errors"][0]["code"]) == ("/awards/0", "closed")
    after = await kvec.record()
    assert (after.members, after.partial) == (1, True)
    for name in ("", ".json", ".png", ".pdf"):
        assert (await service.http.get(f"/clrs/{before.id}{name}")).status_code == 404
    page = await service.http.get(f"/clrs/{before.id}", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["content-type"][:9]) == (404, "text/html")
    earner = await _earner(service)
    async with service.runtime.begin(EARNER) as work:
        made = await bundling.bundle_for_earner(work, earner_id=earner, award_ids=_ids(kvec))
    public = await service.http.get(f"/clrs/{made.records[0].id}.json")
    assert (public.status_code, len(member_texts(public.text))) == (200, 2)
    await _see(service, kvec.awards[0]["id"], Visibility.UNLISTED)
    assert (await service.http.get(f"/clrs/{before.id}.json")).text == before.text


async def _see(service: Service, award_id: str, visibility: Visibility) -> None:
    async with service.runtime.database.writing() as session:
        award = await session.get(Award, UUID(award_id))
        assert award is not None
        award.visibility = visibility


async def test_a_large_one_is_a_job_that_its_earner_follows(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundling, "AT_ONCE", 1)
    await with_operator(service)
    kvec = await bundled(service, count=2)
    earner = await _earner(service)
    async with service.runtime.begin(EARNER) as work:
        made = await bundling.bundle_for_earner(work, earner_id=earner, award_ids=_ids(kvec))
    assert made.records == ()
    assert made.job_id is not None
    async with service.runtime.begin(EARNER) as work:
        waiting = await bundling_reading.making(work, earner_id=earner, job_id=made.job_id)
        with pytest.raises(NotFound):
            await bundling_reading.making(work, earner_id=UUID(int=1), job_id=made.job_id)
    assert (waiting.state, waiting.records) == (JobState.QUEUED, ())
    await kvec.settle()
    async with service.runtime.begin(EARNER) as work:
        done = await bundling_reading.making(work, earner_id=earner, job_id=made.job_id)
    assert (done.state, done.done, done.total, len(done.records)) == (JobState.SUCCEEDED, 2, 2, 1)
    assert (await service.http.get(f"/v1/jobs/{made.job_id}", headers=kvec.headers)).status_code == 404
    # What cannot be made any more says so.
    async with service.runtime.begin(EARNER) as work:
        made = await bundling.bundle_for_earner(work, earner_id=earner, award_ids=_ids(kvec))
    assert made.job_id is not None
    await kvec.change(kvec.awards[0]["id"], "revoke")
    await kvec.settle()
    async with service.runtime.begin(EARNER) as work:
        failed = await bundling_reading.making(work, earner_id=earner, job_id=made.job_id)
    assert (failed.state, failed.records) == (JobState.FAILED, ())
    assert "is revoked" in (failed.error or "")


async def test_without_the_operators_issuer_it_is_not_to_be_had(service: Service) -> None:
    kvec = await bundled(service, count=1)
    earner = await _earner(service)
    async with service.runtime.begin(EARNER) as work:
        with pytest.raises(Unavailable):
            await bundling.bundle_for_earner(work, earner_id=earner, award_ids=_ids(kvec))


async def test_a_proved_did_names_the_person_unless_a_member_names_another(service: Service) -> None:
    headers = await make.register(service)
    achievement = await make.publish(service, headers, duplicates="allow")
    made = Bundled(service, headers, achievement)
    did = "did:web:teacher.example.org"
    await made.award(earner={"email": EMAIL, "did": did, "did_proved": True})
    first = json.loads((await made.record()).text)["credentialSubject"]
    assert first["id"] == first["verifiableCredential"][0]["credentialSubject"]["id"] == did
    other = "did:web:teacher.other.example.org"
    await made.award(earner={"email": EMAIL, "did": other, "did_proved": True})
    clr = await made.record()
    subject = json.loads(clr.text)["credentialSubject"]
    assert subject["id"].startswith("urn:uuid:")
    report = await verified(service, clr.text)
    assert (own_faults(report), report.verified) == ({}, True)
