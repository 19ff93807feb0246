"""Notices: what a merchant must be told of decisions against it, and by when (ECOA, 12 CFR 1002.9).

Decisions that decline, freeze or cut a limit join the one notice that is open, so that several cuts make one message.
A limit that came back to what it was before makes an unsent notice needless. A cut too small to be material by itself
is sent within the same clock, but later, with those that follow it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from gateway.domain.explanations import SHOWN_COUNT
from gateway.domain.money import share
from gateway.domain.reasons import Reason
from gateway.domain.underwriting import Assessment, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

DUE_AFTER = timedelta(days=30)
"""From the first decision, by the business clock (12 CFR 1002.9(a)(1)(ii))."""
SEND_AFTER = timedelta(hours=24)
"""From the first decision, or the one that makes the cut material: what the day and its close bring comes along."""
SMALL_SEND_AFTER = timedelta(days=21)
"""From the first decision, while all cuts together are not material: limits waver, and a shop reads one message."""
DECISIONS_COUNT = 100
"""The most decisions that one notice names: the first, and the newest of the others."""
NOT_ADVERSE = frozenset({"consent_withdrawn"})
"""Stops that are the merchant's own act."""
INCOMPLETE = frozenset({"no_closed_day", "thin_history"})
"""Stops of a shop that nothing was refused yet: too little is known to say anything."""


class NoticeKind(StrEnum):
    """What a notice tells."""

    adverse_action = "adverse_action"


class NoticeState(StrEnum):
    """Where a notice stands."""

    open = "open"
    sent = "sent"
    withdrawn = "withdrawn"


_S = NoticeState
MOVES: dict[NoticeState, frozenset[NoticeState]] = {
    _S.open: frozenset({_S.sent, _S.withdrawn}),
    _S.sent: frozenset(),
    _S.withdrawn: frozenset(),
}


class Notice(msgspec.Struct, frozen=True):
    """See the module. `before_amount` is the limit before the first of its decisions.

    `after_amount` is the one after the last, or what a raise since made of it.
    """

    id: str
    merchant_id: str
    partner_id: str
    kind: NoticeKind
    state: NoticeState
    currency: str
    before_amount: int
    after_amount: int
    decision_ids: tuple[str, ...]
    reasons: tuple[Reason, ...]
    opened_at: datetime
    due_at: datetime
    send_at: datetime
    sent_at: datetime | None


def adverse(before_amount: int, fresh: Assessment) -> bool:
    """Whether a decision takes something from a shop that was offered `before_amount` (0 = nothing), or refuses it."""
    if fresh.outcome is Outcome.offered:
        return fresh.limit_amount < before_amount
    code = fresh.reasons[0].code
    return code not in NOT_ADVERSE and (before_amount > 0 or code not in INCOMPLETE)


def principal(known: Iterable[Reason], fresh: Iterable[Reason]) -> tuple[Reason, ...]:
    """The reasons against the shop out of several decisions, each code once, stops first and then by size."""
    sums: dict[str, Reason] = {}
    given = [*known, *fresh]
    against = [one for one in given if one.amount is None or one.amount < 0]
    for one in against or given:
        last = sums.get(one.code)
        if last is None or last.amount is None or one.amount is None:
            sums[one.code] = one
        else:
            sums[one.code] = Reason(one.code, one.text, last.amount + one.amount, one.feature)
    told = sorted(sums.values(), key=lambda one: (one.amount is not None, one.amount or 0))
    return tuple(told[:SHOWN_COUNT])


def send_at(opened_at: datetime, now: datetime, before_amount: int, after_amount: int, material_bps: int) -> datetime:
    """When a notice that was opened then and stands like this now is to be sent."""
    material = before_amount - after_amount >= share(before_amount, material_bps)
    return min(opened_at + SMALL_SEND_AFTER, now + SEND_AFTER) if material else opened_at + SMALL_SEND_AFTER


def joined(decision_ids: tuple[str, ...], decision_id: str) -> tuple[str, ...]:
    """The decisions with one more; the first one, whose clock it is, always stays."""
    ids = (*decision_ids, decision_id)
    return ids if len(ids) <= DECISIONS_COUNT else (ids[0], *ids[-(DECISIONS_COUNT - 1) :])
