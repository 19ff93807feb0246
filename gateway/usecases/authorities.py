"""Authorities: a partner proposes, the signatory approves with a passkey or refuses, and revokes with one click.

Whatever changes one holds the merchant's row first, as every confirmation does, so a revocation never loses a race
against a click. On the business clock.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import accounts, authorities, intents, states
from gateway.domain.authorities import (
    MOVES,
    OPEN_FOR,
    Approval,
    Authority,
    AuthorityState,
    NoPayee,
    PayeeChanged,
    UnknownAuthority,
)
from gateway.domain.events import Event
from gateway.store import sql
from gateway.usecases import audit, events, merchants, messages, passkeys, positions
from gateway.usecases.audit import Action

if TYPE_CHECKING:
    from gateway.domain.authorities import NewAuthority
    from gateway.domain.drawdowns import Drawdown
    from gateway.domain.intents import Intent
    from gateway.domain.programmes import Programme
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World

PAGE = "/connect/authority"
_NOTED = {AuthorityState.active, AuthorityState.revoked}
"""What the shop's contact hears of, so that whoever was robbed of a passkey finds out."""


class Payee(msgspec.Struct, frozen=True):
    """Where a merchant's draws are paid to, as much of it as may be shown, and its keyed hash."""

    name: str
    ending: str
    hash: str


class Standing(msgspec.Struct, frozen=True):
    """The authority that counts now, and the one that waits for the signatory."""

    active: Authority | None
    proposed: Authority | None


class Signed(msgspec.Struct, frozen=True):
    """A passkey's answer as a browser sent it, from where, and in which words it was asked."""

    session_hash: str
    response: str
    remote_address: str
    locale: str
    text_version: str


async def payee(reader: Reader, world: World, merchant_id: str) -> Payee:
    """The payout account in force. Raises NoPayee.

    The hash is keyed, so that the database alone does not tell which account it stands for.
    """
    row = await reader.one(sql.merchants.payee, merchant_id=merchant_id)
    if row is None or row[1] is None:
        raise NoPayee("The shop's payout account has not been verified yet")
    account = world.vault.unseal(bytes(row[1]), merchant_id)
    hashed = hmac.new(world.vault.derive("payee"), merchant_id.encode() + b"\0" + account, hashlib.sha256).hexdigest()
    return Payee(row[0], accounts.tail(account.decode()), hashed)


async def check_payee(tx: Tx, world: World, drawdown: Drawdown) -> None:
    """Raise PayeeChanged when the money would go elsewhere than where the merchant confirmed it to go."""
    row = await tx.one(sql.authorities.payee_of, drawdown_id=drawdown.id)
    if row is None or row[0] != (await payee(tx, world, drawdown.merchant_id)).hash:
        raise PayeeChanged("The payout account is not the one that the merchant confirmed: nothing is sent")


async def find(reader: Reader, authority_id: str, merchant_id: str) -> Authority:
    """One authority of a merchant. Raises UnknownAuthority."""
    found = await reader.one(sql.authorities.find, Authority, authority_id=authority_id)
    if found is None or found.merchant_id != merchant_id:
        raise UnknownAuthority("There is no such authority")
    return found


async def standing(reader: Reader, world: World, merchant_id: str) -> Standing:
    """What is in force and what waits; one that rests on a passkey that has ended is not in force."""
    active = await reader.one(sql.authorities.in_force, Authority, merchant_id=merchant_id)
    proposed = await reader.one(sql.authorities.proposed, Authority, merchant_id=merchant_id)
    if proposed is not None and world.clock.now() >= proposed.expires_at:
        proposed = None
    return Standing(active, proposed)


async def propose(tx: Tx, world: World, merchant_id: str, partner_id: str, new: NewAuthority) -> Authority:
    """Ask the signatory of a partner's merchant; an earlier proposal is replaced. Raises NotFound or Invalid."""
    merchant = await merchants.find(tx, merchant_id, partner_id)
    authorities.check(new, merchant.currency, await lender(tx, world, merchant_id))
    await tx.one(sql.consents.hold_merchant, merchant_id=merchant_id)
    now = world.clock.now()
    earlier = await tx.one(sql.authorities.proposed, Authority, merchant_id=merchant_id)
    if earlier is not None:
        await _move(tx, world, earlier, AuthorityState.replaced)
    made = Authority(
        id=world.ids.new("authority"),
        merchant_id=merchant_id,
        partner_id=partner_id,
        state=AuthorityState.proposed,
        users=new.users,
        caps=new.caps,
        approval=None,
        created_at=now,
        expires_at=now + OPEN_FOR,
        state_at=now,
    )
    values = msgspec.structs.asdict(made)
    await tx.run(sql.authorities.add, users_json=values.pop("users"), caps_json=values.pop("caps"), **values)
    await _tell(tx, world, made, made.state)
    return made


async def intent(reader: Reader, world: World, authority: Authority) -> Intent:
    """What the signatory would sign this very moment."""
    paid_to = await payee(reader, world, authority.merchant_id)
    programme = await lender(reader, world, authority.merchant_id)
    return intents.authorize(authority, paid_to.hash, authorities.agreement(programme))


async def lender(reader: Reader, world: World, merchant_id: str) -> Programme:
    """Whose terms one click agrees to: of the merchant's current offer."""
    return world.lender_of((await positions.load(reader, world, [merchant_id]))[merchant_id])


