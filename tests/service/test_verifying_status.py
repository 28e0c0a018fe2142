"""Status of every kind through the guard: what is fetched, how often, in which form, and what if it cannot be had."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from badgeissuer.net.fetch import FetchFailed, FetchRefused
from badgeissuer.vc.status import Bits
from badgeissuer.vc.verify import Outcome
from tests.service.test_verifying import DID_URL, Stranger, Web, bad
from tests.support import issued, lists, records
from tests.support.app import MakeRuntime
from tests.support.issued import INDEX, LIST_URL
from tests.support.lists import REVOCATIONS, badge, badge_1edtech, badge_2021, entry, listed

Json = dict[str, Any]
ROW = {"id": lists.SIGNED["id"], "revocationReason": "Issued in error."}


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def stranger(make_runtime: MakeRuntime) -> Stranger:
    return Stranger(make_runtime, Web({DID_URL: issued.controller()}))


@pytest.mark.parametrize("form", ["json", "vc+jwt", "ob-jwt"])
async def test_a_list_as_json_and_as_a_jwt(stranger: Stranger, form: str) -> None:
    def found(bits: Bits) -> Json | bytes:
        return listed(bits.encode()) if form == "json" else lists.jwt_lists(bits)[form]

    for bits, outcome in ((lists.bits(), Outcome.VALID), (lists.bits(INDEX), Outcome.REVOKED)):
        stranger.web.pages[LIST_URL] = found(bits)
        stranger.web.asked.clear()
        report = await stranger.report(badge(entry()))
        assert (report.outcome, stranger.web.asked) == (outcome, [DID_URL, LIST_URL])


async def test_a_list_of_2021(stranger: Stranger) -> None:
    for indexes, outcome in (((), Outcome.VALID), ((INDEX,), Outcome.REVOKED)):
        stranger.web.pages[LIST_URL] = lists.list_2021(*indexes)
        assert (await stranger.report(badge_2021())).outcome is outcome


async def test_a_revocation_list(stranger: Stranger) -> None:
    stranger.web.pages[REVOCATIONS] = lists.list_1edtech()
    report = await stranger.report(badge_1edtech())
    assert (report.outcome, stranger.web.asked) == (Outcome.VALID, [DID_URL, REVOCATIONS])
    assert report.check(6).detail.endswith("(the revocation list is not signed)")
    stranger.web.pages[REVOCATIONS] = lists.list_1edtech([ROW])
    report = await stranger.report(badge_1edtech())
    assert (report.outcome, bad(report)) == (Outcome.REVOKED, {6: "failed"})
    assert report.check(6).detail.startswith("the issuer's revocation list says revoked: Issued in error.")


@pytest.mark.parametrize("url", [LIST_URL, REVOCATIONS])
@pytest.mark.parametrize(
    ("page", "verdict", "type_"),
    [
        (FetchFailed("away"), "not_checked", "STATUS_RETRIEVAL_ERROR"),
        (404, "not_checked", "STATUS_RETRIEVAL_ERROR"),
        (FetchRefused("private"), "failed", "ssrf-refused"),
        (b"<html>", "failed", "STATUS_VERIFICATION_ERROR"),
    ],
)
async def test_lists_that_cannot_be_had(
    stranger: Stranger, url: str, page: int | bytes | Exception, verdict: str, type_: str
) -> None:
    stranger.web.pages[url] = page
    report = await stranger.report(badge(entry()) if url == LIST_URL else badge_1edtech())
    assert (bad(report), report.verified) == ({6: verdict}, False)
    assert str(report.check(6).type).endswith(type_)


async def test_a_forger_cannot_make_us_fetch_a_revocation_list(stranger: Stranger) -> None:
    report = await stranger.report(badge_1edtech() | {"name": "Other"})
    assert bad(report) == {3: "failed", 6: "not_checked"}
    assert stranger.web.asked == [DID_URL]


def record(*members: Json) -> Json:
    document = copy.deepcopy(records.signed_clr())
    del document["credentialStatus"]
    document["credentialSubject"]["verifiableCredential"] = list(members)
    return issued.resigned(document)


def another(document: Json, number: int) -> Json:
    return issued.resigned(document | {"id": f"{issued.BASE}/credentials/{number}"})


async def test_badges_that_name_one_list_cost_one_fetch(stranger: Stranger) -> None:
    members = [another(badge(entry(statusListIndex=str(number))), number) for number in range(3)]
    members += [another(badge_1edtech(), number) for number in range(3, 6)]
    stranger.web.pages |= {
        LIST_URL: listed(lists.bits(1).encode()),
        REVOCATIONS: lists.list_1edtech([ROW | {"id": members[5]["id"]}]),
    }
    report = await stranger.report(record(*members))
    assert [nested.report.outcome.value for nested in report.nested] == [
        "valid", "revoked", "valid", "valid", "valid", "revoked",
    ]  # fmt: skip
    assert (report.outcome, bad(report)) == (Outcome.INVALID, {8: "failed"})
    assert sorted(stranger.web.asked) == sorted([DID_URL, LIST_URL, REVOCATIONS])


async def test_two_badges_in_two_requests_see_the_list_as_it_is_each_time(stranger: Stranger) -> None:
    """Nothing is kept between requests: what was revoked a moment ago is revoked."""
    stranger.web.pages[LIST_URL] = listed()
    assert (await stranger.report(badge(entry()))).outcome is Outcome.VALID
    stranger.web.pages[LIST_URL] = listed(lists.bits(INDEX).encode())
    assert (await stranger.report(badge(entry()))).outcome is Outcome.REVOKED
    assert stranger.web.asked == [DID_URL, LIST_URL] * 2


class Choosy(Web):
    """Gives the form that is liked best, as a host does that has both."""

    async def get(self, url: str, *, accept: str, max_bytes: int | None = None) -> Any:
        if url == LIST_URL:
            self.pages[url] = self.liked(accept)
        return await super().get(url, accept=accept, max_bytes=max_bytes)

    def liked(self, accept: str) -> Json | bytes:
        weights = dict(_weight(item) for item in accept.split(","))
        as_json, as_jwt = weights["application/json"], weights["application/vc+jwt"]
        assert as_jwt > 0
        return listed() if as_json > as_jwt else lists.jwt_lists(lists.bits())["vc+jwt"]


def _weight(item: str) -> tuple[str, float]:
    name, _, weight = item.strip().partition(";q=")
    return name, float(weight or 1)


async def test_json_is_what_is_asked_for_first(make_runtime: MakeRuntime) -> None:
    stranger = Stranger(make_runtime, Choosy({DID_URL: issued.controller()}))
    assert (await stranger.report(badge(entry()))).verified
    assert stranger.web.pages[LIST_URL] == listed()
