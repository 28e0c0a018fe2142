"""The page of an issuer: who it is, who endorses it, and what it offers here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from badgeissuer.services import browsing
from badgeissuer.web.pages.achievement import own_art
from badgeissuer.web.pages.catalogue import card
from badgeissuer.web.pages.markup import shown, web_address
from badgeissuer.web.pages.rendering import page, words_of
from badgeissuer.web.pages.structured import data_block
from badgeissuer.work import Work

_PLACE = ("streetAddress", "addressLocality", "addressRegion", "postalCode", "addressCountry")


async def issuer_page(request: Request, work: Work, slug: str) -> Response:
    """The issuer's page. Raises ``NotFound``."""
    found, say = await browsing.issuer(work, slug=slug), words_of(request)
    issuer, profile = found.issuer, found.issuer.profile
    email = profile.get("email")
    return page(
        request,
        "issuer.html",
        listed=True,
        here="catalogue",
        issuer=found,
        name=shown(issuer.name, 300),
        path=found.url.removeprefix(work.base_url),
        art=own_art(profile, work.base_url),
        description=shown(profile.get("description"), 4_000),
        website=web_address(issuer.website),
        email=shown(email, 200) if isinstance(email, str) and "@" in email else "",
        phone=shown(profile.get("phone"), 60),
        address=_address(profile),
        entries=[card(say, work.base_url, each) for each in found.entries],
        structured=data_block(
            {
                "@type": "EducationalOrganization",
                "name": issuer.name,
                "description": shown(profile.get("description"), 1_000),
                "url": found.url,
                "sameAs": web_address(issuer.website),
            }
        ),
    )


def _address(profile: Mapping[str, Any]) -> str:
    address = profile.get("address")
    if not isinstance(address, Mapping):
        return ""
    return ", ".join(text for name in _PLACE if (text := shown(address.get(name), 120)))
