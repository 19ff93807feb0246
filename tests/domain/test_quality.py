"""The data-quality gate: an honest shop has no findings; each thing that looks wrong has its code and its weight."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import quality
from gateway.domain.quality import Beside, Day, Seen, Weight

LAST = date(2026, 3, 1)


def shop(**changes: Any) -> list[Day]:
    """Sixty days of a shop that sells something else every day; `changes` to the last seven."""
    days = [Day(LAST - timedelta(days=back), 40_000 + 7 * back, 100, 30 + back % 5) for back in range(59, -1, -1)]
    return days[:-7] + [msgspec.structs.replace(day, **changes) for day in days[-7:]]


def found(seen: Seen) -> dict[str, Weight]:
    """Codes and weights."""
    return {one.code: one.weight for one in quality.findings(seen)}


def test_an_honest_shop_has_no_findings() -> None:
    assert found(Seen(shop())) == {}
    assert found(Seen(())) == {}
    assert quality.flags(quality.findings(Seen(shop()))) == ()


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (Seen(shop(tickets_count=0, net_amount=0, back_amount=0)),
         {"sales_silent": Weight.note, "days_missing": Weight.note}),
        (Seen(shop(tickets_count=120)), {"tickets_jumped": Weight.flag}),
        (Seen(shop(tickets_count=9)), {"tickets_jumped": Weight.flag}),
        (Seen(shop(net_amount=50_000, tickets_count=30)), {"days_repeated": Weight.stop}),
        (Seen([*shop()[:-1], Day(LAST, 2_000_000, 0, 31)]), {"amounts_unusual": Weight.flag}),
        (Seen(shop(), unlinked_amount=300_000), {"refunds_without_sale": Weight.flag}),
        (Seen(shop(), [Beside("csv", day.on, day.net_amount) for day in shop()[-9:]]),
         {"sales_told_twice": Weight.note}),
        (Seen(shop(), [Beside("csv", day.on, day.net_amount // 2) for day in shop()[-9:]]),
         {"sources_disagree": Weight.flag}),
        (Seen(shop(), reject_codes=["in_the_future", "wrong_currency", "tax_above_amount", "required"]),
         {"clock_ahead": Weight.note, "currency_mixed": Weight.note, "amounts_impossible": Weight.note}),
    ],
    ids=["silent", "more tickets", "fewer tickets", "repeated", "outlier", "refunds", "twice", "apart", "refused"],
)  # fmt: skip
def test_what_looks_wrong_has_its_code(seen: Seen, expected: dict[str, Weight]) -> None:
    assert found(seen) == expected


def test_only_serious_findings_flag_and_only_the_worst_stop() -> None:
    stopping = quality.findings(Seen(shop(net_amount=50_000, tickets_count=30)))
    assert quality.flags(stopping) == (quality.IMPLAUSIBLE, quality.SUSPECT)
    assert quality.flags(quality.findings(Seen(shop(tickets_count=120)))) == (quality.SUSPECT,)
    assert quality.flags(quality.findings(Seen(shop(), reject_codes=["in_the_future"]))) == ()


days = st.builds(Day, st.just(LAST), st.integers(-(10**12), 10**12), st.integers(0, 10**12), st.integers(0, 10**5))


@given(st.lists(days, max_size=60), st.integers(0, 10**12))
def test_whatever_came_in_the_gate_answers_in_order(told: list[Day], unlinked: int) -> None:
    put = [msgspec.structs.replace(day, on=LAST - timedelta(days=len(told) - 1 - at)) for at, day in enumerate(told)]
    answer = quality.findings(Seen(put, unlinked_amount=unlinked))
    assert list(answer) == sorted(answer, key=lambda one: one.code)
    assert all(one.count >= 0 for one in answer)
