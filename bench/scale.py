"""Does the service stay as fast when its database grows? ``make bench-scale N=1000000 DB=postgresql``.

The database is filled with really signed awards, all of them distinct, and the fill pauses at 1 k, 10 k, 100 k and 1 M
to ask what platforms and verifiers ask. Each question goes in turns to this database and to a second one that stays at
1 k, so that a busy machine slows both alike: what counts is the ratio of the two medians, in the same minute.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from sqlalchemy import func, select
from starlette.requests import Request
from starlette.responses import Response

from badgeissuer.runtime import Runtime
from badgeissuer.store.awards import EMBEDDED, Award, Credential
from badgeissuer.store.engine import Database
from badgeissuer.web.paging import Pager, cursor_key
from bench import filling, postgres, processes, rows, run, service
from bench.rounds import Tell, quantile
from bench.rows import Goal, Row
from bench.run import ROOT, Run

SIZES = (1_000, 10_000, 100_000, 1_000_000)
RESULTS = ROOT / "bench" / "results-scale.json"
_FLAT = Goal("≤", 1.2)
_ASKED = 200
_EXPORTED = 1_000
_AWARDS = "/v1/awards"
_NDJSON = "application/x-ndjson"
WAYS = ("issue", "read", "verify", "list, first page", "list, far page", "export of 1,000")


@dataclass(frozen=True, slots=True)
class Sample:
    """What a database holds, for questions about it: addresses and texts of some awards, and a place far down."""

    size: int
    paths: list[str]
    texts: list[str]
    far: str


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds at one size: ``ratio`` is p50 here over p50 in the database that stays small."""

    way: str
    p50: float
    p95: float
    small_p50: float

    @property
    def ratio(self) -> float:
        return self.p50 / self.small_p50

    def as_json(self) -> dict[str, float]:
        return {"p50_ms": round(self.p50, 2), "p95_ms": round(self.p95, 2), "ratio": round(self.ratio, 3)}


def main(arguments: Sequence[str] = ()) -> int:
    """0 where issuing stays within its goal."""
    parser = argparse.ArgumentParser(prog="python -m bench scale", description="times as the database grows")
    parser.add_argument("--awards", type=int, default=100_000, help="awards in the end (default 100,000)")
    parser.add_argument("--database", choices=("postgresql", "sqlite"), default="postgresql")
    parser.add_argument("--sizes", type=int, nargs="+", help="pause at these sizes (default 1 k, 10 k, 100 k, 1 M)")
    parser.add_argument("--asked", type=int, default=_ASKED, help=f"questions of a kind (default {_ASKED})")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    sizes = sorted({size for size in options.sizes or SIZES if size < options.awards} | {options.awards})
    try:
        with _progress(options.awards) as tell, run.folder() as folder:
            found = measure(Run(folder, tell=tell), options.database, sizes, options.asked)
    except KeyboardInterrupt:
        return 130
    flat = list(_rows(found.times, options.database))
    print(_table(found))
    print()
    print(rows.table(flat))
    about = {"database": options.database, "sizes": found.as_json(), "asked": options.asked}
    rows.write(flat, options.results, **about)
    return int(any(row.ok is False for row in flat))


@dataclass(slots=True)
class Found:
    """Times and the service's memory in MiB, for each size."""

    times: dict[int, list[Times]]
    memory: dict[int, float]
    rates: dict[int, float]

    def as_json(self) -> dict[str, Any]:
        return {
            str(size): {
                "memory_mib": round(self.memory[size], 1),
                "filled_a_second": round(self.rates[size], 1),
                **{each.way: each.as_json() for each in times},
            }
            for size, times in self.times.items()
        }


