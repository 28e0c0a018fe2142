"""What holds when many callers come at once (issue figures: 200 and 200), on both databases."""

from __future__ import annotations

import asyncio
import json
from collections import Counter

from sqlalchemy import func, select

from badgeissuer.store.assessment import Decision
from badgeissuer.store.awards import EMBEDDED, JWT, Award, Credential
from badgeissuer.store.outbox import Event
from badgeissuer.store.status import StatusEntry, StatusList
from badgeissuer.vc.status import Bits
from tests.support import make
from tests.support.app import MakeRuntime, Service
from tests.support.counting import credential_forms

CALLERS = 200


async def _count(service: Service, row: type) -> int:
    async with service.runtime.database.reading() as session:
        return int(await session.scalar(select(func.count()).select_from(row)) or 0)


async def test_one_key_used_by_200_callers_at_once_makes_one_award(service: Service) -> None:
    headers = await make.register(service)
    achievement = await make.publish(service, headers)
    body = make.award_body(achievement)
    answers = await asyncio.gather(
        *(
            service.http.post("/v1/awards", json=body, headers={**headers, "Idempotency-Key": "one"})
            for _ in range(CALLERS)
        )
    )
    assert Counter(answer.status_code for answer in answers) == {201: CALLERS}
    assert len({answer.content for answer in answers}) == 1
    assert [await _count(service, row) for row in (Decision, Award, StatusEntry)] == [1, 1, 1]
    assert await credential_forms(service.runtime) == {EMBEDDED: 1, JWT: 1}


async def test_200_different_awards_at_once_take_200_status_indexes(service: Service) -> None:
    headers = await make.register(service)
    achievement = await make.publish(service, headers)
    answers = await asyncio.gather(
        *(
            service.http.post(
                "/v1/awards", json=make.award_body(achievement, n, external_reference=f"r{n}"), headers=headers
            )
            for n in range(CALLERS)
        )
    )
    assert Counter(answer.status_code for answer in answers) == {201: CALLERS}
    async with service.runtime.database.reading() as session:
        texts = (await session.scalars(select(Credential.text).where(Credential.media_type == EMBEDDED))).all()
        lists = (await session.scalars(select(StatusList))).all()
    assert await credential_forms(service.runtime) == {EMBEDDED: CALLERS, JWT: CALLERS}
    entries = [json.loads(text)["credentialStatus"] for text in texts]
    assert len({(entry["statusListCredential"], entry["statusListIndex"]) for entry in entries}) == CALLERS
    assert [(row.allocated, row.open, row.version) for row in lists] == [(CALLERS, True, 1)]


async def test_100_revocations_of_one_list_at_once_lose_no_bit(service: Service) -> None:
    headers = await make.register(service)
    achievement = await make.publish(service, headers)
    awards = [await make.award(service, headers, achievement, n) for n in range(100)]
    answers = await asyncio.gather(
        *(
            service.http.post(f"/v1/awards/{award['id']}/revoke", json={"reason": "issued in error"}, headers=headers)
            for award in awards
        )
    )
    assert Counter(answer.status_code for answer in answers) == {200: 100}
    async with service.runtime.database.reading() as session:
        row = (await session.scalars(select(StatusList))).one()
        indexes = set((await session.scalars(select(StatusEntry.index))).all())
    bits = Bits.from_bytes(row.bits)
    assert {index for index in range(row.size) if bits.get(index)} == indexes
    published = json.loads(row.text)["credentialSubject"]["encodedList"]
    assert Bits.from_encoded(published).to_bytes() == row.bits


async def test_many_decisions_for_one_earner_at_once_give_one_award(service: Service) -> None:
    headers = await make.register(service)
    achievement = await make.publish(service, headers)
    answers = await asyncio.gather(
        *(
            service.http.post(
                "/v1/awards", json=make.award_body(achievement, 1, external_reference=f"r{n}"), headers=headers
            )
            for n in range(30)
        )
    )
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 29}
    assert await _count(service, Award) == 1


async def test_two_processes_with_one_key_make_one_award(make_runtime: MakeRuntime, service: Service) -> None:
    """A second runtime on the same database shares no lock in memory: only the database keeps them apart."""
    import httpx2

    from badgeissuer.web.app import create_app
    from tests.support.app import BASE_URL

    headers = await make.register(service)
    achievement = await make.publish(service, headers)
    other = await make_runtime(seed=None)
    transport = httpx2.ASGITransport(app=create_app(other), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url=BASE_URL) as http:
        for n in range(10):
            body = make.award_body(achievement, n)
            marked = {**headers, "Idempotency-Key": f"two-{n}"}
            answers = await asyncio.gather(
                *(
                    client.post("/v1/awards", json=body, headers=marked)
                    for client in (service.http, http)
                    for _ in range(4)
                )
            )
            assert Counter(answer.status_code for answer in answers) == {201: 8}, [a.text for a in answers]
            assert len({answer.content for answer in answers}) == 1
    assert await _count(service, Award) == 10


async def test_events_are_numbered_without_gaps_after_concurrent_commits(service: Service) -> None:
    headers = await make.register(service)
    achievement = await make.publish(service, headers)
    await asyncio.gather(
        *(
            service.http.post(
                "/v1/awards", json=make.award_body(achievement, n, external_reference=f"r{n}"), headers=headers
            )
            for n in range(40)
        ),
        *(service.runtime.sequence_events() for _ in range(10)),
    )
    await service.runtime.sequence_events()
    async with service.runtime.database.reading() as session:
        positions = (await session.scalars(select(Event.position).order_by(Event.position))).all()
    assert list(positions) == list(range(1, len(positions) + 1))
    assert len(positions) >= 40 * 3
