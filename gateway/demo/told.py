"""The story as text for a person: each step a few lines, progress on one line that is drawn again."""

from __future__ import annotations

import shutil
from functools import singledispatch
from typing import TYPE_CHECKING, TextIO

from gateway.demo import look, steps

if TYPE_CHECKING:
    from datetime import date

    from gateway.demo.answers import Forecast
    from gateway.demo.look import Look

_WIDTH = 40
_INDENT = "  "
_EVERY_DAYS = 7
_CLEAR_LINE = "\r\x1b[2K"


class Told:
    """Writes steps to a stream in the look it can show."""

    def __init__(self, stream: TextIO, style: Look) -> None:
        self._stream = stream
        self._look = style
        self._drawn = False
        self._lived = 0

    def say(self, step: steps.Step) -> None:
        """One step: its lines, or its progress."""
        if isinstance(step, steps.Working):
            self._draw(_working(step, self._look), last=step.done_count == step.total_count)
            return
        if isinstance(step, steps.Lived):
            self._lived += 1
            self._draw(_lived(step, self._look), last=self._lived % _EVERY_DAYS == 0)
            return
        self._clear()
        for line in lines(step, self._look):
            self._stream.write(f"{_INDENT}{line}".rstrip() + "\n")
        self._stream.flush()

    def _draw(self, line: str, *, last: bool) -> None:
        """On a terminal the line replaces itself; elsewhere only some are kept, so that a log stays short."""
        if self._look.redraws:
            fitting = line[: shutil.get_terminal_size().columns - len(_INDENT) - 1]
            self._stream.write(f"{_CLEAR_LINE}{_INDENT}{fitting}")
            self._drawn = True
        elif last:
            self._stream.write(f"{_INDENT}{line}\n")
        self._stream.flush()

    def _clear(self) -> None:
        if self._drawn:
            self._stream.write(_CLEAR_LINE)
            self._drawn = False


@singledispatch
def lines(step: steps.Step, style: Look) -> list[str]:
    """The lines of one step, without their indent; empty for progress, which is drawn and not kept."""
    del step, style
    return []


@lines.register(steps.Read)
def _read(step: steps.Read, style: Look) -> list[str]:
    passed = {
        "blank": step.blank_count,
        "without an amount": step.without_amount_count,
        "of zero": step.zero_count,
        "repeated": step.repeated_count,
    }
    counted = ", ".join(f"{count:,} {what}" for what, count in passed.items() if count)
    found = [
        "",
        style.strong(f"{step.name}   {step.currency}, {step.timezone}"),
        f"{_tick(style)} {step.receipts_count:,} receipts, {_day(step.first_on)} to {_day(step.last_on)}"
        + style.dim(f"  dates as {step.date_format}" if step.date_format else ""),
    ]
    return [*found, style.dim(f"  rows passed over: {counted}")] if counted else found


@lines.register(steps.Ready)
def _ready(step: steps.Ready, style: Look) -> list[str]:
    return [
        f"{_tick(style)} Gateway at {step.gateway_url}, an independent bank at {step.bank_url}  "
        + style.dim(f"ready after {step.started_ms:,} ms")
    ]


@lines.register(steps.History)
def _history(step: steps.History, style: Look) -> list[str]:
    seconds = f"{step.elapsed_ms / 1000:.1f} s"
    pushed = f"{step.receipts_count:,} receipts of {step.days_count:,} days pushed and closed in {seconds}"
    return [f"{_tick(style)} {pushed}"]


@lines.register(steps.Offered)
def _offered(step: steps.Offered, style: Look) -> list[str]:
    offer = step.offer
    found = [
        "",
        f"{style.strong(_day(step.closed_on))}, the till is closed. Takings today "
        + style.strong(style.money(step.takings_today_amount, offer.currency)),
        f"Last 30 days  {style.spark(step.daily_net_amounts)}  net "
        + style.money(step.net_sales_30d_amount, offer.currency),
        "",
    ]
    if offer.available_amount <= 0:
        return [
            *found,
            style.bad("Nothing can be drawn now."),
            *(f"  {_english(reason.text)}" for reason in offer.reasons),
        ]
    decided = f"decided in {step.decision_ms:.1f} ms" if step.decision_ms is not None else ""
    return [
        *found,
        style.good(f"You can restock now with up to {style.money(offer.available_amount, offer.currency)}")
        + f"   {style.dim(decided)}",
        *_terms(step, style),
        "",
    ]


def _terms(step: steps.Offered, style: Look) -> list[str]:
    terms, currency = step.offer.terms, step.offer.currency
    if terms is None:
        return []
    parts = {
        "80 % of 30 days' net sales": terms.base_amount,
        "what a cautious forecast repays": terms.affordability_amount,
        "the bank's cap": terms.programme_cap_amount,
        "the room that bank and partner leave": terms.headroom_amount,
    }
    shown = [f"{name} {style.money(amount, currency)}" for name, amount in parts.items()]
    return [
        style.dim(f"  {look.percent(terms.grade_bps)} of the smaller of {shown[0]} and"),
        style.dim(f"  {shown[1]}; within {shown[2]} and {shown[3]}"),
    ]


