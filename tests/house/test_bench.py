"""The bench measures the real thing, in the form that it promises, and leaves nothing behind however it ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from badgeissuer.vc import verify
from badgeissuer.vc.canon import canonicalize
from bench import canonical, chart, filling, proving, ratios, rows, run, scale, service, work_unit
from bench.rows import Goal, Row
from bench.run import Run
from tests.house.tree import ROOT
from tests.support import issued, postgres

KEYS = {"name", "limit", "ours", "peer", "ratio", "goal", "ok", "unit", "note"}


def bench(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "bench", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def left_behind(folder: Path) -> list[str]:
    """Files in the temporary folder, and processes that were started from there or speak of it."""
    found = [str(path) for path in folder.iterdir()]
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in words:
            found.append(words)
    return found


def test_the_work_unit_has_the_size_that_ratios_are_told_for() -> None:
    document = work_unit.document(7)
    form = canonicalize(document, issued.CONTEXTS)
    assert form.dropped == form.relative == ()
    assert form.quads == 122
    assert len(set(form.nquads.split(b"_:c14n")[1:])) > 1
    names = {part.split(b" ")[0].split(b">")[0] for part in form.nquads.split(b"_:c14n")[1:]}
    assert len(names) == 9
    assert 4_900 <= len(json.dumps(document, separators=(",", ":"), ensure_ascii=False)) <= 5_400
    assert 16_500 <= len(form.nquads) <= 17_500
    assert len({json.dumps(each) for each in work_unit.documents(50)}) == 50


def test_what_is_measured_is_a_credential_that_verifies() -> None:
    signing = proving.Signing([])
    text = signing.issue(work_unit.document(3))
    assert signing.issue_checked(3) == text
    signing.verify(text.encode())
    plan = verify.plan(text.encode())
    assert plan.document == json.loads(text)
    with pytest.raises(Exception, match="proof"):
        signing.verify(text.replace("Educational", "educational", 1).encode())


def test_a_poisoned_document_is_refused_and_a_long_record_is_measured(tmp_path: Path) -> None:
    quick = Run(tmp_path, quick=True, peers=False)
    assert canonical.poison(quick).ok
    found = canonical.record(quick)
    assert found.ratio is not None
    assert found.ratio > 1
    assert canonical.differences(quick).note.startswith("not measured")


def test_a_goal_that_is_missed_says_so_and_what_was_not_measured_misses_nothing() -> None:
    met = Row("a", "µs", 1.0, 4.0, None, 4.0, Goal("≤", 5))
    assert met.ok is True
    assert replace(met, ratio=5.1).ok is False
    assert replace(met, goal=Goal("≥", 5)).ok is False
    assert replace(met, goal=None).ok is None
    assert rows.not_measured("b", Goal("≥", 2), "node is not installed").ok is None
    told = rows.table([met, replace(met, ratio=5.1), rows.not_measured("b", Goal("≥", 2), "no node")])
    assert [line.split()[-1] for line in told.splitlines()] == ["ok?", "ok", "MISSED", "node"]
    assert "not measured: no node" in told


def test_the_chart_draws_the_rows_with_goals(tmp_path: Path) -> None:
    found = [
        Row("good <one>", "µs", 1.0, 4.0, None, 4.0, Goal("≤", 5)),
        Row("bad", "µs", None, 1.0, 10.0, 10.0, Goal("≥", 20)),
        Row("for information", "µs", None, 1.0),
        rows.not_measured("gone", Goal("≥", 2), "no node"),
    ]
    chart.write(found, tmp_path / "chart")
    texts = [each.text for each in ElementTree.parse(tmp_path / "chart.svg").iter("{http://www.w3.org/2000/svg}text")]
    assert "good <one>" in texts
    assert "for information" not in texts
    assert "gone" not in texts
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.timeout(600)
def test_a_small_run_measures_everything_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(prefix="bi-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        monkeypatch.setenv("TMPDIR", folder)
        results, drawing = tmp_path / "results.json", tmp_path / "chart"
        ran = bench("--quick", "--no-peers", "--results", str(results), "--chart", str(drawing))
        told, words = ran.communicate(timeout=500)
        assert ran.returncode == 0, words[-2_000:]
        found = json.loads(results.read_text())
        assert found["quick"] is True
        assert all(set(row) == KEYS for row in found["rows"])
        names = [row["name"] for row in found["rows"]]
        assert len(names) == len(set(names))
        for what in ("issue ÷ limit", "verify ÷ limit", "POST award", "group insert", "NDJSON export", "poison"):
            assert any(name.startswith(what) for name in names), what
        for row in found["rows"]:
            assert row["note"].startswith("not measured") or row["ours"] is not None
            assert row["name"] in told
        assert drawing.with_suffix(".svg").exists()
        assert left_behind(Path(folder)) == []


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "end",
    [
        pytest.param(signal.SIGINT, id="ctrl-c"),
        pytest.param(signal.SIGTERM, id="term", marks=pytest.mark.long),
        pytest.param(signal.SIGKILL, id="kill"),
    ],
)
def test_however_it_ends_nothing_is_left(end: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(prefix="bi-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        monkeypatch.setenv("TMPDIR", folder)
        ran = bench("--quick", "--no-peers", "--only", "requests")
        try:
            for _ in range(600):  # until PostgreSQL and the service run
                if list(Path(folder).glob("*/requests/place/serve.log")):
                    break
                assert ran.poll() is None, ran.communicate()[1][-2_000:]
                time.sleep(0.1)
            os.kill(ran.pid, end)
            ran.wait(60)  # at once: whoever watches it takes one that nobody has waited for as living
            ran.communicate(timeout=60)
        finally:
            if ran.poll() is None:
                ran.kill()
                ran.communicate()
        assert ran.returncode == {signal.SIGKILL: -9}.get(end, 130)
        deadline = time.monotonic() + 20
        while left_behind(Path(folder)) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert left_behind(Path(folder)) == []


def test_without_storage_the_same_is_answered_and_nothing_is_kept(tmp_path: Path) -> None:
    place = service.set_up(tmp_path / "place", postgres.fresh_database())
    try:
        filling.fill(place, first=0, count=1)
        with service.serving(place, without_storage=True) as served:
            # A second time the same: whoever keeps nothing knows of no first.
            for _ in range(2):
                answers = served.call(served.awards(1, 5), callers=5)
                assert answers.count == 5
        assert asyncio.run(scale.count(place)) == 1
        with service.serving(place) as served:
            served.call(served.awards(1, 5), callers=5)
        assert asyncio.run(scale.count(place)) == 6
    finally:
        postgres.drop_database(place.url)


def test_growing_is_measured_in_turns_with_a_small_database(tmp_path: Path) -> None:
    with run.folder() as folder:
        found = scale.measure(Run(folder, quick=True), "sqlite", [12, 24], asked=6)
    assert list(found.times) == [12, 24]
    for times in found.times.values():
        assert [each.way for each in times] == list(scale.WAYS)
        assert all(each.p50 > 0 and each.small_p50 > 0 for each in times)
    assert set(ratios.PARTS) == {"issue and verify", "records, poison, equality", "requests", "storage"}
