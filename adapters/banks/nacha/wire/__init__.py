"""ACH files, BAI2 statements and acknowledgements to and from the gateway's own shapes. Pure: no I/O, clock, state.

Out: `render_payout` and `render_collection`, one entry a file, the same bytes for the same input every time. In: `read`
turns an acknowledgement, a return file or a statement into facts.

What is told twice, and what is the money:

- The acknowledgement is the bank's word on a file or an entry (kind status); it never says that money moved.
- A return file announces (kind returned, without `booked_on`), with the reason. **The BAI2 detail is the money**; it
  says no reason. An entry refused before it settled is announced as a return and never booked.
- A notification of change (kind correction) says other account data to use; it is for the merchant to confirm.

Return codes are told by the ISO 20022 code of the same meaning (`gateway.domain.returns.FROM_NACHA`), others as they
are, which leaves them to a person. A status nobody knows is PDNG, never success.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.banks.nacha.wire.acknowledgement import read_acknowledgement
from adapters.banks.nacha.wire.files import parse
from adapters.banks.nacha.wire.initiation import (
    CURRENCY,
    REFERENCE_LENGTH,
    Originator,
    render_collection,
    render_payout,
)
from adapters.banks.nacha.wire.names import FILES_PER_DAY
from adapters.banks.nacha.wire.returns import read_returns
from adapters.banks.nacha.wire.statement import read_statement
from gateway.bank_ports import Unreadable

if TYPE_CHECKING:
    from gateway.bank_ports import BankEvent

__all__ = [
    "CURRENCY",
    "FILES_PER_DAY",
    "REFERENCE_LENGTH",
    "Originator",
    "read",
    "render_collection",
    "render_payout",
]


def read(body: bytes, reference_in: str = "bank") -> list[BankEvent]:
    """The facts in one message, in the bank's order; `reference_in` as in `read_statement`. Raises Unreadable."""
    if body.startswith(b"101"):
        return read_returns(parse(body))
    if body.startswith(b"01,"):
        return read_statement(body, reference_in)
    if body.startswith(b"ACKNOWLEDGEMENT"):
        return read_acknowledgement(body)
    raise Unreadable("neither an ACH file, nor a BAI2 statement, nor an acknowledgement")
