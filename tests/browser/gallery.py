"""Every page and every state that people can come to, made on the tests' server as platforms and earners make them.

``PAGES`` names them all: axe, the screenshots and the sizes go through that list. A new page is added there and in
``_Maker`` (where it has an address) or ``steps`` (where it is the answer to a form).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from playwright.async_api import BrowserContext, Page

from tests.browser.content import (
    BOARD,
    COOPERATIVE,
    EARNERS,
    EVIDENCE,
    PLAIN,
    RESULTS,
    WORDS,
    achievement,
    stack_of,
)
from tests.browser.site import Json, Site
from tests.browser.steps import STEPS

EMAIL = EARNERS[0][1]
PAGES: Mapping[str, str] = {
    "home": "where to begin",
    "catalogue": "the catalogue",
    "catalogue-found": "the catalogue, searched",
    "catalogue-none": "the catalogue, with nothing found",
    "achievement": "a micro-credential",
    "stack": "a stack",
    "issuer": "an issuer",
    "badge-valid": "a badge that holds",
    "badge-revoked": "a badge that was taken back",
    "badge-suspended": "a badge that is held back",
    "badge-expired": "a badge whose time is over",
    "badge-superseded": "a badge in whose place there is a newer one",
    "badge-plain": "a badge that says little",
    "badge-es": "a badge in Spanish",
    "embed": "a badge in the frame of another page",
    "endorsement": "an endorsement",
    "endorsement-revoked": "an endorsement that was taken back",
    "endorsements": "the endorsements of a micro-credential",
    "clr-valid": "a learner record that holds",
    "clr-mixed": "a learner record of which not all holds",
    "clr-revoked": "a learner record that was taken back",
    "verify": "verify anything",
    "verify-valid": "the answer: it holds",
    "verify-revoked": "the answer: it was taken back",
    "verify-tampered": "the answer: it was changed",
    "verify-record": "the answer for a record",
    "verify-person": "the answer: it is somebody else's",
    "verify-nothing": "nothing was sent",
    "missing": "nothing is there",
    "me-door": "an earner signs in",
    "me-sent": "the mail is on its way",
    "me-over": "a link that is over",
    "me-awards": "an earner's awards",
    "me-award": "one award: who sees it, files",
    "me-stacks": "where an earner stands",
    "me-records": "an earner's records",
    "me-new": "choose awards for a record",
    "me-preview": "a record before it is signed",
    "me-record": "a record and its links",
    "me-agencies": "who may read",
    "me-settings": "settings",
    "share": "a shared record",
    "share-locked": "a shared record that asks for a password",
    "share-gone": "a link that was closed",
}
# Of the earner's own pages those that need nobody, and of the others those that an earner has to make first.
_SIGNED_OUT = frozenset({"me-door", "me-sent", "me-over"})
_SIGNED_IN = frozenset({"share", "share-locked"})


@dataclass
class Gallery:
    """Where the pages are. ``session`` is what a browser keeps of being signed in."""

    site: Site
    places: dict[str, str] = field(default_factory=dict)
    session: Json = field(default_factory=dict)

    def needs_session(self, name: str) -> bool:
        return name in _SIGNED_IN or (name.startswith("me-") and name not in _SIGNED_OUT)

    async def open(self, name: str, page: Page) -> None:
        """Bring a window to the page."""
        step = STEPS.get(name)
        if step is not None:
            await step(page, self)
        else:
            await page.goto(self.places[name])


async def build(site: Site) -> Gallery:
    """All that the pages show."""
    made = await _Maker(site).make()
    return Gallery(site, made)


async def sign_in(site: Site, context: BrowserContext, email: str = EMAIL) -> None:
    """As an earner does: ask for a link, take it from the mail (the demo shows it on the console), press the button."""
    page = await context.new_page()
    before = len(site.log())
    await page.goto("/me")
    await page.locator('input[name="email"]').fill(email)
    await page.locator("main form button").click()
    for _ in range(300):
        found = re.findall(r"http://localhost:\d+/me/sign-in/link\?t=[\w.~-]+", site.log()[before:])
        if found:
            await page.goto(found[-1])
            await page.locator("main form button").click()
            await page.close()
            return
        await asyncio.sleep(0.1)
    raise AssertionError("no mail came")


@dataclass
class _Maker:
    """Makes one region's badges: a cooperative, a department that endorses, four teachers."""

    site: Site
    places: dict[str, str] = field(default_factory=dict)

    async def make(self) -> dict[str, str]:
        api = self.site.api
        await api("POST", "/v1/issuers", {"slug": "cumberland", "profile": COOPERATIVE})
        await api("POST", "/v1/issuers", {"slug": "state-board", "profile": BOARD})
        names = ("Assessment literacy", "Collaborative coaching", "Learning structures", "Building relationships")
        ids = [await self.site.publish("cumberland", achievement(name)) for name in names]
        ending = await self.site.publish("cumberland", achievement("First aid for schools"))
        newer = await self.site.publish("cumberland", achievement("Data teams"), duplicates="replace")
        held = await self.site.publish("cumberland", achievement("Field supervision"), status_purpose="suspension")
        crown = await self.site.publish("cumberland", achievement("Instructional leader"))
        plain = await self.site.publish("cumberland", PLAIN)
        endorsed = await self._endorse({"achievement": ids[0]}, WORDS, embed=True)
        taken_back = await self._endorse({"issuer": "cumberland"}, "Its assessors are trained and audited each year.")
        stack = (
            await api(
                "POST",
                "/v1/stacks",
                {"issuer": "cumberland", **stack_of(self.site.url, crown, dict(zip(names, ids, strict=True)))},
            )
        )["id"]
        await api("POST", f"/v1/stacks/{stack}/publish", status=200)

        soon = datetime.now(UTC) + timedelta(seconds=5)
        expired = await self._award(ending, 1, valid_until=soon.isoformat())
        valid = await self._award(ids[0], 1, results=RESULTS, evidence=EVIDENCE)
        others = [await self._award(each, 1) for each in ids[1:3]]
        revoked = await self._award(ids[3], 2)
        suspended = await self._award(held, 1)
        superseded = await self._award(newer, 1)
        await self._award(newer, 1, again=True)
        bare = await self._award(plain, 3)
        whole = await self._record([valid, *others])
        mixed = await self._record([valid, expired, *others, await self._award(ids[3], 1)])
        gone = await self._record([valid])
        await self._take_back(f"/v1/awards/{revoked['id']}")
        await self._take_back(f"/v1/awards/{others[0]['id']}", "suspend")
        await self._take_back(f"/v1/clrs/{gone['id']}")
        await self._take_back(f"/v1/endorsements/{taken_back['id']}")
        await self._take_back(f"/v1/awards/{suspended['id']}", "suspend")

        credential = valid["credential"]["url"]
        self.places = {
            "home": "/",
            "catalogue": "/catalogue",
            "catalogue-found": "/catalogue?q=assessment",
            "catalogue-none": "/catalogue?q=zymurgy",
            "achievement": f"/achievements/{ids[0]}",
            "stack": f"/stacks/{stack}",
            "issuer": "/issuers/cumberland",
            "badge-valid": credential,
            "badge-revoked": revoked["credential"]["url"],
            "badge-suspended": suspended["credential"]["url"],
            "badge-expired": expired["credential"]["url"],
            "badge-superseded": superseded["credential"]["url"],
            "badge-plain": bare["credential"]["url"],
            "badge-es": f"{credential}?lang=es",
            "embed": f"/embed/{credential.rpartition('/')[2]}",
            "endorsement": endorsed["url"],
            "endorsement-revoked": taken_back["url"],
            "endorsements": f"/endorsements?subject={quote(f'{self.site.url}/achievements/{ids[0]}', safe='')}",
            "clr-valid": whole["url"],
            "clr-mixed": mixed["url"],
            "clr-revoked": gone["url"],
            "verify": "/verify",
            "missing": "/credentials/nothing",
            "me-door": "/me",
            "me-over": "/me/sign-in/link?t=nothing",
            "me-awards": "/me",
            "me-stacks": "/me/stacks",
            "me-records": "/me/records",
            "me-new": "/me/records/new",
            "me-agencies": "/me/agencies",
            "me-settings": "/me/settings",
            "share-gone": "/s/nothing",
        }
        await asyncio.sleep(max(0.0, (soon - datetime.now(UTC)).total_seconds() + 1))
        return self.places

    async def _award(self, achievement: str, n: int, *, again: bool = False, **members: Any) -> Json:
        name, email = EARNERS[n - 1]
        body = {
            "achievement": achievement,
            "earner": {"email": email, "name": name},
            "decided_by": "Dana Whitaker",
            "decided_at": "2026-11-20T10:00:00Z",
            "external_reference": f"gallery-{achievement}-{n}-{again}",
            **members,
        }
        made: Json = await self.site.api("POST", "/v1/awards", body)
        return made

    async def _endorse(self, of: Json, comment: str, *, embed: bool = False) -> Json:
        body = {"issuer": "state-board", "of": of, "comment": comment, "standing": {"embed": embed}}
        made: Json = await self.site.api("POST", "/v1/endorsements", body)
        return made

    async def _record(self, awards: list[Json]) -> Json:
        body = {
            "issuer": "cumberland",
            "earner": {"email": EMAIL},
            "name": "Teaching record 2026",
            "awards": [each["id"] for each in awards],
        }
        made: Json = (await self.site.api("POST", "/v1/clrs", body))["records"][0]
        return made

    async def _take_back(self, path: str, verb: str = "revoke") -> None:
        await self.site.api("POST", f"{path}/{verb}", {"reason": "Issued in error"}, status=200)
