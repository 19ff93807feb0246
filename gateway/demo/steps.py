"""The steps of the demo's story: what happened, in figures. They are printed as JSON as they stand."""

from __future__ import annotations

from datetime import date

import msgspec

from gateway.demo.answers import Drawdown, Forecast, Offer, Quote, Terms


class Read(msgspec.Struct, frozen=True, tag_field="step", tag="read"):
    """The receipts the story lives on, and what was passed over while reading them."""

    name: str
    currency: str
    timezone: str
    receipts_count: int
    first_on: date
    last_on: date
    as_of_on: date
    date_format: str | None
    blank_count: int
    without_amount_count: int
    zero_count: int
    repeated_count: int


class Ready(msgspec.Struct, frozen=True, tag_field="step", tag="ready"):
    """Gateway and bank answer; `started_ms` from the start of the gateway's process to ready."""

    gateway_url: str
    docs_url: str
    bank_url: str
    started_ms: int


class Onboarded(msgspec.Struct, frozen=True, tag_field="step", tag="onboarded"):
    """The shop is a merchant of the gateway."""

    merchant_id: str
    legal_name: str
    state: str


class Consented(msgspec.Struct, frozen=True, tag_field="step", tag="consented"):
    """The shop's owner signed in at the gateway and agreed, line by line, on the hosted page."""

    merchant_id: str
    lines_count: int
    until_on: date


class Working(msgspec.Struct, frozen=True, tag_field="step", tag="working"):
    """Progress inside a step: for the eye, never in the JSON."""

    what: str
    done_count: int
    total_count: int


class History(msgspec.Struct, frozen=True, tag_field="step", tag="history"):
    """The days before as-of are pushed and closed."""

    days_count: int
    receipts_count: int
    accepted_count: int
    duplicates_count: int
    elapsed_ms: int


class Offered(msgspec.Struct, frozen=True, tag_field="step", tag="offered"):
    """The till is closed and the offer stands: `daily_net_amounts` are the 30 days before as-of.

    `decision_ms` is what the gateway says its decision took; while it says nothing, the round trip of the close.
    """

    as_of_on: date
    closed_on: date
    takings_today_amount: int
    net_sales_30d_amount: int
    daily_net_amounts: tuple[int, ...]
    offer: Offer
    decision_ms: float | None


class Foreseen(msgspec.Struct, frozen=True, tag_field="step", tag="foreseen"):
    """What the next week and month should bring."""

    currency: str
    forecast_7: Forecast
    forecast_30: Forecast
    stocking_need_amount: int


class Quoted(msgspec.Struct, frozen=True, tag_field="step", tag="quoted"):
    """An amount with its price, as the merchant sees it before the click."""

    currency: str
    quote: Quote


class Confirmed(msgspec.Struct, frozen=True, tag_field="step", tag="confirmed"):
    """The merchant clicked; the bank has its instruction or soon will."""

    drawdown: Drawdown


class Paid(msgspec.Struct, frozen=True, tag_field="step", tag="paid"):
    """The bank booked the payout."""

    on: date
    drawdown: Drawdown


class Lived(msgspec.Struct, frozen=True, tag_field="step", tag="lived"):
    """One later business day: its sales, the share they repay, and where the drawdown and the limit stand."""

    business_on: date
    currency: str
    net_amount: int
    withheld_amount: int
    limit_amount: int
    available_amount: int
    state: str
    repaid_amount: int
    total_amount: int


class Repaid(msgspec.Struct, frozen=True, tag_field="step", tag="repaid"):
    """The last cent is back; `days_count` days after the click."""

    on: date
    days_count: int
    drawdown: Drawdown


class Result(msgspec.Struct, frozen=True, tag_field="step", tag="result"):
    """Everything a reader needs to recompute the story; amounts in minor units of `currency`."""

    as_of_on: date
    currency: str
    takings_today_amount: int
    net_sales_30d_amount: int
    limit_amount: int
    available_amount: int
    terms: Terms | None
    forecast_7: Forecast
    forecast_30: Forecast
    drawdown: Drawdown
    repaid_amount: int
    ledger_balanced: bool
    decision_ms: float | None
    elapsed_ms: int


class Failed(msgspec.Struct, frozen=True, tag_field="step", tag="failed"):
    """Why the story could not be completed, in one sentence."""

    code: str
    detail: str


Step = (
    Read
    | Ready
    | Onboarded
    | Consented
    | Working
    | History
    | Offered
    | Foreseen
    | Quoted
    | Confirmed
    | Paid
    | Lived
    | Repaid
    | Result
    | Failed
)
