"""What a badge's page takes on the server beside its JSON, and how long each page is: ``make bench-pages``.

One process, SQLite, no socket: the app is called as a server would call it. Each turn asks for one badge's JSON, for
its page the first time that anybody opens it, and for the page again, so that a busy machine slows all of them alike.
The promise: the median of first views takes at most twice the JSON's and 10 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from pydantic import SecretStr

from badgeissuer.cli.demo import load_demo
from badgeissuer.rules.terms import ClientKind
from badgeissuer.runtime import Runtime
from badgeissuer.services import access
from badgeissuer.settings import Settings
from badgeissuer.store import schema
from badgeissuer.web.app import create_app

BASE_URL = "https://issuer.example"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
AWARDS = 60
MOST_BYTES = 50_000
_MORE_MS = 10.0


@dataclass(frozen=True, slots=True)
class Times:
    """Medians in milliseconds."""

    json_ms: float
    first_ms: float
    again_ms: float
    awards: int

    @property
    def allowed_ms(self) -> float:
        return 2 * self.json_ms + _MORE_MS

    @property
    def is_good(self) -> bool:
        return self.first_ms <= self.allowed_ms


def main(arguments: Sequence[str] = ()) -> int:
    """Print the figures. 0 where the page keeps its promise."""
    parser = argparse.ArgumentParser(prog="python -m bench pages", description="server time of the badge page")
    parser.add_argument("--awards", type=int, default=AWARDS, help=f"badges to open (default {AWARDS})")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args(arguments)
    times, sizes = asyncio.run(_run(options.awards))
    good = times.is_good and all(size < MOST_BYTES for size in sizes.values())
    if options.json:
        figures = {"json_ms": times.json_ms, "first_ms": times.first_ms, "again_ms": times.again_ms}
        print(json.dumps({**figures, "allowed_ms": times.allowed_ms, "bytes": sizes, "good": good}))
        return not good
    print(f"median of {times.awards} badges, in this process, SQLite")
    print(f"{'JSON of a badge':44}{times.json_ms:>8.1f} ms")
    print(f"{'its page, the first time':44}{times.first_ms:>8.1f} ms   allowed {times.allowed_ms:.1f}")
    print(f"{'its page, again':44}{times.again_ms:>8.1f} ms")
    for what, size in sizes.items():
        print(f"{what:44}{size:>8} bytes   allowed {MOST_BYTES}")
    return not good


async def _run(awards: int) -> tuple[Times, dict[str, int]]:
    with tempfile.TemporaryDirectory() as folder:
        async with service(Path(folder)) as (runtime, http):
            loaded = await load_demo(runtime)
            urls = await _issue(runtime, http, awards, like=loaded.issued[0].url)
            return await measure(http, urls), await _sizes(http, [each.url for each in loaded.issued])


@asynccontextmanager
async def service(folder: Path, database: str | None = None) -> AsyncIterator[tuple[Runtime, httpx2.AsyncClient]]:
    database = database or f"sqlite+aiosqlite:///{folder / 'bench.db'}"
    settings = Settings(data_dir=folder, database_url=database, base_url=BASE_URL)
    await schema.upgrade(database)
    runtime = Runtime(settings, passphrase=SecretStr(secrets.token_hex(16)))
    await runtime.start()
    try:
        transport = httpx2.ASGITransport(app=create_app(runtime))
        async with httpx2.AsyncClient(transport=transport, base_url=BASE_URL) as http:
            yield runtime, http
    finally:
        await runtime.close()


async def _issue(runtime: Runtime, http: httpx2.AsyncClient, count: int, *, like: str) -> list[str]:
    """So many badges of the same achievement as one of the demo, each of another earner; their addresses."""
    async with runtime.begin(access.operator()) as work:
        _, key = await access.create_client(work, kind=ClientKind.PLATFORM, name="bench", all_issuers=True)
    headers = {"Authorization": f"Bearer {key}"}
    achievement = (await http.get(like)).json()["credentialSubject"]["achievement"]["id"].rpartition("/")[2]
    urls = []
    for number in range(count):
        body: dict[str, Any] = {
            "achievement": achievement,
            "earner": {"email": f"educator{number}@schools.example.org", "name": f"Educator {number}"},
            "evidence": [{"name": "Lesson plan", "genre": "Plan", "sha256": f"{number:064x}"}],
            "decided_by": "Dana Whitaker",
            "decided_at": "2026-11-20T10:00:00Z",
            "external_reference": f"bench-{number}",
        }
        answer = await http.post("/v1/awards", json=body, headers=headers)
        if answer.status_code != 201:
            raise RuntimeError(answer.text)
        urls.append(answer.json()["credential"]["url"])
    return urls


async def measure(http: httpx2.AsyncClient, urls: Sequence[str]) -> Times:
    """Median times of these badges, none of which was opened before; the first of them warms up and does not count."""
    taken: dict[str, list[float]] = {"json": [], "first": [], "again": []}
    for turn, url in enumerate(urls):
        for what in taken:
            started = time.perf_counter()
            answer = await http.get(url, headers={"Accept": "application/vc"} if what == "json" else BROWSER)
            spent = (time.perf_counter() - started) * 1_000
            if answer.status_code != 200:
                raise RuntimeError(answer.text)
            if turn:
                taken[what].append(spent)
    medians = {what: statistics.median(values) for what, values in taken.items()}
    return Times(medians["json"], medians["first"], medians["again"], len(urls) - 1)


async def _sizes(http: httpx2.AsyncClient, badges: Sequence[str]) -> dict[str, int]:
    """Bytes of HTML: the longest page of the demo's badges, and the other pages."""
    pages = [len((await http.get(url, headers=BROWSER)).content) for url in badges]
    found = {f"the longest of {len(pages)} badge pages": max(pages)}
    for path in ("/verify", "/catalogue", "/me"):
        answer = await http.get(path, headers=BROWSER)
        if answer.status_code == 200:
            found[path] = len(answer.content)
    return found
