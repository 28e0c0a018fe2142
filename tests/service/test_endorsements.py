"""Endorsements and what others make of them: the badges that carry them, races, keys in other hands, other software."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from openbadgeslib.ob3 import OB3VerificationError
from openbadgeslib.ob3.ldp import verify_data_integrity_proof
from sqlalchemy import select, update

from badgeissuer.errors import BadgeissuerError
from badgeissuer.rules.endorsing import CARRIED_BYTES, MOST_CARRIED, EndorsementVerdict, StandingPolicy
from badgeissuer.rules.terms import EndorsedKind, KeyState
from badgeissuer.sandbox import Sandbox
from badgeissuer.services import drafting, endorsing, endorsing_facts, verifying
from badgeissuer.services.access import operator
from badgeissuer.services.drafting import Contents, CredentialDraft
from badgeissuer.services.endorsing import EndorsementGiven
from badgeissuer.store.access import ANONYMOUS
from badgeissuer.store.awards import EMBEDDED, Credential
from badgeissuer.store.catalog import Issuer, IssuerKey
from badgeissuer.store.endorsements import Endorsement
from badgeissuer.vc.multikey import parse_multikey
from badgeissuer.vc.verify import Outcome
from badgeissuer.work import Work
from tests.service.test_verifying import Web, bad
from tests.support import make
from tests.support.app import BASE_URL, Service
from tests.support.exported import new_runtime
from tests.unit.vc.test_clr_model import ENDORSEMENT_SCHEMAS, schema_errors

Json = dict[str, Any]


class Parties:
    """kvec, whose achievement is endorsed, and those who endorse it."""

    def __init__(self, service: Service, headers: dict[str, str], achievement: str) -> None:
        self.service = service
        self.headers = headers
        self.achievement = achievement

    async def endorse(
        self, endorser: str = "kde", *, comment: str = "It counts.", embed: bool = True, of: Json | None = None
    ) -> UUID:
        given = EndorsementGiven(
            of=of or {EndorsedKind.ACHIEVEMENT: self.achievement}, comment=comment, standing=StandingPolicy(embed)
        )
        async with self.service.runtime.begin(operator()) as work:
            made = await endorsing.endorse(work, endorser=endorser, given=given)
        self.service.clock.advance(seconds=1)
        return made.id

    async def revoke(self, endorsement_id: UUID) -> None:
        async with self.service.runtime.begin(operator()) as work:
            await endorsing.revoke(work, endorsement_id=endorsement_id, reason="taken back")

    async def badge(self, n: int = 1) -> Json:
        award = await make.award(self.service, self.headers, self.achievement, n)
        badge: Json = json.loads(await self.text(award["credential"]["url"]))
        return badge

    async def text(self, url: str) -> str:
        answer = await self.service.http.get(url)
        assert answer.status_code == 200
        return answer.text


@pytest.fixture
async def parties(service: Service) -> Parties:
    headers = await make.register(service, "kvec", name="KVEC")
    await make.register(service, "kde", name="Kentucky Department of Education")
    return Parties(service, headers, await make.publish(service, headers))


def _url(*ids: UUID) -> list[str]:
    return [f"{BASE_URL}/endorsements/{each}" for each in ids]


def _carried(badge: Json) -> list[str]:
    return [each["id"] for each in badge["credentialSubject"]["achievement"].get("endorsement", [])]


async def test_one_that_is_taken_back_between_two_steps_is_not_carried(
    parties: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, newer = await parties.endorse(), await parties.endorse()
    drawn: list[tuple[UUID, ...]] = []
    draft_all = drafting.draft_all

    async def taken_back_after_it(work: Work, contents: Sequence[Contents]) -> list[CredentialDraft | BadgeissuerError]:
        [drafted] = await draft_all(work, contents)
        assert isinstance(drafted, CredentialDraft)
        drawn.append(drafted.endorsements)
        if len(drawn) == 1:
            await parties.revoke(newer)
        return [drafted]

    monkeypatch.setattr(drafting, "draft_all", taken_back_after_it)
    assert _carried(await parties.badge()) == _url(older)
    assert drawn == [(newer,), (older,)]


async def test_a_badge_takes_in_a_few_and_never_grows_beyond_what_it_may_weigh(parties: Parties) -> None:
    endorsers = [f"state-{n}" for n in range(MOST_CARRIED + 2)]
    for slug in endorsers:
        await make.register(parties.service, slug)
    made = [await parties.endorse(slug) for slug in endorsers]
    badge = await parties.badge()
    assert _carried(badge) == _url(*reversed(made[-MOST_CARRIED:]))
    report = await _report(parties, json.dumps(badge))
    assert (report.outcome, len(report.nested)) == (Outcome.VALID, MOST_CARRIED)
    # Whoever says it a hundred times takes nobody's place.
    for _ in range(60):
        await parties.endorse(endorsers[0])
    carried = _carried(await parties.badge(9))
    assert (len(carried), carried[1:]) == (MOST_CARRIED, _url(*reversed(made[-MOST_CARRIED + 1 :])))
    # Long words of a few leave no room for more.
    long = [await parties.endorse(slug, comment="é" * 4_000) for slug in endorsers]
    carried = _carried(await parties.badge(2))
    assert carried[:3] == _url(*reversed(long[-3:]))
    inside = (await parties.badge(3))["credentialSubject"]["achievement"]["endorsement"]
    assert sum(len(json.dumps(each, ensure_ascii=False).encode()) for each in inside) <= CARRIED_BYTES


async def test_where_a_badge_would_be_refused_with_them_it_is_made_without(parties: Parties) -> None:
    """An earner's award does not wait for what an endorser wants carried."""
    endorsement = await parties.endorse()
    async with parties.service.runtime.begin(operator()) as work:
        await work.begin_write()
        # What no badge can take in: it stands for one that is too large beside all else.
        row = (await work.session.scalars(select(Endorsement).where(Endorsement.id == endorsement))).one()
        broken = {**json.loads(row.text), "proof": "none"}
        row.text = json.dumps(broken)
    assert _carried(await parties.badge()) == []


