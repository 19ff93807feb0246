"""What a partner may do with its endpoints; how events reach them has tests of its own (tests/webhooks)."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gateway.domain.deliveries import KEPT
from gateway.domain.webhooks import MOST_COUNT
from gateway.store import sql
from gateway.usecases import deliveries
from tests.webhooks.scene import happen

if TYPE_CHECKING:
    from tests.gateways import Gateway, Partner

pytestmark = pytest.mark.anyio
URL = "https://hooks.example.com/restock"


async def made(partner: Partner, **more: Any) -> dict[str, Any]:
    return await partner.done("/v1/webhooks", {"url": URL} | more)


async def waiting(partner: Partner, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await partner.seen(f"{path}/deliveries", limit=100))["data"]
    return found


async def test_a_secret_is_shown_once_and_the_public_key_always(gateway: Gateway) -> None:
    partner = await gateway.partner()
    answer = await partner.post("/v1/webhooks", {"url": URL, "types": ["offer.*", "drawdown.active"]})
    webhook = answer.json()
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    assert webhook["secret"].startswith("whsec_")
    shown = await partner.seen(f"/v1/webhooks/{webhook['id']}")
    assert shown == {name: value for name, value in webhook.items() if name != "secret"}
    assert shown["public_key"].startswith("whpk_")
    assert (await partner.seen("/v1/webhooks"))["data"] == [shown]


async def test_nothing_secret_lies_open_in_the_database(gateway: Gateway) -> None:
    partner = await gateway.partner()
    webhook = await made(partner)
    secret = base64.b64decode(webhook["secret"].removeprefix("whsec_"))
    row = await gateway.world.store.one(sql.webhooks.find, id=webhook["id"])
    assert row is not None
    assert not [value for value in row if isinstance(value, bytes) and secret in value]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"url": "http://hooks.example.com/"}, "webhook_url_refused"),
        ({"url": "https://10.0.0.1/"}, "webhook_url_refused"),
        ({"url": URL, "types": ["offers.created"]}, "webhook_type_unknown"),
        ({"url": URL, "types": ["offer.creatd"]}, "webhook_type_unknown"),
        ({"url": URL, "types": []}, "invalid_body"),
        ({"url": URL, "types": ["*.created"]}, "invalid_body"),
    ],
)
async def test_an_endpoint_that_could_not_work_is_refused_when_it_is_made_and_when_it_is_changed(
    gateway: Gateway, body: dict[str, Any], code: str
) -> None:
    partner = await gateway.partner()
    webhook = await made(partner)
    path = f"/v1/webhooks/{webhook['id']}"
    before = await partner.seen(path)
    for answer in (await partner.post("/v1/webhooks", body), await partner.patch(path, body)):
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert await partner.seen(path) == before


async def test_a_partner_has_so_many_endpoints_and_no_more(gateway: Gateway) -> None:
    partner, other = await gateway.partner(), await gateway.partner()
    webhooks = [await made(partner) for _ in range(MOST_COUNT)]
    answer = await partner.post("/v1/webhooks", {"url": URL})
    assert (answer.status_code, answer.json()["code"]) == (409, "webhook_limit_reached")
    await made(other)
    assert (await partner.send("DELETE", f"/v1/webhooks/{webhooks[0]['id']}")).status_code == 204
    await made(partner)
    assert (await partner.get(f"/v1/webhooks/{webhooks[0]['id']}")).status_code == 404


async def test_a_second_rotation_within_a_day_is_refused_unless_forced(own_gateway: Gateway) -> None:
    partner, clock = await own_gateway.partner(), own_gateway.clock
    webhook = await made(partner)
    path = f"/v1/webhooks/{webhook['id']}/rotate-secret"
    first = await partner.done(path, {})
    assert first["secret"] != webhook["secret"]
    assert first["previous_secret_until"] is not None
    refused = await partner.post(path, {})
    assert (refused.status_code, refused.json()["code"]) == (409, "webhook_secret_overlaps")
    forced = await partner.done(path, {"force": True})
    clock.at += timedelta(hours=25)
    later = await partner.done(path, {})
    assert len({one["secret"] for one in (webhook, first, forced, later)}) == 4


async def test_a_ping_is_a_delivery_to_that_endpoint_alone(gateway: Gateway) -> None:
    partner = await gateway.partner()
    webhook, other = await made(partner), await made(partner)
    path = f"/v1/webhooks/{webhook['id']}"
    answer = await partner.post(f"{path}/ping")
    assert answer.status_code == 202
    assert [(one["id"], one["type"], one["state"]) for one in await waiting(partner, path)] == [
        (answer.json()["id"], "webhook.pinged", "pending")
    ]
    assert await waiting(partner, f"/v1/webhooks/{other['id']}") == []
    assert (await partner.seen("/v1/events"))["data"] == []


async def test_a_replay_sends_what_is_asked_for_and_nothing_of_others(gateway: Gateway) -> None:
    partner, stranger = await gateway.partner(), await gateway.partner()
    await happen(gateway, partner, 3)
    await happen(gateway, stranger)
    told = (await partner.seen("/v1/events", limit=100))["data"]
    theirs = (await stranger.seen("/v1/events"))["data"]
    webhook = await made(partner, types=["merchant.*"])
    path = f"/v1/webhooks/{webhook['id']}"
    of_type = [one for one in told if one["type"].startswith("merchant.")]
    refused = await partner.post(f"{path}/replay", {"event_ids": [told[0]["id"], theirs[0]["id"]]})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_replay")
    asked = {"event_ids": [told[0]["id"], told[2]["id"], told[0]["id"]]}
    assert await partner.done(f"{path}/replay", asked) == {"count": 2, "next_position": None}
    middle = {"from_position": told[1]["position"], "to_position": told[-2]["position"]}
    assert (await partner.done(f"{path}/replay", middle))["count"] == len([o for o in told[1:-1] if o in of_type])
    now = {"from_at": told[0]["occurred_at"], "to_at": told[-1]["occurred_at"]}
    assert (await partner.done(f"{path}/replay", now))["count"] == len(of_type)
    past = {"from_at": "2020-01-01T00:00:00Z", "to_at": "2021-01-01T00:00:00Z"}
    assert (await partner.done(f"{path}/replay", past))["count"] == 0
    sent = await waiting(partner, path)
    assert {one["cause"] for one in sent} == {"replay"}
    assert {one["event_id"] for one in sent} <= {one["id"] for one in told}


async def test_a_long_range_is_replayed_in_pieces(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "REPLAYED_COUNT", 4)
    partner = await gateway.partner()
    await happen(gateway, partner, 3)
    path = f"/v1/webhooks/{(await made(partner))['id']}"
    place: int | None = 1
    counts = []
    while place is not None:
        done = await partner.done(f"{path}/replay", {"from_position": place})
        counts.append(done["count"])
        place = done["next_position"]
    assert counts == [4, 4, 1]
    assert len({one["event_id"] for one in await waiting(partner, path)}) == 9


async def test_nothing_is_sent_to_a_disabled_endpoint_whoever_asks(gateway: Gateway) -> None:
    partner = await gateway.partner()
    path = f"/v1/webhooks/{(await made(partner))['id']}"
    await partner.done(f"{path}/ping")
    changed = (await partner.patch(path, {"state": "disabled"})).json()
    assert (changed["state"], changed["disabled_because"]) == ("disabled", "asked")
    assert [one["state"] for one in await waiting(partner, path)] == ["canceled"]
    for asked, body in (("ping", None), ("replay", {"from_position": 1})):
        answer = await partner.post(f"{path}/{asked}", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "webhook_is_disabled")
    again = (await partner.patch(path, {"state": "enabled"})).json()
    assert (again["state"], again["disabled_at"], again["disabled_because"]) == ("enabled", None, None)


async def test_deliveries_are_paged_newest_first_and_forgotten_a_month_after(own_gateway: Gateway) -> None:
    partner, clock = await own_gateway.partner(), own_gateway.clock
    path = f"/v1/webhooks/{(await made(partner))['id']}"
    made_ids = [(await partner.done(f"{path}/ping"))["id"] for _ in range(5)]
    found, cursor = [], None
    while True:
        more: dict[str, Any] = {} if cursor is None else {"cursor": cursor}
        page = await partner.seen(f"{path}/deliveries", limit=2, **more)
        found += [one["id"] for one in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == made_ids[::-1]
    await partner.patch(path, {"state": "disabled"})
    clock.at += KEPT - timedelta(minutes=1)
    await deliveries.forget(own_gateway.world)
    assert len(await waiting(partner, path)) == 5
    clock.at += timedelta(minutes=2)
    await deliveries.forget(own_gateway.world)
    assert await waiting(partner, path) == []


async def test_what_a_partner_does_to_its_endpoints_is_in_the_audit_log(site: Gateway) -> None:
    partner = await site.partner()
    path = f"/v1/webhooks/{(await made(partner))['id']}"
    await partner.patch(path, {"types": ["offer.*"]})
    await partner.done(f"{path}/rotate-secret", {})
    await partner.send("DELETE", path)
    entries = await site.world.store.all(sql.audit.after, after=0, limit=1_000)
    actions = [one[3] for one in entries if path.rpartition("/")[2] in one]
    assert actions == ["webhook.created", "webhook.changed", "webhook.rotated", "webhook.deleted"]
