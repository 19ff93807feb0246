"""The sandbox bank's credit decision, by rule, so that every answer can be tried.

Of the amount in major units the last two digits before its zeros decide: 13 (such as 1,300 or 13) is referred and
approved a day later, 99 (such as 990 or 19,900) is rejected, all else is approved at once. A shop may be set to be
answered otherwise.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.domain.bank_decisions import BankDecision, BankOutcome
from gateway.domain.money import minor_units
from gateway.domain.sandbox_banks import Decides

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from gateway.domain.bank_decisions import Application
    from gateway.ports import Clock

REFERRED, REJECTED = "13", "99"
LOOKS_FOR = timedelta(days=1)
"""How long the officer takes over a referred draw."""


class SandboxLoanDecision:
    """A LoanDecision on the business clock; see the module."""

    def __init__(self, clock: Clock, decides: Callable[[str], Awaitable[Decides]] | None = None) -> None:
        self._clock, self._decides = clock, decides

    async def decide(self, application: Application) -> BankDecision:
        """See LoanDecision."""
        now, reference = self._clock.now(), f"SANDBOX-{application.drawdown_id}-{application.number}"
        set_to = Decides.by_amount if self._decides is None else await self._decides(application.merchant.id)
        if set_to is not Decides.by_amount:
            return _as_set(set_to, now, reference)
        digits = str(application.amount // minor_units(application.currency)).rstrip("0")
        if digits.endswith(REJECTED):
            return BankDecision(BankOutcome.rejected, now, "policy", reference)
        if digits.endswith(REFERRED) and now < application.confirmed_at + LOOKS_FOR:
            return BankDecision(BankOutcome.referred, now, "officer_looks", reference)
        return BankDecision(BankOutcome.approved, now, None, reference)


def _as_set(decides: Decides, now: datetime, reference: str) -> BankDecision:
    if decides is Decides.reject:
        return BankDecision(BankOutcome.rejected, now, "policy", reference)
    if decides is Decides.refer:
        return BankDecision(BankOutcome.referred, now, "officer_looks", reference)
    return BankDecision(BankOutcome.approved, now, None, reference)
