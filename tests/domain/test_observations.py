"""Records into what models see: more owed is never less risk, our own loans change nothing, a part is no whole."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import scorer
from gateway.domain import bills, borrowed, flows, histories, observations
from gateway.domain import evidence as e
from gateway.domain import features as f
from gateway.domain.bills import Document, Due
from gateway.domain.borrowed import Moved
from gateway.domain.flows import CashDay
from gateway.domain.observations import Bill, Loans, Records
from gateway.domain.purchases import PurchaseKind
from gateway.domain.sales import Totals
from gateway.domain.shelves import Item
from gateway.domain.signals import Utility

if TYPE_CHECKING:
    from gateway.domain.histories import History
    from gateway.ports import Scorer

THROUGH = date(2026, 10, 31)
AS_OF = THROUGH.toordinal() + 1
DAYS, SOLD, COST = 300, 100_000, 60_000


def steady() -> History:
    """A shop that sells the same on each day."""
    days = {THROUGH - timedelta(days=back): Totals(sales_amount=SOLD, tickets_count=20) for back in range(DAYS)}
    return histories.build(min(days), THROUGH, days)


HISTORY = steady()
DAYS_OWED, OWED = st.integers(0, 120), st.integers(0, 5_000_000)


def cash(extra: dict[int, int] | None = None, balance: int = 2_000_000) -> list[CashDay]:
    """An account that spends COST a day, and by days before AS_OF what `extra` adds to its money (or takes away)."""
    told, held = [], balance
    for back in range(DAYS, 0, -1):
        more = (extra or {}).get(back, 0)
        held += more
        told.append(CashDay("main", AS_OF - back, COST + max(0, more), COST + max(0, -more), held))
    return told


def goods(extra: dict[int, int] | None = None) -> list[Document]:
    """An invoice a day, paid on the spot, and `extra` bought by days before AS_OF."""
    told = []
    for back in range(DAYS, 0, -1):
        amount = COST // 2 + (extra or {}).get(back, 0)
        on = AS_OF - back
        told.append(Document("s", f"i{back}", PurchaseKind.invoice, on, on, amount, 0, "mill", None))
        told.append(Document("s", f"p{back}", PurchaseKind.payment, on, None, amount, 0, "mill", f"i{back}"))
    return told


def records(**parts: Any) -> Records:
    return observations.no_records()._replace(**parts)


def columns(told: Records, loans: Loans = Loans()) -> dict[str, float]:  # noqa: B008 - immutable
    seen = observations.look(told, HISTORY, loans, 18)
    found = e.columns(seen.evidence, np.array([HISTORY.net], np.int64), np.array([HISTORY.length]))
    return {name: float(value[0]) for name, value in zip(e.SIGNS, found, strict=True)}


@pytest.fixture(scope="module")
def models() -> Scorer:
    return scorer.load(Path("onnx_models"))


def pd(models: Scorer, found: dict[str, float]) -> int:
    """The risk of a shop of which nothing but this is known."""
    row = np.full((1, len(f.PD_FEATURES)), np.nan, np.float32)
    for name, value in found.items():
        row[0, f.PD_FEATURES.index(name)] = value
    return models.default(row)[0]


@given(st.tuples(DAYS_OWED, DAYS_OWED), st.tuples(OWED, OWED), st.integers(0, 6))
@settings(max_examples=25, deadline=None)
def test_more_overdue_or_longer_arrears_never_lower_the_risk(
    models: Scorer, arrears: tuple[int, int], owed: tuple[int, int], late: int
) -> None:
    (days, more_days), (amount, more_amount) = arrears, owed

    def told(days: int, amount: int, bills_late: int) -> Records:
        unpaid = Document("s", "old", PurchaseKind.invoice, AS_OF - 250, AS_OF - 90, max(1, amount), 0, "late", None)
        return records(
            documents=[*goods(), *([unpaid] if amount else [])],
            returns=[Due(AS_OF - 290, AS_OF - 120, AS_OF - days - 1, 500, 0 if days else 500, None)],
            bills=[
                Bill(Utility.power, Due(AS_OF - 9, AS_OF, due, 9, 9, due + (n < bills_late)))
                for n in range(6)
                for due in [AS_OF - 5 - 30 * n]
            ],
        )

    before = columns(told(days, amount, 0))
    after = columns(told(days + more_days, amount + more_amount, late))
    overdue = min(400, (amount + more_amount) / (COST // 2))
    assert after["supplier_overdue_days"] == pytest.approx(overdue, abs=1)
    assert after["tax_arrears_days"] == min(400, days + more_days)
    assert after["late_utility_count_180"] == late
    assert pd(models, after) >= pd(models, before)


@given(st.integers(2, 25), st.integers(1, 150), st.integers(0, 20_000))
@settings(max_examples=25, deadline=None)
def test_borrowing_and_restocking_leave_everything_as_it_was(days_of_goods: int, back: int, repaid: int) -> None:
    amount = days_of_goods * COST
    day_after = back - 1
    spent = {day_after: amount} if day_after else {}
    paid_back = dict.fromkeys(range(max(day_after - 1, 0), 0, -7), -repaid) if repaid else {}
    extra = {back: amount, **{on: -total for on, total in spent.items()}}
    for on, total in paid_back.items():
        extra[on] = extra.get(on, 0) + total
    moved = [Moved(AS_OF - back, amount), *(Moved(AS_OF - on, -total, repaid=True) for on, total in paid_back.items())]
    bare = records(cash=cash(), documents=goods())
    lent = records(cash=cash(extra), documents=goods(spent))
    assert columns(lent, Loans(moved)) == pytest.approx(columns(bare), rel=1e-3, abs=1e-3, nan_ok=True)
    alone, lent = records(cash=cash()), records(cash=cash(extra))
    assert columns(lent, Loans(moved)) == pytest.approx(columns(alone), rel=1e-3, abs=1e-3, nan_ok=True)


def test_money_lent_and_kept_makes_no_shop_look_richer() -> None:
    told = records(cash=cash({40: 9_000_000}), documents=goods())
    kept = columns(told, Loans([Moved(AS_OF - 40, 9_000_000)]))
    assert kept == pytest.approx(columns(records(cash=cash(), documents=goods())), nan_ok=True)


def test_what_a_partner_withheld_was_in_no_account_and_is_given_back_to_the_balance() -> None:
    withheld = Loans([Moved(AS_OF - 40, 90_000, repaid=True, upstream=True)])
    told = [day._replace(balance_amount=(day.balance_amount or 0) - 90_000 * (day.on >= AS_OF - 40)) for day in cash()]
    assert columns(records(cash=told), withheld) == pytest.approx(columns(records(cash=cash())), nan_ok=True)


def test_having_been_late_with_us_is_told_and_never_having_been_is_not() -> None:
    assert columns(records(), Loans(late_count=2))["missed_before"] == 2
    assert np.isnan(columns(records())["missed_before"])


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(cash()[: -flows.SILENT_DAYS], id="silent"),
        pytest.param([*cash(), CashDay("other", AS_OF - 60, 0, 9, 500)], id="one-account-fell-silent"),
        pytest.param(cash()[-20:], id="too-short"),
        pytest.param([], id="none"),
    ],
)
def test_cash_that_is_not_fully_told_says_nothing(told: list[CashDay]) -> None:
    found = columns(records(cash=told))
    assert all(np.isnan(found[name]) for name in ("net_flow_margin_90", "cash_cover_min_180", "flow_drawdown_180"))


def test_accounts_are_added_up_and_a_closed_one_is_no_secret() -> None:
    closed = [CashDay("old", AS_OF - 60, 0, 900, 0)]
    second = [day._replace(account="second") for day in cash()]
    found = flows.together([*cash(), *second, *closed], AS_OF, 400)
    assert found is not None
    assert (found.days_count, found.outflow[-1], found.outflow[-60]) == (DAYS, 2 * COST, 2 * COST + 900)
    assert found.balance[-1] == 4_000_000


def test_balances_between_statements_follow_what_moved() -> None:
    told = [
        day._replace(balance_amount=None if n % 30 else day.balance_amount) for n, day in enumerate(cash({50: -70}))
    ]
    found = flows.together(told, AS_OF, 400)
    assert found is not None
    assert found.balance_known
    assert found.balance[-DAYS:] == [day.balance_amount for day in cash({50: -70})]
    unknown = flows.together([day._replace(balance_amount=None) for day in cash()], AS_OF, 400)
    assert unknown is not None
    assert not unknown.balance_known


def test_a_late_statement_does_not_make_the_last_days_cheap() -> None:
    found = flows.together(cash()[:-5], AS_OF, 400)
    assert found is not None
    assert found.outflow[-6:] == [COST] * 6


@given(st.lists(st.tuples(st.integers(1, 900), st.integers(1, 900)), min_size=1, max_size=12), st.data())
def test_what_is_overdue_is_never_more_than_billed_nor_less_than_nothing(
    amounts: list[tuple[int, int]], data: st.DataObject
) -> None:
    told = []
    for n, (billed, paid) in enumerate(amounts):
        told.append(Document("s", f"i{n}", PurchaseKind.invoice, AS_OF - 60, AS_OF - 20, billed, 0, None, f"o{n}"))
        to = data.draw(st.sampled_from([None, f"i{n}", f"o{n}", "unknown"]))
        kind = data.draw(st.sampled_from([PurchaseKind.payment, PurchaseKind.credit_note]))
        told.append(Document("s", f"p{n}", kind, AS_OF - 10, None, paid, 0, None, to))
    told.append(Document("s", "p", PurchaseKind.payment, AS_OF - 10, None, 1, 0, None, "elsewhere"))
    made = bills.supplies(told, AS_OF)
    assert made is not None
    assert made.overdue_amount is not None
    billed = sum(amount for amount, _ in amounts)
    assert max(0, billed - sum(paid for _, paid in amounts)) <= made.overdue_amount <= billed


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 40), st.integers(0, 10**9)), max_size=6))
def test_a_period_s_days_add_up_to_its_amount(periods: list[tuple[int, int, int]]) -> None:
    for start, length, amount in periods:
        days = bills.daily([(start, start + length, amount)], start, start + length + 1)
        assert (len(days), sum(days.values())) == (length + 1, amount)


def test_a_return_that_lags_is_held_against_the_sales_of_its_own_days() -> None:
    sold = dict.fromkeys(range(AS_OF - 180, AS_OF), SOLD)
    declared = bills.daily([(AS_OF - 180, AS_OF - 46, SOLD * 135)], AS_OF - 180, AS_OF)
    assert bills.beside(declared, sold, AS_OF - 90, AS_OF) == bills.beside(declared, sold, AS_OF - 180, AS_OF - 90)
    assert bills.beside(declared, sold, AS_OF - 60, AS_OF) is None


def test_sales_that_outgrow_purchases_and_taxes_are_odd_and_restocking_is_no_excuse() -> None:
    days = {THROUGH - timedelta(days=back): Totals(SOLD * (3 if back < 90 else 1), 0, 0, 20) for back in range(DAYS)}
    grown = histories.build(min(days), THROUGH, days)
    declared = [(AS_OF - 180, AS_OF - 91, SOLD * 90), (AS_OF - 90, AS_OF - 1, SOLD * 90)]
    loans = Loans([Moved(AS_OF - 30, 5_000_000)])
    told = records(documents=goods({29: 5_000_000}), declared=declared)
    witness = observations.look(told, grown, loans, 18).witness
    purchases, before, taxed, taxed_before, *_ = witness.tolist()
    assert purchases == pytest.approx(before, rel=0.01)
    assert (taxed, taxed_before) == (SOLD * 90, SOLD * 90)


def test_goods_without_a_cost_leave_the_shelves_unknown() -> None:
    items = [Item(f"i{n}", "2.5", "0", None if n < 3 else 100, None) for n in range(10)]
    assert observations.look(records(items=items), HISTORY, Loans(), 18).shelves is None
    held = observations.look(records(items=items[2:]), HISTORY, Loans(), 18).shelves
    assert held is not None
    assert held.amount == 7 * 250


def test_a_loan_before_anything_usual_is_known_bought_nothing() -> None:
    moved = [Moved(AS_OF - 10, 1_000)]
    *_, bought = borrowed.own_loans(moved, {AS_OF - 9: 5_000}, AS_OF - 20, AS_OF, 400)
    assert sum(bought) == 0
