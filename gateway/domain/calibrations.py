"""A PD put on the level of a bank's own loans: a line over the logit (Platt, 1999), and how it is learned.

Two integers in 1e-6, so that what was calibrated replays exactly. The slope is positive, so no merchant passes
another; contributions are scaled by it and still add up to the logit. Learning uses floats: no money comes near.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import msgspec

from gateway.domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

MILLION = 1_000_000
LEAST_COUNT = 200
"""Outcomes below which nothing is learned: the interval of a slope is then wider than any use of it."""
LEAST_CLASS_COUNT = 20
SLOPES = (0.1, 5.0)
"""A slope outside tells of another target or of data that separate, not of another level."""
RIDGE = 1.0
"""How many loans' worth of trust the model's own line has: pulls towards slope 1 and offset 0."""
ROUNDS_COUNT = 50
FOLDS_COUNT = 5
BINS_COUNT = 10
Z = 1.959964
"""Of a 95 % interval."""


class Calibration(msgspec.Struct, frozen=True):
    """calibrated logit = `slope` x the model's logit + `offset`; both in 1e-6."""

    slope: int = MILLION
    offset: int = 0

    def __post_init__(self) -> None:
        if self.slope <= 0:
            raise ValueError("a calibration's slope is positive")

    def __str__(self) -> str:
        """As it is kept with each decision."""
        return f"{self.slope}:{self.offset}"

    @classmethod
    def read(cls, text: str) -> Calibration:
        """The inverse of `str`."""
        slope, offset = text.split(":")
        return cls(int(slope), int(offset))

    def scaled(self, part: int) -> int:
        """A contribution in 1e-6 → the calibrated one; half up."""
        return (part * self.slope + MILLION // 2) // MILLION

    def logit(self, own: int) -> int:
        """The model's logit in 1e-6 → the calibrated one."""
        return self.scaled(own) + self.offset

    def pd(self, own: int) -> int:
        """The model's logit in 1e-6 → the calibrated PD in 1e-6."""
        return round(MILLION * chance(self.logit(own) / MILLION))

    def undone(self, calibrated: int) -> int:
        """A calibrated logit in 1e-6 → the model's own."""
        return (calibrated - self.offset) * MILLION // self.slope


class CalibrationRefused(Invalid):
    """What can be learned of these outcomes would be worse than nothing."""

    code = "calibration_refused"
    title = "The outcomes do not make a calibration"


class Outcome(msgspec.Struct, frozen=True):
    """A loan that ended: the model's own logit when it was decided, and whether it defaulted."""

    logit: float
    defaulted: bool


class Quality(msgspec.Struct, frozen=True):
    """How well said and seen agree. Intervals are of 95 %; `ece` is the expected error over ten equal bins."""

    ece: float
    slope: float
    slope_interval: tuple[float, float]
    observed_to_expected: float
    observed_to_expected_interval: tuple[float, float]


class Learned(msgspec.Struct, frozen=True):
    """A calibration and what it does. `held_out` is of loans that each of five fits did not see."""

    calibration: Calibration
    count: int
    defaulted_count: int
    before: Quality
    after: Quality
    held_out: Quality


def chance(logit: float) -> float:
    """The logistic function, without overflow."""
    if logit >= 0:
        return 1 / (1 + math.exp(-logit))
    raised = math.exp(logit)
    return raised / (1 + raised)


def logit_of(pd: int) -> float:
    """The logit of a PD in 1e-6, which is bounded away from certainty by one part in a million."""
    bounded = min(max(pd, 1), MILLION - 1)
    return math.log(bounded / (MILLION - bounded))


def own_logit(pd: int, laid: str | None) -> float:
    """The logit that a model said itself, from the PD in 1e-6 that was told of it; `laid`: a calibration's text."""
    logit = logit_of(pd)
    return logit if laid is None else Calibration.read(laid).undone(round(logit * MILLION)) / MILLION


def learn(outcomes: Sequence[Outcome]) -> Learned:
    """The calibration these outcomes ask for, with its quality. Raises CalibrationRefused."""
    _check(outcomes)
    slope, offset = _line(outcomes)
    calibration = Calibration(round(slope * MILLION), round(offset * MILLION))
    held = [
        Outcome(own[0] * one.logit + own[1], one.defaulted)
        for fold in range(FOLDS_COUNT)
        for own in [_line([one for i, one in enumerate(outcomes) if i % FOLDS_COUNT != fold])]
        for one in outcomes[fold::FOLDS_COUNT]
    ]
    moved = [Outcome(slope * one.logit + offset, one.defaulted) for one in outcomes]
    defaulted = sum(one.defaulted for one in outcomes)
    return Learned(calibration, len(outcomes), defaulted, quality(outcomes), quality(moved), quality(held))


def quality(said: Sequence[Outcome]) -> Quality:
    """How well these logits agree with what came of them."""
    slope, _, error = _newton(said, ridge=RIDGE)
    observed, expected = sum(one.defaulted for one in said), math.fsum(chance(one.logit) for one in said)
    # Counts of defaults are about Poisson; its square root has a standard deviation of a half.
    ends = [max(math.sqrt(observed) + side * Z / 2, 0) ** 2 / expected for side in (-1, 1)]
    return Quality(
        ece=_error(said),
        slope=slope,
        slope_interval=(slope - Z * error, slope + Z * error),
        observed_to_expected=observed / expected,
        observed_to_expected_interval=(ends[0], ends[1]),
    )


def _check(outcomes: Sequence[Outcome]) -> None:
    bad = [one.logit for one in outcomes if one.defaulted]
    good = [one.logit for one in outcomes if not one.defaulted]
    if len(outcomes) < LEAST_COUNT:
        raise CalibrationRefused(f"{len(outcomes)} outcomes are too few: it takes {LEAST_COUNT}")
    if min(len(bad), len(good)) < LEAST_CLASS_COUNT:
        raise CalibrationRefused(
            f"{len(bad)} defaulted and {len(good)} did not: it takes {LEAST_CLASS_COUNT} of each to draw a line"
        )
    if min(bad) > max(good) or max(bad) < min(good):
        raise CalibrationRefused("the logit separates who defaulted from who did not: no finite slope fits")
    if min(bad + good) == max(bad + good):
        raise CalibrationRefused("every loan has the same PD: there is nothing to draw a line through")


def _line(outcomes: Sequence[Outcome]) -> tuple[float, float]:
    slope, offset, _ = _newton(outcomes, ridge=RIDGE)
    if not SLOPES[0] <= slope <= SLOPES[1]:
        raise CalibrationRefused(
            f"the slope would be {slope:.3f}, outside {SLOPES[0]} to {SLOPES[1]}: the model does not rank these loans"
        )
    return slope, offset


def _newton(outcomes: Sequence[Outcome], ridge: float) -> tuple[float, float, float]:
    """(slope, offset, the slope's standard error) of the most likely line, by Newton's steps, halved when too long."""
    line, loss = (1.0, 0.0), _loss(outcomes, (1.0, 0.0), ridge)
    hessian = (1.0, 0.0, 1.0)
    for _ in range(ROUNDS_COUNT):
        gradient, hessian = _slopes(outcomes, line, ridge)
        determinant = hessian[0] * hessian[2] - hessian[1] ** 2
        step = (
            (hessian[2] * gradient[0] - hessian[1] * gradient[1]) / determinant,
            (hessian[0] * gradient[1] - hessian[1] * gradient[0]) / determinant,
        )
        size = 1.0
        while (fresh := _loss(outcomes, _stepped(line, step, size), ridge)) > loss and size > 1e-6:  # noqa: PLR2004 - then the step is nothing
            size /= 2
        line, loss = _stepped(line, step, size), fresh
        if max(abs(step[0]), abs(step[1])) < 1e-9:  # noqa: PLR2004 - far below the 1e-6 that is kept
            break
    determinant = hessian[0] * hessian[2] - hessian[1] ** 2
    return line[0], line[1], math.sqrt(hessian[2] / determinant)


def _stepped(line: tuple[float, float], step: tuple[float, float], size: float) -> tuple[float, float]:
    return line[0] - size * step[0], line[1] - size * step[1]


def _loss(outcomes: Sequence[Outcome], line: tuple[float, float], ridge: float) -> float:
    total = math.fsum(
        max(z, 0) - (z if one.defaulted else 0) + math.log1p(math.exp(-abs(z)))
        for one in outcomes
        for z in [line[0] * one.logit + line[1]]
    )
    return total + ridge / 2 * ((line[0] - 1) ** 2 + line[1] ** 2)


def _slopes(
    outcomes: Sequence[Outcome], line: tuple[float, float], ridge: float
) -> tuple[tuple[float, float], tuple[float, float, float]]:
    """First and second derivatives of the loss by slope and offset."""
    by_slope, by_offset = ridge * (line[0] - 1), ridge * line[1]
    aa, ab, bb = ridge, 0.0, ridge
    for one in outcomes:
        p = chance(line[0] * one.logit + line[1])
        off, weight = p - one.defaulted, p * (1 - p)
        by_slope += off * one.logit
        by_offset += off
        aa += weight * one.logit**2
        ab += weight * one.logit
        bb += weight
    return (by_slope, by_offset), (aa, ab, bb)


def _error(said: Sequence[Outcome]) -> float:
    """The mean distance of said and seen over ten bins of equal count, in the order of the logit."""
    ordered = sorted(said, key=lambda one: one.logit)
    ends = [len(ordered) * i // BINS_COUNT for i in range(BINS_COUNT + 1)]
    parts = [ordered[low:high] for low, high in itertools.pairwise(ends)]
    off = [abs(math.fsum(chance(one.logit) - one.defaulted for one in part)) for part in parts]
    return math.fsum(off) / len(said)
