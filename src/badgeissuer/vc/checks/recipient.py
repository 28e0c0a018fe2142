"""Check 7, part: the credential is about the person whom the reader expects (OB verification step 5; only if asked)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from badgeissuer.vc.checks.report import CONSISTENCY, Check, Policy, Verdict, combined
from badgeissuer.vc.recipient import is_about

NAME = "recipient"


def with_recipient(consistency: Check, document: Mapping[str, Any], policy: Policy) -> Check:
    """Check 7 with the answer as a part, where the policy names identities; as it was where it names none."""
    if policy.recipient is None:
        return consistency
    parts = [replace(consistency, name="subject"), _recipient(document.get("credentialSubject"), policy.recipient)]
    return combined(CONSISTENCY, parts, nothing="")


def _recipient(subject: object, known: frozenset[str]) -> Check:
    found = is_about(subject, known) if isinstance(subject, Mapping) else None
    if found:
        return Check(CONSISTENCY, NAME, Verdict.OK, "it was awarded to the one asked for")
    if found is None:
        detail = "it names nobody in a way that could be compared with the one asked for"
        remedy = "ask for its recipient by another identity, such as the e-mail address or DID it was awarded to"
    else:
        detail = "it was awarded to someone else than asked for"
        remedy = "ask whoever showed it for a credential of their own, or look whether the identity asked for is right"
    return Check(CONSISTENCY, NAME, Verdict.FAILED, detail, remedy=remedy)
