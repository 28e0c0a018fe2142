"""The samples: verified, prepared or held to the envelope, as what they are."""

from __future__ import annotations

from functools import lru_cache

from badgeissuer.vc import verify
from badgeissuer.vc.checks.report import NAMES
from badgeissuer.vc.lint import Rules
from badgeissuer.vc.verify import Report, Verdict
from tests.conformance.rows import Group, Row
from tests.support import issued
from tests.support.shared import shared_path
from tests.unit.vc import test_envelope, test_lint_rules, test_samples

_KINDS = ("valid", "invalid")


def groups() -> list[Group]:
    return [_verified(), _by_step(), _prepared(), _envelopes()]


@lru_cache(maxsize=64)
def _report(name: str) -> Report:
    return test_samples.report_on(shared_path(f"standards/{name}").read_bytes(), revoked="revoked" in name)


def _failing(report: Report) -> str:
    return ", ".join(check.name for check in report.checks if check.verdict is Verdict.FAILED)


def _verified() -> Group:
    index = test_samples.index()
    rows = []
    for name in sorted(test_samples.TABLE):
        entry = index[name]
        stated = f"{entry['class']} (official: {entry['official_test_outcome']})"
        if name == test_samples.LIST:
            rows.append(_list(name, stated))
            continue
        report = _report(name)
        ours = report.outcome.value + (f" ({_failing(report)})" if _failing(report) else "")
        same = report.verified is (entry["class"] == "valid")
        why, note = test_samples.TABLE[name].why or "", test_samples.NOTES.get(name, "")
        rows.append(Row(_short(name), stated, ours, same, why, note))
    how = (
        "Verified as they are, at a time when they should be valid, with what they name supplied by the test: the "
        "controllers that their methods imply, the status list beside them, and for the 1EdTech revocation list, "
        "which is not among the samples, one that says what the sample's name says. `valid-structure` is right in "
        "form and cannot be verified in full."
    )
    return Group("Samples of Open Badges 3.0 and CLR 2.0", how, tuple(rows), ("samples/index.json",))


def _list(name: str, stated: str) -> Row:
    plan = verify.plan_status_list(shared_path(f"standards/{name}").read_bytes())
    core = verify.core_checks(plan, issued.material(plan, test_samples.implied(plan), {}), now=test_samples.NOW)
    good = all(check.verdict is Verdict.OK for check in core)
    return Row(_short(name), stated, "valid, as the status list that it is" if good else "invalid", good)


def _by_step() -> Group:
    """Where each invalid sample is refused."""
    rows = []
    for name, step in sorted(test_samples.STEPS.items(), key=lambda item: (item[1].number, item[0])):
        report = _report(name)
        refused = report.check(step.number).verdict is Verdict.FAILED
        rows.append(Row(_short(name), f"{NAMES[step.number]}: {step.fault}", _failing(report), refused))
    how = (
        "Each is refused at the step where its fault lies. Where others are named too: a sample that was changed after "
        "it was signed has no good signature, an unknown type is an undefined term, and some lack more than they say."
    )
    return Group("Invalid samples by step", how, tuple(rows))


def _prepared() -> Group:
    rows = []
    for name, document in test_lint_rules.samples().items():
        codes = test_lint_rules.codes(document, Rules.STANDARD)
        older = name in test_lint_rules.OLDER
        stated = "VC 1.1: read, never prepared" if older else "accepted"
        ours = f"refused ({', '.join(sorted(codes))})" if codes else "accepted"
        house = (
            "" if older else f"by the house's rules: {', '.join(sorted(test_lint_rules.codes(document, Rules.HOUSE)))}"
        )
        rows.append(Row(f"valid/{name}", stated, ours, bool(codes) is older, note=house))
    how = (
        "Without its proof, each is prepared by the standards' rules (`lint.prepare(…, rules=Rules.STANDARD)`). What "
        "the service itself issues is held to rules of the house besides; none of the samples keeps them all."
    )
    reasons = ["What the house asks beyond the standards:", "", "| fault | why |", "|---|---|"]
    reasons += [f"| `{code}` | {why} |" for code, why in sorted(test_lint_rules.HOUSE_REASONS.items())]
    return Group("Samples through preparation", how, tuple(rows), after="\n".join(reasons))


def _envelopes() -> Group:
    rows = []
    for kind in _KINDS:
        for path in sorted(shared_path(f"standards/samples/{kind}/w3c-vcdm2").iterdir()):
            finished = path.stem in test_envelope.SELF_ASSERTED
            found = test_envelope.pointers(test_envelope.read(kind, path.stem), issued=finished)
            ours = f"refused at {', '.join(sorted(found))}" if found else "accepted"
            rows.append(Row(f"{kind}/w3c-vcdm2/{path.name}", kind, ours, bool(found) is (kind == "invalid")))
    how = "The W3C's inputs for any credential or presentation, through `vc.envelope`."
    return Group("VC data model 2.0 inputs", how, tuple(rows))


def _short(name: str) -> str:
    return name.removeprefix("samples/")
