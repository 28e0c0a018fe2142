"""Sign what was prepared, with the issuer's key of the hour, and check it as a verifier would before it is kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from badgeissuer.errors import MalformedInput, Unavailable
from badgeissuer.rules.keys import KeyFacts, signing_key
from badgeissuer.rules.terms import KeyAlgorithm
from badgeissuer.services.registering import issuer_keys
from badgeissuer.vc import jwt, strictjson
from badgeissuer.vc.canon import Canonical
from badgeissuer.vc.lint import Prepared
from badgeissuer.vc.multikey import parse_multikey
from badgeissuer.vc.proofs import ed25519_2020
from badgeissuer.vc.proofs import eddsa_rdfc_2022 as eddsa
from badgeissuer.vc.proofs.data_integrity import spliced, unsecured
from badgeissuer.vc.proofs.options import config_nquads
from badgeissuer.work import Work, digest


@dataclass(frozen=True, slots=True)
class Signed:
    """The exact text that will be stored and served, its SHA-256 in hex, and the key that signed it."""

    text: str
    sha256: str
    key: KeyFacts


async def current_key(work: Work, *, issuer_id: UUID, algorithm: KeyAlgorithm = KeyAlgorithm.ED25519) -> KeyFacts:
    """The key that signs for the issuer at ``work.now``. Locked against a rotation once writing has begun.

    Raises ``Unavailable`` where there is none.
    """
    return signing_key(await current_keys(work, issuer_id=issuer_id), algorithm, now=work.now)


async def current_keys(work: Work, *, issuer_id: UUID) -> list[KeyFacts]:
    """All keys of the issuer, for ``signing_key``. Locked against a rotation once writing has begun."""
    return [key.as_facts() for key in await issuer_keys(work, issuer_id=issuer_id, share=work.writing)]


def sign(
    work: Work, *, prepared: Prepared, key: KeyFacts, write: Callable[[Mapping[str, Any]], str] | None = None
) -> Signed:
    """Sign and check. Raises ``Unavailable`` where the result would not verify with the published key.

    The check is the last line before something wrong is signed for good: the proof must hold under the key that the
    issuer's DID document shows, and the document without its proof must be the one that was prepared. The text is the
    prepared text with the proof in it; ``write`` makes another one of the same secured document.
    """
    proof = eddsa.create_proof(
        prepared,
        sign=work.keys.signer(key).sign,
        verification_method=f"{key.did}#{key.public_multibase}",
        created=work.now,
    )
    if write is None:
        text = spliced(prepared.text, proof)
        same = _is_spliced(text, prepared, proof)
    else:
        document = prepared.document
        text = write({**document, "proof": [proof]})
        same = unsecured(json.loads(text)) == document
    if not same:
        raise Unavailable("the signed text is not the document that was prepared; nothing was issued")
    eddsa.verify(
        proof,
        config_nquads=eddsa.config_nquads(proof),
        document_nquads=prepared.canonical.nquads,
        key=parse_multikey(key.public_multibase),
    )
    return Signed(text=text, sha256=digest(text), key=key)


def _is_spliced(text: str, prepared: Prepared, proof: Mapping[str, Any]) -> bool:
    """Whether a text is the prepared one with one more member, and that is the proof: no reading shows more."""
    before = f"{prepared.text[:-1]},"
    if not text.startswith(before):
        return False
    try:
        return strictjson.loads_object(f"{{{text[len(before) :]}".encode()) == {"proof": [proof]}
    except MalformedInput:
        return False


def sign_jwt(work: Work, *, prepared: Prepared, key: KeyFacts) -> Signed:
    """The same as a JWT in the form of Open Badges (OB §8.2), with a P-256 key: ES256 is what every reader of it takes.

    Checked as ``sign`` checks. ``kid`` is the DID URL of the key in the issuer's document.
    """
    public = parse_multikey(key.public_multibase)
    # The signature is verified with this key, the published one, before the token is given out.
    token = jwt.create_ob(
        prepared, sign=work.keys.signer(key).sign, key=public, kid=f"{key.did}#{key.public_multibase}"
    )
    # Read strictly, no member is there twice: what is the prepared text and claims beside it says nothing else.
    found, before = jwt.read(token), f"{prepared.text[:-1]},".encode()
    payload = found.jws.payload
    if not payload.startswith(before) or json.loads(b"{" + payload[len(before) :]) != found.claims:
        raise Unavailable("the signed token is not the document that was prepared; nothing was issued")
    return Signed(text=token, sha256=digest(token), key=key)


def sign_older(work: Work, *, prepared: Prepared, rendition: Canonical, key: KeyFacts) -> Signed:
    """The same with an ``Ed25519Signature2020`` and its context, for wallets that know nothing newer.

    ``rendition`` is the canonical form of ``ed25519_2020.rendition_of(prepared)``. Checked as ``sign`` checks.
    """
    suite = ed25519_2020.ED25519_SIGNATURE_2020
    secured = suite.create(
        prepared,
        rendition=rendition,
        sign=work.keys.signer(key).sign,
        verification_method=f"{key.did}#{key.public_multibase}",
        created=work.now,
    )
    text = strictjson.dumps(secured)
    if unsecured(json.loads(text)) != ed25519_2020.rendition_of(prepared):
        raise Unavailable("the signed text is not the document that was prepared; nothing was issued")
    proof = secured["proof"][0]
    suite.verify(
        proof,
        document=rendition.nquads,
        config=config_nquads(proof),
        key=parse_multikey(key.public_multibase),
    )
    return Signed(text=text, sha256=digest(text), key=key)
