"""What ends a loan: never more than the cap allows, never more than was promised."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import payoffs, pricing, repayments
from tests.domain.paths_of_payoff import ACTIVE_ON, Life, realised


@pytest.mark.parametrize("hundred", range(4))
def test_over_random_paths_the_realised_cost_never_passes_the_cap(hundred: int) -> None:
    found = [realised(seed) for seed in range(100 * hundred, 100 * hundred + 100)]
    assert [said for kept, said in found if not kept] == []


def test_a_loan_paid_off_after_ten_days_is_given_most_of_its_fee_back() -> None:
    life = Life(1_000_000, 30_000, 2_400)
    rebate = life.rebate(10)
    assert 30_000 - rebate == pricing.allowed_cost_amount(1_000_000, [], 10, 2_400) == 5_895
    life.pay(10, 1_000_000 + 30_000 - rebate)
    ((_, parts),) = life.settled
    assert (parts.principal_amount, parts.fee_amount, parts.rebate_amount) == (1_000_000, 5_895, rebate)
    assert life.owed == (0, 0)


def test_fee_that_was_paid_and_need_not_be_pays_principal() -> None:
    life = Life(10_000, 2_000, 2_400)
    life.pay(1, 6_000)
    life.pay(2, sum(life.owed) - life.rebate(2))
    parts = life.settled[1][1]
    assert parts.fee_amount < 0
    assert life.owed == (0, 0)
    assert sum(one.fee_amount for _, one in life.settled) == pricing.allowed_cost_amount(10_000, [(1, 6_000)], 2, 2_400)


AMOUNTS = st.integers(0, 10**9)


@given(amount=st.integers(1, 10**9), principal=st.integers(1, 10**9), fee=AMOUNTS, rebate=AMOUNTS, promised=AMOUNTS)
def test_parts_add_up_and_what_was_promised_is_given_up(
    amount: int, principal: int, fee: int, rebate: int, promised: int
) -> None:
    parts = repayments.settle(amount, principal, fee, rebate_amount=rebate, promised_amount=promised)
    assert parts.principal_amount + parts.fee_amount + parts.suspense_amount == amount
    assert min(parts.principal_amount, parts.suspense_amount, parts.rebate_amount) >= 0
    assert parts.rebate_amount >= min(promised, principal + fee)
    left = principal - parts.principal_amount, fee - parts.fee_amount - parts.rebate_amount
    assert sum(left) == 0 or (left[0] > 0 and parts.suspense_amount == 0)
    assert (sum(left) > 0) or left == (0, 0)


@given(principal=AMOUNTS, fee=AMOUNTS, cap=AMOUNTS, bps=st.integers(0, 10_000), share=st.integers(0, 100))
def test_a_payoff_and_what_is_on_its_way_and_the_rebate_are_all_that_is_owed(
    principal: int, fee: int, cap: int, bps: int, share: int
) -> None:
    pending = principal * share // 100, fee * share // 100
    found = payoffs.payoff((principal, fee), pending, cap, bps)
    assert found.amount + found.pending_amount + found.rebate_amount == found.outstanding_amount
    assert found.rebate_amount >= min((fee - pending[1]) * bps // 10_000, principal + fee - sum(pending))


def test_a_payment_told_of_late_counts_on_its_own_day() -> None:
    life = Life(10_000, 900, 2_400)
    life.pay(20, 5_000)
    told = life.rebate(5, 5_300)
    assert told > life.rebate(20, 5_300)
    assert payoffs.cap_rebate_amount(
        life.owed, life.paid, ACTIVE_ON, life.cap_bps, ACTIVE_ON + timedelta(5), amount=5_300
    ) == told  # fmt: skip
