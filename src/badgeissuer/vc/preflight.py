"""Will this badge import there? The known facts about a target, put to one signed document.

It looks at the document alone: it fetches nothing, checks no signature and no date, and sees neither the issuer's DID
document nor its status list (``verify`` does). ``imports`` means that everything measured about the target was kept to;
where no source says what the target checks, the verdict is ``unknown``.

``preflight`` does it all. Canonicalising a stranger's document is work that a service does elsewhere, and once for all
targets: ``plan`` reads the document, ``answer`` takes the canonical form, or the error that came instead of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from badgeissuer.errors import BadgeissuerError, TooLarge
from badgeissuer.vc.canon import FOREIGN_BUDGET, Budget, Canonical, canonicalize, check_values
from badgeissuer.vc.checks.plan import budget_of
from badgeissuer.vc.contexts import ContextStore
from badgeissuer.vc.lint import Prepared
from badgeissuer.vc.profiles import canvas, credly, dcc, learncard, linkedin, onedtech, openbadgeslib
from badgeissuer.vc.profiles.findings import Finding, Findings, Reading, Severity, read
from badgeissuer.vc.profiles.targets import IMPORTERS, KNOWN_TARGETS, Target, Verdict
from badgeissuer.vc.proofs.data_integrity import spliced

__all__ = [
    "IMPORTERS",
    "KNOWN_TARGETS",
    "MOST_FINDINGS",
    "Finding",
    "Plan",
    "Preflight",
    "Severity",
    "Target",
    "Verdict",
    "answer",
    "plan",
    "preflight",
    "preflight_all",
]

# A hostile document can have a finding every few bytes; nobody reads more than these.
MOST_FINDINGS: Final = 100


@dataclass(frozen=True, slots=True)
class Preflight:
    """The answer for one target: a verdict, and the findings with those that decide it first.

    ``beyond`` counts those that were too many to list.
    """

    target: Target
    verdict: Verdict
    findings: tuple[Finding, ...]
    beyond: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """A document, read. ``unreadable`` is the one finding of every target where it could not be."""

    reading: Reading | None
    unreadable: Finding | None = None

    @property
    def document(self) -> Mapping[str, Any] | None:
        """What to canonicalise; None where there is nothing."""
        return None if self.reading is None else self.reading.credential

    @property
    def budget(self) -> Budget:
        """The work that canonicalising it may cost: as in a verification."""
        return FOREIGN_BUDGET if self.reading is None else budget_of(self.reading.credential)


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


def preflight(document: Mapping[str, Any] | str | bytes, target: Target) -> Preflight:
    """What is known about taking ``document`` to ``target``: signed JSON, a compact JWT, or the bytes of either or of
    an image that carries one. Never raises for content.

    One ``error`` makes it ``will_not_import``; without one, one ``unknown`` makes it ``unknown``. It is canonicalised
    here, within the budget of ``Plan``.
    """
    return preflight_all(document, (target,))[0]


def preflight_all(
    document: Mapping[str, Any] | str | bytes, targets: Iterable[Target] = Target
) -> tuple[Preflight, ...]:
    """As ``preflight``, for several targets, each once, in their order: canonicalised once for all."""
    planned = plan(document)
    return answer(planned, _form(planned), targets)


def plan(document: Mapping[str, Any] | str | bytes) -> Plan:
    """The document, read; what it holds is not looked at. Raises nothing: what cannot be read ``answer`` tells.

    Nor is one read that has more values than its budget allows: each could be a finding of every target.
    """
    try:
        reading = read(document)
        check_values(reading.credential, budget_of(reading.credential))
        return Plan(reading)
    except TooLarge as error:
        remedy = "put the file to the target itself"
        return Plan(
            None,
            Finding(Severity.UNKNOWN, "too-large-here", "", f"was not read: {error.detail}", remedy, "our own limit"),
        )
    except BadgeissuerError as error:
        detail = f"is neither a JSON object nor a compact JWT, nor an image with one: {error.detail}"
        return Plan(
            None, Finding(Severity.ERROR, "unreadable", "", detail, "give the credential as issued", "RFC 8259, 7515")
        )


def answer(
    planned: Plan, form: Canonical | BadgeissuerError | None, targets: Iterable[Target] = Target
) -> tuple[Preflight, ...]:
    """The answers for the targets, each once, in their order.

    ``form`` is the canonical form of ``planned.document``, whole or without its ``proof`` (which then counts as
    defined), or why there is none; None only where there was nothing to canonicalise. Raises ``Rejected`` for the form
    of another document, and nothing for what is in it.
    """
    if planned.reading is None:
        assert planned.unreadable is not None
        unreadable = planned.unreadable
        return tuple(_judged(target, [unreadable]) for target in dict.fromkeys(targets))
    if form is None:
        raise TypeError("a document that was read needs its canonical form")
    reading = planned.reading.with_form(form)
    return tuple(_judged(target, list(_PROFILES[target](reading))) for target in dict.fromkeys(targets))


def answer_prepared(
    prepared: Prepared, proof: Mapping[str, Any], targets: Iterable[Target] = Target
) -> tuple[Preflight, ...]:
    """The answers about a document of ours that is about to be signed: as ``answer`` gives them for it with ``proof``.

    It was read and canonicalised already, and nothing of it is lost, or it would not be a ``Prepared``. ``proof`` may
    be without its signature, which no profile reads. Raises nothing.
    """
    text = spliced(prepared.text, proof)
    reading = Reading({**prepared.document, "proof": [proof]}, None, text, len(text.encode("utf-8")))
    return tuple(_judged(target, list(_PROFILES[target](reading))) for target in dict.fromkeys(targets))


def _form(planned: Plan) -> Canonical | BadgeissuerError | None:
    if planned.document is None:
        return None
    try:
        return canonicalize(planned.document, ContextStore.pinned(), budget=planned.budget)
    except BadgeissuerError as error:
        return error


def _judged(target: Target, found: list[Finding]) -> Preflight:
    found.sort(key=lambda finding: _ORDER.index(finding.severity))
    severities = {finding.severity for finding in found}
    if Severity.ERROR in severities:
        verdict = Verdict.WILL_NOT_IMPORT
    else:
        verdict = Verdict.UNKNOWN if Severity.UNKNOWN in severities else Verdict.IMPORTS
    return Preflight(target, verdict, tuple(found[:MOST_FINDINGS]), max(len(found) - MOST_FINDINGS, 0))
