"""What a verifier does, in a real browser without scripts."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from badgeissuer.vc.bake import bake, unbake
from tests.browser.conftest import OpenVisitor, Site, Visitor, file_of
from tests.support import make


def _first(site: Site, state: str = "active") -> str:
    url: str = next(item["url"] for item in site.issued if item["state"] == state)
    return url


async def _award(site: Site, slug: str) -> dict[str, str]:
    """An award of an issuer of this test's own: its id and the address of its credential."""
    await site.api("POST", "/v1/issuers", {"slug": slug, "profile": make.profile(f"Issuer {slug}")})
    achievement = await site.publish(slug, make.achievement())
    made = await site.api("POST", "/v1/awards", make.award_body(achievement, external_reference="flow"))
    return {"id": made["id"], "url": made["credential"]["url"]}


async def test_whoever_opens_a_badge_sees_that_it_is_verified(site: Site, visitor: Visitor) -> None:
    answer = await visitor.page.goto(_first(site))
    assert answer is not None
    assert answer.status == 200
    verdict = visitor.page.locator(".verdict")
    assert await verdict.get_attribute("class") == "verdict valid"
    assert await verdict.locator("h2").inner_text() == "Valid"
    steps = visitor.page.locator(".steps > .step")
    assert await steps.count() == 9
    assert await visitor.page.locator(".steps > .step.ok").count() == 9
    # The picture was drawn.
    assert await visitor.page.locator("img.art").evaluate("image => image.complete && image.naturalWidth > 0")


@pytest.mark.parametrize("form", ["json", "jwt", "png", "svg"])
async def test_what_is_downloaded_from_the_page_verifies(
    site: Site, visitor: Visitor, form: str, tmp_path: Path
) -> None:
    url = _first(site)
    await visitor.page.goto(url)
    async with visitor.page.expect_download() as downloading:
        await visitor.page.locator(f'a[download][href$=".{form}"]').click()
    download = await downloading.value
    path = tmp_path / f"saved.{form}"
    await download.save_as(path)
    await visitor.page.goto("/verify")
    await visitor.page.locator("#file").set_input_files(path)
    await visitor.page.get_by_role("button", name="Verify").click()
    assert await visitor.page.locator(".verdict").get_attribute("class") == "verdict valid"


async def test_the_pdf_downloads_too(site: Site, visitor: Visitor, tmp_path: Path) -> None:
    await visitor.page.goto(_first(site))
    async with visitor.page.expect_download() as downloading:
        await visitor.page.locator('a[download][href$=".pdf"]').click()
    path = tmp_path / "saved.pdf"
    await (await downloading.value).save_as(path)
    assert path.read_bytes().startswith(b"%PDF-")


async def test_after_a_revocation_the_page_says_so(site: Site, visitor: Visitor) -> None:
    award = await _award(site, "revoking")
    await visitor.page.goto(award["url"])
    assert await visitor.page.locator(".verdict h2").inner_text() == "Valid"
    await site.api("POST", f"/v1/awards/{award['id']}/revoke", {"reason": "Issued in error"}, status=200)
    await visitor.page.reload()
    assert await visitor.page.locator(".verdict").get_attribute("class") == "verdict revoked"
    assert "later took it back" in await visitor.page.locator(".verdict").inner_text()
    assert "Issued in error" not in await visitor.page.locator("body").inner_text()


async def test_a_png_that_was_tampered_with_names_the_step_that_fails(
    site: Site, visitor: Visitor, tmp_path: Path
) -> None:
    award = await _award(site, "tampering")
    image = (await site.have(f"{urlsplit(award['url']).path}.png")).content
    document = json.loads(unbake(image).text)
    document["credentialSubject"]["achievement"]["name"] = "Superintendence"
    changed = bake(image, json.dumps(document))
    await visitor.page.goto("/verify")
    await visitor.page.locator("#file").set_input_files(file_of(tmp_path, "tampered.png", changed))
    await visitor.page.get_by_role("button", name="Verify").click()
    assert await visitor.page.locator(".verdict").get_attribute("class") == "verdict invalid"
    (failed,) = await visitor.page.locator(".step.failed .step-name").all_inner_texts()
    assert failed.startswith("3")
    assert "The signature is good" in failed
    body = await visitor.page.locator(".step.failed").inner_text()
    assert "Cause:" in body
    assert "What to do:" in body


async def test_a_link_is_pasted_and_a_person_is_asked_about(site: Site, visitor: Visitor) -> None:
    award = await _award(site, "asking")
    for person, state in (("teacher1@schools.example.org", "valid"), ("teacher2@schools.example.org", "invalid")):
        await visitor.page.goto("/verify")
        await visitor.page.locator("#text").fill(award["url"])
        await visitor.page.locator("#recipient").fill(person)
        await visitor.page.get_by_role("button", name="Verify").click()
        assert await visitor.page.locator(".verdict").get_attribute("class") == f"verdict {state}"


async def test_the_keyboard_reaches_everything_and_the_language_stays(site: Site, open_visitor: OpenVisitor) -> None:
    visitor = await open_visitor(scripts=True)
    await visitor.page.goto(_first(site))
    await visitor.page.keyboard.press("Tab")
    focused = await visitor.page.evaluate("document.activeElement.className")
    assert focused == "skip"
    await visitor.page.keyboard.press("Enter")
    assert visitor.page.url.endswith("#content")
    await visitor.page.get_by_role("link", name="Español").click()
    assert await visitor.page.locator("html").get_attribute("lang") == "es"
    await visitor.page.get_by_role("link", name="Verificar", exact=True).click()
    assert await visitor.page.locator("html").get_attribute("lang") == "es"
    assert await visitor.page.locator("h1").inner_text() == "Verificar una credencial"
