"""What a verification needs from outside: controller documents, status lists, canonical forms. ``plan`` names it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from badgeissuer.errors import Fault
from badgeissuer.vc import limits
from badgeissuer.vc.canon import FOREIGN_BUDGET, Budget, Canonical
from badgeissuer.vc.checks.kinds import members_of, types_of
from badgeissuer.vc.checks.needs import Need, Use, needs_of, status_entries_of
from badgeissuer.vc.checks.parse import Parsed, parse, parse_nested
from badgeissuer.vc.checks.plan_proofs import CanonJob, PlannedProof, jobs_of, planned_proofs
from badgeissuer.vc.checks.report import DATA_MODEL, PARSE, Check, Failure, Role, failed
from badgeissuer.vc.checks.shape import Kind, check_shape, kind_of
from badgeissuer.vc.checks.statuslist import check_list_shape
from badgeissuer.vc.checks.tokens import key_documents
from badgeissuer.vc.jwt import CredentialJwt
from badgeissuer.vc.strictjson import escape_pointer

__all__ = [
    "DEEPEST_NESTED",
    "MOST_NESTED",
    "Material",
    "Need",
    "Plan",
    "RefreshedMaterial",
    "Role",
    "StatusListMaterial",
    "Use",
    "budget_of",
    "controller_of",
    "issuer_of",
    "plan",
    "plan_status_list",
]

_PARSING = DATA_MODEL + "PARSING_ERROR"
# The entries whose list is a signed credential.
_LISTED = {"BitstringStatusListEntry", "StatusList2021Entry"}
# Where the members of a learner record stand in it.
MEMBERS = "/credentialSubject/verifiableCredential"
MOST_NESTED = limits.ENDORSEMENTS
DEEPEST_NESTED = limits.NESTING


@dataclass(frozen=True, slots=True)
class Plan:
    """What ``check`` needs for one document.

    ``document`` is None where check 0 failed. ``proofs`` are those of a suite that we know. ``controllers``
    are DIDs or https URLs; did:key and did:jwk are among them but need no fetch. ``nested`` holds the plans of embedded
    endorsements and members by their pointer; ``beyond`` counts those that were too many. ``token`` is the JWT that it
    came in. ``status_lists`` are signed, ``documents`` are not; neither is needed before checks 0 to 4 are ok.
    ``depth``: in how many other documents it lies.
    """

    parsed: Check
    shape: Check | None = None
    document: Mapping[str, Any] | None = None
    kind: Kind | None = None
    proofs: tuple[PlannedProof, ...] = ()
    controllers: tuple[str, ...] = ()
    status_lists: tuple[str, ...] = ()
    jobs: tuple[CanonJob, ...] = ()
    nested: Mapping[str, Plan] = field(default_factory=dict)
    beyond: int = 0
    token: CredentialJwt | None = None
    role: Role = Role.ROOT
    documents: tuple[Need, ...] = ()
    depth: int = 0


@dataclass(frozen=True, slots=True)
class StatusListMaterial:
    """A fetched status list: a document with a plan and material of its own, since it is verified too."""

    plan: Plan
    material: Material


@dataclass(frozen=True, slots=True)
class RefreshedMaterial:
    """What the credential's refresh service gave, and what was gathered for that."""

    plan: Plan
    material: Material


@dataclass(slots=True)
class Material:
    """What was gathered for a plan. What is not in it counts as not looked at."""

    controllers: dict[str, Mapping[str, Any] | Failure] = field(default_factory=dict)
    status_lists: dict[str, StatusListMaterial | Failure] = field(default_factory=dict)
    canonical: dict[str, Canonical | Failure] = field(default_factory=dict)
    nested: dict[str, Material] = field(default_factory=dict)
    documents: dict[Need, bytes | Failure] = field(default_factory=dict)
    # What ``vc.schemas.validate`` found, for each schema that the document names.
    schemas: dict[Need, tuple[Fault, ...] | Failure] = field(default_factory=dict)
    # None: the refresh service was not asked.
    refreshed: RefreshedMaterial | Failure | None = None


def plan(data: bytes | Mapping[str, Any], *, members: Collection[int] | None = None) -> Plan:
    """What verifying a badge, an endorsement or a learner record needs. Raises nothing: what cannot be read is said by
    ``check``.

    ``members`` are the places of the record's members to look at, None for all; check 8 says that others are not.
    """
    return _plan(parse(data), _Room(MOST_NESTED), depth=0, role=Role.ROOT, chosen=members)


def plan_renewed(given: Plan, data: bytes) -> Plan:
    """What verifying a newer edition of a planned document needs, from the text that its refresh service gave.

    It stands where the given one stands: what it holds ends at the same depth, however many services lead to others.
    """
    return _plan(parse(data), _Room(MOST_NESTED), depth=given.depth, role=given.role)


@dataclass(slots=True)
class _Room:
    """How many more embedded endorsements one document may have looked at."""

    left: int


