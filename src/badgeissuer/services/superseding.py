"""Awards that newer ones take the place of: their state, and the bits of their credentials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from badgeissuer.rules import awarding as rules
from badgeissuer.services import minting, statuses
from badgeissuer.store.awards import Award, Credential
from badgeissuer.store.catalog import Issuer
from badgeissuer.store.insert import padded
from badgeissuer.work import Work


@dataclass(frozen=True, slots=True)
class Ended:
    """An award that ends, and who issued it."""

    award: Award
    issuer: Issuer


async def prepare(work: Work, ended: Sequence[Ended]) -> statuses.Edition | None:
    """The edition of the list that ends the only one. Where there are several, they share editions made later."""
    if len(ended) != 1:
        return None
    [(issuer, credential_id)] = await _credentials(work, ended)
    return await statuses.prepare_bit(work, issuer=issuer, credential_id=credential_id, value=True)


async def supersede(work: Work, ended: Sequence[Ended], *, prepared: statuses.Edition | None) -> None:
    """End them. Each status list is published once, and the lists are locked in the order of issuers and lists."""
    for each in ended:
        each.award.state = rules.status_transition(each.award.state, "supersede")
        each.award.state_reason, each.award.state_changed_at = "superseded by a newer award", work.now
    await work.session.flush()
    credentials = await _credentials(work, ended)
    # What was prepared is the edition for the only one.
    edition = prepared if len(credentials) == 1 else None
    for id_, issuer in sorted({issuer.id: issuer for issuer, _ in credentials}.items()):
        ids = [credential_id for of, credential_id in credentials if of.id == id_]
        await statuses.publish_bits(work, issuer=issuer, credential_ids=ids, value=True, prepared=edition)
    for each in ended:
        work.emit("award.superseded", "award", each.award.id, issuer_id=each.award.issuer_id)


async def _credentials(work: Work, ended: Sequence[Ended]) -> list[tuple[Issuer, UUID]]:
    """The id of each one's credential with an embedded proof, beside its issuer."""
    if not ended:
        return []
    query = select(Credential.award_id, Credential.id).where(
        Credential.award_id.in_(padded(each.award.id for each in ended)), Credential.media_type == minting.MEDIA_TYPE
    )
    ids = {row[0]: row[1] for row in await work.session.execute(query)}
    return [(each.issuer, ids[each.award.id]) for each in ended]
