"""Canonicalisation in worker processes: the same answers, and no document, kill or cancel that spoils the next."""

from __future__ import annotations

import asyncio
import io
import json
import os
import resource
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from badgeissuer.errors import Fault, Unavailable
from badgeissuer.sandbox import Sandbox
from badgeissuer.vc.canon import BADGE_BUDGET, Budget, canonicalize, frames, worker
from badgeissuer.vc.contexts import OB_CONTEXTS, ContextStore, Edition, UnknownContext
from badgeissuer.vc.faults import BudgetExceeded, MalformedJson, NotCanonical, SchemaInvalid, SchemaUnsupported

PINNED = ContextStore.pinned()
# Far more work than any test waits for.
ENDLESS = Budget(max_steps=10**12, bytes_per_quad=0)


def badge(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "@context": list(OB_CONTEXTS),
        "id": f"urn:uuid:{number}",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": f"badge {number} é",
        **changes,
    }


def poison() -> dict[str, Any]:
    alignment = {"type": ["Alignment"], "targetName": "x", "targetUrl": "https://b.example/x"}
    result = {"type": ["Result"], "alignment": [alignment] * 9}
    return badge(credentialSubject={"type": ["AchievementSubject"], "result": [result, result]})


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    made = Sandbox(PINNED, timeout=20, in_process=False)
    yield made
    await made.close()


def pids(sandbox: Sandbox) -> set[int]:
    return {worker.pid for worker in sandbox._workers}


async def running(sandbox: Sandbox, document: dict[str, Any], **options: Any) -> asyncio.Task[Any]:
    """A canonicalisation that has reached its worker."""
    task = asyncio.create_task(sandbox.canonicalize(document, **options))
    while not sandbox._workers:
        await asyncio.sleep(0.01)
    await asyncio.sleep(1.0)
    assert not task.done()
    return task


async def test_many_at_once_each_get_their_own_answer(sandbox: Sandbox) -> None:
    documents = [badge(number, foo=number) if number % 3 else badge(number) for number in range(30)]
    answers = await asyncio.gather(
        *(sandbox.canonicalize(document, lane=("mint", "foreign")[n % 2]) for n, document in enumerate(documents))
    )
    assert answers == [canonicalize(document, PINNED) for document in documents]
    assert len(pids(sandbox)) == 2


async def test_the_hash_inside_the_canonical_form_is_passed_on(sandbox: Sandbox) -> None:
    form = await sandbox.canonicalize(badge(), algorithm="sha384")
    assert form == canonicalize(badge(), PINNED, algorithm="sha384")
    assert form.algorithm == "sha384"


def endorsed() -> dict[str, Any]:
    """A badge with a member that only the newer content of the Open Badges context defines."""
    return badge(endorsementJwt=["a.b.c"])


async def test_one_worker_serves_both_editions_of_the_open_badges_context(sandbox: Sandbox) -> None:
    asked = [Edition.CURRENT, Edition.EARLIER, Edition.CURRENT, Edition.EARLIER]
    forms = [await sandbox.canonicalize(endorsed(), edition=edition) for edition in asked]
    assert forms == [canonicalize(endorsed(), ContextStore.of_edition(edition)) for edition in asked]
    assert [(form.edition, form.quads, form.dropped) for form in forms[:2]] == [
        (Edition.CURRENT, 4, ()),
        (Edition.EARLIER, 3, ("endorsementJwt",)),
    ]
    assert len(pids(sandbox)) == 1


async def test_a_store_of_the_earlier_edition_keeps_its_name_on_the_way() -> None:
    earlier = ContextStore.of_edition(Edition.EARLIER)
    sandbox = Sandbox(earlier, timeout=20, in_process=False)
    try:
        # A store of one's own has one edition, whatever is asked for.
        for asked in Edition:
            assert await sandbox.canonicalize(endorsed(), edition=asked) == canonicalize(endorsed(), earlier)
    finally:
        await sandbox.close()


