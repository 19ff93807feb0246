"""pain.001 and pain.008: one payment each, in the bytes that are stored before anything is sent.

Names and remittance go out in Unicode as they are (ISO 20022 is UTF-8, and a payee's name is checked against the
account's holder: transliterating it would change it). What could mislead or break a reader is refused: control
characters, lone surrogates, direction overrides. References keep to the characters every SEPA bank takes.
"""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING

from lxml import etree
from lxml.builder import ElementMaker

from adapters import texts
from adapters.banks.iso20022.wire.markup import NAMESPACE, NOT_PROVIDED
from gateway.domain.accounts import is_valid_iban
from gateway.domain.money import MAX_AMOUNT
from gateway.ports import Unrenderable

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.domain.money import Money
    from gateway.ports import Account, Collection, Party, Payout

PAIN_001 = "pain.001.001.09"
PAIN_008 = "pain.008.001.08"
NAME_LENGTH = 140
OTHER_ID_LENGTH = 34

# EPC217-08: the Latin set every SEPA bank takes; a reference neither starts nor ends with a slash, nor doubles one.
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?")
_SEQUENCES = frozenset({"FRST", "RCUR", "FNAL", "OOFF"})


def render_payout(payout: Payout) -> bytes:
    """A credit transfer as pain.001.001.09; the same bytes for the same payout. Raises Unrenderable."""
    make = _maker(PAIN_001)
    amount = _amount(payout.amount)
    euro = payout.amount.currency == "EUR"
    transfer = make.CdtTrfTxInf(
        make.PmtId(make.EndToEndId(texts.reference(payout.end_to_end_id))),
        make.Amt(make.InstdAmt(amount, Ccy=payout.amount.currency)),
        *([_agent(make, "CdtrAgt", payout.creditor.account)] if payout.creditor.account.bic else []),
        make.Cdtr(make.Nm(_name(payout.creditor))),
        _account(make, "CdtrAcct", payout.creditor.account),
        *_remittance(make, payout.remittance),
    )
    batch = make.PmtInf(
        make.PmtInfId(texts.reference(payout.message_id)),
        make.PmtMtd("TRF"),
        make.NbOfTxs("1"),
        make.CtrlSum(amount),
        *([make.PmtTpInf(make.SvcLvl(make.Cd("SEPA")))] if euro else []),
        make.ReqdExctnDt(make.Dt(payout.execute_on.isoformat())),
        make.Dbtr(make.Nm(_name(payout.debtor))),
        _account(make, "DbtrAcct", payout.debtor.account, payout.amount.currency),
        _agent(make, "DbtrAgt", payout.debtor.account),
        make.ChrgBr("SLEV" if euro else "SHAR"),
        transfer,
    )
    header = _header(make, payout.message_id, payout.created_at, amount, payout.debtor)
    return _bytes(make.Document(make.CstmrCdtTrfInitn(header, batch)))


def render_collection(collection: Collection) -> bytes:
    """A direct debit as pain.008.001.08; the same bytes for the same collection. Raises Unrenderable."""
    make = _maker(PAIN_008)
    amount = _amount(collection.amount)
    euro = collection.amount.currency == "EUR"
    mandate = make.MndtRltdInf(
        make.MndtId(texts.reference(collection.mandate_id)), make.DtOfSgntr(collection.mandate_signed_on.isoformat())
    )
    debit = make.DrctDbtTxInf(
        make.PmtId(make.EndToEndId(texts.reference(collection.end_to_end_id))),
        make.InstdAmt(amount, Ccy=collection.amount.currency),
        make.DrctDbtTx(mandate),
        _agent(make, "DbtrAgt", collection.debtor.account),
        make.Dbtr(make.Nm(_name(collection.debtor))),
        _account(make, "DbtrAcct", collection.debtor.account),
        *_remittance(make, collection.remittance),
    )
    scheme = [make.SvcLvl(make.Cd("SEPA")), make.LclInstrm(make.Cd("CORE"))] if euro else []
    batch = make.PmtInf(
        make.PmtInfId(texts.reference(collection.message_id)),
        make.PmtMtd("DD"),
        make.NbOfTxs("1"),
        make.CtrlSum(amount),
        make.PmtTpInf(*scheme, make.SeqTp(_sequence(collection.sequence))),
        make.ReqdColltnDt(collection.collect_on.isoformat()),
        make.Cdtr(make.Nm(_name(collection.creditor))),
        _account(make, "CdtrAcct", collection.creditor.account, collection.amount.currency),
        _agent(make, "CdtrAgt", collection.creditor.account),
        make.ChrgBr("SLEV" if euro else "SHAR"),
        _scheme_id(make, collection.creditor_scheme_id, sepa=euro),
        debit,
    )
    header = _header(make, collection.message_id, collection.created_at, amount, collection.creditor)
    return _bytes(make.Document(make.CstmrDrctDbtInitn(header, batch)))


