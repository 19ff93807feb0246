"""ISO 20022 reason codes in a bank's prose: PSD2 answers have no field for them."""

from __future__ import annotations

import re

# Families of ExternalStatusReason1Code and ExternalReturnReason1Code. Four more characters after a blank make it the
# beginning of an account number in print (`BE68 5390 …`), not a reason.
_REASON = re.compile(
    r"(?<![A-Z0-9])(DUPL|FOCR|(?:AB|AC|AG|AM|BE|CN|CU|DS|DT|ED|ER|FF|MD|MS|RC|RR|SL|TM)[0-9]{2})"
    r"(?![A-Z0-9]| [A-Z0-9]{4}(?![A-Z0-9]))"
)


def find(text: str) -> str | None:
    """The first reason code that stands by itself in `text`."""
    named = _REASON.search(text)
    return named[1] if named else None
