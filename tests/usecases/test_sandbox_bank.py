"""A gateway to which no bank is connected has one of its own, which does whatever it is told, by real messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.domain.drawdowns import DrawdownState
from gateway.domain.repayments import RepaymentState
from gateway.domain.schedules import Health
from tests import granting, shops

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.shops import Shop

pytestmark = pytest.mark.anyio


@pytest.fixture
async def alone(tmp_path: Path) -> AsyncIterator[Shop]:
    """A shop at a gateway of the sandbox's defaults."""
    async with shops.opened(f"sqlite:///{tmp_path / 'restock.db'}", tmp_path, None) as opened:
        yield opened


async def behave(shop: Shop, **behaviour: Any) -> None:
    path = f"/v1/sandbox/merchants/{shop.id}/bank"
    answer = await shop.partner.send("PUT", path, json=behaviour)
    assert answer.is_success, answer.text
    assert {key: answer.json()[key] for key in behaviour} == behaviour
    assert (await shop.partner.seen(path)) == answer.json()


async def running(shop: Shop) -> str:
    drawdown_id = await shop.draw()
    await shop.work()
    assert (await shop.drawdown(drawdown_id))["state"] == "active"
    return drawdown_id


async def alerts(shop: Shop) -> set[str]:
    found = await shops.rows(shop.world.settings.database_url, "SELECT kind FROM alerts WHERE state = 'open'")
    return {kind for (kind,) in found}


async def test_a_loan_goes_from_the_click_to_repaid_with_no_bank_connected(database_url: str, tmp_path: Path) -> None:
    async with shops.opened(database_url, tmp_path, None) as shop:
        drawdown_id = await running(shop)
        for _ in range(40):
            if (await shop.drawdown(drawdown_id))["state"] == "repaid":
                break
            await shop.live(1, 6 * shops.TAKINGS_AMOUNT)
        assert (await shop.drawdown(drawdown_id))["state"] == "repaid"
        assert {one["state"] for one in await shop.repayments(drawdown_id)} == {"settled"}
        await shop.pass_days(2)
        assert await shop.parked() == []
        assert await alerts(shop) == set()
        assert (await shop.verify()).problems == ()


async def test_each_state_of_a_draw_is_had_by_what_the_bank_is_told(alone: Shop) -> None:
    """The rows of docs/sandbox.md, one behaviour after another on one shop."""
    shop, seen = alone, set[str]()

    async def drawn() -> str:
        drawdown_id = await shop.draw(20_000)
        seen.add((await shop.drawdown(drawdown_id))["state"])
        await shop.work()
        return drawdown_id

    async def stands(drawdown_id: str, state: str) -> None:
        assert (await shop.drawdown(drawdown_id))["state"] == state
        seen.update(await shop.states(drawdown_id))

    waiting = (await shop.propose(await shop.quote(20_000)))["id"]
    await stands(waiting, "awaiting_confirmation")
    given_up = (await shop.propose(await shop.quote(20_000)))["id"]
    await shop.partner.done(f"/v1/drawdowns/{given_up}/cancel")
    await stands(given_up, "canceled")
    await behave(shop, decides="reject")
    await stands(await drawn(), "rejected")
    await behave(shop, decides="refer")
    looked_at = await drawn()
    await stands(looked_at, "reviewing")
    await behave(shop, decides="approve", payouts="reject")
    refused = await drawn()
    await stands(refused, "failed")
    assert (await shop.drawdown(refused))["reason"] == "AC04"
    await behave(shop, payouts="hold")
    held = await drawn()
    await stands(held, "pending")
    await behave(shop, payouts="give_back", return_days=2)
    back = await drawn()
    await stands(back, "active")
    await behave(shop, tells="nothing")
    untold = await drawn()
    await stands(untold, "submitted")
    await shop.live(2)
    await stands(untold, "in_doubt")
    await stands(waiting, "expired")
    await behave(shop)
    await shop.work()
    await stands(untold, "active")
    await stands(back, "canceled")
    await stands(held, "canceled")
    paid = await running(shop)
    await shop.partner.done(f"/v1/drawdowns/{paid}/repayments", {"payoff": True, "channel": "debit"})
    await shop.live(2)
    await stands(paid, "repaid")
    assert seen == set(DrawdownState) - {"refinanced", "charged_off"}
    assert await shop.parked() == []
    assert (await shop.verify()).problems == ()


