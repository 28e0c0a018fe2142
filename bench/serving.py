"""POST /v1/awards as platforms send it: 32 callers, `badgeissuer serve`, PostgreSQL that waits for its disk.

Counted is the CPU time of the service and of the database together: callers are in a process of their own and do not
count. Requests and awards differ from one to the next, and every answer must be 201.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack

from badgeissuer.runtime import Runtime
from bench import filling, postgres, processes, service
from bench.rounds import median, quantile
from bench.rows import Goal, Row, not_measured
from bench.run import Run

_SHARE, _BATCH = Goal("≥", 0.8), Goal("≥", 1.3)
_REQUESTS = 320


def rows(run: Run) -> Iterator[Row]:
    name = f"POST award with commit ÷ without storage, {service.CALLERS} callers"
    try:
        with postgres.server(run) as server:
            yield from _requests(run, server, name)
    except postgres.NoPostgres as reason:
        yield not_measured(name, _SHARE, str(reason))


def _requests(run: Run, server: postgres.Server, name: str) -> Iterator[Row]:
    place = service.set_up(run.folder / "place", server.create("requests"))
    count = run.few(_REQUESTS, 16)
    with ExitStack() as stack:
        kinds = {"with": stack.enter_context(service.serving(place, database=[server.pid]))}
        # The first award opens the list that all others have their index in.
        kinds["with"].call(kinds["with"].awards(0, 1))
        kinds["without"] = stack.enter_context(service.serving(place, without_storage=True))
        found: dict[str, list[service.Answers]] = {kind: [] for kind in kinds}
        first = 1
        for turn in range(run.rounds + 1):
            for kind, served in kinds.items():
                run.tell(f"{kind} storage, round {turn} of {run.rounds}")
                answers = served.call(served.awards(first, count))
                first += count
                if turn:
                    found[kind].append(answers)
    stored = found["with"]
    cpu = {kind: 1e6 / median(each.each_cpu_us for each in answers) for kind, answers in found.items()}
    wall = {kind: 1e6 / median(each.each_wall_us for each in answers) for kind, answers in found.items()}
    ratio = cpu["with"] / cpu["without"]
    yield Row(f"{name}: for a CPU second", "awards", None, cpu["with"], cpu["without"], ratio, _goal(run, _SHARE))
    ratio = wall["with"] / wall["without"]
    yield Row(f"{name}: in a second", "awards", None, wall["with"], wall["without"], ratio)
    yield _batch(run, server, place, first, cpu["with"])
    latencies = [each for answers in stored for each in answers.latencies_ms]
    yield Row("POST award, p50 of an answer", "ms", None, quantile(latencies, 0.5))
    yield Row("POST award, p95 of an answer", "ms", None, quantile(latencies, 0.95))


def _batch(run: Run, server: postgres.Server, place: service.Place, first: int, single: float) -> Row:
    """By the verb that a route for many will call: there is no such route yet. From text to text, without HTTP."""
    count = run.few(filling.AT_ONCE, 8)

    async def rounds() -> list[float]:
        runtime = Runtime(place.settings)
        await runtime.start()
        taken = []
        try:
            for turn in range(run.rounds + 1):
                run.tell(f"batch, round {turn} of {run.rounds}")
                numbers = range(first + turn * count, first + (turn + 1) * count)
                before = time.process_time() + processes.cpu_seconds(server.pid)
                await filling.batch(runtime, place, numbers)
                spent = time.process_time() + processes.cpu_seconds(server.pid) - before
                if turn:
                    taken.append(count / spent)
        finally:
            await runtime.close()
        return taken

    ours = median(asyncio.run(rounds()))
    name = f"a batch of {count} (the verb) ÷ single POST: for a CPU second"
    return Row(name, "awards", None, ours, single, ours / single, _goal(run, _BATCH))


def _goal(run: Run, goal: Goal) -> Goal | None:
    return None if run.quick else goal
