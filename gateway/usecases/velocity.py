"""Velocity caps at the moment of confirming: counted in the database, under locks that hold until the unit ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.domain import velocity
from gateway.domain.money import share
from gateway.domain.velocity import WINDOW, Cap, Confirmed
from gateway.store import sql
from gateway.usecases import authorities

if TYPE_CHECKING:
    from gateway.domain.drawdowns import Drawdown
    from gateway.domain.programmes import Programme
    from gateway.store import Tx
    from gateway.usecases.world import World


async def take(tx: Tx, world: World, drawdown: Drawdown) -> None:
    """Count a draw as confirmed now, or raise VelocityExceeded (or NoPayee). Once a draw, in the unit that confirms it.

    The merchant's and then the partner's row are held, so that of many at once none slips past a cap.
    """
    now, amount = world.clock.now(), drawdown.new_money_amount
    since_at, merchant_id = now - WINDOW, drawdown.merchant_id
    await tx.one(sql.consents.hold_merchant, merchant_id=merchant_id)
    mine = await tx.one(sql.authorities.merchant_confirmed, Confirmed, merchant_id=merchant_id, since_at=since_at)
    programme = world.programme_of(drawdown.programme_id)
    velocity.check(merchant_cap(programme, drawdown.currency), mine or velocity.NOTHING, amount, now)
    await tx.one(sql.authorities.hold_partner, partner_id=drawdown.partner_id)
    every = await tx.one(
        sql.authorities.partner_confirmed,
        Confirmed,
        partner_id=drawdown.partner_id,
        currency=drawdown.currency,
        since_at=since_at,
    )
    velocity.check(partner_cap(world, programme, drawdown.currency), every or velocity.NOTHING, amount, now)
    payee = await authorities.payee(tx, world, merchant_id)
    await tx.run(sql.authorities.confirmed, drawdown_id=drawdown.id, confirmed_at=now, payee_hash=payee.hash)


def merchant_cap(programme: Programme, currency: str) -> Cap:
    """What one merchant may confirm, by the programme it draws under; what it drew of others counts, too."""
    amount = share(programme.cap_amount(currency), programme.draws_24h_bps)
    return Cap("merchant", programme.draws_24h_count, amount)


def partner_cap(world: World, programme: Programme, currency: str) -> Cap:
    """What all merchants of one partner may confirm together, by the operator's settings."""
    settings = world.settings
    amount = settings.partner_draws_24h_caps * programme.cap_amount(currency)
    return Cap("partner", settings.partner_draws_24h_count, amount)
