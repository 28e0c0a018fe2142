"""Hostile input, each case named for its one defect: what must be refused cheaply, and by which typed error.

Used twice: the tests assert the answer and what was counted, ``bench.hostile`` measures CPU time and memory. All of it
is made here, from small seeds; no file of megabytes is kept.
"""

from __future__ import annotations

from bench.corpus import documents, graphs, images, texts
from bench.corpus.case import Case, Document

__all__ = ["Case", "Document", "cases"]


def cases() -> list[Case]:
    """Every case, family by family."""
    return [*texts.CASES, *graphs.CASES, *images.CASES, *documents.CASES]
