"""The standards' rules apart from the house's: no sample of VC 2.0 that is right is refused by preparing it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from badgeissuer.errors import Rejected
from badgeissuer.vc import lint
from badgeissuer.vc.build import clr_credential, endorsement_credential, open_badge_credential
from badgeissuer.vc.canon import FOREIGN_BUDGET, canonicalize
from badgeissuer.vc.contexts import CREDENTIALS_V2, OB_V3P0_303, ContextStore
from badgeissuer.vc.lint import Rules
from tests.support import issued, records
from tests.support.shared import shared_path

NOW = datetime(2026, 4, 1, tzinfo=UTC)
PREPARE: dict[str, Callable[..., lint.Prepared]] = {
    "ClrCredential": lint.prepare_clr,
    "EndorsementCredential": lint.prepare_endorsement,
    "BitstringStatusListCredential": lint.prepare_status_list,
}
FOLDERS = ("ob30", "clr20", "ob30-spec-unsigned")
# VC 1.1, which is read and verified, never prepared: it has other dates and other contexts.
OLDER = {"clr20/complex.json", "ob30/simple-eddsa-2022.json"}


def samples() -> dict[str, dict[str, Any]]:
    root = shared_path("standards/samples/valid")
    paths = sorted(path for folder in FOLDERS for path in (root / folder).rglob("*.json"))
    return {path.relative_to(root).as_posix(): json.loads(path.read_bytes()) for path in paths}


def prepare(document: dict[str, Any], rules: Rules, now: datetime = NOW) -> lint.Prepared:
    bare = {name: value for name, value in document.items() if name != "proof"}
    types = document["type"] if isinstance(document["type"], list) else [document["type"]]
    make = next((PREPARE[name] for name in types if name in PREPARE), lint.prepare)
    budget = lint.clr_budget(bare) if make is lint.prepare_clr else FOREIGN_BUDGET
    return make(bare, canonicalize(bare, ContextStore.pinned(), budget=budget), now=now, rules=rules)


def codes(document: dict[str, Any], rules: Rules) -> set[str]:
    try:
        prepare(document, rules)
    except Rejected as error:
        return {fault.code for fault in error.faults}
    return set()


def test_no_valid_sample_of_vc_2_is_refused_by_the_standards_rules() -> None:
    found = {name: codes(document, Rules.STANDARD) for name, document in samples().items()}
    assert len(found) == 14
    assert {name for name, refused in found.items() if refused} == OLDER
    assert all("vc11" in found[name] for name in OLDER)


def test_the_house_refuses_them_all_for_reasons_of_its_own() -> None:
    """Ids that are no DID, no status, plain identities, http ids: allowed, and not what we issue."""
    found = {name: codes(document, Rules.HOUSE) for name, document in samples().items() if name not in OLDER}
    assert all(found.values())
    own = {"context", "type", "unsupported", "issuer", "uri", "status", "identity", "level"}
    assert set().union(*found.values()) == own


@pytest.mark.parametrize("rules", Rules)
def test_what_we_issue_passes_both(rules: Rules) -> None:
    for document in (
        open_badge_credential(issued.facts()),
        endorsement_credential(records.endorsement_facts()),
        clr_credential(records.clr_facts()),
        issued.status_list(),
    ):
        prepare(document, rules, issued.NOW)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"@context": [OB_V3P0_303, CREDENTIALS_V2]}, {"context"}),
        ({"@context": [CREDENTIALS_V2, OB_V3P0_303, "https://w3id.org/security/suites/ed25519-2020/v1"]}, set()),
        ({"credentialStatus": {"type": "BitstringStatusListEntry", "statusPurpose": "revocation"}}, {"status-entry"}),
        ({"credentialStatus": {"type": "https://status.example/Other", "id": "urn:x:1"}}, set()),
        ({"credentialStatus": ...}, set()),
        ({"issuer": "https://issuer.example"}, set()),
        ({"validFrom": ...}, {"required"}),
        ({"issuanceDate": "2020-01-01T00:00:00Z"}, {"vc11", "dropped"}),
    ],
)
def test_what_the_standards_do_not_allow_is_refused_by_their_rules(changes: dict[str, Any], expected: set[str]) -> None:
    document = {**open_badge_credential(issued.facts()), **changes}
    document = {name: value for name, value in document.items() if value is not ...}
    if expected == {"context"}:
        # In this order the contexts cannot even be put together.
        assert [fault.code for fault in lint.inspect(document, now=NOW, rules=Rules.STANDARD)] == ["context"]
    else:
        assert codes(document, Rules.STANDARD) == expected
