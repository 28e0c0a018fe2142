"""How often something may happen: so many at once, and then again as time goes by. Counted in this process."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime

_MOST_KEYS = 20_000


class Throttle:
    """For each key ``burst`` at once, which come back evenly within ``seconds``."""

    def __init__(self, *, burst: int, seconds: float) -> None:
        self._burst = burst
        self._pause = seconds / burst
        # For each key the moment at which all of it is free again. Who was not seen longest is forgotten first.
        self._free: OrderedDict[bytes, float] = OrderedDict()

    def wait(self, key: bytes, now: datetime) -> float:
        """0 where it may happen now, which counts; else the seconds until it may."""
        moment = now.timestamp()
        free = max(self._free.get(key, 0.0), moment) + self._pause
        late = free - moment - self._burst * self._pause
        if late > 1e-6:
            return late
        self._free[key] = free
        self._free.move_to_end(key)
        while len(self._free) > _MOST_KEYS:
            self._free.popitem(last=False)
        return 0.0
