"""What the bench says at the end: a line a figure, what it must be, and whether it is."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

import msgspec

from tests.bench.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Sequence


class Figure(msgspec.Struct, frozen=True):
    """One row of the table: medians over the rounds; `low` and `high` span the rounds' own values."""

    name: str
    ours: str
    against: str
    value: float
    low: float
    high: float
    unit: str
    must: float
    at_least: bool = True

    @property
    def passed(self) -> bool:
        """Whether the median is at its must or better."""
        return self.value >= self.must if self.at_least else self.value <= self.must

    def text(self) -> str:
        """One line."""
        sign, mark = ("≥", "≤")[not self.at_least], "ok " if self.passed else "NO "
        spread = f"({_short(self.low)} to {_short(self.high)})"
        return (
            f"{mark} {self.name:<46} {_short(self.value) + self.unit:>9} {spread:<20} must {sign} "
            f"{_short(self.must)}{self.unit:<9} {self.ours} | {self.against}"
        )


class Report(msgspec.Struct, frozen=True):
    """Everything, for `--json`."""

    machine: Machine
    figures: list[Figure]
    notes: list[str]
    load_average_after: float
    seconds: float


def compare(
    name: str, ours: Sequence[float], against: Sequence[float], must: float, what: str, *, at_least: bool = True
) -> Figure:
    """The ratio of ours to theirs, round by round, so that what slows the machine down slows both."""
    ratios = [mine / theirs for mine, theirs in zip(ours, against, strict=True)]
    return Figure(
        name=name,
        ours=f"{_short(statistics.median(ours))}{what}",
        against=f"{_short(statistics.median(against))}{what}",
        value=statistics.median(ratios),
        low=min(ratios),
        high=max(ratios),
        unit="x",
        must=must,
        at_least=at_least,
    )


def absolute(
    name: str, values: Sequence[float], must: float, unit: str, against: str, *, at_least: bool = True
) -> Figure:
    """A figure of ours that must reach a number by itself."""
    middle = statistics.median(values)
    return Figure(name, f"{_short(middle)}{unit}", against, middle, min(values), max(values), unit, must, at_least)


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"
