"""`badgeissuer serve` for a run of the bench: as it is, but it ends when the run that started it is gone.

``python -m bench.served [--without-storage] serve …``
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time


def main(arguments: list[str]) -> None:
    threading.Thread(target=_watch, args=(os.getppid(),), daemon=True).start()
    if arguments[:1] == ["--without-storage"]:
        from bench.without_storage import apply

        apply()
        arguments = arguments[1:]
    from badgeissuer.cli.main import main as command

    sys.argv = ["badgeissuer", *arguments]
    command()


def _watch(owner: int) -> None:
    while os.getppid() == owner:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main(sys.argv[1:])
