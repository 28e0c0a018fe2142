"""What the reader's own rules say of a credential. It stands beside the checks: it can make nothing more true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from badgeissuer.vc.checks.plan import issuer_of
from badgeissuer.vc.checks.report import Policy, PolicyCheck, Verdict
from badgeissuer.vc.checks.shape import types_of


def policy_checks(document: Mapping[str, Any] | None, policy: Policy) -> Iterator[PolicyCheck]:
    """One for each rule that the policy holds. They speak of the document itself, not of what is nested in it."""
    if policy.trusted_issuers is not None:
        yield _trusted(document or {}, policy.trusted_issuers)
    if policy.needs_status:
        yield _has_status(document or {})


def _trusted(document: Mapping[str, Any], trusted: frozenset[str]) -> PolicyCheck:
    name = "trusted issuer"
    if issuer_of(document) in trusted:
        record = "ClrCredential" in types_of(document)
        note = " (that of the record as a whole; its members have issuers of their own)" if record else ""
        return PolicyCheck(name, Verdict.OK, f"its issuer is one that you trust{note}")
    remedy = "find out whose this id is before you add it to those you trust; names can be copied, ids cannot"
    return PolicyCheck(name, Verdict.FAILED, "its issuer is none of those that you trust", remedy)


def _has_status(document: Mapping[str, Any]) -> PolicyCheck:
    name = "has a status"
    if document.get("credentialStatus") is not None:
        return PolicyCheck(name, Verdict.OK, "it says where its status is published")
    detail = "it has no status: nobody could see that the issuer took it back"
    return PolicyCheck(name, Verdict.FAILED, detail, "ask the issuer whether it still stands")
