"""A merchant's records beside sales → what the models see of them, with our own loans taken out.

Records are those that its consents let us use, of days before `as_of`. What they say too little of stays missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gateway.domain import anomalies, bills, borrowed, flows, shelves
from gateway.domain import evidence as e
from gateway.domain.money import BPS
from gateway.domain.purchases import PurchaseKind
from gateway.domain.signals import Utility
from gateway.domain.underwriting import COST_BPS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from gateway.domain.bills import Document, Due, Supplies
    from gateway.domain.borrowed import Moved
    from gateway.domain.flows import CashDay, Flows
    from gateway.domain.histories import History
    from gateway.domain.sales import Line
    from gateway.domain.shelves import Item, Shelves

    Floats = NDArray[np.float64]

COST_RANGE = (2_000, 9_500)
"""What purchases may say of it: a shop that buys for more than it sells is stocking up, or does not report."""
ORDER_DAYS = 30
"""An order that was not billed for so long is on its way no more."""
HALF_YEAR, QUARTER, MONTH = 180, 90, 30
POWER = frozenset({Utility.power, Utility.gas, Utility.water})
"""What is used up by selling."""


class Bill(NamedTuple):
    """A utility's or the landlord's bill."""

    utility: Utility
    due: Due


class Records(NamedTuple):
    """What is known of one merchant; `declared` has (first day, last day, turnover), `orders` the lines of orders."""

    cash: list[CashDay]
    documents: list[Document]
    orders: dict[tuple[str, str], Sequence[Line]]
    returns: list[Due]
    declared: list[tuple[int, int, int]]
    bills: list[Bill]
    items: list[Item]

    def __bool__(self) -> bool:
        return any(len(part) for part in self)


def no_records() -> Records:
    """A merchant who let us see nothing."""
    return Records([], [], {}, [], [], [], [])


class Loans(NamedTuple):
    """What we lent the merchant: every movement, and how often it was late within a year."""

    moved: Sequence[Moved] = ()
    late_count: int = 0


class Seen(NamedTuple):
    """One merchant: a row of evidence, one of `anomalies.FACTS`, the shelves, the cost of goods in bps of sales."""

    evidence: e.Evidence
    witness: Floats
    shelves: Shelves | None
    cost_bps: int


def look(records: Records, history: History, loans: Loans, usual_stock_days: int | None) -> Seen:
    """What the records say of a merchant at the end of its last closed day."""
    shop = _Shop(history)
    cash = flows.together(records.cash, shop.as_of, len(history.net))
    made = bills.supplies(records.documents, shop.as_of)
    own = _own(loans.moved, cash, made, shop)
    bought = {shop.start + at: amount for at, amount in enumerate(own[2]) if amount}
    cost_bps = _cost_bps(made, bought, shop)
    held = shelves.shelves(records.items)
    facts = _facts(records, made, shop)
    cost_amount = shop.sold(MONTH) * cost_bps // (MONTH * BPS)
    facts["daily_cost_amount"] = cost_amount
    if made is not None and made.overdue_amount is not None:  # in days of goods, to the nearest
        a_day = max(1, cost_amount)
        facts["supplier_overdue_days"] = (made.overdue_amount + a_day // 2) // a_day
    if made is not None and facts["supplier_paid_90_amount"] is not None:  # below, loans are taken out with their tax
        taxed = bills.within(bought, shop.as_of - QUARTER, shop.as_of)
        facts["supplier_paid_90_amount"] += taxed - made.net(taxed)
    facts["stock_amount"] = None if held is None else held.amount
    facts["usual_stock_cover_days"] = usual_stock_days
    facts["missed_count"] = loans.late_count or None  # that there were none is not known of other lenders
    row = np.array([[np.nan if facts.get(name) is None else facts[name] for name in e.FACTS]], np.float64)
    if held is not None and not any(held.coming.values()):
        held = held._replace(coming=_coming(records, made, shop))
    cleaned = e.without_own_loans(_evidence(cash, row, shop), e.OwnLoans(*_rows(*own)))
    return Seen(cleaned, _witness(records, made, bought, shop), held, cost_bps)


class _Shop:
    """A history, by ordinals."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.as_of = history.through_on.toordinal() + 1
        self.start = self.as_of - len(history.net)
        self.length = history.length

    def sold(self, days: int) -> int:
        return sum(self.history.net[-days:])

    def by_day(self, days: int) -> dict[int, int]:
        return dict(zip(range(self.as_of - days, self.as_of), self.history.net[-days:], strict=True))


