"""Categories of a day, on both engines: they add up to the lines of the records that count, whatever came how often."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.domain import categories
from gateway.domain.categories import MOST, OTHER
from gateway.domain.sales import SaleDetail, SaleKind
from gateway.usecases import erasing, work
from tests import granting, shops, tills
from tests.gateways import NOW
from tests.tills import TODAY, refund, row

if TYPE_CHECKING:
    from tests.gateways import Gateway
    from tests.tills import Till

pytestmark = pytest.mark.anyio


def lines(**amounts: int) -> list[dict[str, Any]]:
    """One line a category; the amount of `none` is in none."""
    return [
        {"item_id": name, "quantity": "1", "amount": amount} | ({} if name == "none" else {"category": name})
        for name, amount in amounts.items()
    ]


def basket(**amounts: int) -> dict[str, Any]:
    """A sale of these categories."""
    return row(sum(amounts.values()), lines=lines(**amounts))


async def kept(gateway: Gateway, shop: Till) -> dict[str, int]:
    """What today's categories took; those that came to nothing left out."""
    return {category: amount for on, category, amount in await _rows(gateway, shop) if on == str(TODAY) and amount}


async def _rows(gateway: Gateway, shop: Till) -> list[Any]:
    query = f"SELECT business_on, category, amount FROM day_categories WHERE merchant_id = '{shop.id}'"  # noqa: S608
    return await shops.rows(gateway.world.settings.database_url, query)


