"""What is watched of the models every day, how bad a reading is, and what the gateway does by itself about it.

A reading is `alert` or `severe` only where it passes a fixed threshold and chance does not explain it. Alerts lead to
the step `alert`; severe readings that last, to a haircut on every limit, and those of the PD then to the rules alone.
Nothing goes back by itself: a person resets.
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import drift
from gateway.domain.evidence import SIGNS
from gateway.domain.governance import Step
from gateway.domain.models import Column, Reference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MILLION = 1_000_000
LEAST_COUNT = 200
"""Merchants with scores below which nothing is judged."""
MOST_COUNT = 20_000
"""Merchants read a day; of more, a sample by their ids' last characters."""
FALSE_ALARM = 0.01
"""How often a day raises an alarm of drift though nothing has moved: shared out over all its columns."""
HAIRCUT_AFTER, RULES_AFTER = 3, 7
"""Days in a row with a severe reading before limits shrink, and then with one of the PD before the rules take over."""
COVERAGE_DAYS = 28
"""How far the share inside the intervals looks back."""


class Level(StrEnum):
    """How bad a reading is."""

    ok = "ok"
    alert = "alert"
    severe = "severe"


class Kind(StrEnum):
    """What is read. A reading's name begins with it: `psi:pd:refund_rate_90`, `coverage:7`, `defaults:2026-03`."""

    psi = "psi"
    missing = "missing"
    outside = "outside"
    coverage = "coverage"
    defaults = "defaults"
    anomalies = "anomalies"
    refused = "refused"
    population = "population"


BOUNDS: dict[Kind, tuple[float, float]] = {
    Kind.psi: (0.10, 0.25),  # the customary bounds of scorecards: moved a little, moved
    Kind.missing: (0.10, 0.25),  # more than usual
    Kind.outside: (0.01, 0.05),  # one in a thousand is usual
    Kind.coverage: (0.75, 0.65),  # at most
    Kind.defaults: (1.3, 2.0),  # observed over expected
    Kind.anomalies: (0.08, 0.20),  # honest merchants: .05
}
"""From where a reading is an alert, and from where it is severe."""
TRIED = {Level.alert: 1e-3, Level.severe: 1e-4}
"""How rarely chance alone may explain a share or a count."""
LEAST_DEFAULTS = 5

CALENDAR = frozenset({
    "year_sin", "year_cos", "month_sin", "month_cos", "weekday_sin", "weekday_cos", "fortnight_profile",
})  # fmt: skip
AGEING = frozenset({"history_days", "year_ago_known", "exposure_ratio"})
"""The same for everybody on a day, grown by waiting, or our own policy's doing: told, never judged."""
SEASONAL = frozenset({
    "mean_7_to_28", "mean_14_to_28", "mean_56_to_28", "mean_91_to_28", "year_ago_ratio", "year_ago_growth",
    "week_1", "week_2", "week_3", "week_4", "slope_8w", "rev30_to_rev90", "rev90_to_prior90", "fall_from_peak_180",
    "worst_week_share_84",
})  # fmt: skip
"""A holiday moves these for all shops at once: they alert, and no more."""


class Reading(msgspec.Struct, frozen=True):
    """One monitor on one business day; `value` and the `bound` it was held against in 1e-6, `detail` counts."""

    business_on: date
    monitor: str
    level: Level
    value: int
    bound: int
    rows_count: int
    detail: dict[str, list[int]] = {}

    @property
    def kind(self) -> Kind:
        """What is read."""
        return Kind(self.monitor.partition(":")[0])

    @property
    def of_pd(self) -> bool:
        """Whether it tells of the PD, so that the rules would answer better."""
        return self.kind is Kind.defaults or self.monitor.split(":")[1:2] == ["pd"]


class Seen(msgspec.Struct):
    """One column as a day's merchants have it: counts of the bins, of the missing, and of those out of range."""

    counts: list[int]
    missing: int = 0
    outside: int = 0

    @property
    def rows_count(self) -> int:
        """How many merchants were looked at."""
        return sum(self.counts) + self.missing


