"""Keys published for JWTs: JWK Sets (RFC 7517 §5), and the single JWK that a ``kid`` of Open Badges leads to (§8.2.3).

1EdTech's guide puts the set at ``https://{authority}/.well-known/jwks.json``, and lets a platform name the issuer of
each key in a member ``iss``: then the key is that issuer's and nobody else's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from badgeissuer.vc.faults import KeyInvalid
from badgeissuer.vc.jwk import JoseKey, algorithms, parse_public_jwk, public_jwk, thumbprint

_LARGEST_SET = 1_000
_KNOWN_TYPES = frozenset({"OKP", "EC", "RSA"})


def jwk_set(keys: Iterable[tuple[str, JoseKey]], *, issuer: str | None = None) -> dict[str, list[dict[str, str]]]:
    """The JWK Set of (kid, key) pairs, each for its one algorithm; with ``issuer``, each says whose it is.

    Raises ``KeyInvalid`` for a kid that is there twice and for keys that are not used here.
    """
    pairs = list(keys)
    if len({kid for kid, _ in pairs}) != len(pairs):
        raise KeyInvalid("a key set names each key once")
    owner = {} if issuer is None else {"iss": issuer}
    common = {"use": "sig", **owner}
    return {"keys": [{**public_jwk(key), "kid": kid, "alg": algorithms(key)[0], **common} for kid, key in pairs]}


def key_in(
    document: Mapping[str, Any],
    *,
    alg: str,
    kid: str | None = None,
    issuer: str | None = None,
    hint: Mapping[str, Any] | None = None,
) -> JoseKey:
    """The one key for a JWT in a JWK Set, or in a document that is a single JWK.

    In a set, the key is the one with that ``kid``; without ``kid``, the one that equals ``hint`` (a JWK in the JWT's
    header); without both, the only one for ``alg``. Keys of other issuers (``iss``), of unknown kinds and for other
    algorithms are passed over (RFC 7517 §5). Raises ``KeyInvalid`` where not exactly one is left, or that one is not
    usable.
    """
    keys = document.get("keys")
    if "kty" in document and keys is None:
        keys, kid = [document], None
    if not isinstance(keys, list) or len(keys) > _LARGEST_SET:
        raise KeyInvalid("the document is neither a JWK nor a JWK Set of reasonable size")
    fitting = [jwk for jwk in keys if isinstance(jwk, Mapping) and _may_be(jwk, kid=kid, issuer=issuer)]
    found = [jwk for jwk in fitting if _fits(jwk, alg)]
    if kid is None and hint is not None:
        wanted = thumbprint(parse_public_jwk(hint))
        found = [jwk for jwk in found if thumbprint(parse_public_jwk(jwk)) == wanted]
    if len(found) == 1:
        return parse_public_jwk(found[0])
    if len(fitting) == 1:
        key = parse_public_jwk(fitting[0])
        raise KeyInvalid(f"the key is not for the JWT's algorithm but for {algorithms(key)[0]}")
    raise KeyInvalid("the key set has more than one such key" if found else "the key set has no such key")


def _may_be(jwk: Mapping[str, Any], *, kid: str | None, issuer: str | None) -> bool:
    named = kid is None or jwk.get("kid") == kid
    owned = "iss" not in jwk or jwk["iss"] == issuer
    return named and owned and jwk.get("kty") in _KNOWN_TYPES


def _fits(jwk: Mapping[str, Any], alg: str) -> bool:
    try:
        return alg in algorithms(parse_public_jwk(jwk))
    except KeyInvalid:
        return False
