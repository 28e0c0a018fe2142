"""Really signed awards for a database that is measured: distinct and valid, a hundred in one unit of work.

The way is that of the route, from the body on, without HTTP: the same models read it and the same verb carries it out.
"""

from __future__ import annotations

import asyncio
import json

from badgeissuer.errors import BadgeissuerError
from badgeissuer.runtime import Runtime
from badgeissuer.services import answering, issuing
from badgeissuer.services.answering import Kept
from badgeissuer.services.decision_rows import Recorded
from badgeissuer.services.issuing import Order
from badgeissuer.web.api.award_wire import AwardOut, line_of
from badgeissuer.web.api.awards import AwardIn
from bench.rounds import Tell, silent
from bench.service import Place

AT_ONCE = 100


def fill(place: Place, *, first: int, count: int, tell: Tell = silent) -> None:
    """Issue awards number ``first`` and on."""
    asyncio.run(_fill(place, first, count, tell))


async def _fill(place: Place, first: int, count: int, tell: Tell) -> None:
    runtime = Runtime(place.settings)
    await runtime.start()
    try:
        for start in range(first, first + count, AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, first + count))
            await batch(runtime, place, numbers)
            tell(f"{numbers.stop - first:,} of {count:,} awards")
    finally:
        await runtime.close()


async def batch(runtime: Runtime, place: Place, numbers: range) -> None:
    """Issue these in one unit of work, from the text of each body to that of each answer. Raises what one raises."""
    base_url = runtime.settings.base_url

    def write(recorded: Recorded) -> Kept:
        shown = AwardOut.of(line_of(recorded), base_url)
        return Kept(201, shown.model_dump_json(), shown.url)

    orders = []
    for text in [json.dumps(place.award(number)) for number in numbers]:
        body = AwardIn.model_validate_json(text)
        asking = body.as_asking(base_url, judgement=body.judgement())
        orders.append(Order(asking, answering.fingerprint("POST /v1/awards", json.loads(text)), None, write))
    async with runtime.begin(place.actor) as work:
        outcomes = await issuing.carry_out(work, orders)
    for outcome in outcomes:
        if isinstance(outcome, BadgeissuerError):
            raise outcome
