"""Full-text search of the catalogue: the same results in the same order on both databases, by their indexes."""

from __future__ import annotations

import random
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.dialects import postgresql, sqlite

from badgeissuer.rules.stack_rules import StackDocument
from badgeissuer.rules.terms import VersionState
from badgeissuer.runtime import Runtime
from badgeissuer.services import cataloguing, defining, registering, stacking
from badgeissuer.services.access import operator
from badgeissuer.store import schema
from badgeissuer.store.catalog import AchievementVersion, Issuer
from badgeissuer.store.catalogue import CatalogueEntry, CatalogueFramework, EntryKind, write_words
from badgeissuer.store.catalogue_search import (
    CatalogueFilter,
    Order,
    counts,
    find_entries,
    place_of,
    select_entries,
)
from badgeissuer.store.catalogue_words import IndexedWords, asked_words, folded_words, sort_key
from tests.support import make
from tests.support.app import START, Service
from tests.support.stacked import document as stack_document

Json = dict[str, Any]

FIXTURES: list[Json] = [
    {"name": "Assessment Literacy", "tag": ["data use"], "description": "Chooses assessments that fit their purpose."},
    {"name": "Data Use for Teams", "description": "Reads results together, before literacy is planned."},
    {"name": "Culturally Responsive Pedagogy", "description": "Assessment literacy in every culture."},
    {"name": "Zoë’s Straße Øvelse", "description": "Ünïcode names of every kind: ﬁne, İstanbul."},
    {"name": "王小明的课程", "description": "用数据教学"},
    {"name": "שָׁלוֹם Lesson", "description": "Right to left."},
    {"name": "Literacy", "description": "The whole name."},
    {"name": "Year 2: 10% more C#", "tag": ["STEM", "K-12"], "description": "Numbers; signs & wonders."},
]


async def _publish(service: Service, own: dict[str, str], name: str, **members: Any) -> str:
    return await make.publish(service, own, document=make.achievement(name, **members))


async def _fixtures(service: Service) -> dict[str, str]:
    own = await make.register(service, "kvec", name="Kentucky Valley")
    plain = {"criteria": {"narrative": "Shown."}}
    return {each["name"]: await _publish(service, own, **plain, **each) for each in FIXTURES}


async def _find(runtime: Runtime, typed: str, **more: Any) -> list[str]:
    asked = CatalogueFilter(words=asked_words(typed), **more)
    async with runtime.database.reading() as session:
        found = await find_entries(session, asked, order=Order.RELEVANCE, limit=50)
        kinds = {each.value: each.count for each in (await counts(session, asked, most=9))["kind"]}
        assert (kinds.get(asked.kind, 0) if asked.kind else sum(kinds.values())) == len(found)
    return [each.entry.name for each in found]


FOUND: list[tuple[str, list[str]]] = [
    # The whole name, then the name, then tags, then the text; within each by name.
    ("literacy", ["Literacy", "Assessment Literacy", "Culturally Responsive Pedagogy", "Data Use for Teams"]),
    ("data use", ["Data Use for Teams", "Assessment Literacy"]),
    ("assess", ["Assessment Literacy", "Culturally Responsive Pedagogy"]),
    ("assess literacy", []),
    ("literacy assess", ["Assessment Literacy", "Culturally Responsive Pedagogy"]),
    ('"assessment literacy"', ["Assessment Literacy", "Culturally Responsive Pedagogy"]),
    ('"literacy assessment"', []),
    ('"literacy in ev', ["Culturally Responsive Pedagogy"]),
    ("LITERACY Data", ["Assessment Literacy", "Data Use for Teams"]),
    ("zoes strasse ovelse", ["Zoë’s Straße Øvelse"]),
    ("zoe", ["Zoë’s Straße Øvelse"]),
    ("Zoë's", ["Zoë’s Straße Øvelse"]),
    ("istanbul", ["Zoë’s Straße Øvelse"]),
    ("fine unicode", ["Zoë’s Straße Øvelse"]),
    ("小明", ["王小明的课程"]),
    ("明小", []),
    ("数据", ["王小明的课程"]),
    ("שלום", ["שָׁלוֹם Lesson"]),
    ("k-12", ["Year 2: 10% more C#"]),
    ("10%", ["Year 2: 10% more C#"]),
    ("kentucky valley lesson", ["שָׁלוֹם Lesson"]),
    ("nothing of the kind", []),
    ("***", []),
    ('""', []),
]


