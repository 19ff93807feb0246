"""Whether a bank is sent anything: what a person stopped, and a breaker that opens when the bank stops answering.

A breaker counts failures in a row. At FAILURES_COUNT it opens for a pause; when that is over one attempt may try, and
counts as failed until it succeeds, so that the pauses grow even if we die meanwhile. A success closes it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from gateway.domain import audit_entries
from gateway.domain.errors import Invalid, Upstream

FAILURES_COUNT = 5
"""So many failures in a row open a breaker."""
PAUSES = tuple(timedelta(seconds=s) for s in (15, 30, 60, 120, 300, 600))
"""How long it stays open the first time, the second …; the last one goes on."""


class BankClosed(Upstream):
    """The bank is stopped, or does not answer: nothing was sent, and what waits goes when it is open again."""

    code = "bank_closed"
    title = "Nothing is sent to that bank for now"

    def __init__(self, detail: str, *, bank_id: str, until_at: datetime | None = None) -> None:
        """`until_at`: when it may be tried again, where that is known."""
        super().__init__(detail, bank_id=bank_id)
        self.until_at = until_at


class BadSwitch(Invalid):
    """Whoever stops or resumes a bank says who they are and why."""

    code = "bad_switch_of_bank"
    title = "A switch of a bank names an account and a reason"


class Way(StrEnum):
    """What is tried over a rail; each has a breaker of its own, because one can fail without the other."""

    send = "send"
    fetch = "fetch"


class Stopped(StrEnum):
    """What a person stopped at a bank: nothing, new lending, or debits too. What is on its way is always followed."""

    nothing = "nothing"
    lending = "lending"
    everything = "everything"


class Switch(msgspec.Struct, frozen=True):
    """What a person decided about a bank; the newest of a bank counts. The reason is kept beside it, not audited."""

    bank_id: str
    stopped: Stopped
    made_by: str
    reason: str
    made_at: datetime


class Health(StrEnum):
    """A bank in a word: open for business, not answering, or stopped by a person."""

    open = "open"
    unanswering = "unanswering"
    stopped = "stopped"


class Breaker(msgspec.Struct, frozen=True):
    """See the module. `retry_at`: open, and when the next attempt may try; None = closed."""

    bank_id: str
    rail: str
    way: Way
    failures_count: int = 0
    pauses_count: int = 0
    retry_at: datetime | None = None


class Standing(msgspec.Struct, frozen=True):
    """What is known of a bank's openness."""

    stopped: Stopped = Stopped.nothing
    breakers: tuple[Breaker, ...] = ()

    def breaker(self, bank_id: str, rail: str, way: Way) -> Breaker:
        """The breaker of one way over one rail."""
        new = Breaker(bank_id, rail, way)
        return next((one for one in self.breakers if (one.rail, one.way) == (rail, way)), new)


def failed(breaker: Breaker, now: datetime) -> Breaker:
    """After one more failure; an open breaker's pause was taken when its attempt began."""
    count = breaker.failures_count + 1
    grown = msgspec.structs.replace(breaker, failures_count=count)
    return _paused(grown, now) if count >= FAILURES_COUNT and breaker.retry_at is None else grown


def succeeded(breaker: Breaker) -> Breaker:
    """After a success."""
    return Breaker(breaker.bank_id, breaker.rail, breaker.way)


def may_try(breaker: Breaker, now: datetime) -> bool:
    """Whether anything may be tried: it is closed, or its pause is over."""
    return breaker.retry_at is None or breaker.retry_at <= now


def tried(breaker: Breaker, now: datetime) -> Breaker:
    """When an attempt begins: an open breaker takes its next pause at once, so that only this one tries."""
    return breaker if breaker.retry_at is None else _paused(breaker, now)


def health(standing: Standing, now: datetime) -> Health:
    """A bank in a word. One whose pause is over is open: the next thing sent will show."""
    if standing.stopped is not Stopped.nothing:
        return Health.stopped
    return Health.open if all(may_try(one, now) for one in standing.breakers) else Health.unanswering


def may_offer(standing: Standing) -> bool:
    """Whether offers are made on it: nobody stopped it, and it has not been silent for as long as the pauses grow.

    A shorter silence refuses clicks (`health`), but no offer changes for it.
    """
    silent = any(one.retry_at is not None and one.pauses_count >= len(PAUSES) for one in standing.breakers)
    return standing.stopped is Stopped.nothing and not silent


def may_send(stopped: Stopped, *, collects: bool) -> bool:
    """Whether a person lets an instruction go: a payout, or a debit (`collects`)."""
    return stopped is Stopped.nothing or (collects and stopped is Stopped.lending)


def checked(switch: Switch) -> Switch:
    """`switch`, when it may be kept. Raises BadSwitch."""
    if not audit_entries.is_account(switch.made_by):
        raise BadSwitch(audit_entries.WHO)
    if not audit_entries.is_reason(switch.reason):
        raise BadSwitch(audit_entries.WHY)
    return switch


def _paused(breaker: Breaker, now: datetime) -> Breaker:
    pause = PAUSES[min(breaker.pauses_count, len(PAUSES) - 1)]
    return msgspec.structs.replace(breaker, pauses_count=breaker.pauses_count + 1, retry_at=now + pause)
