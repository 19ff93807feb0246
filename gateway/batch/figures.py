"""Small charts as inline SVG: axes from zero, colours by class so that they follow light and dark, a summary in words.

Values are what is drawn; whoever calls says how a value is written. Numbers here are pixels, never money.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lxml.builder import E

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lxml.etree import _Element as Element

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 380, 220, 52, 10, 12, 26
TICKS = 4


class Scale(NamedTuple):
    """How a value is written at an axis, and the least that the axis reaches to."""

    write: Callable[[int], str]
    least: int


class Pair(NamedTuple):
    """Two bars side by side over one label."""

    label: str
    first: int | None
    second: int | None


class Mark(NamedTuple):
    """What was expected, what was observed, and the interval of that."""

    expected: int
    observed: int
    low: int
    high: int


def line(values: Sequence[tuple[str, int | None]], summary: str, scale: Scale) -> Element:
    """One line over labelled places; a missing value breaks it."""
    top = _nice(scale.least, max((value for _, value in values if value is not None), default=0))
    dots = [(_across(at, len(values)), _up(value, top)) for at, (_, value) in enumerate(values) if value is not None]
    known = [value is not None for _, value in values]
    path, placed = "", iter(dots)
    for at, here in enumerate(known):
        if here:
            x, y = next(placed)
            path += f"{'L' if at and known[at - 1] else 'M'}{x} {y}"
    lonely = len(dots) == 1
    marks = [E.circle({"class": "dot", "cx": str(x), "cy": str(y), "r": "2.5"}) for x, y in dots if lonely]
    return _chart(summary, top, scale, [label for label, _ in values], E.path({"class": "line", "d": path}), *marks)


def bars(pairs: Sequence[Pair], summary: str, scale: Scale) -> Element:
    """Two bars a place, the second one in the colour of a loss."""
    top = _nice(scale.least, max((value for pair in pairs for value in pair[1:] if value is not None), default=0))
    wide = (WIDTH - LEFT - RIGHT) / max(1, len(pairs))
    drawn = []
    for at, pair in enumerate(pairs):
        for side, value in enumerate(pair[1:]):
            if value:
                x, y = LEFT + wide * (at + 0.1 + 0.4 * side), _up(value, top)
                drawn.append(_bar("loss" if side else "bar", x, y, wide * 0.4))
    return _chart(summary, top, scale, [pair.label for pair in pairs], *drawn, middle=True)


def calibration(marks: Sequence[Mark], summary: str, scale: Scale) -> Element:
    """Expected across, observed up with its interval; on the dashed line they agree."""
    top = _nice(scale.least, max((value for mark in marks for value in (mark.expected, mark.high)), default=0))
    drawn = [E.path({"class": "guide", "d": f"M{LEFT} {_up(0, top)}L{WIDTH - RIGHT} {_up(top, top)}"})]
    for mark in marks:
        x = str(round(LEFT + mark.expected / top * (WIDTH - LEFT - RIGHT), 1))
        drawn.append(E.path({"class": "whisker", "d": f"M{x} {_up(mark.low, top)}V{_up(mark.high, top)}"}))
        drawn.append(E.circle({"class": "dot", "cx": x, "cy": str(_up(mark.observed, top)), "r": "3.5"}))
    return _chart(summary, top, scale, [scale.write(top * part // TICKS) for part in range(TICKS + 1)], *drawn)


def _chart(
    summary: str, top: int, scale: Scale, labels: Sequence[str], *drawn: Element, middle: bool = False
) -> Element:
    floor = _up(0, top)
    parts = [E.title(summary)]
    for part in range(TICKS + 1):
        y = _up(top * part / TICKS, top)
        parts.append(E.path({"class": "grid", "d": f"M{LEFT} {y}H{WIDTH - RIGHT}"}))
        parts.append(_text(LEFT - 6, y + 4, "end", scale.write(top * part // TICKS)))
    for at in _shown(len(labels)):
        x = LEFT + (at + 0.5) / len(labels) * (WIDTH - LEFT - RIGHT) if middle else _across(at, len(labels))
        anchor = "start" if at == 0 else "end" if at == len(labels) - 1 else "middle"
        parts.append(_text(x, floor + 17, anchor, labels[at]))
    return E.svg({"viewBox": f"0 0 {WIDTH} {HEIGHT}", "role": "img", "aria-label": summary}, *parts, *drawn)


def _shown(count: int) -> list[int]:
    """The places that get a label: all of a few, else the first, the middle and the last."""
    return list(range(count)) if count <= TICKS + 1 else [0, count // 2, count - 1]


def _bar(name: str, x: float, y: float, wide: float) -> Element:
    high = HEIGHT - BOTTOM - y
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "width": f"{wide:.1f}", "height": f"{high:.1f}"}
    return E.rect({"class": name, **place})


def _text(x: float, y: float, anchor: str, text: str) -> Element:
    return E.text({"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor}, text)


def _across(at: float, count: int) -> float:
    return round(LEFT + at / max(1, count - 1) * (WIDTH - LEFT - RIGHT), 1)


def _up(value: float, top: int) -> float:
    return round(HEIGHT - BOTTOM - value / top * (HEIGHT - BOTTOM - TOP), 1)


def _nice(least: int, most: int) -> int:
    """The least multiple 1, 2, 3, 5, 10, 20 … of `least` that is not below `most`, so that its quarters are round."""
    size = least
    while True:
        for digit in (1, 2, 3, 5):
            if digit * size >= most:
                return digit * size
        size *= 10