async def test_what_is_found_and_in_which_order(service: Service) -> None:
    await _fixtures(service)
    runtime = service.runtime
    for typed, expected in FOUND:
        assert await _find(runtime, typed, kind=EntryKind.ACHIEVEMENT) == expected, typed
    # The issuer itself by its name, then all that it published, which names it in its tags.
    everything = sorted((each["name"] for each in FIXTURES), key=sort_key)
    assert await _find(runtime, "kentucky valley") == ["Kentucky Valley", *everything]
    # A letter that is only begun finds much; where it begins a word of the name stands first.
    assert (await _find(runtime, "c#"))[:2] == ["Culturally Responsive Pedagogy", "Year 2: 10% more C#"]


def test_words_are_folded_alike_whatever_the_script() -> None:
    assert folded_words("Zoë’s Straße — ÆØ Łódź ﬁne") == ["zoes", "strasse", "aeo", "lodz", "fine"]
    assert folded_words("ABC漢字x かな") == ["abc", "漢", "字", "x", "か", "な"]
    assert folded_words("½ x² № \u0301") == ["1", "2", "x2", "no"]
    assert folded_words("e\u0301 é") == ["e", "e"]
    assert folded_words("x" * 200) == ["x" * 60]
    assert sort_key("—") == "—"
    assert sort_key("  The  “Élan” ") == "the elan"


def test_a_vector_keeps_what_postgresql_keeps() -> None:
    many = IndexedWords.of(name="a b a", tags=["t"], text=["word " * 500, "end"])
    assert many.text == (*["word"] * 200, "end")
    assert many.as_vector().startswith("'a':1A,3A 'b':2A 't':54B 'word':105D,")
    assert len(IndexedWords.of(name="", tags=[], text=[" ".join(f"w{n}" for n in range(9_000))]).text) == 6_000


async def test_no_phrase_reaches_from_one_field_into_the_next(service: Service) -> None:
    own = await make.register(service)
    await _publish(service, own, "Alpha Beta", tag=["gamma"], description="delta")
    assert await _find(service.runtime, '"alpha beta"') == ["Alpha Beta"]
    assert await _find(service.runtime, '"beta gamma"') == []
    assert await _find(service.runtime, '"gamma delta"') == []
    assert await _find(service.runtime, "beta gamma delta") == ["Alpha Beta"]


async def test_nothing_that_is_typed_breaks_the_search(service: Service) -> None:
    await _fixtures(service)
    rng = random.Random(20261124)
    signs = [*"\"'*():^-+&|!<>{}\\;%", "<->", "--"]
    words = ["AND", "OR", "NOT", "NEAR", "NEAR/2", "name", "literacy", "data", "\x00", "\ud800", "é", "漢", "A", "1e9"]
    tried = [*signs, *words, "' OR 1=1 --", "'a':*", "{name} : x", 'a" OR "b', "a" * 5_000, "x " * 500, '" ' * 200]
    for _ in range(300):
        tried.append(" ".join(rng.choices([*signs, *words], k=rng.randint(1, 9))))
        tried.append("".join(chr(rng.choice((rng.randrange(0x20, 0x250), rng.randrange(0x3000)))) for _ in range(12)))
    hits = 0
    for typed in tried:
        found = await _find(service.runtime, typed)
        hits += bool(found)
    assert hits > 30


