"""What a case of hostile input is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """``make`` gives the input and ``act`` is what meets it. ``answer`` is what must come of it: the code of the error
    that is raised, or the text that ``act`` returns, "accepted" where it returns anything else.

    ``unit`` names what is counted where a budget ends it.
    """

    family: str
    name: str
    make: Callable[[], Any]
    act: Callable[[Any], object]
    answer: str
    unit: str = ""


def of_table(
    family: str, act: Callable[[Any], object], table: dict[str, tuple[Callable[[], Any], str]], verb: str = ""
) -> list[Case]:
    """The cases of a table that all meet the same."""
    return [Case(family, f"{verb}{name}", make, act, answer) for name, (make, answer) in table.items()]
