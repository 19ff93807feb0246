"""A loan goes on when the data is taken back: its days are taken in to repay it and for nothing else; a real bank."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.domain.drawdowns import end_to_end_id
from gateway.usecases import decisions, erasures, positions
from tests import granting, shops

if TYPE_CHECKING:
    from tests.shops import Shop

pytestmark = pytest.mark.anyio

TERMS = ("amount", "fee_amount", "withhold_bps", "minimum_amount", "final_due_on", "total_amount")


async def borrowing(shop: Shop) -> str:
    """A loan that is running, one day of it lived."""
    drawdown_id = await shop.draw()
    await shop.work()
    await shop.live(1)
    assert (await shop.drawdown(drawdown_id))["state"] == "active"
    return drawdown_id


async def take_back(shop: Shop, purpose: str) -> str:
    """Take one purpose's data back, and let the partner go on with what is left."""
    grant_id = await granting.take_back(shop.world, shop.id, purpose)
    await granting.use(shop.partner, shop.id)
    return grant_id


async def erasure(shop: Shop, grant_id: str) -> dict[str, Any]:
    return await shop.partner.seen(f"/v1/grants/{grant_id}/erasure")


async def first_day(shop: Shop) -> str:
    (row,) = await shops.rows(shop.world.settings.database_url, "SELECT MIN(business_on) FROM days")
    return str(row[0])


async def until_repaid(shop: Shop, drawdown_id: str) -> None:
    for _ in range(60):
        if (await shop.drawdown(drawdown_id))["state"] == "repaid":
            return
        await shop.live(1, 8 * shops.TAKINGS_AMOUNT)
    raise AssertionError("it was never repaid")


async def refused(shop: Shop, code: str = "consent_required") -> None:
    """Nothing comes in any more: neither a sale nor the close of a day."""
    now = shop.world.clock.now()
    sale = {"sale_id": "late", "kind": "sale", "occurred_at": now.isoformat(), "amount": 1, "currency": "EUR"}
    before = await shops.rows(shop.world.settings.database_url, "SELECT COUNT(*) FROM sales")
    for path, body in (("sales", [sale]), (f"days/{now.date()}/close", {})):
        answer = await shop.partner.post(f"/v1/merchants/{shop.id}/{path}", body)
        assert (answer.status_code, answer.json()["code"]) == (403, code), answer.text
    assert await shops.rows(shop.world.settings.database_url, "SELECT COUNT(*) FROM sales") == before


async def test_a_running_loan_is_repaid_from_data_that_is_used_for_nothing_else(shop_on_both: Shop) -> None:
    shop = shop_on_both
    drawdown_id = await borrowing(shop)
    before = await shop.drawdown(drawdown_id)
    grant_id = await take_back(shop, granting.ASSESSING)
    await shop.work()
    waiting = await erasure(shop, grant_id)
    kept = {one["kind"]: one for one in waiting["kept"]}
    assert (waiting["state"], waiting["kept_until_on"]) == ("partial", None)
    assert kept["sales"]["reason"] == kept["days"]["reason"] == "open_loan"
    assert kept["loans"] == {"kind": "loans", "reason": "books", "count": 1, "sealed": False, "until_on": None}
    assert await first_day(shop) >= before["active_on"]
    assert (await shop.offer())["id"] is None
    decided = len(await decisions.page(shop.world.store, shop.id, "", 100))
    await shop.live(2)
    position = await positions.current(shop.world, shop.id)
    assert position is not None
    assert (position.scores, position.offered) == (None, None)
    assert (await shop.partner.get(f"/v1/merchants/{shop.id}/forecast")).status_code == 404
    assert len(await decisions.page(shop.world.store, shop.id, "", 100)) == decided
    assert (await shop.repayments(drawdown_id))[-1]["business_on"] > str(waiting["due_at"])[:10]
    await until_repaid(shop, drawdown_id)
    after = await shop.drawdown(drawdown_id)
    assert [after[term] for term in TERMS] == [before[term] for term in TERMS]
    await refused(shop)
    await shop.work()
    done = await erasure(shop, grant_id)
    assert (done["state"], done["erased"][1]["kind"]) == ("erased", "days")
    assert done["erased"][0]["count"] > waiting["erased"][0]["count"]
    for table in ("sales", "days"):
        assert await shops.rows(shop.world.settings.database_url, f"SELECT COUNT(*) FROM {table}") == [(0,)]  # noqa: S608
    assert (await shop.verify()).problems == ()


async def test_servicing_can_be_taken_back_too_and_the_loan_stays_as_it_is(shop: Shop) -> None:
    drawdown_id = await borrowing(shop)
    before = await shop.drawdown(drawdown_id)
    grant_id = await take_back(shop, granting.ASSESSING)
    await shop.work()
    await take_back(shop, granting.SERVICING)
    await refused(shop, "insufficient_scope")  # no line about data is left in the grant
    await shop.pass_days(3)
    after = await shop.drawdown(drawdown_id)
    assert after["state"] == "active"
    assert [after[term] for term in TERMS] == [before[term] for term in TERMS]
    assert (await erasure(shop, grant_id))["state"] == "partial"
    assert (await shop.verify()).problems == ()


async def test_a_repayment_taken_back_after_the_end_is_serviced_and_erased_again(shop: Shop) -> None:
    drawdown_id = await borrowing(shop)
    grant_id = await take_back(shop, granting.ASSESSING)
    await shop.work()
    await until_repaid(shop, drawdown_id)
    await shop.work()
    first = await erasure(shop, grant_id)
    assert first["state"] == "erased"
    last = (await shop.repayments(drawdown_id))[-1]
    await shop.bank.refuse_collection(end_to_end_id(last["id"]), "AM04")
    await shop.work()
    await shop.sell()
    assert await erasures.reopen(shop.world) == 1
    await shop.work()
    assert (await erasure(shop, grant_id))["state"] == "partial"
    await until_repaid(shop, drawdown_id)
    await shop.work()
    again = await erasure(shop, grant_id)
    assert again["state"] == "erased"
    assert again["erased"][0]["count"] > first["erased"][0]["count"]
    assert await shops.rows(shop.world.settings.database_url, "SELECT COUNT(*) FROM sales") == [(0,)]
    assert (await shop.verify()).problems == ()


async def test_a_shop_that_trusts_us_again_is_assessed_by_the_days_that_are_left(shop: Shop) -> None:
    drawdown_id = await borrowing(shop)
    said = await granting.said(shop.world, shop.id)
    grant_id = await take_back(shop, granting.ASSESSING)
    await shop.work()
    await shop.live(2)
    await granting.give(shop.partner, shop.id, said)
    await granting.use(shop.partner, shop.id)
    assert (await erasure(shop, grant_id))["state"] == "canceled"
    assert [reason["code"] for reason in (await shop.offer())["reasons"]] == ["thin_history"]
    await shop.live(1)
    await shop.work()
    position = await positions.current(shop.world, shop.id)
    assert position is not None
    assert position.scores is not None
    assert (await shop.drawdown(drawdown_id))["state"] == "active"
    assert (await shop.verify()).problems == ()
