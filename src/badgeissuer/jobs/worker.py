"""The worker: takes jobs by lease and runs them, tries again what failed, and stops between two steps."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from badgeissuer.errors import BadgeissuerError, Rejected
from badgeissuer.jobs import clrs, leasing, mail, rechecks, stacks
from badgeissuer.jobs.leasing import Lease, LeaseLost, Stopped
from badgeissuer.runtime import Runtime
from badgeissuer.services import bundling, mailing, rechecking, stack_jobs

log = logging.getLogger("badgeissuer.jobs")

Run = Callable[[Runtime, Lease], Awaitable[None]]

KINDS: Mapping[str, Run] = {
    stack_jobs.EVALUATE: stacks.evaluate,
    stack_jobs.RETROACTIVE: stacks.retroactive,
    bundling.MAKE: clrs.make,
    rechecking.RECHECK: rechecks.recheck,
    mailing.SIGN_IN: mail.send,
    mailing.AWARD_NOTICE: mail.send,
}
# What takes a moment. One worker takes only these, so that a long job never holds them up.
SHORT = (stack_jobs.EVALUATE,)
# Its earner waits for it, and one takes all the memory that records are to take: so one at a time, beside the rest.
RECORDS = (bundling.MAKE,)
# A mail server may take its time, so mail has workers of its own; one of them is for people who wait at the door.
MAIL = (mailing.SIGN_IN, mailing.AWARD_NOTICE)

# A worker is woken by commits of its own process; the pause catches those of others, and leases that ran out.
_LOOK_EVERY = 1.0
_RENEW_EVERY = leasing.LEASE.total_seconds() / 3
# How long a step that runs may go on once the process is to end.
_GRACE = 10.0


class Worker:
    """Runs jobs of some kinds, one at a time, until it is told to stop."""

    def __init__(self, runtime: Runtime, kinds: Mapping[str, Run] = KINDS) -> None:
        self._runtime = runtime
        self._kinds = kinds
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Ask it to stop after the step that runs."""
        self._stopping.set()
        self._runtime.jobs_waiting.set()

    async def run(self) -> None:
        """Work until ``stop``. Nothing that a job does ends it."""
        while not self._stopping.is_set():
            self._runtime.jobs_waiting.clear()
            try:
                worked = await self.run_one()
            except BadgeissuerError as error:
                log.warning("jobs cannot be taken: %s", error.detail)
                worked = False
            except Exception:
                log.exception("jobs cannot be taken")
                worked = False
            if not worked and not self._stopping.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._runtime.jobs_waiting.wait(), timeout=_LOOK_EVERY)

    async def run_one(self) -> bool:
        """Take one job and run it as far as it goes; False where none waits."""
        lease = await leasing.claim(self._runtime, tuple(self._kinds))
        if lease is None:
            return False
        lease.stopping = self._stopping
        beat = asyncio.create_task(_beat(self._runtime, lease))
        try:
            await self._kinds[lease.kind](self._runtime, lease)
        except Stopped:
            await lease.release(self._runtime)
        except LeaseLost:
            log.warning("job %s went to another worker", lease.id)
        except Rejected as error:  # trying again changes nothing
            log.warning("job %s %s: %s", lease.kind, lease.id, error.detail)
            await lease.fail(self._runtime, error=_said(error), final=True)
        except BadgeissuerError as error:
            log.warning("job %s %s: %s", lease.kind, lease.id, error.detail)
            await lease.fail(self._runtime, error=_said(error), final=False)
        except Exception as error:
            log.exception("job %s %s failed", lease.kind, lease.id)
            await lease.fail(self._runtime, error=f"an error of the service ({type(error).__name__})", final=False)
        finally:
            beat.cancel()
            await asyncio.gather(beat, return_exceptions=True)
        return True


@contextlib.asynccontextmanager
async def working(runtime: Runtime) -> AsyncIterator[None]:
    """Workers beside what the block does. On leaving, what runs finishes its step and is given back."""
    long = [kind for kind in KINDS if kind not in (*MAIL, *RECORDS)]
    crews = [long, SHORT, RECORDS, MAIL, [mailing.SIGN_IN]]
    workers = [Worker(runtime, {kind: KINDS[kind] for kind in crew}) for crew in crews]
    tasks = [asyncio.create_task(worker.run(), name="worker") for worker in workers]
    try:
        yield
    finally:
        for worker in workers:
            worker.stop()
        _, late = await asyncio.wait(tasks, timeout=_GRACE)
        for task in late:
            task.cancel()  # its step is rolled back, and its lease runs out
        await asyncio.gather(*tasks, return_exceptions=True)


async def _beat(runtime: Runtime, lease: Lease) -> None:
    while True:
        await asyncio.sleep(_RENEW_EVERY)
        with contextlib.suppress(BadgeissuerError):
            if not await lease.renew(runtime):
                return


def _said(error: BadgeissuerError) -> str:
    """The error in words. Details and faults are safe to show (errors.py)."""
    return "; ".join((error.detail, *(f"{fault.pointer}: {fault.detail}" for fault in error.faults[:20])))
