"""A bank's statement of our account, its entries, and the day's report that holds both against what we did.

The statement is the truth about money. Each entry is kept once, however many messages tell of it, with the payment of
ours that it belongs to; one that belongs to none waits for a person.
"""

from __future__ import annotations

import hashlib
import itertools
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from gateway.domain.errors import Conflict, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable


class EntryState(StrEnum):
    """Whether we know what an entry is."""

    matched = "matched"
    """It is booked: by the rail's reference, or as the only payment that fits."""
    repeated = "repeated"
    """It is booked already: the bank told of the same payment under another name."""
    unmatched = "unmatched"
    """Nothing of ours explains it."""
    resolved = "resolved"
    """Two officers say that it is no loan's: a charge, interest, the bank's own money."""


_S = EntryState
MOVES: dict[EntryState, frozenset[EntryState]] = {
    _S.matched: frozenset(),
    _S.repeated: frozenset(),
    _S.unmatched: frozenset({_S.matched, _S.resolved}),
    _S.resolved: frozenset(),
}


class StatementEntry(msgspec.Struct, frozen=True):
    """One entry on the bank's account; `amount` > 0 credits it. `statement_key` names the statement it stands on.

    An entry told by a notification alone stands on none yet. `end_to_end_id` is that of our payment, once known.
    """

    id: str
    bank_id: str
    key: str
    statement_key: str | None
    kind: str
    state: EntryState
    end_to_end_id: str | None
    currency: str
    amount: int
    booked_on: date
    matched_by: str | None
    problem: str | None
    told_at: datetime
    state_at: datetime


class BankStatement(msgspec.Struct, frozen=True):
    """One statement of our account; balances are signed, None where the bank gives none."""

    bank_id: str
    key: str
    rail: str
    currency: str
    sequence: int | None
    from_on: date
    through_on: date
    opening_amount: int | None
    closing_amount: int | None
    received_at: datetime


class Day(NamedTuple):
    """What a report is about."""

    bank_id: str
    on: date
    currency: str


class Explanation(StrEnum):
    """What an officer says an unmatched entry is."""

    payment = "payment"
    """This payment of ours, whatever the bank wrote."""
    foreign = "foreign"
    """No loan's: a charge, interest, the bank's own money."""


class Explained(msgspec.Struct, frozen=True):
    """What was proposed, by whom, and who approved it; `end_to_end_id` names the payment."""

    entry_id: str
    explanation: Explanation
    end_to_end_id: str | None
    proposed_by: str
    proposed_at: datetime
    approved_by: str | None
    approved_at: datetime | None


class UnknownEntry(NotFound):
    """No statement entry has this id."""

    code = "statement_entry_not_found"
    title = "No such statement entry"


class NotUnmatched(Conflict):
    """What the entry is is known: nobody needs to explain it."""

    code = "statement_entry_not_unmatched"
    title = "The statement entry is explained already"


class NotThatPayment(Conflict):
    """The payment that an officer names cannot be this entry."""

    code = "statement_entry_not_that_payment"
    title = "The entry cannot be that payment"


class DayReport(msgspec.Struct, frozen=True):
    """A bank's day in one currency, from its own statement: `opening + Σ entries = closing`, else `difference_amount`.

    `instructed_*` is what we sent that day; the other sums are the day's entries, signed as on the account: payouts
    that went, repayments that came, money that went back either way, and what nobody has explained.
    `difference_amount` None = the bank has not given both balances for the day.
    """

    bank_id: str
    on: date
    currency: str
    opening_amount: int | None
    instructed_payouts_amount: int
    instructed_collections_amount: int
    paid_out_amount: int
    repaid_amount: int
    returned_amount: int
    other_amount: int
    unmatched_amount: int
    closing_amount: int | None
    difference_amount: int | None
    entries_count: int


class Stated(msgspec.Struct, frozen=True):
    """An entry as the report reads it: `instructed` is the kind of our instruction, None for anything else."""

    kind: str
    state: EntryState
    amount: int
    instructed: str | None


SILENT = timedelta(days=4)
"""After this long without a statement, while payments are on their way, a bank is silent: a long week-end."""
CRITICAL = timedelta(days=3)
"""How old a gap may grow before it is critical."""


def key(
    *, entry_reference: str | None, end_to_end_id: str | None, kind: str, amount: int, booked_on: date, told_in: str
) -> str:
    """What makes an entry the same one wherever the bank tells of it.

    Its own reference with the payment's (several payments may share an entry), else the payment's reference: a payment
    is booked once each way. One with neither is only the same within the message it was told in (`told_in`).
    """
    name = entry_reference or end_to_end_id
    said = [entry_reference, end_to_end_id, kind, amount, booked_on.isoformat() if entry_reference else None]
    if name is None:
        said = [told_in, kind, amount, booked_on.isoformat()]
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:32]


def report(
    day: Day, statements: Iterable[BankStatement], stated: Iterable[Stated], instructed: dict[str, int]
) -> DayReport:
    """The day's report; `statements` are those that end on the day, `stated` the entries that stand on them."""
    pages = sorted(statements, key=lambda one: (one.from_on, one.sequence or 0))
    entries = [one for one in stated if one.state is not EntryState.repeated]
    opening = pages[0].opening_amount if pages else None
    closing = pages[-1].closing_amount if pages else None
    known = [one for one in entries if one.state is not EntryState.unmatched]
    total = sum(one.amount for one in entries)
    return DayReport(
        bank_id=day.bank_id,
        on=day.on,
        currency=day.currency,
        opening_amount=opening,
        instructed_payouts_amount=instructed.get("payout", 0),
        instructed_collections_amount=instructed.get("collection", 0),
        paid_out_amount=_sum(known, "booked", "payout"),
        repaid_amount=_sum(known, "booked", "collection"),
        returned_amount=sum(one.amount for one in known if one.kind == "returned"),
        other_amount=sum(one.amount for one in known if one.kind == "booked" and one.instructed is None),
        unmatched_amount=total - sum(one.amount for one in known),
        closing_amount=closing,
        difference_amount=None if opening is None or closing is None else closing - opening - total,
        entries_count=len(entries),
    )


def _sum(entries: Iterable[Stated], kind: str, instructed: str) -> int:
    return sum(one.amount for one in entries if one.kind == kind and one.instructed == instructed)


def gaps(statements: Iterable[BankStatement]) -> list[tuple[BankStatement, BankStatement]]:
    """Pairs of statements that should follow each other and do not: one between them is missing, or was changed.

    By sequence where the bank numbers them, and by balance: each opens with what the one before closed with.
    """
    found = []
    ordered = sorted(statements, key=lambda one: (one.through_on, one.from_on, one.sequence or 0))
    for before, after in itertools.pairwise(ordered):
        numbered = before.sequence is not None and after.sequence is not None
        # Pages of one statement have its number in common.
        skipped = numbered and after.sequence - before.sequence not in {0, 1}  # type: ignore[operator]
        balances = before.closing_amount, after.opening_amount
        if skipped or (None not in balances and balances[0] != balances[1]):
            found.append((before, after))
    return found
