"""What verifying a learner record costs: each document once, and as many canonical forms as there are members."""

from __future__ import annotations

import asyncio
import copy
import json
from dataclasses import dataclass, replace
from typing import Any

import pytest

from badgeissuer.net.fetch import Fetched
from badgeissuer.sandbox import Sandbox
from badgeissuer.services import verifying
from badgeissuer.vc import limits
from badgeissuer.vc.contexts import OB_EXTENSIONS, ContextStore, Edition
from badgeissuer.vc.multikey import VerificationKey, did_document
from badgeissuer.vc.verify import Outcome, Report, Verdict
from tests.service.test_verifying import DID_URL, Stranger, Web, bad, endorsement
from tests.support import issued, records, renditions
from tests.support.app import MakeRuntime
from tests.support.issued import resigned

Json = dict[str, Any]
RECORD = records.signed_clr()
MEMBERS = "/credentialSubject/verifiableCredential"


@pytest.fixture
def backend() -> str:
    return "sqlite"


@dataclass
class Counting(Web):
    """The world outside, with the number of requests that are under way at once."""

    under_way: int = 0
    most: int = 0

    async def get(self, url: str, *, accept: str, max_bytes: int | None = None) -> Fetched:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0.01)
        self.under_way -= 1
        return await super().get(url, accept=accept, max_bytes=max_bytes)


@pytest.fixture
def stranger(make_runtime: MakeRuntime) -> Stranger:
    pages: Json = {DID_URL: issued.controller(), issued.LIST_URL: issued.status_list()}
    return Stranger(make_runtime, Counting(pages))


@pytest.fixture
def canonicalised(monkeypatch: pytest.MonkeyPatch) -> list[Json]:
    """Every document that is sent to the sandbox."""
    sent: list[Json] = []
    real = Sandbox.canonicalize

    async def counted(self: Sandbox, document: Json, **options: Any) -> Any:
        sent.append(document)
        return await real(self, document, **options)

    monkeypatch.setattr(Sandbox, "canonicalize", counted)
    return sent


def member(number: int, **members: Any) -> Json:
    facts = replace(issued.minimal_facts(), credential_id=f"{issued.BASE}/credentials/{number}")
    return issued.resigned(issued.signed(facts) | members)


def with_members(*members: Json) -> Json:
    document = copy.deepcopy(RECORD)
    document["credentialSubject"]["verifiableCredential"] = list(members)
    return resigned(document)


def named(report: Report) -> list[str]:
    return [part.name for part in report.check(8).parts if part.verdict is not Verdict.OK]


@pytest.mark.parametrize("count", [10, 100])
async def test_what_a_record_costs_grows_with_its_members_and_no_faster(
    stranger: Stranger, canonicalised: list[Json], count: int
) -> None:
    report = await stranger.report(with_members(*(member(number) for number in range(count))))
    assert (bad(report), report.outcome, len(report.nested)) == ({}, Outcome.VALID, count)
    assert stranger.web.asked == [DID_URL, issued.LIST_URL], "each once, however many members name it"
    # The record and each member have a document and a proof, and so has the one status list.
    assert len(canonicalised) == 2 * (1 + count + 1)


async def test_members_of_many_issuers_are_had_a_few_at_a_time(stranger: Stranger) -> None:
    issuers = [f"did:web:i{number}.example.org" for number in range(14)]
    for issuer in issuers:
        page = did_document(issuer, [VerificationKey(issued.MULTIKEY)])
        stranger.web.pages[f"https://{issuer.removeprefix('did:web:')}/.well-known/did.json"] = page
    found = [endorsement(number, issuer) for number, issuer in enumerate(issuers)]
    report = await stranger.report(with_members(*found))
    assert (bad(report), report.outcome) == ({}, Outcome.VALID)
    assert len(stranger.web.asked) == 2 + len(issuers) > verifying.MOST_FETCHES
    assert isinstance(stranger.web, Counting)
    assert 1 < stranger.web.most <= verifying.NESTED_AT_ONCE


async def test_a_forger_cannot_make_us_look_at_members(stranger: Stranger, canonicalised: list[Json]) -> None:
    record = with_members(*(endorsement(number, f"did:web:i{number}.example.org") for number in range(9)))
    report = await stranger.report(record | {"name": "Forged"})
    assert (report.verified, report.outcome) == (False, Outcome.INVALID)
    assert stranger.web.asked == [DID_URL]
    assert len(canonicalised) == 2
    assert len(named(report)) == 9, "none of them is taken for good"


