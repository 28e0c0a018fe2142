"""What commands print: results on stdout, everything else on stderr.

With ``--json`` stdout holds one JSON value and nothing else, errors included. Text from documents may come from
strangers, so control and direction characters never reach the terminal.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from badgeissuer.errors import BadgeissuerError, Conflict

if TYPE_CHECKING:
    from rich.console import Console

# C0 and C1 controls but LF and TAB, and the characters that turn the direction of what follows.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Tables that go to a file or a pipe must not fold addresses.
_WIDE = 400


def debugging() -> bool:
    return os.environ.get("BADGEISSUER_DEBUG", "").strip() not in ("", "0")


def safe(text: object) -> str:
    """The text without what could drive a terminal."""
    return _UNSAFE.sub("�", str(text))


def say(text: object = "", style: str | None = None, *, to_stderr: bool = False) -> None:
    """One line of text for people, as it is: no markup is read from it, and it is never folded."""
    from rich.text import Text

    _console(to_stderr).print(Text(safe(text), style=style or ""), soft_wrap=True)


def note(text: object, style: str | None = None) -> None:
    """A remark beside the result: progress, hints, warnings."""
    say(text, style, to_stderr=True)


def show_json(value: Any) -> None:
    """The result for programs. ASCII, so that no locale can break it."""
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")
    sys.stdout.flush()


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """A table for people; the sentence ``empty`` where there are no rows."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    lines = [[value if isinstance(value, Text) else Text(safe(value)) for value in row] for row in rows]
    if not lines:
        note(empty)
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for line in lines:
        table.add_row(*line)
    _console(False).print(table)


def show_error(error: BadgeissuerError, *, as_json: bool) -> None:
    """One red line, then what is wrong and where. With ``--json`` the same on stdout for programs."""
    note(f"error: {error.detail}", "bold red")
    for fault in error.faults:
        clause = f" ({fault.clause})" if fault.clause else ""
        note(f"  {fault.pointer or '(whole document)'}: {fault.detail}{clause}", "red")
    existing = error.existing if isinstance(error, Conflict) else None
    if existing:
        note(f"  there is already: {existing}", "red")
    if as_json:
        faults = [
            {"pointer": fault.pointer, "detail": fault.detail, "code": fault.code, "clause": fault.clause}
            for fault in error.faults
        ]
        show_json({"error": {"code": error.code, "detail": error.detail, "existing": existing, "faults": faults}})


def show_bug(error: Exception, *, as_json: bool) -> None:
    """A mistake of ours, in a line: a traceback helps nobody who did not ask for it."""
    note(f"error: badgeissuer made a mistake ({type(error).__name__})", "bold red")
    if not debugging():
        note("  set BADGEISSUER_DEBUG=1 and repeat the command to see where; please report it")
    if as_json:
        show_json({"error": {"code": "bug", "detail": type(error).__name__, "existing": None, "faults": []}})


def show_traceback(error: BaseException) -> None:
    """Where it happened; only with BADGEISSUER_DEBUG."""
    if debugging():
        sys.stderr.write("".join(traceback.format_exception(error)))


class Log(logging.Handler):
    """Log records on stderr: with time and logger while serving, as plain remarks in other commands."""

    def __init__(self, *, serving: bool) -> None:
        super().__init__()
        self._serving = serving
        form = "%(asctime)s %(levelname)-7s %(name)s %(message)s" if serving else "%(levelname)s: %(message)s"
        self.setFormatter(logging.Formatter(form))

    def emit(self, record: logging.LogRecord) -> None:
        if not self._serving and not debugging():
            record.exc_info = record.exc_text = None
        style = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "bold red"}.get(record.levelname)
        try:
            note(self.format(record), style)
        except Exception:
            self.handleError(record)


def log_to_stderr(*, serving: bool = False) -> None:
    """Take over logging for this process."""
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, Log)]:
        root.removeHandler(handler)
    root.addHandler(Log(serving=serving))
    root.setLevel(logging.DEBUG if debugging() else logging.INFO if serving else logging.WARNING)
    if not debugging():
        logging.getLogger("alembic").setLevel(logging.WARNING)
        # To a command a refused request is an error that it reports; to a service it is a sign of an attack.
        logging.getLogger("badgeissuer.net").setLevel(logging.WARNING if serving else logging.ERROR)


def _console(stderr: bool) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, width=None if stream.isatty() else _WIDE)
