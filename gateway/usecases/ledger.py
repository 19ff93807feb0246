"""Write the ledger's entries, read its balances, and lay the chain of hashes behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.domain import ledger
from gateway.domain.ledger import Chained, Entry, Posting
from gateway.store import sql

if TYPE_CHECKING:
    from gateway.domain.drawdowns import Drawdown
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
    await tx.run(sql.ledger.await_chain, entry_id=entry_id)
    tx.on_commit(world.wake.set)


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


class Line(msgspec.Struct, frozen=True):
    """One posting as it is stored, with the entry it belongs to."""

    id: str
    kind: str
    reference: str
    drawdown_id: str
    bank_id: str
    currency: str
    account: str
    amount: int


async def chain(world: World) -> int:
    """Chain the entries that were committed since the last time; how many.

    Only one process does this at a time (see `worker`), so writers never wait for each other's hashes.
    """

    async def unit(tx: Tx) -> int:
        last = await tx.one(sql.ledger.last_link, Chained)
        links = []
        for entry_id, entry in _entries(await tx.all(sql.ledger.unchained, Line)).items():
            last = ledger.chained(last, entry_id, entry)
            links.append(msgspec.structs.asdict(last))
        await tx.many(sql.ledger.link, links)
        await tx.many(sql.ledger.linked, [{"entry_id": link["entry_id"]} for link in links])
        return len(links)

    if await world.store.one(sql.ledger.unchained) is None:
        return 0
    return await world.store.write(unit)


async def broken(reader: Reader) -> list[str]:
    """Sentences about a chain that does not hold: an entry changed, gone, or left out. None when all is well."""
    found = [f"entry {row[0]} was never handed to the chain" for row in await reader.all(sql.ledger.loose)]
    last: Chained | None = None
    while page := await reader.all(sql.ledger.links, Chained, after=0 if last is None else last.position):
        after = 0 if last is None else last.position
        lines = await reader.all(sql.ledger.chained, Line, after=after, through=page[-1].position)
        entries = _entries(lines)
        for link in page:
            entry = entries.get(link.entry_id)
            if entry is None or ledger.chained(last, link.entry_id, entry) != link:
                return [*found, f"entry {link.entry_id} at {link.position} was changed, or the one before it"]
            last = link
    return found


def _entries(lines: list[Line]) -> dict[str, Entry]:
    """Entries by id, in the order of their lines."""
    found: dict[str, Entry] = {}
    for line in lines:
        entry = found.get(line.id)
        before = () if entry is None else entry.postings
        said = line.kind, line.reference, line.drawdown_id, line.bank_id, line.currency
        found[line.id] = Entry(*said, (*before, Posting(line.account, line.amount)))
    return found
