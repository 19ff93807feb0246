"""Find the payment of an entry whose reference the bank dropped: by account, amount and day, if exactly one fits."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from gateway.bank_ports import BankEvent, BankEventKind
from gateway.domain import accounts
from gateway.store import sql

if TYPE_CHECKING:
    from gateway.bank_ports import Account
    from gateway.store import Tx
    from gateway.usecases.world import Bank, World

BEFORE, AFTER = timedelta(days=7), timedelta(days=1)
"""How long before its entry a payment may have been sent; a bank's calendar may be a day ahead of ours."""


async def only_candidate(tx: Tx, world: World, bank: Bank, fact: BankEvent) -> str | None:
    """The reference of the one payment that the entry can be; None when there is none, or more than one.

    An entry that names a reference is never matched to another one, and one that does not say whose account the money
    went to or came from is for a person.
    """
    named = fact.end_to_end_id is not None or fact.counterparty is None
    if named or fact.kind is not BankEventKind.booked or fact.amount is None or fact.booked_on is None:
        return None
    midnight = datetime.combine(fact.booked_on, time(), UTC)
    found = await tx.all(
        sql.bank_statements.candidates, bank_id=bank.id, way="in" if fact.credit else "out",
        currency=fact.amount.currency, amount=fact.amount.amount, from_at=midnight - BEFORE,
        until_at=midnight + timedelta(days=1) + AFTER,
    )  # fmt: skip
    fits = [reference for reference, merchant_id in found if await _is_of(tx, world, merchant_id, fact.counterparty)]
    return fits[0] if len(fits) == 1 else None


async def _is_of(tx: Tx, world: World, merchant_id: str, told: Account | None) -> bool:
    row = await tx.one(sql.merchants.payee, merchant_id=merchant_id)
    if row is None or row[1] is None or told is None:
        return False
    number = accounts.read(world.vault.unseal(bytes(row[1]), merchant_id).decode()).number
    return number in {told.iban, told.other_id}
