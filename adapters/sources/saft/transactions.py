"""One `cashtransaction`: its amounts with their signs, below zero for what was given back."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

import msgspec

from adapters.xml_files import BadElement, Node


class Item(msgspec.Struct, frozen=True):
    """One line: amounts with tax, quantity without a sign."""

    item_id: str
    quantity: str
    amount: int
    category: str | None


class Transaction(msgspec.Struct, frozen=True):
    """A sale or a return of one register; `taxes` by VAT code, `paid` by means, all in minor units."""

    register: str
    number: str
    at: datetime
    amount: int
    taxes: dict[str, int]
    paid: dict[str, int]
    lines: tuple[Item, ...]


def moment(node: Node, day: str, clock: str) -> datetime:
    """What two elements say, on the shop's own clock. Raises BadElement."""
    text = f"{node.said(day)[:10]}T{node.said(clock)[:8]}"
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise BadElement("bad_date", f"{text[:40]!r} is not a time") from None


def read(node: Node, register: str, currency: str) -> Transaction:
    """A transaction whose parts add up. Raises BadElement."""
    amount = _signed(node, "transAmntIn", "amntTp", currency)
    taxes: dict[str, int] = defaultdict(int)
    for vat in node.each("vat"):
        taxes[vat.said("vatCode")] += _signed(vat, "vatAmnt", "vatAmntTp", currency)
    net = _signed(node, "transAmntEx", "amntTp", currency)
    if net + sum(taxes.values()) != amount:
        raise BadElement("totals_disagree", f"{net} and tax of {sum(taxes.values())} minor units are not {amount}")
    paid: dict[str, int] = defaultdict(int)
    for payment in node.each("payment"):
        if payment.text("curCode") not in {None, currency}:
            raise BadElement("wrong_currency", f"A payment is not in {currency}")
        paid[payment.said("paymentType")] += payment.amount("paidAmnt", currency)
    lines = tuple(_item(line, currency) for line in node.each("ctLine"))
    return Transaction(
        register, node.said("nr"), moment(node, "transDate", "transTime"), amount, dict(taxes), dict(paid), lines
    )


def _item(line: Node, currency: str) -> Item:
    quantity = (line.text("qnt") or "1").lstrip("-")
    whole, _, fraction = quantity.partition(".")
    shortened = f"{whole}.{fraction.rstrip('0')[:6]}".rstrip(".")
    amount = _signed(line, "lineAmntIn", "amntTp", currency)
    return Item((line.text("artID") or line.said("artGroupID"))[:64], shortened, amount, line.text("artGroupID"))


def _signed(node: Node, path: str, direction: str, currency: str) -> int:
    """An amount below zero where it is a debit: some tills write the sign, some only `D`."""
    amount = node.amount(path, currency)
    return -abs(amount) if node.text(direction) == "D" else amount
