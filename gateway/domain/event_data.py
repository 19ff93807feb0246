"""What the `data` of each event holds: ids, codes, states, amounts and dates. Nothing of a bank account or a person.

Texts have one of the types below or are an enum's: there is no place for free text (a test looks at every field).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import msgspec

from gateway.domain.agreements import AgreementState
from gateway.domain.alerts import Severity
from gateway.domain.arrangements import ArrangementKind, ArrangementState
from gateway.domain.authorities import AuthorityState
from gateway.domain.changes import ChangeKind, ChangeState
from gateway.domain.drawdowns import DrawdownState
from gateway.domain.mandates import MandateState
from gateway.domain.remittances import RemittanceState
from gateway.domain.repayments import RepaymentState
from gateway.domain.reviews import ReviewKind

Id = Annotated[str, msgspec.Meta(pattern=r"\A[a-z]{3}_[0-9a-z]{1,32}\Z")]
Code = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_.:-]{1,80}\Z")]
Currency = Annotated[str, msgspec.Meta(pattern=r"\A[A-Z]{3}\Z")]
Amount = Annotated[int, msgspec.Meta(description="in minor units")]
Sequence = Annotated[int, msgspec.Meta(ge=1, description="counts the events about this `id`")]


class Data(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What every event has: `id` is that of the thing it is about."""

    id: Id
    sequence: Sequence


class OfMerchant(Data, frozen=True, kw_only=True):
    """About something of a merchant's."""

    merchant_id: Id


class MerchantData(OfMerchant, frozen=True, kw_only=True):
    """`reasons`: what the verification found, by code."""

    reasons: tuple[Code, ...] = ()


class ConsentData(OfMerchant, frozen=True, kw_only=True):
    """`id` is the grant's, `version` that of what was agreed; `by` who ended it: the merchant, or `time`.

    `days`: how many are left. The counts are of the records that were erased.
    """

    version: int
    by: Code | None = None
    days: int | None = None
    erasure_id: Id | None = None
    sales_count: int | None = None
    days_count: int | None = None
    decisions_count: int | None = None


class SalesData(OfMerchant, frozen=True, kw_only=True):
    """`id` is the merchant's; `data_at`: the newest record there is."""

    data_at: datetime | None = None


class OfferData(OfMerchant, frozen=True, kw_only=True):
    """`decision_id`: what changed it, where a decision did."""

    decision_id: Id | None = None


class DrawdownData(OfMerchant, frozen=True, kw_only=True):
    """The state it came to."""

    state: DrawdownState
    amount: Amount
    currency: Currency


class RepaymentData(OfMerchant, frozen=True, kw_only=True):
    """The state it came to."""

    drawdown_id: Id
    state: RepaymentState
    amount: Amount
    currency: Currency


class ShortfallData(OfMerchant, frozen=True, kw_only=True):
    """`id` is the drawdown's: by the forecast its sales will miss the minimum due by `short_amount`."""

    drawdown_id: Id
    due_on: date
    short_amount: Amount
    currency: Currency


class HealthData(OfMerchant, frozen=True, kw_only=True):
    """`id` is the drawdown's."""

    drawdown_id: Id
    past_due_amount: Amount
    past_due_days: int
    currency: Currency


class RemittanceData(Data, frozen=True, kw_only=True):
    """The partner's own, about no single merchant."""

    state: RemittanceState
    amount: Amount
    currency: Currency


class AgreementData(OfMerchant, frozen=True, kw_only=True):
    """The state it came to, and the lender."""

    bank_id: Id
    state: AgreementState


class MandateData(OfMerchant, frozen=True, kw_only=True):
    """The state it came to, and the lender it is given to."""

    bank_id: Id
    state: MandateState


class AuthorityData(OfMerchant, frozen=True, kw_only=True):
    """The state it came to."""

    state: AuthorityState


class ChangeData(OfMerchant, frozen=True, kw_only=True):
    """The state it came to. What is changed is never said."""

    kind: ChangeKind
    state: ChangeState


class ArrangementData(OfMerchant, frozen=True, kw_only=True):
    """What two officers agreed for a loan."""

    drawdown_id: Id
    kind: ArrangementKind
    state: ArrangementState


class ReviewData(OfMerchant, frozen=True, kw_only=True):
    """`subject_id`: the drawdown or the decision that a person looks at."""

    kind: ReviewKind
    subject_id: Id


class AlertData(Data, frozen=True, kw_only=True):
    """`kind` says what was seen."""

    kind: Code
    severity: Severity
    merchant_id: Id | None = None


class WebhookData(Data, frozen=True, kw_only=True):
    """An endpoint of the partner's; `reason`: why no more is sent there."""

    reason: Code | None = None
    failing_since: datetime | None = None
