"""Records of an issuer: members as they are, the truth about each, and what is said of how they belong together."""

from __future__ import annotations

import json
import resource
from typing import Any
from uuid import UUID

import pytest
from jsonschema import Draft201909Validator, FormatChecker
from sqlalchemy import select

from badgeissuer.rules.splitting import PEER_BYTES
from badgeissuer.rules.terms import ClrState
from badgeissuer.services import bundling, bundling_choice
from badgeissuer.services.access import operator
from badgeissuer.store.clrs import AdmittedBadge, Clr, ClrMember
from badgeissuer.store.status import StatusEntry, StatusList
from badgeissuer.vc import strictjson
from badgeissuer.vc.limits import MIB
from badgeissuer.vc.verify import Outcome, Report, Verdict
from tests.support import make
from tests.support.app import BASE_URL, Service
from tests.support.bundled import (
    EMAIL,
    MEMBERS,
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
)
from tests.support.figures import Figure
from tests.support.shared import shared_path
from tests.support.stacked import document as stack_document
from tests.support.stacked import stacked

Json = dict[str, Any]
SCHEMA = "standards/json-schema/clr-v2p0-jsonld/clr_v2p0_clrcredential_schema.json"


def _schema_faults(document: Json) -> list[str]:
    schema = json.loads(shared_path(SCHEMA).read_text(encoding="utf-8"))
    schema["$schema"] = str(schema["$schema"]).rstrip("#")
    validator = Draft201909Validator(schema, format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(document)]


