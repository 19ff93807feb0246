"""ISO 20022 messages as a bank would write them, in the fewest elements that say something."""

from __future__ import annotations

from adapters.banks.iso20022 import wire
from gateway.bank_ports import BankEvent, BankEventKind

SPACE = "urn:iso:std:iso:20022:tech:xsd:"


def document(message: str, content: str) -> bytes:
    return f'<?xml version="1.0"?><Document xmlns="{SPACE}{message}">{content}</Document>'.encode()


def statement(entries: str, message: str = "camt.053.001.08") -> bytes:
    account = "<Acct><Id><IBAN>NL41MOCK0000000001</IBAN></Id></Acct>"
    return document(message, f"<BkToCstmrStmt><Stmt><Id>1</Id>{account}{entries}</Stmt></BkToCstmrStmt>")


def entry(
    amount: str = "10.00",
    currency: str = "EUR",
    *,
    side: str = "DBIT",
    status: str = "<Cd>BOOK</Cd>",
    more: str = "",
    details: str = "",
) -> str:
    return (
        f'<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>{more}<Sts>{status}</Sts>'
        f"<BookgDt><Dt>2026-03-02</Dt></BookgDt><AcctSvcrRef>REF-1</AcctSvcrRef>"
        f"<NtryDtls>{details}</NtryDtls></Ntry>"
    )


def detail(end_to_end_id: str, amount: str = "", currency: str = "EUR", side: str = "", more: str = "") -> str:
    money = f'<Amt Ccy="{currency}">{amount}</Amt>' if amount else ""
    direction = f"<CdtDbtInd>{side}</CdtDbtInd>" if side else ""
    return f"<TxDtls><Refs><EndToEndId>{end_to_end_id}</EndToEndId></Refs>{money}{direction}{more}</TxDtls>"


def report(group: str = "", batches: str = "") -> bytes:
    head = f"<OrgnlGrpInfAndSts><OrgnlMsgId>FILE-1</OrgnlMsgId>{group}</OrgnlGrpInfAndSts>"
    return document("pain.002.001.10", f"<CstmrPmtStsRpt>{head}{batches}</CstmrPmtStsRpt>")


def read(body: bytes) -> list[BankEvent]:
    """The facts about payments."""
    return [event for event in wire.read(body) if event.kind is not BankEventKind.statement]


def paid(events: list[BankEvent]) -> list[tuple[str | None, int | None, bool | None]]:
    return [(event.end_to_end_id, event.amount.amount if event.amount else None, event.credit) for event in events]
