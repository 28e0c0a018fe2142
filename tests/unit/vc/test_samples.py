"""The official Open Badges samples get the verdict that their index states, or a deviation that is named here.

Controller documents and status lists are supplied by the test: the documents that the samples' https verification
methods imply (their host is not on this machine, and a key in a fragment is never trusted without its document).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from badgeissuer.vc import verify
from badgeissuer.vc.verify import Plan, Report, Verdict
from tests.support import issued
from tests.support.shared import shared_path

NOW = datetime(2026, 4, 1, tzinfo=UTC)
LIST = "samples/valid/ob30/bit-string-list/testlist.json"


@dataclass(frozen=True)
class Expected:
    """``failing``: the checks that fail, by number; ``why`` is set where the verdict is not the index's."""

    outcome: str
    failing: set[int]
    why: str | None = None


V, X, CLR = "samples/valid/ob30", "samples/invalid/ob30", "samples"
TABLE = {
    f"{V}/simple.json": Expected("valid", set()),
    f"{V}/simple-json.png": Expected("valid", set()),
    f"{V}/simple-jwt.svg": Expected("valid", set()),
    f"{V}/simple-jwt_v1.png": Expected("valid", set()),
    f"{X}/velocity.jwt": Expected("invalid", {1, 2, 4}),
    f"{V}/simple-context-alias.json": Expected("valid", set()),
    f"{V}/endorsement-valid.json": Expected("valid", set()),
    f"{V}/simple-did-key-method.json": Expected(
        "invalid",
        {4},
        "the issuer is a urn:uuid, so no did:key can be its key; the official check does not compare them",
    ),
    f"{V}/simple-eddsa-2022.json": Expected("valid", set()),
    # "valid-structure": the index itself says that full verification must fail.
    f"{V}/complete.json": Expected("invalid", {7, 8}),
    LIST: Expected("invalid", {1}, "a status list is no badge; as a list it verifies, see below"),
    f"{X}/simple-noproof.json": Expected("invalid", {1, 3}),
    f"{X}/simple-err-context.json": Expected("invalid", {1, 2, 3, 4}),
    f"{X}/simple-err-type.json": Expected("invalid", {1, 2, 3}),
    f"{X}/simple-err-issuer.json": Expected("invalid", {1, 4}),
    f"{X}/simple-err-expired.json": Expected("expired", {5}),
    f"{X}/simple-err-proof-value.json": Expected("invalid", {3}),
    f"{X}/simple-err-proof-method-no-scheme.json": Expected("invalid", {2, 4}),
    f"{X}/simple-err-proof-method-unknown-did-method.json": Expected("invalid", {4}),
    f"{X}/simple-err-credential-subject-type.json": Expected("invalid", {1, 2, 3}),
    f"{X}/simple-err-credential-subject-profile-type.json": Expected("invalid", {1, 2, 3}),
    f"{X}/simple-err-credential-subject-result-type.json": Expected("invalid", {1, 2, 3}),
    f"{X}/simple-err-evidence-type.json": Expected("invalid", {1, 2, 3}),
    f"{X}/simple-err-issuer-type.json": Expected("invalid", {1, 2, 3}),
    f"{X}/simple-err-issuer-parentorg-type.json": Expected("invalid", {1, 2, 3}),
    f"{X}/credential-status-revoked.json": Expected("revoked", {6}),
    # The list at the named URL has another id (BSL §3.2), so its bit is not read; see the next test for the bit.
    f"{X}/bit-string-list/credential-status-revoked.json": Expected("invalid", {6}),
    f"{CLR}/valid/clr20/simple.json": Expected("valid", set()),
    f"{CLR}/valid/clr20/complex.json": Expected(
        "invalid",
        {4, 8},
        "record and members have a urn:uuid for their issuer, so no did:key can be its key; the signatures are good",
    ),
    f"{CLR}/invalid/clr20/simple-noproof.json": Expected("invalid", {1, 2, 3}),
}


@dataclass(frozen=True)
class Step:
    """The check that has to refuse an invalid sample, since its fault lies there."""

    number: int
    fault: str


STEPS = {
    f"{X}/simple-noproof.json": Step(3, "no proof"),
    f"{X}/simple-err-context.json": Step(1, "the VC context is missing"),
    f"{X}/simple-err-type.json": Step(1, "the type of a badge is missing"),
    f"{X}/simple-err-issuer.json": Step(1, "no issuer"),
    f"{X}/simple-err-expired.json": Step(5, "it ended in 2020"),
    f"{X}/simple-err-proof-value.json": Step(3, "another signature"),
    f"{X}/simple-err-proof-method-no-scheme.json": Step(4, "the key is named by no URL"),
    f"{X}/simple-err-proof-method-unknown-did-method.json": Step(4, "an unknown DID method"),
    f"{X}/simple-err-credential-subject-type.json": Step(1, "the subject is no AchievementSubject"),
    f"{X}/simple-err-credential-subject-profile-type.json": Step(1, "source is no Profile"),
    f"{X}/simple-err-credential-subject-result-type.json": Step(1, "a result is no Result"),
    f"{X}/simple-err-evidence-type.json": Step(1, "evidence is no Evidence"),
    f"{X}/simple-err-issuer-type.json": Step(1, "the issuer is no Profile"),
    f"{X}/simple-err-issuer-parentorg-type.json": Step(1, "parentOrg is no Profile"),
    f"{X}/credential-status-revoked.json": Step(6, "revoked by the 1EdTech list"),
    f"{X}/bit-string-list/credential-status-revoked.json": Step(6, "revoked by the Bitstring list"),
    f"{X}/velocity.jwt": Step(1, "the Open Badges context is missing"),
    f"{CLR}/invalid/clr20/simple-noproof.json": Step(3, "no proof"),
}


