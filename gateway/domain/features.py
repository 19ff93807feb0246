"""What the models see of a merchant: pure numbers from daily sales, the same function in training and in serving.

Everything is known strictly before `as_of`; no clock, no I/O. Sums are taken in int64, divided once in float64 and
cast to float32 once, so that a row never depends on the batch it is computed in.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gateway.domain import evidence as e

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Features = NDArray[np.float32]

HISTORY_DAYS = 400
HORIZONS = (7, 30)
QUANTILES = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)
# With fewer known days the forecast models answer with their wide fallback; callers flag such forecasts.
FORECAST_MIN_DAYS = 56

YEAR_DAYS = 364  # a whole number of weeks (and of fortnights), so that weekdays meet weekdays
RATIO_FLOOR = 0.03  # added before a logarithm, so that an empty week is a number
RATIO_CEILING = 30.0
EXPOSURE_CEILING = 100.0  # stands for "any loan at all, and no sales"
TILT = np.arange(-7, 8, 2)  # times eight weeks, over 10.5 x their sum: the slope a week, in units of the mean
EPOCH_ORDINAL = 719_163  # date(1970, 1, 1).toordinal()

FORECAST_FEATURES = (
    "mean_7_to_28",
    "mean_14_to_28",
    "mean_56_to_28",
    "mean_91_to_28",
    "year_ago_ratio",
    "year_ago_growth",
    "year_ago_known",
    "cv_28",
    "zero_share_28",
    "fortnight_profile",
    "week_1",
    "week_2",
    "week_3",
    "week_4",
    "slope_8w",
    "top_day_share_28",
    "year_sin",
    "year_cos",
    "month_sin",
    "month_cos",
    "weekday_sin",
    "weekday_cos",
    "history_days",
    "sigma_13w",
)

# What a horizon changes; the rest is of the past alone.
_OWN_COLUMNS = [
    FORECAST_FEATURES.index(name) for name in ("year_ago_ratio", "fortnight_profile", "year_sin", "year_cos")
]

# Each with the sign its risk must keep: +1 = more of it, more risk.
PD_SIGNS = {
    "revenue_cv_26w": 1,
    "active_day_share_90": -1,
    "rev30_to_rev90": -1,
    "rev90_to_prior90": -1,
    "worst_week_share_84": -1,
    "longest_gap_180": 1,
    "top_day_share_90": 1,
    "refund_rate_90": 1,
    "refund_rate_trend": 1,
    "fall_from_peak_180": 1,
    "year_growth": -1,
    "tickets_per_day_90": -1,
    "history_days": -1,
    **e.SIGNS,
    "exposure_ratio": 1,
}
PD_FEATURES = tuple(PD_SIGNS)
EXPOSURE_COLUMN = PD_FEATURES.index("exposure_ratio")
# Raised whenever the meaning of a feature changes while its name stays: models of another revision are refused.
REVISION = 2


class Histories(NamedTuple):
    """n merchants' sales before `as_of`, right-aligned: the last column is the day before `as_of`.

    `net`, `refunds`, `tickets`: (n, HISTORY_DAYS) int64; amounts in minor units, net of refunds, by merchant-local
    business day, 0 on a closed day and before the first known day. `length`: (n,) known calendar days since the
    first data, may exceed HISTORY_DAYS. `as_of`: (n,) proleptic ordinals (`date.toordinal`).
    """

    net: Ints
    refunds: Ints
    tickets: Ints
    length: Ints
    as_of: Ints


class Recent(NamedTuple):
    """One merchant's part of `Histories`: three (HISTORY_DAYS,) int64 arrays, right-aligned."""

    net: Ints
    refunds: Ints
    tickets: Ints
    length: int
    as_of: int


def stack(merchants: Sequence[Recent]) -> Histories:
    """One `Histories` of many merchants, in their order."""
    return Histories(
        np.stack([one.net for one in merchants]),
        np.stack([one.refunds for one in merchants]),
        np.stack([one.tickets for one in merchants]),
        np.array([one.length for one in merchants], np.int64),
        np.array([one.as_of for one in merchants], np.int64),
    )


