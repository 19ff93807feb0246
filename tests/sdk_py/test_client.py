"""The Python client against a running gateway: from the first token to a confirmed draw, as a partner would use it."""

from __future__ import annotations

import asyncio
import importlib.util
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from gateway.demo import owner
from gateway.domain.tiers import Tier
from gateway.usecases import clients
from restock import AsyncRestock, BadWebhook, Key, Problem, Restock, Unreachable, every, every_async, verify
from tests import served
from tests.webhooks import receivers
from tests.webhooks.receivers import says

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.usecases.world import World

pytestmark = pytest.mark.anyio
HERE = Path(__file__).parents[2] / "sdk_py"
KEY = Key.new()
UNTIL = datetime.now(UTC) + timedelta(days=300)
BACK = "https://till.example/back"
SHOP: Any = {
    "legal_name": "Corner Bakery", "country": "NL", "currency": "EUR", "timezone": "Europe/Amsterdam",
    "contact_email": "owner@bakery.example",
}  # fmt: skip


def wanted(merchant_id: str) -> list[dict[str, Any]]:
    """What a till asks a merchant for: sales, stock, offers, loans, and repayment from sales."""
    return [
        {
            "type": "merchant_data", "actions": ["push"], "datatypes": ["sales", "stock"],
            "merchant": {"id": merchant_id}, "lookback_days": 730, "purpose": "credit_assessment",
            "recipients": [{"bank": "bnk_sandbox"}], "retention_days": 1825, "expires_at": f"{UNTIL:%Y-%m-%d}",
        },
        {"type": "offers", "actions": ["read"]},
        {
            "type": "drawdown", "actions": ["quote", "propose"],
            "limits": {"per_draw_amount": 5_000_000, "outstanding_amount": 5_000_000, "currency": "EUR"},
        },
        {"type": "repayment_collection", "actions": ["withhold", "debit"], "max_withhold_bps": 1500},
    ]  # fmt: skip


@asynccontextmanager
async def client_of(world: World) -> AsyncIterator[AsyncRestock]:
    """A client that was registered just now."""
    key = Key.new()
    made = await clients.create(world, name="Till", jwks=json.dumps(key.jwks()).encode(), tier=Tier.settled)
    async with AsyncRestock(world.settings.issuer, made.id, key) as client:
        yield client


