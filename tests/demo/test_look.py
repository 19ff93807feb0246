"""How figures look, in Unicode and in plain ASCII."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.demo.look import Look, look_of, percent

RICH = Look(unicode=True)
PLAIN = Look()


class Screen(io.TextIOWrapper):
    def __init__(self, encoding: str, *, terminal: bool) -> None:
        super().__init__(io.BytesIO(), encoding=encoding)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


@pytest.mark.parametrize(
    ("amount", "currency", "rich", "plain"),
    [
        (3_280_000, "CNY", "¥32,800", "CNY 32,800"),
        (1250, "CNY", "¥12.50", "CNY 12.50"),
        (1_234_000, "KRW", "₩1,234,000", "KRW 1,234,000"),
        (-100, "USD", "-$1", "-USD 1"),
        (1234, "KWD", "KWD 1.234", "KWD 1.234"),
        (0, "EUR", "€0", "EUR 0"),
    ],
)
def test_money_is_written_in_its_currency(amount: int, currency: str, rich: str, plain: str) -> None:
    assert RICH.money(amount, currency) == rich
    assert PLAIN.money(amount, currency) == plain


def test_an_estimate_is_whole_major_units() -> None:
    assert RICH.estimate(975_098, "CNY") == "¥9,751"
    assert PLAIN.estimate(585_049, "EUR") == "EUR 5,850"
    assert RICH.estimate(4_743_359, "KRW") == "₩4,743,359"


def test_a_sparkline_stands_on_zero_and_reaches_its_largest_value() -> None:
    assert RICH.spark([0, 50, 100, -3]) == "▁▄█▁"
    assert PLAIN.spark([0, 100]) == "_#"
    assert RICH.spark([]) == ""
    assert RICH.spark([0, 0]) == "▁▁"


def test_a_bar_is_as_wide_as_asked_and_never_overflows() -> None:
    assert PLAIN.bar(1, 4, 8) == "##......"
    assert PLAIN.bar(9, 4, 8) == "########"
    assert PLAIN.bar(-1, 4, 8) == "........"


def test_a_band_shows_its_interval_and_its_middle() -> None:
    assert PLAIN.band(20, 50, 80, 100, 11) == "  |--o--|"


@given(st.lists(st.integers(0, 10**15), min_size=4, max_size=4), st.integers(3, 80))
def test_a_band_fits_its_line_whatever_its_figures(figures: list[int], width: int) -> None:
    low, middle, high, scale = sorted(figures)
    line = PLAIN.band(low, middle, high, scale, width)
    assert len(line) <= width
    assert "o" in line


def test_a_slip_has_straight_edges() -> None:
    lines = PLAIN.slip("Restock", {"You receive": "EUR 10", "A longer name of a figure": "1 %"})
    assert len({len(line) for line in (lines[0], *lines[2:])}) == 1
    assert lines[2].endswith(" EUR 10")


@pytest.mark.parametrize(("bps", "text"), [(1_250, "12.5 %"), (10_000, "100 %"), (0, "0 %"), (1, "0.01 %")])
def test_rates_are_written_as_percent(bps: int, text: str) -> None:
    assert percent(bps) == text


def test_only_a_utf8_terminal_gets_symbols_and_no_color_is_respected() -> None:
    assert look_of(Screen("utf-8", terminal=True), {}) == Look(unicode=True, colour=True, redraws=True)
    assert look_of(Screen("utf-8", terminal=True), {"NO_COLOR": "1"}) == Look(unicode=True, redraws=True)
    assert look_of(Screen("ascii", terminal=True), {}) == Look(colour=True, redraws=True)
    assert look_of(Screen("utf-8", terminal=False), {}) == Look()
    assert look_of(Screen("utf-8", terminal=True), {"TERM": "dumb"}) == Look()
