"""Keep, suspend, revoke: what a stack's award is worth when a member is lost, stack in stack, and with many at once."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from badgeissuer.jobs.worker import Worker
from badgeissuer.rules.stack_rules import StackDocument
from badgeissuer.rules.terms import AwardState
from badgeissuer.runtime import Runtime
from badgeissuer.services import completing, stacking
from badgeissuer.services.access import operator
from badgeissuer.services.stack_findings import Due, candidates
from badgeissuer.store.stacks import StackVersion
from tests.support import make
from tests.support.app import BASE_URL, MakeRuntime, Service
from tests.support.stacked import Json, Stacked, document, stacked

ONE = "teacher1@schools.example.org"
ACTIVE, SUSPENDED, REVOKED = AwardState.ACTIVE, AwardState.SUSPENDED, AwardState.REVOKED
LOST = {"keep": [ACTIVE], "suspend": [SUSPENDED], "revoke": [REVOKED]}
BACK = {"keep": [ACTIVE], "suspend": [ACTIVE], "revoke": [REVOKED, ACTIVE]}


async def _states(made: Stacked, crown: str | None = None) -> list[AwardState]:
    return [state for state, _ in (await made.crowns(crown)).get(ONE, [])]


def _level(name: str) -> Json:
    return {"results": [{"result_description": "Assessment design", "achieved_level": name}]}


async def _again(made: Stacked, achievement: str, reference: str, **members: Any) -> Json:
    """One more award of it to the same earner."""
    body = make.award_body(achievement, external_reference=reference, **members)
    answer = await made.service.http.post("/v1/awards", json=body, headers=made.headers)
    assert answer.status_code == 201, answer.text
    award: Json = answer.json()
    return award


async def _verdict(made: Stacked, award_of: str) -> str:
    """What anybody is told of the one award of an achievement."""
    listed = await made.service.http.get(f"/v1/awards?achievement={award_of}", headers=made.headers)
    [award] = listed.json()["items"]
    told = await made.service.http.post("/v1/verify", json={"url": award["credential"]["url"]})
    assert told.status_code == 200, told.text
    outcome: str = told.json()["outcome"]
    return outcome


@pytest.mark.parametrize("policy", LOST)
async def test_a_member_that_is_revoked_and_earned_again(service: Service, policy: str) -> None:
    made = await stacked(service, 2)
    await made.publish(document(made.achievements, on_loss=policy))
    first, _ = [await made.award(achievement) for achievement in made.achievements]
    await made.settle()
    service.clock.advance(days=1)
    await made.change(first["id"], "revoke")
    await made.settle()
    assert await _states(made) == LOST[policy]
    service.clock.advance(days=1)
    await _again(made, made.achievements[0], "second attempt")
    await made.settle()
    assert await _states(made) == BACK[policy]


@pytest.mark.parametrize("policy", LOST)
async def test_a_member_that_is_superseded_by_one_that_is_too_low(service: Service, policy: str) -> None:
    made = await stacked(service, 2, duplicates="replace")
    asked = document(made.achievements, on_loss=policy)
    asked["members"][0]["minimum"] = {"at_least": 3}
    await made.publish(asked)
    await made.award(made.achievements[0], **_level("Exemplary"))
    await made.award(made.achievements[1])
    await made.settle()
    assert await _states(made) == [ACTIVE]
    service.clock.advance(days=1)
    await _again(made, made.achievements[0], "lower", **_level("Proficient"))
    await made.settle()
    assert await _states(made) == LOST[policy]
    service.clock.advance(days=1)
    await _again(made, made.achievements[0], "better", **_level("Exemplary"))
    await made.settle()
    assert await _states(made) == BACK[policy]


async def test_a_member_that_is_superseded_by_one_as_good_changes_nothing(service: Service) -> None:
    made = await stacked(service, 2, duplicates="replace")
    await made.publish(document(made.achievements, on_loss="revoke"))
    for achievement in made.achievements:
        await made.award(achievement)
    await made.settle()
    service.clock.advance(days=1)
    await _again(made, made.achievements[0], "newer")
    await made.settle()
    assert await _states(made) == [ACTIVE]


async def _nested(service: Service, *policies: str) -> tuple[Stacked, list[str]]:
    """Three levels: a stack in a stack in a stack, each with a member of its own besides; and what they award."""
    made = await stacked(service, 4)
    crowns = [made.crown]
    crowns += [await make.publish(service, made.headers, document=make.achievement(f"Level {n}")) for n in (2, 3)]
    below = None
    for n, (crown, policy) in enumerate(zip(crowns, policies, strict=True)):
        asked = document(made.achievements[:2] if n == 0 else [made.achievements[n + 1]], on_loss=policy)
        if below is not None:
            asked["members"].append({"key": "below", "title": "Below", "stack": f"{BASE_URL}/stacks/{below}"})
            asked["rule"] = {"all": ["m1", "below"]}
        below, _ = await made.publish(asked, crown=crown)
    await made.settle()
    return made, crowns


async def test_a_loss_goes_up_through_stacks_in_stacks_and_so_does_what_comes_back(service: Service) -> None:
    made, crowns = await _nested(service, "suspend", "suspend", "revoke")
    awards = [await made.award(achievement) for achievement in made.achievements]
    await made.settle()
    assert [await _states(made, crown) for crown in crowns] == [[ACTIVE]] * 3
    service.clock.advance(days=1)
    await made.change(awards[0]["id"], "suspend")
    await made.settle()
    assert [await _states(made, crown) for crown in crowns] == [[SUSPENDED], [SUSPENDED], [REVOKED]]
    service.clock.advance(days=1)
    await made.change(awards[0]["id"], "reinstate")
    await made.settle()
    assert [await _states(made, crown) for crown in crowns] == [[ACTIVE], [ACTIVE], [REVOKED, ACTIVE]]


async def test_a_stack_that_keeps_shields_those_above_it(service: Service) -> None:
    made, crowns = await _nested(service, "suspend", "keep", "revoke")
    awards = [await made.award(achievement) for achievement in made.achievements]
    await made.settle()
    service.clock.advance(days=1)
    await made.change(awards[0]["id"], "revoke")
    await made.settle()
    assert [await _states(made, crown) for crown in crowns] == [[SUSPENDED], [ACTIVE], [ACTIVE]]


async def test_verifiers_are_told_what_became_of_it(service: Service) -> None:
    made = await stacked(service, 2)
    await made.publish(document(made.achievements, on_loss="revoke"))
    awards = [await made.award(achievement) for achievement in made.achievements]
    await made.settle()
    assert await _verdict(made, made.crown) == "valid"
    await made.change(awards[1]["id"], "revoke")
    await made.settle()
    assert await _verdict(made, made.crown) == "revoked"


async def test_two_processes_that_settle_the_same_earner_make_one_award(
    service: Service, make_runtime: MakeRuntime
) -> None:
    made = await stacked(service, 2)
    other = await make_runtime(clock=service.clock, seed=None)
    stack_id, _ = await made.publish(document(made.achievements))
    for achievement in made.achievements:
        for n in range(1, 4):
            await made.award(achievement, n)
    async with service.runtime.begin(operator()) as work:
        version = (await work.session.scalars(select(StackVersion))).one()
        subjects = [row.id for row in await candidates(work, version=version, after=None, limit=10)]

    async def settle(runtime: Runtime, subject_id: UUID) -> Due | None:
        async with runtime.begin(operator()) as work:
            return await completing.settle(work, stack_id=stack_id, subject_id=subject_id)

    told = await asyncio.gather(*(settle(r, s) for s in subjects for r in (service.runtime, other) for _ in range(4)))
    # Whoever came second found it made, or found that things changed meanwhile.
    assert told.count(Due.AWARD) == 3
    assert set(told) <= {Due.AWARD, Due.NOTHING, None}

    # And the jobs, which still wait: that of the publication and those of the awards, in both processes at once.
    async def work_off(runtime: Runtime) -> None:
        worker = Worker(runtime)
        while await worker.run_one():
            pass

    await asyncio.gather(*(work_off(runtime) for runtime in (service.runtime, other) for _ in range(3)))
    found = await made.crowns()
    assert {email: [state for state, _ in each] for email, each in found.items()} == {
        f"teacher{n}@schools.example.org": [ACTIVE] for n in (1, 2, 3)
    }


async def test_the_jobs_of_a_publication_and_of_the_last_awards_race_in_two_processes(
    service: Service, make_runtime: MakeRuntime
) -> None:
    made = await stacked(service, 2)
    other = await make_runtime(clock=service.clock, seed=None)
    for n in range(1, 9):
        await made.award(made.achievements[0], n)

    async def work_off(runtime: Runtime, times: int) -> None:
        worker = Worker(runtime)
        for _ in range(times):
            await worker.run_one()
            await asyncio.sleep(0.005)

    async def late() -> None:
        await asyncio.gather(*(made.award(made.achievements[1], n) for n in range(1, 9)))

    async with service.runtime.begin(operator()) as work:
        stack, _ = await stacking.define_stack(
            work,
            issuer=made.slug,
            achievement_id=UUID(made.crown),
            document=StackDocument.model_validate(document(made.achievements)),
        )
    await asyncio.gather(
        late(), made.publish_draft(stack.id), *(work_off(runtime, 30) for runtime in (service.runtime, other))
    )
    await made.settle()
    found = await made.crowns()
    assert {email: len(each) for email, each in found.items()} == {
        f"teacher{n}@schools.example.org": 1 for n in range(1, 9)
    }
