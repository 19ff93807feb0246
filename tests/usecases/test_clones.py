"""Copies among a partner's shops, on both engines: both are flagged and told of, until they are not alike any more."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gateway.usecases import alerts, audit, nights, positions, work
from gateway.usecases.clones import CLONE
from tests import granting, shops, tills
from tests.gateways import NOW
from tests.tills import row

if TYPE_CHECKING:
    from gateway.domain.alerts import Alert
    from tests.gateways import Gateway, Partner
    from tests.tills import Till

pytestmark = pytest.mark.anyio

DAYS_COUNT = 62


def takings(seed: int) -> list[int]:
    """What an erratic shop took on each of its last days."""
    chance = random.Random(seed)
    return [round(40_000 * chance.lognormvariate(0, 0.4)) for _ in range(DAYS_COUNT)]


async def shop(partner: Partner, amounts: list[int], **more: Any) -> Till:
    """A shop with these closed days."""
    till = await tills.new(partner, **more)
    await till.push(*[row(amount, NOW - timedelta(days=len(amounts) - n)) for n, amount in enumerate(amounts)])
    await till.close()
    return till


async def flags(gateway: Gateway, *found: Till) -> list[tuple[str, ...]]:
    known = await positions.load(gateway.world.store, gateway.world, [till.id for till in found])
    return [known[till.id].flags for till in found]


async def night(gateway: Gateway) -> None:
    """The next night."""
    gateway.clock.at += timedelta(days=1)
    await work.drain(gateway.world)


async def told(gateway: Gateway) -> list[Alert]:
    return await alerts.open_ones(gateway.world.store)


async def test_a_copy_and_its_original_are_both_flagged_and_told_of(own_gateway: Gateway) -> None:
    partner, world = await own_gateway.partner(), own_gateway.world
    amounts = takings(1)
    one, other = await shop(partner, amounts), await shop(partner, [round(1.3 * x) for x in amounts])
    third = await shop(partner, takings(2))
    await work.drain(world)
    assert await flags(own_gateway, one, other, third) == [(CLONE,), (CLONE,), ()]
    found = {alert.merchant_id: alert for alert in await told(own_gateway)}
    assert found.keys() == {one.id, other.id}
    (its,) = found[one.id].evidence["others"]
    assert (its["merchant_id"], its["lag_days"], its["agreeing_bps"]) == (other.id, 0, 10_000)
    heard = [
        event for event in (await partner.seen("/v1/events", limit=100))["data"] if event["type"] == "alert.opened"
    ]
    assert sorted(event["data"]["merchant_id"] for event in heard) == sorted([one.id, other.id])
    assert {event["data"]["kind"] for event in heard} == {CLONE}
    noted = [entry async for page in audit.pages(world.store) for entry in page if entry.action == "alert.opened"]
    assert sorted(str(entry.facts["about"]) for entry in noted) == sorted([one.id, other.id])
    assert (await audit.verify(world.store)).problems == ()


async def test_seen_again_the_next_night_it_is_told_of_once(own_gateway: Gateway) -> None:
    partner = await own_gateway.partner()
    one = await shop(partner, takings(1))
    await shop(partner, takings(1)[:-1])
    await work.drain(own_gateway.world)
    first = await told(own_gateway)
    assert [abs(alert.evidence["others"][0]["lag_days"]) for alert in first] == [1, 1]
    await night(own_gateway)
    assert await told(own_gateway) == first
    assert await flags(own_gateway, one) == [(CLONE,)]


async def test_the_flag_goes_when_they_are_alike_no_more_and_other_flags_stay(own_gateway: Gateway) -> None:
    partner, world = await own_gateway.partner(), own_gateway.world
    one, other = await shop(partner, takings(1)), await shop(partner, takings(1))
    await work.drain(world)
    mine = '["anomaly_seen", "clone_suspected"]'
    await shops.execute(
        world.settings.database_url, f"UPDATE positions SET flags_json = '{mine}' WHERE merchant_id = '{one.id}'",  # noqa: S608
    )  # fmt: skip
    world.positions.evict([one.id])
    chance = random.Random(7)
    await other.push(*[row(chance.randrange(9_000, 90_000), NOW - timedelta(days=back)) for back in range(1, 60)])
    await night(own_gateway)
    assert await flags(own_gateway, one, other) == [("anomaly_seen",), ()]
    assert await told(own_gateway) == []
    heard = [event["type"] for event in (await partner.seen("/v1/events", limit=100))["data"]]
    assert heard.count("alert.closed") == heard.count("alert.opened") == 2


async def test_shops_of_different_partners_are_not_compared(own_gateway: Gateway) -> None:
    one = await shop(await own_gateway.partner(), takings(1))
    other = await shop(await own_gateway.partner(), takings(1))
    await work.drain(own_gateway.world)
    assert await flags(own_gateway, one, other) == [(), ()]


async def test_shops_that_may_not_be_assessed_are_not_looked_at(own_gateway: Gateway) -> None:
    partner = await own_gateway.partner()
    one, other = await shop(partner, takings(1)), await shop(partner, takings(1))
    await granting.take_back(own_gateway.world, other.id)
    await work.drain(own_gateway.world)
    assert await flags(own_gateway, one, other) == [(), ()]


async def test_a_copy_is_found_across_pages_and_currencies(
    own_gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nights, "PAGE_COUNT", 2)
    partner = await own_gateway.partner()
    one = await shop(partner, takings(1))
    others = [await shop(partner, takings(seed)) for seed in (2, 3, 4)]
    copy = await tills.new(partner, currency="USD")
    amounts = [x * 7 for x in takings(1)]
    rows = [row(x, NOW - timedelta(days=len(amounts) - n), currency="USD") for n, x in enumerate(amounts)]
    await copy.push(*rows)
    await copy.close()
    await work.drain(own_gateway.world)
    assert await flags(own_gateway, one, copy, *others) == [(CLONE,), (CLONE,), (), (), ()]
    assert own_gateway.world.night is None


async def test_once_a_night_is_enough_and_a_killed_pass_begins_again(own_gateway: Gateway) -> None:
    partner, world = await own_gateway.partner(), own_gateway.world
    await work.drain(world)
    assert await nights.look(world) == 0
    one, other = await shop(partner, takings(1)), await shop(partner, takings(1))
    assert await nights.look(world) == 0, "this night is done"
    own_gateway.clock.at += timedelta(days=1)
    world.night = nights.Night(NOW.date())
    world.night.after = ("par_9", "mer_9")
    world.night = None  # the process that had come so far is gone
    await work.drain(world)
    assert await flags(own_gateway, one, other) == [(CLONE,), (CLONE,)]


async def test_with_its_data_a_shops_alerts_and_flags_are_erased(own_gateway: Gateway) -> None:
    partner, world = await own_gateway.partner(), own_gateway.world
    one, other = await shop(partner, takings(1)), await shop(partner, takings(1))
    await work.drain(world)
    await granting.take_back(world, one.id)
    await work.drain(world)
    assert await flags(own_gateway, one, other) == [(), (CLONE,)]
    assert [alert.merchant_id for alert in await told(own_gateway)] == [other.id]
    await night(own_gateway)
    assert await flags(own_gateway, other) == [()]
    assert await told(own_gateway) == []
