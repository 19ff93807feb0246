"""A till's Z reports: what it counted itself since the one before, held against the transactions of the file."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from datetime import datetime  # noqa: TC003 - a NamedTuple's field
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from adapters.sources.saft.transactions import moment
from gateway.source_ports import Unreadable

if TYPE_CHECKING:
    from adapters.sources.saft.transactions import Transaction
    from adapters.xml_files import Node

REPORTS_COUNT = 20_000


class Report(NamedTuple):
    """What one Z report says; `taxes` by VAT code and `paid` by means, both of cash sales less returns."""

    at: datetime
    number: str
    sold_amount: int
    returned_count: int
    returned_amount: int
    taxes: dict[str, int]
    paid: dict[str, int]


class _Counted(msgspec.Struct):
    """The same of the file's transactions."""

    sold_amount: int = 0
    returned_count: int = 0
    returned_amount: int = 0
    taxes: dict[str, int] = msgspec.field(default_factory=lambda: defaultdict(int))
    paid: dict[str, int] = msgspec.field(default_factory=lambda: defaultdict(int))


class Controls:
    """Every register's Z reports, and what was counted up to each."""

    def __init__(self) -> None:
        self._reports: dict[str, list[Report]] = defaultdict(list)
        self._counted: dict[tuple[str, int], _Counted] = defaultdict(_Counted)
        self._count = 0

    def report(self, event: Node, register: str, currency: str) -> None:
        """Take a register's event, if it is a Z report. Raises BadElement, Unreadable."""
        found = event.first("eventReport")
        if found is None or not (found.text("reportType") or "").upper().startswith("Z"):
            return
        self._count += 1
        if self._count > REPORTS_COUNT:
            raise Unreadable(f"The file holds more than {REPORTS_COUNT} Z reports")
        taxes: dict[str, int] = defaultdict(int)
        for vat in found.each("reportCashSalesVat/reportCashSaleVat"):
            taxes[vat.said("vatCode")] += vat.amount("vatAmnt", currency)
        paid: dict[str, int] = defaultdict(int)
        for payment in found.each("reportPayments/reportPayment"):
            paid[payment.said("paymentType")] += payment.amount("paymentAmnt", currency)
        self._reports[register].append(
            Report(
                moment(found, "reportDate", "reportTime"),
                found.said("reportID"),
                found.amount("reportTotalCashSales/totalCashSaleAmnt", currency),
                int(found.text("reportReturnNum") or 0),
                abs(found.amount("reportReturnAmnt", currency)),
                dict(taxes),
                dict(paid),
            )
        )

    def count(self, transaction: Transaction) -> None:
        """Add a transaction to the report that follows it; a register's events stand before its transactions."""
        reports = self._reports[transaction.register]
        counted = self._counted[transaction.register, bisect_left(reports, transaction.at, key=lambda one: one.at)]
        counted.sold_amount += transaction.amount
        if transaction.amount < 0:
            counted.returned_count += 1
            counted.returned_amount -= transaction.amount
        for sums, found in ((counted.taxes, transaction.taxes), (counted.paid, transaction.paid)):
            for name, amount in found.items():
                sums[name] += amount

    def check(self) -> None:
        """Raise Unreadable for the first Z report that the transactions before it do not make."""
        for register, reports in self._reports.items():
            for number, report in enumerate(reports):
                counted = self._counted[register, number]
                for what, said, found in _pairs(report, counted):
                    if said != found:
                        raise Unreadable(
                            f"Z report {report.number} of register {register} says {what} {said} minor units, "
                            f"its transactions make {found}: export whole periods, from Z report to Z report"
                        )


def _pairs(report: Report, counted: _Counted) -> list[tuple[str, int, int]]:
    """(what, what the report says, what its transactions make) of each control total."""
    pairs = [
        ("cash sales of", report.sold_amount, counted.sold_amount),
        ("a number of returns of", report.returned_count, counted.returned_count),
        ("returns of", report.returned_amount, counted.returned_amount),
    ]
    for what, said, found in (("VAT", report.taxes, counted.taxes), ("payments by", report.paid, counted.paid)):
        pairs += [(f"{what} {name}", said.get(name, 0), found.get(name, 0)) for name in sorted(said.keys() | found)]
    return pairs
