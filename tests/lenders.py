"""A bank whose credit decisions a test dictates."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gateway.bank_ports import Unreachable
from gateway.domain.bank_decisions import BankDecision, BankOutcome
from tests.gateways import NOW

if TYPE_CHECKING:
    from gateway.domain.bank_decisions import Application


class Lender:
    """A LoanDecision that says `outcome`; None = nobody answers. It remembers what it was asked.

    It answers once `together` are asking.
    """

    def __init__(self, outcome: BankOutcome | None, *, together: int = 1) -> None:
        self.outcome = outcome
        self._asking = asyncio.Barrier(together)
        self.asked: list[Application] = []

    async def decide(self, application: Application) -> BankDecision:
        """See LoanDecision."""
        self.asked.append(application)
        await self._asking.wait()
        if self.outcome is None:
            raise Unreachable("The line is down")
        return BankDecision(self.outcome, NOW, "policy", f"ref-{len(self.asked)}")
