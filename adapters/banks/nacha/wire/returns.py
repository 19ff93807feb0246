"""Return files: entries that come back (addenda 99), and account data their receiver's bank corrects (addenda 98).

A return is an announcement. The booked entry of the statement is the money, and there may be none: an entry refused
before it settled comes back too. A notification of change moves nothing and changes nothing: an account number that a
message tells us to use instead is exactly what a thief would send, so it is told for the merchant to confirm.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from adapters.banks.nacha.wire import records
from gateway.bank_ports import Account, BankEvent, BankEventKind, Unreadable
from gateway.domain.accounts import is_valid_routing_number, tail
from gateway.domain.money import Money
from gateway.domain.returns import FROM_NACHA

if TYPE_CHECKING:
    from adapters.banks.nacha.wire.files import Batch, Entry, File

RETURN, CORRECTION = "nacha.return", "nacha.correction"
LAST_CODE = 85
"""Return reason codes go from R01 to R85 (Appendix Four), with gaps."""
_CODE = re.compile(r"R([0-9]{2})")
_DISPUTED = frozenset(f"R{number}" for number in range(61, 78))
"""Banks' dispute about a return (dishonored R61 to R69, contested R70 to R77): which way money goes is not said."""


class _Part(msgspec.Struct, frozen=True):
    """Where a correction's parts stand in its 29 characters, from and to; None = not in this code."""

    routing: tuple[int, int] | None = None
    account: tuple[int, int] | None = None
    transaction: tuple[int, int] | None = None


_CORRECTIONS = {
    "C01": _Part(account=(0, 17)),
    "C02": _Part(routing=(0, 9)),
    "C03": _Part(routing=(0, 9), account=(12, 29)),
    "C05": _Part(transaction=(0, 2)),
    "C06": _Part(account=(0, 17), transaction=(20, 22)),
    "C07": _Part(routing=(0, 9), account=(9, 26), transaction=(26, 28)),
}
"""Codes that change where the money goes (Appendix Five); other codes (names, ids, formats) are told without parts."""
_CORRECTION_CODE = re.compile(r"C[0-9]{2}")


def read_returns(file: File) -> list[BankEvent]:
    """One event for each returned or corrected entry, in the file's order. Raises Unreadable for any other entry."""
    return [_event(batch, entry) for batch in file.batches for entry in batch.entries]


def _event(batch: Batch, entry: Entry) -> BankEvent:
    layout = entry.addenda[-1].layout if entry.addenda else None
    if layout is records.ADDENDA_RETURN:
        return _returned(entry)
    if layout is records.ADDENDA_CORRECTION:
        return _corrected(entry)
    raise Unreadable(
        f"line {entry.detail.line}: a new {batch.header.text('entry_class')} entry, neither a return nor a correction"
    )


def _returned(entry: Entry) -> BankEvent:
    addenda = entry.addenda[-1]
    code = addenda.text("code")
    shape = _CODE.fullmatch(code)
    if shape is None or not 1 <= int(shape[1]) <= LAST_CODE:
        raise Unreadable(f"line {addenda.line}: {code!r} is not a return reason code")
    disputed = code in _DISPUTED
    information = addenda.text("information")
    return BankEvent(
        kind=BankEventKind.returned,
        source=RETURN,
        end_to_end_id=_reference(entry),
        reason=FROM_NACHA.get(code, code),
        detail=f"{code} {information}".strip(),
        amount=Money(entry.detail.number("amount"), "USD"),
        credit=None if disputed else entry.is_credit,
        bank_reference=entry.detail.text("trace"),
    )


def _corrected(entry: Entry) -> BankEvent:
    addenda = entry.addenda[-1]
    code = addenda.text("code")
    if not _CORRECTION_CODE.fullmatch(code):
        raise Unreadable(f"line {addenda.line}: {code!r} is not a change code")
    corrected = _account(addenda.values["corrected"], code, addenda.line)
    number = f"; account ends {tail(corrected.other_id)}" if corrected and corrected.other_id else ""
    return BankEvent(
        kind=BankEventKind.correction,
        source=CORRECTION,
        end_to_end_id=_reference(entry),
        reason=code,
        detail=f"{code} the receiver's bank asks for other account data{number}",
        bank_reference=entry.detail.text("trace"),
        corrected=corrected,
    )


def _account(data: str, code: str, line: int) -> Account | None:
    """The parts that are to change; None where the code names none that lead to an account."""
    part = _CORRECTIONS.get(code)
    if part is None:
        return None
    routing, account, transaction = (
        data[slice(*place)].strip() if place else None for place in (part.routing, part.account, part.transaction)
    )
    if "" in {routing, account, transaction}:
        raise Unreadable(f"line {line}: the corrected data of {code} is missing")
    if routing is not None and not is_valid_routing_number(routing):
        raise Unreadable(f"line {line}: the corrected routing number fails its check digit")
    return Account(other_id=account, clearing_id=routing, savings=(transaction or "")[:1] == "3")


def _reference(entry: Entry) -> str | None:
    return entry.detail.text("individual_id") or None
