"""A decision's steps made again from what was kept of it: each function names what comes out differently.

Policy, tracking and amounts are repeated exactly; the models within TOLERANCE, for another processor's arithmetic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gateway.domain import features, tracking, underwriting
from gateway.domain.positions import PD, seen
from gateway.usecases import beside, forecasting, scoring

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from gateway.domain.positions import Scores
    from gateway.domain.programmes import Programme
    from gateway.domain.underwriting import Inputs
    from gateway.ports import Scorer

    Floats = NDArray[np.float32]

LEVEL_DAYS = 28
"""The days whose mean a forecast's ratios refer to."""
TOLERANCE = 10
"""How far a model run again may lie from what was stored, in 1e-6."""


def grading(given: Inputs, scores: Scores, programme: Programme) -> list[str]:
    """The integer steps between models and policy: the amounts, the exposures tried, the grade."""
    best = underwriting.best_grade(scores.candidates, programme, given)
    found = differing(
        ("forecast_30", scores.forecast_30, given.forecast_30),
        ("year_p10", tuple(row[0] for row in scores.year), given.year_p10),
        ("anomaly", scores.anomaly, given.anomaly),
        ("pd", scores.pd, given.pd),
        ("graded_from", scores.graded_from, given.graded_from),
        ("grade", (None if best is None else best.grade,) * 2, (scores.grade, given.grade)),
        ("candidates", underwriting.candidates(given, programme), [one.exposure_amount for one in scores.candidates]),
    )
    if scores.programme not in {None, programme.ref}:
        found.append(f"programme: scored under {scores.programme}")
    return found + _amounts(given, scores)


def models(scores: Scores, net_30_amount: int, scorer: Scorer) -> tuple[int, list[str]]:
    """The models run again on the stored features, the PD's at every exposure tried: its PD, and the faults."""
    risk = row(scores, PD)
    (explained,) = scoring.risks(scorer, scores.model, risk)
    tried = scoring.chances(scorer, scores.model, at_exposures(risk, scores, net_30_amount))
    month = row(scores, "forecast_30")
    found = _apart("pd", [explained.pd], [explained.pd if scores.pd is None else scores.pd])
    found += _apart("contributions", [one.logit for one in explained.contributions], _logits(scores.contributions))
    found += _apart("candidates", tried, [one.pd for one in scores.candidates])
    found += _apart("ratios_7", scorer.forecast(7, row(scores, "forecast_7"))[0], scores.ratios_7)
    found += _apart("ratios_30", scorer.forecast(30, month)[0], scores.ratios_30)
    if forecasting.PATH in scores.features:
        (year,) = scorer.year(np.concatenate([month, row(scores, forecasting.PATH)], axis=1))
        found += _apart("ratios_year", _flat(year), _flat(scores.ratios_year))
    if beside.ANOMALY in scores.features:
        (odd,) = scorer.anomaly(row(scores, beside.ANOMALY))
        found += _apart("anomaly", [odd.score], [-1 if scores.anomaly is None else scores.anomaly])
        parts = [one.logit for one in odd.contributions]
        found += _apart("anomaly_contributions", parts, _logits(scores.anomaly_contributions))
    return explained.pd, found


def row(scores: Scores, model: str) -> Floats:
    """What a model saw, as it was kept: one row."""
    return np.array([seen(scores.features[model])], dtype=np.float32)


def at_exposures(risk: Floats, scores: Scores, net_30_amount: int) -> Floats:
    """A stored row of the PD's features → one for each exposure that was tried."""
    exposures = np.array([[candidate.exposure_amount for candidate in scores.candidates]], dtype=np.int64)
    days = np.zeros((1, features.HISTORY_DAYS), np.int64)
    days[0, -1] = net_30_amount
    one = np.ones(1, np.int64)
    return features.at_exposures(risk, features.Histories(days, days, days, one, one), exposures)


def _amounts(given: Inputs, scores: Scores) -> list[str]:
    """Forecasts and the year in minor units, from the stored ratios, factors and days."""
    length = given.length_days or (LEVEL_DAYS if given.trading_days_count >= LEVEL_DAYS else 0)
    if not length:
        return []  # of a time when the length was not kept
    days = min(length, LEVEL_DAYS)
    week, month = (max(0, given.tails[LEVEL_DAYS] * horizon // days) for horizon in features.HORIZONS)
    found = differing(
        (
            "forecast_7",
            forecasting.amounts([_widened(scores.ratios_7, scores.factors_7)], [week])[0],
            scores.forecast_7,
        ),
        (
            "forecast_30",
            forecasting.amounts([_widened(scores.ratios_30, scores.factors_30)], [month])[0],
            scores.forecast_30,
        ),
    )
    if scores.ratios_year:
        found += differing(("year", forecasting.year_amounts([scores.ratios_year], [week])[0], scores.year))
    return found


def _widened(ratios: tuple[int, ...], factors: tuple[int, ...]) -> tuple[int, ...]:
    if not factors:
        return ratios
    return tuple(tracking.widened(np.array([ratios]), np.array([factors]))[0].tolist())


def differing(*checks: tuple[str, object, object]) -> list[str]:
    """Of checks (name, what comes out again, what was stored) those that differ, as sentences."""
    return [f"{name}: {again}, stored {stored}" for name, again, stored in checks if again != stored]


def _apart(name: str, again: Sequence[int], stored: Sequence[int]) -> list[str]:
    near = len(again) == len(stored) and all(abs(a - b) <= TOLERANCE for a, b in zip(again, stored, strict=True))
    return [] if near else [f"{name}: {list(again)}, stored {list(stored)}"]


def _logits(contributions: Iterable[tuple[str, int]]) -> list[int]:
    return [logit for _, logit in contributions]


def _flat(knots: Iterable[Iterable[int]]) -> list[int]:
    return [value for knot in knots for value in knot]
