"""How a loan ends early: what clears it on a day, with the rebate that the cap on all costs or the programme gives.

The cap holds at whatever day a loan ends, so every payment that may be the last one is asked about
(`cap_rebate_amount`); the programme's own rebate, a share of the fee not yet paid, is for whoever asks to pay all of it
off (`payoff`).
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from gateway.domain import pricing
from gateway.domain.errors import Conflict, Forbidden, Invalid
from gateway.domain.money import MAX_AMOUNT, share

if TYPE_CHECKING:
    from collections.abc import Sequence


class NewRepayment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Paying early: a part of `amount`, or with `payoff` all that is owed; by default the way the programme collects.

    By debit where that is the way, else by the merchant's own transfer.
    """

    amount: Annotated[int, msgspec.Meta(ge=1, le=MAX_AMOUNT)] | None = None
    payoff: bool = False
    channel: Literal["debit", "transfer"] | None = None


class Paid(msgspec.Struct, frozen=True):
    """What settled on one day, and what of the fee was given up with it."""

    settled_on: date
    principal_amount: int
    fee_amount: int
    rebate_amount: int


class Payoff(msgspec.Struct, frozen=True):
    """What clears a loan: `amount` beside what is on its way already (`pending_amount`), and `rebate_amount` less."""

    outstanding_amount: int
    pending_amount: int
    rebate_amount: int
    amount: int


class AboveOwed(Invalid):
    """More than pays the loan off."""

    code = "repayment_above_owed"
    title = "The amount is more than pays the loan off"


class PartOrAll(Invalid):
    """Neither an amount nor a payoff was asked for, or both."""

    code = "repayment_part_or_all"
    title = "Say an amount, or payoff"


class NoSuchChannel(Invalid):
    """The programme does not collect by debit."""

    code = "repayment_channel_unavailable"
    title = "This loan cannot be repaid that way"


class PressedElsewhere(Forbidden):
    """A page other than the gateway's own frame asks to take money: it could have pressed its button itself."""

    code = "own_frame_required"
    title = "Early payments are asked for in the gateway's own frame"


class TooManyOpen(Conflict):
    """As many early payments as may be are on their way."""

    code = "too_many_early_repayments"
    title = "Too many early payments are on their way"


class NothingOwed(Conflict):
    """All that is owed is on its way already."""

    code = "nothing_to_repay"
    title = "All that is owed is on its way already"


def cap_rebate_amount(
    owed: tuple[int, int], paid: Sequence[Paid], active_on: date, cap_bps: int, on: date, *, amount: int = 0
) -> int:
    """What of `owed` (principal, fee) need not be paid if the loan ends with `amount` on `on`; may exceed the fee.

    `paid` is in the order of its days. A payment told of late counts on its own day, the loan ends on the last one.
    """
    principal = owed[0] + sum(one.principal_amount for one in paid)
    fee = owed[1] + sum(one.fee_amount + one.rebate_amount for one in paid)
    flows = [(max(0, (one.settled_on - active_on).days), one.principal_amount + one.fee_amount) for one in paid]
    day = max(0, (on - active_on).days)
    last = max([day, *(at for at, _ in flows)])
    if amount:
        flows = sorted([*flows, (day, amount)])
    left = pricing.owed_amount(principal, fee, flows, last, cap_bps) + amount
    return max(0, sum(owed) - left)


def payoff(owed: tuple[int, int], pending: tuple[int, int], cap_rebate: int, early_rebate_bps: int) -> Payoff:
    """What clears a loan today: the rebate is the larger of the cap's and the programme's, of the fee not yet paid.

    `pending`: the principal and fee that open repayments pay, and what those give up of it. They may still fail: of
    the cap's rebate only this payment's part is promised, the rest is given when the last of them ends the loan.
    """
    left = max(0, (owed[0] - pending[0]) + (owed[1] - pending[1]))
    early = share(max(0, owed[1] - pending[1]), early_rebate_bps)
    part = cap_rebate * left // sum(owed) if sum(owed) else 0
    rebate = min(max(part, early), left)
    return Payoff(sum(owed), sum(pending), rebate, left - rebate)
