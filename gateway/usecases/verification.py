"""`gateway verify`: recompute every sum, hold the books against all that rests on them, follow the audit chain."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import audit
from gateway.domain.bank_decisions import BankOutcome
from gateway.domain.drawdowns import Drawdown
from gateway.domain.quotes import Quote
from gateway.domain.refinancings import Refinancing
from gateway.domain.remittances import Piece
from gateway.domain.repayments import Repayment
from gateway.domain.servicing import SERVICED
from gateway.domain.write_offs import WriteOff
from gateway.store import sql
from gateway.usecases import audit as audit_log
from gateway.usecases import bank_decisions, loans, reviews
from gateway.usecases import ledger as books

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.store import Reader
    from gateway.store.queries import Query


class Verification(msgspec.Struct, frozen=True):
    """What was found; `problems` is empty when the books agree with themselves and with all that rests on them."""

    balanced: bool
    entries_count: int
    postings_count: int
    drawdowns_count: int
    audit_count: int
    audit_hash: str
    """Of the audit log's last entry."""
    problems: tuple[str, ...]


async def verify(reader: Reader) -> Verification:
    """Hold everything against everything. A difference seen while others write is looked at a second time."""
    found = await _twice(lambda: _of_sums(reader))
    count, after = 0, ""
    while page := await reader.all(sql.drawdowns.all_ids, after=after):
        for (drawdown_id,) in page:
            found += await _twice(lambda drawdown_id=drawdown_id: _of_drawdown(reader, drawdown_id))  # type: ignore[misc]
        count, after = count + len(page), page[-1][0]
    found += await _twice(lambda: _of_merchants(reader))
    found += await _twice(lambda: _of_scopes(reader))
    found += await _twice(lambda: _of_statements(reader))
    found += await _twice(lambda: _of_partners(reader))
    found += await _twice(lambda: _of_officers(reader))
    found += await _twice(lambda: books.broken(reader))
    chain = await audit_log.verify(reader)
    found += chain.problems
    counts = await reader.one(sql.ledger.counts) or (0, 0)
    return Verification(not found, counts[0], counts[1], count, chain.last_number, chain.last_hash, tuple(found))


async def _twice(check: Callable[[], Awaitable[list[str]]]) -> list[str]:
    first = await check()
    again = await check() if first else []
    return [problem for problem in first if problem in again]


async def _of_sums(reader: Reader) -> list[str]:
    found = [f"entry {row[0]} sums to {row[1]}" for row in await reader.all(sql.ledger.unbalanced)]
    found += [f"entry {row[0]} has no postings" for row in await reader.all(sql.ledger.empty_entries)]
    found += [f"entry {row[0]} is of {row[1]}, which is not there" for row in await reader.all(sql.ledger.stray)]
    sums = await reader.all(sql.ledger.bank_sums)
    return found + [f"the accounts of {bank} in {currency} sum to {total}" for bank, currency, total in sums if total]


async def _of_drawdown(reader: Reader, drawdown_id: str) -> list[str]:
    drawdown = await reader.one(sql.drawdowns.find, Drawdown, drawdown_id=drawdown_id)
    if drawdown is None:
        return []
    lines = await reader.all(sql.ledger.of_drawdown, drawdown_id=drawdown_id)
    repayments = await reader.all(sql.repayments.of, Repayment, drawdown_id=drawdown_id)
    events = {}
    for noun, noun_id in (("drawdown", drawdown_id), *(("repayment", repayment.id) for repayment in repayments)):
        row = await reader.one(sql.ledger.last_event, noun=noun, noun_id=noun_id)
        events[noun_id] = row[0] if row else None
    stored = audit.Stored(
        drawdown=drawdown,
        quote=await reader.one(sql.quotes.find, Quote, quote_id=drawdown.quote_id, partner_id=drawdown.partner_id),
        repayments=tuple(repayments),
        booked=audit.booked((kind, reference, account, amount) for kind, reference, _, _, account, amount in lines),
        events=events,
        instructed=dict(await reader.all(sql.instructions.amounts, drawdown_id=drawdown_id)),
        review=await reviews.state_of(reader, drawdown_id),
        refinancings=tuple(await reader.all(sql.refinancings.of, Refinancing, drawdown_id=drawdown_id)),
        pieces=tuple(await reader.all(sql.remittances.pieces, Piece, drawdown_id=drawdown_id)),
        write_offs=tuple(await reader.all(sql.write_offs.of, WriteOff, drawdown_id=drawdown_id)),
    )
    foreign = {line[2:4] for line in lines} - {(drawdown.bank_id, drawdown.currency)}
    found = [*audit.problems(stored), *(f"an entry is booked for {bank} in {currency}" for bank, currency in foreign)]
    found += await _of_servicing(reader, drawdown)
    found += await _of_decision(reader, drawdown)
    return [f"{drawdown_id} ({drawdown.state}): {problem}" for problem in found]


