"""Our own loans as a shop's records show them: paid out to it, paid back, and spent on goods.

What a loan bought is not written anywhere. It is taken to be what was spent beyond the usual in the month after the
money came, never more than the loan: so a shop that restocks looks as it did before, and one that keeps the money, or
spends it on nothing new, has nothing taken out of its costs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RESTOCK_DAYS = 30
"""Goods are bought within so many days after the money came."""
USUAL_DAYS = 90
LEAST_DAYS = 28
"""What is usual needs so many known days before the loan."""


class Moved(NamedTuple):
    """Money between us and the shop on a day: lent or given back to it, or repaid by it.

    `upstream`: the partner kept the repayment back from what it settled, so that it never reached the shop's account.
    """

    on: int
    amount: int
    repaid: bool = False
    upstream: bool = False


def own_loans(
    moved: Sequence[Moved], spent: Mapping[int, int], first: int, as_of: int, width: int
) -> tuple[list[int], list[int], list[int]]:
    """What `evidence.OwnLoans` are made of, of `width` days; `spent` by day, known from `first` on."""
    start = as_of - width
    disbursed, repaid, bought = [0] * width, [0] * width, [0] * width
    for one in moved:
        if start <= one.on < as_of:
            if one.repaid and not one.upstream:
                repaid[one.on - start] += one.amount
            else:
                disbursed[one.on - start] += -one.amount if one.repaid else one.amount
    left = dict(spent)
    for one in sorted(one for one in moved if not one.repaid):
        for on, amount in _bought(one, left, first, as_of).items():
            left[on] -= amount
            if on >= start:
                bought[on - start] += amount
    return disbursed, repaid, bought


def _bought(loan: Moved, spent: Mapping[int, int], first: int, as_of: int) -> dict[int, int]:
    """What was spent beyond the usual after the loan came, on the days when most was."""
    known = min(USUAL_DAYS, loan.on - first)
    if known < LEAST_DAYS:
        return {}
    usual = sum(spent.get(on, 0) for on in range(loan.on - known, loan.on))
    window = range(loan.on, min(loan.on + RESTOCK_DAYS, as_of))
    total = sum(spent.get(on, 0) for on in window)
    more = min(loan.amount, max(0, total - -(-usual * len(window) // known)))
    found: dict[int, int] = {}
    for on in sorted(window, key=lambda on: (-spent.get(on, 0), on)):
        found[on] = min(more, spent.get(on, 0))
        more -= found[on]
    return {on: amount for on, amount in found.items() if amount}