def _peak() -> int:
    """The most memory that this process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


async def _editions(service: Service) -> int:
    """How often status lists were signed, all taken together."""
    async with service.runtime.database.reading() as session:
        return sum((await session.scalars(select(StatusList.version))).all())


async def _places(service: Service, clr: Clr) -> list[ClrMember]:
    async with service.runtime.database.reading() as session:
        query = select(ClrMember).where(ClrMember.clr_id == clr.id).order_by(ClrMember.position)
        return list((await session.scalars(query)).all())


@pytest.mark.parametrize("count", [1, 10, 100, pytest.param(1_000, marks=pytest.mark.long)])
async def test_every_member_stands_in_the_record_as_it_was_issued_and_verifies(
    service: Service, count: int, figure: Figure
) -> None:
    made = await bundled(service, count=count)
    before = _peak()
    answer = await made.post(status=202 if count > bundling.AT_ONCE else 201)
    if count > bundling.AT_ONCE:
        assert await made.settle() == 1
        path = answer.headers["location"].removeprefix(BASE_URL)
        job = (await service.http.get(path, headers=made.headers)).json()
        assert (job["state"], job["done"], job["total"]) == ("succeeded", count, count)
        clr = await row(service, job["result"]["records"][0])
    else:
        clr = await row(service, answer.json()["records"][0]["id"])
    grown = _peak() - before
    figure(f"a record of {count} members has {clr.size} bytes; making it took {grown} MiB of memory")
    assert grown <= 32 + 40 * clr.size // MIB
    assert (clr.members, clr.partial, clr.size) == (count, False, len(clr.text.encode()))
    places = await _places(service, clr)
    urls = [f"{BASE_URL}/credentials/{place.credential_id}" for place in places]
    assert member_texts(clr.text) == await texts(service, *urls)
    assert {str(place.award_id) for place in places} == {award["id"] for award in made.awards}
    report = await verified(service, clr.text)
    assert (own_faults(report), report.outcome, outcomes(report)) == ({}, Outcome.VALID, ["valid"] * count)
    document = strictjson.loads_object(clr.text.encode(), max_bytes=clr.size)
    assert _schema_faults(document) == []
    assert (document["id"], document["partial"], document["proof"][0]["cryptosuite"]) == (
        f"{BASE_URL}/clrs/{clr.id}",
        False,
        "eddsa-rdfc-2022",
    )
    assert (await service.http.get(f"/clrs/{clr.id}.json")).text == clr.text


async def test_a_record_tells_the_truth_about_a_revoked_an_expired_and_a_foreign_member(service: Service) -> None:
    made = await bundled(service, count=1)
    web = open_world(service)
    (revoked,) = await made.award(decided_at="2026-11-21T00:00:00Z")
    (expired,) = await made.award(decided_at="2026-11-22T00:00:00Z", valid_until="2026-12-01T00:00:00Z")
    badge = (await made.admit(foreign())).json()
    clr = await made.record({"admitted_badges": [badge["id"]]})
    await made.change(revoked["id"], "revoke")
    service.clock.advance(days=30)
    report = await verified(service, clr.text)
    names = [json.loads(text)["id"] for text in member_texts(clr.text)]
    found = dict(zip(names, outcomes(report), strict=True))
    assert found == {
        made.awards[0]["credential"]["url"]: "valid",
        revoked["credential"]["url"]: "revoked",
        expired["credential"]["url"]: "expired",
        foreign()["id"]: "valid",
    }
    assert (own_faults(report), report.verified) == ({}, False)
    told = report.check(8).detail
    for place in [n for n, name in enumerate(names) if found[name] != "valid"]:
        assert f"credential at {MEMBERS}/{place}: {found[names[place]]}" in told
    # Of one from elsewhere nothing is known when its host is silent, and that is what is said.
    web.pages.clear()
    report = await verified(service, clr.text)
    assert outcomes(report)[names.index(foreign()["id"])] == "not_checked"


async def test_a_foreign_text_stands_in_the_record_as_it_came(service: Service) -> None:
    made = await bundled(service, count=1)
    open_world(service)
    text = json.dumps(foreign(), indent=2, ensure_ascii=True).replace("1.5", "15e-1")
    badge = (await made.admit(b"\xef\xbb\xbf\n" + text.encode() + b"\r\n")).json()
    clr = await made.record({"admitted_badges": [badge["id"]]})
    assert text in member_texts(clr.text)
    async with service.runtime.database.reading() as session:
        kept = (await session.scalars(select(AdmittedBadge))).one()
    assert (kept.text, str(kept.id), kept.name, kept.verdict) == (text, badge["id"], "Assessment Literacy", "valid")
    report = await verified(service, clr.text)
    assert (own_faults(report), outcomes(report)) == ({}, ["valid", "valid"])


async def test_tampering_with_a_badge_inside_is_named_by_its_place(service: Service) -> None:
    made = await bundled(service, count=4)
    clr = await made.record()
    document = json.loads(clr.text)
    document["credentialSubject"]["verifiableCredential"][2]["awardedDate"] = "2020-01-01T00:00:00Z"
    report = await verified(service, json.dumps(document))
    assert report.outcome is Outcome.INVALID
    assert own_faults(report).keys() == {"proof", "status"}
    # The record's own signature says that something was changed, and the badges in it say what.
    assert outcomes(report) == ["valid", "valid", "invalid", "valid"]
    assert _named(report) == [f"credential at {MEMBERS}/2"]
    for place, member in enumerate(document["credentialSubject"]["verifiableCredential"]):
        assert (await verified(service, json.dumps(member))).verified is (place != 2)
    answer = await service.http.post("/v1/verify", json=document)
    checks = answer.json()["checks"]
    assert f"credential at {MEMBERS}/2" in str([check for check in checks if check["number"] == 8])
    unsigned = json.loads(clr.text)
    del unsigned["credentialSubject"]["verifiableCredential"][1]["proof"]
    assert f"credential at {MEMBERS}/1" in _named(await verified(service, json.dumps(unsigned)))
    shortened = json.loads(clr.text)
    del shortened["credentialSubject"]["verifiableCredential"][0]
    report = await verified(service, json.dumps(shortened))
    assert (report.outcome, _named(report)) == (Outcome.INVALID, [])


async def test_a_tampered_badge_in_a_record_that_is_signed_is_named_by_its_place(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody has the database, and the record is signed over what they put there."""
    from badgeissuer.services import bundling_making
    from badgeissuer.services.bundling_facts import Placed

    made = await bundled(service, count=4)
    real = bundling_making._placed

    def tampered(*given: Any) -> list[Placed]:
        placed = real(*given)
        changed = {**placed[2].document, "name": "Something better"}
        placed[2] = Placed(placed[2].source, strictjson.dumps(changed), changed)
        return placed

    monkeypatch.setattr(bundling_making, "_placed", tampered)
    report = await verified(service, (await made.record()).text)
    assert (own_faults(report), report.outcome) == ({}, Outcome.INVALID)
    assert outcomes(report) == ["valid", "valid", "invalid", "valid"]
    assert _named(report) == [f"credential at {MEMBERS}/2"]


def _named(report: Report) -> list[str]:
    return [part.name for part in report.check(8).parts if part.verdict is Verdict.FAILED]