async def test_errors_come_back_as_they_were_raised(sandbox: Sandbox) -> None:
    cases: list[tuple[type[Exception], dict[str, Any]]] = [
        (UnknownContext, badge(**{"@context": [*OB_CONTEXTS, "urn:none"]})),
        (NotCanonical, badge(id="_:b")),
        (BudgetExceeded, poison()),
    ]
    for kind, document in cases:
        with pytest.raises(kind) as there:
            await sandbox.canonicalize(document)
        with pytest.raises(kind) as here:
            canonicalize(document, PINNED)
        assert (there.value.detail, there.value.faults) == (here.value.detail, here.value.faults)  # type: ignore[attr-defined]
    assert len(pids(sandbox)) == 1


async def test_what_needs_no_worker_starts_none(sandbox: Sandbox) -> None:
    with pytest.raises(MalformedJson):
        await sandbox.canonicalize(badge(name=float("nan")))
    with pytest.raises(BudgetExceeded, match="longer than"):
        await sandbox.canonicalize(badge(), budget=Budget(max_bytes=10))
    assert pids(sandbox) == set()


async def test_a_document_that_takes_too_long_is_refused_and_its_worker_replaced() -> None:
    sandbox = Sandbox(PINNED, timeout=1, in_process=False)
    try:
        await sandbox.canonicalize(badge())
        before = pids(sandbox)
        with pytest.raises(BudgetExceeded, match="longer than 1 s"):
            await sandbox.canonicalize(poison(), budget=ENDLESS)
        assert await sandbox.canonicalize(badge(2)) == canonicalize(badge(2), PINNED)
        assert len(pids(sandbox)) == 1
        assert pids(sandbox) != before
    finally:
        await sandbox.close()
    assert not any(Path(f"/proc/{pid}").exists() for pid in before)


DRAFT = "https://json-schema.org/draft/2020-12/schema"


async def test_a_schema_is_tried_in_a_worker_too(sandbox: Sandbox) -> None:
    assert await sandbox.validate({"$schema": DRAFT, "required": ["name"]}, badge()) == []
    missing = await sandbox.validate({"$schema": DRAFT, "required": ["é"]}, badge())
    assert missing == [Fault("", "lacks é", "schema-required", "OB §verification 1")]
    with pytest.raises(SchemaInvalid):
        await sandbox.validate({"$schema": DRAFT, "type": 5}, badge())
    with pytest.raises(SchemaUnsupported):
        await sandbox.validate({"$schema": DRAFT, "$ref": "https://evil.example/s"}, badge())
    assert (await sandbox.canonicalize(badge(), lane="foreign")) == canonicalize(badge(), PINNED)
    assert len(pids(sandbox)) == 1


async def test_a_pattern_without_end_costs_its_worker_and_no_more_than_two_seconds(sandbox: Sandbox) -> None:
    await sandbox.validate({"$schema": DRAFT}, badge())
    before = pids(sandbox)
    endless = {"$schema": DRAFT, "properties": {"name": {"pattern": "^(a+)+$"}}}
    with pytest.raises(BudgetExceeded, match="longer than 2 s"):
        await sandbox.validate(endless, badge(name="a" * 60 + "b"))
    assert not before & pids(sandbox)
    assert await sandbox.validate({"$schema": DRAFT}, badge()) == []


async def test_a_cancelled_caller_leaves_no_answer_to_the_next(sandbox: Sandbox) -> None:
    task = await running(sandbox, poison(), budget=ENDLESS)
    before = pids(sandbox)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await sandbox.canonicalize(badge(3)) == canonicalize(badge(3), PINNED)
    assert before.isdisjoint(pids(sandbox))


async def test_cancellation_at_any_moment(sandbox: Sandbox) -> None:
    for number in range(16):
        task = asyncio.create_task(sandbox.canonicalize(badge(100 + number)))
        await asyncio.sleep(0.0005 * number**2)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if number % 4 == 0:
            assert await sandbox.canonicalize(badge(number)) == canonicalize(badge(number), PINNED)


