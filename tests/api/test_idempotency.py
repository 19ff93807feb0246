from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gateway.api import idempotency
from gateway.usecases import quotes, work
from tests import shops, tills

if TYPE_CHECKING:
    from tests.shops import Shop

pytestmark = pytest.mark.anyio
TWINS_COUNT = 20


async def body(shop: Shop) -> dict[str, Any]:
    offer = await shop.offer()
    return {"offer_id": offer["id"], "amount": offer["step_amount"]}


async def count(shop: Shop, table: str) -> int:
    ((found,),) = await shops.rows(shop.world.settings.database_url, f"SELECT COUNT(*) FROM {table}")  # noqa: S608 - ours
    return int(found)


async def test_the_first_answer_is_given_again_byte_for_byte_and_says_so(shop_on_both: Shop) -> None:
    shop, sent = shop_on_both, await body(shop_on_both)
    first, again = [await shop.partner.post("/v1/quotes", sent, key="k") for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert await count(shop, "quotes") == 1


async def test_twins_at_once_have_one_effect_and_one_answer(shop_on_both: Shop) -> None:
    shop, sent = shop_on_both, await body(shop_on_both)
    answers = await asyncio.gather(*(shop.partner.post("/v1/quotes", sent, key="k") for _ in range(TWINS_COUNT)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == TWINS_COUNT - 1
    assert await count(shop, "quotes") == 1


async def test_drawdowns_and_merchants_have_twins_too(shop_on_both: Shop) -> None:
    shop, quote = shop_on_both, await shop_on_both.quote()
    terms = {"quote_id": quote["id"], "terms_hash": quote["terms_hash"]}
    other = {"legal_name": "Twin", "country": "NL", "currency": "EUR", "timezone": "UTC"}
    for path, sent, table in (("/v1/drawdowns", terms, "drawdowns"), ("/v1/merchants", other, "merchants")):
        before = await count(shop, table)
        answers = await asyncio.gather(*(shop.partner.post(path, sent, key="k") for _ in range(TWINS_COUNT)))
        assert {answer.status_code for answer in answers} == {201}
        assert await count(shop, table) == before + 1


async def test_another_body_under_the_same_key_is_refused(shop: Shop) -> None:
    sent = await body(shop)
    await shop.partner.post("/v1/quotes", sent, key="k")
    other = await shop.partner.post("/v1/quotes", sent | {"amount": 2 * sent["amount"]}, key="k")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert await count(shop, "quotes") == 1


async def test_the_same_key_on_another_route_or_of_another_client_is_another_request(shop: Shop) -> None:
    quote = await shop.partner.post("/v1/quotes", await body(shop), key="k")
    terms = {"quote_id": quote.json()["id"], "terms_hash": quote.json()["terms_hash"]}
    assert (await shop.partner.post("/v1/drawdowns", terms, key="k")).status_code == 201
    stranger = await shop.gateway.partner()
    await tills.new(stranger)
    assert (await stranger.post("/v1/quotes", await body(shop), key="k")).status_code == 404


async def test_a_refusal_is_not_kept_so_that_the_corrected_world_can_answer(shop: Shop) -> None:
    offer = await shop.offer()
    whole = {"offer_id": offer["id"], "amount": offer["available_amount"]}
    drawdown_id = await shop.draw(offer["step_amount"])
    assert (await shop.partner.post("/v1/quotes", whole, key="k")).status_code == 422
    await shop.partner.done(f"/v1/drawdowns/{drawdown_id}/cancel")
    assert (await shop.partner.post("/v1/quotes", whole, key="k")).status_code == 201


async def test_a_crash_keeps_nothing_and_the_repeat_takes_effect_once(
    shop_on_both: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, sent = shop_on_both, await body(shop_on_both)

    def crash(_: object) -> dict[str, object]:
        raise RuntimeError("a fault of ours in the middle of the unit")

    with monkeypatch.context() as patch:
        patch.setattr(quotes, "_stored", crash)
        assert (await shop.partner.post("/v1/quotes", sent, key="k")).status_code == 500
    assert (await shop.partner.post("/v1/quotes", sent, key="k")).status_code == 201
    assert await count(shop, "quotes") == 1


@pytest.mark.parametrize("key", ["", " ", "two words", "é", "x" * 256])
async def test_a_key_that_is_none_is_refused(shop: Shop, key: str) -> None:
    headers: Any = {"idempotency-key": key.encode("latin-1")}
    answer = await shop.partner.send("POST", "/v1/quotes", json=await body(shop), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


async def test_a_missing_key_is_refused(shop: Shop) -> None:
    answer = await shop.partner.send("POST", "/v1/quotes", json=await body(shop))
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


async def test_keys_are_kept_for_thirty_days(shop: Shop) -> None:
    await shop.partner.post("/v1/quotes", await body(shop), key="k")
    shop.gateway.clock.at += timedelta(days=30) - timedelta(minutes=1)
    await work.forget(shop.world)
    assert await count(shop, "idempotency WHERE key = 'k'") == 1
    shop.gateway.clock.at += timedelta(minutes=2)
    await work.forget(shop.world)
    assert await count(shop, "idempotency WHERE key = 'k'") == 0


async def test_a_twin_of_a_request_that_hangs_is_told_to_come_back(
    fresh_postgres_url: str, tmp_path: Any, bank_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL twins run side by side; one that waits holds no connection meanwhile."""
    monkeypatch.setattr(idempotency, "TWIN_SECONDS", 0.1)
    started, released, price = asyncio.Event(), asyncio.Event(), quotes.make

    async def hang(*arguments: Any) -> Any:
        started.set()
        await released.wait()
        return await price(*arguments)

    async with shops.opened(fresh_postgres_url, tmp_path, bank_url) as shop:
        sent = await body(shop)
        with monkeypatch.context() as patch:
            patch.setattr(quotes, "make", hang)
            first = asyncio.create_task(shop.partner.post("/v1/quotes", sent, key="k"))
            await started.wait()
            twins = await asyncio.gather(*(shop.partner.post("/v1/quotes", sent, key="k") for _ in range(TWINS_COUNT)))
            assert (await shop.partner.get(f"/v1/merchants/{shop.id}/offer")).is_success
            released.set()
            done = await first
        assert {(twin.status_code, twin.json()["code"]) for twin in twins} == {(409, "idempotency_key_in_use")}
        assert all(int(twin.headers["retry-after"]) >= 1 for twin in twins)
        again = await shop.partner.post("/v1/quotes", sent, key="k")
        assert (done.status_code, again.content) == (201, done.content)


# --- where a key is optional ---


async def test_where_no_key_is_needed_one_is_heeded_by_twins_too_and_refused_with_another_body(
    shop_on_both: Shop,
) -> None:
    shop = shop_on_both
    drawdown_id = await shop.draw((await shop.offer())["step_amount"])
    hook = {"url": "https://hooks.example/restock", "types": ["offer.created"]}
    held = (await shop.partner.post("/v1/webhooks", hook, key="first")).json()["id"]
    user = {"id": "till-1", "name": "Till", "role": "cashier"}
    session = {
        "merchant_id": shop.id,
        "components": ["offer"],
        "user": user,
        "parent_origins": ["https://till.example"],
    }
    (decision, *_) = (await shop.partner.seen(f"/v1/merchants/{shop.id}/decisions"))["data"]
    said, otherwise = [{"statement": text} for text in ("We were closed for a week", "Please look again")]
    account = {"platform": "square", "account_id": "6SSW7HV8K2ST5"}
    asked: list[tuple[str, Any, Any, str]] = [
        ("/v1/webhooks", hook, hook | {"types": ["*"]}, "webhooks"),
        (f"/v1/webhooks/{held}/rotate-secret", {}, {"force": True}, "audit WHERE action = 'webhook.rotated'"),
        (f"/v1/webhooks/{held}/ping", None, {"again": 1}, "deliveries WHERE cause = 'ping'"),
        ("/v1/widget/sessions", session, session | {"components": ["manage"]}, "widget_sessions"),
        (f"/v1/drawdowns/{drawdown_id}/cancel", None, {"again": 1}, "events WHERE type = 'drawdown.canceled'"),
        (f"/v1/decisions/{decision['id']}/contest", said, otherwise, "reviews"),
        (f"/v1/merchants/{shop.id}/connections", account, account | {"account_id": "ANOTHER1"}, "connections"),
    ]
    for path, sent, another, table in asked:
        before = await count(shop, table)
        answers = await asyncio.gather(*(shop.partner.post(path, sent, key="k") for _ in range(5)))
        assert {answer.is_success for answer in answers} == {True}, answers[0].text
        assert len({answer.content for answer in answers}) == 1
        assert sum("idempotent-replayed" in answer.headers for answer in answers) == 4
        other = await shop.partner.post(path, another, key="k")
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
        assert await count(shop, table) == before + 1


async def test_an_answer_with_a_secret_is_kept_sealed_and_no_cache_keeps_it(shop: Shop) -> None:
    hook = {"url": "https://hooks.example/restock", "types": ["offer.created"]}
    answers = [await shop.partner.post("/v1/webhooks", hook, key="k") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}
    query = "SELECT body FROM idempotency WHERE key = 'k'"
    ((kept,),) = await shops.rows(shop.world.settings.database_url, query)
    assert "hooks.example" not in kept
    assert answers[0].json()["secret"] not in kept


async def test_without_a_key_each_request_is_one_of_its_own_and_a_key_that_is_none_is_refused(shop: Shop) -> None:
    hook = {"url": "https://hooks.example/restock", "types": ["offer.created"]}
    for _ in range(2):
        assert (await shop.partner.send("POST", "/v1/webhooks", json=hook)).status_code == 201
    assert await count(shop, "webhooks") == 2
    answer = await shop.partner.send("POST", "/v1/webhooks", json=hook, headers={"idempotency-key": "two words"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
