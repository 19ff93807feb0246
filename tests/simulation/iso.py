"""The real wire: the gateway's own ISO 20022 writing and reading on one side, a bank's plain XML on the other."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET  # the bank reads what the gateway wrote, nobody else's

from adapters.banks.iso20022 import wire
from adapters.banks.iso20022.wire.profiles import deviating
from tests.simulation.bank import Booking, Order, Statement

if TYPE_CHECKING:
    from gateway.bank_ports import BankEvent, Collection, Payout

OWN = "NL41MOCK0000000001"
_SPACE = "urn:iso:std:iso:20022:tech:xsd:"
_PROFILE = deviating("sepa", {})


class Iso:
    """Implements what `rails.Plain` does."""

    def render_payout(self, payout: Payout) -> bytes:
        """See Rail."""
        return wire.render_payout(payout, _PROFILE)

    def render_collection(self, collection: Collection) -> bytes:
        """See Rail."""
        return wire.render_collection(collection, _PROFILE)

    def read(self, body: bytes) -> list[BankEvent]:
        """See Rail."""
        return wire.read(body)

    def orders(self, message: bytes) -> list[Order]:
        """See Language."""
        root = ET.fromstring(message)  # noqa: S314 - see the import
        debit = root.find(".//{*}DrctDbtTxInf")
        paid = root.find(".//{*}CdtTrfTxInf") if debit is None else debit
        amount = None if paid is None else paid.find(".//{*}InstdAmt")
        assert paid is not None
        assert amount is not None
        other = "Dbtr" if debit is not None else "Cdtr"
        return [Order(
            paid.findtext(".//{*}EndToEndId") or "",
            root.findtext(".//{*}GrpHdr/{*}MsgId") or "",
            debit is not None,
            int((amount.text or "").replace(".", "")),
            amount.get("Ccy") or "",
            paid.findtext(f"{{*}}{other}Acct/{{*}}Id/{{*}}IBAN") or "",
        )]  # fmt: skip

    def status(self, order: Order, code: str, reason: str | None) -> bytes:
        """See Language."""
        why = "" if reason is None else f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>"
        return _document(
            "pain.002.001.10",
            f"<CstmrPmtStsRpt><OrgnlGrpInfAndSts><OrgnlMsgId>{order.message_id}</OrgnlMsgId></OrgnlGrpInfAndSts>"
            f"<OrgnlPmtInfAndSts><TxInfAndSts><OrgnlEndToEndId>{order.end_to_end_id}</OrgnlEndToEndId>"
            f"<TxSts>{code}</TxSts>{why}</TxInfAndSts></OrgnlPmtInfAndSts></CstmrPmtStsRpt>",
        )

    def advice(self, booking: Booking) -> bytes:
        """See Language."""
        told = f"<Ntfctn><Id>N{booking.reference}</Id>{_account()}{_entry(booking)}</Ntfctn>"
        return _document("camt.054.001.08", f"<BkToCstmrDbtCdtNtfctn>{told}</BkToCstmrDbtCdtNtfctn>")

    def statement(self, said: Statement) -> bytes:
        """See Language."""
        balances = _balance("OPBD", said.opening_amount, said) + _balance("CLBD", said.closing_amount, said)
        days = f"<FrToDt><FrDtTm>{said.from_on}T00:00:00</FrDtTm><ToDtTm>{said.through_on}T23:59:59</ToDtTm></FrToDt>"
        head = f"<Id>S{said.sequence}</Id><ElctrncSeqNb>{said.sequence}</ElctrncSeqNb>{days}"
        told = f"<Stmt>{head}{_account()}{balances}{''.join(map(_entry, said.bookings))}</Stmt>"
        return _document("camt.053.001.08", f"<BkToCstmrStmt>{told}</BkToCstmrStmt>")


def _document(message: str, content: str) -> bytes:
    return f'<?xml version="1.0"?><Document xmlns="{_SPACE}{message}">{content}</Document>'.encode()


def _account() -> str:
    return f"<Acct><Id><IBAN>{OWN}</IBAN></Id></Acct>"


def _money(amount: int, currency: str) -> str:
    whole, cents = divmod(abs(amount), 100)
    side = "CRDT" if amount >= 0 else "DBIT"
    return f'<Amt Ccy="{currency}">{whole}.{cents:02}</Amt><CdtDbtInd>{side}</CdtDbtInd>'


def _balance(code: str, amount: int, said: Statement) -> str:
    kind = f"<Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
    return f"<Bal>{kind}{_money(amount, said.currency)}<Dt><Dt>{said.through_on}</Dt></Dt></Bal>"


def _entry(booking: Booking) -> str:
    order = booking.order
    back = f"<RtrInf><Rsn><Cd>{booking.reason}</Cd></Rsn></RtrInf>" if booking.returned else ""
    return (
        f"<Ntry>{_money(booking.amount, order.currency)}<Sts><Cd>BOOK</Cd></Sts>"
        f"<BookgDt><Dt>{booking.booked_on}</Dt></BookgDt><AcctSvcrRef>{booking.reference}</AcctSvcrRef><NtryDtls>"
        f"<TxDtls><Refs><EndToEndId>{order.end_to_end_id}</EndToEndId></Refs>{back}</TxDtls></NtryDtls></Ntry>"
    )
