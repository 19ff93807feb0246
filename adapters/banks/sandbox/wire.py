"""The built-in bank's language: one order, or a list of facts, as JSON. It carries no name and no account."""

from __future__ import annotations

from datetime import date

import msgspec

from gateway.bank_ports import BankEvent, Unreadable
from gateway.domain.money import Money


class Order(msgspec.Struct, frozen=True):
    """A payment as it is handed over: a `debit` collects, else it is paid."""

    reference: str
    money: Money
    due_on: date
    debit: bool


def write(order: Order) -> bytes:
    """An order's bytes."""
    return msgspec.json.encode(order)


def order(message: bytes) -> Order:
    """The order of a message that `write` made."""
    return msgspec.json.decode(message, type=Order)


def letter(facts: list[BankEvent]) -> bytes:
    """A message's bytes."""
    return msgspec.json.encode(facts)


def read(body: bytes) -> list[BankEvent]:
    """The facts of a message. Raises Unreadable."""
    try:
        return msgspec.json.decode(body, type=list[BankEvent])
    except msgspec.DecodeError as error:
        raise Unreadable(f"the sandbox bank's message cannot be read: {error}") from error
