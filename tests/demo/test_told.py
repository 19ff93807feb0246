"""The story as a person reads it in a log: plain, short, every figure in its currency."""

from __future__ import annotations

import io
from datetime import date

from gateway.demo import answers, steps
from gateway.demo.look import Look
from gateway.demo.told import Told

TERMS = answers.Terms(
    base_amount=3_320_000,
    affordability_amount=4_000_000,
    grade_bps=10_000,
    programme_cap_amount=50_000_000,
    headroom_amount=90_000_000,
)
FORECAST = answers.Forecast(
    days=7, p05_amount=8, p10_amount=9, p25_amount=10, p50_amount=11, p75_amount=12, p90_amount=13, p95_amount=14
)
DRAWDOWN = answers.Drawdown(
    id="drw_1",
    state="repaid",
    amount=1_000_000,
    fee_amount=80_000,
    total_amount=1_080_000,
    outstanding_amount=0,
    repaid_amount=1_080_000,
    currency="CNY",
    bank_reference="REF-1",
)


def offer(available_amount: int) -> answers.Offer:
    return answers.Offer(
        id="off_1",
        state="undelivered",
        currency="CNY",
        limit_amount=3_280_000,
        available_amount=available_amount,
        step_amount=10_000,
        minimum_amount=10_000,
        suggested_amount=900_000,
        terms=TERMS,
        reasons=(answers.Reason(code="thin_history", text={"en": "Too few trading days", "zh": "营业天数太少"}),),
    )


def offered(available_amount: int) -> steps.Offered:
    return steps.Offered(
        as_of_on=date(2024, 8, 31),
        closed_on=date(2024, 8, 30),
        takings_today_amount=140_250,
        net_sales_30d_amount=4_150_000,
        daily_net_amounts=tuple(range(30)),
        offer=offer(available_amount),
        decision_ms=3.25,
    )


def lived(day: int) -> steps.Lived:
    return steps.Lived(
        business_on=date(2024, 9, day),
        currency="CNY",
        net_amount=130_000,
        withheld_amount=19_500,
        limit_amount=3_280_000,
        available_amount=2_280_000,
        state="active",
        repaid_amount=270_000,
        total_amount=1_080_000,
    )


def told(*said: steps.Step, style: Look | None = None) -> str:
    stream = io.StringIO()
    teller = Told(stream, style or Look())
    for step in said:
        teller.say(step)
    return stream.getvalue()


def test_the_offer_says_takings_limit_and_every_term() -> None:
    text = told(offered(3_280_000))
    assert "Fri 30 Aug 2024, the till is closed. Takings today CNY 1,402.50" in text
    assert "You can restock now with up to CNY 32,800   decided in 3.2 ms" in text
    assert "100 % of the smaller of 80 % of 30 days' net sales CNY 33,200" in text
    assert "the bank's cap CNY 500,000" in text


def test_no_offer_says_why() -> None:
    text = told(offered(0))
    assert "Nothing can be drawn now." in text
    assert "Too few trading days" in text


def test_the_quote_reads_like_a_receipt() -> None:
    quote = answers.Quote(
        id="quo_1",
        amount=1_000_000,
        fee_amount=80_000,
        total_amount=1_080_000,
        withhold_bps=1_500,
        minimum_amount=180_000,
        estimated_payoff_on=date(2024, 10, 20),
        final_due_on=date(2025, 2, 27),
        apr_bps=5_432,
        terms_hash="h",
        bank=answers.Bank(name="Sandbox Bank"),
    )
    text = told(steps.Quoted(currency="CNY", quote=quote))
    for figure in (
        "CNY 10,000",
        "CNY 800",
        "CNY 10,800",
        "15 %",
        "Sun 20 Oct 2024",
        "54.32 %",
        "Sandbox Bank",
    ):
        assert f" {figure}\n" in text


def test_a_log_keeps_one_day_in_seven_and_a_terminal_one_line() -> None:
    days = [lived(day) for day in range(1, 15)]
    assert told(*days).count("\n") == 2
    assert "07 Sep  #####...............  25 %  share CNY 195 of CNY 1,300  repaid CNY 2,700 of CNY 10,800" in told(
        *days
    )
    drawn = told(*days, style=Look(redraws=True))
    assert drawn.count("\r") == 14
    assert "\n" not in drawn


def test_the_end_says_repaid_and_whether_the_ledger_balances() -> None:
    repaid = steps.Repaid(on=date(2024, 10, 21), days_count=51, drawdown=DRAWDOWN)
    assert "Mon 21 Oct 2024: CNY 10,800 repaid from sales, 51 days later" in told(repaid)
    result = steps.Result(
        as_of_on=date(2024, 8, 31),
        currency="CNY",
        takings_today_amount=1,
        net_sales_30d_amount=1,
        limit_amount=1,
        available_amount=1,
        terms=TERMS,
        forecast_7=FORECAST,
        forecast_30=FORECAST,
        drawdown=DRAWDOWN,
        repaid_amount=1,
        ledger_balanced=False,
        decision_ms=None,
        elapsed_ms=1,
    )
    assert "does NOT balance" in told(result)


def test_plain_output_is_ascii_and_without_colour() -> None:
    text = told(offered(3_280_000), lived(7), steps.Repaid(on=date(2024, 9, 8), days_count=8, drawdown=DRAWDOWN))
    assert text.isascii()
    assert "\x1b" not in text
