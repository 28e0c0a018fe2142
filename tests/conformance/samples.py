"""The samples: verified, prepared or held to the envelope, as what they are."""

from __future__ import annotations

import json

from badgeissuer.vc import verify
from badgeissuer.vc.checks.report import NAMES
from badgeissuer.vc.contexts import ContextStore, Edition
from badgeissuer.vc.lint import Rules
from badgeissuer.vc.verify import Verdict
from tests.conformance.rows import Group, Row, equal
from tests.support import issued
from tests.support.shared import shared_path
from tests.unit.vc import test_envelope, test_lint_rules, test_samples

_KINDS = ("valid", "invalid")


def groups() -> list[Group]:
    return [_verified(), _by_step(), _prepared(), _envelopes(), _contexts()]


def _verified() -> Group:
    index = test_samples.index()
    rows = []
    for name in sorted(test_samples.TABLE):
        if name == test_samples.LIST:
            rows.append(_list(name))
            continue
        report = test_samples.report_on(shared_path(f"standards/{name}").read_bytes(), revoked="revoked" in name)
        stated = index[name]["class"]
        good = report.verified is (stated == "valid")
        failing = [check.name for check in report.checks if check.verdict is Verdict.FAILED]
        ours = report.outcome.value + (f" ({', '.join(failing)})" if failing else "")
        rows.append(Row(_short(name), stated, ours, good, test_samples.TABLE[name].why or ""))
    how = (
        "Verified as they are, with the documents that they name supplied: the controllers that their methods imply, "
        "and the list beside them. `valid-structure` is right in form and not verifiable in full, as the index says."
    )
    return Group("Samples of Open Badges 3.0 and CLR 2.0", how, tuple(rows))


def _list(name: str) -> Row:
    plan = verify.plan_status_list(shared_path(f"standards/{name}").read_bytes())
    core = verify.core_checks(plan, issued.material(plan, test_samples.implied(plan), {}), now=test_samples.NOW)
    good = all(check.verdict is Verdict.OK for check in core)
    return Row(_short(name), "valid", "valid, as the status list that it is" if good else "invalid", good)


def _by_step() -> Group:
    """Where each invalid sample is refused: the first check that fails."""
    rows = []
    for name, step in sorted(test_samples.STEPS.items()):
        report = test_samples.report_on(shared_path(f"standards/{name}").read_bytes(), revoked="revoked" in name)
        failing = {check.number for check in report.checks if check.verdict is Verdict.FAILED}
        told = ", ".join(NAMES[number] for number in sorted(failing))
        rows.append(Row(_short(name), f"at {NAMES[step.number]}: {step.fault}", told, step.number in failing))
    how = "Each is refused at the step where its fault lies. Where others fail too, making it broke its signature."
    return Group("Invalid samples by step", how, tuple(rows))


def _prepared() -> Group:
    rows = []
    for name, document in test_lint_rules.samples().items():
        codes = test_lint_rules.codes(document, Rules.STANDARD)
        older = name in test_lint_rules.OLDER
        stated = "VC 1.1: read, never prepared" if older else "accepted"
        ours = f"refused ({', '.join(sorted(codes))})" if codes else "accepted"
        rows.append(Row(f"valid/{name}", stated, ours, bool(codes) is older))
    how = "Without its proof, each is prepared by the standards' rules (`lint.prepare(…, rules=Rules.STANDARD)`)."
    return Group("Samples through preparation", how, tuple(rows))


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


def _contexts() -> Group:
    folder = shared_path("standards/contexts")
    rows = []
    for entry in json.loads((folder / "index.json").read_text()):
        url, file = entry["url"], entry["file"]
        store = ContextStore.of_edition(Edition.EARLIER if file.endswith(".2024.json") else Edition.CURRENT)
        if url in store.urls:
            same = store.document(url) == json.loads((folder / file).read_bytes())
            rows.append(equal(f"contexts/{file}", "this content", True, same))
        else:
            why = _UNPINNED.get(file, "not pinned: no badge or record of the standards names it")
            rows.append(Row(f"contexts/{file}", "published", "not known here", False, why))
    how = "The pinned contexts (`schemas/contexts`) compared as JSON. One that is not pinned is never fetched."
    return Group("Contexts", how, tuple(rows))


_UNPINNED = {
    "jwk-v1.jsonld": "in no registry package that we found; key documents are read without JSON-LD",
    "credentials-examples-v1.jsonld": "for examples; it hides undefined terms",
    "credentials-examples-v2.jsonld": "for examples; it hides undefined terms",
    "credentials-undefined-terms-v2.jsonld": "it hides undefined terms",
}


def _short(name: str) -> str:
    return name.removeprefix("samples/")
