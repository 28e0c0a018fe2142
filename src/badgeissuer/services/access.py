"""API keys: made once, shown once, stored hashed; and the check at the door."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence

from sqlalchemy import Text, bindparam, select, type_coerce

from badgeissuer.errors import Fault, NotFound, Rejected, Unauthenticated
from badgeissuer.rules.terms import ClientKind
from badgeissuer.store.access import Actor, ApiClient, ApiClientIssuer
from badgeissuer.store.catalog import Issuer
from badgeissuer.store.lookups import Lookup, Source
from badgeissuer.work import Work

SCOPES: dict[str, str] = {
    "issuers:read": "read issuers and their public keys",
    "issuers:write": "register issuers (platform keys), change profiles, rotate keys",
    "achievements:read": "read and search achievements, drafts included",
    "achievements:write": "draft, publish and retire achievements",
    "decisions:read": "read decisions",
    "decisions:write": "send decisions and assessments",
    "awards:read": "read, list and stream awards",
    "awards:write": "issue awards directly",
    "awards:revoke": "revoke, suspend and reinstate awards",
    "endorsements:read": "read and list endorsements by one's own issuers",
    "endorsements:write": "endorse issuers, achievements and awards; revoke endorsements",
    "clrs:read": "read records (CLR) and their share links",
    "clrs:write": "make records, take them back, share them",
}

DEFAULT_SCOPES: dict[ClientKind, tuple[str, ...]] = {
    ClientKind.PLATFORM: tuple(SCOPES),
    ClientKind.ISSUER: tuple(SCOPES),
    ClientKind.AGENCY: ("issuers:read", "achievements:read", "awards:read", "endorsements:read"),
}

_PREFIX = "bi"


def operator() -> Actor:
    """The person at the machine: the command line acts for every issuer."""
    return Actor(kind=ClientKind.OPERATOR, name="operator", scopes=frozenset(SCOPES), issuer_ids=None)


async def create_client(
    work: Work,
    *,
    kind: ClientKind,
    name: str,
    scopes: Sequence[str] | None = None,
    issuers: Sequence[str] = (),
    all_issuers: bool = False,
    consent_purpose: str | None = None,
) -> tuple[ApiClient, str]:
    """Make an API key; returns the row and the key itself, which is never to be seen again.

    An issuer key acts for exactly one issuer. An agency's key only reads; with a purpose, it reads only awards whose
    earners consent to it. Raises ``Rejected`` for scopes that are unknown or not for this kind, ``NotFound`` for
    unknown issuers.
    """
    wanted = tuple(scopes) if scopes else DEFAULT_SCOPES[kind]
    unknown = sorted(set(wanted) - set(SCOPES))
    if unknown:
        raise Rejected(
            f"unknown scopes: {', '.join(unknown)}; known are {', '.join(SCOPES)}",
            faults=[Fault("/scopes", "not a scope of this service")],
        )
    writing = [scope for scope in wanted if not scope.endswith(":read")]
    if kind is ClientKind.AGENCY and writing:
        raise Rejected(
            f"an agency's key only reads: {', '.join(writing)} cannot be given to it",
            faults=[Fault("/scopes", "an agency's key only reads")],
        )
    if kind is ClientKind.ISSUER and (len(issuers) != 1 or all_issuers):
        raise Rejected("an issuer key acts for exactly one issuer", faults=[Fault("/issuers", "name one issuer")])
    if consent_purpose is not None and kind is not ClientKind.AGENCY:
        raise Rejected("only an agency's key has a purpose", faults=[Fault("/consent_purpose", "is for agencies")])
    await work.begin_write()
    rows = (await work.session.scalars(select(Issuer).where(Issuer.slug.in_(issuers)))).all()
    missing = sorted(set(issuers) - {row.slug for row in rows})
    if missing:
        raise NotFound(f"no issuer {', '.join(missing)}; `badgeissuer issuer list` shows what there is")
    secret = f"{work.rng.getrandbits(256):064x}"
    client = ApiClient(
        id=work.new_id(),
        kind=kind,
        name=name,
        prefix=f"{work.rng.getrandbits(48):012x}",
        secret_sha256=_hashed(secret),
        scopes=sorted(wanted),
        all_issuers=all_issuers,
        consent_purpose=consent_purpose,
        created_at=work.now,
        revoked_at=None,
    )
    work.session.add(client)
    await work.session.flush()
    work.session.add_all(ApiClientIssuer(client_id=client.id, issuer_id=row.id) for row in rows)
    work.emit("api_client.created", "api_client", client.id, issuer_id=None, kind=kind.value, scopes=client.scopes)
    return client, f"{_PREFIX}_{client.prefix}_{secret}"


async def revoke_client(work: Work, *, prefix: str) -> ApiClient:
    """End an API key at once. Raises ``NotFound``."""
    await work.begin_write()
    client = await work.session.scalar(
        select(ApiClient).where(ApiClient.prefix == prefix).with_for_update(key_share=True)
    )
    if client is None:
        raise NotFound("no API key with that prefix; `badgeissuer apikey list` shows them")
    if client.revoked_at is None:
        client.revoked_at = work.now
        work.emit("api_client.revoked", "api_client", client.id, issuer_id=None)
    return client


async def authenticate(source: Source, *, token: str) -> Actor:
    """The actor behind a key. Looked up by its public prefix; the secret is compared as hashes in constant time.

    Raises ``Unauthenticated``, the same for every way of being wrong; ``Unavailable``.
    """
    wrong = Unauthenticated("the API key is missing, unknown or revoked; send it as `Authorization: Bearer bi_…`")
    parts = token.split("_")
    if len(parts) != 3 or parts[0] != _PREFIX or not parts[1] or len(parts[1]) > 16 or len(parts[2]) != 64:
        raise wrong
    rows = await source.rows(_BY_PREFIX, prefix=parts[1])
    # Hash and compare also where there is no such prefix, so that both take the same time.
    stored = rows[0][3] if rows else bytes(32)
    same = hmac.compare_digest(stored, _hashed(parts[2]))
    if not rows or not same or rows[0][6] is not None:
        raise wrong
    client_id, kind, name, _, scopes, all_issuers, _, purpose, _ = rows[0]
    return Actor(
        kind=kind,
        name=name,
        scopes=frozenset(json.loads(scopes)),
        client_id=client_id,
        issuer_ids=None if all_issuers else frozenset(row[8] for row in rows if row[8] is not None),
        consent_purpose=purpose,
    )


# A row for each issuer that the key may act for, or one.
_BY_PREFIX = Lookup(
    select(
        ApiClient.id,
        ApiClient.kind,
        ApiClient.name,
        ApiClient.secret_sha256,
        type_coerce(ApiClient.scopes, Text),
        ApiClient.all_issuers,
        ApiClient.revoked_at,
        ApiClient.consent_purpose,
        ApiClientIssuer.issuer_id,
    )
    .outerjoin(ApiClientIssuer, ApiClientIssuer.client_id == ApiClient.id)
    .where(ApiClient.prefix == bindparam("prefix"))
)


def _hashed(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8")).digest()
