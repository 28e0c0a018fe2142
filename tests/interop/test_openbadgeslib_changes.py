"""Independent software on what anyone could make of a credential: openbadgeslib 4.6.3 and we refuse the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest
from openbadgeslib.ob3 import OB3VerificationError
from openbadgeslib.ob3.ldp import OB3LdpSigner
from openbadgeslib.ob3.signer import OB3Signer
from openbadgeslib.ob3.verifier import OB3Verifier

from tests.support import issued, renditions
from tests.support.badgeslib import (
    assert_valid,
    badge,
    its_badge,
    its_verdict,
    one_of,
    our_report,
    private_pem,
    proof_verdict,
    public_pem,
)
from tests.support.issued import Json
from tests.support.renditions import ALGORITHMS
from tests.support.single_changes import variants


def _https_issuer() -> Json:
    document = badge()
    document["issuer"] = {**document["issuer"], "id": "https://badges.example.org/issuers/kvec"}
    return issued.resigned(document)


def _inline_context() -> Json:
    document = badge()
    return {**document, "@context": [*document["@context"], {"grade": "urn:x:grade"}]}


REFUSED: Mapping[str, tuple[Callable[[], Json], str]] = {
    # The key must be the issuer's, and it knows no issuers but DIDs.
    "an https issuer": (_https_issuer, "Credential issuer 'https://badges.example.org/issuers/kvec' does not match"),
    # Even one that changes nothing, so that the proof holds.
    "an inline context": (_inline_context, "the credential carries an inline @context object"),
    "longer than 256 KiB": (
        lambda: {**badge(), "description": "long " * 60_000},
        "credential document exceeds the 262144-byte limit",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_both_refuse(name: str) -> None:
    make, why = REFUSED[name]
    assert its_verdict(make()).startswith(why)
    assert not our_report(make(), {issued.LIST_URL: issued.status_list()}).verified


@pytest.mark.parametrize("kind", ["endorsement", "clr"])
def test_any_single_change_of_an_endorsement_or_a_record_makes_both_refuse(kind: str) -> None:
    document = one_of(kind)
    cases = dict(variants(document))
    # Of what the members of a record hold, which is much, every tenth: a look at a record takes it long.
    inner = [name for name in cases if name.startswith("changed /credentialSubject/verifiableCredential/")]
    cases = {name: case for name, case in cases.items() if name not in inner or name in inner[::10]}
    assert len(cases) >= 30
    # Its check of proofs is of the proof alone: a member that no context defines is no part of it.
    assert [name for name, case in cases.items() if proof_verdict(case) == "valid"] == ["with an unknown member"]
    assert [name for name, case in cases.items() if renditions.report_on(json.dumps(case).encode()).verified] == []


def test_any_single_change_of_its_badge_makes_both_refuse() -> None:
    document = OB3LdpSigner(private_pem("EdDSA"), issued.METHOD).sign(its_badge(issued.DID), created=issued.NOW)
    assert its_verdict(document) == "valid"
    assert_valid(our_report(document))
    cases = dict(variants(document))
    assert len(cases) >= 40
    assert [name for name, case in cases.items() if its_verdict(case) == "valid"] == []
    assert [name for name, case in cases.items() if our_report(case).verified] == []


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_any_change_of_its_token_makes_both_refuse(alg: str) -> None:
    token = OB3Signer(private_pem(alg), alg).sign(its_badge(issued.DID))
    verifier = OB3Verifier(public_pem(alg))
    assert verifier.verify(token).issuer.id == issued.DID
    for at in range(0, len(token) - 1, len(token) // 25):
        changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        with pytest.raises(OB3VerificationError):
            verifier.verify(changed)
        assert not our_report(changed).verified
