"""The studio: each thing is made once, what was used last is kept, and nobody waits without end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable

import pytest

from badgeissuer.drawing.sheets import BadgeFacts, badge_png
from badgeissuer.drawing.studio import Studio
from badgeissuer.errors import Unavailable


@pytest.fixture
async def studio() -> AsyncIterator[Studio]:
    made = Studio(threads=2, most_bytes=10, most_waiting=3)
    yield made
    await made.close()


def counted(content: bytes) -> tuple[Callable[[], bytes], list[int]]:
    calls: list[int] = []

    def draw() -> bytes:
        calls.append(threading.get_ident())
        return content

    return draw, calls


async def test_what_is_asked_for_again_is_not_made_again(studio: Studio) -> None:
    draw, calls = counted(b"abc")
    assert [await studio.have("a", draw) for _ in range(3)] == [b"abc"] * 3
    assert len(calls) == 1
    assert calls[0] != threading.get_ident(), "in a thread"


async def test_what_was_not_used_for_longest_goes(studio: Studio) -> None:
    a, b, c = counted(b"aaaa"), counted(b"bbbb"), counted(b"cccc")
    for key, (draw, _) in (("a", a), ("b", b), ("a", a), ("c", c), ("a", a), ("b", b)):
        await studio.have(key, draw)
    assert [len(calls) for _, calls in (a, b, c)] == [1, 2, 1]
    huge, calls = counted(b"x" * 11)
    for _ in range(2):
        assert await studio.have("x", huge) == b"x" * 11
    assert len(calls) == 2


async def test_those_who_ask_at_once_share_it_and_one_who_goes_takes_nothing_away(studio: Studio) -> None:
    ready = threading.Event()
    calls: list[int] = []

    def draw() -> bytes:
        calls.append(1)
        assert ready.wait(10)
        return b"abc"

    first = asyncio.ensure_future(studio.have("a", draw))
    others = [asyncio.ensure_future(studio.have("a", draw)) for _ in range(5)]
    await asyncio.sleep(0)
    first.cancel()
    ready.set()
    assert await asyncio.gather(*others) == [b"abc"] * 5
    assert calls == [1]


async def test_too_many_at_once_are_sent_away_and_errors_are_not_kept(studio: Studio) -> None:
    ready = threading.Event()
    waiting = [asyncio.ensure_future(studio.have(n, lambda: b"x" if ready.wait(10) else b"")) for n in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="too many"):
        await studio.have(3, lambda: b"x")
    ready.set()
    await asyncio.gather(*waiting)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            await studio.have("wrong", lambda: bytes([1 // 0]))
    assert await studio.have("wrong", lambda: b"right") == b"right"


async def test_what_is_made_for_one_is_not_kept(studio: Studio) -> None:
    draw, calls = counted(b"abc")
    assert [await studio.once(draw) for _ in range(2)] == [b"abc"] * 2
    assert len(calls) == 2
    assert (len(studio._kept), studio._bytes) == (0, 0)


async def test_closing_gives_up_what_is_under_way() -> None:
    studio = Studio(threads=1)
    ready = threading.Event()
    task = asyncio.ensure_future(studio.have("a", lambda: b"x" if ready.wait(10) else b""))
    waiting = asyncio.ensure_future(studio.have("b", lambda: b"never"))
    await asyncio.sleep(0)
    ready.set()
    await studio.close()
    for given_up in (task, waiting):
        with pytest.raises(asyncio.CancelledError):
            await given_up


def test_typst_is_asked_from_many_threads() -> None:
    """A compiler that is busy raises "Already borrowed"; ours waits."""
    found: list[bytes | BaseException] = []

    def work(n: int) -> None:
        try:
            found.append(badge_png(BadgeFacts(f"Title {n}", "Issuer", "did:web:a.example"), side=100))
        except BaseException as error:
            found.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert [each for each in found if not isinstance(each, bytes)] == []
