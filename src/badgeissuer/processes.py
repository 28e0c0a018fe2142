"""Python processes of our own beside the service: each runs a module of this package."""

from __future__ import annotations

import os
from pathlib import Path

_SOURCE_ROOT = str(Path(__file__).resolve().parent.parent)
# No setting and no secret of the service.
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "TMPDIR", "LANG", "LC_ALL")


def environment(*further: str) -> dict[str, str]:
    """What such a process gets of ours, with the variables ``further``; it finds this package as we did."""
    passed_on = {name: os.environ[name] for name in (*_PASSED_ON, *further) if name in os.environ}
    passed_on["PYTHONPATH"] = os.pathsep.join(filter(None, [_SOURCE_ROOT, passed_on.get("PYTHONPATH")]))
    return passed_on
