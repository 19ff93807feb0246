"""What the core needs of a bank, in words no bank owns. Adapters implement it; only the composition root knows which.

Amounts are integer minor units inside `Money`; instants are aware UTC datetimes; dates are the bank's own calendar.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import msgspec

from gateway.domain.errors import Invalid, Upstream
from gateway.domain.mandates import MandateScheme
from gateway.domain.money import Money

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.domain.bank_decisions import Application, BankDecision


class PaymentStatus(StrEnum):
    """ISO 20022 external payment transaction status codes (ExternalPaymentTransactionStatus1Code)."""

    RCVD = "RCVD"
    PDNG = "PDNG"
    ACTC = "ACTC"
    ACCP = "ACCP"
    ACFC = "ACFC"
    ACSP = "ACSP"
    ACSC = "ACSC"
    ACCC = "ACCC"
    ACWC = "ACWC"
    PART = "PART"
    RJCT = "RJCT"
    CANC = "CANC"
    BLCK = "BLCK"


class Account(msgspec.Struct, frozen=True):
    """An account at a bank: an IBAN (ISO 13616), or another scheme's number, and its bank's BIC (ISO 9362).

    `clearing_id` is the bank's id in its country's clearing, where it has no BIC: a US routing number of nine digits.
    """

    iban: str | None = None
    other_id: str | None = None
    bic: str | None = None
    clearing_id: str | None = None
    savings: bool = False
    """A savings account, which some rails (NACHA) address otherwise than a checking account."""
    consumer: bool = False
    """A private person's account, which some rails (NACHA) debit and credit under rules of its own."""


class Address(msgspec.Struct, frozen=True):
    """A postal address in its parts, as payment messages carry it; `country` as ISO 3166-1 alpha-2."""

    country: str
    town: str
    post_code: str | None = None
    street: str | None = None  # with the building's number


class Party(msgspec.Struct, frozen=True):
    """Who pays or is paid: a name, an account, and the address for banks that ask for one."""

    name: str
    account: Account
    address: Address | None = None


class Payout(msgspec.Struct, frozen=True):
    """One credit transfer: the drawdown's money from the bank's funding account to the merchant."""

    end_to_end_id: str
    message_id: str
    amount: Money
    debtor: Party
    creditor: Party
    execute_on: date
    created_at: datetime
    remittance: str


class Collection(msgspec.Struct, frozen=True):
    """One direct debit: a repayment from the merchant to the bank's collection account, under a mandate."""

    end_to_end_id: str
    message_id: str
    amount: Money
    creditor: Party
    creditor_scheme_id: str
    debtor: Party
    mandate_id: str
    mandate_signed_on: date
    sequence: str  # FRST, RCUR, FNAL or OOFF (ISO 20022 SequenceType3Code)
    collect_on: date
    created_at: datetime
    remittance: str


class Ack(msgspec.Struct, frozen=True):
    """The bank's immediate answer to a submission: taken, or refused for good with an ISO reason (`DUPL`, `FF01` …)."""

    accepted: bool
    reason: str | None = None
    detail: str | None = None
    bank_reference: str | None = None  # the bank's own id of the payment, where it gives one: it is asked after by it


class Sent(msgspec.Struct, frozen=True):
    """An instruction that may be with the bank: its reference, the bytes, and the bank's own id where it gave one."""

    end_to_end_id: str
    message: bytes
    bank_reference: str | None = None


class BankEventKind(StrEnum):
    """What a bank message says happened."""

    status = "status"  # pain.002: the bank's word on an instruction
    booked = "booked"  # camt.054/053: money moved on our account
    returned = "returned"  # pacs.004, or a booked return: money came back or was taken back
    correction = "correction"  # NACHA addenda 98: account data to use from now on; a hint, never applied by itself
    statement = "statement"  # camt.053: a period of our account, its number and its balances; moves nothing by itself


class BankEvent(msgspec.Struct, frozen=True):
    """One fact read from a bank's message: about one payment, or about one whole statement.

    `status` is set for kind status; `amount`, `credit` (True = our account was credited) and `booked_on` for
    booked and returned. `end_to_end_id` is None where the bank names only the file (`original_message_id`). `account`
    is our own account, the one the entry is booked on; an announced return (pacs.004) has neither it nor `booked_on`,
    because the booked entry that follows is the money.
    """

    kind: BankEventKind
    source: str  # the message's type, e.g. "pain.002.001.10"
    end_to_end_id: str | None
    original_message_id: str | None = None
    status: PaymentStatus | None = None
    reason: str | None = None
    detail: str | None = None
    amount: Money | None = None
    credit: bool | None = None
    booked_on: date | None = None
    account: Account | None = None
    bank_reference: str | None = None
    counterparty: Account | None = None  # whose account the money went to or came from, where a booked entry says
    corrected: Account | None = None  # kind correction: what of the counterparty's account its bank says is otherwise
    entry_reference: str | None = None  # the entry's name at the bank wherever it tells of it; payments may share it
    statement_id: str | None = None  # kind statement, and the entries that stand on it, which follow its fact
    sequence: int | None = None  # kind statement: one more than that of the account's statement before
    opening: Money | None = None  # kind statement: the booked balances around its entries, below zero when overdrawn
    closing: Money | None = None
    from_on: date | None = None  # kind statement: its first and last day, as the bank writes them
    through_on: date | None = None


