"""camt.053 and camt.054: what was booked on our account, by the day and as it happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.domain.money import Money
from gateway.ports import Account, BankEvent, BankEventKind, Unreadable

if TYPE_CHECKING:
    from adapters.banks.iso20022.wire.markup import Document, Node

_REPORTS = {"BkToCstmrStmt": "Stmt", "BkToCstmrDbtCdtNtfctn": "Ntfctn"}
_RETURN_CODES = frozenset({"RRTN", "UPDD", "PRDD", "RPCR"})
"""Bank transaction sub-families that say money went back: returned transfers, unpaid, reversed or recalled debits."""


def read_statement(document: Document) -> list[BankEvent]:
    """One event for each payment of each booked entry, on whichever of our accounts."""
    report = _REPORTS.get(document.body.name)
    if report is None:
        raise Unreadable(f"a {document.message} does not hold {document.body.name}")
    return [
        event
        for statement in document.body.each(report)
        for entry in statement.each("Ntry")
        # Version 08 wraps the entry's status in a choice, older ones write it plainly.
        if entry.text("Sts/Cd", "Sts") == "BOOK"
        for event in _entry(document.message, statement.account("Acct"), entry)
    ]


def _entry(source: str, account: Account | None, entry: Node) -> list[BankEvent]:
    """An entry's payments; one event for the whole where the bank does not split it exactly."""
    booked = _signed(entry, entry.one("Amt").money())
    details = list(entry.each("NtryDtls/TxDtls"))
    if len(details) <= 1:
        # What moved is the entry's amount: a detail may state the amount before charges or in another currency.
        return [_event(source, account, entry, details[0] if details else None, booked)]
    parts = [_part(entry, detail) for detail in details]
    exact = [part for part in parts if part is not None and part.currency == booked.currency]
    if len(exact) < len(parts) or sum(part.amount for part in exact) != booked.amount:
        return [_event(source, account, entry, None, booked)]
    return [_event(source, account, entry, detail, part) for detail, part in zip(details, exact, strict=True)]


def _part(entry: Node, detail: Node) -> Money | None:
    """A detail's own amount, with its own direction or the entry's; None where the bank gives none."""
    amount = detail.amount("Amt") or detail.amount("AmtDtls/TxAmt/Amt")
    return None if amount is None else _signed(detail if detail.first("CdtDbtInd") else entry, amount)


def _signed(holder: Node, amount: Money) -> Money:
    """`amount`, negative when `holder` says our account was debited."""
    direction = holder.text("CdtDbtInd")
    if direction not in {"CRDT", "DBIT"}:
        raise Unreadable(f"{holder.name} does not say whether it is a credit or a debit")
    return amount if direction == "CRDT" else -amount


def _event(source: str, account: Account | None, entry: Node, detail: Node | None, moved: Money) -> BankEvent:
    returned = detail.first("RtrInf") if detail else None
    batches = list(entry.each("NtryDtls/Btch"))
    batch = batches[0] if len(batches) == 1 else None
    return BankEvent(
        kind=BankEventKind.returned if returned or _goes_back(entry, detail) else BankEventKind.booked,
        source=source,
        end_to_end_id=detail.reference("Refs/EndToEndId") if detail else None,
        original_message_id=(detail and detail.reference("Refs/MsgId")) or (batch and batch.reference("MsgId")) or None,
        reason=returned.text("Rsn/Cd", "Rsn/Prtry") if returned else None,
        detail=returned.prose("AddtlInf") if returned else entry.prose("AddtlNtryInf"),
        amount=Money(abs(moved.amount), moved.currency),
        credit=moved.amount >= 0,
        booked_on=entry.day("BookgDt"),
        account=account,
        bank_reference=(detail and detail.reference("Refs/AcctSvcrRef")) or entry.reference("AcctSvcrRef"),
    )


def _goes_back(entry: Node, detail: Node | None) -> bool:
    """Whether the entry is marked as a reversal, or carries a transaction code of money going back."""
    path = "BkTxCd/Domn/Fmly/SubFmlyCd"
    code = (detail and detail.text(path)) or entry.text(path)
    return entry.text("RvslInd") in {"true", "1"} or code in _RETURN_CODES