@lines.register(steps.Foreseen)
def _foreseen(step: steps.Foreseen, style: Look) -> list[str]:
    need = style.estimate(step.stocking_need_amount, step.currency)
    return [
        _forecast("Next 7 days ", step.forecast_7, step.currency, style),
        _forecast("Next 30 days", step.forecast_30, step.currency, style),
        f"Next week's stock needs about {need}",
        "",
    ]


def _forecast(name: str, forecast: Forecast, currency: str, style: Look) -> str:
    band = style.band(
        forecast.p10_amount, forecast.p50_amount, forecast.p90_amount, forecast.p95_amount * 5 // 4, _WIDTH
    )
    low, middle, high = (
        style.estimate(amount, currency) for amount in (forecast.p10_amount, forecast.p50_amount, forecast.p90_amount)
    )
    return f"{name}  {band.ljust(_WIDTH)}  {middle} " + style.dim(
        f"(80 %: {low} to {high})" + (", rough: the history is short" if forecast.fallback else "")
    )


@lines.register(steps.Quoted)
def _quoted(step: steps.Quoted, style: Look) -> list[str]:
    quote, currency = step.quote, step.currency
    payoff = _day(quote.estimated_payoff_on) if quote.estimated_payoff_on else "not before the due date"
    slip = style.slip(
        "Restock",
        {
            "You receive": style.money(quote.amount, currency),
            "Fee": style.money(quote.fee_amount, currency),
            "Total to repay": style.money(quote.total_amount, currency),
            "Share of daily sales": look.percent(quote.withhold_bps),
            "At least, per 30 days": style.money(quote.minimum_amount, currency),
            "Paid off, estimated": payoff,
            "Due at the latest": _day(quote.final_due_on),
            "APR": look.percent(quote.apr_bps),
            "Lender": quote.bank.name,
        },
    )
    return [*slip, ""]


@lines.register(steps.Onboarded)
def _onboarded(step: steps.Onboarded, style: Look) -> list[str]:
    return [f"{_tick(style)} {step.legal_name} is {step.state}  {style.dim(step.merchant_id)}"]


@lines.register(steps.Consented)
def _consented(step: steps.Consented, style: Look) -> list[str]:
    agreed = f"The owner signed in and agreed to {step.lines_count} lines, until {_day(step.until_on)}"
    return [f"{_tick(style)} {agreed}"]


@lines.register(steps.Confirmed)
def _confirmed(step: steps.Confirmed, style: Look) -> list[str]:
    known = style.dim(f"{step.drawdown.id} {step.drawdown.state}")
    return [f"{_tick(style)} Confirmed with one click; the bank has the instruction  {known}"]


@lines.register(steps.Paid)
def _paid(step: steps.Paid, style: Look) -> list[str]:
    amount = style.money(step.drawdown.amount, step.drawdown.currency)
    booked = f"  booked as {step.drawdown.bank_reference}" if step.drawdown.bank_reference else ""
    return [style.good(f"{_tick(style)} {_day(step.on)}: the bank paid out {amount}") + style.dim(booked)]


@lines.register(steps.Failed)
def _failed(step: steps.Failed, style: Look) -> list[str]:
    return ["", style.bad(f"The story ends here: {step.detail}")]


def _working(step: steps.Working, style: Look) -> str:
    bar = style.bar(step.done_count, step.total_count, _WIDTH)
    return f"{bar} {step.done_count:,} of {step.total_count:,} {step.what}"


def _lived(step: steps.Lived, style: Look) -> str:
    done = step.repaid_amount * 100 // max(step.total_amount, 1)
    takings = style.money(step.net_amount, step.currency)
    share = style.money(step.withheld_amount, step.currency)
    repaid = f"{style.money(step.repaid_amount, step.currency)} of {style.money(step.total_amount, step.currency)}"
    bar = style.bar(step.repaid_amount, step.total_amount, _WIDTH // 2)
    return f"{step.business_on:%d %b}  {bar} {done:3} %  share {share} of {takings}  repaid {repaid}"


@lines.register(steps.Repaid)
def _repaid(step: steps.Repaid, style: Look) -> list[str]:
    total = style.money(step.drawdown.repaid_amount, step.drawdown.currency)
    bar = style.bar(1, 1, _WIDTH)
    return [bar, style.good(f"{_tick(style)} {_day(step.on)}: {total} repaid from sales, {step.days_count} days later")]


@lines.register(steps.Result)
def _result(step: steps.Result, style: Look) -> list[str]:
    ledger = "The ledger balances" if step.ledger_balanced else "The ledger does NOT balance"
    painted = style.good(f"{_tick(style)} {ledger}") if step.ledger_balanced else style.bad(ledger)
    return [painted + style.dim(f"   the whole story in {step.elapsed_ms / 1000:.1f} s"), ""]


def _tick(style: Look) -> str:
    return "✓" if style.unicode else "*"


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"


def _english(text: dict[str, str]) -> str:
    return text.get("en") or next(iter(text.values()), "")
