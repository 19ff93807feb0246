"""What one day's merchants look like to the models, in counts: columns, odd ones, sales inside their intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from gateway.domain import calibrations, features, tracking
from gateway.domain.calibrations import MILLION
from gateway.domain.evidence import SIGNS
from gateway.domain.models import Reference
from gateway.domain.monitoring import LEAST_COUNT, MOST_COUNT, Seen
from gateway.domain.positions import Row, seen
from gateway.domain.underwriting import P50
from gateway.scorer import CALIBRATION
from gateway.store import sql
from gateway.usecases import forecasting, positions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from numpy.typing import NDArray

    from gateway.domain.positions import Position
    from gateway.usecases.world import World

WATCHED = ("pd", "forecast_30")
"""The models whose columns are watched; the other forecasts read the same ones."""
SCORE = "score"
PAGE_COUNT = 100
SAMPLE_COUNT = 1_000
"""The most merchants whose intervals are tried again a day, each by its whole history."""
BATCH_COUNT = 64
ENDINGS = "0123456789abcdefghjkmnpqrstvwxyz"
"""An id's last character is drawn at random, so that those with the same one are a fair sample."""
ALERT = MILLION
"""An anomaly score from here on is odd."""


class _Scores(msgspec.Struct, frozen=True):
    """What is read of a position's scores."""

    features: dict[str, Row] = {}
    ratios_30: tuple[int, ...] = ()
    pd: int | None = None
    model: str = "pd"
    models: dict[str, str] = {}
    fallback: bool = False
    anomaly: int | None = None


class _Row(msgspec.Struct, frozen=True):
    merchant_id: str
    scores: _Scores


class Population(msgspec.Struct):
    """A day's merchants. `references`: what each model's columns are held against, and whether a person adopted it."""

    references: Mapping[str, tuple[Reference, bool]]
    columns: dict[str, dict[str, Seen]]
    rows_count: int = 0
    odd_count: int = 0
    sample: list[str] = msgspec.field(default_factory=list)
    """Merchants with a forecast of their own, for `inside`."""


