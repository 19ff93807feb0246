"""A merchant's closed business days, kept so that a sale costs the same on day one and on day four hundred."""

from __future__ import annotations

from array import array
from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec

from gateway.domain.sales import Totals

if TYPE_CHECKING:
    from collections.abc import Mapping

DAYS = 400
"""How many closed days are kept at hand: a year, and the five weeks before it that year-ago ratios look at."""
WINDOW = 30
"""The days a limit looks back on."""


class History(msgspec.Struct, frozen=True):
    """Three rows of DAYS integers, the last one for `through_on`; days before `started_on` are zero.

    `tails[n]` is the net of the last n closed days, for n up to WINDOW.
    """

    started_on: date
    through_on: date
    net: array[int]
    refunds: array[int]
    tickets: array[int]
    tails: tuple[int, ...]

    @property
    def length(self) -> int:
        """Calendar days since the first one known, the last closed one included."""
        return (self.through_on - self.started_on).days + 1

    def trading_days(self, window: int = DAYS) -> int:
        """How many of the last `window` closed days sold anything."""
        return sum(1 for count in self.tickets[-window:] if count > 0)


def build(started_on: date, through_on: date, days: Mapping[date, Totals]) -> History:
    """From stored days; those outside the window are left aside, those missing are zero."""
    rows = (array("q", bytes(8 * DAYS)), array("q", bytes(8 * DAYS)), array("q", bytes(8 * DAYS)))
    for on, totals in days.items():
        at = DAYS - 1 - (through_on - on).days
        if 0 <= at < DAYS:
            _put(rows, at, totals)
    return History(started_on, through_on, *rows, _tails(rows[0]))


def extend(history: History, through_on: date, days: Mapping[date, Totals]) -> History:
    """Close every day up to `through_on`; a day without totals is a day without sales."""
    count = min((through_on - history.through_on).days, DAYS)
    rows = tuple(row[count:] + array("q", bytes(8 * count)) for row in (history.net, history.refunds, history.tickets))
    for back in range(count):
        totals = days.get(through_on - timedelta(days=back))
        if totals is not None:
            _put(rows, DAYS - 1 - back, totals)
    return History(history.started_on, through_on, *rows, _tails(rows[0]))


def amend(history: History, on: date, change: Totals) -> History:
    """A late or corrected record on a closed day."""
    started_on = min(history.started_on, on)
    at = DAYS - 1 - (history.through_on - on).days
    if at < 0:
        return msgspec.structs.replace(history, started_on=started_on)
    rows = (history.net[:], history.refunds[:], history.tickets[:])
    _put(rows, at, change)
    return History(started_on, history.through_on, *rows, _tails(rows[0]))


def _put(rows: tuple[array[int], ...], at: int, totals: Totals) -> None:
    net, refunds, tickets = rows
    net[at] += totals.net_amount
    refunds[at] += totals.refunds_amount + totals.voids_amount
    tickets[at] += totals.tickets_count


def _tails(net: array[int]) -> tuple[int, ...]:
    tails = [0]
    for back in range(1, WINDOW + 1):
        tails.append(tails[-1] + net[-back])
    return tuple(tails)
