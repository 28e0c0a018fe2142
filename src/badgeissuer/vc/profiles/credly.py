"""Credly's import of badges from elsewhere: public pages only."""

from __future__ import annotations

from badgeissuer.vc.profiles import checks
from badgeissuer.vc.profiles.checks import UNKNOWN, WARNING
from badgeissuer.vc.profiles.findings import Finding, Findings, Reading

_PAGES = "support.credly.com, articles 30107800919707 and 33251711887643"
_FAQ = "support.credly.com, article 33251711887643"


def findings(reading: Reading) -> Findings:
    """What Credly's pages say, for this document. They do not say what its import checks."""
    detail = "Credly takes Open Badges 2.0 and 3.0 as .png, .svg, .json and does not publish what it checks"
    yield Finding(UNKNOWN, "unpublished", "", detail, "try one badge before you promise the import", _FAQ)
    yield from checks.kind(reading, _FAQ, clr=False)
    if reading.header is not None:
        detail = "its page names .png, .svg and .json, no JWT"
        yield Finding(UNKNOWN, "token", "", detail, "give the PNG, SVG or JSON form", _PAGES)
    if not checks.has_email(reading):
        detail = "no e-mail address names the subject, so none can match the account: shown as Unverified"
        remedy = "name the recipient by a hashed e-mail address (identifier, identityType emailAddress)"
        yield Finding(WARNING, "email", "/credentialSubject", detail, remedy, _PAGES)
