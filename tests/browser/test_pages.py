"""Every page and state: nobody is kept out by it (axe-core), it fits on a small phone, it is short."""

from __future__ import annotations

import pytest

from tests.browser.axe import faults
from tests.browser.conftest import PHONE, OpenVisitor
from tests.browser.gallery import PAGES, Gallery
from tests.browser.steps import STEPS

MOST_BYTES = 50_000
# What sticks out, where something does: the places are worth more than that it is so.
_WIDER = """() => [...document.querySelectorAll('body *')].filter(
    each => each.getBoundingClientRect().right > innerWidth + 1
).map(each => each.outerHTML.slice(0, 90))"""


def test_the_gallery_is_the_whole_list(gallery: Gallery) -> None:
    assert sorted([*gallery.places, *STEPS]) == sorted(PAGES)


@pytest.mark.parametrize("name", PAGES)
async def test_everybody_can_use_every_page(gallery: Gallery, open_visitor: OpenVisitor, name: str) -> None:
    """By day at a desk; then by night on a phone 320 pixels wide."""
    session = {"storage_state": gallery.session} if gallery.needs_session(name) else {}
    visitor = await open_visitor(scripts=True, **session)
    await gallery.open(name, visitor.page)
    assert len((await visitor.page.content()).encode()) < MOST_BYTES
    assert await faults(visitor.page) == []
    await visitor.page.set_viewport_size(PHONE)
    await visitor.page.emulate_media(color_scheme="dark")
    assert await faults(visitor.page) == []
    wider = await visitor.page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not wider, await visitor.page.evaluate(_WIDER)
