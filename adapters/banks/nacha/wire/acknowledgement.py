"""The bank's acknowledgement of a file of ours. The rules define none, so this reads the mock bank's plain text.

A line a fact: `FILE` its identity, `STATUS` what became of it, `ENTRY` what became of one payment. Another bank's form
is another reader here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.banks.nacha.wire import names
from gateway.bank_ports import BankEvent, BankEventKind, PaymentStatus, Unreadable
from gateway.domain.returns import FROM_NACHA

if TYPE_CHECKING:
    from collections.abc import Sequence

SOURCE = "nacha.ack"
MAX_BYTES = 1024 * 1024
ALREADY_THERE = frozenset({"DUPL", "AM05"})
"""Reasons that refuse a second copy only: the bank has the first one, which lives on."""
_TOLD = frozenset({"ACKNOWLEDGEMENT", "CREATED", "FILE", "NAME", "STATUS", "ENTRY"})
_OUTCOMES = {"ACCEPTED": PaymentStatus.ACCP, "REJECTED": PaymentStatus.RJCT}
_STATUS_WORDS, _ENTRY_WORDS = 2, 5


def read_acknowledgement(body: bytes) -> list[BankEvent]:
    """One event for each entry the bank names; one for the file where it names none. Raises Unreadable."""
    if len(body) > MAX_BYTES:
        raise Unreadable(f"the acknowledgement is larger than {MAX_BYTES} bytes")
    lines = [line.split() for line in body.decode("utf-8", errors="replace").splitlines() if line.strip()]
    if any(words[0] not in _TOLD for words in lines):
        raise Unreadable("the acknowledgement has a line nobody reads")
    told = [words for words in lines if words[0] == "FILE"]
    statuses = [words for words in lines if words[0] == "STATUS"]
    if len(told) != 1 or len(told[0]) != _STATUS_WORDS or len(statuses) != 1:
        raise Unreadable("an acknowledgement names one file and says its status")
    original = names.message_id(told[0][1])
    entries = [words for words in lines if words[0] == "ENTRY"]
    if entries:
        return [_entry(original, words) for words in entries]
    return [_file(original, statuses[0])]


def _file(original: str, words: Sequence[str]) -> BankEvent:
    if len(words) < _STATUS_WORDS:
        raise Unreadable("an acknowledgement names one file and says its status")
    known = PaymentStatus.__members__.get(words[1])
    return _event(original, None, known, words[2] if len(words) > _STATUS_WORDS else None, words)


def _entry(original: str, words: Sequence[str]) -> BankEvent:
    """`ENTRY trace reference amount OUTCOME what`, the reference one word because ours have no blanks."""
    if len(words) < _ENTRY_WORDS:
        raise Unreadable("an acknowledged entry does not say what became of it")
    known = _OUTCOMES.get(words[4])
    reason = words[5] if known is PaymentStatus.RJCT and len(words) > _ENTRY_WORDS else None
    return _event(original, None if words[2] == "NOTPROVIDED" else words[2], known, reason, words)


def _event(
    original: str, reference: str | None, known: PaymentStatus | None, reason: str | None, words: Sequence[str]
) -> BankEvent:
    if known is PaymentStatus.RJCT and reason in ALREADY_THERE:
        known = PaymentStatus.RCVD
    return BankEvent(
        kind=BankEventKind.status,
        source=SOURCE,
        end_to_end_id=reference,
        original_message_id=original,
        status=known or PaymentStatus.PDNG,
        reason=FROM_NACHA.get(reason, reason) if reason else None,
        detail=" ".join(words[1:])[:500],
    )
