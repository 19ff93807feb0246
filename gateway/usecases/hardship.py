"""Relief for one loan, and its end before time: an officer proposes a pause, a plan or a write-off, another agrees."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import arrangements as rules
from gateway.domain import four_eyes, states
from gateway.domain.alerts import Severity
from gateway.domain.arrangements import (
    MOVES,
    AlreadyAsked,
    Arrangement,
    ArrangementKind,
    ArrangementState,
    NotTakenUp,
    Proposal,
    UnknownArrangement,
)
from gateway.domain.audit_entries import OPERATOR, Action
from gateway.domain.drawdowns import DrawdownState
from gateway.domain.events import Event
from gateway.store import sql
from gateway.usecases import (
    alerts,
    audit,
    drawdowns,
    events,
    healths,
    loans,
    messages,
    positions,
    servicing,
    write_offs,
)

if TYPE_CHECKING:
    from gateway.domain.arrangements import NewArrangement
    from gateway.domain.drawdowns import Drawdown
    from gateway.domain.rights import Caller
    from gateway.domain.servicing import Account, Servicing
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World

REQUESTED = "relief_requested"
"""The alert of a merchant that asks for relief."""
AGREED = "agreed"
"""Why a loan was written off before its time: two officers said so."""


async def ask(tx: Tx, world: World, caller: Caller, drawdown_id: str, new: NewArrangement) -> Arrangement:
    """The merchant asks for relief; officers see it in `gateway loan list` and by an alert. Nothing changes yet.

    Two officers decide, as always: the merchant asks in its own interest, so its word is no second pair of eyes on the
    lender's side. The first proposes for how long, the second approves; one alone may decline. One request of a loan is
    open at a time. Raises UnknownDrawdown, AlreadyAsked, or IllegalMove where it makes no sense.
    """
    found = await drawdowns.find(tx, drawdown_id, caller.partner_id)
    about = await positions.certain(tx, world, found.merchant_id)  # first: merchant, then drawdown
    drawdown, now = await drawdowns.lock(tx, drawdown_id), world.clock.now()
    kind = ArrangementKind(new.kind)
    _check_state(drawdown, kind)
    before = await asked(tx, drawdown_id)
    if before is not None and before.state is ArrangementState.proposed:
        raise AlreadyAsked("It was asked for already: an officer will decide", arrangement_id=before.id)
    arrangement_id = world.ids.new("arrangement")
    reason = None if new.reason is None else world.vault.seal(new.reason.encode(), arrangement_id)
    await tx.run(
        sql.arrangements.ask, id=arrangement_id, drawdown_id=drawdown.id, merchant_id=drawdown.merchant_id, kind=kind,
        reason=reason, created_at=now,
    )  # fmt: skip
    await audit.note(
        tx, world, caller.client_id, Action.arrangement_requested, arrangement_id, kind=kind.value,
        drawdown_id=drawdown.id,
    )  # fmt: skip
    evidence = {"drawdown_id": drawdown.id, "arrangement_id": arrangement_id, "kind": kind.value}
    await alerts.start(tx, world, REQUESTED, drawdown.id, severity=Severity.warning, evidence=evidence, about=about)
    return await _find(tx, arrangement_id)


async def asked(reader: Reader, drawdown_id: str) -> Arrangement | None:
    """What the merchant last asked for, in whatever state it is now."""
    return await reader.one(sql.arrangements.asked, Arrangement, drawdown_id=drawdown_id)


async def propose(world: World, proposal: Proposal) -> Arrangement:
    """Ask for it; nothing changes yet. A pause of a loan whose merchant asked for one takes that request up.

    Raises BadProposal, NotAllowed, UnknownDrawdown, or IllegalMove where it makes no sense.
    """
    rules.check(proposal)
    return await world.store.write(partial(_propose, world, proposal))


async def approve(world: World, arrangement_id: str, *, by: str) -> Arrangement:
    """Do it, as a second officer. Raises BadProposal, SamePerson, UnknownArrangement, IllegalMove."""
    return await world.store.write(partial(_decide, world, arrangement_id, by, ArrangementState.approved))


async def decline(world: World, arrangement_id: str, *, by: str) -> Arrangement:
    """Let it be; whoever proposed it may take it back so. Raises as `approve`, but for SamePerson."""
    return await world.store.write(partial(_decide, world, arrangement_id, by, ArrangementState.declined))


async def page(world: World, state: ArrangementState, after: str, limit: int) -> list[Arrangement]:
    """Arrangements in one state, oldest first."""
    return await world.store.all(sql.arrangements.page, Arrangement, state=state, after=after, limit=limit)


async def _propose(world: World, proposal: Proposal, tx: Tx) -> Arrangement:
    drawdown, now = await drawdowns.lock(tx, proposal.drawdown_id), world.clock.now()
    _check_state(drawdown, proposal.kind)
    request = await asked(tx, drawdown.id)
    if request is not None and request.untaken and request.kind is proposal.kind:
        return await _take_up(tx, world, request, proposal)
    arrangement_id = world.ids.new("arrangement")
    await tx.run(
        sql.arrangements.add,
        id=arrangement_id, drawdown_id=drawdown.id, merchant_id=drawdown.merchant_id, kind=proposal.kind,
        days=proposal.days, instalments_count=proposal.instalments_count, every_days=proposal.every_days,
        proposed_by=proposal.by, reason=world.vault.seal(proposal.reason.encode(), arrangement_id), created_at=now,
    )  # fmt: skip
    await audit.note(
        tx, world, OPERATOR, Action.arrangement_proposed, arrangement_id, by=proposal.by, kind=proposal.kind.value,
        drawdown_id=drawdown.id,
    )  # fmt: skip
    return await _find(tx, arrangement_id)


async def _take_up(tx: Tx, world: World, request: Arrangement, proposal: Proposal) -> Arrangement:
    """An officer makes the merchant's request a proposal of their own, its reason beside the merchant's."""
    row = await tx.one(sql.arrangements.reason, id=request.id)
    told = b"" if row is None or row[0] is None else world.vault.unseal(bytes(row[0]), request.id) + b"\n"
    await tx.run(
        sql.arrangements.take_up, id=request.id, proposed_by=proposal.by, days=proposal.days,
        reason=world.vault.seal(told + proposal.reason.encode(), request.id),
    )  # fmt: skip
    await audit.note(
        tx, world, OPERATOR, Action.arrangement_proposed, request.id, by=proposal.by, kind=proposal.kind.value,
        drawdown_id=request.drawdown_id,
    )  # fmt: skip
    return await _find(tx, request.id)


async def _decide(world: World, arrangement_id: str, by: str, target: ArrangementState, tx: Tx) -> Arrangement:
    found = await _find(tx, arrangement_id)
    position = await positions.certain(tx, world, found.merchant_id)
    drawdown = await drawdowns.lock(tx, found.drawdown_id)
    states.check(MOVES, (await _find(tx, arrangement_id)).state, target)
    four_eyes.check_officer(by)
    on, paid_amount = position.today(world.clock.now()), None
    if target is ArrangementState.approved:
        if found.untaken:
            raise NotTakenUp(f"First propose for how long: gateway loan pause {drawdown.id} --days …")
        four_eyes.check_other(by, found.proposed_by)
        _check_state(drawdown, found.kind)
        paid_amount = (await loans.account(tx, drawdown, on)).paid_amount
    await tx.run(
        sql.arrangements.decide,
        id=found.id, target=target, decided_by=by, from_on=on if paid_amount is not None else None,
        paid_amount=paid_amount, state_at=world.clock.now(),
    )  # fmt: skip
    if target is ArrangementState.approved:
        await _put_in_force(tx, world, drawdown, found, on)
    if target is ArrangementState.approved or found.requested_at is not None:
        await _emit(tx, world, drawdown, found, target)
    await audit.note(
        tx, world, OPERATOR, Action.arrangement_decided, found.id, by=by, kind=found.kind.value, outcome=target.value,
        drawdown_id=drawdown.id,
    )  # fmt: skip
    if found.requested_at is not None:
        await alerts.close(tx, world, REQUESTED, drawdown.id)
    return await _find(tx, arrangement_id)


async def _put_in_force(tx: Tx, world: World, drawdown: Drawdown, agreed: Arrangement, on: date) -> None:
    kept = await loans.find(tx, drawdown.id)
    if agreed.kind is ArrangementKind.write_off:
        drawdown = await write_offs.write_off(tx, world, drawdown, on, reason=AGREED)
    elif kept is not None:
        await loans.cancel_unsent(tx, world, drawdown, agreed.kind.value)
        account = await loans.account(tx, drawdown, on)
        await _tell(tx, world, drawdown, agreed, account=account, on=on)
        await loans.save(tx, _held(kept, agreed, on))
        if agreed.kind is ArrangementKind.pause:
            await healths.tell(tx, world, drawdown, "paused", account=account, on=on)
    await servicing.refresh(tx, world, drawdown.id)


def _held(kept: Servicing, agreed: Arrangement, on: date) -> Servicing:
    """No share of sales is taken: until a pause ends, or for good under a plan."""
    until_on = date.max if agreed.days is None else on + timedelta(days=agreed.days)
    return msgspec.structs.replace(kept, held_until_on=max(until_on, kept.held_until_on or until_on))


async def _tell(tx: Tx, world: World, drawdown: Drawdown, agreed: Arrangement, *, account: Account, on: date) -> None:
    days = agreed.every_days if agreed.days is None else agreed.days
    await messages.send(
        tx, world, drawdown.merchant_id, "loan_paused" if agreed.kind is ArrangementKind.pause else "loan_planned",
        on=(on + timedelta(days=days or 0)).isoformat(), days=str(days), count=str(agreed.instalments_count),
        amount=messages.money(account.owed_amount, drawdown.currency),
    )  # fmt: skip


async def _emit(tx: Tx, world: World, drawdown: Drawdown, agreed: Arrangement, state: ArrangementState) -> None:
    data = {
        "id": agreed.id,
        "merchant_id": drawdown.merchant_id,
        "drawdown_id": drawdown.id,
        "kind": agreed.kind.value,
        "state": state.value,
    }
    whose = drawdown.merchant_id, drawdown.partner_id
    told = Event("arrangement", agreed.id, f"arrangement.{state.value}", *whose, data, world.clock.now())
    await events.emit(tx, world, [told])


def _check_state(drawdown: Drawdown, kind: ArrangementKind) -> None:
    """A loan that is out may rest, be planned or written off; of one that was written off only a plan makes sense."""
    states_allowed = {DrawdownState.active}
    if kind is ArrangementKind.plan:
        states_allowed.add(DrawdownState.charged_off)
    if drawdown.state not in states_allowed:
        raise states.IllegalMove(f"no {kind} of a loan that is {drawdown.state}", state=drawdown.state, wanted=kind)


async def _find(tx: Tx, arrangement_id: str) -> Arrangement:
    found = await tx.one(sql.arrangements.find, Arrangement, id=arrangement_id)
    if found is None:
        raise UnknownArrangement("There is no such arrangement")
    return found
