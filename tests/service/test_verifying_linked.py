"""What verification gathers besides keys and status: foreign schemas and the newer edition, within bounds."""

from __future__ import annotations

import asyncio
import copy
import json
from typing import Any

import pytest

from badgeissuer.net.fetch import FetchFailed, FetchRefused
from badgeissuer.services import verifying
from badgeissuer.vc import limits
from badgeissuer.vc.contexts import OB_CONTEXTS, OB_EXTENSIONS
from badgeissuer.vc.status import Bits
from badgeissuer.vc.verify import Outcome, Policy, Report
from tests.service.test_verifying import DID_URL, Stranger, Web, bad
from tests.support import issued
from tests.support.app import MakeRuntime
from tests.unit.vc.test_verify_tokens import es256

Json = dict[str, Any]
SCHEMA_URL = "https://schemas.example.org/badge.json"
REFRESH_URL = "https://refresh.example.org/1"
DRAFT = "https://json-schema.org/draft/2019-09/schema#"


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def stranger(make_runtime: MakeRuntime) -> Stranger:
    return Stranger(make_runtime, Web({DID_URL: issued.controller(), issued.LIST_URL: issued.status_list()}))


def extended(**members: Any) -> Json:
    return issued.resigned(issued.signed() | {"@context": [*OB_CONTEXTS, OB_EXTENSIONS]} | members)


def with_schema(*urls: str) -> Json:
    named = urls or (SCHEMA_URL,)
    return extended(credentialSchema=[{"id": url, "type": "1EdTechJsonSchemaValidator2019"} for url in named])


def part(report: Report, name: str) -> tuple[str, str]:
    found = next(part for part in report.check(8).parts if part.name == name)
    return found.verdict.value, found.detail


async def test_a_document_is_held_against_the_schema_that_it_names(stranger: Stranger) -> None:
    stranger.web.pages[SCHEMA_URL] = {"$schema": DRAFT, "required": ["issuer"]}
    report = await stranger.report(with_schema())
    assert (report.outcome, part(report, "credentialSchema")) == (
        Outcome.VALID,
        ("ok", "the document conforms to the schema that it names"),
    )
    assert stranger.web.asked == [DID_URL, issued.LIST_URL, SCHEMA_URL]
    stranger.web.pages[SCHEMA_URL] = {"$schema": DRAFT, "properties": {"issuer": {"required": ["phone"]}}}
    report = await stranger.report(with_schema())
    assert bad(report) == {8: "failed"}
    assert part(report, "credentialSchema")[1].endswith("that it names: /issuer lacks phone")


@pytest.mark.parametrize(
    ("page", "verdict", "said"),
    [
        (FetchFailed("away"), "not_checked", "the schema could not be fetched: away"),
        (404, "not_checked", "the schema could not be fetched: the host answered 404"),
        (FetchRefused("private"), "failed", "the schema may not be fetched from there: private"),
        (b"<html>", "failed", None),
        (b"[]", "failed", "what it names as its schema is none: the schema is not a JSON object"),
        ({"$schema": DRAFT, "type": 5}, "failed", None),
        ({}, "not_checked", None),
        ({"$schema": DRAFT, "$ref": "https://evil.example/s"}, "not_checked", None),
        (b" " * (limits.SCHEMA_BYTES + 1), "not_checked", None),
        ({"$schema": DRAFT, "properties": {"name": {"pattern": "^([A-Za-z ]+)+$"}}}, "not_checked", None),
    ],
)
async def test_schemas_that_cannot_be_used(stranger: Stranger, page: Any, verdict: str, said: str | None) -> None:
    stranger.web.pages[SCHEMA_URL] = page
    document = with_schema() if said else issued.resigned(with_schema() | {"name": "a" * 60 + "!"})
    report = await stranger.report(document)
    assert bad(report) == {8: verdict}
    assert said is None or part(report, "credentialSchema")[1] == said
    assert "https://evil.example/s" not in stranger.web.asked


async def test_no_schema_is_fetched_for_a_forgery_nor_more_than_a_few_for_anybody(stranger: Stranger) -> None:
    await stranger.report(with_schema() | {"name": "Other"})
    assert SCHEMA_URL not in stranger.web.asked
    urls = [f"{SCHEMA_URL}?{number}" for number in range(6)]
    stranger.web.pages |= {url: {"$schema": DRAFT} for url in urls}
    report = await stranger.report(with_schema(*urls))
    assert bad(report) == {8: "not_checked"}
    assert [url for url in stranger.web.asked if url in urls] == urls[: limits.SCHEMAS]


