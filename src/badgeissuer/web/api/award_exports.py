"""The forms of an award: where each is to be had, and the certificate with the earner's name."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from badgeissuer.errors import NotFound, NotPermitted, Unavailable
from badgeissuer.services import embedding, rendering
from badgeissuer.services.awarding import award_url
from badgeissuer.services.rendering import Form
from badgeissuer.web.api.award_wire import read_award
from badgeissuer.web.api.credentials import headers_of
from badgeissuer.web.body import StrictRoute
from badgeissuer.web.deps import ActorDep, RuntimeDep, WorkDep, require
from badgeissuer.web.problems import problems
from badgeissuer.web.wire import WireOut

router = APIRouter(prefix="/v1/awards/{award_id}", tags=["Awards"], route_class=StrictRoute)


class ExportOut(WireOut):
    """One form in which anybody who has its address may have the credential."""

    form: Form
    media_type: str
    url: str
    description: str


class WaysOut(WireOut):
    """Ways to show the badge elsewhere."""

    linkedin: str = Field(description="fills in LinkedIn's form for a certification")
    wallet: str = Field(description="opens Learner Credential Wallet on a phone that has it")
    embed: str = Field(description="HTML for somebody's own page: a frame, no script")
    oembed: str = Field(description="where editors ask how to show the badge's address (oEmbed)")


class ExportsOut(WireOut):
    """The forms of an award. All but the certificate are public addresses."""

    credential: str = Field(description="the credential's own address, which gives any form by Accept")
    exports: list[ExportOut]
    certificate: str = Field(description="address under /v1 of the certificate with the earner's name")
    ways: WaysOut


@router.get(
    "/exports",
    operation_id="list_award_exports",
    summary="The forms in which an award can be exported",
    responses=problems(NotFound),
    dependencies=[require("awards:read")],
)
async def list_exports(award_id: UUID, work: WorkDep) -> ExportsOut:
    await read_award(work, award_id)  # found, and written down where an agency asks
    matter = await rendering.matter_of(work, award_id=award_id)
    return ExportsOut(
        credential=matter.credential.url,
        exports=[
            ExportOut(
                form=form,
                media_type=about.media_type,
                url=f"{matter.credential.url}.{form.value}",
                description=about.what,
            )
            for form, about in rendering.FORMS.items()
        ],
        certificate=f"{award_url(work.base_url, award_id)}/certificate.pdf",
        ways=WaysOut.model_validate(embedding.ways(matter.document)),
    )


@router.get(
    "/certificate.pdf",
    operation_id="read_award_certificate",
    summary="The certificate with the earner's name, to print",
    response_class=Response,
    responses={
        200: {
            "description": "The certificate. Its status line says how the award stands today.",
            "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
        },
        **problems(NotFound, NotPermitted, Unavailable),
    },
    dependencies=[require("awards:read")],
)
async def certificate(award_id: UUID, runtime: RuntimeDep, actor: ActorDep) -> Response:
    """For the issuer and its platform, not for agencies. Where no name is known it speaks of the holder."""
    async with runtime.begin(actor) as work:
        matter = await rendering.named_matter(work, award_id=award_id)
    exported = await rendering.export(runtime.studio, matter, Form.PDF)
    return Response(exported.content, media_type=exported.media_type, headers=headers_of(exported))
