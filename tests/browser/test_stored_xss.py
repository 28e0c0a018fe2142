"""Texts of others in every field that a page shows: in a browser with scripts on, none of them runs or fetches a thing.

They come in as a platform sends them. A window notes what the policy forbade, too: markup that only the policy stopped
would be a fault of ours.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
from urllib.parse import quote, urlencode

import pytest
from playwright.async_api import Route

from tests.browser.conftest import OpenVisitor, Visitor
from tests.browser.gallery import sign_in
from tests.browser.site import Json, Site
from tests.support import make
from tests.support.hostile_texts import REFUSED, XSS

EMAIL = "hostile@schools.example.org"
STORED = [text for text in XSS if text not in REFUSED]
_AT_ONCE = 3
_LISTEN = "addEventListener('securitypolicyviolation', e => console.error('forbidden: ' + e.violatedDirective))"


async def _watched(site: Site, open_visitor: OpenVisitor, **members: object) -> Visitor:
    visitor = await open_visitor(scripts=True, **members)
    await visitor.context.add_init_script(_LISTEN)
    # Drawing the art of so many badges takes minutes, and in an <img> nothing runs; drawings have tests of their own.
    await visitor.context.route(re.compile(rf"{site.url}/.*\.svg$"), _drawn)
    return visitor


async def _drawn(route: Route) -> None:
    await route.fulfill(content_type="image/svg+xml", body='<svg xmlns="http://www.w3.org/2000/svg"/>')


async def test_what_runs_or_fetches_would_be_seen(site: Site, open_visitor: OpenVisitor) -> None:
    visitor = await _watched(site, open_visitor)
    await visitor.page.goto("/verify")
    await visitor.page.evaluate("""() => {
        document.body.insertAdjacentHTML('beforeend', '<img src="https://evil.example/t.png"><b onclick="x()">x</b>');
        setTimeout(() => alert(1));
    }""")
    for _ in range(50):
        if visitor.seen.ran and any("forbidden: img-src" in line for line in visitor.seen.console):
            break
        await asyncio.sleep(0.1)
    assert visitor.seen.ran == ["alert: 1"]
    assert any("forbidden: img-src" in line for line in visitor.seen.console)
    for seen in (visitor.seen.ran, visitor.seen.console, visitor.seen.outside):
        seen.clear()
    await visitor.page.goto("about:blank")
    await visitor.page.set_content('<img src="https://evil.example/t.png">')
    assert visitor.seen.outside == ["https://evil.example/t.png"]
    visitor.seen.outside.clear()
    visitor.seen.console.clear()


async def _stored(site: Site, number: int, text: str) -> dict[str, str]:
    """The text in all fields that come to a page; the addresses of the pages that show it."""
    slug = f"hostile-{number}"
    await site.api("POST", "/v1/issuers", {"slug": slug, "profile": {**make.profile(text), "description": text}})
    levels = [{"name": text, "level": "1", "points": "1"}, {"name": "Else", "level": "2", "points": "2"}]
    document: Json = {
        **make.achievement(text),
        "description": text,
        "criteria": {"narrative": f"{text}\n\n{text}"},
        "alignment": [
            {
                "type": ["Alignment"],
                **dict.fromkeys(("targetName", "targetDescription", "targetFramework", "targetCode"), text),
                "targetUrl": "https://ccsso.example.org/6",
            }
        ],
        "tag": [text],
        "resultDescription": [
            {"name": text, "resultType": "RubricCriterionLevel", "requiredLevel": text, "rubricCriterionLevel": levels}
        ],
    }
    achievement, crown = await site.publish(slug, document), await site.publish(slug, make.achievement(f"{text} 2"))
    member = {"key": "m1", "title": text, "achievement": f"{site.url}/achievements/{achievement}"}
    draft = {"key": "m2", "title": f"{text} 3", "in_development": True, "categories": [text]}
    stack = {"name": text, "description": text, "members": [member, draft], "rule": {"at_least": 2}}
    made = await site.api("POST", "/v1/stacks", {"issuer": slug, "achievement": crown, "stack": stack})
    await site.api("POST", f"/v1/stacks/{made['id']}/publish", status=200)
    endorsement = await site.api(
        "POST",
        "/v1/endorsements",
        {
            "issuer": "hostile-endorser",
            "of": {"achievement": achievement},
            "comment": text,
            "name": text,
            "standing": {"embed": True},
        },
    )
    body = make.award_body(
        achievement,
        earner={"email": EMAIL, "name": " ".join(text.split())},
        results=[{"criterion": text, "level": text}],
        evidence=[dict.fromkeys(("name", "genre", "description", "audience", "narrative"), text)],
        external_reference=slug,
    )
    award = await site.api("POST", "/v1/awards", body)
    record = await site.api(
        "POST", "/v1/clrs", {"issuer": slug, "earner": {"email": EMAIL}, "name": text, "awards": [award["id"]]}
    )
    credential: str = award["credential"]["url"]
    return {
        "badge": credential,
        "embed": f"/embed/{credential.rpartition('/')[2]}",
        "achievement": f"/achievements/{achievement}",
        "stack": f"/stacks/{made['id']}",
        "issuer": f"/issuers/{slug}",
        "endorsement": endorsement["url"],
        "endorsements": f"/endorsements?subject={quote(f'{site.url}/achievements/{achievement}', safe='')}",
        "record": record["records"][0]["url"],
    }


def _as_read(text: str) -> str:
    """Without spaces and line ends: a page may fold these."""
    return re.sub(r"[^\x21-\x7e]", "", text)


@pytest.mark.timeout(600)
async def test_texts_of_others_run_nothing_and_fetch_nothing(site: Site, open_visitor: OpenVisitor) -> None:
    assert len(STORED) >= 30
    await site.api("POST", "/v1/issuers", {"slug": "hostile-endorser", "profile": make.profile("An endorser")})
    places = [await _stored(site, number, text) for number, text in enumerate(STORED)]
    # Every earner chose that their pages name them.
    with sqlite3.connect(site.server.folder / "badgeissuer.db") as database:
        database.execute("UPDATE awards SET name_shown = 1")
    waiting = [
        (what, address, text)
        for text, found in zip(STORED, places, strict=True)
        for what, address in [
            *found.items(),
            ("catalogue", f"/catalogue?{urlencode({'q': text})}"),
            ("missing", f"/credentials/{quote(text, safe='')}"),
            ("language", f"/verify?lang={quote(text)}"),
        ]
    ]

    async def look() -> None:
        visitor = await _watched(site, open_visitor)
        while waiting:
            what, address, text = waiting.pop()
            await visitor.page.goto(address, wait_until="load")
            shown = _as_read(await visitor.page.locator("body").inner_text())
            # Where it is no Markdown it is there as it was sent.
            if what in ("badge", "embed", "achievement", "stack", "issuer", "record"):
                assert _as_read(text) in shown, (what, text, shown)
            assert visitor.seen.outside == [], (what, text)
            assert visitor.seen.ran == [], (what, text)
            assert visitor.seen.console == [], (what, text)

    await asyncio.gather(*(look() for _ in range(_AT_ONCE)))


async def test_an_earners_own_pages_show_them_as_text(site: Site, open_visitor: OpenVisitor) -> None:
    own = await _watched(site, open_visitor)
    await sign_in(site, own.context, EMAIL)
    for address in ("/me", "/me/stacks", "/me/records", "/me/records/new", "/me/agencies", "/me/settings"):
        await own.page.goto(address)
    await own.page.goto("/me")
    assert "<" in await own.page.locator("main").inner_text()
    await own.page.locator('a[href*="/me/awards/"]').first.click()