def measure(run_: Run, kind: str, sizes: Sequence[int], asked: int) -> Found:
    found = Found({}, {}, {})
    with ExitStack() as stack:
        server = stack.enter_context(postgres.server(run_)) if kind == "postgresql" else None
        small, large = (_place(run_, server, name) for name in ("small", "large"))
        filling.fill(small, first=0, count=sizes[0])
        filled = 0
        for size in sizes:
            began = time.monotonic()
            filling.fill(large, first=filled, count=size - filled, tell=_counted(run_.tell, filled))
            rate = (size - filled) / (time.monotonic() - began)
            filled = size
            with service.serving(small) as few, service.serving(large) as many:
                found.times[size] = [_times(way, few, many, asked, run_.tell, size) for way in WAYS]
                found.memory[size] = processes.resident_mib(many.pid)
            found.rates[size] = rate
            filled = asyncio.run(count(large))  # those that were issued to measure it stay
    return found


def _times(way: str, few: service.Service, many: service.Service, asked: int, tell: Tell, size: int) -> Times:
    tell(f"at {size:,}: {way}")
    samples = {served.pid: asyncio.run(_sample(served.place, asked)) for served in (few, many)}
    taken: dict[int, list[float]] = {few.pid: [], many.pid: []}
    asking = {served.pid: list(_asked(way, served, samples[served.pid], asked)) for served in (few, many)}
    with _connected(few) as to_few, _connected(many) as to_many:
        for turn, questions in enumerate(zip(asking[few.pid], asking[many.pid], strict=True)):
            for served, connection, question in zip((few, many), (to_few, to_many), questions, strict=True):
                started = time.perf_counter()
                question(connection)
                if turn > len(asking[few.pid]) // 10:  # the first warm up
                    taken[served.pid].append((time.perf_counter() - started) * 1_000)
    here = taken[many.pid]
    return Times(way, quantile(here, 0.5), quantile(here, 0.95), quantile(taken[few.pid], 0.5))


Question = Callable[[http.client.HTTPConnection], None]


