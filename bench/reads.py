"""What the public reads of stored texts cost, against a bare Starlette route that returns as many bytes.

One process, no socket: the app is called as a server would call it. CPU time of the process counts (the database's own
does not, where it is another process). Rounds of all contenders alternate, after one that does not count; the median of
five counts. Each address answers with what the database holds at that moment: nothing is kept between requests.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from badgeissuer.cli.demo import load_demo
from badgeissuer.vc import strictjson
from bench.pages import service

ROUNDS = 5
READS = 200

Call = Callable[[], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Read:
    """One address: microseconds of CPU a read, and how often the bare route's."""

    name: str
    us: float
    ratio: float


def main(arguments: Sequence[str] = ()) -> int:
    """Print the figures; there is no promise to keep."""
    parser = argparse.ArgumentParser(prog="python -m bench reads", description="CPU time of reading stored texts")
    parser.add_argument("--reads", type=int, default=READS, help=f"reads a round (default {READS})")
    parser.add_argument("--database", help="URL of an empty PostgreSQL database; SQLite if left out")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args(arguments)
    found = asyncio.run(run(options.reads, options.database))
    if options.json:
        print(json.dumps([{"name": each.name, "us": each.us, "ratio": each.ratio} for each in found]))
    else:
        print(f"median of {ROUNDS} rounds of {options.reads} reads, CPU time of this process")
        print(f"{'':44}{'µs':>8}{'× bare':>9}")
        for each in found:
            print(f"{each.name:44}{each.us:>8.0f}{each.ratio:>9.2f}")
    return 0


async def run(reads: int = READS, database: str | None = None) -> list[Read]:
    """The figures of one run, the bare route first."""
    with tempfile.TemporaryDirectory() as folder:
        async with service(Path(folder), database) as (runtime, http):
            loaded = await load_demo(runtime)
            badge = loaded.issued[0].url
            document = (await http.get(badge)).json()
            paths = {
                "credential": urlsplit(badge).path,
                "credential as JWT": f"{urlsplit(badge).path}.jwt",
                "status list": urlsplit(document["credentialStatus"]["statusListCredential"]).path,
                "achievement": urlsplit(document["credentialSubject"]["achievement"]["id"]).path,
                "issuer": f"/issuers/{document['issuer']['id'].rpartition(':')[2]}",
                "DID document": f"/issuers/{document['issuer']['id'].rpartition(':')[2]}/did.json",
            }
            body = strictjson.dumps(document).encode()
            app = http._transport.app  # type: ignore[attr-defined]
            calls: dict[str, Call] = {
                "bare Starlette route": caller(_bare(body), "/bytes"),
                "FastAPI route with Response(bytes)": caller(_plain_fastapi(body), "/bytes"),
                **{name: caller(app, path) for name, path in paths.items()},
                "credential, 304": caller(app, paths["credential"], await _known(http, badge)),
            }
            return await _measure(calls, reads)


async def _known(http: Any, url: str) -> Mapping[str, str]:
    return {"if-none-match": (await http.get(url)).headers["etag"]}


async def _measure(calls: Mapping[str, Call], reads: int) -> list[Read]:
    rounds: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(ROUNDS + 1):
        for name, call in calls.items():
            started = time.process_time()
            for _ in range(reads):
                if await call() not in (200, 304):
                    raise RuntimeError(f"{name} was not answered")
            if turn:
                rounds[name].append((time.process_time() - started) / reads * 1e6)
    medians = {name: statistics.median(taken) for name, taken in rounds.items()}
    least = next(iter(medians.values()))
    return [Read(name, round(us, 1), round(us / least, 2)) for name, us in medians.items()]


def caller(app: Any, path: str, headers: Mapping[str, str] | None = None) -> Call:
    """Calls an ASGI app as a server would: a wallet that asks for a credential. Gives the status."""
    sent = [(b"host", b"issuer.example"), (b"accept", b"*/*"), (b"user-agent", b"wallet/1.0")]
    sent += [(name.encode(), value.encode()) for name, value in (headers or {}).items()]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def call() -> int:
        status = 0

        async def send(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]

        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "https",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": list(sent),
            "client": ("127.0.0.1", 1),
            "server": ("issuer.example", 443),
        }
        await app(scope, receive, send)
        return status

    return call


def _bare(body: bytes) -> Starlette:
    async def read(_request: Request) -> Response:
        return Response(body, media_type="application/json")

    return Starlette(routes=[Route("/bytes", read)])


def _plain_fastapi(body: bytes) -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.get("/bytes")
    async def read() -> Response:
        return Response(body, media_type="application/json")

    return app


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
