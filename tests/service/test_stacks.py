"""Stacks complete by themselves: at an award, retroactively, nested, never twice; and what becomes of a lost member."""

from __future__ import annotations

import asyncio

import pytest

from badgeissuer.rules.terms import AwardState, DecisionSource, JobState
from tests.support import make
from tests.support.app import Service
from tests.support.stacked import Stacked, document, jobs, stacked

ONE = "teacher1@schools.example.org"
ACTIVE, SUSPENDED, REVOKED = AwardState.ACTIVE, AwardState.SUSPENDED, AwardState.REVOKED


async def _states(made: Stacked, crown: str | None = None) -> list[AwardState]:
    return [state for state, _ in (await made.crowns(crown)).get(ONE, [])]


async def test_the_last_member_completes_the_stack_once(service: Service) -> None:
    made = await stacked(service)
    stack_id, _ = await made.publish(document(made.achievements))
    assert await made.settle() == 1
    members = []
    for achievement in made.achievements:
        assert await _states(made) == []
        members.append(await made.award(achievement))
        await made.settle()
    ((state, decision),) = (await made.crowns())[ONE]
    assert state is ACTIVE
    assert (decision.source, decision.rule) == (DecisionSource.STACK, f"stack:{stack_id}:v1")
    assert decision.decided_by == "the stack Teaching Rural Students From Poverty, version 1"
    assert decision.reason == (
        "the stack 'Teaching Rural Students From Poverty', version 1, was completed on 2026-11-20 by the awards "
        + "; ".join(f"Member {n}: {award['id']}" for n, award in enumerate(members, 1))
    )
    # An evaluation leaves no row; what the publication started tells what it did.
    (job,) = await jobs(service.runtime)
    assert (job.state, job.done, job.total, job.result) == (JobState.SUCCEEDED, 0, 0, {})
    assert await made.settle() == 0


async def test_twenty_members_awarded_at_once_make_one_award_of_the_stack(service: Service) -> None:
    made = await stacked(service, 20)
    await made.publish(document(made.achievements))
    await made.settle()

    async def work() -> None:
        for _ in range(60):
            await made.worker.run_one()
            await asyncio.sleep(0.01)

    await asyncio.gather(*(made.award(achievement) for achievement in made.achievements), work(), work())
    await made.settle()
    assert await _states(made) == [ACTIVE]


async def test_a_stack_published_later_is_awarded_to_all_who_hold_it_already(service: Service) -> None:
    made = await stacked(service, 2)
    for n in range(1, 13):
        for achievement in made.achievements[: 2 if n % 3 else 1]:
            await made.award(achievement, n)
    assert await made.settle() == 0  # no stack looks at them, so nothing was queued
    _, job_id = await made.publish(document(made.achievements))
    await made.settle()
    found = await made.crowns()
    assert sorted(found) == sorted(f"teacher{n}@schools.example.org" for n in range(1, 13) if n % 3)
    assert {len(each) for each in found.values()} == {1}
    (job,) = [job for job in await jobs(service.runtime) if job.id == job_id]
    assert (job.state, job.done, job.total, job.result) == (JobState.SUCCEEDED, 12, 12, {"award": 8})


@pytest.mark.parametrize(
    ("policy", "lost", "back"),
    [("keep", [ACTIVE], [ACTIVE]), ("suspend", [SUSPENDED], [ACTIVE]), ("revoke", [REVOKED], [REVOKED, ACTIVE])],
)
async def test_what_becomes_of_the_award_when_a_member_is_lost_and_comes_back(
    service: Service, policy: str, lost: list[AwardState], back: list[AwardState]
) -> None:
    made = await stacked(service, 2)
    await made.publish(document(made.achievements, on_loss=policy))
    awards = [await made.award(achievement) for achievement in made.achievements]
    await made.settle()
    assert await _states(made) == [ACTIVE]
    service.clock.advance(days=1)
    await made.change(awards[0]["id"], "suspend")
    await made.settle()
    assert await _states(made) == lost
    service.clock.advance(days=1)
    await made.change(awards[0]["id"], "reinstate")
    await made.settle()
    assert await _states(made) == back


