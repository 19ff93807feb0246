"""What merchants tell beside sales, on both engines: what the models see of it, under which consent, from whom."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from msgspec.structs import replace

from gateway.domain import evidence as e
from gateway.domain import positions as rules
from gateway.domain.details import Datatype, MerchantData
from gateway.domain.positions import PD, seen
from gateway.domain.purchases import NewPurchase, PurchaseKind
from gateway.domain.signals import Cash, Tax, Utility, UtilityBill
from gateway.domain.stock import NewStock
from gateway.usecases import decisions, positions, receiving, scoring
from gateway.usecases import evidence as reading
from gateway.usecases.beside import EVIDENCE
from gateway.usecases.receiving import Teller
from tests import granting, tills
from tests.gateways import NOW
from tests.tills import TODAY, YESTERDAY

if TYPE_CHECKING:
    from gateway.domain.positions import Scores
    from tests.gateways import Gateway
    from tests.tills import Till

pytestmark = pytest.mark.anyio

CURRENCY = "EUR"


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def cash(days: int = 60, out: int = 300, balance: int = 90_000, account: str = "main") -> list[Cash]:
    """An account's last days, each the same."""
    return [
        Cash(f"{account}-{back}", ago(back), account, CURRENCY, out, out, balance) for back in range(1, days + 1)
    ]  # fmt: skip


async def tell(shop: Till, records: list[Any], source: str = "partner") -> None:
    """Have a source tell of a merchant."""
    kinds = {"NewStock": "stock", "NewPurchase": "purchases"}
    kind = kinds.get(type(records[0]).__name__, "signals")
    taken = await receiving.take_records(shop.partner.world, Teller(shop.id, source), kind, records)
    assert taken.rejected == ()


async def scores(shop: Till) -> Scores:
    position = await positions.current(shop.partner.world, shop.id)
    assert position is not None
    assert position.scores is not None
    return position.scores


async def evidence(shop: Till) -> dict[str, float]:
    """The evidence columns that the models saw at the last close; those missing are absent."""
    row = seen((await scores(shop)).features[PD])[EVIDENCE]
    return {name: value for name, value in zip(e.SIGNS, row, strict=True) if value is not None}


async def trading(gateway: Gateway, days: int = 60) -> Till:
    """A shop with so many days behind it, not closed yet."""
    shop = await tills.new(await gateway.partner())
    await shop.push(*tills.days_back(days))
    return shop


async def test_each_kind_of_record_reaches_its_features(gateway: Gateway) -> None:
    shop = await trading(gateway)
    await tell(shop, cash())
    await tell(shop, [
        NewPurchase("i1", PurchaseKind.invoice, ago(50), 60_000, CURRENCY, due_on=ago(20)),
        NewPurchase("i2", PurchaseKind.invoice, ago(40), 60_000, CURRENCY, due_on=ago(10)),
        NewPurchase("p1", PurchaseKind.payment, ago(20), 60_000, CURRENCY, refers_to="i1"),
    ])  # fmt: skip
    await tell(shop, [
        Tax("t1", ago(120), ago(31), CURRENCY, 900_000, 9_000, ago(15)),
        UtilityBill("u1", Utility.power, ago(60), ago(31), CURRENCY, 3_000, ago(25), 3_000, ago(5)),
        UtilityBill("u2", Utility.rent, ago(60), ago(1), CURRENCY, 40_000, ago(30), 40_000, ago(30)),
    ])  # fmt: skip
    await tell(shop, [NewStock("s1", "flour", NOW - timedelta(days=1), "10", CURRENCY, 5_000)])
    await shop.close()
    found = await evidence(shop)
    assert set(found) >= {"supplier_overdue_days", "tax_arrears_days", "late_utility_count_180", "cash_cover_min_180"}
    assert found["tax_arrears_days"] == 14
    assert found["late_utility_count_180"] == 1
    assert "instalment_ratio" not in found
    assert "missed_before" not in found


async def test_who_tells_nothing_is_scored_as_by_sales_alone_whoever_closes_with_it(gateway: Gateway) -> None:
    world, bare, open_book = gateway.world, await trading(gateway), await trading(gateway)
    await tell(open_book, cash())
    known = await positions.load(world.store, world, [bare.id, open_book.id])
    closed = [rules.close(known[one.id], YESTERDAY, NOW) for one in (bare, open_book)]
    told = await reading.of(world.store, world, closed)
    assert set(told) == {open_book.id}
    (alone, _), (together, other) = scoring.score(world, closed, {}), scoring.score(world, closed, told)
    assert msgspec.json.encode(alone.scores) == msgspec.json.encode(together.scores)
    assert other.scores is not None
    assert other.scores.pd != alone.scores.pd  # type: ignore[union-attr]


