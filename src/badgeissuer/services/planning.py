"""The plans by which documents are verified. Those of our own short documents are kept: such a text never changes.

A plan says what a text holds and what has to be had for it, and nothing of the time or of how anything stands, so the
verdict is made anew each time. What strangers send is not kept, and is read off the event loop.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import ParamSpec, TypeVar

from badgeissuer.vc import verify as checks
from badgeissuer.vc.verify import Plan

# A badge of the usual size takes a millisecond or two; a document of the largest a good part of a second.
SHORT = 64 * 1024
# Of text. What is read from it takes some ten times as much memory.
_MOST_BYTES = 2 * 1024 * 1024

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Plans:
    """Plans by the hash of their texts, the longest unused of which go first."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._plans: OrderedDict[bytes, tuple[Plan, int]] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._plans)

    def have(self, kind: bytes, data: bytes, make: Callable[[bytes], Plan]) -> Plan:
        """The plan of that text, made where it is not kept. ``kind`` tells apart the plans that one text can have."""
        key = hashlib.sha256(kind + b"\0" + data).digest()
        if key in self._plans:
            self._plans.move_to_end(key)
            return self._plans[key][0]
        made = make(data)
        self._plans[key] = made, len(data)
        self._bytes += len(data)
        while self._bytes > self._most_bytes:
            _, (_, length) = self._plans.popitem(last=False)
            self._bytes -= length
        return made


_kept = Plans()


async def plan(data: bytes, *, members: Collection[int] | None = None, ours: bool = False) -> Plan:
    """As ``vc.verify.plan``. ``ours``: we signed this text."""
    if ours and members is None and len(data) <= SHORT:
        return _kept.have(b"document", data, checks.plan)
    return await asyncio.to_thread(checks.plan, data, members=members)


async def plan_status_list(data: bytes, *, ours: bool) -> Plan:
    """As ``vc.verify.plan_status_list``. ``ours``: we signed this text."""
    if ours and len(data) <= SHORT:
        return _kept.have(b"status list", data, checks.plan_status_list)
    return await asyncio.to_thread(checks.plan_status_list, data)


async def off_loop(short: bool, work: Callable[_P, _T], *args: _P.args, **named: _P.kwargs) -> _T:
    """The work in a thread, but for what is short: going there and back takes longer than that."""
    return work(*args, **named) if short else await asyncio.to_thread(work, *args, **named)
