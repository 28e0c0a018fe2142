"""Python's collector of cyclic garbage, put off around big walks.

A learner record of a thousand members makes a million objects and no cycles. The collector goes through all of them
again and again as their number grows, which is most of what makes a long record dearer than its members.
"""

from __future__ import annotations

import contextlib
import gc
import threading
from collections.abc import Iterator

_lock = threading.Lock()
_walks = 0


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No collecting inside the block; it goes on when the last thread has left, if it was on before the first came."""
    global _walks
    with _lock:
        if _walks or gc.isenabled():
            _walks += 1
            counted = True
            gc.disable()
        else:
            counted = False
    try:
        yield
    finally:
        if counted:
            with _lock:
                _walks -= 1
                if not _walks:
                    gc.enable()