async def test_a_caller_cancelled_while_its_worker_starts(sandbox: Sandbox) -> None:
    task = asyncio.create_task(sandbox.canonicalize(badge()))
    while not sandbox._workers:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert pids(sandbox) == set()
    assert await sandbox.canonicalize(badge(6)) == canonicalize(badge(6), PINNED)


async def test_a_worker_that_died_while_idle_is_not_the_next_documents_fault(sandbox: Sandbox) -> None:
    await sandbox.canonicalize(badge())
    for seconds in (0, 0.5):  # not yet noticed; noticed
        (pid,) = pids(sandbox)
        os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(seconds)
        assert await sandbox.canonicalize(badge(4)) == canonicalize(badge(4), PINNED)
    assert pid not in {worker.pid for worker in sandbox._workers if worker.returncode is None}


async def test_a_worker_that_dies_of_a_document_refuses_it(sandbox: Sandbox) -> None:
    task = await running(sandbox, poison(), budget=ENDLESS)
    os.kill(next(iter(pids(sandbox))), signal.SIGKILL)
    with pytest.raises(BudgetExceeded, match="more than its worker may use"):
        await task


async def test_memory_is_bounded() -> None:
    sandbox = Sandbox(PINNED, timeout=20, memory_mib=96, in_process=False)
    try:
        await sandbox.canonicalize(badge())
        names = [f"{number:07}" for number in range(1_500_000)]
        with pytest.raises(BudgetExceeded):
            await sandbox.canonicalize(
                badge(tag=names), budget=Budget(max_bytes=10**8, max_quads=10**8, bytes_per_quad=0)
            )
        assert await sandbox.canonicalize(badge(5)) == canonicalize(badge(5), PINNED)
    finally:
        await sandbox.close()


@pytest.mark.parametrize("executable", ["/bin/false", "/nowhere/python"])
async def test_a_worker_that_cannot_start_is_no_fault_of_the_document(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, executable: str
) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    with pytest.raises(Unavailable, match="does not start"):
        await sandbox.canonicalize(badge())
    await sandbox.start()  # in the background: nobody is told, and nothing is left over
    await sandbox.close()
    assert pids(sandbox) == set()


async def test_when_all_workers_are_busy_the_wait_ends_and_the_other_lane_goes_on() -> None:
    sandbox = Sandbox(PINNED, timeout=30, patience=5, in_process=False)
    try:
        task = await running(sandbox, poison(), lane="foreign", budget=ENDLESS)
        sandbox._patience = 0.05
        with pytest.raises(Unavailable, match="busy"):
            await sandbox.canonicalize(badge(), lane="foreign")
        sandbox._patience = 30
        assert (await sandbox.canonicalize(badge(), lane="mint")).quads == 3
    finally:
        await sandbox.close()
    with pytest.raises(Unavailable, match="stopping"):
        await task


async def test_start_warms_one_worker_and_close_ends_all(sandbox: Sandbox) -> None:
    await sandbox.start()
    await sandbox.canonicalize(badge())
    assert len(pids(sandbox)) == 1
    await sandbox.close()
    assert pids(sandbox) == set()
    with pytest.raises(Unavailable, match="stopping"):
        await sandbox.canonicalize(badge())
    await sandbox.start()
    assert (await sandbox.canonicalize(badge())).quads == 3


async def test_starting_again_what_runs_starts_no_further_worker(sandbox: Sandbox) -> None:
    for _ in range(3):
        await sandbox.start()
        await sandbox.canonicalize(badge())
    while sandbox._tasks:
        await asyncio.gather(*sandbox._tasks)
    assert len(pids(sandbox)) == 1


async def test_closing_while_a_worker_starts_leaves_none_behind(sandbox: Sandbox) -> None:
    for pause in (0, 0.001, 0.005, 0.02, 0.1):
        await sandbox.start()
        await asyncio.sleep(pause)
        await sandbox.close()
        assert pids(sandbox) == set()