async def population(world: World, references: Mapping[str, tuple[Reference, bool]]) -> Population:
    """Count merchants that have scores, or a fair sample of `MOST_COUNT`; of fewer than enough only how many."""
    row = await world.store.one(sql.monitoring.scored_count)
    total = 0 if row is None else row[0]
    found = Population(references, {name: {} for name in references})
    if total < LEAST_COUNT:
        found.rows_count = total
        return found
    fair = ENDINGS[-max(1, len(ENDINGS) * SAMPLE_COUNT // total) :]
    async for page in _pages(world, total):
        found.rows_count += len(page)
        found.odd_count += sum(one.scores.anomaly is not None and one.scores.anomaly >= ALERT for one in page)
        own = [one.merchant_id for one in page if not one.scores.fallback and one.merchant_id[-1] in fair]
        found.sample += own[: SAMPLE_COUNT - len(found.sample)]
        for name, (reference, _) in references.items():
            _count(found.columns[name], name, reference, [one.scores for one in page])
    return found


async def inside(world: World, merchant_ids: Sequence[str]) -> dict[int, tuple[int, int]]:
    """By horizon: of how many merchants the last sales were within the 80 % interval, and of how many there are any.

    The model is asked again for the day the horizon began, from what was known then, and widened by what tracking has
    learned by now; that is one miss ahead of what it knew, which is worth a hundredth of a factor.
    """
    found = dict.fromkeys(features.HORIZONS, (0, 0))
    for start in range(0, len(merchant_ids), BATCH_COUNT):
        known = await positions.load(world.store, world, merchant_ids[start : start + BATCH_COUNT])
        for horizon, (good, rows) in found.items():
            own = [one for one in known.values() if _long_enough(one, horizon)]
            if own:
                found[horizon] = (good + _inside(world, own, horizon), rows + len(own))
    return found


def _long_enough(position: Position, horizon: int) -> bool:
    history = position.history
    return history is not None and history.length >= features.FORECAST_MIN_DAYS + horizon


def _inside(world: World, own: Sequence[Position], horizon: int) -> int:
    now = forecasting.stack([one.history for one in own if one.history is not None])
    then = _before(now, horizon)
    rows = features.forecast_features(then, horizon)
    factors = tracking.start(rows, horizon)
    for i, one in enumerate(own):
        if one.tracks is not None:
            factors[i] = (one.tracks.days_7 if horizon == features.HORIZONS[0] else one.tracks.days_30).factors
    said = tracking.widened(np.array(world.scorer.forecast(horizon, rows), np.int64), factors)
    scale, sold = features.horizon_scale(then, horizon), now.net[:, -horizon:].sum(axis=1)
    low, high = (scale * said[:, at] // MILLION for at in (1, 5))
    return int(np.count_nonzero((sold >= low) & (sold <= high)))


def _before(now: features.Histories, days: int) -> features.Histories:
    """The same histories as they were some days ago."""
    none = np.zeros((len(now.length), days), np.int64)
    net, refunds, tickets = (np.concatenate([none, kept[:, :-days]], axis=1) for kept in now[:3])
    return features.Histories(net, refunds, tickets, now.length - days, now.as_of - days)


async def _pages(world: World, total: int) -> AsyncIterator[list[_Row]]:
    """Everybody, or so many endings of ids as make up the sample."""
    endings = ["%"]
    if total > MOST_COUNT:
        endings = [f"%{letter}" for letter in ENDINGS[-max(1, len(ENDINGS) * MOST_COUNT // total) :]]
    for ending in endings:
        after = ""
        while page := await world.store.all(sql.monitoring.scored, _Row, after=after, ending=ending, limit=PAGE_COUNT):
            yield page
            after = page[-1].merchant_id


def _count(columns: dict[str, Seen], name: str, reference: Reference, page: Sequence[_Scores]) -> None:
    """Add a page's rows to the columns of one model."""
    own = [one for one in page if len(one.features.get(name, ())) and (name == "pd" or not one.fallback)]
    if not own:
        return
    names = features.PD_FEATURES if name == "pd" else features.FORECAST_FEATURES
    rows = np.array([seen(one.features[name]) for one in own], np.float32)
    for i, column in enumerate(names):
        _add(columns, column, reference, rows[:, i])
    scores = _risks(own, rows) if name == "pd" else [one.ratios_30[P50] / MILLION for one in own]
    if scores:
        _add(columns, SCORE, reference, np.array(scores, np.float32))


def _add(columns: dict[str, Seen], column: str, reference: Reference, values: NDArray[np.float32]) -> None:
    usual = reference.columns.get(column)
    if usual is None:
        return
    one = columns.setdefault(column, Seen([0] * len(usual.shares)))
    known = values[~np.isnan(values)].astype(np.float64)
    bins = np.bincount(np.searchsorted(np.array(usual.edges), known, side="right"), minlength=len(usual.shares))
    one.counts = [had + more for had, more in zip(one.counts, bins.tolist(), strict=True)]
    one.missing += len(values) - len(known)
    if usual.low is not None and usual.high is not None:
        one.outside += int(np.count_nonzero((known < usual.low) | (known > usual.high)))


def _risks(own: Sequence[_Scores], rows: NDArray[np.float32]) -> list[float]:
    """What the PD model alone says of those who show sales alone: what is seen would move it more than drift does."""
    evidence = [i for i, name in enumerate(features.PD_FEATURES) if name in SIGNS]
    bare: list[bool] = np.asarray(np.isnan(rows[:, evidence]).all(axis=1)).tolist()
    return [
        _risk(one.pd, one.models.get(CALIBRATION))
        for one, alone in zip(own, bare, strict=True)
        if alone and one.model == "pd" and one.pd is not None
    ]


def _risk(pd: int, laid: str | None) -> float:
    return pd / MILLION if laid is None else calibrations.chance(calibrations.own_logit(pd, laid))
