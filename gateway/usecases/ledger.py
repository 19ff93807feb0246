"""Write the ledger's entries and read its balances."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.domain import ledger
from gateway.store import sql

if TYPE_CHECKING:
    from gateway.domain.drawdowns import Drawdown
    from gateway.domain.ledger import Entry
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World


class AlreadyBooked(Exception):
    """The business event was booked before: whoever asked must change nothing else either."""


def loan(drawdown: Drawdown) -> ledger.Loan:
    """Whose books a drawdown's entries go to."""
    return ledger.Loan(drawdown.id, drawdown.bank_id, drawdown.currency)


async def book(tx: Tx, world: World, entry: Entry) -> None:
    """Write one entry; raises AlreadyBooked when its (kind, reference) is there.

    One without postings, such as a fee of nothing, is not written.
    """
    if not entry.postings:
        return
    entry_id = world.ids.new("entry")
    added = await tx.run(
        sql.ledger.add_entry,
        id=entry_id,
        kind=entry.kind,
        reference=entry.reference,
        drawdown_id=entry.drawdown_id,
        bank_id=entry.bank_id,
        currency=entry.currency,
        occurred_at=world.clock.now(),
    )
    if not added:
        raise AlreadyBooked(f"{entry.kind} of {entry.reference}")
    lines = [
        {"entry_id": entry_id, "line": n, "account": posting.account, "amount": posting.amount}
        for n, posting in enumerate(entry.postings)
    ]
    await tx.many(sql.ledger.add_posting, lines)


async def balance(reader: Reader, account: str) -> int:
    """The sum of an account's postings."""
    row = await reader.one(sql.ledger.balance, account=account)
    return int(row[0]) if row else 0


async def owed(reader: Reader, drawdown_id: str) -> tuple[int, int]:
    """(principal, fee) still owed by settled money."""
    return (
        await balance(reader, ledger.principal(drawdown_id)),
        await balance(reader, ledger.fee(drawdown_id)),
    )
