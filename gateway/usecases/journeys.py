"""How a drawdown came to where it stands, and when its money should be there: what a till shows after the click."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import msgspec

from gateway.domain.authorities import NoPayee
from gateway.domain.drawdowns import DrawdownState, Step
from gateway.store import sql
from gateway.usecases import authorities, banks, instructions

if TYPE_CHECKING:
    from gateway.domain.drawdowns import Drawdown
    from gateway.store import Reader
    from gateway.usecases.world import World

_S = DrawdownState
_COMING = frozenset({
    _S.awaiting_confirmation, _S.requested, _S.reviewing, _S.approved, _S.submitted, _S.pending, _S.in_doubt
})  # fmt: skip


class Journey(msgspec.Struct, frozen=True):
    """See the module. `next_check_at`: when the bank is asked again about a payment in doubt.

    `expected_on`: the bank's day on which the money goes out; null once it did or never will. `payout_account_ending`:
    the last four of the account it is paid to, null once the shop has another one than was confirmed.
    """

    steps: list[Step]
    next_check_at: datetime | None
    expected_on: date | None
    payout_account_ending: str | None


class _Told(msgspec.Struct, frozen=True):
    type: str
    occurred_at: datetime


class _Due(msgspec.Struct, frozen=True):
    due_at: datetime


async def of(reader: Reader, world: World, drawdown: Drawdown) -> Journey:
    """The journey of one drawdown so far."""
    told = await reader.all(sql.drawdowns.steps, _Told, drawdown_id=drawdown.id)
    steps = [Step(DrawdownState(one.type.partition(".")[2]), one.occurred_at) for one in told]
    return Journey(
        steps, await _next_check_at(reader, drawdown), _expected_on(world, drawdown, steps),
        await _account_ending(reader, world, drawdown),
    )  # fmt: skip


async def _next_check_at(reader: Reader, drawdown: Drawdown) -> datetime | None:
    if drawdown.state is not _S.in_doubt or drawdown.end_to_end_id is None:
        return None
    due = await reader.one(sql.jobs.due, _Due, kind=instructions.ASK, subject_id=drawdown.end_to_end_id)
    return None if due is None else due.due_at


def _expected_on(world: World, drawdown: Drawdown, steps: list[Step]) -> date | None:
    if drawdown.state not in _COMING:
        return None
    approved = (step.at for step in reversed(steps) if step.state is _S.approved)
    return banks.pays_out_on(world, drawdown.bank_id, next(approved, None))


async def _account_ending(reader: Reader, world: World, drawdown: Drawdown) -> str | None:
    try:
        payee = await authorities.payee(reader, world, drawdown.merchant_id)
    except NoPayee:
        return None
    row = await reader.one(sql.authorities.payee_of, drawdown_id=drawdown.id)
    confirmed = None if row is None else row[0]
    return payee.ending if confirmed in {None, payee.hash} else None
