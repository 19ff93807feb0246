"""The simulated bank: accounts of its own, its own books, and no code of the gateway's.

It knows payments by their `end_to_end_id` and files by their bytes: a copy of a file is never executed again, another
file with the same payment is. What it booked is the truth; what it says of it may come late, twice, or not at all.
"""

from __future__ import annotations

import hashlib
import heapq
import itertools
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.simulation.clocks import ForwardClock
    from tests.simulation.steps import Steps
    from tests.simulation.tempers import Temper, Traits

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
REFUSALS = ("AC04", "AM04", "BE05", "FF01", "AG01")
COPY_REFUSALS = ("DUPL", "AM05")
DEBIT_RETURNS = ("AM04", "MD01", "MD06", "AC04")
PAYOUT_RETURNS = ("AC04", "AC01", "BE05")


class Order(msgspec.Struct, frozen=True):
    """One payment as the bank reads it from a file: a debit collects from the merchant, else it is paid."""

    end_to_end_id: str
    message_id: str
    debit: bool
    amount: int
    currency: str
    counterparty: str
    """The account it is paid to or collected from."""


class Booking(msgspec.Struct, frozen=True):
    """Money that moved on the gateway's account: `amount` > 0 came in."""

    order: Order
    amount: int
    returned: bool
    booked_on: date
    reference: str
    reason: str | None = None


class Statement(msgspec.Struct, frozen=True):
    """A period of the gateway's account, with the balances around it; what it omits, its balances show."""

    sequence: int
    from_on: date
    through_on: date
    currency: str
    opening_amount: int
    closing_amount: int
    bookings: tuple[Booking, ...]


class Answer(msgspec.Struct, frozen=True):
    """What the bank says at once to a file."""

    accepted: bool
    reason: str | None = None


class Language(Protocol):
    """How bank and gateway write to each other."""

    def orders(self, message: bytes) -> list[Order]:
        """The payments in a file."""

    def status(self, order: Order, code: str, reason: str | None) -> bytes:
        """A word on a payment."""

    def advice(self, booking: Booking) -> bytes:
        """A booking, as it happens."""

    def statement(self, said: Statement) -> bytes:
        """A statement."""


