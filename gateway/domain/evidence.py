"""What else a merchant lets us see beside sales: money out, balances, suppliers, tax, utilities, stock, other loans.

Each part may be missing; its features are then NaN, which the PD model reads with a term of its own that never lowers
a risk. Money a merchant borrowed through us, paid back to us or spent on goods with it is taken out first, so that
borrowing and restocking leave every feature here as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

# Each with the sign its risk must keep: +1 = more of it, more risk.
SIGNS = {
    "supplier_paid_ratio_90": 1,
    "supplier_overdue_days": 1,
    "tax_arrears_days": 1,
    "late_utility_count_180": 1,
    "fixed_cost_ratio_90": 1,
    "net_flow_margin_90": -1,
    "cash_cover_min_180": -1,
    "low_cash_share_180": 1,
    "flow_drawdown_180": 1,
    "stock_cover_off": 1,
    "instalment_ratio": 1,
    "missed_before": 1,
}
# Single numbers at `as_of`: amounts in minor units, days, counts; NaN = not known.
FACTS = (
    "supplier_paid_90_amount",
    "supplier_overdue_days",
    "tax_arrears_days",
    "late_utility_180_count",
    "fixed_cost_90_amount",
    "stock_amount",
    "daily_cost_amount",  # what the goods sold cost, a day
    "usual_stock_cover_days",  # what the sector usually holds
    "instalment_30_amount",  # due within 30 days on loans of others
    "missed_count",  # instalments missed before
)

LOW_CASH_DAYS = 5  # a balance below so many days of outflow is low
RATIO_CEILING = 30.0
COVER_CEILING = 400.0
MONTH, QUARTER = 28, 90  # known days without which a ratio means nothing
LEAST_COST_SHARE = 0.2  # a merchant without outflow is taken to spend at least this share of sales


ALWAYS = np.array([1_000_000], np.int64)


class Evidence(NamedTuple):
    """n merchants' evidence, right-aligned as their sales are: the last column is the day before `as_of`."""

    outflow: Ints  # (n, days) minor units a day, not negative
    balance: Ints  # (n, days) minor units at each day's end
    flows_known: Bools  # (n,)
    balance_known: Bools  # (n,)
    facts: Floats  # (n, len(FACTS))
    flow_days: Ints = ALWAYS  # (n,) how many of the last days flows and balances are of; never more than are known


class OwnLoans(NamedTuple):
    """(n, days) minor units a day of our own loans: paid out, paid back, spent on goods; aligned as Evidence is."""

    disbursed: Ints
    repaid: Ints
    bought: Ints


def nothing(count: int, days: int) -> Evidence:
    """The evidence of merchants who let us see sales alone."""
    none, unknown = np.zeros((count, days), np.int64), np.zeros(count, bool)
    return Evidence(none, none, unknown, unknown, np.full((count, len(FACTS)), np.nan))


