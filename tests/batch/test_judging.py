from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gateway import scorer
from gateway.batch import backtest, judging, scores, windows
from gateway.domain.positions import Profile
from tests.batch.replays import FIRST, PLAN, rhythm, shop, told


@pytest.fixture(scope="module")
def models() -> scorer.OnnxScorer:
    return scorer.load(Path("onnx_models"))


@pytest.mark.parametrize("seen", [False, True])
@pytest.mark.parametrize("days", [40, 100, 400, 790])
def test_a_backtest_judges_each_shop_as_gateway_score_would_have_on_that_day(
    models: scorer.OnnxScorer,
    days: int,
    seen: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    on = FIRST + days
    whole = [shop(rhythm(800 - 100 * seed, seed, 40_000 * 3**seed), f"s{seed}") for seed in range(4)]
    if seen:
        whole[1:] = [told(one, seed) for seed, one in enumerate(whole[1:])]
    known = list(backtest._known(whole, PLAN, on).values())
    profile = Profile(tier=PLAN.tier)
    terms = scores.Terms(PLAN.programme, PLAN.currency, profile, date.fromordinal(on))
    judged = judging.judge(models, terms, windows.windows(known, on), [None] * len(known))
    for mine, its in zip(judged, scores.score(models, terms, known), strict=True):
        assert mine.assessment.outcome == its.outcome
        assert mine.assessment.limit_amount == its.limit_amount
        assert tuple(reason.code for reason in mine.assessment.reasons) == its.reasons
        assert mine.given.grade == its.grade
        assert mine.chosen is None or mine.chosen.pd == its.pd
        assert mine.given.anomaly == its.anomaly
        assert mine.outlook == tuple(middle for _, middle, _ in its.year)


def test_nobody_is_judged_before_there_are_enough_trading_days_or_after_the_rows_end() -> None:
    short = shop(rhythm(100))
    assert not backtest._known([short], PLAN, FIRST + 20)
    assert not backtest._known([short], PLAN, FIRST + 140)
    (known,) = backtest._known([short], PLAN, FIRST + 60).values()
    assert known.on[-1] == FIRST + 59
