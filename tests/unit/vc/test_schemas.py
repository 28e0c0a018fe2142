"""What we issue validates against both editions of the published schemas, formats included."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from jsonschema import Draft201909Validator, FormatChecker

from badgeissuer.vc.build import AwardFacts
from tests.support import issued
from tests.support.shared import shared_path

EDITIONS = {
    "canonical": "standards/json-schema/ob-v3p0-canonical/ob_v3p0_achievementcredential-jsonschema1.json",
    "jsonld": "standards/json-schema/ob-v3p0-jsonld/ob_v3p0_achievementcredential_schema.json",
}
BADGES = {"full": issued.facts, "minimal": issued.minimal_facts}


def errors(edition: str, document: dict[str, Any]) -> list[str]:
    schema = json.loads(shared_path(EDITIONS[edition]).read_text(encoding="utf-8"))
    # The published $schema ends in "#", which jsonschema does not know as 2019-09.
    schema["$schema"] = str(schema["$schema"]).rstrip("#")
    assert schema["$schema"] == Draft201909Validator.META_SCHEMA["$id"]
    checker = FormatChecker()
    assert "date-time" in checker.checkers, "without the format checker zone-less dates pass"
    found = Draft201909Validator(schema, format_checker=checker).iter_errors(document)
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in found]


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("badge", BADGES)
def test_a_signed_badge_is_valid_in_both_editions(edition: str, badge: str) -> None:
    assert errors(edition, issued.signed(BADGES[badge]())) == []


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_schemas_would_have_seen_a_date_without_zone(edition: str) -> None:
    """So that the test above says something."""
    document = issued.signed() | {"validFrom": "2026-03-01T12:00:00"}
    assert [error.partition(":")[0] for error in errors(edition, document)] == ["validFrom"]


@pytest.mark.parametrize("edition", EDITIONS)
def test_suspension_and_a_proved_did_change_nothing(edition: str) -> None:
    facts: AwardFacts = replace(
        issued.facts(),
        subject_id="did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
        status={**issued.facts().status, "statusPurpose": "suspension"},
        valid_until=issued.NOW + timedelta(days=1),
    )
    assert errors(edition, issued.signed(facts)) == []
