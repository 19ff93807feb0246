"""Take in what a bank says was booked: each entry kept once, with the payment it belongs to or why it has none.

An entry is kept in the very unit that books it, so the entries that are matched and the ledger's funding account
always come to the same sum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from gateway.bank_ports import BankEvent, BankEventKind
from gateway.domain import bank_statements as rules
from gateway.domain.bank_statements import EntryState, StatementEntry
from gateway.domain.states import IllegalMove
from gateway.store import sql
from gateway.usecases import facts
from gateway.usecases.ledger import AlreadyBooked
from gateway.usecases.statuses import Contradiction, Problem

if TYPE_CHECKING:
    from gateway.store import Tx
    from gateway.usecases.world import Bank, World


class Told(NamedTuple):
    """Where a fact was told: by which bank, over which of its rails, in which message."""

    bank: Bank
    rail: str
    message_id: str


async def take(world: World, told: Told, fact: BankEvent) -> Problem | None:
    """Apply one fact in a unit of its own; what cannot be applied is told, and nothing of it moves."""
    try:
        await world.store.write(lambda tx: _take(tx, world, told, fact))
    except AlreadyBooked:
        await _keep(world, told, fact, EntryState.repeated, None)
        return None
    except (Contradiction, IllegalMove) as problem:
        await _keep(world, told, fact, EntryState.unmatched, str(problem))
        known = await facts.named(world.store, told.bank, fact)
        kind = problem.alert if isinstance(problem, Contradiction) else Contradiction.alert
        sentence = f"{fact.source} {fact.end_to_end_id or fact.original_message_id}: {problem}"
        return Problem(kind, sentence, None if known is None else known.end_to_end_id)
    return None


async def _take(tx: Tx, world: World, told: Told, fact: BankEvent) -> None:
    if fact.kind is BankEventKind.statement:
        await _state(tx, world, told, fact)
        return
    if await _told_before(tx, told, fact):
        return
    reference = await facts.apply(tx, world, told.bank, fact)
    await _add(tx, world, told, fact, EntryState.matched, reference=reference)


async def _state(tx: Tx, world: World, told: Told, fact: BankEvent) -> None:
    """Keep a statement of our account; another account's is none of ours."""
    balance = fact.closing or fact.opening
    if balance is None or (fact.account is not None and not facts.is_ours(told.bank.account, fact.account)):
        return
    today = world.clock.now().date()
    through_on = fact.through_on or fact.from_on or today
    await tx.run(
        sql.bank_statements.add,
        bank_id=told.bank.id,
        key=fact.statement_id or told.message_id,
        rail=told.rail,
        currency=balance.currency,
        sequence=fact.sequence,
        from_on=fact.from_on or through_on,
        through_on=through_on,
        opening_amount=None if fact.opening is None else fact.opening.amount,
        closing_amount=None if fact.closing is None else fact.closing.amount,
        received_at=world.clock.now(),
    )


async def _told_before(tx: Tx, told: Told, fact: BankEvent) -> bool:
    """Whether this entry is known and explained; a statement that repeats it is noted with it."""
    key = _key(told, fact)
    if key is None:
        return False
    known = await tx.one(sql.bank_statements.entry_told, StatementEntry, bank_id=told.bank.id, key=key)
    if known is None:
        return False
    if fact.statement_id is not None:
        await tx.run(sql.bank_statements.state_entry, entry_id=known.id, statement_key=fact.statement_id)
    return known.state is not EntryState.unmatched


async def _keep(world: World, told: Told, fact: BankEvent, state: EntryState, problem: str | None) -> None:
    """Keep an entry of our account that booked nothing."""
    ours = fact.account is None or facts.is_ours(told.bank.account, fact.account)
    if ours and _key(told, fact) is not None:
        await world.store.write(lambda tx: _add(tx, world, told, fact, state, problem=problem))


async def _add(
    tx: Tx, world: World, told: Told, fact: BankEvent, state: EntryState, *, reference: str | None = None,
    problem: str | None = None,
) -> None:  # fmt: skip
    key = _key(told, fact)
    if key is None or fact.amount is None:
        return
    now, amount = world.clock.now(), fact.amount.amount if fact.credit else -fact.amount.amount
    entry = StatementEntry(
        id=world.ids.new("statement_entry"),
        bank_id=told.bank.id,
        key=key,
        statement_key=fact.statement_id,
        kind=fact.kind.value,
        state=state,
        end_to_end_id=reference or fact.end_to_end_id,
        currency=fact.amount.currency,
        amount=amount,
        booked_on=fact.booked_on or now.date(),
        matched_by=None if state is not EntryState.matched else _how(fact, reference),
        problem=problem,
        told_at=now,
        state_at=now,
    )
    if await tx.run(sql.bank_statements.add_entry, **msgspec.structs.asdict(entry)):
        return
    known = await tx.one(sql.bank_statements.entry_told, StatementEntry, bank_id=told.bank.id, key=key)
    if known is not None and known.state is EntryState.unmatched and state is EntryState.matched:
        await tx.run(
            sql.bank_statements.match_entry, entry_id=known.id, target=state, end_to_end_id=entry.end_to_end_id,
            matched_by=entry.matched_by, state_at=now,
        )  # fmt: skip


def _how(fact: BankEvent, reference: str | None) -> str:
    return "reference" if reference == fact.end_to_end_id else "only_candidate"


def _key(told: Told, fact: BankEvent) -> str | None:
    """The entry's key; None for what is no entry on the account."""
    if fact.amount is None or fact.booked_on is None or fact.credit is None:
        return None
    return rules.key(
        entry_reference=fact.entry_reference,
        end_to_end_id=fact.end_to_end_id,
        kind=fact.kind.value,
        amount=fact.amount.amount if fact.credit else -fact.amount.amount,
        booked_on=fact.booked_on,
        told_in=told.message_id,
    )