async def test_what_a_person_took_away_the_stack_does_not_give_again(service: Service) -> None:
    made = await stacked(service, 2)
    await made.publish(document(made.achievements, {"at_least": 1}, on_loss="suspend"))
    await made.award(made.achievements[0])
    await made.settle()
    crown = await service.http.get(f"/v1/awards?achievement={made.crown}", headers=made.headers)
    crown_id = crown.json()["items"][0]["id"]
    service.clock.advance(days=1)
    await made.change(crown_id, "suspend")
    await made.award(made.achievements[1])
    await made.settle()
    assert await _states(made) == [SUSPENDED]  # a person suspended it: a person reinstates it
    await made.change(crown_id, "revoke")
    service.clock.advance(days=1)
    await made.settle()
    assert await _states(made) == [REVOKED]


async def test_a_stack_in_a_stack_completes_the_bundle(service: Service) -> None:
    made = await stacked(service, 3)
    bundle = await make.publish(service, made.headers, document=make.achievement("Bundle", resultDescription=[]))
    stack_id, _ = await made.publish(document(made.achievements[:2]))
    outer = document([made.achievements[2]], {"at_least": 2})
    outer["members"].append({"key": "inner", "title": "Inner", "stack": f"https://issuer.example/stacks/{stack_id}"})
    await made.publish(outer, crown=bundle)
    await made.settle()
    for achievement in made.achievements:
        assert await _states(made, bundle) == []
        await made.award(achievement)
        await made.settle()
    assert (await _states(made), await _states(made, bundle)) == ([ACTIVE], [ACTIVE])


async def test_awards_of_another_issuer_count_for_people_whom_the_stacks_issuer_knows(service: Service) -> None:
    made = await stacked(service, 1)
    other = await stacked(service, 1, slug="iris")
    both = document([*made.achievements, *other.achievements])
    await made.publish(both)
    for n in (1, 2):
        await other.award(other.achievements[0], n)
    await made.award(made.achievements[0], 1)
    await made.settle()
    found = await made.crowns()
    assert list(found) == [ONE]
    # The other issuer's award is not named by its id.
    assert found[ONE][0][1].reason.endswith(f"Member 2: https://issuer.example/achievements/{other.achievements[0]}")


async def test_a_least_result_counts_levels(service: Service) -> None:
    made = await stacked(service, 1)
    asked = document(made.achievements)
    asked["members"][0]["minimum"] = {"at_least": 3}
    await made.publish(asked)
    level = {"result_description": "Assessment design", "achieved_level": "Proficient"}
    await made.award(made.achievements[0], 1, results=[level])
    await made.award(made.achievements[0], 2, results=[{**level, "achieved_level": "Exemplary"}])
    await made.settle()
    assert list(await made.crowns()) == ["teacher2@schools.example.org"]


async def test_a_new_version_completes_for_whom_it_fits_and_keeps_what_the_old_one_awarded(service: Service) -> None:
    made = await stacked(service, 2)
    stack_id, _ = await made.publish(document(made.achievements, {"at_least": 1}, on_loss="revoke"))
    first = await made.award(made.achievements[0], 1)
    await made.settle()
    from badgeissuer.rules.stack_rules import StackDocument
    from badgeissuer.services import stacking
    from badgeissuer.services.access import operator

    async with service.runtime.begin(operator()) as work:
        await stacking.replace_draft(
            work, stack_id=stack_id, document=StackDocument.model_validate(document([made.achievements[1]]))
        )
    await made.publish_draft(stack_id)
    await made.settle()
    assert await _states(made) == [ACTIVE]
    await made.award(made.achievements[1], 2)
    await made.settle()
    assert sorted(await made.crowns()) == [ONE, "teacher2@schools.example.org"]
    # The old version still says what becomes of the award that rests on it.
    await made.change(first["id"], "revoke")
    await made.settle()
    assert await _states(made) == [REVOKED]
