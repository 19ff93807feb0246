"""A merchant's statement of one loan: every entry of the books that touches it, line by line, and the days behind it.

Nothing is worked out here that the books do not say: a line's amount is what the entry did to the loan's own accounts,
so the sums of the lines are the ledger's balances to the minor unit. Days and refused debits are lines that move
nothing; they say why the next one does.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import ledger
from gateway.domain.money import share
from gateway.domain.repayments import Repayment, RepaymentKind, RepaymentState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gateway.domain.drawdowns import Drawdown


class LineKind(StrEnum):
    """What a line is about; each has its sentence in both languages."""

    paid_out = "paid_out"
    not_paid_out = "not_paid_out"
    fee = "fee"
    fee_reversed = "fee_reversed"
    sales = "sales"
    refunds = "refunds"
    share = "share"
    share_of_days = "share_of_days"
    minimum = "minimum"
    early = "early"
    instalment = "instalment"
    retry = "retry"
    recovery = "recovery"
    refused = "refused"
    returned = "returned"
    rebate = "rebate"
    rebate_reversed = "rebate_reversed"
    overpaid = "overpaid"
    overpayment_taken_back = "overpayment_taken_back"
    overpayment_returned = "overpayment_returned"
    written_off = "written_off"
    recovery_returned = "recovery_returned"
    refinanced = "refinanced"
    taken_over = "taken_over"
    adjusted = "adjusted"


_K = LineKind
_KINDS = {
    "disbursed": _K.paid_out, "disbursement_failed": _K.not_paid_out, "disbursement_returned": _K.not_paid_out,
    "fee_charged": _K.fee, "fee_reversed": _K.fee_reversed, "repayment_returned": _K.returned, "rebate": _K.rebate,
    "rebate_reversed": _K.rebate_reversed, "overpaid": _K.overpaid, "overwithheld": _K.overpaid,
    "overpayment_taken_back": _K.overpayment_taken_back, "overpayment_returned": _K.overpayment_returned,
    "charged_off": _K.written_off, "recovered": _K.recovery, "recovery_returned": _K.recovery_returned,
    "refinanced": _K.refinanced, "fee_given_back": _K.rebate, "overpayment_came_back": _K.overpaid,
    "taken_over": _K.taken_over,
}  # fmt: skip
_PAID = frozenset({"repayment_settled", "partner_withheld"})
_BESIDES = {"recovered": -1, "recovery_returned": 1}
"""Entries of a loan that was written off: they are on the bank's accounts alone, yet the merchant paid."""


class Booked(msgspec.Struct, frozen=True):
    """One posting of the loan's, with the entry it belongs to, in the order of the books."""

    id: str
    kind: str
    reference: str
    occurred_at: datetime
    account: str
    amount: int


class DaySold(msgspec.Struct, frozen=True):
    """What a business day sold and gave back (refunds and voids), in minor units."""

    sales_amount: int
    refunds_amount: int
    net_amount: int


class Line(msgspec.Struct, frozen=True):
    """One line. `amount` changes what is owed, `credit_amount` what is kept for the merchant; both signed.

    `told_amount` is the figure of a line that changes neither: a day's sales, its refunds, a refused debit, money for a
    loan that was written off. `balance_amount` is owed after it.
    """

    on: date
    kind: LineKind
    amount: int = 0
    credit_amount: int = 0
    balance_amount: int = 0
    told_amount: int = 0
    business_on: date | None = None
    share_bps: int | None = None
    repayment_id: str | None = None
    reason: str | None = None


class Totals(msgspec.Struct, frozen=True):
    """The sums of the lines; `outstanding_amount` is owed still, `credit_amount` kept for the merchant."""

    paid_out_amount: int
    fee_amount: int
    taken_over_amount: int
    repaid_amount: int
    rebate_amount: int
    written_off_amount: int
    refinanced_amount: int
    recovered_amount: int
    credit_amount: int
    outstanding_amount: int


def lines(
    drawdown: Drawdown, booked: Sequence[Booked], repayments: Sequence[Repayment], days: Mapping[date, DaySold]
) -> list[Line]:
    """All lines in the order of their days, with the running balance."""
    known = {repayment.id: repayment for repayment in repayments}
    found = [*_days(drawdown, days), *_refused(repayments)]
    for _, postings in groupby(booked, key=lambda posting: posting.id):
        found += _entry(drawdown, list(postings), known, days)
    balance, told = 0, []
    for line in sorted(found, key=lambda one: one.on):
        balance += line.amount
        told.append(msgspec.structs.replace(line, balance_amount=balance))
    return told


