"""Mandates: signed with a loan, used by its debits, suspended by the bank's word, revoked by the merchant's click.

Whatever changes one holds the merchant's row first. Without one that is active for the account in force debits wait;
what is owed stays owed, and is asked for by other means: never an automatic default.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import mandates, states
from gateway.domain.changes import ChangeKind
from gateway.domain.drawdowns import end_to_end_id
from gateway.domain.events import Event
from gateway.domain.mandates import (
    MOVES,
    TOLD_EVERY,
    Mandate,
    MandateNeeded,
    MandateScheme,
    MandateState,
    UnknownMandate,
)
from gateway.domain.references import shortened
from gateway.domain.repayments import CollectionMode
from gateway.store import sql
from gateway.usecases import agreements, audit, authorities, banks, events, jobs, messages
from gateway.usecases.audit import SYSTEM, Action

if TYPE_CHECKING:
    from gateway.domain.changes import Change
    from gateway.domain.drawdowns import Drawdown
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World

PROPOSE, WITHDRAW = "mandate.propose", "mandate.withdraw"
AGREED_AT_BANK = frozenset({MandateScheme.vrp})
"""Schemes whose mandate is a consent that the bank keeps (`gateway.usecases.standing`)."""
ACCOUNT_CHANGED, AT_BANK, BY_MERCHANT, SIGNED_ANEW = "account_changed", "at_bank", "merchant", "signed_anew"
_STOPPED = frozenset({MandateState.suspended, MandateState.revoked})


class Held(msgspec.Struct, frozen=True):
    """A mandate, and how much its merchant could still take back: the bank's risk."""

    mandate: Mandate
    refundable_amount: int


class _Debited(msgspec.Struct, frozen=True):
    count: int
    amount: int
    currency: str | None


async def find(reader: Reader, mandate_id: str, merchant_id: str) -> Mandate:
    """A merchant's mandate; raises UnknownMandate."""
    found = await reader.one(sql.mandates.find, Mandate, mandate_id=mandate_id, merchant_id=merchant_id)
    if found is None:
        raise UnknownMandate("There is no such mandate")
    return found


async def of_id(reader: Reader, mandate_id: str) -> Mandate | None:
    """Any merchant's mandate, for the gateway's own work."""
    return await reader.one(sql.mandates.of_id, Mandate, mandate_id=mandate_id)


async def named(tx: Tx, world: World, mandate: Mandate, consent_id: str) -> None:
    """The bank keeps it under a name of its own from now on; the merchant is asked to agree there."""
    if await tx.run(sql.mandates.refer, mandate_id=mandate.id, was=mandate.reference, reference=consent_id):
        await _notify(tx, world, msgspec.structs.replace(mandate, reference=consent_id), "mandate_proposed")


async def agreed(tx: Tx, world: World, mandate: Mandate) -> None:
    """The merchant agreed at the bank too: debits may go."""
    await _activate(tx, world, mandate)


async def declined(tx: Tx, world: World, mandate: Mandate) -> None:
    """The merchant said no at the bank, or let it lapse."""
    await _move(tx, world, mandate, MandateState.revoked, reason=AT_BANK)
    await _notify(tx, world, mandate, "mandate_revoked")


async def page(reader: Reader, world: World, merchant_id: str, after: str, limit: int) -> list[Held]:
    """A merchant's mandates in the order they were signed."""
    found = await reader.all(sql.mandates.page, Mandate, merchant_id=merchant_id, after=after, limit=limit)
    return [Held(mandate, await refundable(reader, world, mandate)) for mandate in found]


async def refundable(reader: Reader, world: World, mandate: Mandate) -> int:
    """What was debited under it and may still be taken back without a reason, in minor units."""
    since_on = mandates.refundable_after(mandate.scheme, world.clock.now().date())
    row = await reader.one(sql.mandates.refundable, mandate_id=mandate.id, settled_after_on=since_on)
    return int(row[0]) if row else 0


async def usable(reader: Reader, world: World, merchant_id: str, bank_id: str) -> Mandate | None:
    """The mandate the bank may debit the account in force under; None = no debits now."""
    held = await reader.one(sql.mandates.live, Mandate, merchant_id=merchant_id, bank_id=bank_id)
    if held is None or held.state is not MandateState.active:
        return None
    return held if held.account_hash == (await authorities.payee(reader, world, merchant_id)).hash else None


async def needed(world: World, drawdown: Drawdown) -> Mandate:
    """The mandate a debit for this drawdown goes under. Raises MandateNeeded."""
    held = await usable(world.store, world, drawdown.merchant_id, drawdown.bank_id)
    if held is None and await world.store.write(partial(_adopt, world, drawdown)):
        held = await usable(world.store, world, drawdown.merchant_id, drawdown.bank_id)
    if held is None:
        raise MandateNeeded("The merchant has to sign a mandate for its account", merchant_id=drawdown.merchant_id)
    return held


