"""Run the models on what the closed days say, many merchants at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
from numpy.typing import NDArray

from gateway.domain import features, underwriting
from gateway.domain.histories import WINDOW, History
from gateway.domain.positions import GradeScore, Position, Scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.usecases.world import World

SHORT, LONG = 7, 30


class _Batch(msgspec.Struct):
    """Everything computed for one batch, merchant i at index i."""

    histories: features.Histories
    short: NDArray[np.float32]
    long: NDArray[np.float32]
    forecast_7: list[tuple[int, ...]]
    forecast_30: list[tuple[int, ...]]
    ratios_7: list[tuple[int, ...]]
    ratios_30: list[tuple[int, ...]]


def score(world: World, positions: Sequence[Position]) -> list[Position]:
    """The same positions with fresh scores; those without a closed day are left as they are.

    One that may not be assessed is left without: what comes in to service its loan is for nothing else.
    """
    now = world.clock.now()
    assessed = [bool(position.assessed_under(now)) for position in positions]
    at = [i for i, position in enumerate(positions) if assessed[i] and position.history is not None]
    answer = [one if may else unscored(one) for one, may in zip(positions, assessed, strict=True)]
    if at:
        for i, scored in zip(at, _score(world, [positions[i] for i in at]), strict=True):
            answer[i] = scored
    return answer


def unscored(position: Position) -> Position:
    """The same position, and nothing that models said of it."""
    return position if position.scores is None else msgspec.structs.replace(position, scores=None)


def afresh(world: World, position: Position) -> Position:
    """A position whose consents changed: without scores where none lets it be assessed, else with those of its days."""
    history, scores = position.history, position.scores
    current = history is not None and scores is not None and scores.scored_through_on == history.through_on
    if current and position.assessed_under(world.clock.now()):
        return position
    (again,) = score(world, [position])
    return again


def _score(world: World, positions: list[Position]) -> list[Position]:
    closed = [position.history for position in positions if position.history is not None]
    batch = _forecast(world, closed)
    grades = world.programme.grades
    exposures = [
        underwriting.candidates(history.tails[WINDOW], forecast, position.currency, world.programme)
        for history, forecast, position in zip(closed, batch.forecast_30, positions, strict=True)
    ]
    base = features.pd_features(batch.histories, np.zeros(len(closed), np.int64))
    rows = features.at_exposures(base, batch.histories, np.array(exposures, dtype=np.int64))
    pds = world.scorer.default(rows)
    candidates = [
        tuple(GradeScore(grade.name, exposures[i][g], pds[i * len(grades) + g]) for g, grade in enumerate(grades))
        for i in range(len(closed))
    ]
    best = [underwriting.best_grade(scored, world.programme) for scored in candidates]
    picks = [len(grades) - 1 if b is None else c.index(b) for b, c in zip(best, candidates, strict=True)]
    why = np.stack([rows[i * len(grades) + pick] for i, pick in enumerate(picks)])
    explained = world.scorer.explain(why)
    models = world.scorer.hashes()
    return [
        msgspec.structs.replace(
            position,
            scores=Scores(
                scored_through_on=closed[i].through_on,
                forecast_7=batch.forecast_7[i],
                forecast_30=batch.forecast_30[i],
                ratios_7=batch.ratios_7[i],
                ratios_30=batch.ratios_30[i],
                fallback=closed[i].length < features.FORECAST_MIN_DAYS,
                candidates=candidates[i],
                grade=None if (chosen := best[i]) is None else chosen.grade,
                pd=explained[i].pd,
                features={
                    "forecast_7": _plain(batch.short[i]),
                    "forecast_30": _plain(batch.long[i]),
                    "pd": _plain(why[i]),
                },
                contributions=tuple((part.feature, part.logit) for part in explained[i].contributions),
                models=models,
            ),
        )
        for i, position in enumerate(positions)
    ]


def _forecast(world: World, closed: list[History]) -> _Batch:
    histories = stack(closed)
    short = features.forecast_features(histories, SHORT)
    long = features.forecast_features(histories, LONG)
    ratios_7, ratios_30 = world.scorer.forecast(SHORT, short), world.scorer.forecast(LONG, long)
    return _Batch(
        histories,
        short,
        long,
        _amounts(ratios_7, features.horizon_scale(histories, SHORT)),
        _amounts(ratios_30, features.horizon_scale(histories, LONG)),
        ratios_7,
        ratios_30,
    )


def stack(closed: Sequence[History]) -> features.Histories:
    """Histories of many merchants → the arrays the features are made of; no copy but the stacking."""
    return features.stack(
        [
            features.Recent(
                np.frombuffer(history.net, dtype=np.int64),
                np.frombuffer(history.refunds, dtype=np.int64),
                np.frombuffer(history.tickets, dtype=np.int64),
                history.length,
                history.through_on.toordinal() + 1,
            )
            for history in closed
        ]
    )


def _amounts(ratios: list[tuple[int, ...]], scale: NDArray[np.int64]) -> list[tuple[int, ...]]:
    """Quantiles in 1e-6 of the scale → minor units, rounded down."""
    return [
        tuple(whole * ratio // 1_000_000 for ratio in row) for whole, row in zip(scale.tolist(), ratios, strict=True)
    ]


def _plain(row: NDArray[np.float32]) -> list[float | None]:
    return [None if value != value else value for value in row.tolist()]  # noqa: PLR0124 - NaN is missing
