"""Hostile input is refused by the typed error it is due, after a counted amount of work; honest input is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from badgeissuer.errors import BadgeissuerError
from badgeissuer.vc import limits, verify
from badgeissuer.vc.bake import LIMITS, Meter, bake
from badgeissuer.vc.canon import FOREIGN_BUDGET, canonicalize
from badgeissuer.vc.carriers.forms import ImageTooLarge
from badgeissuer.vc.contexts import CREDENTIALS_V2, OB_CONTEXTS, OB_V3P0_303, ContextStore
from badgeissuer.vc.faults import BudgetExceeded
from badgeissuer.vc.verify import Verdict
from bench.hostile import measure
from bench.hostile_corpus import Case, cases
from tests.support import issued
from tests.support.issued import report_on, resigned

CASES = {f"{case.family}: {case.name}": case for case in cases()}
ALLOWED = {
    "bytes": FOREIGN_BUDGET.max_bytes,
    "values": FOREIGN_BUDGET.max_values,
    "statements": FOREIGN_BUDGET.max_quads,
    "steps": FOREIGN_BUDGET.max_steps,
}


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_each_case_is_refused_as_it_is_due(case: Case) -> None:
    with pytest.raises(BadgeissuerError) as caught:
        case.act(case.make())
    assert caught.value.code == case.code
    if case.unit:
        assert isinstance(caught.value, BudgetExceeded)
        assert caught.value.unit == case.unit
        # It stops at the limit: not one array's worth, nor one permutation's, beyond it.
        assert ALLOWED[case.unit] < caught.value.spent <= 12 * ALLOWED[case.unit]


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith(("PNG: bake", "SVG: bake"))])
def test_the_work_on_an_image_is_metered(name: str) -> None:
    meter = Meter(LIMITS)
    with pytest.raises(BadgeissuerError) as caught:
        bake(CASES[name].make(), "{}", meter=meter)
    most = (LIMITS.chunks, LIMITS.elements, LIMITS.attributes, LIMITS.packed_bytes, LIMITS.pixel_bytes)
    spent = (meter.chunks, meter.elements, meter.attributes, meter.packed_bytes, meter.pixel_bytes)
    # At most one step, or one block of unpacking, beyond the limit.
    assert all(used <= allowed + limits.MIB for used, allowed in zip(spent, most, strict=True))
    if isinstance(caught.value, ImageTooLarge):
        over = [used > allowed for used, allowed in zip(spent, most, strict=True)]
        assert any(over) or meter.drawn > LIMITS.drawn or "nested deeper" in caught.value.detail


# Whole documents, with a good signature over what is left of them: what a hostile issuer or a man in the middle sends.


def signed(**members: Any) -> dict[str, Any]:
    return {**issued.signed(), **members}


def inside(pointer: list[str], **members: Any) -> dict[str, Any]:
    document = json.loads(json.dumps(issued.signed()))
    place = document
    for step in pointer:
        place = place[step]
    place.update(members)
    return dict(document)


SUBJECT = ["credentialSubject"]
ACHIEVEMENT = ["credentialSubject", "achievement"]
DOCUMENTS: dict[str, tuple[dict[str, Any], int]] = {
    "a context that redefines a term": (signed(**{"@context": [*OB_CONTEXTS, {"name": "urn:x:y"}]}), 1),
    "a vocabulary for all that is undefined": (signed(**{"@context": [*OB_CONTEXTS, {"@vocab": "urn:x:"}]}), 1),
    "contexts in another order": (signed(**{"@context": [OB_V3P0_303, CREDENTIALS_V2]}), 1),
    "a context twice": (signed(**{"@context": [*OB_CONTEXTS, OB_V3P0_303]}), 1),
    "a context in the subject": (inside(SUBJECT, **{"@context": {"name": "urn:x:y"}}), 1),
    "an unsigned extra member": (signed(extra="not signed"), 2),
    "an unsigned extra member in the achievement": (inside(ACHIEVEMENT, extra="not signed"), 2),
    "a member by its IRI": (inside(ACHIEVEMENT, **{"https://schema.org/name": "Another"}), 1),
    "an alias of id": (inside(SUBJECT, **{"@id": "did:web:other.example"}), 1),
    "included nodes": (signed(**{"@included": [{"id": "urn:a", "type": ["Profile"]}]}), 1),
    "a graph of its own": (signed(**{"@graph": [{"id": "urn:a"}]}), 1),
    "an array in an array": (inside(ACHIEVEMENT, tag=[["assessment"], "literacy"]), 1),
    "the proof in the subject": (inside(SUBJECT, proof=issued.signed()["proof"]), 1),
    "a credential in a badge": (signed(verifiableCredential=[issued.signed()]), 1),
    "a presentation around it": ({**signed(), "type": ["VerifiablePresentation"]}, 1),
    "a proof that holds an object": (signed(proof=[{**issued.signed()["proof"][0], "document": {"a": 1}}]), 1),
    "a proof with contexts": (signed(proof=[{**issued.signed()["proof"][0], "@context": [CREDENTIALS_V2]}]), 3),
    "nine proofs": (signed(proof=[{**issued.signed()["proof"][0], "id": f"urn:x:{n}"} for n in range(9)]), 3),
    "the same proof twice": (signed(proof=issued.signed()["proof"] * 2), 3),
    "no proof": ({name: value for name, value in signed().items() if name != "proof"}, 3),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_refused_at_the_check_that_is_for_it(name: str) -> None:
    document, number = DOCUMENTS[name]
    report = report_on(document)
    assert not report.verified
    assert report.check(number).verdict is Verdict.FAILED


def test_a_status_list_is_no_badge() -> None:
    assert report_on(issued.status_list()).check(1).verdict is Verdict.FAILED


def test_terms_that_share_an_iri_cannot_be_swapped() -> None:
    achievement = issued.signed()["credentialSubject"]["achievement"]
    criteria = achievement["criteria"]
    document = inside(ACHIEVEMENT, Criteria=criteria)
    del document["credentialSubject"]["achievement"]["criteria"]
    assert report_on(document).check(1).verdict is Verdict.FAILED


def test_a_deep_document_is_a_report_not_an_error() -> None:
    for depth in (60, 70, 5_000):
        text = json.dumps(issued.signed())[:-1] + ',"x":' + "[" * depth + "]" * depth + "}"
        report = verify.check(verify.plan(text.encode()), verify.Material(), now=issued.NOW)
        assert not report.verified


# Honest input


def test_an_honest_badge_of_nearly_two_thousand_statements_passes() -> None:
    document = issued.signed(issued.minimal_facts())
    results = [{"type": ["Result"], "value": str(number)} for number in range(640)]
    document["credentialSubject"]["result"] = results
    bare = {name: value for name, value in document.items() if name != "proof"}
    form = canonicalize(bare, ContextStore.pinned(), budget=FOREIGN_BUDGET)
    assert limits.FOREIGN_QUADS * 0.95 < form.quads <= limits.FOREIGN_QUADS
    assert report_on(resigned(document)).verified


def test_an_honest_badge_with_its_picture_inside_passes() -> None:
    document = issued.signed()
    picture = "data:image/png;base64," + "A" * 150_000
    document["credentialSubject"]["achievement"]["image"] = {"id": picture, "type": "Image"}
    assert report_on(resigned(document)).verified


def test_the_bench_measures_in_a_process_of_its_own() -> None:
    cost = measure(CASES["graph: eight alike in two"])
    assert cost.answer == "budget-exceeded"
    assert cost.cpu_ms > 0
    assert cost.peak_mib > 1