async def approve(tx: Tx, world: World, authority_id: str, merchant_id: str, signed: Signed) -> Authority:
    """Put a proposal in force, in place of the one before. Run it by `passkeys.attempt`.

    Raises IllegalMove, PasskeyRefused or IntentChanged; then nothing was approved.
    """
    proposal, now = await _held(tx, authority_id, merchant_id), world.clock.now()
    if now >= proposal.expires_at:
        raise states.IllegalMove("the proposal has run out", state=AuthorityState.expired, wanted=AuthorityState.active)
    states.check(MOVES, proposal.state, AuthorityState.active)
    answered = await passkeys.answer(tx, world, signed.session_hash, merchant_id, signed.response)
    intents.check(answered.intent, await intent(tx, world, proposal))
    before = await tx.one(sql.authorities.active, Authority, merchant_id=merchant_id)
    if before is not None:
        await _move(tx, world, before, AuthorityState.replaced)
    passkey_id = answered.passkey.id
    approval = Approval(
        payee_hash=str(answered.intent["payee"]),
        agreement=authorities.agreement(await lender(tx, world, merchant_id)),
        passkey_id=passkey_id,
        intent_hash=answered.intent_hash,
        remote_address=signed.remote_address,
        locale=signed.locale,
        text_version=signed.text_version,
        approved_at=now,
    )
    await tx.run(sql.authorities.approve, authority_id=authority_id, approval_json=approval, passkey_id=passkey_id)
    await _move(tx, world, proposal, AuthorityState.active)
    facts = {"passkey": passkey_id, "intent": answered.intent_hash}
    await audit.note(tx, world, merchant_id, Action.authority_approved, authority_id, **facts)
    return await find(tx, authority_id, merchant_id)


async def refuse(tx: Tx, world: World, authority_id: str, merchant_id: str) -> None:
    """The signatory does not want this. Refusing twice does no harm; one in force is revoked, not refused."""
    proposal = await _held(tx, authority_id, merchant_id)
    if proposal.state is not AuthorityState.refused:
        await _move(tx, world, proposal, AuthorityState.refused)


async def revoke(tx: Tx, world: World, authority_id: str, merchant_id: str) -> None:
    """No click counts any more, from now on; a loan that was confirmed goes on. Revoking twice does no harm."""
    held = await _held(tx, authority_id, merchant_id)
    if held.state is not AuthorityState.revoked:
        await _move(tx, world, held, AuthorityState.revoked)
        await audit.note(tx, world, merchant_id, Action.authority_revoked, authority_id)


async def partner_name(reader: Reader, partner_id: str) -> str:
    """What the signatory knows the proposer by."""
    row = await reader.one(sql.authorities.partner_name, partner_id=partner_id)
    return "" if row is None else str(row[0])


async def passkey_ended(tx: Tx, world: World, merchant_id: str, passkey_id: str) -> None:
    """A passkey was removed or locked: what was approved with it counts no more. In the unit that ended it."""
    await tx.one(sql.consents.hold_merchant, merchant_id=merchant_id)
    active = await tx.one(sql.authorities.active, Authority, merchant_id=merchant_id)
    if active is not None and active.approval is not None and active.approval.passkey_id == passkey_id:
        await _move(tx, world, active, AuthorityState.revoked)
        await audit.note(tx, world, merchant_id, Action.authority_revoked, active.id, passkey=passkey_id)


async def expire(world: World) -> int:
    """End proposals nobody answered in time; how many."""
    now = world.clock.now()
    found = await world.store.all(sql.authorities.to_expire, now_at=now)

    async def unit(tx: Tx) -> int:
        for authority_id, merchant_id in found:
            held = await _held(tx, authority_id, merchant_id)
            if held.state is AuthorityState.proposed:
                await _move(tx, world, held, AuthorityState.expired)
        return len(found)

    return await world.store.write(unit) if found else 0


async def _held(tx: Tx, authority_id: str, merchant_id: str) -> Authority:
    """The authority as this moment's database has it, kept from changing until the unit ends."""
    await tx.one(sql.consents.hold_merchant, merchant_id=merchant_id)
    return await find(tx, authority_id, merchant_id)


async def _move(tx: Tx, world: World, authority: Authority, target: AuthorityState) -> None:
    states.check(MOVES, authority.state, target)
    now = world.clock.now()
    values = {"authority_id": authority.id, "source": authority.state, "target": target, "state_at": now}
    if not await tx.run(sql.authorities.move, **values):
        raise states.IllegalMove("the authority moved meanwhile", state=authority.state, wanted=target)
    await _tell(tx, world, authority, target)


async def _tell(tx: Tx, world: World, authority: Authority, state: AuthorityState) -> None:
    data = {"id": authority.id, "merchant_id": authority.merchant_id, "state": state.value}
    name, now = f"authority.{state.value}", world.clock.now()
    event = Event("authority", authority.id, name, authority.merchant_id, authority.partner_id, data, now)
    await events.emit(tx, world, [event])
    if state in _NOTED:
        page = f"{world.settings.address}{PAGE}?merchant_id={authority.merchant_id}"
        await messages.send(tx, world, authority.merchant_id, f"authority_{state.value}", page=page)