async def test_a_key_in_other_hands_ends_what_it_signed(parties: Parties) -> None:
    endorsement = await parties.endorse()
    async with parties.service.runtime.begin(operator()) as work:
        await work.begin_write()
        kde = select(Issuer.id).where(Issuer.slug == "kde")
        signed_with = select(Endorsement.key_id).where(Endorsement.id == endorsement)
        await work.session.execute(
            update(IssuerKey)
            .where(IssuerKey.issuer_id.in_(kde), IssuerKey.id.in_(signed_with))
            .values(state=KeyState.COMPROMISED, compromised_at=work.now)
        )
    async with parties.service.runtime.begin(ANONYMOUS) as work:
        found = await endorsing_facts.public_endorsement(work, endorsement_id=endorsement)
        subject = f"{BASE_URL}/achievements/{parties.achievement}"
        listed = await endorsing_facts.standing_about(work, subject=subject)
        given = await endorsing_facts.endorsements_for(work, achievement_ids=[UUID(parties.achievement)])
    assert (found.verdict, listed, given) == (EndorsementVerdict.INVALID, [], [])
    assert _carried(await parties.badge()) == []


async def test_what_a_badges_page_shows(parties: Parties) -> None:
    about = await parties.endorse(comment="Of the achievement.")
    badge = await parties.badge()
    issuer = await parties.endorse(comment="Of the issuer.", of={EndorsedKind.ISSUER: "kvec"}, embed=False)
    award = await parties.endorse(comment="Of the award.", of={EndorsedKind.AWARD: badge["id"]}, embed=False)
    gone = await parties.endorse(comment="Gone.", embed=False)
    await parties.revoke(gone)

    async def shown() -> list[tuple[str, str, str, bool]]:
        async with parties.service.runtime.begin(ANONYMOUS) as work:
            credential = (await work.session.scalars(_embedded(badge["id"]))).one()
            work.session.expunge(credential)
            report = await verifying.verify(work, data=credential.text.encode())
            found = await endorsing_facts.endorsements_of(work, credential, report=report)
        return [(each.comment, each.kind.value, each.verdict, each.embedded) for each in found]

    assert await shown() == [
        ("Of the award.", "award", "valid", False),
        ("Of the issuer.", "issuer", "valid", False),
        ("Of the achievement.", "achievement", "valid", True),
    ]
    # One that stands in the signed text is shown whatever became of it; of those beside it only what stands.
    for each in (about, award):
        await parties.revoke(each)
    assert await shown() == [
        ("Of the issuer.", "issuer", "valid", False),
        ("Of the achievement.", "achievement", "revoked", True),
    ]
    async with parties.service.runtime.begin(ANONYMOUS) as work:
        document = await endorsing_facts.endorsements_for(
            work, issuer_ids=[(await _issuer(work, "kvec")).id], credential_ids=[UUID(badge["id"][-36:])]
        )
        assert document == [json.loads(await parties.text(_url(issuer)[0]))]


