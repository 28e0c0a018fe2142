"""Callers that come at one time are served together, each with its own result."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from badgeissuer import together
from badgeissuer.together import Together


class Kitchen:
    """Serves numbers by doubling them, notes the groups, and may be held up."""

    def __init__(self, *, most: int = 100, groups: int = 1) -> None:
        self.groups: list[list[int]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.together = Together(self.serve, most=most, groups=groups)

    async def serve(self, items: Sequence[int]) -> Sequence[int | Exception]:
        self.groups.append(list(items))
        await self.open.wait()
        await asyncio.sleep(0)
        return [ValueError(str(item)) if item < 0 else item * 2 for item in items]

    def join(self, *items: int) -> list[asyncio.Task[int]]:
        return [asyncio.create_task(self.together.join(item)) for item in items]


async def test_a_lone_caller_is_served_at_once() -> None:
    kitchen = Kitchen()
    assert [await kitchen.together.join(item) for item in (1, 2)] == [2, 4]
    assert kitchen.groups == [[1], [2]]


async def test_who_comes_meanwhile_is_served_together() -> None:
    kitchen = Kitchen(most=3)
    kitchen.open.clear()
    first = kitchen.join(1)
    await asyncio.sleep(0.01)
    later = kitchen.join(2, 3, 4, 5)
    await asyncio.sleep(0.01)
    kitchen.open.set()
    assert await asyncio.gather(*first, *later) == [2, 4, 6, 8, 10]
    assert kitchen.groups == [[1], [2, 3, 4], [5]]


async def test_each_has_its_own_error() -> None:
    kitchen = Kitchen()
    answers = await asyncio.gather(*kitchen.join(1, -2, 3), return_exceptions=True)
    assert [str(answer) for answer in answers] == ["2", "-2", "6"]
    assert isinstance(answers[1], ValueError)


@pytest.mark.parametrize("wrong", ["raises", "too few"])
async def test_a_group_that_fails_fails_for_all_and_the_next_is_served(wrong: str) -> None:
    calls = 0

    async def serve(items: Sequence[int]) -> Sequence[int | Exception]:
        nonlocal calls
        calls += 1
        if calls == 1 and wrong == "raises":
            raise OSError("away")
        return [] if calls == 1 else items

    counter = Together(serve, most=10, groups=1)
    answers = await asyncio.gather(*(counter.join(item) for item in (1, 2)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [OSError if wrong == "raises" else RuntimeError] * 2
    assert await counter.join(3) == 3


async def test_a_caller_who_went_away_is_not_served_and_holds_up_nobody() -> None:
    kitchen = Kitchen()
    kitchen.open.clear()
    first = kitchen.join(1)
    await asyncio.sleep(0.01)
    gone, stays = kitchen.join(2, 3)
    await asyncio.sleep(0)
    gone.cancel()
    first[0].cancel()  # while it is served
    await asyncio.sleep(0)
    kitchen.open.set()
    assert await stays == 6
    assert kitchen.groups == [[1], [3]]


async def test_nobody_is_forgotten_who_comes_as_the_last_group_ends() -> None:
    """The caller who comes between "nobody waits" and the end of the task that found so starts another."""
    kitchen = Kitchen()

    async def again_and_again(item: int) -> int:
        for _ in range(200):
            assert await kitchen.together.join(item) == item * 2
            for _ in range(item):
                await asyncio.sleep(0)
        return item

    async with asyncio.timeout(20):
        assert await asyncio.gather(*(again_and_again(item) for item in range(5))) == list(range(5))


async def test_those_who_were_served_together_are_waited_for_a_moment_a_lone_one_never() -> None:
    kitchen = Kitchen()
    kitchen.open.clear()

    async def twice(item: int) -> None:
        await kitchen.together.join(item)
        await asyncio.sleep(item * 0.001)  # they come back one after the other
        await kitchen.together.join(item)

    tasks = [asyncio.create_task(twice(item)) for item in range(4)]
    await asyncio.sleep(0.4)  # the moment is a share of this
    kitchen.open.set()
    await asyncio.gather(*tasks)
    assert [sorted(group) for group in kitchen.groups] == [[0, 1, 2, 3]] * 2
    # Later nobody is expected any more.
    await asyncio.sleep(0.2)
    assert await kitchen.together.join(9) == 18
    assert kitchen.groups[-1] == [9]


async def test_a_slow_group_does_not_hold_up_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "_PATIENCE_S", 0.05)
    kitchen = Kitchen(groups=2)
    kitchen.open.clear()
    slow = kitchen.join(1)
    await asyncio.sleep(0.01)
    waiting = kitchen.join(2)
    await asyncio.sleep(0.01)
    assert kitchen.groups == [[1]]
    async with asyncio.timeout(5):
        while len(kitchen.groups) < 2:  # it waits no longer
            await asyncio.sleep(0.01)
        third = kitchen.join(3)  # there are two at most
        await asyncio.sleep(0.1)
        assert kitchen.groups == [[1], [2]]
        kitchen.open.set()
        assert await asyncio.gather(*slow, *waiting, *third) == [2, 4, 6]
    assert await kitchen.together.join(4) == 8
    assert kitchen.groups == [[1], [2], [3], [4]]


async def test_closing_waits_for_those_who_came() -> None:
    kitchen = Kitchen()
    tasks = kitchen.join(1, 2)
    await asyncio.sleep(0)
    await kitchen.together.close()
    await asyncio.sleep(0)
    assert [task.result() for task in tasks] == [2, 4]
    await kitchen.together.close()