def _asked(way: str, served: service.Service, sample: Sample, asked: int) -> Iterator[Question]:
    headers = {"Authorization": f"Bearer {served.place.key}", "Content-Type": "application/json"}
    for number in range(asked):
        path, text = sample.paths[number % len(sample.paths)], sample.texts[number % len(sample.texts)]
        if way == "issue":
            body = json.dumps(served.place.award(sample.size + number))
            yield _question("POST", _AWARDS, headers, body, due=201)
        elif way == "read":
            yield _question("GET", path, {"Accept": "application/vc"})
        elif way == "verify":
            yield _question("POST", "/v1/verify", headers, f'{{"credential":{text}}}', holds=b'"verified":true')
        elif way == "list, first page":
            yield _question("GET", f"{_AWARDS}?limit=50", headers)
        elif way == "list, far page":
            yield _question("GET", f"{_AWARDS}?limit=50&cursor={sample.far}", headers)
        elif number < max(3, asked // 20):  # an export takes as long as many of the others
            window = service.window(number * 37 % max(1, sample.size - _EXPORTED), _EXPORTED)
            yield _question("GET", f"{_AWARDS}?{window}", {**headers, "Accept": _NDJSON})


def _question(
    method: str, path: str, headers: Mapping[str, str], body: str | None = None, *, due: int = 200, holds: bytes = b""
) -> Question:
    def ask(connection: http.client.HTTPConnection) -> None:
        connection.request(method, path, body.encode() if body else None, dict(headers))
        answer = connection.getresponse()
        found = answer.read()
        if answer.status != due or holds not in found.replace(b'": ', b'":'):
            raise service.Refused(f"{method} {path}: {answer.status}, {found[:300].decode(errors='replace')}")

    return ask


@contextmanager
def _connected(served: service.Service) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(served.host, served.port, timeout=600)
    try:
        yield connection
    finally:
        connection.close()


def _place(run_: Run, server: postgres.Server | None, name: str) -> service.Place:
    folder = run_.folder / name
    url = server.create(name) if server else f"sqlite+aiosqlite:///{folder / 'bench.db'}"
    return service.set_up(folder, url)


async def _sample(place: service.Place, count: int) -> Sample:
    """Awards from all over the table, the same ones for the same table."""
    runtime = Runtime(place.settings)
    try:
        async with runtime.begin(place.actor) as work:
            size = int(await work.session.scalar(select(func.count()).select_from(Award)) or 0)
            texts = select(Credential.url, Credential.text).where(Credential.media_type == EMBEDDED)
            found: list[Any] = []
            for offset in Random(size).sample(range(size), min(count, size, 40)):
                found += (await work.session.execute(texts.order_by(Credential.award_id).offset(offset).limit(1))).all()
            oldest = select(Award.awarded_at, Award.id).order_by(Award.awarded_at, Award.id)
            moment, award = (await work.session.execute(oldest.offset(min(size // 10, 5_000)).limit(1))).one()
        scope = {"type": "http", "method": "GET", "path": _AWARDS, "query_string": b"", "headers": [],
                 "app": _App(runtime.settings.base_url), "server": ("localhost", 80), "scheme": "http"}  # fmt: skip
        pager = Pager(Request(scope), Response(), key=cursor_key(runtime), actor=place.actor, limit=1, cursor=None)
        page = pager.page([0, 0], place=lambda _: [moment.isoformat(), str(award)], show=lambda each: each)
        far = str(page.next).rpartition("cursor=")[2]
        paths = [url.removeprefix(runtime.settings.base_url) for url, _ in found]
        return Sample(size, paths, [text for _, text in found], far)
    finally:
        await runtime.close()


class _App:
    """What a page needs of the app to write its address."""

    def __init__(self, base_url: str) -> None:
        self.state = self
        self.base_url = base_url


async def count(place: service.Place) -> int:
    database = Database(place.url, pool_size=1)
    try:
        async with database.reading() as session:
            return int(await session.scalar(select(func.count()).select_from(Award)) or 0)
    finally:
        await database.close()


def _rows(times: Mapping[int, list[Times]], kind: str) -> Iterator[Row]:
    """Issuing has a goal; the others are told."""
    largest = max(times)
    for each in times[largest]:
        name = f"{each.way}: p50 at {largest:,} awards ÷ that at {min(times):,}, {kind}"
        # Too few awards show nothing of what growing does.
        goal = _FLAT if each.way == "issue" and largest >= SIZES[2] else None
        yield Row(name, "ms", None, each.p50, each.small_p50, each.ratio, goal)


def _table(found: Found) -> str:
    lines = [f"{'p50 / p95 in ms':22}" + "".join(f"{f'{size:,}':>20}" for size in found.times)]
    for index, way in enumerate(WAYS):
        cells = [times[index] for times in found.times.values()]
        lines.append(f"{way:22}" + "".join(f"{f'{each.p50:.1f} / {each.p95:.1f}':>20}" for each in cells))
    lines.append(f"{'memory, MiB':22}" + "".join(f"{each:>20.0f}" for each in found.memory.values()))
    lines.append(f"{'filled, awards/s':22}" + "".join(f"{each:>20.0f}" for each in found.rates.values()))
    return "\n".join(lines)


def _counted(tell: Tell, before: int) -> Tell:
    def told(line: str) -> None:
        tell(f"#{before} {line}")

    return told


@contextmanager
def _progress(total: int) -> Iterator[Tell]:
    bar = Progress(
        SpinnerColumn(), BarColumn(bar_width=24), TimeElapsedColumn(), TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False), console=Console(stderr=True), transient=True,
    )  # fmt: skip
    with bar:
        task = bar.add_task("", total=total)

        def tell(line: str) -> None:
            if line.startswith("#"):  # how many are filled: "#before so many of so many awards"
                before, now = line[1:].split()[:2]
                bar.update(task, completed=int(before) + int(now.replace(",", "")))
            bar.update(task, description=line.lstrip("#"))

        yield tell
