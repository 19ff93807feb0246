"""A mandate that the merchant's bank keeps: asked for, agreed to there or not, counted, and withdrawn when it ends."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from adapters.banks.iso20022.client import Iso20022Bank, Iso20022Settings
from adapters.mailboxes import HttpPlace
from gateway.domain.mandates import MandateScheme
from gateway.outbound import Outbound
from gateway.usecases import debiting, standing
from tests import shops

if TYPE_CHECKING:
    from gateway.bank_ports import Collection
    from tests.shops import Shop

pytestmark = pytest.mark.anyio


class Keeping(Iso20022Bank):
    """A rail over files whose bank keeps the mandates; `agreed` is what the merchant says there."""

    def __init__(self, url: str, outbound: Outbound) -> None:
        super().__init__(Iso20022Settings(HttpPlace(url)), outbound)
        self.capabilities = msgspec.structs.replace(self.capabilities, mandate_schemes={"EUR": MandateScheme.vrp})
        self.asked: list[Collection] = []
        self.withdrawn: list[str] = []
        self.agreed: bool | None = False

    async def ask_standing(self, most: Collection) -> str:
        self.asked.append(most)
        return "CONSENT-7"

    async def has_agreed(self, consent_id: str) -> bool | None:
        assert consent_id == "CONSENT-7"
        return self.agreed

    async def withdraw(self, consent_id: str) -> None:
        self.withdrawn.append(consent_id)


async def mandate(shop: Shop) -> dict[str, Any]:
    (found,) = (await shop.partner.seen(f"/v1/merchants/{shop.id}/mandates"))["data"]
    assert isinstance(found, dict)
    return found


async def test_nothing_is_debited_before_the_merchant_agreed_at_its_bank_and_what_is_taken_is_counted(
    shop_on_both: Shop, bank_url: str
) -> None:
    shop = shop_on_both
    async with Outbound() as outbound:
        shop.rail = rail = Keeping(bank_url, outbound)
        drawdown_id = await shop.draw()
        await shop.live(2)
        assert (await mandate(shop))["state"] == "pending"
        assert [(most.end_to_end_id[:3], most.amount.currency) for most in rail.asked] == [("MDT", "EUR")]
        assert "settled" not in [one["state"] for one in await shop.repayments(drawdown_id)]
        rail.agreed = True
        await shop.live(3)
        told = await mandate(shop)
        assert (told["state"], told["reference"]) == ("active", "CONSENT-7")
        debited = {one["id"]: one["amount"] for one in await shop.repayments(drawdown_id) if one["state"] == "settled"}
        assert debited
        now, store = shop.world.clock.now(), shop.world.store
        whole = (now - timedelta(days=30), now + timedelta(days=1))
        under = await store_uses(shop)
        assert await standing.taken(store, "CONSENT-7", *whole, "") == sum(amount for _, amount in under)
        reference, amount = under[0]
        but_one = await standing.taken(store, "CONSENT-7", *whole, reference)
        assert but_one == sum(amount for _, amount in under) - amount
        assert await standing.taken(store, "CONSENT-7", now, now + timedelta(days=1), "") <= but_one + amount
        assert await standing.taken(store, "CONSENT-8", *whole, "") == 0
        assert (await shop.verify()).balanced


async def store_uses(shop: Shop) -> list[tuple[str, int]]:
    """Reference and amount of every instruction under a mandate."""
    query = (
        "SELECT i.end_to_end_id, i.amount FROM instructions i JOIN mandate_uses u ON u.end_to_end_id = i.end_to_end_id"
        " JOIN repayments r ON r.id = u.repayment_id WHERE r.state NOT IN ('failed', 'canceled') ORDER BY 1"
    )
    return [(reference, amount) for reference, amount in await shops.rows(shop.world.settings.database_url, query)]


@pytest.mark.parametrize("end", ["at the bank", "with us"])
async def test_one_that_ends_is_revoked_withdrawn_and_debits_nothing(shop: Shop, bank_url: str, end: str) -> None:
    async with Outbound() as outbound:
        shop.rail = rail = Keeping(bank_url, outbound)
        drawdown_id = await shop.draw()
        await shop.live(1)
        if end == "at the bank":
            rail.agreed = None
        else:
            pending = await mandate(shop)
            await shop.world.store.write(lambda tx: debiting.stop(tx, shop.world, pending["id"], shop.id))
        await shop.live(2)
        assert (await mandate(shop))["state"] == "revoked"
        assert rail.withdrawn == ["CONSENT-7"]
        assert "settled" not in [one["state"] for one in await shop.repayments(drawdown_id)]
        assert (await shop.drawdown(drawdown_id))["state"] == "active"
