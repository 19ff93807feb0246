"""How one bank and one gateway behave in a run: chances drawn from the seed, some runs calm and some wild."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from random import Random


class Temper(msgspec.Struct, frozen=True):
    """Chances in 1e-6, each of one payment, message or call, unless said otherwise."""

    lose_request: int = 0
    lose_answer: int = 0
    unreachable: int = 0
    refuse: int = 0
    """At once, in the answer."""
    refuse_copy: int = 0
    """A copy is refused for another reason than being one."""
    reject: int = 0
    """Later, by a status."""
    contradict: int = 0
    """Refused by a status, and paid all the same, before or after it."""
    duplicate: int = 0
    omit: int = 0
    """A booked entry is not on the advice; and again, not on the day's statement."""
    give_back: int = 0
    """A payout comes back, or a debit is taken back, later."""
    delay: int = 0
    """A payment takes days instead of hours."""
    silence: int = 0
    """The bank begins to say nothing, at each look into its mailbox."""
    crash: int = 0
    """The gateway's process dies, at each of its I/O steps."""
    decline: int = 0
    """The bank's own credit decision is no."""
    refer: int = 0
    """One of its officers looks first."""


HONEST = Temper()
_WILDEST = Temper(
    lose_request=200_000, lose_answer=200_000, unreachable=150_000, refuse=80_000, refuse_copy=500_000, reject=80_000,
    contradict=40_000, duplicate=200_000, omit=250_000, give_back=120_000, delay=250_000, silence=30_000, crash=15_000,
    decline=100_000, refer=150_000,
)  # fmt: skip


class Traits(msgspec.Struct, frozen=True):
    """What kind of rail a run's bank has; see `gateway.bank_ports.Capabilities`."""

    inquiries: bool
    resend_hours: int | None
    reference_length: int
    files_per_day: int | None
    iso: bool = False
    """It speaks ISO 20022 in XML, by the real adapter's wire; the others something quick."""


def traits(random: Random) -> Traits:
    """A rail."""
    return Traits(
        inquiries=random.random() < 1 / 2,
        resend_hours=random.choice((None, None, 24, 0)),
        reference_length=random.choice((35, 35, 15)),
        files_per_day=random.choice((None, None, 200)),
        iso=random.random() < 1 / 5,
    )


def draw(random: Random) -> Temper:
    """Each chance is nothing in a third of all runs, else anything up to its wildest."""
    chances = {
        name: 0 if random.random() < 1 / 3 else random.randrange(wildest + 1)
        for name, wildest in msgspec.structs.asdict(_WILDEST).items()
    }
    return Temper(**chances)
