"""One cell read as the profile says: a text, an amount, a day, an instant. Refused rather than guessed."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import TYPE_CHECKING

from gateway.domain import calendars, money
from gateway.domain.errors import GatewayError

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.sources.csv.profile_files import Profile
    from gateway.source_ports import About

NOON = time(12)
"""When a sale was of which only the day is known: far from every cut-off."""
YEARS = range(1970, 2200)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DAMAGED = re.compile(r"[0-9](\.[0-9]+)?[eE]\+[0-9]+")
"""What a spreadsheet makes of a long number: digits of it are gone."""
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}")
_DIGITS = 18
CACHED_COUNT = 8_192


class BadCell(Exception):
    """Why a cell cannot be read."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


class Cells:
    """Reads the cells of one file; the same text is worked out once."""

    def __init__(self, profile: Profile, about: About) -> None:
        self._profile, self._about = profile, about
        self._zone = calendars.zone(profile.timezone or about.timezone)
        self._plain = re.compile(rf"[0-9]{{1,{_DIGITS}}}(?:{re.escape(profile.decimal_mark)}[0-9]{{1,{_DIGITS}}})?")
        self._shapes = [_Shape(text) for text in profile.dates]
        self.day: Callable[[str], date] = lru_cache(CACHED_COUNT)(self._day)
        self.instant: Callable[[str], datetime] = lru_cache(CACHED_COUNT)(self._instant)
        self.number: Callable[[str], tuple[int, int]] = lru_cache(CACHED_COUNT)(self._number)

    def amount(self, text: str, currency: str) -> int:
        """Minor units of `currency`, negative where the file says so."""
        number, decimals = self.number(text)
        return self.scaled(number, decimals, _digits(currency), text)

    def product(self, quantity: str, price: str, currency: str) -> int:
        """What so many at a price are worth, the same."""
        (count, decimals), (each, more) = self.number(quantity), self.number(price)
        return self.scaled(count * each, decimals + more, _digits(currency), f"{quantity} × {price}")

    def scaled(self, number: int, decimals: int, digits: int, text: str) -> int:
        """`number` with so many decimals as a whole number of `digits` decimals, exactly or rounded as allowed."""
        if decimals <= digits:
            return number * int(10 ** (digits - decimals))
        unit = int(10 ** (decimals - digits))
        whole, rest = divmod(abs(number), unit)
        if rest and self._profile.rounding == "exact":
            raise BadCell("too_many_decimals", f"{text[:40]!r} has more decimals than the currency's {digits}")
        whole += 2 * rest >= unit
        return whole if number >= 0 else -whole

    def quantity(self, text: str) -> str:
        """A decimal number as records write it, its sign dropped: the kind of a record says that."""
        number, decimals = self.number(text)
        digits = str(abs(number)).rjust(decimals + 1, "0")
        cut = len(digits) - decimals
        return digits[:cut] + (f".{fraction}" if (fraction := digits[cut:].rstrip("0")) else "")

    def count(self, text: str) -> int:
        """A whole number."""
        number, decimals = self.number(text)
        return self.scaled(number, decimals, 0, text)

    def _number(self, text: str) -> tuple[int, int]:
        """A decimal number: its digits as one whole number, and how many of them are decimals."""
        profile, left = self._profile, text.strip()
        for mark in profile.currency_marks:
            left = left.replace(mark, "")
        left = left.strip()
        negative = False
        if left[:1] == "(" and left[-1:] == ")":
            left, negative = left[1:-1], True
        elif left[:1] in {"-", "−", "+"}:
            left, negative = left[1:], left[0] != "+"
        elif left[-1:] == "-":
            left, negative = left[:-1], True
        left = left.strip()
        if profile.thousands_mark and profile.thousands_mark in left:
            whole, mark, fraction = left.partition(profile.decimal_mark)
            if not _GROUPED.fullmatch(whole.replace(profile.thousands_mark, ",")):
                raise BadCell("bad_number", f"{text[:40]!r} is not a number")
            left = whole.replace(profile.thousands_mark, "") + mark + fraction
        if not self._plain.fullmatch(left):
            raise BadCell("bad_number", f"{text[:40]!r} is not a number")
        whole, _, fraction = left.partition(profile.decimal_mark)
        fraction = fraction.rstrip("0")
        number = int(whole + fraction)
        return -number if negative else number, len(fraction)

    def _day(self, text: str) -> date:
        return self._moment(text)[0].date()

    def _instant(self, text: str) -> datetime:
        moment, timed = self._moment(text)
        if not timed:
            moment = datetime.combine(moment.date(), NOON)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self._zone)
        return moment.astimezone(UTC)

    def _moment(self, text: str) -> tuple[datetime, bool]:
        """What a cell says, and whether it says an hour."""
        for shape in self._shapes:
            try:
                moment = shape.read(text)
            except ValueError:
                continue
            if moment.year not in YEARS:
                raise BadCell("date_out_of_range", f"{text[:40]!r} lies in no year between {YEARS[0]} and {YEARS[-1]}")
            return moment, shape.timed
        raise BadCell("bad_date", f"{text[:40]!r} is not written as {' or '.join(self._profile.dates)}")


def _digits(currency: str) -> int:
    try:
        return money.exponent(currency)
    except GatewayError as error:
        raise BadCell(error.code, error.detail) from None


class _Shape:
    """One way of writing dates; those of plain numbers are read several times as fast as `strptime` does."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.timed = any(sign in text for sign in ("%H", "%I", "%T", "%X", "%c"))
        signs = re.findall(r"%(.)", text)
        self._order = [signs.index(sign) + 1 for sign in "YmdHMS" if sign in signs]
        known = set(signs) <= set("YmdHMS") and len(set(signs)) == len(signs) and {"Y", "m", "d"} <= set(signs)
        whole = [sign for sign in "YmdHMS" if sign in signs] == list("YmdHMS")[: len(signs)]
        pattern = re.sub(r"%(.)", lambda sign: r"([0-9]{4})" if sign[1] == "Y" else r"([0-9]{1,2})", re.escape(text))
        self._pattern = re.compile(pattern) if known and whole else None

    def read(self, text: str) -> datetime:
        """The moment, with a zone only if the text says one. Raises ValueError."""
        if self._pattern is None:
            return datetime.strptime(text, self._text)  # noqa: DTZ007 - the profile or the merchant says the zone
        found = self._pattern.fullmatch(text)
        if found is None:
            raise ValueError(text)
        return datetime(*[int(found[at]) for at in self._order])  # type: ignore[arg-type] # noqa: DTZ001 - as above


def cleaned(cell: str) -> str:
    """The text of a cell without blanks, and without what spreadsheets put around a number to keep it a text."""
    text = cell.strip(" \t\r\n\u3000\u00a0\ufeff")
    if text.startswith('="') and text.endswith('"'):
        text = text[2:-1]
    elif text[:1] in {"'", "`"}:
        text = text[1:]
    if text.startswith("="):
        raise BadCell("formula", f"{text[:40]!r} is a formula: export values")
    if _CONTROL.search(text):
        raise BadCell("control_character", f"{text[:40]!r} holds a control character")
    return text


def identified(text: str) -> str:
    """A record's id; refused when a spreadsheet has rounded it away."""
    if _DAMAGED.fullmatch(text):
        raise BadCell("damaged_id", f"{text[:40]!r} is a number that a spreadsheet has rounded: export it as text")
    return text
