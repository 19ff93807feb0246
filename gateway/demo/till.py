"""The till: a shop's receipts by business day, what each day comes to, and the day the story begins."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec

from gateway.demo.receipts import Kind, Receipt, Receipts
from gateway.domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DAYS_LEFT = 120
"""Days that stay to be lived when nobody says where the story begins."""


class UnusableStart(Invalid):
    """As-of leaves no day before it, or none after it."""

    code = "unusable_start"
    title = "The story cannot begin on this date"


class DayTotals(msgspec.Struct, frozen=True):
    """The till's Z-report of one business day, in minor units; refunds and voids are positive."""

    sales_amount: int
    refunds_amount: int
    voids_amount: int
    net_amount: int
    tickets_count: int


class Till:
    """Receipts by business day."""

    def __init__(self, receipts: Receipts) -> None:
        self.receipts = receipts
        self._days: dict[date, list[Receipt]] = {}
        for receipt in receipts.receipts:
            self._days.setdefault(receipt.business_on, []).append(receipt)
        self.first_on = min(self._days)
        self.last_on = max(self._days)

    def as_of(self, chosen: date | None) -> date:
        """`chosen`, or the date that leaves DAYS_LEFT days to be lived; raises UnusableStart."""
        as_of_on = chosen or self.last_on - timedelta(days=DAYS_LEFT - 1)
        if not self.first_on < as_of_on <= self.last_on:
            raise UnusableStart(
                f"{self.receipts.name} has receipts from {self.first_on} to {self.last_on}; a story that begins on "
                f"{as_of_on} has no day before or after it: choose another --as-of"
            )
        return as_of_on

    def on(self, day: date) -> Sequence[Receipt]:
        """The receipts of one business day."""
        return self._days.get(day, ())

    def trading_days(self, before: date) -> list[date]:
        """The days with receipts before a date, in order."""
        return sorted(day for day in self._days if day < before)

    def days_from(self, first: date) -> Iterator[date]:
        """Every calendar day from `first` to the file's last, in order."""
        return (first + timedelta(days=index) for index in range((self.last_on - first).days + 1))

    def totals(self, day: date) -> DayTotals:
        """What the till prints at the close of `day`."""
        sums = dict.fromkeys(Kind, 0)
        for receipt in self.on(day):
            sums[receipt.kind] += receipt.amount
        return DayTotals(
            sales_amount=sums[Kind.sale],
            refunds_amount=sums[Kind.refund],
            voids_amount=sums[Kind.void],
            net_amount=sums[Kind.sale] - sums[Kind.refund] - sums[Kind.void],
            tickets_count=sum(receipt.kind is Kind.sale for receipt in self.on(day)),
        )

    def daily_net(self, before: date, days: int) -> tuple[int, ...]:
        """Net sales of each of the `days` calendar days before a date, oldest first, straight from the receipts."""
        return tuple(self.totals(before - timedelta(days=back)).net_amount for back in range(days, 0, -1))
