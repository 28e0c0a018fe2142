"""What verification gathers: our own from the database, others through the fetcher, and never too much."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from badgeissuer.net.fetch import Fetched, Fetcher, FetchFailed, FetchRefused
from badgeissuer.sandbox import Sandbox
from badgeissuer.services import verifying
from badgeissuer.store.access import ANONYMOUS
from badgeissuer.vc.bake import bake
from badgeissuer.vc.contexts import OB_CONTEXTS, ContextStore
from badgeissuer.vc.multikey import VerificationKey, did_document
from badgeissuer.vc.proofs.suites import ECDSA_RDFC_2019, EDDSA_JCS_2022
from badgeissuer.vc.verify import Outcome, Policy, Report, Verdict
from tests.support import issued, make
from tests.support.app import MakeRuntime, Service
from tests.unit.vc.test_verify_carriers import PNG, SVG
from tests.unit.vc.test_verify_suites import P384, WORLD, proved
from tests.unit.vc.test_verify_tokens import es256

Json = dict[str, Any]
DID_URL = f"{issued.BASE}/issuers/kvec/did.json"
PROFILE: Json = {"id": issued.DID, "type": ["Profile"], "name": "KVEC"}


@dataclass
class Web(Fetcher):
    """The world outside, in memory: documents by URL, and a record of what was asked for."""

    pages: dict[str, Json | bytes | int | Exception] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def get(self, url: str, *, accept: str, max_bytes: int | None = None) -> Fetched:
        assert "application/did+json" in accept
        self.asked.append(url)
        match self.pages.get(url, FetchFailed("the host does not answer")):
            case Exception() as error:
                raise error
            case int() as status:
                return Fetched(url, status, "text/html", b"<html>")
            case bytes() as body:
                return Fetched(url, 200, "application/json", body)
            case page:
                return Fetched(url, 200, "application/json", json.dumps(page).encode())


@dataclass
class Stranger:
    """Our service, and a badge of somebody else's in a world that the test changes."""

    make_runtime: MakeRuntime
    web: Web = field(default_factory=Web)

    async def report(self, document: Json | bytes, policy: Policy | None = None) -> Report:
        runtime = await self.make_runtime(fetch=self.web, clock=lambda: issued.NOW)
        async with runtime.begin(ANONYMOUS) as work:
            data = document if isinstance(document, bytes) else json.dumps(document).encode()
            return await verifying.verify(work, data=data, policy=policy)


@pytest.fixture
def stranger(make_runtime: MakeRuntime) -> Stranger:
    return Stranger(make_runtime, Web({DID_URL: issued.controller(), issued.LIST_URL: issued.status_list()}))


@pytest.fixture
def backend() -> str:
    """Most of this is about the world outside; the tests that are about our own rows say so and take both kinds."""
    return "sqlite"


def bad(report: Report) -> dict[int, str]:
    return {check.number: check.verdict.value for check in report.checks if check.verdict is not Verdict.OK}


async def test_a_strangers_badge_needs_two_documents(stranger: Stranger) -> None:
    report = await stranger.report(issued.signed())
    assert (bad(report), report.outcome) == ({}, Outcome.VALID)
    assert stranger.web.asked == [DID_URL, issued.LIST_URL]


async def test_every_form_goes_through_the_sandbox_and_the_fetcher(make_runtime: MakeRuntime) -> None:
    """A P-384 key needs its canonical forms with SHA-384; a JWT its key; an image its text."""
    stranger = Stranger(make_runtime, Web({DID_URL: WORLD[issued.DID], issued.LIST_URL: issued.status_list()}))
    for data in (
        json.dumps(proved(ECDSA_RDFC_2019, P384)).encode(),
        bake(SVG, json.dumps(proved(EDDSA_JCS_2022, issued.KEY))),
        bake(PNG, es256()),
        es256().encode(),
    ):
        report = await stranger.report(data)
        assert (bad(report), report.outcome) == ({}, Outcome.VALID)


async def test_a_forger_cannot_make_us_fetch_a_status_list(stranger: Stranger) -> None:
    report = await stranger.report(issued.signed() | {"name": "Other"})
    assert bad(report) == {3: "failed", 6: "not_checked"}
    assert report.check(6).detail == "not looked at, since the credential is not proved to be the issuer's"
    assert stranger.web.asked == [DID_URL]


async def test_nothing_is_fetched_for_a_key_that_is_not_the_issuers(stranger: Stranger) -> None:
    document = issued.signed()
    document["proof"][0]["verificationMethod"] = "did:web:evil.example#key"
    assert 4 in bad(await stranger.report(document))
    assert stranger.web.asked == []


