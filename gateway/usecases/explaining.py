"""Two officers explain an entry that no payment fits: it is this payment of ours, or it is no loan's at all."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from gateway.bank_ports import BankEvent, BankEventKind
from gateway.domain import bank_statements, four_eyes
from gateway.domain.audit_entries import OPERATOR, Action
from gateway.domain.bank_statements import EntryState, Explained, Explanation, StatementEntry
from gateway.domain.four_eyes import NothingProposed
from gateway.domain.money import Money
from gateway.domain.states import IllegalMove
from gateway.store import sql
from gateway.usecases import audit, banks, facts
from gateway.usecases.ledger import AlreadyBooked
from gateway.usecases.statuses import Contradiction

if TYPE_CHECKING:
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World


async def propose(world: World, entry_id: str, reference: str | None, *, by: str, reason: str) -> Explained:
    """Say what an entry is: the payment with this reference, or None for no loan's. Nothing moves yet.

    Raises BadProposal, UnknownEntry, NotUnmatched. A new proposal replaces one that waits.
    """
    four_eyes.check(by, reason)
    explanation = Explanation.foreign if reference is None else Explanation.payment

    async def unit(tx: Tx) -> Explained:
        await _unmatched(tx, entry_id)
        await tx.run(
            sql.bank_statements.explain, entry_id=entry_id, explanation=explanation, end_to_end_id=reference,
            reason=world.vault.seal(reason.encode(), entry_id), proposed_by=by, proposed_at=world.clock.now(),
        )  # fmt: skip
        said = {"explanation": explanation.value, "by": by, "reason_hash": hashlib.sha256(reason.encode()).hexdigest()}
        await audit.note(tx, world, OPERATOR, Action.explanation_proposed, entry_id, **said)
        return await _explained(tx, entry_id)

    return await world.store.write(unit)


async def approve(world: World, entry_id: str, *, by: str) -> Explained:
    """Another officer agrees: the payment is booked as if the bank had named it, or the entry is set aside.

    Raises BadProposal, UnknownEntry, NotUnmatched, NothingProposed, SamePerson, NotThatPayment; then nothing moved.
    """

    async def unit(tx: Tx) -> Explained:
        entry, said = await _unmatched(tx, entry_id), await _explained(tx, entry_id)
        four_eyes.check_other(by, said.proposed_by)
        now = world.clock.now()
        if said.end_to_end_id is None:
            await tx.run(sql.bank_statements.settle_entry, entry_id=entry_id, target=EntryState.resolved, state_at=now)
        else:
            await _book(tx, world, entry, said.end_to_end_id)
            await tx.run(
                sql.bank_statements.match_entry, entry_id=entry_id, target=EntryState.matched,
                end_to_end_id=said.end_to_end_id, matched_by="person", state_at=now,
            )  # fmt: skip
        await tx.run(sql.bank_statements.approve_explanation, entry_id=entry_id, approved_by=by, approved_at=now)
        told = {"explanation": said.explanation.value, "by": by, "proposed_by": said.proposed_by}
        await audit.note(tx, world, OPERATOR, Action.explanation_approved, entry_id, **told)
        return await _explained(tx, entry_id)

    return await world.store.write(unit)


async def _book(tx: Tx, world: World, entry: StatementEntry, reference: str) -> None:
    """As the bank's own word with the reference it lacked; the amount is not tolerated from a person either."""
    fact = BankEvent(
        BankEventKind(entry.kind), "officers", reference, amount=Money(abs(entry.amount), entry.currency),
        credit=entry.amount > 0, booked_on=entry.booked_on,
    )  # fmt: skip
    try:
        await facts.apply(tx, world, banks.find(world, entry.bank_id), fact)
    except AlreadyBooked:
        raise bank_statements.NotThatPayment("That payment is booked already: this entry is another one") from None
    except (Contradiction, IllegalMove) as problem:
        raise bank_statements.NotThatPayment(str(problem)) from None


async def _unmatched(tx: Tx, entry_id: str) -> StatementEntry:
    found = await tx.one(sql.bank_statements.entry, StatementEntry, entry_id=entry_id)
    if found is None:
        raise bank_statements.UnknownEntry("There is no such entry", entry_id=entry_id)
    if found.state is not EntryState.unmatched:
        raise bank_statements.NotUnmatched(f"The entry is {found.state}", state=found.state)
    return found


async def _explained(reader: Reader, entry_id: str) -> Explained:
    found = await reader.one(sql.bank_statements.explained, Explained, entry_id=entry_id)
    if found is None:
        raise NothingProposed("Nobody has said what this entry is")
    return found
