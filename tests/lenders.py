"""A bank whose credit decisions a test dictates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.bank_ports import Unreachable
from gateway.domain.bank_decisions import BankDecision, BankOutcome
from tests.gateways import NOW

if TYPE_CHECKING:
    from gateway.domain.bank_decisions import Application


class Lender:
    """A LoanDecision that says `outcome`; None = nobody answers. It remembers what it was asked."""

    def __init__(self, outcome: BankOutcome | None) -> None:
        self.outcome = outcome
        self.asked: list[Application] = []

    async def decide(self, application: Application) -> BankDecision:
        """See LoanDecision."""
        self.asked.append(application)
        if self.outcome is None:
            raise Unreachable("The line is down")
        return BankDecision(self.outcome, NOW, "policy", f"ref-{len(self.asked)}")
