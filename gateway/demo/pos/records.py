"""What the till itself knows of its sales: what was tapped here, and what was sold while nobody tapped."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import msgspec

from gateway.demo.receipts import Kind, Receipt
from gateway.demo.till import DayTotals, Till
from gateway.domain import calendars, scenarios
from gateway.domain.sales import NewSale, SaleKind, Tender

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gateway.domain.scenarios import Books, Scenario

BEGINNING = datetime.min.replace(tzinfo=UTC)
END = datetime.max.replace(tzinfo=UTC)


class Past(Protocol):
    """What was sold while nobody tapped."""

    def on(self, day: date, until_at: datetime) -> Sequence[NewSale]:
        """The records of a business day, as far as they happened until an instant."""


class Simulated:
    """The shop that the sandbox lives: a pure function of shop, seed and day says here, too, what it sold."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._running: list[tuple[datetime, Scenario]] = []

    def run(self, scenario: Scenario) -> None:
        """From now on this one tells; before the first one it always ran."""
        self._running.append((scenario.told_at if self._running else BEGINNING, scenario))

    @property
    def scenario(self) -> Scenario:
        """What runs now."""
        return self._running[-1][1]

    def on(self, day: date, until_at: datetime) -> Sequence[NewSale]:
        """See Past."""
        starts = calendars.ends_at(day - timedelta(days=1), self._books.timezone, self._books.day_cutoff)
        ends = min(calendars.ends_at(day, self._books.timezone, self._books.day_cutoff), until_at)
        lasts = [from_at for from_at, _ in self._running[1:]] + [END]
        return [
            sale
            for (from_at, scenario), to_at in zip(self._running, lasts, strict=True)
            if max(starts, from_at) < min(ends, to_at)
            for sale in scenarios.between(scenario, self._books, max(starts, from_at), min(ends, to_at))
        ]


class Filed:
    """A shop of real receipts."""

    def __init__(self, till: Till) -> None:
        self._till = till

    def on(self, day: date, until_at: datetime) -> Sequence[NewSale]:
        """See Past."""
        currency = self._till.receipts.currency
        return [_filed(one, currency) for one in self._till.on(day) if one.occurred_at <= until_at]


class Records:
    """All records of a shop by business day: tapped ones and others."""

    def __init__(self, past: Past) -> None:
        self.past = past
        self._tapped: list[NewSale] = []

    def keep(self, sale: NewSale) -> None:
        """One that was made here and that the gateway took."""
        self._tapped.append(sale)

    def on(self, day: date, until_at: datetime) -> list[NewSale]:
        """A business day's records, newest first."""
        own = [sale for sale in self._tapped if sale.business_on == day]
        return sorted([*self.past.on(day, until_at), *own], key=lambda sale: sale.occurred_at, reverse=True)


def reversal(sale: NewSale, kind: SaleKind, at: datetime, day: date) -> NewSale:
    """What takes a sale back: a refund gives money back, a void says that it never was."""
    suffix = {SaleKind.refund: "R", SaleKind.void: "V"}[kind]
    return msgspec.structs.replace(
        sale, sale_id=f"{sale.sale_id}-{suffix}", kind=kind, occurred_at=at, business_on=day, refund_of=sale.sale_id
    )


def totals(sales: Iterable[NewSale]) -> DayTotals:
    """The Z-report, without tax as the gateway counts."""
    sums = dict.fromkeys(SaleKind, 0)
    count = 0
    for sale in sales:
        sums[sale.kind] += sale.amount - sale.tax_amount
        count += sale.kind is SaleKind.sale
    return DayTotals(
        sales_amount=sums[SaleKind.sale],
        refunds_amount=sums[SaleKind.refund],
        voids_amount=sums[SaleKind.void],
        net_amount=sums[SaleKind.sale] - sums[SaleKind.refund] - sums[SaleKind.void],
        tickets_count=count,
    )


def _filed(receipt: Receipt, currency: str) -> NewSale:
    return NewSale(
        sale_id=receipt.sale_id,
        kind=SaleKind(Kind(receipt.kind).value),
        occurred_at=receipt.occurred_at,
        amount=receipt.amount,
        currency=currency,
        business_on=receipt.business_on,
        tenders=[Tender("unknown", receipt.amount)],
    )
