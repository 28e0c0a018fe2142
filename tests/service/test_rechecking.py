"""What was signed is held against PyLD afterwards; a difference stops minting everywhere, until a person lifts it."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select

from badgeissuer import sandbox as sandbox_module
from badgeissuer.errors import NotFound
from badgeissuer.jobs import leasing
from badgeissuer.jobs.worker import KINDS, Worker
from badgeissuer.runtime import Runtime
from badgeissuer.services import rechecking
from badgeissuer.services.access import operator
from badgeissuer.services.rechecking import RECHECK, Kind
from badgeissuer.store.halts import MintingHalt
from badgeissuer.store.jobs import Job
from badgeissuer.store.outbox import Event
from badgeissuer.vc.canon import Canonical
from badgeissuer.vc.faults import BudgetExceeded
from badgeissuer.web.app import create_app
from tests.support import make
from tests.support.app import BASE_URL, Clock, MakeRuntime, Service

Headers = dict[str, str]


@dataclass(frozen=True)
class Checked:
    service: Service
    headers: Headers
    achievement: str
    make_runtime: MakeRuntime

    async def award(self, n: int = 1) -> httpx2.Response:
        body = make.award_body(self.achievement, n, external_reference=f"course-7/{n}")
        return await self.service.http.post("/v1/awards", json=body, headers=self.headers)

    async def work_off(self) -> int:
        """Do the rechecks that wait; how many jobs."""
        worker, count = Worker(self.service.runtime, {RECHECK: KINDS[RECHECK]}), 0
        while await worker.run_one():
            count += 1
        return count

    async def minting(self) -> str:
        answer = await self.service.http.get("/readyz")
        assert answer.status_code == 200
        return str(answer.json()["checks"]["minting"])


@pytest.fixture
async def checked(make_runtime: MakeRuntime) -> AsyncIterator[Checked]:
    clock = Clock()
    runtime = await make_runtime(clock=clock, canon_recheck_rate=1)
    app = create_app(runtime)
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url=BASE_URL) as http:
        service = Service(runtime=runtime, clock=clock, app=app, http=http)
        headers = await make.register(service)
        yield Checked(service, headers, await make.publish(service, headers), make_runtime)


async def waiting(runtime: Runtime) -> list[dict[str, Any]]:
    async with runtime.begin(operator()) as work:
        rows = await work.session.scalars(select(Job).where(Job.kind == RECHECK))
        return [row.payload for row in rows]


async def events(runtime: Runtime, type_: str) -> list[str]:
    async with runtime.begin(operator()) as work:
        return list(await work.session.scalars(select(Event.subject_id).where(Event.type == type_)))


@pytest.fixture
def wrong(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Makes our canonicaliser wrong in one letter; all that checks itself by it finds nothing."""
    right = sandbox_module.quickly

    def make_wrong() -> None:
        def quickly(*arguments: Any, **options: Any) -> Canonical | None:
            found = right(*arguments, **options)
            return found and replace(found, nquads=found.nquads.replace(b"Assessment", b"Assessmemt"))

        monkeypatch.setattr(sandbox_module, "quickly", quickly)

    return make_wrong


async def test_what_agrees_leaves_nothing_behind(checked: Checked) -> None:
    answer = await checked.award()
    assert answer.status_code == 201, answer.text
    (job,) = await waiting(checked.service.runtime)
    assert (job["what"], len(job["ids"])) == ("credential", 1)
    assert job["ids"][0] in answer.json()["credential"]["url"]
    assert await checked.work_off() == 1
    assert await waiting(checked.service.runtime) == []
    assert await checked.minting() == "ok"


async def test_none_is_chosen_at_rate_nothing(service: Service) -> None:
    headers = await make.register(service)
    await make.award(service, headers, await make.publish(service, headers))
    assert await waiting(service.runtime) == []


async def test_the_share_that_is_chosen_is_the_rate(make_runtime: MakeRuntime) -> None:
    runtime = await make_runtime(canon_recheck_rate=0.25)
    async with runtime.begin(operator()) as work:
        await work.begin_write()
        ids = [work.new_public_id() for _ in range(4_000)]
        await rechecking.admit(work, Kind.CREDENTIAL, ids)
    (job,) = await waiting(runtime)
    assert 800 < len(job["ids"]) < 1_200
    assert set(job["ids"]) < {str(id_) for id_ in ids}


