"""Hostile input is refused by the typed error it is due, after a counted amount of work; honest input is not."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from typing import Any

import pytest

from badgeissuer.errors import BadgeissuerError
from badgeissuer.vc import bake, jwt, limits, strictjson, verify
from badgeissuer.vc.canon import FOREIGN_BUDGET, Budget, canonicalize
from badgeissuer.vc.carriers.forms import LIMITS, ImageTooLarge, Meter
from badgeissuer.vc.checks.plan import budget_of
from badgeissuer.vc.checks.report import SECURITY
from badgeissuer.vc.contexts import ContextStore
from badgeissuer.vc.faults import BudgetExceeded
from bench import hostile
from bench.corpus import Case, cases
from bench.corpus.documents import badge, verified
from tests.support import issued, records
from tests.support.issued import report_on, resigned
from tests.support.renditions import PNG, SVG
from tests.support.shared import shared_path

CASES = {f"{case.family}: {case.name}": case for case in cases()}
PINNED = ContextStore.pinned()


def named(*starts: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("name", [name for name in CASES if name.startswith(starts)])


def test_every_case_has_a_name_of_its_own() -> None:
    assert len(CASES) == len(cases())
    assert {case.family for case in CASES.values()} == hostile.ALLOWED.keys()


def ended(case: Case, given: Any) -> tuple[str, BadgeissuerError | None]:
    """What came of it, and the error where that was one of ours."""
    try:
        found = case.act(given)
    except BadgeissuerError as error:
        return error.code, error
    return (found if isinstance(found, str) else "accepted"), None


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_each_case_ends_as_it_is_due(case: Case) -> None:
    given = case.make()
    answer, error = ended(case, given)
    assert answer == case.answer
    assert error is None or error.detail
    if case.unit:
        assert isinstance(error, BudgetExceeded)
        assert error.unit == case.unit
        allowed = allowances(case, given)[case.unit]
        # It stops where the limit is: not one array's worth, nor one permutation's, beyond it.
        assert allowed < error.spent <= MOST_BEYOND.get(case.unit, 1) * allowed + 1


# One array is counted at once, one permutation, one object's members; nothing of these has been worked on by then.
MOST_BEYOND = {"values": 9, "contexts": 15, "bytes": 1.2, "steps": 1.01, "statements": 1.01}


def allowances(case: Case, given: Any) -> dict[str, int]:
    budget = FOREIGN_BUDGET
    if case.family == "record":
        budget = budget_of(given).within(len(json.dumps(given, separators=(",", ":"))))
    return {
        "bytes": budget.max_bytes,
        "values": budget.max_values,
        "statements": budget.max_quads,
        "steps": budget.max_steps,
        "contexts": budget.max_contexts,
        "levels": limits.JSON_DEPTH,
    }


@named("PNG: bake", "SVG: bake", "PNG: unbake", "SVG: unbake")
def test_the_work_on_an_image_is_metered(name: str) -> None:
    case, meter = CASES[name], Meter(LIMITS)
    metered = replace(
        case,
        act=lambda image: bake.bake(image, "{}", meter=meter) if ": bake" in name else bake.unbake(image, meter=meter),
    )
    answer, caught = ended(metered, case.make())
    assert answer == case.answer
    most = (LIMITS.chunks, LIMITS.elements, LIMITS.packed_bytes, LIMITS.pixel_bytes)
    spent = (meter.chunks, meter.elements, meter.packed_bytes, meter.pixel_bytes)
    # At most one step, or one piece of unpacking, beyond the limit; references of one style are counted at once.
    steps = (1, 1, limits.PNG_PIECE_BYTES, limits.PNG_PIECE_BYTES)
    assert all(used <= allowed + step for used, allowed, step in zip(spent, most, steps, strict=True))
    assert meter.attributes <= LIMITS.attributes + LIMITS.style // len("url(#)")
    if isinstance(caught, ImageTooLarge):
        counted = [*zip(spent, most, strict=True), (meter.attributes, LIMITS.attributes), (meter.drawn, LIMITS.drawn)]
        in_words = ("nested deeper", "is longer than", "longer than 262144 bytes")
        assert any(used > allowed for used, allowed in counted) or any(word in caught.detail for word in in_words)


@named(
    "JSON: a hundred thousand", "JSON: levels", "JSON: longer", "long JSON: millions", "long JSON: a million", "long"
)
def test_json_is_counted_before_it_is_read(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where size, number of values or depth is what is wrong, not one value of the text is made."""
    case, read = CASES[name], []

    class Decoder:
        def decode(self, text: str) -> None:
            read.append(text)
            raise json.JSONDecodeError("", text, 0)

    monkeypatch.setattr(strictjson, "_DECODER", Decoder())
    with pytest.raises(BadgeissuerError) as caught:
        case.act(case.make())
    counted = caught.value.code == "too-large" or "levels" in caught.value.detail
    assert counted is (not read)
    assert counted or "megabytes" in name


