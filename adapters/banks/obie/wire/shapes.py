"""What both directions share: accounts, amounts, texts and references as the Read/Write API writes them."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import msgspec

from gateway.bank_ports import Unreadable, Unrenderable
from gateway.domain.accounts import is_valid_iban
from gateway.domain.errors import Invalid
from gateway.domain.money import MAX_AMOUNT, Money, exponent, parse_decimal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from gateway.bank_ports import Party

UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that are not the JSON asked for: broken UTF-8 and endless nesting have their own."""
REFERENCE_LENGTH = 31
"""The API carries 35 characters of an EndToEndIdentification, Faster Payments 31 of them."""
IDENTIFIER_LENGTH = 35
NAME_LENGTH, VRP_NAME_LENGTH, TEXT_LENGTH = 140, 70, 140
IBAN, SORT_CODE = "UK.OBIE.IBAN", "UK.OBIE.SortCodeAccountNumber"
_MAJOR_DIGITS = 13
_REFERENCE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9./ -]*[A-Za-z0-9])?")
_RESOURCE = re.compile(r"[A-Za-z0-9._~:-]{1,128}")
_SORT_CODE = re.compile(r"[0-9]{14}")
_AMOUNT = re.compile(r"[0-9]{1,13}(\.[0-9]{1,5})?")
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufffe\uffff")


def amount(money: Money) -> dict[str, str]:
    """`{Amount, Currency}` in major units with exactly the currency's decimals. Raises Unrenderable."""
    if not 0 < money.amount <= MAX_AMOUNT or money.amount >= 10 ** (_MAJOR_DIGITS + exponent(money.currency)):
        raise Unrenderable("a payment's amount is positive and within bounds")
    return {"Amount": f"{money.decimal():f}", "Currency": money.currency}


def money(written: Mapping[str, str]) -> Money:
    """`{Amount, Currency}` as the bank wrote it, exactly. Raises Unreadable."""
    text = written["Amount"]
    if not _AMOUNT.fullmatch(text):
        raise Unreadable("an amount is not a plain decimal number")
    try:
        return parse_decimal(text, written["Currency"])
    except Invalid as error:
        raise Unreadable(error.detail) from error


def account(party: Party, longest_name: int) -> dict[str, str]:
    """A party's account: an IBAN with right check digits, or a sort code and account number. Raises Unrenderable."""
    iban, other = party.account.iban, party.account.other_id
    if iban is not None:
        if not is_valid_iban(iban):
            raise Unrenderable("an account's IBAN is not valid")
        scheme, number = IBAN, iban
    elif other is not None and _SORT_CODE.fullmatch(other):
        scheme, number = SORT_CODE, other
    else:
        raise Unrenderable("an account is neither an IBAN nor 6 digits of sort code and 8 of account number")
    return {"SchemeName": scheme, "Identification": number, "Name": text(party.name, longest_name)}


def text(said: str, longest: int) -> str:
    """A free text without what could mislead a reader. Raises Unrenderable."""
    clean = said.strip()
    if not 0 < len(clean) <= longest:
        raise Unrenderable(f"a text is empty or longer than {longest} characters")
    if any(unicodedata.category(character) in {"Cc", "Cs"} or character in _OVERRIDES for character in clean):
        raise Unrenderable("a text carries a control character")
    return clean


def reference(said: str, longest: int) -> str:
    """A reference in characters every UK rail carries. Raises Unrenderable."""
    if not _REFERENCE.fullmatch(said) or len(said) > longest:
        raise Unrenderable(f"a reference is not 1 to {longest} characters every bank takes")
    return said


def resource(said: str) -> str:
    """A bank's id of a consent or payment, fit to stand in a path. Raises Unrenderable."""
    if not _RESOURCE.fullmatch(said) or not said.strip("."):
        raise Unrenderable("a bank's id cannot stand in a path")
    return said


def remittance(said: str) -> dict[str, object]:
    """`RemittanceInformation`, or nothing for an empty text. Raises Unrenderable."""
    return {"RemittanceInformation": {"Unstructured": [text(said, TEXT_LENGTH)]}} if said.strip() else {}


def instant(at: datetime) -> datetime:
    """An instant that knows its zone. Raises Unrenderable."""
    if at.tzinfo is None:
        raise Unrenderable("a time has no zone")
    return at
