"""Endorsements for anybody: each at its own address as it was signed, and those of a thing that stand now."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from badgeissuer.errors import Unavailable
from badgeissuer.rules.terms import EndorsedKind
from badgeissuer.services import endorsing_facts, serving
from badgeissuer.services.endorsing_facts import Found
from badgeissuer.web import media
from badgeissuer.web.api.public import asked, described, public_id
from badgeissuer.web.body import StrictRoute
from badgeissuer.web.deps import PublicWorkDep, runtime_of
from badgeissuer.web.pages.endorsement import endorsement_page, endorsements_page
from badgeissuer.web.paging import BadCursor, PublicPagerDep
from badgeissuer.web.plain import PlainRoute
from badgeissuer.web.problems import problems
from badgeissuer.web.wire import Page, Timestamp, WireOut

router = APIRouter(route_class=StrictRoute, tags=["Public"])
_documents = APIRouter(route_class=PlainRoute, tags=["Public"])


class PublicEndorsementOut(WireOut):
    """An endorsement that stands. What it says is in the signed text at its `url`."""

    url: str
    endorser: str = Field(description="the endorser's DID")
    endorser_name: str
    kind: EndorsedKind
    name: str
    valid_from: Timestamp
    valid_until: Timestamp | None
    sha256: str = Field(description="of the signed text")


@router.get(
    "/endorsements",
    operation_id="list_public_endorsements",
    response_model=Page[PublicEndorsementOut],
    responses={**problems(BadCursor), 200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
)
async def public_endorsements(
    request: Request,
    work: PublicWorkDep,
    pager: PublicPagerDep,
    subject: Annotated[
        str,
        Query(min_length=1, max_length=2_048, description="the id of what is endorsed, as credentials name it"),
    ],
) -> Page[PublicEndorsementOut] | Response:
    """The endorsements of an issuer, achievement or credential of this service that stand now, newest first."""
    after = (datetime.fromisoformat(pager.after[0]), UUID(pager.after[1])) if pager.after is not None else None
    found = await endorsing_facts.standing_about(work, subject=subject, after=after, limit=pager.take)
    paged = pager.page(found, place=_place, show=_public)
    if media.wants_page(request.headers.get("accept"), (media.JSON,)):
        shown = [endorsing_facts.shown(work, each) for each in found[: pager.limit]]
        return endorsements_page(request, shown, subject=subject, following=paged.next)
    return paged


@_documents.get(
    "/endorsements/{name}",
    operation_id="read_endorsement",
    response_class=Response,
    responses={
        **described("The signed EndorsementCredential, byte for byte as it was made.", *media.CREDENTIAL_TYPES),
        **problems(Unavailable),
    },
)
async def endorsement(name: str, request: Request) -> Response:
    """An endorsement, revoked or not: what was said stays readable, and its status list says what holds.

    By the end `.json` or by Accept; a browser gets a page that says how it stands now.
    """
    runtime = runtime_of(request)
    if "." not in name and media.wants_page(request.headers.get("accept"), media.CREDENTIAL_TYPES):
        return await endorsement_page(request, runtime, name)
    plain, as_type = asked(request, name, media.CREDENTIAL_TYPES)
    found = await serving.endorsement(
        runtime.database.lookups, endorsement_id=public_id(plain), known=media.known(request)
    )
    return media.serve(
        request, found.text, tag=media.etag(found.sha256), media_type=as_type, cache=media.CREDENTIAL_CACHE
    )


router.routes.extend(_documents.routes)


def _place(found: Found) -> tuple[str, str]:
    return found.endorsement.created_at.isoformat(), str(found.endorsement.id)


def _public(found: Found) -> PublicEndorsementOut:
    row = found.endorsement
    return PublicEndorsementOut(
        url=row.url,
        endorser=found.endorser.did,
        endorser_name=found.endorser.name,
        kind=row.kind,
        name=row.name,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        sha256=row.sha256,
    )
