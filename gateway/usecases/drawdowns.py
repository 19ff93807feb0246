"""A drawdown from the partner's proposal to the bank's instruction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.domain import grants, states
from gateway.domain import reviews as review_rules
from gateway.domain.drawdowns import (
    MOVES,
    BankUnavailable,
    Confirmation,
    Drawdown,
    DrawdownState,
    Evidence,
    ExposureExceeded,
    NewDrawdown,
    QuoteTaken,
    UnknownDrawdown,
)
from gateway.domain.errors import NotFound
from gateway.domain.events import Event
from gateway.domain.offers import Offer
from gateway.domain.quotes import Quote, QuoteExpired, QuoteSuperseded, StaleTerms
from gateway.domain.underwriting import BANK_STOPPED, Outcome
from gateway.store import sql
from gateway.usecases import agreements, audit, banks, events, jobs, limits, mandates, positions, reviews, velocity
from gateway.usecases.audit import Action

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.domain.inputs import Inputs
    from gateway.domain.positions import Position
    from gateway.domain.programmes import Programme
    from gateway.domain.rights import Caller
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World

DECIDE = "drawdown.decide"
INSTRUCT = "drawdown.instruct"


async def find(reader: Reader, drawdown_id: str, partner_id: str | None = None) -> Drawdown:
    """One drawdown, of a partner's own merchants when a partner asks; raises UnknownDrawdown."""
    drawdown = await reader.one(sql.drawdowns.find, Drawdown, drawdown_id=drawdown_id)
    if drawdown is None or partner_id not in {None, drawdown.partner_id}:
        raise UnknownDrawdown("There is no such drawdown")
    return drawdown


async def lock(tx: Tx, drawdown_id: str, partner_id: str | None = None) -> Drawdown:
    """The same, held against other writers until the unit ends."""
    await tx.one(sql.drawdowns.lock, drawdown_id=drawdown_id)
    return await find(tx, drawdown_id, partner_id)


async def propose(tx: Tx, world: World, caller: Caller, new: NewDrawdown) -> Drawdown:
    """A partner's call only creates `awaiting_confirmation`: nothing is borrowed before the merchant's click.

    Raises ConsentRequired unless the merchant agreed to be proposed a loan like this.
    """
    now, partner_id = world.clock.now(), caller.partner_id
    quote = await _quote(tx, new.quote_id, partner_id)
    banks.check_open(world, quote.bank_id)
    if not caller.reaches(quote.merchant_id):
        raise NotFound("There is no such quote")
    await tx.one(sql.consents.hold_merchant, merchant_id=quote.merchant_id)  # first, as whoever confirms does
    position = await positions.certain(tx, world, quote.merchant_id)
    grant = positions.permit(position, caller, grants.PROPOSE, now)
    grants.check_draw(grant, _draw(position, quote), now)
    _check_terms(world, quote, new.terms_hash)
    drawdown = Drawdown(
        id=world.ids.new("drawdown"),
        merchant_id=quote.merchant_id,
        partner_id=partner_id,
        quote_id=quote.id,
        offer_id=quote.offer_id,
        bank_id=quote.bank_id,
        programme_id=quote.programme_id,
        state=DrawdownState.awaiting_confirmation,
        currency=quote.currency,
        amount=quote.amount,
        fee_amount=quote.fee_amount,
        withhold_bps=quote.withhold_bps,
        minimum_amount=quote.minimum_amount,
        final_due_on=quote.final_due_on,
        terms_hash=quote.terms_hash,
        evidence=None,
        end_to_end_id=None,
        bank_reference=None,
        active_on=None,
        reason=None,
        collection=quote.collection,
        interval_days=quote.interval_days,
        all_in_cap_bps=quote.all_in_cap_bps,
        early_rebate_bps=quote.early_rebate_bps,
        refinances=quote.refinances,
        refinanced_amount=quote.refinanced_amount,
        refinanced_fee_amount=quote.refinanced_fee_amount,
        carried_net_amount=0,
        state_at=now,
        created_at=now,
    )
    if not await tx.run(sql.drawdowns.add, **msgspec.structs.asdict(drawdown)):
        raise QuoteTaken("This quote was drawn already; make another one", quote_id=quote.id)
    await _tell(tx, world, drawdown, drawdown.state)
    return drawdown


