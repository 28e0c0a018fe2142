"""The ratios with goals as one picture: how far each is from its goal, on a logarithmic scale.

Drawn as SVG here; the PNG is made of it by typst, as the pictures of badges are.
"""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import typst

from bench.rows import Row, shown

_WIDTH, _LEFT, _RIGHT, _TOP, _STEP = 960, 430, 150, 64, 34
_GOOD, _BAD, _INK, _FAINT = "#1b7f4b", "#b3261e", "#1f2328", "#8c959f"
_DECADES = 2  # a tenth to ten times the goal


def write(rows: Sequence[Row], path: Path) -> None:
    """``path`` with .svg and .png."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = svg(rows)
    path.with_suffix(".svg").write_text(text, encoding="utf-8")
    path.with_suffix(".png").write_bytes(_png(text))


def svg(rows: Sequence[Row]) -> str:
    """Bars to the right of the line do better than the goal, bars to the left worse."""
    lines = [(row, better) for row in rows if (better := _better(row)) is not None]
    height = _TOP + _STEP * len(lines) + 44
    middle = _LEFT + (_WIDTH - _LEFT - _RIGHT) // 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}" '
        'font-family="DejaVu Sans, Verdana, sans-serif" font-size="13" role="img" aria-labelledby="t">',
        '<title id="t">Each ratio of make bench against its goal</title>',
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="16" y="28" font-size="17" font-weight="bold" fill="{_INK}">Ratios against their goals</text>',
        f'<text x="{middle}" y="{_TOP - 12}" text-anchor="middle" fill="{_INK}">goal</text>',
        f'<text x="{_LEFT}" y="{_TOP - 12}" fill="{_FAINT}">ten times worse</text>',
        f'<text x="{_WIDTH - _RIGHT}" y="{_TOP - 12}" text-anchor="end" fill="{_FAINT}">ten times better</text>',
    ]
    for number, (row, better) in enumerate(lines):
        y = _TOP + _STEP * number
        far = max(-1.0, min(1.0, math.log10(better))) if better > 0 else -1.0
        length = far * (middle - _LEFT)
        colour = _GOOD if row.ok else _BAD
        told = f"{shown(row.ratio, '')} ({row.goal})"
        parts += [
            f'<text x="{_LEFT - 14}" y="{y + 20}" text-anchor="end" fill="{_INK}">{escape(_short(row.name))}</text>',
            f'<rect x="{min(middle, middle + length):.1f}" y="{y + 6}" width="{abs(length):.1f}" height="20" '
            f'fill="{colour}"/>',
            f'<text x="{_WIDTH - _RIGHT + 8}" y="{y + 20}" fill="{colour}">{escape(told)}</text>',
        ]
    bottom = _TOP + _STEP * len(lines)
    parts += [
        f'<line x1="{middle}" y1="{_TOP}" x2="{middle}" y2="{bottom}" stroke="{_INK}" stroke-width="2"/>',
        f'<text x="16" y="{bottom + 30}" fill="{_FAINT}">One run on one machine, median of five rounds; '
        "figures in bench/results.json</text>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _better(row: Row) -> float | None:
    """How many times better than the goal; None where there is none, or nothing was measured."""
    if row.goal is None or row.ratio is None:
        return None
    if row.goal.bound == 0:  # nothing may differ: as good as the picture shows, or as bad
        return 10.0 if row.ok else 0.1
    if row.goal.sign in ("≤", "<"):
        return row.goal.bound / row.ratio if row.ratio else 10.0
    return row.ratio / row.goal.bound


def _short(name: str) -> str:
    plain = re.sub(r" \([^)]*\)|: for a CPU second$", "", name)
    return plain if len(plain) <= 56 else f"{plain[:55]}…"


def _png(text: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "chart.svg").write_text(text, encoding="utf-8")
        page = Path(folder) / "chart.typ"
        page.write_text(
            '#set page(width: auto, height: auto, margin: 0pt)\n#image("chart.svg", width: 720pt)\n', encoding="utf-8"
        )
        made = typst.compile(page, format="png", ppi=144.0)
    return made[0] if isinstance(made, list) else made
