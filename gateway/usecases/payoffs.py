"""What pays a loan off today, and what of it is given up: read from the books and from what is on its way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.domain import payoffs
from gateway.domain.payoffs import Paid, Payoff
from gateway.domain.repayments import Channel
from gateway.store import sql
from gateway.usecases import ledger as books

if TYPE_CHECKING:
    from datetime import date

    from gateway.domain.drawdowns import Drawdown
    from gateway.domain.repayments import Repayment
    from gateway.store import Reader

Side = tuple[int, int]
"""Principal and fee."""


async def sides(reader: Reader, drawdown_id: str) -> tuple[Side, Side]:
    """(principal, fee) owed by settled money, and of it what open repayments will pay or give up."""
    row = await reader.one(sql.repayments.open_amounts, drawdown_id=drawdown_id) or (0, 0)
    return await books.owed(reader, drawdown_id), (int(row[0]), int(row[1]))


async def cap_rebate(reader: Reader, drawdown: Drawdown, owed: Side, on: date, *, amount: int = 0) -> int:
    """What of `owed` the cap on all costs does not allow to take if the loan ends with `amount` on that day."""
    if drawdown.active_on is None or owed == (0, 0):
        return 0
    paid = await reader.all(sql.repayments.paid, Paid, drawdown_id=drawdown.id)
    return payoffs.cap_rebate_amount(owed, paid, drawdown.active_on, drawdown.all_in_cap_bps, on, amount=amount)


def foreseen_rebate(repayment: Repayment, on: date) -> int:
    """What was to be given up when it was scheduled, however long it was on its way; a transfer has its day."""
    late = repayment.channel is Channel.transfer and repayment.collect_on is not None and on > repayment.collect_on
    return 0 if late else repayment.rebate_amount


async def of(reader: Reader, drawdown: Drawdown, on: date) -> Payoff:
    """What pays a loan off on a day, beside what is on its way, with the rebate of its terms."""
    owed, pending = await sides(reader, drawdown.id)
    rebate = await cap_rebate(reader, drawdown, owed, on)
    return payoffs.payoff(owed, pending, rebate, drawdown.early_rebate_bps)


async def claimable_amount(reader: Reader, drawdown: Drawdown, on: date) -> int:
    """The most that shares and minimums may still take: what is owed, not on its way, and allowed by the cap."""
    owed, pending = await sides(reader, drawdown.id)
    return max(0, sum(owed) - sum(pending) - await cap_rebate(reader, drawdown, owed, on))
