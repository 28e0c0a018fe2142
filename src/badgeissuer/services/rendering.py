"""The forms in which an award leaves: what is stored, what carries it, and what is drawn from it.

Signed texts are stored ones; images carry the stored JSON byte for byte. Nothing here signs: a signed form that is not
there yet is minted (``restating``), once. Drawing is work for threads and holds no unit of work: a ``Matter`` is all
that is read, and ``export`` makes the file from it when the unit is closed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import select

from badgeissuer.drawing import sheets
from badgeissuer.drawing.raster import framed
from badgeissuer.drawing.studio import Studio
from badgeissuer.errors import NotPermitted
from badgeissuer.rules.terms import ClientKind
from badgeissuer.services import depicting, packing, publishing, restating, showing
from badgeissuer.services.awarding import credential_of
from badgeissuer.services.revoking import find_award
from badgeissuer.store.art import ArtOf, art_of
from badgeissuer.store.awards import Award, Credential
from badgeissuer.store.people import Subject
from badgeissuer.vc.bake import SVG, bake
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
    ZIP = "zip"
    OLDER = "ed25519-2020.json"


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
    Form.ZIP: About("application/zip", "for Credly: the PNG, the JSON, and how it is done"),
    Form.OLDER: About("application/json", "the same credential for older wallets, with an Ed25519Signature2020"),
}
# Those in which the badge's picture is.
_PICTURED = frozenset((Form.PNG, Form.SVG, Form.PDF, Form.CARD, Form.ZIP))
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
    """All that the forms of one credential are made of, read in one unit of work.

    The other signed forms are there where they were asked for; ``art`` is the issuer's, where it has any.
    """

    credential: Credential
    standing: depicting.Standing
    now: datetime
    jwt: Credential | None = None
    older: Credential | None = None
    art: ArtOf | None = None
    earner: str | None = None

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.credential.text)
        return document

    def signed(self, form: Form) -> Credential | None:
        """The stored text of a form; None for those that are made of another."""
        return {Form.JSON: self.credential, Form.JWT: self.jwt, Form.OLDER: self.older}.get(form)


async def public_matter(work: Work, *, credential_id: UUID, forms: Collection[Form] = ()) -> Matter:
    """What anybody may have, revoked or not: what was said stays readable. Raises ``NotFound``.

    ``forms`` are those that are wanted: what only they need is read for them, or minted where it is not there yet.
    """
    return await _matter(work, await publishing.credential(work, credential_id=credential_id), forms)


async def matter_of(work: Work, *, award_id: UUID, forms: Collection[Form] = ()) -> Matter:
    """The same for an award of an issuer that the caller may act for. Raises ``NotFound``."""
    award = await find_award(work, award_id=award_id)
    return await _matter(work, await credential_of(work, award=award), forms)


async def named_matter(work: Work, *, award_id: UUID) -> Matter:
    """For the certificate with the earner's name. Raises ``NotFound``, ``NotPermitted`` for agencies."""
    award = await find_award(work, award_id=award_id)
    # An agency reads awards without names; this must not be the way around that.
    if work.actor.kind is ClientKind.AGENCY:
        raise NotPermitted("a certificate with the earner's name is for the issuer and its platform")
    name = await work.session.scalar(select(Subject.name).where(Subject.id == award.subject_id))
    return replace(await _matter(work, await credential_of(work, award=award), (Form.PDF,)), earner=name)


async def matter_for_earner(work: Work, *, earner_id: UUID, award_id: UUID, forms: Collection[Form] = ()) -> Matter:
    """With their name, and closed or not, for the earner. Raises ``NotFound``, also for other people's."""
    own = await showing.own_award(work, earner_id=earner_id, award_id=award_id)
    return replace(await _matter(work, await credential_of(work, award=own.award), forms), earner=own.name)


async def _matter(work: Work, credential: Credential, forms: Collection[Form]) -> Matter:
    state, changed = (
        await work.session.execute(select(Award.state, Award.state_changed_at).where(Award.id == credential.award_id))
    ).one()
    found = Matter(credential, depicting.Standing(state, changed), work.now)
    if not _PICTURED.isdisjoint(forms):
        found = replace(found, art=await _art(work, credential, whole=Form.SVG in forms))
    # Last, since making them ends reading.
    if Form.JWT in forms:
        found = replace(found, jwt=await restating.jwt_of(work, credential=credential))
    if Form.OLDER in forms:
        found = replace(found, older=await restating.older_of(work, credential=credential))
    return found


