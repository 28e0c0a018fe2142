"""Writes everything public to files at their public paths, with a manifest of what each proves.

The files are enough to verify from: a server that answers ``/x`` with the file ``x`` or ``x.json`` stands in for the
service. Signed texts are written byte for byte as they are stored.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import aliased

from badgeissuer.cli import export_documents
from badgeissuer.cli.export_documents import expected_of
from badgeissuer.cli.export_items import MANIFEST, Expected, Item, Kind, write
from badgeissuer.rules.terms import AwardState, VersionState
from badgeissuer.runtime import Runtime
from badgeissuer.services import publishing, rendering
from badgeissuer.services.access import operator
from badgeissuer.services.rendering import FORMS, Form, Matter
from badgeissuer.store.awards import EMBEDDED, JWT, Credential
from badgeissuer.store.catalog import AchievementVersion, Issuer
from badgeissuer.store.scope import visible_to
from badgeissuer.store.status import StatusList
from badgeissuer.vc import strictjson
from badgeissuer.vc.status import Bits
from badgeissuer.work import Work

SIGNED_AND_DRAWN = (Form.JSON, Form.JWT, Form.PNG, Form.SVG, Form.PDF)
_KINDS: dict[Form, Kind] = {
    Form.JSON: "credential",
    Form.JWT: "credential-jwt",
    Form.PNG: "credential-png",
    Form.SVG: "credential-svg",
    Form.PDF: "certificate",
}
_WHEN_IN_STATE: dict[AwardState, Expected] = {
    AwardState.REVOKED: "revoked",
    AwardState.SUSPENDED: "suspended",
    AwardState.SUPERSEDED: "revoked",
}


async def export(runtime: Runtime, folder: Path) -> list[Item]:
    """Write all public artefacts under ``folder``; the manifest comes last, so that it never names a missing file.

    One consistent view of the database. Files of an earlier export are overwritten, others are left alone.
    """
    await _mint_missing(runtime)
    items: list[Item] = []
    async with runtime.begin(operator()) as work:
        files = [*await _issuers(work), *await _achievements(work), *await _status_lists(work)]
        files += await export_documents.stacks(work)
        bits = {row.url: _bits(row.text) for row in await _lists(work)}
        files += await export_documents.endorsements(work, bits)
        pictures = await export_documents.art(work)
        records = await export_documents.records(work, bits)
        credentials = await _credentials(work, bits)
    for item, text in files:
        await asyncio.to_thread(write, folder / item.path, text.encode())
        items.append(item)
    for record in records:
        pictures += await export_documents.record_files(runtime, record)
    for item, content in pictures:
        await asyncio.to_thread(write, folder / item.path, content)
        items.append(item)
    for matter, expected in credentials:
        for form in SIGNED_AND_DRAWN:
            made = await rendering.export(runtime.studio, matter, form)
            item = _item(matter.credential, form, _said(matter, expected) if form is Form.PDF else expected)
            await asyncio.to_thread(write, folder / item.path, made.content)
            items.append(item)
    manifest = json.dumps({"items": [asdict(item) for item in items]}, ensure_ascii=False, indent=2)
    await asyncio.to_thread(write, folder / MANIFEST, f"{manifest}\n".encode())
    return items


async def _mint_missing(runtime: Runtime) -> None:
    """JWTs of awards from before they were made with the award; each in a unit of its own."""
    async with runtime.begin(operator()) as work:
        token = aliased(Credential)
        missing = list(
            await work.session.scalars(
                select(Credential.id)
                .outerjoin(token, (token.award_id == Credential.award_id) & (token.media_type == JWT))
                .where(visible_to(work.actor, Credential), Credential.media_type == EMBEDDED, token.id.is_(None))
                .order_by(Credential.created_at, Credential.id)
            )
        )
    for credential_id in missing:
        async with runtime.begin(operator()) as work:
            await rendering.public_matter(work, credential_id=credential_id, forms=(Form.JWT,))


async def _issuers(work: Work) -> list[tuple[Item, str]]:
    files = []
    for issuer in await work.session.scalars(
        select(Issuer).where(visible_to(work.actor, Issuer)).order_by(Issuer.slug)
    ):
        page, path = f"{work.base_url}/issuers/{issuer.slug}", f"issuers/{issuer.slug}"
        did = await publishing.issuer_did_document(work, slug=issuer.slug)
        files.append((Item("issuer", f"{path}.json", page), strictjson.dumps(issuer.profile)))
        files.append((Item("did", f"{path}/did.json", f"{page}/did.json"), strictjson.dumps(did)))
    return files


async def _achievements(work: Work) -> list[tuple[Item, str]]:
    """The newest published or retired version of each: what its URL answers. Drafts are not public."""
    rows = await work.session.scalars(
        select(AchievementVersion)
        .where(visible_to(work.actor, AchievementVersion), AchievementVersion.state != VersionState.DRAFT)
        .order_by(AchievementVersion.achievement_id, AchievementVersion.number)
    )
    newest = {row.achievement_id: row.document for row in rows}
    return [
        (Item("achievement", f"achievements/{key}.json", str(document["id"])), strictjson.dumps(document))
        for key, document in newest.items()
    ]


async def _lists(work: Work) -> list[StatusList]:
    return list(
        await work.session.scalars(
            select(StatusList).where(visible_to(work.actor, StatusList)).order_by(StatusList.created_at, StatusList.id)
        )
    )


async def _status_lists(work: Work) -> list[tuple[Item, str]]:
    return [
        (Item("status", f"status/{row.id}.json", row.url, media_type=EMBEDDED), row.text) for row in await _lists(work)
    ]


async def _credentials(work: Work, bits: Mapping[str, Bits]) -> list[tuple[Matter, Expected]]:
    ids = await work.session.scalars(
        select(Credential.id)
        .where(visible_to(work.actor, Credential), Credential.media_type == EMBEDDED)
        .order_by(Credential.created_at, Credential.id)
    )
    matters = [await rendering.public_matter(work, credential_id=key, forms=SIGNED_AND_DRAWN) for key in list(ids)]
    return [(matter, expected_of(matter.document, bits, now=work.now)) for matter in matters]


def _item(credential: Credential, form: Form, expected: Expected) -> Item:
    url = credential.url if form is Form.JSON else f"{credential.url}.{form.value}"
    path = f"credentials/{credential.id}.{form.value}"
    return Item(_KINDS[form], path, url, expected, FORMS[form].media_type)


def _said(matter: Matter, expected: Expected) -> Expected:
    return _WHEN_IN_STATE.get(matter.standing.state, "expired" if expected == "expired" else "valid")


def _bits(text: str) -> Bits:
    return Bits.from_encoded(json.loads(text)["credentialSubject"]["encodedList"])
