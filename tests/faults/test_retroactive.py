"""kill -9 while a stack that was published late is awarded to all who hold its members: nobody twice, nobody left."""

from __future__ import annotations

from pathlib import Path

from bench import retroactive
from bench.earners import fill

EARNERS, COMPLETE, KILLS = 700, 40, 2


async def test_kill_9_while_a_stack_is_awarded_retroactively(fresh_database_url: str, tmp_path: Path) -> None:
    crowd = await fill(retroactive.settings_in(tmp_path, fresh_database_url), earners=EARNERS, complete=COMPLETE)
    legs = await retroactive.run(tmp_path, fresh_database_url, crowd, kills=KILLS)
    assert [leg.ended for leg in legs] == ["killed"] * KILLS + ["ended with 0"]
    assert 0 < legs[0].came_to < legs[1].came_to < EARNERS == legs[2].came_to
    assert await retroactive.faults(fresh_database_url, crowd, legs) == []