async def test_schemas_are_counted_over_all_that_is_nested(stranger: Stranger) -> None:
    urls = [f"{SCHEMA_URL}?{number}" for number in range(limits.SCHEMAS + 1)]
    stranger.web.pages |= {url: {"$schema": DRAFT} for url in urls}
    endorsement = extended(
        type=["VerifiableCredential", "EndorsementCredential"],
        credentialSubject={"id": issued.DID, "type": ["EndorsementSubject"]},
        credentialSchema=[{"id": urls[-1], "type": "1EdTechJsonSchemaValidator2019"}],
    )
    report = await stranger.report(issued.resigned(with_schema(*urls[:-1]) | {"endorsement": [endorsement]}))
    assert bad(report) == {8: "not_checked"}
    assert urls[-1] not in stranger.web.asked
    assert "more than 4 would be needed" in report.check(8).detail


async def test_a_schema_that_many_name_is_fetched_once_and_a_costly_one_tried_once(stranger: Stranger) -> None:
    def endorsement(number: int) -> Json:
        return extended(
            id=f"urn:uuid:{number}",
            type=["VerifiableCredential", "EndorsementCredential"],
            name="a" * 60 + "!",
            credentialSubject={"id": issued.DID, "type": ["EndorsementSubject"]},
            credentialSchema=[{"id": SCHEMA_URL, "type": "1EdTechJsonSchemaValidator2019"}],
        )

    document = issued.resigned(with_schema() | {"endorsement": [endorsement(1), endorsement(2)]})
    stranger.web.pages[SCHEMA_URL] = {"$schema": DRAFT, "required": ["issuer"]}
    assert (await stranger.report(document)).verified
    assert stranger.web.asked.count(SCHEMA_URL) == 1
    stranger.web.pages[SCHEMA_URL] = {"$schema": DRAFT, "properties": {"name": {"pattern": "^([A-Za-z ]+)+$"}}}
    report = await stranger.report(document)
    assert bad(report) == {8: "not_checked"}
    told = report.check(8).detail
    assert (told.count("takes longer than"), told.count("it took too much work already")) == (1, 1)


# Refresh


def refreshable(**members: Any) -> Json:
    return extended(refreshService={"id": REFRESH_URL, "type": "1EdTechCredentialRefresh"}, **members)


async def test_the_newer_edition_is_the_one_that_is_reported_on(stranger: Stranger) -> None:
    old = refreshable(validFrom="2025-01-01T00:00:00Z", validUntil="2026-01-01T00:00:00Z")
    assert (await stranger.report(old)).outcome is Outcome.EXPIRED
    stranger.web.pages[REFRESH_URL] = refreshable(validUntil="2027-01-01T00:00:00Z", name="Renewed")
    stranger.web.asked.clear()
    report = await stranger.report(old)
    assert (report.outcome, report.refreshed, report.facts.name) == (Outcome.VALID, True, "Renewed")
    assert report.facts.valid_until == "2027-01-01T00:00:00Z"
    assert stranger.web.asked == [DID_URL, REFRESH_URL, issued.LIST_URL]
    assert part(report, "refreshService")[0] == "ok"


async def test_a_newer_edition_that_was_revoked_is_revoked(stranger: Stranger) -> None:
    bits = Bits.new()
    bits.set(7)
    newer = refreshable()
    newer["credentialStatus"]["statusListIndex"] = "7"
    stranger.web.pages |= {REFRESH_URL: issued.resigned(newer), issued.LIST_URL: issued.status_list(bits)}
    report = await stranger.report(refreshable())
    assert (report.outcome, report.refreshed) == (Outcome.REVOKED, True)


async def test_it_may_come_as_a_jwt(make_runtime: MakeRuntime) -> None:
    from tests.unit.vc.test_verify_suites import WORLD

    world: dict[str, Any] = {DID_URL: WORLD[issued.DID], issued.LIST_URL: issued.status_list()}
    stranger = Stranger(make_runtime, Web(world | {REFRESH_URL: es256().encode()}))
    report = await stranger.report(refreshable())
    assert (report.outcome, report.refreshed) == (Outcome.VALID, True)


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (FetchFailed("away"), "the refreshed credential could not be fetched: away"),
        (FetchRefused("private"), "the refreshed credential may not be fetched from there: private"),
        (b"<html>", "what the service gave is not such a credential"),
        (issued.status_list(), "what the service gave is not such a credential"),
        ({"id": "urn:uuid:other"}, "what the service gave is another credential"),
        ({"issuer": {"id": "did:web:other.example", "type": ["Profile"], "name": "X"}}, "another credential"),
        ({"validFrom": "2026-02-01T00:00:00Z"}, "what the service gave is an older edition"),
        (None, "what the service gave does not verify (proof: the signature does not match"),
    ],
)
async def test_what_is_no_newer_edition_leaves_the_given_one(stranger: Stranger, page: Any, said: str) -> None:
    if page is None:
        page = copy.deepcopy(refreshable()) | {"name": "Other"}
    elif isinstance(page, dict) and "proof" not in page:
        page = refreshable(**page)
    stranger.web.pages[REFRESH_URL] = page
    report = await stranger.report(refreshable())
    assert (report.outcome, report.refreshed) == (Outcome.VALID, False)
    verdict, detail = part(report, "refreshService")
    assert verdict == "ok"
    assert said in detail
    assert detail.endswith("; the edition that was given is the one that is reported on")


