"""pacs.004: a payment that had settled and comes back. An announcement; the entry that books it is the money."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.bank_ports import BankEvent, BankEventKind, Unreadable

if TYPE_CHECKING:
    from adapters.banks.iso20022.wire.markup import Document, Node


def read_return(document: Document) -> list[BankEvent]:
    """One event for each returned payment, with its reason; `booked_on` and `account` are the camt entry's to say."""
    if document.body.name != "PmtRtr":
        raise Unreadable(f"a {document.message} does not hold {document.body.name}")
    shared = document.body.first("OrgnlGrpInf")
    return [_returned(document.message, shared, payment) for payment in document.body.each("TxInf")]


def _returned(source: str, shared: Node | None, payment: Node) -> BankEvent:
    origin = payment.first("OrgnlGrpInf") or shared
    return BankEvent(
        kind=BankEventKind.returned,
        source=source,
        end_to_end_id=payment.reference("OrgnlEndToEndId"),
        original_message_id=origin.reference("OrgnlMsgId") if origin else None,
        reason=payment.text("RtrRsnInf/Rsn/Cd", "RtrRsnInf/Rsn/Prtry"),
        detail=payment.prose("RtrRsnInf/AddtlInf"),
        amount=payment.one("RtrdIntrBkSttlmAmt").money(),
        credit=_comes_to_us(origin),
        bank_reference=payment.reference("RtrId"),
    )


def _comes_to_us(origin: Node | None) -> bool | None:
    """A returned transfer credits us again, a returned debit takes back what we collected; None when not said."""
    name = (origin.text("OrgnlMsgNmId") if origin else None) or ""
    if name.startswith(("pain.001", "pacs.008")):
        return True
    return False if name.startswith(("pain.008", "pacs.003")) else None
