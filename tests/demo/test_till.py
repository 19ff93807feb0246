"""The till: what a day comes to, and the day on which the story begins."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from gateway.demo.receipts import Kind, Receipt, Receipts
from gateway.demo.till import DayTotals, Till, UnusableStart


def till(*rows: tuple[str, Kind, int]) -> Till:
    found = tuple(
        Receipt(
            sale_id=str(number),
            kind=kind,
            occurred_at=datetime.fromisoformat(f"{day}T10:00").replace(tzinfo=UTC),
            business_on=date.fromisoformat(day),
            amount=amount,
        )
        for number, (day, kind, amount) in enumerate(rows)
    )
    return Till(Receipts(name="Shop", currency="EUR", timezone="UTC", day_cutoff="00:00", receipts=found))


def test_a_days_totals_are_the_tills_own_report() -> None:
    shop = till(
        ("2024-01-01", Kind.sale, 500),
        ("2024-01-01", Kind.sale, 300),
        ("2024-01-01", Kind.refund, 100),
        ("2024-01-01", Kind.void, 50),
        ("2024-01-02", Kind.sale, 1),
    )
    assert shop.totals(date(2024, 1, 1)) == DayTotals(
        sales_amount=800, refunds_amount=100, voids_amount=50, net_amount=650, tickets_count=2
    )
    assert shop.totals(date(2024, 1, 9)).net_amount == 0


def test_thirty_days_before_a_date_are_calendar_days_without_the_date_itself() -> None:
    shop = till(("2024-01-01", Kind.sale, 7), ("2024-01-02", Kind.sale, 5), ("2024-02-01", Kind.sale, 3))
    nets = shop.daily_net(date(2024, 2, 1), 30)
    assert (len(nets), nets[0], sum(nets)) == (30, 5, 5)


def test_as_of_leaves_a_hundred_and_twenty_days_to_be_lived() -> None:
    shop = till(("2024-01-01", Kind.sale, 1), ("2024-12-31", Kind.sale, 1))
    as_of_on = shop.as_of(None)
    assert as_of_on == date(2024, 9, 3)
    assert len(list(shop.days_from(as_of_on))) == 120


@pytest.mark.parametrize("chosen", ["2024-01-01", "2023-01-01", "2024-02-02"])
def test_as_of_needs_a_day_before_it_and_one_to_live(chosen: str) -> None:
    shop = till(("2024-01-01", Kind.sale, 1), ("2024-02-01", Kind.sale, 1))
    assert shop.as_of(date(2024, 2, 1)) == date(2024, 2, 1)
    with pytest.raises(UnusableStart, match="from 2024-01-01 to 2024-02-01"):
        shop.as_of(date.fromisoformat(chosen))


def test_a_file_too_short_for_the_default_start_says_so() -> None:
    with pytest.raises(UnusableStart, match="--as-of"):
        till(("2024-01-01", Kind.sale, 1), ("2024-02-01", Kind.sale, 1)).as_of(None)