def implied(plan: Plan) -> dict[str, Any]:
    """The controller documents that the verification methods imply, those of embedded endorsements among them."""
    found: dict[str, Any] = {}
    for planned in plan.proofs:
        method = str(planned.proof.get("verificationMethod"))
        controller, _, key = method.partition("#")
        if controller.startswith(("https://", "did:web:")):
            entry = {"id": method, "type": "Multikey", "controller": controller, "publicKeyMultibase": key}
            found[controller] = {"id": controller, "verificationMethod": [entry], "assertionMethod": [method]}
    if plan.token is not None and plan.token.header_jwk is not None:
        # A host's key set that names the issuer: without it the key in the header would prove nothing.
        key = {**plan.token.header_jwk, "iss": (plan.document or {})["issuer"]["id"]}
        found |= {url: {"keys": [key]} for url in plan.controllers}
    for nested in plan.nested.values():
        found |= implied(nested)
    return found


def report_on(data: bytes, *, lists: bytes | dict[str, Any] | None = None, revoked: bool = False) -> Report:
    plan = verify.plan(data)
    world = implied(plan)
    named: dict[str, Any] = {}
    for url in plan.status_lists:
        named[url] = lists if lists is not None else shared_path(f"standards/{LIST}").read_bytes()
        world |= implied(verify.plan_status_list(named[url]))
    material = issued.material(plan, world, named)
    for need in plan.documents:
        if revoked and need.use is verify.Use.REVOCATION_LIST and plan.document is not None:
            row = {"id": plan.document["id"], "revoked": True, "revocationReason": "as the sample's name says"}
            listed = {"id": need.url, "issuer": plan.document["issuer"]["id"], "revokedCredential": [row]}
            material.documents[need] = json.dumps(listed).encode()
    return verify.check(plan, material, now=NOW)


def index() -> dict[str, dict[str, Any]]:
    entries = json.loads(shared_path("standards/samples/index.json").read_text(encoding="utf-8"))
    return {entry["file"]: entry for entry in entries}


def test_the_table_has_every_sample_of_open_badges_3_and_clr_2() -> None:
    root = shared_path("standards")
    there = {
        path.relative_to(root).as_posix()
        for kind in ("valid", "invalid")
        for folder in ("ob30", "clr20")
        for path in (root / "samples" / kind / folder).rglob("*")
        if path.suffix in (".json", ".png", ".svg", ".jwt")
    }
    assert there == set(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_a_sample_gets_its_verdict(name: str) -> None:
    expected = TABLE[name]
    report = report_on(shared_path(f"standards/{name}").read_bytes(), revoked="revoked" in name)
    failing = {check.number for check in report.checks if check.verdict is Verdict.FAILED}
    assert (report.outcome, failing) == (expected.outcome, expected.failing)
    stated = index()[name]["class"] == "valid"
    assert (report.verified is stated) is (expected.why is None), "a deviation is named with its reason, and only then"


def test_every_invalid_sample_has_a_step() -> None:
    assert STEPS.keys() == {name for name in TABLE if "/invalid/" in name}


@pytest.mark.parametrize("name", STEPS)
def test_an_invalid_sample_is_refused_where_its_fault_lies(name: str) -> None:
    report = report_on(shared_path(f"standards/{name}").read_bytes(), revoked="revoked" in name)
    assert report.check(STEPS[name].number).verdict is Verdict.FAILED


def test_the_sample_list_verifies_as_a_list() -> None:
    plan = verify.plan_status_list(shared_path(f"standards/{LIST}").read_bytes())
    core = verify.core_checks(plan, issued.material(plan, implied(plan), {}), now=NOW)
    assert [check.verdict.value for check in core] == ["ok"] * 5


def test_the_revoked_samples_bit_is_what_the_list_says() -> None:
    """The sample, but naming the list by the list's own id: signed anew, since this changes the text."""
    data = json.loads(shared_path(f"standards/{X}/bit-string-list/credential-status-revoked.json").read_bytes())
    status_list = json.loads(shared_path(f"standards/{LIST}").read_bytes())
    data["issuer"]["id"] = status_list["issuer"] = "https://issuers.example.org/1"
    data["credentialStatus"]["statusListCredential"] = status_list["id"]
    method = f"https://issuers.example.org/1#{issued.MULTIKEY}"
    badge = issued.resigned(data, verificationMethod=method)
    report = report_on(json.dumps(badge).encode(), lists=issued.resigned(status_list, verificationMethod=method))
    assert report.outcome == "revoked"
    assert report.check(6).detail.endswith("(the index is a number; the standard wants a text)")


def test_without_its_controller_document_no_sample_is_valid() -> None:
    plan = verify.plan(shared_path(f"standards/{V}/simple.json").read_bytes())
    report = verify.check(plan, issued.material(plan, {}, {}), now=NOW)
    assert (report.verified, report.outcome) == (False, "not_checked")


def test_complete_fails_for_the_reasons_that_the_index_gives() -> None:
    report = report_on(shared_path(f"standards/{V}/complete.json").read_bytes())
    parts = {part.name: part.verdict.value for part in report.check(8).parts}
    endorsements = [verdict for name, verdict in parts.items() if name.startswith("endorsement at ")]
    assert len(endorsements) >= 4
    assert set(endorsements) == {"failed"}
    assert parts["refreshService"] == "not_checked"
    assert report.check(6).verdict is Verdict.NOT_CHECKED
    # Its second result names a level of another description than the one it links to (OB §Result).
    assert report.check(7).detail.startswith("/credentialSubject/result/1/achievedLevel")
