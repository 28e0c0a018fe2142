"""From an award to its credential: build, prepare, sign, check, store. The only place where credentials are signed.

Two steps. ``draft`` reads, builds and canonicalises, and takes as long as it takes. ``mint`` runs inside the writing
transaction: it reserves the status index, signs, checks with the published key and stores the exact text. Nothing
signed leaves before it is stored; serving never signs and never re-serialises.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from badgeissuer.errors import Fault, Rejected
from badgeissuer.rules.terms import StatusPurpose
from badgeissuer.services import statuses
from badgeissuer.services.signing import current_key, sign
from badgeissuer.store.awards import Award, Credential
from badgeissuer.store.catalog import Issuer
from badgeissuer.vc import lint, preflight
from badgeissuer.vc.build import AwardFacts, EvidenceFacts, ResultFacts, open_badge_credential
from badgeissuer.vc.lint import Prepared
from badgeissuer.vc.preflight import Severity
from badgeissuer.vc.proofs.options import Options, written
from badgeissuer.vc.status import status_entry
from badgeissuer.work import Work

MEDIA_TYPE = "application/vc"
CRYPTOSUITE = "eddsa-rdfc-2022"
_TRIES = 20


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


def credential_url(base_url: str, credential_id: UUID) -> str:
    return f"{base_url}/credentials/{credential_id}"


async def draft(work: Work, contents: Contents) -> CredentialDraft:
    """Build and canonicalise the credential.

    Raises ``Rejected`` with every fault, ``WillNotImport``, ``TooLarge``, ``Unavailable``.
    """
    credential_id = work.new_public_id()
    url = credential_url(work.base_url, credential_id)
    place = await statuses.find_place(work, issuer=contents.issuer, purpose=contents.purpose)
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
        )
    )
    canonical = await work.sandbox.canonicalize(document, lane="mint")
    prepared = lint.prepare(document, canonical, now=work.now, allow_loopback=work.settings.loopback)
    _preflight(work, prepared, contents.issuer)
    return CredentialDraft(credential_id, url, place, prepared, contents)


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
    planned = preflight.plan({**prepared.document, "proof": [proof]})
    faults = [
        Fault(finding.pointer, f"{answer.target.value}: {finding.detail}; {finding.remedy}", finding.code)
        for answer in preflight.answer(planned, prepared.canonical, issuer.targets)
        for finding in answer.findings
        if finding.severity is Severity.ERROR
    ]
    if faults:
        raise WillNotImport(
            "the credential would not import where its issuer wants it to; see the faults", faults=faults
        )


async def mint(work: Work, *, award: Award, drafted: CredentialDraft) -> Credential:
    """Reserve, sign, check, store. The award row is there already; everything commits together.

    Where another took the index or opened the list meanwhile (rare: a list is at most 80 % full), the document is
    drafted again, inside the transaction.
    """
    for _ in range(_TRIES):
        if await statuses.reserve(
            work, place=drafted.place, credential_id=drafted.credential_id, issuer=drafted.contents.issuer
        ):
            break
        drafted = await draft(work, drafted.contents)
    else:
        raise RuntimeError("no free status index in so many tries: the list's counter must be wrong")
    signed = sign(work, prepared=drafted.prepared, key=await current_key(work, issuer_id=award.issuer_id))
    credential = Credential(
        id=drafted.credential_id,
        award_id=award.id,
        issuer_id=award.issuer_id,
        url=drafted.url,
        media_type=MEDIA_TYPE,
        cryptosuite=CRYPTOSUITE,
        key_id=signed.key.id,
        text=signed.text,
        sha256=signed.sha256,
        created_at=work.now,
    )
    work.session.add(credential)
    await work.session.flush()
    await statuses.count_one(work, list_id=drafted.place.list_id)
    work.emit("credential.issued", "credential", credential.id, issuer_id=award.issuer_id, sha256=signed.sha256)
    return credential
