"""Issuers: register one with its DID and its own keys, change its profile, rotate its keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select, select

from badgeissuer.errors import Conflict, Fault, NotFound, NotPermitted, PreconditionFailed, Rejected
from badgeissuer.rules.keys import settled
from badgeissuer.rules.terms import ClientKind, KeyAlgorithm, KeyState
from badgeissuer.services import cataloguing, checking
from badgeissuer.store.access import ApiClientIssuer
from badgeissuer.store.catalog import Issuer, IssuerKey
from badgeissuer.store.scope import visible_to
from badgeissuer.vc.multikey import did_web_of
from badgeissuer.vc.profiles.targets import IMPORTERS, Target
from badgeissuer.work import Work

# The operator's own issuer (services/operating): a tenant of this name would sign records across issuers.
OPERATOR_SLUG = "operator"

# A select of keys, whole or some of their columns.
_Keys = TypeVar("_Keys", bound=Select[*tuple[Any, ...]])

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class TargetChoice:
    """Where an issuer wants every credential to import; None leaves it to the service, none at all asks for nothing."""

    targets: tuple[Target, ...] | None = None

    def as_column(self) -> list[str] | None:
        """Raises ``Rejected`` for a target that imports nothing."""
        if self.targets is None:
            return None
        faults = [
            Fault(f"/preflight_targets/{n}", f"{target.value} has no import: nothing could be issued", "no-import")
            for n, target in enumerate(self.targets)
            if target not in IMPORTERS
        ]
        if faults:
            raise Rejected("that cannot be a condition of issuing", faults=faults)
        return [target.value for target in dict.fromkeys(self.targets)]


def issuer_did(base_url: str, slug: str) -> str:
    """``did:web:<host>[%3A<port>]:issuers:<slug>``: verifiers demand that the issuer's id controls the signing key."""
    return did_web_of(base_url, "issuers", slug)


def issuer_page(base_url: str, slug: str) -> str:
    return f"{base_url}/issuers/{slug}"


async def find_issuer(work: Work, *, slug: str, lock: bool = False) -> Issuer:
    """An issuer the actor may act for. Raises ``NotFound``, also for another tenant's."""
    query = select(Issuer).where(Issuer.slug == slug, visible_to(work.actor, Issuer))
    if lock:
        query = query.with_for_update(key_share=True)
    issuer = await work.session.scalar(query)
    if issuer is None:
        raise NotFound("no such issuer")
    return issuer


async def register_issuer(
    work: Work,
    *,
    slug: str,
    profile: Mapping[str, Any],
    choice: TargetChoice | None = None,
    notices: bool = True,
) -> Issuer:
    """A new tenant with an Ed25519 and a P-256 key of its own. Its first keys sign at once.

    The key files are written and synced before the rows commit: a crash leaves a file without a row, never a row
    without a key. Raises ``NotPermitted`` (only platforms and the operator), ``Rejected``, ``Conflict``.
    """
    if work.actor.kind not in (ClientKind.PLATFORM, ClientKind.OPERATOR):
        raise NotPermitted("only platform keys register issuers")
    # xn-- would be shown as other letters where a DID's path is taken for a host name.
    if not _SLUG.fullmatch(slug) or slug.startswith("xn--"):
        raise Rejected(
            "the slug cannot be used",
            faults=[Fault("/slug", "1 to 63 of a-z, 0-9 and hyphen, not at either end: it becomes part of the DID")],
        )
    if slug == OPERATOR_SLUG and work.actor.kind is not ClientKind.OPERATOR:
        detail = "is kept for the operator of this service; choose another"
        raise Rejected("the slug cannot be used", faults=[Fault("/slug", detail, "reserved")])
    targets = (choice or TargetChoice()).as_column()
    document, website = await _profile(work, slug=slug, given=profile)
    await work.begin_write()
    if await work.session.scalar(select(Issuer.id).where(Issuer.slug == slug)):
        raise Conflict("an issuer with this slug exists already", faults=[Fault("/slug", "taken; choose another")])
    issuer = Issuer(
        id=work.new_id(),
        slug=slug,
        did=document["id"],
        name=document["name"],
        profile=document,
        website=website,
        preflight_targets=targets,
        notices=notices,
        created_at=work.now,
        updated_at=work.now,
    )
    work.session.add(issuer)
    await work.session.flush()
    if work.actor.client_id is not None:
        work.session.add(ApiClientIssuer(client_id=work.actor.client_id, issuer_id=issuer.id))
    for algorithm in KeyAlgorithm:
        _new_key(work, issuer, algorithm, activates_at=work.now, state=KeyState.ACTIVE)
    await work.session.flush()
    await cataloguing.list_issuer(work, issuer=issuer)
    work.emit("issuer.registered", "issuer", issuer.id, issuer_id=issuer.id, slug=slug)
    return issuer


