"""Texts in the characters of an ACH record: printable ASCII, one byte each."""

from __future__ import annotations

import unicodedata

UNWRITABLE = "?"
_LETTERS = {
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L",
    "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "\u0131": "i", "€": "EUR", "£": "GBP",
    "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-",
}  # fmt: skip
"""Spellings that decomposition (NFKD) does not give: letters of their own, and typographic quotes and dashes."""


def written(text: str) -> str:
    """`text` without accents, foreign letters by their usual spelling, anything else that is not ASCII as one `?`."""
    return "".join(_plain(character) for character in unicodedata.normalize("NFC", text.strip()))


def cut(text: str, width: int) -> str:
    """`text` as it can be written, its first `width` characters."""
    return written(text)[:width].strip()


def _plain(character: str) -> str:
    parts = _LETTERS.get(character) or unicodedata.normalize("NFKD", character)
    plain = "".join(part for part in parts if not unicodedata.combining(part))
    return plain if plain and all(" " <= part <= "~" for part in plain) else UNWRITABLE
