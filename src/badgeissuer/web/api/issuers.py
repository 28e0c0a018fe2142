"""Issuers: register, read, change the profile."""

from __future__ import annotations

from typing import Annotated, Any, Self

from fastapi import APIRouter, Header, Response
from pydantic import Field, WithJsonSchema, model_validator
from sqlalchemy import select

from badgeissuer.errors import Conflict, Fault, NotFound, NotPermitted, PreconditionFailed, Rejected
from badgeissuer.services import registering
from badgeissuer.services.registering import TargetChoice
from badgeissuer.store.catalog import Issuer
from badgeissuer.store.scope import visible_to
from badgeissuer.vc.preflight import Target
from badgeissuer.web.body import StrictRoute
from badgeissuer.web.deps import WorkDep, require
from badgeissuer.web.media import expected_revision, revision_tag
from badgeissuer.web.paging import BadCursor, PagerDep
from badgeissuer.web.problems import problems
from badgeissuer.web.wire import Page, Timestamp, WireIn, WireOut
from badgeissuer.work import Work

router = APIRouter(prefix="/v1/issuers", route_class=StrictRoute, tags=["Issuers"])

ProfileDocument = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "type": "object",
            "title": "OB3 Profile",
            "description": "An Open Badges 3.0 Profile: name, url, description, email, phone, image, address, "
            "official, parentOrg, otherIdentifier, … `id` is the DID that this service gives; leave it out. "
            "`url` names the organisation's own site; in credentials it is the issuer's page here.",
            "externalDocs": {"url": "https://www.imsglobal.org/spec/ob/v3p0#profile"},
            "properties": {"name": {"type": "string"}, "url": {"type": "string", "format": "uri"}},
            "examples": [
                {
                    "name": "Kentucky Valley Educational Cooperative",
                    "url": "https://www.kvec.org",
                    "description": "A consortium of school districts in eastern Kentucky.",
                }
            ],
        }
    ),
]

PreflightTargets = Annotated[
    list[Target] | None,
    Field(
        max_length=50,
        description="Where every credential must import: a credential that one of these is known to refuse is not "
        "issued. `[]` asks for nothing; null leaves it to the service (all whose rules are known). LinkedIn imports "
        "nothing and cannot be chosen.",
        examples=[["1edtech-validator", "learner-credential-wallet"]],
    ),
]

NOTICES = "whether earners are told by e-mail of what this issuer awards them, where the service sends e-mail"

IfMatch = Annotated[
    str | None, Header(alias="If-Match", description="the ETag that the change builds on", max_length=200)
]


class IssuerIn(WireIn):
    """A new issuer: a tenant with a DID and signing keys of its own."""

    slug: str = Field(
        description="1 to 63 of a-z, 0-9 and hyphen; part of the DID and of the page's address for ever",
        max_length=63,
        examples=["kvec"],
    )
    profile: ProfileDocument
    preflight_targets: PreflightTargets = None
    notices: bool = Field(True, strict=True, description=NOTICES)


class IssuerPatch(WireIn):
    """Changes as a JSON merge patch (RFC 7396): null removes a member of the profile, and the choice of targets."""

    profile: ProfileDocument = Field(default_factory=dict)
    preflight_targets: PreflightTargets = None
    notices: bool = Field(True, strict=True, description=f"{NOTICES}; unchanged where it is left out")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("must have profile, preflight_targets or notices: there is nothing to change")
        return self

    def choice(self) -> TargetChoice | None:
        return _choice(self.preflight_targets) if "preflight_targets" in self.model_fields_set else None


def _choice(targets: list[Target] | None) -> TargetChoice:
    return TargetChoice(None if targets is None else tuple(targets))


class IssuerOut(WireOut):
    slug: str
    did: str
    url: str = Field(description="the issuer's public page")
    website: str | None = Field(description="the organisation's own site")
    profile: dict[str, Any] = Field(description="the OB3 Profile as it is put into credentials")
    preflight_targets: list[Target] = Field(description="where every credential must import to be issued")
    notices: bool = Field(description=NOTICES)
    revision: int
    created_at: Timestamp
    updated_at: Timestamp


@router.post(
    "",
    status_code=201,
    operation_id="create_issuer",
    dependencies=[require("issuers:write")],
    responses=problems(NotPermitted, Conflict),
)
async def create_issuer(body: IssuerIn, work: WorkDep, response: Response) -> IssuerOut:
    """Register an issuer. Only platform keys may; the new issuer's first keys sign at once."""
    issuer = await registering.register_issuer(
        work, slug=body.slug, profile=body.profile, choice=_choice(body.preflight_targets), notices=body.notices
    )
    response.headers["Location"] = f"{work.base_url}/v1/issuers/{issuer.slug}"
    response.headers["ETag"] = revision_tag(issuer.revision)
    return _shown(work, issuer)


@router.get("", operation_id="list_issuers", dependencies=[require("issuers:read")], responses=problems(BadCursor))
async def list_issuers(work: WorkDep, pager: PagerDep) -> Page[IssuerOut]:
    """The issuers that the key acts for, by slug."""
    query = select(Issuer).where(visible_to(work.actor, Issuer)).order_by(Issuer.slug).limit(pager.take)
    if pager.after is not None:
        query = query.where(Issuer.slug > pager.after[0])
    rows = (await work.session.scalars(query)).all()
    return pager.page(rows, place=lambda row: (row.slug,), show=lambda row: _shown(work, row))


@router.get("/{slug}", operation_id="read_issuer", dependencies=[require("issuers:read")], responses=problems(NotFound))
async def get_issuer(slug: str, work: WorkDep, response: Response) -> IssuerOut:
    """One issuer."""
    issuer = await registering.find_issuer(work, slug=slug)
    response.headers["ETag"] = revision_tag(issuer.revision)
    return _shown(work, issuer)


@router.patch(
    "/{slug}",
    operation_id="update_issuer",
    dependencies=[require("issuers:write")],
    responses=problems(NotFound, PreconditionFailed),
)
async def update_issuer(
    slug: str, body: IssuerPatch, work: WorkDep, response: Response, if_match: IfMatch = None
) -> IssuerOut:
    """Change the profile, or where credentials must import. Credentials that were issued keep what they say."""
    issuer = await registering.update_issuer(
        work,
        slug=slug,
        changes=body.profile,
        choice=body.choice(),
        notices=body.notices if "notices" in body.model_fields_set else None,
        expected_revision=expected_revision(if_match),
    )
    response.headers["ETag"] = revision_tag(issuer.revision)
    return _shown(work, issuer)


def _shown(work: Work, issuer: Issuer) -> IssuerOut:
    return IssuerOut(
        slug=issuer.slug,
        did=issuer.did,
        url=registering.issuer_page(work.base_url, issuer.slug),
        website=issuer.website,
        profile=issuer.profile,
        preflight_targets=list(issuer.targets),
        notices=issuer.notices,
        revision=issuer.revision,
        created_at=issuer.created_at,
        updated_at=issuer.updated_at,
    )


async def only_issuer(work: Work, *, what: str) -> str:
    """The slug of the one issuer that the caller acts for. Raises ``Rejected`` where it is not exactly one."""
    slugs = (await work.session.scalars(select(Issuer.slug).where(visible_to(work.actor, Issuer)).limit(2))).all()
    if len(slugs) != 1:
        raise Rejected(
            f"which issuer's {what} is it?",
            faults=[Fault("/issuer", "name the issuer: the key does not act for exactly one", "required")],
        )
    return slugs[0]
