"""The errors that rules, formats and verbs raise. They carry a stable ``code`` and a detail that is safe to show.

They know no HTTP status and no exit code: ``web/problems.py`` and ``cli/exits.py`` are the only tables from error to
answer. A ``Fault`` names one thing that is wrong in an input; an error carries all faults that were found, not only the
first. Details never echo a value that may hold personal data: they name the field and say what is expected.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in an input document.

    ``pointer`` is an RFC 6901 JSON pointer into the document as the caller sent it ("" is the whole document),
    ``detail`` says what is wrong and what would be right, ``code`` is stable for programs, ``clause`` names the
    rule that was broken (for instance ``OB §Achievement``), where there is one.
    """

    pointer: str
    detail: str
    code: str = "invalid"
    clause: str | None = None

    def under(self, prefix: str) -> Fault:
        """The same fault, seen from a document in which this one stands at ``prefix``."""
        return Fault(prefix + self.pointer, self.detail, self.code, self.clause)


class BadgeissuerError(Exception):
    """Root of all our errors. ``detail`` is shown to the caller."""

    code: ClassVar[str] = "error"

    def __init__(self, detail: str, *, faults: Iterable[Fault] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.faults: tuple[Fault, ...] = tuple(faults)


class MalformedInput(BadgeissuerError):
    """The bytes are not what they claim to be: broken JSON, a bad cursor, a header out of form."""

    code = "malformed"


class Rejected(BadgeissuerError):
    """The input can be read but breaks a rule; ``faults`` lists every breach found."""

    code = "rejected"


class TooLarge(BadgeissuerError):
    """The input is over a size or work limit."""

    code = "too-large"


class Unauthenticated(BadgeissuerError):
    """No API key, or one that is unknown or revoked."""

    code = "unauthenticated"


class NotPermitted(BadgeissuerError):
    """The caller is known but may not do this."""

    code = "not-permitted"


class NotFound(BadgeissuerError):
    """No such thing, or none that this caller may know of. Both read alike, on purpose."""

    code = "not-found"


class Conflict(BadgeissuerError):
    """It clashes with what is already recorded. ``existing`` is the URL or id of the record it clashes with."""

    code = "conflict"

    def __init__(self, detail: str, *, existing: str | None = None, faults: Iterable[Fault] = ()) -> None:
        super().__init__(detail, faults=faults)
        self.existing = existing


class IllegalTransition(Conflict):
    """The state machine of the thing does not allow this step from where it is."""

    code = "illegal-transition"


class PreconditionFailed(BadgeissuerError):
    """If-Match names another version than the stored one."""

    code = "precondition-failed"


class Unavailable(BadgeissuerError):
    """It cannot be done now (database away, signer away, overload). Trying again later is safe."""

    code = "unavailable"


class Misconfigured(BadgeissuerError):
    """The configuration or the key store is wrong; the service refuses to start."""

    code = "misconfigured"