async def _art(work: Work, credential: Credential, *, whole: bool) -> ArtOf | None:
    image = json.loads(credential.text)["credentialSubject"]["achievement"].get("image")
    base_url = credential.url.rpartition("/credentials/")[0]
    return await art_of(work.session, issuer_id=credential.issuer_id, image=image, base_url=base_url, whole=whole)


async def export(studio: Studio, matter: Matter, form: Form) -> Exported:
    """The file of a form. Raises ``Unavailable`` where too much is being drawn already."""
    document = matter.document
    content = await _content(studio, matter, form, document)
    stored = matter.signed(form)
    return Exported(
        form=form,
        content=content,
        sha256=stored.sha256 if stored is not None else hashlib.sha256(content).hexdigest(),
        file_name=file_name(document, form),
    )


def file_name(document: Mapping[str, Any], form: Form) -> str:
    """What a form of this credential is saved as."""
    return f"{depicting.file_stem(document)}.{form.value}"


async def _content(studio: Studio, matter: Matter, form: Form, document: Mapping[str, Any]) -> bytes:
    credential, art, badge = matter.credential, matter.art, depicting.badge_facts(document)
    draw: Callable[[], bytes]
    match form:
        case Form.JSON | Form.JWT | Form.OLDER:
            stored = matter.signed(form)
            if stored is None:
                raise RuntimeError("the form was not asked for when the credential was read")
            return stored.text.encode()
        case Form.PNG | Form.SVG:
            # The picture is the same for all who earned it, and takes the most time.
            picture = await studio.have(
                ("art", form, badge if art is None else art.sha256), partial(_picture, form, badge, art)
            )
            key: tuple[object, ...] = (credential.sha256, form)
            draw = partial(bake, picture, credential.text)
        case Form.ZIP:
            png = await _content(studio, matter, Form.PNG, document)
            key = (credential.sha256, form)
            draw = partial(
                packing.for_credly,
                png=png,
                text=credential.text,
                stem=depicting.file_stem(document),
                title=badge.title,
                issuer=badge.issuer,
                url=credential.url,
                language=badge.language,
            )
        case Form.QR:
            key, draw = (credential.url, form), partial(sheets.qr_svg, credential.url)
        case Form.CARD:
            line = depicting.card_line(document, standing=matter.standing, now=matter.now)
            key = (badge, form, line, art and art.sha256)
            draw = partial(_card, badge, line, art)
        case Form.PDF:
            facts = depicting.certificate_facts(
                document, standing=matter.standing, now=matter.now, earner=matter.earner
            )
            # Not kept with a name in it: nobody else asks for it, and a name lies nowhere longer than it must.
            if matter.earner is not None:
                return await studio.once(partial(_certificate, facts, art))
            key, draw = (credential.sha256, form, facts.status), partial(_certificate, facts, art)
    return await studio.have(key, draw)


def _picture(form: Form, badge: sheets.BadgeFacts, art: ArtOf | None) -> bytes:
    """The image that the credential goes into: the issuer's, or the default one."""
    if art is None:
        return sheets.badge_png(badge) if form is Form.PNG else sheets.badge_svg(badge)
    if form is Form.PNG:
        return art.picture
    return framed(art.picture) if art.media_type != SVG or art.content is None else art.content


# On paper and cards art is pixels too: a drawing of somebody's would be drawn each time.
def _card(badge: sheets.BadgeFacts, line: str, art: ArtOf | None) -> bytes:
    return sheets.card_png(badge, line, art=framed(art.picture, square=True) if art else None)


def _certificate(facts: sheets.CertificateFacts, art: ArtOf | None) -> bytes:
    if art is not None:
        words = {**facts.words, **({"art": art.caption} if art.caption else {})}
        facts = replace(facts, art=framed(art.picture, square=True), words=words)
    return sheets.certificate(facts).content
