"""The made-up shop: the same receipts everywhere, and enough of them to live on."""

from __future__ import annotations

from collections import Counter
from datetime import date

import msgspec

from gateway.demo import shop
from gateway.demo.receipts import Kind
from gateway.demo.till import Till
from gateway.domain import calendars


def test_the_same_seed_gives_the_same_receipts_and_another_seed_others() -> None:
    small = shop.Shop(day_count=20)
    assert shop.receipts(3, small) == shop.receipts(3, small)
    assert shop.receipts(3, small) != shop.receipts(4, small)


def test_the_first_receipts_of_the_default_shop_never_change() -> None:
    first = shop.receipts().receipts[:3]
    assert [(receipt.sale_id, receipt.amount) for receipt in first] == [
        ("20240304-0020", 1250),
        ("20240304-0039", 950),
        ("20240304-0075", 700),
    ]


def test_every_receipt_has_its_own_id_a_price_and_the_day_it_says() -> None:
    found = shop.receipts()
    assert max(Counter(receipt.sale_id for receipt in found.receipts).values()) == 1
    assert all(receipt.amount > 0 for receipt in found.receipts)
    assert all(
        receipt.business_on == calendars.business_date(receipt.occurred_at, found.timezone, found.day_cutoff)
        for receipt in found.receipts
    )


def test_the_counter_trades_most_days_and_refunds_are_rare() -> None:
    found = shop.receipts()
    kinds = Counter(receipt.kind for receipt in found.receipts)
    assert len({receipt.business_on for receipt in found.receipts}) == 290
    assert 0 < kinds[Kind.refund] < kinds[Kind.sale] // 100


def test_half_of_the_largest_limit_is_repaid_well_within_the_file() -> None:
    till = Till(shop.receipts())
    as_of_on = till.as_of(None)
    limit = sum(till.daily_net(as_of_on, 30)) * 8 // 10
    later = sum(till.totals(day).net_amount for day in till.days_from(as_of_on))
    share, with_fee = later * 15 // 100, limit // 2 * 115 // 100
    assert share > with_fee


def test_a_day_of_the_shop_looks_like_a_breakfast_counter() -> None:
    till = Till(shop.receipts())
    monday = till.totals(date(2024, 9, 2))
    assert 60 <= monday.tickets_count <= 160
    assert 800 <= monday.net_amount // monday.tickets_count <= 2200
    assert msgspec.to_builtins(monday)["net_amount"] == monday.sales_amount - monday.refunds_amount
