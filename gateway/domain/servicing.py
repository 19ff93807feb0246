"""Servicing: how a loan that is out is looked after, from the day the money went until nothing is claimed any more."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import schedules
from gateway.domain.drawdowns import DrawdownState
from gateway.domain.money import share
from gateway.domain.outlooks import until
from gateway.domain.schedules import Due, Health, Interval, Pause, Plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gateway.domain.drawdowns import Drawdown
    from gateway.domain.positions import Scores

SERVICED = frozenset({DrawdownState.active, DrawdownState.charged_off})
"""States in which a loan is looked after once a business day."""
CLEARING_DAYS = 5
"""How long a first debit counts as on its way after the day it was to be collected, week-end included."""
NOTICE_DAYS = 3
"""How long before its due date a minimum is announced, amount and day: no shorter than mandates agree."""
_WEEK_DAYS = 7
_P50 = 3
_MONTH_DAYS = 30


class Servicing(msgspec.Struct, frozen=True):
    """What is kept of a loan's servicing, one row a drawdown.

    It was last looked at on the business day `serviced_on`, when the shop's sales were expected to pay
    `expected_amount` more until the due date (None = not known), and is looked at again at `service_at` (None = it has
    ended). `asked_on`, `announced_on` and `warned_on` are the due dates for which that has been done. With a
    `stopped_code`, a bank's reason, nothing is debited until the merchant gives a new mandate or account.
    Until `held_until_on` no share of sales is taken, because of a pause or a plan.
    """

    drawdown_id: str
    merchant_id: str
    health: Health
    serviced_on: date
    expected_amount: int | None
    asked_on: date | None
    announced_on: date | None
    warned_on: date | None
    stopped_code: str | None
    held_until_on: date | None
    reminders_count: int
    reminded_at: datetime | None
    remind_at: datetime | None
    service_at: datetime | None


class Coming(msgspec.Struct, frozen=True):
    """A repayment that is neither settled nor lost, as far as it counts before its money is there."""

    amount: int
    business_on: date
    collect_on: date | None
    retry_of: str | None


class Account(msgspec.Struct, frozen=True):
    """What a loan asks for and has got: everything that says how it does on a day.

    `paid_amount` is settled money; of what is on its way (`pending_amount`) a first debit is `believed` until it should
    have been there: it keeps a due from being missed, and never makes good one that was missed before it set out. A
    loan that was written off has no dues but those of a plan made after that.
    """

    dues: tuple[Due, ...]
    pauses: tuple[Pause, ...]
    total_amount: int
    paid_amount: int
    pending_amount: int
    believed: tuple[Coming, ...]
    written_off: bool

    @property
    def lacked(self) -> tuple[Due, ...]:
        """The dues less what had set out by each of them and is believed: what settled money is held against."""
        return tuple(
            Due(due.due_on, due.total_amount - sum(c.amount for c in self.believed if c.business_on <= due.due_on))
            for due in self.dues
        )

    @property
    def owed_amount(self) -> int:
        """What is claimed still."""
        return max(0, self.total_amount - self.paid_amount)

    def past_due_amount(self, on: date) -> int:
        """What is overdue at the beginning of `on`; of a loan that was written off, everything."""
        if self.written_off:
            return self.owed_amount
        return schedules.arrears_amount(self.lacked, self.paid_amount, on)

    def past_due_days(self, on: date) -> int:
        """Since when, in days that were not paused."""
        return schedules.past_due_days(self.lacked, self.paid_amount, on, self.pauses)

    def missed_on(self, on: date) -> date | None:
        """The oldest due date before `on` that payments do not cover."""
        missed = (due.due_on for due in self.lacked if due.due_on < on and due.total_amount > self.paid_amount)
        return next(missed, None)

    def by_due(self) -> Iterator[tuple[Due, int, int]]:
        """Each due with its own part of the total, and what of that part is paid."""
        before = 0
        for due in self.dues:
            amount = due.total_amount - before
            yield due, amount, max(0, min(amount, self.paid_amount - before))
            before = due.total_amount

    def interval(self, on: date) -> Interval | None:
        """The interval that runs."""
        return schedules.interval(self.dues, self.paid_amount, on)

    def lacking(self, on: date) -> tuple[date, int] | None:
        """The last due date until `on` and what is to be collected for it: nothing that is on its way already."""
        due = next((due for due in reversed(self.dues) if due.due_on <= on), None)
        if due is None:
            return None
        return due.due_on, max(0, due.total_amount - self.paid_amount - self.pending_amount)

    def ahead(self, on: date) -> tuple[date, int] | None:
        """The next due date from `on` on and what it still asks for, money on its way not counted again."""
        due = next((due for due in self.dues if due.due_on >= on), None)
        if due is None:
            return None
        return due.due_on, max(0, due.total_amount - self.paid_amount - self.pending_amount)

    def agrees(self, kept: Servicing) -> bool:
        """Whether the stored health is what it should be; money that set out since may have made it better."""
        healths = (
            schedules.ORDER.index(one.health(kept.serviced_on, kept.expected_amount))
            for one in (self, msgspec.structs.replace(self, believed=()))
        )
        best, worst = healths
        return best <= schedules.ORDER.index(kept.health) <= worst

    def health(self, on: date, expected_amount: int | None) -> Health:
        """How it does at the beginning of `on`."""
        if self.written_off:
            return Health.charged_off if self.owed_amount else Health.recovered
        return schedules.health(self.lacked, self.paid_amount, expected_amount, on, self.pauses)

    def short_amount(self, on: date, expected_amount: int | None) -> int:
        """What the interval that runs will lack on its due date, by what the shop is expected to sell; 0 = nothing."""
        if self.written_off or expected_amount is None:
            return 0
        return schedules.short_amount(self.lacked, self.paid_amount, expected_amount, on)

    def paused_until_on(self, on: date) -> date | None:
        """The day on which the pause ends that `on` lies in."""
        ends = [one.until_on for one in self.pauses if one.from_on <= on]
        return max((end for end in ends if on < end), default=None)


class NextCollection(msgspec.Struct, frozen=True):
    """The next debit: of one that is on its way, or of what the next due date lacks still."""

    collect_on: date
    amount: int


class Picture(msgspec.Struct, frozen=True):
    """How a loan does, for whoever asks; of one that is not out, nothing is said and nothing is past due.

    `pending_amount` is on its way and not counted as paid. `interval` is what has to be repaid next, and by when;
    `short_amount` is what it will lack then, by the forecast.
    """

    health: Health | None = None
    paused_until_on: date | None = None
    past_due_amount: int = 0
    past_due_days: int = 0
    pending_amount: int = 0
    interval: Interval | None = None
    short_amount: int = 0
    next_collection: NextCollection | None = None


def picture(kept: Servicing, held: Account, coming: Sequence[Coming], *, debited: bool) -> Picture:
    """The picture on the day that the loan was last looked at; `debited` = what falls due is debited by itself."""
    on = kept.serviced_on
    return Picture(
        health=kept.health,
        paused_until_on=held.paused_until_on(on),
        past_due_amount=held.past_due_amount(on),
        past_due_days=held.past_due_days(on),
        pending_amount=held.pending_amount,
        interval=held.interval(on),
        short_amount=held.short_amount(on, kept.expected_amount),
        next_collection=_next_collection(held, coming, on, debited=debited and kept.stopped_code is None),
    )


def _next_collection(held: Account, coming: Sequence[Coming], on: date, *, debited: bool) -> NextCollection | None:
    days = sorted({one.collect_on for one in coming if one.collect_on is not None and one.collect_on >= on})
    if days:
        return NextCollection(days[0], sum(one.amount for one in coming if one.collect_on == days[0]))
    ahead = held.ahead(on)
    return NextCollection(*ahead) if debited and ahead is not None and ahead[1] else None


def account(
    drawdown: Drawdown,
    arrangements: Iterable[Pause | Plan],
    coming: Iterable[Coming],
    paid_amount: int,
    on: date,
) -> Account:
    """A drawdown's account at the beginning of `on`; `arrangements` are those in force, `paid_amount` is settled."""
    agreed, on_its_way = tuple(arrangements), tuple(coming)
    believed_from_on = on - timedelta(days=CLEARING_DAYS)
    return Account(
        dues=_dues(drawdown, agreed),
        pauses=tuple(one for one in agreed if isinstance(one, Pause)),
        total_amount=drawdown.total_amount,
        paid_amount=paid_amount,
        pending_amount=sum(one.amount for one in on_its_way),
        believed=tuple(
            one
            for one in on_its_way
            if one.retry_of is None and one.collect_on is not None and one.collect_on >= believed_from_on
        ),
        written_off=drawdown.state is DrawdownState.charged_off,
    )


def _dues(drawdown: Drawdown, agreed: Sequence[Pause | Plan]) -> tuple[Due, ...]:
    if drawdown.active_on is None:
        return ()
    term_days = max(1, (drawdown.final_due_on - drawdown.active_on).days)
    plan = schedules.dues(drawdown.total_amount, drawdown.active_on, term_days, drawdown.interval_days)
    if drawdown.state is not DrawdownState.charged_off:
        return schedules.arranged(plan, agreed)
    return schedules.arranged(plan, agreed) if any(isinstance(one, Plan) for one in agreed) else ()


def expected_amount(scores: Scores | None, withhold_bps: int, days: int) -> int | None:
    """What a share of the sales of the next `days` days comes to by the middle forecast; None = nothing is foreseen."""
    if scores is None or not scores.forecast_30:
        return None
    if scores.year:
        sales = until([middle for _, middle, _ in scores.year], days)
    elif days <= _WEEK_DAYS:
        sales = scores.forecast_7[_P50] * days // _WEEK_DAYS
    else:
        sales = scores.forecast_30[_P50] * days // _MONTH_DAYS
    return share(max(0, sales), withhold_bps)