def _maker(message: str) -> ElementMaker:
    namespace = NAMESPACE + message
    return ElementMaker(namespace=namespace, nsmap={None: namespace})


def _bytes(document: etree._Element) -> bytes:
    return etree.tostring(document, xml_declaration=True, encoding="UTF-8")


def _header(make: ElementMaker, message_id: str, created_at: datetime, amount: str, sender: Party) -> etree._Element:
    if created_at.tzinfo is None:
        raise Unrenderable("the creation time has no time zone")
    created = created_at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
    return make.GrpHdr(
        make.MsgId(texts.reference(message_id)),
        make.CreDtTm(f"{created}Z"),
        make.NbOfTxs("1"),
        make.CtrlSum(amount),
        make.InitgPty(make.Nm(_name(sender))),
    )


def _account(make: ElementMaker, name: str, account: Account, currency: str | None = None) -> etree._Element:
    if account.iban is not None:
        if not is_valid_iban(account.iban):
            raise Unrenderable("an account's IBAN is not valid")
        number = make.IBAN(account.iban)
    elif account.other_id is not None:
        number = make.Othr(make.Id(texts.text(account.other_id, OTHER_ID_LENGTH)))
    else:
        raise Unrenderable("an account has neither an IBAN nor another number")
    return make(name, make.Id(number), *([make.Ccy(currency)] if currency else []))


def _agent(make: ElementMaker, name: str, account: Account) -> etree._Element:
    """The account's bank by BIC; where there is none, the standard's way of saying so."""
    if account.bic is None:
        return make(name, make.FinInstnId(make.Othr(make.Id(NOT_PROVIDED))))
    if not _BIC.fullmatch(account.bic):
        raise Unrenderable("an account's BIC is not one")
    return make(name, make.FinInstnId(make.BICFI(account.bic)))


def _scheme_id(make: ElementMaker, identifier: str, *, sepa: bool) -> etree._Element:
    scheme = [make.SchmeNm(make.Prtry("SEPA"))] if sepa else []
    return make.CdtrSchmeId(make.Id(make.PrvtId(make.Othr(make.Id(texts.reference(identifier)), *scheme))))


def _remittance(make: ElementMaker, text: str) -> list[etree._Element]:
    return [make.RmtInf(make.Ustrd(texts.text(text, NAME_LENGTH)))] if text.strip() else []


def _amount(money: Money) -> str:
    """Major units with exactly the currency's decimals: 1050 EUR → `10.50`, 1050 KRW → `1050`."""
    if not 0 < money.amount <= MAX_AMOUNT:
        raise Unrenderable("a payment's amount is positive and within bounds")
    return f"{money.decimal():f}"


def _name(party: Party) -> str:
    return texts.text(party.name, NAME_LENGTH)


def _sequence(code: str) -> str:
    if code not in _SEQUENCES:
        raise Unrenderable(f"{code[:10]!r} is not a direct debit's place in its sequence")
    return code
