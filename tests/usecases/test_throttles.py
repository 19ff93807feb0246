from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gateway.usecases import audit, throttles
from gateway.usecases.throttles import ADDRESS_COUNT, ASSERTIONS_COUNT, LOCK, Door, LockedOut
from tests.shops import rows

if TYPE_CHECKING:
    from tests.gateways import Gateway

pytestmark = pytest.mark.anyio
CLIENT = "cli_01jc0000000000000000000000"
HERE, THERE = "192.0.2.1", "198.51.100.7"


async def fails(gateway: Gateway, door: Door, times: int) -> None:
    for _ in range(times):
        await throttles.failed(gateway.world, door)


async def counted(gateway: Gateway) -> dict[str, int]:
    found = await rows(gateway.world.settings.database_url, "SELECT key, failures_count FROM lockouts")
    return dict(found)


async def test_failures_lock_a_claim_where_they_came_from_and_nowhere_else(own_gateway: Gateway) -> None:
    here, there = throttles.assertion(CLIENT, HERE), throttles.assertion(CLIENT, THERE)
    await fails(own_gateway, here, ASSERTIONS_COUNT - 1)
    assert await throttles.check(own_gateway.world, here)
    await fails(own_gateway, here, 1)
    with pytest.raises(LockedOut) as refused:
        await throttles.check(own_gateway.world, here)
    assert refused.value.facts["retry_after"] == LOCK.total_seconds()
    assert not await throttles.check(own_gateway.world, there)
    assert not await throttles.check(own_gateway.world, throttles.assertion(CLIENT[:-1] + "1", HERE))


async def test_a_lock_opens_by_itself_and_counting_begins_anew(own_gateway: Gateway) -> None:
    door = throttles.assertion(CLIENT, HERE)
    await fails(own_gateway, door, ASSERTIONS_COUNT)
    own_gateway.clock.at += LOCK
    assert not await throttles.check(own_gateway.world, door)
    await fails(own_gateway, door, 1)
    assert await throttles.check(own_gateway.world, door)


async def test_a_success_clears_the_claim_and_not_its_address(own_gateway: Gateway) -> None:
    door = throttles.assertion(CLIENT, HERE)
    await fails(own_gateway, door, 3)
    async with throttles.guarding(own_gateway.world, door, lambda _: True):
        pass
    assert await counted(own_gateway) == {f"address:{HERE}": 3}


async def test_where_nothing_failed_nothing_is_written(own_gateway: Gateway) -> None:
    world, door = own_gateway.world, throttles.assertion(CLIENT, HERE)
    async with throttles.guarding(world, door, lambda _: True):
        assert world.store.waiting_count() == 0
    with pytest.raises(LookupError):
        async with throttles.guarding(world, door, lambda error: isinstance(error, ValueError)):
            raise LookupError
    assert await counted(own_gateway) == {}


async def test_another_name_each_time_locks_the_address(own_gateway: Gateway) -> None:
    for place in range(ADDRESS_COUNT):
        await throttles.failed(own_gateway.world, throttles.assertion(f"cli_{place}", HERE))
    for door in (throttles.assertion(CLIENT, HERE), throttles.widget(HERE), throttles.assertion(None, HERE)):
        with pytest.raises(LockedOut):
            await throttles.check(own_gateway.world, door)
    assert not await throttles.check(own_gateway.world, throttles.grant(CLIENT, HERE)), "it proved who it is"
    assert not await throttles.check(own_gateway.world, throttles.assertion(CLIENT, THERE))


async def test_twenty_failures_at_once_all_count_and_are_told_once(own_gateway: Gateway) -> None:
    door = throttles.assertion(CLIENT, HERE)
    await asyncio.gather(*(throttles.failed(own_gateway.world, door) for _ in range(ASSERTIONS_COUNT)))
    assert (await counted(own_gateway))[f"assertion:{CLIENT}@{HERE}"] == ASSERTIONS_COUNT
    told = [entry async for page in audit.pages(own_gateway.world.store) for entry in page]
    assert [(entry.action, entry.subject, entry.facts) for entry in told] == [
        ("locked_out", CLIENT, {"kind": "assertion", "failures_count": ASSERTIONS_COUNT})
    ]


@pytest.mark.parametrize(
    ("address", "where"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1%eth0", "2001:db8:1:2::"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("/run/gateway.sock", "local"),
        ("", "local"),
    ],
)
def test_a_subscriber_is_one_address(address: str, where: str) -> None:
    assert list(throttles.widget(address).keys) == [f"address:{where}"]
