"""What sources tell beside sales, on both engines: counted once, corrected by newer versions, judged row by row."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.domain.errors import NotFound
from gateway.domain.purchases import NewPurchase, PurchaseKind
from gateway.domain.sales import NewSale
from gateway.domain.signals import Cash, NewSignal, Rating, UtilityBill
from gateway.domain.stock import NewStock
from gateway.domain.tiers import Tier
from gateway.source_ports import Converted
from gateway.usecases import positions, receiving, work
from gateway.usecases.receiving import Outcome, Teller
from tests import books, granting, shops, tills
from tests.gateways import NOW
from tests.tills import TODAY

if TYPE_CHECKING:
    from gateway.domain.positions import Position
    from tests.gateways import Gateway
    from tests.tills import Till

pytestmark = pytest.mark.anyio


def count(stock_id: str = "c1", **more: Any) -> NewStock:
    """A count of one item an hour ago."""
    given: dict[str, Any] = {
        "item_id": "rice",
        "counted_at": NOW - timedelta(hours=1),
        "quantity": "12",
        "currency": "EUR",
    }
    return NewStock(stock_id, **given | more)


def invoice(purchase_id: str = "p1", **more: Any) -> NewPurchase:
    """An invoice of today."""
    given: dict[str, Any] = {"kind": PurchaseKind.invoice, "issued_on": TODAY, "amount": 12_100, "currency": "EUR"}
    return NewPurchase(purchase_id, **given | more)


def signals() -> tuple[NewSignal, ...]:
    """A day's cash, a rating, and a bill of rent for next month."""
    return (
        Cash("c", TODAY, "main", "EUR", 500, 300, -20),
        Rating("r", TODAY, "maps", 9_100, 40),
        UtilityBill("u", "rent", TODAY, TODAY + timedelta(days=30), "EUR", 90_000, TODAY),  # type: ignore[arg-type]
    )


def told(outcome: Outcome) -> tuple[int, int, list[str]]:
    """Accepted, duplicates, places and codes of the refused."""
    return outcome.accepted, outcome.duplicates, [f"{row.index}:{row.code}" for row in outcome.rejected]


async def test_all_kinds_of_records_of_one_payload_are_taken_once(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    everything = Converted((), (count(),), (invoice(),), signals())
    taken = await receiving.take(gateway.world, Teller(shop.id, "till"), everything)
    assert told(taken.total) == (5, 0, [])
    assert told((await receiving.take(gateway.world, Teller(shop.id, "till"), everything)).total) == (0, 5, [])
    assert told((await receiving.take(gateway.world, Teller(shop.id, "other"), everything)).total) == (5, 0, [])


async def test_a_newer_version_corrects_and_an_older_one_does_not(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    teller = Teller(shop.id, "till")
    first, third = count(quantity="1"), count(quantity="3", version=3)
    assert told(await receiving.take_records(gateway.world, teller, "stock", [first, third, first])) == (2, 1, [])
    assert told(await receiving.take_records(gateway.world, teller, "stock", [count(quantity="2", version=2)])) == (
        0,
        1,
        [],
    )
    query = f"SELECT quantity, version FROM stock WHERE merchant_id = '{shop.id}'"  # noqa: S608
    assert await shops.rows(gateway.world.settings.database_url, query) == [("3", 3)]


async def test_a_bad_row_is_refused_alone(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    rows = [
        invoice("a", currency="USD"), invoice("b"), invoice("c", issued_on=TODAY + timedelta(days=1)),
        invoice("d", tax_amount=12_101), invoice("e", issued_on=TODAY - timedelta(days=1_200)),
        invoice("b", kind=PurchaseKind.order, version=2),
    ]  # fmt: skip
    assert told(await receiving.take_records(gateway.world, Teller(shop.id, "till"), "purchases", rows)) == (
        1, 0, ["0:wrong_currency", "2:in_the_future", "3:tax_above_amount", "4:too_old", "5:kind_changed"],
    )  # fmt: skip


async def test_sales_of_a_source_come_in_by_the_same_way(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    assert told((await sold(gateway, shop, "square", tills.days_back(3))).sales) == (3, 0, [])
    assert (await shop.close())["net_amount"] == 40_000


async def test_a_merchant_that_is_not_there_is_not_found(gateway: Gateway) -> None:
    teller = Teller(gateway.world.ids.new("merchant"), "till")
    with pytest.raises(NotFound):
        await receiving.take(gateway.world, teller, Converted(stock=(count(),)))


async def test_two_sources_of_the_same_sales_count_once(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    rows = tills.days_back(3)
    assert told((await sold(gateway, shop, "square", rows)).sales) == (3, 0, [])
    answer = await shop.push(*rows, tills.row(1))
    assert (answer["accepted"], answer["takings_today_amount"]) == (4, 0)
    assert (await shop.close())["net_amount"] == 40_000
    await books.check(gateway.world, shop.id)
    assert told((await sold(gateway, shop, "square", [tills.row(7)])).sales) == (1, 0, [])
    days = await books.check(gateway.world, shop.id)
    assert [totals.net_amount for totals in days.values()] == [40_000, 40_000, 40_000, 7]


async def test_the_trust_tier_follows_the_source_of_most_of_the_last_thirty_days(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    await sold(gateway, shop, "csv", tills.days_back(40)[:30])
    assert (await kept(gateway, shop)).profile.tier is Tier.declared
    await shop.push(*tills.days_back(10))
    assert [one.source for one in (await kept(gateway, shop)).leads] == ["csv", "partner"]
    await shop.close()
    assert (await kept(gateway, shop)).profile.tier is Tier.declared
    await shop.push(*tills.days_back(5, 400_000))
    assert (await kept(gateway, shop)).profile.tier is Tier.settled
    await books.check(gateway.world, shop.id)


async def sold(gateway: Gateway, shop: Till, source: str, rows: list[dict[str, Any]]) -> receiving.Taken:
    """Take in sales of a source."""
    given = Converted(tuple(msgspec.convert(row, NewSale) for row in rows))
    return await receiving.take(gateway.world, Teller(shop.id, source), given)


async def kept(gateway: Gateway, shop: Till) -> Position:
    """The position as remembered."""
    found = await positions.current(gateway.world, shop.id)
    assert found is not None
    return found


async def test_an_erasure_leaves_nothing_of_what_sources_told(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    await receiving.take(gateway.world, Teller(shop.id, "till"), Converted((), (count(),), (invoice(),), signals()))
    await sold(gateway, shop, "till", tills.days_back(3))
    await shop.push(*tills.days_back(3), tills.row(currency="USD"))
    await granting.take_back(gateway.world, shop.id)
    await work.drain(gateway.world)
    for table in ("stock", "purchases", "signals", "sales", "days", "aside_days", "sources"):
        query = f"SELECT COUNT(*) FROM {table} WHERE merchant_id = '{shop.id}'"  # noqa: S608
        assert await shops.rows(gateway.world.settings.database_url, query) == [(0,)], table
    assert (await kept(gateway, shop)).leads == ()
