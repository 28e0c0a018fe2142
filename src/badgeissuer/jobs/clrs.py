"""The job that makes a record of many members: all of it in one transaction, or nothing."""

from __future__ import annotations

from badgeissuer.errors import Unavailable
from badgeissuer.jobs.leasing import Lease
from badgeissuer.runtime import Runtime
from badgeissuer.services import bundling, bundling_choice
from badgeissuer.services.access import operator
from badgeissuer.services.bundling_storing import Moved, Order

_TRIES = 10


async def make(runtime: Runtime, lease: Lease) -> None:
    """Make the record, or all its parts. ``done`` counts members whose text is signed, which is not stored yet.

    A job that is stopped or killed starts anew, since nothing of it was stored; one that was stopped after that only
    ends.
    """
    order = Order.of_json(lease.payload)
    if "records" in lease.result:
        await lease.finish(runtime)
        return
    if lease.total is None:
        async with runtime.begin(operator()) as work:
            chosen = await bundling_choice.choose(work, order.asked)
        await lease.tell(runtime, total=len(chosen.sources))

    async def step(done: int) -> None:
        lease.go_on()
        await lease.tell(runtime, done=done)

    for _ in range(_TRIES):
        lease.go_on()
        try:
            async with runtime.begin(operator()) as work:
                records = await bundling.carry_out(work, payload=lease.payload, step=step)
                made = {"records": [str(record.id) for record in records], "urls": [record.url for record in records]}
                members = sum(record.members for record in records)
                await lease.move(await work.begin_write(), runtime, result=made, done=members, total=members)
            break
        except Moved:
            await lease.tell(runtime, done=0)
    else:
        raise Unavailable("the awards of the record change faster than it can be made")
    await lease.finish(runtime)
