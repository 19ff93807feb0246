"""Another payout account, another contact: asked for by the partner, approved by the holder, in force 72 hours later.

The first of either comes from verification; the sandbox takes it at once. Every step is told to the contact in force,
so that whoever was robbed of till, partner and passkey hears of it in time, and may stop it without any of them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import accounts, calendars, changes, intents, states
from gateway.domain.changes import (
    APPROVED_WITHIN,
    ASKED_COUNT,
    ASKED_WITHIN,
    MOVES,
    OPEN,
    WAITED,
    Approval,
    Change,
    ChangeKind,
    ChangeState,
    ChangeUnderWay,
    NewContact,
    NewPayoutAccount,
    PasskeyTooNew,
    TooManyChanges,
    UnknownChange,
    VerificationNeeded,
)
from gateway.domain.events import Event
from gateway.store import sql
from gateway.usecases import audit, contacts, debiting, events, merchants, messages, passkeys, verifying
from gateway.usecases.audit import SYSTEM, Action
from gateway.usecases.contacts import NoContact

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.domain.intents import Intent
    from gateway.domain.rights import Caller
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World

PAGE = "/connect/changes"
SHOWN_COUNT = 20
_TOLD = frozenset(ChangeState) - {ChangeState.replaced}  # the request that replaced it is told of at the same moment


class Standing(msgspec.Struct, frozen=True):
    """What is in force for a merchant, sealed."""

    timezone: str
    payout_account: bytes | None
    contact: bytes | None

    def of(self, kind: ChangeKind) -> bytes | None:
        """The value a change of `kind` is about."""
        return self.payout_account if kind is ChangeKind.payout_account else self.contact


class Signed(msgspec.Struct, frozen=True):
    """What a browser brings to approve a change."""

    session_hash: str
    response: str
    remote_address: str


async def ask_payout_account(
    tx: Tx, world: World, caller: Caller, merchant_id: str, wanted: NewPayoutAccount
) -> Change:
    """Ask for another payout account. Raises NameMismatch, StrangeAccount, NoContact or ChangeUnderWay."""
    merchant = await merchants.find(tx, merchant_id, caller.partner_id)
    account = changes.account_number(wanted)
    changes.check_holder(wanted.holder_name, merchant.legal_name)
    return await _ask(tx, world, caller, merchant_id, (ChangeKind.payout_account, account, wanted.holder_name))


async def ask_contact(tx: Tx, world: World, caller: Caller, merchant_id: str, wanted: NewContact) -> Change:
    """Ask for another contact. Raises ChangeUnderWay."""
    await merchants.find(tx, merchant_id, caller.partner_id)
    return await _ask(tx, world, caller, merchant_id, (ChangeKind.contact, wanted.email, None))


async def find(reader: Reader, change_id: str, merchant_id: str) -> Change:
    """A merchant's change; raises UnknownChange."""
    found = await reader.one(sql.changes.find, Change, change_id=change_id, merchant_id=merchant_id)
    if found is None:
        raise UnknownChange("There is no such change")
    return found


async def page(reader: Reader, merchant_id: str, partner_id: str, after: str, limit: int) -> list[Change]:
    """A merchant's changes in the order they were asked for; raises NotFound."""
    await merchants.find(reader, merchant_id, partner_id)
    return await reader.all(sql.changes.page, Change, merchant_id=merchant_id, after=after, limit=limit)


async def latest(reader: Reader, merchant_id: str) -> list[Change]:
    """The open ones and then the newest, for the merchant's own page: nobody can bury what it may still stop."""
    return await reader.all(sql.changes.latest, Change, merchant_id=merchant_id, limit=SHOWN_COUNT)


async def standing(reader: Reader, merchant_id: str) -> Standing:
    """What is in force."""
    found = await reader.one(sql.changes.merchant, Standing, merchant_id=merchant_id)
    assert found is not None  # noqa: S101 - callers have the merchant
    return found


async def intent_of(reader: Reader, change: Change) -> Intent:
    """What the holder's passkey signs, from what the database says now."""
    return intents.approve_change(change, (await standing(reader, change.merchant_id)).of(change.kind))


