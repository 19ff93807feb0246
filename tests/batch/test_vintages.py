from __future__ import annotations

import statistics
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.batch import estimates, vintages
from gateway.batch.lives import Ending, Life
from gateway.batch.vintages import OUTCOME_DAYS, Decision, Loan


@st.composite
def loans(draw: st.DrawFn) -> Loan:
    lent = draw(st.integers(1, 10**9))
    ending = draw(st.sampled_from(Ending))
    repaid = lent if ending is Ending.repaid else draw(st.integers(0, lent - 1))
    lost = lent - repaid if ending is Ending.charged_off else 0
    failed = ending is Ending.charged_off or (ending is Ending.unknown and draw(st.booleans()))
    days = draw(st.integers(1, 450))
    steps = tuple(repaid * part // (days // 10 + 1) for part in range(1, days // 10 + 1))
    life = Life(
        ending, days, repaid, lost, lent - repaid - lost, draw(st.integers(0, lent // 10)),
        draw(st.integers(90, 180)) if failed else draw(st.integers(0, 89)),
        draw(st.integers(90, 400)) if failed else None, steps,
    )  # fmt: skip
    vintage, grade = draw(st.sampled_from(["2025-01", "2025-02"])), draw(st.sampled_from("AB"))
    seen = draw(st.integers(days, 900))
    return Loan(
        draw(st.text(max_size=3)), vintage, grade, lent, lent * 2, lent, draw(st.integers(0, 10**6)), seen, life
    )


def loan(pd: int, *, bad: bool, days: int = 100, seen: int = OUTCOME_DAYS) -> Loan:
    ending = Ending.charged_off if bad else Ending.repaid
    life = Life(ending, days, 0 if bad else 10, 10 if bad else 0, 0, 1, 180 if bad else 0, 120 if bad else None, ())
    return Loan("one", "2025-01", "A", 10, 20, 10, pd, seen, life)


@given(st.lists(loans(), max_size=40))
def test_every_cut_of_the_book_adds_up_to_the_whole(book: list[Loan]) -> None:
    counted = vintages.counted(book, [])
    for rows in (counted.vintages, counted.grades, counted.cells):
        for name in ("loans_count", "lent_amount", "repaid_amount", "lost_amount", "outstanding_amount",
                     "censored_amount", "fee_amount", "late_count", "defaulted_count"):  # fmt: skip
            assert sum(getattr(row, name) for row in rows) == getattr(counted.total, name)
    total = counted.total
    assert total.lent_amount == sum(
        (total.repaid_amount, total.lost_amount, total.outstanding_amount, total.censored_amount)
    )
    assert sum(group.loans_count for group in counted.groups) == sum(one.mature for one in book)
    assert sum(group.defaulted_count for group in counted.groups) == total.rate.defaulted_count


@given(st.lists(loans(), max_size=40))
def test_the_payoff_curve_rises_to_what_was_repaid_within_the_year(book: list[Loan]) -> None:
    curve = vintages.counted(book, []).payoff
    amounts = [point.repaid_amount for point in curve]
    assert amounts == sorted(amounts)
    old = [one for one in book if one.mature]
    assert bool(curve) == bool(old)
    if curve:
        assert (amounts[0], curve[0].lent_amount) == (0, sum(one.amount for one in old))
        assert amounts[-1] <= sum(one.life.repaid_amount for one in old)


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=20, max_size=60))
def test_the_ranking_is_the_share_of_pairs_in_the_right_order(rows: list[tuple[int, bool]]) -> None:
    bad, good = ([pd for pd, failed in rows if failed is wanted] for wanted in (True, False))
    if min(len(bad), len(good)) < estimates.LEAST_OUTCOMES:
        assert estimates.auc(rows) is None
    else:
        won = sum(2 * (b > g) + (b == g) for b, g in product(bad, good))
        assert estimates.auc(rows) == won * 1_000_000 // (2 * len(bad) * len(good))


@pytest.mark.parametrize(
    ("bad", "count", "low", "high"), [(0, 10, 0, 277_533), (5, 50, 43_476, 213_603), (10, 10, 722_467, 1_000_000)]
)
def test_the_interval_of_a_rate_is_wilsons(bad: int, count: int, low: int, high: int) -> None:
    assert estimates.wilson(bad, count) == pytest.approx((low, high), abs=20)


@given(st.integers(1, 10**6), st.data())
def test_an_interval_holds_its_own_rate(count: int, data: st.DataObject) -> None:
    bad = data.draw(st.integers(0, count))
    low, high = estimates.wilson(bad, count)
    assert 0 <= low <= bad * 1_000_000 // count + 1
    assert bad * 1_000_000 // count <= high <= 1_000_000


@given(st.lists(st.integers(1, 400), min_size=1, max_size=50))
def test_when_all_are_repaid_the_median_is_the_plain_one(days: list[int]) -> None:
    assert estimates.payoff_days([(day, Ending.repaid) for day in days]) == statistics.median_low(days)


def test_loans_written_off_are_never_repaid() -> None:
    ends = [(10, Ending.repaid), (20, Ending.repaid), (15, Ending.charged_off), (15, Ending.charged_off)]
    assert estimates.payoff_days(ends) == 20
    assert estimates.payoff_days([*ends, (15, Ending.charged_off)]) is None


def test_loans_that_still_run_count_for_as_long_as_they_are_known() -> None:
    assert estimates.payoff_days([(10, Ending.repaid), (5, Ending.unknown), (30, Ending.repaid)]) == 10
    assert estimates.payoff_days([(10, Ending.repaid), (20, Ending.unknown), (20, Ending.unknown)]) is None
    assert estimates.payoff_days([]) is None


def test_a_young_loan_is_not_held_against_its_pd() -> None:
    rate = vintages.rate(
        [loan(50_000, bad=True), loan(30_000, bad=False), loan(10_000, bad=True, seen=OUTCOME_DAYS - 1)]
    )
    assert (rate.loans_count, rate.defaulted_count, rate.expected, rate.observed) == (2, 1, 40_000, 500_000)


def test_months_say_how_many_were_offered_what_and_why_not() -> None:
    decisions = [
        Decision("2025-01", 500, 1_000, "base_binds"),
        Decision("2025-01", 300, 1_000, "base_binds"),
        Decision("2025-01", 0, 100, "no_sales"),
        Decision("2025-02", 0, 0, "data_stale"),
    ]
    first, second = vintages.counted([], decisions).months
    assert (first.decisions_count, first.offers_count, first.limit_mean_amount) == (3, 2, 400)
    assert (first.limit_to_base_bps, first.reasons) == (4_000, {"no_sales": 1})
    assert (second.limit_mean_amount, second.limit_to_base_bps, second.reasons) == (None, None, {"data_stale": 1})
