"""How the sandbox's built-in bank treats one shop: settable, so that everything a bank can do can be seen."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from gateway.domain.errors import Conflict


class Decides(StrEnum):
    """What it answers when it is asked for a loan."""

    by_amount = "by_amount"
    approve = "approve"
    refer = "refer"
    """An officer looks for as long as this is set."""
    reject = "reject"


class Payouts(StrEnum):
    """What it does with a payout."""

    pay = "pay"
    hold = "hold"
    """It is accepted, and executed as soon as something else is set."""
    reject = "reject"
    give_back = "give_back"
    """It is paid, and `return_days` later the money comes back (AC04)."""


class Debits(StrEnum):
    """What it does with a debit."""

    collect = "collect"
    hold = "hold"
    fail = "fail"
    """On its day there is not enough money on the account (AM04)."""
    refuse = "refuse"
    """It does not take the instruction at all, because it knows no mandate (MD01): the next loan needs a new one."""
    give_back = "give_back"
    """It is collected, and `return_days` later the money goes back (AM04)."""


class Tells(StrEnum):
    """What it says of what it did; what it kept to itself it tells once `everything` is set again."""

    everything = "everything"
    twice = "twice"
    """Every message comes twice."""
    no_bookings = "no_bookings"
    """Neither notices nor statements show what was booked: the statement has a gap."""
    nothing = "nothing"
    contradictions = "contradictions"
    """What it booked it says to have rejected, too."""


class BankBehaviour(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """See the module; `return_days` is how long what is given back stays."""

    decides: Decides = Decides.by_amount
    payouts: Payouts = Payouts.pay
    debits: Debits = Debits.collect
    tells: Tells = Tells.everything
    return_days: Annotated[int, msgspec.Meta(ge=1, le=60)] = 1


class BankElsewhere(Conflict):
    """The bank is a program of its own: it has its own ways to be told what to do."""

    code = "sandbox_bank_elsewhere"
    title = "No bank of this gateway is the built-in one"
