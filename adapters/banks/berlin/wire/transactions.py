"""The list of transactions of our account: its pages, and the facts in one entry."""

from __future__ import annotations

import re
from datetime import date

import msgspec

from adapters.banks.berlin.wire import reasons
from adapters.banks.berlin.wire.status import Link
from adapters.banks.berlin.wire.wrapping import Kind, Label, decoded, wrapped
from gateway.bank_ports import Account, BankEvent, BankEventKind, InboundMessage, PaymentStatus, Unreadable
from gateway.domain.errors import Invalid
from gateway.domain.money import MAX_AMOUNT, Money, parse_decimal

_RETURN_CODES = frozenset({"RRTN", "UPDD", "PRDD", "RPCR"})
"""ISO bank transaction sub-families that say money went back, as in `PMNT-ICDT-RRTN`."""
_AMOUNT = re.compile(r"-?[0-9]{1,14}(\.[0-9]{1,3})?")
_NOT_PROVIDED = "NOTPROVIDED"
_DETAIL_LENGTH = 500


class _Amount(msgspec.Struct, frozen=True):
    currency: str
    amount: str


class _Reference(msgspec.Struct, frozen=True):
    iban: str | None = None


class _Part(msgspec.Struct, frozen=True, rename="camel"):
    """One payment of an entry that books several."""

    transaction_amount: _Amount
    end_to_end_id: str | None = None


class _Entry(msgspec.Struct, frozen=True, rename="camel"):
    """The parts of an entry that say which payment it is and what moved."""

    transaction_amount: _Amount
    transaction_id: str | None = None
    entry_reference: str | None = None
    end_to_end_id: str | None = None
    booking_date: date | None = None
    bank_transaction_code: str | None = None
    additional_information: str | None = None
    remittance_information_unstructured: str | None = None
    entry_details: tuple[_Part, ...] = ()
    creditor_account: _Reference | None = None
    debtor_account: _Reference | None = None
    debtor_name: str | None = None

    def goes_back(self) -> bool:
        """Whether its transaction code is one of money going back."""
        return (self.bank_transaction_code or "").rpartition("-")[2] in _RETURN_CODES


class _Named(msgspec.Struct, frozen=True, rename="camel"):
    """As little of an entry as it takes to find one payment's and to put entries in order."""

    end_to_end_id: str | None = None
    booking_date: str | None = None
    entry_details: tuple[_Named, ...] = ()


class _Report(msgspec.Struct, frozen=True):
    booked: tuple[msgspec.Raw, ...] = ()
    pending: tuple[msgspec.Raw, ...] = ()
    links: dict[str, Link] = msgspec.field(default_factory=dict, name="_links")


class _List(msgspec.Struct, frozen=True):
    transactions: _Report | None = None
    account: _Reference | None = None


class Page(msgspec.Struct, frozen=True):
    """One page of the list: its entries as the bank wrote them, and where the next page is."""

    booked: tuple[bytes, ...]
    pending: tuple[bytes, ...]
    next_href: str | None


def read_page(answer: bytes, iban: str) -> Page:
    """One page about our account `iban`. Raises Unreadable, also for another account's list."""
    told = decoded(answer, _List, "the list of transactions cannot be read")
    if told.transactions is None:
        raise Unreadable("the bank gives the list of transactions in another form than asked for")
    if told.account is not None and told.account.iban not in {None, iban}:
        raise Unreadable("the list of transactions is another account's")
    report = told.transactions
    after = report.links.get("next")
    return Page(tuple(map(bytes, report.booked)), tuple(map(bytes, report.pending)), after.href if after else None)


def booked_on(iban: str) -> Label:
    """What is to be known of a booked entry: whichever way it is read, it is the same message."""
    return Label(Kind.booked, iban=iban)


