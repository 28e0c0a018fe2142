"""What an earner does, in a real browser without scripts: in by the mailed link, a record made, shared and closed."""

from __future__ import annotations

import asyncio
import re
from uuid import uuid4

from tests.browser.conftest import PHONE, OpenVisitor, Site, Visitor
from tests.support import make


async def _mailed(site: Site, pattern: str, after: int) -> str:
    """The address in a mail that came after so much of the log: the demo shows mails on the console."""
    for _ in range(300):
        found: list[str] = re.findall(pattern, site.log()[after:])
        if found:
            return found[-1]
        await asyncio.sleep(0.1)
    raise AssertionError("no mail came")


async def _teacher(site: Site) -> tuple[str, str]:
    """Somebody with two awards of two issuers of this test's own: the address, and the claim link of the last one."""
    email = f"earner-{uuid4().hex[:8]}@schools.example.org"
    before = len(site.log())
    for number in (1, 2):
        slug = f"flow-{uuid4().hex[:8]}"
        await site.api("POST", "/v1/issuers", {"slug": slug, "profile": make.profile(f"Issuer {number}")})
        achievement = await site.publish(slug, make.achievement(f"Badge {number}"))
        body = make.award_body(achievement, external_reference=slug, earner={"email": email, "name": "Erin Earner"})
        await site.api("POST", "/v1/awards", body)
        claim = await _mailed(site, rf"E-mail to {email}\nIssuer {number}[^─]*?({site.url}/me/claim\?t=\w+)", before)
    return email, claim


async def _sign_in(site: Site, visitor: Visitor, email: str) -> str:
    page, before = visitor.page, len(site.log())
    await page.goto("/me")
    await page.get_by_label("Your e-mail address").fill(email)
    await page.get_by_role("button", name="Send me a link").click()
    assert await page.locator("h1").inner_text() == "Look into your mail"
    link = await _mailed(site, rf"({site.url}/me/sign-in/link\?t=\w+)", before)
    await page.goto(link)
    await page.get_by_role("button", name="Sign in").click()
    assert email in await page.locator("main").inner_text()
    return link


async def test_sign_in_make_a_record_share_it_and_close_it(
    site: Site, visitor: Visitor, open_visitor: OpenVisitor
) -> None:
    email, _ = await _teacher(site)
    page = visitor.page
    link = await _sign_in(site, visitor, email)
    assert await page.locator(".me-award").count() == 2
    await page.get_by_role("link", name="Make a record").click()
    assert await page.locator('input[name="award"]:checked').count() == 2
    await page.get_by_label("Name of the record").fill("For my principal")
    await page.get_by_role("button", name="Preview").click()
    assert "2 (issuers: 2)" in await page.locator("main").inner_text()
    await page.get_by_role("button", name="Sign and keep it").click()
    assert await page.locator(".me-name").inner_text() == "For my principal"
    await page.get_by_label("For whom").fill("Principal")
    await page.get_by_role("button", name="Make a link").click()
    shared = await page.locator(".notice .address a").get_attribute("href")
    assert shared is not None

    principal = await open_visitor()
    answer = await principal.page.goto(shared)
    assert answer is not None
    assert answer.status == 200
    assert await principal.page.locator(".verdict h2").inner_text() == "Valid"
    text = await principal.page.locator("main").inner_text()
    assert "Badge 1" in text
    assert "Badge 2" in text
    assert "Erin" not in text  # they did not ask to be named

    await page.get_by_role("button", name="Close this link").click()
    answer = await principal.page.goto(shared)
    assert answer is not None
    assert answer.status == 404

    await page.get_by_role("button", name="Sign out").click()
    answer = await page.goto(link)  # it worked once
    assert answer is not None
    assert answer.status == 404
    assert await page.locator("h1").inner_text() == "This link is over"


async def test_an_award_is_declined_by_the_notices_link_and_accepted_again(
    site: Site, open_visitor: OpenVisitor
) -> None:
    _, claim = await _teacher(site)
    visitor = await open_visitor(viewport=PHONE)
    page = visitor.page
    await page.goto(claim)
    public = await page.get_by_role("link", name="Open its public page").get_attribute("href")
    assert public is not None
    await page.get_by_role("button", name="Decline").click()
    assert "You declined this award" in await page.locator(".notice").inner_text()
    assert (await site.have(public, "text/html")).status_code == 404
    await page.get_by_role("button", name="Accept").click()
    assert "You accepted this award" in await page.locator(".notice").inner_text()
    assert (await site.have(public, "text/html")).status_code == 200


async def test_closing_an_award_closes_its_page_and_opening_it_names_the_earner(site: Site, visitor: Visitor) -> None:
    email, _ = await _teacher(site)
    page = visitor.page
    await _sign_in(site, visitor, email)
    await page.locator(".me-award h2 a").first.click()
    own = page.url
    public = await page.get_by_role("link", name="Open its public page").get_attribute("href")
    assert public is not None
    await page.get_by_role("radio", name="closed").check()
    await page.get_by_role("button", name="Save").click()
    assert "nobody but you sees it" in await page.locator(".notice").inner_text()
    for accept in ("text/html", "application/vc", "image/png"):
        assert (await site.have(public, accept)).status_code == 404
    async with page.expect_download() as downloading:
        await page.locator('a[download][href$="/json"]').click()
    assert (await downloading.value).suggested_filename.endswith(".json")
    await page.get_by_role("radio", name="public").check()
    await page.get_by_role("button", name="Save").click()
    await page.get_by_role("button", name="Show my name").click()
    await page.goto(public)
    assert "Erin Earner" in await page.locator("main").inner_text()
    assert await page.locator('meta[name="robots"]').count() == 0
    await page.goto(own)
    assert await page.get_by_role("button", name="Hide my name").count() == 1
