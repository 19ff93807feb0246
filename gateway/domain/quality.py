"""The data-quality gate: what looks wrong in what came in, as findings with codes; pure.

A finding never changes a sum. A `note` is only said, a `flag` has a person look at the next draw, a `stop` ends offers
until the data or a person say otherwise. What stands is stamped on every decision and offer that rests on the data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from statistics import median
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import freshness
from gateway.domain.money import BPS

if TYPE_CHECKING:
    from collections.abc import Iterator

SUSPECT, IMPLAUSIBLE = "data_suspect", "data_implausible"
"""The flag of a shop with a serious finding, and the stop of one with a worse one."""
SILENT = "sales_silent"
WINDOW = 28
"""The closed days that are looked at, against those before them."""
REJECTS_DAYS = 7
"""How long a refusal is news."""
GAPS_COUNT = 3
REPEATED_TICKETS = 10
"""So many tickets, and two days do not add up to the same by chance."""
REPEATED_FLAG, REPEATED_STOP = 2, 5
TICKETS_FACTOR, TICKETS_LEAST = 3, 5
AMOUNT_FACTOR = 20
UNLINKED_BPS = 2_000
APART_BPS = 2_000
"""Two sources of the same days that differ by more tell of different shops."""


class Weight(StrEnum):
    """What a finding leads to; see the module."""

    note = "note"
    flag = "flag"
    stop = "stop"


class Finding(msgspec.Struct, frozen=True, gc=False):
    """One thing that looks wrong; `count` says how often, of days, rows or basis points as its code means."""

    code: str
    weight: Weight
    count: int = 0


class Day(msgspec.Struct, frozen=True, gc=False):
    """A closed day: net sales, what was given back, tickets."""

    on: date
    net_amount: int
    back_amount: int
    tickets_count: int


class Beside(msgspec.Struct, frozen=True, gc=False):
    """A day as another source tells of it that does not lead it."""

    source: str
    on: date
    net_amount: int


class Seen(msgspec.Struct, frozen=True):
    """What the gate looks at: closed days in order, the last one over last; what came beside; what was refused lately.

    `unlinked_amount` is what was given back within WINDOW without naming a sale, `reject_codes` the codes of refusals.
    """

    days: Sequence[Day]
    beside: Sequence[Beside] = ()
    unlinked_amount: int = 0
    reject_codes: Sequence[str] = ()


REFUSED = {
    "in_the_future": "clock_ahead",
    "wrong_currency": "currency_mixed",
    "tax_above_amount": "amounts_impossible",
    "refund_above_sale": "amounts_impossible",
    "refunded_above_amount": "amounts_impossible",
}
"""What a code of refused rows says of the software that sends them."""


def findings(seen: Seen) -> tuple[Finding, ...]:
    """What looks wrong, by code."""
    if not seen.days:
        return ()
    found = (*_days(seen.days), *_refunds(seen), *_beside(seen), *_refused(seen.reject_codes))
    return tuple(sorted(found, key=lambda one: one.code))


def flags(found: Sequence[Finding]) -> tuple[str, ...]:
    """What of it policy heeds."""
    weights = {one.weight for one in found}
    suspect = (SUSPECT,) if weights & {Weight.flag, Weight.stop} else ()
    return (IMPLAUSIBLE, *suspect) if Weight.stop in weights else suspect


def _days(days: Sequence[Day]) -> Iterator[Finding]:
    told, through_on = [day.on for day in days if day.tickets_count], days[-1].on
    if freshness.silent(told, through_on):
        yield Finding(SILENT, Weight.note, (through_on - max(told)).days)
    first_on = through_on - timedelta(days=WINDOW)
    missing = [on for on in freshness.missing(told, through_on) if on > first_on]
    if len(missing) >= GAPS_COUNT:
        yield Finding("days_missing", Weight.note, len(missing))
    if repeated := _repeated(days):
        yield Finding("days_repeated", Weight.stop if repeated >= REPEATED_STOP else Weight.flag, repeated)
    recent, before = days[-7:], [day for day in days[:-7] if day.tickets_count]
    if len(before) >= WINDOW // 2:
        yield from _jumps(recent, before)


def _repeated(days: Sequence[Day]) -> int:
    """Days that add up to exactly what another one does: rows sent again under other ids, or made up."""
    sums = Counter(
        (day.net_amount, day.back_amount, day.tickets_count) for day in days if day.tickets_count >= REPEATED_TICKETS
    )
    again = sum(count - 1 for count in sums.values())
    return again if again >= REPEATED_FLAG else 0


def _jumps(recent: Sequence[Day], before: Sequence[Day]) -> Iterator[Finding]:
    usual = sum(day.tickets_count for day in before) // len(before)
    now = sum(day.tickets_count for day in recent) // max(1, sum(day.tickets_count > 0 for day in recent))
    if usual >= TICKETS_LEAST and now and (now >= usual * TICKETS_FACTOR or now * TICKETS_FACTOR <= usual):
        yield Finding("tickets_jumped", Weight.flag, now * BPS // usual)
    typical = int(median([abs(day.net_amount) for day in before]))
    if outliers := sum(abs(day.net_amount) > typical * AMOUNT_FACTOR > 0 for day in recent):
        yield Finding("amounts_unusual", Weight.flag, outliers)


def _refunds(seen: Seen) -> Iterator[Finding]:
    sold = sum(day.net_amount + day.back_amount for day in seen.days[-WINDOW:])
    if sold > 0 and (part := seen.unlinked_amount * BPS // sold) >= UNLINKED_BPS:
        yield Finding("refunds_without_sale", Weight.flag, part)


def _beside(seen: Seen) -> Iterator[Finding]:
    ours = {day.on: day.net_amount for day in seen.days[-WINDOW:]}
    theirs: dict[str, dict[date, int]] = {}
    for one in seen.beside:
        if one.on in ours:
            theirs.setdefault(one.source, {})[one.on] = one.net_amount
    for told in theirs.values():
        mine, other = sum(ours[on] for on in told), sum(told.values())
        apart = abs(mine - other) * BPS // max(1, abs(mine), abs(other))
        if apart > APART_BPS:
            yield Finding("sources_disagree", Weight.flag, apart)
        else:
            yield Finding("sales_told_twice", Weight.note, len(told))


def _refused(codes: Sequence[str]) -> Iterator[Finding]:
    for code, count in sorted(Counter(REFUSED[code] for code in codes if code in REFUSED).items()):
        yield Finding(code, Weight.note, count)
