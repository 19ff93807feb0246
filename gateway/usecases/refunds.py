"""What a merchant paid beyond what it owed is given back: a payment of its own, sent at most once like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.bank_ports import BankEvent, BankEventKind
from gateway.domain import ledger, settlements
from gateway.domain.alerts import Severity
from gateway.domain.repayments import Channel, Repayment, RepaymentKind, RepaymentState
from gateway.store import sql
from gateway.usecases import alerts, repayments
from gateway.usecases import ledger as books
from gateway.usecases.statuses import Contradiction

if TYPE_CHECKING:
    from datetime import date

    from gateway.domain.drawdowns import Drawdown
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World


UNCOVERED = "refund_uncovered"
"""The kind of alert: the merchant was given back money that its bank then took back: it owes that too."""


async def schedule(tx: Tx, world: World, drawdown: Drawdown) -> Repayment | None:
    """Give back all that is kept for the merchant and not on its way to it; None when that is nothing."""
    kept = -await books.balance(tx, ledger.suspense(drawdown.id))
    going = await tx.one(sql.repayments.going_back, drawdown_id=drawdown.id) or (0,)
    if (amount := kept - int(going[0])) <= 0:
        return None
    today = world.clock.now().date()
    return await repayments.schedule(
        tx, world, drawdown, kind=RepaymentKind.refund, channel=Channel.payout, amount=amount, business_on=today,
        collect_on=today,
    )  # fmt: skip


async def missing_amount(reader: Reader, drawdown: Drawdown) -> int:
    """What was given back to the merchant though its bank took that money back too: owed before anything else."""
    return max(0, await books.balance(reader, ledger.suspense(drawdown.id)))


async def recall(tx: Tx, world: World, drawdown: Drawdown) -> None:
    """Money that was too much was taken back: what no bank can have heard of yet is not given back as well."""
    for repayment in await tx.all(sql.repayments.unsent, Repayment, drawdown_id=drawdown.id, channel=Channel.payout):
        await repayments.move(tx, world, repayment, RepaymentState.canceled, reason="taken_back")
    await schedule(tx, world, drawdown)


async def tell_missing(tx: Tx, world: World, drawdown: Drawdown, amount: int) -> None:
    """Have a person know of it: the next money of the loan replaces it, if any comes. Call it last in a unit."""
    evidence = {"drawdown_id": drawdown.id, "amount": amount, "currency": drawdown.currency}
    await alerts.start(tx, world, UNCOVERED, drawdown.id, severity=Severity.critical, evidence=evidence)


async def book(
    tx: Tx, world: World, fact: BankEvent, drawdown: Drawdown, repayment: Repayment, *, booked_on: date
) -> None:
    """The bank's entry: the merchant has it, or it came back and is kept again until a person knows where it goes.

    Raises AlreadyBooked, Contradiction.
    """
    state = repayment.state
    if fact.kind is BankEventKind.booked and fact.credit is False:
        if state in {RepaymentState.settled, RepaymentState.returned}:
            raise books.AlreadyBooked(f"{repayment.id} was given back")
        entries, target = settlements.settled(drawdown, repayment), RepaymentState.settled
    elif fact.kind is BankEventKind.returned and fact.credit is True:
        if state is RepaymentState.returned:
            raise books.AlreadyBooked(f"{repayment.id} came back")
        entries, target = settlements.taken_back(drawdown, repayment), RepaymentState.returned
    else:
        raise Contradiction("an entry of a refund in the wrong direction")
    for entry in entries:
        await books.book(tx, world, entry)
    if target is RepaymentState.settled:
        repayment = await repayments.initiated(tx, world, repayment)
    settled_on = booked_on if target is RepaymentState.settled else None
    await repayments.move(tx, world, repayment, target, reason=fact.reason, settled_on=settled_on)
