"""What the books say of a repayment whose money came, or was taken back: by its parts and the way it came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.domain import ledger
from gateway.domain.repayments import Channel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.domain.drawdowns import Drawdown
    from gateway.domain.ledger import Entry
    from gateway.domain.repayments import Repayment


def settled(drawdown: Drawdown, repayment: Repayment) -> Iterator[Entry]:
    """The entries of a repayment that settled; one without postings is a part that is nothing."""
    loan = ledger.Loan(drawdown.id, drawdown.bank_id, drawdown.currency)
    if repayment.channel is Channel.payout:
        yield ledger.overpayment_returned(loan, repayment.id, repayment.suspense_amount)
        return
    parts = repayment.principal_amount, repayment.fee_amount
    if repayment.channel is Channel.withheld:
        yield ledger.partner_withheld(loan, repayment.id, drawdown.partner_id, *parts)
        yield ledger.overwithheld(loan, repayment.id, drawdown.partner_id, repayment.suspense_amount)
    else:
        yield ledger.repayment_settled(loan, repayment.id, *parts)
        yield ledger.overpaid(loan, repayment.id, repayment.suspense_amount)
    yield ledger.recovered(loan, repayment.id, repayment.recovered_amount)
    yield ledger.rebate(loan, repayment.id, repayment.rebate_amount)
    yield ledger.revenue_shared(loan, repayment.id, drawdown.partner_id, repayment.share_amount)


def taken_back(drawdown: Drawdown, repayment: Repayment) -> Iterator[Entry]:
    """The entries that undo them, when the merchant's bank took the money back."""
    loan = ledger.Loan(drawdown.id, drawdown.bank_id, drawdown.currency)
    if repayment.channel is Channel.payout:
        yield ledger.overpayment_came_back(loan, repayment.id, repayment.suspense_amount)
        return
    yield ledger.repayment_returned(loan, repayment.id, repayment.principal_amount, repayment.fee_amount)
    yield ledger.overpayment_taken_back(loan, repayment.id, repayment.suspense_amount)
    yield ledger.recovery_returned(loan, repayment.id, repayment.recovered_amount)
    yield ledger.rebate_reversed(loan, repayment.id, repayment.rebate_amount)
    yield ledger.revenue_share_reversed(loan, repayment.id, drawdown.partner_id, repayment.share_amount)
