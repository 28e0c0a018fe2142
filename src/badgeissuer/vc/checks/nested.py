"""Check 8, part: documents inside the document, each verified by the same steps (OB verification step 6; CLR §9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from badgeissuer.vc.checks.plan import Plan, Role
from badgeissuer.vc.checks.report import ENDED, NESTED, Check, NestedReport, Verdict
from badgeissuer.vc.checks.shape import Kind
from badgeissuer.vc.strictjson import unescape_pointer


def nested_parts(plan: Plan, reports: tuple[NestedReport, ...]) -> Iterator[Check]:
    """A part for each document inside, by what its own report says; ``reports`` are those that could be made."""
    made = {report.pointer: report for report in reports}
    for pointer, nested in plan.nested.items():
        name = f"{_WORDS[nested.role]} at {pointer}"
        if pointer not in made:
            yield Check(NESTED, name, Verdict.NOT_CHECKED, "not looked at")
        else:
            stray = nested.role is Role.ENDORSEMENT and not (
                endorses_its_place(plan.document, pointer, nested.document)
                or _endorses_a_part(plan.document, pointer, nested.document)
            )
            yield _part(name, nested, made[pointer], _STRAY if stray else "")
    if plan.beyond:
        yield Check(NESTED, "documents inside", Verdict.NOT_CHECKED, f"{plan.beyond} more than are looked at")


_WORDS = {Role.ENDORSEMENT: "endorsement", Role.MEMBER: "credential"}


# Its issuer may well have meant to show it: whoever reads the badge decides what it is worth there.
_STRAY = "; it endorses something else than what it stands in"


def endorses_its_place(document: Any, pointer: str, endorsement: Mapping[str, Any] | None) -> bool:
    """Whether the subject of an endorsement is the object (credential, achievement, profile) that it stands in."""
    for step in pointer[1:].split("/")[:-2]:  # without the member that holds it, and its place there
        document = document[int(step)] if isinstance(document, list) else document[unescape_pointer(step)]
    about = _subject_of(endorsement)
    return about is not None and about == document.get("id")


def _endorses_a_part(document: Any, pointer: str, endorsement: Mapping[str, Any] | None) -> bool:
    """Whether one of a credential's own endorsements is about its issuer or an achievement in it, or its creator.

    OB §B.1.2, CLR §B.1.1: such claims may be about "the credential, and the achievement and profiles" in it.
    """
    about = _subject_of(endorsement)
    if about is None or pointer.count("/") > 2:  # deeper than /endorsement/0
        return False
    subject = document.get("credentialSubject")
    found = subject.get("achievement") if isinstance(subject, Mapping) else None
    achievements = [each for each in (found if isinstance(found, list) else [found]) if isinstance(each, Mapping)]
    parts = [document.get("issuer"), *achievements, *(each.get("creator") for each in achievements)]
    return any(isinstance(part, Mapping) and part.get("id") == about for part in parts)


def _subject_of(endorsement: Mapping[str, Any] | None) -> str | None:
    subject = None if endorsement is None else endorsement.get("credentialSubject")
    about = subject.get("id") if isinstance(subject, Mapping) else None
    return about if isinstance(about, str) else None


def _part(name: str, nested: Plan, found: NestedReport, note: str) -> Check:
    report = found.report
    other = nested.document is not None and nested.kind is not Kind.ENDORSEMENT
    if nested.role is Role.ENDORSEMENT and other:
        return Check(NESTED, name, Verdict.FAILED, "is not an EndorsementCredential", parts=report.checks)
    if report.verified:
        return Check(NESTED, name, Verdict.OK, f"verified{note}", parts=report.checks)
    bad = [item for item in report.checks if item.verdict is not Verdict.OK]
    if nested.role is Role.ENDORSEMENT and all(item.outcome in ENDED for item in bad):
        # Genuine, and over: who endorses must not hold a switch to other people's badges (ADR 11).
        detail = f"{report.outcome.value}: it was signed by its issuer, and no longer stands; the rest does{note}"
        return Check(NESTED, name, Verdict.OK, detail, parts=report.checks, outcome=report.outcome)
    verdict = Verdict.FAILED if any(item.verdict is Verdict.FAILED for item in bad) else Verdict.NOT_CHECKED
    worst = [item for item in bad if item.verdict is verdict]
    told = "; ".join(f"{item.name}: {item.detail}" for item in worst)
    detail = f"{report.outcome.value} ({told})"
    return Check(NESTED, name, verdict, detail, worst[0].type, worst[0].remedy, report.checks)
