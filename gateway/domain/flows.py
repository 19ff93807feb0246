"""The cash on a shop's own accounts, day by day, from what its bank statements say.

A day is known when every account that is still reported covers it. What is not known is never filled with zeros: that
would look like a shop that spends nothing.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

SILENT_DAYS = 7
"""Statements come late, not later than this: an account without news for longer has stopped being reported."""
GAP_DAYS = 7
"""Days on which nothing moved may have no statement; a longer gap is one in what we know."""
QUARTER = 90


class CashDay(NamedTuple):
    """One account's day (an ordinal): what came in, what went out, and the balance at its end where it is told."""

    account: str
    on: int
    in_amount: int
    out_amount: int
    balance_amount: int | None


class Flows(NamedTuple):
    """All accounts together: minor units a day, up to the day before `as_of`; the last `days_count` known."""

    outflow: list[int]
    balance: list[int]
    days_count: int
    balance_known: bool


class _Account(NamedTuple):
    first: int  # since when there is no gap
    last: int
    days: dict[int, CashDay]

    @property
    def is_closed(self) -> bool:
        """Emptied before it fell silent."""
        return self.days[self.last].balance_amount == 0


def together(told: Iterable[CashDay], as_of: int, width: int) -> Flows | None:
    """The accounts added up; None = not known. Of an account and day that comes twice, the later in `told` counts.

    An account that fell silent with money or debt on it hides what goes on there: then nothing is known.
    """
    accounts = _accounts(told, as_of)
    live = [one for one in accounts if one.last >= as_of - SILENT_DAYS]
    if not live or any(one not in live and not one.is_closed for one in accounts):
        return None
    start = as_of - width
    first = max(start, *(one.first for one in live))
    outflow, balance = [0] * width, [0] * width
    balance_known = True
    for one in accounts:
        spent, held = _spent(one, as_of), _held(one, as_of)
        balance_known &= held is not None
        for on in range(first, as_of):
            outflow[on - start] += spent.get(on, 0)
            balance[on - start] += 0 if held is None else held.get(on, 0)
    return Flows(outflow, balance, as_of - first, balance_known)


def _accounts(told: Iterable[CashDay], as_of: int) -> list[_Account]:
    by_account: dict[str, dict[int, CashDay]] = defaultdict(dict)
    for day in told:
        if day.on < as_of:
            by_account[day.account][day.on] = day
    return [_account(days) for days in by_account.values()]


def _account(days: dict[int, CashDay]) -> _Account:
    known = sorted(days, reverse=True)
    first = known[0]
    for on in known[1:]:
        if first - on > GAP_DAYS + 1:
            break
        first = on
    return _Account(first, known[0], days)


def _spent(one: _Account, as_of: int) -> dict[int, int]:
    """What went out, by day; days after the last statement are taken to be like the quarter before."""
    spent = {on: day.out_amount for on, day in one.days.items() if on >= one.first}
    if one.last < as_of - 1 and not one.is_closed:
        span = min(QUARTER, one.last - one.first + 1)
        lately = sum(amount for on, amount in spent.items() if on > one.last - span)
        spent |= dict.fromkeys(range(one.last + 1, as_of), -(-lately // span))
    return spent


def _held(one: _Account, as_of: int) -> dict[int, int] | None:
    """The balance at each day's end: told, or by what moved since, or before; None = it was never told."""
    anchor = next((on for on in sorted(one.days) if on >= one.first and one.days[on].balance_amount is not None), None)
    if anchor is None:
        return None
    held, amount = dict[int, int](), one.days[anchor].balance_amount or 0
    for on in range(anchor, one.first - 1, -1):
        held[on] = amount
        amount -= _moved(one.days.get(on))
    amount = held[anchor]
    for on in range(anchor + 1, as_of):
        day = one.days.get(on)
        told = None if day is None else day.balance_amount
        amount = amount + _moved(day) if told is None else told
        held[on] = amount
    return held


def _moved(day: CashDay | None) -> int:
    return 0 if day is None else day.in_amount - day.out_amount
