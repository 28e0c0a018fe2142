"""Every ratio that this project promises, in one run: ``make bench``.

The contenders of a row take turns, the median of five rounds counts, and every figure comes from this run on this
machine. CPU time where that is what is compared. A table goes to stdout, progress to stderr, the figures to
``bench/results.json``, a chart to ``docs/performance.svg`` and ``.png``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bench import canonical, chart, proving, rows, run, serving, storing
from bench.rows import Row
from bench.run import ROOT, Run

PARTS: Mapping[str, Callable[[Run], Iterator[Row]]] = {
    "issue and verify": proving.rows,
    "records, poison, equality": canonical.rows,
    "requests": serving.rows,
    "storage": storing.rows,
}
RESULTS = ROOT / "bench" / "results.json"
CHART = ROOT / "docs" / "performance"


def main(arguments: Sequence[str] = ()) -> int:
    """0 where no goal is missed; what could not be measured says why, and misses nothing."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="the ratios, measured in one run")
    parser.add_argument("--quick", action="store_true", help="small counts and one round: does everything work?")
    parser.add_argument("--only", choices=list(PARTS), action="append", help="this part only; writes no files")
    parser.add_argument("--no-peers", action="store_true", help="install and run no contenders")
    parser.add_argument("--results", type=Path, help="where the figures go (default bench/results.json)")
    parser.add_argument("--chart", type=Path, help="where the chart goes, without its ending")
    options = parser.parse_args(arguments)
    wanted = [name for name in PARTS if not options.only or name in options.only]
    began = time.monotonic()
    try:
        found = measure(wanted, quick=options.quick, peers=not options.no_peers)
    except KeyboardInterrupt:
        return 130
    print(rows.table(found))
    # A part of the figures, or quick ones, must not take the place of those that the documentation shows.
    whole = not options.only and not options.quick
    results = options.results or (RESULTS if whole else None)
    drawing = options.chart or (CHART if whole else None)
    if results:
        rows.write(found, results, quick=options.quick, minutes=round((time.monotonic() - began) / 60, 1))
    if drawing:
        chart.write(found, drawing)
    return int(any(row.ok is False for row in found) and not options.quick)


def measure(wanted: Sequence[str], *, quick: bool, peers: bool) -> list[Row]:
    """The rows of these parts, with a bar on stderr."""
    found: list[Row] = []
    bar = Progress(
        SpinnerColumn(),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
        console=Console(stderr=True),
        transient=True,
    )
    with run.folder() as folder, bar:
        task = bar.add_task("", total=len(wanted))
        for name in wanted:

            def tell(line: str, part: str = name) -> None:
                bar.update(task, description=f"{part}: {line}")

            tell("…")
            inner = folder / name.replace(" ", "-").replace(",", "")
            inner.mkdir()
            inner.chmod(0o711)
            found += PARTS[name](Run(inner, quick=quick, peers=peers, tell=tell))
            bar.advance(task)
    return found
