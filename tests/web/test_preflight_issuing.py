"""Issuing on the condition that the credential imports: the issuer's choice, the refusal, and that nothing stays."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from badgeissuer.store.assessment import Decision
from badgeissuer.store.awards import Award, Credential
from badgeissuer.store.outbox import Event
from badgeissuer.store.people import Subject
from badgeissuer.store.status import StatusEntry
from badgeissuer.vc import preflight
from badgeissuer.vc.preflight import KNOWN_TARGETS, Target
from tests.support import make
from tests.support.app import Service

KNOWN = [target.value for target in KNOWN_TARGETS]
# What the standard allows, and the 3.0.3 contexts inside these two wallets do not know.
ENDORSED = make.achievement(endorsementJwt=["eyJhbGciOiJFUzI1NiJ9.e30.c2ln"])


async def _patch(service: Service, headers: dict[str, str], body: Any) -> Any:
    return await service.http.patch("/v1/issuers/kvec", json=body, headers=headers)


async def _counts(service: Service) -> list[int]:
    rows = (Decision, Award, Credential, StatusEntry, Subject, Event)
    async with service.runtime.database.reading() as session:
        return [int(await session.scalar(select(func.count()).select_from(row)) or 0) for row in rows]


async def _try(service: Service, headers: dict[str, str], achievement: str) -> Any:
    body = make.award_body(achievement, external_reference="one")
    return await service.http.post("/v1/awards", json=body, headers=headers)


async def test_an_issuer_chooses_where_its_credentials_must_import(service: Service) -> None:
    platform = await service.platform()
    body = {"slug": "kvec", "profile": make.profile(), "preflight_targets": ["canvas", "learncard", "canvas"]}
    made = await service.http.post("/v1/issuers", json=body, headers=platform)
    assert (made.status_code, made.json()["preflight_targets"]) == (201, ["canvas", "learncard"])
    own = await service.as_issuer("kvec")
    for change, expected in [
        ({"profile": {"description": "other"}}, ["canvas", "learncard"]),
        ({"preflight_targets": []}, []),
        ({"profile": {"phone": "1"}, "preflightTargets": ["credly"]}, ["credly"]),
        ({"preflight_targets": None}, KNOWN),
    ]:
        answer = await _patch(service, own, change)
        assert (answer.status_code, answer.json()["preflight_targets"]) == (200, expected), change
        read = (await service.http.get("/v1/issuers/kvec", headers=own)).json()
        assert (read["preflight_targets"], read["profile"]["description"]) == (expected, "other")
    assert read["revision"] == 5
    async with service.runtime.database.reading() as session:
        events = await session.scalars(select(Event).where(Event.type == "issuer.updated").order_by(Event.position))
        assert [event.data["members"] for event in events] == [
            ["description"], ["preflight_targets"], ["phone", "preflight_targets"], ["preflight_targets"],
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("targets", "pointer"),
    [
        (["learncard", "wallet"], "/preflight_targets/1"),
        (["learncard", "linkedin"], "/preflight_targets/1"),
        ("learncard", "/preflight_targets"),
    ],
)
async def test_what_cannot_be_chosen_is_refused_by_name(service: Service, targets: object, pointer: str) -> None:
    platform = await service.platform()
    body = {"slug": "kvec", "profile": make.profile(), "preflight_targets": targets}
    refused = await service.http.post("/v1/issuers", json=body, headers=platform)
    assert (await service.http.get("/issuers/kvec")).status_code == 404
    own = await make.register(service)
    changed = await _patch(service, own, {"preflight_targets": targets})
    for answer in (refused, changed):
        assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, [pointer])
    assert (await service.http.get("/v1/issuers/kvec", headers=own)).json()["revision"] == 1


async def test_a_change_that_says_nothing_is_refused(service: Service) -> None:
    own = await make.register(service)
    answer = await _patch(service, own, {})
    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, [""])
    assert (await _patch(service, own, {"profile": None})).status_code == 422


async def test_what_a_chosen_target_refuses_is_not_issued_and_leaves_nothing(service: Service) -> None:
    own = await make.register(service)
    achievement = await make.publish(service, own, document=ENDORSED)
    before = await _counts(service)
    answer = await _try(service, own, achievement)
    assert answer.status_code == 422, answer.text
    problem = answer.json()
    assert problem["type"].endswith("/problems/will-not-import")
    assert problem["errors"] == [
        {
            "pointer": "/achievement",
            "detail": f"{target}: the edition of the 3.0.3 context in this engine does not define endorsementJwt; "
            "embed endorsements as JSON (endorsement)",
            "code": "endorsement-jwt",
        }
        for target in ("learner-credential-wallet", "learncard")
    ]
    assert await _counts(service) == before
    decision = {
        "achievement": achievement,
        "earner": {"email": "teacher1@schools.example.org"},
        "outcome": "awarded",
        "assessor": {"name": "Dana"},
        "decided_at": "2026-11-20T10:00:00Z",
        "external_reference": "two",
    }
    answer = await service.http.post("/v1/decisions", json=decision, headers=own)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (422, "will-not-import")
    assert await _counts(service) == before

    # The same request again, now that its issuer asks only for targets that take it.
    assert (
        await _patch(service, own, {"preflight_targets": ["1edtech-validator", "openbadgeslib"]})
    ).status_code == 200
    assert (await _try(service, own, achievement)).status_code == 201
    # And where it asks for nothing.
    await _patch(service, own, {"preflight_targets": []})
    answer = await service.http.post("/v1/decisions", json={**decision, "earner": {"did": "did:key:z6Mk"}}, headers=own)
    assert answer.status_code == 201, answer.text


async def test_what_is_only_unknown_is_issued(service: Service) -> None:
    own = await make.register(service)
    await _patch(service, own, {"preflight_targets": ["canvas", "learner-credential-wallet"]})
    achievement = await make.publish(service, own, document=make.achievement("Évaluation"))
    award = await make.award(service, own, achievement)
    text = (await service.http.get(award["credential"]["url"])).content
    assert {preflight.preflight(text, target).verdict.value for target in (Target.CANVAS, KNOWN_TARGETS[1])} == {
        "unknown"
    }


async def test_the_draft_is_judged_as_what_is_signed_will_be(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[tuple[preflight.Preflight, ...]] = []
    real = preflight.answer_prepared

    def seen(*arguments: Any) -> tuple[preflight.Preflight, ...]:
        judged.append(real(*arguments))
        return judged[-1]

    monkeypatch.setattr(preflight, "answer_prepared", seen)
    monkeypatch.setattr(preflight, "canonicalize", None)  # the form that is signed is used again
    own = await make.register(service)
    await _patch(service, own, {"preflight_targets": [t.value for t in Target if t is not Target.LINKEDIN]})
    award = await make.award(service, own, await make.publish(service, own))
    monkeypatch.undo()
    text = (await service.http.get(award["credential"]["url"])).content
    assert judged == [preflight.preflight_all(text, preflight.IMPORTERS)]
