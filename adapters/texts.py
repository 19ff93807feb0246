"""Texts and references as banks pass them on, whatever the message around them: the rules of SEPA (EPC217-08)."""

from __future__ import annotations

import re
import unicodedata

from gateway.ports import Unrenderable

_REFERENCE = re.compile(r"(?!/)(?!.*//)[A-Za-z0-9?:().,'+/-]([A-Za-z0-9?:().,'+/ -]{0,33}[A-Za-z0-9?:().,'+-])?")
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