def _own(
    moved: Sequence[Moved], cash: Flows | None, made: Supplies | None, shop: _Shop
) -> tuple[list[int], list[int], list[int]]:
    """What suppliers were paid tells best what a loan bought; else what went out of the accounts, repayments aside."""
    width = len(shop.history.net)
    if made is not None and made.paid:
        return borrowed.own_loans(moved, made.paid, made.first, shop.as_of, width)
    if cash is None:
        return borrowed.own_loans(moved, {}, shop.as_of, shop.as_of, width)
    spent = dict(enumerate(cash.outflow, shop.start))
    for one in moved:
        if one.repaid and not one.upstream and one.on in spent:
            spent[one.on] = max(0, spent[one.on] - one.amount)
    return borrowed.own_loans(moved, spent, shop.as_of - cash.days_count, shop.as_of, width)


def _cost_bps(made: Supplies | None, bought: Mapping[int, int], shop: _Shop) -> int:
    """What goods cost of a sale, by half a year of deliveries, or as much of it as is known."""
    if made is None:
        return COST_BPS
    days = min(HALF_YEAR, shop.length, shop.as_of - made.first)
    sold, start = shop.sold(days) if days >= bills.MONTH else 0, shop.as_of - days
    goods = bills.delivered(made, start, shop.as_of, shop.as_of)
    if goods is None or sold <= 0:
        return COST_BPS
    goods -= made.net(bills.within(bought, start, shop.as_of))
    return min(max(goods * BPS // sold, COST_RANGE[0]), COST_RANGE[1])


def _facts(records: Records, made: Supplies | None, shop: _Shop) -> dict[str, int | None]:
    at, length = shop.as_of, shop.length
    utilities = [one.due for one in records.bills if one.utility is not Utility.rent]
    rented = any(one.utility is Utility.rent for one in records.bills)
    return {
        "supplier_paid_90_amount": None if made is None else bills.paid_90(made, at, length),
        "tax_arrears_days": bills.arrears_days(records.returns, at),
        "late_utility_180_count": bills.late_count(utilities, at),
        "fixed_cost_90_amount": bills.fixed_90(_billed(records, frozenset(Utility), at), at, length)
        if rented
        else None,
    }


def _billed(records: Records, wanted: frozenset[Utility], as_of: int) -> dict[int, int]:
    """What the bills of some utilities come to, on the days that all of those known have billed."""
    parts = []
    for utility in sorted(wanted):
        periods = [(b.due.start, b.due.end, b.due.due_amount) for b in records.bills if b.utility is utility]
        if periods:
            parts.append(bills.daily(periods, as_of - HALF_YEAR, as_of))
    return bills.joined(parts)


def _rows(*days: list[int]) -> list[NDArray[np.int64]]:
    return [np.array([one], np.int64) for one in days]


def _evidence(cash: Flows | None, facts: Floats, shop: _Shop) -> e.Evidence:
    if cash is None:
        none = e.nothing(1, len(shop.history.net))
        return none._replace(facts=facts, flow_days=np.zeros(1, np.int64))
    outflow, balance = _rows(cash.outflow, cash.balance)
    known = np.ones(1, bool), np.array([cash.balance_known])
    return e.Evidence(outflow, balance, *known, facts, np.array([cash.days_count], np.int64))


def _witness(records: Records, made: Supplies | None, bought: Mapping[int, int], shop: _Shop) -> Floats:
    """The facts of `anomalies`: a quarter and the one before, what our loans bought left out."""
    at, sold = shop.as_of, shop.by_day(HALF_YEAR)
    taxed, power = bills.daily(records.declared, at - HALF_YEAR, at), _billed(records, POWER, at)
    facts: dict[str, int | None] = {}
    for label, end in (("90", at), ("before_90", at - QUARTER)):
        start = end - QUARTER
        goods = None if made is None else bills.delivered(made, start, end, at)
        if made is not None and goods is not None:
            goods -= made.net(bills.within(bought, start, end))
        facts[f"purchases_{label}_amount"] = goods
        facts[f"taxed_{label}_amount"] = bills.beside(taxed, sold, start, end)
        facts[f"utility_{label}_amount"] = bills.beside(power, sold, start, end)
    return np.array([np.nan if facts[name] is None else facts[name] for name in anomalies.FACTS], np.float64)


def _coming(records: Records, made: Supplies | None, shop: _Shop) -> dict[str, int]:
    """What was ordered and not billed yet, at cost, by category."""
    billed = {(one.source, one.refers_to) for one in records.documents if one.kind is PurchaseKind.invoice}
    found = dict[str, int]()
    for one in records.documents:
        key = one.source, one.id
        open_order = one.kind is PurchaseKind.order and key not in billed
        if made is not None and open_order and shop.as_of - ORDER_DAYS <= one.issued < shop.as_of:
            amount = one.amount - one.tax_amount if one.tax_amount else made.net(one.amount)
            for name, part in shelves.ordered(amount, records.orders.get(key, ())).items():
                found[name] = found.get(name, 0) + part
    return found
