"""The forms in which an award leaves: what is stored, what carries it, and what is drawn from it.

Signed texts are stored ones; images carry the stored JSON byte for byte. Nothing here signs: a JWT that is not there
yet is minted (``minting.jwt_of``), once. Drawing is work for threads and holds no unit of work: a ``Matter`` is all
that is read, and ``export`` makes the file from it when the unit is closed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import select

from badgeissuer.drawing import sheets
from badgeissuer.drawing.studio import Studio
from badgeissuer.errors import NotPermitted
from badgeissuer.rules.terms import ClientKind
from badgeissuer.services import depicting, minting, publishing
from badgeissuer.services.awarding import credential_of
from badgeissuer.services.revoking import find_award
from badgeissuer.store.awards import Award, Credential
from badgeissuer.store.people import Subject
from badgeissuer.vc.bake import bake
from badgeissuer.work import Work


class Form(StrEnum):
    """A form, by the end of its address and of its file name."""

    JSON = "json"
    JWT = "jwt"
    PNG = "png"
    SVG = "svg"
    PDF = "pdf"
    QR = "qr.svg"
    CARD = "card.png"


@dataclass(frozen=True, slots=True)
class About:
    """What a form is, for lists of them."""

    media_type: str
    what: str


FORMS: Mapping[Form, About] = {
    Form.JSON: About("application/vc", "the signed credential with its proof inside (Open Badges 3.0 JSON)"),
    Form.JWT: About("application/vc+jwt", "the same credential as a JWT (Open Badges form, ES256)"),
    Form.PNG: About("image/png", "an image of the badge that carries the signed JSON"),
    Form.SVG: About("image/svg+xml", "an image of the badge that carries the signed JSON"),
    Form.PDF: About("application/pdf", "a certificate to print; it is a copy and proves nothing by itself"),
    Form.QR: About("image/svg+xml", "a QR code with the credential's address"),
    Form.CARD: About("image/png", "the picture of a shared link, 1200 by 630 pixels"),
}
# What hangs on the day or on the state of the award, and so changes.
_OF_THE_DAY = frozenset((Form.PDF, Form.CARD))


@dataclass(frozen=True, slots=True)
class Exported:
    """One file. ``lasting`` where it never changes. ``accessible`` is of a PDF: whether it keeps to PDF/UA."""

    form: Form
    content: bytes
    sha256: str
    file_name: str

    @property
    def media_type(self) -> str:
        return FORMS[self.form].media_type

    @property
    def lasting(self) -> bool:
        return self.form not in _OF_THE_DAY


@dataclass(frozen=True, slots=True)
class Matter:
    """All that the forms of one credential are made of, read in one unit of work."""

    credential: Credential
    jwt: Credential | None
    standing: depicting.Standing
    now: datetime
    earner: str | None = None

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.credential.text)
        return document


async def public_matter(work: Work, *, credential_id: UUID, jwt: bool = False) -> Matter:
    """What anybody may have, revoked or not: what was said stays readable. Raises ``NotFound``.

    ``jwt``: the JWT is wanted, and is minted where it is not there yet.
    """
    return await _matter(work, await publishing.credential(work, credential_id=credential_id), jwt=jwt)


async def matter_of(work: Work, *, award_id: UUID, jwt: bool = False) -> Matter:
    """The same for an award of an issuer that the caller may act for. Raises ``NotFound``."""
    award = await find_award(work, award_id=award_id)
    return await _matter(work, await credential_of(work, award=award), jwt=jwt)


async def named_matter(work: Work, *, award_id: UUID) -> Matter:
    """With the earner's name, for who awarded it. Raises ``NotFound``, ``NotPermitted`` for agencies."""
    award = await find_award(work, award_id=award_id)
    # An agency reads awards without names; this must not be the way around that.
    if work.actor.kind is ClientKind.AGENCY:
        raise NotPermitted("a certificate with the earner's name is for the issuer and its platform")
    name = await work.session.scalar(select(Subject.name).where(Subject.id == award.subject_id))
    return await _matter(work, await credential_of(work, award=award), earner=name)


async def _matter(work: Work, credential: Credential, *, jwt: bool = False, earner: str | None = None) -> Matter:
    state, changed = (
        await work.session.execute(select(Award.state, Award.state_changed_at).where(Award.id == credential.award_id))
    ).one()
    token = await minting.jwt_of(work, credential=credential) if jwt else None
    return Matter(credential, token, depicting.Standing(state, changed), work.now, earner)


async def export(studio: Studio, matter: Matter, form: Form) -> Exported:
    """The file of a form. Raises ``Unavailable`` where too much is being drawn already."""
    document = matter.document
    content = await _content(studio, matter, form, document)
    stored = {Form.JSON: matter.credential, Form.JWT: matter.jwt}.get(form)
    return Exported(
        form=form,
        content=content,
        sha256=stored.sha256 if stored is not None else hashlib.sha256(content).hexdigest(),
        file_name=f"{depicting.file_stem(document)}.{form.value}",
    )


async def _content(studio: Studio, matter: Matter, form: Form, document: Mapping[str, Any]) -> bytes:
    credential, badge = matter.credential, depicting.badge_facts(document)
    draw: Callable[[], bytes]
    match form:
        case Form.JSON:
            return credential.text.encode()
        case Form.JWT:
            if matter.jwt is None:
                raise RuntimeError("the JWT was not asked for when the credential was read")
            return matter.jwt.text.encode()
        case Form.PNG | Form.SVG:
            # The art is the same for all who earned it, and takes the most time.
            drawing = sheets.badge_png if form is Form.PNG else sheets.badge_svg
            art = await studio.have(("art", form, badge), partial(drawing, badge))
            key: tuple[object, ...] = (credential.sha256, form)
            draw = partial(bake, art, credential.text)
        case Form.QR:
            key, draw = (credential.url, form), partial(sheets.qr_svg, credential.url)
        case Form.CARD:
            line = depicting.card_line(document, standing=matter.standing, now=matter.now)
            key, draw = (badge, form, line), partial(sheets.card_png, badge, line)
        case Form.PDF:
            facts = depicting.certificate_facts(
                document, standing=matter.standing, now=matter.now, earner=matter.earner
            )
            # Not kept with a name in it: nobody else asks for it, and a name lies nowhere longer than it must.
            if matter.earner is not None:
                return await studio.once(partial(_certificate, facts))
            key, draw = (credential.sha256, form, facts.status), partial(_certificate, facts)
    return await studio.have(key, draw)


def _certificate(facts: sheets.CertificateFacts) -> bytes:
    return sheets.certificate(facts).content
