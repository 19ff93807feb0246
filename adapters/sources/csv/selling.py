"""What the signs of a row's amounts mean, and the tax in them: the part of a profile that only sales have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapters.sources.csv.cells import BadCell
from gateway.domain.money import BPS
from gateway.domain.sales import SaleKind

if TYPE_CHECKING:
    from adapters.sources.csv.profile_files import Profile

SIGNED = ("amount", "tax_amount", "tip_amount")
"""Fields that a file may write below zero, and that the rows of one ticket add up to."""


def sold(profile: Profile, kind: str | None, sums: dict[str, int]) -> dict[str, Any]:
    """Kind and positive amounts, tax included, of what a ticket's rows say. Raises BadCell."""
    if not profile.tax_included:
        sums["amount"] += sums["tax_amount"]
    sign = -1 if profile.sign == "opposite" else 1
    if sign * sums["amount"] < 0:
        if kind in {None, SaleKind.sale}:
            if profile.refunds == "never":
                raise BadCell("negative_amount", "The amount is below zero, and the profile knows no refunds")
            kind = SaleKind.refund
        sign = -sign
    found: dict[str, Any] = {name: sign * amount for name, amount in sums.items()}
    if profile.tax_bps and not found["tax_amount"]:
        found["tax_amount"] = included(found["amount"], profile.tax_bps)
    return found | {"kind": kind or SaleKind.sale}


def included(amount: int, bps: int) -> int:
    """The tax inside an amount that includes it at a rate, rounded half up."""
    return (2 * amount * bps + BPS + bps) // (2 * (BPS + bps))
