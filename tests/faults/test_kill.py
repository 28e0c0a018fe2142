"""kill -9 while awards are issued, and start again: nothing half made, nothing twice, nothing acknowledged lost."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path
from random import Random

import httpx2
from sqlalchemy import Select, func, select

from badgeissuer.store.awards import EMBEDDED, JWT, Award, Credential
from badgeissuer.store.engine import Database
from badgeissuer.store.outbox import Event
from badgeissuer.store.status import StatusEntry, StatusList
from tests.support import make
from tests.support.server import Server

KILLS = int(os.environ.get("BADGEISSUER_TEST_KILLS", "4"))
CLIENTS = 4


async def _issue_until_killed(
    base: str, headers: dict[str, str], achievement: str, todo: list[int], done: dict[int, bytes]
) -> None:
    async with httpx2.AsyncClient(base_url=base, headers=headers, trust_env=False, timeout=20) as http:
        while todo:
            n = todo.pop()
            try:
                answer = await http.post(
                    "/v1/awards", json=make.award_body(achievement, n, external_reference=f"award-{n}")
                )
            except httpx2.TransportError:
                todo.append(n)
                return
            assert answer.status_code == 201, answer.text
            assert done.setdefault(n, answer.content) == answer.content, "a repeat got another answer"


async def _invariants(database_url: str) -> dict[str, int]:
    database = Database(database_url)
    try:
        async with database.reading() as session:

            async def count(query: object) -> int:
                return int(await session.scalar(query) or 0)  # type: ignore[call-overload]

            def of(media_type: str) -> Select[tuple[int]]:
                return select(func.count()).select_from(Credential).where(Credential.media_type == media_type)

            issued = select(func.count()).select_from(Event).where(Event.type == "award.issued")
            lists = (await session.scalars(select(StatusList))).all()
            return {
                "awards": await count(select(func.count()).select_from(Award)),
                "references": await count(select(func.count(Award.external_reference.distinct()))),
                "credentials": await count(of(EMBEDDED)),
                "JWTs": await count(of(JWT)),
                "awards with a credential": await count(select(func.count(Credential.award_id.distinct()))),
                "entries": await count(select(func.count()).select_from(StatusEntry)),
                "allocated": sum(row.allocated for row in lists),
                "events": await count(issued),
            }
    finally:
        await database.close()


async def test_kill_9_while_issuing_leaves_nothing_half_made(fresh_database_url: str, tmp_path: Path) -> None:
    rng = Random(20261124)
    server = Server(tmp_path, fresh_database_url)
    server.run("migrate")
    token = json.loads(server.run("apikey", "create", "--platform", "Faults", "--json"))["key"]
    headers = {"Authorization": f"Bearer {token}"}
    done: dict[int, bytes] = {}
    todo = list(range(KILLS * 40, 0, -1))
    achievement = ""
    base = f"http://127.0.0.1:{server.port}"
    try:
        for kill in range(KILLS):
            server.start()
            if not achievement:
                achievement = await _set_up(base, headers)
            clients = [
                asyncio.create_task(_issue_until_killed(base, headers, achievement, todo, done)) for _ in range(CLIENTS)
            ]
            await asyncio.sleep(rng.uniform(0.2, 1.2))
            server.kill()
            await asyncio.gather(*clients)
            found = await _invariants(fresh_database_url)
            assert len(set(found.values())) == 1, (kill, found)
            assert found["awards"] >= len(done)
        server.start()
        # Every answer that was given is given again, byte for byte, and what was cut off is issued once.
        again = dict(done)
        await _issue_until_killed(base, headers, achievement, sorted(again), again)
        rest = list(todo)
        await _issue_until_killed(base, headers, achievement, rest, done)
        found = await _invariants(fresh_database_url)
        assert set(found.values()) == {KILLS * 40}, found
        assert server.stop() in (0, -signal.SIGTERM)  # uvicorn ends by the signal once it has shut down in order
    finally:
        server.kill()


async def _set_up(base: str, headers: dict[str, str]) -> str:
    async with httpx2.AsyncClient(base_url=base, headers=headers, trust_env=False, timeout=20) as http:
        answer = await http.post("/v1/issuers", json={"slug": "kvec", "profile": make.profile()})
        assert answer.status_code == 201, answer.text
        answer = await http.post("/v1/achievements", json={"issuer": "kvec", "achievement": make.achievement()})
        assert answer.status_code == 201, answer.text
        made: str = answer.json()["id"]
        answer = await http.post(f"/v1/achievements/{made}/publish")
        assert answer.status_code == 200, answer.text
        return made
