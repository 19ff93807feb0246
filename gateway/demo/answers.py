"""What the demo reads of the gateway's answers; anything else in them is passed over, as a partner's client should."""

from __future__ import annotations

from datetime import date, datetime

import msgspec


class Merchant(msgspec.Struct, frozen=True):
    """The shop as the gateway registered it."""

    id: str
    state: str
    legal_name: str


class Rejected(msgspec.Struct, frozen=True):
    """A row that was not taken, by its place in the batch."""

    index: int
    code: str
    detail: str


class Reason(msgspec.Struct, frozen=True):
    """Why a limit is what it is, in words for the merchant by language."""

    code: str
    text: dict[str, str]


class Terms(msgspec.Struct, frozen=True):
    """The terms of the limit formula; limit = min(grade of the smaller of base and affordability, cap, headroom)."""

    base_amount: int
    affordability_amount: int
    grade_bps: int
    programme_cap_amount: int
    headroom_amount: int


class Offer(msgspec.Struct, frozen=True):
    """What a merchant can have now."""

    id: str | None
    state: str
    currency: str
    limit_amount: int
    available_amount: int
    step_amount: int
    minimum_amount: int
    suggested_amount: int
    terms: Terms | None = None
    reasons: tuple[Reason, ...] = ()
    decision_id: str | None = None


class Pushed(msgspec.Struct, frozen=True):
    """The answer to a batch of sales."""

    accepted: int
    duplicates: int
    rejected: tuple[Rejected, ...]
    takings_today_amount: int = 0
    offer: Offer | None = None


class Forecast(msgspec.Struct, frozen=True):
    """Quantiles of the net sales of the next `days` days."""

    days: int
    p05_amount: int
    p10_amount: int
    p25_amount: int
    p50_amount: int
    p75_amount: int
    p90_amount: int
    p95_amount: int
    fallback: bool = False


class Forecasts(msgspec.Struct, frozen=True):
    """Both horizons, and what the shop should have in stock for the next week."""

    forecast_7: Forecast
    forecast_30: Forecast
    stocking_need_amount: int


class Closed(msgspec.Struct, frozen=True):
    """A closed business day."""

    business_on: date
    net_amount: int
    withheld_amount: int
    offer: Offer


class Decision(msgspec.Struct, frozen=True):
    """A stored decision: how long it took, in milliseconds."""

    id: str
    duration_ms: float | None = None


class Bank(msgspec.Struct, frozen=True):
    """The lender, as the merchant knows it."""

    name: str


class Quote(msgspec.Struct, frozen=True):
    """An amount with its price: what the merchant sees before the click."""

    id: str
    amount: int
    fee_amount: int
    total_amount: int
    withhold_bps: int
    minimum_amount: int
    estimated_payoff_on: date | None
    final_due_on: date
    apr_bps: int
    terms_hash: str
    bank: Bank


class Drawdown(msgspec.Struct, frozen=True):
    """Money asked for, paid out and paid back."""

    id: str
    state: str
    amount: int
    fee_amount: int
    total_amount: int
    outstanding_amount: int
    repaid_amount: int
    currency: str
    rebate_amount: int = 0
    end_to_end_id: str | None = None
    bank_reference: str | None = None
    reason: str | None = None


class BusinessClock(msgspec.Struct, frozen=True):
    """The sandbox's business clock."""

    now: datetime


class FieldFault(msgspec.Struct, frozen=True):
    """One fault of a refused body: where (RFC 6901) and what."""

    pointer: str = ""
    detail: str = ""


class Action(msgspec.Struct, frozen=True):
    """What has to be done before a shop can borrow or go on; `url` is a hosted page for the merchant."""

    type: str
    url: str | None = None
    why: tuple[str, ...] = ()
    drawdown_id: str | None = None
    amount: int | None = None
    due_on: date | None = None


class Interval(msgspec.Struct, frozen=True):
    """What a loan asks for next, and by when."""

    due_on: date
    minimum_amount: int
    remaining_amount: int


class Loan(Drawdown, frozen=True, kw_only=True):
    """A drawdown with what a till needs to go on with it."""

    confirmation_url: str
    terms_hash: str
    health: str | None = None
    interval: Interval | None = None


class Category(msgspec.Struct, frozen=True):
    """A category's part of what to buy for the next week."""

    category: str
    need_amount: int
    share_bps: int


class Outlook(Forecasts, frozen=True, kw_only=True):
    """The forecast with what to buy by category."""

    stocking: tuple[Category, ...] = ()


class Summary(msgspec.Struct, frozen=True):
    """Where a shop stands."""

    today_on: date
    required_actions: tuple[Action, ...]
    takings_today_amount: int | None = None
    offer: Offer | None = None
    forecast: Outlook | None = None
    drawdowns: tuple[Loan, ...] | None = None


class Session(msgspec.Struct, frozen=True):
    """A widget session, handed to the page as it came."""

    id: str
    client_secret: str
    expires_at: datetime
    frame_url: str


class Authority(msgspec.Struct, frozen=True):
    """Who may borrow by one click; the signatory approves or refuses at `approval_url`."""

    state: str
    approval_url: str


class Authorities(msgspec.Struct, frozen=True):
    """The authority in force, and one that waits for the signatory."""

    active: Authority | None
    proposed: Authority | None


class Webhook(msgspec.Struct, frozen=True):
    """An endpoint with the secret that proves who sends to it."""

    id: str
    url: str
    secret: str


class Told(msgspec.Struct, frozen=True):
    """The scenario that runs at a shop; what happened until `told_at` was pushed."""

    merchant_id: str
    scenario: str
    seed: int
    daily_amount: int
    since_on: date
    told_at: datetime
