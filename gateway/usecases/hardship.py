"""Relief for one loan, and its end before time: an officer proposes a pause, a plan or a write-off, another agrees."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import arrangements as rules
from gateway.domain import four_eyes, states
from gateway.domain.arrangements import (
    MOVES,
    Arrangement,
    ArrangementKind,
    ArrangementState,
    Proposal,
    UnknownArrangement,
)
from gateway.domain.audit_entries import OPERATOR, Action
from gateway.domain.drawdowns import DrawdownState
from gateway.domain.events import Event
from gateway.store import sql
from gateway.usecases import audit, drawdowns, events, healths, loans, messages, positions, servicing, write_offs

if TYPE_CHECKING:
    from gateway.domain.drawdowns import Drawdown
    from gateway.domain.servicing import Account, Servicing
    from gateway.store import Tx
    from gateway.usecases.world import World

AGREED = "agreed"
"""Why a loan was written off before its time: two officers said so."""


async def propose(world: World, proposal: Proposal) -> Arrangement:
    """Ask for it; nothing changes yet.

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


async def _decide(world: World, arrangement_id: str, by: str, target: ArrangementState, tx: Tx) -> Arrangement:
    found = await _find(tx, arrangement_id)
    position = await positions.certain(tx, world, found.merchant_id)
    drawdown = await drawdowns.lock(tx, found.drawdown_id)
    states.check(MOVES, (await _find(tx, arrangement_id)).state, target)
    four_eyes.check_officer(by)
    on, paid_amount = position.today(world.clock.now()), None
    if target is ArrangementState.approved:
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
        await _emit(tx, world, drawdown, found)
    await audit.note(
        tx, world, OPERATOR, Action.arrangement_decided, found.id, by=by, kind=found.kind.value, outcome=target.value,
        drawdown_id=drawdown.id,
    )  # fmt: skip
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


async def _emit(tx: Tx, world: World, drawdown: Drawdown, agreed: Arrangement) -> None:
    data = {
        "id": agreed.id,
        "merchant_id": drawdown.merchant_id,
        "drawdown_id": drawdown.id,
        "kind": agreed.kind.value,
        "state": ArrangementState.approved.value,
    }
    whose = drawdown.merchant_id, drawdown.partner_id
    told = Event("arrangement", agreed.id, "arrangement.approved", *whose, data, world.clock.now())
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
