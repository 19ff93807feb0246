"""The partner's money: its payments are known by their exact reference, and who does not pay or report is told of."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.domain import ledger, remittances, states
from gateway.domain.alerts import Severity
from gateway.domain.events import Event
from gateway.domain.remittances import MOVES, Line, Piece, Remittance, RemittanceState
from gateway.store import sql
from gateway.usecases import alerts, events
from gateway.usecases import ledger as books
from gateway.usecases.alerts import NOBODY
from gateway.usecases.ledger import AlreadyBooked
from gateway.usecases.statuses import Contradiction

if TYPE_CHECKING:
    from gateway.bank_ports import BankEvent
    from gateway.store import Tx
    from gateway.usecases.world import Bank, World

PATIENCE = timedelta(days=3)
"""How long a partner may take to report what was due to be withheld, and to pay what it reported."""
LATE, SHORT, UNREPORTED = "remittance_late", "remittance_short", "withholding_unreported"


async def receive(tx: Tx, world: World, bank: Bank, fact: BankEvent) -> bool:
    """Take in a payment that names a remittance, exactly; False when it names none.

    Less than was announced is booked, and the rest stays owed; more is for a person. Once one came without a name of
    the bank's, which of the others are the same again nobody can tell. Raises AlreadyBooked, Contradiction.
    """
    found = await tx.one(sql.remittances.by_reference, Remittance, end_to_end_id=fact.end_to_end_id)
    if found is None or fact.amount is None:
        return False
    entry = fact.entry_reference
    if entry in found.entries or (found.entries and (entry is None or "" in found.entries)):
        raise AlreadyBooked(f"{found.id} was paid")
    if (found.bank_id, found.currency) != (bank.id, fact.amount.currency):
        raise Contradiction("a remittance to another bank or in another currency")
    amount, left = fact.amount.amount, found.amount - found.received_amount
    if amount > left:
        raise Contradiction(f"{amount} came for a remittance of which {left} was left")
    lines = await tx.all(sql.remittances.lines, Line, remittance_id=found.id)
    number = len(found.entries) + 1
    for line, part in remittances.spread(lines, amount):
        piece = Piece(line.repayment_id, number, part)
        loan = ledger.Loan(line.drawdown_id, bank.id, found.currency)
        await books.book(tx, world, ledger.partner_remitted(loan, piece.reference, found.partner_id, part))
        await tx.run(sql.remittances.pay_line, repayment_id=line.repayment_id, amount=part)
        await tx.run(
            sql.remittances.add_piece, repayment_id=line.repayment_id, number=number, drawdown_id=line.drawdown_id,
            amount=part,
        )  # fmt: skip
    target = RemittanceState.received if amount == left else RemittanceState.short
    await move(tx, world, found, target, amount, entry=entry or "")
    return True


async def move(
    tx: Tx, world: World, found: Remittance, target: RemittanceState, amount: int, *, entry: str | None = None
) -> None:
    """Note what came; with the last of it the remittance is received and its alerts end, with less it is short."""
    if target is not found.state:
        states.check(MOVES, found.state, target)
    entries = found.entries if entry is None else (*found.entries, entry)
    await tx.run(
        sql.remittances.receive, id=found.id, amount=amount, target=target, entries_json=entries,
        state_at=world.clock.now(),
    )  # fmt: skip
    if target is not found.state:
        await tell(tx, world, found, target)
    if target is RemittanceState.received:
        for kind in (LATE, SHORT):
            await alerts.close(tx, world, kind, found.id)
    else:
        left = found.amount - found.received_amount - amount
        evidence = {"partner_id": found.partner_id, "amount": left, "currency": found.currency}
        await alerts.start(tx, world, SHORT, found.id, severity=Severity.warning, evidence=evidence)


async def tell(tx: Tx, world: World, found: Remittance, state: RemittanceState | None = None) -> None:
    """The event of a remittance's state: the partner's own, about no merchant."""
    name = state or found.state
    data = {"id": found.id, "state": name.value, "amount": found.amount, "currency": found.currency}
    told = Event("remittance", found.id, f"remittance.{name}", NOBODY, found.partner_id, data, world.clock.now())
    await events.emit(tx, world, [told])


async def watch(world: World) -> int:
    """Open alerts about partners that do not pay or report in time, and close those that ended; how many."""
    now = world.clock.now()
    before_at, before_on = now - PATIENCE, now.date() - PATIENCE
    late = await world.store.all(sql.remittances.late, before_at=before_at, kind=LATE)
    silent = await world.store.all(sql.remittances.unreported, before_on=before_on, kind=UNREPORTED)
    done = await world.store.all(sql.remittances.reported, before_on=before_on, kind=UNREPORTED)
    if not (late or silent or done):
        return 0

    async def unit(tx: Tx) -> int:
        for remittance_id, partner_id, currency, amount in late:
            evidence = {"partner_id": partner_id, "amount": amount, "currency": currency}
            await alerts.start(tx, world, LATE, remittance_id, severity=Severity.warning, evidence=evidence)
        for partner_id, currency, count, amount, oldest_on in silent:
            found = {"count": count, "amount": amount, "currency": currency, "oldest_on": str(oldest_on)}
            await alerts.start(tx, world, UNREPORTED, partner_id, severity=Severity.warning, evidence=found)
        for (partner_id,) in done:
            await alerts.close(tx, world, UNREPORTED, partner_id)
        return len(late) + len(silent) + len(done)

    return await world.store.write(unit)
