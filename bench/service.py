"""The service as people run it: set up in an empty database, then `badgeissuer serve` in a process of its own."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from badgeissuer.rules.parts import AchievementParts
from badgeissuer.rules.terms import ClientKind
from badgeissuer.runtime import Runtime
from badgeissuer.services import access, defining, registering
from badgeissuer.settings import Settings
from badgeissuer.store import schema
from badgeissuer.store.access import Actor
from bench import processes, work_unit
from bench.run import ROOT

CALLERS = 32
_PASSPHRASE = "a passphrase that only measurements use"
_SLUG = "bench"
_FIRST = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Place:
    """A database with one issuer, one achievement that is published, and an API key."""

    folder: Path
    url: str
    key: str
    client: UUID
    achievement: UUID

    @property
    def settings(self) -> Settings:
        return settings(self.folder, self.url)

    @property
    def actor(self) -> Actor:
        """The platform that the key belongs to."""
        return Actor(
            kind=ClientKind.PLATFORM,
            name="bench",
            scopes=frozenset(access.SCOPES),
            issuer_ids=None,
            client_id=self.client,
        )

    def award(self, number: int) -> dict[str, Any]:
        """The body that issues one award, to an earner of its own, of the size that is measured."""
        return {
            "achievement": str(self.achievement),
            "earner": {
                "email": f"educator{number}@schools.example.org",
                "name": f"Educator {number}",
                "affiliation": {"school": "Valley Middle", "district": "Pike County", "state": "KY"},
            },
            "results": [{"result_description": "Assessment design", "achieved_level": "Proficient"}],
            "evidence": [
                {"name": name, "description": what, "genre": "Portfolio", "sha256": f"{number:060x}{part:04x}"}
                for part, (name, what) in enumerate(_EVIDENCE)
            ],
            "decided_by": "Dana Whitaker",
            "decided_at": decided_at(number).isoformat().replace("+00:00", "Z"),
            "external_reference": f"bench-{number}",
        }


_EVIDENCE = (
    ("Lesson plan", "Three checks for understanding."),
    ("Work of learners", "Six samples."),
    ("Reflection", "What was changed."),
)


def decided_at(number: int) -> datetime:
    """Awards follow each other by seconds, so that a list of them has an order and a part of it can be asked for."""
    return _FIRST + timedelta(seconds=number)


def window(first: int, count: int) -> str:
    """The filter of the award query that names just these."""
    ends = [decided_at(number).isoformat().replace("+00:00", "Z") for number in (first, first + count)]
    return f"awarded_from={ends[0]}&awarded_before={ends[1]}"


def settings(folder: Path, url: str) -> Settings:
    return Settings(data_dir=folder, database_url=url, base_url=work_unit.BASE, key_passphrase=_PASSPHRASE)


async def prepare(folder: Path, url: str) -> Place:
    """Fill an empty database with what every award needs."""
    await schema.upgrade(url)
    runtime = Runtime(settings(folder, url))
    await runtime.start()
    try:
        profile = {name: value for name, value in work_unit.profile().items() if name not in ("id", "type", "url")}
        document = {name: value for name, value in work_unit.achievement().items() if name not in ("id", "type")}
        async with runtime.begin(access.operator()) as work:
            await registering.register_issuer(work, slug=_SLUG, profile=profile)
        async with runtime.begin(access.operator()) as work:
            drafted, _ = await defining.draft_achievement(
                work, issuer=_SLUG, document=document, parts=AchievementParts()
            )
        async with runtime.begin(access.operator()) as work:
            await defining.publish(work, achievement_id=drafted.id)
        async with runtime.begin(access.operator()) as work:
            client, key = await access.create_client(work, kind=ClientKind.PLATFORM, name="bench", all_issuers=True)
    finally:
        await runtime.close()
    return Place(folder, url, key, client.id, drafted.id)


class Service:
    """A process that serves. ``pids`` are all whose CPU time its answers cost: its own, and the database's."""

    def __init__(self, place: Place, process: subprocess.Popen[str], address: str, database: Sequence[int]) -> None:
        self.place = place
        self.pid = process.pid
        found = urlsplit(address)
        self.host, self.port = str(found.hostname), int(found.port or 80)
        self._database = tuple(database)

    def request(self, method: str, path: str, body: dict[str, Any] | None = None, **headers: str) -> str:
        """One request as it goes over the wire."""
        text = "" if body is None else json.dumps(body)
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: {self.host}:{self.port}",
            f"Authorization: Bearer {self.place.key}",
            f"Content-Length: {len(text.encode())}",
            *(["Content-Type: application/json"] if text else []),
            *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
        ]
        return "\r\n".join([*lines, "", text])

    def awards(self, first: int, count: int) -> list[str]:
        return [self.request("POST", "/v1/awards", self.place.award(first + each)) for each in range(count)]

    def call(self, requests: Sequence[str], *, callers: int = CALLERS, due: int = 201) -> Answers:
        """Have callers in another process ask all of it. Raises ``Refused`` where an answer is not the one due."""
        task = {"host": self.host, "port": self.port, "callers": callers, "requests": list(requests)}
        before = processes.cpu_seconds(self.pid, *self._database)
        caller = subprocess.Popen(
            [sys.executable, "-m", "bench.calling"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            told, _ = caller.communicate(json.dumps(task), timeout=1_800)
        finally:
            if caller.poll() is None:
                caller.kill()
                caller.wait()
        found = json.loads(told)
        if found["statuses"] != {str(due): len(requests)}:
            raise Refused(f"{found['statuses']} instead of {len(requests)} × {due}: {found['refused']}")
        spent = processes.cpu_seconds(self.pid, *self._database) - before
        return Answers(len(requests), found["seconds"], spent, found["latencies_ms"])

    def stream(self, path: str, accept: str) -> int:
        """Read an answer to its end, as it comes; the number of its lines."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=600)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {self.place.key}", "Accept": accept})
            answer = connection.getresponse()
            if answer.status != 200:
                raise Refused(f"{answer.status} instead of 200: {answer.read(500).decode(errors='replace')}")
            lines = 0
            while part := answer.read1(1 << 18):
                lines += part.count(b"\n")
            return lines
        finally:
            connection.close()


class Refused(Exception):
    """The service gave another answer than it must."""


@dataclass(frozen=True, slots=True)
class Answers:
    """So many answers, in seconds on the wall, with the CPU seconds of service and database together."""

    count: int
    seconds: float
    cpu_seconds: float
    latencies_ms: list[float]

    @property
    def each_cpu_us(self) -> float:
        return self.cpu_seconds / self.count * 1e6

    @property
    def each_wall_us(self) -> float:
        return self.seconds / self.count * 1e6


@contextmanager
def serving(place: Place, *, database: Sequence[int] = (), without_storage: bool = False) -> Iterator[Service]:
    """The service, on a port that is free. Raises ``Refused`` with its last words where it does not start."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BADGEISSUER_")}
    environment |= {
        "BADGEISSUER_DATABASE_URL": place.url,
        "BADGEISSUER_BASE_URL": work_unit.BASE,
        "BADGEISSUER_KEY_PASSPHRASE": _PASSPHRASE,
    }
    command = [sys.executable, "-m", "bench.served", *(["--without-storage"] if without_storage else [])]
    log = (place.folder / "serve.log").open("w+", encoding="utf-8")
    process = subprocess.Popen(
        [*command, "serve", "--port", "0", "--data-dir", str(place.folder), "--json"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        start_new_session=True,
    )
    try:
        yield Service(place, process, _listening(process, log.name), database)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
        log.close()


def _listening(process: subprocess.Popen[str], log: str) -> str:
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        if line.startswith("}"):
            return str(json.loads(text)["listening"])
    process.wait()
    raise Refused(f"the service does not start: {Path(log).read_text(encoding='utf-8')[-500:]}")


def set_up(folder: Path, url: str) -> Place:
    folder.mkdir(parents=True, exist_ok=True)
    return asyncio.run(prepare(folder, url))