async def test_partial_says_whether_its_signer_knows_of_more_that_stands(service: Service) -> None:
    made = await bundled(service, count=3)
    open_world(service)
    first, second, third = (award["id"] for award in made.awards)
    other = await bundled(service, "iris")
    await other.award()  # another issuer's is not known to this one
    assert not (await made.record()).partial
    assert (await made.record({"awards": [first, second]})).partial
    assert (await made.record({"awards": [first]})).partial
    await made.change(third, "revoke")
    assert not (await made.record({"awards": [first, second]})).partial, "what was revoked is no assertion any more"
    await made.change(second, "suspend")
    assert (await made.record({"awards": [first]})).partial, "what is suspended still is one"
    badge = (await made.admit(foreign())).json()["id"]
    assert (await made.record()).partial
    assert not (await made.record({"admitted_badges": [badge]})).partial


async def test_filters_choose_by_achievement_state_day_and_stack(service: Service) -> None:
    made = await stacked(service, 3)
    stack_id, _ = await made.publish(stack_document(made.achievements[:2]))
    kvec = Bundled(service, made.headers, made.achievements[0])
    for n, achievement in enumerate(made.achievements):
        await kvec.award(achievement=achievement, decided_at=f"2026-11-{18 + n}T10:00:00Z")
    by = {award["achievement"]["name"]: award["id"] for award in kvec.awards}

    async def held(body: Json) -> set[str]:
        places = await _places(service, await kvec.record(body))
        return {name for name, id_ in by.items() if id_ in {str(place.award_id) for place in places}}

    assert await held({"achievements": made.achievements[1:]}) == {"Member 2", "Member 3"}
    assert await held({"awarded_from": "2026-11-19T10:00:00Z"}) == {"Member 2", "Member 3"}
    assert await held({"awarded_before": "2026-11-19T10:00:00Z"}) == {"Member 1"}
    assert await held({"stack": str(stack_id)}) == {"Member 1", "Member 2"}
    await kvec.change(by["Member 1"], "revoke")
    assert await held({}) == {"Member 2", "Member 3"}
    assert await held({"states": ["revoked", "active"]}) == set(by)
    assert await held({"states": ["revoked"]}) == {"Member 1"}


async def test_associations_come_from_stacks_and_what_is_not_earned_is_defined(service: Service) -> None:
    made = await stacked(service, 3)
    sent = stack_document(made.achievements)
    sent["members"][1]["requires"] = ["m1"]
    sent["members"][0]["alternatives"] = [f"{BASE_URL}/achievements/{made.achievements[2]}"]
    sent["members"].pop(2)
    sent["rule"] = {"at_least": 2}
    stack_id, _ = await made.publish(sent)
    kvec = Bundled(service, made.headers, made.achievements[0])
    one, two, three = (f"{BASE_URL}/achievements/{each}" for each in made.achievements)
    crown = f"{BASE_URL}/achievements/{made.crown}"
    await kvec.award(achievement=made.achievements[0])
    await kvec.award(achievement=made.achievements[2])
    clr = await kvec.record()
    subject = json.loads(clr.text)["credentialSubject"]
    assert [definition["id"] for definition in subject["achievement"]] == [crown]
    assert _links(subject) == {("isPartOf", one, crown), ("isPartOf", three, crown), ("exactMatchOf", three, one)}
    await kvec.award(achievement=made.achievements[1])
    await made.settle()  # it is complete, and the stack's own award is made
    clr = await kvec.record()
    subject = json.loads(clr.text)["credentialSubject"]
    assert "achievement" not in subject
    assert _links(subject) >= {("isPartOf", two, crown), ("precedes", one, two), ("precedes", three, two)}
    assert clr.members == 4
    report = await verified(service, clr.text)
    assert (own_faults(report), report.verified) == ({}, True)
    assert "association" not in report.check(7).detail
    # A stack in a stack: what the lower one awards is a child of what the upper one would award.
    upper = await make.publish(service, made.headers, document=make.achievement("Upper"))
    nested = stack_document(made.achievements[:1], {"at_least": 2})
    nested["members"].append({"key": "below", "title": "Below", "stack": f"{BASE_URL}/stacks/{stack_id}"})
    await made.publish(nested, crown=upper)
    subject = json.loads((await kvec.record()).text)["credentialSubject"]
    top = f"{BASE_URL}/achievements/{upper}"
    assert [definition["id"] for definition in subject["achievement"]] == [top]
    assert _links(subject) >= {("isChildOf", crown, top), ("isParentOf", top, crown), ("isPartOf", one, top)}


def _links(subject: Json) -> set[tuple[str, str, str]]:
    return {(each["associationType"], each["sourceId"], each["targetId"]) for each in subject["association"]}


