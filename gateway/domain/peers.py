"""How a shop stands beside its like: the same industry, country, currency and size.

Percentiles are coarse (STEP) and only of cohorts of LEAST merchants and more, so that they say nothing of any other
one. Metrics are integers of closed days, net of tax and tips.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.domain.money import BPS, minor_units
from gateway.domain.underwriting import COST_BPS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from gateway.domain.histories import History

LEAST = 30
"""Fewer merchants are no cohort."""
LEAST_OTHERS = 10
"""A partner knows its own merchants, and may bring as many as it likes: fewer others than this would be told apart."""
PERIOD = 28
"""Days a metric looks at: whole weeks."""
DAYS = 2 * PERIOD
VISITS_DAYS = 91
"""How far back customers are told apart; older visits are forgotten."""
LEAST_CUSTOMERS = 30
STEP = 5
"""Percentiles are told in steps of so many."""
INDUSTRY_DIGITS = 2
"""How much of an MCC (ISO 18245) names the industry."""

GROWTH, TICKET, REFUNDS, REPURCHASE = "growth_bps", "average_ticket_amount", "refunds_bps", "repurchase_bps"
"""Sales to those of the four weeks before (10,000: the same), an average sale, refunds, customers who came back."""
TURNOVER = "stock_turnover_days"
"""Days of sales that the goods in stock last for, at `COST_BPS`: the same for all, so that they compare."""
MOST_TURNOVER_DAYS = 3_650


def of_history(history: History, visits: tuple[int, int] | None, stock_amount: int | None = None) -> dict[str, int]:
    """`metrics` of the closed days kept at hand."""
    net, refunds, tickets = (row[-DAYS:] for row in (history.net, history.refunds, history.tickets))
    return turnover(net, stock_amount) | metrics(net, refunds, tickets, visits, grown=history.length >= DAYS)


def turnover(net: Sequence[int], stock_amount: int | None) -> dict[str, int]:
    """How long the goods in stock last, where both they and sales are known."""
    cost = sum(net[-PERIOD:]) * COST_BPS // BPS
    if stock_amount is None or cost <= 0:
        return {}
    return {TURNOVER: min(stock_amount * PERIOD // cost, MOST_TURNOVER_DAYS)}


def metrics(
    net: Sequence[int], refunds: Sequence[int], tickets: Sequence[int], visits: tuple[int, int] | None, *, grown: bool
) -> dict[str, int]:
    """What can be said of the last DAYS closed days, oldest first: metric → integer; what cannot is left out.

    `visits` counts known customers of VISITS_DAYS and those among them who came on two days or more; `grown`: all of
    the days are known, so that growth means something.
    """
    found: dict[str, int] = {}
    before, last = sum(net[:-PERIOD]), sum(net[-PERIOD:])
    back, count = sum(refunds[-PERIOD:]), sum(tickets[-PERIOD:])
    sold = last + back
    if grown and before > 0 <= last:
        found[GROWTH] = last * BPS // before
    if count > 0 < sold:
        found[TICKET] = sold // count
    if sold > 0 <= back:
        found[REFUNDS] = back * BPS // sold
    if visits is not None and visits[0] >= LEAST_CUSTOMERS:
        found[REPURCHASE] = visits[1] * BPS // visits[0]
    return found


def cohort(country: str, mcc: str | None, currency: str, net_amount: int) -> str | None:
    """The cohort of a shop that sold `net_amount` in PERIOD days: `54|NL|EUR|5`; None where its like is not known.

    The last part is the number of digits of its sales in whole units of the currency: a size from one power of ten
    to the next.
    """
    units = net_amount // minor_units(currency)
    if mcc is None or units <= 0:
        return None
    return f"{mcc[:INDUSTRY_DIGITS]}|{country}|{currency}|{len(str(units))}"


def percentile(below: float, at_most: float) -> int:
    """The shares of a cohort below a value and not above it → 0…100 in steps of STEP, by the middle of the two."""
    return round((below + at_most) * 50 / STEP) * STEP


def hides(counts: Collection[int]) -> bool:
    """Whether a cohort of so many merchants of each partner tells none of them of the others' one by one."""
    others_count = sum(counts) - max(counts, default=0)
    return others_count == 0 or others_count >= LEAST_OTHERS
