"""No change to a secured document passes, unless it is another way to write the very same thing.

Two judges that know nothing of each other look at every changed text: its canonical form (what the signature covers),
and a comparison of the JSON alone (what a reader sees). Where the first finds a change the library must refuse; what it
accepts must be, to the second, one of the ways that are named here. Each of these ways is shown to be one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from badgeissuer.errors import MalformedInput, Rejected, TooLarge
from badgeissuer.vc import jwt, strictjson, verify
from badgeissuer.vc.build import endorsement_credential, open_badge_credential
from badgeissuer.vc.canon import canonicalize
from badgeissuer.vc.canon.nquads import line, parse, relabel
from badgeissuer.vc.contexts import OB_EXTENSIONS
from badgeissuer.vc.proofs.cryptosuite import Form
from badgeissuer.vc.proofs.data_integrity import jcs, proofs_of, unsecured
from badgeissuer.vc.proofs.sd_values import DerivedValue
from badgeissuer.vc.proofs.suites import SUITES as KNOWN
from badgeissuer.vc.proofs.suites import suite_of
from badgeissuer.vc.verify import Verdict
from tests.support import issued, mutations, records, renditions
from tests.support.differences import (
    ANOTHER,
    ARRAY_ORDER,
    CONTEXTS,
    FURTHER_PROOF,
    MEMBER_ORDER,
    NUMBER,
    ONE_NODE,
    ONE_OR_ARRAY,
    SELF_PROVED,
    SPELLING,
    TWIN,
    TYPE_BY_IRI,
    UNREPEATED,
    Number,
    Style,
    differences,
    read,
    twin,
    write,
)
from tests.support.renditions import KINDS, SUITES

Json = dict[str, Any]

# In what a changed text may differ and still be accepted, by how the suite brings a document into its one form.
# Of a jcs suite only the one proof may stand in an array or not, since it does not cover itself; and more contexts may
# follow, since the proof's take their place (vc-di-eddsa §3.3.2 step 3).
IN_ANY_FORM = {MEMBER_ORDER, SPELLING, NUMBER, FURTHER_PROOF, ONE_OR_ARRAY, CONTEXTS, TWIN}
EQUIVALENT = {
    # Without contexts a proof is of the suite's first draft, which signed the document's with its options.
    Form.JCS: IN_ANY_FORM | {UNREPEATED},
    Form.RDFC: IN_ANY_FORM | {ARRAY_ORDER, TYPE_BY_IRI, ONE_NODE, SELF_PROVED},
}
EXAMPLES = {"badge": 120, "endorsement": 120, "clr": 25, "own": 60}
OWN = ("eddsa-rdfc-2022", "ecdsa-sd-2023", "eddsa-jcs-2022")
CELLS = [(suite, kind) for kind in KINDS for suite in SUITES] + [(suite, "own") for suite in OWN]


def secured(kind: str, suite: str) -> str:
    """As ``renditions.secured``; "own" is a badge whose issuer is named a second time, as the achievement's creator."""
    if kind != "own":
        return renditions.secured(kind, suite)
    facts = issued.facts()
    creator = {name: facts.issuer[name] for name in ("id", "type", "name")}
    achievement = {**facts.achievement, "creator": creator}
    ready = issued.prepared(open_badge_credential(replace(facts, achievement=achievement)))
    return json.dumps(renditions.SECURE[suite](ready))


def form_of(suite: str) -> Form:
    return KNOWN[suite.partition(" ")[0]].form


# What is accepted, drawn by chance


def signed_forms(text: str) -> list[object]:
    """What each proof covers: the forms of document and options. Empty where the text cannot be read."""
    try:
        document = strictjson.loads_object(text.encode("utf-8", "surrogatepass"), max_bytes=2**24)
    except (TooLarge, MalformedInput):
        return []
    return [_signed_form(document, proof) for proof in proofs_of(document) if isinstance(proof, dict)]


