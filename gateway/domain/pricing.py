"""What a drawdown costs: fee, share of sales, minimums, payoff estimate and the annual percentage rate.

However the loan is repaid, all that it costs never comes to more than the programme's cap a year (`owed_amount`).
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import outlooks
from gateway.domain.histories import WINDOW
from gateway.domain.money import BPS, share
from gateway.domain.underwriting import P10, P50, P90

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gateway.domain.positions import Scores
    from gateway.domain.programmes import Programme

APR_METHOD = "effective annual rate: internal rate of return of the expected daily repayments, (1 + i) ^ 365 - 1"
WITHHOLD_STEP_BPS = 100
"""Withheld shares are whole percents."""
RATE_SCALE = 10**15
"""Daily rates are integers in this part of one."""
YEAR_DAYS = 365
_OF_MONTH = (P10, P50, P90)
"""Where the outlook's three quantiles stand among a month's seven."""


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


def cost(
    amount: int,
    fee_bps: int,
    programme: Programme,
    outlook: Sequence[int],
    today: date,
    *,
    taken: tuple[int, int] = (0, 0),
) -> Cost:
    """Price `amount` drawn on `today` against the middle outlook: cumulative net sales until `outlooks.KNOTS`.

    Repayment starts the day after, follows the sales foreseen and never lasts beyond the term: the minimums sum to the
    total by then. The fee is `fee_bps` of the amount, the grade's, rounded up to the minor unit, but no more than the
    programme's all-in cap allows when the loan is repaid as foreseen. `taken`: principal and fee of another loan that
    this one takes over; they are repaid with it and charged no fee.
    """
    ahead = _ahead(outlook, programme)
    fee = _fee_amount(amount, fee_bps, programme, ahead) + taken[1]
    amount += taken[0]
    total = amount + fee
    withhold_bps = withheld_share_bps(total, programme, ahead)
    repaid = expected(total, withhold_bps, programme.term_days, ahead)
    days = len(repaid) - 1
    return Cost(
        fee_amount=fee,
        total_amount=total,
        withhold_bps=withhold_bps,
        minimum_amount=minimum_amounts(total, programme)[0],
        estimated_payoff_on=today + timedelta(days=days),
        final_due_on=today + timedelta(days=programme.term_days),
        apr_bps=annual_rate_bps(amount, [after - before for before, after in pairwise(repaid)]),
        daily_repayment_amount=-(-total // days),
    )


def fee_amount(amount: int, fee_bps: int, programme: Programme, outlook: Sequence[int]) -> int:
    """The fee of `cost` alone: all that the merchant pays for borrowing `amount`."""
    return _fee_amount(amount, fee_bps, programme, _ahead(outlook, programme))


def _ahead(outlook: Sequence[int], programme: Programme) -> list[int]:
    return outlooks.daily(outlook, programme.term_days)


def outlook(scores: Scores | None) -> tuple[int, ...]:
    """The middle outlook: the year's P50, the 30 days' gone on where no year was foreseen, nothing without scores."""
    if scores is None:
        return outlooks.straight(0, WINDOW)
    return outlook_at(scores, 1)


def outlook_at(scores: Scores, which: int) -> tuple[int, ...]:
    """The outlook's P10, P50 or P90: `which` is 0, 1 or 2."""
    return tuple(row[which] for row in scores.year) or outlooks.straight(scores.forecast_30[_OF_MONTH[which]], WINDOW)


@cache
def daily_rate(cap_bps: int) -> int:
    """The largest daily rate, in 1 / RATE_SCALE, that compounded over a year comes to at most `cap_bps`; exact."""
    low, high = 0, RATE_SCALE
    most = (BPS + cap_bps) * RATE_SCALE**YEAR_DAYS
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if (RATE_SCALE + middle) ** YEAR_DAYS * BPS <= most else (low, middle - 1)
    return low


def allowed_cost_amount(amount: int, repayments: Iterable[tuple[int, int]], day: int, cap_bps: int) -> int:
    """The most that a loan of `amount` may have cost by `day`: the daily rate of each day's principal, rounded down.

    `repayments` are (day, amount), in order, day 0 the one the money went out on; here each of them counts towards the
    principal first, and costs bear no cost. That is the least there is, so that no order of repaying beats the cap:
    the loan's internal rate of return stays at or below the daily rate at whatever day it ends.
    """
    balance_days, principal, since = 0, amount, 0
    for on, repaid in repayments:
        if on >= day:
            break
        balance_days += max(0, principal) * (on - since)
        principal, since = principal - repaid, on
    balance_days += max(0, principal) * (day - since)
    return daily_rate(cap_bps) * balance_days // RATE_SCALE


