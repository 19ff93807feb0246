"""What a drawdown costs: fee, share of sales, minimums, payoff estimate and the annual percentage rate."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec

from gateway.domain.histories import WINDOW
from gateway.domain.money import BPS, share

if TYPE_CHECKING:
    from gateway.domain.programmes import Grade, Programme

APR_METHOD = "effective annual rate: internal rate of return of the expected daily repayments, (1 + i) ^ 365 - 1"
WITHHOLD_STEP_BPS = 100
"""Withheld shares are whole percents."""


class Cost(msgspec.Struct, frozen=True):
    """The price of one amount, all in minor units of the offer's currency."""

    fee_amount: int
    total_amount: int
    withhold_bps: int
    minimum_amount: int
    estimated_payoff_on: date
    final_due_on: date
    apr_bps: int
    daily_repayment_amount: int


def cost(amount: int, grade: Grade, programme: Programme, median_30_amount: int, today: date) -> Cost:
    """Price `amount` drawn on `today` against a median forecast of the next 30 days' net sales.

    Past 30 days the forecast's daily rate goes on. Repayment starts the day after and never lasts beyond the term:
    the minimums sum to the total by then. The fee is rounded up to the minor unit.
    """
    fee = -(-amount * grade.fee_bps // BPS)
    total = amount + fee
    withhold_bps = withheld_share_bps(total, programme, median_30_amount)
    daily = _daily_amount(total, programme, median_30_amount, withhold_bps)
    days = -(-total // daily)
    return Cost(
        fee_amount=fee,
        total_amount=total,
        withhold_bps=withhold_bps,
        minimum_amount=minimum_amounts(total, programme)[0],
        estimated_payoff_on=today + timedelta(days=days),
        final_due_on=today + timedelta(days=programme.term_days),
        apr_bps=annual_rate_bps(amount, _flows(total, daily, days)),
        daily_repayment_amount=daily,
    )


def withheld_share_bps(total: int, programme: Programme, median_30_amount: int) -> int:
    """The least whole percent of daily net sales expected to repay `total` within the target, else the maximum.

    A shop gives up no more of its day than it needs to; one that sells little for what it draws gives the most.
    """
    step = WITHHOLD_STEP_BPS
    least = -(-programme.withhold_min_bps // step) * step
    for withhold_bps in range(least, programme.withhold_bps + 1, step):
        daily = _daily_amount(total, programme, median_30_amount, withhold_bps)
        if -(-total // daily) <= programme.target_days:
            return withhold_bps
    return programme.withhold_bps


def minimum_amounts(total: int, programme: Programme) -> list[int]:
    """What must be repaid in each interval of the term at the least: equal parts, together `total`, no balloon."""
    part = -(-total // programme.intervals_count)
    parts = [part] * (total // part)
    return parts if total % part == 0 else [*parts, total % part]


def _daily_amount(total: int, programme: Programme, median_30_amount: int, withhold_bps: int) -> int:
    """The expected repayment of one day: the share of sales, but at least what ends with the term."""
    least = -(-total // programme.term_days)
    return max(share(max(0, median_30_amount), withhold_bps) // WINDOW, least, 1)


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
