"""A quote: one amount on one offer, alive for 15 minutes, with everything the merchant must see before the click."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import Annotated, Any

import msgspec

from gateway.domain.errors import Conflict, Invalid
from gateway.domain.money import MAX_AMOUNT
from gateway.domain.repayments import CollectionMode


class NewQuote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which offer, and how much of it; `programme_id` of another lender than the offer's, one of its alternatives."""

    offer_id: str
    amount: Annotated[int, msgspec.Meta(ge=1, le=MAX_AMOUNT)]
    refinances: str | None = None
    """A drawdown whose debt the new one takes over; `amount` is the new money beside it."""
    programme_id: Annotated[str, msgspec.Meta(max_length=44)] | None = None


class Assumptions(msgspec.Struct, frozen=True):
    """What the estimates rest on."""

    apr_method: str
    daily_repayment_amount: int
    median_sales_30d_amount: int


class Quote(msgspec.Struct, frozen=True, omit_defaults=True):
    """See the module. `minimum_amount` is per `interval_days`; `terms_hash` is what a confirmation must repeat.

    Defaults stay out of the hash, so that it is the same for quotes of before they were there.
    """

    id: str
    offer_id: str
    merchant_id: str
    currency: str
    amount: int
    fee_amount: int
    withhold_bps: int
    minimum_amount: int
    estimated_payoff_on: date
    final_due_on: date
    apr_bps: int
    assumptions: Assumptions
    partner_revenue_share_amount: int
    bank_id: str
    terms_version: str
    terms_hash: str
    created_at: datetime
    expires_at: datetime
    programme_id: str
    programme_version: int
    """Whose terms these are; 0 = of a time when the version was not kept."""
    collection: CollectionMode = CollectionMode.bank_debit
    interval_days: int = 30
    all_in_cap_bps: int = 2_400
    """The most all costs may come to at whatever day it is paid off, as an effective annual rate."""
    early_rebate_bps: int = 0
    """What of the fee not yet paid is given back to who pays it off early."""
    refinances: str | None = None
    """The drawdown whose debt this one takes over; its rest is part of `amount` and `fee_amount`, charged once."""
    refinanced_amount: int = 0
    refinanced_fee_amount: int = 0

    @property
    def new_money_amount(self) -> int:
        """What is paid out."""
        return self.amount - self.refinanced_amount

    @property
    def total_amount(self) -> int:
        """What is repaid in all."""
        return self.amount + self.fee_amount


class PayoffRange(msgspec.Struct, frozen=True):
    """When it is likely paid off: 8 times in 10 between these days, by what sales are foreseen. No part of the terms.

    Both are null where nothing is foreseen.
    """

    payoff_from_on: date | None = None
    payoff_to_on: date | None = None


class NotAStep(Invalid):
    """The amount is not a multiple of the offer's step."""

    code = "amount_not_a_step"
    title = "The amount is not a multiple of the step"


class NotOffered(Conflict):
    """The lender asked for offers this merchant nothing now; the alternatives of its current offer say why."""

    code = "lender_does_not_offer"
    title = "This lender does not offer now"


class AboveLimit(Invalid):
    """The amount is more than is available."""

    code = "amount_above_limit"
    title = "The amount is more than is available"


class QuoteExpired(Conflict):
    """The quote's time is over."""

    code = "quote_expired"
    title = "The quote has expired"


class QuoteSuperseded(Conflict):
    """A freeze, a revocation or a limit now below the amount: the quote cannot be drawn any more."""

    code = "quote_superseded"
    title = "The offer changed; nothing was borrowed"


class StaleTerms(Conflict):
    """The confirmation repeats other terms than the quote's."""

    code = "stale_terms"
    title = "The terms shown are not the terms of this quote"


def terms_hash(quote: Quote) -> str:
    """SHA-256 over every term that binds, in a fixed order; any changed field changes it.

    A quote of a time when the programme's version was not kept did not name the programme either.
    """
    binding: dict[str, Any] = msgspec.to_builtins(quote)
    binding.pop("terms_hash")
    for field in msgspec.structs.fields(Quote):  # msgspec omits the very object that is the default, not what equals it
        if getattr(quote, field.name) == field.default:
            binding.pop(field.name, None)
    if not quote.programme_version:
        del binding["programme_id"], binding["programme_version"]
    return hashlib.sha256(msgspec.json.encode(binding, order="sorted")).hexdigest()


def check_amount(amount: int, available_amount: int, step_amount: int) -> None:
    """Raise unless `amount` is a positive multiple of the step that is available."""
    if amount % step_amount:
        raise NotAStep(f"amounts move in steps of {step_amount}", step_amount=step_amount)
    if amount > available_amount:
        raise AboveLimit(f"{available_amount} is available", available_amount=available_amount)
