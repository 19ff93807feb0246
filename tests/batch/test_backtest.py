from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import scorer
from gateway.batch import backtest, vintages
from gateway.batch.backtest import InvalidBacktest, Outcome
from gateway.batch.lives import Ending
from gateway.batch.sheets import Sheet
from gateway.domain.programmes import INVENTORY, TierRule
from gateway.domain.tiers import Tier
from tests.batch.replays import FIRST, LAST_ON, PLAN, rhythm, sheet, shop, told


@pytest.fixture(scope="module")
def models() -> scorer.OnnxScorer:
    return scorer.load(Path("onnx_models"), ("path_52", "anomaly", "pd"))


def closing(day: int, name: str = "closing") -> Sheet:
    return shop(rhythm(day), name)


def test_a_steady_shop_borrows_again_and_again_and_pays_back(models: scorer.OnnxScorer) -> None:
    outcome = backtest.replay(models, PLAN, [shop(rhythm(800))])
    assert len(outcome.loans) > 3
    assert {one.life.ending for one in outcome.loans[:-1]} == {Ending.repaid}
    assert all(one.life.fee_amount > 0 for one in outcome.loans[:-1])


def test_one_loan_at_a_time(models: scorer.OnnxScorer) -> None:
    loans = backtest.replay(models, PLAN, [shop(rhythm(800))]).loans
    ends = [LAST_ON.toordinal() - one.seen_days_count + one.life.days_count for one in loans]
    starts = [LAST_ON.toordinal() - one.seen_days_count for one in loans]
    assert all(end < start for end, start in zip(ends, starts[1:], strict=False))


def test_every_yuan_lent_is_repaid_lost_owed_or_not_known_yet(models: scorer.OnnxScorer) -> None:
    shops = [shop(rhythm(800, seed), f"s{seed}") for seed in range(5)] + [closing(day, f"c{day}") for day in (400, 700)]
    outcome = backtest.replay(models, PLAN, shops)
    book = vintages.counted(outcome.loans, outcome.decisions)
    for row in (book.total, *book.vintages, *book.grades, *book.cells):
        assert row.lent_amount == row.repaid_amount + row.lost_amount + row.outstanding_amount + row.censored_amount
    for rows in (book.vintages, book.grades, book.cells):
        assert sum(row.lent_amount for row in rows) == book.total.lent_amount
        assert sum(row.fee_amount for row in rows) == book.total.fee_amount
        assert sum(row.loans_count for row in rows) == book.total.loans_count == len(outcome.loans)


