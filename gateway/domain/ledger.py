"""The ledger: append-only double entry, a shadow of the bank's books. One function a business event.

Debits are positive, credits negative; every entry sums to zero by construction, and so do a bank's accounts by
themselves. Accounts: `bank:<id>:{funding, clearing, unearned_fee, fee_income, losses, recoveries}`,
`drawdown:<id>:{principal, fee, suspense}` and `partner:<id>:{withheld_receivable, revenue_share}`, the latter two also
being the bank's (its assets and debts).

A sequencer chains the entries after their commit (`gateway.usecases.ledger.chain`): each has the hash of the one
before it in its own, so that none can be changed or left out unseen.
"""

from __future__ import annotations

import hashlib

import msgspec

from gateway.domain.errors import Conflict


class Posting(msgspec.Struct, frozen=True):
    """One line: `amount` > 0 debits `account`, < 0 credits it."""

    account: str
    amount: int


class Entry(msgspec.Struct, frozen=True):
    """One business event. (`kind`, `reference`) is unique: the same event is never booked twice."""

    kind: str
    reference: str
    drawdown_id: str
    bank_id: str
    currency: str
    postings: tuple[Posting, ...]


class Unbalanced(Conflict):
    """An entry that does not sum to zero: a fault of ours; nothing is written."""

    code = "ledger_unbalanced"
    title = "The ledger refused an entry that does not balance"


class Loan(msgspec.Struct, frozen=True):
    """Whose books an entry goes to."""

    drawdown_id: str
    bank_id: str
    currency: str


def principal(drawdown_id: str) -> str:
    """The account of what is owed of the amount lent."""
    return f"drawdown:{drawdown_id}:principal"


def fee(drawdown_id: str) -> str:
    """The account of what is owed of the fee."""
    return f"drawdown:{drawdown_id}:fee"


def suspense(drawdown_id: str) -> str:
    """The account of what was paid beyond what was owed, until it is given back."""
    return f"drawdown:{drawdown_id}:suspense"


def bank(bank_id: str, name: str) -> str:
    """One of the bank's own accounts."""
    return f"bank:{bank_id}:{name}"


def partner(partner_id: str, name: str) -> str:
    """What a partner owes the bank (`withheld_receivable`) or is owed by it (`revenue_share`)."""
    return f"partner:{partner_id}:{name}"


def disbursed(loan: Loan, amount: int) -> Entry:
    """The instruction to pay out was stored: owed by the merchant, on its way through clearing."""
    return _entry(
        "disbursed", loan.drawdown_id, loan,
        Posting(principal(loan.drawdown_id), amount),
        Posting(bank(loan.bank_id, "clearing"), -amount),
    )  # fmt: skip


def disbursement_failed(loan: Loan, amount: int) -> Entry:
    """The bank did not pay: the entry above is taken back by a new one."""
    return _entry(
        "disbursement_failed", loan.drawdown_id, loan,
        Posting(bank(loan.bank_id, "clearing"), amount),
        Posting(principal(loan.drawdown_id), -amount),
    )  # fmt: skip


def disbursement_settled(loan: Loan, amount: int) -> Entry:
    """The bank's statement shows the money gone from the funding account."""
    return _entry(
        "disbursement_settled", loan.drawdown_id, loan,
        Posting(bank(loan.bank_id, "clearing"), amount),
        Posting(bank(loan.bank_id, "funding"), -amount),
    )  # fmt: skip


def disbursement_returned(loan: Loan, amount: int) -> Entry:
    """The money came back: nothing is owed of it any more."""
    return _entry(
        "disbursement_returned", loan.drawdown_id, loan,
        Posting(bank(loan.bank_id, "funding"), amount),
        Posting(principal(loan.drawdown_id), -amount),
    )  # fmt: skip


def fee_charged(loan: Loan, amount: int) -> Entry:
    """The fee is owed from the day the money went; it is earned as it is repaid."""
    return _entry(
        "fee_charged", loan.drawdown_id, loan,
        Posting(fee(loan.drawdown_id), amount),
        Posting(bank(loan.bank_id, "unearned_fee"), -amount),
    )  # fmt: skip


def fee_reversed(loan: Loan, amount: int) -> Entry:
    """The money came back, so there is no fee."""
    return _entry(
        "fee_reversed", loan.drawdown_id, loan,
        Posting(bank(loan.bank_id, "unearned_fee"), amount),
        Posting(fee(loan.drawdown_id), -amount),
    )  # fmt: skip