async def _of_servicing(reader: Reader, drawdown: Drawdown) -> list[str]:
    """A loan that is out is looked after, and does as it is said to by its schedule."""
    kept = await loans.find(reader, drawdown.id)
    if drawdown.state not in SERVICED:
        return []
    if kept is None or kept.service_at is None:
        return ["nobody looks after it"]
    account = await loans.account(reader, drawdown, kept.serviced_on)
    if account.agrees(kept):
        return []
    return [f"its health is {kept.health}, its schedule says {account.health(kept.serviced_on, kept.expected_amount)}"]


async def _of_decision(reader: Reader, drawdown: Drawdown) -> list[str]:
    """Nothing is lent that its bank never approved; of before banks decided there is no answer."""
    answers = await bank_decisions.history(reader, drawdown.id)
    if drawdown.end_to_end_id is None or not answers or any(one.outcome is BankOutcome.approved for one in answers):
        return []
    return ["its bank never approved it"]


async def _of_partners(reader: Reader) -> list[str]:
    """A remittance is the sum of its lines, a line what was withheld, and what came of both the sum of its pieces."""
    found = [f"{row[0]} is not what its lines and its state say" for row in await reader.all(sql.remittances.unequal)]
    lines = await reader.all(sql.remittances.unequal_lines)
    return found + [f"the remittance's line for {row[0]} is not what was withheld and came" for row in lines]


async def _of_officers(reader: Reader) -> list[str]:
    """What two officers must agree on was not agreed on by one."""
    return [f"{row[0]} was decided by one officer" for row in await reader.all(sql.arrangements.by_one)]


async def _of_merchants(reader: Reader) -> list[str]:
    found, after = [], ""
    while page := await reader.all(sql.ledger.exposures, after=after):
        for merchant_id, exposure in page:
            held = (await reader.one(sql.ledger.held_before_ledger, merchant_id=merchant_id) or (0,))[0]
            lent = (await reader.one(sql.ledger.principal_of, merchant_id=merchant_id) or (0,))[0]
            if exposure != held + lent:
                found.append(f"exposure of {merchant_id} is {exposure}, the books say {held + lent}")
        after = page[-1][0]
    return found


async def _of_scopes(reader: Reader) -> list[str]:
    kept = await _by_scope(reader, sql.ledger.scopes)
    books = await _by_scope(reader, sql.ledger.held_by_scope)
    books.update(await _by_scope(reader, sql.ledger.lent_by_scope))
    books.update(await _by_scope(reader, sql.bank_decisions.approved_by_scope))
    return [
        f"exposure of {scope} is {kept[scope]}, the books say {books[scope]}"
        for scope in sorted(kept.keys() | books.keys())
        if kept[scope] != books[scope]
    ]


async def _of_statements(reader: Reader) -> list[str]:
    """What the banks' entries are known to be, and what the books hold of their accounts, come to the same."""
    stated = {(bank, currency): amount for bank, currency, amount in await reader.all(sql.bank_statements.sums)}
    booked = {(bank, currency): amount for bank, currency, amount in await reader.all(sql.bank_statements.funding)}
    return [
        f"the account of {bank} in {currency} moved by {stated.get((bank, currency), 0)}, "
        f"the books say {booked.get((bank, currency), 0)}"
        for bank, currency in sorted(stated.keys() | booked.keys())
        if stated.get((bank, currency), 0) != booked.get((bank, currency), 0)
    ]


async def _by_scope(reader: Reader, query: Query) -> Counter[str]:
    """Amounts by programme and by partner, in one currency each; all pages."""
    found, after = Counter[str](), ""
    while page := await reader.all(query, after=after):
        found.update(dict(page))
        after = page[-1][0]
    return found