async def test_a_member_that_does_not_hold_is_named_and_costs_the_others_nothing(stranger: Stranger) -> None:
    report = await stranger.report(with_members(member(1), member(2) | {"name": "Other"}, member(3)))
    assert (bad(report), named(report)) == ({8: "failed"}, [f"credential at {MEMBERS}/1"])
    assert [found.report.verified for found in report.nested] == [True, False, True]


async def test_members_of_a_record_in_a_record_are_counted(stranger: Stranger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "MOST_CANONICALISATIONS", 0)
    inner = with_members(*(member(number) for number in range(3)))
    inner["credentialSubject"]["id"] = RECORD["credentialSubject"]["id"]
    report = await stranger.report(with_members(resigned(inner | {"id": "urn:uuid:1"})))
    # Twelve forms at most are needed: two for each of five documents, and two for the list.
    assert (bad(report), report.outcome) == ({}, Outcome.VALID)
    assert limits.MEMBER_CANONICALISATIONS * 4 >= 12


async def test_a_newer_edition_of_a_record_may_have_more_members(
    stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "MOST_CANONICALISATIONS", 4)
    url = "https://refresh.example.org/1"
    service = {"id": url, "type": "1EdTechCredentialRefresh"}
    given = with_members(member(1))
    contexts = [*given["@context"], OB_EXTENSIONS]
    stranger.web.pages[url] = with_members(*(member(number) for number in range(6)))
    report = await stranger.report(resigned(given | {"@context": contexts, "refreshService": service}))
    assert (bad(report), report.outcome, report.refreshed) == ({}, Outcome.VALID, True)
    assert len(report.nested) == 6


async def test_endorsements_as_jwts_are_gathered_too(make_runtime: MakeRuntime) -> None:
    web = Web({DID_URL: renditions.WORLD[issued.DID], issued.LIST_URL: issued.status_list()})
    stranger = Stranger(make_runtime, web)
    tokens = [renditions.token("endorsement", "ob", "ES256"), renditions.token("endorsement", "vc+jwt", "EdDSA")]
    report = await stranger.report(resigned(issued.signed() | {"endorsementJwt": tokens}))
    assert (bad(report), report.outcome, len(report.nested)) == ({}, Outcome.VALID, 2)
    assert web.asked == [DID_URL, issued.LIST_URL]


async def test_a_record_as_a_jwt_and_in_an_image(make_runtime: MakeRuntime) -> None:
    web = Web({DID_URL: renditions.WORLD[issued.DID], issued.LIST_URL: issued.status_list()})
    stranger = Stranger(make_runtime, web)
    for text, carrier in (
        (renditions.token("clr", "ob", "ES256"), "text"),
        (renditions.secured("clr", "ecdsa-sd-2023"), "png"),
    ):
        report = await stranger.report(renditions.carried(text, "clr", carrier))
        assert (bad(report), report.outcome) == ({}, Outcome.VALID)
        assert len(report.nested) >= 3


async def test_related_resources_are_had_and_compared(stranger: Stranger) -> None:
    url = "https://things.example.org/rubric.json"
    digest = "sha256-RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o="
    stranger.web.pages[url] = b"{}"
    document = resigned(issued.signed() | {"relatedResource": {"id": url, "digestSRI": digest}})
    report = await stranger.report(document)
    assert (bad(report), report.outcome) == ({}, Outcome.VALID)
    assert stranger.web.asked == [DID_URL, issued.LIST_URL, url]
    stranger.web.pages[url] = b"{ }"
    assert bad(await stranger.report(document)) == {8: "failed"}
    stranger.web.pages[url] = 404
    report = await stranger.report(document)
    assert bad(report) == {8: "not_checked"}
    assert "the related resource could not be fetched: the host answered 404" in report.check(8).detail


async def test_a_context_of_2024_is_tried_in_the_sandbox_too(
    stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = [renditions.token("endorsement", "vc+jwt", "EdDSA")]
    monkeypatch.setattr(issued, "CONTEXTS", ContextStore.of_edition(Edition.EARLIER))
    document = issued.signed()
    document["credentialSubject"]["achievement"]["endorsementJwt"] = tokens
    document = resigned(document)
    stranger.web.pages[DID_URL] = renditions.WORLD[issued.DID]
    report = await stranger.report(json.dumps(document).encode())
    assert (bad(report), report.outcome) == ({}, Outcome.VALID)
    assert report.check(3).detail.endswith("under the Open Badges context of 2024")
