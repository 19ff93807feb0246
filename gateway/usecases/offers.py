"""The merchant's current standing, its offers and its forecast."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.domain import grants, states
from gateway.domain.errors import NotFound
from gateway.domain.events import Event
from gateway.domain.offers import MOVES, Offer, OfferState
from gateway.store import sql
from gateway.usecases import events, limits, positions

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.domain.positions import Position
    from gateway.domain.rights import Caller
    from gateway.store import Reader, Tx
    from gateway.usecases.limits import Judged
    from gateway.usecases.world import World


async def standing(world: World, merchant_id: str, partner_id: str) -> Judged:
    """Where a merchant stands this moment; raises NotFound for another partner's merchant."""
    position = await position_of(world, merchant_id, partner_id)
    (judged,) = await limits.look(world.store, world, [position])
    return judged


async def position_of(world: World, merchant_id: str, partner_id: str) -> Position:
    """A partner's own merchant's position; raises NotFound."""
    position = await positions.current(world, merchant_id)
    if position is None or position.partner_id != partner_id:
        raise NotFound("There is no such merchant")
    return position


async def find(reader: Reader, offer_id: str, partner_id: str) -> Offer:
    """One offer of a partner's own merchants; raises NotFound."""
    offer = await reader.one(sql.offers.find, Offer, offer_id=offer_id, partner_id=partner_id)
    if offer is None:
        raise NotFound("There is no such offer")
    return offer


async def deliver(world: World, offer_id: str, caller: Caller) -> Offer:
    """The partner showed the offer to the merchant; telling so again changes nothing."""
    partner_id = caller.partner_id

    async def unit(tx: Tx) -> Offer:
        offer = await find(tx, offer_id, partner_id)
        if not caller.reaches(offer.merchant_id):
            raise NotFound("There is no such offer")
        position = await positions.certain(tx, world, offer.merchant_id)
        positions.permit(position, caller, grants.READ_OFFERS, world.clock.now())
        if offer.state is OfferState.delivered:
            return offer
        states.check(MOVES, offer.state, OfferState.delivered)
        now = world.clock.now()
        if await tx.run(sql.offers.deliver, id=offer_id, delivered_at=now):
            await events.emit(tx, world, [_event("offer.delivered", offer_id, offer.merchant_id, partner_id, now)])
        return await find(tx, offer_id, partner_id)

    return await world.store.write(unit)


async def expire(world: World) -> int:
    """Mark offers whose time ran out; how many."""
    now = world.clock.now()
    found = await world.store.all(sql.offers.to_expire, now_at=now)

    async def unit(tx: Tx) -> int:
        for offer_id, merchant_id, partner_id in found:
            if await tx.run(sql.offers.expire, id=offer_id):
                await events.emit(tx, world, [_event("offer.expired", offer_id, merchant_id, partner_id, now)])
        return len(found)

    return await world.store.write(unit) if found else 0


def _event(name: str, offer_id: str, merchant_id: str, partner_id: str, now: datetime) -> Event:
    return Event("offer", offer_id, name, merchant_id, partner_id, {"id": offer_id, "merchant_id": merchant_id}, now)