async def approve(tx: Tx, world: World, change: Change, signed: Signed) -> Change:
    """The holder's passkey: 72 hours from now it takes effect. Run it by `passkeys.attempt`.

    Raises IllegalMove, PasskeyRefused, PasskeyTooNew or IntentChanged; then nothing was approved.
    """
    held = await _hold(tx, change.id, change.merchant_id)
    states.check(MOVES, held.state, ChangeState.waiting)
    answered = await passkeys.answer(tx, world, signed.session_hash, held.merchant_id, signed.response)
    intents.check(answered.intent, await intent_of(tx, held))
    if answered.passkey.created_at >= held.asked_at:
        raise PasskeyTooNew("Have the change asked for again, now that the shop has a passkey")
    now = world.clock.now()
    approval = Approval(answered.passkey.id, answered.intent_hash, signed.remote_address, now)
    await tx.run(sql.changes.approve, change_id=held.id, approval_json=approval)
    moved = await _move(tx, world, held, ChangeState.waiting, due_at=now + WAITED)
    await audit.note(tx, world, answered.passkey.id, Action.change_approved, held.id, merchant_id=held.merchant_id)
    return moved


async def stop(tx: Tx, world: World, change_id: str, merchant_id: str) -> Change:
    """The holder's no, at any time before the effect; a second one does no harm. Raises UnknownChange, IllegalMove."""
    held = await _hold(tx, change_id, merchant_id)
    if held.state is ChangeState.stopped:
        return held
    moved = await _move(tx, world, held, ChangeState.stopped)
    await audit.note(tx, world, merchant_id, Action.change_stopped, held.id)
    return moved


async def settle(world: World) -> int:
    """Do what time alone has made due: requests expire, approved changes take effect; how many did.

    A payout account stays while a loan is between the holder's click and the stored instruction: it is paid out to the
    account that was confirmed.
    """
    found = await world.store.all(sql.changes.due, now_at=world.clock.now())
    return sum([await world.store.write(partial(_settle, world, *row)) for row in found])


# --- inside a unit -------------------------------------------------------------------------------------------------


async def _ask(
    tx: Tx, world: World, caller: Caller, merchant_id: str, wanted: tuple[ChangeKind, str, str | None]
) -> Change:
    kind, value, holder_name = wanted
    await tx.one(sql.consents.hold_merchant, merchant_id=merchant_id)
    now, before = world.clock.now(), await standing(tx, merchant_id)
    first = before.of(kind) is None
    if first and not world.settings.sandbox:
        raise VerificationNeeded("The first one comes from verification, not from a partner's word", kind=kind)
    if not first and before.contact is None:
        raise NoContact("Set the shop's contact first: it must hear of this change")
    asked = await tx.one(sql.changes.asked_since, merchant_id=merchant_id, since_at=now - ASKED_WITHIN)
    if asked is not None and asked[0] >= ASKED_COUNT:
        wait = int(ASKED_WITHIN.total_seconds())
        raise TooManyChanges(f"A shop hears of {ASKED_COUNT} a day at most", retry_after=wait)
    await _make_way(tx, world, merchant_id, kind)
    change_id = world.ids.new("change")
    change = Change(
        id=change_id,
        merchant_id=merchant_id,
        partner_id=caller.partner_id,
        client_id=caller.client_id,
        kind=kind,
        state=ChangeState.effective if first else ChangeState.awaiting_approval,
        holder_name=holder_name,
        value=world.vault.seal(value.encode(), change_id),
        approval=None,
        asked_at=world.system_clock.now(),
        created_at=now,
        state_at=now,
        due_at=None if first else now + APPROVED_WITHIN,
    )
    await tx.run(sql.changes.add, **msgspec.structs.asdict(change))
    if first:
        await _put_in_force(tx, world, change)
        await messages.send(tx, world, merchant_id, f"{kind}_set", new=shown(world, change))
    await _tell(tx, world, change)
    if not first:
        await _notify(tx, world, change, before.timezone)
    return change


async def _make_way(tx: Tx, world: World, merchant_id: str, kind: ChangeKind) -> None:
    """A request that nobody approved yet gives way to the next; an approved one does not."""
    earlier = await tx.one(sql.changes.open, Change, merchant_id=merchant_id, kind=kind)
    if earlier is None:
        return
    if earlier.state is ChangeState.waiting:
        raise ChangeUnderWay("The holder can stop it on its page", change_id=earlier.id)
    await _move(tx, world, earlier, ChangeState.replaced)


