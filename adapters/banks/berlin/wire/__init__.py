"""NextGenPSD2 1.3 JSON to and from the gateway's own shapes. Pure: no I/O, no clock, no state.

Out: `render_payout`, a line that says what the JSON body does not (product, our message id), and that body. In: `read`
turns what the bank answered into facts. A payment's status does not name the payment and an entry not its account, so
each answer is kept under a line of ours (`wrapping`), and below it exactly as the bank wrote it.

- A status is a fact of kind status. A code nobody knows is PDNG; the refusal of a copy (DUPL, AM05) is RCVD, because
  the first one lives on.
- A booked entry of the transaction list is the money: an amount with a minus sign left our account. It is told once,
  by one source. A return is an entry too, marked by its bank transaction code; nothing announces it before.
- A pending entry is no money: it says only that the bank has the payment, which is the status PDNG.
- A notification is a hint. Whatever it claims, its fact is a PDNG for the payment's own id at the bank, with the claim
  in `detail`: nothing moves before the bank, asked, says so itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.banks.berlin.wire.initiation import CURRENCY, Order, read_order, render_payout
from adapters.banks.berlin.wire.status import read_notification, read_status
from adapters.banks.berlin.wire.transactions import read_booked, read_pending
from adapters.banks.berlin.wire.wrapping import Kind, unwrap

if TYPE_CHECKING:
    from gateway.bank_ports import BankEvent

__all__ = ["CURRENCY", "Order", "read", "read_order", "render_payout"]

_READERS = {
    Kind.status: read_status,
    Kind.booked: read_booked,
    Kind.pending: read_pending,
    Kind.notification: read_notification,
}


def read(stored: bytes) -> list[BankEvent]:
    """The facts in one stored answer. Raises Unreadable."""
    label, answer = unwrap(stored)
    return _READERS[label.kind](label, answer)
