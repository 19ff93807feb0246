"""pain.001 and pain.008: one payment each, in the bytes that are stored before anything is sent.

Names and remittance go out in the characters of the bank's profile; where that is Unicode, as they are (a payee's name
is checked against the account's holder: transliterating it would change it). What could mislead or break a reader is
refused: control characters, lone surrogates, direction overrides. References keep to what every SEPA bank takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from adapters import texts
from adapters.banks.iso20022.wire.parts import decimal, parts
from adapters.banks.iso20022.wire.profiles import CGI
from gateway.bank_ports import Unrenderable

if TYPE_CHECKING:
    from adapters.banks.iso20022.wire.profiles import Profile
    from gateway.bank_ports import Collection, Payout

_SEQUENCES = frozenset({"FRST", "RCUR", "FNAL", "OOFF"})


def render_payout(payout: Payout, profile: Profile = CGI) -> bytes:
    """A credit transfer as pain.001; the same bytes for the same payout. Raises Unrenderable."""
    currency, account = payout.amount.currency, payout.creditor.account
    p = parts(profile, profile.transfer_version, profile.transfer_namespace, profile.transfers, currency)
    make = p.make
    if profile.creditor_bic and account.bic is None:
        raise Unrenderable("this bank takes no payout without the BIC of the payee's bank")
    transfer = make.CdtTrfTxInf(
        make.PmtId(make.EndToEndId(texts.reference(payout.end_to_end_id))),
        make.Amt(make.InstdAmt(decimal(payout.amount), Ccy=currency)),
        *([p.agent("CdtrAgt", account)] if account.bic or account.clearing_id else []),
        p.party("Cdtr", payout.creditor),
        p.account("CdtrAcct", account),
        *p.remittance(payout.remittance),
    )
    batch = make.PmtInf(
        *p.batch(payout.message_id, "TRF", payout.amount),
        *p.kind(),
        p.execution(payout.execute_on),
        p.party("Dbtr", payout.debtor),
        p.account("DbtrAcct", payout.debtor.account, currency),
        p.agent("DbtrAgt", payout.debtor.account),
        *p.charges(),
        transfer,
    )
    header = p.header(payout.message_id, payout.created_at, payout.amount, payout.debtor)
    return _bytes(make.Document(make.CstmrCdtTrfInitn(header, batch)))


def render_collection(collection: Collection, profile: Profile = CGI) -> bytes:
    """A direct debit as pain.008; the same bytes for the same collection. Raises Unrenderable."""
    currency, amount = collection.amount.currency, decimal(collection.amount)
    p = parts(profile, profile.debit_version, profile.debit_namespace, profile.debits, currency)
    make = p.make
    mandate = make.MndtRltdInf(
        make.MndtId(texts.reference(collection.mandate_id)), make.DtOfSgntr(collection.mandate_signed_on.isoformat())
    )
    debit = make.DrctDbtTxInf(
        make.PmtId(make.EndToEndId(texts.reference(collection.end_to_end_id))),
        make.InstdAmt(amount, Ccy=currency),
        make.DrctDbtTx(mandate),
        p.agent("DbtrAgt", collection.debtor.account),
        p.party("Dbtr", collection.debtor),
        p.account("DbtrAcct", collection.debtor.account),
        *p.remittance(collection.remittance),
    )
    batch = make.PmtInf(
        *p.batch(collection.message_id, "DD", collection.amount),
        *p.kind(_sequence(collection.sequence)),
        make.ReqdColltnDt(collection.collect_on.isoformat()),
        p.party("Cdtr", collection.creditor),
        p.account("CdtrAcct", collection.creditor.account, currency),
        p.agent("CdtrAgt", collection.creditor.account),
        *p.charges(),
        p.scheme_id(collection.creditor_scheme_id),
        debit,
    )
    header = p.header(collection.message_id, collection.created_at, collection.amount, collection.creditor)
    return _bytes(make.Document(make.CstmrDrctDbtInitn(header, batch)))


def _bytes(document: etree._Element) -> bytes:
    return etree.tostring(document, xml_declaration=True, encoding="UTF-8")


def _sequence(code: str) -> str:
    if code not in _SEQUENCES:
        raise Unrenderable(f"{code[:10]!r} is not a direct debit's place in its sequence")
    return code
