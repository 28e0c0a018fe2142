"""What a badge's page tells beside the signed text: whose it is, endorsements, stacks, a successor; who may find it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from badgeissuer.rules.endorsing import StandingPolicy
from badgeissuer.rules.terms import EndorsedKind, Visibility
from badgeissuer.services import endorsing
from badgeissuer.services.access import operator
from badgeissuer.services.endorsing import EndorsementGiven
from badgeissuer.services.endorsing_facts import MOST_SHOWN
from badgeissuer.store.awards import Award
from badgeissuer.store.people import Subject
from tests.support import make
from tests.support.app import BASE_URL, Service
from tests.support.counting import statements
from tests.support.pages import BROWSER, page_at
from tests.support.stacked import document, stacked


async def _set(service: Service, award: Any, **members: Any) -> None:
    async with service.runtime.begin(operator()) as work:
        await work.begin_write()
        row = await work.session.get_one(Award, UUID(award["id"]))
        for name, value in members.items():
            setattr(row, name, value)


async def _endorse(service: Service, kind: EndorsedKind, of: str, comment: str, **members: Any) -> UUID:
    async with service.runtime.begin(operator()) as work:
        given = EndorsementGiven(of={kind: of}, comment=comment, **members)
        return (await endorsing.endorse(work, endorser="kde", given=given)).id


async def test_the_earner_is_named_only_where_they_want_it(service: Service) -> None:
    own = await make.register(service)
    award = await make.award(service, own, await make.publish(service, own))
    url = award["credential"]["url"]
    page = await page_at(service, url)
    assert "Awarded to the holder of this credential by Issuer kvec" in page.text
    assert "Teacher 1" not in page.text
    await _set(service, award, name_shown=True)
    page = await page_at(service, url)
    assert "Awarded to Teacher 1 by Issuer kvec" in page.text
    # Only there: neither previews of the link nor search engines are told.
    assert all("Teacher 1" not in str(attributes) for _, attributes in page.elements)
    assert "Teacher 1" not in page.data["script"]
    async with service.runtime.begin(operator()) as work:
        await work.begin_write()
        row = await work.session.get_one(Award, UUID(award["id"]))
        (await work.session.get_one(Subject, row.subject_id)).name = None
    assert "Awarded to the holder of this credential" in (await page_at(service, url)).text


async def test_search_engines_see_only_what_is_public_and_nobody_sees_what_is_closed(service: Service) -> None:
    own = await make.register(service)
    award = await make.award(service, own, await make.publish(service, own))
    url = award["credential"]["url"]
    for visibility, robots in ((Visibility.UNLISTED, "noindex"), (Visibility.PUBLIC, None)):
        await _set(service, award, visibility=visibility)
        answer = await service.http.get(url, headers=BROWSER)
        assert (answer.status_code, answer.headers.get("x-robots-tag")) == (200, robots)
        assert ('<meta name="robots"' in answer.text) is (robots is not None)
    await _set(service, award, visibility=Visibility.CLOSED)
    closed = await service.http.get(url, headers=BROWSER)
    unknown = await service.http.get("/credentials/00000000-0000-4000-8000-000000000000", headers=BROWSER)
    assert (closed.status_code, closed.content) == (404, unknown.content)
    for end in (".json", ".jwt", ".png", ".svg", ".pdf", ".qr.svg", ".card.png"):
        assert (await service.http.get(f"{url}{end}")).status_code == 404, end


async def test_the_endorsements_of_the_badge_and_how_each_stands(service: Service) -> None:
    own = await make.register(service)
    await make.register(service, "kde", name="Kentucky Department of Education")
    achievement = await make.publish(service, own)
    inside = await _endorse(
        service, EndorsedKind.ACHIEVEMENT, achievement, "Counts for *rank*.", standing=StandingPolicy(embed=True)
    )
    award = await make.award(service, own, achievement)
    url = award["credential"]["url"]
    page = await page_at(service, url)
    assert "Endorsements Kentucky Department of Education Valid Endorses this micro-credential" in page.text
    assert "It stands in the signed text." in page.text
    assert "Counts for rank ." in page.text
    links = {attributes["href"] for attributes in page.all("a")}
    assert {f"{BASE_URL}/issuers/kde", f"{BASE_URL}/endorsements/{inside}"} <= links
    await _endorse(service, EndorsedKind.AWARD, urlsplit(url).path.rpartition("/")[2], "<b>Seen</b> in class")
    page = await page_at(service, url)
    assert "Endorses this award" in page.text
    assert page.text.count("It stands in the signed text.") == 1
    assert "<b>Seen</b> in class" in page.text
    async with service.runtime.begin(operator()) as work:
        await endorsing.revoke(work, endorsement_id=inside, reason="Why not")
    page = await page_at(service, url)
    assert "Kentucky Department of Education Revoked Endorses this micro-credential" in page.text
    assert "Why not" not in page.text
    # The badge itself still holds.
    assert [name for name in page.classes("div") if name.startswith("verdict")] == ["verdict valid"]
    for number in range(MOST_SHOWN):
        await _endorse(service, EndorsedKind.ISSUER, "kvec", f"Voice {number}")
    page = await page_at(service, url)
    assert page.text.count("Endorses") == MOST_SHOWN
    assert "2 more." in page.text


async def test_what_the_badge_counts_toward_and_what_it_completes(service: Service) -> None:
    made = await stacked(service)
    stack, _ = await made.publish(document(made.achievements))
    award = await made.award(made.achievements[0])
    page = await page_at(service, award["credential"]["url"])
    assert "It counts toward: Teaching Rural Students From Poverty" in page.text
    assert f"{BASE_URL}/stacks/{stack}" in {attributes["href"] for attributes in page.all("a")}
    crown = await made.award(made.crown)
    page = await page_at(service, crown["credential"]["url"])
    assert "This award says that its holder completed Teaching Rural Students From Poverty ." in page.text
    assert "It counts toward" not in page.text


async def test_a_newer_award_in_its_place_is_told_apart_from_one_that_was_taken_back(service: Service) -> None:
    own = await make.register(service)
    achievement = await make.publish(service, own, duplicates="replace")
    first = await make.award(service, own, achievement)
    second = await make.award(service, own, achievement, external_reference="again")
    page = await page_at(service, first["credential"]["url"])
    assert [name for name in page.classes("div") if name.startswith("verdict")] == ["verdict superseded"]
    assert "Superseded A newer credential has taken the place of this one. See the newer credential" in page.text
    assert second["credential"]["url"] in {attributes["href"] for attributes in page.all("a")}
    await _set(service, second, visibility=Visibility.CLOSED)
    page = await page_at(service, first["credential"]["url"])
    assert "See the newer credential" not in page.text
    assert second["credential"]["url"] not in {attributes["href"] for attributes in page.all("a")}


@pytest.mark.parametrize("count", [1, 3])
async def test_a_page_takes_the_same_few_queries_whatever_it_lists(service: Service, count: int) -> None:
    made = await stacked(service)
    await make.register(service, "kde", name="Kentucky Department of Education")
    for _ in range(count):
        await _endorse(service, EndorsedKind.ISSUER, "kvec", "Good")
    # Each stack awards an achievement of its own.
    for number in range(count):
        crown = await make.publish(service, made.headers, document=make.achievement(f"Crown {number}"))
        await made.publish(document(made.achievements), crown=crown)
    award = await made.award(made.achievements[0])
    await page_at(service, award["credential"]["url"])
    with statements(service.runtime) as seen:
        page = await page_at(service, award["credential"]["url"])
    assert page.text.count("Endorses the issuer") == count
    assert len(seen) == 5, seen


def _much(letters: str, most: int) -> str:
    """So many bytes of it."""
    return (letters * most).encode()[:most].decode(errors="ignore").strip()


@pytest.mark.parametrize("letters", ["x ", '"&<', "王", "> ", "*a* ", "[a](https://a.example) "])
async def test_a_page_stays_small_whatever_the_badge_holds(service: Service, letters: str) -> None:
    own = await make.register(service)
    await make.register(service, "kde", name=_much(letters, 200))
    described = make.achievement()["resultDescription"] * 8
    skills = [
        {
            "type": ["Alignment"],
            "targetName": f"{number} {_much(letters, 200)}",
            "targetDescription": _much(letters, 300),
            "targetUrl": f"https://kvec.example.org/{number}",
        }
        for number in range(20)
    ]
    achievement = make.achievement(
        _much(letters, 200),
        description=_much(letters, 4_000),
        criteria={"narrative": _much(letters, 8_000), "id": f"https://kvec.example.org/{'x' * 1_000}"},
        resultDescription=[{**each, "name": f"{number} {_much(letters, 90)}"} for number, each in enumerate(described)],
        alignment=skills,
        tag=[f"{number} {_much(letters, 100)}" for number in range(20)],
    )
    made = await make.publish(service, own, document=achievement)
    evidence = [
        {"name": f"{number}", "description": _much(letters, 900), "narrative": _much(letters, 3_000)}
        for number in range(4)
    ]
    results = [
        {"criterion": f"{number} {_much(letters, 90)}", "level": "Exemplary"} for number in range(len(described))
    ]
    await _endorse(service, EndorsedKind.ISSUER, "kvec", _much(letters, 2_000))
    award = await make.award(service, own, made, evidence=evidence, results=results)
    answer = await service.http.get(f"{award['credential']['url']}?lang=es", headers=BROWSER)
    assert answer.status_code == 200, answer.text
    assert 20_000 < len(answer.content) < 50_000
    assert "más en el archivo JSON." in answer.text
