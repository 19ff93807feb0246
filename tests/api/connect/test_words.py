from __future__ import annotations

import re
from datetime import date

import pytest

from gateway.api.connect import words
from gateway.api.connect.words import Words
from gateway.domain.consents import ConsentState, Topic

EN, ZH = Words("en"), Words("zh")


def test_every_text_is_there_in_both_languages_with_the_same_places() -> None:
    for key, both in words.texts().items():
        assert len(both) == 2, key
        assert all(both), key
        places = [sorted(re.findall(r"\{\w+\}", text)) for text in both]
        assert places[0] == places[1], key


def test_every_line_and_state_has_words() -> None:
    wanted = {f"{topic}{end}" for topic in Topic for end in ("", ".why")} | {f"state.{state}" for state in ConsentState}
    assert wanted <= words.texts().keys()


def test_chinese_has_full_width_punctuation() -> None:
    half = [key for key, (_, chinese) in words.texts().items() if re.search(r"[\u4e00-\u9fff][,;:!?]", chinese)]
    assert half == []


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        (500_000, "CNY", "¥5,000.00"),
        (5, "EUR", "€0.05"),
        (123_456, "KRW", "₩123,456"),
        (1_234_567, "BHD", "BHD 1,234.567"),
    ],
)
def test_money_is_written_by_its_currencys_digits(amount: int, currency: str, shown: str) -> None:
    assert EN.money(amount, currency) == shown


def test_dates_spans_and_rates() -> None:
    assert (EN.date(date(2027, 3, 5)), ZH.date(date(2027, 3, 5))) == ("5 Mar 2027", "2027年3月5日")
    assert (EN.span(1825), EN.span(365), EN.span(90), ZH.span(1825), ZH.span(90)) == (
        "5 years", "1 year", "90 days", "5 年", "90 天"
    )  # fmt: skip
    assert (EN.months(730), EN.months(100), ZH.months(730)) == ("24 months", "100 days", "24 个月")
    assert [EN.percent(bps) for bps in (1500, 1250, 5, 5000)] == ["15%", "12.5%", "0.05%", "50%"]
