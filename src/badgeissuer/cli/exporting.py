"""Writes everything public to files at their public paths, with a manifest of what each proves.

The files are enough to verify from: a server that answers ``/x`` with the file ``x`` or ``x.json`` stands in for the
service. Signed texts are written byte for byte as they are stored.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import select

from badgeissuer.rules.terms import StatusPurpose, VersionState
from badgeissuer.runtime import Runtime
from badgeissuer.services import publishing
from badgeissuer.services.access import operator
from badgeissuer.store.awards import Credential
from badgeissuer.store.catalog import AchievementVersion, Issuer
from badgeissuer.store.scope import visible_to
from badgeissuer.store.status import StatusList
from badgeissuer.vc import strictjson
from badgeissuer.vc.status import Bits
from badgeissuer.work import Work

Kind = Literal["credential", "status", "issuer", "did", "achievement"]
Expected = Literal["valid", "revoked", "suspended", "expired"]

MANIFEST = "manifest.json"
_WHEN_SET: dict[str, Expected] = {
    StatusPurpose.REVOCATION.value: "revoked",
    StatusPurpose.SUSPENSION.value: "suspended",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One file. ``expected`` is what the exported bytes alone prove at the time of the export."""

    kind: Kind
    path: str
    url: str
    expected: Expected = "valid"


async def export(runtime: Runtime, folder: Path) -> list[Item]:
    """Write all public artefacts under ``folder``; the manifest comes last, so that it never names a missing file.

    One consistent view of the database. Files of an earlier export are overwritten, others are left alone.
    """
    items: list[Item] = []
    async with runtime.begin(operator()) as work:
        files = [*await _issuers(work), *await _achievements(work), *await _signed(work)]
    for item, text in files:
        await asyncio.to_thread(_write, folder / item.path, text)
        items.append(item)
    manifest = json.dumps({"items": [asdict(item) for item in items]}, ensure_ascii=False, indent=2)
    await asyncio.to_thread(_write, folder / MANIFEST, manifest + "\n")
    return items


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


async def _signed(work: Work) -> list[tuple[Item, str]]:
    lists = {
        row.url: row
        for row in await work.session.scalars(
            select(StatusList).where(visible_to(work.actor, StatusList)).order_by(StatusList.created_at, StatusList.id)
        )
    }
    files = [(Item("status", f"status/{row.id}.json", url), row.text) for url, row in lists.items()]
    bits = {url: _bits(row.text) for url, row in lists.items()}
    for row in await work.session.scalars(
        select(Credential).where(visible_to(work.actor, Credential)).order_by(Credential.created_at, Credential.id)
    ):
        expected = _expected(json.loads(row.text), bits, now=work.now)
        files.append((Item("credential", f"credentials/{row.id}.json", row.url, expected), row.text))
    return files


def _expected(document: Mapping[str, Any], bits: Mapping[str, Bits], *, now: datetime) -> Expected:
    """What a stranger finds who has these bytes only: the status bit first, then the end of validity."""
    entry = document["credentialStatus"]
    if bits[entry["statusListCredential"]].get(int(entry["statusListIndex"])):
        return _WHEN_SET[entry["statusPurpose"]]
    until = document.get("validUntil")
    return "expired" if until is not None and datetime.fromisoformat(until) < now else "valid"


def _bits(text: str) -> Bits:
    return Bits.from_encoded(json.loads(text)["credentialSubject"]["encodedList"])


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.tmp")
    unfinished.write_text(text, encoding="utf-8", newline="")
    unfinished.rename(path)
