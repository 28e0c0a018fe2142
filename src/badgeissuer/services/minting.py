"""From an award to its credential: build, prepare, sign, check, store. The only place where credentials are signed.

Two steps. ``draft`` reads, builds and canonicalises, and takes as long as it takes. ``mint`` runs inside the writing
transaction: it reserves the status index, signs, checks with the published key and stores the exact text. Nothing
signed leaves before it is stored; serving never signs and never re-serialises.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from badgeissuer.errors import Fault, Rejected, TooLarge, Unavailable
from badgeissuer.rules.keys import KeyFacts
from badgeissuer.rules.terms import KeyAlgorithm, StatusPurpose
from badgeissuer.services import statuses
from badgeissuer.services.endorsing_facts import Carried, carried_by, still_stand
from badgeissuer.services.signing import Signed, current_key, sign, sign_jwt, sign_older
from badgeissuer.store.awards import EMBEDDED, JWT, OLDER, Award, Credential, jwt_id, older_id
from badgeissuer.store.catalog import Issuer
from badgeissuer.vc import lint, preflight
from badgeissuer.vc.build import AwardFacts, EvidenceFacts, ResultFacts, open_badge_credential
from badgeissuer.vc.canon import Canonical
from badgeissuer.vc.lint import Prepared
from badgeissuer.vc.preflight import Severity
from badgeissuer.vc.proofs.options import Options, written
from badgeissuer.vc.status import status_entry
from badgeissuer.work import Work

log = logging.getLogger("badgeissuer.minting")

MEDIA_TYPE = EMBEDDED
CRYPTOSUITE = "eddsa-rdfc-2022"
JWT_ALGORITHM = "ES256"
OLDER_SUITE = "Ed25519Signature2020"
# How its address ends, after that of the credential.
OLDER_END = "ed25519-2020.json"
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
    # The endorsements that stand inside.
    endorsements: tuple[UUID, ...] = ()


def credential_url(base_url: str, credential_id: UUID) -> str:
    return f"{base_url}/credentials/{credential_id}"


async def draft(work: Work, contents: Contents) -> CredentialDraft:
    """Build and canonicalise the credential, with the endorsements that are to stand in it now.

    Where it would be too large with them, or refused where its issuer wants it to import, they are left out: they are
    the endorsers' wish, and the award is the earner's due. Raises ``Rejected`` with every fault, ``WillNotImport``,
    ``TooLarge``, ``Unavailable``.
    """
    achievement = str(contents.achievement["id"])
    carried = await carried_by(work, issuer_did=contents.issuer.did, achievement=achievement)
    if carried.ids:
        try:
            return await _drafted(work, contents, carried)
        except (Rejected, TooLarge) as error:
            log.warning("a credential leaves the endorsements out that it should carry: %s", error.code)
    return await _drafted(work, contents, Carried())


async def _drafted(work: Work, contents: Contents, carried: Carried) -> CredentialDraft:
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

    Where another took the index or opened the list meanwhile (rare: a list is at most 80 % full), or took back an
    endorsement that it carries, the document is drafted again, inside the transaction.
    """
    for _ in range(_TRIES):
        if await still_stand(work, ids=drafted.endorsements) and await statuses.reserve(
            work, place=drafted.place, credential_id=drafted.credential_id, issuer=drafted.contents.issuer
        ):
            break
        drafted = await draft(work, drafted.contents)
    else:
        raise RuntimeError("no free status index in so many tries: the list's counter must be wrong")
    signed = sign(work, prepared=drafted.prepared, key=await current_key(work, issuer_id=award.issuer_id))
    credential = await _store(
        work,
        award,
        signed,
        credential_id=drafted.credential_id,
        url=drafted.url,
        media_type=MEDIA_TYPE,
        cryptosuite=CRYPTOSUITE,
    )
    await statuses.count_one(work, list_id=drafted.place.list_id)
    # The JWT is made at once too: it costs about a millisecond, is signed by keys of the same hour, and reading it
    # later needs neither the writer nor a private key. An issuer whose P-256 key is out of use still issues; its JWTs
    # are made when one is asked for and a key is there (``restating``), as are those of awards older than this.
    try:
        key = await current_key(work, issuer_id=award.issuer_id, algorithm=KeyAlgorithm.P256)
    except Unavailable:
        log.warning("a credential was issued without its JWT: its issuer has no P-256 key that may sign now")
    else:
        await mint_jwt(work, award=award, credential=credential, prepared=drafted.prepared, key=key)
    return credential


async def mint_jwt(
    work: Work, *, award: Award, credential: Credential, prepared: Prepared, key: KeyFacts
) -> Credential:
    """Sign and store the JWT of a credential. The award's row is locked, and there is no JWT yet."""
    return await _store(
        work,
        award,
        sign_jwt(work, prepared=prepared, key=key),
        credential_id=jwt_id(credential.id),
        url=f"{credential.url}.jwt",
        media_type=JWT,
        cryptosuite=JWT_ALGORITHM,
    )


async def mint_older(
    work: Work, *, award: Award, credential: Credential, prepared: Prepared, rendition: Canonical, key: KeyFacts
) -> Credential:
    """Sign and store a credential with a proof of the older suite, under the same conditions."""
    return await _store(
        work,
        award,
        sign_older(work, prepared=prepared, rendition=rendition, key=key),
        credential_id=older_id(credential.id),
        url=f"{credential.url}.{OLDER_END}",
        media_type=OLDER,
        cryptosuite=OLDER_SUITE,
    )


async def _store(
    work: Work, award: Award, signed: Signed, *, credential_id: UUID, url: str, media_type: str, cryptosuite: str
) -> Credential:
    credential = Credential(
        id=credential_id,
        award_id=award.id,
        issuer_id=award.issuer_id,
        url=url,
        media_type=media_type,
        cryptosuite=cryptosuite,
        key_id=signed.key.id,
        text=signed.text,
        sha256=signed.sha256,
        created_at=work.now,
    )
    work.session.add(credential)
    await work.session.flush()
    work.emit(
        "credential.issued",
        "credential",
        credential.id,
        issuer_id=award.issuer_id,
        media_type=media_type,
        sha256=signed.sha256,
    )
    return credential