@named("gzip: ")
def test_no_more_is_unpacked_than_a_list_may_hold(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    unpacked: list[int] = []
    unpacker = zlib.decompressobj

    class Counted:
        def __init__(self, wbits: int) -> None:
            self.stream = unpacker(wbits=wbits)

        def decompress(self, data: bytes, most: int) -> bytes:
            found = self.stream.decompress(data, most)
            unpacked.append(len(found))
            return found

        def __getattr__(self, name: str) -> Any:
            return getattr(self.stream, name)

    case = CASES[name]
    text = case.make()
    monkeypatch.setattr("badgeissuer.vc.status.zlib.decompressobj", Counted)
    assert ended(case, text)[0] == case.answer
    assert len(unpacked) <= 1
    assert sum(unpacked) <= limits.LIST_BYTES + 1
    if name == "gzip: bomb of 64 MiB":
        assert sum(unpacked) == limits.LIST_BYTES + 1
        assert len(text) * 40 < sum(unpacked)


def test_too_many_values_are_not_held_to_any_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    def held(*_arguments: object) -> None:
        raise AssertionError("the model was asked")

    monkeypatch.setattr("badgeissuer.vc.checks.shape._model_faults", held)
    for name in ("forty thousand nulls", "six thousand faults", "ten thousand unknown members"):
        check = verify.plan(CASES[f"document: {name}"].make()).shape
        assert check is not None
        assert (check.number, check.type) == (1, SECURITY + "PROOF_TRANSFORMATION_ERROR")
        assert check.detail == "the document has more than 6000 values"


def test_a_members_own_budget_does_not_grow_with_the_record() -> None:
    plan = verify.plan(CASES["record: a hundred poisoned members"].make())
    assert {job.budget for inner in plan.nested.values() for job in inner.jobs} == {FOREIGN_BUDGET}
    assert len(plan.nested) == 100


def test_the_bench_measures_in_a_process_of_its_own() -> None:
    case = CASES["graph: eight alike in two"]
    cost = hostile.measure(case)
    assert (cost.answer, cost.allowed_ms, cost.allowed_mib) == ("budget-exceeded", 500, 64)
    assert cost.cpu_ms > 0
    assert cost.is_good(case)
    heavy = hostile.measure(CASES["SVG: unbake: fifteen megabytes of one attribute"])
    assert heavy.size > 15 * limits.MIB
    assert heavy.peak_mib > 30
    record = hostile.measure(CASES["record: nine alike in six, with a thousand empty members"])
    assert record.allowed_ms == 500 * (1 + record.size / limits.BADGE_BYTES)


def test_the_bench_fails_where_a_case_ends_otherwise_or_costs_too_much() -> None:
    def act(_given: object) -> str:
        return "x" * 90 * limits.MIB

    heavy = Case("JSON", "heavy", dict, lambda given: act(given)[:2], "xx")
    assert hostile.measure(heavy).answer == "xx"
    assert not hostile.measure(heavy).is_good(heavy)
    other = Case("JSON", "other", dict, lambda _given: "done", "refused")
    assert not hostile.measure(other).is_good(other)
    raises = Case("JSON", "raises", dict, lambda _given: 1 // 0, "refused")
    assert hostile.measure(raises).answer == "ZeroDivisionError"


# Honest input


def test_the_badge_that_all_documents_are_made_of_is_good() -> None:
    assert report_on(badge()).verified
    assert verified(badge()) == "6 status"  # nothing was fetched


@pytest.mark.parametrize("value", ["1", "3.25"])
def test_an_honest_badge_of_nearly_two_thousand_statements_passes(value: str) -> None:
    document = issued.signed(issued.minimal_facts())
    results = [{"type": ["Result"], "value": f"{value}{number}"} for number in range(640)]
    document["credentialSubject"]["result"] = results
    bare = {name: member for name, member in document.items() if name != "proof"}
    form = canonicalize(bare, PINNED, budget=FOREIGN_BUDGET)
    assert limits.FOREIGN_QUADS * 0.95 < form.quads <= limits.FOREIGN_QUADS
    assert report_on(resigned(document)).verified


def test_an_honest_badge_with_its_picture_inside_passes() -> None:
    document = issued.signed()
    picture = "data:image/png;base64," + "A" * 150_000
    document["credentialSubject"]["achievement"]["image"] = {"id": picture, "type": "Image"}
    assert report_on(resigned(document)).verified


def test_a_record_of_members_that_each_use_their_budget_passes() -> None:
    """The densest honest members: nothing but results. What the whole may cost is what its length earns."""
    members = []
    for number in range(4):
        member = issued.signed(issued.minimal_facts())
        results = [{"type": ["Result"], "value": f"{number} {n}"} for n in range(600)]
        members.append(member | {"id": f"urn:x:{number}"})
        member["credentialSubject"]["result"] = results
    document = records.signed_clr()
    document["credentialSubject"]["verifiableCredential"] = members
    budget = budget_of(document)
    form = canonicalize(document, PINNED, budget=budget)
    assert form.quads > 4 * 1_800
    assert budget.within(len(strictjson.dumps(document))) == budget


@pytest.mark.parametrize("image", [PNG, SVG], ids=["PNG", "SVG"])
def test_what_we_make_ourselves_passes_all_limits(image: bytes) -> None:
    for document in (issued.signed(), records.signed_endorsement(), records.signed_clr()):
        family = bake.Family.CLR if "ClrCredential" in document["type"] else bake.Family.OPEN_BADGE
        meter = Meter()
        baked = bake.bake(image, strictjson.dumps(document), family=family, meter=meter)
        assert report_on(baked).verified
        assert 100 * meter.chunks <= LIMITS.chunks
        assert 100 * meter.elements <= LIMITS.elements
        assert 100 * meter.attributes <= LIMITS.attributes


def test_every_valid_sample_takes_a_small_part_of_its_budget() -> None:
    read = 0
    for path in sorted(shared_path("standards/samples").glob("valid/*/*.json")):
        document = strictjson.loads(path.read_bytes())
        assert isinstance(document, dict)
        if {"ClrCredential", "OpenBadgeCredential", "EndorsementCredential"} & set(document.get("type", ())):
            budget = budget_of(document)
            half = Budget(budget.max_bytes // 2, budget.max_quads // 2, budget.max_steps // 2)
            shape = verify.plan(document).shape
            assert shape is not None
            assert "more than" not in shape.detail
            try:
                canonicalize(document, ContextStore.of_edition(PINNED.edition), budget=half)
            except BudgetExceeded as error:
                pytest.fail(f"{path.name}: {error.detail}")
            except BadgeissuerError:
                continue  # contexts that are not pinned
            read += 1
    assert read >= 10


def test_a_token_of_ours_passes_the_limits_of_tokens() -> None:
    assert jwt.read(CASES["JWT: proof: a good signature"].make()).form is jwt.Form.OB
