"""ISO 20022 messages to and from the gateway's own shapes. Pure: no I/O, no clock, no state.

Out: `render_payout` (pain.001) and `render_collection` (pain.008) by a bank's `Profile`, one payment a file, the same
bytes for the same input every time. In: `read` turns a pain.002, camt.053, camt.054 or pacs.004 into facts.

How the same fact shows up twice, and what makes it one fact:

- A booking is told by the camt.054 of the moment and again by the camt.053 of the day (and by any copy of either).
  Both events have the same `account`, `end_to_end_id`, `credit`, `amount` and `booked_on`, and the same
  `bank_reference` (AcctSvcrRef) where the bank gives one. They differ in `source` only. One booking may carry several
  payments under one `bank_reference`, so the reference alone is not the fact's identity.
- A camt.053 begins with a fact about itself (`kind` statement): its id, number, days and balances. Its entries carry
  `statement_id`. `entry_reference` names the entry in both reports: AcctSvcrRef, or NtryRef where the bank gives only
  that (some number each report's entries from 1: then it says little without account, day and amount).
- A return is told by a pacs.004 and by the entry that books it. **The camt entry is the money**: it says when and on
  which account. The pacs.004 event announces it with the reason; it has `kind` returned too, but its `source` starts
  with `pacs.004` and its `account` and `booked_on` are None, so nobody books it by accident.
- A status may be repeated and may be followed by a later one; the bank's latest word counts, and never undoes a
  booking. The refusal of a copy (reason DUPL or AM05) names the first file too, so it is read as RCVD: whoever takes
  it for a rejection would give up on a payment that is on its way.

An entry that is not booked (pending, information, future) is no fact and gives no event. What the bank names
`NOTPROVIDED` is None here. A status code nobody knows is read as PDNG, never as success.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.banks.iso20022.wire.initiation import render_collection, render_payout
from adapters.banks.iso20022.wire.markup import parse
from adapters.banks.iso20022.wire.returns import read_return
from adapters.banks.iso20022.wire.statement import read_statement
from adapters.banks.iso20022.wire.status import read_status
from gateway.bank_ports import Unreadable

if TYPE_CHECKING:
    from gateway.bank_ports import BankEvent

__all__ = ["READABLE", "message_id", "read", "render_collection", "render_payout"]

_READERS = {
    "pain.002.001.03": read_status,
    "pain.002.001.10": read_status,
    "camt.053.001.02": read_statement,
    "camt.053.001.04": read_statement,
    "camt.053.001.08": read_statement,
    "camt.054.001.02": read_statement,
    "camt.054.001.04": read_statement,
    "camt.054.001.08": read_statement,
    "pacs.004.001.09": read_return,
}
READABLE = frozenset(_READERS)
"""The message types `read` understands; the older versions differ only where a reader says so."""


def read(body: bytes) -> list[BankEvent]:
    """The facts in one message, in the bank's order. Raises Unreadable."""
    document = parse(body)
    reader = _READERS.get(document.message)
    if reader is None:
        raise Unreadable(f"{document.message} is not a message this adapter reads", message=document.message)
    return reader(document)


def message_id(body: bytes) -> str:
    """The MsgId of a file of ours; empty for bytes that are none, which go out all the same."""
    try:
        return parse(body).body.text("GrpHdr/MsgId") or ""
    except Unreadable:
        return ""
