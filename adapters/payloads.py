"""What every platform's payload goes through: read strictly into what we use of it, and written as our records.

Money comes as integers or as decimals, never as a float. A record that breaks a rule of ours is refused by itself, with
the place it stands at; a payload that is not what the platform sends is refused as a whole.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from gateway.domain import money
from gateway.domain.money import MAX_AMOUNT
from gateway.domain.sales import NewSale
from gateway.domain.stock import NewStock
from gateway.source_ports import Converted, Forged, Refused, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")
Record = NewSale | NewStock

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_MOST_DIGITS = 15
_STOCK_DIGITS = 6


class Unfit(Exception):
    """One record cannot be made of what is there: `code` for a program, the text for a person."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def decode(body: bytes, kind: type[T]) -> T:
    """The part of a JSON body that we use. Raises Unreadable."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise Unreadable(f"Not what the platform sends: {str(error)[:200]}") from None


def check_mac(secret: str, signed: bytes, given: bytes | None) -> None:
    """Compare an HMAC-SHA256 over the bytes in constant time. Raises Forged."""
    mac = hmac.digest(secret.encode(), signed, "sha256")
    if given is None or not hmac.compare_digest(mac, given):
        raise Forged("The signature is missing or not of these bytes")


def mac_base64(secret: str, signed: bytes) -> str:
    """An HMAC-SHA256 over the bytes as a header holds it."""
    return base64.b64encode(hmac.digest(secret.encode(), signed, "sha256")).decode()


def written(payload: dict[str, Any]) -> bytes:
    """The body of a payload that the sandbox makes up; instants as RFC 3339 in UTC."""
    return msgspec.json.encode(payload)


def made_up(kind: str, name: str, length: int) -> str:
    """A made-up platform's id of what we call `name`, always the same: `length` hexadecimal digits."""
    return hashlib.sha256(f"{kind} {name}".encode()).hexdigest()[:length]


def from_base64(text: str | None) -> bytes | None:
    """The bytes of a header in base64; None for what is none."""
    try:
        return None if text is None else base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def name(given: str | None, what: str) -> str:
    """An id, a kind or an account as an event names it: short, one line, without spaces. Raises Unreadable."""
    if given is None or not 0 < len(given) <= 128 or not given.isascii() or not given.isprintable() or " " in given:  # noqa: PLR2004
        raise Unreadable(f"The event has no {what}")
    return given


def version(at: datetime) -> int:
    """A record's version: the milliseconds from 1970 to when the platform changed it last. Raises Unfit."""
    found = (at - _EPOCH) // _MILLISECOND
    if found < 1:
        raise Unfit("bad_instant", "an instant lies before 1970")
    return found


def since_1970(seconds: int) -> datetime:
    """An instant given in seconds. Raises Unfit."""
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        raise Unfit("bad_instant", "an instant lies beyond all calendars") from None


def minor(value: Decimal, currency: str) -> int:
    """Major units, exact or refused, as minor units of `currency`. Raises Unfit."""
    if currency not in money.EXPONENTS:
        raise Unfit("unknown_currency", "the currency is not one the gateway knows")
    if not value.is_finite() or abs(value.adjusted()) > _MOST_DIGITS:
        raise Unfit("bad_amount", "an amount is no number of money")
    exponent = money.exponent(currency)
    whole = int(value.scaleb(exponent))
    if Decimal(whole).scaleb(-exponent) != value or abs(whole) > MAX_AMOUNT:
        raise Unfit("bad_amount", f"an amount has more decimals than {currency} allows, or is beyond any shop's")
    return whole


def quantity(value: Decimal) -> str:
    """A count of things as our records write it: what is below zero was sold before it was there, so none. Unfit."""
    if not value.is_finite() or abs(value.adjusted()) > _MOST_DIGITS:
        raise Unfit("bad_quantity", "a quantity is no number")
    text = format(max(value, Decimal(0)).quantize(Decimal(1).scaleb(-_STOCK_DIGITS)), "f")
    return text.rstrip("0").rstrip(".")


def short(given: object) -> str | None:
    """An id or word of theirs in our field of 64 characters; None for nothing. One too long is hidden, not cut."""
    text = "" if given is None else _CONTROL.sub("", str(given)).strip()
    return (text if len(text) <= 64 else hashlib.sha256(text.encode()).hexdigest()) or None  # noqa: PLR2004


def customer_ref(platform: str, customer: object) -> str | None:
    """Tells a platform's customers apart without saying who they are."""
    known = short(customer)
    return None if known is None else hashlib.sha256(f"{platform} {known}".encode()).hexdigest()[:32]


def checked(record: Record) -> Record:
    """The record, if it keeps every rule of its fields. Raises Unfit."""
    try:
        return msgspec.convert(msgspec.to_builtins(record), type(record))
    except msgspec.ValidationError as error:
        raise Unfit("bad_record", str(error)[:200]) from None


def collect(made: Iterable[tuple[str, Any]]) -> Converted:
    """What places of a payload made: a function that gives a record, or None for nothing of ours, for each place."""
    sales: list[NewSale] = []
    stock: list[NewStock] = []
    refused: list[Refused] = []
    for place, make in made:
        try:
            record = make()
            if record is None:
                continue
            kept = checked(record)
        except Unfit as unfit:
            refused.append(Refused(place, unfit.code, str(unfit)))
            continue
        if isinstance(kept, NewSale):
            sales.append(kept)
        else:
            stock.append(kept)
    return Converted(sales=tuple(sales), stock=tuple(stock), refused=tuple(refused))