class SimBank:
    """See the module. `bookings` is what truly happened; `mailbox` what the gateway may fetch."""

    def __init__(
        self, random: Random, clock: ForwardClock, steps: Steps, language: Language, *, temper: Temper, traits: Traits
    ) -> None:
        self.random, self.temper, self.language = random, temper, language
        self.bookings: list[Booking] = []
        self.orders: list[Order] = []
        """Accepted for execution, once each file."""
        self.refused: dict[str, tuple[Order, str]] = {}
        """Reference → the order, and why it was and stays refused."""
        self.mailbox: dict[str, bytes] = {}
        self._clock, self._steps = clock, steps
        self._files: dict[bytes, datetime] = {}
        self._known_hours = traits.resend_hours
        """For so long, and an hour more, a copy of a file is known as one; None = for ever."""
        self.lied_about: set[str] = set()
        """What it said to be refused, and paid."""
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._numbers = itertools.count(1)
        self._unstated: list[Booking] = []
        self._sequence = itertools.count(1)
        self._balance = 0
        self._began_on = self._stated_on = clock.at.date()
        self._silent_until = clock.at

    def happens(self, chances: int) -> bool:
        """Whether something with so many chances in a million does."""
        return self.random.random() * 1_000_000 < chances

    def now(self) -> datetime:
        """What its clock says."""
        return self._clock.at

    def receive(self, message: bytes) -> Answer:
        """A file arrives."""
        digest, now = hashlib.sha256(message).digest(), self._clock.at
        came_at = self._files.get(digest)
        if came_at is not None and (self._known_hours is None or now < came_at + HOUR * (self._known_hours + 1)):
            return self._to_copy()
        self._files[digest] = now
        (order,) = self.language.orders(message)
        self._steps.note(f"bank gets {order.end_to_end_id} {order.amount}")
        if self.happens(self.temper.refuse):
            return Answer(accepted=False, reason=self._refuse(order))
        self.orders.append(order)
        takes = HOUR * self.random.randrange(72, 200) if self.happens(self.temper.delay) else HOUR
        if self.happens(self.temper.reject):
            self._later(takes, lambda: self._reject(order))
        else:
            self._later(takes, lambda: self._execute(order))
            self._contradict(order, takes)
        return Answer(accepted=True)

    def take_in(self, reference: str, amount: int, after: timedelta) -> None:
        """Somebody will send money under a reference, as they were told to."""
        order = Order(reference, "", debit=True, amount=amount, currency="EUR", counterparty="")
        self._later(after, lambda: self._take_in(order))

    def _take_in(self, order: Order) -> None:
        self._steps.note(f"bank takes in {order.end_to_end_id} {order.amount}")
        self._book(order, order.amount)

    def _to_copy(self) -> Answer:
        if self.happens(self.temper.refuse_copy):
            return Answer(accepted=False, reason=self.random.choice(REFUSALS))
        reason = self.random.choice((None, *COPY_REFUSALS))
        return Answer(accepted=reason is None, reason=reason)

    def _contradict(self, order: Order, takes: timedelta) -> None:
        """Say that it was refused, some time before or after it is paid."""
        if self.happens(self.temper.contradict):
            at = takes * self.random.random() * 2
            self.lied_about.add(order.end_to_end_id)
            self._later(at, lambda: self._say(order, "RJCT", self.random.choice(REFUSALS)))

    def _refuse(self, order: Order) -> str:
        reason = self.random.choice(REFUSALS)
        self.refused[order.end_to_end_id] = order, reason
        return reason

    def _reject(self, order: Order) -> None:
        self._say(order, "RJCT", self._refuse(order))

    def _execute(self, order: Order) -> None:
        self._steps.note(f"bank {'debits' if order.debit else 'pays'} {order.end_to_end_id}")
        if self.happens(500_000):
            self._say(order, "ACSC", None)
        booking = self._book(order, order.amount if order.debit else -order.amount)
        if self.happens(self.temper.give_back):
            self._later(HOUR * self.random.randrange(1, 24 * 20), lambda: self._give_back(booking))

    def _give_back(self, booking: Booking) -> None:
        self._steps.note(f"bank returns {booking.order.end_to_end_id}")
        reasons = DEBIT_RETURNS if booking.order.debit else PAYOUT_RETURNS
        self._book(booking.order, -booking.amount, returned=True, reason=self.random.choice(reasons))

    def _book(self, order: Order, amount: int, *, returned: bool = False, reason: str | None = None) -> Booking:
        number = next(self._numbers)
        booking = Booking(order, amount, returned, self._clock.at.date(), f"B{number}", reason)
        self.bookings.append(booking)
        if not self.happens(self.temper.omit):
            self._send(self.language.advice(booking))
        if not self.happens(self.temper.omit):
            self._unstated.append(booking)
        return booking

    def word_on(self, reference: str) -> bytes | None:
        """What it answers when asked after a payment; None = nothing."""
        if self._clock.at < self._silent_until:
            return None
        if reference in self.refused:
            order, reason = self.refused[reference]
            return self.language.status(order, "RJCT", reason)
        order_taken = next((order for order in self.orders if order.end_to_end_id == reference), None)
        if order_taken is None:
            return None
        moved = any(booking.order.end_to_end_id == reference for booking in self.bookings)
        return self.language.status(order_taken, "ACSC" if moved else "ACSP", None)

    def _say(self, order: Order, code: str, reason: str | None) -> None:
        self._steps.note(f"bank says {code} of {order.end_to_end_id}")
        self._send(self.language.status(order, code, reason))

    def _send(self, message: bytes) -> None:
        times = 1 + self.happens(self.temper.duplicate)
        for _ in range(times):
            self.mailbox[self.new_id()] = message

    def new_id(self) -> str:
        """The name of a message."""
        return f"B{next(self._numbers):08}"

    def _later(self, after: timedelta, act: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self._clock.at + after, next(self._numbers), act))

    def live(self) -> None:
        """Do what has come due by the clock, and state each day that is over."""
        now = self._clock.at
        while self._due and self._due[0][0] <= now:
            heapq.heappop(self._due)[2]()
        if now.date() > self._stated_on:
            self._state(self._stated_on, self._unstated)
            self._stated_on, self._unstated = now.date(), []

    def become_honest(self, temper: Temper) -> None:
        """From now on nothing is lost; what was refused is told again, and one statement has all that ever happened."""
        self.temper, self._silent_until = temper, self._clock.at
        for order, reason in self.refused.values():
            self._say(order, "RJCT", reason)
        self._balance = 0
        self._state(self._began_on, self.bookings)

    @property
    def quiet(self) -> bool:
        """Whether nothing is left to do and nothing to fetch."""
        return not self._due and not self.mailbox and not self._unstated

    def looked_into(self) -> dict[str, bytes]:
        """What the mailbox shows just now; nothing while the bank is silent."""
        if self._clock.at >= self._silent_until and self.happens(self.temper.silence):
            self._silent_until = self._clock.at + HOUR * self.random.randrange(6, 24 * 9)
        return {} if self._clock.at < self._silent_until else self.mailbox

    def _state(self, from_on: date, bookings: list[Booking]) -> None:
        """State the days from `from_on` until yesterday, or today when the books are closed for good."""
        opening, self._balance = self._balance, sum(booking.amount for booking in self.bookings)
        if bookings:
            through_on = max(from_on, bookings[-1].booked_on)
            currency, sequence = bookings[0].order.currency, next(self._sequence)
            self._send(self.language.statement(
                Statement(sequence, from_on, through_on, currency, opening, self._balance, tuple(bookings))
            ))  # fmt: skip