async def test_endorsements_of_what_is_in_it_stand_beside_the_members(service: Service) -> None:
    made = await bundled(service, count=2)
    kde = await make.register(service, "kde")
    url = made.awards[0]["credential"]["url"]
    for of in ({"award": url}, {"achievement": made.achievement}, {"issuer": "kvec"}):
        answer = await service.http.post("/v1/endorsements", json={"of": of, "comment": "Fits."}, headers=kde)
        assert answer.status_code == 201, answer.text
    clr = await made.record()
    document = json.loads(clr.text)
    subjects = [each["credentialSubject"]["id"] for each in document["endorsement"]]
    assert subjects == [url, f"{BASE_URL}/achievements/{made.achievement}", "did:web:issuer.example:issuers:kvec"]
    report = await verified(service, clr.text)
    assert (own_faults(report), report.verified, len(report.nested)) == ({}, True, 5)
    assert _schema_faults(document) == []
    listed = (await service.http.get("/v1/endorsements", headers=kde)).json()["items"]
    await service.http.post(f"/v1/endorsements/{listed[0]['id']}/revoke", json={"reason": "over"}, headers=kde)
    assert len(json.loads((await made.record()).text)["endorsement"]) == 2
    # Who endorses holds no switch to the record.
    assert (await verified(service, clr.text)).verified


async def test_evidence_is_told_once_without_its_links(service: Service) -> None:
    made = await bundled(service)
    evidence = [{"name": "Plan", "genre": "Lesson plan", "url": "https://files.example.org/1", "share": True}]
    await made.award(2, evidence=evidence)
    video = [{"name": "Video", "description": "Nine minutes.", "sha256": "ab" * 32}]
    await made.award(evidence=video, decided_at="2026-11-21T10:00:00Z")
    document = json.loads((await made.record()).text)
    assert [(each["name"], each.get("genre"), each.get("id")) for each in document["evidence"]] == [
        ("Plan", "Lesson plan", None),
        ("Video", None, None),
    ]
    assert document["evidence"][1]["digestMultibase"].startswith("uEi")


async def test_a_large_record_is_split_and_stacks_stay_together(service: Service) -> None:
    stack = await stacked(service, 2)
    await stack.publish(stack_document(stack.achievements, {"at_least": 2}))
    plain = {"resultDescription": make.achievement()["resultDescription"]}
    achievement = await make.publish(
        service, stack.headers, document=make.achievement("Often", **plain), duplicates="allow"
    )
    made = Bundled(service, stack.headers, achievement)
    await made.award(achievement=stack.achievements[0], decided_at="2026-11-01T10:00:00Z")
    await made.award(72)
    await made.award(achievement=stack.achievements[1], decided_at="2026-11-23T10:00:00Z")
    await made.settle()  # the stack's own award comes to it, and is the newest
    whole = (await made.post()).json()["records"][0]
    assert (whole["bytes"] > PEER_BYTES, whole["members"]) == (True, 75)
    assert [each["code"] for each in whole["advice"]] == ["larger-than-peers-read"]
    answer = (await made.post({"split": True, "name": "All"})).json()["records"]
    records = [await row(service, each["id"]) for each in answer]
    count = len(records)
    assert count > 1
    assert [clr.name for clr in records] == [f"All ({n} of {count})" for n in range(1, count + 1)]
    assert [clr.part_of_id for clr in records] == [None] + [records[0].id] * (count - 1)
    assert [each["advice"] for each in answer] == [[]] * count
    assert answer[0]["parts"] == [clr.url for clr in records[1:]]
    assert {each["part_of"] for each in answer[1:]} == {records[0].url}
    assert max(clr.size for clr in records) <= PEER_BYTES
    assert sum(clr.members for clr in records) == 75
    assert all(clr.partial for clr in records)
    for clr in records:
        assert (await verified(service, clr.text)).verified
    subjects = [json.loads(clr.text)["credentialSubject"] for clr in records]
    assert sorted(len(subject.get("association", ())) for subject in subjects) == [0] * (count - 1) + [2]
    seats = [json.loads(clr.text)["credentialStatus"]["id"] for clr in records]
    assert len(set(seats)) == count
    # A part alone is neither revoked nor made anew; the whole is, with all of its parts.
    for action, body in (("revoke", {"reason": "x"}), ("remake", {})):
        refused = await service.http.post(f"/v1/clrs/{records[1].id}/{action}", json=body, headers=made.headers)
        assert (refused.status_code, refused.json()["existing"]) == (409, str(records[0].id))
    before = await _editions(service)
    await service.http.post(f"/v1/clrs/{records[0].id}/revoke", json={"reason": "x"}, headers=made.headers)
    assert await _editions(service) == before + 1, "their list is signed once for all of them"
    for clr in records:
        assert (await verified(service, clr.text)).outcome is Outcome.REVOKED
        assert (await row(service, clr.id)).state is ClrState.REVOKED


