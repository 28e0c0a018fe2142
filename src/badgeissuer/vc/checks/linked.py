"""Check 8, part: documents that the credential links to. What is not looked at is said to be so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from badgeissuer.vc.checks.needs import KNOWN_SCHEMAS, schema_need, schemas_of
from badgeissuer.vc.checks.plan import Material, Plan
from badgeissuer.vc.checks.report import DATA_MODEL, NESTED, Check, Failure, Verdict

_MALFORMED = DATA_MODEL + "MALFORMED_VALUE_ERROR"
_SCHEMA = "credentialSchema"
_SHOWN = 3


def linked_parts(plan: Plan, material: Material) -> Iterator[Check]:
    """A part for each linked document, but the refreshed credential (``refresh``)."""
    assert plan.document is not None
    for schema in schemas_of(plan.document):
        yield _schema_part(schema, plan, material)


def _schema_part(schema: Mapping[str, Any], plan: Plan, material: Material) -> Check:
    """OB verification step 1: the document conforms to the schema that it names."""
    if str(schema.get("id", "")).startswith(KNOWN_SCHEMAS):
        return Check(NESTED, _SCHEMA, Verdict.OK, "it names the standard's own schema, see check 1")
    need = schema_need(schema)
    if need is None:
        return Check(NESTED, _SCHEMA, Verdict.NOT_CHECKED, "not supported; a schema of another kind than JSON Schema")
    if need not in plan.documents:
        return Check(NESTED, _SCHEMA, Verdict.NOT_CHECKED, "not looked at; the document names too many schemas")
    found = material.schemas.get(need, Failure("the schema was not looked at"))
    if isinstance(found, Failure):
        verdict = Verdict.FAILED if found.definite else Verdict.NOT_CHECKED
        return Check(NESTED, _SCHEMA, verdict, found.detail, found.type, found.remedy)
    if not found:
        return Check(NESTED, _SCHEMA, Verdict.OK, "the document conforms to the schema that it names")
    told = "; ".join(f"{fault.pointer or 'the document'} {fault.detail}" for fault in found[:_SHOWN])
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    detail = f"the document does not conform to the schema that it names: {told}{more}"
    return Check(NESTED, _SCHEMA, Verdict.FAILED, detail, _MALFORMED)
