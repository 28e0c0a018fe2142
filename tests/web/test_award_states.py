"""Revoke, suspend, reinstate: what the award says, what its signed status list says, and who can see it."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest

from badgeissuer.vc.status import Bits
from tests.support import make
from tests.support.app import BASE_URL, Service
from tests.support.counting import row_counts

Headers = dict[str, str]
Json = dict[str, Any]


@pytest.fixture
async def headers(service: Service) -> Headers:
    return await make.register(service)


async def change(
    service: Service, headers: Headers, award: Json, action: str, reason: str = "evidence was borrowed"
) -> httpx2.Response:
    return await service.http.post(f"/v1/awards/{award['id']}/{action}", json={"reason": reason}, headers=headers)


async def bit(service: Service, award: Json) -> bool:
    """What the public status list says of the award's credential."""
    document = (await service.http.get(award["credential"]["url"].removeprefix(BASE_URL))).json()
    entry = document["credentialStatus"]
    published = (await service.http.get(entry["statusListCredential"].removeprefix(BASE_URL))).json()
    assert published["credentialSubject"]["statusPurpose"] == entry["statusPurpose"]
    return Bits.from_encoded(published["credentialSubject"]["encodedList"]).get(int(entry["statusListIndex"]))


# Purpose of the version; then step by step: action, state, whether the bit is set, whether others can tell.
COURSES = {
    "revocation": [
        ("suspend", "suspended", False, False),
        ("reinstate", "active", False, True),
        ("suspend", "suspended", False, False),
        ("revoke", "revoked", True, True),
    ],
    "suspension": [
        ("suspend", "suspended", True, True),
        ("reinstate", "active", False, True),
        ("revoke", "revoked", True, True),
    ],
}


@pytest.mark.parametrize("purpose", COURSES)
async def test_each_step_is_published_before_it_is_answered(service: Service, headers: Headers, purpose: str) -> None:
    achievement = await make.publish(service, headers, status_purpose=purpose)
    award = await make.award(service, headers, achievement)
    bystander = await make.award(service, headers, achievement, 2)
    assert await bit(service, award) is False
    for n, (action, state, set_, visible) in enumerate(COURSES[purpose]):
        service.clock.advance(minutes=1)
        answer = await change(service, headers, award, action, f"reason {n}")
        assert answer.status_code == 200, answer.text
        said = answer.json()
        assert (said["state"], said["state_reason"], said["visible_to_third_parties"]) == (
            state,
            f"reason {n}",
            visible,
        )
        assert said["state_changed_at"] == f"2026-11-24T09:{31 + n}:00Z"
        assert (await bit(service, award), await bit(service, bystander)) == (set_, False)
        assert (await service.http.get(f"/v1/awards/{award['id']}", headers=headers)).json() == said
    # The end is final, and the credential is still served.
    for action in ("revoke", "suspend", "reinstate"):
        refused = await change(service, headers, award, action)
        assert (refused.status_code, refused.json()["type"]) == (409, f"{BASE_URL}/problems/illegal-transition")
    assert await bit(service, award) is True
    assert (await service.http.get(award["credential"]["url"].removeprefix(BASE_URL))).status_code == 200


async def test_what_is_active_cannot_be_reinstated(service: Service, headers: Headers) -> None:
    award = await make.award(service, headers, await make.publish(service, headers))
    before = await row_counts(service.runtime)
    assert (await change(service, headers, award, "reinstate")).status_code == 409
    assert await row_counts(service.runtime) == before


async def test_a_reason_is_needed(service: Service, headers: Headers) -> None:
    award = await make.award(service, headers, await make.publish(service, headers))
    before = await row_counts(service.runtime)
    for action in ("revoke", "suspend", "reinstate"):
        for reason in ({}, {"reason": ""}, {"reason": "  "}, {"reason": "x" * 501}, {"reason": None}, {"reason": 7}):
            answer = await service.http.post(f"/v1/awards/{award['id']}/{action}", json=reason, headers=headers)
            assert (answer.status_code, [e["pointer"] for e in answer.json()["errors"]]) == (422, ["/reason"])
    assert await row_counts(service.runtime) == before


async def test_a_marked_repeat_gets_the_first_answer(service: Service, headers: Headers) -> None:
    award = await make.award(service, headers, await make.publish(service, headers))
    marked = {**headers, "Idempotency-Key": "revoke-1"}
    first = await change(service, marked, award, "revoke")
    again = await change(service, marked, award, "revoke")
    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)
    assert again.headers["Idempotent-Replay"] == "true"
    assert (await change(service, marked, award, "revoke", "another reason")).status_code == 422
    other = await make.award(service, headers, award["achievement"]["id"], 2)
    assert (await change(service, marked, other, "revoke")).status_code == 422


async def test_another_tenants_award_cannot_be_changed(service: Service, headers: Headers) -> None:
    award = await make.award(service, headers, await make.publish(service, headers))
    theirs = await make.register(service, "digital-promise")
    for action in ("revoke", "suspend", "reinstate"):
        assert (await change(service, theirs, award, action)).status_code == 404
        assert (await change(service, {**theirs, "Idempotency-Key": action}, award, action)).status_code == 404
        assert (await change(service, headers, {"id": "not-an-id"}, action)).status_code == 404
    weak = await service.as_issuer("kvec", scopes=("awards:read", "awards:write"))
    assert (await change(service, weak, award, "revoke")).status_code == 403
    assert await bit(service, award) is False


async def test_many_revocations_at_once_lose_no_bit(service: Service, headers: Headers) -> None:
    achievement = await make.publish(service, headers)
    awards = [await make.award(service, headers, achievement, n) for n in range(12)]
    answers = await asyncio.gather(*(change(service, headers, award, "revoke") for award in awards[:10]))
    assert [answer.status_code for answer in answers] == [200] * 10
    assert [await bit(service, award) for award in awards] == [True] * 10 + [False] * 2


async def test_a_revocation_wins_over_every_other_step(service: Service, headers: Headers) -> None:
    achievement = await make.publish(service, headers, status_purpose="suspension")
    for n in range(5):
        award = await make.award(service, headers, achievement, n)
        assert (await change(service, headers, award, "suspend")).status_code == 200
        answers = await asyncio.gather(
            *(change(service, headers, award, action) for action in ("reinstate", "revoke", "reinstate"))
        )
        assert answers[1].status_code == 200
        assert {answer.status_code for answer in answers} <= {200, 409}
        read = (await service.http.get(f"/v1/awards/{award['id']}", headers=headers)).json()
        assert (read["state"], await bit(service, award)) == ("revoked", True)
