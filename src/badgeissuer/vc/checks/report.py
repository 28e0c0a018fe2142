"""What a verification answers: numbered checks, each with a verdict and a reason, and one outcome."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

SECURITY = "https://w3id.org/security#"
STATUS = "https://www.w3.org/ns/credentials/status-list#"
DATA_MODEL = "https://www.w3.org/TR/vc-data-model#"


class Role(StrEnum):
    """What a document is to the one that it lies in."""

    ROOT = "root"
    ENDORSEMENT = "endorsement"
    MEMBER = "member"


class Verdict(StrEnum):
    """Not checked is never valid."""

    OK = "ok"
    FAILED = "failed"
    NOT_CHECKED = "not_checked"


class Outcome(StrEnum):
    """The report in one word. The four about status and time are said only where shape, terms, proof and key are ok."""

    VALID = "valid"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    INVALID = "invalid"
    NOT_CHECKED = "not_checked"


# Said of something that was genuine and in force once.
ENDED = frozenset((Outcome.REVOKED, Outcome.SUSPENDED, Outcome.EXPIRED))

# Number and name of each check. The numbers in comments and documentation are these.
PARSE, SHAPE, TERMS, PROOF, KEY, DATES, STATUS_CHECK, CONSISTENCY, NESTED = range(9)
NAMES = (
    "parse",
    "shape",
    "terms",
    "proof",
    "key belongs to issuer",
    "dates",
    "status",
    "subject and achievement",
    "nested and linked documents",
)


@dataclass(frozen=True, slots=True)
class Check:
    """One numbered check. ``detail`` is plain words; ``type`` a URI of the standards where it failed; ``remedy`` what
    the reader can do. ``parts`` are the single steps where a check has several; ``outcome`` is what a failed check of
    time or status stands for, and what became of an endorsement that is a part of check 8."""

    number: int
    name: str
    verdict: Verdict
    detail: str
    type: str | None = None
    remedy: str | None = None
    parts: tuple[Check, ...] = ()
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class PolicyCheck:
    """One rule of the reader's own: ok or failed."""

    name: str
    verdict: Verdict
    detail: str
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the document says of itself. True only where the report is ``verified``."""

    id: str | None = None
    types: tuple[str, ...] = ()
    issuer: str | None = None
    issuer_name: str | None = None
    name: str | None = None
    achievement: str | None = None
    achievement_id: str | None = None
    valid_from: str | None = None
    valid_until: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The answer. ``verified`` holds only where every check is ok. It says nothing of whether the issuer is trusted.

    ``refreshed``: checks and facts are those of a newer edition that the credential's refresh service gave. ``policy``
    are the reader's own rules, which leave ``verified`` as it is; ``advice`` is what all of it means for a person.
    """

    verified: bool
    outcome: Outcome
    checks: tuple[Check, ...]
    facts: Facts = Facts()
    nested: tuple[NestedReport, ...] = ()
    refreshed: bool = False
    policy: tuple[PolicyCheck, ...] = ()
    advice: str = ""

    @property
    def accepted(self) -> bool:
        """Verified, and within the reader's own rules."""
        return self.verified and all(item.verdict is Verdict.OK for item in self.policy)

    def check(self, number: int) -> Check:
        return self.checks[number]


@dataclass(frozen=True, slots=True)
class NestedReport:
    """The report on a document inside: an endorsement, or a member of a learner record. ``pointer`` is where it is."""

    pointer: str
    report: Report
    role: Role = Role.ENDORSEMENT


@dataclass(frozen=True, slots=True)
class Policy:
    """What the reader decides. ``clock_skew`` is how far a date may run ahead of our clock.

    ``domain`` and ``challenge`` are held against the proof where they are given (DI §4.4). ``recipient`` are identities
    (e-mail addresses, DIDs, other ids) of the one whom the credential should be about: a part of check 7.
    ``trusted_issuers`` (ids) and ``needs_status`` are no matter of proof: they show in ``Report.policy`` only.
    """

    clock_skew: timedelta = timedelta(seconds=60)
    domain: frozenset[str] | None = None
    challenge: str | None = None
    recipient: frozenset[str] | None = None
    trusted_issuers: frozenset[str] | None = None
    needs_status: bool = False

    def for_others(self) -> Policy:
        """The policy for what is nested or linked: it was not made for this reader, and is not what was asked for."""
        return Policy(clock_skew=self.clock_skew)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something that a check needs is not there. ``definite``: the document's own fault, so the check fails."""

    detail: str
    type: str | None = None
    definite: bool = False
    remedy: str | None = None


def ok(number: int, detail: str, parts: Iterable[Check] = ()) -> Check:
    return Check(number, NAMES[number], Verdict.OK, detail, parts=tuple(parts))


def failed(
    number: int,
    detail: str,
    type_: str | None = None,
    *,
    remedy: str | None = None,
    parts: Iterable[Check] = (),
    outcome: Outcome | None = None,
) -> Check:
    return Check(number, NAMES[number], Verdict.FAILED, detail, type_, remedy, tuple(parts), outcome)


def not_checked(
    number: int, detail: str, type_: str | None = None, *, remedy: str | None = None, parts: Iterable[Check] = ()
) -> Check:
    return Check(number, NAMES[number], Verdict.NOT_CHECKED, detail, type_, remedy, tuple(parts))


def missing(number: int, failure: Failure) -> Check:
    """The check that could not be made because of ``failure``."""
    made = failed if failure.definite else not_checked
    return made(number, failure.detail, failure.type, remedy=failure.remedy)


def combined(number: int, parts: Iterable[Check], *, nothing: str) -> Check:
    """One check of several parts: as bad as the worst of them. ``nothing`` is the detail where there are no parts."""
    listed = tuple(parts)
    if not listed:
        return ok(number, nothing)
    for verdict in (Verdict.FAILED, Verdict.NOT_CHECKED):
        worst = [part for part in listed if part.verdict is verdict]
        if worst:
            detail = "; ".join(f"{part.name}: {part.detail}" for part in worst)
            first = worst[0]
            return Check(number, NAMES[number], verdict, detail, first.type, first.remedy, listed, first.outcome)
    return ok(number, "; ".join(f"{part.name}: {part.detail}" for part in listed), listed)