async def update_issuer(
    work: Work,
    *,
    slug: str,
    changes: Mapping[str, Any],
    choice: TargetChoice | None = None,
    notices: bool | None = None,
    expected_revision: int | None = None,
) -> Issuer:
    """Merge changes into the profile (RFC 7396: null removes a member). Signed credentials keep what they say.

    Without a ``choice`` the targets of preflight stay as they are, and without ``notices`` whether earners are told.

    Raises ``NotFound``, ``Rejected``, ``PreconditionFailed`` when the stored revision is not the expected one.
    """
    targets = None if choice is None else choice.as_column()
    seen = await find_issuer(work, slug=slug)
    document, website = await _profile(work, slug=slug, given=_merged(seen.profile, changes))
    await work.begin_write()
    issuer = await find_issuer(work, slug=slug, lock=True)
    if expected_revision not in (None, issuer.revision):
        raise PreconditionFailed("the issuer was changed meanwhile; read it again and repeat the change on that")
    if issuer.revision != seen.revision:  # another change came between: merge into what stands now
        document, website = await _profile(work, slug=slug, given=_merged(issuer.profile, changes))
    issuer.profile = document
    if "url" in changes:
        issuer.website = website
    issuer.name = document["name"]
    if choice is not None:
        issuer.preflight_targets = targets
    if notices is not None:
        issuer.notices = notices
    issuer.revision += 1
    issuer.updated_at = work.now
    await cataloguing.relist_issuer(work, issuer=issuer)
    beside = {"preflight_targets": choice is not None, "notices": notices is not None}
    members = sorted([*changes, *(name for name, changed in beside.items() if changed)])
    work.emit("issuer.updated", "issuer", issuer.id, issuer_id=issuer.id, members=members)
    return issuer


async def rotate_keys(work: Work, *, slug: str, now: bool = False) -> list[IssuerKey]:
    """Make and publish the next keys. They sign once verifiers' caches had time to see them, or at once with ``now``.

    The keys in use go on verifying. Raises ``NotFound``, and ``Conflict`` while earlier next keys still wait.
    """
    await work.begin_write()
    issuer = await find_issuer(work, slug=slug, lock=True)
    await settle_keys(work, issuer_id=issuer.id)
    keys = await issuer_keys(work, issuer_id=issuer.id, lock=True)
    waiting = [key for key in keys if key.state is KeyState.NEXT]
    if waiting and not now:
        raise Conflict(
            f"the next keys are published and will sign from {waiting[0].activates_at.isoformat()}; "
            "wait, or rotate with now"
        )
    for key in waiting:  # an emergency leaves none of the earlier ones to take over later
        key.state, key.retired_at = KeyState.RETIRED, work.now
    activates_at = work.now if now else work.now + timedelta(seconds=work.settings.key_activation_delay)
    at_once = activates_at <= work.now
    if at_once:
        for key in keys:
            if key.state is KeyState.ACTIVE:
                key.state, key.retired_at = KeyState.RETIRED, work.now
    made = [
        _new_key(
            work, issuer, algorithm, activates_at=activates_at, state=KeyState.ACTIVE if at_once else KeyState.NEXT
        )
        for algorithm in KeyAlgorithm
    ]
    await work.session.flush()
    work.emit(
        "issuer.keys_rotated", "issuer", issuer.id, issuer_id=issuer.id, keys=[key.public_multibase for key in made]
    )
    return made


def in_order(keys: _Keys) -> _Keys:
    """Oldest first, as every list of keys is."""
    return keys.order_by(IssuerKey.activates_at, IssuerKey.algorithm, IssuerKey.id)


async def issuer_keys(work: Work, *, issuer_id: UUID, lock: bool = False, share: bool = False) -> list[IssuerKey]:
    """All keys of an issuer, oldest first. ``lock`` to change them; ``share`` to keep others from changing them."""
    query = in_order(select(IssuerKey).where(IssuerKey.issuer_id == issuer_id))
    if lock or share:
        query = query.with_for_update(read=share, key_share=not share).execution_options(populate_existing=True)
    return list((await work.session.scalars(query)).all())


async def settle_keys(work: Work, *, issuer_id: UUID) -> None:
    """Write down what time brought: a next key whose hour has come is active, the one before it retired."""
    keys = await issuer_keys(work, issuer_id=issuer_id, lock=True)
    changes = dict(settled([key.as_facts() for key in keys], work.now))
    for key in keys:
        if key.id in changes:
            key.state = changes[key.id]
            if key.state is KeyState.RETIRED:
                key.retired_at = work.now
    await work.session.flush()


def _new_key(
    work: Work, issuer: Issuer, algorithm: KeyAlgorithm, *, activates_at: datetime, state: KeyState
) -> IssuerKey:
    key_id = work.new_id()
    made = work.keys.create(issuer=issuer.slug, key_id=key_id, algorithm=algorithm)
    key = IssuerKey(
        id=key_id,
        issuer_id=issuer.id,
        did=issuer.did,
        algorithm=algorithm,
        signer_uri=made.signer_uri,
        public_multibase=made.public_multibase,
        state=state,
        created_at=work.now,
        activates_at=activates_at,
        retired_at=None,
        compromised_at=None,
    )
    work.session.add(key)
    return key


async def _profile(work: Work, *, slug: str, given: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    """The profile as it is stored, and the organisation's own site where ``url`` named one.

    The signed ``url`` is always the issuer's page here, so that a verifier lands on the current profile and keys.
    """
    did, page = issuer_did(work.base_url, slug), issuer_page(work.base_url, slug)
    if given.get("id", did) != did:
        raise Rejected(
            "the profile has a member that this service sets",
            faults=[Fault("/profile/id", f"the id is the DID that this service gives: leave it out, or send {did}")],
        )
    website = page if given.get("url") is None else given["url"]
    members = {name: value for name, value in given.items() if name not in ("id", "type", "url")}
    document = {"id": did, "type": _type_list(given.get("type", "Profile")), "url": website, **members}
    document = await checking.check_profile(work, document, prefix="/profile")
    return {**document, "url": page}, None if website == page else str(website)


def _type_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _merged(profile: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(profile)
    for name, value in changes.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, Mapping) and isinstance(merged.get(name), Mapping):
            merged[name] = _merged(merged[name], value)
        else:
            merged[name] = value
    return merged
