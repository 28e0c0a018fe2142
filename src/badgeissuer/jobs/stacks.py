"""Jobs about stacks: one earner's after a change, everybody's after a publication."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from badgeissuer.errors import Rejected, Unavailable
from badgeissuer.jobs.leasing import Lease
from badgeissuer.rules.terms import VersionState
from badgeissuer.runtime import Runtime
from badgeissuer.services import completing, stack_findings
from badgeissuer.services.access import operator
from badgeissuer.services.stack_findings import Due
from badgeissuer.store.stacks import StackVersion

# Earners that are looked at together. Each award is a step of its own.
PAGE = 200
_TRIES = 10
# Earners whose award could not be made are counted; so many are named.
_NAMED = 100


async def evaluate(runtime: Runtime, lease: Lease) -> None:
    """Settle what the stacks that look at an achievement owe one earner. Leaves no row: there is nothing to tell."""
    achievement_id, earner_id = UUID(lease.payload["achievement"]), UUID(lease.payload["earner"])
    async with runtime.begin(operator()) as work:
        stacks = await stack_findings.stacks_looking_at(work, achievement_id=achievement_id)
    refused = None
    for stack_id in stacks:
        lease.go_on()
        async with runtime.begin(operator()) as work:
            subject = await stack_findings.subject_of(work, stack_id=stack_id, earner_id=earner_id)
        if subject is None:
            continue
        try:
            await _settle(runtime, stack_id, subject.id)
        except Rejected as error:  # the other stacks have their turn all the same
            refused = error
    if refused is not None:
        raise refused
    await lease.finish(runtime, keep=False)


async def retroactive(runtime: Runtime, lease: Lease) -> None:
    """Settle what a newly published version owes everybody who holds a member's award, in the order of their ids.

    The cursor moves with each award, in its transaction; where nothing was due it moves with the page.
    """
    version_id = UUID(lease.payload["stack_version"])
    if lease.total is None:
        async with runtime.begin(operator()) as work:
            total = await stack_findings.count_candidates(work, version_id=version_id)
            await lease.move(await work.begin_write(), runtime, total=total)
    while True:
        lease.go_on()
        after = UUID(lease.cursor["after"]) if "after" in lease.cursor else None
        async with runtime.begin(operator()) as work:
            version = await work.session.get(StackVersion, version_id)
            assert version is not None
            page = await stack_findings.candidates(work, version=version, after=after, limit=PAGE)
            if not page or version.state is not VersionState.PUBLISHED:
                break  # a version that was retired meanwhile awards nothing more
            book = await stack_findings.open_book(work, stack_id=version.stack_id)
            found = await stack_findings.findings(work, book, page)
        start = lease.done
        for n, subject in enumerate(page, start=1):
            if found[subject.id].due is not Due.NOTHING:
                lease.go_on()
                await _step(runtime, lease, version.stack_id, subject.id, done=start + n)
        last = page[-1].id
        async with runtime.begin(operator()) as work:
            await lease.move(await work.begin_write(), runtime, cursor={"after": str(last)}, done=start + len(page))
    await lease.finish(runtime)


async def _step(runtime: Runtime, lease: Lease, stack_id: UUID, subject_id: UUID, *, done: int) -> None:
    progress: dict[str, Any] = {"cursor": {"after": str(subject_id)}, "done": done}
    for _ in range(_TRIES):
        try:
            async with runtime.begin(operator()) as work:
                due = await completing.settle(work, stack_id=stack_id, subject_id=subject_id)
                if due is not None:
                    await lease.move(
                        await work.begin_write(), runtime, **progress, result=_counted(lease.result, due.value)
                    )
                    return
        except Rejected as error:
            result = _counted(lease.result, "refused")
            named = [*result.get("subjects_refused", []), {"subject": str(subject_id), "why": error.detail}]
            result["subjects_refused"] = named[:_NAMED]
            async with runtime.begin(operator()) as work:
                await lease.move(await work.begin_write(), runtime, **progress, result=result)
            return
    raise Unavailable("an earner's awards change faster than the stack can be settled")


def _counted(result: dict[str, Any], what: str) -> dict[str, Any]:
    return result if what == Due.NOTHING else {**result, what: result.get(what, 0) + 1}


async def _settle(runtime: Runtime, stack_id: UUID, subject_id: UUID) -> None:
    for _ in range(_TRIES):
        async with runtime.begin(operator()) as work:
            if await completing.settle(work, stack_id=stack_id, subject_id=subject_id) is not None:
                return
    raise Unavailable("an earner's awards change faster than the stack can be settled")
