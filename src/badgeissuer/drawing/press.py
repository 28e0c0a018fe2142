"""The one place that runs typst: a template of ours and data as JSON, never markup from outside.

Nothing is fetched and no package is used; a template can read nothing but its own folder. The same data gives the same
bytes. Where no font at hand has a letter, a PDF is made without the promise of PDF/UA, since that forbids missing
letters, and the caller is told.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import typst

from badgeissuer.errors import Unavailable

log = logging.getLogger("badgeissuer.drawing")

TEMPLATES = Path(__file__).parent / "templates"
# Libertinus and DejaVu are in the wheel; what else the machine has is used where they lack a letter.
FONTS: tuple[str, ...] = ("Libertinus Serif", "DejaVu Sans Mono", "Noto Sans", "Noto Sans CJK SC", "Noto Sans Hebrew")
# Dates in a file would make each copy another file.
_EPOCH = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp())

Format = Literal["svg", "png", "pdf"]
# A compiler serves one caller at a time ("Already borrowed"), and its fonts are too large to have one for each thread.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True)
class Printed:
    """The file, and whether it is PDF/UA where it was to be: accessible to who does not see it."""

    content: bytes
    accessible: bool = True


def press(
    template: str,
    data: Mapping[str, Any],
    format: Format,
    *,
    ppi: float = 144.0,
    font_folders: Sequence[Path] = (),
    where_lacking: Mapping[str, Any] | None = None,
) -> Printed:
    """The template filled with the data, from any thread. ``where_lacking`` is added where letters cannot be shown.

    Raises ``Unavailable`` where typst cannot make it: no data should cause that.
    """
    with _one_at_a_time:
        return _press(template, data, format, ppi, font_folders, where_lacking or {})


def _press(
    template: str,
    data: Mapping[str, Any],
    format: Format,
    ppi: float,
    font_folders: Sequence[Path],
    where_lacking: Mapping[str, Any],
) -> Printed:
    inputs = _inputs(data)
    compiler = _compiler(template, tuple(font_folders))
    try:
        if format != "pdf":
            return Printed(_only_page(compiler.compile(format=format, ppi=ppi, sys_inputs=inputs, timestamp=_EPOCH)))
        try:
            made = compiler.compile(format="pdf", sys_inputs=inputs, pdf_standards=["ua-1"], timestamp=_EPOCH)
            return Printed(_only_page(made))
        except typst.TypstError as error:
            log.info("a certificate is made without PDF/UA: %s", error)
            inputs = _inputs({**data, **where_lacking})
            made = compiler.compile(format="pdf", sys_inputs=inputs, timestamp=_EPOCH)
            return Printed(_only_page(made), accessible=False)
    except typst.TypstError as error:
        log.error("typst could not set %s: %s", template, error)
        raise Unavailable("the picture could not be made; the credential itself is not touched by that") from error


def _inputs(data: Mapping[str, Any]) -> dict[str, str]:
    return {"data": json.dumps({"fonts": list(FONTS), **data}, ensure_ascii=False)}


@lru_cache(maxsize=16)
def _compiler(template: str, font_folders: tuple[Path, ...]) -> typst.Compiler:
    return typst.Compiler(
        str(TEMPLATES / template), root=str(TEMPLATES), font_paths=[str(folder) for folder in font_folders]
    )


def _only_page(made: bytes | list[bytes] | None) -> bytes:
    assert made is not None
    return made if isinstance(made, bytes) else made[0]
