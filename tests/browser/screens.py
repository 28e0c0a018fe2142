"""Pictures of every page for docs/screens: at a desk, on a phone, and in the dark. ``make screens``.

Each is made anew from a server of its own with the gallery's data, so that they can be repeated. Colours are reduced to
a palette: a picture is at most 150 kB, all of them at most 3 MB.
"""

from __future__ import annotations

import asyncio
import io
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.async_api import Browser, async_playwright

from tests.browser.gallery import PAGES, Gallery, build, sign_in
from tests.browser.machine import ARGUMENTS
from tests.browser.site import opened

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screens"
VIEWS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1200, "height": 800}},
    "phone": {"viewport": {"width": 390, "height": 780}},
    "dark": {"viewport": {"width": 1200, "height": 800}, "color_scheme": "dark"},
}
MOST_BYTES, MOST_IN_ALL = 150_000, 3_000_000
# A picture is for a look at a page, not for reading it to its end.
_TALLEST = 2_400
_COLOURS = (64, 40, 24, 16)


async def _main(names: Sequence[str]) -> int:
    program = shutil.which("chromium")
    if program is None:
        print("there is no chromium here (see tests/apt.txt)", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as site:
        gallery = await build(site)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
            context = await browser.new_context(base_url=site.url)
            await sign_in(site, context)
            gallery.session = dict(await context.storage_state())
            await take(gallery, browser, names)
            await browser.close()
    size = sum(path.stat().st_size for path in FOLDER.glob("*.png"))
    print(f"{size / 1e6:.1f} MB in {FOLDER.name}")
    return int(size > MOST_IN_ALL)


async def take(gallery: Gallery, browser: Browser, names: Sequence[str], folder: Path = FOLDER) -> None:
    """Take the pictures of these pages."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        for view, options in VIEWS.items():
            session = {"storage_state": gallery.session} if gallery.needs_session(name) else {}
            context = await browser.new_context(
                java_script_enabled=False, base_url=gallery.site.url, locale="en-US", **options, **session
            )
            page = await context.new_page()
            await gallery.open(name, page)
            await page.wait_for_load_state("networkidle")
            picture = await page.screenshot(full_page=True)
            await context.close()
            (folder / f"{name}-{view}.png").write_bytes(smaller(picture))


def smaller(picture: bytes) -> bytes:
    """The picture with as many colours as it may have room for."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image = image.crop((0, 0, image.width, min(image.height, _TALLEST)))
    data = b""
    for colours in _COLOURS:
        written = io.BytesIO()
        image.quantize(colours, dither=Image.Dither.NONE).save(written, "PNG", optimize=True)
        data = written.getvalue()
        if len(data) <= MOST_BYTES:
            break
    return data


if __name__ == "__main__":
    sys.exit(asyncio.run(_main(sys.argv[1:] or PAGES)))
