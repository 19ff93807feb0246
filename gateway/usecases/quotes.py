"""Quote an amount on an offer."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import grants, outlooks, pricing, quotes
from gateway.domain.errors import NotFound
from gateway.domain.money import share
from gateway.domain.offers import Offer, OfferClosed, OfferFrozen, OfferState, Price
from gateway.domain.quotes import Assumptions, NewQuote, NotOffered, PayoffRange, Quote
from gateway.domain.underwriting import P50, Outcome
from gateway.store import sql
from gateway.usecases import limits, positions, refinancing

if TYPE_CHECKING:
    from gateway.domain.programmes import Programme
    from gateway.domain.rights import Caller
    from gateway.domain.underwriting import Assessment
    from gateway.store import Tx
    from gateway.usecases.limits import Judged
    from gateway.usecases.world import World

OPEN = frozenset({OfferState.undelivered, OfferState.delivered})


async def make(tx: Tx, world: World, caller: Caller, new: NewQuote) -> Quote:
    """Price an amount on an open offer, inside the caller's unit; the quote lives for 15 minutes.

    By the offer's own lender, or by the one asked for, never by another. Raises NotFound, ConsentRequired, OfferFrozen,
    OfferClosed, NotOffered, NotAStep, AboveLimit or NotRefinanceable.
    """
    offer = await tx.one(sql.offers.find, Offer, offer_id=new.offer_id, partner_id=caller.partner_id)
    if offer is None or not caller.reaches(offer.merchant_id):
        raise NotFound("There is no such offer")
    position = await positions.certain(tx, world, offer.merchant_id)
    positions.permit(position, caller, grants.QUOTE, world.clock.now())
    if offer.frozen_at is not None:
        raise OfferFrozen("The offer is on hold; see its reasons")
    if offer.state not in OPEN or world.clock.now() >= offer.expires_at:
        raise OfferClosed("The offer is no longer open; read the merchant's current offer", state=offer.state)
    judged = await limits.under(tx, world, position, new.programme_id or offer.programme.id)
    if judged is None:
        raise NotOffered("This programme is not in force; read the merchant's current offer and its alternatives")
    fresh, programme = judged.assessment, judged.programme
    if programme.id == offer.programme.id:
        _check(offer, fresh)
        price = offer.price  # its own, whatever programme version came since
    else:
        price = _price_of(programme, fresh)
    quotes.check_amount(new.amount, fresh.available_amount, programme.step_amount(offer.currency))
    taken = (0, 0) if new.refinances is None else await refinancing.owed(tx, offer, programme, new.refinances)
    quote = _price(world, offer, judged, price, new, taken=taken)
    await tx.run(sql.quotes.add, **_stored(quote))
    return quote


async def payoff_range(tx: Tx, world: World, quote: Quote) -> PayoffRange:
    """Between which days a quote just made is likely paid off: its estimate by the hopeful and the cautious path."""
    position = await positions.certain(tx, world, quote.merchant_id)
    if position.scores is None:
        return PayoffRange()
    today = position.today(quote.created_at)
    term_days = (quote.final_due_on - today).days
    ends = []
    for which in (2, 0):
        ahead = outlooks.daily(pricing.outlook_at(position.scores, which), term_days)
        days = len(pricing.expected(quote.total_amount, quote.withhold_bps, term_days, ahead)) - 1
        ends.append(today + timedelta(days=days))
    return PayoffRange(*ends)


def _check(offer: Offer, fresh: Assessment) -> None:
    if fresh.outcome is Outcome.frozen:
        raise OfferFrozen("The offer is on hold; see its reasons")
    if fresh.outcome is not Outcome.offered:
        raise OfferClosed("The offer is no longer open; read the merchant's current offer", state=offer.state)


def _price_of(programme: Programme, fresh: Assessment) -> Price:
    """What another lender asks for now."""
    price = programme.price(fresh.terms.grade)
    if fresh.outcome is not Outcome.offered or price is None:
        why = fresh.reasons[0].code
        raise NotOffered(f"{programme.id} does not offer to this merchant now: {why}", reason=why)
    return Price("flat_fee", *price)


def _price(world: World, offer: Offer, judged: Judged, price: Price, new: NewQuote, *, taken: tuple[int, int]) -> Quote:
    now, position = world.clock.now(), judged.position
    programme = msgspec.structs.replace(judged.programme, withhold_bps=price.withhold_bps, term_days=price.term_days)
    median = 0 if position.scores is None else position.scores.forecast_30[P50]
    outlook, today = pricing.outlook(position.scores), position.today(now)
    cost = pricing.cost(new.amount, price.fee_bps, programme, outlook, today, taken=taken)
    unsigned = Quote(
        id=world.ids.new("quote"),
        offer_id=offer.id,
        merchant_id=offer.merchant_id,
        currency=offer.currency,
        amount=new.amount + taken[0],
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
        all_in_cap_bps=programme.all_in_cap_bps,
        early_rebate_bps=programme.early_rebate_bps,
        refinances=new.refinances,
        refinanced_amount=taken[0],
        refinanced_fee_amount=taken[1],
        terms_hash="",
        created_at=now,
        expires_at=now + timedelta(minutes=programme.quote_minutes),
        programme_id=programme.id,
        programme_version=programme.version,
    )
    return msgspec.structs.replace(unsigned, terms_hash=quotes.terms_hash(unsigned))


def _stored(quote: Quote) -> dict[str, object]:
    values = msgspec.structs.asdict(quote)
    values["assumptions_json"] = values.pop("assumptions")
    return values
