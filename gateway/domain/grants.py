"""What a consent in force permits: the question behind every route that touches a merchant's data or money."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, TypeVar

import msgspec

from gateway.domain.consents import ConsentRequired
from gateway.domain.details import (
    Datatype,
    Detail,
    Details,
    Drawdown,
    MerchantData,
    Purpose,
    RepaymentCollection,
    kind,
)
from gateway.domain.rights import Right

if TYPE_CHECKING:
    from collections.abc import Sequence

D = TypeVar("D", bound=Detail)


class Need(msgspec.Struct, frozen=True):
    """What a caller is about to do: `kind` is the detail's type; data and purpose where they matter."""

    kind: str
    action: str
    datatype: Datatype | None = None
    purpose: Purpose | None = None


PUSH = Need("merchant_data", "push")
READ_OFFERS = Need("offers", "read")
QUOTE = Need("drawdown", "quote")
PROPOSE = Need("drawdown", "propose")
WITHHOLD = Need("repayment_collection", "withhold")
DEBIT = Need("repayment_collection", "debit")


def push(datatype: Datatype, purpose: Purpose) -> Need:
    """To send one kind of data for one purpose."""
    return _PUSHES[datatype, purpose]


_PUSHES = {(d, p): Need(PUSH.kind, PUSH.action, d, p) for d in Datatype for p in Purpose}
ASSESS = push(Datatype.sales, Purpose.credit_assessment)
"""Without this no limit can be worked out."""
FEEDS = tuple(push(datatype, Purpose.credit_assessment) for datatype in Datatype)
"""Under any of these something of a shop comes in to be assessed."""

OPENED_BY: dict[Right, tuple[Need, ...]] = {
    Right.merchants_read: (PUSH, READ_OFFERS, QUOTE, PROPOSE, WITHHOLD, DEBIT),
    Right.sales_write: (PUSH,),
    Right.data_write: (PUSH,),
    Right.offers_read: (READ_OFFERS,),
    Right.quotes_write: (QUOTE,),
    Right.drawdowns_write: (PROPOSE,),
    Right.drawdowns_read: (QUOTE, PROPOSE, WITHHOLD, DEBIT),
}
"""The actions of which a token must have one to have a right: what a route needs is what its right needs."""


def required(need: Need) -> ConsentRequired:
    """The refusal that says what the merchant would have to agree to."""
    known = {name: str(value) for name, value in msgspec.structs.asdict(need).items() if value is not None}
    said = "The merchant's consent does not cover this: " + " ".join(known.values())
    return ConsentRequired(said, kind=need.kind, action=need.action)


class Grant(msgspec.Struct, frozen=True):
    """A consent in force as a merchant's position carries it: whose, which version, what it allows, until when."""

    grant_id: str
    client_id: str
    version: int
    expires_at: datetime
    details: Details

    def allows(self, need: Need, now: datetime) -> bool:
        """Whether it lets its client do this at the business instant `now`."""
        return now < self.expires_at and allowed(self.details, need, now.date())

    def reaches(self, purpose: Purpose, now: datetime) -> dict[Datatype, int]:
        """How many days back data may be used for a purpose at `now`, by kind; kinds that may not are absent."""
        found: dict[Datatype, int] = {}
        for d in self.details if now < self.expires_at else ():
            if isinstance(d, MerchantData) and d.purpose is purpose and _data_allowed(d, now.date(), None, None):
                found |= {one: max(d.lookback_days, found.get(one, 0)) for one in d.datatypes}
        return found

    def lookback_days(self, datatype: Datatype, today: date) -> int:
        """How far back this kind of data may go, by whichever line that holds today reaches further."""
        return max(
            (
                d.lookback_days
                for d in self.details
                if isinstance(d, MerchantData) and _data_allowed(d, today, datatype, None)
            ),
            default=0,
        )


class Basis(msgspec.Struct, frozen=True):
    """The version of a consent under which data was used."""

    grant_id: str
    version: int


def allowed(details: Details, need: Need, today: date) -> bool:
    """Whether `details` let a client do what it needs to, today."""
    return any(
        need.action in detail.actions
        and kind(detail) == need.kind
        and _data_allowed(detail, today, need.datatype, need.purpose)
        for detail in details
    )


def _data_allowed(detail: Detail, today: date, datatype: Datatype | None, purpose: Purpose | None) -> bool:
    if not isinstance(detail, MerchantData):
        return datatype is None and purpose is None
    return (
        (datatype is None or datatype in detail.datatypes)
        and (purpose is None or purpose == detail.purpose)
        and (detail.expires_at is None or today <= detail.expires_at)
    )


def may_receive(details: Details, bank_id: str, purpose: Purpose, today: date) -> bool:
    """Whether data given for `purpose` may be passed on to a bank."""
    return any(
        isinstance(detail, MerchantData)
        and _data_allowed(detail, today, None, purpose)
        and any(recipient.bank == bank_id for recipient in detail.recipients)
        for detail in details
    )


class Draw(msgspec.Struct, frozen=True):
    """A loan about to be proposed, as far as a consent has a word in it."""

    bank_id: str
    currency: str
    amount: int
    outstanding_amount: int
    """What will be outstanding in all with it."""
    withhold_bps: int


def check_draw(grant: Grant, draw: Draw, now: datetime) -> None:
    """Raise ConsentRequired unless the merchant agreed to its size, its bank, and to its being repaid from sales."""
    limits = _only(grant.details, Drawdown).limits
    if limits.currency != draw.currency:
        raise ConsentRequired(f"The merchant agreed to loans in {limits.currency}", currency=limits.currency)
    if draw.amount > limits.per_draw_amount or draw.outstanding_amount > limits.outstanding_amount:
        raise ConsentRequired(
            "This is more than the merchant agreed to be proposed",
            per_draw_amount=limits.per_draw_amount,
            outstanding_amount=limits.outstanding_amount,
        )
    if not may_receive(grant.details, draw.bank_id, Purpose.credit_assessment, now.date()):
        raise ConsentRequired("The merchant did not agree that this bank gets its data", bank=draw.bank_id)
    if not grant.allows(DEBIT, now):
        raise ConsentRequired("The merchant did not agree to repay from sales", kind=DEBIT.kind, action=DEBIT.action)
    most = _only(grant.details, RepaymentCollection).max_withhold_bps
    if draw.withhold_bps > most:
        raise ConsentRequired("This takes more of a day's sales than the merchant agreed to", max_withhold_bps=most)


def check_covered(grants: Sequence[Grant], draw: Draw, now: datetime) -> None:
    """Raise ConsentRequired unless one of the consents in force still lets a loan like this be proposed."""
    refusal = required(PROPOSE)
    for grant in grants:
        if grant.allows(PROPOSE, now):
            try:
                check_draw(grant, draw, now)
            except ConsentRequired as refused:
                refusal = refused
            else:
                return
    raise refusal


def _only(details: Details, wanted: type[D]) -> D:
    """The detail of a type that comes once and is known to be there."""
    return next(detail for detail in details if isinstance(detail, wanted))
