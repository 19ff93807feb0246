"""A remittance: what a partner withheld from its merchants for one bank, reported line by line and then paid.

A merchant is discharged by the report, the partner owes the bank until the money came.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import msgspec

from gateway.domain.errors import Conflict, Invalid, NotFound
from gateway.domain.money import BPS, MAX_AMOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LINES_COUNT = 1_000


class RemittanceState(StrEnum):
    """Where a remittance stands."""

    announced = "announced"
    short = "short"
    """Less came than was announced; the rest is still owed."""
    received = "received"


MOVES: dict[RemittanceState, frozenset[RemittanceState]] = {
    RemittanceState.announced: frozenset({RemittanceState.short, RemittanceState.received}),
    RemittanceState.short: frozenset({RemittanceState.received}),
    RemittanceState.received: frozenset(),
}


class WithheldLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One due withholding, by its id or by its loan and day, and what was withheld of it: 0 = nothing could be."""

    withheld_amount: Annotated[int, msgspec.Meta(ge=0, le=MAX_AMOUNT)]
    repayment_id: str | None = None
    drawdown_id: str | None = None
    business_on: date | None = None


class NewRemittance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a partner withheld; `reference` is its own, given once."""

    reference: Annotated[str, msgspec.Meta(pattern=r"\A[\x21-\x7e]{1,35}\Z")]
    currency: Annotated[str, msgspec.Meta(pattern=r"\A[A-Z]{3}\Z")]
    lines: Annotated[tuple[WithheldLine, ...], msgspec.Meta(min_length=1, max_length=LINES_COUNT)]


class Remittance(msgspec.Struct, frozen=True):
    """See the module. `end_to_end_id` is what its payment must carry; `entries` are the bank's names of what came."""

    id: str
    partner_id: str
    reference: str
    bank_id: str
    currency: str
    amount: int
    received_amount: int
    state: RemittanceState
    end_to_end_id: str
    entries: tuple[str, ...]
    created_at: datetime
    state_at: datetime


class Line(msgspec.Struct, frozen=True):
    """What was withheld for one repayment, and what of it came."""

    repayment_id: str
    drawdown_id: str
    amount: int
    received_amount: int


class Piece(msgspec.Struct, frozen=True):
    """A part of one line that one payment brought: the `number`th for it."""

    repayment_id: str
    number: int
    amount: int

    @property
    def reference(self) -> str:
        """What the ledger knows it by."""
        return f"{self.repayment_id}:{self.number}"


class UnknownRemittance(NotFound):
    """No such remittance for this caller."""

    code = "remittance_not_found"
    title = "No such remittance"


class ReferenceTaken(Conflict):
    """The partner gave this reference before."""

    code = "remittance_reference_taken"
    title = "A remittance with this reference was reported before"


class NothingTaken(Invalid):
    """No line of the report could be taken."""

    code = "remittance_nothing_taken"
    title = "No line of the remittance could be taken"


def spread(lines: Sequence[Line], amount: int) -> Iterator[tuple[Line, int]]:
    """A payment over the lines in their order, each up to what is left of it; the parts add up to the payment."""
    for line in lines:
        part = min(line.amount - line.received_amount, amount)
        if part > 0:
            amount -= part
            yield line, part


def carried_net(short_amount: int, withhold_bps: int) -> int:
    """The net sales to carry to the next close so that its share makes up for what was not withheld."""
    return -(-short_amount * BPS // withhold_bps) if withhold_bps else 0
