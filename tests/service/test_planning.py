"""The plans of our own texts are kept, in bounded memory; a verdict is not."""

from __future__ import annotations

import json
from uuid import UUID

from badgeissuer.services import planning, publishing, verifying
from badgeissuer.services.planning import Plans
from badgeissuer.store.access import ANONYMOUS
from badgeissuer.vc.verify import Outcome, Plan, plan
from tests.support import make
from tests.support.app import Service


def _text(name: str, length: int) -> bytes:
    return json.dumps({"name": name, "filling": "x" * length}).encode()


def test_one_text_is_read_once_and_the_longest_unused_go_first() -> None:
    plans, read = Plans(2_500), list[bytes]()

    def make_plan(data: bytes) -> Plan:
        read.append(data)
        return plan(data)

    first, second, third = (_text(name, 1_000) for name in ("first", "second", "third"))
    for data in (first, second, first, third, first, second):
        assert plans.have(b"document", data, make_plan).document == json.loads(data)
    # The third took the place of the second, which was unused the longest.
    assert read == [first, second, third, second]
    assert len(plans) == 2
    plans.have(b"status list", second, make_plan)
    assert read[-2:] == [second, second]


async def test_only_our_own_short_texts_are_kept(service: Service) -> None:
    own = await make.register(service)
    award = await make.award(service, own, await make.publish(service, own))
    data = (await service.http.get(award["credential"]["url"])).content
    long = _text("long", planning.SHORT)
    for text, ours, kept in ((data, True, True), (data, False, False), (long, True, False)):
        first, second = [await planning.plan(text, ours=ours) for _ in range(2)]
        assert (first is second) is kept
        assert first == second


async def test_a_kept_plan_keeps_no_verdict(service: Service) -> None:
    own = await make.register(service)
    award = await make.award(service, own, await make.publish(service, own, valid_for_days=30))

    async def outcome() -> Outcome:
        async with service.runtime.begin(ANONYMOUS) as work:
            id_ = UUID(award["credential"]["url"].rpartition("/")[2])
            credential = await publishing.credential(work, credential_id=id_)
            return (await verifying.verify(work, data=credential.text.encode(), keep=True)).outcome

    assert await outcome() == Outcome.VALID
    service.clock.advance(days=31)
    assert await outcome() == Outcome.EXPIRED
    service.clock.advance(days=-31)
    assert await outcome() == Outcome.VALID
    answer = await service.http.post(f"/v1/awards/{award['id']}/revoke", json={"reason": "Why not"}, headers=own)
    assert answer.status_code == 200, answer.text
    assert await outcome() == Outcome.REVOKED