def columns(on: date, model: str, reference: Reference, seen: Mapping[str, Seen], *, adopted: bool) -> list[Reading]:
    """Readings of every column of a model.

    Against the training data (not `adopted` by a person as what is usual here) drift alerts and no more: simulated
    shops are nobody's portfolio.
    """
    found = []
    chance = FALSE_ALARM / max(3 * sum(judged(name) for name in seen), 1)
    for name, one in seen.items():
        column = reference.columns[name]
        rows = reference.score_rows if name == "score" else reference.rows
        known = one.rows_count - one.missing
        worst = _worst(name, adopted=adopted)
        if known >= LEAST_COUNT:
            found += [
                _psi(on, f"{Kind.psi}:{model}:{name}", (column, rows), (one, chance), worst),
                _outside(on, f"{Kind.outside}:{model}:{name}", (one, known, chance), worst),
            ]
        if one.rows_count >= LEAST_COUNT:
            consented = name in SIGNS and not adopted  # who lets us see it is no property of the merchant
            found.append(
                _missing(on, f"{Kind.missing}:{model}:{name}", column, (one, chance), Level.ok if consented else worst)
            )
    return found


def judged(name: str) -> bool:
    """Whether a column's readings can be more than told."""
    return name not in CALENDAR and name not in AGEING


def coverage(on: date, horizon: int, days: Sequence[tuple[int, int]]) -> Reading:
    """Of the last days' (inside, looked at), newest first: how many sales were within their 80 % interval.

    The same merchants stand in every day, so chance is reckoned from the largest day alone.
    """
    inside, rows = sum(day[0] for day in days), sum(day[1] for day in days)
    share, count = inside / max(rows, 1), max((day[1] for day in days), default=0)
    level = Level.ok
    for step, bound in zip((Level.alert, Level.severe), BOUNDS[Kind.coverage], strict=True):
        if count >= LEAST_COUNT and drift.interval(round(share * count), count, TRIED[step])[1] < bound:
            level = step
    detail = {"inside": [days[0][0]], "rows": [days[0][1]]}
    return _reading(on, f"{Kind.coverage}:{horizon}", level, (share, BOUNDS[Kind.coverage][0]), (rows, detail))


def defaults(on: date, vintage: str, observed: int, expected: float, loans: int) -> Reading:
    """A month's loans: those that defaulted so far over what the PDs say of a whole year.

    One-sided on purpose: a young vintage has not had its year, so too few say nothing, and too many say it early.
    """
    ratio = observed / expected if expected > 0 else 0.0
    level = Level.ok
    for step, bound in zip((Level.alert, Level.severe), BOUNDS[Kind.defaults], strict=True):
        by_chance = drift.at_least(observed, expected)
        if observed >= LEAST_DEFAULTS and ratio >= bound and by_chance < TRIED[step]:
            level = step
    name = f"{Kind.defaults}:{vintage}"
    return _reading(on, name, level, (ratio, BOUNDS[Kind.defaults][0]), (loans, {"observed": [observed]}))


def anomalies(on: date, alerts: int, rows: int) -> Reading:
    """How many merchants look odd."""
    level = Level.ok
    for step, bound in zip((Level.alert, Level.severe), BOUNDS[Kind.anomalies], strict=True):
        if rows >= LEAST_COUNT and drift.interval(alerts, rows, TRIED[step])[0] > bound:
            level = step
    share = alerts / max(rows, 1)
    return _reading(on, Kind.anomalies, level, (share, BOUNDS[Kind.anomalies][0]), (rows, {"alerts": [alerts]}))


def refused(on: date, model: str, version: int | None) -> Reading:
    """A version that should answer and may not."""
    return Reading(on, f"{Kind.refused}:{model}", Level.alert, version or 0, 0, 0)


