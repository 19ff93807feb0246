"""pain.002: what the bank says about a file of ours and the payments in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.bank_ports import BankEvent, BankEventKind, PaymentStatus, Unreadable

if TYPE_CHECKING:
    from adapters.banks.iso20022.wire.markup import Document, Node

_STATUSES = ("TxSts", "PmtInfSts", "GrpSts")
ALREADY_THERE = frozenset({"DUPL", "AM05"})
"""Reasons that refuse a second copy only: the bank has the first one, which lives on."""


def read_status(document: Document) -> list[BankEvent]:
    """One event for each payment the bank names; for a file or batch it judges whole, one without `end_to_end_id`.

    The most specific word counts: a group status beside payment statuses adds nothing and gives no event. A payment
    named without its own status has its batch's, else the file's.
    """
    if document.body.name != "CstmrPmtStsRpt":
        raise Unreadable(f"a {document.message} does not hold {document.body.name}")
    group = document.body.one("OrgnlGrpInfAndSts")
    original = group.reference("OrgnlMsgId")
    events: list[BankEvent] = []
    for batch in document.body.each("OrgnlPmtInfAndSts"):
        named = list(batch.each("TxInfAndSts"))
        if named:
            events += [_payment(document.message, original, [tx, batch, group]) for tx in named]
        elif batch.text("PmtInfSts"):
            events.append(_payment(document.message, original, [batch]))
    if not events and group.text("GrpSts"):
        events.append(_payment(document.message, original, [group]))
    return events


def _payment(source: str, original: str | None, levels: list[Node]) -> BankEvent:
    """The event told by the first of `levels` (payment, batch, file) that has a status."""
    said = next((level for level in levels if level.text(*_STATUSES)), None)
    if said is None:
        raise Unreadable("a payment is named without any status")
    code = said.text(*_STATUSES) or ""
    known = PaymentStatus.__members__.get(code)
    reason = said.text("StsRsnInf/Rsn/Cd", "StsRsnInf/Rsn/Prtry")
    if known is PaymentStatus.RJCT and reason in ALREADY_THERE:
        known = PaymentStatus.RCVD
    return BankEvent(
        kind=BankEventKind.status,
        source=source,
        end_to_end_id=levels[0].reference("OrgnlEndToEndId"),
        original_message_id=original,
        status=known or PaymentStatus.PDNG,
        reason=reason,
        detail=said.prose("StsRsnInf/AddtlInf") if known else f"the bank's status {code} is not one we know",
        bank_reference=said.text("AcctSvcrRef"),
    )
