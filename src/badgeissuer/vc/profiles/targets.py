"""The targets by name, and what can be said of each. Light: the command line shows these names in its help."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


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


# What each of these takes was measured, or read in its source: a badge of ours can get ``imports`` there.
KNOWN_TARGETS: Final = (
    Target.ONEDTECH_VALIDATOR,
    Target.LEARNER_CREDENTIAL_WALLET,
    Target.LEARNCARD,
    Target.OPENBADGESLIB,
)
# LinkedIn imports nothing, so no badge could ever be issued on the condition that it does.
IMPORTERS: Final = tuple(target for target in Target if target is not Target.LINKEDIN)
