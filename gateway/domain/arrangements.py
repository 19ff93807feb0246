"""Arrangements: what officers agree about a loan: a pause, a plan, writing it off. One proposes, another agrees."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from gateway.domain import four_eyes
from gateway.domain.errors import Conflict, Invalid, NotFound
from gateway.domain.schedules import Pause, Plan

MAX_PAUSE_DAYS, MAX_INSTALMENTS, MAX_EVERY_DAYS = 90, 60, 31
"""How much relief one arrangement gives at most: a quarter's rest; five years of months."""


LONGEST_REQUEST = 500


class ArrangementKind(StrEnum):
    """What is agreed."""

    pause = "pause"
    """For some days nothing falls due and nothing is debited."""
    plan = "plan"
    """What is owed falls due in instalments instead of shares of sales and minimums."""
    write_off = "write_off"
    """The loan is a loss before its time."""


class ArrangementState(StrEnum):
    """Where it stands."""

    proposed = "proposed"
    approved = "approved"
    declined = "declined"


MOVES: dict[ArrangementState, frozenset[ArrangementState]] = {
    ArrangementState.proposed: frozenset({ArrangementState.approved, ArrangementState.declined}),
    ArrangementState.approved: frozenset(),
    ArrangementState.declined: frozenset(),
}


class Proposal(msgspec.Struct, frozen=True):
    """What an officer asks for: a pause of `days`, a plan of `instalments_count`, one every `every_days`; and why."""

    drawdown_id: str
    kind: ArrangementKind
    by: str
    reason: str
    days: int | None = None
    instalments_count: int | None = None
    every_days: int | None = None


class Arrangement(msgspec.Struct, frozen=True):
    """See the module. It holds from `from_on` on, the day it was approved, when `paid_amount` had been paid."""

    id: str
    drawdown_id: str
    merchant_id: str
    kind: ArrangementKind
    state: ArrangementState
    days: int | None
    instalments_count: int | None
    every_days: int | None
    from_on: date | None
    paid_amount: int | None
    proposed_by: str
    decided_by: str | None
    created_at: datetime
    state_at: datetime
    requested_at: datetime | None = None
    """When the merchant asked for it, which until an officer takes it up stands as its proposer."""

    @property
    def untaken(self) -> bool:
        """Whether the merchant asked, and no officer has proposed anything yet."""
        return self.state is ArrangementState.proposed and self.proposed_by == self.merchant_id

    @property
    def terms(self) -> Pause | Plan | None:
        """What it does to the schedule; None while it is not approved, or when it does nothing to it."""
        if self.state is not ArrangementState.approved or self.from_on is None:
            return None
        if self.kind is ArrangementKind.pause and self.days is not None:
            return Pause(self.from_on, self.days)
        if self.kind is ArrangementKind.plan and self.instalments_count is not None and self.every_days is not None:
            return Plan(self.from_on, self.paid_amount or 0, self.instalments_count, self.every_days)
        return None


class NewArrangement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a merchant asks for, and why; officers decide, and for how long."""

    kind: Literal["pause"]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_REQUEST)] | None = None


class AlreadyAsked(Conflict):
    """The merchant has asked for this loan already, and nobody has decided yet."""

    code = "arrangement_already_asked"
    title = "This was asked for already"


class NotTakenUp(Conflict):
    """A merchant asked for it: an officer has to propose for how long before another one approves."""

    code = "arrangement_not_taken_up"
    title = "No officer has proposed anything yet"


class NotAllowed(Invalid):
    """How long or how often is missing, or not allowed."""

    code = "arrangement_not_allowed"
    title = "This cannot be agreed"


class UnknownArrangement(NotFound):
    """No such arrangement."""

    code = "arrangement_not_found"
    title = "No such arrangement"


def check(proposal: Proposal) -> None:
    """Raise BadProposal unless it says by whom and why, NotAllowed unless, within bounds, how long."""
    four_eyes.check(proposal.by, proposal.reason)
    wanted = {
        ArrangementKind.pause: {"days": MAX_PAUSE_DAYS},
        ArrangementKind.plan: {"instalments_count": MAX_INSTALMENTS, "every_days": MAX_EVERY_DAYS},
        ArrangementKind.write_off: dict[str, int](),
    }[proposal.kind]
    for name in ("days", "instalments_count", "every_days"):
        value, most = getattr(proposal, name), wanted.get(name)
        if (most is None) != (value is None) or (most is not None and not 1 <= (value or 0) <= most):
            raise NotAllowed(f"{name} of a {proposal.kind}: {'none' if most is None else f'1 to {most}'}")
