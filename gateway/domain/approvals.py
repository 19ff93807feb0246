"""Approved beforehand: draws that a bank lets the gateway approve in its name, as its programme says and no further.

Not a debit mandate (`gateway.domain.mandates`): this one is the bank's, about credit.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from gateway.domain.money import minor_units

if TYPE_CHECKING:
    from gateway.domain.programmes import Programme

WITHIN = "within_approval"
"""The reason of a decision that rests on one."""


def reference(programme: Programme) -> str:
    """What a decision names it by: a new end date is a new approval, with a total of its own."""
    return f"{programme.id}:{programme.approval.valid_until}"


def scope(programme: Programme, currency: str) -> str:
    """The row that counts what was approved under it in a currency."""
    return f"approval:{reference(programme)}:{currency}"


def total_amount(programme: Programme, currency: str) -> int:
    """The most that may be approved under it in all, in minor units; 0 = the bank gave none."""
    rule = programme.approval
    return rule.total_major * minor_units(currency) if rule.valid_until else 0


def covers(
    programme: Programme, currency: str, *, grade: str | None, owed_amount: int, through_on: date, used_amount: int = 0
) -> bool:
    """Whether a merchant of this grade may owe this much by draws approved so, until that day.

    Amounts in minor units: `owed_amount` with the draw (or the whole limit) counted in, `used_amount` what was
    approved under it so far with the same counted in.
    """
    rule, total = programme.approval, total_amount(programme, currency)
    if total == 0 or grade is None or not rule.best_grade <= grade <= rule.worst_grade:
        return False
    if through_on > date.fromisoformat(rule.valid_until):
        return False
    return owed_amount <= rule.max_amount_major * minor_units(currency) and used_amount <= total