def _plan(parsed: Parsed, room: _Room, *, depth: int, role: Role, chosen: Collection[int] | None = None) -> Plan:
    document = parsed.document
    if document is None:
        return Plan(parsed.check, role=role, depth=depth)
    found = _endorsements(document, "")
    taken = list(islice(found, room.left)) if depth < DEEPEST_NESTED else []
    room.left -= len(taken)
    nested = {
        pointer: _plan(parse_nested(endorsement), room, depth=depth + 1, role=Role.ENDORSEMENT)
        for pointer, endorsement in taken
    }
    members = members_of(document)
    within = members[: limits.CLR_MEMBERS] if depth < DEEPEST_NESTED else []
    looked_at = [(n, member) for n, member in enumerate(within) if chosen is None or n in chosen]
    for n, member in looked_at:
        # Each member has room of its own: what a record costs grows with its members, and no faster.
        nested[f"{MEMBERS}/{n}"] = _member(member, depth=depth + 1)
    return _planned(
        document,
        parsed.check,
        check_shape(document, member=role is Role.MEMBER, budget=budget_of(document)),
        kind_of(document, member=role is Role.MEMBER),
        nested=nested,
        beyond=sum(1 for _ in found) + len(members) - len(looked_at),
        token=parsed.token,
        role=role,
        depth=depth,
    )


def _member(member: object, *, depth: int) -> Plan:
    """A member is an object with a proof of its own (CLR §VerifiableCredential); neither a JWT nor an envelope."""
    if isinstance(member, Mapping):
        return _plan(parse_nested(member), _Room(MOST_NESTED), depth=depth, role=Role.MEMBER)
    detail = "a member of a learner record must be a credential in JSON; a JWT cannot be one"
    return Plan(failed(PARSE, detail, _PARSING), role=Role.MEMBER, depth=depth)


def plan_status_list(data: bytes | Mapping[str, Any]) -> Plan:
    """What verifying a status list credential needs, in JSON or as a JWT."""
    parsed = parse(data, images=False)
    document = parsed.document
    if document is None:
        return Plan(parsed.check)
    return _planned(document, parsed.check, check_list_shape(document), Kind.STATUS_LIST, token=parsed.token)


def _planned(
    document: Mapping[str, Any],
    parsed: Check,
    shape: Check,
    kind: Kind | None,
    *,
    nested: Mapping[str, Plan] | None = None,
    beyond: int = 0,
    token: CredentialJwt | None = None,
    role: Role = Role.ROOT,
    depth: int = 0,
) -> Plan:
    # The JWT is the proof; what is embedded beside it is not looked at.
    proofs = planned_proofs(document) if token is None else ()
    controllers = dict.fromkeys(found for planned in proofs for found in _controllers(document, planned.proof))
    return Plan(
        parsed,
        shape,
        document,
        kind,
        proofs,
        tuple(controllers) if token is None else key_documents(token, issuer_of(document)),
        _status_lists(document),
        jobs_of(document, proofs, budget=budget_of(document)),
        nested or {},
        beyond,
        token,
        role,
        () if kind is Kind.STATUS_LIST else needs_of(document),
        depth,
    )


def budget_of(document: Mapping[str, Any]) -> Budget:
    """The work that a document may cost; a learner record's grows with its members."""
    members = min(len(members_of(document)), limits.CLR_MEMBERS)
    if not members:
        return FOREIGN_BUDGET
    shares = min(1 + members, limits.CLR_SHARES)
    return Budget(limits.CLR_BYTES, FOREIGN_BUDGET.max_quads * shares, FOREIGN_BUDGET.max_steps * shares)


def issuer_of(document: Mapping[str, Any]) -> str | None:
    """The issuer's id, whichever way it is written."""
    issuer = document.get("issuer")
    identifier = issuer.get("id") if isinstance(issuer, Mapping) else issuer
    return identifier if isinstance(identifier, str) else None


def controller_of(method: object) -> str | None:
    """Whose key a verification method is: the URL before the fragment. A bare did:key stands for its one key."""
    if not isinstance(method, str) or not method:
        return None
    return method.partition("#")[0]


def _controllers(document: Mapping[str, Any], proof: Mapping[str, Any]) -> tuple[str, ...]:
    """The one document that may hold the key. A stranger's is not even fetched: its keys do not count."""
    controller = controller_of(proof.get("verificationMethod"))
    if controller is None:
        return ()
    return (controller,) if controller == issuer_of(document) or controller.startswith(("did:key:", "did:jwk:")) else ()


def _status_lists(document: Mapping[str, Any]) -> tuple[str, ...]:
    """The signed lists that its status entries name, one of each."""
    urls = [entry.get("statusListCredential") for entry in status_entries_of(document) if _LISTED & types_of(entry)]
    return tuple(dict.fromkeys(url for url in urls if isinstance(url, str)))


def _endorsements(
    value: Mapping[str, Any] | list[Any], pointer: str
) -> Iterator[tuple[str, bytes | Mapping[str, Any]]]:
    """The embedded endorsements, as objects and as JWTs. Not those inside other endorsements or members of a record:
    these are nested in plans of their own."""
    if isinstance(value, Mapping):
        for name, member in value.items():
            below = f"{pointer}/{escape_pointer(name)}"
            if name == "endorsement":
                items = member if isinstance(member, list) else [member]
                for index, item in enumerate(items):
                    if isinstance(item, Mapping):
                        yield f"{below}/{index}", item
            elif name == "endorsementJwt":
                # What is no text is no JWT: it has to fail, since no signature may cover it (``Edition``).
                for index, item in enumerate(member if isinstance(member, list) else [member]):
                    yield f"{below}/{index}", item.encode("utf-8", "surrogatepass") if isinstance(item, str) else b""
            elif name not in ("proof", "verifiableCredential") and isinstance(member, dict | list):
                yield from _endorsements(member, below)
    else:
        for index, item in enumerate(value):
            if isinstance(item, dict | list):
                yield from _endorsements(item, f"{pointer}/{index}")
