"""What the hosted pages say, in English and in Chinese. `VERSION` changes with any wording a merchant agrees to."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from gateway.domain import money

if TYPE_CHECKING:
    from datetime import date

VERSION = "2026-11"
LOCALES = {"en": "en", "zh": "zh-CN"}
_SYMBOLS = {"CNY": "¥", "JPY": "¥", "EUR": "€", "GBP": "£", "USD": "$", "KRW": "₩"}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_YEAR_DAYS = 365


@cache
def texts() -> dict[str, list[str]]:
    """Key → English, Chinese."""
    return tomllib.loads(files(__package__).joinpath("texts.toml").read_text(encoding="utf-8"))


class Words:
    """The texts of one locale: `words("code.wrong", count=3)` → a sentence, its values not yet escaped."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.locale = LOCALES[language]
        self._index = 1 if language == "zh" else 0

    def __call__(self, key: str, **values: str | int) -> str:
        """The text under `key` with its places filled in."""
        return self.raw(key).format(**values) if values else self.raw(key)

    def raw(self, key: str) -> str:
        """The text with its places still open."""
        return texts()[key][self._index]

    def date(self, day: date) -> str:
        """`2027年3月5日`, `5 Mar 2027`."""
        if self._index:
            return f"{day.year}年{day.month}月{day.day}日"
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"

    def span(self, days: int) -> str:
        """A number of days in the largest unit that says it exactly: years for keeping, months for looking back."""
        years, rest = divmod(days, _YEAR_DAYS)
        if rest or not years:
            return f"{days} 天" if self._index else f"{days} days"
        if self._index:
            return f"{years} 年"
        return f"{years} year" if years == 1 else f"{years} years"

    def months(self, days: int) -> str:
        """How far back: whole years as months."""
        years, rest = divmod(days, _YEAR_DAYS)
        if rest or not years:
            return self.span(days)
        return f"{years * 12} 个月" if self._index else f"{years * 12} months"

    @staticmethod
    def money(amount: int, currency: str) -> str:
        """Minor units as people write them, `¥5,000.00`."""
        digits = money.EXPONENTS[currency]
        whole, part = divmod(amount, 10**digits)
        return f"{_SYMBOLS.get(currency, currency + ' ')}{whole:,}" + (f".{part:0{digits}d}" if digits else "")

    @staticmethod
    def percent(bps: int) -> str:
        """A rate in basis points, `15%`, `12.5%`."""
        whole, part = divmod(bps, 100)
        return f"{whole}.{part:02d}".rstrip("0").rstrip(".") + "%"


_RANGE = re.compile(r"\s*([a-zA-Z*]{1,8})(?:-[a-zA-Z0-9-]*)?\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*")


def language(asked: str | None, accepted: str) -> str:
    """`asked` where we have it, else the best of an Accept-Language header (RFC 9110 12.5.4), else English."""
    if asked is not None and asked.partition("-")[0] in LOCALES:
        return asked.partition("-")[0]
    best, weight = "en", 0.0
    for part in accepted[:200].split(","):
        match = _RANGE.fullmatch(part)
        if match and match[1].lower() in LOCALES and float(match[2] or 1) > weight:
            best, weight = match[1].lower(), float(match[2] or 1)
    return best
