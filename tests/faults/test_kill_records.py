"""kill -9 while a job makes a record, and start again: nothing half made, nothing twice."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import httpx2
from sqlalchemy import func, select, update

from badgeissuer.rules.terms import JobState
from badgeissuer.services import bundling
from badgeissuer.store.awards import EMBEDDED, Credential
from badgeissuer.store.clrs import Clr, ClrMember
from badgeissuer.store.engine import Database
from badgeissuer.store.jobs import Job
from badgeissuer.store.outbox import Event
from badgeissuer.store.status import StatusEntry, StatusList
from tests.faults.test_kill import KILLS as ALL_KILLS
from tests.support import make
from tests.support.bundled import EMAIL
from tests.support.server import Server

# Each takes a start of the service.
KILLS = max(2, min(ALL_KILLS // 4, 12))
MEMBERS = bundling.AT_ONCE + 1
_PATIENCE = 60.0


async def _found(database: Database) -> dict[str, Any]:
    async with database.reading() as session:

        async def count(query: Any) -> int:
            return int(await session.scalar(query) or 0)

        jobs = (await session.scalars(select(Job).where(Job.kind == bundling.MAKE))).all()
        return {
            "records": await count(select(func.count()).select_from(Clr)),
            "members": await count(select(func.count()).select_from(ClrMember)),
            "entries": await count(select(func.count()).select_from(StatusEntry)),
            "allocated": await count(select(func.sum(StatusList.allocated))),
            "credentials": await count(
                select(func.count()).select_from(Credential).where(Credential.media_type == EMBEDDED)
            ),
            "events": await count(select(func.count()).select_from(Event).where(Event.type == "clr.issued")),
            "named": sorted(each for job in jobs for each in job.result.get("records", ())),
            "open": sum(job.state in (JobState.QUEUED, JobState.RUNNING) for job in jobs),
        }


def _whole(found: dict[str, Any]) -> None:
    """Each record has all its members, its index, its event, and the job that names it."""
    records = found["records"]
    assert (found["members"], found["events"], len(found["named"])) == (records * MEMBERS, records, records), found
    assert found["entries"] == found["allocated"] == found["credentials"] + records, found


async def test_kill_9_in_the_job_leaves_nothing_half(fresh_database_url: str, tmp_path: Path) -> None:
    rng = Random(20261124)
    server = Server(tmp_path, fresh_database_url)
    server.run("migrate")
    token = json.loads(server.run("apikey", "create", "--platform", "Faults", "--json"))["key"]
    base, headers = f"http://127.0.0.1:{server.port}", {"Authorization": f"Bearer {token}"}
    database = Database(fresh_database_url)
    answers: dict[str, bytes] = {}
    try:
        for kill in range(KILLS):
            server.start()
            async with httpx2.AsyncClient(base_url=base, headers=headers, trust_env=False, timeout=60) as http:
                if kill == 0:
                    await _set_up(http)
                answers[f"k{kill}"] = await _ask(http, f"k{kill}")
            await asyncio.sleep(rng.uniform(0.1, 2.5))
            server.kill()
            _whole(await _found(database))
            async with database.writing() as session:  # as if the lease of the worker that was killed had run out
                await session.execute(update(Job).where(Job.kind == bundling.MAKE).values(run_at=datetime.now(UTC)))
        server.start()
        deadline = time.monotonic() + _PATIENCE
        while (await _found(database))["open"] and time.monotonic() < deadline:
            await asyncio.sleep(0.2)
        found = await _found(database)
        _whole(found)
        assert (found["records"], found["open"]) == (KILLS, 0)
        async with httpx2.AsyncClient(base_url=base, headers=headers, trust_env=False, timeout=60) as http:
            for key, answer in answers.items():
                assert await _ask(http, key) == answer
        assert (await _found(database))["records"] == KILLS
    finally:
        server.kill()
        await database.close()


async def _ask(http: httpx2.AsyncClient, key: str) -> bytes:
    body = {"issuer": "kvec", "earner": {"email": EMAIL}}
    answer = await http.post("/v1/clrs", json=body, headers={"Idempotency-Key": key})
    assert answer.status_code == 202, answer.text
    return answer.content


async def _set_up(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/v1/issuers", json={"slug": "kvec", "profile": make.profile()})
    assert answer.status_code == 201, answer.text
    body = {"issuer": "kvec", "achievement": make.achievement(), "parts": {"duplicates": "allow"}}
    achievement = (await http.post("/v1/achievements", json=body)).json()["id"]
    assert (await http.post(f"/v1/achievements/{achievement}/publish")).status_code == 200
    for start in range(0, MEMBERS, 10):
        given = [
            make.award_body(achievement, external_reference=f"r{n}") for n in range(start, min(start + 10, MEMBERS))
        ]
        done = await asyncio.gather(*(http.post("/v1/awards", json=each) for each in given))
        assert {each.status_code for each in done} == {201}, [each.text for each in done]
