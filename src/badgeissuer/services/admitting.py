"""Badges from elsewhere, for an earner's records: let in once they are verified, and kept exactly as they came.

- ``admit(work, issuer=slug, earner=EarnerGiven(…), content=bytes) -> AdmittedBadge``: by an issuer, for its own earner
- ``admit_for_earner(work, earner_id=…, content=bytes) -> AdmittedBadge``: by an earner, for records across issuers
- ``admitted_for_earner(work, earner_id=…) -> list[AdmittedBadge]``, ``search``, ``find_admitted``

``content`` is a file: JSON, or a PNG or SVG that carries it. What is only a JWT cannot stand in a CLR 2.0 record.
"""

from __future__ import annotations

import asyncio
import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import false, select, tuple_

from badgeissuer.errors import BadgeissuerError, Fault, NotFound, Rejected
from badgeissuer.rules.terms import IdentityKind
from badgeissuer.services import operating, verifying
from badgeissuer.services.identifying import EarnerGiven, find_subject
from badgeissuer.services.registering import find_issuer
from badgeissuer.store.catalog import Issuer
from badgeissuer.store.clrs import AdmittedBadge
from badgeissuer.store.insert import insert_if_free
from badgeissuer.store.pages import issuer_named, issuers_apart, page_of
from badgeissuer.store.people import EarnerIdentity, Subject
from badgeissuer.store.scope import visible_to
from badgeissuer.vc import limits, lint, strictjson
from badgeissuer.vc.bake import media_type, unbake
from badgeissuer.vc.checks.plan import issuer_of
from badgeissuer.vc.checks.shape import types_of
from badgeissuer.vc.recipient import is_about
from badgeissuer.vc.verify import Report, Verdict
from badgeissuer.work import Work, digest

_JSON = "application/json"
_AT = "/content"
_TOKEN = re.compile(rb'"?[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"?')
# White space as JSON has it.
_SPACE = b" \t\r\n"
_KINDS = frozenset(("OpenBadgeCredential", "AchievementCredential"))
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class _For:
    """For whom a badge is let in, by whom, and the identities by which it may name them."""

    issuer_id: UUID
    earner_id: UUID
    known: frozenset[str]


async def admit(work: Work, *, issuer: str, earner: EarnerGiven, content: bytes) -> AdmittedBadge:
    """Let a badge in for an earner of the issuer (by slug). A repeat gives the first one.

    Raises ``NotFound``, and ``Rejected`` with the reason: a JWT, another kind of document, one of our own badges, one
    that does not verify, one of somebody else.
    """
    signer = await find_issuer(work, slug=issuer)
    subject = await find_subject(work, issuer=signer, earner=earner)
    if subject is None:
        faults = [Fault("/earner", "this issuer has awarded nothing to anybody with this identity", "reference")]
        raise NotFound("no such earner", faults=faults)
    known = {earner.identity()[1]}
    if subject.did is not None and subject.did_proved:
        known.add(subject.did)
    return await _admit(work, _For(signer.id, subject.earner_id, frozenset(known)), content)


async def admit_for_earner(work: Work, *, earner_id: UUID, content: bytes) -> AdmittedBadge:
    """The same for an earner who brings it. The caller has made sure who they are."""
    signer = await operating.operator_issuer(work)
    mails = select(EarnerIdentity.value).where(
        EarnerIdentity.earner_id == earner_id, EarnerIdentity.kind == IdentityKind.EMAIL
    )
    proved = select(Subject.did).where(
        Subject.earner_id == earner_id, Subject.did_proved.is_(True), Subject.did.is_not(None)
    )
    known = [*(await work.session.scalars(mails)).all(), *(await work.session.scalars(proved)).all()]
    return await _admit(work, _For(signer.id, earner_id, frozenset(each for each in known if each)), content)


async def admitted_for_earner(work: Work, *, earner_id: UUID) -> list[AdmittedBadge]:
    """What an earner brought, oldest first."""
    signer = await operating.operator_issuer(work)
    query = select(AdmittedBadge).where(AdmittedBadge.earner_id == earner_id, AdmittedBadge.issuer_id == signer.id)
    return list((await work.session.scalars(query.order_by(AdmittedBadge.created_at, AdmittedBadge.id))).all())


async def find_admitted(work: Work, *, admission_id: UUID) -> AdmittedBadge:
    """One that an issuer of the actor's let in. Raises ``NotFound``."""
    query = select(AdmittedBadge).where(AdmittedBadge.id == admission_id, visible_to(work.actor, AdmittedBadge))
    found = await work.session.scalar(query) if work.actor.consent_purpose is None else None
    if found is None:
        raise NotFound("no such badge")
    return found


