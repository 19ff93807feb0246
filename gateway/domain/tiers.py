"""How far a source is trusted: what only a partner says, what settled, what reached the bank."""

from __future__ import annotations

from enum import StrEnum


class Tier(StrEnum):
    """Where a merchant's sales are known from; a programme's policy gives each a haircut and a best grade."""

    declared = "declared"
    """Only the partner says so."""
    settled = "settled"
    """The partner processed the payments itself."""
    bank_matched = "bank_matched"
    """The money was seen on a bank statement."""
