"""A real server with the demo's data, and Debian's Chromium that opens its pages. Nothing leaves the machine.

``site`` is the server and what was issued there; ``visitor`` opens pages as somebody would, and fails the test when a
page asks for anything outside, runs something, or writes to the console. Names of fixtures that other tests here use:
``site``, ``browser``, ``visitor``, ``open_visitor``.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Request, Route, async_playwright

from tests.support.server import Server
from tests.support.tools import tool

# What Chromium would do by itself, it does not do here; and it can find no other machine.
ARGUMENTS = [
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
OWN_HOSTS = frozenset({"localhost", "127.0.0.1"})
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 320, "height": 720}
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


@dataclass
class Seen:
    """What a page did that no page of ours may do."""

    outside: list[str] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)


@dataclass
class Visitor:
    """A browser window with a page, and what was seen in it."""

    context: BrowserContext
    page: Page
    seen: Seen

    def check(self) -> None:
        assert self.seen == Seen(), self.seen


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One for all tests of this process: tests make issuers and awards of their own before they change anything."""
    folder = tmp_path_factory.mktemp("site")
    server = Server(folder, f"sqlite+aiosqlite:///{folder / 'badgeissuer.db'}")
    server.environment["BADGEISSUER_DEMO"] = "true"
    loaded = json.loads(server.run("demo", "--no-serve", "--json"))
    key = json.loads(server.run("apikey", "create", "--platform", "Browser tests", "--json"))["key"]
    with server:
        yield Site(server, key, loaded["issued"])


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium. Tests skip where it is absent, but in CI."""
    program = tool("chromium")
    if program is None:
        pytest.skip("there is no chromium here (see tests/apt.txt)")
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield started
        await started.close()


OpenVisitor = Callable[..., Awaitable[Visitor]]


@pytest.fixture
async def open_visitor(browser: Browser, site: Site) -> AsyncIterator[OpenVisitor]:
    """Opens windows: with or without scripts, of any size, by day or night (the arguments of ``new_context``).

    Afterwards each of them must have asked for nothing outside, run nothing and complained of nothing.
    """
    opened: list[Visitor] = []

    async def open_one(*, scripts: bool = False, **members: Any) -> Visitor:
        options: Json = {"viewport": DESKTOP, "locale": "en-US", **members}
        context = await browser.new_context(java_script_enabled=scripts, base_url=site.url, **options)
        seen = Seen()
        await watch(context, seen)
        opened.append(Visitor(context, await context.new_page(), seen))
        return opened[-1]

    yield open_one
    for visitor in opened:
        await visitor.context.close()
    for visitor in opened:
        visitor.check()


@pytest.fixture
async def visitor(open_visitor: OpenVisitor) -> Visitor:
    """A window at a desk, without scripts: every page works so."""
    return await open_visitor()


async def watch(context: BrowserContext, seen: Seen) -> None:
    """Write down, and stop, what leaves this machine; write down dialogs and what stands in the console."""

    def outside(request: Request) -> bool:
        parts = urlsplit(request.url)
        return parts.scheme not in ("data", "blob", "about") and parts.hostname not in OWN_HOSTS

    def note(request: Request) -> None:
        if outside(request):
            seen.outside.append(request.url)

    async def guard(route: Route) -> None:
        if outside(route.request):
            await route.abort()
        else:
            await route.continue_()

    async def dismiss(dialog: Dialog) -> None:
        seen.ran.append(f"{dialog.type}: {dialog.message}")
        await dialog.dismiss()

    def write(message: ConsoleMessage) -> None:
        # A page that says 404 or 422 is meant to; the browser notes that by itself.
        if not message.text.startswith("Failed to load resource: the server responded with a status of"):
            seen.console.append(f"{message.type}: {message.text}")

    context.on("request", note)
    context.on("dialog", dismiss)
    context.on("console", write)
    await context.route("**/*", guard)


def file_of(folder: Path, name: str, content: bytes) -> Path:
    """A file to put into a form."""
    path = folder / name
    path.write_bytes(content)
    return path
