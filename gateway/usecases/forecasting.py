"""What the models say of closed days but for the risk: both forecasts, the year, the anomaly, for many merchants."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from gateway.domain import anomalies, features, paths, tracking
from gateway.domain.positions import Position, Scores, Track, Tracks
from gateway.usecases import beside
from gateway.usecases.beside import ANOMALY, Beside

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from gateway.domain.features import Histories
    from gateway.domain.histories import History
    from gateway.domain.risk_scores import Contribution
    from gateway.usecases.world import World

    Triples = tuple[tuple[int, int, int], ...]

SHORT, LONG = 7, 30
PATH = "path_52"
YEAR_COLUMNS = len(paths.PATH_FEATURES) - len(features.FORECAST_FEATURES)
"""What the year's model sees beside the month's features: only these are kept with the scores."""
MILLION = 1_000_000
FITS = 2**63


class _Horizon(msgspec.Struct):
    """One horizon's forecasts, merchant i at index i: what the model said, and what tracking makes of it."""

    features: NDArray[np.float32]
    ratios: list[tuple[int, ...]]
    amounts: list[tuple[int, ...]]
    factors: list[tuple[int, ...]]
    tracks: list[Track | None]


def foresee(
    world: World, positions: Sequence[Position], histories: Histories, model: str, more: Beside
) -> list[Position]:
    """Positions with scores that have everything but a programme's grade, and the intervals their days have taught.

    `histories` are the positions' own, in their order; `model` is the one that will say the risk; `more` is what is
    seen of some of them beside sales.
    """
    week, month = features.both_forecast_features(histories)
    short = _horizon(world, positions, histories, week, SHORT)
    long = _horizon(world, positions, histories, month, LONG)
    kept = {"forecast_7": packed(short.features), "forecast_30": packed(long.features)}
    years = _years(world, histories, long.features, kept)
    oddities = _oddities(world, histories, kept, more)
    fallback = (histories.length < features.FORECAST_MIN_DAYS).tolist()
    models, first, seen = world.scorer.hashes(), world.programmes[0].id, list(kept.items())
    answer = []
    for i, (position, through) in enumerate(zip(positions, _through(positions), strict=True)):
        before, tracks = position.scores, (short.tracks[i], long.tracks[i])
        scores = Scores(
            scored_through_on=through,
            forecast_7=short.amounts[i],
            forecast_30=long.amounts[i],
            ratios_7=short.ratios[i],
            ratios_30=long.ratios[i],
            fallback=fallback[i],
            candidates=(),
            grade=None,
            pd=None,
            features={name: rows[i] for name, rows in seen},
            contributions=(),
            models=models,
            model=model,
            graded_from=None if before is None else before.grade_under(first),
            factors_7=short.factors[i],
            factors_30=long.factors[i],
            year=years[i][1],
            ratios_year=years[i][0],
            anomaly=oddities[i][0],
            anomaly_contributions=oddities[i][1],
            stocking=beside.stocking(more, i, short.amounts[i]),
        )
        answer.append(msgspec.structs.replace(position, scores=scores, tracks=_joined(*tracks, through)))
    return answer


def stack(closed: Sequence[History]) -> Histories:
    """Histories of many merchants → the arrays the features are made of, each copied once."""
    net, refunds, tickets = (
        np.frombuffer(b"".join(rows), np.int64).reshape(len(closed), -1)
        for rows in zip(*[(history.net, history.refunds, history.tickets) for history in closed], strict=True)
    )
    length = np.array([history.length for history in closed], np.int64)
    as_of = np.array([history.through_on.toordinal() + 1 for history in closed], np.int64)
    return features.Histories(net, refunds, tickets, length, as_of)


def packed(rows: NDArray[np.float32]) -> list[bytes]:
    """Feature rows as they are kept: `positions.seen` reads one."""
    whole, size = rows.astype("<f4").tobytes(), rows.shape[1] * rows.itemsize
    return [whole[at : at + size] for at in range(0, len(whole), size)]


