"""What publishing a stack costs where many people hold its members already: ``make bench-retroactive``.

A database is filled with earners who hold some of the stack's three members, and a few who hold all of them. Then the
stack is published, and its job runs in a process of its own that is killed (-9) on the way; a second one goes on where
the first stopped. At the end each earner who holds all three has the stack's award, once. The memory of a process, the
workers that canonicalise included, is compared with what it was after its own first 1,000 earners.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select, update

from badgeissuer.jobs import stacks
from badgeissuer.jobs.worker import Worker
from badgeissuer.rules.terms import JobState
from badgeissuer.runtime import Runtime
from badgeissuer.services import stack_jobs
from badgeissuer.settings import Settings
from badgeissuer.store.assessment import Decision
from badgeissuer.store.awards import Award, Credential
from badgeissuer.store.engine import Database
from badgeissuer.store.jobs import Job
from badgeissuer.store.outbox import Event
from badgeissuer.store.stacks import StackAward
from bench.earners import Crowd, fill

ALLOWED_MIB = 50.0
_FIRST = 1_000
_LOOK_EVERY = 0.05
_ROOT = Path(__file__).resolve().parent.parent
_PASSPHRASE = "a passphrase that only measurements use"

Say = Callable[[str], None]


@dataclass(slots=True)
class Leg:
    """One process that worked on the job: from which earner to which, and its memory in MiB."""

    ended: str
    began: int
    came_to: int
    seconds: float
    first_mib: float
    peak_mib: float

    @property
    def grown_mib(self) -> float:
        """Above what it had after its first earners; 0 where it did not come so far."""
        return max(self.peak_mib - self.first_mib, 0.0) if self.first_mib else 0.0


def main(arguments: Sequence[str] = ()) -> int:
    """Print what it took. 0 where everything is as it must be and memory stayed within what is allowed."""
    parser = argparse.ArgumentParser(prog="python -m bench retroactive", description="a stack published late")
    parser.add_argument("--earners", type=int, default=100_000, help="who hold members (default 100,000)")
    parser.add_argument("--complete", type=int, default=2_000, help="of them, who hold all (default 2,000)")
    parser.add_argument("--kills", type=int, default=1, help="times that the worker is killed on the way (default 1)")
    parser.add_argument("--database-url", help="an empty database (default: SQLite in a temporary folder)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--work-in", type=Path, help=argparse.SUPPRESS)  # the process that does the job
    options = parser.parse_args(arguments)
    if options.work_in is not None:
        return asyncio.run(_work(options.work_in, options.database_url))

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory(prefix="badgeissuer-bench-") as folder:
        url = options.database_url or f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}"
        settings = settings_in(Path(folder), url)
        began = time.monotonic()
        crowd = asyncio.run(fill(settings, earners=options.earners, complete=options.complete))
        say(f"{options.earners:,} earners in {time.monotonic() - began:.0f} s")
        legs = asyncio.run(run(Path(folder), url, crowd, kills=options.kills, say=say))
        wrong = asyncio.run(faults(url, crowd, legs))
    wrong += [f"memory grew by {leg.grown_mib:.1f} MiB" for leg in legs if leg.grown_mib > ALLOWED_MIB]
    if options.json:
        print(json.dumps({"earners": crowd.earners, "legs": [asdict(leg) for leg in legs], "wrong": wrong}))
    else:
        _tell(crowd, legs, wrong)
    return int(bool(wrong))


async def run(folder: Path, url: str, crowd: Crowd, *, kills: int, say: Say = lambda _: None) -> list[Leg]:
    """Work on the job in one process after the other, each but the last killed at its share of the earners."""
    legs = []
    for leg in range(kills + 1):
        until = crowd.earners * (leg + 1) // (kills + 1) if leg < kills else None
        legs.append(await _leg(folder, url, crowd.job_id, until))
        say(f"process {leg + 1}: {legs[-1]}")
    return legs


async def _leg(folder: Path, url: str, job_id: UUID, until: int | None) -> Leg:
    """One process. ``until``: it is killed once so many earners are done."""
    database = Database(url, pool_size=2)
    command = [sys.executable, "-m", "bench", "retroactive", "--work-in", str(folder), "--database-url", url]
    try:
        began = await _done(database, job_id)
        await _lapse(database, job_id)
        started = time.monotonic()
        process = subprocess.Popen(command, cwd=_ROOT, start_new_session=True)  # noqa: ASYNC220 - a start takes milliseconds
        first = peak = 0.0
        try:
            while process.poll() is None:
                now, highest = _memory(process.pid)
                peak = max(peak, highest)
                done = await _done(database, job_id)
                if not first and done >= began + _FIRST:
                    first = now
                if until is not None and done >= until:
                    process.kill()  # SIGKILL: nothing is flushed, closed or told
                    process.wait()
                    break
                await asyncio.sleep(_LOOK_EVERY)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        seconds = time.monotonic() - started
        ended = "killed" if process.returncode < 0 else f"ended with {process.returncode}"
        return Leg(ended, began, await _done(database, job_id), round(seconds, 1), round(first, 1), round(peak, 1))
    finally:
        await database.close()


async def faults(url: str, crowd: Crowd, legs: Sequence[Leg]) -> list[str]:
    """Everything that is not as it must be once the job is done."""
    database = Database(url, pool_size=1)
    try:
        async with database.reading() as session:
            job = (await session.scalars(select(Job).where(Job.id == crowd.job_id))).one()
            awarded = (await session.scalars(select(Award.subject_id).where(Award.achievement_id == crowd.crown))).all()
            signed = (await session.scalars(select(Credential.award_id).group_by(Credential.award_id))).all()
            found = {
                "state of the job": job.state.value,
                "looked at": (job.done, job.total),
                "counted by the job": job.result,
                "who has the stack's award": set(awarded),
                "awards of the stack": len(awarded),
                "awards with credentials": len(signed),
                "credentials": await session.scalar(select(func.count()).select_from(Credential)),
                "known as the stack's": await session.scalar(select(func.count()).select_from(StackAward)),
                "decisions by it": await session.scalar(
                    select(func.count()).select_from(Decision).where(Decision.rule.startswith("stack:"))
                ),
                "events": await session.scalar(
                    select(func.count()).select_from(Event).where(Event.type == "stack.completed")
                ),
                "where each process began": [leg.began for leg in legs],
                "how each process ended": [leg.ended for leg in legs],
            }
    finally:
        await database.close()
    count = len(crowd.complete)
    due = {
        "state of the job": JobState.SUCCEEDED.value,
        "looked at": (crowd.earners, crowd.earners),
        "counted by the job": {"award": count},
        "who has the stack's award": crowd.complete,
        "awards of the stack": count,
        "awards with credentials": count,
        "credentials": 2 * count,  # each as JSON and as JWT
        "known as the stack's": count,
        "decisions by it": count,
        "events": count,
        # Nobody is looked at twice: each begins where the one before was killed.
        "where each process began": [0, *(leg.came_to for leg in legs[:-1])],
        "how each process ended": [*["killed"] * (len(legs) - 1), "ended with 0"],
    }
    return [f"{what}: not as it must be ({found[what]!r:.200})" for what in due if found[what] != due[what]]


async def _work(folder: Path, url: str) -> int:
    """Do the job, as the worker of a server would, until none waits."""
    runtime = Runtime(settings_in(folder, url))
    await runtime.start()
    try:
        worker = Worker(runtime, {stack_jobs.RETROACTIVE: stacks.retroactive})
        while await worker.run_one():
            pass
    finally:
        await runtime.close()
    return 0


async def _done(database: Database, job_id: UUID) -> int:
    async with database.reading() as session:
        return (await session.scalars(select(Job.done).where(Job.id == job_id))).one()


async def _lapse(database: Database, job_id: UUID) -> None:
    """Whoever was killed had a lease that runs out after a minute: that minute is not waited for."""
    async with database.writing() as session:
        await session.execute(update(Job).where(Job.id == job_id).values(run_at=Job.created_at))


def _memory(pid: int) -> tuple[float, float]:
    """MiB that the process and its children hold now, and the sum of the most that each of them held."""
    now = highest = 0.0
    for each in (pid, *_children(pid)):
        try:
            lines = Path(f"/proc/{each}/status").read_text().splitlines()
        except OSError:  # it ended meanwhile
            continue
        pairs = (line.partition(":") for line in lines)
        sizes = {name: float(value.split()[0]) / 1024 for name, _, value in pairs if name in ("VmRSS", "VmHWM")}
        now += sizes.get("VmRSS", 0.0)
        highest += sizes.get("VmHWM", 0.0)
    return now, highest


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def settings_in(folder: Path, url: str) -> Settings:
    """What all processes of one measurement run with."""
    return Settings(data_dir=folder, database_url=url, base_url="https://issuer.example", key_passphrase=_PASSPHRASE)


def _tell(crowd: Crowd, legs: Sequence[Leg], wrong: Sequence[str]) -> None:
    count = len(crowd.complete)
    print(f"a stack of {crowd.members}; {crowd.earners:,} earners held members when it was published, {count:,} all")
    print(f"{'process':34}{'earners':>9}{'seconds':>9}{'after 1,000':>13}{'peak':>9}{'grown':>9}   MiB")
    for number, leg in enumerate(legs, start=1):
        what = f"{number}: from {leg.began:,} to {leg.came_to:,}, {leg.ended}"
        print(
            f"{what:34}{leg.came_to - leg.began:>9,}{leg.seconds:>9.1f}{leg.first_mib:>13.1f}{leg.peak_mib:>9.1f}"
            f"{leg.grown_mib:>9.1f}"
        )
    print("\n".join(wrong) if wrong else f"each of the {count:,} has the stack's award, once")