def as_messages(label: Label, entries: list[bytes]) -> list[InboundMessage]:
    """Entries as messages, oldest booking first. The same entry always has the same message id."""
    seen: dict[bytes, int] = {}
    messages = []
    for entry in sorted(entries, key=lambda raw: _named(raw).booking_date or ""):
        seen[entry] = seen.get(entry, 0) + 1
        messages.append(wrapped(label, entry, number=seen[entry]))
    return messages


def is_about(entry: bytes, end_to_end_id: str) -> bool:
    """Whether an entry, or a payment within it, carries this reference."""
    named = _named(entry)
    return end_to_end_id in {named.end_to_end_id, *(part.end_to_end_id for part in named.entry_details)}


def read_booked(label: Label, answer: bytes) -> list[BankEvent]:
    """A booked entry's payments; one event for the whole where the bank does not split it exactly."""
    entry = _entry(answer)
    booked = _money(entry.transaction_amount)
    _check_direction(entry, booked, label.iban)
    parts = [(part, _money(part.transaction_amount)) for part in entry.entry_details]
    whole = sum(amount.amount for _, amount in parts)
    if parts and whole == booked.amount and {amount.currency for _, amount in parts} == {booked.currency}:
        return [_event(label, entry, part.end_to_end_id or "", amount) for part, amount in parts]
    return [_event(label, entry, entry.end_to_end_id or "", booked)]


def read_pending(label: Label, answer: bytes) -> list[BankEvent]:
    """An entry that is not booked: the bank has the payment, and no more is said."""
    _entry(answer)
    return [
        BankEvent(
            kind=BankEventKind.status,
            source=label.source,
            end_to_end_id=label.end_to_end_id,
            original_message_id=label.message_id,
            status=PaymentStatus.PDNG,
            detail="pending on the account",
        )
    ]


def _check_direction(entry: _Entry, booked: Money, iban: str | None) -> None:
    """Refuses a debit without its minus, as one of the standard's own examples has it: nobody guesses a direction."""
    payee = entry.creditor_account.iban if entry.creditor_account else None
    names_debtor = entry.debtor_account is not None or entry.debtor_name is not None
    if booked.amount > 0 and payee not in {None, iban} and not names_debtor and not entry.goes_back():
        raise Unreadable("an entry that names a payee has no minus: this bank leaves out signs")


def _event(label: Label, entry: _Entry, end_to_end_id: str, moved: Money) -> BankEvent:
    if entry.booking_date is None:
        raise Unreadable("a booked entry has no bookingDate")
    returned = entry.goes_back()
    prose = " | ".join(filter(None, (entry.additional_information, entry.remittance_information_unstructured)))
    return BankEvent(
        kind=BankEventKind.returned if returned else BankEventKind.booked,
        source=label.source,
        end_to_end_id=_given(end_to_end_id),
        reason=reasons.find(prose) if returned else None,
        detail="".join(filter(str.isprintable, entry.additional_information or ""))[:_DETAIL_LENGTH] or None,
        amount=Money(abs(moved.amount), moved.currency),
        credit=moved.amount >= 0,
        booked_on=entry.booking_date,
        account=Account(iban=label.iban),
        bank_reference=entry.entry_reference or entry.transaction_id,
    )


def _entry(answer: bytes) -> _Entry:
    return decoded(answer, _Entry, "an entry cannot be read")


def _named(entry: bytes) -> _Named:
    try:
        return decoded(entry, _Named, "an entry cannot be read")
    except Unreadable:
        return _Named()  # it is kept all the same, and refused when it is read


def _money(said: _Amount) -> Money:
    if not _AMOUNT.fullmatch(said.amount):
        raise Unreadable("an entry's amount is not a plain decimal number")
    try:
        money = parse_decimal(said.amount, said.currency)
    except Invalid as error:
        raise Unreadable(error.detail) from error
    if abs(money.amount) > MAX_AMOUNT:
        raise Unreadable("an entry's amount is out of bounds")
    return money


def _given(reference: str | None) -> str | None:
    return None if reference in {None, "", _NOT_PROVIDED} else reference
