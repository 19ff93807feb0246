"""A merchant's closed business days, kept so that a sale costs the same on day one and on day four hundred."""

from __future__ import annotations

from array import array
from datetime import date, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING

import msgspec

from gateway.domain.sales import Totals, bounded

if TYPE_CHECKING:
    from collections.abc import Mapping

    _Rows = tuple[array[int], array[int], array[int]]

DAYS = 400
"""How many closed days are kept at hand: a year, and the five weeks before it that year-ago ratios look at."""
WINDOW = 30
"""The days a limit looks back on."""


class History(msgspec.Struct, frozen=True, gc=False):
    """Three rows of DAYS integers, the last one for `through_on`; days before `started_on` are zero.

    `tails[n]` is the net of the last n closed days, for n up to WINDOW; `trading_days_count` says how many of all
    days kept sold anything.
    """

    started_on: date
    through_on: date
    net: array[int]
    refunds: array[int]
    tickets: array[int]
    tails: tuple[int, ...]
    trading_days_count: int

    @property
    def length(self) -> int:
        """Calendar days since the first one known, the last closed one included."""
        return (self.through_on - self.started_on).days + 1


def build(started_on: date, through_on: date, days: Mapping[date, Totals]) -> History:
    """From stored days; those outside the window are left aside, those missing are zero."""
    rows = (array("q", bytes(8 * DAYS)), array("q", bytes(8 * DAYS)), array("q", bytes(8 * DAYS)))
    first = through_on.toordinal() - DAYS + 1
    for on, totals in days.items():
        at = on.toordinal() - first
        if 0 <= at < DAYS:
            _put(rows, at, totals)
    return _made(started_on, through_on, rows, _trading(rows[2]))


def extend(history: History, through_on: date, days: Mapping[date, Totals]) -> History:
    """Close every day up to `through_on`; a day without totals is a day without sales."""
    count = min((through_on - history.through_on).days, DAYS)
    empty = array("q", bytes(8 * count))
    rows = (history.net[count:] + empty, history.refunds[count:] + empty, history.tickets[count:] + empty)
    for back in range(count):
        totals = days.get(through_on - timedelta(days=back))
        if totals is not None:
            _put(rows, DAYS - 1 - back, totals)
    # Only days that came or went are counted: looking at all of them costs as much as the rest of this.
    trading = history.trading_days_count - _trading(history.tickets[:count]) + _trading(rows[2][DAYS - count :])
    return _made(history.started_on, through_on, rows, trading)


def amend(history: History, on: date, change: Totals) -> History:
    """A late or corrected record on a closed day. Raises DayTooLarge."""
    started_on = min(history.started_on, on)
    at = DAYS - 1 - (history.through_on - on).days
    bounded(on, change)
    if at < 0:
        return msgspec.structs.replace(history, started_on=started_on)
    rows = (history.net[:], history.refunds[:], history.tickets[:])
    _put(rows, at, change)
    bounded(on, Totals(sales_amount=rows[0][at], refunds_amount=rows[1][at]))
    return _made(started_on, history.through_on, rows, _trading(rows[2]))


def told(history: History, first_on: date, end_on: date | None) -> bool:
    """Whether anything was sold or given back on the days kept from `first_on` on, before `end_on`."""
    days = _slice(history, first_on, end_on)
    return any(any(row[days]) for row in (history.net, history.refunds, history.tickets))


def trading_days(history: History) -> list[date]:
    """The days kept on which anything was sold."""
    first = history.through_on.toordinal() - DAYS + 1
    return [date.fromordinal(first + at) for at, count in enumerate(history.tickets) if count]


def net_amount(history: History, first_on: date, end_on: date | None) -> int:
    """Net of the days kept from `first_on` on, before `end_on` where there is one."""
    return sum(history.net[_slice(history, first_on, end_on)])


def _slice(history: History, first_on: date, end_on: date | None) -> slice:
    """Where those days stand in the rows."""
    end = DAYS if end_on is None else min(DAYS, DAYS - 1 - (history.through_on - end_on).days)
    return slice(max(0, DAYS - 1 - (history.through_on - first_on).days), max(0, end))


def _made(started_on: date, through_on: date, rows: _Rows, trading_days_count: int) -> History:
    return History(started_on, through_on, *rows, _tails(rows[0]), trading_days_count)


def _trading(tickets: array[int]) -> int:
    return len(tickets) - tickets.count(0)


def _put(rows: _Rows, at: int, totals: Totals) -> None:
    net, refunds, tickets = rows
    back = totals.refunds_amount + totals.voids_amount
    net[at] += totals.sales_amount - back
    refunds[at] += back
    tickets[at] += totals.tickets_count


def _tails(net: array[int]) -> tuple[int, ...]:
    return tuple(accumulate(net[: -WINDOW - 1 : -1], initial=0))
