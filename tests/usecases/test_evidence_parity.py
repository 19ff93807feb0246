"""The simulator's shops, all their records pushed as a shop's software would, look to the models as in training."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from gateway.domain import evidence as e
from gateway.domain import sectors
from gateway.domain.purchases import NewPurchase, PurchaseKind
from gateway.domain.signals import Cash, Tax, Utility, UtilityBill
from gateway.domain.stock import NewStock
from onnx_models import parameters as p
from onnx_models import records, samples
from tests import gateways, tills
from tests.gateways import NOW
from tests.usecases.test_evidence import CURRENCY, ago, evidence, tell

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateways import Gateway
    from tests.tills import Till

pytestmark = pytest.mark.anyio

WIDTH, DAY = 400, 700
MCC = {
    "chain": "5912", "grocery": "5411", "bakery": "5462", "restaurant": "5812", "fashion": "5651", "hardware": "5251",
    "gift": "5947", "market": "5969",
}  # fmt: skip
NOT_TOLD = ("instalment_30_amount", "missed_count")
"""No kind of data carries loans of others."""


class Life:
    """A simulated shop at the start of DAY: its sales and what training has of it."""

    def __init__(self, one: samples.Chunk, number: int) -> None:
        self.net = one.records.seen_net[DAY - WIDTH : DAY, number].copy()
        self.length = min(WIDTH, DAY - int(one.shops.known[number]))
        self.net[: WIDTH - self.length] = 0
        self.margin = one.shops.margin[number]
        self.mcc = MCC[list(p.SECTORS)[one.shops.sector[number]]]
        day, length = np.full(one.net.shape[1], DAY), np.full(one.net.shape[1], self.length)
        self.seen = records.evidence(one.records, day, length, np.array([number]), WIDTH)
        self.facts = dict(zip(e.FACTS, self.seen.facts[0], strict=True))

    def trained(self) -> dict[str, float]:
        """What the PD model was trained on."""
        facts = self.seen.facts.copy()
        for name in NOT_TOLD:
            facts[:, e.FACTS.index(name)] = np.nan
        columns = e.columns(self.seen._replace(facts=facts), self.net[None], np.array([self.length]))
        row = np.stack(columns, axis=1)[0].tolist()
        return {name: value for name, value in zip(e.SIGNS, row, strict=True) if value == value}  # noqa: PLR0124


@pytest.fixture(scope="module")
def lives() -> list[Life]:
    """A few shops that were known for half a year and more, of every condition."""
    one = samples.chunk(31, 0, p.SECTORS, 150)
    told, lately = one.records.seen_net, slice(DAY - WIDTH, DAY)
    daily = (told[lately] == one.net[lately]).all(axis=0)  # payouts in lumps blur what a day's goods cost
    sound = (one.lives.closed > DAY) & (DAY - one.shops.known > 200) & (told[DAY - 30 : DAY].sum(axis=0) > 0) & daily
    short = one.records.supplier_overdue[DAY - 1] > 0
    known = [n for n in np.flatnonzero(sound) if list(p.SECTORS)[one.shops.sector[n]] in MCC]
    picked = [n for n in known if short[n]][:3] + [n for n in known if not short[n]][:3]
    return [Life(one, int(n)) for n in picked]


def sales(life: Life) -> list[dict[str, Any]]:
    rows = []
    for back, net in zip(range(WIDTH, 0, -1), life.net.tolist(), strict=True):
        if back <= life.length:
            kind = "sale" if net >= 0 else "refund"
            rows.append(tills.row(max(1, abs(net)), NOW - timedelta(days=back), kind=kind))
    return rows


def cash(life: Life) -> list[Cash]:
    days = zip(range(WIDTH, 0, -1), life.seen.outflow[0].tolist(), life.seen.balance[0].tolist(), strict=True)
    return [
        Cash(f"c{back}", ago(back), "main", CURRENCY, 0, out, balance)
        for back, out, balance in days
        if back <= life.length
    ]


def purchases(life: Life) -> list[NewPurchase]:
    """Goods day by day, not due yet; what is overdue since before the half-year, at a day's cost of goods a day."""
    told = []
    for back, net in zip(range(WIDTH, 0, -1), life.net.tolist(), strict=True):
        amount = round(max(0, net) * (1 - life.margin))
        if back <= 180 and amount:
            told.append(NewPurchase(f"i{back}", PurchaseKind.invoice, ago(back), amount, CURRENCY, due_on=ago(-60)))
    late = round(life.facts["supplier_overdue_days"] * life.net[-30:].sum() * (1 - life.margin) / 30)
    old = NewPurchase("old", PurchaseKind.invoice, ago(200), max(1, late), CURRENCY, ago(30), supplier_ref="late")
    paid = max(1, round(life.facts["supplier_paid_90_amount"]))
    return [*told, old, NewPurchase("paid", PurchaseKind.payment, ago(45), paid, CURRENCY, supplier_ref="other")]


def signals(life: Life) -> list[Tax | UtilityBill]:
    arrears, late = round(life.facts["tax_arrears_days"]), round(life.facts["late_utility_180_count"])
    due, paid = (ago(arrears + 1), 0) if arrears else (ago(10), 500)
    fixed = round(life.facts["fixed_cost_90_amount"])
    told: list[Tax | UtilityBill] = [
        Tax("t", ago(100), ago(11), CURRENCY, 1, 500, min(due, ago(10)), paid, ago(10) if paid else None),
        UtilityBill("r", Utility.rent, ago(90), ago(1), CURRENCY, fixed, ago(40), fixed, ago(40)),
    ]
    for number in range(6):
        due_on = ago(5 + 30 * number)
        paid_on = due_on + timedelta(days=3) if number < late else due_on
        told.append(UtilityBill(f"b{number}", Utility.telecom, ago(90), ago(1), CURRENCY, 1, due_on, 1, paid_on))
    return told


async def pushed(gateway: Gateway, life: Life) -> Till:
    shop = await tills.new(await gateway.partner(), mcc=life.mcc)
    await shop.push(*sales(life))
    await tell(shop, cash(life))
    await tell(shop, purchases(life))
    await tell(shop, signals(life))
    stock = max(1, round(life.facts["stock_amount"]))
    await tell(shop, [NewStock("s", "goods", NOW - timedelta(days=1), "1", CURRENCY, stock)])
    await shop.close()
    return shop


async def test_simulated_shops_look_as_they_did_in_training(tmp_path: Path, lives: list[Life]) -> None:
    """On SQLite: that both engines read alike has tests of its own."""
    assert len(lives) == 6
    async with gateways.start(f"sqlite:///{tmp_path / 'restock.db'}", tmp_path) as gateway:
        for life in lives:
            found, wanted = await evidence(await pushed(gateway, life)), life.trained()
            assert set(found) == set(wanted)
            for name, value in wanted.items():
                slack = 0.02 if name in {"stock_cover_off", "supplier_overdue_days"} else 1e-4
                assert found[name] == pytest.approx(value, rel=slack, abs=slack), (life.mcc, name)


def test_the_sectors_usual_stock_is_what_the_simulator_has() -> None:
    for name, mcc in MCC.items():
        assert sectors.usual_stock_days(mcc) == p.STOCK_COVER[name]
    assert sectors.usual_stock_days("7011") is None
    assert sectors.usual_stock_days(None) is None