async def test_data_count_from_the_next_close_on_and_no_longer_than_agreed(gateway: Gateway) -> None:
    shop = await trading(gateway)
    await shop.close(ago(2))
    await tell(shop, cash())
    await shop.push(tills.row())
    assert await evidence(shop) == {}
    await shop.close()
    assert "cash_cover_min_180" in await evidence(shop)
    position = await positions.current(gateway.world, shop.id)
    assert position is not None
    (grant,) = position.grants
    await granting.take_back(gateway.world, shop.id)
    sales_alone = [replace(d, datatypes=(Datatype.sales,)) if isinstance(d, MerchantData) else d for d in grant.details]
    await granting.give(shop.partner, shop.id, tuple(sales_alone))
    assert await evidence(shop) == {}


@pytest.mark.parametrize("source", ["hand", "csv:kingdee"])
async def test_what_is_merely_declared_may_raise_a_risk_and_never_lower_it(gateway: Gateway, source: str) -> None:
    bare, rich, poor = [await trading(gateway, 120) for _ in range(3)]
    await tell(rich, cash(119, balance=90_000_000), source)
    await tell(poor, cash(119, balance=-90_000), source)
    for shop in (bare, rich, poor):
        await shop.close()
    pd = [(await scores(shop)).pd or 0 for shop in (bare, rich, poor)]
    assert pd[1] == pd[0] < pd[2]
    assert await evidence(rich) == {}


async def test_a_decision_that_saw_records_is_repeated(gateway: Gateway) -> None:
    shop = await trading(gateway, 120)
    await tell(shop, cash(119))
    await shop.close()
    made = (await shop.decisions())[-1]
    world = gateway.world
    again = await decisions.replay(world.store, world.scorer, world.programme, made["id"])
    assert again.agrees, again.differences
    assert {part["feature"] for part in made["contributions"]} >= set(e.SIGNS)


async def test_what_lies_on_the_shelves_or_is_ordered_need_not_be_bought(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    sold = [{"category": name, "quantity": "1", "amount": 1, "item_id": name} for name in ("tea", "bread")]
    await shop.push(*[one | {"lines": sold} for one in tills.days_back(60)])
    await shop.close(ago(2))
    before = await shop.partner.seen(f"{shop.path}/forecast")
    at = NOW - timedelta(days=1)
    await tell(shop, [
        NewStock("1", "green", at, "10", CURRENCY, 1_500, category="tea"),
        NewStock("2", "black", at, "0.5", CURRENCY, 2_001, "2", category="tea"),
        NewStock("3", "loaf", at, "100000", CURRENCY, 900, category="bread"),
    ])  # fmt: skip
    await shop.close()
    after = await shop.partner.seen(f"{shop.path}/forecast")
    need = {one["category"]: one["need_amount"] for one in after["stocking"]}
    expected = after["forecast_7"]["p50_amount"] * 6_000 // 10_000
    tea = 15_000 + 1_000 + 4_002
    assert need == {"tea": expected - expected // 2 - tea, "bread": 0}
    assert sum(need.values()) == after["stocking_need_amount"] < before["stocking_need_amount"]
    offer = await shop.offer()
    assert offer["suggested_amount"] <= min(offer["available_amount"], sum(need.values()) + offer["step_amount"])


async def test_another_model_or_programme_judges_by_what_was_seen_at_the_close(gateway: Gateway) -> None:
    shop = await trading(gateway)
    await tell(shop, cash())
    await tell(shop, [NewStock("1", "green", NOW - timedelta(days=1), "10", CURRENCY, 1_500)])
    await shop.close()
    await tell(shop, cash(out=30_000, account="second"))
    position = await positions.current(gateway.world, shop.id)
    assert position is not None
    (again,) = scoring.score(gateway.world, [position])
    assert again.scores is not None
    assert position.scores is not None
    assert again.scores.features == position.scores.features
    assert again.scores.stocking == position.scores.stocking is not None
    (anew,) = await scoring.score_day(gateway.world.store, gateway.world, [position])
    assert anew.scores is not None
    assert anew.scores.features != again.scores.features


async def test_sales_that_outgrow_the_turnover_declared_for_tax_are_told_so(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    await shop.push(*[row | {"amount": 40_000 * (4 if n >= 110 else 1)} for n, row in enumerate(tills.days_back(200))])
    await tell(shop, [
        Tax(f"t{back}", ago(back), ago(back - 29), CURRENCY, 1_200_000, 0, ago(1)) for back in range(180, 29, -30)
    ])  # fmt: skip
    await shop.close()
    parts = {part["feature"]: part["score"] for part in (await shop.decisions())[-1]["anomaly_contributions"]}
    assert max(parts, key=parts.__getitem__) == "sales_to_tax"
