"""Twenty tills that push until they are refused, and a merchant who takes its consent back meanwhile."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.domain import consents as rules
from gateway.domain.consents import ConsentRequired
from gateway.domain.sales import NewSale
from gateway.usecases import consent_records, consents, sales
from tests import books
from tests.gateways import EVIDENCE
from tests.tills import row

if TYPE_CHECKING:
    from gateway.store import Tx
    from tests.gateways import Gateway
    from tests.tills import Till

PUSHERS_COUNT = 20
REFUSALS = {(401, "invalid_token"), (403, "consent_required")}
Push = Callable[[dict[str, Any]], Awaitable[bool]]
"""Push one sale; whether it was taken."""
Door = Callable[["Gateway", "Till"], Awaitable[Push]]
TakeBack = Callable[["Gateway", "Till", str], Awaitable[None]]


async def over_http(gateway: Gateway, till: Till) -> Push:
    """As a till does it: both the token and the consent are asked."""

    async def push(sale: dict[str, Any]) -> bool:
        answer = await till.send(sale)
        assert answer.is_success or (answer.status_code, answer.json()["code"]) in REFUSALS, answer.text
        return bool(answer.is_success and answer.json()["accepted"] == 1)

    return push


async def through_the_lane(gateway: Gateway, till: Till) -> Push:
    """Behind the token's check: as a request does that was let in a moment before the consent ended."""
    world = gateway.world
    caller = await world.tokens.identify(till.partner.grants[till.id])

    async def push(sale: dict[str, Any]) -> bool:
        wanted = sales.Request(till.id, caller, [msgspec.convert(sale, NewSale)], world.clock.now())
        try:
            received = await world.store.merge(world.intake, wanted)
        except ConsentRequired:
            return False
        return bool(received.accepted == 1)

    return push


async def revoke(gateway: Gateway, till: Till, grant_id: str) -> None:
    """The partner gives the whole grant back."""
    assert (await till.partner.send("DELETE", f"/v1/grants/{grant_id}")).status_code == 204


async def narrow(gateway: Gateway, till: Till, grant_id: str) -> None:
    """The merchant takes back that it is assessed by its sales, and leaves everything else."""
    world = gateway.world

    async def unit(tx: Tx) -> None:
        held = await consent_records.current(tx, await consent_records.find(tx, grant_id))
        kept = {line.key for line in rules.lines(held.details)} - {"merchant_data-credit_assessment-sales"}
        await consents.narrow(tx, world, grant_id, kept, EVIDENCE)

    await world.store.write(unit)


class Pushers:
    """Who pushes through which door, and what they were told."""

    def __init__(self, doors: list[Push]) -> None:
        self.doors = doors
        self.taken: set[str] = set()
        self._enough = asyncio.Event()
        self._wanted = 0
        self._ended = False
        """Whether the merchant was told that its consent is over."""

    async def race(self, gateway: Gateway, till: Till, take_back: TakeBack, wanted: int = 2 * PUSHERS_COUNT) -> None:
        """Take the consent back once `wanted` rows came in, all tills still pushing; then nothing more is stored."""
        self._wanted = wanted
        grant_id = (await gateway.world.tokens.identify(till.partner.grants[till.id])).grant_id
        assert grant_id is not None
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            for number in range(PUSHERS_COUNT):
                group.create_task(self._push(number))
            await self._enough.wait()
            await take_back(gateway, till, grant_id)
            self._ended = True
            stored = await self._stored(gateway, till)
        assert self.taken == stored == await self._stored(gateway, till)
        assert len(self.taken) >= wanted
        assert not any([await push(row(1)) for push in self.doors])

    async def _push(self, number: int) -> None:
        push = self.doors[number % len(self.doors)]
        for count in itertools.count():
            sale, too_late = row(100 + count, sale_id=f"race-{number}-{count}"), self._ended
            if not await push(sale):
                return
            assert not too_late
            self.taken.add(sale["sale_id"])
            if len(self.taken) >= self._wanted:
                self._enough.set()

    @staticmethod
    async def _stored(gateway: Gateway, till: Till) -> set[str]:
        return {record.sale_id for record in await books.records(gateway.world, till.id)}
