"""What the catalogue takes on the server with 20,000 micro-credentials in it: ``python -m bench catalogue``.

One process, no socket: the app is called as a server would call it. Each query is asked as the page, with its counts
and filters, and as the feed; the median of the rounds counts. SQLite by default; ``--database`` names an empty
PostgreSQL database that may be written into.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import secrets
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx2
from pydantic import SecretStr
from sqlalchemy import insert, text

from badgeissuer.rules.terms import VersionState
from badgeissuer.runtime import Runtime
from badgeissuer.services import access, registering
from badgeissuer.settings import Settings
from badgeissuer.store import schema
from badgeissuer.store.catalogue import CatalogueEntry, CatalogueFramework, EntryKind, write_words
from badgeissuer.store.catalogue_words import IndexedWords
from badgeissuer.web.app import create_app
from badgeissuer.work import Work

BASE_URL = "https://issuer.example"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
ENTRIES, ISSUERS, FRAMEWORKS, ROUNDS = 20_000, 40, 25, 7
MOST_BYTES = 50_000
MOST_MS = 400.0
_FIRST = 1_000
# A rare pair of words, a word that is only begun, one that every entry has, filters alone, and everything.
QUERIES = {
    "two words": "q=word17+word901",
    "the beginning of a word": "q=word12",
    "a word of every entry": "q=educator",
    "filters": "issuer=i3&framework=Framework+3&from=5&to=30",
    "everything, newest first": "sort=newest",
}


def main(arguments: Sequence[str] = ()) -> int:
    """Print the figures. 0 where no page takes longer than it may, or is larger."""
    parser = argparse.ArgumentParser(prog="python -m bench catalogue", description="server time of the catalogue")
    parser.add_argument("--entries", type=int, default=ENTRIES, help=f"micro-credentials (default {ENTRIES})")
    parser.add_argument("--database", help="URL of an empty PostgreSQL database (default: SQLite in a folder)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args(arguments)
    figures = asyncio.run(_run(options.entries, options.database))
    good = all(page <= MOST_MS and size < MOST_BYTES for page, _, size in figures.values())
    if options.json:
        named = {what: dict(zip(("page_ms", "feed_ms", "bytes"), each, strict=True)) for what, each in figures.items()}
        print(json.dumps({"queries": named, "allowed_ms": MOST_MS, "good": good}))
        return not good
    print(
        f"median of {ROUNDS} rounds over {options.entries} entries, in this process; a page may take {MOST_MS:.0f} ms"
    )
    print(f"{'':32}{'page':>10}{'feed':>10}{'bytes':>10}")
    for what, (page, feed, size) in figures.items():
        print(f"{what:32}{page:>7.1f} ms{feed:>7.1f} ms{size:>10}")
    return not good


async def _run(entries: int, database: str | None) -> dict[str, tuple[float, float, int]]:
    with tempfile.TemporaryDirectory() as folder:
        url = database or f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}"
        settings = Settings(data_dir=Path(folder), database_url=url, base_url=BASE_URL)
        await schema.upgrade(url)
        runtime = Runtime(settings, passphrase=SecretStr(secrets.token_hex(16)))
        await runtime.start()
        try:
            await _fill(runtime, entries)
            transport = httpx2.ASGITransport(app=create_app(runtime))
            async with httpx2.AsyncClient(transport=transport, base_url=BASE_URL) as http:
                return {what: await _measure(http, query) for what, query in QUERIES.items()}
        finally:
            await runtime.close()


async def _measure(http: httpx2.AsyncClient, query: str) -> tuple[float, float, int]:
    pages: list[float] = []
    feeds: list[float] = []
    size = 0
    for turn in range(ROUNDS + 1):
        for path, taken in ((f"/catalogue?{query}", pages), (f"/catalogue.json?{query}", feeds)):
            started = time.perf_counter()
            answer = await http.get(path, headers=BROWSER)
            spent = (time.perf_counter() - started) * 1_000
            if answer.status_code != 200:
                raise RuntimeError(answer.text)
            if turn:  # the first warms up
                taken.append(spent)
            if taken is pages:
                size = max(size, len(answer.content))
    return statistics.median(pages), statistics.median(feeds), size


async def _fill(runtime: Runtime, entries: int) -> None:
    """Entries as publications would make them; the records behind them are not looked at by a search."""
    rng = random.Random(20_261_124)
    vocabulary = [f"word{number}" for number in range(3_000)]
    async with runtime.begin(access.operator()) as work:
        issuers = [
            await registering.register_issuer(work, slug=f"i{number}", profile={"name": f"Issuer {number}"})
            for number in range(ISSUERS)
        ]
        ids = [issuer.id for issuer in issuers]
    for start in range(0, entries, 1_000):
        async with runtime.begin(access.operator()) as work:
            await work.begin_write()
            await _enter(work, range(start, min(entries, start + 1_000)), ids, rng, vocabulary)
    async with runtime.database.writing() as session:
        await session.execute(text("ANALYZE"))


async def _enter(work: Work, numbers: range, issuers: list[UUID], rng: random.Random, vocabulary: list[str]) -> None:
    names = {number: f"Entry {number} of {rng.choice(vocabulary)}" for number in numbers}
    rows = [
        {
            "place": _FIRST + number,
            "id": work.new_id(),
            "kind": EntryKind.ACHIEVEMENT,
            "issuer_id": issuers[number % ISSUERS],
            "version_id": work.new_id(),
            "state": VersionState.PUBLISHED,
            "name": name,
            "sort_key": name.lower(),
            "summary": "The educator shows it. " * 6,
            "type": "MicroCredential",
            "hours": number % 40 + 1.0,
            "published_at": work.now + timedelta(seconds=number),
            "updated_at": work.now,
        }
        for number, name in names.items()
    ]
    await work.session.execute(insert(CatalogueEntry), rows)
    frameworks = [{"place": _FIRST + n, "framework": f"Framework {n % FRAMEWORKS}"} for n in numbers]
    await work.session.execute(insert(CatalogueFramework), frameworks)
    for number, name in names.items():
        words = IndexedWords.of(
            name=name, tags=rng.choices(vocabulary, k=5), text=["educator", " ".join(rng.choices(vocabulary, k=100))]
        )
        await write_words(work.session, place=_FIRST + number, found_by=words)