def amounts(ratios: Sequence[tuple[int, ...]], scale: Sequence[int]) -> list[tuple[int, ...]]:
    """Quantiles in 1e-6 of the scale → minor units, rounded down."""
    return [tuple([whole * ratio // MILLION for ratio in row]) for whole, row in zip(scale, ratios, strict=True)]


def year_amounts(ratios: Sequence[Triples], weeks: Sequence[int]) -> list[Triples]:
    """Averages until the knots → sums until then in minor units, rounded down; `weeks`: one at the 28-day mean."""
    flat = np.fromiter(chain.from_iterable(chain.from_iterable(ratios)), np.int64)
    sums = paths.cumulative(flat.reshape(len(ratios), len(paths.KNOTS), len(paths.QUANTILES)))
    scale = np.array(weeks, np.int64)
    if int(scale.max()) * int(sums.max()) >= FITS:
        scale = scale.astype(object)  # Python's own integers, which are slower and never too small
    found = (sums * scale[:, None, None] // MILLION).tolist()
    return [tuple([(low, middle, high) for low, middle, high in row]) for row in found]


def _through(positions: Sequence[Position]) -> list[date]:
    return [position.history.through_on for position in positions if position.history is not None]


def _joined(week: Track | None, month: Track | None, through_on: date) -> Tracks | None:
    return None if week is None or month is None else Tracks(week, month, through_on)


def _horizon(
    world: World, positions: Sequence[Position], histories: Histories, rows: NDArray[np.float32], horizon: int
) -> _Horizon:
    ratios = world.scorer.forecast(horizon, rows)
    known = [None if one.tracks is None else _track(one.tracks, horizon) for one in positions]
    tracked = tracking.follow(known, histories, rows, np.array(ratios, np.int64), horizon)
    scale = features.horizon_scale(histories, horizon).tolist()
    factors = [() if track is None else track.factors for track in tracked.tracks]
    return _Horizon(rows, ratios, amounts(tracked.quantiles.tolist(), scale), factors, tracked.tracks)


def _track(tracks: Tracks, horizon: int) -> Track:
    return tracks.days_7 if horizon == SHORT else tracks.days_30


def _years(
    world: World, histories: Histories, month: NDArray[np.float32], kept: dict[str, list[bytes]]
) -> list[tuple[Triples, Triples]]:
    """What the year's model says and the amounts; empty where none is loaded. What it saw goes into `kept`."""
    if not world.scorer.usable(PATH):
        return [((), ())] * len(histories.net)
    rows = paths.with_year(histories, month)
    kept[PATH] = packed(rows[:, -YEAR_COLUMNS:])
    ratios = cast("list[Triples]", [tuple(row) for row in world.scorer.year(rows)])
    weeks = features.horizon_scale(histories, SHORT).tolist()
    return list(zip(ratios, year_amounts(ratios, weeks), strict=True))


def _oddities(
    world: World, histories: Histories, kept: dict[str, list[bytes]], more: Beside
) -> list[tuple[int | None, tuple[tuple[str, int], ...]]]:
    """Anomaly scores and their contributions; None where no model is loaded. What it saw goes into `kept`."""
    if not world.scorer.usable(ANOMALY):
        return [(None, ())] * len(histories.net)
    rows = anomalies.anomaly_features(histories, anomalies.unheard(*histories.net.shape))
    rows = beside.odd_rows(rows, more)
    kept[ANOMALY] = packed(rows)
    names = anomalies.ANOMALY_FEATURES
    return [(one.score, pairs(names, one.contributions)) for one in world.scorer.anomaly(rows)]


def pairs(names: Sequence[str], contributions: Sequence[Contribution]) -> tuple[tuple[str, int], ...]:
    """Contributions of the features of these names, as scores keep them: the feature, and its part in 1e-6."""
    return tuple(zip(names, [part.logit for part in contributions], strict=True))
