"""What becomes of a repayment's money: on its way, here, refused, taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.bank_ports import BankEvent, BankEventKind
from gateway.domain import repayments as rules
from gateway.domain import settlements
from gateway.domain.drawdowns import Drawdown, DrawdownState
from gateway.domain.quotes import Quote
from gateway.domain.repayments import Channel, Repayment, RepaymentKind, RepaymentState
from gateway.store import sql
from gateway.usecases import alerts, drawdowns, loans, payoffs, refunds, repayments, retries, servicing, write_offs
from gateway.usecases import ledger as books
from gateway.usecases.statuses import ACCEPTED, DUPLICATE, REFUSED, SETTLED, Contradiction

if TYPE_CHECKING:
    from datetime import date

    from gateway.store import Tx
    from gateway.usecases.world import World

OWING = frozenset({
    DrawdownState.active, DrawdownState.repaid, DrawdownState.refinanced, DrawdownState.charged_off,
    DrawdownState.canceled,
})  # fmt: skip
"""States in which the merchant's money may come: some of it when nothing is owed any more, or the payout came back."""


async def apply(
    tx: Tx, world: World, fact: BankEvent, drawdown: Drawdown, repayment: Repayment, *, booked_on: date | None
) -> None:
    """Move a repayment by what the bank says of its debit; `booked_on` None = a status only."""
    if booked_on is None:
        await _status_of_collection(tx, world, fact, repayment)
    elif repayment.channel is Channel.payout:
        await refunds.book(tx, world, fact, drawdown, repayment, booked_on=booked_on)
    elif fact.kind is BankEventKind.booked and fact.credit is True:
        await settle(tx, world, drawdown, repayment, booked_on)
    elif fact.kind is BankEventKind.returned and fact.credit is False:
        await take_back(tx, world, fact, drawdown, repayment)
    else:
        raise Contradiction("an entry of a collection in the wrong direction")


async def _status_of_collection(tx: Tx, world: World, fact: BankEvent, repayment: Repayment) -> None:
    """A refused collection has failed: its amount is owed as before, and the next closes withhold it again."""
    S = RepaymentState  # noqa: N806
    if fact.status in REFUSED:
        if fact.reason in DUPLICATE or repayment.state is S.failed:
            return
        await fail(tx, world, repayment, fact.reason)
    elif fact.status in SETTLED and repayment.state is S.failed:
        raise Contradiction(f"{fact.status} after the bank refused it")
    elif fact.status in ACCEPTED and repayment.state in {S.scheduled, S.initiated, S.in_doubt}:
        repayment = await repayments.initiated(tx, world, repayment)
        await repayments.move(tx, world, repayment, S.pending)


async def fail(tx: Tx, world: World, repayment: Repayment, reason: str | None) -> None:
    """The bank will not collect it. Raises Contradiction when it has been collected, or given up, by what we know."""
    if repayment.state not in rules.OPEN:
        raise Contradiction(f"refused by the bank ({reason}) while {repayment.state}")
    repayment = await repayments.initiated(tx, world, repayment)
    await repayments.move(tx, world, repayment, RepaymentState.failed, reason=reason)
    await retries.follow(tx, world, repayment, reason)


