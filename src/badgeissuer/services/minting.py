"""From drafted credentials to stored ones: reserve, sign, check, store. The only place where credentials are signed.

It runs inside the writing transaction, for many at once: it reserves the status indexes, signs, checks with the
published key and stores the exact texts. Nothing signed leaves before it is stored; serving never signs and never
re-serialises.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Mapping
from uuid import UUID

from badgeissuer.errors import Unavailable
from badgeissuer.rules.keys import KeyFacts, signing_key
from badgeissuer.rules.terms import KeyAlgorithm
from badgeissuer.services import drafting, rechecking, statuses
from badgeissuer.services.drafting import CRYPTOSUITE, CredentialDraft
from badgeissuer.services.endorsing_facts import still_stand
from badgeissuer.services.signing import Signed, current_keys, sign, sign_jwt, sign_older
from badgeissuer.store.awards import EMBEDDED, JWT, OLDER, Award, Credential, jwt_id, older_id
from badgeissuer.store.insert import columns_of, insert_rows
from badgeissuer.vc.canon import Canonical
from badgeissuer.vc.lint import Prepared
from badgeissuer.work import Work

log = logging.getLogger("badgeissuer.minting")

MEDIA_TYPE = EMBEDDED
JWT_ALGORITHM = "ES256"
OLDER_SUITE = "Ed25519Signature2020"
# How its address ends, after that of the credential.
OLDER_END = "ed25519-2020.json"
_TRIES = 20


async def mint_all(work: Work, *, drafted: Mapping[UUID, CredentialDraft]) -> dict[UUID, Credential]:
    """Reserve, sign, check, store: the credential of each award, by the awards' ids. Their rows are there already;
    everything commits together, or nothing.

    Where another took the index or opened the list meanwhile (rare: a list is at most 80 % full), or took back an
    endorsement that it carries, the document is drafted again, inside the transaction.
    """
    held: dict[UUID, CredentialDraft] = {}
    waiting = dict(drafted)
    for _ in range(_TRIES):
        got = await _reserved(work, waiting)
        held |= {award_id: waiting.pop(award_id) for award_id in got}
        if not waiting:
            break
        waiting = {award_id: await drafting.draft(work, each.contents) for award_id, each in waiting.items()}
    else:
        raise RuntimeError("no free status index in so many tries: the list's counter must be wrong")
    return await _sign_all(work, held)


async def _reserved(work: Work, drafted: Mapping[UUID, CredentialDraft]) -> set[UUID]:
    """The awards whose endorsements stand and whose indexes were free; those are theirs now."""
    carried = dict.fromkeys(each.endorsements for each in drafted.values())
    stand = {ids for ids in carried if await still_stand(work, ids=ids)}
    by_issuer: dict[UUID, dict[UUID, CredentialDraft]] = defaultdict(dict)
    for award_id, each in drafted.items():
        if each.endorsements in stand:
            by_issuer[each.contents.issuer.id][award_id] = each
    got: set[UUID] = set()
    # In one order, as all that two units of work may wait for each other with.
    for _, group in sorted(by_issuer.items()):
        places = {each.credential_id: each.place for each in group.values()}
        issuer = next(iter(group.values())).contents.issuer
        free = await statuses.reserve_all(work, places=places, issuer=issuer)
        got |= {award_id for award_id, each in group.items() if each.credential_id in free}
    return got


async def _sign_all(work: Work, drafted: Mapping[UUID, CredentialDraft]) -> dict[UUID, Credential]:
    # The JWT is made at once too: it costs about a millisecond, is signed by keys of the same hour, and reading it
    # later needs neither the writer nor a private key. An issuer whose P-256 key is out of use still issues; its JWTs
    # are made when one is asked for and a key is there (``restating``), as are those of awards older than this.
    keys = {issuer_id: await _keys(work, issuer_id) for issuer_id in {d.contents.issuer.id for d in drafted.values()}}
    made: dict[UUID, Credential] = {}
    tokens: list[Credential] = []
    for award_id, each in drafted.items():
        issuer_id = each.contents.issuer.id
        key, jwt_key = keys[issuer_id]
        signed = sign(work, prepared=each.prepared, key=key)
        made[award_id] = _row(
            work,
            signed,
            award_id=award_id,
            issuer_id=issuer_id,
            credential_id=each.credential_id,
            url=each.url,
            media_type=MEDIA_TYPE,
            cryptosuite=CRYPTOSUITE,
        )
        if jwt_key is not None:
            token = sign_jwt(work, prepared=each.prepared, key=jwt_key)
            tokens.append(_jwt_row(work, token, award_id=award_id, issuer_id=issuer_id, of=made[award_id]))
        await asyncio.sleep(0)
    await insert_rows(work.session, Credential, [columns_of(row) for row in (*made.values(), *tokens)])
    await rechecking.admit(work, rechecking.Kind.CREDENTIAL, [row.id for row in made.values()])
    for row in (*made.values(), *tokens):
        _tell(work, row)
    await statuses.count_handed_out(work, counts=Counter(each.place.list_id for each in drafted.values()))
    return made


async def _keys(work: Work, issuer_id: UUID) -> tuple[KeyFacts, KeyFacts | None]:
    """The keys of the hour for both forms. Raises ``Unavailable`` where there is none for the first."""
    keys = await current_keys(work, issuer_id=issuer_id)
    key = signing_key(keys, KeyAlgorithm.ED25519, now=work.now)
    try:
        return key, signing_key(keys, KeyAlgorithm.P256, now=work.now)
    except Unavailable:
        log.warning("credentials are issued without their JWT: their issuer has no P-256 key that may sign now")
        return key, None


async def mint_jwt(
    work: Work, *, award: Award, credential: Credential, prepared: Prepared, key: KeyFacts
) -> Credential:
    """Sign and store the JWT of a credential. The award's row is locked, and there is no JWT yet."""
    token = sign_jwt(work, prepared=prepared, key=key)
    return await _store(work, _jwt_row(work, token, award_id=award.id, issuer_id=award.issuer_id, of=credential))