def _signed_form(document: Json, proof: Json) -> object:
    """Equal to nothing where there is no form, or where it leaves something out."""
    try:
        suite = suite_of(proof)
        inputs = suite.inputs(document, proof)
        if suite.form is Form.JCS:
            return suite.name, jcs(inputs.document), jcs({"@context": document["@context"], **inputs.config})
    except (Rejected, KeyError):
        return object()
    budget = verify.plan(document).jobs[0].budget
    forms = [renditions.form_of(verify.CanonJob("", part, budget=budget)) for part in (inputs.document, inputs.config)]
    nquads = [
        form.nquads for form in forms if not isinstance(form, verify.Failure) and not form.dropped + form.relative
    ]
    return (suite.name, *nquads) if len(nquads) == 2 else object()


def examples(kind: str, times: int) -> settings:
    """The same examples at every run, unless there are to be many."""
    return settings(
        max_examples=EXAMPLES[kind] * times,
        derandomize=times == 1,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def test_there_are_enough_examples() -> None:
    assert sum(EXAMPLES[kind] for _, kind in CELLS) >= 2_000


@pytest.mark.parametrize("times", [1, pytest.param(10, marks=pytest.mark.long)])
@pytest.mark.parametrize(("suite", "kind"), CELLS)
def test_every_change_is_refused_or_says_the_same(suite: str, kind: str, times: int) -> None:
    text = secured(kind, suite)
    assert renditions.report_on(text.encode()).verified
    good = signed_forms(text)
    unchanged = write(read(text))
    tried = 0

    @examples(kind, times)
    @given(st.data())
    def change(data: st.DataObject) -> None:
        nonlocal tried
        changed = data.draw(mutations.mutated(text))
        assume(changed != unchanged)
        tried += 1
        report = renditions.report_on(changed.encode("utf-8", "surrogatepass"))
        ways = differences(text, changed)
        if report.verified:
            assert ways <= EQUIVALENT[form_of(suite)], ways
            assert good[0] in signed_forms(changed) or SELF_PROVED in ways
            for way in ways:
                event(way)
        elif good[0] not in signed_forms(changed):
            # Refused for what the document itself says and who says it, not for its dates or its status.
            looked_at = [*report.checks[:5], *(report.checks[8:] if "endorsementJwt" in changed else [])]
            assert any(check.verdict is not Verdict.OK for check in looked_at)

    change()
    assert tried >= EXAMPLES[kind] * times


# Each way to write the same, by itself


def _changed(text: str, change: Callable[[Any], Any]) -> str:
    document = read(text)
    return write(change(document) or document)


def _at(path: str, change: Callable[[Any], Any]) -> Callable[[Any], None]:
    *way, last = [int(step) if step.isdigit() else step for step in path.split("/")]

    def put(document: Any) -> None:
        for step in way:
            document = document[step]
        document[last] = change(document[last])

    return put


def _moved(document: Any) -> None:
    creator = document["credentialSubject"]["achievement"]["creator"]
    creator["description"] = document["issuer"].pop("description")


_VOCABULARY = "https://purl.imsglobal.org/spec/vc/ob/vocab.html#"
_ALL = {"badge", "endorsement", "clr"}
WAYS: dict[str, tuple[str, set[str], set[Form], Callable[[str], str]]] = {
    "members reversed": (
        MEMBER_ORDER,
        _ALL,
        set(Form),
        lambda text: _changed(text, lambda document: dict(reversed(document.items()))),
    ),
    "lines and escapes": (
        SPELLING,
        _ALL,
        set(Form),
        lambda text: write(read(text), Style((", ", " :\n"), ascii_only=True, escaped="K", around=(" ", "\n"))),
    ),
    "1.50": (
        NUMBER,
        {"badge"},
        set(Form),
        lambda text: _changed(text, _at("credentialSubject/creditsEarned", lambda _: Number("1.50"))),
    ),
    "15E-1": (
        NUMBER,
        {"badge"},
        set(Form),
        lambda text: _changed(text, _at("credentialSubject/creditsEarned", lambda _: Number("15E-1"))),
    ),
    "the proof without an array": (
        ONE_OR_ARRAY,
        _ALL,
        set(Form),
        lambda text: _changed(text, _at("proof", lambda proofs: proofs[0])),
    ),
    "a type without an array": (
        ONE_OR_ARRAY,
        _ALL,
        {Form.RDFC},
        lambda text: _changed(text, _at("issuer/type", lambda types: types[0])),
    ),
    "types reversed": (
        ARRAY_ORDER,
        _ALL,
        {Form.RDFC},
        lambda text: _changed(text, _at("type", lambda types: types[::-1])),
    ),
    "members of a record reversed": (
        ARRAY_ORDER,
        {"clr"},
        {Form.RDFC},
        lambda text: _changed(text, _at("credentialSubject/verifiableCredential", lambda members: members[::-1])),
    ),
    "the extensions' context": (
        CONTEXTS,
        _ALL,
        set(Form),
        lambda text: _changed(text, _at("@context", lambda urls: [*urls, OB_EXTENSIONS])),
    ),
    "a type by its IRI too": (
        TYPE_BY_IRI,
        _ALL,
        {Form.RDFC},
        lambda text: _changed(text, _at("issuer/type", lambda types: [*types, f"{_VOCABULARY}Profile"])),
    ),
    "a jcs proof without contexts": (
        UNREPEATED,
        _ALL,
        {Form.JCS},
        lambda text: _changed(text, lambda document: document["proof"][0].pop("@context", None) and document),
    ),
    "the creator is the issuer": (ONE_NODE, {"own"}, {Form.RDFC}, lambda text: _changed(text, _moved)),
    "a proof that does not hold": (
        FURTHER_PROOF,
        _ALL,
        set(Form),
        lambda text: _changed(text, _at("proof", lambda proofs: [{**proofs[0], "challenge": "x"}, *proofs])),
    ),
}


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("suite", SUITES)
def test_each_way_to_write_the_same(suite: str, name: str) -> None:
    """Where the suite's form tells the two apart, they are two documents, and the second is refused."""
    way, kinds, forms, change = WAYS[name]
    for kind in sorted(kinds):
        text = secured(kind, suite)
        changed = change(text)
        if way == UNREPEATED and form_of(suite) is Form.RDFC:
            continue  # these repeat none
        assert differences(text, changed) == {way}
        accepted = form_of(suite) in forms
        assert (signed_forms(text)[0] in signed_forms(changed)) is accepted
        assert renditions.report_on(changed.encode()).verified is accepted, kind


@pytest.mark.parametrize("suite", SUITES)
def test_the_twin_of_a_signature(suite: str) -> None:
    """Ed25519's is refused, since its S is held to its one range (RFC 8032 §5.1.7); ECDSA has no such rule."""
    text = secured("badge", suite)
    document = json.loads(text)
    value = document["proof"][0]["proofValue"]
    document["proof"][0]["proofValue"] = twin(value) or value
    changed = json.dumps(document)
    if suite == "ecdsa-sd-2023":
        assert changed == text  # its value is no plain signature
    else:
        assert differences(text, changed) == {TWIN}
        assert renditions.report_on(changed.encode()).verified is suite.startswith("ecdsa")


@pytest.mark.parametrize("about_it", [True, False])
@pytest.mark.parametrize("suite", SUITES)
def test_an_endorsement_that_proves_itself_may_be_put_in(suite: str, about_it: bool) -> None:
    """The context of 2024 does not know it, so that a signature made then covers none.

    One of a jcs suite covers all that there is.
    """
    text = secured("badge", suite)
    document = json.loads(text)
    about = document.get("id", "") if about_it else f"{issued.BASE}/credentials/another"
    endorsement = endorsement_credential(replace(records.endorsement_facts(), subject_id=about))
    ready = records.prepared_endorsement(endorsement)
    key = issued.KEY.public_key()
    document["endorsementJwt"] = [
        jwt.create_ob(ready, sign=issued.KEY.sign, key=key, kid=f"{issued.DID}#{issued.MULTIKEY}")
    ]
    assert differences(text, json.dumps(document)) == {SELF_PROVED}
    report = renditions.report_on(json.dumps(document).encode())
    assert report.verified is (about_it and form_of(suite) is Form.RDFC)
    if report.verified:
        assert report.check(3).detail.endswith("signature is good, under the Open Badges context of 2024")


@pytest.mark.parametrize("suite", SUITES)
def test_among_the_options_of_a_proof_it_proves_nothing(suite: str) -> None:
    document = json.loads(secured("badge", suite))
    document["proof"][0]["endorsementJwt"] = [renditions.token("endorsement", "ob", "EdDSA")]
    assert renditions.report_on(json.dumps(document).encode()).check(3).verdict is Verdict.FAILED


@pytest.mark.parametrize(("member", "accepted"), [("name", True), ("validUntil", False)])
def test_of_what_is_shown_in_part_anyone_may_show_less(member: str, accepted: bool) -> None:
    """The one change to what is signed that holds: each statement that is not mandatory has a signature of its own, so
    ecdsa-sd-2023 lets it be left out with that (vc-di-ecdsa §3.6.7). What is mandatory cannot be."""
    document = json.loads(secured("badge", "ecdsa-sd-2023"))
    value = DerivedValue.decode(document["proof"][0]["proofValue"])
    whole, mandatory = signed_rows(document, value), set(value.mandatory_indexes)
    del document[member]
    rest = signed_rows(document, value)
    (left_out,) = (place for place, row in enumerate(whole) if row not in rest)
    single = [place for place in range(len(whole)) if place not in mandatory]
    assert (left_out in single) is accepted
    shown = zip(single, value.signatures, strict=True)
    less = replace(
        value,
        signatures=tuple(signature for place, signature in shown if place != left_out),
        mandatory_indexes=tuple(sorted(place - (place > left_out) for place in mandatory - {left_out})),
    )
    document["proof"][0]["proofValue"] = less.encode()
    assert renditions.report_on(json.dumps(document).encode()).verified is accepted


def signed_rows(document: Json, value: DerivedValue) -> list[str]:
    nquads = canonicalize(unsecured(document), issued.CONTEXTS).nquads.decode()
    return sorted(line(relabel(quad, dict(value.labels))) for quad in parse(nquads))


def test_all_ways_are_named() -> None:
    for form in Form:
        apart = {TWIN, SELF_PROVED} if form is Form.RDFC else {TWIN}
        assert {way for way, _, forms, _ in WAYS.values() if form in forms} | apart == EQUIVALENT[form]


def test_the_judge_of_texts_tells_other_things_apart() -> None:
    """A judge who passes all would make the tests above worthless."""
    ours = secured("badge", "eddsa-rdfc-2022")
    for path, value in (
        ("name", "Other"),
        ("issuer", issued.DID),
        ("issuer/name", ["KVEC", "KVEC"]),
        ("credentialSubject/creditsEarned", Number("1.51")),
        ("credentialSubject/creditsEarned", "1.5"),
        ("credentialSubject/identifier/0/hashed", "true"),
        ("credentialSubject/achievement/tag", ["assessment"]),
        ("type", ["VerifiableCredential", "OpenBadgeCredential", "x:OpenBadgeCredential"]),
        ("@context", []),
        ("proof/0/created", "2026-03-01T12:00:00+00:00"),
    ):
        document = read(ours)
        _at(path, lambda _, value=value: value)(document)  # type: ignore[misc]
        assert ANOTHER in differences(ours, write(document)), path
    assert ANOTHER in differences(ours, ours[:-1])
    assert differences(ours, ours) == frozenset()
    odd = json.dumps([{**json.loads(ours), "@context": {"@value": []}}])
    assert ANOTHER in differences(ours, odd) | differences(odd, ours)