def stack(parts: Sequence[Evidence]) -> Evidence:
    """One `Evidence` of several, in their order; all of them say for how many days flows are told."""
    return Evidence(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def absent(count: int) -> list[Floats]:
    """What `columns` makes of `nothing`, at no cost."""
    return [np.full(count, np.nan)] * len(SIGNS)


def without_own_loans(evidence: Evidence, loans: OwnLoans) -> Evidence:
    """The same evidence as if nothing had been borrowed through us.

    Goods bought with a loan leave the stock evenly over the sector's usual cover.
    """
    facts = evidence.facts.copy()
    facts[:, FACTS.index("supplier_paid_90_amount")] -= loans.bought[:, -90:].sum(axis=1)
    usual = np.maximum(facts[:, FACTS.index("usual_stock_cover_days")], 1.0)[:, None]
    age = np.arange(loans.bought.shape[1] - 1, -1, -1)
    left = np.maximum(1 - age / usual, 0.0)
    facts[:, FACTS.index("stock_amount")] -= (loans.bought * np.nan_to_num(left)).sum(axis=1)
    return evidence._replace(
        outflow=evidence.outflow - loans.repaid - loans.bought,
        balance=evidence.balance - np.cumsum(loans.disbursed - loans.repaid - loans.bought, axis=1),
        facts=facts,
    )


def columns(evidence: Evidence, net: Ints, length: Ints) -> list[Floats]:
    """One (n,) column for each of SIGNS, in order; `net` (n, days) sales net of refunds, `length` (n,) known days."""
    fact = dict(zip(FACTS, evidence.facts.T, strict=True))
    rev30, rev90 = net[:, -30:].sum(axis=1), net[:, -90:].sum(axis=1)
    seen90 = length >= MONTH
    told, sold = _told(evidence, net, length)
    supplier = _over(fact["supplier_paid_90_amount"], rev90, seen90)
    return [
        np.maximum(supplier, 1.0),  # below sales, paying more is no risk (NaN stays)
        _within(fact["supplier_overdue_days"], 0, COVER_CEILING),
        _within(fact["tax_arrears_days"], 0, COVER_CEILING),
        _within(fact["late_utility_180_count"], 0, RATIO_CEILING),
        _over(fact["fixed_cost_90_amount"], rev90, seen90),
        _flow_margin(evidence, rev90, told),
        *_cash(evidence, sold, told),
        _drawdown(evidence, sold, told),
        _stock_off(fact),
        _over(fact["instalment_30_amount"], rev30, rev30 >= 0),
        _within(fact["missed_count"], 0, RATIO_CEILING),
    ]


def _told(evidence: Evidence, net: Ints, length: Ints) -> tuple[Ints, Ints]:
    """How many days flows are told of, and the sales of those days alone: as of a shop known for no longer."""
    told = np.minimum(length, evidence.flow_days)
    return told, net if np.array_equal(told, length) else np.where(_known(net.shape[1], told), net, 0)


def _within(values: Floats, low: float, high: float) -> Floats:
    return np.minimum(np.maximum(values, low), high)


def _over(top: Floats, bottom: Ints, known: Bools) -> Floats:
    """top / bottom within [0, RATIO_CEILING]; the ceiling where there is something to pay and no sales to pay it."""
    ratio = np.where(top > 0, RATIO_CEILING, np.where(np.isnan(top), np.nan, 0.0))
    np.divide(top, bottom, out=ratio, where=bottom > 0)
    return np.where(known, _within(ratio, 0, RATIO_CEILING), np.nan)


def _flow_margin(evidence: Evidence, rev90: Ints, length: Ints) -> Floats:
    """What is left of 90 days' sales after everything that went out, as a share of them."""
    margin = np.full(rev90.shape, np.nan)
    left = rev90 - evidence.outflow[:, -90:].sum(axis=1)
    np.divide(left, rev90, out=margin, where=evidence.flows_known & (rev90 > 0) & (length >= QUARTER))
    return _within(margin, -RATIO_CEILING, 1.0)


def _daily_cost(evidence: Evidence, net: Ints, days: Ints) -> Floats:
    """(n,) a day's outflow over the last 180 known days, not below a share of a day's sales."""
    sold = np.maximum(net[:, -180:].sum(axis=1), 0) / days
    spent = np.where(evidence.flows_known, evidence.outflow[:, -180:].sum(axis=1) / days, sold)
    return np.asarray(np.maximum(np.maximum(spent, LEAST_COST_SHARE * sold), 1.0))


def _known(days: int, length: Ints) -> Bools:
    return np.arange(days, 0, -1) <= length[:, None]


def _cash(evidence: Evidence, net: Ints, length: Ints) -> list[Floats]:
    """The lowest balance of 180 days in days of outflow, and the share of days on which the balance was low."""
    days = np.clip(length, 1, 180)
    cost = _daily_cost(evidence, net, days)
    seen, recent = _known(180, length), evidence.balance[:, -180:]
    known = evidence.balance_known & (length >= MONTH)
    lowest = np.where(seen, recent, np.iinfo(np.int64).max).min(axis=1) / cost
    low = (seen & (recent < (LOW_CASH_DAYS * cost)[:, None])).sum(axis=1) / days
    cover = _within(lowest, -COVER_CEILING, COVER_CEILING)
    return [np.where(known, cover, np.nan), np.where(known, low, np.nan)]


def _drawdown(evidence: Evidence, net: Ints, length: Ints) -> Floats:
    """The deepest fall of cumulative net flow within 180 days, in days of outflow."""
    days = np.clip(length, 1, 180)
    flow = np.where(_known(180, length), net[:, -180:] - evidence.outflow[:, -180:], 0)
    path = np.cumsum(flow, axis=1)
    fall = (np.maximum.accumulate(np.maximum(path, 0), axis=1) - path).max(axis=1)
    depth = _within(fall / _daily_cost(evidence, net, days), 0, COVER_CEILING)
    return np.where(evidence.flows_known & (length >= MONTH), depth, np.nan)


def _stock_off(fact: dict[str, Floats]) -> Floats:
    """How far the stock's cover is from the sector's usual, either way: |ln(cover / usual)|, at most 3."""
    cost, usual = fact["daily_cost_amount"], fact["usual_stock_cover_days"]
    cover, meant = np.full(cost.shape, np.nan), np.maximum(cost, 0) * np.maximum(usual, 0)
    np.divide(np.maximum(fact["stock_amount"], 0), meant, out=cover, where=meant >= 1)  # facts are whole
    return np.abs(np.log(_within(cover, np.exp(-3), np.exp(3))))