async def mint_older(
    work: Work, *, award: Award, credential: Credential, prepared: Prepared, rendition: Canonical, key: KeyFacts
) -> Credential:
    """Sign and store a credential with a proof of the older suite, under the same conditions."""
    row = _row(
        work,
        sign_older(work, prepared=prepared, rendition=rendition, key=key),
        award_id=award.id,
        issuer_id=award.issuer_id,
        credential_id=older_id(credential.id),
        url=f"{credential.url}.{OLDER_END}",
        media_type=OLDER,
        cryptosuite=OLDER_SUITE,
    )
    return await _store(work, row)


def _jwt_row(work: Work, token: Signed, *, award_id: UUID, issuer_id: UUID, of: Credential) -> Credential:
    return _row(
        work,
        token,
        award_id=award_id,
        issuer_id=issuer_id,
        credential_id=jwt_id(of.id),
        url=f"{of.url}.jwt",
        media_type=JWT,
        cryptosuite=JWT_ALGORITHM,
    )


def _row(
    work: Work,
    signed: Signed,
    *,
    award_id: UUID,
    issuer_id: UUID,
    credential_id: UUID,
    url: str,
    media_type: str,
    cryptosuite: str,
) -> Credential:
    return Credential(
        id=credential_id,
        award_id=award_id,
        issuer_id=issuer_id,
        url=url,
        media_type=media_type,
        cryptosuite=cryptosuite,
        key_id=signed.key.id,
        text=signed.text,
        sha256=signed.sha256,
        created_at=work.now,
    )


async def _store(work: Work, credential: Credential) -> Credential:
    work.session.add(credential)
    await work.session.flush()
    _tell(work, credential)
    return credential


def _tell(work: Work, credential: Credential) -> None:
    work.emit(
        "credential.issued",
        "credential",
        credential.id,
        issuer_id=credential.issuer_id,
        media_type=credential.media_type,
        sha256=credential.sha256,
    )