async def test_entries_follow_publication_retirement_and_names(service: Service) -> None:
    own = await make.register(service, "kvec", name="First Name")
    drafted = await service.http.post(
        "/v1/achievements", json={"achievement": make.achievement("Secret Draft", tag=["hidden"])}, headers=own
    )
    assert drafted.status_code == 201
    runtime = service.runtime
    assert await _find(runtime, "secret") == await _find(runtime, "hidden") == []
    path = f"/v1/achievements/{drafted.json()['id']}"
    assert (await service.http.post(f"{path}/publish", headers=own)).status_code == 200
    assert await _find(runtime, "secret") == ["Secret Draft"]
    # The next version's draft changes nothing; its publication changes all, also what the old words found.
    await service.http.put(path, json={"achievement": make.achievement("Second Edition")}, headers=own)
    assert (await _find(runtime, "second"), await _find(runtime, "hidden")) == ([], ["Secret Draft"])
    service.clock.advance(days=1)
    await service.http.post(f"{path}/publish", headers=own)
    assert (await _find(runtime, "second"), await _find(runtime, "hidden")) == (["Second Edition"], [])
    # A new name of the issuer: what it published is found by that one.
    renamed = await service.http.patch("/v1/issuers/kvec", json={"profile": {"name": "Other Ñame"}}, headers=own)
    assert renamed.status_code == 200
    assert await _find(runtime, "other name") == ["Other Ñame", "Second Edition"]
    assert await _find(runtime, "first name") == []
    await service.http.post(f"{path}/retire", headers=own)
    assert await _find(runtime, "second") == []
    assert await _find(runtime, "second", retired=True) == ["Second Edition"]


async def test_an_entry_and_its_words_commit_with_the_publication_or_not_at_all(service: Service) -> None:
    own = await make.register(service)
    drafted = await service.http.post("/v1/achievements", json={"achievement": make.achievement("Half")}, headers=own)
    with pytest.raises(ZeroDivisionError):
        async with service.runtime.begin(operator()) as work:
            await defining.publish(work, achievement_id=UUID(drafted.json()["id"]))
            assert await work.session.scalar(select(CatalogueEntry.name).where(CatalogueEntry.name == "Half"))
            raise ZeroDivisionError
    assert await _find(service.runtime, "half") == []
    async with service.runtime.database.reading() as session:
        assert await session.scalar(text("SELECT count(*) FROM catalogue_index")) == 1  # the issuer


async def test_stacks_are_entered_and_filter_what_they_count(service: Service) -> None:
    own = await make.register(service)
    ids = [await _publish(service, own, f"Part {n}") for n in range(3)]
    crown = await _publish(service, own, "Crown")
    async with service.runtime.begin(operator()) as work:
        stack, _ = await stacking.define_stack(
            work,
            issuer="kvec",
            achievement_id=UUID(crown),
            document=StackDocument.model_validate(stack_document(ids[:2])),
        )
    assert await _find(service.runtime, "rural poverty") == []
    async with service.runtime.begin(operator()) as work:
        await stacking.publish(work, stack_id=stack.id)
    assert await _find(service.runtime, "rural poverty") == ["Teaching Rural Students From Poverty"]
    async with service.runtime.database.reading() as session:
        asked = CatalogueFilter(stack=stack.id)
        found = await find_entries(session, asked, order=Order.NAME, limit=9)
        assert [each.entry.name for each in found] == ["Part 0", "Part 1"]
        assert [(each.value, each.count) for each in (await counts(session, asked, most=5))["stack"]] == [
            (str(stack.id), 2)
        ]
    async with service.runtime.begin(operator()) as work:
        await stacking.retire(work, stack_id=stack.id)
    assert await _find(service.runtime, "rural poverty") == []
    async with service.runtime.database.reading() as session:
        assert await find_entries(session, CatalogueFilter(stack=stack.id), order=Order.NAME, limit=9) == []


