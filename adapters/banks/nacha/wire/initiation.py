"""Credits and debits as ACH files of one entry, in the bytes that are stored before anything is sent.

The entry is the receiver's: 22 or 32 pays into a checking or savings account, 27 or 37 debits it; CCD for a company's
account, PPD for a person's. Account numbers, references and amounts are written whole or refused. A name is for people
to read: it loses its accents and what is longer than its field, and is refused where no letter of it can be written.

The file's identity is its origin, date, time and modifier. Time and modifier carry the file's number of the day
(`names`), because two files of one minute would otherwise be one to the bank, and the second taken for a copy.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import TYPE_CHECKING

import msgspec

from adapters.banks.nacha.wire import files, names, records, texts
from gateway.bank_ports import Party, Unrenderable
from gateway.domain.accounts import is_valid_routing_number
from gateway.domain.money import Money

if TYPE_CHECKING:
    from gateway.bank_ports import Account, Collection, Payout

REFERENCE_LENGTH = 15
MAX_AMOUNT = 10**10 - 1
"""Ten digits of cents, the width of the amount field."""
CURRENCY = "USD"

_REFERENCE = re.compile(r"[A-Za-z0-9-]{1,15}")
_ACCOUNT = re.compile(r"[A-Za-z0-9]([A-Za-z0-9 -]{0,15}[A-Za-z0-9])?")
_COMPANY = re.compile(r"[A-Z0-9][A-Z0-9 ]{0,8}[A-Z0-9]")
_ORIGIN = re.compile(r"[A-Z0-9 ]?[A-Z0-9]{9}")
_SEQUENCES = frozenset({"FRST", "RCUR", "FNAL", "OOFF"})


class Originator(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who we are to the bank that takes our files, as its contract says.

    `routing` is its routing number, `origin` our immediate origin (nine or ten characters), `companies` the company
    identification (two to ten characters) under which each account of the lending bank originates.
    """

    routing: str
    origin: str
    companies: dict[str, str]
    bank_name: str = ""
    name: str = ""


class _Order(msgspec.Struct, frozen=True):
    """What a payout and a collection have in common: `ours` is whose books it moves on, `theirs` the receiver's."""

    ours: Party
    theirs: Party
    amount: Money
    reference: str
    message_id: str
    settle_on: date
    remittance: str


def render_payout(originator: Originator, payout: Payout) -> bytes:
    """A file with one credit; the same bytes for the same payout. Raises Unrenderable."""
    order = _Order(
        ours=payout.debtor,
        theirs=payout.creditor,
        amount=payout.amount,
        reference=payout.end_to_end_id,
        message_id=payout.message_id,
        settle_on=payout.execute_on,
        remittance=payout.remittance,
    )
    return _file(originator, order, credit=True)


def render_collection(originator: Originator, collection: Collection) -> bytes:
    """A file with one debit; the same bytes for the same collection. Raises Unrenderable.

    The mandate stays with us: the rules want a signed authorization kept, and no field of the entry names it.
    """
    if not collection.mandate_id.strip() or collection.sequence not in _SEQUENCES:
        raise Unrenderable("a debit needs the merchant's authorization and its place in its sequence")
    order = _Order(
        ours=collection.creditor,
        theirs=collection.debtor,
        amount=collection.amount,
        reference=collection.end_to_end_id,
        message_id=collection.message_id,
        settle_on=collection.collect_on,
        remittance=collection.remittance,
    )
    return _file(originator, order, credit=False)


def _file(originator: Originator, order: _Order, *, credit: bool) -> bytes:
    if not is_valid_routing_number(originator.routing):
        raise Unrenderable("the routing number of the bank that takes the file is not one")
    if not _ORIGIN.fullmatch(originator.origin):
        raise Unrenderable("the immediate origin is not nine or ten characters")
    identity = names.identity(order.message_id)
    if identity is None:
        raise Unrenderable("the message id is not a file's number of the day within bounds")
    header = records.make(
        records.FILE_HEADER,
        type=1,
        priority=1,
        destination=f" {originator.routing}",
        origin=originator.origin.rjust(10),
        created_on=f"{identity.day:%y%m%d}",
        created_at=identity.time,
        modifier=identity.modifier,
        record_size="094",
        blocking=10,
        format=1,
        destination_name=texts.cut(originator.bank_name, 23),
        origin_name=texts.cut(originator.name, 23),
    )
    return files.write(files.File(header, (_batch(originator, order, identity.number, credit=credit),)))


def _batch(originator: Originator, order: _Order, number: int, *, credit: bool) -> files.Batch:
    odfi = originator.routing[:8]
    company = originator.companies.get(order.ours.account.other_id or "")
    if company is None or not _COMPANY.fullmatch(company):
        raise Unrenderable("the lending bank's account has no company identification to originate under")
    account = order.theirs.account
    header = records.make(
        records.BATCH_HEADER,
        type=5,
        service_class=files.CREDITS_ONLY if credit else files.DEBITS_ONLY,
        company_name=_name(order.ours.name, 16),
        company_id=company,
        entry_class="PPD" if account.consumer else "CCD",
        description="ADVANCE" if credit else "REPAYMENT",
        effective_on=f"{order.settle_on:%y%m%d}",
        originator_status=1,
        odfi=odfi,
        batch_number=1,
    )
    addenda = _remittance(order.remittance, number + 1)
    detail = records.make(
        records.ENTRY,
        type=6,
        transaction_code=("3" if account.savings else "2") + ("2" if credit else "7"),
        rdfi=_routing(account)[:8],
        check_digit=_routing(account)[8],
        account=_account(account),
        amount=_amount(order.amount),
        individual_id=_reference(order.reference),
        name=_name(order.theirs.name, 22),
        addenda=len(addenda),
        trace=f"{odfi}{number + 1:07d}",
    )
    return files.Batch(header, (files.Entry(detail, addenda),))


def _routing(account: Account) -> str:
    if account.clearing_id is None or not is_valid_routing_number(account.clearing_id):
        raise Unrenderable("the receiver's bank has no routing number, or one that fails its check digit")
    return account.clearing_id


def _account(account: Account) -> str:
    """The account number whole: one that is too long is another account when cut."""
    if account.other_id is None or not _ACCOUNT.fullmatch(account.other_id):
        raise Unrenderable("the receiver's account number is not 1 to 17 letters, digits, blanks and hyphens")
    return account.other_id


def _amount(money: Money) -> int:
    if money.currency != CURRENCY:
        raise Unrenderable(f"this rail carries {CURRENCY} only")
    if not 0 < money.amount <= MAX_AMOUNT:
        raise Unrenderable("a payment's amount is positive and at most ten digits of cents")
    return money.amount


def _reference(text: str) -> str:
    if not _REFERENCE.fullmatch(text):
        raise Unrenderable("a reference is not 1 to 15 letters, digits and hyphens")
    return text


def _name(text: str, width: int) -> str:
    name = texts.cut(_clean(text), width)
    if not any(character.isalnum() for character in name):
        raise Unrenderable("a name has no letter or digit that this rail can write")
    return name


def _remittance(text: str, sequence: int) -> tuple[records.Record, ...]:
    """The text whole in one addenda, or none."""
    written = texts.written(_clean(text))
    if not written:
        return ()
    try:
        return (
            records.make(
                records.ADDENDA_REMITTANCE,
                type=7,
                addenda_type="05",
                text=written,
                sequence=1,
                entry_sequence=sequence,
            ),
        )
    except ValueError as error:
        raise Unrenderable("a remittance text is too long for one addenda") from error


def _clean(text: str) -> str:
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text.strip()):
        raise Unrenderable("a text carries a control character")
    return text
