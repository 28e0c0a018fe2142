"""Uploaded art is cleaned in a process that is started for it and killed where it takes too long."""

from __future__ import annotations

import asyncio
import contextlib
import sys

from badgeissuer import processes
from badgeissuer.drawing.cleaning import Cleaned, read
from badgeissuer.errors import Unavailable
from badgeissuer.vc.carriers.forms import refused

_SECONDS = 15.0


async def cleaned(data: bytes, *, seconds: float = _SECONDS) -> Cleaned:
    """The art in the file. Raises ``ImageRefused`` with the reason, ``Unavailable`` where no process starts.

    ``seconds`` bounds the whole by the clock; the process bounds its own processor time and memory too.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "badgeissuer.drawing.cleaning",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            # What it complains of is not for our log: it may echo the file.
            stderr=asyncio.subprocess.DEVNULL,
            env=processes.environment("FONTCONFIG_PATH", "HOME"),
            start_new_session=True,
        )
    except OSError:
        raise Unavailable("the process that cleans images does not start") from None
    try:
        async with asyncio.timeout(seconds):
            answer, _ = await process.communicate(data)
    except TimeoutError:
        raise refused("the image takes too long to draw; make it simpler") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.communicate()
    if process.returncode != 0:
        # Killed by its own bounds, or by the kernel for want of memory.
        raise refused("the image takes more time or memory to draw than it may; make it simpler")
    return read(answer)
