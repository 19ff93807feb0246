from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import repayments

AMOUNTS = st.integers(0, 10**12)
BPS = st.integers(1, 10_000)


@given(net=st.integers(-(10**12), 10**12), carried=st.integers(-(10**12), 10**12), bps=BPS, owed=AMOUNTS)
def test_a_day_never_takes_more_than_its_share_nor_more_than_is_owed(
    net: int, carried: int, bps: int, owed: int
) -> None:
    plan = repayments.withhold(net, carried, bps, owed)
    assert 0 <= plan.amount <= owed
    assert plan.amount * 10_000 <= max(0, net + carried) * bps


@given(nets=st.lists(st.integers(-(10**6), 10**6), max_size=60), bps=BPS)
def test_a_negative_day_is_carried_until_later_sales_have_made_up_for_it(nets: list[int], bps: int) -> None:
    carried = taken = sold = best = 0
    for net in nets:
        sold += net
        best = max(best, sold)
        plan = repayments.withhold(net, carried, bps, 10**15)
        carried = plan.carried_net_amount
        taken += plan.amount
    assert taken * 10_000 <= best * bps  # as if only the highest sum of net sales ever reached had been shared


@given(net=st.integers(1, 10**6), bps=BPS)
def test_sales_too_small_to_collect_from_are_carried_not_forgotten(net: int, bps: int) -> None:
    plan = repayments.withhold(net, 0, bps, 10**9)
    assert plan.amount >= repayments.LEAST_AMOUNT or plan.carried_net_amount == net


@given(principal=st.integers(0, 10**12), fee=st.integers(0, 10**10), part=st.integers(0, 10_000))
def test_allocation_is_exact_and_never_more_than_is_owed_of_either(principal: int, fee: int, part: int) -> None:
    total = principal + fee
    amount = min(total, max(1, total * part // 10_000)) if total else 0
    if not amount:
        return
    to_principal, to_fee = repayments.allocate(amount, principal, fee)
    assert to_principal + to_fee == amount
    assert 0 <= to_principal <= principal
    assert 0 <= to_fee <= fee
    assert (to_principal, to_fee) == (principal, fee) or amount < total


@given(
    principal=st.integers(1, 10**6),
    fee_bps=st.integers(1, 5_000),
    nets=st.lists(st.integers(-200, 2_000), min_size=1, max_size=200),
    bps=BPS,
)
def test_while_anything_is_owed_some_of_it_is_principal(
    principal: int, fee_bps: int, nets: list[int], bps: int
) -> None:
    """Exposure counts principal alone: a rest of fee without principal would never be collected again."""
    fee, carried = -(-principal * fee_bps // 10_000), 0
    for net in nets:
        plan = repayments.withhold(net, carried, bps, principal + fee)
        carried = plan.carried_net_amount
        if plan.amount:
            to_principal, to_fee = repayments.allocate(plan.amount, principal, fee)
            assert to_principal >= 1
            principal, fee = principal - to_principal, fee - to_fee
        assert principal > 0 or fee == 0


@given(amount=st.integers(1, 10**12), most=st.none() | st.integers(10**9, 10**11))
def test_a_split_debit_sums_to_the_whole_and_no_part_is_more_than_the_rail_takes(amount: int, most: int | None) -> None:
    parts = repayments.split(amount, most)
    assert sum(parts) == amount
    assert max(parts) - min(parts) <= 1
    assert most is None or max(parts) <= most
    assert most is None or len(parts) == -(-amount // most), "as few as it takes"