@pytest.mark.parametrize(
    ("page", "verdict", "said"),
    [
        (FetchFailed("away"), "not_checked", "the issuer's keys could not be fetched: away"),
        (404, "not_checked", "the issuer's keys could not be fetched: the host answered 404"),
        (
            FetchRefused("a private address"),
            "failed",
            "the issuer's keys may not be fetched from there: a private address",
        ),
        (b"<html>", "failed", None),
        (b"[]", "failed", None),
        ({"id": "did:web:other.example"}, "failed", None),
    ],
)
async def test_keys_that_cannot_be_had(
    stranger: Stranger, page: Json | bytes | int | Exception, verdict: str, said: str | None
) -> None:
    stranger.web.pages[DID_URL] = page
    report = await stranger.report(issued.signed())
    assert report.check(4).verdict == verdict
    assert said is None or report.check(4).detail == said
    assert not report.verified


@pytest.mark.parametrize(
    ("page", "verdict"),
    [
        (FetchFailed("away"), "not_checked"),
        (410, "not_checked"),
        (FetchRefused("no"), "failed"),
        (b"<html>", "failed"),
        ({}, "failed"),
    ],
)
async def test_a_list_that_cannot_be_had(
    stranger: Stranger, page: Json | bytes | int | Exception, verdict: str
) -> None:
    stranger.web.pages[issued.LIST_URL] = page
    report = await stranger.report(issued.signed())
    assert bad(report) == {6: verdict}


async def test_a_did_that_has_no_document_address(stranger: Stranger) -> None:
    document = issued.signed()
    document["issuer"]["id"] = "did:web:UPPER.example"
    document["proof"][0]["verificationMethod"] = "did:web:UPPER.example#k"
    assert bad(await stranger.report(document))[4] == "failed"
    assert stranger.web.asked == []


async def test_an_https_issuer_and_a_did_key(stranger: Stranger) -> None:
    bare = {name: value for name, value in issued.signed().items() if name != "credentialStatus"}
    https = "https://issuers.example.org/1"
    method = f"{https}#{issued.MULTIKEY}"
    entry = {"id": method, "type": "Multikey", "controller": https, "publicKeyMultibase": issued.MULTIKEY}
    stranger.web.pages[https] = {"id": https, "verificationMethod": [entry], "assertionMethod": [method]}
    document = issued.resigned(bare | {"issuer": PROFILE | {"id": https}}, verificationMethod=method)
    assert (await stranger.report(document)).verified
    did = f"did:key:{issued.MULTIKEY}"
    document = issued.resigned(bare | {"issuer": PROFILE | {"id": did}}, verificationMethod=did)
    stranger.web.asked.clear()
    assert (await stranger.report(document)).verified
    assert stranger.web.asked == []


def endorsement(number: int, issuer: str = issued.DID) -> Json:
    document: Json = {
        "@context": list(OB_CONTEXTS),
        "id": f"{issued.BASE}/endorsements/{number}",
        "type": ["VerifiableCredential", "EndorsementCredential"],
        "name": "Endorsement",
        "issuer": PROFILE | {"id": issuer},
        "validFrom": "2026-03-01T12:00:00Z",
        "credentialSubject": {"id": issued.DID, "type": ["EndorsementSubject"]},
    }
    return issued.resigned(document, verificationMethod=f"{issuer}#{issued.MULTIKEY}")


async def test_endorsements_are_gathered_too_and_each_document_once(stranger: Stranger) -> None:
    document = issued.resigned(issued.signed() | {"endorsement": [endorsement(1), endorsement(2)]})
    report = await stranger.report(document)
    assert (bad(report), report.outcome) == ({}, Outcome.VALID)
    assert stranger.web.asked == [DID_URL, issued.LIST_URL]


async def test_a_document_cannot_make_us_fetch_without_end(stranger: Stranger) -> None:
    issuers = [f"did:web:i{number}.example.org" for number in range(14)]
    for issuer in issuers:
        page = did_document(issuer, [VerificationKey(issued.MULTIKEY)])
        stranger.web.pages[f"https://{issuer.removeprefix('did:web:')}/.well-known/did.json"] = page
    endorsements = [endorsement(number, issuer) for number, issuer in enumerate(issuers)]
    report = await stranger.report(issued.resigned(issued.signed() | {"endorsement": endorsements}))
    assert bad(report) == {8: "not_checked"}
    assert len(stranger.web.asked) == verifying.MOST_FETCHES
    assert "more than 10 documents would be needed" in report.check(8).detail