async def confirm(
    tx: Tx, world: World, drawdown_id: str, partner_id: str, confirmation: Confirmation, *, evidence_of: EvidenceOf
) -> Drawdown:
    """The merchant's click: terms and limit are checked again, exposure is taken, evidence kept, the bank asked.

    A large draw, or a flagged merchant's, waits for a person first (`gateway.usecases.reviewing`).
    Raises QuoteExpired, StaleTerms, VelocityExceeded, QuoteSuperseded, ExposureExceeded, or ConsentRequired for what
    was taken back since the proposal; then nothing was borrowed.
    """
    drawdown = await lock(tx, drawdown_id, partner_id)
    states.check(MOVES, drawdown.state, DrawdownState.requested)
    banks.check_open(world, drawdown.bank_id)
    quote = await _quote(tx, drawdown.quote_id, partner_id)
    _check_terms(world, quote, confirmation.terms_hash)
    await _check_refinanced(tx, drawdown)
    await velocity.take(tx, world, drawdown)
    given, programme = await _take_exposure(tx, world, quote)
    evidence = Evidence(
        terms_hash=quote.terms_hash,
        terms_version=quote.terms_version,
        amount=quote.amount,
        fee_amount=quote.fee_amount,
        method=evidence_of.method,
        confirmed_by=evidence_of.confirmed_by,
        confirmed_at=world.clock.now(),
        remote_address=evidence_of.remote_address,
        authority_id=evidence_of.authority_id,
        passkey_id=evidence_of.passkey_id,
        intent_hash=evidence_of.intent_hash,
        agreement_id=await agreements.sign(tx, world, drawdown, evidence_of.method, evidence_of.language),
        mandate_id=await mandates.sign(tx, world, drawdown),
    )
    await tx.run(sql.drawdowns.confirm, drawdown_id=drawdown_id, evidence_json=evidence)
    await move(tx, world, drawdown, DrawdownState.requested)
    unseen = await tx.one(sql.reviews.unseen, merchant_id=drawdown.merchant_id)  # this draw among it
    if why := review_rules.reasons(given, drawdown.amount if unseen is None else unseen[0], programme):
        await move(tx, world, await find(tx, drawdown_id), DrawdownState.reviewing)
        await reviews.open_drawdown(tx, world, drawdown, why)
    else:
        await jobs.enqueue(tx, world, DECIDE, drawdown_id)
    rests_on = evidence.authority_id or evidence.passkey_id
    facts = {"method": evidence.method, "rests_on": rests_on, "intent": evidence.intent_hash}
    await audit.note(tx, world, drawdown.merchant_id, Action.drawdown_confirmed, drawdown_id, **facts)
    return await find(tx, drawdown_id)


class EvidenceOf(msgspec.Struct, frozen=True):
    """How a confirmation reached us: the method, who confirmed, from where, and what they were entitled by.

    One click rests on the `authority_id` it lies within; a passkey signs the `intent_hash` itself.
    """

    method: str
    confirmed_by: str
    remote_address: str | None
    authority_id: str | None = None
    passkey_id: str | None = None
    intent_hash: str | None = None
    language: str | None = None
    """In which an agreement was shown that this signs; None = the one that the shop's country reads."""


async def cancel(tx: Tx, world: World, drawdown_id: str, partner_id: str) -> Drawdown:
    """Take a drawdown back before its instruction is stored."""
    drawdown = await lock(tx, drawdown_id, partner_id)
    states.check(MOVES, drawdown.state, DrawdownState.canceled)
    if drawdown.state is DrawdownState.approved:
        raise states.IllegalMove("the bank has been instructed", state=drawdown.state, wanted="canceled")
    if drawdown.state is not DrawdownState.awaiting_confirmation:
        await release_exposure(tx, world, drawdown, drawdown.new_money_amount)
    await move(tx, world, drawdown, DrawdownState.canceled)
    await reviews.cancel(tx, world, drawdown_id)
    return await find(tx, drawdown_id)