async def test_each_state_of_a_repayment_is_had_by_what_the_bank_is_told(alone: Shop) -> None:
    shop, seen = alone, set[str]()
    drawdown_id = await running(shop)

    async def share(*states: str, days: int = 1, **behaviour: Any) -> None:
        """One day's share, and which of `states` the last repayments come to."""
        known = {one["id"] for one in await shop.repayments(drawdown_id)}
        await behave(shop, **behaviour)
        await shop.live(days)
        new = [one for one in await shop.repayments(drawdown_id) if one["id"] not in known]
        for one in new:
            seen.update(await shop.states(one["id"]))
        assert {one["state"] for one in new} & set(states), (states, new)

    await shop.live(1)
    await share("settled")
    await share("pending", debits="hold")
    await share("failed", debits="fail")
    await share("in_doubt", tells="nothing", days=3)
    await share("returned", debits="give_back", days=3)
    await share("failed", debits="refuse")
    await behave(shop)
    other = await shop.draw(20_000)
    await shop.work()
    for early in ({"amount": 5_000, "channel": "transfer"}, {"payoff": True, "channel": "debit"}):
        await shop.partner.done(f"/v1/drawdowns/{other}/repayments", early)
    await shop.live(3)
    for one in await shop.repayments(drawdown_id) + await shop.repayments(other):
        seen.update(await shop.states(one["id"]))
    assert seen == set(RepaymentState) - {"reversed"}
    assert await shop.parked() == []
    assert (await shop.verify()).problems == ()


async def test_a_debit_taken_back_makes_a_repaid_loan_active_again(alone: Shop) -> None:
    drawdown_id = await running(alone)
    await behave(alone, debits="give_back", return_days=3)
    await alone.partner.done(f"/v1/drawdowns/{drawdown_id}/repayments", {"payoff": True, "channel": "debit"})
    await alone.live(2, 0)
    assert (await alone.drawdown(drawdown_id))["state"] == "repaid"
    await alone.live(3, 0)
    assert (await alone.drawdown(drawdown_id))["state"] == "active"


async def test_what_comes_twice_counts_once_and_what_cannot_be_is_told(alone: Shop) -> None:
    await behave(alone, tells="twice")
    drawdown_id = await running(alone)
    states = await alone.states(drawdown_id)
    assert len(states) == len(set(states))
    assert await alone.parked() == []
    await behave(alone, tells="contradictions")
    other = await alone.draw(20_000)
    await alone.work()
    assert (await alone.drawdown(other))["state"] == "active"
    assert "bank_contradicts" in await alerts(alone)
    assert (await alone.verify()).problems == ()


async def test_a_gap_in_a_statement_is_found_and_closes_when_it_is_told(alone: Shop) -> None:
    await running(alone)
    await behave(alone, tells="no_bookings")
    untold = await alone.draw(20_000)
    await alone.work()
    assert (await alone.drawdown(untold))["state"] == "pending"
    await alone.live(3)
    assert "statement_difference" in await alerts(alone)
    await behave(alone)
    await alone.live(2)
    assert (await alone.drawdown(untold))["state"] == "active"
    assert "statement_difference" not in await alerts(alone)
    assert (await alone.verify()).problems == ()


async def test_a_closed_shop_with_a_loan_ends_late_defaulted_and_charged_off(alone: Shop) -> None:
    drawdown_id = await running(alone)
    assert (await alone.drawdown(drawdown_id))["health"] == "current"
    await alone.partner.done(f"/v1/sandbox/merchants/{alone.id}/scenario", {"scenario": "closed_shop"})
    seen: list[str] = []
    for days in (20, 15, 95, 90):
        await alone.pass_days(days)
        found = await alone.drawdown(drawdown_id)
        seen.append(found["health"])
        assert found["short_amount"] > 0 or found["health"] != "near_breach"
    assert seen == ["near_breach", "late", "defaulted", "charged_off"]
    assert (await alone.drawdown(drawdown_id))["state"] == "charged_off"
    assert {"current", *seen} == set(Health) - {"recovered"}
    assert (await alone.verify()).problems == ()


async def test_a_consent_given_back_is_revoked(alone: Shop) -> None:
    path = f"/v1/grants/{(await granting.of(alone.world, alone.id)).grant_id}"
    assert (await alone.partner.send("DELETE", path)).status_code == 204
    assert (await alone.partner.seen(path))["state"] == "revoked"
