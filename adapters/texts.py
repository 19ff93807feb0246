"""Texts and references as banks pass them on, whatever the message around them: the rules of SEPA (EPC217-08)."""

from __future__ import annotations

import re
import unicodedata

from gateway.bank_ports import Unrenderable

_REFERENCE = re.compile(r"(?!/)(?!.*//)[A-Za-z0-9?:().,'+/-]([A-Za-z0-9?:().,'+/ -]{0,33}[A-Za-z0-9?:().,'+-])?")
_SETS = {
    "latin": re.compile(r"[A-Za-z0-9/?:().,'+ -]*"),
    # Swiss Payment Standards: Basic Latin, Latin-1 Supplement, Latin Extended-A, and five more.
    "swiss": re.compile("[ -~\u00a0-\u017f\u0218-\u021b\u20ac]*"),
}
_LETTERS = str.maketrans({
    "ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D",
    "ð": "d", "Ð": "D", "þ": "th", "Þ": "TH", "\u0131": "i", "&": "+", "\u2018": "'", "\u2019": "'", "–": "-",
    "\u2014": "-",
})  # fmt: skip
"""Letters and signs that lose no accent but have a usual form in the Latin set; `&` as EPC217-08 has it."""
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufffe\uffff")


def text(given: str, longest: int) -> str:
    """Without spaces around it, whole or not at all. Raises Unrenderable."""
    clean = given.strip()
    if not 0 < len(clean) <= longest:
        raise Unrenderable(f"a text is empty or longer than {longest} characters")
    if any(unicodedata.category(character) in {"Cc", "Cs"} or character in _OVERRIDES for character in clean):
        raise Unrenderable("a text carries a control character")
    return clean


def reference(given: str) -> str:
    """One of ours, as it is. Raises Unrenderable."""
    if not _REFERENCE.fullmatch(given):
        raise Unrenderable("a reference is not 1 to 35 characters every bank takes")
    return given


def within(given: str, characters: str) -> str:
    """`given` in a bank's characters: `any`, `swiss` (all of it or none), or `latin` without accents.

    Raises Unrenderable for a character that has no place there: a payee's name is never guessed.
    """
    if characters == "any":
        return given
    written = unicodedata.normalize("NFC", given) if characters == "swiss" else _unaccented(given)
    if not _SETS[characters].fullmatch(written.strip()):
        raise Unrenderable("a text has characters that this bank does not take")
    return written


def _unaccented(given: str) -> str:
    decomposed = unicodedata.normalize("NFKD", given.translate(_LETTERS))
    return "".join(character for character in decomposed if not unicodedata.combining(character))