class InboundMessage(msgspec.Struct, frozen=True):
    """One message from the bank's mailbox, as raw bytes, with the bank's own unique id for it."""

    message_id: str
    body: bytes


class Capabilities(msgspec.Struct, frozen=True):
    """What a rail can do; the gateway plans by it and never probes."""

    currencies: frozenset[str]
    reference_length: int  # the longest `end_to_end_id` it carries; `references.shortened` makes one that fits
    files_per_day: int | None = None
    """It knows a file only by its number of the day: `message_id` is `references.numbered(day, number)`, number below
    this and never given twice by one bank's instructions; None = any `message_id` will do."""
    entry_references: bool = True
    """Each booked entry has a reference of the bank's own, the same wherever the bank tells of it."""
    return_reasons: bool = True
    """A booked return says why; where not, only its announcement does."""
    returns_unbooked: bool = False
    """A payment refused after the file was taken is told as an announced return, though nothing was ever booked."""
    instant: bool = False
    pays_out: bool = True
    collects: bool = True  # it can debit a merchant under a mandate
    most_amounts: dict[str, int] = {}
    """The most that one debit may take, in minor units by currency; in others any amount."""
    mandate_schemes: dict[str, MandateScheme] = {}
    """Whose rules its debits follow, by currency; in others nobody's we know."""
    states: bool = True
    """Booked entries come through its mailbox; where not, another rail's statements must show them."""
    resend_hours: int | None = None
    """For so long identical bytes under the same ids are surely known as a copy; None = for ever."""
    cutoff: str = "23:59"
    """The local time (HH:MM in `timezone`) until which an instruction goes out on the same banking day."""
    timezone: str = "UTC"
    calendar: str | None = None
    """The financial calendar of its banking days; None = every day."""
    lead_days: int = 0
    """So many banking days lie between handing a debit over and the day it can be collected."""


class Unreachable(Upstream):
    """The bank was not reached: nothing was sent, the same bytes may go again at any time."""

    code = "bank_unreachable"
    title = "The bank cannot be reached"


class NotYet(Unreachable):
    """The bank was reached and does not refuse, but this cannot go now: nobody agreed yet, or it is too early."""

    code = "bank_not_yet"
    title = "It is not time for that at the bank"


class Unanswered(Upstream):
    """Bytes may have reached the bank and no usable answer came: only the identical bytes may ever go again."""

    code = "bank_unanswered"
    title = "The bank did not answer"


class Unrenderable(Invalid):
    """A payment that this bank's language has no words for: nothing was stored or sent."""

    code = "payment_not_renderable"
    title = "The payment cannot be written for this bank"


class Unreadable(Upstream):
    """A bank's message cannot be read: malformed, unknown, or unsafe. It is parked, and nothing moves."""

    code = "bank_message_unreadable"
    title = "A bank message cannot be read"


class Forged(Upstream):
    """A callback that is not the bank's own: unsigned, wrongly signed, or too old."""

    code = "bank_callback_forged"
    title = "The callback is not the bank's"


class Rail(Protocol):
    """A way to send a bank instructions. `render_*` and `read` are pure; the rest talk and hold no state."""

    capabilities: Capabilities

    def render_payout(self, payout: Payout) -> bytes:
        """The exact bytes to store before anything is sent."""

    def render_collection(self, collection: Collection) -> bytes:
        """The exact bytes to store before anything is sent."""

    async def submit(self, message: bytes) -> Ack:
        """Send stored bytes. Raises Unreachable (surely not sent) or Unanswered (may have been sent)."""

    async def fetch(self) -> list[InboundMessage]:
        """Messages waiting in our mailbox, oldest first; they stay there until `acknowledge`. Raises Unreachable."""

    async def acknowledge(self, message_ids: list[str]) -> None:
        """Tell the bank these were stored durably; afterwards `fetch` need not repeat them (it may)."""

    def read(self, body: bytes) -> list[BankEvent]:
        """The facts in one stored message. Raises Unreadable."""


@runtime_checkable
class Inquiries(Protocol):
    """A rail that can be asked after one payment; its adapter implements this beside `Rail`."""

    async def status(self, sent: Sent) -> list[InboundMessage]:
        """What the bank says of one instruction, to be stored and `read` like any message of its mailbox.

        Empty = it knows nothing of it (yet), which proves nothing. Raises Unreachable.
        """


@runtime_checkable
class Callbacks(Protocol):
    """A rail whose bank calls us; its adapter implements this beside `Rail`."""

    def parse_inbound(self, headers: Mapping[str, str], body: bytes) -> InboundMessage:
        """A callback whose signature holds on the raw bytes; `headers` have lower-case names. Raises Forged.

        The same callback always has the same message id. What it says is a hint until status or statement confirm it.
        """


class TestClock(Protocol):
    """A sandbox bank's own clock, moved together with the gateway's business clock."""

    async def advance(self, to: datetime) -> None:
        """Move the bank's calendar to the date of `to`, a day at a time, releasing what comes due; never backwards."""


class LoanDecision(Protocol):
    """The bank's own credit decision on one drawdown; the gateway's score is advice to it."""

    async def decide(self, application: Application) -> BankDecision:
        """What the bank says now. Raises Unreachable or Unanswered; the same question may then be asked again.

        The bank may see a question twice (same `drawdown_id` and `number`) and then answers as it did before.
        """
