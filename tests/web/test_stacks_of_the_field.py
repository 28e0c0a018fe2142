"""The stacks of the field over HTTP: what one who just fails is told, what would help, and that it helps."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from badgeissuer.rules.stack_rules import StackDocument
from badgeissuer.services import stacking
from badgeissuer.services.access import operator
from tests.support import make
from tests.support.app import BASE_URL, Service
from tests.support.stacked import Json, Stacked, stacked, url

WHO = "email=teacher1@schools.example.org"


def member(key: str, achievement: str | None, *categories: str, **more: Any) -> Json:
    named = {} if achievement is None else {"achievement": url(achievement)}
    return {"key": key, "title": key.title(), "categories": categories, **named, **more}


def stack(members: list[Json], rule: Any) -> Json:
    return {"name": "S", "description": "D", "members": members, "rule": rule}


async def progress(made: Stacked, stack_id: UUID, *what_if: str) -> Json:
    more = f"&what_if={','.join(what_if)}" if what_if else ""
    answer = await made.service.http.get(f"/v1/stacks/{stack_id}/progress?{WHO}{more}", headers=made.headers)
    assert answer.status_code == 200, answer.text
    told: Json = answer.json()
    return told


async def earn(made: Stacked, *achievements: str, on: str) -> None:
    for achievement in achievements:
        await made.award(achievement, decided_at=f"{on}T10:00:00Z")


def states(told: Json) -> dict[str, str]:
    return {each["key"]: each["state"] for each in told["members"]}


async def test_kedc_twelve_foundation_six_personalised_and_a_capstone_in_three_years(service: Service) -> None:
    made = await stacked(service, 20)
    foundation, personal, (capstone,) = made.achievements[:13], made.achievements[13:19], made.achievements[19:]
    members = [
        *(member(f"f{n}", each, "Foundation") for n, each in enumerate(foundation, 1)),
        *(member(f"p{n}", each, "Personalised") for n, each in enumerate(personal, 1)),
        member("capstone", capstone),
    ]
    rule = {
        "within": {"years": 3},
        "of": {"capstone": "capstone", "after": {"per_category": {"Foundation": 12, "Personalised": 6}}},
    }
    stack_id, _ = await made.publish(stack(members, rule))
    # The period that begins here is over before the capstone.
    await earn(made, foundation[0], on="2023-10-31")
    await earn(made, *foundation[1:12], on="2024-03-01")
    await earn(made, *personal, on="2025-03-01")
    told = await progress(made, stack_id)
    assert (told["complete"], told["deadline"], told["next_steps"]) == (False, "2027-03-01T10:00:00Z", [])
    assert told["summary"] == (
        "18 of 20 earned; missing: 1 more (at least 12 in Foundation); Capstone; "
        "the period that counts now ends on 2027-03-01"
    )
    assert (await progress(made, stack_id, "f13"))["next_steps"] == ["capstone"]
    # The capstone before the twelfth foundation award does not count.
    await earn(made, capstone, on="2026-11-01")
    await earn(made, foundation[12], on="2026-11-20")
    told = await progress(made, stack_id)
    assert (told["complete"], told["next_steps"]) == (False, ["capstone"])
    assert told["summary"] == ("20 of 20 earned; missing: Capstone; the period that counts now ends on 2027-03-01")


async def test_kedc_is_complete_with_the_capstone_at_the_end(service: Service) -> None:
    made = await stacked(service, 19)
    foundation, personal, capstone = made.achievements[:12], made.achievements[12:18], made.achievements[18]
    members = [
        *(member(f"f{n}", each, "Foundation") for n, each in enumerate(foundation, 1)),
        *(member(f"p{n}", each, "Personalised") for n, each in enumerate(personal, 1)),
        member("capstone", capstone),
    ]
    rule = {
        "within": {"years": 3},
        "of": {"capstone": "capstone", "after": {"per_category": {"Foundation": 12, "Personalised": 6}}},
    }
    stack_id, _ = await made.publish(stack(members, rule))
    await earn(made, *foundation, *personal, on="2023-11-20")
    told = await progress(made, stack_id)
    assert (told["complete"], told["deadline"], told["next_steps"]) == (False, None, [])  # today it is too late
    await earn(made, capstone, on="2026-11-20")  # but it was decided on the last day, to the minute
    await made.settle()
    told = await progress(made, stack_id)
    assert (told["complete_since"], told["summary"]) == ("2026-11-20T10:00:00Z", "complete since 2026-11-20")
    assert told["award"]["state"] == "active"


async def test_carolina_cap_year_by_year(service: Service) -> None:
    made = await stacked(service, 18)
    domains = ("Planning", "Instruction", "Environment")
    keys = [f"c{n}" for n in range(1, 19)]
    members = [
        member(key, each, domains[n % 3], *(["Literacy"] if n == 0 else []))
        for n, (key, each) in enumerate(zip(keys, made.achievements, strict=True))
    ]
    year = {"years": 1}
    first = {"all": [{"at_least": 4}, {"per_category": {**dict.fromkeys(domains, 1), "Literacy": 1}}]}
    phases = [{"length": year, "rule": first}, *({"length": year, "rule": {"at_least": n}} for n in (10, 4))]
    stack_id, _ = await made.publish(stack(members, {"phases": phases}))
    # Four, one in each domain, but no literacy.
    await earn(made, *made.achievements[1:5], on="2024-01-10")
    told = await progress(made, stack_id)
    assert [part["met"] for part in told["rule"]["parts"]] == [False, False, False]
    await earn(made, made.achievements[0], on="2024-03-10")
    await earn(made, *made.achievements[5:14], on="2025-03-15")
    told = await progress(made, stack_id)
    assert [part["met"] for part in told["rule"]["parts"]] == [True, False, False]
    inner = told["rule"]["parts"][1]["parts"][0]
    assert (inner["text"], inner["have"], inner["need"]) == ("at least 10 of all", 9, 10)
    await earn(made, made.achievements[14], on="2025-06-01")
    await earn(made, *made.achievements[15:18], on="2026-11-19")
    told = await progress(made, stack_id)
    assert [part["met"] for part in told["rule"]["parts"]] == [True, True, False]
    assert told["summary"].startswith("18 of 18 earned; missing: 1 more (at least 4 of all)")
    assert told["deadline"] > "2026-11-24"


async def test_carolina_cap_is_complete_with_four_ten_and_four(service: Service) -> None:
    made = await stacked(service, 18)
    keys = [f"c{n}" for n in range(1, 19)]
    members = [member(key, each) for key, each in zip(keys, made.achievements, strict=True)]
    phases = [{"length": {"years": 1}, "rule": {"at_least": n}} for n in (4, 10, 4)]
    stack_id, _ = await made.publish(stack(members, {"phases": phases}))
    await earn(made, *made.achievements[:4], on="2024-01-10")
    await earn(made, *made.achievements[4:14], on="2025-03-15")
    await earn(made, *made.achievements[14:17], on="2026-04-01")
    told = await progress(made, stack_id)
    assert (told["complete"], told["next_steps"]) == (False, ["c18"])
    assert (await progress(made, stack_id, "c18"))["complete"]
    await earn(made, made.achievements[17], on="2026-11-19")
    await made.settle()
    told = await progress(made, stack_id)
    assert (told["complete_since"], told["award"]["state"]) == ("2026-11-19T10:00:00Z", "active")


async def test_utahs_three_levels(service: Service) -> None:
    made = await stacked(service, 4)
    second, bundle = [
        await make.publish(service, made.headers, document=make.achievement(name)) for name in ("Stack 2", "Bundle")
    ]
    ones, twos = made.achievements[:2], made.achievements[2:]
    first_id, _ = await made.publish(stack([member(f"u{n}", each) for n, each in enumerate(ones)], {"at_least": 2}))
    second_id, _ = await made.publish(
        stack([member(f"u{n}", each) for n, each in enumerate(twos)], {"at_least": 2}), crown=second
    )
    parts = [
        {"key": key, "title": f"{key.title()} stack", "stack": f"{BASE_URL}/stacks/{each}"}
        for key, each in (("first", first_id), ("second", second_id))
    ]
    bundle_id, _ = await made.publish(stack(parts, {"all": ["first", "second"]}), crown=bundle)
    await earn(made, *ones, twos[0], on="2026-11-01")
    await made.settle()
    told = await progress(made, bundle_id)
    assert (told["summary"], told["next_steps"]) == ("1 of 2 earned; missing: Second stack", ["second"])
    assert (await progress(made, second_id))["summary"] == "1 of 2 earned; missing: U1"
    await earn(made, twos[1], on="2026-11-20")
    await made.settle()
    told = await progress(made, bundle_id)
    assert (told["complete"], told["award"]["state"]) == (True, "active")


async def test_muskego_norway_fifteen_and_fifteen(service: Service) -> None:
    made = await stacked(service, 31)
    members = [
        *(member(f"b{n}", each, "Foundational") for n, each in enumerate(made.achievements[:15])),
        *(member(f"e{n}", each, "Elective") for n, each in enumerate(made.achievements[15:])),
    ]
    stack_id, _ = await made.publish(stack(members, {"per_category": {"Foundational": 15, "Elective": 15}}))
    await earn(made, *made.achievements[:29], on="2026-11-01")
    told = await progress(made, stack_id)
    assert (told["complete"], told["summary"], told["next_steps"]) == (
        False,
        "29 of 31 earned; missing: 1 more (at least 15 in Elective)",
        ["e14", "e15"],
    )
    await earn(made, made.achievements[30], on="2026-11-20")
    await made.settle()
    told = await progress(made, stack_id)
    assert (told["complete_since"], told["award"]["state"]) == ("2026-11-20T10:00:00Z", "active")


async def test_kvecs_five_of_which_two_are_in_development(service: Service) -> None:
    made = await stacked(service, 3)
    answer = await service.http.post(
        "/v1/achievements", json={"achievement": make.achievement("Learning Structures")}, headers=made.headers
    )
    draft = answer.json()["id"]
    titles = ("understanding", "relationships", "pedagogy")
    members = [
        *(member(key, each) for key, each in zip(titles, made.achievements, strict=True)),
        member("structures", draft, in_development=True),
        member("interventions", None, in_development=True),
    ]
    stack_id, _ = await made.publish(stack(members, {"at_least": 4}))
    await earn(made, *made.achievements, on="2026-11-01")
    await made.settle()
    told = await progress(made, stack_id)
    assert (told["complete"], told["next_steps"]) == (False, [])
    assert told["summary"] == "3 of 5 earned; missing: 1 more (at least 4 of all); 2 still in development"
    coming = dict.fromkeys(("structures", "interventions"), "in_development")
    assert states(told) == dict.fromkeys(titles, "earned") | coming
    # One of the two is finished: the next edition of the stack says so, and four of five is possible.
    published = await service.http.post(f"/v1/achievements/{draft}/publish", headers=made.headers)
    assert published.status_code == 200, published.text
    async with service.runtime.begin(operator()) as work:
        members[3] = member("structures", draft)
        document = StackDocument.model_validate(stack(members, {"at_least": 4}))
        await stacking.replace_draft(work, stack_id=stack_id, document=document)
    await made.publish_draft(stack_id)
    told = await progress(made, stack_id)
    assert (told["version"], told["next_steps"]) == (2, ["structures"])
    await earn(made, draft, on="2026-11-20")
    await made.settle()
    told = await progress(made, stack_id)
    assert (told["complete_since"], told["award"]["state"]) == ("2026-11-20T10:00:00Z", "active")