def owed_amount(amount: int, fee: int, repayments: Sequence[tuple[int, int]], day: int, cap_bps: int) -> int:
    """What pays a loan off on `day`, in minor units: the fee, or less where the cap allows less. Below zero: to refund.

    `repayments` as for `allowed_cost_amount`; those of `day` itself are paid already. Whoever settles a loan asks this
    at every repayment: it is paid off on the first day on which nothing is owed.
    """
    paid = sum(repaid for on, repaid in repayments if on <= day)
    return amount + min(fee, allowed_cost_amount(amount, repayments, day, cap_bps)) - paid


def minimum_amounts(total: int, programme: Programme) -> list[int]:
    """What must be repaid in each interval of the term at the least: equal parts, together `total`, no balloon."""
    part = -(-total // programme.intervals_count)
    parts = [part] * (total // part)
    return parts if total % part == 0 else [*parts, total % part]


def _fee_amount(amount: int, fee_bps: int, programme: Programme, ahead: Sequence[int]) -> int:
    """The largest fee up to the grade's that the cap allows on the path it leads to itself.

    A larger fee is repaid by a larger share, so the principal goes faster and the cap allows less: the fees allowed are
    all those up to one. A worse grade therefore never pays a smaller fee.

    What one fee allows bounds the others: a fee that is too large allows no more than a smaller one does. Shares are
    few, so that the grade's own, what that one allows, and what this one allows mostly settle it.
    """

    def narrowed(low: int, high: int, tried: int) -> tuple[int, int]:
        if low == high:
            return low, high
        allowed = _allowed_amount(amount, tried, programme, ahead)
        return (tried, min(high, allowed)) if tried <= allowed else (max(low, min(allowed, tried - 1)), tried - 1)

    bounds = 0, -(-amount * fee_bps // BPS)
    for end in (1, 0, 1):
        bounds = narrowed(*bounds, bounds[end])
    while bounds[0] < bounds[1]:
        bounds = narrowed(*bounds, (sum(bounds) + 1) // 2)
    return bounds[0]


def _allowed_amount(amount: int, fee: int, programme: Programme, ahead: Sequence[int]) -> int:
    total = amount + fee
    repaid = expected(total, withheld_share_bps(total, programme, ahead), programme.term_days, ahead)
    parts = [(day, after - before) for day, (before, after) in enumerate(pairwise(repaid), 1)]
    return allowed_cost_amount(amount, parts, len(parts), programme.all_in_cap_bps)


def withheld_share_bps(total: int, programme: Programme, ahead: Sequence[int]) -> int:
    """The least whole percent of daily net sales expected to repay `total` within the target, else the maximum.

    A shop gives up no more of its day than it needs to; one that sells little for what it draws gives the most.
    `ahead`: cumulative net sales until the end of each day, day 0 first.
    """
    step, target = WITHHOLD_STEP_BPS, min(programme.target_days, programme.term_days)
    least = -(-programme.withhold_min_bps // step) * step
    minimum = _minimum(total, programme, target)
    for withhold_bps in range(least, programme.withhold_bps + 1, step):
        if max(share(ahead[target], withhold_bps), minimum) >= total:
            return withhold_bps
    return programme.withhold_bps


def expected(total: int, withhold_bps: int, term_days: int, ahead: Sequence[int]) -> list[int]:
    """What is expected to be repaid by each day until all is: the share of sales, or what ends with the term.

    `ahead`: cumulative net sales until the end of each day of the term, day 0 first.
    """
    repaid, term = [0], term_days
    for day in range(1, term):
        withheld, least = ahead[day] * withhold_bps // BPS, -(-total * day // term)
        if withheld >= total or least >= total:
            break
        repaid.append(max(withheld, least))
    return [*repaid, total]


def _minimum(total: int, programme: Programme, day: int) -> int:
    return -(-total * min(day, programme.term_days) // programme.term_days)


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
