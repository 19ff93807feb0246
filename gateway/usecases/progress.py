"""A loan's progress, read from its statement, its schedule and what is foreseen of the shop's sales."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import pricing
from gateway.domain import progress as rules
from gateway.domain.drawdowns import DrawdownState
from gateway.domain.progress import Ahead, DayRepaid, PayoffDates, Point, PointAhead
from gateway.domain.quotes import Quote
from gateway.domain.repayments import Repayment
from gateway.store import sql
from gateway.usecases import ledger as books
from gateway.usecases import loan_statements, loans, payoffs, positions

if TYPE_CHECKING:
    from gateway.domain.drawdowns import Drawdown
    from gateway.domain.servicing import Account
    from gateway.store import Reader
    from gateway.usecases.world import World


class Progress(msgspec.Struct, frozen=True):
    """How a loan comes along; all sums are cumulative, in minor units, what is given up of the fee counted as paid.

    `planned_payoff_on` and `plan` are the quote's estimate. `paid` is of settled money: its last sum and what is
    outstanding are the total, as in the statement. `ahead` and `payoff` are told of a loan that is out, where its
    shop's sales are foreseen. `days` are the last closed business days, newest first.
    """

    drawdown_id: str
    currency: str
    planned_payoff_on: date | None
    payoff: PayoffDates | None
    plan: list[Point]
    paid: list[Point]
    ahead: list[PointAhead]
    days: list[DayRepaid]


async def of(reader: Reader, world: World, drawdown: Drawdown) -> Progress:
    """The progress of one drawdown; before its money went there is only the plan's date."""
    quote = await reader.one(sql.quotes.find, Quote, quote_id=drawdown.quote_id, partner_id=drawdown.partner_id)
    planned_on = None if quote is None else quote.estimated_payoff_on
    if drawdown.active_on is None:
        return Progress(drawdown.id, drawdown.currency, planned_on, None, [], [], [], [])
    statement = await loan_statements.of(reader, drawdown)
    repayments = await reader.all(sql.repayments.of, Repayment, drawdown_id=drawdown.id)
    account = await loans.account(reader, drawdown, world.clock.now().date())
    sold = await loan_statements.days_sold(reader, drawdown, date.max if _out(drawdown) else drawdown.state_at.date())
    paid = rules.paid(statement.lines, drawdown.active_on)
    points, payoff = await _ahead(reader, world, drawdown, account, paid[-1].amount)
    return Progress(
        drawdown_id=drawdown.id,
        currency=drawdown.currency,
        planned_payoff_on=planned_on,
        payoff=payoff,
        plan=[] if planned_on is None else rules.plan(drawdown.total_amount, drawdown.active_on, planned_on),
        paid=paid,
        ahead=points,
        days=rules.days(sold, repayments, account.pauses, drawdown.active_on),
    )


def _out(drawdown: Drawdown) -> bool:
    return drawdown.state is DrawdownState.active


async def _ahead(
    reader: Reader, world: World, drawdown: Drawdown, account: Account, paid_amount: int
) -> tuple[list[PointAhead], PayoffDates | None]:
    position = await positions.current(world, drawdown.merchant_id)
    if not _out(drawdown) or position is None or position.scores is None:
        return [], None
    kept = await loans.find(reader, drawdown.id)
    _, pending = await payoffs.sides(reader, drawdown.id)
    scores = position.scores
    return rules.ahead(
        Ahead(
            total_amount=paid_amount + sum(await books.owed(reader, drawdown.id)),
            paid_amount=paid_amount,
            base_amount=paid_amount + sum(pending),
            withhold_bps=drawdown.withhold_bps,
            outlook=[pricing.outlook_at(scores, which) for which in range(3)],
            through_on=scores.scored_through_on,
            today=position.today(world.clock.now()),
            held_until_on=None if kept is None else kept.held_until_on,
            dues=account.dues,
        )
    )
