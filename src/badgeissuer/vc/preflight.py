"""Will this badge import there? The known facts about a target, put to one signed document.

It looks at the document alone: it fetches nothing, checks no signature and no date, and sees neither the issuer's DID
document nor its status list (``verify`` does). ``imports`` means that everything measured about the target was kept to;
where no source says what the target checks, the verdict is ``unknown``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from badgeissuer.errors import BadgeissuerError, TooLarge
from badgeissuer.vc.profiles import canvas, credly, dcc, learncard, linkedin, onedtech, openbadgeslib
from badgeissuer.vc.profiles.findings import Finding, Findings, Reading, Severity, read

__all__ = ["Finding", "Preflight", "Severity", "Target", "Verdict", "preflight"]


class Target(StrEnum):
    """Where a badge may be taken."""

    ONEDTECH_VALIDATOR = "1edtech-validator"
    LEARNER_CREDENTIAL_WALLET = "learner-credential-wallet"
    LEARNCARD = "learncard"
    OPENBADGESLIB = "openbadgeslib"
    CREDLY = "credly"
    CANVAS = "canvas"
    LINKEDIN = "linkedin"


class Verdict(StrEnum):
    """``unknown`` is no pass: some fact that the answer needs has no source."""

    IMPORTS = "imports"
    WILL_NOT_IMPORT = "will_not_import"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Preflight:
    """The answer for one target: a verdict, and all findings with those that decide it first."""

    target: Target
    verdict: Verdict
    findings: tuple[Finding, ...]


_PROFILES: Mapping[Target, Callable[[Reading], Findings]] = {
    Target.ONEDTECH_VALIDATOR: onedtech.findings,
    Target.LEARNER_CREDENTIAL_WALLET: dcc.findings,
    Target.LEARNCARD: learncard.findings,
    Target.OPENBADGESLIB: openbadgeslib.findings,
    Target.CREDLY: credly.findings,
    Target.CANVAS: canvas.findings,
    Target.LINKEDIN: linkedin.findings,
}
_ORDER = tuple(Severity)


def preflight(document: Mapping[str, Any] | str, target: Target) -> Preflight:
    """What is known about taking ``document`` (signed JSON, or a compact JWT) to ``target``. Never raises for content.

    One ``error`` makes it ``will_not_import``; without one, one ``unknown`` makes it ``unknown``.
    """
    try:
        found = list(_PROFILES[target](read(document)))
    except TooLarge as error:
        remedy = "put the file to the target itself"
        found = [
            Finding(Severity.UNKNOWN, "too-large-here", "", f"was not read: {error.detail}", remedy, "our own limit")
        ]
    except BadgeissuerError as error:
        detail = f"is neither a JSON object nor a compact JWT: {error.detail}"
        found = [Finding(Severity.ERROR, "unreadable", "", detail, "give the credential as issued", "RFC 8259, 7515")]
    found.sort(key=lambda finding: _ORDER.index(finding.severity))
    severities = {finding.severity for finding in found}
    if Severity.ERROR in severities:
        verdict = Verdict.WILL_NOT_IMPORT
    else:
        verdict = Verdict.UNKNOWN if Severity.UNKNOWN in severities else Verdict.IMPORTS
    return Preflight(target, verdict, tuple(found))
