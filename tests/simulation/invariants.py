"""What must hold: cheap questions after every step, the bank's books against ours at the end."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from gateway.store import sql
from gateway.usecases import limits, positions
from tests.simulation.clocks import ForwardClock

if TYPE_CHECKING:
    from gateway.domain.drawdowns import Drawdown
    from gateway.store import Tx
    from gateway.usecases.world import World
    from tests.simulation.runs import Run

UNBALANCED = """
SELECT 'entry ' || entry_id || ' sums to ' || SUM(amount) FROM postings WHERE rowid > ?
GROUP BY entry_id HAVING SUM(amount) <> 0"""
UNLIKE = """
SELECT 'exposure of ' || p.merchant_id || ' is ' || p.exposure_amount || ', the books say ' || b.amount
FROM positions p JOIN (
    SELECT m.id, COALESCE((SELECT SUM(amount) FROM drawdowns WHERE merchant_id = m.id
            AND state IN ('requested', 'reviewing')), 0)
        + COALESCE((SELECT SUM(l.amount) FROM drawdowns d JOIN postings l
            ON l.account = 'drawdown:' || d.id || ':principal' WHERE d.merchant_id = m.id), 0) AS amount
    FROM merchants m) b ON b.id = p.merchant_id
WHERE p.exposure_amount <> b.amount"""
SCOPES = """
SELECT 'exposure of ' || scope || ' is ' || amount FROM exposures
WHERE amount <> (SELECT SUM(exposure_amount) FROM positions)"""
TOO_MUCH = """
SELECT 'repayments of ' || d.id || ' come to ' || SUM(r.amount) || ' of ' || (d.amount + d.fee_amount)
FROM drawdowns d JOIN repayments r ON r.drawdown_id = d.id
WHERE r.state IN ('scheduled', 'initiated', 'pending', 'in_doubt', 'settled') AND d.refinances IS NULL
    AND (r.state = 'settled' OR r.channel <> 'transfer')
    AND NOT EXISTS (SELECT 1 FROM repayments WHERE drawdown_id = d.id AND kind IN ('early', 'recovery', 'refund'))
GROUP BY d.id HAVING SUM(r.amount) > d.amount + d.fee_amount"""
"""While nobody pays of itself; whoever does may pay what a debit under way takes too, and is given it back.

A transfer that was asked for is not on its way: a reminder asks for what a debit may take first.
"""
OPEN_WORK = """
SELECT state || ' ' || id || ' ' || COALESCE(end_to_end_id, '') FROM drawdowns
WHERE state IN ('requested', 'approved', 'submitted', 'pending', 'in_doubt')
UNION ALL SELECT state || ' ' || id || ' ' || COALESCE(end_to_end_id, '') FROM repayments r
WHERE channel = 'debit' AND state IN ('scheduled', 'initiated', 'pending', 'in_doubt')
    AND NOT EXISTS (SELECT 1 FROM jobs WHERE subject_id = r.id AND problem = 'mandate_needed')
UNION ALL SELECT kind || ' ' || subject_id FROM jobs WHERE COALESCE(problem, '') <> 'mandate_needed'
    AND kind IN ('drawdown.decide', 'drawdown.instruct', 'repayment.collect', 'instruction.send')
UNION ALL SELECT 'unread ' || message_id FROM bank_messages WHERE state = 'stored'"""
"""What must have ended when nobody lies any more; a debit without a mandate waits for the merchant."""
INSTRUCTED = """
SELECT i.amount, i.kind FROM instructions i JOIN drawdowns d ON d.id = i.drawdown_id
LEFT JOIN repayments r ON r.id = i.repayment_id
WHERE i.end_to_end_id = ? AND d.evidence_json IS NOT NULL AND i.amount = COALESCE(r.amount, d.amount)
    AND i.end_to_end_id = COALESCE(r.end_to_end_id, d.end_to_end_id)"""
PAID = "SELECT end_to_end_id, state, amount FROM drawdowns WHERE end_to_end_id IS NOT NULL"
COLLECTED = """
SELECT end_to_end_id, channel || ' repayment', CASE WHEN channel = 'payout' THEN -SUM(amount) ELSE SUM(amount) END
FROM repayments WHERE end_to_end_id IS NOT NULL AND state = 'settled' AND channel <> 'transfer'
GROUP BY end_to_end_id, channel
UNION ALL SELECT 'to ' || drawdown_id, 'transfers', SUM(amount) FROM repayments
WHERE channel = 'transfer' AND state = 'settled' GROUP BY drawdown_id
UNION ALL SELECT end_to_end_id, 'remittance', received_amount FROM remittances"""
TRANSFERS = "SELECT end_to_end_id, 'to ' || drawdown_id FROM repayments WHERE channel = 'transfer'"
"""One under a reference that was withdrawn since is credited under another: a loan's transfers count together."""
WENT = frozenset({"active", "repaid", "charged_off", "refinanced"})
GREEDY = """
SELECT d.id FROM drawdowns d JOIN repayments r ON r.drawdown_id = d.id AND r.retry_of IS NULL AND r.kind = 'share'
    AND r.state NOT IN ('failed', 'canceled', 'returned')
GROUP BY d.id
HAVING SUM(r.amount) > d.withhold_bps * (SELECT COALESCE(SUM(s.net_amount), 0) FROM sales s
    WHERE s.merchant_id = d.merchant_id AND s.kind = 'sale' AND s.business_on > d.active_on) / 10000 + 1
    AND d.merchant_id NOT IN (SELECT merchant_id FROM erasures)"""
PARKED = "SELECT problem FROM bank_messages WHERE state = 'parked'"


