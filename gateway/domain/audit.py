"""What must be on the books, worked out again from states and amounts alone, and held against what is there."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import ledger, quotes, settlements
from gateway.domain import refinancings as rules
from gateway.domain.drawdowns import Drawdown, DrawdownState
from gateway.domain.ledger import Entry, Posting
from gateway.domain.quotes import Quote
from gateway.domain.refinancings import Refinancing
from gateway.domain.remittances import Piece
from gateway.domain.repayments import Channel, Repayment, RepaymentState
from gateway.domain.reviews import ReviewState
from gateway.domain.write_offs import WriteOff

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_S = DrawdownState
UNCONFIRMED = frozenset({_S.awaiting_confirmation, _S.expired, _S.canceled})
"""States a drawdown may be in without the merchant ever having clicked."""
UNBOOKED = frozenset({_S.awaiting_confirmation, _S.requested, _S.reviewing, _S.expired, _S.rejected})
"""States before the first entry."""
_REVIEWED = {
    ReviewState.open: frozenset({_S.reviewing}),
    ReviewState.approved: frozenset(_S) - {_S.awaiting_confirmation, _S.expired, _S.requested},
    ReviewState.declined: frozenset({_S.rejected}),
    ReviewState.canceled: frozenset({_S.canceled}),
    None: frozenset(_S) - {_S.reviewing},
}
"""Where a drawdown may stand after what became of its review."""
_TERMS = (
    "merchant_id", "bank_id", "programme_id", "currency", "amount", "fee_amount", "withhold_bps", "minimum_amount",
    "final_due_on", "collection", "interval_days", "all_in_cap_bps", "early_rebate_bps", "refinances",
    "refinanced_amount", "refinanced_fee_amount",
)  # fmt: skip
"""What a drawdown repeats of its quote."""
Booked = dict[tuple[str, str], tuple[Posting, ...]]
"""(kind, reference) → postings."""


class Stored(msgspec.Struct, frozen=True):
    """Everything that is stored about one drawdown; `events` are the last event types by noun id."""

    drawdown: Drawdown
    quote: Quote | None
    repayments: tuple[Repayment, ...]
    booked: Booked
    events: dict[str, str | None]
    instructed: dict[str, int]
    """Amounts by reference of everything a bank was told to pay or to collect."""
    review: ReviewState | None = None
    """What became of its review, if a person had to look."""
    write_offs: tuple[WriteOff, ...] = ()
    refinancings: tuple[Refinancing, ...] = ()
    """What it took over, and what took it over."""
    pieces: tuple[Piece, ...] = ()
    """What came of the shares that the partner withheld."""


def booked(lines: Iterable[tuple[str, str, str, int]]) -> Booked:
    """(kind, reference, account, amount) in their order → entries."""
    found: defaultdict[tuple[str, str], list[Posting]] = defaultdict(list)
    for kind, reference, account, amount in lines:
        found[kind, reference].append(Posting(account, amount))
    return {key: tuple(postings) for key, postings in found.items()}


def expected(
    drawdown: Drawdown,
    repayments: Iterable[Repayment],
    write_offs: Iterable[WriteOff] = (),
    pieces: Iterable[Piece] = (),
    refinancings: Iterable[Refinancing] = (),
) -> Booked:
    """The entries that a drawdown and its repayments in these states must have, and no others."""
    found = (*_expected(drawdown, repayments), *_written_off(drawdown, write_offs), *_remitted(drawdown, pieces))
    found += tuple(_refinanced(drawdown, refinancings))
    return {(entry.kind, entry.reference): entry.postings for entry in found if entry.postings}


def _expected(drawdown: Drawdown, repayments: Iterable[Repayment]) -> Iterator[Entry]:
    loan = ledger.Loan(drawdown.id, drawdown.bank_id, drawdown.currency)
    went = drawdown.active_on is not None
    if drawdown.state in UNBOOKED or (drawdown.state is _S.canceled and not went):
        return
    yield ledger.disbursed(loan, drawdown.new_money_amount)
    if drawdown.state is _S.failed:
        yield ledger.disbursement_failed(loan, drawdown.new_money_amount)
    if went:
        yield ledger.disbursement_settled(loan, drawdown.new_money_amount)
        yield ledger.fee_charged(loan, drawdown.new_fee_amount)
    if drawdown.state in {_S.returned, _S.canceled}:
        yield ledger.disbursement_returned(loan, drawdown.new_money_amount)
        yield ledger.fee_reversed(loan, drawdown.new_fee_amount)
    for repayment in repayments:
        if repayment.state in {RepaymentState.settled, RepaymentState.returned}:
            yield from settlements.settled(drawdown, repayment)
        if repayment.state is RepaymentState.returned:
            yield from settlements.taken_back(drawdown, repayment)


def _written_off(drawdown: Drawdown, write_offs: Iterable[WriteOff]) -> Iterator[Entry]:
    loan = ledger.Loan(drawdown.id, drawdown.bank_id, drawdown.currency)
    for lost in write_offs:
        yield ledger.charged_off(loan, lost.principal_amount, lost.fee_amount, reference=lost.reference)


def _refinanced(drawdown: Drawdown, refinancings: Iterable[Refinancing]) -> Iterator[Entry]:
    for done in refinancings:
        if done.into_drawdown_id == drawdown.id:
            yield rules.taken_over(drawdown, done)
        else:
            yield from rules.handed_over(drawdown, done)


def _principal_amount(stored: Stored) -> int:
    """All the principal that was ever to be repaid: paid out and taken over, less what moved on."""
    drawdown, total = stored.drawdown, stored.drawdown.new_money_amount
    for done in stored.refinancings:
        into = done.into_drawdown_id == drawdown.id
        total += done.principal_amount if into else -done.principal_amount - done.given_back_amount
    return total


def _fee_amount(stored: Stored) -> int:
    drawdown, total = stored.drawdown, stored.drawdown.new_fee_amount
    for done in stored.refinancings:
        into = done.into_drawdown_id == drawdown.id
        total += done.fee_amount if into else -done.fee_amount - done.rebate_amount
    return total


def _remitted(drawdown: Drawdown, pieces: Iterable[Piece]) -> Iterator[Entry]:
    loan = ledger.Loan(drawdown.id, drawdown.bank_id, drawdown.currency)
    for piece in pieces:
        yield ledger.partner_remitted(loan, piece.reference, drawdown.partner_id, piece.amount)


def problems(stored: Stored) -> Iterator[str]:
    """Sentences about whatever does not agree; none when all does."""
    drawdown = stored.drawdown
    yield from _of_entries(stored)
    yield from _of_evidence(stored)
    settled = sum(
        r.principal_amount + r.fee_amount + r.rebate_amount
        for r in stored.repayments
        if r.state is RepaymentState.settled
    )
    total = _principal_amount(stored) + _fee_amount(stored)
    if drawdown.state in {_S.repaid, _S.refinanced} and settled != total:
        yield f"{drawdown.state} with {settled} of {total}"
    if drawdown.state is _S.active and settled >= total:
        yield f"active, with {settled} of {total} repaid"
    yield from _of_losses(stored)
    if drawdown.state not in _REVIEWED[stored.review]:
        yield f"its review is {stored.review or 'missing'}"
    for noun, noun_id, state in _nouns(stored):
        if stored.events.get(noun_id) != f"{noun}.{state}":
            yield f"{noun_id} is {state}, its last event says {stored.events.get(noun_id)}"
    for repayment in stored.repayments:
        if repayment.parts_amount != repayment.amount:
            yield f"{repayment.id} of {repayment.amount} is made of other parts"
    yield from _of_instructions(stored)


def _of_entries(stored: Stored) -> Iterator[str]:
    must = expected(stored.drawdown, stored.repayments, stored.write_offs, stored.pieces, stored.refinancings)
    for kind, reference in sorted(must.keys() | stored.booked.keys()):
        there, wanted = stored.booked.get((kind, reference)), must.get((kind, reference))
        if there is None:
            yield f"{kind} of {reference} is not on the books"
        elif wanted is None:
            yield f"{kind} of {reference} is on the books and must not be"
        elif there != wanted:
            yield f"{kind} of {reference} is booked with other accounts or amounts"


def _of_instructions(stored: Stored) -> Iterator[str]:
    """A bank was told of each payout and debit, and of nothing else, in its very amount."""
    drawdown, left = stored.drawdown, dict(stored.instructed)
    told = [("it", drawdown.end_to_end_id, drawdown.new_money_amount)] if drawdown.end_to_end_id is not None else []
    for repayment in stored.repayments:
        if repayment.channel in {Channel.debit, Channel.payout} and repayment.end_to_end_id is not None:
            told.append((repayment.id, repayment.end_to_end_id, repayment.amount))
        elif repayment.channel is Channel.debit and repayment.state in {
            RepaymentState.settled,
            RepaymentState.returned,
        }:
            yield f"{repayment.id} was debited and nobody said so to a bank"
    for name, reference, amount in told:
        if (instructed := left.pop(reference, None)) != amount:
            yield f"{instructed} was instructed for {name}, which is {amount}"
    for reference in left:
        yield f"{reference} was instructed for nothing that is there"


def _of_losses(stored: Stored) -> Iterator[str]:
    """What was written off and what was repaid are together what was lent."""
    drawdown, losses = stored.drawdown, stored.write_offs
    if drawdown.state is not _S.charged_off:
        if losses:
            yield "losses are noted of a loan that was not written off"
        return
    repaid = sum(r.principal_amount for r in stored.repayments if r.state is RepaymentState.settled)
    lost = sum(one.principal_amount for one in losses)
    if repaid + lost != (lent := _principal_amount(stored)):
        yield f"{lost} of principal was written off and {repaid} repaid of {lent}"


def _of_evidence(stored: Stored) -> Iterator[str]:
    """The click and the quote say the same as the drawdown does."""
    drawdown, quote, evidence = stored.drawdown, stored.quote, stored.drawdown.evidence
    if quote is None or quotes.terms_hash(quote) != drawdown.terms_hash:
        yield "its quote is not the one whose terms it repeats"
    else:
        for name in _TERMS:
            if getattr(quote, name) != getattr(drawdown, name):
                yield f"its {name} is not its quote's"
    if evidence is None:
        if drawdown.state not in UNCONFIRMED or drawdown.active_on is not None:
            yield "nobody confirmed it"
    elif (evidence.terms_hash, evidence.amount) != (drawdown.terms_hash, drawdown.amount):
        yield "the merchant confirmed something else"


def _nouns(stored: Stored) -> Iterator[tuple[str, str, str]]:
    yield "drawdown", stored.drawdown.id, stored.drawdown.state.value
    for repayment in stored.repayments:
        yield "repayment", repayment.id, repayment.state.value
