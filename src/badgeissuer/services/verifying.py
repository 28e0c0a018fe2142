"""Verify a credential of ours or anyone's: gather what ``vc.verify`` asks for, and let it decide.

What we publish ourselves comes from the database, so that a verification right after a change is right. All else is
fetched through the guard of ``net.fetch``, a bounded number of documents for one request; canonicalisation runs in the
sandbox's lane for foreign documents. Status lists and embedded endorsements are only gathered once the credential
itself is proved: a forger cannot make us fetch them. Nothing is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from badgeissuer.errors import BadgeissuerError, MalformedInput, Rejected, TooLarge
from badgeissuer.net.fetch import FetchFailed, FetchRefused
from badgeissuer.rules.terms import AwardState
from badgeissuer.services import planning, publishing
from badgeissuer.services.planning import off_loop
from badgeissuer.services.schema_checking import Schemas
from badgeissuer.vc import limits, strictjson
from badgeissuer.vc import verify as checks
from badgeissuer.vc.canon import Canonical
from badgeissuer.vc.checks import refresh as refreshing
from badgeissuer.vc.checks.report import SECURITY, STATUS
from badgeissuer.vc.faults import UnknownContext
from badgeissuer.vc.multikey import did_web_url
from badgeissuer.vc.verify import (
    CanonJob,
    Failure,
    Material,
    Need,
    Outcome,
    Plan,
    Policy,
    RefreshedMaterial,
    Report,
    Role,
    StatusListMaterial,
    Use,
    Verdict,
)
from badgeissuer.work import Work

# For one request. A badge needs its issuer's keys and its status list; each endorsement as much again.
MOST_FETCHES = limits.FETCHES
MOST_CANONICALISATIONS = limits.CANONICALISATIONS
NESTED_AT_ONCE = 4
_JSON = "application/did+json, application/ld+json, application/vc, application/json"
_CREDENTIAL = f"{_JSON}, application/vc+jwt;q=0.9, application/jwt;q=0.9, text/plain;q=0.8"
_RETRIEVAL = STATUS + "STATUS_RETRIEVAL_ERROR"
# Linked documents that checks read by themselves.
_AS_THEY_ARE: Mapping[Use, tuple[str | None, str]] = {
    Use.REVOCATION_LIST: (_RETRIEVAL, _JSON),
    Use.RELATED: (None, f"{_JSON}, */*;q=0.5"),
}
_DOCUMENT = SECURITY + "INVALID_CONTROLLED_IDENTIFIER_DOCUMENT"
_REFUSED = "ssrf-refused"
_LATER = "verify again later; if it stays so, ask the issuer"


async def verify(
    work: Work,
    *,
    data: bytes,
    policy: Policy | None = None,
    members: Collection[int] | None = None,
    keep: bool = False,
    known: AwardState | None = None,
) -> Report:
    """The report on a document in its published form. Never raises for what is in it; writes nothing.

    ``members``: places of the members of a record to look at, None for all. ``keep``: it is ours, and will be asked for
    again: its canonical forms, which never change, are kept for a while. ``known``: the state of its award, where the
    caller has just read it."""
    plan = await planning.plan(data, members=members, ours=keep)
    gatherer = _Gatherer(work, shares=_members_in(plan), keep=keep, short=keep and len(data) <= planning.SHORT)
    material = await gatherer.material(plan)
    report = await off_loop(gatherer.short, checks.check, plan, material, now=work.now, policy=policy)
    if report.facts.id is not None and report.facts.issuer in gatherer.own:
        state = known or await publishing.own_award_state(work, report.facts.id)
        if state is not None:
            outcome, detail = _KNOWN[state]
            report = checks.with_known_state(report, outcome, detail)
    return report


_PRIVATE = "known here; not visible to third parties unless the status list says so too"
_KNOWN: Mapping[AwardState, tuple[Outcome | None, str]] = {
    AwardState.ACTIVE: (None, "the award stands"),
    AwardState.SUSPENDED: (Outcome.SUSPENDED, f"the award is suspended ({_PRIVATE})"),
    AwardState.REVOKED: (Outcome.REVOKED, f"the award is revoked ({_PRIVATE})"),
    AwardState.SUPERSEDED: (Outcome.REVOKED, f"a newer award has taken its place ({_PRIVATE})"),
}


def _members_in(plan: Plan) -> int:
    """The members of a record, with those of the records in it, up to what one record may have."""
    found = sum((nested.role is Role.MEMBER) + _members_in(nested) for nested in plan.nested.values())
    return min(found, limits.CLR_MEMBERS)


class _Gatherer:
    """Gathers for one request. Each document is had once, however often it is asked for."""

    def __init__(self, work: Work, *, shares: int, keep: bool, short: bool) -> None:
        self._work, self._keep, self.short = work, keep, short
        self._shares = shares  # what one request may cost grows with the members of a record, and no faster
        self.own: set[str] = set()
        self._fetches = self._waiting = 0
        self._canonicalisations = 0
        self._schemas = Schemas(work, partial(self._fetch, what="the schema", type_=None))
        self._controllers: dict[str, asyncio.Task[Mapping[str, Any] | Failure]] = {}
        self._lists: dict[str, asyncio.Task[StatusListMaterial | Failure]] = {}
        self._documents: dict[Need, asyncio.Task[bytes | Failure]] = {}
        self._places = asyncio.Semaphore(NESTED_AT_ONCE)
        self._database = asyncio.Lock()  # a session serves one task at a time

    async def material(self, plan: Plan, *, refresh: bool = True, holding: bool = False) -> Material:
        """What the plan needs. What comes after the proof is left out where the proof is not good.

        ``refresh``: the credential's refresh service is asked too. Where it gives a newer edition, the rest is gathered
        for that one only. ``holding``: one of the places for what is nested is taken already.
        """
        material = await self._core(plan)
        core = await off_loop(self.short, checks.core_checks, plan, material, now=self._work.now)
        if any(check.verdict is not Verdict.OK for check in core):
            unproved = Failure("not looked at, since the credential is not proved to be the issuer's")
            material.status_lists = dict.fromkeys(plan.status_lists, unproved)
            material.documents = dict.fromkeys(plan.documents, unproved)
            material.nested = await self._ours_inside(plan)
            return material
        if refresh and await self._refresh(plan, material, holding=holding):
            return material
        lists = await asyncio.gather(*(self._status_list(url) for url in plan.status_lists))
        material.status_lists = dict(zip(plan.status_lists, lists, strict=True))
        for need in plan.documents:
            if need.use is Use.SCHEMA:
                material.schemas[need] = await self._schemas.faults(need.url, plan)
            elif need.use in _AS_THEY_ARE:
                material.documents[need] = await self._document(need)
        if not holding:
            found = await asyncio.gather(*(self._nested(nested) for nested in plan.nested.values()))
        else:  # what lies deeper comes one by one: it must not wait for a place that it holds itself
            found = [await self.material(nested, holding=True) for nested in plan.nested.values()]
        material.nested = dict(zip(plan.nested, found, strict=True))
        return material

    async def _ours_inside(self, plan: Plan) -> dict[str, Material]:
        """For a record of ours that is not what we signed: the badges in it that are ours too, so that the one which
        was changed can be named. That asks nobody else for anything."""
        if plan.role is not Role.ROOT or not plan.controllers or not self.own.issuperset(plan.controllers):
            return {}
        members = {at: nested for at, nested in plan.nested.items() if nested.role is Role.MEMBER}
        async with self._database:
            named = {each for nested in members.values() for each in nested.controllers}
            own = await publishing.own_dids(self._work, named)
            await self._let_go()
        ours = {at: nested for at, nested in members.items() if own.issuperset(nested.controllers)}
        return dict(zip(ours, await asyncio.gather(*map(self._nested, ours.values())), strict=True))

    async def _nested(self, plan: Plan) -> Material:
        """As ``material``, for a few at a time."""
        async with self._places:
            return await self.material(plan, holding=True)

    async def _refresh(self, plan: Plan, material: Material, *, holding: bool) -> bool:
        """Gather the newer edition, if one can be had. Whether it is the one that will be reported on."""
        need = next((need for need in plan.documents if need.use is Use.REFRESH), None)
        if need is None:
            return False
        body = await self._fetch(need.url, what=f"the {need.use.value}", type_=None, accept=_CREDENTIAL)
        if isinstance(body, Failure):
            material.refreshed = body
            return False
        newer = await asyncio.to_thread(checks.plan_renewed, plan, body)
        same = refreshing.mismatch(plan, newer) is None
        if same and plan.role is Role.ROOT:
            self._shares = max(self._shares, _members_in(newer))
        found = await self.material(newer, refresh=False, holding=holding) if same else Material()
        material.refreshed = RefreshedMaterial(newer, found)
        return await asyncio.to_thread(refreshing.superseded, plan, material, now=self._work.now)

    async def _core(self, plan: Plan) -> Material:
        """Keys and canonical forms."""
        fetched = [controller for controller in plan.controllers if not controller.startswith(("did:key:", "did:jwk:"))]
        controllers = asyncio.gather(*(self._controller(controller) for controller in fetched))
        canonical = asyncio.gather(*(self._canonical(job) for job in plan.jobs))
        return Material(
            controllers=dict(zip(fetched, await controllers, strict=True)),
            canonical=dict(zip([job.key for job in plan.jobs], await canonical, strict=True)),
        )

    async def _controller(self, controller: str) -> Mapping[str, Any] | Failure:
        if controller not in self._controllers:
            self._controllers[controller] = asyncio.ensure_future(self._find_controller(controller))
        return await self._controllers[controller]

    async def _find_controller(self, controller: str) -> Mapping[str, Any] | Failure:
        if controller.startswith("did:"):
            async with self._database:
                document = await publishing.did_document(self._work, controller)
                await self._let_go()
            if document is not None:
                self.own.add(controller)
                return document
            try:
                url = did_web_url(controller, loopback_http=self._work.settings.demo)
            except Rejected as error:
                return Failure(error.detail, SECURITY + "INVALID_VERIFICATION_METHOD_URL", definite=True)
        else:
            url = controller
        body = await self._fetch(url, what="the issuer's keys", type_=_DOCUMENT)
        if isinstance(body, Failure):
            return body
        try:
            return await asyncio.to_thread(strictjson.loads_object, body)
        except (MalformedInput, TooLarge) as error:
            return Failure(f"the issuer's keys cannot be read: {error.detail}", _DOCUMENT, definite=True)

    async def _status_list(self, url: str) -> StatusListMaterial | Failure:
        """A list that many members of a record name is fetched, and made canonical, once."""
        if url not in self._lists:
            self._lists[url] = asyncio.ensure_future(self._find_status_list(url))
        return await self._lists[url]

    async def _find_status_list(self, url: str) -> StatusListMaterial | Failure:
        async with self._database:
            text = await publishing.status_list_text(self._work, url)
            await self._let_go()
        if text is None:
            body = await self._fetch(url, what="the status list", type_=_RETRIEVAL, accept=_CREDENTIAL)
            if isinstance(body, Failure):
                return body
        else:
            body = text.encode("utf-8")
        plan = await planning.plan_status_list(body, ours=text is not None)
        return StatusListMaterial(plan, await self._core(plan))

    async def _document(self, need: Need) -> bytes | Failure:
        """As a status list: a document that many members of a record name is fetched once."""
        if need not in self._documents:
            type_, accept = _AS_THEY_ARE[need.use]
            fetching = self._fetch(need.url, what=f"the {need.use.value}", type_=type_, accept=accept)
            self._documents[need] = asyncio.ensure_future(fetching)
        return await self._documents[need]

    async def _let_go(self) -> None:
        """Give the connection back: a slow host must not keep it. Where the caller writes, it stays; for what is ours
        too, unless a host is waited for."""
        if not self._work.writing and (self._waiting or not self._keep):
            await self._work.session.rollback()

    async def _fetch(self, url: str, *, what: str, type_: str | None, accept: str = _JSON) -> bytes | Failure:
        most = MOST_FETCHES + self._shares
        if self._fetches >= most:
            return Failure(f"{what} was not fetched: more than {most} documents would be needed", type_)
        self._fetches += 1
        self._waiting += 1
        try:
            async with self._database:
                await self._let_go()
            fetched = await self._work.fetch.get(url, accept=accept)
        except FetchRefused as error:
            return Failure(f"{what} may not be fetched from there: {error.detail}", _REFUSED, definite=True)
        except FetchFailed as error:
            return Failure(f"{what} could not be fetched: {error.detail}", type_, remedy=_LATER)
        finally:
            self._waiting -= 1
        if fetched.status != 200:
            return Failure(f"{what} could not be fetched: the host answered {fetched.status}", type_, remedy=_LATER)
        return fetched.body

    async def _canonical(self, job: CanonJob) -> Canonical | Failure:
        if self._canonicalisations >= MOST_CANONICALISATIONS + self._shares * limits.MEMBER_CANONICALISATIONS:
            return Failure("not canonicalised: the document embeds too many others")
        self._canonicalisations += 1
        try:
            budget, algorithm, edition = job.budget, job.algorithm, job.edition
            return await self._work.sandbox.canonicalize(
                job.document, lane="foreign", budget=budget, algorithm=algorithm, edition=edition, keep=self._keep
            )
        except UnknownContext as error:
            return Failure(error.detail, SECURITY + "PROOF_TRANSFORMATION_ERROR", definite=True)
        except (Rejected, TooLarge, MalformedInput) as error:
            told = "; ".join(f"{fault.pointer} {fault.detail}" for fault in error.faults[:3])
            detail = f"{error.detail}{f' ({told})' if told else ''}"
            return Failure(detail, SECURITY + "PROOF_TRANSFORMATION_ERROR", definite=True)
        except BadgeissuerError as error:
            return Failure(f"it could not be canonicalised now: {error.detail}", remedy=_LATER)
