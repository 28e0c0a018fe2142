"""How to come to the pages that are no addresses: answers to forms, and what an earner makes."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from playwright.async_api import Page

from badgeissuer.vc.bake import bake, unbake
from tests.browser.site import Site


class Gallery(Protocol):
    """What of it is needed here."""

    site: Site
    places: dict[str, str]


async def send(page: Page, name: str, content: bytes, *, person: str | None = None) -> None:
    """Have a file verified on /verify."""
    await page.goto("/verify")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        await page.locator("#file").set_input_files(path)
        if person is not None:
            await page.locator("#recipient").fill(person)
        await page.locator("main form button").click()


async def _file(gallery: Gallery, name: str, end: str) -> bytes:
    return (await gallery.site.have(f"{urlsplit(gallery.places[name]).path}.{end}")).content


async def _verify_valid(page: Page, gallery: Gallery) -> None:
    await send(page, "badge.png", await _file(gallery, "badge-valid", "png"))


async def _verify_revoked(page: Page, gallery: Gallery) -> None:
    await send(page, "badge.jwt", await _file(gallery, "badge-revoked", "jwt"))


async def _verify_tampered(page: Page, gallery: Gallery) -> None:
    image = await _file(gallery, "badge-valid", "png")
    document = json.loads(unbake(image).text)
    document["credentialSubject"]["achievement"]["name"] = "Superintendence"
    await send(page, "badge.png", bake(image, json.dumps(document)))


async def _verify_record(page: Page, gallery: Gallery) -> None:
    await send(page, "record.json", await _file(gallery, "clr-mixed", "json"))


async def _verify_person(page: Page, gallery: Gallery) -> None:
    await send(page, "badge.json", await _file(gallery, "badge-valid", "json"), person="somebody@schools.example.org")


async def _verify_nothing(page: Page, _: Gallery) -> None:
    await page.goto("/verify")
    await page.locator("main form button").click()


async def _me_sent(page: Page, _: Gallery) -> None:
    await page.goto("/me")
    await page.locator('input[name="email"]').fill("nobody@schools.example.org")
    await page.locator("main form button").click()


async def _me_award(page: Page, _: Gallery) -> None:
    await page.goto("/me")
    await page.locator('a[href*="/me/awards/"]').first.click()


async def _me_preview(page: Page, _: Gallery) -> None:
    await page.goto("/me/records/new")
    await page.locator("#name").fill("For the district office")
    await page.locator('form[action*="preview"] button').click()


async def _me_record(page: Page, gallery: Gallery) -> None:
    await _me_preview(page, gallery)
    await page.locator('form[action$="/me/records"] button').click()
    await page.wait_for_url(re.compile(r"/me/records/[0-9a-f-]{36}"))


async def _link(page: Page, gallery: Gallery, *, password: str | None) -> str:
    """A new share link of a new record."""
    await _me_record(page, gallery)
    if password is not None:
        await page.locator("#password").fill(password)
    await page.locator('form[action$="/links"] button').click()
    return str(await page.locator(".notice .address a").get_attribute("href"))


async def _share(page: Page, gallery: Gallery) -> None:
    await page.goto(await _link(page, gallery, password=None))


async def _share_locked(page: Page, gallery: Gallery) -> None:
    await page.goto(await _link(page, gallery, password="a password for the link"))


_Step = Callable[[Page, Gallery], Awaitable[None]]
STEPS: Mapping[str, _Step] = {
    "verify-valid": _verify_valid,
    "verify-revoked": _verify_revoked,
    "verify-tampered": _verify_tampered,
    "verify-record": _verify_record,
    "verify-person": _verify_person,
    "verify-nothing": _verify_nothing,
    "me-sent": _me_sent,
    "me-award": _me_award,
    "me-preview": _me_preview,
    "me-record": _me_record,
    "share": _share,
    "share-locked": _share_locked,
}
