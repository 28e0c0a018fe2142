"""An issuer's keys: which there are, and the next ones. Never anything of the private halves."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from badgeissuer.errors import Conflict, NotFound
from badgeissuer.rules.keys import settled
from badgeissuer.rules.terms import KeyAlgorithm, KeyState
from badgeissuer.services import registering
from badgeissuer.store.catalog import IssuerKey
from badgeissuer.web.body import StrictRoute
from badgeissuer.web.deps import WorkDep, require
from badgeissuer.web.problems import problems
from badgeissuer.web.wire import Timestamp, WireIn, WireOut
from badgeissuer.work import Work

router = APIRouter(prefix="/v1/issuers/{slug}/keys", route_class=StrictRoute, tags=["Issuers"])


class RotateIn(WireIn):
    now: bool = Field(
        False,
        strict=True,
        description="sign with the new keys at once, and retire those in use: for emergencies, because verifiers that "
        "cached the DID document do not know the new keys yet",
    )


class KeyOut(WireOut):
    id: UUID
    algorithm: KeyAlgorithm = Field(description="Ed25519 signs Data Integrity proofs, P-256 JWTs")
    verification_method: str = Field(description="its id in the issuer's DID document, as proofs name it")
    state: KeyState = Field(description="as of now: next keys are published, active ones sign, retired ones verify")
    activates_at: Timestamp
    retired_at: Timestamp | None
    compromised_at: Timestamp | None


class KeysOut(WireOut):
    keys: list[KeyOut]


@router.get("", operation_id="list_keys", dependencies=[require("issuers:read")], responses=problems(NotFound))
async def list_keys(slug: str, work: WorkDep) -> KeysOut:
    """All keys of the issuer, oldest first."""
    issuer = await registering.find_issuer(work, slug=slug)
    return _shown(work, await registering.issuer_keys(work, issuer_id=issuer.id))


@router.post(
    "/rotate",
    status_code=201,
    operation_id="rotate_keys",
    dependencies=[require("issuers:write")],
    responses=problems(NotFound, Conflict),
)
async def rotate_keys(slug: str, work: WorkDep, body: RotateIn | None = None) -> KeysOut:
    """Publish the next keys, and answer them. They sign after the activation delay; those in use go on verifying."""
    return _shown(work, await registering.rotate_keys(work, slug=slug, now=body.now if body else False))


def _shown(work: Work, keys: Sequence[IssuerKey]) -> KeysOut:
    # Rows learn of the passing of time when somebody writes; readers are told how it is.
    states = dict(settled([key.as_facts() for key in keys], work.now))
    return KeysOut(
        keys=[
            KeyOut(
                id=key.id,
                algorithm=key.algorithm,
                verification_method=f"{key.did}#{key.public_multibase}",
                state=states.get(key.id, key.state),
                activates_at=key.activates_at,
                retired_at=key.retired_at,
                compromised_at=key.compromised_at,
            )
            for key in sorted(keys, key=lambda key: (key.activates_at, key.algorithm))
        ]
    )