async def test_each_category_takes_its_part_of_what_counts(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    await shop.push(basket(tea=300, bread=100), basket(bread=50, none=10), row(7))
    assert await kept(gateway, shop) == {"tea": 300, "bread": 150, OTHER: 10}
    await shop.push(row(1_100, tax_amount=80, tip_amount=20, lines=lines(tea=1, bread=3)))
    assert await kept(gateway, shop) == {"tea": 550, "bread": 900, OTHER: 10}


async def test_rows_without_lines_leave_no_trace(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    await shop.push(row(5), row(6, lines=[]), refund(1))
    assert await _rows(gateway, shop) == []


async def test_refunds_and_voids_with_lines_take_away(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    sold = basket(tea=300, bread=100)
    await shop.push(sold, refund(30, of=sold["sale_id"], lines=lines(tea=30)), refund(5))
    await shop.push(row(40, kind="void", lines=lines(bread=40)))
    assert await kept(gateway, shop) == {"tea": 270, "bread": 60}


async def test_a_record_counts_once_and_its_newest_version_alone(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    sold = basket(tea=300, bread=100)
    await shop.push(sold, sold)
    await shop.push(row(9), sold)
    assert await kept(gateway, shop) == {"tea": 300, "bread": 100}
    await shop.push(sold | {"version": 2, "lines": lines(milk=1)})
    assert await kept(gateway, shop) == {"milk": 400}
    third, fifth = sold | {"version": 3, "lines": lines(ice=1)}, sold | {"version": 5, "amount": 50}
    await shop.push(third, fifth, sold | {"version": 4})
    assert await kept(gateway, shop) == {"tea": 38, "bread": 12}
    await shop.push(sold | {"version": 6, "lines": None})
    assert await kept(gateway, shop) == {}


async def test_a_correction_takes_its_categories_to_its_own_day(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    sold = basket(tea=300)
    await shop.push(sold)
    await shop.push(sold | {"version": 2, "occurred_at": (NOW - timedelta(days=1)).isoformat()})
    rows = {(on, category): amount for on, category, amount in await _rows(gateway, shop)}
    assert rows == {(str(TODAY), "tea"): 0, (str(tills.YESTERDAY), "tea"): 300}


async def test_a_sale_that_comes_after_its_refund_counts_whole(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    await shop.push(refund(30, of="late", lines=lines(tea=30)))
    await shop.push(row(100, sale_id="late", lines=lines(tea=60, bread=40)))
    assert await kept(gateway, shop) == {"tea": 30, "bread": 40}


async def test_what_was_refused_leaves_no_trace(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    sold = basket(tea=100)
    await shop.push(sold, refund(101, of=sold["sale_id"], lines=lines(tea=101)), basket(milk=5) | {"currency": "USD"})
    assert await kept(gateway, shop) == {"tea": 100}


async def test_a_day_keeps_so_many_categories(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    rows = [basket(**{f"c{n:02}": 1}) for n in range(MOST + 5)]
    await shop.push(*rows)
    found = await kept(gateway, shop)
    assert (len(found), found[OTHER]) == (MOST + 1, 5)
    await shop.push(*[one | {"version": 2, "lines": lines(c00=1)} for one in rows[1:]])
    assert await kept(gateway, shop) == {"c00": MOST + 5}


async def test_the_stocking_need_by_category_adds_up_to_the_need(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    past = [one | {"lines": lines(tea=2, bread=1)} for one in tills.days_back(60)]
    await shop.push(*past)
    await shop.close()
    found = await shop.partner.seen(f"{shop.path}/forecast")
    tea, bread = found["stocking"]
    assert (tea["category"], tea["share_bps"], bread["share_bps"]) == ("tea", 6_667, 3_333)
    assert tea["need_amount"] + bread["need_amount"] == found["stocking_need_amount"] > 0


async def test_only_the_last_closed_weeks_count(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    past = tills.days_back(60)
    await shop.push(*[one | {"lines": lines(old=1)} for one in past[:32]], *past[32:])
    await shop.close()
    await shop.push(basket(today=1))
    assert (await shop.partner.seen(f"{shop.path}/forecast"))["stocking"] == []


async def test_erasure_takes_categories_and_visits_with_the_records(
    own_gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "CHUNK_COUNT", 7)
    world = own_gateway.world
    shop = await tills.new(await own_gateway.partner())
    await shop.push(*[one | {"lines": lines(tea=1), "customer_ref": "c"} for one in tills.days_back(30)])
    await shop.close()
    said = await granting.said(world, shop.id)
    await granting.take_back(world, shop.id)
    ((erasure_id,),) = await shops.rows(world.settings.database_url, "SELECT id FROM erasures")
    for _ in range(3):
        await world.store.write(lambda tx: erasing._step(world, erasure_id, tx))
    assert sum(amount for _, _, amount in await _rows(own_gateway, shop)) == 16 * 40_000
    await granting.give(shop.partner, shop.id, said)
    await granting.take_back(world, shop.id)
    await work.drain(world)
    assert await _rows(own_gateway, shop) == []
    assert await shops.rows(world.settings.database_url, "SELECT * FROM visits") == []


async def _counted(gateway: Gateway, shop: Till) -> dict[tuple[str, str], int]:
    """The categories worked out afresh from the records as stored."""
    query = (
        f"SELECT business_on, kind, net_amount, detail_json FROM sales WHERE merchant_id = '{shop.id}' AND version > 0"  # noqa: S608
    )
    found: Counter[tuple[str, str]] = Counter()
    for on, kind, net, detail in await shops.rows(gateway.world.settings.database_url, query):
        sent = msgspec.json.decode(detail, type=SaleDetail).lines
        for category, amount in categories.taken(SaleKind(kind), net, sent).items() if sent else ():
            found[on, category] += amount
    return {key: amount for key, amount in found.items() if amount}


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_comes_in_any_order_categories_are_those_of_the_records(gateway: Gateway, seed: int) -> None:
    shop, chance = await tills.new(await gateway.partner()), random.Random(seed)
    for _ in range(12):
        batch = []
        for _ in range(chance.randrange(1, 9)):
            kind, of = chance.choice(["sale", "sale", "refund", "void"]), chance.choice([None, "s0", "s1", "s2", "s3"])
            named = {} if kind == "sale" else {"kind": kind, "refund_of": of}
            said = lines(**{chance.choice(["tea", "bread", "none"]): chance.randrange(90) for _ in range(3)})
            at = NOW - timedelta(days=chance.randrange(3))
            number = f"{kind[0]}{chance.randrange(6)}"
            batch.append(row(chance.randrange(1, 200), at, sale_id=number, version=chance.randrange(1, 6),
                             lines=chance.choice([None, said, said]), **named))  # fmt: skip
        await shop.send(batch)
    rows = {(on, category): amount for on, category, amount in await _rows(gateway, shop) if amount}
    assert rows == await _counted(gateway, shop) != {}