def repayment_settled(loan: Loan, repayment_id: str, principal_amount: int, fee_amount: int) -> Entry:
    """Money arrived from the merchant; the fee's part becomes income."""
    return _entry(
        "repayment_settled", repayment_id, loan,
        Posting(bank(loan.bank_id, "funding"), principal_amount + fee_amount),
        Posting(principal(loan.drawdown_id), -principal_amount),
        *_earned(loan, fee_amount),
    )  # fmt: skip


def repayment_returned(loan: Loan, repayment_id: str, principal_amount: int, fee_amount: int) -> Entry:
    """A settled debit was taken back: owed again."""
    return _undone("repayment_returned", repayment_settled(loan, repayment_id, principal_amount, fee_amount))


def partner_withheld(loan: Loan, repayment_id: str, partner_id: str, principal_amount: int, fee_amount: int) -> Entry:
    """The partner kept a share of the merchant's settlement: the merchant is discharged, the partner owes the bank."""
    return _entry(
        "partner_withheld", repayment_id, loan,
        Posting(partner(partner_id, "withheld_receivable"), principal_amount + fee_amount),
        Posting(principal(loan.drawdown_id), -principal_amount),
        *_earned(loan, fee_amount),
    )  # fmt: skip


def partner_remitted(loan: Loan, repayment_id: str, partner_id: str, amount: int) -> Entry:
    """What the partner had withheld arrived at the bank."""
    return _entry(
        "partner_remitted", repayment_id, loan,
        Posting(bank(loan.bank_id, "funding"), amount),
        Posting(partner(partner_id, "withheld_receivable"), -amount),
    )  # fmt: skip


def revenue_shared(loan: Loan, repayment_id: str, partner_id: str, amount: int) -> Entry:
    """The partner's part of a fee that was just earned."""
    return _entry(
        "revenue_shared", repayment_id, loan,
        Posting(bank(loan.bank_id, "fee_income"), amount),
        Posting(partner(partner_id, "revenue_share"), -amount),
    )  # fmt: skip


def revenue_share_reversed(loan: Loan, repayment_id: str, partner_id: str, amount: int) -> Entry:
    """The fee it was a part of was taken back."""
    return _undone("revenue_share_reversed", revenue_shared(loan, repayment_id, partner_id, amount))


def rebate(loan: Loan, reference: str, amount: int) -> Entry:
    """A part of the fee that will not be charged after all."""
    return _entry(
        "rebate", reference, loan,
        Posting(bank(loan.bank_id, "unearned_fee"), amount),
        Posting(fee(loan.drawdown_id), -amount),
    )  # fmt: skip


def rebate_reversed(loan: Loan, reference: str, amount: int) -> Entry:
    """The payment that earned the rebate was taken back: the fee is owed as before."""
    return _undone("rebate_reversed", rebate(loan, reference, amount))


def overpaid(loan: Loan, reference: str, amount: int) -> Entry:
    """Money came that nothing is owed for: it is the merchant's."""
    return _entry(
        "overpaid", reference, loan,
        Posting(bank(loan.bank_id, "funding"), amount),
        Posting(suspense(loan.drawdown_id), -amount),
    )  # fmt: skip


def overpayment_taken_back(loan: Loan, reference: str, amount: int) -> Entry:
    """The debit that was too much was taken back by the merchant's bank."""
    return _undone("overpayment_taken_back", overpaid(loan, reference, amount))


def overwithheld(loan: Loan, reference: str, partner_id: str, amount: int) -> Entry:
    """The partner kept back what nothing is owed for: it owes that to the bank too, and the bank to the merchant."""
    return _entry(
        "overwithheld", reference, loan,
        Posting(partner(partner_id, "withheld_receivable"), amount),
        Posting(suspense(loan.drawdown_id), -amount),
    )  # fmt: skip


def overpayment_returned(loan: Loan, reference: str, amount: int) -> Entry:
    """The merchant has its money back."""
    return _entry(
        "overpayment_returned", reference, loan,
        Posting(suspense(loan.drawdown_id), amount),
        Posting(bank(loan.bank_id, "funding"), -amount),
    )  # fmt: skip


def overpayment_came_back(loan: Loan, reference: str, amount: int) -> Entry:
    """The merchant's bank did not keep what was given back: it is the merchant's as before."""
    return _undone("overpayment_came_back", overpayment_returned(loan, reference, amount))


