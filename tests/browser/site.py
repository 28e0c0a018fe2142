"""The server that the browser tests look at: what the demo issued there, and calls of a platform."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from tests.support.server import Server

Json = dict[str, Any]


@dataclass
class Site:
    """The server, what the demo issued on it, and a platform's API key."""

    server: Server
    key: str
    issued: list[Json]

    @property
    def url(self) -> str:
        return self.server.base_url

    def log(self) -> str:
        """What the server wrote: in demo mode the mails too."""
        return self.server.log.read_text(encoding="utf-8", errors="replace")

    async def api(self, method: str, path: str, body: Json | None = None, *, status: int | None = None) -> Any:
        """One call as the platform; the answer's JSON."""
        async with httpx2.AsyncClient(base_url=self.url, trust_env=False, timeout=60) as http:
            answer = await http.request(method, path, json=body, headers={"Authorization": f"Bearer {self.key}"})
        assert answer.status_code == (status or {"POST": 201}.get(method, 200)), (path, answer.text)
        return answer.json()

    async def have(self, path: str, accept: str = "*/*") -> httpx2.Response:
        """One public document, as a program gets it."""
        async with httpx2.AsyncClient(base_url=self.url, trust_env=False, timeout=60) as http:
            return await http.get(path, headers={"Accept": accept})

    async def publish(self, issuer: str, document: Json, **parts: Any) -> str:
        """A published achievement; its id."""
        made: str = (
            await self.api("POST", "/v1/achievements", {"issuer": issuer, "achievement": document, "parts": parts})
        )["id"]
        await self.api("POST", f"/v1/achievements/{made}/publish", status=200)
        return made


@contextmanager
def opened(folder: Path) -> Iterator[Site]:
    """A server with the demo's data in the folder, while the block runs."""
    server = Server(folder, f"sqlite+aiosqlite:///{folder / 'badgeissuer.db'}")
    server.environment["BADGEISSUER_DEMO"] = "true"
    loaded = json.loads(server.run("demo", "--no-serve", "--json"))
    key = json.loads(server.run("apikey", "create", "--platform", "Browser tests", "--json"))["key"]
    with server:
        yield Site(server, key, loaded["issued"])
