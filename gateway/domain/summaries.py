"""What a shop's widget shows at a glance, and what somebody has to do before the shop can borrow or go on."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from gateway.domain.histories import History

SHOWN_DAYS = 28
"""How many closed days a chart shows: four whole weeks."""


class ActionType(StrEnum):
    """What has to happen; `step_up` answers a click, the others stand in a summary until they are done."""

    verify = "verify"
    """The shop has to be verified: its partner or the bank does that."""
    name_account = "name_account"
    """The shop has no verified payout account yet."""
    authorise = "authorise"
    """The merchant's consent does not cover this yet: the partner asks for it at /oauth/par."""
    step_up = "step_up"
    """A passkey has to confirm this draw at `url`, because of `why`."""
    confirm = "confirm"
    """A proposed draw waits for the merchant at `url`."""
    pay = "pay"
    """`amount` of a loan is overdue since `due_on`."""
    renew_mandate = "renew_mandate"
    """Nothing can be debited for a loan any more: the merchant has to name an account that can be, at `url`."""


class RequiredAction(msgspec.Struct, frozen=True):
    """One thing to be done, and where; `why` holds codes."""

    type: ActionType
    url: str | None = None
    why: tuple[str, ...] = ()
    drawdown_id: str | None = None
    amount: int | None = None
    due_on: date | None = None


class DaySales(msgspec.Struct, frozen=True):
    """A closed business day's net sales in minor units."""

    on: date
    net_amount: int


def past(history: History | None) -> list[DaySales]:
    """The last closed days, oldest first; days before the first record are left out."""
    if history is None:
        return []
    count = min(SHOWN_DAYS, history.length)
    first = history.through_on.toordinal() - count + 1
    return [DaySales(date.fromordinal(first + n), net) for n, net in enumerate(history.net[-count:])]