def schema_hash(model: str, names: Sequence[str] | None = None) -> str:
    """SHA-256 over the revision, the model's feature names in order and, for a PD, their signs."""
    signs = PD_SIGNS if model in {"pd", "rules"} else {}
    names = names or (FORECAST_FEATURES if model.startswith("forecast") else PD_FEATURES)
    text = "\n".join([f"revision {REVISION}", model, *(f"{name} {signs.get(name, 0)}" for name in names)])
    return hashlib.sha256(text.encode()).hexdigest()


def horizon_scale(histories: Histories, horizon: int) -> Ints:
    """(n,) minor units: `horizon` days at the mean of the last 28 known days, rounded down, never negative.

    A forecast quantile in 1e-6 of this is the sum of the next `horizon` days' net sales.
    """
    total: Ints = histories.net[:, -28:].sum(axis=1)
    days = np.minimum(np.maximum(histories.length, 1), 28)
    return np.asarray(np.maximum(total * horizon // days, 0))


def forecast_features(histories: Histories, horizon: int) -> Features:
    """(n, 24) float32, always finite, in the order of FORECAST_FEATURES; `horizon` 7 or 30 days from `as_of` on."""
    return _forecast(histories, _prefix(histories.net), horizon)


def both_forecast_features(histories: Histories) -> tuple[Features, Features]:
    """`forecast_features` of 7 and of 30 days: most columns are the same, and found once."""
    week, month = HORIZONS
    sums = _prefix(histories.net)
    long = _forecast(histories, sums, month)
    length = np.maximum(histories.length, 1)
    short = long.copy()
    level = _last(sums, 28) / np.minimum(length, 28)
    own = [
        _year_ago(sums, length, level, week)[0],
        _fortnight(histories.net, length, week),
        *_calendar(histories.as_of, week)[:2],
    ]
    short[:, _OWN_COLUMNS] = np.stack(own, axis=1)
    return short, long


def _forecast(histories: Histories, sums: Ints, horizon: int) -> Features:
    length = np.maximum(histories.length, 1)
    total = _last(sums, 28)
    level = total / np.minimum(length, 28)
    columns = [_log(_ratio(_last(sums, days) / np.minimum(length, days), level)) for days in (7, 14, 56, 91)]
    columns += _year_ago(sums, length, level, horizon)
    columns += _daily(histories.net[:, -28:], total, level)
    columns.append(_fortnight(histories.net, length, horizon))
    columns += _weekly(sums, level)
    columns.append(_within(_ratio(histories.net[:, -28:].max(axis=1), total), 0, 1))
    columns += _calendar(histories.as_of, horizon)
    columns += [np.minimum(length, HISTORY_DAYS), _sigma(sums, length)]
    return np.stack(columns, axis=1).astype(np.float32)


def pd_features(histories: Histories, exposure: Ints, seen: e.Evidence | None = None) -> Features:
    """(n, len(PD_FEATURES)) float32, NaN = missing; `exposure`: (n,) minor units, the whole limit.

    `seen`: what else the merchants let us see, aligned as `histories` are; None = sales alone.
    """
    sums = _prefix(histories.net)
    length = np.maximum(histories.length, 1)
    rev30, rev90 = _last(sums, 30), _last(sums, 90)
    recent = histories.net[:, -90:]
    active = np.count_nonzero(recent > 0, axis=1)
    tickets = np.maximum(histories.tickets[:, -90:].sum(axis=1), 0)
    columns = [
        _spread(sums, length),
        active / np.minimum(length, 90),
        _recent(sums, length),
        _share(rev90, _last(sums, 90, 90), length >= 180),
        _worst_week(sums, length),
        _longest_gap(histories.net, length),
        _share(recent.max(axis=1), rev90, length >= 28),
        *_refunds(histories.refunds, rev30, rev90, length),
        _fall(sums, length),
        _share(_last(sums, 28), _last(sums, 28, YEAR_DAYS), length >= YEAR_DAYS + 28),
        np.where(tickets > 0, np.log1p(tickets / np.maximum(active, 1)), np.nan),
        np.minimum(length, 3 * YEAR_DAYS),
        *(e.absent(len(length)) if seen is None else e.columns(seen, histories.net, length)),
        exposure_ratio(histories, exposure),
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def exposure_ratio(histories: Histories, exposure: Ints) -> Floats:
    """(n,) exposure over the last 30 days' net sales; EXPOSURE_CEILING where there is a loan and no sales."""
    rev30 = histories.net[:, -30:].sum(axis=1)
    ratio = np.where(exposure > 0, EXPOSURE_CEILING, 0.0)
    np.divide(exposure, rev30, out=ratio, where=rev30 > 0)
    return _within(ratio, 0, EXPOSURE_CEILING)


def at_exposures(features: Features, histories: Histories, exposures: Ints) -> Features:
    """`pd_features` of n merchants at m exposures each, (n, m) → (n·m, k), merchant by merchant, computed once."""
    count, many = exposures.shape
    rows = np.repeat(features, many, axis=0)
    ratios = [exposure_ratio(histories, exposures[:, column]) for column in range(many)]
    rows[:, EXPOSURE_COLUMN] = np.stack(ratios, axis=1).reshape(count * many)
    return rows


def _prefix(days: Ints) -> Ints:
    """(n, HISTORY_DAYS + 1) running sums that start with 0."""
    sums = np.zeros((len(days), HISTORY_DAYS + 1), np.int64)
    np.cumsum(days, axis=1, out=sums[:, 1:])
    return sums


def _last(sums: Ints, days: int, skip: int = 0) -> Ints:
    """The sum of `days` days that end `skip` days before the last one."""
    end = HISTORY_DAYS - skip
    return np.ascontiguousarray(sums[:, end] - sums[:, end - days])


def _weeks(sums: Ints, count: int) -> Ints:
    """(n, count) sums of the last whole weeks, oldest first."""
    marks = sums[:, HISTORY_DAYS - 7 * count :: 7]
    return marks[:, 1:] - marks[:, :-1]


def _within(values: Floats, low: float, high: float) -> Floats:
    """Cut to [low, high]; NaN stays. `ndarray.clip` costs four times as much on one row."""
    return np.minimum(np.maximum(values, low), high)


def _ratio(top: Ints | Floats, bottom: Ints | Floats) -> Floats:
    """top / bottom, and 1 where the bottom is not positive."""
    ratio = np.ones(top.shape)
    np.divide(top, bottom, out=ratio, where=bottom > 0)
    return ratio


def _share(top: Ints, bottom: Ints, known: NDArray[np.bool_]) -> Floats:
    """top / bottom, and NaN where it is not known or the bottom is not positive; kept within ±RATIO_CEILING."""
    share = np.full(top.shape, np.nan)
    np.divide(top, bottom, out=share, where=known & (bottom > 0))
    return _within(share, -RATIO_CEILING, RATIO_CEILING)


def _log(ratio: Floats) -> Floats:
    return np.log(_within(ratio, 0, RATIO_CEILING) + RATIO_FLOOR)


def _year_ago(sums: Ints, length: Ints, level: Floats, horizon: int) -> list[Floats]:
    """What the same days did a year ago against their own 28 days, growth since, and whether that is known."""
    then = _last(sums, 28, YEAR_DAYS)
    known = (length >= YEAR_DAYS + 28) & (then > 0) & (level > 0)
    ahead = _ratio(_last(sums, horizon, YEAR_DAYS - horizon) * 28, np.where(known, then, 0) * horizon)
    growth = _ratio(level * 28, np.where(known, then, 0))
    return [_log(ahead), _log(growth), known.astype(np.float64)]


def _daily(days: Ints, total: Ints, level: Floats) -> list[Floats]:
    """The spread of the last 28 days in units of their mean, and the share of them without sales."""
    scaled = np.zeros(days.shape)
    np.divide(days, level[:, None], out=scaled, where=total[:, None] > 0)
    variance = np.square(scaled).sum(axis=1) / 28 - 1
    return [np.sqrt(_within(variance, 0, RATIO_CEILING)), np.count_nonzero(days == 0, axis=1) / 28]


def _fortnight(net: Ints, length: Ints, horizon: int) -> Floats:
    """What the horizon would sell if the last four fortnights repeated, per day, against their mean."""
    cycle = net[:, -56:].reshape(-1, 4, 14).sum(axis=1)
    total = np.where(length >= FORECAST_MIN_DAYS, cycle.sum(axis=1), 0)
    whole, rest = divmod(horizon, 14)
    ahead = whole * total + cycle[:, :rest].sum(axis=1)
    return _within(_ratio(ahead * 14, total * horizon), 0, RATIO_CEILING)


def _weekly(sums: Ints, level: Floats) -> list[Floats]:
    """The last four weeks against the 28-day mean, newest first, and the slope over eight weeks."""
    weeks = _weeks(sums, 8)
    ratios = np.ones((len(weeks), 4))
    np.divide(weeks[:, -4:], (level * 7)[:, None], out=ratios, where=(level > 0)[:, None])
    newest = np.ascontiguousarray(_within(ratios, -1, 4).T[::-1])
    total = weeks.sum(axis=1)
    tilt = np.zeros(len(weeks))
    np.divide(weeks @ TILT, total * 21 // 2, out=tilt, where=total > 0)
    return [*newest, _within(tilt, -1, 1)]


def _calendar(as_of: Ints, horizon: int) -> list[Floats]:
    """Sine and cosine of the middle of the horizon in its year, of `as_of` in its month and in its week."""
    day = (as_of - EPOCH_ORDINAL).astype("datetime64[D]")
    middle = day + horizon // 2
    of_year = (middle - middle.astype("datetime64[Y]")).astype(np.int64)
    of_month = (day - day.astype("datetime64[M]")).astype(np.int64)
    turns = np.stack([of_year / 365.25, of_month / 30.44, (as_of - 1) % 7 / 7]) * (2 * np.pi)
    sines, cosines = np.sin(turns), np.cos(turns)
    return [sines[0], cosines[0], sines[1], cosines[1], sines[2], cosines[2]]


def _weekly_spread(sums: Ints, length: Ints, count: int, least: int) -> Floats:
    """Coefficient of variation over at most `count` whole known weeks; NaN with fewer than `least` or no sales."""
    known = np.minimum(length // 7, count)
    weeks = np.where(np.arange(count, 0, -1) <= known[:, None], _weeks(sums, count), 0)
    total = np.where(known >= least, weeks.sum(axis=1), 0)
    scaled = np.full(weeks.shape, np.nan)
    np.divide(weeks * known[:, None], total[:, None], out=scaled, where=(total > 0)[:, None])
    variance = np.square(scaled).sum(axis=1) / np.maximum(known, 1) - 1
    return np.sqrt(_within(variance, 0, RATIO_CEILING))


def _sigma(sums: Ints, length: Ints) -> Floats:
    spread = _weekly_spread(sums, length, 13, 4)
    return np.where(np.isnan(spread), 1.0, spread)


def _spread(sums: Ints, length: Ints) -> Floats:
    return _weekly_spread(sums, length, 26, 8)


def _recent(sums: Ints, length: Ints) -> Floats:
    """The last 30 days against the last 90; no decline where the same weeks of last year sold no more."""
    now = _share(3 * _last(sums, 30), _last(sums, 90), length >= 90)
    then = np.minimum(_share(_last(sums, 28), _last(sums, 28, YEAR_DAYS), length >= YEAR_DAYS + 28), 1.0)
    return np.where(then > now, then, now)


def _worst_week(sums: Ints, length: Ints) -> Floats:
    """The worst of the last twelve weeks against their mean."""
    weeks = _weeks(sums, 12)
    return _share(weeks.min(axis=1) * 12, weeks.sum(axis=1), length >= 84)


def _longest_gap(net: Ints, length: Ints) -> Floats:
    """The longest run of days without sales within the last 180 known days."""
    days = np.arange(180)
    trading = (net[:, -180:] > 0) | (days < 180 - length[:, None])
    last = np.maximum.accumulate(np.where(trading, days, -1), axis=1)
    return np.asarray((days - last).max(axis=1), np.float64)


def _refunds(refunds: Ints, rev30: Ints, rev90: Ints, length: Ints) -> list[Floats]:
    """Refunds over gross sales of 90 days, and how far the last 30 days exceed that."""
    back30, back90 = refunds[:, -30:].sum(axis=1), refunds[:, -90:].sum(axis=1)
    rate = _share(back90, rev90 + back90, length >= 28)
    return [rate, _share(back30, rev30 + back30, length >= 90) - rate]


def _fall(sums: Ints, length: Ints) -> Floats:
    """How far the last 28 days are below the best 28 days that ended within 180."""
    windows = sums[:, HISTORY_DAYS - 180 + 1 :] - sums[:, HISTORY_DAYS - 180 + 1 - 28 : -28]
    return 1 - _share(np.ascontiguousarray(windows[:, -1]), windows.max(axis=1), length >= 56)
