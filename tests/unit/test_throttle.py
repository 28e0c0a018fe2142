"""So many at once, and then again as time goes by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from badgeissuer.web import throttle
from badgeissuer.web.throttle import Throttle

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def test_a_burst_passes_and_comes_back_evenly() -> None:
    limit = Throttle(burst=3, seconds=30)
    assert [limit.wait(b"a", NOW) for _ in range(5)] == [0, 0, 0, 10, 10]
    assert limit.wait(b"b", NOW) == 0  # each key has its own
    later = NOW + timedelta(seconds=10)
    assert [limit.wait(b"a", later) for _ in range(2)] == [0, 10]
    assert [limit.wait(b"a", NOW + timedelta(hours=1)) for _ in range(4)] == [0, 0, 0, 10]


def test_who_was_not_seen_longest_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "_MOST_KEYS", 2)
    limit = Throttle(burst=1, seconds=10)
    for key in (b"a", b"b", b"c"):
        assert limit.wait(key, NOW) == 0
    assert [limit.wait(key, NOW) for key in (b"b", b"c", b"a")] == [10, 10, 0]
