"""What the exported files hold, and what they do not."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft201909Validator, FormatChecker

from badgeissuer.cli.content import load_content
from tests.support.exported import Exported
from tests.support.shared import shared_path

# Not decided yet, or decided "not yet": their evidence is in no credential.
NO_AWARD = {"demo:trsp-1:combs", "demo:trsp-3:delgado", "demo:trsp-2:stacy:1"}
NO_AWARD |= {"demo:al:wojcik", "demo:ocs:whitfield", "demo:ebp1:whitfield"}


def test_nothing_personal_is_exported(exported: Exported) -> None:
    public = "\n".join(path.read_text(encoding="utf-8") for path in sorted(exported.folder.rglob("*.json")))
    content = load_content()
    private = [text for e in content.earners for text in (e.name, e.email, e.licence_id, e.school)]
    private += [a.assessor.name for d in content.decisions for a in d.assessments]
    hidden = [i for d in content.decisions for i in d.evidence if not i.share and (i.url or i.narrative)]
    assert hidden
    private += [text for item in hidden for text in (item.url, item.narrative) if text]
    assert [text for text in private if text in public or json.dumps(text)[1:-1] in public] == []
    shown = [i for d in content.decisions for i in d.evidence if i.share and d.reference not in NO_AWARD]
    assert [item.url for item in shown if str(item.url) not in public] == []


@pytest.mark.parametrize(
    "schema",
    [
        "ob-v3p0-canonical/ob_v3p0_achievementcredential-jsonschema1.json",
        "ob-v3p0-jsonld/ob_v3p0_achievementcredential_schema.json",
    ],
)
def test_every_credential_fits_both_published_schemas(exported: Exported, schema: str) -> None:
    rules = json.loads(shared_path(f"standards/json-schema/{schema}").read_text(encoding="utf-8"))
    validator = Draft201909Validator(rules, format_checker=FormatChecker())
    for item in exported.of("credential"):
        assert [error.message for error in validator.iter_errors(exported.document(item))] == [], item["url"]