async def settle(
    tx: Tx, world: World, drawdown: Drawdown, repayment: Repayment, settled_on: date, *, entry: str | None = None
) -> None:
    """The money came: divided by what is owed now; with the last cent the drawdown is repaid.

    The last cent is what the cap on all costs leaves on this day, or left when the payment was scheduled as the last
    one; the rest is a rebate, and a payoff's is given whatever else failed. What was given back to the merchant and
    then taken back by its bank comes first. Debits of more than is left that were not sent yet are not sent any more.
    `entry`: the bank's name of what it booked. Raises AlreadyBooked when the money is known to have come, Contradiction
    while nothing can be owed.
    """
    if repayment.state in {RepaymentState.settled, RepaymentState.returned}:
        raise books.AlreadyBooked(f"{repayment.id} has settled")
    if drawdown.state not in OWING:
        raise Contradiction(f"a repayment arrived while the drawdown is {drawdown.state}")
    owed, missing_amount = await books.owed(tx, drawdown.id), await refunds.missing_amount(tx, drawdown)
    replaced_amount = min(repayment.amount, missing_amount)
    paying_amount = repayment.amount - replaced_amount
    claim = await write_offs.claim_amount(tx, drawdown) if drawdown.state is DrawdownState.charged_off else None
    foreseen = cap = 0
    if drawdown.state is not DrawdownState.canceled:  # nothing is owed, so nothing can be given up
        foreseen = payoffs.foreseen_rebate(repayment, settled_on)
        cap = await payoffs.cap_rebate(tx, drawdown, owed, settled_on, amount=paying_amount)
    parts = rules.settle(
        paying_amount,
        *owed,
        claim_amount=claim,
        rebate_amount=max(cap, foreseen),
        promised_amount=foreseen if repayment.kind is RepaymentKind.early else 0,
    )
    parts = msgspec.structs.replace(parts, suspense_amount=parts.suspense_amount + replaced_amount)
    found = msgspec.structs.asdict(parts) | {"share_amount": await _share(tx, drawdown, parts.fee_amount)}
    found |= {"amount": repayment.amount, "entry_reference": entry}
    await tx.run(sql.repayments.allocate, repayment_id=repayment.id, **found)
    repayment = msgspec.structs.replace(await repayments.initiated(tx, world, repayment), **found)
    for booking in settlements.settled(drawdown, repayment):
        await books.book(tx, world, booking)
    await repayments.move(tx, world, repayment, RepaymentState.settled, settled_on=settled_on)
    await drawdowns.release_exposure(tx, world, drawdown, parts.principal_amount)
    if drawdown.state is DrawdownState.active and await books.owed(tx, drawdown.id) == (0, 0):
        await drawdowns.move(tx, world, drawdown, DrawdownState.repaid)
    if parts.suspense_amount:
        await refunds.schedule(tx, world, drawdown)
    await loans.cancel_excess(tx, world, drawdown, "paid_otherwise")
    await servicing.refresh(tx, world, drawdown.id)
    if replaced_amount and replaced_amount == missing_amount:
        await alerts.close(tx, world, refunds.UNCOVERED, drawdown.id)


async def _share(tx: Tx, drawdown: Drawdown, fee_amount: int) -> int:
    """The partner's part of a fee that is earned now: what it earned so far is always its part of all that was."""
    quote = await tx.one(sql.quotes.find, Quote, quote_id=drawdown.quote_id, partner_id=drawdown.partner_id)
    earned, shared = await tx.one(sql.repayments.fees, drawdown_id=drawdown.id) or (0, 0)
    if quote is None or not drawdown.fee_amount:
        return 0
    return int(quote.partner_revenue_share_amount * (earned + fee_amount) // drawdown.fee_amount - shared)


async def take_back(tx: Tx, world: World, fact: BankEvent, drawdown: Drawdown, repayment: Repayment) -> None:
    """A settled debit was taken back: it is owed again, and a drawdown it had repaid is active again."""
    if repayment.state is RepaymentState.returned:
        raise books.AlreadyBooked(f"{repayment.id} was taken back")
    if drawdown.state not in OWING:
        raise Contradiction(f"a repayment was taken back while the drawdown is {drawdown.state}")
    for entry in settlements.taken_back(drawdown, repayment):
        await books.book(tx, world, entry)
    await repayments.move(tx, world, repayment, RepaymentState.returned, reason=fact.reason)
    if drawdown.state is DrawdownState.charged_off:
        await write_offs.write_off_again(tx, world, drawdown, repayment)
    else:
        await drawdowns.restore_exposure(tx, world, drawdown, repayment.principal_amount)
    undone = repayment.principal_amount + repayment.fee_amount + repayment.rebate_amount
    if drawdown.state in {DrawdownState.repaid, DrawdownState.refinanced} and undone:
        await drawdowns.move(tx, world, drawdown, DrawdownState.active, reason="repayment_returned")
    if repayment.suspense_amount:
        await refunds.recall(tx, world, drawdown)
    await retries.follow(tx, world, repayment, fact.reason)
    if missing_amount := await refunds.missing_amount(tx, drawdown):
        await refunds.tell_missing(tx, world, drawdown, missing_amount)