def charged_off(loan: Loan, principal_amount: int, fee_amount: int, *, reference: str | None = None) -> Entry:
    """Nothing more is expected: principal is a loss, a fee that was never earned is forgotten. It is still owed.

    `reference` is a repayment that was taken back after the loan itself had been written off.
    """
    return _entry(
        "charged_off", reference or loan.drawdown_id, loan,
        Posting(bank(loan.bank_id, "losses"), principal_amount),
        Posting(principal(loan.drawdown_id), -principal_amount),
        Posting(bank(loan.bank_id, "unearned_fee"), fee_amount),
        Posting(fee(loan.drawdown_id), -fee_amount),
    )  # fmt: skip


def recovered(loan: Loan, repayment_id: str, amount: int) -> Entry:
    """Money arrived for a loan that was written off."""
    return _entry(
        "recovered", repayment_id, loan,
        Posting(bank(loan.bank_id, "funding"), amount),
        Posting(bank(loan.bank_id, "recoveries"), -amount),
    )  # fmt: skip


def recovery_returned(loan: Loan, repayment_id: str, amount: int) -> Entry:
    """Recovered money was taken back."""
    return _undone("recovery_returned", recovered(loan, repayment_id, amount))


def fee_given_back(loan: Loan, reference: str, amount: int) -> Entry:
    """Of the fee that was paid the cap on all costs does not allow so much: it pays principal."""
    return _entry(
        "fee_given_back", reference, loan,
        Posting(bank(loan.bank_id, "fee_income"), amount),
        Posting(principal(loan.drawdown_id), -amount),
    )  # fmt: skip


def refinanced(loan: Loan, into_drawdown_id: str, principal_amount: int, fee_amount: int) -> Entry:
    """A new drawdown takes over what is owed of an old one, its unpaid fee with it; it goes through clearing."""
    return _entry(
        "refinanced", into_drawdown_id, loan,
        Posting(bank(loan.bank_id, "clearing"), principal_amount + fee_amount),
        Posting(principal(loan.drawdown_id), -principal_amount),
        Posting(fee(loan.drawdown_id), -fee_amount),
    )  # fmt: skip


def taken_over(loan: Loan, principal_amount: int, fee_amount: int) -> Entry:
    """The other side: the new drawdown owes the same; the fee stays unearned and is not charged again."""
    return _entry(
        "taken_over", loan.drawdown_id, loan,
        Posting(principal(loan.drawdown_id), principal_amount),
        Posting(fee(loan.drawdown_id), fee_amount),
        Posting(bank(loan.bank_id, "clearing"), -principal_amount - fee_amount),
    )  # fmt: skip


class Chained(msgspec.Struct, frozen=True):
    """One entry as it is stored, and the hash that chains it to the one at the position before."""

    position: int
    entry_id: str
    hash: str


FIRST = "0" * 64
"""What the first entry is chained to."""


def chained(previous: Chained | None, entry_id: str, entry: Entry) -> Chained:
    """The next link: SHA-256, in hex, over the hash before it, its position and everything the entry says."""
    position = 1 if previous is None else previous.position + 1
    said = [FIRST if previous is None else previous.hash, position, entry_id, msgspec.to_builtins(entry)]
    return Chained(position, entry_id, hashlib.sha256(msgspec.json.encode(said, order="sorted")).hexdigest())


def _undone(kind: str, entry: Entry) -> Entry:
    """A new entry, of another kind, that takes all postings of `entry` back."""
    postings = tuple(Posting(posting.account, -posting.amount) for posting in entry.postings)
    return msgspec.structs.replace(entry, kind=kind, postings=postings)


def _earned(loan: Loan, fee_amount: int) -> tuple[Posting, ...]:
    """A part of the fee that was paid is income from now on."""
    return (
        Posting(fee(loan.drawdown_id), -fee_amount),
        Posting(bank(loan.bank_id, "unearned_fee"), fee_amount),
        Posting(bank(loan.bank_id, "fee_income"), -fee_amount),
    )


def _entry(kind: str, reference: str, loan: Loan, *postings: Posting) -> Entry:
    lines = tuple(posting for posting in postings if posting.amount)
    if sum(posting.amount for posting in lines):
        raise Unbalanced(f"{kind} of {reference} does not sum to zero", kind=kind)
    return Entry(kind, reference, loan.drawdown_id, loan.bank_id, loan.currency, lines)
