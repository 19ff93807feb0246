"""A merchant's statement of one loan, read from the books, the repayments and the days that were closed."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import loan_statements
from gateway.domain.drawdowns import Drawdown
from gateway.domain.loan_statements import Booked, DaySold, Line, Totals
from gateway.domain.repayments import Repayment
from gateway.store import sql

if TYPE_CHECKING:
    from gateway.store import Reader


class LoanStatement(msgspec.Struct, frozen=True):
    """Whose, which loan, its lines and their sums."""

    shop: str
    drawdown: Drawdown
    lines: list[Line]
    totals: Totals


async def of(reader: Reader, drawdown: Drawdown) -> LoanStatement:
    """The statement of a loan until now."""
    booked = await reader.all(sql.ledger.statement_of, Booked, drawdown_id=drawdown.id)
    repayments = await reader.all(sql.repayments.of, Repayment, drawdown_id=drawdown.id)
    last_on = max((repayment.business_on for repayment in repayments), default=drawdown.active_on)
    row = await reader.one(sql.merchants.payee, merchant_id=drawdown.merchant_id)
    days = await days_sold(reader, drawdown, last_on)
    found = loan_statements.lines(drawdown, booked, repayments, days)
    return LoanStatement("" if row is None else row[0], drawdown, found, loan_statements.totals(found))


async def of_merchant(reader: Reader, merchant_id: str) -> list[Drawdown]:
    """The loans that money went out for, the newest first."""
    return await reader.all(sql.drawdowns.paid_out_to, Drawdown, merchant_id=merchant_id)


async def days_sold(reader: Reader, drawdown: Drawdown, last_on: date | None) -> dict[date, DaySold]:
    """The closed days since the money went, up to the last one; none that were erased."""
    if drawdown.active_on is None or last_on is None:
        return {}
    found = await reader.all(sql.days.since, merchant_id=drawdown.merchant_id, from_on=drawdown.active_on)
    return {
        date.fromisoformat(on): DaySold(sales, refunds + voids, net)
        for on, sales, refunds, voids, net, _tickets, closed_at in found
        if closed_at is not None and on <= last_on.isoformat()
    }
