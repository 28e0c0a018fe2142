"""axe-core on a page: what it finds to be serious or critical, in words."""

from __future__ import annotations

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

_GRAVE = frozenset({"serious", "critical"})


async def faults(page: Page) -> list[str]:
    """The findings that nobody may meet: rule, help and places. The page must be opened with scripts allowed."""
    found = (await Axe().run(page)).response
    assert found["testEngine"]["name"] == "axe-core"
    # That it looked at something at all.
    assert len(found["passes"]) >= 10, found["passes"]
    return [
        f"{each['impact']} {each['id']}: {each['help']} at {[node['target'] for node in each['nodes'][:5]]}"
        for each in found["violations"]
        if each["impact"] in _GRAVE
    ]
