"""The demo's till as a partner's server: sessions, webhooks, sales, closes and the clock, at a real gateway."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import time
from typing import TYPE_CHECKING, Any

import pytest

from gateway.demo.pos.hooks import Inbox, is_ours
from tests import stores

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.stores import Store

pytestmark = pytest.mark.anyio
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
BODY = b'{"type":"drawdown.active","timestamp":"2026-11-20T12:04:00Z","data":{"id":"drw_1"}}'


@pytest.fixture
async def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Store]:
    async with stores.opened(tmp_path, monkeypatch) as found:
        yield found


async def shop(store: Store) -> dict[str, Any]:
    answer = await store.get("/api/shops/corner")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def hooks(store: Store, kind: str) -> list[dict[str, Any]]:
    """The webhooks of a type, once there is one."""
    for _ in range(200):
        found = [hook for hook in (await store.get("/api/hooks")).json() if hook["type"] == kind]
        if found:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"no {kind} came")


async def test_a_sale_a_refund_and_a_close_reach_the_gateway_and_move_the_limit(store: Store) -> None:
    before = await shop(store)
    assert before["day"]["tickets_count"] > 0, "a Friday is a busy day"
    sold = await store.press("/api/shops/corner/sales", {"items": [{"item_id": "lunch", "quantity": 40}]})
    after = sold.json()
    assert after["day"]["taken_amount"] == before["day"]["taken_amount"] + 40 * 2_450
    assert after["takings_today_amount"] == after["day"]["net_amount"]
    newest = after["day"]["sales"][0]
    back = (await store.press(f"/api/shops/corner/sales/{newest['sale_id']}/refund")).json()
    assert back["takings_today_amount"] == before["day"]["net_amount"]
    assert back["limit_amount"] < after["limit_amount"]
    again = await store.press(f"/api/shops/corner/sales/{newest['sale_id']}/void")
    assert (again.status_code, again.json()["code"]) == (404, "unknown_sale")

    closed = (await store.press("/api/shops/corner/close")).json()
    assert closed["closed"] == {"net_amount": before["day"]["net_amount"], "withheld": 0}
    late = await store.press("/api/shops/corner/sales", {"items": [{"item_id": "soup", "quantity": 1}]})
    assert (late.status_code, late.json()["code"]) == (409, "drawer_closed")

    assert (await store.press("/api/shops/corner/clock", {"until": "week"})).json() == {"lived_count": 7}
    later = await shop(store)
    assert (later["today_on"], later["closed"]) == ("2026-11-27", None)
    position = (await store.press("/api/shops/corner/close")).json()["closed"]
    assert position["net_amount"] == later["day"]["net_amount"] > 0
    owed = await store.press("/api/shops/corner/clock", {"until": "repaid"})
    assert (owed.status_code, owed.json()["code"]) == (409, "nothing_owed")


async def test_a_session_is_made_for_the_tills_own_page_and_only_that_page_presses_buttons(store: Store) -> None:
    page = await store.get("/")
    policy = page.headers["content-security-policy"]
    assert f"script-src 'self' {store.world.settings.issuer};" in policy
    assert "unsafe" not in policy
    assert f'src="{store.world.settings.issuer}/widget/v1/restock.js"' in page.text

    made = (await store.get("/restock-session?component=tile&shop=corner")).json()
    frame = await store.http.get(made["frame_url"])
    assert f"frame-ancestors {store.origin}" in frame.headers["content-security-policy"]

    path, body = "/api/shops/corner/sales", {"items": [{"item_id": "soup", "quantity": 1}]}
    for headers in ({}, {"Origin": "http://evil.example"}):
        refused = await store.http.post(path, json=body, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "not_our_page")
    rebound = await store.http.get("/restock-session?component=tile&shop=corner", headers={"Host": "evil.example"})
    assert rebound.status_code == 403
    for name in ("..%2F__init__.py", "nothing.js", "main.py"):
        assert (await store.get(f"/page/{name}")).status_code == 404


async def test_a_webhook_is_taken_when_signed_and_a_forged_one_refused_and_shown(store: Store) -> None:
    await shop(store)
    await store.press("/api/shops/corner/close")
    (genuine, *_) = await hooks(store, "offer.created")
    assert genuine["verified"]
    assert (await store.press("/api/hooks/forge")).json() == {"status": 401}
    (forged,) = await hooks(store, "drawdown.active")
    assert not forged["verified"]
    nobody = (await store.get("/api/shops/corner/desk")).json()
    assert nobody["drawdowns"] == [], "nothing is believed of what nobody signed"


async def test_a_scenario_runs_from_now_on_and_the_bank_has_nothing_to_show_yet(store: Store) -> None:
    before = await shop(store)
    assert (await store.press("/api/shops/corner/scenario", {"scenario": "closed_shop"})).status_code == 204
    assert (await shop(store))["day"] == before["day"], "what was sold stays sold"
    await store.press("/api/shops/corner/clock", {"until": "day"})
    assert (await shop(store))["day"]["sales"] == []
    assert (await store.get("/api/bank")).json() == {"payments": [], "collections": []}


def signed(secret: str, body: bytes, at: int) -> dict[str, str]:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"evt_1.{at}.".encode() + body
    signature = base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
    return {"webhook-id": "evt_1", "webhook-timestamp": str(at), "webhook-signature": f"v1a,x v1,{signature}"}


def test_a_signature_is_ours_only_whole_fresh_and_by_our_secret() -> None:
    now = int(time.time())
    headers = signed(SECRET, BODY, now)
    assert is_ours(SECRET, headers, BODY)
    assert not is_ours(SECRET, headers, BODY + b" ")
    assert not is_ours("whsec_" + base64.b64encode(b"x" * 32).decode(), headers, BODY)
    assert not is_ours(SECRET, signed(SECRET, BODY, now - 301), BODY)
    for name in headers:
        assert not is_ours(SECRET, headers | {name: "1"}, BODY)
        assert not is_ours(SECRET, {key: value for key, value in headers.items() if key != name}, BODY)


def test_a_message_that_comes_twice_is_taken_once_and_a_forgery_does_not_use_up_its_id() -> None:
    inbox, headers = Inbox(), signed(SECRET, BODY, int(time.time()))
    assert inbox.take(SECRET, headers | {"webhook-signature": "v1,no"}, BODY) is not None
    assert inbox.take(SECRET, headers, BODY) is not None
    assert inbox.take(SECRET, headers, BODY) is None
    assert [hook.verified for hook in inbox.hooks] == [True, False]