async def beyond(tx: Tx, world: World, confirmed: Drawdown) -> list[str]:
    """In the very unit of a click: what is owed is within the fresh limit, and within what bank and partner lend."""
    clock = world.clock
    assert isinstance(clock, ForwardClock)
    assert confirmed.evidence is not None
    at, clock.at = clock.at, confirmed.evidence.confirmed_at  # a limit ends in a microsecond
    position = await positions.certain(tx, world, confirmed.merchant_id)
    judged = await limits.under(tx, world, position, confirmed.programme_id)
    clock.at = max(at, clock.at)
    if judged is None:
        return [f"{confirmed.id} was confirmed under a programme that is not in force"]
    bounds = limits.caps(judged.programme, confirmed.partner_id, confirmed.currency)
    rows = await tx.all(sql.exposures.of, scopes_json=[scope for scope, _ in bounds])
    used = {row[0]: row[1] for row in rows} | {confirmed.merchant_id: position.exposure_amount}
    bounds.append((confirmed.merchant_id, judged.assessment.limit_amount))
    return [f"{scope} owes {used[scope]}, above the limit of {cap}" for scope, cap in bounds if used[scope] > cap]


class Checks:
    """Asks the committed database and the bank's own books."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._look = run.database.look
        self._version = -1
        self._seen = self._one("SELECT COALESCE(MAX(rowid), 0) FROM postings")
        self._orders_count = 0
        self._orders: Counter[str] = Counter()

    def cheap(self) -> None:
        """After every step. Only a commit can have changed what is asked of the database."""
        if not self._run.database.settled:
            return
        self._payments()
        self._stored()
        version = self._run.database.changes_count
        if version != self._version:
            self._version = version
            problems = self._run.problems
            for query, values in ((UNBALANCED, (self._seen,)), (UNLIKE, ()), (SCOPES, ()), (TOO_MUCH, ())):
                problems += [row[0] for row in self._look(query, values)]
            self._seen = self._one("SELECT COALESCE(MAX(rowid), 0) FROM postings")

    def _payments(self) -> None:
        """Each payment the bank took is one that a merchant confirmed or owes, to the minor unit, and taken once."""
        bank = self._run.bank
        for order in bank.orders[self._orders_count :]:
            self._orders[order.end_to_end_id] += 1
            if self._orders[order.end_to_end_id] > 1:
                self._run.problems.append(f"the bank executes {order.end_to_end_id} twice")
            known = [tuple(row) for row in self._look(INSTRUCTED, (order.end_to_end_id,))]
            if len(known) != 1 or known[0][0] != order.amount or (known[0][1] == "collection") is not order.debit:
                problem = f"the bank executes {order.end_to_end_id} of {order.amount}, we know {known}"
                self._run.problems.append(problem)
        self._orders_count = len(bank.orders)

    # --- the end -----------------------------------------------------------------------------------------------------

    def ended(self) -> bool:
        """Whether nothing is under way."""
        return self._run.bank.quiet and not self._look(OPEN_WORK)

    def last(self) -> None:
        """Everything has ended, and the bank's books are ours."""
        problems = self._run.problems
        problems += [f"never ends: {row[0]}" for row in self._look(OPEN_WORK)]
        excused = self._excused()
        problems += [f"more than its share of the sales was withheld: {row[0]}" for row in self._look(GREEDY)]
        truth = self._truth()
        for reference, (kind, state, ours) in self._ours().items():
            amount = truth.pop(reference, 0)
            if amount != ours and reference not in excused:
                problems.append(f"{kind} {reference} is {state}, the bank booked {amount}")
        problems += [
            f"the bank booked {amount} of {reference}, unknown here"
            for reference, amount in truth.items()
            if reference not in excused
        ]

    def _excused(self) -> set[str]:
        """Payments that a person was told of, of which the bank lied, or whose payout came back after repayments."""
        bank, parked = self._run.bank, " ".join(row[0] or "" for row in self._look(PARKED))
        returned = {one.order.end_to_end_id for one in bank.bookings if one.returned and not one.order.debit}
        return {reference for reference in bank.lied_about | returned if reference in parked}

    def _stored(self) -> None:
        """What the bank may forget because we said that we have it."""
        told = self._run.rail.acknowledged
        if told:
            kept = {row[0] for row in self._look("SELECT message_id FROM bank_messages")}
            self._run.problems += [f"message {one} is not stored" for one in told if one not in kept]
            told.clear()

    def _truth(self) -> dict[str, int]:
        """Reference, or the loan that transfers are for → what moved on the account in all."""
        moved: Counter[str] = Counter()
        loans = dict(self._look(TRANSFERS))
        for booking in self._run.bank.bookings:
            reference = booking.order.end_to_end_id
            moved[loans.get(reference, reference)] += booking.amount
        return {reference: amount for reference, amount in moved.items() if amount}

    def _ours(self) -> dict[str, tuple[str, str, int]]:
        """Reference → what states and amounts say has moved."""
        found: dict[str, tuple[str, str, int]] = {}
        for reference, state, amount in self._look(PAID):
            found[reference] = ("drawdown", state, -amount if state in WENT else 0)
        for reference, what, amount in self._look(COLLECTED):
            found[reference] = (what, "settled", amount)
        return found

    def counts(self) -> tuple[int, int, int]:
        """Payments and debits that the bank took, and drawdowns repaid."""
        debits = sum(order.debit for order in self._run.bank.orders)
        repaid = self._one("SELECT COUNT(*) FROM drawdowns WHERE state = 'repaid'")
        return len(self._run.bank.orders) - debits, debits, repaid

    def _one(self, query: str) -> Any:
        return self._look(query)[0][0]