async def test_filters_and_their_counts(service: Service) -> None:
    one, two = await make.register(service, "one"), await make.register(service, "two")
    code = {"type": "Alignment", "targetName": "Skill", "targetUrl": "https://a.example/s"}
    for n, (own, slug, framework, hours) in enumerate(
        [(one, "one", "InTASC", 5), (one, "one", "InTASC", 10), (two, "two", "CCSS", 20), (two, "two", None, None)]
    ):
        more = {"alignment": [{**code, "targetFramework": framework}]} if framework else {}
        parts = {"grain_size_hours": hours} if hours else {}
        await make.publish(service, own, slug, document=make.achievement(f"A{n}", **more), **parts)

    async def names(**asked: Any) -> list[str]:
        async with service.runtime.database.reading() as session:
            found = await find_entries(
                session, CatalogueFilter(kind=EntryKind.ACHIEVEMENT, **asked), order=Order.NAME, limit=9
            )
            return [each.entry.name for each in found]

    assert await names() == ["A0", "A1", "A2", "A3"]
    assert await names(issuer="one") == ["A0", "A1"]
    assert await names(framework="InTASC") == ["A0", "A1"]
    assert await names(framework="intasc") == []
    assert await names(hours_from=10) == ["A1", "A2"]
    assert await names(hours_to=10) == ["A0", "A1"]
    assert await names(hours_from=6, hours_to=15, issuer="one") == ["A1"]
    assert await names(type="MicroCredential") == ["A0", "A1", "A2", "A3"]
    assert await names(type="Course") == []
    async with service.runtime.database.reading() as session:
        asked = CatalogueFilter(issuer="one")
        found = await counts(session, asked, most=10)
        assert {name: [(each.value, each.count) for each in values] for name, values in found.items()} == {
            "kind": [("achievement", 2), ("issuer", 1)],
            "type": [("MicroCredential", 2)],
            "issuer": [("one", 3), ("two", 3)],  # its own filter is not looked at
            "framework": [("InTASC", 2)],
            "stack": [],
        }
        # What is chosen is there, also where others are more frequent.
        few = await counts(session, CatalogueFilter(framework="CCSS"), most=1)
        assert [each.value for each in few["framework"]] == ["InTASC", "CCSS"]


@pytest.mark.parametrize("order", list(Order))
async def test_pages_follow_one_another_without_a_gap(service: Service, order: Order) -> None:
    own = await make.register(service)
    for n in range(7):
        parts = {"grain_size_hours": n % 3 + 1} if n % 2 else {}
        service.clock.advance(seconds=n % 2)
        await make.publish(service, own, document=make.achievement(f"Twin {n // 2}"), **parts)
    asked = CatalogueFilter(words=asked_words("twin") if order is Order.RELEVANCE else None)
    async with service.runtime.database.reading() as session:
        whole = [each.entry.id for each in await find_entries(session, asked, order=order, limit=50)]
        assert len(whole) == len(set(whole)) == (7 if order is Order.RELEVANCE else 8)
        paged: list[UUID] = []
        after = None
        while page := await find_entries(session, asked, order=order, limit=3, after=after):
            paged += [each.entry.id for each in page]
            after = place_of(page[-1], order)
    assert paged == whole


async def test_rebuilding_finds_what_was_never_entered_and_changes_nothing_else(service: Service) -> None:
    await _fixtures(service)
    async with service.runtime.begin(operator()) as work:
        await work.begin_write()
        for table in ("catalogue_frameworks", "catalogue_index", "catalogue_entries"):
            await work.session.execute(text(f"DELETE FROM {table}"))
    assert await _find(service.runtime, "literacy") == []
    for _ in range(2):
        async with service.runtime.begin(operator()) as work:
            assert await cataloguing.rebuild(work) == len(FIXTURES) + 1
        assert (await _find(service.runtime, "literacy"))[:2] == ["Literacy", "Assessment Literacy"]
    async with service.runtime.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(CatalogueEntry)) == len(FIXTURES) + 1