async def test_a_store_of_ones_own_reaches_the_workers() -> None:
    store = ContextStore.of({"urn:c": '{"@context":{"x":"urn:é","id":"@id"}}'.encode()})
    sandbox = Sandbox(store, in_process=False)
    try:
        document = {"@context": "urn:c", "id": "urn:a", "x": "1"}
        assert (await sandbox.canonicalize(document)).nquads == '<urn:a> <urn:é> "1" .\n'.encode()
    finally:
        await sandbox.close()


async def test_workers_get_no_settings_and_no_secrets(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BADGEISSUER_KEY_PASSPHRASE", "secret-of-the-test")
    await sandbox.canonicalize(badge())
    (pid,) = pids(sandbox)
    environment = Path(f"/proc/{pid}/environ").read_bytes()
    assert b"PYTHONHASHSEED=0" in environment
    assert b"BADGEISSUER" not in environment


# --- ordinary documents of our own need no worker ---------------------------------------------------------------------


async def test_an_ordinary_document_of_our_own_starts_no_worker_and_gets_the_same_answer() -> None:
    sandbox = Sandbox(PINNED, timeout=20)
    try:
        for edition in Edition:
            form = await sandbox.canonicalize(badge(), edition=edition)
            assert form == canonicalize(badge(), ContextStore.of_edition(edition))
        assert pids(sandbox) == set()
        # What a stranger sent is a worker's, however ordinary.
        assert (await sandbox.canonicalize(badge(), lane="foreign")).quads == 3
        assert len(pids(sandbox)) == 1
    finally:
        await sandbox.close()


async def test_what_is_unusual_or_takes_long_goes_to_a_worker_all_the_same() -> None:
    sandbox = Sandbox(PINNED, timeout=1)
    try:
        form = await sandbox.canonicalize(badge(foo=1))
        assert form == canonicalize(badge(foo=1), PINNED)
        assert form.dropped == ("foo",)
        assert len(pids(sandbox)) == 1
        with pytest.raises(BudgetExceeded, match="longer than 1 s"):
            await sandbox.canonicalize(poison(), budget=ENDLESS)
        with pytest.raises(NotCanonical):
            await sandbox.canonicalize(badge(id="_:b"))
        with pytest.raises(MalformedJson):
            await sandbox.canonicalize(badge(name=float("nan")))
    finally:
        await sandbox.close()


# --- the worker's own loop, in this process -------------------------------------------------------------------------


def talk(*bodies: bytes, whole: bool = True) -> list[dict[str, Any]]:
    requests = b"".join(frames.frame(body) for body in bodies)
    answers = io.BytesIO()
    worker.serve(io.BytesIO(requests if whole else requests[:-1]), answers)
    read, data = [], answers.getvalue()
    while data:
        size = int.from_bytes(data[:4])
        read.append(json.loads(data[4 : 4 + size]))
        data = data[4 + size :]
    return read


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, tuple[int, int]]]:
    """The limit must not fall on the tests themselves."""
    asked: list[tuple[int, tuple[int, int]]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda what, limit: asked.append((what, limit)))
    return asked


def test_the_worker_answers_frame_by_frame(limits: list[tuple[int, tuple[int, int]]]) -> None:
    greeting, good, bad = talk(
        frames.hello(None, memory_mib=3),
        frames.job(json.dumps(badge()), BADGE_BUDGET),
        frames.job(json.dumps(badge(id="_:b")), BADGE_BUDGET),
    )
    assert greeting == {}
    assert frames.read_answer(json.dumps(good).encode()) == canonicalize(badge(), PINNED)
    with pytest.raises(NotCanonical):
        frames.read_answer(json.dumps(bad).encode())
    assert limits == [(resource.RLIMIT_AS, (3 * 1024 * 1024,) * 2)]


@pytest.mark.usefixtures("limits")
def test_the_worker_reads_the_other_edition_when_it_is_asked_for_it() -> None:
    text = json.dumps(endorsed())
    _, *answers = talk(
        frames.hello(None, memory_mib=3), *(frames.job(text, BADGE_BUDGET, edition=edition) for edition in Edition)
    )
    forms = [frames.read_answer(json.dumps(answer).encode()) for answer in answers]
    assert forms == [canonicalize(endorsed(), ContextStore.of_edition(edition)) for edition in Edition]
    given = {url: PINNED.content(url).decode() for url in PINNED.urls}
    greeting = frames.hello(given, memory_mib=3, edition=Edition.EARLIER)
    _, answer = talk(greeting, frames.job(text, BADGE_BUDGET, edition=Edition.CURRENT))
    assert frames.read_answer(json.dumps(answer).encode()).edition is Edition.EARLIER


