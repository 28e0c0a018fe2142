"""Pictures of every page for docs/screens: at a desk, on a phone, and on a phone in the dark. ``make screens``.

They are made anew from a server of its own with the gallery's data, so that they can be repeated. A page is one sheet
of three pictures in a palette of few colours: at most 150 kB each, 3 MB in all.
"""

from __future__ import annotations

import asyncio
import io
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, ViewportSize, async_playwright

from tests.browser.gallery import PAGES, Gallery, build, sign_in
from tests.browser.machine import ARGUMENTS
from tests.browser.site import opened

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screens"
DESKTOP: ViewportSize = {"width": 1000, "height": 720}
PHONE: ViewportSize = {"width": 330, "height": 720}
MOST_BYTES, MOST_IN_ALL = 150_000, 3_000_000
# A sheet is for a look at a page, not for reading it to its end. The README's picture shows more of one.
_TALLEST, _GAP, _GROUND = 720, 20, (226, 230, 235)
_LARGE, _LARGEST = {"badge": "badge-valid"}, 1_500
_COLOURS = (48, 32, 24, 16)
# The colours of the states are in small places and mean the most: they are kept.
_KEPT = ("#0d6236", "#7fdca4", "#a11624", "#ffa3a3", "#7d4a00", "#ffc977", "#4d359b", "#c5b6ff", "#0b4f9e", "#8fc2ff")


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
    _list()
    size = sum(path.stat().st_size for path in FOLDER.glob("*.png"))
    print(f"{size / 1e6:.1f} MB in {FOLDER.name}")
    return int(size > MOST_IN_ALL)


async def take(gallery: Gallery, browser: Browser, names: Sequence[str], folder: Path = FOLDER) -> None:
    """The sheets of these pages."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        views = await _views(gallery, browser, name)
        (folder / f"{name}.png").write_bytes(_written(_sheet(views)))
        for large in (large for large, of in _LARGE.items() if of == name):
            (folder / f"{large}.png").write_bytes(_written(_top(views[0], _LARGEST)))


def _list() -> None:
    """The page that shows the pictures, in the order of the gallery."""
    parts = ["# Every page\n\nAt a desk, on a phone, and on a phone in the dark. `make screens` takes them anew.\n"]
    parts += [f"## {about[0].upper()}{about[1:]}\n\n![{about}]({name}.png)\n" for name, about in PAGES.items()]
    (FOLDER / "README.md").write_text("\n".join(parts), encoding="utf-8")


async def _views(gallery: Gallery, browser: Browser, name: str) -> list[Image.Image]:
    """At a desk, on a phone, and on a phone in the dark."""
    context = await browser.new_context(
        java_script_enabled=False,
        base_url=gallery.site.url,
        locale="en-US",
        viewport=DESKTOP,
        **({"storage_state": gallery.session} if gallery.needs_session(name) else {}),
    )
    page = await context.new_page()
    await gallery.open(name, page)
    await page.wait_for_load_state("networkidle")
    views = [await page.screenshot(full_page=True)]
    await page.set_viewport_size(PHONE)
    views.append(await page.screenshot(full_page=True))
    await page.emulate_media(color_scheme="dark")
    views.append(await page.screenshot(full_page=True))
    await context.close()
    return [Image.open(io.BytesIO(view)).convert("RGB") for view in views]


def _top(image: Image.Image, most: int) -> Image.Image:
    return image.crop((0, 0, image.width, min(image.height, most)))


def _sheet(views: Sequence[Image.Image]) -> Image.Image:
    """Beside each other. They are not made smaller: that would blur the letters, and take three times the bytes."""
    tops = [_top(image, _TALLEST) for image in views]
    width, height = sum(image.width + _GAP for image in tops) + _GAP, max(image.height for image in tops)
    sheet = Image.new("RGB", (width, height + 2 * _GAP), _GROUND)
    left = _GAP
    for image in tops:
        sheet.paste(image, (left, _GAP))
        left += image.width + _GAP
    return sheet


def _written(image: Image.Image) -> bytes:
    """As PNG, with as many colours as there is room for."""
    weighed = Image.new("RGB", (image.width, image.height + 30 * len(_KEPT)))
    weighed.paste(image)
    for place, colour in enumerate(_KEPT):
        weighed.paste(colour, (0, image.height + 30 * place, image.width, image.height + 30 * place + 30))
    data = b""
    for colours in _COLOURS:
        written = io.BytesIO()
        palette = weighed.quantize(colours, dither=Image.Dither.NONE)
        image.quantize(palette=palette, dither=Image.Dither.NONE).save(written, "PNG", optimize=True)
        data = written.getvalue()
        if len(data) <= MOST_BYTES:
            break
    return data


if __name__ == "__main__":
    sys.exit(asyncio.run(_main(sys.argv[1:] or list(PAGES))))