async def test_a_newer_edition_takes_the_place_of_the_old_one(service: Service) -> None:
    made = await bundled(service)
    replacing = await make.publish(service, made.headers, document=make.achievement("Replaced"), duplicates="replace")
    await made.award(achievement=replacing)
    await made.award(2)
    chosen = [award["id"] for award in made.awards]
    old = await made.record({"awards": chosen, "name": "Chosen"})
    await made.change(chosen[1], "revoke")
    (newer,) = await made.award(achievement=replacing)
    answer = await service.http.post(f"/v1/clrs/{old.id}/remake", json={}, headers=made.headers)
    assert answer.status_code == 201, answer.text
    new = await row(service, answer.json()["records"][0]["id"])
    held = {str(place.award_id) for place in await _places(service, new)}
    assert (held, new.name) == ({newer["id"], chosen[2]}, "Chosen")
    shown = (await service.http.get(f"/v1/clrs/{old.id}", headers=made.headers)).json()
    assert (shown["state"], shown["superseded_by"]) == ("revoked", new.url)
    public = await service.http.get(f"/clrs/{old.id}.json")
    assert (public.text, public.headers["link"]) == (old.text, f'<{new.url}>; rel="successor-version"')
    assert (await verified(service, old.text)).outcome is Outcome.REVOKED
    assert (await verified(service, new.text)).verified
    again = await service.http.post(f"/v1/clrs/{old.id}/remake", json={}, headers=made.headers)
    assert (again.status_code, again.json()["existing"]) == (409, str(new.id))
    answer = await service.http.post(f"/v1/clrs/{new.id}/remake", json={"keep": True}, headers=made.headers)
    assert answer.status_code == 201
    assert (await verified(service, new.text)).verified
    for award_id in (newer["id"], chosen[2]):
        await made.change(award_id, "revoke")
    last = answer.json()["records"][0]["id"]
    answer = await service.http.post(f"/v1/clrs/{last}/remake", json={}, headers=made.headers)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "empty")


async def test_every_index_has_its_document(service: Service) -> None:
    made = await bundled(service, count=2)
    await made.record()
    await made.record({"split": True})
    async with service.runtime.database.reading() as session:
        entries = set((await session.scalars(select(StatusEntry.credential_id))).all())
        clrs = set((await session.scalars(select(Clr.id))).all())
    assert clrs <= entries
    assert len(entries) == len(clrs) + 2


async def test_what_moves_while_a_record_is_made_is_seen(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """An award is revoked between reading and writing: the record is made again, of what stands then."""
    made = await bundled(service, count=3)
    from badgeissuer.services import bundling_making
    from badgeissuer.services.identifying import EarnerGiven

    real, calls = bundling_making.make, []

    async def slow(work: Any, **given: Any) -> Any:
        parts = await real(work, **given)
        calls.append(len(given["chosen"].sources))
        if len(calls) == 1:
            await made.change(made.awards[0]["id"], "revoke")
            await service.http.post("/v1/issuers/kvec/keys/rotate", json={"now": True}, headers=made.headers)
        return parts

    monkeypatch.setattr(bundling_making, "make", slow)
    async with service.runtime.begin(operator()) as work:
        got = await bundling.bundle(
            work, issuer="kvec", earner=EarnerGiven(email=EMAIL), choice=bundling_choice.Choice()
        )
    assert calls == [3, 2]
    clr = await row(service, got.records[0].id)
    assert clr.members == 2
    assert (await verified(service, clr.text)).verified
    async with service.runtime.database.reading() as session:
        entries = set((await session.scalars(select(StatusEntry.credential_id))).all())
    assert len(entries) == 4
    assert clr.id in entries


async def test_a_choice_survives_a_job(service: Service) -> None:
    made = await bundled(service, count=1)
    choice = bundling_choice.Choice(
        award_ids=(UUID(made.awards[0]["id"]),),
        achievement_ids=(UUID(made.achievement),),
        stack_id=UUID(int=1),
        awarded_from=service.clock.now,
        awarded_before=service.clock.now,
        split=True,
    )
    assert bundling_choice.Choice.of_json(json.loads(json.dumps(choice.as_json()))) == choice
    assert bundling_choice.Choice.of_json(bundling_choice.Choice().as_json()) == bundling_choice.Choice()
