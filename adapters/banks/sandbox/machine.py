"""The built-in bank: its books as one value, what an order makes of them, and what time does. No I/O, no clock.

It knows a payment by its reference and executes it once. What it booked is the truth; what it says of that, and when,
is as it was told to behave.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from adapters.banks.sandbox.wire import Order, letter
from gateway.bank_ports import Ack, BankEvent, BankEventKind, PaymentStatus
from gateway.domain.money import Money
from gateway.domain.sandbox_banks import BankBehaviour, Debits, Payouts, Tells

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KNOWN = timedelta(days=3)
"""How long it knows a copy of an order as one."""
NO_MONEY, CLOSED_ACCOUNT, NO_MANDATE = "AM04", "AC04", "MD01"
"""ISO 20022 external status reason codes."""
_DEFAULT = BankBehaviour()


class Payment(msgspec.Struct):
    """An order under way until it is `done`; `returns_on` once it was booked and will be given back."""

    order: Order
    accepted: bool = False
    returns_on: date | None = None
    done: bool = False


class Entry(msgspec.Struct, frozen=True):
    """Money that moved on the bank's account: `amount` > 0 came in."""

    number: int
    reference: str
    currency: str
    amount: int
    returned: bool
    reason: str | None
    booked_on: date


class Statement(msgspec.Struct, frozen=True):
    """The account's days from `from_on` to `through_on` in one currency; the balances are of all its entries."""

    sequence: int
    currency: str
    from_on: date
    through_on: date
    opening_amount: int
    closing_amount: int
    entries: list[Entry]


class Letter(msgspec.Struct, frozen=True):
    """A message; `about` a payment, where it is about one."""

    number: int
    facts: list[BankEvent]
    about: str | None = None
    booked: bool = False

    def body(self) -> bytes:
        """As it goes out."""
        return letter(self.facts)


class Books(msgspec.Struct):
    """Everything the bank knows. `kept_back` are letters and statements it was told not to tell yet."""

    number: int = 0
    payments: list[Payment] = []
    known: dict[str, datetime] = {}
    unstated: list[Entry] = []
    balances: dict[str, int] = {}
    sequences: dict[str, int] = {}
    mailbox: list[Letter] = []
    kept_back: list[Letter] = []
    incomplete: list[Statement] = []

    def references(self) -> list[str]:
        """The payments whose behaviour matters now."""
        found = {one.order.reference for one in self.payments} | {one.reference for one in self.unstated}
        found |= {one.about for one in self.kept_back if one.about is not None}
        return sorted(found | {entry.reference for one in self.incomplete for entry in one.entries})


def take(books: Books, order: Order, behaviour: BankBehaviour, now: datetime) -> Ack:
    """An order arrives: once it is taken, a copy of it is only said to be one."""
    books.known = {name: at for name, at in books.known.items() if now - at < KNOWN}
    if order.reference in books.known:
        return Ack(accepted=False, reason="DUPL")
    if order.debit and behaviour.debits is Debits.refuse:
        return Ack(accepted=False, reason=NO_MANDATE)
    books.known[order.reference] = now
    books.payments.append(Payment(order))
    return Ack(accepted=True)


def live(books: Books, behaviours: Mapping[str, BankBehaviour], now: datetime) -> None:
    """Do what has come due, tell what may be told now, and state the days that are over."""
    today = now.date()
    _state(books, behaviours, [entry for entry in books.unstated if entry.booked_on < today])
    books.unstated = [entry for entry in books.unstated if entry.booked_on >= today]
    for payment in books.payments:
        _execute(books, payment, behaviours.get(payment.order.reference, _DEFAULT), today)
    books.payments = [one for one in books.payments if not one.done]
    _release(books, behaviours)


def acknowledge(books: Books, numbers: Iterable[int]) -> None:
    """These letters were stored."""
    gone = set(numbers)
    books.mailbox = [one for one in books.mailbox if one.number not in gone]


def _execute(books: Books, payment: Payment, behaviour: BankBehaviour, today: date) -> None:
    order = payment.order
    if payment.returns_on is not None:
        if today >= payment.returns_on:
            _book(books, payment, behaviour, today, returned=True)
            payment.done = True
        return
    if not payment.accepted:
        payment.accepted = True
        _say(books, order, behaviour, PaymentStatus.ACSP)
    does = behaviour.debits if order.debit else behaviour.payouts
    if does in {Debits.hold, Payouts.hold} or (order.debit and today < order.due_on):
        return
    if does in {Debits.fail, Debits.refuse, Payouts.reject}:
        _say(books, order, behaviour, PaymentStatus.RJCT, NO_MONEY if order.debit else CLOSED_ACCOUNT)
        payment.done = True
        return
    _book(books, payment, behaviour, today)
    if behaviour.tells is Tells.contradictions:
        _say(books, order, behaviour, PaymentStatus.RJCT, NO_MONEY if order.debit else CLOSED_ACCOUNT)
    if does in {Debits.give_back, Payouts.give_back}:
        payment.returns_on = today + timedelta(days=behaviour.return_days)
    else:
        payment.done = True


