"""Repeats of an issuing request get the first answer, byte for byte.

A caller marks a request with an Idempotency-Key, with an external reference of their own, or with both. The answer is
stored in the transaction that makes the award, so a process that is killed leaves either both or neither.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from badgeissuer.errors import Fault, Rejected
from badgeissuer.store.access import Actor, Answer
from badgeissuer.store.insert import insert_rows, padded
from badgeissuer.work import Work


@dataclass(frozen=True, slots=True)
class Claim:
    """One mark of a request: within ``scope`` (a client or an issuer) its ``key`` stands for one request for ever."""

    scope: str
    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it was, or will be, sent."""

    status: int
    body: str
    location: str | None = None


def client_claim(actor: Actor, key: str) -> Claim:
    """An Idempotency-Key belongs to the API client that sent it."""
    return Claim(scope=str(actor.client_id or actor.kind.value), kind="key", key=key)


def reference_claim(issuer_id: UUID, reference: str) -> Claim:
    """An external reference belongs to the issuer: two clients of one issuer mean the same thing by it."""
    return Claim(scope=str(issuer_id), kind="reference", key=reference)


def fingerprint(route: str, body: Mapping[str, Any]) -> bytes:
    """SHA-256 of the request's meaning: the route and the body without regard to spacing and member order."""
    text = json.dumps([route, body], sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).digest()


async def find(work: Work, claims: Sequence[Claim], *, request: bytes) -> Kept | None:
    """The answer that was given to this request. Raises ``Rejected`` where a mark was used for another request."""
    return match(await find_all(work, claims), claims, request=request)


async def find_all(work: Work, claims: Iterable[Claim]) -> dict[Claim, Answer]:
    """The answers that were given under these marks."""
    wanted = set(claims)
    if not wanted:
        return {}
    query = select(Answer).where(
        Answer.scope.in_(padded(claim.scope for claim in wanted)),
        Answer.kind.in_(padded(claim.kind for claim in wanted)),
        Answer.key.in_(padded(claim.key for claim in wanted)),
    )
    rows = {Claim(row.scope, row.kind, row.key): row for row in await work.session.scalars(query)}
    return {claim: row for claim, row in rows.items() if claim in wanted}


def match(given: Mapping[Claim, Answer], claims: Sequence[Claim], *, request: bytes) -> Kept | None:
    """Of the answers that were given, that to this request. Raises as ``find``."""
    for claim in claims:
        answer = given.get(claim)
        if answer is None:
            continue
        if answer.request_sha256 != request:
            name, pointer = (
                ("Idempotency-Key", "") if claim.kind == "key" else ("external_reference", "/external_reference")
            )
            raise Rejected(
                f"this {name} was used for another request; use a new one for new content",
                faults=[Fault(pointer, f"the {name} stands for an earlier request with another body", "key-reused")],
            )
        return Kept(status=answer.status, body=answer.body, location=answer.location)
    return None


@dataclass(frozen=True, slots=True)
class Given:
    """An answer to keep: under these marks, to this request."""

    claims: tuple[Claim, ...]
    request: bytes
    answer: Kept


async def keep(work: Work, claims: Sequence[Claim], *, request: bytes, answer: Kept) -> None:
    """Store the answer under every mark, in the transaction of the change itself."""
    await keep_all(work, [Given(tuple(claims), request, answer)])


async def keep_all(work: Work, given: Iterable[Given]) -> None:
    """The same for many."""
    await work.session.flush()
    await insert_rows(
        work.session,
        Answer,
        [
            {
                "id": work.new_id(),
                "scope": claim.scope,
                "kind": claim.kind,
                "key": claim.key,
                "request_sha256": each.request,
                "status": each.answer.status,
                "location": each.answer.location,
                "body": each.answer.body,
                "created_at": work.now,
            }
            for each in given
            for claim in each.claims
        ],
    )