@pytest.mark.parametrize("seen", [False, True])
@pytest.mark.parametrize("origin", range(0, 20, 4))
def test_what_comes_after_a_judgement_changes_nothing_in_it(
    models: scorer.OnnxScorer,
    origin: int,
    seen: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    on = FIRST // 30 * 30 + 30 * (origin + 3)
    known = on - FIRST
    real = told(shop(rhythm(800)), 1) if seen else shop(rhythm(800))
    other = real.amounts.copy()
    other[:, known:] = np.where(np.arange(800 - known) % 3 == 0, 0, 900_000)
    plain, changed = (backtest.replay(models, PLAN, [one]) for one in (real, real._replace(amounts=other)))
    vintage = date.fromordinal(on).isoformat()[:7]
    before = [one for one in plain.decisions if one.vintage < vintage]
    assert before
    assert before == [one for one in changed.decisions if one.vintage < vintage]
    assert _at(plain, on) == _at(changed, on)
    assert plain.decisions != changed.decisions


def _at(outcome: Outcome, on: int) -> list[vintages.Decision]:
    """The decisions of the month that `on` lies in, up to it; a judgement every 30 days makes that one or two."""
    vintage = date.fromordinal(on).isoformat()[:7]
    count = 1 + (date.fromordinal(on - 30).isoformat()[:7] == vintage)
    return [one for one in outcome.decisions if one.vintage == vintage][:count]


def test_a_shop_that_closes_loses_what_it_still_owes_and_is_not_lent_to_again(models: scorer.OnnxScorer) -> None:
    outcome = backtest.replay(models, PLAN, [closing(400), shop(rhythm(800), "open")])
    lost = [one for one in outcome.loans if one.merchant_id == "closing"][-1]
    assert lost.life.ending is Ending.charged_off
    assert lost.life.lost_amount > 0
    assert lost.bad
    assert sum(one.life.lost_amount for one in outcome.loans) == lost.life.lost_amount


def test_a_shop_that_comes_back_after_a_write_off_gets_nothing_more(models: scorer.OnnxScorer) -> None:
    net, first = rhythm(1_200), LAST_ON.toordinal() - 1_199
    third = backtest.replay(models, PLAN, [shop(net, first=first)]).loans[2]
    drawn = 1_199 - third.seen_days_count
    net[drawn + 5 : drawn + 300] = 0
    outcome = backtest.replay(models, PLAN, [shop(net, first=first)])
    assert [one.life.ending for one in outcome.loans] == [Ending.repaid, Ending.repaid, Ending.charged_off]
    assert outcome.decisions[-1].limit_amount > 0


def test_nobody_lends_to_a_shop_without_sales(models: scorer.OnnxScorer) -> None:
    outcome = backtest.replay(models, PLAN, [shop(np.zeros(800, np.int64))])
    assert outcome.loans == []
    assert outcome.merchants_count == 1


def test_tickets_without_sales_lend_nothing(models: scorer.OnnxScorer) -> None:
    none = np.zeros(800, np.int64)
    outcome = backtest.replay(models, PLAN, [sheet("free", np.arange(FIRST, FIRST + 800), none, none + 40)])
    assert outcome.loans == []
    assert {one.limit_amount for one in outcome.decisions} == {0}
    assert {one.reason for one in outcome.decisions} == {"no_sales"}


def test_a_loan_still_running_on_the_last_day_is_not_known_yet(models: scorer.OnnxScorer) -> None:
    last = backtest.replay(models, PLAN, [shop(rhythm(800))]).loans[-1]
    assert last.life.ending is Ending.unknown
    assert last.life.days_count == last.seen_days_count
    assert last.life.left_amount > 0
    assert not last.mature


def test_company_makes_no_difference(models: scorer.OnnxScorer) -> None:
    shops = [shop(rhythm(800 - 40 * seed, seed), f"s{seed}", FIRST + 40 * seed) for seed in range(6)]
    together = backtest.replay(models, PLAN, shops)
    alone = [loan for one in shops for loan in backtest.replay(models, PLAN, [one]).loans]
    assert sorted(together.loans, key=_key) == sorted(alone, key=_key)


def _key(loan: vintages.Loan) -> tuple[str, int]:
    return loan.merchant_id, -loan.seen_days_count


def test_a_part_of_the_limit_can_be_drawn(models: scorer.OnnxScorer) -> None:
    some = backtest.replay(models, msgspec.structs.replace(PLAN, use_bps=6_000), [shop(rhythm(800))]).loans[0]
    whole = backtest.replay(models, PLAN, [shop(rhythm(800))]).loans[0]
    step = INVENTORY.step_amount("CNY")
    assert some.amount == whole.amount * 6 // 10 // step * step
    assert some.limit_amount == whole.limit_amount


def test_sales_trusted_less_are_lent_less(models: scorer.OnnxScorer) -> None:
    rules = {Tier.declared: TierRule(haircut_bps=2_000, best_grade="A")}
    plan = msgspec.structs.replace(PLAN, programme=msgspec.structs.replace(INVENTORY, tiers=rules))
    declared = msgspec.structs.replace(plan, tier=Tier.declared)
    more, less = (backtest.replay(models, one, [shop(rhythm(800))]).loans[0] for one in (plan, declared))
    assert less.base_amount == more.base_amount * 8 // 10
    assert less.limit_amount < more.limit_amount


def test_days_left_out_of_the_file_sold_nothing(models: scorer.OnnxScorer) -> None:
    net = rhythm(800)
    net[::7] = 0
    full = shop(net)
    kept = net > 0
    thin = full._replace(on=full.on[kept], amounts=full.amounts[:, kept])
    assert backtest.replay(models, PLAN, [full]) == backtest.replay(models, PLAN, [thin])


def test_a_date_that_cannot_be_right_costs_no_memory_and_nothing_else(models: scorer.OnnxScorer) -> None:
    full = shop(rhythm(800))
    odd = full._replace(on=np.insert(full.on, 0, 5), amounts=np.insert(full.amounts, 0, 9, axis=1))
    limits = [[one.limit_amount for one in backtest.replay(models, PLAN, [each]).loans] for each in (full, odd)]
    assert len(limits[1]) >= len(limits[0])


@pytest.mark.parametrize("change", [{"every_days": 0}, {"every_days": 367}, {"use_bps": 0}, {"use_bps": 10_001}])
def test_a_plan_that_makes_no_sense_is_refused(change: dict[str, int]) -> None:
    with pytest.raises(InvalidBacktest):
        msgspec.structs.replace(PLAN, **change)


def test_a_plan_may_end_before_the_file_does(models: scorer.OnnxScorer) -> None:
    early = msgspec.structs.replace(PLAN, through_on=LAST_ON - timedelta(days=200))
    outcome = backtest.replay(models, early, [shop(rhythm(800))])
    cut = backtest.replay(models, early, [shop(rhythm(600))])
    assert outcome.loans == cut.loans
    assert max(one.vintage for one in outcome.decisions) <= "2025-12"


AMOUNTS = st.integers(0, 10**15) | st.integers(0, 500_000) | st.just(0)


@st.composite
def sheets(draw: st.DrawFn) -> Sheet:
    """Anything a file may hold: days left out, more given back than sold, amounts beyond any shop."""
    days = draw(st.integers(1, 700))
    chance = np.random.default_rng(draw(st.integers(0, 1_000)))
    on = FIRST + np.flatnonzero(chance.random(days) < draw(st.sampled_from([1.0, 0.8, 0.1])))
    most, back = draw(AMOUNTS), draw(AMOUNTS)
    amounts = np.stack([chance.integers(0, top + 1, len(on)) for top in (most, back, 90, most, most, back)])
    on, amounts = (on, amounts) if len(on) else (np.array([FIRST]), np.zeros((6, 1), np.int64))
    flags = tuple(draw(st.lists(st.booleans(), min_size=3, max_size=3)))
    return Sheet(draw(st.text(max_size=3)), 2, on, amounts, flags, {})


@given(st.lists(sheets(), min_size=1, max_size=3), st.sampled_from(["CNY", "KRW", "KWD"]), st.sampled_from([30, 97]))
@settings(max_examples=25)
def test_whatever_a_file_holds_the_sums_tie_out(
    models: scorer.OnnxScorer, shops: list[Sheet], currency: str, every: int
) -> None:
    plan = msgspec.structs.replace(PLAN, currency=currency, every_days=every)
    outcome = backtest.replay(models, plan, shops)
    total = vintages.counted(outcome.loans, outcome.decisions).total
    assert total.lent_amount == sum(
        (total.repaid_amount, total.lost_amount, total.outstanding_amount, total.censored_amount)
    )
    for one in outcome.loans:
        assert 0 < one.amount <= one.limit_amount <= PLAN.programme.cap_amount(currency)
        assert one.amount % PLAN.programme.step_amount(currency) == 0
