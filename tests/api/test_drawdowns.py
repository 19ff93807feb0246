from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.main import ROUTES, SANDBOX_ROUTES, application, open_world
from gateway.settings import BadSettings, Mode, Settings, load

if TYPE_CHECKING:
    from pathlib import Path

    from tests.shops import Shop

pytestmark = pytest.mark.anyio


async def test_a_quote_says_everything_the_merchant_must_see(shop: Shop) -> None:
    quote = await shop.quote()
    assert quote["total_amount"] == quote["amount"] + quote["fee_amount"]
    assert 300 <= quote["withhold_bps"] <= 1_500
    assert quote["minimum_amount"] * 9 >= quote["total_amount"]
    assert quote["bank"] == {"id": "bnk_sandbox", "name": "Sandbox Bank"}
    assert quote["apr_bps"] > 0
    assert quote["assumptions"]["daily_repayment_amount"] > 0
    assert quote["partner_revenue_share_amount"] == quote["fee_amount"] // 10
    assert quote["estimated_payoff_on"] <= quote["final_due_on"]
    assert len(quote["terms_hash"]) == 64
    assert quote["payoff_from_on"] <= quote["estimated_payoff_on"] <= quote["payoff_to_on"] <= quote["final_due_on"]


async def test_a_drawdown_says_how_it_came_where_it_stands_and_when_its_money_should_be_there(
    shop_on_both: Shop,
) -> None:
    shop = shop_on_both
    proposed = await shop.propose()
    assert proposed["expected_on"] == "2026-03-02"
    assert (await shop.confirm(proposed)).is_success
    await shop.work()
    drawdown = await shop.drawdown(proposed["id"])
    states = [step["state"] for step in drawdown["steps"]]
    assert states == ["awaiting_confirmation", "requested", "approved", "submitted", "pending", "active"]
    assert [step["at"] for step in drawdown["steps"]] == sorted(step["at"] for step in drawdown["steps"])
    assert (drawdown["expected_on"], drawdown["next_check_at"]) == (None, None)


async def test_a_drawdown_shows_what_is_owed_and_what_was_repaid(shop: Shop) -> None:
    drawdown_id = await shop.draw()
    assert (await shop.drawdown(drawdown_id))["outstanding_amount"] == 0
    await shop.work()
    drawdown = await shop.drawdown(drawdown_id)
    assert drawdown["outstanding_amount"] == drawdown["total_amount"]
    assert drawdown["end_to_end_id"] == drawdown_id.replace("_", "").upper()
    await shop.live(4)
    drawdown = await shop.drawdown(drawdown_id)
    settled = sum(r["amount"] for r in await shop.repayments(drawdown_id) if r["state"] == "settled")
    assert (drawdown["repaid_amount"], drawdown["outstanding_amount"]) == (settled, drawdown["total_amount"] - settled)
    assert settled > 0


async def test_repayments_are_paged_oldest_first(shop: Shop) -> None:
    drawdown_id = await shop.draw()
    await shop.live(5)
    everything = await shop.repayments(drawdown_id)
    found: list[dict[str, Any]] = []
    parameters: dict[str, Any] = {"limit": 2}
    while True:
        page = await shop.partner.seen(f"/v1/drawdowns/{drawdown_id}/repayments", **parameters)
        found += page["data"]
        if page["next_cursor"] is None:
            break
        parameters["cursor"] = page["next_cursor"]
    assert found == everything
    assert len(found) >= 3
    assert [r["business_on"] for r in found] == sorted(r["business_on"] for r in found)


@pytest.mark.parametrize(
    "body",
    [
        {}, {"offer_id": "off_x"}, {"offer_id": "off_x", "amount": "100"}, {"offer_id": "off_x", "amount": 100.0},
        {"offer_id": "off_x", "amount": 1e3}, {"offer_id": 7, "amount": 100}, {"offer_id": "off_x", "amount": 10**19},
        {"offer_id": "off_x", "amount": 100, "fee_amount": 0}, [], "quote", None,
    ],
)  # fmt: skip
async def test_a_body_that_is_no_quote_is_a_clear_4xx(shop: Shop, body: Any) -> None:
    answer = await shop.partner.send("POST", "/v1/quotes", json=body, headers={"idempotency-key": "bad"})
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"].startswith("application/problem+json")


async def test_an_offer_quote_or_drawdown_that_is_not_there_is_a_404(shop: Shop) -> None:
    answers = [
        await shop.partner.post("/v1/quotes", {"offer_id": "off_nothing", "amount": 100}),
        await shop.partner.post("/v1/drawdowns", {"quote_id": "quo_nothing", "terms_hash": "0" * 64}),
        await shop.partner.get("/v1/drawdowns/drw_nothing"),
        await shop.partner.post("/v1/drawdowns/drw_nothing/cancel"),
        await shop.partner.post("/v1/sandbox/drawdowns/drw_nothing/confirm", {"terms_hash": "0" * 64}),
    ]
    assert [answer.status_code for answer in answers] == [404] * len(answers)


async def test_live_mode_has_no_sandbox_routes(tmp_path: Path) -> None:
    settings = Settings(
        mode=Mode.live, database_url=f"sqlite:///{tmp_path / 'x.db'}", data_dir=tmp_path, issuer="https://gateway.example",
        bank_url="https://bank.example", master_key="A" * 43 + "=",
    )  # fmt: skip
    async with open_world(settings) as world:
        paths = {route.path for route in application(world).routes}
        (bank,) = world.banks.values()
        assert bank.clock is None
        assert bank.decision is None, "nothing is lent without a bank that decides"
    assert "/v1/drawdowns" in paths
    assert not [path for path in paths if path.startswith("/v1/sandbox")]
    assert SANDBOX_ROUTES
    assert not [path for handler in ROUTES for path in handler.paths if "sandbox" in path]


LIVE = {
    "GATEWAY_MODE": "live", "GATEWAY_ISSUER": "https://gateway.example", "GATEWAY_MASTER_KEY": "A" * 43 + "=",
    "GATEWAY_BANK_URL": "https://bank.example",
}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"GATEWAY_BANK_URL": "http://127.0.0.1:8090"}, {"GATEWAY_BANK_URL": None}, {"GATEWAY_MASTER_KEY": None},
        {"GATEWAY_ISSUER": "http://gateway.example"}, {"GATEWAY_CLOCK_STARTS_AT": "2020-01-01T00:00:00Z"},
    ],
)  # fmt: skip
async def test_live_mode_refuses_what_belongs_to_the_sandbox(change: dict[str, str | None]) -> None:
    load(LIVE)
    with pytest.raises(BadSettings):
        load({name: value for name, value in (LIVE | change).items() if value is not None})