@pytest.mark.usefixtures("limits")
def test_the_worker_answers_schema_jobs_in_between() -> None:
    rules = json.dumps({"$schema": DRAFT, "type": "array"})
    _, first, _, last = talk(
        frames.hello(None, memory_mib=3),
        frames.schema_job(rules, json.dumps(badge())),
        frames.job(json.dumps(badge()), BADGE_BUDGET),
        frames.schema_job("5", "{}"),
    )
    assert [fault.code for fault in frames.read_found(json.dumps(first).encode())] == ["schema-type"]
    with pytest.raises(SchemaInvalid):
        frames.read_found(json.dumps(last).encode())


@pytest.mark.usefixtures("limits")
def test_a_document_of_nothing_but_faults_gets_a_short_answer() -> None:
    document: dict[str, Any] = {**badge(), "@context": [{}] * 5_000}
    _, answer = talk(frames.hello(None, memory_mib=3), frames.job(json.dumps(document), BADGE_BUDGET))
    assert (answer["error"], len(answer["faults"])) == ("not-canonical", frames.MOST_FAULTS)


@pytest.mark.usefixtures("limits")
def test_the_worker_with_other_contexts_and_without_input() -> None:
    assert talk() == []
    assert talk(frames.hello({"urn:c": '{"@context":{}}'}, memory_mib=3)) == [{}]


@pytest.mark.usefixtures("limits")
def test_memory_that_runs_out_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_memory(*_arguments: object, **_options: object) -> None:
        raise MemoryError

    greeting = frames.hello({"urn:c": "{}"}, memory_mib=3)
    # Memory cannot be made to run out at a given line, so the line is replaced.
    monkeypatch.setattr(worker, "canonicalize", out_of_memory)
    monkeypatch.setattr(worker, "_warm_up", lambda contexts: None)
    _, answer = talk(greeting, frames.job("{}", BADGE_BUDGET))
    with pytest.raises(BudgetExceeded, match="memory"):
        frames.read_answer(json.dumps(answer).encode())


def test_the_worker_has_no_network() -> None:
    worker.refuse_network("open", ())
    with pytest.raises(RuntimeError):
        worker.refuse_network("socket.connect", ())


async def test_a_form_that_is_to_be_kept_is_made_once(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []
    real = Sandbox._run

    async def counted(self: Sandbox, lane: str, job: bytes, seconds: float) -> bytes:
        asked.append(job)
        return await real(self, lane, job, seconds)

    monkeypatch.setattr(Sandbox, "_run", counted)
    first = await sandbox.canonicalize(badge(), keep=True)
    assert await sandbox.canonicalize(badge(), keep=True) == first == canonicalize(badge(), PINNED)
    assert len(asked) == 1
    # Anything else about it is another form.
    await sandbox.canonicalize(badge(), algorithm="sha384", keep=True)
    await sandbox.canonicalize(badge(), budget=Budget(max_quads=1_999), keep=True)
    await sandbox.canonicalize(badge(name="Another"), keep=True)
    assert len(asked) == 4


async def test_what_is_not_to_be_kept_is_forgotten_and_what_is_kept_has_an_end(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sandbox.canonicalize(badge())
    assert not sandbox._kept
    size = len((await sandbox.canonicalize(badge(), keep=True)).nquads)
    monkeypatch.setattr("badgeissuer.sandbox._KEPT_BYTES", 2 * size + size // 2)
    for name in ("B", "C", "D"):
        await sandbox.canonicalize(badge(name=name), keep=True)
    assert len(sandbox._kept) == 2
    assert sandbox._kept_bytes == sum(len(form.nquads) for form in sandbox._kept.values())