async def test_a_difference_stops_minting_everywhere_with_an_alarm_until_it_is_lifted(
    checked: Checked, wrong: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    good = (await checked.award(1)).json()
    assert await checked.work_off() == 1
    wrong()
    answer = await checked.award(2)
    assert answer.status_code == 201, answer.text
    credential = answer.json()["credential"]["url"].rpartition("/")[2]
    with caplog.at_level(logging.CRITICAL, "badgeissuer.rechecking"):
        assert await checked.work_off() == 1
    (alarm,) = caplog.records
    assert (alarm.levelno, credential in alarm.getMessage()) == (logging.CRITICAL, True)
    assert await events(checked.service.runtime, "minting.halted") == [credential]
    assert await checked.minting() == "halted"

    refused = await checked.award(3)
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (503, "minting-halted")
    # Another process: it has no memory of it, and refuses all the same.
    other = await checked.make_runtime(canon_recheck_rate=0)
    async with other.begin(operator()) as work:
        await work.begin_write()
        with pytest.raises(rechecking.MintingHalted):
            await rechecking.admit(work, Kind.ENDORSEMENT, [])
        (halt,) = await rechecking.standing(work)
        assert (halt.kind, str(halt.document_id), "signature" in halt.detail) == ("credential", credential, True)
    # Reading and revoking go on.
    assert (await checked.service.http.get(f"/credentials/{credential}")).status_code == 200
    url = f"/v1/awards/{good['id']}/revoke"
    revoked = await checked.service.http.post(url, json={"reason": "by mistake"}, headers=checked.headers)
    assert revoked.status_code == 200, revoked.text

    async with checked.service.runtime.begin(operator()) as work:
        assert len(await rechecking.lift(work, reason="a letter was wrong; mended")) == 1
    async with checked.service.runtime.begin(operator()) as work:
        with pytest.raises(NotFound):
            await rechecking.lift(work, reason="again")
        (row,) = await work.session.scalars(select(MintingHalt))
        assert (row.lifted_reason, row.lifted_at is not None) == ("a letter was wrong; mended", True)
    assert await events(checked.service.runtime, "minting.resumed") == [credential]
    assert (await checked.award(3)).status_code == 201
    assert await checked.minting() == "ok"


async def test_what_was_chosen_is_checked_after_its_process_was_killed(
    checked: Checked, wrong: Callable[[], None]
) -> None:
    wrong()
    assert (await checked.award()).status_code == 201
    # The process takes the job, and is never heard of again.
    assert await leasing.claim(checked.service.runtime, (RECHECK,)) is not None
    assert await checked.work_off() == 0
    checked.service.clock.advance(seconds=2 * leasing.LEASE.total_seconds())
    assert await checked.work_off() == 1
    assert await checked.minting() == "halted"


async def test_what_takes_too_long_is_neither_right_nor_wrong(
    checked: Checked, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def too_long(*_arguments: object, **_options: object) -> bytes:
        raise BudgetExceeded("the document takes longer than 5 s")

    monkeypatch.setattr(checked.service.runtime.sandbox, "pyld", too_long)
    assert (await checked.award()).status_code == 201
    with caplog.at_level(logging.WARNING, "badgeissuer.rechecking"):
        assert await checked.work_off() == 1
    assert "could not be rechecked" in caplog.text
    assert await checked.minting() == "ok"


async def test_the_worker_says_what_pyld_says(checked: Checked) -> None:
    answer = await checked.award()
    text = (await checked.service.http.get(answer.json()["credential"]["url"].removeprefix(BASE_URL))).text
    document = json.loads(text)
    del document["proof"]
    sandbox = checked.service.runtime.sandbox
    assert await sandbox.pyld(document) == (await sandbox.canonicalize(document)).nquads
    async with checked.service.runtime.begin(operator()) as work:
        (job,) = await waiting(checked.service.runtime)
        assert await rechecking.recheck(work, kind=Kind.CREDENTIAL, document_id=UUID(job["ids"][0])) is None
