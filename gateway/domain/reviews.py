"""Reviews: what a person looks at before money moves, or because a merchant contests a decision."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import msgspec

from gateway.domain import audit_entries, underwriting
from gateway.domain.errors import Conflict, Invalid, NotFound, Overloaded
from gateway.domain.money import minor_units
from gateway.domain.quality import SUSPECT

if TYPE_CHECKING:
    from collections.abc import Collection

    from gateway.domain.inputs import Inputs
    from gateway.domain.programmes import Programme

AMOUNT, CONTEST = "amount", "contest"
"""Why something is reviewed, besides the flags that stand (`underwriting.standing_flags`)."""
CLEARABLE = underwriting.CLEARABLE | {underwriting.ANOMALY_FLAG, "clone_suspected", SUSPECT}
"""Stops and flags that a person may lift. A risk that is too high is overruled by giving a grade."""
MAX_DAYS, DEFAULT_DAYS = 90, 30
"""How long a person's decision is heeded at most, and where nothing is said."""
OPEN_CONTESTS_COUNT = 10
"""How many contests of one merchant may wait for a person at a time."""
_REASON_LENGTH = 500


class ReviewKind(StrEnum):
    """What a review is about: a drawdown that waits for us or for its bank, or a decision that is contested."""

    drawdown = "drawdown"
    contest = "contest"
    bank_referral = "bank_referral"
    """The bank referred the drawdown to one of its officers, who may decide it here."""


class ReviewState(StrEnum):
    """Where a review stands."""

    open = "open"
    approved = "approved"
    declined = "declined"
    canceled = "canceled"


_S = ReviewState
MOVES: dict[ReviewState, frozenset[ReviewState]] = {
    _S.open: frozenset({_S.approved, _S.declined, _S.canceled}),
    _S.approved: frozenset(),
    _S.declined: frozenset(),
    _S.canceled: frozenset(),
}
HELD_DAYS = 7
"""How long the terms of a reviewed draw are held after the click: its final due date does not move."""
DUE_WITHIN = {
    ReviewKind.drawdown: timedelta(days=1),
    ReviewKind.contest: timedelta(days=7),
    ReviewKind.bank_referral: timedelta(days=1),
}
"""When a person is to have decided. Nothing happens by itself after that but that the review is shown as overdue."""

Statement = Annotated[
    str, msgspec.Meta(min_length=1, max_length=2_000, pattern=r"\S", description="what the merchant has to say")
]


class NewContest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A merchant disagrees with a decision."""

    statement: Statement


class Review(msgspec.Struct, frozen=True):
    """See the module. `statement` (the merchant's) and `reason` (the person's) are sealed."""

    id: str
    merchant_id: str
    partner_id: str
    kind: ReviewKind
    subject_id: str
    """The drawdown or decision."""
    reasons: tuple[str, ...]
    state: ReviewState
    statement: bytes | None
    reason: bytes | None
    decided_by: str | None
    opened_at: datetime
    due_at: datetime
    decided_at: datetime | None


class Ruling(msgspec.Struct, frozen=True):
    """What a person decided: who, why, and what policy is to heed for `days`: stops and flags lifted, a grade given."""

    by: str
    reason: str
    clears: tuple[str, ...] = ()
    grade: str | None = None
    days: int = DEFAULT_DAYS

    @property
    def overrules(self) -> bool:
        """Whether policy is to heed anything of it."""
        return bool(self.clears) or self.grade is not None


class BadRuling(Invalid):
    """The ruling names nobody, gives no reason, or lifts what no person may lift."""

    code = "invalid_ruling"
    title = "A person cannot decide this way"


class UnknownReview(NotFound):
    """No review has this id."""

    code = "review_not_found"
    title = "No such review"


class ContestUnderWay(Conflict):
    """The decision is being contested already, in other words."""

    code = "contest_under_way"
    title = "A person is already looking at this decision"


class NothingToContest(Conflict):
    """What the decision was made of is erased: nobody could look at it again."""

    code = "decision_not_contestable"
    title = "The decision can no longer be looked at again"


class TooManyContests(Overloaded):
    """A merchant's contests wait for a person already; the next one is taken when one of them was decided."""

    code = "too_many_contests"
    title = "Too many contests are waiting"


def reasons(given: Inputs, amount: int, programme: Programme) -> tuple[str, ...]:
    """Why a person must look at a draw before the bank is asked; empty: nobody need.

    `amount` (minor units): the draw with the shop's other running ones confirmed since a person last let one go, so
    that parts of a large loan are a large loan.
    """
    rule = programme.review
    major = rule.amount_major.get(given.currency, rule.default_amount_major)
    large = (AMOUNT,) if 0 < major * minor_units(given.currency) <= amount else ()
    return (*large, *underwriting.standing_flags(given, programme))


def check(ruling: Ruling) -> None:
    """Raise BadRuling unless a person is named and gives a reason.

    `by` is an account's name, not a person's: it goes into the audit log.
    """
    if not audit_entries.is_account(ruling.by):
        raise BadRuling(audit_entries.WHO)
    if not 0 < len(ruling.reason.strip()) <= len(ruling.reason) <= _REASON_LENGTH:
        raise BadRuling(f"Give a reason of 1 to {_REASON_LENGTH} characters")


def check_approval(ruling: Ruling, kind: ReviewKind, grades: Collection[str]) -> None:
    """The same, and that it overrules only what a person may overrule, with one of the programme's `grades`.

    A contest is approved by overruling something: else nothing would follow from it.
    """
    check(ruling)
    if strange := sorted(set(ruling.clears) - CLEARABLE):
        raise BadRuling(f"Nobody can lift {', '.join(strange)}; what can be lifted: {', '.join(sorted(CLEARABLE))}")
    if ruling.grade is not None and ruling.grade not in grades:
        raise BadRuling(f"There is no grade {ruling.grade}; there are: {', '.join(grades)}")
    if not 1 <= ruling.days <= MAX_DAYS:
        raise BadRuling(f"A decision is heeded for 1 to {MAX_DAYS} days")
    if kind is ReviewKind.contest and not ruling.overrules:
        raise BadRuling("Say what the decision overrules: stops and flags to lift, or a grade")
