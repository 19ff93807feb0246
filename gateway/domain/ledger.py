"""The ledger: append-only double entry, a shadow of the bank's books. One function a business event.

Debits are positive, credits negative; every entry sums to zero by construction, and so do a bank's accounts by
themselves. Accounts: `bank:<id>:{funding, clearing, unearned_fee, fee_income}` and `drawdown:<id>:{principal, fee}`,
the latter also being the bank's (its assets).
"""

from __future__ import annotations

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


def bank(bank_id: str, name: str) -> str:
    """One of the bank's own accounts."""
    return f"bank:{bank_id}:{name}"


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
        Posting(fee(loan.drawdown_id), -fee_amount),
        Posting(bank(loan.bank_id, "unearned_fee"), fee_amount),
        Posting(bank(loan.bank_id, "fee_income"), -fee_amount),
    )  # fmt: skip


def repayment_returned(loan: Loan, repayment_id: str, principal_amount: int, fee_amount: int) -> Entry:
    """A settled debit was taken back: owed again."""
    settled = repayment_settled(loan, repayment_id, principal_amount, fee_amount)
    return _entry("repayment_returned", repayment_id, loan, *(Posting(p.account, -p.amount) for p in settled.postings))


def _entry(kind: str, reference: str, loan: Loan, *postings: Posting) -> Entry:
    lines = tuple(posting for posting in postings if posting.amount)
    if sum(posting.amount for posting in lines):
        raise Unbalanced(f"{kind} of {reference} does not sum to zero", kind=kind)
    return Entry(kind, reference, loan.drawdown_id, loan.bank_id, loan.currency, lines)
