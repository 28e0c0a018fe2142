"""Exit codes: the only table from error to code. A script that calls ``badgeissuer`` can rely on it."""

from __future__ import annotations

from enum import IntEnum

from badgeissuer.errors import (
    BadgeissuerError,
    Conflict,
    MalformedInput,
    Misconfigured,
    NotFound,
    NotPermitted,
    PreconditionFailed,
    Rejected,
    TooLarge,
    Unauthenticated,
    Unavailable,
)


class WrongUsage(BadgeissuerError):
    """Options or arguments that do not go together."""

    code = "usage"


class Exit(IntEnum):
    OK = 0
    REFUSED = 1
    USAGE = 2
    NOT_FOUND = 3
    CONFLICT = 4
    CONFIGURATION = 5
    UNAVAILABLE = 6
    BUG = 70
    INTERRUPTED = 130


# What `verify` and `preflight` answer where the document could be neither confirmed nor refuted. The same number as
# wrong usage, as with grep and diff: no verdict.
NO_VERDICT = Exit.USAGE

MEANINGS: dict[Exit, str] = {
    Exit.OK: "done; the credential is valid, or imports",
    Exit.REFUSED: "refused: the input breaks a rule; verify: not valid; preflight: will not import; openapi --check: "
    "differs",
    Exit.USAGE: "the command was not called as it should be; verify: could not be checked; preflight: not known",
    Exit.NOT_FOUND: "no such thing",
    Exit.CONFLICT: "it clashes with what is recorded",
    Exit.CONFIGURATION: "a setting, the passphrase, the keys or the database's migration is not right",
    Exit.UNAVAILABLE: "cannot be done now: database, network or port; try again later",
    Exit.BUG: "a mistake in badgeissuer",
    Exit.INTERRUPTED: "stopped with Ctrl-C",
}

_CODES: dict[type[BadgeissuerError], Exit] = {
    WrongUsage: Exit.USAGE,
    MalformedInput: Exit.REFUSED,
    Rejected: Exit.REFUSED,
    TooLarge: Exit.REFUSED,
    Unauthenticated: Exit.REFUSED,
    NotPermitted: Exit.REFUSED,
    NotFound: Exit.NOT_FOUND,
    Conflict: Exit.CONFLICT,
    PreconditionFailed: Exit.CONFLICT,
    Misconfigured: Exit.CONFIGURATION,
    Unavailable: Exit.UNAVAILABLE,
}


def code_of(kind: type[BadgeissuerError]) -> Exit:
    """The code of an error's nearest class in the table; an error without a row is a bug."""
    return next((_CODES[parent] for parent in kind.__mro__ if parent in _CODES), Exit.BUG)
