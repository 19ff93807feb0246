"""What was written off: a loan as a loss, and later what was taken back of repayments of before."""

from __future__ import annotations

from datetime import date

import msgspec


class WriteOff(msgspec.Struct, frozen=True):
    """One entry of the kind `charged_off`; `reference` is the drawdown, or the repayment that was taken back after."""

    reference: str
    drawdown_id: str
    principal_amount: int
    fee_amount: int
    written_off_on: date

    @property
    def amount(self) -> int:
        """What is claimed still, though the books have lost it."""
        return self.principal_amount + self.fee_amount