async def use(tx: Tx, world: World, mandate: Mandate, reference: str, repayment_id: str) -> None:
    """Note that the instruction `reference` goes out under it. Raises MandateNeeded when it changed meanwhile."""
    if not await tx.run(sql.mandates.use, mandate_id=mandate.id, uses_count=mandate.uses_count):
        raise MandateNeeded("The mandate changed meanwhile", mandate_id=mandate.id)
    now = world.clock.now()
    await tx.run(
        sql.mandates.note_use, end_to_end_id=reference, mandate_id=mandate.id, repayment_id=repayment_id, used_at=now
    )


async def sign(tx: Tx, world: World, drawdown: Drawdown) -> str | None:
    """The confirmation of a draw signs a mandate where there is none for the account in force; its id.

    None where the partner withholds and nothing is debited. Pending until the bank lends. The merchant is held.
    """
    if drawdown.collection is not CollectionMode.bank_debit:
        return None
    payee = await authorities.payee(tx, world, drawdown.merchant_id)
    held = await tx.one(sql.mandates.live, Mandate, merchant_id=drawdown.merchant_id, bank_id=drawdown.bank_id)
    if held is not None:
        if held.account_hash == payee.hash and held.state is not MandateState.suspended:
            return held.id
        await _move(tx, world, held, MandateState.replaced, reason=SIGNED_ANEW)
    return (await _sign(tx, world, drawdown, _under(world, drawdown), payee)).id


async def activate(tx: Tx, world: World, drawdown: Drawdown) -> bool:
    """The bank lends: what was signed for the draw may be used from now on (by way of `debiting.go_on`)."""
    held = await tx.one(sql.mandates.live, Mandate, merchant_id=drawdown.merchant_id, bank_id=drawdown.bank_id)
    if drawdown.collection is not CollectionMode.bank_debit or held is None or held.state is not MandateState.pending:
        return False
    return await _take_up(tx, world, held)


async def returned(tx: Tx, world: World, drawdown: Drawdown, reason: str | None) -> None:
    """The bank's reason code says that nothing more may be debited: the mandate ends or, for the account's sake, waits.

    Call it for codes whose `returns.course` is reauthorise. Where nothing can be debited already, nothing changes.
    """
    held = await tx.one(sql.mandates.live, Mandate, merchant_id=drawdown.merchant_id, bank_id=drawdown.bank_id)
    if held is None or held.state is MandateState.pending:
        return
    if mandates.ends(reason):
        await _move(tx, world, held, MandateState.revoked, reason=reason)
    elif held.state is MandateState.active:
        await _move(tx, world, held, MandateState.suspended, reason=reason)


async def revoke(tx: Tx, world: World, mandate_id: str, merchant_id: str) -> Mandate:
    """The merchant's word (`debiting.stop` has what follows for its loans). Revoking twice does no harm."""
    await tx.one(sql.consents.hold_merchant, merchant_id=merchant_id)
    held = await find(tx, mandate_id, merchant_id)
    if held.state is not MandateState.revoked:
        await _move(tx, world, held, MandateState.revoked, reason=BY_MERCHANT)
        await _notify(tx, world, held, "mandate_revoked")
        await audit.note(tx, world, merchant_id, Action.mandate_revoked, held.id)
    return held


async def follow_account(tx: Tx, world: World, change: Change) -> bool:
    """Another payout account took effect: each mandate for the old one is replaced by one for the new.

    The holder's passkey signed that as it approved the change. A suspended mandate is replaced too: that is its cure.
    Whether one is in force for the new account now.
    """
    if change.kind is not ChangeKind.payout_account:
        return False
    payee, again = await authorities.payee(tx, world, change.merchant_id), False
    for held in await tx.all(sql.mandates.live_of, Mandate, merchant_id=change.merchant_id):
        await _move(tx, world, held, MandateState.replaced, reason=ACCOUNT_CHANGED)
        if change.approval is not None:
            signed = await _sign(tx, world, change, (held.bank_id, held.scheme), payee)
            if held.state is not MandateState.pending:
                again = await _take_up(tx, world, signed) or again
    return again


async def tell(world: World) -> int:
    """Sum up the week's debits for merchants that had some; how many mandates were looked at."""
    now = world.clock.now()
    found = await world.store.all(sql.mandates.to_tell, told_before_at=now - TOLD_EVERY)

    async def unit(tx: Tx) -> int:
        for mandate_id, merchant_id in found:
            mandate = await find(tx, mandate_id, merchant_id)
            debited = await tx.one(sql.mandates.debited_since, _Debited, mandate_id=mandate_id)
            if debited is not None and debited.currency is not None:
                await _notify(tx, world, mandate, "mandate_summary", count=str(debited.count),
                              sum=messages.money(debited.amount, debited.currency))  # fmt: skip
            await tx.run(sql.mandates.told, mandate_id=mandate_id, told_at=now)
        return len(found)

    return await world.store.write(unit) if found else 0


