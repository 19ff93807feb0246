from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.domain import ledger, repayments
from gateway.domain.ledger import Entry, Loan, Posting, Unbalanced

LOAN = Loan("drw_1", "bnk_1", "EUR")


class Books(RuleBasedStateMachine):
    """One drawdown's life in any order the bank allows; the books are kept by summing postings and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.accounts: Counter[str] = Counter()
        self.amount = self.fee = 0
        self.state = "none"
        self.settled: dict[str, tuple[int, int]] = {}
        self.count = 0

    def book(self, entry: Entry) -> None:
        assert sum(posting.amount for posting in entry.postings) == 0
        assert all(posting.amount for posting in entry.postings)
        for posting in entry.postings:
            self.accounts[posting.account] += posting.amount

    @property
    def owed(self) -> tuple[int, int]:
        return self.accounts[ledger.principal("drw_1")], self.accounts[ledger.fee("drw_1")]

    @precondition(lambda self: self.state in {"none", "failed", "returned", "repaid"})
    @rule(amount=st.integers(1, 10**12), fee=st.integers(0, 10**9))
    def disburse(self, amount: int, fee: int) -> None:
        self.amount, self.fee, self.settled, self.state = amount, fee, {}, "instructed"
        self.book(ledger.disbursed(LOAN, amount))

    @precondition(lambda self: self.state == "instructed")
    @rule()
    def fail(self) -> None:
        self.book(ledger.disbursement_failed(LOAN, self.amount))
        self.state = "failed"

    @precondition(lambda self: self.state == "instructed")
    @rule()
    def settle(self) -> None:
        self.book(ledger.disbursement_settled(LOAN, self.amount))
        self.book(ledger.fee_charged(LOAN, self.fee))
        self.state = "active"

    @precondition(lambda self: self.state == "active" and not self.settled)
    @rule()
    def come_back(self) -> None:
        self.book(ledger.disbursement_returned(LOAN, self.amount))
        self.book(ledger.fee_reversed(LOAN, self.fee))
        self.state = "returned"

    @precondition(lambda self: self.state == "active")
    @rule(net=st.integers(-(10**6), 10**12), bps=st.integers(1, 10_000))
    def repay(self, net: int, bps: int) -> None:
        principal, fee = self.owed
        plan = repayments.withhold(net, 0, bps, principal + fee)
        if plan.amount:
            self.count += 1
            parts = repayments.allocate(plan.amount, principal, fee)
            self.settled[f"rep_{self.count}"] = parts
            self.book(ledger.repayment_settled(LOAN, f"rep_{self.count}", *parts))
        if self.owed == (0, 0):
            self.state = "repaid"

    @precondition(lambda self: self.state in {"active", "repaid"} and self.settled)
    @rule(which=st.integers(0, 1_000))
    def take_back(self, which: int) -> None:
        repayment_id = sorted(self.settled)[which % len(self.settled)]
        self.book(ledger.repayment_returned(LOAN, repayment_id, *self.settled.pop(repayment_id)))
        self.state = "active"

    @invariant()
    def the_bank_sums_to_zero(self) -> None:
        assert sum(self.accounts.values()) == 0

    @invariant()
    def owed_is_the_total_less_what_settled(self) -> None:
        settled = sum(principal + fee for principal, fee in self.settled.values())
        expected = {"active": self.amount + self.fee - settled, "instructed": self.amount}.get(self.state, 0)
        assert sum(self.owed) == expected
        assert min(self.owed) >= 0

    @invariant()
    def nothing_hangs_in_clearing_but_what_is_on_its_way(self) -> None:
        clearing = self.accounts[ledger.bank("bnk_1", "clearing")]
        assert clearing == (-self.amount if self.state == "instructed" else 0)

    @invariant()
    def the_fee_not_yet_repaid_is_the_fee_not_yet_earned(self) -> None:
        assert -self.accounts[ledger.bank("bnk_1", "unearned_fee")] == self.owed[1]


Books.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestBooks = Books.TestCase


def test_an_entry_that_does_not_sum_to_zero_is_refused() -> None:
    with pytest.raises(Unbalanced):
        ledger._entry("disbursed", "drw_1", LOAN, Posting("a", 5), Posting("b", -4))


def test_a_returned_repayment_undoes_its_settlement_line_by_line() -> None:
    settled = ledger.repayment_settled(LOAN, "rep_1", 90, 10)
    returned = ledger.repayment_returned(LOAN, "rep_1", 90, 10)
    assert [(p.account, -p.amount) for p in settled.postings] == [(p.account, p.amount) for p in returned.postings]
    assert (settled.kind, settled.reference) != (returned.kind, returned.reference)


AMOUNT = st.integers(0, 10**12)
EVENTS = st.one_of(
    st.builds(lambda p, f: ledger.partner_withheld(LOAN, "rep_1", "par_1", p, f), AMOUNT, AMOUNT),
    st.builds(lambda a: ledger.partner_remitted(LOAN, "rep_1", "par_1", a), AMOUNT),
    st.builds(lambda a: ledger.revenue_shared(LOAN, "rep_1", "par_1", a), AMOUNT),
    st.builds(lambda a: ledger.rebate(LOAN, "drw_1", a), AMOUNT),
    st.builds(lambda a: ledger.overpaid(LOAN, "rep_1", a), AMOUNT),
    st.builds(lambda a: ledger.overpayment_returned(LOAN, "rep_1", a), AMOUNT),
    st.builds(lambda p, f: ledger.charged_off(LOAN, p, f), AMOUNT, AMOUNT),
    st.builds(lambda a: ledger.recovered(LOAN, "rep_1", a), AMOUNT),
    st.builds(lambda a: ledger.recovery_returned(LOAN, "rep_1", a), AMOUNT),
    st.builds(lambda p, f: ledger.refinanced(LOAN, "drw_2", p, f), AMOUNT, AMOUNT),
    st.builds(lambda p, f: ledger.taken_over(LOAN, p, f), AMOUNT, AMOUNT),
    st.builds(lambda a: ledger.fee_given_back(LOAN, "drw_2", a), AMOUNT),
    st.builds(lambda a: ledger.overwithheld(LOAN, "rep_1", "par_1", a), AMOUNT),
    st.builds(lambda a: ledger.overpayment_came_back(LOAN, "rep_1", a), AMOUNT),
    st.builds(lambda a: ledger.rebate_reversed(LOAN, "rep_1", a), AMOUNT),
    st.builds(lambda a: ledger.revenue_share_reversed(LOAN, "rep_1", "par_1", a), AMOUNT),
)


@given(entry=EVENTS)
def test_every_business_event_sums_to_zero_and_has_no_empty_line(entry: Entry) -> None:
    assert sum(posting.amount for posting in entry.postings) == 0
    assert all(posting.amount for posting in entry.postings)


def test_a_loan_that_is_written_off_and_then_recovered_leaves_what_was_lost() -> None:
    books: Counter[str] = Counter()
    for entry in (
        ledger.disbursed(LOAN, 1_000), ledger.disbursement_settled(LOAN, 1_000), ledger.fee_charged(LOAN, 100),
        ledger.repayment_settled(LOAN, "rep_1", 300, 30), ledger.charged_off(LOAN, 700, 70),
        ledger.recovered(LOAN, "rep_2", 250),
    ):  # fmt: skip
        books.update({posting.account: posting.amount for posting in entry.postings})
    owed = books[ledger.principal("drw_1")], books[ledger.fee("drw_1")], books["bank:bnk_1:unearned_fee"]
    assert owed == (0, 0, 0)
    assert books["bank:bnk_1:losses"] + books["bank:bnk_1:recoveries"] == 450
    assert books["bank:bnk_1:funding"] == -1_000 + 330 + 250


def test_an_old_loan_goes_over_into_a_new_one_with_its_fee_which_is_not_charged_again() -> None:
    books: Counter[str] = Counter()
    for entry in (ledger.refinanced(LOAN, "drw_2", 700, 70), ledger.taken_over(Loan("drw_2", "bnk_1", "EUR"), 700, 70)):
        books.update({posting.account: posting.amount for posting in entry.postings})
    assert {account: amount for account, amount in books.items() if amount} == {
        "drawdown:drw_2:principal": 700, "drawdown:drw_1:principal": -700,
        "drawdown:drw_2:fee": 70, "drawdown:drw_1:fee": -70,
    }  # fmt: skip


@given(amounts=st.lists(st.integers(1, 10**9), min_size=2, max_size=20), which=st.integers(0, 10**6))
def test_a_changed_entry_breaks_the_chain_from_there_on(amounts: list[int], which: int) -> None:
    entries = [ledger.disbursed(Loan(f"drw_{n}", "bnk_1", "EUR"), amount) for n, amount in enumerate(amounts)]
    whole = links(entries)
    at = which % len(entries)
    changed = ledger.disbursed(Loan(f"drw_{at}", "bnk_1", "EUR"), amounts[at] + 1)
    other = links([*entries[:at], changed, *entries[at + 1 :]])
    same = [one == two for one, two in zip(whole, other, strict=True)]
    assert same == [True] * at + [False] * (len(entries) - at)


def links(entries: list[Entry]) -> list[ledger.Chained]:
    made: list[ledger.Chained] = []
    for number, entry in enumerate(entries):
        made.append(ledger.chained(made[-1] if made else None, f"ent_{number}", entry))
    return made
