"""What an export holds beside credentials and their lists: stacks, pictures, endorsements, learner records."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from badgeissuer.cli.export_items import Expected, Item, Kind
from badgeissuer.rules.terms import StatusPurpose, VersionState
from badgeissuer.runtime import Runtime
from badgeissuer.services import record_standing, stacking
from badgeissuer.services.record_images import record_image
from badgeissuer.services.rendering import FORMS, Form
from badgeissuer.store.art import Art, address
from badgeissuer.store.awards import EMBEDDED
from badgeissuer.store.clrs import Clr
from badgeissuer.store.endorsements import Endorsement
from badgeissuer.store.scope import visible_to
from badgeissuer.store.stacks import StackVersion
from badgeissuer.vc import strictjson
from badgeissuer.vc.checks.kinds import members_of
from badgeissuer.vc.model.base import instant
from badgeissuer.vc.status import Bits
from badgeissuer.web.pages import language
from badgeissuer.web.pages.clr_transcript import make_transcript
from badgeissuer.work import Work

_WHEN_SET: dict[str, Expected] = {
    StatusPurpose.REVOCATION.value: "revoked",
    StatusPurpose.SUSPENSION.value: "suspended",
}
_RECORDS: dict[Form, Kind] = {
    Form.JSON: "clr",
    Form.PNG: "clr-png",
    Form.SVG: "clr-svg",
    Form.PDF: "transcript",
}


@dataclass(frozen=True, slots=True)
class RecordMatter:
    """A record, and what it says of itself: by its bytes, and by all that the service knows."""

    record: Clr
    expected: Expected
    said: Expected


def expected_of(document: Mapping[str, Any], bits: Mapping[str, Bits], *, now: datetime) -> Expected:
    """What a stranger finds who has these bytes only: the status bit first, then the end of validity, then members.

    Of a badge from elsewhere the lists are not among ``bits``; it stood when it came in.
    """
    entry = document.get("credentialStatus", {})
    found = bits.get(entry.get("statusListCredential"))
    if found is not None and found.get(int(entry["statusListIndex"])):
        return _WHEN_SET[entry["statusPurpose"]]
    until = document.get("validUntil")
    if until is not None and instant(until) < now:
        return "expired"
    members = [expected_of(member, bits, now=now) for member in members_of(document) if isinstance(member, Mapping)]
    return "valid" if all(member == "valid" for member in members) else "invalid"


async def stacks(work: Work) -> list[tuple[Item, str]]:
    """What the address of each stack answers: its newest version that is or was published."""
    ids = await work.session.scalars(
        select(StackVersion.stack_id)
        .where(visible_to(work.actor, StackVersion), StackVersion.state != VersionState.DRAFT)
        .distinct()
        .order_by(StackVersion.stack_id)
    )
    files = []
    for stack_id in list(ids):
        document = await stacking.public_document(work, stack_id=stack_id)
        files.append((Item("stack", f"stacks/{stack_id}.json", document["id"]), strictjson.dumps(document)))
    return files


async def art(work: Work) -> list[tuple[Item, bytes]]:
    """The pictures that documents name."""
    rows = await work.session.scalars(select(Art).where(visible_to(work.actor, Art)).order_by(Art.sha256))
    named = {row.sha256: row.picture for row in rows}
    return [
        (
            Item("art", f"art/{sha256}.png", address(work.base_url, sha256), media_type=FORMS[Form.PNG].media_type),
            content,
        )
        for sha256, content in named.items()
    ]


async def endorsements(work: Work, bits: Mapping[str, Bits]) -> list[tuple[Item, str]]:
    """The signed texts, those that were taken back too."""
    rows = await work.session.scalars(
        select(Endorsement).where(visible_to(work.actor, Endorsement)).order_by(Endorsement.created_at, Endorsement.id)
    )
    return [
        (
            Item(
                "endorsement",
                f"endorsements/{row.id}.json",
                row.url,
                expected_of(json.loads(row.text), bits, now=work.now),
                EMBEDDED,
            ),
            row.text,
        )
        for row in rows
    ]


async def records(work: Work, bits: Mapping[str, Bits]) -> list[RecordMatter]:
    """All records, with what each proves."""
    rows = await work.session.scalars(select(Clr).where(visible_to(work.actor, Clr)).order_by(Clr.created_at, Clr.id))
    found = []
    for record in list(rows):
        expected = expected_of(json.loads(record.text), bits, now=work.now)
        matter = await record_standing.record_matter(work, clr_id=record.id)
        stand = all(standing.stands(work.now) for standing in matter.standings.values())
        found.append(RecordMatter(record, expected, expected if stand or expected != "valid" else "invalid"))
    return found


async def record_files(runtime: Runtime, matter: RecordMatter) -> list[tuple[Item, bytes]]:
    """The signed text, the images that carry it, and a transcript without the earner's name."""
    record, files = matter.record, []
    for form, kind in _RECORDS.items():
        match form:
            case Form.JSON:
                content = record.text.encode()
            case Form.PDF:
                made = await make_transcript(runtime, clr_id=record.id, say=language.asked(None))
                content = made.content
            case _:
                content = await record_image(runtime.studio, record, form)
        item = Item(
            kind,
            f"clrs/{record.id}.{form.value}",
            record.url if form is Form.JSON else f"{record.url}.{form.value}",
            matter.said if form is Form.PDF else matter.expected,
            FORMS[form].media_type,
        )
        files.append((item, content))
    return files
