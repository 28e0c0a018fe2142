"""Canvas Credentials, now Parchment Digital Badges: the backpack's import, from its public guides only."""

from __future__ import annotations

from badgeissuer.vc.profiles import checks
from badgeissuer.vc.profiles.checks import NOTE, UNKNOWN
from badgeissuer.vc.profiles.findings import Finding, Findings, Reading

_GUIDE = "guides.instructure.com, lesson 1571715 (Uploading non-Canvas Badges to a backpack)"
_RELEASE = "Canvas Badges/Credentials Release Notes 2025-02 to 2025-07"


def findings(reading: Reading) -> Findings:
    """What the guides say, for this document. They do not say what the import checks."""
    detail = "the backpack takes badges by URL, image or JSON; what it checks in an Open Badge 3.0 is not published"
    yield Finding(UNKNOWN, "unpublished", "", detail, "try one badge before you promise the import", _GUIDE)
    yield from checks.kind(reading, _GUIDE, clr=False)
    if reading.header is not None:
        detail = "the guide names a URL, an image and JSON, no JWT"
        yield Finding(UNKNOWN, "token", "", detail, "give the URL, the PNG or the JSON", _GUIDE)
    if checks.has_email(reading):
        detail = "there a new e-mail address of the learner means revoking and awarding again"
        remedy = "ask for an address that lasts"
        yield Finding(NOTE, "email-change", "/credentialSubject", detail, remedy, _RELEASE)