async def test_the_published_schemas_accept_it(parties: Parties) -> None:
    made = await parties.endorse(comment="Zoë ® “very good” 王小明 🎓")
    text = await parties.text(_url(made)[0])
    assert "Zoë ® “very good” 王小明 🎓" in text
    for schema in ENDORSEMENT_SCHEMAS:
        assert schema_errors(schema, json.loads(text)) == []
        assert schema_errors(schema, {**json.loads(text), "name": 5}) != []


async def test_other_software_finds_both_signatures_good(parties: Parties) -> None:
    made = await parties.endorse()
    badge = await parties.badge()
    endorsement = json.loads(await parties.text(_url(made)[0]))
    assert _carried(badge) == _url(made)
    for document in (badge, endorsement):
        did = document["issuer"]["id"]
        slug = did.rpartition(":")[2]
        keys = json.loads(await parties.text(f"{BASE_URL}/issuers/{slug}/did.json"))["verificationMethod"]
        used = document["proof"][0]["verificationMethod"]
        (key,) = (each["publicKeyMultibase"] for each in keys if each["id"] == used)
        pem = parse_multikey(key).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        verify_data_integrity_proof(document, pem)
        with pytest.raises(OB3VerificationError):
            verify_data_integrity_proof({**document, "name": "Other"}, pem)
    # The carried one is part of what the badge's issuer signed.
    carried = copy.deepcopy(badge)
    carried["credentialSubject"]["achievement"]["endorsement"][0]["credentialSubject"]["endorsementComment"] = "Other."
    report = await _report(parties, json.dumps(carried))
    assert bad(report) == {3: "failed", 6: "not_checked", 8: "not_checked"}


async def test_a_stranger_who_fetches_everything_verifies_them(
    parties: Parties, tmp_path: Path, sandbox: Sandbox
) -> None:
    made = await parties.endorse()
    badge = await parties.badge()
    endorsement = json.loads(await parties.text(_url(made)[0]))
    lists = [document["credentialStatus"]["statusListCredential"] for document in (badge, endorsement)]
    dids = [f"{BASE_URL}/issuers/{slug}/did.json" for slug in ("kvec", "kde")]

    folders: list[Path] = []

    async def outcome() -> tuple[Outcome, Outcome]:
        (folder := tmp_path / f"stranger-{len(folders)}").mkdir()
        folders.append(folder)
        web = Web({url: json.loads(await parties.text(url)) for url in (*dids, *lists)})
        stranger = await new_runtime(
            folder, sandbox, clock=parties.service.clock, fetch=web, base_url="https://other.example"
        )
        async with stranger.begin(ANONYMOUS) as work:
            report = await verifying.verify(work, data=json.dumps(badge).encode())
        await stranger.close()
        assert sorted(web.asked) == sorted({*dids, *lists})
        return report.outcome, report.nested[0].report.outcome

    assert await outcome() == (Outcome.VALID, Outcome.VALID)
    await parties.revoke(made)
    assert await outcome() == (Outcome.VALID, Outcome.REVOKED)


def _embedded(url: str) -> Any:
    return select(Credential).where(Credential.url == url, Credential.media_type == EMBEDDED)


async def _issuer(work: Work, slug: str) -> Issuer:
    return (await work.session.scalars(select(Issuer).where(Issuer.slug == slug))).one()


async def _report(parties: Parties, text: str) -> Any:
    async with parties.service.runtime.begin(ANONYMOUS) as work:
        return await verifying.verify(work, data=text.encode())
