"""What every kind of record beside sales is checked by before it is taken in, and the refusal of one that is not."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import calendars
from gateway.domain.errors import Invalid
from gateway.domain.sales import AHEAD, OLDEST

if TYPE_CHECKING:
    from gateway.domain.positions import Position


class BadRecord(Invalid):
    """A record that is well formed but cannot be taken; `reason` is its code in a row's result."""

    code = "record_rejected"
    title = "The record cannot be taken"

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail, reason=reason)
        self.reason = reason


class Shop(msgspec.Struct, frozen=True):
    """What records are held against: the merchant's books and calendar, and how far back its consent reaches."""

    currency: str
    timezone: str
    day_cutoff: str
    now: datetime
    lookback_days: int

    @property
    def today(self) -> date:
        """The shop's current business day."""
        return calendars.business_date(self.now, self.timezone, self.day_cutoff)

    def check_currency(self, currency: str) -> None:
        """Raise BadRecord for another currency than the books'."""
        if currency != self.currency:
            raise BadRecord("wrong_currency", f"the merchant's books are in {self.currency}, not {currency}")

    def check_instant(self, at: datetime, name: str) -> None:
        """Raise BadRecord for an instant that has not come, or lies beyond what is taken."""
        if at > self.now + AHEAD:
            raise BadRecord("in_the_future", f"{name} lies after now ({self.now.isoformat()})")
        if at < self.now - OLDEST:  # before its business day is worked out: the first day of all has none before it
            raise BadRecord("too_old", f"{name} lies more than {OLDEST.days} days back")
        self.check_past(calendars.business_date(at, self.timezone, self.day_cutoff), name)

    def check_past(self, on: date, name: str) -> None:
        """Raise BadRecord for a day that has not come, or lies further back than is taken or was agreed to."""
        if on > self.today:
            raise BadRecord("in_the_future", f"{name} lies in the future")
        self.check_reach(on, name)

    def check_reach(self, on: date, name: str) -> None:
        """Raise BadRecord for a day further back than is taken or was agreed to, or more than three years ahead."""
        days_back = (self.today - on).days
        if days_back > OLDEST.days:
            raise BadRecord("too_old", f"{name} lies more than {OLDEST.days} days back")
        if days_back > self.lookback_days:
            raise BadRecord("beyond_consent", f"The merchant's consent reaches back {self.lookback_days} days")
        if -days_back > OLDEST.days:
            raise BadRecord("in_the_future", f"{name} lies more than {OLDEST.days} days ahead")


def shop(position: Position, now: datetime, lookback_days: int) -> Shop:
    """What records of this merchant are held against at `now`."""
    return Shop(position.currency, position.timezone, position.day_cutoff, now, lookback_days)


def check_period(from_on: date, to_on: date) -> None:
    """Raise BadRecord for a period that ends before it begins, or is longer than any return or bill."""
    if to_on < from_on:
        raise BadRecord("period_reversed", "to_on lies before from_on")
    if (to_on - from_on).days > OLDEST.days:
        raise BadRecord("period_too_long", f"the period is longer than {OLDEST.days} days")
