"""Jobs that hold signed documents against PyLD. One that was chosen is checked, whatever happens to its process."""

from __future__ import annotations

import logging

from badgeissuer.errors import Unavailable
from badgeissuer.jobs.leasing import Lease
from badgeissuer.runtime import Runtime
from badgeissuer.services import rechecking
from badgeissuer.services.access import operator
from badgeissuer.vc.faults import BudgetExceeded

log = logging.getLogger("badgeissuer.rechecking")


async def recheck(runtime: Runtime, lease: Lease) -> None:
    """Each document in turn; the cursor counts them. Leaves no row where all agree."""
    kind, ids = rechecking.payload(lease.payload)
    for place in range(lease.cursor.get("next", 0), len(ids)):
        lease.go_on()
        async with runtime.begin(operator()) as work:
            try:
                wrong = await rechecking.recheck(work, kind=kind, document_id=ids[place])
            except Unavailable:
                raise
            except BudgetExceeded as error:
                # Neither right nor wrong: said, and not a reason to stop.
                log.warning("%s %s could not be rechecked: %s", kind, ids[place], rechecking.said(error))
                wrong = None
            if wrong is not None:
                await rechecking.halt(work, kind=kind, document_id=ids[place], detail=wrong)
            await lease.move(await work.begin_write(), runtime, cursor={"next": place + 1})
        if wrong is not None:
            log.critical(
                "minting is halted: what was signed of %s %s is not what PyLD makes of it (%s); "
                "nothing is issued until `badgeissuer minting resume`",
                kind,
                ids[place],
                wrong,
            )
    await lease.finish(runtime, keep=False)