def _book(books: Books, payment: Payment, behaviour: BankBehaviour, today: date, *, returned: bool = False) -> None:
    order = payment.order
    books.number += 1
    amount = order.money.amount if order.debit is not returned else -order.money.amount
    reason = (NO_MONEY if order.debit else CLOSED_ACCOUNT) if returned else None
    entry = Entry(books.number, order.reference, order.money.currency, amount, returned, reason, today)
    books.unstated.append(entry)
    _tell(books, [_fact(entry)], order.reference, behaviour, booked=True)


def _say(
    books: Books, order: Order, behaviour: BankBehaviour, status: PaymentStatus, reason: str | None = None
) -> None:
    said = BankEvent(BankEventKind.status, "sandbox.status", order.reference, status=status, reason=reason)
    _tell(books, [said], order.reference, behaviour)


def _fact(entry: Entry, statement_id: str | None = None) -> BankEvent:
    return BankEvent(
        BankEventKind.returned if entry.returned else BankEventKind.booked,
        "sandbox.entry" if statement_id is None else "sandbox.statement",
        entry.reference,
        reason=entry.reason,
        amount=Money(abs(entry.amount), entry.currency),
        credit=entry.amount > 0,
        booked_on=entry.booked_on,
        bank_reference=f"SB{entry.number}",
        entry_reference=f"SB{entry.number}",
        statement_id=statement_id,
    )


def _tell(
    books: Books, facts: list[BankEvent], about: str | None, behaviour: BankBehaviour, *, booked: bool = False
) -> None:
    """Put a message into the mailbox, twice where that is wanted, or keep it back."""
    for _ in range(2 if behaviour.tells is Tells.twice else 1):
        books.number += 1
        one = Letter(books.number, facts, about, booked)
        (books.kept_back if _is_kept_back(behaviour, booked=booked) else books.mailbox).append(one)


def _is_kept_back(behaviour: BankBehaviour, *, booked: bool) -> bool:
    return behaviour.tells is Tells.nothing or (booked and behaviour.tells is Tells.no_bookings)


def _release(books: Books, behaviours: Mapping[str, BankBehaviour]) -> None:
    """Tell what was kept back and need not be any more; an incomplete statement comes again, complete."""
    kept: list[Letter] = []
    for one in books.kept_back:
        behaviour = behaviours.get(one.about or "", _DEFAULT)
        (kept if _is_kept_back(behaviour, booked=one.booked) else books.mailbox).append(one)
    books.kept_back = kept
    incomplete = []
    for statement in books.incomplete:
        if _shown(statement, behaviours) == statement.entries:
            _tell(books, _facts(statement, statement.entries), None, _DEFAULT)
        else:
            incomplete.append(statement)
    books.incomplete = incomplete


def _state(books: Books, behaviours: Mapping[str, BankBehaviour], entries: list[Entry]) -> None:
    """One statement a currency over the days that are over."""
    by_currency: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_currency[entry.currency].append(entry)
    for currency, of_it in sorted(by_currency.items()):
        opening = books.balances.get(currency, 0)
        closing = books.balances[currency] = opening + sum(entry.amount for entry in of_it)
        sequence = books.sequences[currency] = books.sequences.get(currency, 0) + 1
        first_on, last_on = min(entry.booked_on for entry in of_it), max(entry.booked_on for entry in of_it)
        statement = Statement(sequence, currency, first_on, last_on, opening, closing, of_it)
        shown = _shown(statement, behaviours)
        if shown != of_it:
            books.incomplete.append(statement)
        _tell(books, _facts(statement, shown), None, _DEFAULT)


def _shown(statement: Statement, behaviours: Mapping[str, BankBehaviour]) -> list[Entry]:
    return [
        entry
        for entry in statement.entries
        if not _is_kept_back(behaviours.get(entry.reference, _DEFAULT), booked=True)
    ]


def _facts(statement: Statement, entries: list[Entry]) -> list[BankEvent]:
    name = f"{statement.currency}-{statement.sequence}"
    head = BankEvent(
        BankEventKind.statement,
        "sandbox.statement",
        None,
        statement_id=name,
        sequence=statement.sequence,
        opening=Money(statement.opening_amount, statement.currency),
        closing=Money(statement.closing_amount, statement.currency),
        from_on=statement.from_on,
        through_on=statement.through_on,
    )
    return [head, *(_fact(entry, name) for entry in entries)]
