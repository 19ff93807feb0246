"""What a till prints as an amount: major units, with the separators its country uses, read exactly or refused."""

from __future__ import annotations

import re

from gateway.domain import money
from gateway.domain.errors import Invalid

_PLAIN = re.compile(r"\d+(\.\d*)?|\.\d+")
_THOUSANDS_COMMA = re.compile(r"[1-9]\d{0,2}(,\d{3})+(\.\d+)?")
_THOUSANDS_POINT = re.compile(r"[1-9]\d{0,2}(\.\d{3})+,\d+|[1-9]\d{0,2}(\.\d{3}){2,}")
_DECIMAL_COMMA = re.compile(r"\d+,\d+")
_THREE_DIGITS = 3
_ONE_GROUP = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
_POINT, _COMMA = ".", ","
_LONGEST = 24


class UnreadableAmount(Invalid):
    """A text is not an amount of the file's currency, or can be read in two ways."""

    code = "unreadable_amount"
    title = "An amount cannot be read"


class AmountReader:
    """Reads the amounts of one column; remembers which decimal sign the column uses, because a file has only one."""

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self._exponent = money.exponent(currency)
        self._decimal_sign: str | None = None

    def read(self, text: str) -> int:
        """Signed integer minor units; raises UnreadableAmount.

        `1,234` is a thousand only where the currency cannot have three decimals; `1.234` is refused there, because
        half the world means a thousand by it; `1.234,50` and `1,234.50` speak for themselves.
        """
        unsigned = text.removeprefix("-") if text.startswith("-") else text.removeprefix("+")
        plain = self._plain(unsigned)
        try:
            amount = money.parse_decimal(plain, self.currency).amount
        except Invalid as error:
            raise UnreadableAmount(error.detail) from None
        if amount > money.MAX_AMOUNT:
            raise UnreadableAmount(f"{text[:40]} is more than one receipt can be")
        return -amount if text.startswith("-") else amount

    def _plain(self, text: str) -> str:
        """The same number with a point as its only separator."""
        if not text.isascii() or len(text) > _LONGEST:
            raise UnreadableAmount(f"{text[:40]!r} is not a number")
        if _ONE_GROUP.fullmatch(text) and (_COMMA in text) == (self._exponent == _THREE_DIGITS):
            raise UnreadableAmount(f"{text!r} can be read as a thousand and as a decimal; write it without separators")
        if _PLAIN.fullmatch(text):
            return self._settle(text, _POINT if _POINT in text else None)
        if _THOUSANDS_COMMA.fullmatch(text):
            return self._settle(text.replace(_COMMA, ""), _POINT)
        if _THOUSANDS_POINT.fullmatch(text):
            return self._settle(text.replace(_POINT, "").replace(_COMMA, _POINT), _COMMA)
        if _DECIMAL_COMMA.fullmatch(text):
            return self._settle(text.replace(_COMMA, _POINT), _COMMA)
        raise UnreadableAmount(f"{text[:40]!r} is not a number")

    def _settle(self, plain: str, decimal_sign: str | None) -> str:
        if decimal_sign is not None and self._decimal_sign not in {None, decimal_sign}:
            raise UnreadableAmount(
                f"here the decimal sign is {decimal_sign!r}, further up in the file it is {self._decimal_sign!r}"
            )
        self._decimal_sign = decimal_sign or self._decimal_sign
        return plain
