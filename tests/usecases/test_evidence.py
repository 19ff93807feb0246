"""What merchants tell beside sales, on both engines: what the models see of it, under which consent, from whom."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gateway.domain import evidence as e
from gateway.domain.positions import PD, seen
from gateway.domain.purchases import NewPurchase, PurchaseKind
from gateway.domain.signals import Cash, Tax, Utility, UtilityBill
from gateway.domain.stock import NewStock
from gateway.usecases import positions, receiving
from gateway.usecases.beside import EVIDENCE
from gateway.usecases.receiving import Teller
from tests import tills
from tests.gateways import NOW
from tests.tills import TODAY

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
