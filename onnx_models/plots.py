"""Small plots as SVG text: lines, dots and bars on one pair of axes. No library; enough to see a curve bend."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 640, 360, 64, 44, 36, 150
COLOURS = ("#0f6a5b", "#c2571a", "#3b5bab", "#8a3b8f", "#6b7280", "#b08900")


class Series(NamedTuple):
    """One named line (or dots) of points."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    dots: bool = False


def write(path: Path, title: str, x_title: str, series: Sequence[Series]) -> None:
    """Write one plot; points that are not finite are left out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(svg(title, x_title, series), encoding="utf-8")


def svg(title: str, x_title: str, series: Sequence[Series]) -> str:
    """The plot as text. Both axes span the data."""
    xs = _span([value for one in series for value in one.x])
    ys = _span([value for one in series for value in one.y])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/><g font-size="12">',
        f'<text x="{LEFT}" y="20" font-size="14">{escape(title)}</text>',
        f'<text x="{LEFT}" y="{HEIGHT - 8}">{escape(x_title)}</text>',
        *_axes(xs, ys),
    ]
    for number, one in enumerate(series):
        parts += _drawn(one, xs, ys, COLOURS[number % len(COLOURS)], TOP + 16 * number)
    return "\n".join([*parts, "</g></svg>", ""])


def _span(values: Sequence[float]) -> tuple[float, float]:
    known = [value for value in values if np.isfinite(value)]
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _place(x: float, y: float, xs: tuple[float, float], ys: tuple[float, float]) -> tuple[float, float]:
    across = LEFT + (x - xs[0]) / (xs[1] - xs[0]) * (WIDTH - LEFT - RIGHT)
    up = HEIGHT - BOTTOM - (y - ys[0]) / (ys[1] - ys[0]) * (HEIGHT - BOTTOM - TOP)
    return round(across, 1), round(up, 1)


def _axes(xs: tuple[float, float], ys: tuple[float, float]) -> list[str]:
    parts = []
    for share in (0, 0.25, 0.5, 0.75, 1):
        x, y = xs[0] + share * (xs[1] - xs[0]), ys[0] + share * (ys[1] - ys[0])
        across, up = _place(x, y, xs, ys)
        parts += [
            f'<path d="M{LEFT} {up}H{WIDTH - RIGHT}" stroke="#e5e7eb"/>',
            f'<text x="{LEFT - 6}" y="{up + 4}" text-anchor="end">{y:.3g}</text>',
            f'<text x="{across}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{x:.3g}</text>',
        ]
    return parts


def _drawn(one: Series, xs: tuple[float, float], ys: tuple[float, float], colour: str, label: int) -> list[str]:
    points = [_place(x, y, xs, ys) for x, y in zip(one.x, one.y, strict=True) if np.isfinite(x) and np.isfinite(y)]
    name = f'<text x="{WIDTH - RIGHT + 10}" y="{label}" fill="{colour}">{escape(one.name)}</text>'
    if one.dots:
        return [name, *(f'<circle cx="{x}" cy="{y}" r="2.5" fill="{colour}" opacity=".6"/>' for x, y in points)]
    line = " ".join(f"{x},{y}" for x, y in points)
    return [name, f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>']
