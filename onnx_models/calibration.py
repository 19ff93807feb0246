"""The simulator's moments beside those of real shops: who has to be believable before anything is learned from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from onnx_models import parameters as p
from onnx_models import real, samples

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

# Which simulated sectors stand beside which real set.
PAIRS = {
    "chain": ("chain",),
    "countries": ("gift",),
    "gift_shop": ("gift", "fashion"),
    "sellers": ("market",),
    "bakery": ("bakery",),
}
SEED = 778
LEAST_DAYS = 200


class Moment(NamedTuple):
    """One moment of one kind of shop: the quartiles over merchants, real and simulated."""

    name: str
    moment: str
    real: tuple[float, float, float]
    simulated: tuple[float, float, float]

    def line(self) -> str:
        """For the report."""
        return f"| {self.name} | {self.moment} | {_three(self.real)} | {_three(self.simulated)} |"


def weekly_change(days: Ints) -> float:
    """Sd of the log change from week to week, weeks without sales left out."""
    weeks = days[len(days) % 7 :].reshape(-1, 7).sum(axis=1)
    good = weeks > 0
    change = np.diff(np.log(np.where(good, weeks, 1)))[good[1:] & good[:-1]]
    return float(change.std()) if len(change) > 1 else np.nan


def closed_share(days: Ints) -> float:
    """The share of days without sales."""
    return float((days <= 0).mean())


def weekday_spread(days: Ints) -> float:
    """Sd of the weekday profile over trading weekdays, log."""
    profile = days[len(days) % 7 :].reshape(-1, 7).mean(axis=0)
    some = profile > 0.05 * max(profile.mean(), 1e-9)
    return float(np.log(profile[some]).std()) if some.any() else np.nan


def fortnight_echo(days: Ints) -> float:
    """How much closer a week is to the one two weeks ago than to the last: promotions in alternate weeks."""
    weeks = days[len(days) % 7 :].reshape(-1, 7).sum(axis=1)
    logs = np.log(np.maximum(weeks, 1))
    one, two = np.abs(np.diff(logs)), np.abs(logs[2:] - logs[:-2])
    return float(np.median(one) - np.median(two))


def persistence(days: Ints) -> float:
    """Correlation of a 28-day sum's log with the next one's, after the mean: how long a good month lasts."""
    months = days[len(days) % 28 :].reshape(-1, 28).sum(axis=1)
    logs = np.log(np.maximum(months, 1))
    return float(np.diff(logs).std())


MOMENTS: dict[str, Callable[[Ints], float]] = {
    "weekly log-change sd": weekly_change,
    "share of days without sales": closed_share,
    "weekday profile, log-sd": weekday_spread,
    "fortnight echo": fortnight_echo,
    "monthly log-change sd": persistence,
}


def compare() -> list[Moment]:
    """Every moment of every real set beside the simulator's own sectors."""
    found = []
    for name, sectors in PAIRS.items():
        days, _ = real.SETS[name](real.folder())
        ours = _of([_trimmed(row) for row in days])
        one = samples.chunk(SEED, 0, {sector: p.SECTORS[sector] for sector in sectors}, 200)
        theirs = _of([_trimmed(row) for row in one.net.T])
        found += [Moment(name, moment, _quartiles(ours[moment]), _quartiles(theirs[moment])) for moment in MOMENTS]
    return found


def report(found: list[Moment], refunds: float) -> str:
    """The report as a page of Markdown."""
    ours = p.SECTORS["gift"].refunds
    lines = [
        "# The simulator beside real shops",
        "",
        "Lower quartile / median / upper quartile over merchants. A real set of one shop has one value thrice.",
        "",
        "| set | moment | real | simulated |",
        "|---|---|---|---|",
        *(one.line() for one in found),
        "",
        f"Refunds over gross sales of the gift shop: {refunds:.3f}; of the gift sector here: {ours:.3f} in the mean.",
    ]
    return "\n".join(lines) + "\n"


def _trimmed(days: Ints) -> Ints:
    """From the first to the last day with sales."""
    some = np.flatnonzero(days > 0)
    return days[some[0] : some[-1] + 1] if len(some) else days[:0]


def _of(shops: list[Ints]) -> dict[str, Floats]:
    long = [days for days in shops if len(days) >= LEAST_DAYS]
    return {name: np.array([moment(days) for days in long]) for name, moment in MOMENTS.items()}


def _quartiles(values: Floats) -> tuple[float, float, float]:
    low, middle, high = np.nanquantile(values, (0.25, 0.5, 0.75))
    return float(low), float(middle), float(high)


def _three(values: tuple[float, float, float]) -> str:
    return " / ".join(f"{value:.2f}" for value in values)
