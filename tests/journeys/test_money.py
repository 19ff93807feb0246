from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from gateway.domain import drawdowns, repayments
from gateway.domain.drawdowns import DrawdownState, end_to_end_id
from gateway.domain.repayments import RepaymentState
from gateway.usecases import decisions
from tests import shops

if TYPE_CHECKING:
    from pathlib import Path

    from tests.shops import Shop

pytestmark = pytest.mark.anyio
LIFE = ["awaiting_confirmation", "requested", "approved", "submitted", "pending", "active", "repaid"]


async def repaid(shop: Shop, drawdown_id: str, days: int = 60) -> None:
    for _ in range(days):
        await shop.live(1, 8 * shops.TAKINGS_AMOUNT)
        if (await shop.drawdown(drawdown_id))["state"] == "repaid":
            return
    raise AssertionError(f"still {await shop.drawdown(drawdown_id)}")


@pytest.mark.parametrize("currency", ["EUR", "KRW"])
async def test_a_shop_borrows_restocks_and_repays_from_its_sales(
    database_url: str, tmp_path: Path, bank_url: str, currency: str
) -> None:
    async with shops.opened(database_url, tmp_path, bank_url, currency=currency) as shop:
        before = (await shop.bank.account("ACME")).balance
        drawdown_id = await shop.draw()
        await shop.work()
        drawdown = await shop.drawdown(drawdown_id)
        assert (await shop.bank.account("ACME")).balance == before - drawdown["amount"]
        await repaid(shop, drawdown_id)
        drawdown = await shop.drawdown(drawdown_id)
        await _everything_agrees(shop, drawdown_id)
        assert (await shop.bank.account("ACME")).balance == before + drawdown["repaid_amount"] - drawdown["amount"]
    assert (await shops.verified(database_url)).balanced


async def _everything_agrees(shop: Shop, drawdown_id: str) -> None:
    drawdown = await shop.drawdown(drawdown_id)
    assert drawdown["repaid_amount"] + drawdown["rebate_amount"] == drawdown["total_amount"]
    assert await shop.states(drawdown_id) == LIFE
    collected = {c.end_to_end_id: c.amount for c in await shop.bank.collections()}
    told = await shop.repayments(drawdown_id)
    assert collected == {end_to_end_id(r["id"]): r["amount"] for r in told}
    assert sum(collected.values()) == drawdown["repaid_amount"]
    for repayment in told:
        moved = [RepaymentState(state) for state in await shop.states(repayment["id"])]
        assert all(after in repayments.MOVES[before] for before, after in pairwise(moved))
    moves = [DrawdownState(state) for state in LIFE]
    assert all(after in drawdowns.MOVES[before] for before, after in pairwise(moves))
    found = await shop.verify()
    assert (found.problems, found.drawdowns_count) == ((), 1)
    page = await shop.partner.seen(f"/v1/merchants/{shop.id}/decisions", limit=100)
    for decision in page["data"]:
        replayed = await decisions.replay(shop.world.store, shop.world.scorer, shop.world.programme, decision["id"])
        assert replayed.agrees


async def test_a_bad_week_pauses_the_repayment_and_refunds_are_made_up_for_first(shop: Shop) -> None:
    drawdown_id = await shop.draw()
    await shop.work()
    await shop.live(2)
    taken = sum(r["amount"] for r in await shop.repayments(drawdown_id))
    await shop.sell(2 * shops.TAKINGS_AMOUNT, kind="refund")
    await shop.live(1)  # sells one day's takings, gives two back: one day's takings in the red
    await shop.live(1)  # makes up for it
    assert sum(r["amount"] for r in await shop.repayments(drawdown_id)) == taken
    await shop.live(1)
    assert sum(r["amount"] for r in await shop.repayments(drawdown_id)) > taken
    assert (await shop.verify()).problems == ()


async def test_a_late_sale_of_a_closed_day_is_withheld_from_at_the_next_close(shop: Shop) -> None:
    drawdown_id = await shop.draw()
    await shop.work()
    await shop.live(3)
    await shop.sell(10 * shops.TAKINGS_AMOUNT, days_ago=1)
    await shop.live(1)
    drawdown, last = await shop.drawdown(drawdown_id), (await shop.repayments(drawdown_id))[-1]
    assert last["amount"] == 11 * shops.TAKINGS_AMOUNT * drawdown["withhold_bps"] // 10_000


async def test_a_repaid_drawdown_makes_room_for_the_next(shop: Shop) -> None:
    first = await shop.draw()
    await repaid(shop, first)
    second = await shop.draw()
    await repaid(shop, second)
    assert await shop.sent(first) == await shop.sent(second) == 1
    assert (await shop.verify()).problems == ()