def test_what_is_generated_is_what_the_description_says() -> None:
    spec = importlib.util.spec_from_file_location("generate", HERE / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    for name, text in generate.made(json.loads(generate.DESCRIPTION.read_text(encoding="utf-8"))).items():
        committed = (HERE / "restock" / name).read_text(encoding="utf-8")
        assert committed == text, f"run python sdk_py/generate.py: {name}"


async def test_from_the_first_token_to_a_confirmed_draw(tmp_path: Path) -> None:
    async with served.live(tmp_path) as world, client_of(world) as till, receivers.receiving() as receiver:
        merchant = await till.merchants.add(SHOP)
        hook = await till.webhooks.add({"url": receiver.url, "types": ["drawdown.*"]})
        asked = await till.ask(wanted(merchant["id"]), BACK)
        async with httpx.AsyncClient(base_url=world.settings.issuer, trust_env=False) as browser:
            code = await owner.agree(browser, asked.url)
        grant = await till.redeem(code, asked.verifier, BACK)
        assert {one["type"] for one in grant.authorization_details} == {one["type"] for one in wanted("")}
        shop = till.under(grant.refresh_token)
        await till.sandbox.begin(merchant["id"], {"scenario": "healthy", "history_days": 120})
        offer = await shop.offers.current(merchant["id"])
        assert offer["id"] is not None
        quote = await shop.drawdowns.quote({"offer_id": offer["id"], "amount": offer["step_amount"]})
        terms: Any = {"quote_id": quote["id"], "terms_hash": quote["terms_hash"]}
        proposed = await shop.drawdowns.propose(terms, idempotency_key="one-act")
        assert (await shop.drawdowns.propose(terms, idempotency_key="one-act"))["id"] == proposed["id"]
        await till.drawdowns.confirm(proposed["id"], {"terms_hash": quote["terms_hash"]})
        await till.sandbox.advance({"days": 1})
        assert (await shop.drawdowns.show(proposed["id"]))["state"] == "active"
        assert [one["id"] async for one in every_async(shop.summaries.drawdowns_page, merchant["id"], limit=1)] == [
            proposed["id"]
        ]
        await receiver.until(2)
        for heard in receiver.heard:
            for key in (hook["secret"], hook["public_key"]):
                assert verify(heard.body, heard.headers, key)["data"]["id"] == proposed["id"]
        with pytest.raises(BadWebhook, match="no signature"):
            verify(receiver.heard[0].body + b" ", receiver.heard[0].headers, hook["secret"], hook["public_key"])
        with pytest.raises(BadWebhook, match="too long ago"):
            verify(receiver.heard[0].body, receiver.heard[0].headers, hook["secret"], now=0)


async def test_a_client_that_waits_says_what_was_wrong_with_a_row_and_lists_page_by_page(tmp_path: Path) -> None:
    async with served.live(tmp_path) as world, client_of(world) as other:
        waiting = Restock(world.settings.issuer, other._session.client_id, other._session.key)

        def work() -> list[str]:
            with waiting as till:
                made = [till.merchants.add(SHOP)["id"] for _ in range(3)]
                with pytest.raises(Problem) as caught:
                    till.merchants.add(SHOP | {"currency": "EU"})
                assert (caught.value.status, caught.value.errors[0]["pointer"]) == (422, "/currency")
                assert caught.value.request_id is not None
                assert [one["id"] for one in every(till.merchants.page, limit=2)] == sorted(made)
                return made

        assert len(await asyncio.to_thread(work)) == 3


TOKEN = says(200, "content-type: application/json", body=b'{"access_token":"a","expires_in":300}')
DONE = says(200, "content-type: application/json", body=b'{"id":"drw_1"}')
BUSY = says(503, "retry-after: 0")
NONCE = says(401, "content-type: application/json", "dpop-nonce: n1", body=b'{"error":"use_dpop_nonce"}')


@pytest.mark.parametrize("fault", [BUSY, b"", NONCE], ids=["busy", "hung up", "asked for a nonce"])
async def test_money_is_asked_for_again_under_the_same_key(fault: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("restock.calls.LONGEST_PAUSE_SECONDS", 0.0)
    async with receivers.receiving(TOKEN, fault, DONE) as gateway, AsyncRestock(gateway.url, "cli_1", KEY) as till:
        assert (await till.drawdowns.propose({"quote_id": "quo_1", "terms_hash": "h"}))["id"] == "drw_1"
        first, again = gateway.heard[1:]
    assert first.headers["idempotency-key"] == again.headers["idempotency-key"]
    assert first.body == again.body
    assert first.headers["dpop"] != again.headers["dpop"], "a proof is used once"


async def test_what_may_not_be_repeated_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("restock.calls.LONGEST_PAUSE_SECONDS", 0.0)
    async with receivers.receiving(TOKEN, b"", DONE) as gateway, AsyncRestock(gateway.url, "cli_1", KEY) as till:
        with pytest.raises(Unreachable):
            await till.sandbox.advance({"days": 1})
        assert len(gateway.heard) == 2


async def test_it_gives_up_after_so_many_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("restock.calls.LONGEST_PAUSE_SECONDS", 0.0)
    async with receivers.receiving(TOKEN, BUSY) as gateway, AsyncRestock(gateway.url, "cli_1", KEY) as till:
        with pytest.raises(Problem, match="503"):
            await till.merchants.show("mer_1")
        assert len(gateway.heard) == 1 + 5


def test_a_key_comes_back_from_its_file() -> None:
    key = Key.new()
    assert Key.from_pem(key.pem()).jwks() == key.jwks()
    assert "d" not in key.jwks()["keys"][0], "only the public half is shown"
