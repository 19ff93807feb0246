"""Write the ledger's entries, read its balances, and verify it against everything else that is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.domain import ledger
from gateway.domain.drawdowns import Drawdown
from gateway.store import sql

if TYPE_CHECKING:
    from gateway.domain.ledger import Entry
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World


class AlreadyBooked(Exception):  # noqa: N818 - a signal inside one unit, never an error anybody sees
    """The business event was booked before: whoever asked must change nothing else either."""


class Verification(msgspec.Struct, frozen=True):
    """What `gateway verify` found; `problems` is empty when the books agree with themselves and the rest."""

    balanced: bool
    entries_count: int
    postings_count: int
    drawdowns_count: int
    problems: tuple[str, ...]


def loan(drawdown: Drawdown) -> ledger.Loan:
    """Whose books a drawdown's entries go to."""
    return ledger.Loan(drawdown.id, drawdown.bank_id, drawdown.currency)


async def book(tx: Tx, world: World, entry: Entry) -> None:
    """Write one entry; raises AlreadyBooked when its (kind, reference) is there."""
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


async def verify(reader: Reader) -> Verification:
    """Recompute every sum and hold it against the states and exposures that rest on it."""
    problems = [f"entry {row[0]} sums to {row[1]}" for row in await reader.all(sql.ledger.unbalanced)]
    problems += [f"entry {row[0]} has no postings" for row in await reader.all(sql.ledger.empty_entries)]
    for bank_id, currency, total in await reader.all(sql.ledger.bank_sums):
        if total:
            problems.append(f"the accounts of {bank_id} in {currency} sum to {total}")
    drawdowns = await _drawdowns(reader, problems)
    await _exposures(reader, problems)
    counts = await reader.one(sql.ledger.counts) or (0, 0)
    return Verification(not problems, counts[0], counts[1], drawdowns, tuple(problems))


async def _drawdowns(reader: Reader, problems: list[str]) -> int:
    count, after = 0, ""
    while page := await reader.all(sql.drawdowns.all_ids, after=after):
        for (drawdown_id,) in page:
            drawdown = await reader.one(sql.drawdowns.find, Drawdown, drawdown_id=drawdown_id)
            if drawdown is not None and (problem := await _disagreement(reader, drawdown)):
                problems.append(f"{drawdown_id} ({drawdown.state}): {problem}")
        count, after = count + len(page), page[-1][0]
    return count


async def _disagreement(reader: Reader, drawdown: Drawdown) -> str | None:
    """What the books say against a drawdown's state, if anything."""
    principal, fee = await owed(reader, drawdown.id)
    row = await reader.one(sql.repayments.settled_amount, drawdown_id=drawdown.id)
    settled = int(row[0]) if row else 0
    if drawdown.state == "active":
        expected = drawdown.total_amount - settled
        return None if principal + fee == expected else f"{principal + fee} owed, {expected} expected"
    if drawdown.state in {"approved", "submitted", "pending", "in_doubt"}:
        return None if (principal, fee) == (drawdown.amount, 0) else f"{principal} on its way, {drawdown.amount} expected"
    if drawdown.state == "repaid" and settled != drawdown.total_amount:
        return f"repaid with {settled} of {drawdown.total_amount}"
    return None if principal == fee == 0 else f"{principal} and {fee} still on the books"


async def _exposures(reader: Reader, problems: list[str]) -> None:
    after = ""
    while page := await reader.all(sql.ledger.exposures, after=after):
        for merchant_id, exposure in page:
            held = (await reader.one(sql.ledger.held_before_ledger, merchant_id=merchant_id) or (0,))[0]
            lent = (await reader.one(sql.ledger.principal_of, merchant_id=merchant_id) or (0,))[0]
            if exposure != held + lent:
                problems.append(f"exposure of {merchant_id} is {exposure}, the books say {held + lent}")
        after = page[-1][0]
