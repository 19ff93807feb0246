"""A bank that decides loans over HTTP: one question a POST, the answer in its body.

`POST address` with the application as JSON (names as in `Application`, instants and dates in RFC 3339), a bearer token
where one is set, and `Idempotency-Key` naming the question. 200 or 201 answers `{"outcome", "decided_at", "reason"?,
"bank_reference"?}`; 202 says that an officer looks. Any other answer decides nothing and is asked for again.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import msgspec

from adapters import questions
from gateway.bank_ports import Unanswered
from gateway.domain.bank_decisions import REASON, BankDecision, BankOutcome

if TYPE_CHECKING:
    from adapters.questions import Place
    from gateway.domain.bank_decisions import Application
    from gateway.outbound import Answer, Outbound
    from gateway.ports import Clock

_ANSWERED = frozenset({200, 201})
_REFERRED = 202


class _Body(msgspec.Struct, frozen=True):
    """What is read of an answer; other members are the bank's own affair."""

    outcome: BankOutcome
    decided_at: Annotated[datetime, msgspec.Meta(tz=True)]
    reason: Annotated[str, msgspec.Meta(pattern=REASON)] | None = None
    bank_reference: Annotated[str, msgspec.Meta(min_length=1, max_length=140)] | None = None


class HttpLoanDecision:
    """A LoanDecision; see the module."""

    def __init__(self, place: Place, outbound: Outbound, clock: Clock) -> None:
        self._place, self._outbound, self._clock = place, outbound, clock

    async def decide(self, application: Application) -> BankDecision:
        """See LoanDecision."""
        name = f"{application.drawdown_id}-{application.number}"
        answer = await questions.ask(self._outbound, self._place, application, name=name)
        return self._read(answer)

    def _read(self, answer: Answer) -> BankDecision:
        if answer.status == _REFERRED:
            return BankDecision(BankOutcome.referred, self._clock.now())
        if answer.status not in _ANSWERED:
            raise Unanswered(f"The bank answered {answer.status}", status=answer.status)
        try:
            body = msgspec.json.decode(answer.body, type=_Body)
        except (msgspec.ValidationError, msgspec.DecodeError, RecursionError) as error:
            raise Unanswered("The bank's decision cannot be read") from error
        return BankDecision(body.outcome, body.decided_at, body.reason, body.bank_reference)