async def search(
    work: Work, *, issuer: str | None = None, after: tuple[datetime, UUID] | None = None, limit: int = 50
) -> list[tuple[AdmittedBadge, str, str]]:
    """Those that issuers of the actor's let in, newest first; with the issuer's slug and its id for the earner."""
    asked = [visible_to(work.actor, AdmittedBadge) if work.actor.consent_purpose is None else false()]
    if issuer is not None:
        asked.append(AdmittedBadge.issuer_id == issuer_named(issuer))
    if after is not None:
        asked.append(tuple_(AdmittedBadge.created_at, AdmittedBadge.id) < after)
    shares = issuers_apart(work.actor) if issuer is None else ()
    page = page_of((AdmittedBadge.created_at, AdmittedBadge.id), asked, AdmittedBadge.issuer_id, shares, limit)
    query = (
        select(AdmittedBadge, Issuer.slug, Subject.urn)
        .join(Issuer, Issuer.id == AdmittedBadge.issuer_id)
        .join(
            Subject,
            (Subject.earner_id == AdmittedBadge.earner_id) & (Subject.issuer_id == AdmittedBadge.issuer_id),
        )
        .where(AdmittedBadge.id.in_(page))
        .order_by(AdmittedBadge.created_at.desc(), AdmittedBadge.id.desc())
    )
    return [(row[0], row[1], row[2]) for row in (await work.session.execute(query)).all()]


async def _admit(work: Work, person: _For, content: bytes) -> AdmittedBadge:
    text, document, kind = await asyncio.to_thread(_read, content)
    if await work.session.scalar(select(Issuer.id).where(Issuer.did == issuer_of(document))) is not None:
        raise _refused(
            "it names an issuer of this service as its own: the signer's own awards go in by their ids (awards), and "
            "those of several issuers here its earner puts together at /me",
            "own",
        )
    if not _is_theirs(document, person.known):
        detail = "it does not name this earner in a way that could be compared with what is known of them"
        raise _refused(detail, "not-theirs")
    # The unit's reading ends in there: a slow host must not keep a connection.
    report = await verifying.verify(work, data=text.encode())
    if not report.verified or report.refreshed:
        raise _unverified(report)
    await work.begin_write()
    values: dict[str, Any] = {"issuer_id": person.issuer_id, "earner_id": person.earner_id, "sha256": digest(text)}
    made = await insert_if_free(
        work.session,
        AdmittedBadge,
        id=work.new_id(),
        media_type=kind,
        text=text,
        name=report.facts.achievement or report.facts.name or "",
        issuer_name=report.facts.issuer_name or report.facts.issuer or "",
        verdict=report.outcome.value,
        report=_kept(report),
        created_at=work.now,
        **values,
    )
    row = (await work.session.scalars(select(AdmittedBadge).filter_by(**values))).one()
    if made:
        work.emit("badge.admitted", "admitted_badge", row.id, issuer_id=person.issuer_id, sha256=row.sha256)
    return row


def _read(content: bytes) -> tuple[str, dict[str, Any], str]:
    """The exact JSON text in a file, what it says, and the file's kind."""
    kind = media_type(content)
    try:
        data = content if kind is None else unbake(content).text.encode()
        data = data.removeprefix(codecs.BOM_UTF8).strip(_SPACE)
        document = strictjson.loads_object(data) if not _TOKEN.fullmatch(data) else None
    except BadgeissuerError as error:
        told = [Fault(_AT, fault.detail, fault.code, fault.clause) for fault in error.faults]
        raise Rejected("the badge cannot be read", faults=told or [Fault(_AT, error.detail, error.code)]) from None
    if document is None:
        detail = "it is only a JWT; a record holds credentials with a proof inside: ask its issuer for the JSON form"
        raise _refused(detail, "jwt-only", "CLR §VerifiableCredential")
    if types_of(document).isdisjoint(_KINDS):
        raise _refused("it is no Open Badge 3.0; of a record, send the badges in it one by one", "kind")
    faults = [Fault(_AT, f"{fault.pointer} {fault.detail}", fault.code, fault.clause) for fault in _faults(document)]
    if len(data) > limits.BADGE_BYTES:
        faults.append(Fault(_AT, f"its text is longer than {limits.BADGE_BYTES} bytes", "too-large"))
    if faults:
        raise Rejected("the badge cannot stand in a record; see the faults", faults=faults[: limits.JSON_FAULTS])
    return data.decode(), document, kind or _JSON


def _faults(document: Mapping[str, Any]) -> list[Fault]:
    return list(dict.fromkeys(lint.member_faults(document)))


def _is_theirs(document: Mapping[str, Any], known: frozenset[str]) -> bool:
    subject = document.get("credentialSubject")
    return isinstance(subject, Mapping) and is_about(subject, known) is True


def _unverified(report: Report) -> Rejected:
    if report.refreshed:
        return _refused("its issuer has a newer edition of it; send that", "superseded")
    outcome = report.outcome.value
    bad = [check for check in report.checks if check.verdict is not Verdict.OK]
    told = [f"{outcome}: {check.name}: {check.detail}; {check.remedy}" for check in bad[:_SHOWN]]
    faults = [Fault(_AT, detail, f"badge-{outcome}") for detail in told]
    return Rejected("the badge does not verify, so it cannot stand in a record", faults=faults)


def _refused(detail: str, code: str, clause: str | None = None) -> Rejected:
    return Rejected("the badge cannot stand in a record", faults=[Fault(_AT, detail, code, clause)])


def _kept(report: Report) -> dict[str, Any]:
    """What was found when it came in: which checks, in words."""
    checks = [{"name": check.name, "verdict": check.verdict.value, "detail": check.detail} for check in report.checks]
    return {"id": report.facts.id, "issuer": report.facts.issuer, "checks": checks}
