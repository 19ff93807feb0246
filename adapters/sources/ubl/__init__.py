"""Peppol BIS Billing 3.0: a supplier's invoice or credit note in UBL 2.1 (EN 16931) → one purchase.

A supplier's number is its own, so a purchase is known by supplier and number. Totals must agree with each other and
with the lines, to the cent: BR-CO-10, BR-CO-13 and BR-CO-15 of EN 16931.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from adapters import xml_files
from adapters.xml_files import BadElement, Node
from gateway.domain.details import Datatype
from gateway.domain.purchases import NewPurchase, PurchaseKind
from gateway.domain.sales import Line
from gateway.source_ports import Entry, Refused, Unreadable, hidden

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from gateway.source_ports import About

_NAMESPACE = "urn:oasis:names:specification:ubl:schema:xsd:"
_ROOTS = {f"{{{_NAMESPACE}{name}-2}}{name}": name for name in ("Invoice", "CreditNote")}
_GTIN = "0160"
"""ISO/IEC 6523: the scheme of a GTIN."""
MAX_BYTES = 8 * 1024 * 1024


class Ubl:
    """Invoices and credit notes, one a file."""

    source: ClassVar[str] = "ubl"
    datatype: ClassVar[Datatype] = Datatype.purchases
    digest: ClassVar[str] = "ubl-1"

    def read(self, file: BinaryIO, file_hash: str, about: About) -> Iterator[Entry]:  # noqa: ARG002 - it has ids
        """See Document."""
        if len(file.read(MAX_BYTES + 1)) > MAX_BYTES:
            raise Unreadable(f"An invoice of more than {MAX_BYTES} bytes is none")
        return iter([_entry(document, about.key) for document in xml_files.elements(file, _ROOTS, _ROOTS.values())])


def _entry(document: Node, key: bytes) -> Entry:
    number = (document.element.findtext("{*}ID") or "")[:128].strip()
    try:
        found = msgspec.convert(msgspec.to_builtins(_purchase(document, key)), NewPurchase)
    except BadElement as bad:
        return Entry(document.name, [number], Refused(document.name, bad.code, bad.detail))
    except msgspec.ValidationError as error:
        return Entry(document.name, [number], Refused(document.name, "invalid", str(error)[:200]))
    return Entry(document.name, [number], found)


def _purchase(document: Node, key: bytes) -> NewPurchase:
    supplier, currency = _supplier(document, key), document.said("DocumentCurrencyCode")
    for amount in document.each("LegalMonetaryTotal/TaxInclusiveAmount"):
        if amount.element.get("currencyID") != currency:
            raise BadElement("wrong_currency", f"The total is not in {currency}, the document's own currency")
    total, tax = document.amount("LegalMonetaryTotal/TaxInclusiveAmount", currency), _tax(document, currency)
    _check(document, currency, total, tax)
    credit = (document.name == "CreditNote") is (total > 0)
    issued_on = document.day("IssueDate")
    if issued_on is None:
        raise BadElement("element_missing", f"{document.name} has no IssueDate")
    billed, ordered = document.text("BillingReference/InvoiceDocumentReference/ID"), document.text("OrderReference/ID")
    return NewPurchase(
        purchase_id=_known(supplier, document.said("ID"), credited=document.name == "CreditNote"),
        kind=PurchaseKind.credit_note if credit else PurchaseKind.invoice,
        issued_on=issued_on,
        due_on=document.day("DueDate", "PaymentMeans/PaymentDueDate"),
        amount=abs(total),
        tax_amount=tax if total > 0 else -tax,
        currency=currency,
        supplier_ref=supplier,
        refers_to=_known(supplier, billed) if billed else ordered,
        lines=_lines(document, currency),
    )


def _known(supplier: str, number: str, *, credited: bool = False) -> str:
    """A document's id: invoices and credit notes may be numbered each from 1."""
    return f"{supplier}:{'credit:' if credited else ''}{number}"


def _supplier(document: Node, key: bytes) -> str:
    """Tells suppliers apart, by the first of their numbers that is given, and hides which one it is."""
    party = document.first("AccountingSupplierParty/Party")
    if party is None:
        raise BadElement("element_missing", f"{document.name} has no AccountingSupplierParty")
    known = party.said(
        "PartyTaxScheme/CompanyID", "PartyLegalEntity/CompanyID", "EndpointID", "PartyLegalEntity/RegistrationName",
        "PartyName/Name",
    )  # fmt: skip
    return hidden("".join(known.split()).upper(), key)


def _tax(document: Node, currency: str) -> int:
    """The tax in the document's currency; a second total is the same in that of the supplier's books (BT-111)."""
    found = [node for node in document.each("TaxTotal/TaxAmount") if node.element.get("currencyID") == currency]
    return xml_files.amount((found[0].element.text or "").strip(), currency, "TaxAmount") if found else 0


def _check(document: Node, currency: str, total: int, tax: int) -> None:
    """Raise BadElement for totals that do not add up."""
    said = {name: document.amount(f"LegalMonetaryTotal/{name}Amount", currency)
            for name in ("LineExtension", "TaxExclusive", "AllowanceTotal", "ChargeTotal")}  # fmt: skip
    lines = sum(line.amount("LineExtensionAmount", currency) for line in _of_lines(document))
    net = lines - said["AllowanceTotal"] + said["ChargeTotal"]
    if (lines, net, net + tax) != (said["LineExtension"], said["TaxExclusive"], total):
        raise BadElement(
            "totals_disagree",
            f"Lines of {lines} with allowances and charges make {net}, with tax {net + tax} minor units; "
            f"the document says {said['LineExtension']}, {said['TaxExclusive']} and {total}",
        )
    if total == 0:
        raise BadElement("nothing_owed", "The document's total is zero")


def _of_lines(document: Node) -> Iterator[Node]:
    return document.each("InvoiceLine" if document.name == "Invoice" else "CreditNoteLine")


def _lines(document: Node, currency: str) -> list[Line] | None:
    """The items; None where one is taken back, which lines without a sign cannot say, or where none has a name."""
    found = []
    for line in _of_lines(document):
        amount, quantity = (
            line.amount("LineExtensionAmount", currency),
            line.text("InvoicedQuantity", "CreditedQuantity"),
        )
        if amount < 0 or (quantity or "").startswith("-"):
            return None
        standard = line.first("Item/StandardItemIdentification/ID")
        coded = (standard.element.text or "").strip() if standard else ""
        item = line.text("Item/SellersItemIdentification/ID") or coded or line.text("Item/Name")
        if item is not None:
            gtin = coded if standard and standard.element.get("schemeID") == _GTIN else None
            found.append(Line(item[:64], quantity or "1", amount, gtin=gtin))
    return found or None