def next_step(step: Step, since_on: date | None, days: Sequence[Sequence[Reading]], *, rules: bool) -> Step:
    """Where monitoring goes after a day; at most one step, never back.

    `days`: the readings worse than ok of the days up to today, newest first, without gaps; only those after
    `since_on`, when the present step was taken, count. `rules`: whether the rules can answer.
    """
    today = days[0] if days else ()
    if step is Step.normal and today:
        return Step.alert
    severe = [[one for one in day if one.level is Level.severe] for day in days]
    if step is Step.alert and _lasting(severe, since_on) >= HAIRCUT_AFTER:
        return Step.haircut
    risky = [[one for one in day if one.of_pd] for day in severe]
    if step is Step.haircut and rules and _lasting(risky, since_on) >= RULES_AFTER:
        return Step.rules_only
    return step


def adopted(reference: Reference, seen: Mapping[str, Seen]) -> Reference:
    """A day's population as the new usual one: the same bins and ranges, its own shares."""
    found = dict(reference.columns)
    rows = score_rows = 0
    for name, one in seen.items():
        known = sum(one.counts)
        if not known:
            continue
        old = reference.columns[name]
        shares = tuple(round(count / known, 6) for count in one.counts)
        found[name] = msgspec.structs.replace(old, shares=shares, missing=round(one.missing / one.rows_count, 6))
        if name == "score":
            score_rows = known
        else:
            rows = max(rows, one.rows_count)
    return Reference(rows, score_rows, found)


def _lasting(days: Sequence[Sequence[Reading]], since_on: date | None) -> int:
    """On how many days in a row, up to today, something was read, not counting what came before `since_on`."""
    count, expected = 0, None
    for day in days:
        on = day[0].business_on if day else None
        if on is None or (expected is not None and on != expected) or (since_on is not None and on <= since_on):
            break
        count, expected = count + 1, on - timedelta(days=1)
    return count


def _worst(name: str, *, adopted: bool) -> Level:
    if not judged(name):
        return Level.ok
    return Level.severe if adopted and name not in SEASONAL else Level.alert


def _psi(on: date, monitor: str, usual: tuple[Column, int], seen: tuple[Seen, float], worst: Level) -> Reading:
    (column, rows), (one, chance) = usual, seen
    value = drift.stability(column.shares, rows, one.counts)
    noise = drift.critical(len(column.shares), (rows, sum(one.counts)), chance)
    alert, severe = (max(bound, noise) for bound in BOUNDS[Kind.psi])
    level = Level.severe if value >= severe else Level.alert if value >= alert else Level.ok
    detail = {"counts": one.counts, "missing": [one.missing], "outside": [one.outside]}
    return _reading(on, monitor, min(level, worst, key=_LEVELS.index), (value, alert), (one.rows_count, detail))


def _missing(on: date, monitor: str, column: Column, seen: tuple[Seen, float], worst: Level) -> Reading:
    one, chance = seen
    low, _ = drift.interval(one.missing, one.rows_count, chance)
    alert, severe = BOUNDS[Kind.missing]
    more = low - column.missing
    level = Level.severe if more >= severe else Level.alert if more >= alert else Level.ok
    share = one.missing / one.rows_count
    bound = min(column.missing + alert, 1.0)
    return _reading(on, monitor, min(level, worst, key=_LEVELS.index), (share, bound), (one.rows_count, {}))


def _outside(on: date, monitor: str, seen: tuple[Seen, int, float], worst: Level) -> Reading:
    one, known, chance = seen
    low, _ = drift.interval(one.outside, known, chance)
    alert, severe = BOUNDS[Kind.outside]
    level = Level.severe if low >= severe else Level.alert if low >= alert else Level.ok
    return _reading(on, monitor, min(level, worst, key=_LEVELS.index), (one.outside / known, alert), (known, {}))


def _reading(
    on: date, monitor: str, level: Level, values: tuple[float, float], told: tuple[int, dict[str, list[int]]]
) -> Reading:
    value, bound = (round(number * MILLION) for number in values)
    return Reading(on, str(monitor), level, value, bound, *told)


_LEVELS = list(Level)
