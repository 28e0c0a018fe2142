"""From what an award will say to a document that may be signed: build, canonicalise, check. Nothing is stored here.

This is what takes time, and it comes before the writer is taken.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from badgeissuer.errors import BadgeissuerError, Fault, Rejected, TooLarge
from badgeissuer.rules.terms import StatusPurpose
from badgeissuer.services import statuses
from badgeissuer.services.endorsing_facts import Carried, carried_by
from badgeissuer.store.catalog import Issuer
from badgeissuer.vc import lint, preflight
from badgeissuer.vc.build import AwardFacts, EvidenceFacts, ResultFacts, open_badge_credential
from badgeissuer.vc.lint import Prepared
from badgeissuer.vc.preflight import Severity
from badgeissuer.vc.proofs.options import Options, written
from badgeissuer.vc.status import status_entry
from badgeissuer.work import Work

log = logging.getLogger("badgeissuer.minting")

# The suite that embedded proofs are made with.
CRYPTOSUITE = "eddsa-rdfc-2022"


class WillNotImport(Rejected):
    """The credential would be refused by a wallet or validator that its issuer chose (`preflight_targets`). Nothing was
    issued; `errors` says by which, why, and what to do."""

    code = "will-not-import"


@dataclass(frozen=True, slots=True)
class Contents:
    """What a credential will say, besides the ids that minting gives it."""

    issuer: Issuer
    achievement: Mapping[str, Any]
    purpose: StatusPurpose
    subject_id: str
    identities: tuple[dict[str, Any], ...]
    results: tuple[ResultFacts, ...]
    evidence: tuple[EvidenceFacts, ...]
    awarded: datetime
    valid_until: datetime | None
    activity_start: datetime | None = None
    activity_end: datetime | None = None
    credits_earned: float | None = None


@dataclass(frozen=True, slots=True)
class CredentialDraft:
    """A document that may be signed, with the index it names. Neither is stored yet."""

    credential_id: UUID
    url: str
    place: statuses.Place
    prepared: Prepared
    contents: Contents
    # The endorsements that stand inside.
    endorsements: tuple[UUID, ...] = ()


def credential_url(base_url: str, credential_id: UUID) -> str:
    return f"{base_url}/credentials/{credential_id}"


async def draft(work: Work, contents: Contents) -> CredentialDraft:
    """Build and canonicalise one credential, as ``draft_all`` does. Raises what is wrong with it."""
    [drafted] = await draft_all(work, [contents])
    if isinstance(drafted, BadgeissuerError):
        raise drafted
    return drafted


async def draft_all(work: Work, contents: Sequence[Contents]) -> list[CredentialDraft | BadgeissuerError]:
    """Build and canonicalise credentials, with the endorsements that are to stand in them now; each has its own error.

    Where one would be too large with them, or refused where its issuer wants it to import, they are left out: they are
    the endorsers' wish, and the award is the earner's due. The errors are ``Rejected`` with every fault,
    ``WillNotImport``, ``TooLarge``, ``Unavailable``.
    """
    endorsements: dict[tuple[str, str], Carried] = {}
    for each in contents:
        about = each.issuer.did, str(each.achievement["id"])
        if about not in endorsements:
            endorsements[about] = await carried_by(work, issuer_did=about[0], achievement=about[1])
    places = await _places(work, contents)
    drafted: list[CredentialDraft | BadgeissuerError] = []
    for each, place in zip(contents, places, strict=True):
        carried = endorsements[each.issuer.did, str(each.achievement["id"])]
        try:
            drafted.append(await _drafted_with(work, each, place, carried))
        except BadgeissuerError as error:
            drafted.append(error)
        await asyncio.sleep(0)  # others have their turn between two documents
    return drafted


async def _places(work: Work, contents: Sequence[Contents]) -> list[statuses.Place]:
    """A free index for each, all different."""
    counts = Counter((each.issuer.id, each.purpose) for each in contents)
    issuers = {each.issuer.id: each.issuer for each in contents}
    free = {
        wanted: await statuses.find_places(work, issuer=issuers[wanted[0]], purpose=wanted[1], count=count)
        for wanted, count in counts.items()
    }
    return [free[each.issuer.id, each.purpose].pop() for each in contents]


async def _drafted_with(work: Work, contents: Contents, place: statuses.Place, carried: Carried) -> CredentialDraft:
    if carried.ids:
        try:
            return await _drafted(work, contents, place, carried)
        except (Rejected, TooLarge) as error:
            log.warning("a credential leaves the endorsements out that it should carry: %s", error.code)
    return await _drafted(work, contents, place, Carried())


async def _drafted(work: Work, contents: Contents, place: statuses.Place, carried: Carried) -> CredentialDraft:
    credential_id = work.new_public_id()
    url = credential_url(work.base_url, credential_id)
    document = open_badge_credential(
        AwardFacts(
            credential_id=url,
            issuer=contents.issuer.profile,
            achievement=contents.achievement,
            subject_id=contents.subject_id,
            identities=contents.identities,
            results=contents.results,
            evidence=contents.evidence,
            awarded=contents.awarded,
            valid_from=work.now,
            valid_until=contents.valid_until,
            status=status_entry(list_url=place.url, index=place.index, purpose=contents.purpose.value),
            name=str(contents.achievement["name"]),
            credits_earned=contents.credits_earned,
            activity_start=contents.activity_start,
            activity_end=contents.activity_end,
            issuer_endorsements=carried.of_issuer,
            achievement_endorsements=carried.of_achievement,
        )
    )
    canonical = await work.sandbox.canonicalize(document, lane="mint")
    prepared = lint.prepare(document, canonical, now=work.now, allow_loopback=work.settings.loopback)
    _preflight(work, prepared, contents.issuer)
    return CredentialDraft(credential_id, url, place, prepared, contents, carried.ids)


def _preflight(work: Work, prepared: Prepared, issuer: Issuer) -> None:
    """Raises ``WillNotImport`` where a target that the issuer chose is known to refuse this credential.

    What counts is the signed document, and this runs before it is signed: a refusal should cost no status index and no
    writer. All that a profile reads of a proof is its suite, purpose, date and whose key it names, and these are fixed
    here; which of the issuer's keys signs, and the signature, change no answer. A test holds the signed text to that.
    """
    if not issuer.targets:
        return
    # The key is chosen when it signs, but it is one of the issuer's DID.
    proof = written(cryptosuite=CRYPTOSUITE, created=work.now, method=f"{issuer.did}#key", options=Options())
    faults = [
        Fault(finding.pointer, f"{answer.target.value}: {finding.detail}; {finding.remedy}", finding.code)
        for answer in preflight.answer_prepared(prepared, proof, issuer.targets)
        for finding in answer.findings
        if finding.severity is Severity.ERROR
    ]
    if faults:
        raise WillNotImport(
            "the credential would not import where its issuer wants it to; see the faults", faults=faults
        )
