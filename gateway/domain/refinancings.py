"""Refinancing: a new drawdown takes over what an active one still owes, and pays out new money beside it.

The old one's unpaid fee moves along and is charged once. What is moved is what is owed on the day the new money goes:
what was paid between the quote and that day is paid. The old one's cap on all costs is kept as if it ended that day.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import ledger
from gateway.domain.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.domain.drawdowns import Drawdown
    from gateway.domain.ledger import Entry


class Refinancing(msgspec.Struct, frozen=True):
    """`principal_amount` and `fee_amount` moved; `rebate_amount` of the old one's fee is not charged after all.

    `given_back_amount` of the fee it had paid was more than its cap allows, and paid principal.
    """

    into_drawdown_id: str
    drawdown_id: str
    principal_amount: int
    fee_amount: int
    rebate_amount: int
    given_back_amount: int
    refinanced_on: date


class NotRefinanceable(Conflict):
    """The drawdown to be taken over is not an active one of this shop and programme, or is being taken over."""

    code = "not_refinanceable"
    title = "This drawdown cannot be refinanced by this quote"


def take_over(
    into_drawdown_id: str, drawdown_id: str, owed: tuple[int, int], rebate_amount: int, refinanced_on: date
) -> Refinancing:
    """What moves of `owed` (principal, fee) when the cap forbids to take `rebate_amount` of it."""
    principal, fee = owed
    rebate = min(rebate_amount, max(0, fee))
    back = min(rebate_amount - rebate, principal)
    return Refinancing(into_drawdown_id, drawdown_id, principal - back, fee - rebate, rebate, back, refinanced_on)


def handed_over(old: Drawdown, done: Refinancing) -> Iterator[Entry]:
    """The old drawdown's entries: nothing is owed of it any more."""
    loan = ledger.Loan(old.id, old.bank_id, old.currency)
    yield ledger.rebate(loan, done.into_drawdown_id, done.rebate_amount)
    yield ledger.fee_given_back(loan, done.into_drawdown_id, done.given_back_amount)
    yield ledger.refinanced(loan, done.into_drawdown_id, done.principal_amount, done.fee_amount)


def taken_over(new: Drawdown, done: Refinancing) -> Entry:
    """The new drawdown's entry: it owes the same."""
    loan = ledger.Loan(new.id, new.bank_id, new.currency)
    return ledger.taken_over(loan, done.principal_amount, done.fee_amount)
