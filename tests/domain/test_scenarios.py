from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import sales, scenarios
from gateway.domain.money import EXPONENTS
from gateway.domain.sales import SaleKind, Totals
from gateway.domain.scenarios import Books, Scenario, ScenarioKind

ON = date(2026, 3, 2)
AT = datetime(2026, 3, 2, tzinfo=UTC)
BOOKS = Books("EUR", "UTC", "00:00")


def running(kind: ScenarioKind = ScenarioKind.healthy, *, daily_amount: int = 80_000, seed: int = 1) -> Scenario:
    return Scenario("mer_1", kind, seed, daily_amount, ON, AT)


def net(scenario: Scenario, on: date) -> int:
    rows = scenarios.day(scenario, BOOKS, on)
    return sum((sales.totals(row.kind, sales.net_amount(row)) for row in rows), Totals()).net_amount


@given(
    kind=st.sampled_from(ScenarioKind),
    seed=st.integers(0, 2**32 - 1),
    back=st.integers(-400, 400),
    timezone=st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York", "Pacific/Kiritimati"]),
    cutoff=st.sampled_from(["00:00", "04:00", "09:59"]),
    currency=st.sampled_from(sorted(EXPONENTS)),
)
def test_every_record_is_one_that_a_till_could_send(  # noqa: PLR0917 - the six that matter
    kind: ScenarioKind, seed: int, back: int, timezone: str, cutoff: str, currency: str
) -> None:
    books = Books(currency, timezone, cutoff)
    scenario = running(kind, daily_amount=scenarios.usual_amount(currency), seed=seed)
    rows = scenarios.day(scenario, books, ON + timedelta(days=back))
    assert rows == scenarios.day(scenario, books, ON + timedelta(days=back))
    assert len({row.sale_id for row in rows}) == len(rows)
    known = {row.sale_id: row.amount for row in rows if row.kind is SaleKind.sale}
    for row in rows:
        msgspec.convert(msgspec.to_builtins(row), sales.NewSale)
        placed = sales.place(row, currency, timezone, cutoff, AT + timedelta(days=402))
        assert placed == ON + timedelta(days=back)
        assert row.amount == sum(line.amount for line in row.lines or ()) == sum(t.amount for t in row.tenders or ())
        assert row.refund_of is None or row.amount <= known[row.refund_of]


def test_an_ordinary_week_takes_what_was_asked_for_and_rests_on_sunday() -> None:
    shop = running()
    days = [net(shop, ON + timedelta(days=index)) for index in range(28)]
    assert [index for index, amount in enumerate(days) if amount == 0] == [6, 13, 20, 27]
    assert 0.7 < sum(days) / 24 / 80_000 < 1.3


def test_shops_and_seeds_differ() -> None:
    other = msgspec.structs.replace(running(), merchant_id="mer_2")
    assert net(running(), ON) != net(other, ON)
    assert net(running(), ON) != net(running(seed=2), ON)


def test_each_instant_is_told_once_however_often_the_till_tells() -> None:
    shop = running()
    until = AT + timedelta(days=3)
    steps = [AT + timedelta(hours=5 * index) for index in range(15)] + [until]
    piecewise = [row for a, b in itertools.pairwise(steps) for row in scenarios.between(shop, BOOKS, a, b)]
    assert piecewise == scenarios.between(shop, BOOKS, AT, until)


@pytest.mark.parametrize(
    ("kind", "day", "least", "most"),
    [
        (ScenarioKind.seasonal, 70, 1.8, 3.0),
        (ScenarioKind.seasonal, 71 - 365, 1.8, 3.0),
        (ScenarioKind.declining, 63, 0.2, 0.6),
        (ScenarioKind.inflated_sales, 7, 2.0, 6.0),
        (ScenarioKind.refund_wave, 2, -4.0, -2.0),
        (ScenarioKind.refund_wave, 9, 0.6, 1.5),
        (ScenarioKind.data_silence, 0, 0.0, 0.0),
        (ScenarioKind.closed_shop, 0, 0.0, 0.0),
    ],
    ids=["season", "last-season", "decline", "inflated", "wave", "after-the-wave", "silent", "closed"],
)
def test_a_scenario_bends_the_same_day_of_a_healthy_shop(
    kind: ScenarioKind, day: int, least: float, most: float
) -> None:
    on = ON + timedelta(days=day)
    assert least <= net(running(kind), on) / net(running(), on) <= most
    if kind is not ScenarioKind.seasonal:
        before = ON - timedelta(days=1 + day)
        assert net(running(kind), before) == net(running(), before)