async def test_only_once_and_never_for_a_forgery(stranger: Stranger) -> None:
    elsewhere = "https://refresh.example.org/2"
    again = refreshable()
    again["refreshService"]["id"] = elsewhere
    stranger.web.pages |= {REFRESH_URL: issued.resigned(again), elsewhere: refreshable(name="Third")}
    report = await stranger.report(refreshable())
    assert (report.refreshed, report.facts.name) == (True, issued.signed()["name"])
    assert elsewhere not in stranger.web.asked
    stranger.web.asked.clear()
    assert 3 in bad(await stranger.report(refreshable() | {"name": "Other"}))
    assert stranger.web.asked == [DID_URL]


async def test_a_refresh_cannot_make_us_fetch_the_status_of_another_credential(stranger: Stranger) -> None:
    other = refreshable(id="urn:uuid:other")
    other["credentialStatus"]["statusListCredential"] = "https://evil.example/list"
    stranger.web.pages[REFRESH_URL] = issued.resigned(other)
    await stranger.report(refreshable())
    assert "https://evil.example/list" not in stranger.web.asked


async def test_an_endorsement_is_refreshed_by_the_same_rule(stranger: Stranger) -> None:
    def endorsement(**members: Any) -> Json:
        return refreshable(
            type=["VerifiableCredential", "EndorsementCredential"],
            credentialSubject={"id": issued.DID, "type": ["EndorsementSubject"]},
            **members,
        )

    old = endorsement(validFrom="2025-01-01T00:00:00Z", validUntil="2026-01-01T00:00:00Z")
    document = issued.resigned(issued.signed() | {"@context": old["@context"], "endorsement": [old]})
    report = await stranger.report(document)
    # Over, and told; the badge stays as it is (ADR 11).
    assert (bad(report), report.nested[0].report.outcome) == ({}, Outcome.EXPIRED)
    stranger.web.pages[REFRESH_URL] = endorsement() | {"name": "Other"}
    report = await stranger.report(document)
    found = report.nested[0].report
    assert (bad(report), found.outcome, found.refreshed) == ({}, Outcome.EXPIRED, False)
    assert "what the service gave does not verify (proof: the signature" in part(found, "refreshService")[1]
    stranger.web.pages[REFRESH_URL] = endorsement()
    report = await stranger.report(document)
    assert (bad(report), report.nested[0].report.refreshed, report.refreshed) == ({}, True, False)


async def test_newer_editions_inside_never_wait_for_each_other(
    stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one place for what is nested: a nested edition that is renewed, and holds others itself, needs no second."""
    monkeypatch.setattr(verifying, "NESTED_AT_ONCE", 1)

    def endorsement(**members: Any) -> Json:
        return extended(
            type=["VerifiableCredential", "EndorsementCredential"],
            credentialSubject={"id": issued.DID, "type": ["EndorsementSubject"]},
            **members,
        )

    renewing = {"refreshService": {"id": REFRESH_URL, "type": "1EdTechCredentialRefresh"}}
    inner = endorsement(id="urn:uuid:inner")
    profile = {"id": issued.DID, "type": ["Profile"], "name": "KVEC", "endorsement": [inner]}
    stranger.web.pages[REFRESH_URL] = endorsement(issuer=profile)
    document = issued.resigned(
        issued.signed() | {"@context": inner["@context"], "endorsement": [endorsement(**renewing)]}
    )
    async with asyncio.timeout(20):
        report = await stranger.report(document)
    found = report.nested[0].report
    assert (bad(report), found.refreshed, [item.pointer for item in found.nested]) == (
        {},
        True,
        ["/issuer/endorsement/0"],
    )


# What the caller asks for


async def test_the_policy_reaches_the_report(stranger: Stranger) -> None:
    email = "Teacher@School.example.org"
    policy = Policy(recipient=frozenset({email}), trusted_issuers=frozenset({issued.DID}), needs_status=True)
    report = await stranger.report(issued.signed(), policy)
    assert (report.outcome, report.accepted, [item.name for item in report.policy]) == (
        Outcome.VALID,
        True,
        ["trusted issuer", "has a status"],
    )
    report = await stranger.report(json.dumps(issued.signed()).encode(), Policy(recipient=frozenset({"a@b.example"})))
    assert (bad(report), report.outcome) == ({7: "failed"}, Outcome.INVALID)
