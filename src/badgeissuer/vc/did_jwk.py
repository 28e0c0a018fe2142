"""did:jwk: a DID that is a public JWK (did:jwk method specification). Nothing is fetched; the key cannot change."""

from __future__ import annotations

from typing import Any

from badgeissuer.errors import MalformedInput, TooLarge
from badgeissuer.vc import limits, strictjson
from badgeissuer.vc.contexts import DID_V1
from badgeissuer.vc.faults import DidInvalid, KeyInvalid
from badgeissuer.vc.jwk import JoseKey, parse_public_jwk, public_jwk
from badgeissuer.vc.multibase import base64url_decode, base64url_encode

_METHOD = "did:jwk:"
_RELATIONSHIPS = ("assertionMethod", "authentication", "capabilityInvocation", "capabilityDelegation")


def did_jwk(key: JoseKey) -> str:
    """The did:jwk of a key: its public members alone, sorted by name. Raises ``KeyInvalid``."""
    return _METHOD + base64url_encode(strictjson.dumps(public_jwk(key), sort_keys=True).encode())


def did_jwk_key(did: str) -> JoseKey:
    """The key that a did:jwk is. Raises ``DidInvalid`` for texts that are not one, or whose JWK is out of form,
    private, too long, for another use than verifying, or of a kind that is not used here."""
    encoded = did.removeprefix(_METHOD)
    if encoded == did or not encoded or len(encoded) > limits.DID_JWK:
        raise DidInvalid("not a did:jwk, or one that is too long")
    try:
        return parse_public_jwk(strictjson.loads_object(base64url_decode(encoded), max_depth=limits.DID_JWK_DEPTH))
    except (KeyInvalid, MalformedInput, TooLarge) as error:
        raise DidInvalid(f"the did:jwk holds no key that can be used: {error.detail}") from None


def did_jwk_document(did: str) -> dict[str, Any]:
    """The document that a did:jwk stands for: one method, ``#0``. Raises ``DidInvalid``."""
    key = did_jwk_key(did)
    method = {"id": f"{did}#0", "type": "JsonWebKey", "controller": did, "publicKeyJwk": public_jwk(key)}
    return {
        "@context": [DID_V1, "https://w3id.org/security/jwk/v1"],
        "id": did,
        "verificationMethod": [method],
        **{relationship: [method["id"]] for relationship in _RELATIONSHIPS},
    }
