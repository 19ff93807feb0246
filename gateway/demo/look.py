"""How figures look in a terminal: money, lines, bars and bands, in Unicode where it is read and in ASCII elsewhere."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, TextIO

import msgspec

from gateway.domain.money import Money, exponent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SYMBOLS = {"CNY": "¥", "EUR": "€", "GBP": "£", "INR": "₹", "JPY": "¥", "KRW": "₩", "USD": "$", "VND": "₫"}
_LEVELS, _ASCII_LEVELS = "▁▂▃▄▅▆▇█", "_.-:=+*#"
_BOLD, _DIM, _GREEN, _RED, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[31m", "\x1b[0m"


class Look(msgspec.Struct, frozen=True):
    """What the place we write to can show; the default is plain ASCII without colour or redrawn lines."""

    unicode: bool = False
    colour: bool = False
    redraws: bool = False

    def money(self, amount: int, currency: str) -> str:
        """`¥32,800`, `₩1,234,000`, `$12.50`; a currency without a symbol, or ASCII, puts its code in front.

        Whole major units are shown without decimals.
        """
        value = Money(abs(amount), currency).decimal()
        shown = f"{value:,.0f}" if value == value.to_integral_value() else f"{value:,}"
        symbol = _SYMBOLS.get(currency) if self.unicode else None
        sign = "-" if amount < 0 else ""
        return f"{sign}{symbol}{shown}" if symbol else f"{sign}{currency} {shown}"

    def estimate(self, amount: int, currency: str) -> str:
        """An amount that nobody knows to the cent: rounded to whole major units."""
        unit = 10 ** exponent(currency)
        return self.money((amount + unit // 2) // unit * unit, currency)

    def spark(self, values: Sequence[int]) -> str:
        """One character a value, zero at the bottom and the largest at the top; a loss shows as zero."""
        levels = _LEVELS if self.unicode else _ASCII_LEVELS
        top = max([*values, 1])
        return "".join(levels[max(0, value) * (len(levels) - 1) // top] for value in values)

    def bar(self, part: int, whole: int, width: int) -> str:
        """How much of `whole` is done, `width` characters wide."""
        done = width if whole <= 0 else min(width, max(0, part) * width // whole)
        full, empty = ("█", "░") if self.unicode else ("#", ".")
        return full * done + empty * (width - done)

    def band(self, low: int, middle: int, high: int, scale: int, width: int) -> str:
        """A forecast on a line from 0 to `scale`: the interval from `low` to `high` and its middle."""
        start, centre, end = (_column(value, scale, width) for value in (low, middle, high))
        left, line, mark, right = ("├", "─", "●", "┤") if self.unicode else ("|", "-", "o", "|")
        cells = [" "] * width
        cells[start : end + 1] = line * (end + 1 - start)
        cells[start], cells[end], cells[centre] = left, right, mark
        return "".join(cells).rstrip()

    def slip(self, title: str, lines: Mapping[str, str]) -> list[str]:
        """Names and figures like a till's receipt, figures to the right."""
        width = max([len(title), *(len(name) + len(figure) + 3 for name, figure in lines.items())])
        rule = ("─" if self.unicode else "-") * width
        dot = "·" if self.unicode else "."
        body = [
            f"{name} {self.dim(dot * (width - len(name) - len(figure) - 2))} {figure}" for name, figure in lines.items()
        ]
        return [rule, self.strong(title.center(width).rstrip()), *body, rule]

    def strong(self, text: str) -> str:
        """Bold, where there is colour."""
        return self._painted(_BOLD, text)

    def dim(self, text: str) -> str:
        """Quieter, where there is colour."""
        return self._painted(_DIM, text)

    def good(self, text: str) -> str:
        """Green, where there is colour."""
        return self._painted(_GREEN, text)

    def bad(self, text: str) -> str:
        """Red, where there is colour."""
        return self._painted(_RED, text)

    def _painted(self, code: str, text: str) -> str:
        return f"{code}{text}{_PLAIN}" if self.colour and text else text


PLAIN = Look()
"""For sentences that may end up anywhere."""


def look_of(stream: TextIO, environment: Mapping[str, str]) -> Look:
    """What `stream` can show: everything on a UTF-8 terminal, no colour with NO_COLOR set, ASCII in a file or pipe."""
    terminal = stream.isatty() and environment.get("TERM") != "dumb"
    utf8 = (stream.encoding or "").lower().replace("-", "") == "utf8"
    return Look(unicode=terminal and utf8, colour=terminal and not environment.get("NO_COLOR"), redraws=terminal)


def percent(bps: int) -> str:
    """`1,250` basis points → `12.5 %`."""
    value = Decimal(bps).scaleb(-2).normalize()
    return f"{value:,f} %"


def _column(value: int, scale: int, width: int) -> int:
    return min(width - 1, max(0, value) * (width - 1) // max(scale, 1))
