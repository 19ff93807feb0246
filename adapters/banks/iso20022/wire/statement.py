"""camt.053 and camt.054: what was booked on our account, by the day and as it happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from adapters.banks.iso20022.wire import balances
from gateway.bank_ports import Account, BankEvent, BankEventKind, Unreadable
from gateway.domain.money import Money

if TYPE_CHECKING:
    from adapters.banks.iso20022.wire.markup import Document, Node

_REPORTS = {"BkToCstmrStmt": "Stmt", "BkToCstmrDbtCdtNtfctn": "Ntfctn"}
_RETURN_CODES = frozenset({"RRTN", "UPDD", "PRDD", "RPCR"})
"""Bank transaction sub-families that say money went back: returned transfers, unpaid, reversed or recalled debits."""


def read_statement(document: Document) -> list[BankEvent]:
    """For each report: the statement itself (a camt.053 only), then one event for each payment of each booked entry."""
    report = _REPORTS.get(document.body.name)
    if report is None:
        raise Unreadable(f"a {document.message} does not hold {document.body.name}")
    page = document.body.text("GrpHdr/MsgPgntn/PgNb")
    return [event for found in document.body.each(report) for event in _report(document.message, found, page)]


def _report(source: str, report: Node, page: str | None) -> list[BankEvent]:
    shared = BankEvent(BankEventKind.booked, source, None, account=report.account("Acct"))
    told = []
    if report.name == "Stmt":
        told = [balances.summary(source, report, page)]
        shared = msgspec.structs.replace(shared, statement_id=told[0].statement_id)
    for entry in report.each("Ntry"):
        # Version 08 wraps the entry's status in a choice, older ones write it plainly.
        if entry.text("Sts/Cd", "Sts") == "BOOK":
            told += _entry(shared, entry)
    return told


def _entry(shared: BankEvent, entry: Node) -> list[BankEvent]:
    """An entry's payments; one event for the whole where the bank does not split it exactly."""
    booked = balances.signed(entry, entry.one("Amt").money())
    details = list(entry.each("NtryDtls/TxDtls"))
    if len(details) <= 1:
        # What moved is the entry's amount: a detail may state the amount before charges or in another currency.
        return [_event(shared, entry, details[0] if details else None, booked)]
    parts = [_part(entry, detail) for detail in details]
    exact = [part for part in parts if part is not None and part.currency == booked.currency]
    if len(exact) < len(parts) or sum(part.amount for part in exact) != booked.amount:
        return [_event(shared, entry, None, booked)]
    return [_event(shared, entry, detail, part) for detail, part in zip(details, exact, strict=True)]


def _part(entry: Node, detail: Node) -> Money | None:
    """A detail's own amount, with its own direction or the entry's; None where the bank gives none."""
    amount = detail.amount("Amt") or detail.amount("AmtDtls/TxAmt/Amt")
    return None if amount is None else balances.signed(detail if detail.first("CdtDbtInd") else entry, amount)


def _event(shared: BankEvent, entry: Node, detail: Node | None, moved: Money) -> BankEvent:
    returned = detail.first("RtrInf") if detail else None
    batches = list(entry.each("NtryDtls/Btch"))
    batch = batches[0] if len(batches) == 1 else None
    return msgspec.structs.replace(
        shared,
        kind=BankEventKind.returned if returned or _goes_back(entry, detail) else BankEventKind.booked,
        end_to_end_id=detail.reference("Refs/EndToEndId") if detail else None,
        original_message_id=(detail and detail.reference("Refs/MsgId")) or (batch and batch.reference("MsgId")) or None,
        reason=returned.text("Rsn/Cd", "Rsn/Prtry") if returned else None,
        detail=returned.prose("AddtlInf") if returned else entry.prose("AddtlNtryInf"),
        amount=Money(abs(moved.amount), moved.currency),
        credit=moved.amount >= 0,
        booked_on=entry.day("BookgDt"),
        counterparty=_counterparty(detail, credit=moved.amount >= 0),
        entry_reference=entry.reference("AcctSvcrRef", "NtryRef"),
        bank_reference=(detail and detail.reference("Refs/AcctSvcrRef")) or entry.reference("AcctSvcrRef"),
    )


def _counterparty(detail: Node | None, *, credit: bool) -> Account | None:
    """The other side's account, where the detail names it."""
    return detail.account("RltdPties/DbtrAcct" if credit else "RltdPties/CdtrAcct") if detail else None


def _goes_back(entry: Node, detail: Node | None) -> bool:
    """Whether the entry is marked as a reversal, or carries a transaction code of money going back."""
    path = "BkTxCd/Domn/Fmly/SubFmlyCd"
    code = (detail and detail.text(path)) or entry.text(path)
    return entry.text("RvslInd") in {"true", "1"} or code in _RETURN_CODES
