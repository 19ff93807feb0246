"""What policy reads of many merchants' windows, and the grades it tries: the same for a score and for a backtest."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from gateway.batch import windows
from gateway.domain import anomalies, features, paths, underwriting
from gateway.domain.histories import WINDOW
from gateway.domain.inputs import YEAR_DAYS, Inputs
from gateway.domain.merchants import MerchantState
from gateway.domain.positions import GradeScore, Profile
from gateway.domain.programmes import Programme
from gateway.usecases import forecasting, scoring

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from gateway.batch.windows import Window
    from gateway.domain.risk_scores import AnomalyScore
    from gateway.ports import Scorer

    Triples = tuple[tuple[int, int, int], ...]


class Terms(msgspec.Struct, frozen=True):
    """What everybody in a file is assessed under."""

    programme: Programme
    currency: str
    profile: Profile


class Foreseen(NamedTuple):
    """What policy reads of the models' answers but the PD, merchant i at index i; empty or None = not asked."""

    forecast_30: Sequence[tuple[int, ...]]
    year: Sequence[Triples]
    anomaly: Sequence[int | None]


def year(scorer: Scorer, histories: features.Histories, month: NDArray[np.float32]) -> list[Triples]:
    """Cumulative net sales of the year ahead; `month`: the 30 days' features. Raises ModelRefused without a model."""
    said = scorer.year(paths.with_year(histories, month))
    ratios = [tuple((low, middle, high) for low, middle, high in row) for row in said]
    return forecasting.year_amounts(ratios, features.horizon_scale(histories, 7).tolist())


def anomaly(scorer: Scorer, histories: features.Histories) -> list[AnomalyScore]:
    """How odd each merchant's sales look. Raises ModelRefused without a model."""
    return scorer.anomaly(anomalies.anomaly_features(histories, anomalies.unheard(*histories.net.shape)))


def inputs(terms: Terms, window: Window, foreseen: Foreseen, grades: Sequence[str | None]) -> list[Inputs]:
    """What policy reads: nothing is owed, the bank's whole room is free, and no day is open yet.

    `grades`: what each merchant had before.
    """
    net, length = window.histories.net, window.histories.length.tolist()
    tails = np.zeros((len(net), WINDOW + 1), np.int64)
    np.cumsum(net[:, : -WINDOW - 1 : -1], axis=1, out=tails[:, 1:])
    ago = net[:, -YEAR_DAYS - WINDOW : -YEAR_DAYS].sum(axis=1).tolist()
    ahead = net[:, -YEAR_DAYS : -YEAR_DAYS + WINDOW].sum(axis=1).tolist()
    trading = windows.trading_days(window.histories)
    as_of = window.histories.as_of
    stale = (as_of - 1 - window.data_on > terms.programme.stale_days).tolist()
    headroom = terms.programme.capacity_amount(terms.currency)
    return [
        Inputs(
            currency=terms.currency,
            merchant_state=MerchantState.verified,
            exposure_amount=0,
            headroom_amount=headroom,
            trading_days_count=trading[i],
            open_days_count=1,
            net_open_amount=0,
            tails=tuple(tail),
            forecast_30=foreseen.forecast_30[i],
            grade=None,
            pd=None,
            scored=True,
            stale=stale[i],
            profile=terms.profile,
            today=date.fromordinal(today),
            length_days=length[i],
            year_p10=tuple([low for low, _, _ in foreseen.year[i]]),
            season_ago_amount=ago[i] if length[i] >= YEAR_DAYS + WINDOW else 0,
            season_ahead_amount=ahead[i] if length[i] >= YEAR_DAYS + WINDOW else 0,
            anomaly=foreseen.anomaly[i],
            graded_from=grades[i],
        )
        for i, (tail, today) in enumerate(zip(tails.tolist(), as_of.tolist(), strict=True))
    ]


def rows(programme: Programme, window: Window, given: Sequence[Inputs]) -> tuple[list[list[int]], NDArray[np.float32]]:
    """The whole limit of each grade for each merchant, and the PD's features if it were drawn, a row for every one."""
    exposures = [underwriting.candidates(one, programme) for one in given]
    base = features.pd_features(window.histories, np.zeros(len(given), np.int64), window.seen)
    return exposures, features.at_exposures(base, window.histories, np.array(exposures, np.int64))


def candidates(
    scorer: Scorer, model: str, programme: Programme, tried: tuple[list[list[int]], NDArray[np.float32]]
) -> list[tuple[GradeScore, ...]]:
    """One score a grade for each merchant by the risk `model`, of what `rows` answered."""
    exposures, seen = tried
    pds = iter(scoring.chances(scorer, model, seen))
    names = [grade.name for grade in programme.grades]
    return [tuple(map(GradeScore, names, whole, pds)) for whole in exposures]
