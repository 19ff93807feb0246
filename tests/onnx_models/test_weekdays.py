"""The days of the week ahead hold what they say: measured on simulated shops with the models that ship."""

from __future__ import annotations

from datetime import date

import numpy as np

from gateway import scorer
from gateway.domain import features as f
from gateway.domain import weekdays
from gateway.settings import Settings
from onnx_models import samples

LEAST_TRADING_COUNT = 14


def test_eight_of_ten_days_lie_within_their_bounds() -> None:
    models, within, beyond = scorer.load(Settings().models_dir), 0, [0, 0]
    one = samples.chunk(4_242, 0, count=200)
    day = np.random.default_rng(0).integers(420, one.net.shape[0] - 7, 200)
    length = day - one.shops.known
    past = samples._histories(one, day, np.maximum(length, 1))
    known = np.flatnonzero(
        (length >= f.FORECAST_MIN_DAYS) & ((past.net[:, -28:] > 0).sum(axis=1) >= LEAST_TRADING_COUNT)
    )
    some = f.Histories(*(item[known] for item in past))
    middles = [row[3] for row in models.forecast(7, f.forecast_features(some, 7))]
    for i, (which, middle, scale) in enumerate(zip(known, middles, f.horizon_scale(some, 7).tolist(), strict=True)):
        through_on = date.fromordinal(int(some.as_of[i]) - 1)
        found = weekdays.ahead(some.net[i].tolist(), int(some.length[i]), through_on, scale * middle // 1_000_000)
        for estimate, sold in zip(found, one.net[day[which] : day[which] + 7, which].tolist(), strict=True):
            if estimate.p50_amount:
                within += estimate.p10_amount <= sold <= estimate.p90_amount
                beyond[0] += sold < estimate.p10_amount
                beyond[1] += sold > estimate.p90_amount
    share = within / (within + sum(beyond))
    assert 0.76 <= share <= 0.86, (within, beyond)
