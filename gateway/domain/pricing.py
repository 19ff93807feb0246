"""What a drawdown costs: fee, minimum, payoff estimate and the annual percentage rate."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec

from gateway.domain.histories import WINDOW
from gateway.domain.money import BPS, share

if TYPE_CHECKING:
    from gateway.domain.programmes import Grade, Programme

APR_METHOD = "effective annual rate: internal rate of return of the expected daily repayments, (1 + i) ^ 365 - 1"


class Cost(msgspec.Struct, frozen=True):
    """The price of one amount, all in minor units of the offer's currency."""

    fee_amount: int
    total_amount: int
    minimum_amount: int
    estimated_payoff_on: date
    final_due_on: date
    apr_bps: int
    daily_repayment_amount: int


def cost(amount: int, grade: Grade, programme: Programme, median_30_amount: int, today: date) -> Cost:
    """Price `amount` drawn on `today` against a median forecast of the next 30 days' net sales.

    Past 30 days the forecast's daily rate goes on. Repayment starts the day after and never lasts beyond the term:
    the minimum per interval sums to the total by then.
    """
    fee = -(-amount * grade.fee_bps // BPS)
    total = amount + fee
    minimum = -(-total // programme.intervals_count)
    floor = -(-total // programme.term_days)
    daily = max(share(max(0, median_30_amount), programme.withhold_bps) // WINDOW, floor, 1)
    days = -(-total // daily)
    return Cost(
        fee_amount=fee,
        total_amount=total,
        minimum_amount=minimum,
        estimated_payoff_on=today + timedelta(days=days),
        final_due_on=today + timedelta(days=programme.term_days),
        apr_bps=annual_rate_bps(amount, _flows(total, daily, days)),
        daily_repayment_amount=daily,
    )


def _flows(total: int, daily: int, days: int) -> list[int]:
    return [daily] * (days - 1) + [total - daily * (days - 1)]


def annual_rate_bps(amount: int, repayments: list[int]) -> int:
    """Effective annual rate (EU directive 2008/48/EC annex I, days for years), in bps, from daily repayments.

    Solves amount = sum(repayment[d] / (1 + i) ** d), d = 1, 2, …, by bisection on the daily rate i. A rate is a
    ratio, so this is the one place floats are used; no money comes out of it.
    """
    if sum(repayments) <= amount:
        return 0
    low, high = 0.0, 1.0
    for _ in range(60):
        rate = (low + high) / 2
        present, discount = 0.0, 1.0
        for repayment in repayments:
            discount /= 1 + rate
            present += repayment * discount
        low, high = (rate, high) if present > amount else (low, rate)
    return round(((1 + low) ** 365 - 1) * BPS)
