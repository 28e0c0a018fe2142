"""LinkedIn has no import of badges: only a link that fills in a form on the member's profile."""

from __future__ import annotations

from badgeissuer.vc.profiles.checks import ERROR, WARNING
from badgeissuer.vc.profiles.findings import Finding, Findings, Reading, members, text

_LINK = "the add-to-profile link as openedx and edubadges use it"


def findings(reading: Reading) -> Findings:
    """That there is no import, and which fields of the link this document could not fill."""
    detail = "LinkedIn imports no badge files and verifies none"
    remedy = "offer the add-to-profile link (name, organizationName, issueYear, issueMonth, certUrl, certId)"
    yield Finding(ERROR, "no-import", "", detail, remedy, _LINK)
    document = reading.document
    achievement = members(members(document.get("credentialSubject")).get("achievement"))
    filled = {
        ("name", "/credentialSubject/achievement/name"): text(achievement.get("name")) or text(document.get("name")),
        ("organizationName", "/issuer/name"): text(members(document.get("issuer")).get("name")),
        ("issueYear", "/validFrom"): text(document.get("validFrom")),
        ("certUrl", "/id"): text(document.get("id")).startswith("https://"),
    }
    for (name, pointer), value in filled.items():
        if not value:
            detail = f"nothing here fills the link's {name}"
            yield Finding(WARNING, "link-field", pointer, detail, f"have the holder type {name} in", _LINK)
