"""A real server with the demo's data, and Debian's Chromium that opens its pages. Nothing leaves the machine.

``site`` is the server and what was issued there; ``visitor`` opens pages as somebody would, and fails the test when a
page asks for anything outside, runs something, or writes to the console. Names of fixtures that other tests here use:
``site``, ``browser``, ``visitor``, ``open_visitor``, ``gallery``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Page,
    Request,
    Route,
    ViewportSize,
    async_playwright,
)

from tests.browser.gallery import Gallery, build, sign_in
from tests.browser.machine import ARGUMENTS
from tests.browser.site import Json, Site, opened
from tests.support.tools import tool

__all__ = ["DESKTOP", "PHONE", "Json", "OpenVisitor", "Site", "Visitor", "file_of", "watch"]

OWN_HOSTS = frozenset({"localhost", "127.0.0.1"})
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 320, "height": 720}


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
    with opened(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture(scope="session")
async def gallery(site: Site, browser: Browser) -> Gallery:
    """All pages and states, made once; its session is that of an earner who has signed in."""
    made = await build(site)
    context = await browser.new_context(base_url=site.url)
    await sign_in(site, context)
    made.session = dict(await context.storage_state())
    await context.close()
    return made


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
        context.set_default_timeout(20_000)
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
