"""Figures that tests measured, printed together at the end of a run, also where workers ran the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

_NAME = "figure"

Figure = Callable[[str], None]


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Figure:
    """Takes a line that the end of the run shows beside the test's name."""
    return lambda line: record_property(_NAME, line)


def lines(reports: Iterable[pytest.TestReport]) -> list[str]:
    """One line for each figure, in the order of the tests' names."""
    return sorted(
        f"{report.nodeid}: {value}"
        for report in reports
        if report.when == "call"
        for name, value in report.user_properties
        if name == _NAME
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    stats = terminalreporter.stats
    found = lines(report for outcome in ("passed", "failed") for report in stats.get(outcome, []))
    if found:
        terminalreporter.section("figures")
        for line in found:
            terminalreporter.write_line(line)
