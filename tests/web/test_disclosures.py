"""What leaves to agencies by other ways than one award: streams while consents are withdrawn, whole records."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from sqlalchemy import func, select

from badgeissuer.rules.terms import ClientKind
from badgeissuer.services import access, consenting
from badgeissuer.services.access import operator
from badgeissuer.services.signing_in import EARNER
from badgeissuer.store.access import Actor
from badgeissuer.store.award_search import AwardFilter
from badgeissuer.store.awards import Award
from badgeissuer.store.clrs import Clr
from badgeissuer.store.earners import Disclosure
from badgeissuer.store.people import EarnerIdentity, Subject
from badgeissuer.web import telling
from badgeissuer.web.api import award_stream
from tests.support.app import Service
from tests.support.bundled import bundled
from tests.support.make import award, publish, register


async def _agency(service: Service, purpose: str | None) -> tuple[Actor, dict[str, str]]:
    async with service.runtime.begin(operator()) as work:
        _, key = await access.create_client(
            work,
            kind=ClientKind.AGENCY,
            name="Kentucky Department of Education",
            scopes=("awards:read", "clrs:read"),
            all_issuers=True,
            consent_purpose=purpose,
        )
    async with service.runtime.begin(operator()) as work:
        return await access.authenticate(work.database.lookups, token=key), {"Authorization": f"Bearer {key}"}


async def _earners(service: Service) -> list[UUID]:
    async with service.runtime.begin(operator()) as work:
        return list(await work.session.scalars(select(EarnerIdentity.earner_id).order_by(EarnerIdentity.value)))


async def _asked(service: Service, earner_id: UUID) -> list[int]:
    async with service.runtime.begin(EARNER) as work:
        return [each.awards for each in await consenting.who_asked(work, earner_id=earner_id, limit=50)]


async def test_a_stream_leaves_out_who_withdraws_while_it_runs(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(award_stream, "ROWS_AT_ONCE", 1)
    headers = await register(service)
    achievement = await publish(service, headers)
    for n in range(4):
        service.clock.advance(minutes=1)
        await award(service, headers, achievement, n, decided_at=f"2026-11-20T10:0{n}:00Z")
    agency, _ = await _agency(service, "Licence renewal")
    earners, consents = await _earners(service), {}
    assert agency.client_id is not None
    for earner in earners:
        async with service.runtime.begin(EARNER) as work:
            given = await consenting.give(work, earner_id=earner, client_id=agency.client_id, issuers=None)
            consents[earner] = given.id
    lines, seen = award_stream._Lines(service.runtime, agency, AwardFilter()), []
    async for chunk in lines:
        seen += [json.loads(line)["subject"] for line in chunk.splitlines()]
        if len(seen) == 1:  # the second newest goes
            async with service.runtime.begin(EARNER) as work:
                await consenting.withdraw(work, earner_id=earners[2], consent_id=consents[earners[2]])
    async with service.runtime.begin(operator()) as work:
        found = await work.session.execute(select(Subject.urn, Subject.earner_id))
        urns = {row[0]: row[1] for row in found}
        assert await work.session.scalar(select(func.count()).select_from(Disclosure)) == 1  # one request
    assert [urns[subject] for subject in seen] == [earners[3], earners[1], earners[0]]
    assert [await _asked(service, earner) for earner in earners] == [[1], [1], [], [1]]


async def test_who_withdraws_between_reading_and_recording_is_not_told_of(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = await register(service)
    made = await award(service, headers, await publish(service, headers))
    agency, key = await _agency(service, "Licence renewal")
    (earner,) = await _earners(service)
    assert agency.client_id is not None
    disclose = consenting.disclose

    async def withdrawn_before(*arguments: object, **named: object) -> object:
        async with service.runtime.begin(EARNER) as work:
            await consenting.withdraw(work, earner_id=earner, consent_id=given.id)
        return await disclose(*arguments, **named)  # type: ignore[arg-type]

    for path, status in (("/v1/awards", 503), (f"/v1/awards/{made['id']}", 404)):
        async with service.runtime.begin(EARNER) as work:
            given = await consenting.give(work, earner_id=earner, client_id=agency.client_id, issuers=None)
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(telling.consenting, "disclose", withdrawn_before)
            answer = await service.http.get(path, headers=key)
        assert answer.status_code == status
        assert made["id"] not in answer.text.replace(f'"instance":"{path}"', "")
    assert await _asked(service, earner) == []


async def test_whole_records_are_read_under_an_agreement_only_and_written_down(service: Service) -> None:
    made = await bundled(service, count=2)
    answer = await made.post({"name": "For the district"})
    record = answer.json()["records"][0]["id"]
    async with service.runtime.begin(operator()) as work:
        earner = (await work.session.scalars(select(Clr.earner_id))).one()
        assert await work.session.scalar(select(func.count()).select_from(Award)) == 2
    consented, by_consent = await _agency(service, "Licence renewal")
    _, by_agreement = await _agency(service, None)
    assert consented.client_id is not None
    async with service.runtime.begin(EARNER) as work:
        await consenting.give(work, earner_id=earner, client_id=consented.client_id, issuers=None)
    assert (await service.http.get("/v1/clrs", headers=by_consent)).json()["items"] == []
    assert (await service.http.get("/v1/admitted-badges", headers=by_consent)).json()["items"] == []
    for path in (f"/v1/clrs/{record}", f"/v1/clrs/{record}/members", f"/v1/clrs/{record}/shares"):
        assert (await service.http.get(path, headers=by_consent)).status_code == 404, path
    assert await _asked(service, earner) == []
    for path in ("/v1/clrs", f"/v1/clrs/{record}", f"/v1/clrs/{record}/members"):
        assert (await service.http.get(path, headers=by_agreement)).status_code == 200, path
    assert await _asked(service, earner) == [2, 2, 2]
