"""Quote an amount on an offer."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import grants, pricing, quotes
from gateway.domain.errors import NotFound
from gateway.domain.money import share
from gateway.domain.offers import Offer, OfferClosed, OfferFrozen, OfferState
from gateway.domain.quotes import Assumptions, NewQuote, Quote
from gateway.domain.underwriting import P50, Outcome
from gateway.store import sql
from gateway.usecases import limits, positions

if TYPE_CHECKING:
    from gateway.domain.positions import Position
    from gateway.domain.rights import Caller
    from gateway.store import Tx
    from gateway.usecases.world import World

OPEN = frozenset({OfferState.undelivered, OfferState.delivered})


async def make(tx: Tx, world: World, caller: Caller, new: NewQuote) -> Quote:
    """Price an amount on an open offer, inside the caller's unit; the quote lives for 15 minutes."""
    offer = await tx.one(sql.offers.find, Offer, offer_id=new.offer_id, partner_id=caller.partner_id)
    if offer is None or not caller.reaches(offer.merchant_id):
        raise NotFound("There is no such offer")
    position = await positions.certain(tx, world, offer.merchant_id)
    positions.permit(position, caller, grants.QUOTE, world.clock.now())
    _, fresh = await limits.assess(tx, world, position)
    if offer.frozen_at is not None or fresh.outcome is Outcome.frozen:
        raise OfferFrozen("The offer is on hold; see its reasons")
    if offer.state not in OPEN or world.clock.now() >= offer.expires_at or fresh.outcome is not Outcome.offered:
        raise OfferClosed("The offer is no longer open; read the merchant's current offer", state=offer.state)
    quotes.check_amount(new.amount, fresh.available_amount, world.programme.step_amount(offer.currency))
    quote = _price(world, offer, position, new.amount)
    await tx.run(sql.quotes.add, **_stored(quote))
    return quote


def _price(world: World, offer: Offer, position: Position, amount: int) -> Quote:
    now, price = world.clock.now(), offer.price  # the offer's own, whatever programme version came since
    programme = msgspec.structs.replace(world.programme, withhold_bps=price.withhold_bps, term_days=price.term_days)
    median = 0 if position.scores is None else position.scores.forecast_30[P50]
    cost = pricing.cost(amount, price.fee_bps, programme, pricing.outlook(position.scores), position.today(now))
    unsigned = Quote(
        id=world.ids.new("quote"),
        offer_id=offer.id,
        merchant_id=offer.merchant_id,
        currency=offer.currency,
        amount=amount,
        fee_amount=cost.fee_amount,
        withhold_bps=cost.withhold_bps,
        minimum_amount=cost.minimum_amount,
        estimated_payoff_on=cost.estimated_payoff_on,
        final_due_on=cost.final_due_on,
        apr_bps=cost.apr_bps,
        assumptions=Assumptions(pricing.APR_METHOD, cost.daily_repayment_amount, median),
        partner_revenue_share_amount=share(cost.fee_amount, programme.partner_share_bps),
        bank_id=programme.bank_id,
        terms_version=programme.terms_version,
        collection=programme.collection,
        interval_days=programme.interval_days,
        terms_hash="",
        created_at=now,
        expires_at=now + timedelta(minutes=programme.quote_minutes),
    )
    return msgspec.structs.replace(unsigned, terms_hash=quotes.terms_hash(unsigned))


def _stored(quote: Quote) -> dict[str, object]:
    values = msgspec.structs.asdict(quote)
    values["assumptions_json"] = values.pop("assumptions")
    return values
