"""A KYB over HTTP: `POST address` with the merchant as the partner says it is (`Subject`, JSON), `Idempotency-Key`.

200 or 201 answers `{"outcome": "verified" | "refused" | "referred", "reasons"?, "reference"?, "entity_type"?,
"registry_id"?, "owners"?, "signatory"?, "payout_account"?, "contact_email"?}`; 202 says that a person looks. Any other
answer finds nothing and is asked for again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from adapters import questions
from gateway.bank_ports import Unanswered
from gateway.domain.bank_decisions import REASON
from gateway.domain.merchants import Email, Name
from gateway.domain.verifications import Finding, Found

if TYPE_CHECKING:
    from adapters.questions import Place
    from gateway.domain.verifications import Subject
    from gateway.outbound import Outbound

_ANSWERED = frozenset({200, 201})
_REFERRED = 202
_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=140)]
_Account = Annotated[str, msgspec.Meta(pattern=r"\A[0-9A-Z:]{6,40}\Z")]
_Reason = Annotated[str, msgspec.Meta(pattern=REASON)]


class _Body(msgspec.Struct, frozen=True):
    """What is read of an answer; other members are the KYB's own affair."""

    outcome: Finding
    reasons: Annotated[tuple[_Reason, ...], msgspec.Meta(max_length=20)] = ()
    reference: _Text | None = None
    entity_type: _Text | None = None
    registry_id: _Text | None = None
    owners: Annotated[tuple[Name, ...], msgspec.Meta(max_length=50)] = ()
    signatory: Name | None = None
    payout_account: _Account | None = None
    contact_email: Email | None = None


class HttpVerification:
    """A Verification; see the module."""

    def __init__(self, place: Place, outbound: Outbound) -> None:
        self._place, self._outbound = place, outbound

    async def verify(self, subject: Subject) -> Found:
        """See Verification."""
        name = f"{subject.merchant_id}-{subject.number}"
        answer = await questions.ask(self._outbound, self._place, subject, name=name)
        if answer.status == _REFERRED:
            return Found(Finding.referred)
        if answer.status not in _ANSWERED:
            raise Unanswered(f"The verification answered {answer.status}", status=answer.status)
        try:
            body = msgspec.json.decode(answer.body, type=_Body)
        except (msgspec.ValidationError, msgspec.DecodeError, RecursionError) as error:
            raise Unanswered("The verification's answer cannot be read") from error
        return Found(**msgspec.structs.asdict(body))
