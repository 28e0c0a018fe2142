"""Ways for an earner to show a badge elsewhere: links and a piece of HTML, made of the public credential alone."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from badgeissuer.vc.model.base import instant

# The frame's size where its host says none.
FRAME_WIDTH, FRAME_HEIGHT = 420, 180


@dataclass(frozen=True, slots=True)
class Ways:
    """``linkedin`` fills in LinkedIn's form for a certification; ``wallet`` opens Learner Credential Wallet on a phone
    that has it; ``embed`` is HTML for somebody's own page; ``oembed`` is where editors ask for the same."""

    linkedin: str
    wallet: str
    embed: str
    oembed: str


def ways(document: Mapping[str, Any]) -> Ways:
    """The ways of one of our own credentials."""
    url, issuer = str(document["id"]), document["issuer"]
    until = document.get("validUntil")
    title = str(document["credentialSubject"]["achievement"]["name"])
    return Ways(
        linkedin=linkedin(
            url=url,
            title=title,
            issuer=str(issuer.get("name") or issuer["id"]),
            awarded=instant(document.get("awardedDate") or document["validFrom"]),
            until=None if until is None else instant(until),
        ),
        wallet=wallet(url),
        embed=embed(url, title=title),
        oembed=oembed(url),
    )


def linkedin(*, url: str, title: str, issuer: str, awarded: datetime, until: datetime | None) -> str:
    """LinkedIn takes no badge, only these fields; who reads the profile comes to the badge's page."""
    about: dict[str, str | int] = {
        "startTask": "CERTIFICATION_NAME",
        "name": title,
        "organizationName": issuer,
        "issueYear": awarded.year,
        "issueMonth": awarded.month,
        "certUrl": url,
        "certId": url.rpartition("/")[2],
    }
    if until is not None:
        about |= {"expirationYear": until.year, "expirationMonth": until.month}
    return f"https://www.linkedin.com/profile/add?{urlencode(about)}"


def wallet(url: str) -> str:
    """The wallet sends who holds it, signed with the challenge, to the address in here, and gets the credential."""
    asked = {
        "issuer": urlsplit(url).netloc,
        "auth_type": "bearer",
        "challenge": url.rpartition("/")[2],
        "vc_request_url": f"{url}/wallet",
    }
    return f"https://lcw.app/request.html?{urlencode(asked)}"


def embed(url: str, *, title: str, width: int = FRAME_WIDTH, height: int = FRAME_HEIGHT) -> str:
    """A frame with the badge, in a sandbox that lets it open the badge's page and do nothing else."""
    start, _, last = url.rpartition("/credentials/")
    address, name = html.escape(f"{start}/embed/{last}"), html.escape(title)
    return (
        f'<iframe src="{address}" title="{name}" width="{width}" height="{height}" style="border:0" loading="lazy" '
        f'sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>'
    )


def oembed(url: str) -> str:
    """Where editors that know oEmbed ask how to show the badge."""
    return f"{url.rpartition('/credentials/')[0]}/oembed?url={quote(url, safe='')}"