async def test_two_thousand_entries_are_searched_by_the_index(runtime: Runtime) -> None:
    rng = random.Random(5)
    vocabulary = [f"word{n}" for n in range(3_000)]
    async with runtime.begin(operator()) as work:
        issuer = await registering.register_issuer(work, slug="many", profile=make.profile())
    async with runtime.begin(operator()) as work:
        await work.begin_write()
        first = 1_000
        entries = [
            CatalogueEntry(
                place=first + n, id=work.new_id(), kind=EntryKind.ACHIEVEMENT, issuer_id=issuer.id,
                version_id=work.new_id(), state=VersionState.PUBLISHED, name=f"Entry {n}", sort_key=f"entry {n}",
                summary="", type=None, hours=n % 40 + 1.0, published_at=START + timedelta(seconds=n), updated_at=START,
            )
            for n in range(2_000)
        ]  # fmt: skip
        work.session.add_all(entries)
        await work.session.flush()
        work.session.add_all(CatalogueFramework(place=first + n, framework=f"F{n % 20}") for n in range(2_000))
        await work.session.flush()
        for n in range(2_000):
            found_by = IndexedWords.of(
                name=f"Entry {n}", tags=rng.choices(vocabulary, k=5), text=[" ".join(rng.choices(vocabulary, k=200))]
            )
            await write_words(work.session, place=first + n, found_by=found_by)
    on_sqlite = runtime.database.sqlite
    asked = CatalogueFilter(words=asked_words("word1234 word567"))
    async with runtime.database.writing() as session:
        await session.execute(text("ANALYZE"))
    async with runtime.database.reading() as session:
        query = select_entries(asked, sqlite=on_sqlite, order=Order.RELEVANCE).limit(20)
        dialect = sqlite.dialect() if on_sqlite else postgresql.dialect()
        plain = str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True})).replace("%%", "%")
        explain = "EXPLAIN QUERY PLAN " if on_sqlite else "EXPLAIN "
        plan = "\n".join(
            str(tuple(row)) for row in (await session.execute(text(explain + plain.replace(":", "\\:")))).all()
        )
        if on_sqlite:
            assert "VIRTUAL TABLE INDEX" in plan
            assert "SCAN catalogue_entries" not in plan
        else:
            assert "Bitmap Index Scan on ix_catalogue_index_words" in plan
            assert "Seq Scan on catalogue_index" not in plan
        times = []
        for _ in range(9):
            begun = time.perf_counter()
            found = await find_entries(session, asked, order=Order.RELEVANCE, limit=20)
            times.append(time.perf_counter() - begun)
        assert found
        print(
            f"\n{session.get_bind().dialect.name}: search over 2,000 entries {sorted(times)[4] * 1000:.1f} ms\n{plan}"
        )
        # Generous: two cores shared by many; a scan of all texts takes ten times as long.
        assert sorted(times)[4] < 0.05


async def test_the_migration_enters_what_is_there_already(service: Service) -> None:
    """What the migration makes of records is what the verbs make of them."""
    ids = await _fixtures(service)
    await service.http.post(f"/v1/achievements/{ids['Literacy']}/retire", headers=await service.platform())

    async def entered() -> list[Any]:
        async with service.runtime.database.reading() as session:
            entries = (await session.scalars(select(CatalogueEntry).order_by(CatalogueEntry.id))).all()
            return [
                (each.id, each.kind, each.state, each.name, each.sort_key, each.summary, each.type, each.hours,
                 each.version_id, each.published_at)
                for each in entries
            ]  # fmt: skip

    before = await entered()
    words = [await _find(service.runtime, word) for word in ("literacy", "data use", "zoe", "小明")]
    url_ = str(service.runtime.settings.database_url)
    await service.runtime.database.close()
    assert (await schema.downgrade(url_, "0008"))[1] == "0008"
    await schema.upgrade(url_)
    assert await entered() == before
    assert [await _find(service.runtime, word) for word in ("literacy", "data use", "zoe", "小明")] == words
    async with service.runtime.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(AchievementVersion)) == len(FIXTURES)
        assert await session.scalar(select(func.count()).select_from(Issuer)) == 1
