"""A credential once more in another form that is signed: made when it is first asked for, once, and stored.

It says what the JSON says and names the same status entry. The text is prepared again from what was signed, by the
standards of the day on which it was.
"""

from __future__ import annotations

import json

from badgeissuer.errors import NotFound, Rejected
from badgeissuer.rules.terms import KeyAlgorithm
from badgeissuer.services import minting
from badgeissuer.services.signing import current_key
from badgeissuer.store.awards import Award, Credential, jwt_id, older_id
from badgeissuer.vc import lint
from badgeissuer.vc.lint import Prepared
from badgeissuer.vc.proofs.data_integrity import unsecured
from badgeissuer.vc.proofs.ed25519_2020 import rendition_of
from badgeissuer.work import Work


async def jwt_of(work: Work, *, credential: Credential) -> Credential:
    """The award's credential as a JWT: the one that is stored, else made now, once, and stored.

    Making it takes the writer. Raises ``NotFound`` where its text is none that may be signed (again) by the standards
    of today, ``Unavailable`` where the issuer has no key for it now.
    """
    stored = await work.session.get(Credential, jwt_id(credential.id))
    if stored is not None:
        return stored
    prepared = await _prepared(work, credential, "JWT")
    award = await _locked(work, credential)
    stored = await work.session.get(Credential, jwt_id(credential.id))  # another may have made it meanwhile
    if stored is not None:
        return stored
    key = await current_key(work, issuer_id=award.issuer_id, algorithm=KeyAlgorithm.P256)
    return await minting.mint_jwt(work, award=award, credential=credential, prepared=prepared, key=key)


async def older_of(work: Work, *, credential: Credential) -> Credential:
    """The same with a proof of the suite ``Ed25519Signature2020``, for wallets that know nothing newer.

    Raises as ``jwt_of`` does.
    """
    stored = await work.session.get(Credential, older_id(credential.id))
    if stored is not None:
        return stored
    prepared = await _prepared(work, credential, "form for older wallets")
    rendition = await work.sandbox.canonicalize(rendition_of(prepared), lane="mint")
    award = await _locked(work, credential)
    stored = await work.session.get(Credential, older_id(credential.id))
    if stored is not None:
        return stored
    key = await current_key(work, issuer_id=award.issuer_id)
    return await minting.mint_older(
        work, award=award, credential=credential, prepared=prepared, rendition=rendition, key=key
    )


async def _prepared(work: Work, credential: Credential, form: str) -> Prepared:
    document = unsecured(json.loads(credential.text))
    canonical = await work.sandbox.canonicalize(document, lane="mint")
    try:
        return lint.prepare(
            document,
            canonical,
            now=credential.created_at,
            allow_loopback=work.settings.loopback,
            rules=lint.Rules.STANDARD,
        )
    except Rejected as error:
        raise NotFound(f"this credential has no {form}: its text would not be signed any more") from error


async def _locked(work: Work, credential: Credential) -> Award:
    await work.begin_write()
    return await work.locked(Award, credential.award_id)
