"""Records made by the service's own verbs: an issuer with awards of one earner, and what comes of asking for them."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from badgeissuer.jobs.worker import Worker
from badgeissuer.services import access, operating, verifying
from badgeissuer.store.access import ANONYMOUS
from badgeissuer.store.awards import EMBEDDED, Credential
from badgeissuer.store.clrs import Clr
from badgeissuer.vc.recipient import hashed_identity
from badgeissuer.vc.verify import Report, Verdict
from tests.service.test_verifying import DID_URL, Web
from tests.support import issued, make
from tests.support.app import Service

Json = dict[str, Any]
MEMBERS = "/credentialSubject/verifiableCredential"
EMAIL = "teacher1@schools.example.org"


@dataclass
class Bundled:
    """An issuer that awards one earner (of ``make.award_body``) as often as a test wants."""

    service: Service
    headers: dict[str, str]
    achievement: str
    slug: str = "kvec"
    awards: list[Json] = field(default_factory=list)

    async def award(self, count: int = 1, *, n: int = 1, achievement: str | None = None, **members: Any) -> list[Json]:
        made = []
        for _ in range(count):
            body = make.award_body(achievement or self.achievement, n, **members)
            body["external_reference"] = f"{self.slug}-{len(self.awards)}"
            answer = await self.service.http.post("/v1/awards", json=body, headers=self.headers)
            assert answer.status_code == 201, answer.text
            self.awards.append(answer.json())
            made.append(answer.json())
        return made

    async def post(self, body: Json | None = None, *, key: str | None = None, status: int | None = 201) -> Any:
        """``POST /v1/clrs`` for the earner, with more members of the body."""
        marked = {"Idempotency-Key": key} if key is not None else {}
        sent = {"issuer": self.slug, "earner": {"email": EMAIL}, **(body or {})}
        answer = await self.service.http.post("/v1/clrs", json=sent, headers={**self.headers, **marked})
        assert status is None or answer.status_code == status, answer.text
        return answer

    async def record(self, body: Json | None = None) -> Clr:
        """The record that this makes, from its row."""
        made = (await self.post(body)).json()["records"][0]
        return await row(self.service, made["id"])

    async def admit(self, content: bytes | Json, *, status: int | None = 201, email: str = EMAIL) -> Any:
        """``POST /v1/admitted-badges`` of a file, or of a document."""
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        body = {"issuer": self.slug, "earner": {"email": email}, "content": b64encode(data).decode()}
        answer = await self.service.http.post("/v1/admitted-badges", json=body, headers=self.headers)
        assert status is None or answer.status_code == status, answer.text
        return answer

    async def settle(self) -> int:
        worker, done = Worker(self.service.runtime), 0
        while await worker.run_one():
            done += 1
        return done

    async def change(self, award_id: str, action: str) -> None:
        answer = await self.service.http.post(
            f"/v1/awards/{award_id}/{action}", json={"reason": "a test"}, headers=self.headers
        )
        assert answer.status_code == 200, answer.text


async def bundled(service: Service, slug: str = "kvec", *, count: int = 0) -> Bundled:
    headers = await make.register(service, slug)
    achievement = await make.publish(
        service, headers, slug, document=make.achievement(f"Literacy of {slug}"), duplicates="allow"
    )
    made = Bundled(service, headers, achievement, slug)
    await made.award(count)
    return made


async def with_operator(service: Service) -> None:
    async with service.runtime.begin(access.operator()) as work:
        await operating.make_operator(work)


async def row(service: Service, clr_id: str | UUID) -> Clr:
    async with service.runtime.database.reading() as session:
        found = await session.get(Clr, UUID(str(clr_id)))
        assert found is not None
        return found


async def texts(service: Service, *urls: str) -> list[str]:
    """The stored texts of credentials, by their addresses."""
    async with service.runtime.database.reading() as session:
        query = select(Credential.url, Credential.text).where(Credential.media_type == EMBEDDED)
        known = {row[0]: row[1] for row in (await session.execute(query)).all()}
    return [known[url] for url in urls]


def member_texts(text: str) -> list[str]:
    """The members of a record as they stand in its text, character by character: read with a decoder that tells where
    each value begins and ends."""
    at = text.index('"verifiableCredential":[') + len('"verifiableCredential":[')
    decoder, found = json.JSONDecoder(), []
    while text[at] != "]":
        _, end = decoder.raw_decode(text, at)
        found.append(text[at:end])
        at = end + (text[end] == ",")
    return found


def open_world(service: Service) -> Web:
    """The world outside, with the issuer of ``issued`` in it; tests change it."""
    web = Web({DID_URL: issued.controller(), issued.LIST_URL: issued.status_list()})
    service.runtime.fetch = web
    return web


def foreign(number: int = 1, *, email: str = EMAIL, valid_until: datetime = datetime(2099, 1, 1, tzinfo=UTC)) -> Json:
    """A badge of another issuer, for somebody with this address."""
    return issued.signed(
        replace(
            issued.facts(),
            credential_id=f"{issued.BASE}/credentials/{number}",
            identities=(hashed_identity(email, salt=f"{number:032x}"),),
            valid_until=valid_until,
        )
    )


async def verified(service: Service, text: str) -> Report:
    """Our own verification of a record."""
    async with service.runtime.begin(ANONYMOUS) as work:
        return await verifying.verify(work, data=text.encode())


def own_faults(report: Report) -> dict[str, str]:
    """What is wrong with the record by itself."""
    return {check.name: check.detail for check in report.checks[:8] if check.verdict is not Verdict.OK}


def outcomes(report: Report) -> list[str]:
    """The verdict on each member, in order; endorsements are left out."""
    return [each.report.outcome.value for each in report.nested if each.pointer.startswith(f"{MEMBERS}/")]