async def _settle(world: World, change_id: str, merchant_id: str, tx: Tx) -> int:
    held, now = await _hold(tx, change_id, merchant_id), world.clock.now()
    if held.state not in OPEN or held.due_at is None or held.due_at > now:
        return 0
    if held.state is ChangeState.awaiting_approval:
        await _move(tx, world, held, ChangeState.expired)
        return 1
    if held.kind is ChangeKind.payout_account and await tx.one(sql.changes.promised, merchant_id=merchant_id):
        return 0
    await _move(tx, world, held, ChangeState.effective)  # tells the old contact, so before the new one is in force
    await _put_in_force(tx, world, held)
    if held.kind is ChangeKind.contact:
        await messages.send(tx, world, merchant_id, "contact_set")
    await audit.note(tx, world, SYSTEM, Action.change_effective, held.id, merchant_id=merchant_id)
    return 1


async def _hold(tx: Tx, change_id: str, merchant_id: str) -> Change:
    """A change, after its merchant's row, which every writer of changes and of confirmations holds."""
    await tx.one(sql.consents.hold_merchant, merchant_id=merchant_id)
    return await find(tx, change_id, merchant_id)


async def _move(tx: Tx, world: World, change: Change, target: ChangeState, *, due_at: datetime | None = None) -> Change:
    states.check(MOVES, change.state, target)
    now = world.clock.now()
    row = {"change_id": change.id, "source": change.state, "target": target, "state_at": now, "due_at": due_at}
    if not await tx.run(sql.changes.move, **row):
        raise states.IllegalMove("the change moved meanwhile", state=change.state, wanted=target)
    moved = await find(tx, change.id, change.merchant_id)
    await _tell(tx, world, moved)
    if target in _TOLD:
        await _notify(tx, world, moved, (await standing(tx, change.merchant_id)).timezone)
    return moved


async def _put_in_force(tx: Tx, world: World, change: Change) -> None:
    """Seal the value for its place in the merchant's row."""
    value, merchant_id = opened(world, change), change.merchant_id
    if change.kind is ChangeKind.payout_account:
        query, sealed = sql.changes.put_payout_account, world.vault.seal(value.encode(), merchant_id)
    else:
        query, sealed = sql.changes.put_contact, contacts.seal(world, merchant_id, value)
    await tx.run(query, merchant_id=merchant_id, value=sealed, updated_at=world.clock.now())
    await debiting.follow_account(tx, world, change)
    if change.kind is ChangeKind.payout_account and change.approval is not None:
        await verifying.ask(tx, world, merchant_id)


async def _tell(tx: Tx, world: World, change: Change) -> None:
    data = {"id": change.id, "merchant_id": change.merchant_id, "kind": change.kind, "state": change.state}
    name = f"change.{change.state}"
    event = Event("change", change.id, name, change.merchant_id, change.partner_id, data, change.state_at)
    await events.emit(tx, world, [event])


async def _notify(tx: Tx, world: World, change: Change, timezone: str) -> None:
    """Tell the contact in force what the change's state means and where to stop it."""
    at = "" if change.due_at is None else f"{change.due_at.astimezone(calendars.zone(timezone)):%Y-%m-%d %H:%M}"
    await messages.send(
        tx, world, change.merchant_id, f"{change.kind}_{change.state}",
        new=shown(world, change), holder=change.holder_name or "", at=at, page=address(world, change.merchant_id),
    )  # fmt: skip


# --- what a change is about, opened ---------------------------------------------------------------------------------


def address(world: World, merchant_id: str) -> str:
    """Where the holder looks, approves and stops."""
    return f"{world.settings.address}{PAGE}?merchant_id={merchant_id}"


def opened(world: World, change: Change) -> str:
    """The new account or contact in full: for the holder who must approve it, and nobody else."""
    return world.vault.unseal(bytes(change.value), change.id).decode()


def shown(world: World, change: Change) -> str:
    """As much of it as one needs to recognise it."""
    value = opened(world, change)
    return accounts.tail(value) if change.kind is ChangeKind.payout_account else contacts.masked(value)


def shown_standing(world: World, now: Standing, merchant_id: str, kind: ChangeKind) -> str:
    """As much of what is in force; empty when nothing is."""
    sealed = now.of(kind)
    if sealed is None:
        return ""
    if kind is ChangeKind.payout_account:
        return accounts.tail(world.vault.unseal(bytes(sealed), merchant_id).decode())
    return contacts.masked(contacts.unseal(world, merchant_id, sealed))
