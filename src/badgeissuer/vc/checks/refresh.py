"""The newer edition that a credential's refresh service gives (OB verification step 3): may it stand for the given one?

It is looked for only where checks 0 to 4 of the given edition are ok, and only once: the refresh service that a newer
edition names is not followed. Where it cannot be had, or is no newer edition, verification goes on with the given one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from badgeissuer.vc.checks.core import core_checks
from badgeissuer.vc.checks.kinds import date_of, generation_of
from badgeissuer.vc.checks.needs import refresh_need
from badgeissuer.vc.checks.plan import Material, Plan, RefreshedMaterial, issuer_of
from badgeissuer.vc.checks.report import NESTED, Check, Failure, Policy, Verdict

_NAME = "refreshService"
_STANDS = "the edition that was given is the one that is reported on"


@dataclass(frozen=True, slots=True)
class Edition:
    """The edition that is reported on, with its checks 0 to 4. ``part`` of check 8 says why it is this one."""

    plan: Plan
    material: Material
    core: tuple[Check, ...]
    refreshed: bool = False
    part: Check | None = None


def edition(
    plan: Plan, material: Material, core: tuple[Check, ...], *, now: datetime, policy: Policy | None = None
) -> Edition:
    """The given edition, or the refreshed one where that is the same credential, not older, and verifies itself."""
    document = plan.document
    if document is None or "refreshService" not in document:
        return Edition(plan, material, core)
    if refresh_need(document) is None:
        detail = f"it is of a kind that is not followed; {_STANDS}"
        return Edition(plan, material, core, part=Check(NESTED, _NAME, Verdict.OK, detail))
    found = material.refreshed
    if found is None or any(item.verdict is not Verdict.OK for item in core):
        part = Check(NESTED, _NAME, Verdict.NOT_CHECKED, "not asked; a newer edition may exist")
        return Edition(plan, material, core, part=part)
    if isinstance(found, Failure):
        return Edition(plan, material, core, part=_kept(found.detail))
    wrong = mismatch(plan, found.plan)
    if wrong is not None:
        return Edition(plan, material, core, part=_kept(wrong))
    renewed = core_checks(found.plan, found.material, now=now, policy=policy)
    bad = [item for item in renewed if item.verdict is not Verdict.OK]
    if bad:
        told = "; ".join(f"{item.name}: {item.detail}" for item in bad)
        return Edition(plan, material, core, part=_kept(f"what the service gave does not verify ({told})"))
    detail = "the edition that the service gave is the one that is reported on; it is not followed further"
    return Edition(found.plan, found.material, renewed, True, Check(NESTED, _NAME, Verdict.OK, detail))


def mismatch(given: Plan, renewed: Plan) -> str | None:
    """Why one document is no newer edition of the other, from what they say alone (OB equality); None where it is."""
    old, new = given.document, renewed.document
    if old is None or new is None or renewed.kind is not given.kind:
        return "what the service gave is not such a credential"
    if "id" not in old or _identity(old) != _identity(new):  # two without an id are not one for that
        return "what the service gave is another credential"
    before, after = (date_of(document, generation_of(document).starts) for document in (old, new))
    if before is not None and after is not None and after < before:
        return "what the service gave is an older edition"
    return None


def superseded(plan: Plan, material: Material, *, now: datetime) -> bool:
    """Whether the refreshed edition will be the one that is reported on: what else the given one needs is not used."""
    found = material.refreshed
    if not isinstance(found, RefreshedMaterial) or mismatch(plan, found.plan) is not None:
        return False
    return all(item.verdict is Verdict.OK for item in core_checks(found.plan, found.material, now=now))


def _identity(document: Mapping[str, Any]) -> tuple[str, str]:
    """Issuer and id, percent-decoded and trimmed."""
    return unquote(issuer_of(document) or "").strip(), unquote(str(document.get("id", ""))).strip()


def _kept(why: str) -> Check:
    return Check(NESTED, _NAME, Verdict.OK, f"{why}; {_STANDS}")
