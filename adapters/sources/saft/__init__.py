"""SAF-T Cash Register (Norwegian Tax Administration, 1.00): what a till rang up between two Z reports → sales, refunds.

A file is read twice: first to hold its transactions against the control totals of its own Z reports, and refused when
they disagree; then for the records. Training and transactions broken off before they were paid are no sales.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, ClassVar

import msgspec

from adapters import xml_files
from adapters.sources.saft.controls import Controls
from adapters.sources.saft.transactions import Transaction, read
from adapters.xml_files import BadElement, Node
from gateway.domain import calendars
from gateway.domain.details import Datatype
from gateway.domain.sales import Line, NewSale, SaleKind, Tender
from gateway.source_ports import Entry, Refused, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from gateway.source_ports import About

_ROOTS = ("{urn:StandardAuditFile-Taxation-CashRegister:NO}auditfile",)
_WANTED = ("curCode", "basic", "registerID", "event", "cashtransaction")
_TRANSACTION_CODES = "11"
_SALES = frozenset({"11001", "11002", "11006"})
"""Standard transaction codes of goods sold and taken back: cash sale, credit sale, return."""
BASICS_COUNT = 10_000


class SaftCashRegister:
    """Files of one shop, any number of tills."""

    source: ClassVar[str] = "saft"
    datatype: ClassVar[Datatype] = Datatype.sales
    digest: ClassVar[str] = "saft-1"

    def read(self, file: BinaryIO, file_hash: str, about: About) -> Iterator[Entry]:  # noqa: ARG002 - it has ids
        """See Document."""
        controls = Controls()
        journal = _Journal(about)
        for found in journal.read(file, controls):
            if isinstance(found, Transaction):
                controls.count(found)
        controls.check()
        return (journal.entry(found) for found in _Journal(about).read(file, None))


class _Journal:
    """One reading of a file."""

    def __init__(self, about: About) -> None:
        self._about, self._currency, self._register = about, "", ""
        self._kinds: dict[str, str] = {}
        """Each transaction type of the shop's own, and the standard code it stands for."""

    def read(self, file: BinaryIO, controls: Controls | None) -> Iterator[Transaction | Refused]:
        """Each transaction that is a sale or a refund, or why one cannot be read. Raises Unreadable."""
        for node in xml_files.elements(file, _ROOTS, _WANTED):
            parent = node.element.getparent()
            within = "" if parent is None else Node(parent).name
            try:
                if node.name == "curCode" and within == "header":
                    self._currency = (node.element.text or "").strip()
                elif node.name == "basic":
                    self._basic(node)
                elif node.name == "registerID" and within == "cashregister":
                    self._register = (node.element.text or "").strip()
                elif node.name == "event" and controls is not None:
                    controls.report(node, self._register, self._currency)
                elif node.name == "cashtransaction" and self._is_sale(node):
                    yield read(node, self._register, self._currency)
            except BadElement as bad:
                if node.name != "cashtransaction":
                    raise Unreadable(f"{node.name}: {bad.detail}") from None
                number = (node.element.findtext("{*}nr") or "")[:64]
                yield Refused(f"transaction {number} of {self._register}", bad.code, bad.detail)

    def entry(self, found: Transaction | Refused) -> Entry:
        """What a transaction comes to."""
        if isinstance(found, Refused):
            return Entry(found.place, [found.place], found)
        place = f"transaction {found.number} of {found.register}"
        try:
            record = msgspec.convert(msgspec.to_builtins(self._sale(found)), NewSale)
        except msgspec.ValidationError as error:
            return Entry(place, [found.register, found.number], Refused(place, "invalid", str(error)[:200]))
        return Entry(place, [found.register, found.number], record)

    def _basic(self, node: Node) -> None:
        if node.text("basicType") == _TRANSACTION_CODES and len(self._kinds) < BASICS_COUNT:
            self._kinds[node.said("basicID")] = node.text("predefinedBasicID") or ""

    def _is_sale(self, node: Node) -> bool:
        """Goods sold or taken back, finished and in earnest; a type without a standard code is one if it has lines."""
        if "true" in {node.text("voidTransaction"), node.text("trainingID")}:
            return False
        code = self._kinds.get(node.text("transType") or "", "")
        return code in _SALES or (not code and node.first("ctLine") is not None)

    def _sale(self, found: Transaction) -> NewSale:
        sign = -1 if found.amount < 0 else 1
        at = found.at.replace(tzinfo=calendars.zone(self._about.timezone)).astimezone(UTC)
        lines = [Line(one.item_id, one.quantity, sign * one.amount, one.category) for one in found.lines]
        paid = [Tender(means[:64], sign * amount) for means, amount in found.paid.items() if amount]
        return NewSale(
            sale_id=f"{found.register}:{found.number}",
            kind=SaleKind.refund if sign < 0 else SaleKind.sale,
            occurred_at=at,
            amount=sign * found.amount,
            currency=self._currency,
            tax_amount=sign * sum(found.taxes.values()),
            tenders=paid if paid and min(tender.amount for tender in paid) > 0 else None,
            lines=lines if lines and min(line.amount for line in lines) >= 0 else None,
        )


__all__ = ["SaftCashRegister"]