# --- inside a unit -------------------------------------------------------------------------------------------------


async def _sign(
    tx: Tx, world: World, signed_by: Drawdown | Change, under: tuple[str, MandateScheme], payee: authorities.Payee
) -> Mandate:
    now, mandate_id, (bank_id, scheme) = world.clock.now(), world.ids.new("mandate"), under
    _, rail = banks.collecting(world, bank_id)
    mandate = Mandate(
        id=mandate_id,
        merchant_id=signed_by.merchant_id,
        partner_id=signed_by.partner_id,
        bank_id=bank_id,
        scheme=scheme,
        reference=shortened(end_to_end_id(mandate_id), rail.capabilities.reference_length),
        creditor_scheme_id=banks.find(world, bank_id).creditor_scheme_id,
        account_hash=payee.hash,
        account_ending=payee.ending,
        state=MandateState.pending,
        reason=None,
        signed_by_id=signed_by.id,
        uses_count=0,
        signed_at=now,
        state_at=now,
    )
    await tx.run(sql.mandates.add, **msgspec.structs.asdict(mandate))
    await _tell(tx, world, mandate, mandate.state)
    return mandate


def _under(world: World, drawdown: Drawdown) -> tuple[str, MandateScheme]:
    """Whom a draw's mandate is for, and under whose rules."""
    _, rail = banks.collecting(world, drawdown.bank_id)
    return drawdown.bank_id, rail.capabilities.mandate_schemes.get(drawdown.currency, MandateScheme.other)


async def _take_up(tx: Tx, world: World, mandate: Mandate) -> bool:
    """Whether debits may go at once; what the merchant has to agree to at the bank too is asked for there first."""
    if mandate.scheme in AGREED_AT_BANK:
        await jobs.enqueue(tx, world, PROPOSE, mandate.id)
        return False
    await _activate(tx, world, mandate)
    return True


async def _activate(tx: Tx, world: World, mandate: Mandate) -> None:
    """From now on debits may go; the message is the notice of the schedule that they follow."""
    await _move(tx, world, mandate, MandateState.active)
    await tx.run(sql.mandates.told, mandate_id=mandate.id, told_at=world.clock.now())
    await _notify(tx, world, mandate, "mandate_active")


async def _adopt(world: World, drawdown: Drawdown, tx: Tx) -> bool:
    """A loan from before mandates were kept: the click that confirmed it signed one, for the account in force."""
    if drawdown.evidence is None or drawdown.evidence.mandate_id is not None:
        return False
    await tx.one(sql.consents.hold_merchant, merchant_id=drawdown.merchant_id)
    if await tx.one(sql.mandates.ever, merchant_id=drawdown.merchant_id, bank_id=drawdown.bank_id) is not None:
        return False
    payee = await authorities.payee(tx, world, drawdown.merchant_id)
    await _take_up(tx, world, await _sign(tx, world, drawdown, _under(world, drawdown), payee))
    return True


async def _move(tx: Tx, world: World, mandate: Mandate, target: MandateState, *, reason: str | None = None) -> None:
    states.check(MOVES, mandate.state, target)
    now = world.clock.now()
    row = {"mandate_id": mandate.id, "source": mandate.state, "target": target, "state_at": now, "reason": reason}
    if not await tx.run(sql.mandates.move, **row):
        raise states.IllegalMove("the mandate moved meanwhile", state=mandate.state, wanted=target)
    await _tell(tx, world, mandate, target)
    if mandate.scheme in AGREED_AT_BANK and not MOVES[target]:
        await jobs.enqueue(tx, world, WITHDRAW, mandate.id)
    if target in _STOPPED and reason != BY_MERCHANT:
        facts = {"mandate": mandate.id, "reason": (reason or "none").lower()}
        await audit.note(tx, world, SYSTEM, Action.mandate_stopped, mandate.merchant_id, **facts)


async def _notify(tx: Tx, world: World, mandate: Mandate, kind: str, **facts: str) -> None:
    await messages.send(
        tx, world, mandate.merchant_id, kind,
        bank=banks.name(world, mandate.bank_id), ending=mandate.account_ending, reference=mandate.reference,
        creditor=mandate.creditor_scheme_id, days=str(mandates.NOTICE_DAYS),
        page=f"{world.settings.address}{agreements.PAGE}?merchant_id={mandate.merchant_id}", **facts,
    )  # fmt: skip


async def _tell(tx: Tx, world: World, mandate: Mandate, state: MandateState) -> None:
    data = {"id": mandate.id, "merchant_id": mandate.merchant_id, "bank_id": mandate.bank_id, "state": state.value}
    name, now = f"mandate.{state.value}", world.clock.now()
    event = Event("mandate", mandate.id, name, mandate.merchant_id, mandate.partner_id, data, now)
    await events.emit(tx, world, [event])
