"""Check a profile or an achievement when it is written, by the same rules that will hold when it is signed.

A document that cannot be signed later should be refused now, with the member named. So it is put into a sample
credential, which goes through the inspection and the strict JSON-LD expansion that minting uses; faults are reported
where the caller wrote them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from badgeissuer.errors import Fault, Rejected
from badgeissuer.vc import lint
from badgeissuer.vc.build import AwardFacts, open_badge_credential
from badgeissuer.vc.status import status_entry
from badgeissuer.work import Work

_PROFILE_AT = "/issuer"
_ACHIEVEMENT_AT = "/credentialSubject/achievement"
_SAMPLE = "urn:uuid:00000000-0000-4000-8000-000000000000"


async def check_profile(work: Work, profile: dict[str, Any], *, prefix: str) -> dict[str, Any]:
    """The profile in the form that is signed, if it can be. Raises ``Rejected`` with all faults, under ``prefix``."""
    achievement = {
        "id": _SAMPLE,
        "type": ["Achievement"],
        "name": "sample",
        "description": "sample",
        "criteria": {"narrative": "sample"},
    }
    document, faults = await _inspected(work, issuer=profile, achievement=achievement)
    if not isinstance(profile.get("name"), str) or not str(profile["name"]).strip():
        faults.append(Fault(f"{_PROFILE_AT}/name", "an issuer needs a name: it is what people read on the badge"))
    _refuse(faults, at=_PROFILE_AT, prefix=prefix, what="profile")
    checked: dict[str, Any] = document["issuer"]
    return checked


async def check_achievement(
    work: Work, achievement: dict[str, Any], *, issuer: Mapping[str, Any], prefix: str
) -> dict[str, Any]:
    """The achievement in the form that is signed: arrays, no nulls. Raises ``Rejected`` with every fault."""
    document, faults = await _inspected(work, issuer=issuer, achievement=achievement)
    _refuse(faults, at=_ACHIEVEMENT_AT, prefix=prefix, what="achievement")
    checked: dict[str, Any] = document["credentialSubject"]["achievement"]
    return checked


async def _inspected(
    work: Work, *, issuer: Mapping[str, Any], achievement: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Fault]]:
    document = open_badge_credential(
        AwardFacts(
            credential_id=_SAMPLE,
            issuer=issuer,
            achievement=achievement,
            subject_id=_SAMPLE,
            identities=(),
            results=(),
            evidence=(),
            awarded=None,
            valid_from=work.now,
            valid_until=work.now + timedelta(days=1),
            status=status_entry(list_url="https://sample.example/status/1", index=0, purpose="revocation"),
        )
    )
    faults = lint.inspect(document, now=work.now, allow_loopback=work.settings.loopback)
    if not faults:
        canonical = await work.sandbox.canonicalize(document, lane="mint")
        faults = lint.dropped_faults(document, canonical)
    return document, faults


def _refuse(faults: list[Fault], *, at: str, prefix: str, what: str) -> None:
    if faults:
        own = [
            Fault(prefix + fault.pointer.removeprefix(at), fault.detail, fault.code, fault.clause)
            if fault.pointer.startswith(at)
            else Fault(prefix, fault.detail, fault.code, fault.clause)
            for fault in faults
        ]
        raise Rejected(f"the {what} cannot be signed as it is; see the faults", faults=own)