async def check_again(tx: Tx, world: World, drawdown: Drawdown) -> None:
    """The guard of the click, made of what is true now; the draw's own amount is in the exposure already.

    Its merchant is held by this unit. Raises QuoteSuperseded or ConsentRequired.
    """
    position = await positions.certain(tx, world, drawdown.merchant_id)
    judged = await limits.under(tx, world, position, drawdown.programme_id)
    if judged is None:
        raise QuoteSuperseded("The lender's programme was withdrawn; decline the draw")
    fresh = judged.assessment
    offer = await tx.one(sql.offers.find, Offer, offer_id=drawdown.offer_id, partner_id=drawdown.partner_id)
    if fresh.outcome is not Outcome.offered or offer is None or offer.frozen_at is not None:
        why = ", ".join(reason.code for reason in fresh.reasons)
        raise QuoteSuperseded(f"The merchant may not borrow now ({fresh.outcome}: {why})", outcome=fresh.outcome)
    owed = position.exposure_amount
    draw = grants.Draw(drawdown.bank_id, drawdown.currency, drawdown.new_money_amount, owed, drawdown.withhold_bps)
    grants.check_covered(position.grants, draw, world.clock.now())
    limit = fresh.limit_amount
    if owed > limit:
        raise QuoteSuperseded(f"The limit is now {limit}, and {owed} would be owed", limit_amount=limit)


async def move(tx: Tx, world: World, drawdown: Drawdown, target: DrawdownState, *, reason: str | None = None) -> None:
    """One step of the state machine, with its event; the SQL repeats the guard."""
    states.check(MOVES, drawdown.state, target)
    moved = await tx.run(
        sql.drawdowns.move,
        drawdown_id=drawdown.id,
        source=drawdown.state,
        target=target,
        state_at=world.clock.now(),
        reason=reason,
    )
    if not moved:
        raise states.IllegalMove("the drawdown moved meanwhile", state=drawdown.state, wanted=target)
    await _tell(tx, world, drawdown, target)


async def release_exposure(tx: Tx, world: World, drawdown: Drawdown, amount: int) -> None:
    """Principal that is no longer owed, or never will be, frees its merchant's, programme's and partner's room."""
    await tx.run(sql.positions.release, merchant_id=drawdown.merchant_id, amount=amount)
    for scope, _ in limits.caps(world.programme_of(drawdown.programme_id), drawdown.partner_id, drawdown.currency):
        await tx.run(sql.exposures.release, scope=scope, amount=amount)
    positions.forget(tx, world, drawdown.merchant_id)


async def restore_exposure(tx: Tx, world: World, drawdown: Drawdown, amount: int) -> None:
    """Principal that is owed again, because its repayment was taken back; what is owed is owed, whatever the limit."""
    await tx.run(sql.positions.take_back, merchant_id=drawdown.merchant_id, amount=amount)
    for scope, _ in limits.caps(world.programme_of(drawdown.programme_id), drawdown.partner_id, drawdown.currency):
        await tx.run(sql.exposures.take_back, scope=scope, amount=amount)
    positions.forget(tx, world, drawdown.merchant_id)


async def expire(world: World) -> int:
    """End proposals whose quote ran out unconfirmed; how many."""
    found = await world.store.all(sql.drawdowns.to_expire, now_at=world.clock.now())

    async def unit(tx: Tx) -> int:
        for (drawdown_id,) in found:
            drawdown = await lock(tx, drawdown_id)
            if drawdown.state is DrawdownState.awaiting_confirmation:
                await move(tx, world, drawdown, DrawdownState.expired)
        return len(found)

    return await world.store.write(unit) if found else 0


