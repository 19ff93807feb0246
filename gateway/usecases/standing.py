"""Mandates that the merchant's bank keeps: a standing consent is asked for there, and the merchant agrees to it there.

Until then nothing is debited. Asking moves no money and may be repeated: the same mandate asks with the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from gateway.bank_ports import Collection, NotYet, Unrenderable
from gateway.domain.mandates import Mandate, MandateState
from gateway.domain.money import Money
from gateway.store import sql
from gateway.usecases import banks, instructions, jobs, mandates, merchants, servicing

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.domain.merchants import Merchant
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World

WATCH = "mandate.watch"


@runtime_checkable
class StandingConsents(Protocol):
    """A rail whose bank keeps the mandate; its adapter implements this beside `Rail`. All raise Unreachable."""

    async def ask_standing(self, most: Collection) -> str:
        """Ask for leave to take `most.amount` a payment and a month; the consent's id. The same each time it is asked.

        Raises Unrenderable when the bank refuses to be asked for it.
        """

    async def has_agreed(self, consent_id: str) -> bool | None:
        """Whether the merchant agreed; None = it said no, took it back, or let it lapse."""

    async def withdraw(self, consent_id: str) -> None:
        """The merchant withdrew it with us; one that the bank does not know is as good."""


async def propose(world: World, mandate_id: str) -> None:
    """Ask the bank for the consent, and keep the mandate under the bank's name for it."""
    mandate = await mandates.of_id(world.store, mandate_id)
    if mandate is None or mandate.state is not MandateState.pending:
        return
    merchant = await merchants.find(world.store, mandate.merchant_id, mandate.partner_id)
    try:
        consent_id = await _rail(world, mandate).ask_standing(await _most(world, mandate, merchant))
    except Unrenderable:
        await world.store.write(lambda tx: _settle(tx, world, mandate_id, agreed=False))
        return

    async def unit(tx: Tx) -> None:
        if await _held(tx, mandate) is not None:
            await mandates.named(tx, world, mandate, consent_id)
            await jobs.enqueue(tx, world, WATCH, mandate_id)

    await world.store.write(unit)


async def watch(world: World, mandate_id: str) -> None:
    """Look whether the merchant has agreed. Raises NotYet while it has not, so that the job comes again."""
    mandate = await mandates.of_id(world.store, mandate_id)
    if mandate is None or mandate.state is not MandateState.pending:
        return
    agreed = await _rail(world, mandate).has_agreed(mandate.reference)
    if agreed is False:
        raise NotYet("the merchant has not agreed at its bank yet", mandate_id=mandate_id)
    await world.store.write(lambda tx: _settle(tx, world, mandate_id, agreed=bool(agreed)))


async def withdraw(world: World, mandate_id: str) -> None:
    """Tell the bank that an ended mandate is not used any more."""
    mandate = await mandates.of_id(world.store, mandate_id)
    if mandate is not None:
        await _rail(world, mandate).withdraw(mandate.reference)


async def taken(reader: Reader, consent_id: str, start: datetime, end: datetime, but: str) -> int:
    """Minor units debited under a standing consent in [start, end) and not refused, without the instruction `but`."""
    row = await reader.one(sql.mandates.taken, reference=consent_id, from_at=start, until_at=end, but=but)
    return int(row[0]) if row else 0


async def _settle(tx: Tx, world: World, mandate_id: str, *, agreed: bool) -> None:
    mandate = await mandates.of_id(tx, mandate_id)
    if mandate is None or await _held(tx, mandate) is None:
        return
    if not agreed:
        await mandates.declined(tx, world, mandate)
        return
    await mandates.agreed(tx, world, mandate)
    await servicing.resume(tx, world, mandate.merchant_id)


async def _held(tx: Tx, mandate: Mandate) -> Mandate | None:
    """The mandate while it still waits, its merchant held."""
    await tx.one(sql.consents.hold_merchant, merchant_id=mandate.merchant_id)
    found = await mandates.of_id(tx, mandate.id)
    return found if found is not None and found.state is MandateState.pending else None


def _rail(world: World, mandate: Mandate) -> StandingConsents:
    _, rail = banks.collecting(world, mandate.bank_id)
    if not isinstance(rail, StandingConsents):
        raise NotYet("the rail that collects keeps no standing consents", bank_id=mandate.bank_id)
    return rail


async def _most(world: World, mandate: Mandate, merchant: Merchant) -> Collection:
    """What the merchant is asked to agree to: in a payment and a month no more than the bank lends a shop."""
    lent = [one.cap_amount(merchant.currency) for one in world.programmes if one.bank_id == mandate.bank_id]
    signed_on = mandate.signed_at.date()
    return Collection(
        end_to_end_id=mandate.reference,
        message_id=mandate.reference,
        amount=Money(max(lent), merchant.currency),
        creditor=banks.party(world, mandate.bank_id),
        creditor_scheme_id=mandate.creditor_scheme_id,
        debtor=await instructions.payee(world, mandate.merchant_id),
        mandate_id=mandate.reference,
        mandate_signed_on=signed_on,
        sequence=mandate.sequence,
        collect_on=signed_on,
        created_at=mandate.signed_at,
        remittance="",
    )
