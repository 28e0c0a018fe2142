"""Art of achievements and issuers: a cleaned picture is kept, and the document names it with words for who cannot see.

Art is part of an achievement's document, so that a published version keeps the picture that it was published with: new
art for one that is published starts the next version's draft.
"""

from __future__ import annotations

import hashlib
import unicodedata
from typing import Any
from uuid import UUID

from sqlalchemy import select

from badgeissuer.drawing.cleaning import Cleaned
from badgeissuer.errors import Conflict, Fault, NotFound, PreconditionFailed, Rejected
from badgeissuer.rules.terms import VersionState
from badgeissuer.services import defining, registering
from badgeissuer.store.art import Art, address
from badgeissuer.store.catalog import AchievementVersion, Issuer
from badgeissuer.store.insert import insert_if_free
from badgeissuer.vc.lint.values import INVISIBLE
from badgeissuer.work import Work

# As long as a screen reader's listener will bear.
MOST_CAPTION = 300


async def illustrate_achievement(
    work: Work, *, achievement_id: UUID, cleaned: Cleaned, caption: str
) -> AchievementVersion:
    """Put art on the draft, or on the next version's draft where the newest is published or retired.

    The same art with the same words changes nothing. Raises ``NotFound``, ``Rejected`` (the words), ``Conflict`` where
    somebody changed the draft meanwhile.
    """
    image = _image(work, cleaned, caption)
    achievement = await defining.find_achievement(work, achievement_id=achievement_id)
    newest = (await defining.versions(work, achievement_id=achievement_id))[-1]
    if newest.document.get("image") == image and await _kept(work, achievement.issuer_id, cleaned):
        return newest
    document = {**newest.document, "image": image}
    drafted = newest.state is VersionState.DRAFT
    if not drafted and document.get("version") == str(newest.number):
        del document["version"]  # it was ours, and the next version has another
    try:
        version = await defining.replace_draft(
            work,
            achievement_id=achievement_id,
            document=document,
            parts=newest.as_parts(),
            # Where there was no draft, none may have come meanwhile: revisions begin with 1.
            expected_revision=newest.revision if drafted else 0,
        )
    except PreconditionFailed:
        raise Conflict("the achievement was changed meanwhile; send the art again") from None
    await _keep(work, achievement.issuer_id, cleaned)
    return version


async def illustrate_issuer(work: Work, *, slug: str, cleaned: Cleaned, caption: str) -> Issuer:
    """Put art on an issuer's profile: new credentials carry it, signed ones keep what they say.

    Raises ``NotFound``, ``Rejected`` (the words).
    """
    image = _image(work, cleaned, caption)
    issuer = await registering.find_issuer(work, slug=slug)
    if issuer.profile.get("image") == image and await _kept(work, issuer.id, cleaned):
        return issuer
    issuer = await registering.update_issuer(work, slug=slug, changes={"image": image})
    await _keep(work, issuer.id, cleaned)
    return issuer


async def art(work: Work, *, sha256: str) -> Art:
    """Art by its hash, for anybody. Raises ``NotFound``."""
    found = await work.session.scalar(select(Art).where(Art.sha256 == sha256).order_by(Art.id).limit(1))
    if found is None:
        raise NotFound("no such art")
    return found


def _image(work: Work, cleaned: Cleaned, caption: str) -> dict[str, Any]:
    """The OB3 Image. Raises ``Rejected`` where it has no words."""
    said = unicodedata.normalize("NFC", " ".join(caption.split()))
    if not said or len(said) > MOST_CAPTION or INVISIBLE.search(said):
        fault = Fault("", f"caption: say what the picture shows, in 1 to {MOST_CAPTION} characters", "caption")
        raise Rejected("art needs words for people who do not see it", faults=[fault])
    return {"id": address(work.base_url, _hash(cleaned)), "type": "Image", "caption": said}


async def _kept(work: Work, issuer_id: UUID, cleaned: Cleaned) -> bool:
    query = select(Art.id).where(Art.issuer_id == issuer_id, Art.sha256 == _hash(cleaned))
    return await work.session.scalar(query) is not None


async def _keep(work: Work, issuer_id: UUID, cleaned: Cleaned) -> None:
    """Store it, unless the issuer has it."""
    await insert_if_free(
        work.session,
        Art,
        id=work.new_id(),
        issuer_id=issuer_id,
        sha256=_hash(cleaned),
        media_type=cleaned.media_type,
        width=cleaned.width,
        height=cleaned.height,
        content=cleaned.content,
        picture=cleaned.picture,
        created_at=work.now,
    )


def _hash(cleaned: Cleaned) -> str:
    return hashlib.sha256(cleaned.content).hexdigest()