async def _quote(tx: Tx, quote_id: str, partner_id: str) -> Quote:
    quote = await tx.one(sql.quotes.find, Quote, quote_id=quote_id, partner_id=partner_id)
    if quote is None:
        raise NotFound("There is no such quote")
    return quote


def _check_terms(world: World, quote: Quote, shown_hash: str) -> None:
    if shown_hash != quote.terms_hash:
        raise StaleTerms("Show the quote's terms again and confirm what was shown")
    if world.clock.now() >= quote.expires_at:
        raise QuoteExpired("Make a new quote; this one lived for 15 minutes", expired_at=quote.expires_at.isoformat())


async def _check_refinanced(tx: Tx, drawdown: Drawdown) -> None:
    """Raise QuoteSuperseded when the drawdown it would take over has ended, or goes to another one."""
    if drawdown.refinances is None:
        return
    old = await lock(tx, drawdown.refinances)
    if old.state is not DrawdownState.active or await tx.one(sql.refinancings.under_way, drawdown_id=old.id):
        raise QuoteSuperseded("The loan to be taken over has changed; nothing was borrowed", state=old.state)


def _draw(position: Position, quote: Quote) -> grants.Draw:
    """The loan as a consent sees it: with everything else that is owed."""
    new_amount = quote.new_money_amount  # what it refinances is owed already
    outstanding = position.exposure_amount + new_amount
    return grants.Draw(quote.bank_id, quote.currency, new_amount, outstanding, quote.withhold_bps)


async def _take_exposure(tx: Tx, world: World, quote: Quote) -> tuple[Inputs, Programme]:
    """The guard: exposure + amount ≤ the fresh limit, checked by the very statement that raises it; what it rests on.

    The limit is the quote's own lender's, made of what the database holds now, not of what this process remembers.
    """
    position = await positions.certain(tx, world, quote.merchant_id)
    offer = await tx.one(sql.offers.find, Offer, offer_id=quote.offer_id, partner_id=position.partner_id)
    judged = await limits.under(tx, world, position, quote.programme_id)
    if judged is None:
        raise QuoteSuperseded("The lender's programme was withdrawn; nothing was borrowed")
    fresh = judged.assessment
    if fresh.reasons[0].code == BANK_STOPPED:
        raise BankUnavailable(f"{quote.bank_id} takes no new loans now; nothing was borrowed", bank_id=quote.bank_id)
    if fresh.outcome is not Outcome.offered or offer is None or offer.frozen_at is not None:
        raise QuoteSuperseded("The offer changed; nothing was borrowed", outcome=fresh.outcome)
    grants.check_covered(position.grants, _draw(position, quote), world.clock.now())
    limit = fresh.limit_amount
    amount = quote.new_money_amount
    if amount > limit:
        raise QuoteSuperseded(f"The limit is now {limit}; nothing was borrowed", limit_amount=limit)
    if not await tx.run(sql.positions.guard, merchant_id=quote.merchant_id, amount=amount, limit_amount=limit):
        raise ExposureExceeded(f"The limit is now {limit}; nothing was borrowed", limit_amount=limit)
    for scope, cap in limits.caps(judged.programme, position.partner_id, quote.currency):
        await tx.run(sql.exposures.open, scope=scope)
        if not await tx.run(sql.exposures.guard, scope=scope, amount=amount, cap_amount=cap):
            raise ExposureExceeded("Bank or partner have no room for this amount; nothing was borrowed")
    positions.forget(tx, world, quote.merchant_id)
    return judged.given, judged.programme


async def _tell(tx: Tx, world: World, drawdown: Drawdown, state: DrawdownState) -> None:
    now: datetime = world.clock.now()
    data = {
        "id": drawdown.id,
        "merchant_id": drawdown.merchant_id,
        "state": state.value,
        "amount": drawdown.amount,
        "currency": drawdown.currency,
    }
    name = f"drawdown.{state.value}"
    event = Event("drawdown", drawdown.id, name, drawdown.merchant_id, drawdown.partner_id, data, now)
    await events.emit(tx, world, [event])
