"""Check 8, part: documents inside the document, each verified by the same steps (OB verification step 6; CLR §9)."""

from __future__ import annotations

from collections.abc import Iterator

from badgeissuer.vc.checks.plan import Plan, Role
from badgeissuer.vc.checks.report import NESTED, Check, NestedReport, Verdict
from badgeissuer.vc.checks.shape import Kind


def nested_parts(plan: Plan, reports: tuple[NestedReport, ...]) -> Iterator[Check]:
    """A part for each document inside, by what its own report says; ``reports`` are those that could be made."""
    made = {report.pointer: report for report in reports}
    for pointer, nested in plan.nested.items():
        name = f"{_WORDS[nested.role]} at {pointer}"
        if pointer not in made:
            yield Check(NESTED, name, Verdict.NOT_CHECKED, "not looked at")
        else:
            yield _part(name, nested, made[pointer])
    if plan.beyond:
        yield Check(NESTED, "documents inside", Verdict.NOT_CHECKED, f"{plan.beyond} more than are looked at")


_WORDS = {Role.ENDORSEMENT: "endorsement", Role.MEMBER: "credential"}


def _part(name: str, nested: Plan, found: NestedReport) -> Check:
    report = found.report
    other = nested.document is not None and nested.kind is not Kind.ENDORSEMENT
    if nested.role is Role.ENDORSEMENT and other:
        return Check(NESTED, name, Verdict.FAILED, "is not an EndorsementCredential", parts=report.checks)
    if report.verified:
        return Check(NESTED, name, Verdict.OK, "verified", parts=report.checks)
    bad = [item for item in report.checks if item.verdict is not Verdict.OK]
    verdict = Verdict.FAILED if any(item.verdict is Verdict.FAILED for item in bad) else Verdict.NOT_CHECKED
    worst = [item for item in bad if item.verdict is verdict]
    told = "; ".join(f"{item.name}: {item.detail}" for item in worst)
    detail = f"{report.outcome.value} ({told})"
    return Check(NESTED, name, verdict, detail, worst[0].type, worst[0].remedy, report.checks)