def totals(found: Iterable[Line]) -> Totals:
    """The sums of the lines, signed as a reader expects them: all of them count up."""
    sums = dict.fromkeys(LineKind, 0)
    credit = owed = 0
    for line in found:
        sums[line.kind] += line.amount or (line.told_amount if line.kind in _TOLD else 0)
        credit += line.credit_amount
        owed += line.amount
    repaid = sum(-sums[kind] for kind in (*_REPAYMENTS, _K.returned))
    return Totals(
        paid_out_amount=sums[_K.paid_out] + sums[_K.not_paid_out],
        fee_amount=sums[_K.fee] + sums[_K.fee_reversed],
        taken_over_amount=sums[_K.taken_over],
        repaid_amount=repaid,
        rebate_amount=-sums[_K.rebate] - sums[_K.rebate_reversed],
        written_off_amount=-sums[_K.written_off],
        refinanced_amount=-sums[_K.refinanced],
        recovered_amount=-sums[_K.recovery] - sums[_K.recovery_returned],
        credit_amount=credit,
        outstanding_amount=owed,
    )


_REPAYMENTS = (_K.share, _K.share_of_days, _K.minimum, _K.early, _K.instalment, _K.retry)
REDUCING = frozenset({*_REPAYMENTS, _K.returned, _K.rebate, _K.rebate_reversed})
"""Lines that say what came of a loan, what of it went back, and what was given up of the fee."""
_TOLD = frozenset({_K.recovery, _K.recovery_returned})


def _entry(
    drawdown: Drawdown, postings: list[Booked], known: Mapping[str, Repayment], days: Mapping[date, DaySold]
) -> Iterator[Line]:
    """The line of one entry; none of one that does not touch the merchant."""
    first = postings[0]
    owing = {ledger.principal(drawdown.id), ledger.fee(drawdown.id)}
    amount = sum(posting.amount for posting in postings if posting.account in owing)
    credit = -sum(posting.amount for posting in postings if posting.account == ledger.suspense(drawdown.id))
    repayment = known.get(first.reference)
    told = 0
    if first.kind in _BESIDES and repayment is not None:
        told = _BESIDES[first.kind] * repayment.recovered_amount
    if not (amount or credit or told):
        return
    on = first.occurred_at.date()
    if repayment is not None and repayment.settled_on is not None and not first.kind.endswith(("returned", "reversed")):
        on = max(repayment.settled_on, drawdown.active_on or repayment.settled_on)
    kind = _paid(drawdown, repayment, days) if first.kind in _PAID else _KINDS.get(first.kind, _K.adjusted)
    is_share = kind in {_K.share, _K.share_of_days}
    yield Line(
        on=on,
        kind=kind,
        amount=amount,
        credit_amount=credit,
        told_amount=told,
        business_on=None if repayment is None else repayment.business_on,
        share_bps=drawdown.withhold_bps if is_share else None,
        repayment_id=None if repayment is None else repayment.id,
        reason=repayment.reason if repayment is not None and kind is _K.returned else None,
    )


def _paid(drawdown: Drawdown, repayment: Repayment | None, days: Mapping[date, DaySold]) -> LineKind:
    """What a payment was: a share of its own day alone, or one that other days were counted in."""
    if repayment is None:
        return _K.adjusted
    if repayment.attempts_count > 1:
        return _K.retry
    if repayment.kind is not RepaymentKind.share:
        return LineKind(repayment.kind.value)
    day = days.get(repayment.business_on)
    alone = day is not None and repayment.amount == share(max(0, day.net_amount), drawdown.withhold_bps)
    return _K.share if alone else _K.share_of_days


def _days(drawdown: Drawdown, days: Mapping[date, DaySold]) -> Iterator[Line]:
    for on, day in sorted(days.items()):
        if drawdown.active_on is None or on <= drawdown.active_on:
            continue
        yield Line(on, _K.sales, told_amount=day.sales_amount, business_on=on)
        if day.refunds_amount:
            yield Line(on, _K.refunds, told_amount=-day.refunds_amount, business_on=on)


def _refused(repayments: Iterable[Repayment]) -> Iterator[Line]:
    for one in repayments:
        if one.state is RepaymentState.failed:
            yield Line(
                one.state_at.date(), _K.refused, told_amount=one.amount, business_on=one.business_on,
                repayment_id=one.id, reason=one.reason,
            )  # fmt: skip
