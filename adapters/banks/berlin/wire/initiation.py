"""A payment initiation in JSON: the bytes that are stored before anything is sent.

Two lines. The first is for us: the product, which the standard puts into the path, and our message id, for which it has
no room. The second is the request body, sent exactly as it is.
"""

from __future__ import annotations

import re
from datetime import UTC, date
from typing import TYPE_CHECKING

import msgspec

from adapters import texts
from gateway.bank_ports import Unrenderable
from gateway.domain.accounts import is_valid_iban

if TYPE_CHECKING:
    from gateway.bank_ports import Account, Payout
    from gateway.domain.money import Money

CURRENCY = "EUR"
PRODUCTS = frozenset({"sepa-credit-transfers", "instant-sepa-credit-transfers"})
MOST_AMOUNT = 99_999_999_999
"""Cents of the largest SEPA credit transfer, EUR 999,999,999.99 (EPC125-05, AT-T002)."""
NAME_LENGTH = 70
REMITTANCE_LENGTH = 140

# EPC217-08: the Latin set every SEPA bank takes; a reference neither starts nor ends with a slash, nor doubles one.
_BIC = re.compile(r"[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3})?")


class Order(msgspec.Struct, frozen=True):
    """The first line: what the body does not say, and what the bank is asked after by."""

    product: str
    message_id: str
    end_to_end_id: str
    debtor_iban: str
    created_on: date


class _Account(msgspec.Struct, frozen=True):
    iban: str


class _Amount(msgspec.Struct, frozen=True):
    currency: str
    amount: str


class _Initiation(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """`paymentInitiation_json`, the parts a SEPA credit transfer has."""

    end_to_end_identification: str
    debtor_account: _Account
    instructed_amount: _Amount
    creditor_account: _Account
    creditor_name: str
    creditor_agent: str | None = None
    remittance_information_unstructured: str | None = None
    requested_execution_date: date | None = None


def render_payout(payout: Payout, product: str, *, dated: bool = False) -> bytes:
    """A credit transfer; the same bytes for the same payout. Raises Unrenderable.

    `dated` asks for the execution date, which the standard leaves to each bank to allow; else it is executed at once.
    """
    if payout.created_at.tzinfo is None:
        raise Unrenderable("the creation time has no time zone")
    reference = texts.reference(payout.end_to_end_id)
    debtor = _iban(payout.debtor.account)
    body = _Initiation(
        end_to_end_identification=reference,
        debtor_account=_Account(debtor),
        instructed_amount=_Amount(CURRENCY, _amount(payout.amount)),
        creditor_account=_Account(_iban(payout.creditor.account)),
        creditor_name=texts.text(payout.creditor.name, NAME_LENGTH),
        creditor_agent=_bic(payout.creditor.account),
        remittance_information_unstructured=texts.text(payout.remittance, REMITTANCE_LENGTH)
        if payout.remittance.strip()
        else None,
        requested_execution_date=payout.execute_on if dated else None,
    )
    order = Order(
        _product(product),
        texts.reference(payout.message_id),
        reference,
        debtor,
        payout.created_at.astimezone(UTC).date(),
    )
    return msgspec.json.encode(order) + b"\n" + msgspec.json.encode(body)


def read_order(message: bytes) -> tuple[Order, bytes]:
    """The first line and the request body of stored bytes. Raises Unrenderable."""
    line, _, body = message.partition(b"\n")
    try:
        order = msgspec.json.decode(line, type=Order)
        said = msgspec.json.decode(body, type=_Initiation)
    except msgspec.DecodeError as error:
        raise Unrenderable("the bytes are not an instruction of this adapter") from error
    if (said.end_to_end_identification, said.debtor_account.iban) != (order.end_to_end_id, order.debtor_iban):
        raise Unrenderable("the instruction's two lines name different payments")
    _product(order.product)
    return order, body


def _product(product: str) -> str:
    if product not in PRODUCTS:
        raise Unrenderable(f"{product[:40]!r} is not a payment product this adapter speaks")
    return product


def _iban(account: Account) -> str:
    if account.iban is None:
        raise Unrenderable("a SEPA payment needs an IBAN on both sides")
    if not is_valid_iban(account.iban):
        raise Unrenderable("an account's IBAN is not valid")
    return account.iban


def _bic(account: Account) -> str | None:
    if account.bic is not None and not _BIC.fullmatch(account.bic):
        raise Unrenderable("an account's BIC is not one")
    return account.bic


def _amount(money: Money) -> str:
    """Euros with exactly two decimals: 1050 → `10.50`."""
    if money.currency != CURRENCY:
        raise Unrenderable(f"a SEPA payment is in {CURRENCY}, not in {money.currency}")
    if not 0 < money.amount <= MOST_AMOUNT:
        raise Unrenderable("a payment's amount is positive and within SEPA's bounds")
    return f"{money.decimal():f}"
