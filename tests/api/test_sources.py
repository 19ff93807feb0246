"""What platforms tell us: proven over its bytes, kept once, and taken in under the merchant's consent."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.settings import Mode
from gateway.usecases import alerts, parked, positions, work
from tests import books, shops, tills
from tests.adapters.platforms import PLATFORMS, ShopifyShop, SquareSeller, StripeAccount
from tests.adapters.source_contract import OTHER, SECRET
from tests.api import minting
from tests.gateways import NOW

if TYPE_CHECKING:
    import httpx

    from tests.adapters.platforms import Told
    from tests.gateways import Gateway
    from tests.tills import Till

pytestmark = pytest.mark.anyio
WAS = NOW - timedelta(hours=2)
PLATFORM_SECRET = SECRET.replace(" ", "-")


@dataclass
class Linked:
    """A shop connected to a platform."""

    gateway: Gateway
    till: Till
    speaks: Any
    view: dict[str, Any]

    @property
    def path(self) -> str:
        return f"/v1/sources/{self.speaks.platform.name}/{self.view['id']}"

    async def call(self, told: Told, *, secret: str = PLATFORM_SECRET, path: str | None = None) -> httpx.Response:
        return await self.send(told[0], json.dumps(told[1]).encode(), secret=secret, path=path)

    async def send(
        self, kind: str, body: bytes, *, secret: str = PLATFORM_SECRET, path: str | None = None
    ) -> httpx.Response:
        headers = self.speaks.sign(body, kind=kind, secret=secret, at=self.gateway.clock.now())
        return await self.gateway.http.post(path or self.path, content=body, headers=headers)

    async def told(self, *told: Told) -> None:
        """Events that must be taken, and are taken in."""
        for one in told:
            answer = await self.call(one)
            assert (answer.status_code, answer.json()) == (202, {"received": True}), answer.text
        await work.drain(self.gateway.world)

    async def events(self) -> list[tuple[str, str | None, bool]]:
        """State, problem and whether a body is kept, of each event."""
        query = (
            "SELECT state, problem, body IS NOT NULL FROM platform_events "  # noqa: S608
            f"WHERE connection_id = '{self.view['id']}' ORDER BY received_at"
        )
        found = await shops.rows(self.gateway.world.settings.database_url, query)
        return [(state, problem, bool(kept)) for state, problem, kept in found]

    async def held(self) -> list[tuple[str, str, int, int]]:
        """Kind, id, amount and what was given back, of each record."""
        found = await books.records(self.gateway.world, self.till.id)
        return sorted((row.kind.value, row.sale_id, row.amount, row.refunded_amount) for row in found)


async def linked(gateway: Gateway, platform: Any = SquareSeller, **more: Any) -> Linked:
    till = await tills.new(await gateway.partner(), **more)
    speaks = platform(currency=more.get("currency", "EUR"))
    body = {"platform": speaks.platform.name, "account_id": speaks.account_id, "secret": PLATFORM_SECRET}
    view = await till.partner.done(f"{till.path}/connections", body)
    speaks.address = view["address"]
    return Linked(gateway, till, speaks, view)


# --- connections ---


async def test_a_connection_waits_for_its_secret_is_told_another_and_is_removed(site: Gateway) -> None:
    shop = await linked(site)
    at = f"{shop.till.path}/connections/{shop.view['id']}"
    assert (shop.view["state"], shop.view["address"]) == ("active", f"{site.world.settings.address}{shop.path}")
    assert "secret" not in shop.view
    body = {"platform": "square", "account_id": shop.speaks.account_id}
    again = await shop.till.partner.post(f"{shop.till.path}/connections", body)
    assert (again.status_code, again.json()["code"]) == (409, "already_connected")
    changed = await shop.till.partner.patch(at, {"secret": OTHER.replace(" ", "-")})
    assert changed.json()["state"] == "active"
    assert (await shop.call(shop.speaks.payment(500, at=WAS))).status_code == 403
    assert (await shop.call(shop.speaks.payment(500, at=WAS), secret=OTHER.replace(" ", "-"))).status_code == 202
    for _ in range(2):
        assert (await shop.till.partner.send("DELETE", at)).status_code == 204
    assert (await shop.till.partner.patch(at, {"secret": PLATFORM_SECRET})).status_code == 409
    waiting = await shop.till.partner.done(f"{shop.till.path}/connections", body)
    listed = (await shop.till.partner.seen(f"{shop.till.path}/connections"))["data"]
    assert [(one["id"], one["state"]) for one in listed] == [(shop.view["id"], "removed"), (waiting["id"], "waiting")]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"platform": "lightspeed", "account_id": "x"}, "unknown_platform"),
        ({"platform": "shopify", "account_id": "corner.example"}, "bad_account"),
        ({"platform": "stripe", "account_id": "corner.myshopify.com"}, "bad_account"),
        ({"platform": "square", "account_id": "6SSW7HV8K2ST5\n"}, "invalid_body"),
    ],
)
async def test_a_connection_to_nothing_is_refused(site: Gateway, body: dict[str, str], code: str) -> None:
    till = await tills.new(await site.partner())
    answer = await till.partner.post(f"{till.path}/connections", body)
    assert answer.json()["code"] == code


async def test_whatever_does_not_fit_an_address_is_answered_alike(site: Gateway) -> None:
    shop, other = await linked(site), await linked(site, StripeAccount)
    waiting = await shop.till.partner.done(
        f"{shop.till.path}/connections", {"platform": "square", "account_id": "ANOTHER1"}
    )
    at = f"{other.till.path}/connections/{other.view['id']}"
    assert (await other.till.partner.send("DELETE", at)).status_code == 204
    nobodys = f"con_{'0' * 26}"
    answers = [
        await shop.call(shop.speaks.payment(500), path=f"/v1/sources/{path}")
        for path in (
            f"square/{nobodys}", f"stripe/{shop.view['id']}", f"none/{shop.view['id']}", f"square/{waiting['id']}",
            "square/x", f"stripe/{other.view['id']}", f"square/{shop.till.id}",
        )
    ]  # fmt: skip
    told = {(answer.status_code, answer.json()["code"], answer.json()["detail"]) for answer in answers}
    assert told == {(404, "connection_not_found", "There is no such connection")}


# --- calls ---


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda kind: kind.__name__)
async def test_any_order_and_repetition_of_a_payments_events_ends_in_the_same_books(
    gateway: Gateway, platform: Any
) -> None:
    expected = None
    for seed in range(3):
        shop = await linked(gateway, platform)
        shop.speaks = platform(shop.speaks.address)
        history = shop.speaks.history(WAS)
        order = list(history)
        if seed:
            order += order
            random.Random(seed).shuffle(order)
        await shop.told(*order)
        days = await books.check(gateway.world, shop.till.id)
        amounts = [(kind, amount, back) for kind, _, amount, back in await shop.held()]
        expected = expected or (amounts, days)
        assert (amounts, days) == expected
        assert {state for state, _, _ in await shop.events()} == {"taken"}
        assert len(await shop.events()) == len(history)
    assert expected is not None
    (day,) = expected[1].values()
    assert day.tickets_count == 1


async def test_an_event_is_sealed_until_it_is_taken_in_and_gone_then(gateway: Gateway) -> None:
    shop = await linked(gateway)
    told = shop.speaks.payment(1_250, at=WAS, name="p1", tip=50)
    for _ in range(3):
        assert (await shop.call(told)).status_code == 202
    query = f"SELECT body FROM platform_events WHERE connection_id = '{shop.view['id']}'"  # noqa: S608
    ((sealed,),) = await shops.rows(gateway.world.settings.database_url, query)
    assert b"payment" not in bytes(sealed)
    await work.drain(gateway.world)
    assert await shop.events() == [("taken", None, False)]
    assert (await shop.call(shop.speaks.unread())).status_code == 202
    assert await shop.events() == [("taken", None, False)], "what tells of nothing of ours is not kept"
    assert (await shop.call(told)).status_code == 202
    await work.drain(gateway.world)
    assert await shop.held() == [("sale", "p1", 1_250, 0)]
    position = await positions.current(gateway.world, shop.till.id)
    assert position is not None
    assert position.profile.tier == "settled"


async def test_a_call_that_is_not_the_platforms_leaves_nothing(site: Gateway) -> None:
    shop, other = await linked(site), await linked(site)
    other.speaks.account_id = "ANOTHERSELLER"
    kind, payload = shop.speaks.payment(500, at=WAS)
    body = json.dumps(payload).encode()
    signed = shop.speaks.sign(body, kind=kind, secret=PLATFORM_SECRET)
    forged = [
        (await shop.send(kind, body, secret="not-the-secret"), "source_forged"),
        (await site.http.post(shop.path, content=body), "source_forged"),
        (await site.http.post(shop.path, content=body + b" ", headers=signed), "source_forged"),
        (await site.http.post(shop.path, content=body, headers=[*signed.items(), *signed.items()]), "source_forged"),
        (await site.http.post(other.path, content=body, headers=signed), "source_forged"),
        (await shop.send(*(kind, body.replace(b"6SSW7HV8K2ST5", b"ANOTHERSELLER"))), "wrong_account"),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer, _ in forged] == [(403, code) for _, code in forged]
    large = await shop.send(kind, b" " * (1024 * 1024 + 1))
    assert (large.status_code, large.json()["code"]) == (413, "body_too_large")
    assert await shop.events() == await other.events() == []


async def test_without_the_merchants_consent_nothing_is_kept(site: Gateway) -> None:
    shop = await linked(site)
    await shop.told(shop.speaks.payment(500, at=WAS))
    late = shop.speaks.payment(700, at=WAS)
    assert (await shop.call(late)).status_code == 202
    grant_id = (await minting.caller(shop.till.partner, shop.till.id)).grant_id
    assert (await shop.till.partner.send("DELETE", f"/v1/grants/{grant_id}")).status_code == 204
    answer = await shop.call(shop.speaks.payment(900, at=WAS))
    assert (answer.status_code, answer.json()["code"]) == (403, "consent_required")
    await work.drain(site.world)
    assert await shop.events() == [("taken", None, False), ("refused", "consent_required", False)]


async def test_a_row_that_cannot_be_taken_costs_only_itself(site: Gateway) -> None:
    shop = await linked(site, ShopifyShop)
    wrong = shop.speaks.order("5.00", at=WAS, currency="USD")
    odd = shop.speaks.order("5.00", at=WAS, updated=3, refunds=[shop.speaks.refund("1.005", WAS)], name=11)
    await shop.told(wrong, odd, shop.speaks.stock(-2, at=WAS))
    assert [problem for _, problem, _ in await shop.events()] == ["wrong_currency", "bad_amount", None]
    assert await shop.held() == [("sale", "11", 500, 0)]
    known = (await shop.till.partner.seen(f"{shop.till.path}/data-status"))["sources"]
    counts = [(one["source"], one["kind"], one["tier"], one["accepted_count"], one["rejected_count"]) for one in known]
    assert counts == [("shopify", "sales", "settled", 1, 2), ("shopify", "stock", "settled", 1, 0)]
    assert [reject["code"] for reject in known[0]["last_rejects"]] == ["bad_amount"]


async def test_what_cannot_be_read_waits_for_a_person_with_an_alert(site: Gateway) -> None:
    shop = await linked(site)
    kind, payload = shop.speaks.payment(500, at=WAS)
    payload["data"] = {"of": "another shape"}
    assert (await shop.call((kind, payload))).status_code == 202
    assert (await shop.send(kind, b"<xml/>")).status_code == 202
    await work.drain(site.world)
    waiting = await parked.listed(site.world)
    assert sorted(problem or "" for _, problem, kept in await shop.events() if kept) == sorted(
        one.problem or "" for one in waiting
    )
    assert [one.rail for one in waiting] == ["square", "square"]
    assert {alert.subject for alert in await alerts.open_ones(site.world.store)} == {one.message for one in waiting}
    assert {await parked.show(site.world, one.message) for one in waiting} == {"<xml/>", json.dumps(payload)}
    said = {"by": "officer-1", "reason": "not a kind we know"}
    await parked.read_again(site.world, waiting[0].message, **said)
    await work.drain(site.world)
    assert len(await parked.listed(site.world)) == 2
    for one in waiting:
        await parked.put_away(site.world, one.message, **said)
    assert await alerts.open_ones(site.world.store) == []
    assert [(state, kept) for state, _, kept in await shop.events()] == [("handled", False)] * 2


async def test_a_test_payload_is_refused_where_money_is_real(site: Gateway) -> None:
    shop = await linked(site, StripeAccount)
    told = shop.speaks.charge(500, at=WAS, livemode=False)
    settings = site.world.settings
    site.world.settings = msgspec.structs.replace(settings, mode=Mode.live)
    try:
        assert (await shop.call(told)).status_code == 202
    finally:
        site.world.settings = settings
    await work.drain(site.world)
    assert await shop.events() == [("refused", "test_payload", False)]
    await shop.told(shop.speaks.charge(500, at=WAS, livemode=False))
    assert len(await shop.held()) == 1


async def test_who_calls_too_often_or_fails_too_often_waits(site: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    shop, other = await linked(site), await linked(site)
    for _ in range(100):
        assert (await shop.send("payment.created", b"{}", secret="not-the-secret")).status_code == 403
    locked = await shop.call(shop.speaks.payment(500, at=WAS))
    assert (locked.status_code, locked.json()["code"]) == (429, "too_many_failures")
    assert (await other.call(other.speaks.payment(500, at=WAS))).status_code == 202
    monkeypatch.setattr(other.gateway.world.calls, "_interval_seconds", 40.0)
    busy = [(await other.call(other.speaks.payment(500, at=WAS))).status_code for _ in range(3)]
    assert busy[-1] == 429


async def test_erasing_a_merchants_data_takes_what_waits_for_a_person_too(site: Gateway) -> None:
    shop = await linked(site)
    assert (await shop.send("payment.created", b"<xml/>")).status_code == 202
    grant_id = (await minting.caller(shop.till.partner, shop.till.id)).grant_id
    assert (await shop.till.partner.send("DELETE", f"/v1/grants/{grant_id}")).status_code == 204
    await work.drain(site.world)
    assert await parked.listed(site.world) == []
    assert [kept for _, _, kept in await shop.events()] == [False]
