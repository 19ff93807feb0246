"""Evidence beside sales: what is missing stays missing, and our own loans change nothing but the exposure."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain import evidence as e
from gateway.domain import features as f
from tests.domain.test_features import histories

DAYS = f.HISTORY_DAYS
EVIDENCE = [f.PD_FEATURES.index(name) for name in e.SIGNS]


def seen(count: int, seed: int = 0) -> e.Evidence:
    """Random merchants who show everything."""
    rng = np.random.default_rng(seed)
    facts = np.rint(rng.lognormal(8, 2, (count, len(e.FACTS))))
    facts[:, e.FACTS.index("usual_stock_cover_days")] = rng.integers(5, 90, count)
    yes = np.ones(count, bool)
    outflow = rng.integers(0, 10**6, (count, DAYS))
    balance = rng.integers(-(10**6), 10**8, (count, DAYS))
    return e.Evidence(outflow, balance, yes, yes, facts, np.full(count, 10**6))


def value(name: str, evidence: e.Evidence, past: f.Histories) -> float:
    row = f.pd_features(past, np.zeros(len(past.net), np.int64), evidence)
    return float(row[0, f.PD_FEATURES.index(name)])


def steady(amount: int, days: int = 400) -> f.Histories:
    def daily(level: int) -> f.Ints:
        return np.pad(np.full(days, level, np.int64), (DAYS - days, 0))

    net, refunds, tickets = map(daily, (amount, 0, 5))
    return f.stack([f.Recent(net, refunds, tickets, length=days, as_of=738_000)])


def with_fact(name: str, amount: float) -> e.Evidence:
    nothing = e.nothing(1, DAYS)
    nothing.facts[0, e.FACTS.index(name)] = amount
    return nothing


def test_sales_alone_leave_every_evidence_feature_missing() -> None:
    past = histories(20)
    rows = f.pd_features(past, np.ones(20, np.int64))
    assert np.isnan(rows[:, EVIDENCE]).all()
    assert np.array_equal(rows, f.pd_features(past, np.ones(20, np.int64), e.nothing(20, DAYS)), equal_nan=True)


def test_everything_shown_is_finite_or_missing() -> None:
    rows = f.pd_features(histories(300), np.ones(300, np.int64), seen(300))
    assert not np.isinf(rows).any()
    assert (~np.isnan(rows[:, EVIDENCE])).mean() > 0.7


def test_borrowing_and_restocking_change_nothing_but_the_exposure() -> None:
    past, before = histories(200, 3), seen(200, 3)
    rng = np.random.default_rng(4)
    disbursed, bought, repaid = (np.zeros((200, DAYS), np.int64) for _ in range(3))
    disbursed[:, -40] = rng.integers(1, 10**7, 200)
    bought[:, -38], bought[:, -30] = disbursed[:, -40] // 2, disbursed[:, -40] // 3
    repaid[:, -35:] = rng.integers(0, 10**5, (200, 35))
    loans = e.OwnLoans(disbursed, repaid, bought)
    facts = before.facts.copy()
    facts[:, e.FACTS.index("supplier_paid_90_amount")] += bought.sum(axis=1)
    usual = facts[:, e.FACTS.index("usual_stock_cover_days")]
    left = sum(bought[:, -age] * np.maximum(1 - (age - 1) / usual, 0) for age in (30, 38))
    facts[:, e.FACTS.index("stock_amount")] += left
    after = before._replace(
        outflow=before.outflow + repaid + bought,
        balance=before.balance + np.cumsum(disbursed - repaid - bought, axis=1),
        facts=facts,
    )
    cleaned = e.without_own_loans(after, loans)
    rows, again = (f.pd_features(past, np.zeros(200, np.int64), one) for one in (before, cleaned))
    assert np.allclose(rows, again, rtol=1e-6, atol=1e-6, equal_nan=True)
    borrowed = f.pd_features(past, disbursed.sum(axis=1), cleaned)
    changed = ~np.isclose(rows, borrowed, rtol=1e-6, atol=1e-6, equal_nan=True)
    assert np.flatnonzero(changed.any(axis=0)).tolist() == [f.EXPOSURE_COLUMN]


def test_our_money_in_the_account_is_not_taken_for_cash() -> None:
    past, poor = steady(1000), e.nothing(1, DAYS)
    poor = poor._replace(balance_known=np.ones(1, bool), balance=np.full((1, DAYS), 2000))
    disbursed = np.zeros((1, DAYS), np.int64)
    disbursed[0, -200] = 10**6
    nothing = np.zeros_like(disbursed)
    rich = poor._replace(balance=poor.balance + np.cumsum(disbursed, axis=1))
    cleaned = e.without_own_loans(rich, e.OwnLoans(disbursed, nothing, nothing))
    assert value("cash_cover_min_180", rich, past) > value("cash_cover_min_180", poor, past)
    assert value("cash_cover_min_180", cleaned, past) == value("cash_cover_min_180", poor, past)


@pytest.mark.parametrize(
    ("name", "fact", "amount", "expected"),
    [
        ("instalment_ratio", "instalment_30_amount", 6000, 0.2),
        ("fixed_cost_ratio_90", "fixed_cost_90_amount", 45_000, 0.5),
        ("supplier_paid_ratio_90", "supplier_paid_90_amount", 45_000, 1.0),
        ("supplier_paid_ratio_90", "supplier_paid_90_amount", 135_000, 1.5),
        ("supplier_overdue_days", "supplier_overdue_days", 12, 12),
        ("tax_arrears_days", "tax_arrears_days", 4000, 400),
    ],
)
def test_facts_are_measured_against_sales(name: str, fact: str, amount: float, expected: float) -> None:
    assert value(name, with_fact(fact, amount), steady(1000)) == pytest.approx(expected)


def test_an_instalment_without_sales_is_the_worst_ratio() -> None:
    assert value("instalment_ratio", with_fact("instalment_30_amount", 1), steady(0)) == e.RATIO_CEILING
    assert value("instalment_ratio", with_fact("instalment_30_amount", 0), steady(0)) == 0


def test_spending_more_than_comes_in_is_a_negative_margin_and_a_drawdown() -> None:
    flows = e.nothing(1, DAYS)._replace(outflow=np.full((1, DAYS), 1500), flows_known=np.ones(1, bool))
    assert value("net_flow_margin_90", flows, steady(1000)) == pytest.approx(-0.5)
    assert value("flow_drawdown_180", flows, steady(1000)) == pytest.approx(60)


def test_stock_may_be_too_high_or_too_low() -> None:
    both = []
    for stock in (10_000, 160_000):
        facts = np.full((1, len(e.FACTS)), np.nan)
        for name, amount in (("stock_amount", stock), ("daily_cost_amount", 1000), ("usual_stock_cover_days", 40)):
            facts[0, e.FACTS.index(name)] = amount
        both.append(value("stock_cover_off", e.nothing(1, DAYS)._replace(facts=facts), steady(1000)))
    assert both == pytest.approx([np.log(4), np.log(4)])


@settings(max_examples=80, deadline=None)
@given(st.lists(st.floats(-1e15, 1e15) | st.just(float("nan")), min_size=len(e.FACTS), max_size=len(e.FACTS)))
def test_any_facts_give_defined_features(facts: list[float]) -> None:
    given_facts = e.nothing(1, DAYS)._replace(facts=np.array([facts]))
    rows = f.pd_features(steady(1000), np.array([1]), given_facts)
    assert not np.isinf(rows).any()


def test_a_row_does_not_depend_on_its_batch() -> None:
    past, evidence = histories(64, 5), seen(64, 5)
    whole = f.pd_features(past, np.ones(64, np.int64), evidence)
    for i in (0, 17, 63):
        own = f.Histories(*(item[i : i + 1] for item in past))
        alone = f.pd_features(own, np.ones(1, np.int64), e.Evidence._make(item[i : i + 1] for item in evidence))
        assert alone.tobytes() == whole[i : i + 1].tobytes()
