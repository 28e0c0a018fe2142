"""A badge in a frame on a page of another origin, in a real browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import quote

import pytest

from tests.browser.axe import faults
from tests.browser.conftest import OpenVisitor, Site, Visitor


@contextmanager
def _served(html: str) -> Iterator[str]:
    """The page on a server of its own: what a browser is handed otherwise may not reach this machine."""

    class Host(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Host) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


async def _snippet(site: Site, url: str) -> str:
    """What an editor gets who asks for the badge's page."""
    told = json.loads((await site.have(f"/oembed?url={quote(url, safe='')}")).content)
    return str(told["html"])


@pytest.mark.parametrize("state", ["active", "revoked"])
async def test_another_page_shows_the_badge_and_leads_to_its_page(
    site: Site, open_visitor: OpenVisitor, state: str
) -> None:
    url = next(item["url"] for item in site.issued if item["state"] == state)
    html = f"<!doctype html><title>Host</title><h1>A page of mine</h1>{await _snippet(site, url)}"
    visitor = await open_visitor(scripts=True)
    with _served(html) as host:
        await visitor.page.goto(host)
        await _look(visitor, url, state)


async def _look(visitor: Visitor, url: str, state: str) -> None:
    frame = visitor.page.frame_locator("iframe")
    assert await frame.locator("h1").inner_text()
    shown = await frame.locator(".pill").inner_text()
    assert shown == ("In force" if state == "active" else "Revoked")
    # The picture is there, nothing is cut off, and nothing has to be scrolled.
    assert await frame.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth > 0)")
    fits = "body => body.scrollHeight <= innerHeight && body.scrollWidth <= innerWidth"
    assert await frame.locator("body").evaluate(fits)
    async with visitor.context.expect_page() as opening:
        await frame.locator("a").click()
    opened = await opening.value
    await opened.wait_for_load_state()
    assert opened.url == url
    # This test itself looked into the frame, which its sandbox tells of.
    own = "Blocked script execution in "
    visitor.seen.console[:] = [line for line in visitor.seen.console if own not in line]


@pytest.mark.parametrize("night", [False, True])
async def test_the_frame_is_for_everybody(site: Site, open_visitor: OpenVisitor, night: bool) -> None:
    visitor = await open_visitor(scripts=True, color_scheme="dark" if night else "light")
    url = next(item["url"] for item in site.issued if item["state"] == "active")
    await visitor.page.goto(url.replace("/credentials/", "/embed/"))
    assert await faults(visitor.page) == []