async def test_a_document_cannot_make_us_canonicalise_without_end(
    stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "MOST_CANONICALISATIONS", 5)
    document = issued.resigned(issued.signed() | {"endorsement": [endorsement(1), endorsement(2)]})
    report = await stranger.report(document)
    assert bad(report) == {8: "not_checked"}
    assert "the document embeds too many others" in report.check(8).detail


async def test_an_unknown_context_is_named_and_never_fetched(stranger: Stranger) -> None:
    document = issued.signed()
    document["@context"] = [*OB_CONTEXTS, "https://evil.example/context"]
    report = await stranger.report(document)
    assert bad(report)[2] == "failed"
    assert report.check(2).type == "https://w3id.org/security#PROOF_TRANSFORMATION_ERROR"
    assert stranger.web.asked == [DID_URL]


async def test_a_document_without_meaning_is_a_report(stranger: Stranger) -> None:
    for data in (b"", b"{}", b"[]", b'{"type": ["VerifiableCredential", "OpenBadgeCredential"], "proof": {"a": 1}}'):
        report = await stranger.report(data)
        assert (report.verified, report.outcome, len(report.checks)) == (False, Outcome.INVALID, 9)


async def test_workers_that_are_away_leave_it_unchecked(stranger: Stranger) -> None:
    closed = Sandbox(ContextStore.pinned())
    await closed.close()
    runtime = await stranger.make_runtime(fetch=stranger.web, clock=lambda: issued.NOW)
    runtime.sandbox = closed
    async with runtime.begin(ANONYMOUS) as work:
        report = await verifying.verify(work, data=json.dumps(issued.signed()).encode())
    assert bad(report) == {2: "not_checked", 3: "not_checked", 6: "not_checked"}
    assert report.outcome is Outcome.NOT_CHECKED


async def test_a_caller_that_writes_keeps_its_transaction(stranger: Stranger) -> None:
    runtime = await stranger.make_runtime(fetch=stranger.web, clock=lambda: issued.NOW)
    async with runtime.begin(ANONYMOUS) as work:
        session = await work.begin_write()
        assert (await verifying.verify(work, data=json.dumps(issued.signed()).encode())).verified
        assert session.in_transaction()


class TestOurOwn:
    """From the database, at once, on both kinds; nothing is fetched."""

    @pytest.fixture(params=["sqlite", "postgresql"])
    def backend(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    async def _report(self, service: Service, text: bytes) -> Report:
        service.runtime.fetch = Web()
        async with service.runtime.begin(ANONYMOUS) as work:
            report = await verifying.verify(work, data=text)
        assert service.runtime.fetch.asked == []
        return report

    async def test_the_life_of_an_award(self, service: Service) -> None:
        own = await make.register(service)
        award = await make.award(service, own, await make.publish(service, own))
        text = (await service.http.get(award["credential"]["url"])).content
        report = await self._report(service, text)
        assert (report.verified, [part.name for part in report.check(6).parts]) == (
            True,
            ["status list", "our own records"],
        )

        async def after(action: str) -> Report:
            answer = await service.http.post(f"/v1/awards/{award['id']}/{action}", json={"reason": "x"}, headers=own)
            assert answer.status_code == 200, answer.text
            return await self._report(service, text)

        suspended = await after("suspend")
        assert (suspended.outcome, bad(suspended)) == (Outcome.SUSPENDED, {6: "failed"})
        listed, known = suspended.check(6).parts
        assert (listed.verdict, known.verdict) == (Verdict.OK, Verdict.FAILED)
        assert "known here; not visible to third parties" in known.detail
        assert (await after("reinstate")).outcome is Outcome.VALID
        revoked = await after("revoke")
        assert (revoked.outcome, bad(revoked)) == (Outcome.REVOKED, {6: "failed"})

    async def test_a_strangers_text_under_our_id_does_not_show_our_records(self, service: Service) -> None:
        own = await make.register(service)
        award = await make.award(service, own, await make.publish(service, own))
        forged = copy.deepcopy(issued.signed())
        forged["id"] = award["credential"]["url"]
        service.runtime.fetch = Web({DID_URL: issued.controller(), issued.LIST_URL: issued.status_list()})
        service.clock.now = issued.NOW
        async with service.runtime.begin(ANONYMOUS) as work:
            report = await verifying.verify(work, data=json.dumps(issued.resigned(forged)).encode())
        assert report.check(6).parts == ()
