"""Keys published for JWTs: JWK Sets (RFC 7517 §5), and the single JWK that a ``kid`` of Open Badges leads to (§8.2.3).

1EdTech's guide puts the set at ``https://{authority}/.well-known/jwks.json``, and lets a platform name the issuer of
each key in a member ``iss``: then the key is that issuer's and nobody else's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from badgeissuer.vc import limits
from badgeissuer.vc.faults import DidInvalid, KeyInvalid
from badgeissuer.vc.jwk import JoseKey, algorithms, parse_public_jwk, public_jwk, thumbprint
from badgeissuer.vc.multikey import did_web_url

# A path that leads where it says: no empty, dot or encoded segments, over which servers and we might differ.
_PLAIN_PATH = re.compile(r"(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~!$&'()*+,;=:@-]+)*/?")
_WELL_KNOWN = "/.well-known/"
_KNOWN_TYPES = ("OKP", "EC", "RSA")


class Standing(StrEnum):
    """Whose place on the web a URL is, seen from an issuer."""

    OWN = "own"
    SHARED = "shared"
    FOREIGN = "foreign"


def standing(url: str, issuer: str) -> Standing:
    """Whether what lies at a URL is said by the issuer, by the host that it shares with others, or by someone else.

    An issuer's own place is the folder of its https id or of its did:web document; the whole host, where that is at the
    root. The host itself speaks at its root and at its well-known places; elsewhere on it others may write what they
    like, the name of this issuer too. Anything that is not plain https is foreign.
    """
    try:
        home = did_web_url(issuer) if issuer.startswith("did:web:") else issuer
    except DidInvalid:
        return Standing.FOREIGN
    there, here = _place(url), _place(home)
    if there is None or here is None or there[0] != here[0]:
        return Standing.FOREIGN
    folder = here[1].removesuffix("/.well-known/did.json").removesuffix("/did.json").rstrip("/")
    if there[1] == folder or there[1].startswith(folder + "/"):
        return Standing.OWN
    return Standing.SHARED if there[1] in ("", "/") or there[1].startswith(_WELL_KNOWN) else Standing.FOREIGN


def well_known(issuer: str) -> str | None:
    """Where the key set of an https issuer's host is; None for ids that name no host."""
    try:
        return f"https://{urlsplit(issuer).netloc}{_WELL_KNOWN}jwks.json"
    except ValueError:
        return None


def issuer_key(
    document: Mapping[str, Any],
    *,
    url: str,
    issuer: str,
    alg: str,
    kid: str | None = None,
    hint: Mapping[str, Any] | None = None,
) -> JoseKey:
    """The issuer's key for a JWT, from a JWK or JWK Set that was fetched from ``url``.

    A key counts by where it lies, since anyone can write a ``kid``: at the issuer's own place every key counts, on a
    host that it shares only those that name the issuer in ``iss``, elsewhere none. Raises ``KeyInvalid`` as ``key_in``.
    """
    place = standing(url, issuer)
    if place is Standing.FOREIGN:
        raise KeyInvalid("the key is published by someone else than the issuer")
    return key_in(document, alg=alg, kid=kid, issuer=issuer, hint=hint, must_name_issuer=place is Standing.SHARED)


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
    must_name_issuer: bool = False,
) -> JoseKey:
    """The one key for a JWT in a JWK Set, or in a document that is a single JWK.

    Whose document it is, ``issuer_key`` says. In a set, the key is the one with that ``kid`` (or its fragment);
    without ``kid``, the one that equals ``hint`` (a JWK in the JWT's header); without both, the only one for ``alg``.
    Keys of other issuers (``iss``), of unknown kinds and for other algorithms are passed over (RFC 7517 §5). Raises
    ``KeyInvalid`` where not exactly one is left, or that one is not usable.
    """
    keys = document.get("keys")
    if "kty" in document and keys is None:
        keys, kid = [document], None
    if not isinstance(keys, list) or len(keys) > limits.KEYS:
        raise KeyInvalid("the document is neither a JWK nor a JWK Set of reasonable size")
    known = [jwk for jwk in keys if isinstance(jwk, Mapping) and jwk.get("kty") in _KNOWN_TYPES]
    named = [jwk for jwk in known if kid is None or jwk.get("kid") in (kid, kid.partition("#")[2] or kid)]
    fitting = [jwk for jwk in named if (jwk["iss"] == issuer if "iss" in jwk else not must_name_issuer)]
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


def _fits(jwk: Mapping[str, Any], alg: str) -> bool:
    try:
        return alg in algorithms(parse_public_jwk(jwk))
    except KeyInvalid:
        return False


def _place(url: str) -> tuple[str, str] | None:
    """Host (with a port that is not the usual one) and path of a plain https URL; None for all others."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    plain = parts.scheme == "https" and host and "@" not in parts.netloc and _PLAIN_PATH.fullmatch(parts.path)
    return (f"{host}:{port or 443}", parts.path) if plain else None
