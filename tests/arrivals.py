"""Money that others send to the bank, told of as its statement would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.bank_ports import BankEvent, BankEventKind
from gateway.domain.money import Money
from gateway.usecases import reconciling
from gateway.usecases.reconciling import Told
from tests.shops import RAIL

if TYPE_CHECKING:
    from gateway.usecases.statuses import Problem
    from tests.shops import Shop


async def arrive(shop: Shop, reference: str, amount: int, entry: str | None = "ENTRY-1") -> Problem | None:
    """A credit on the funding account that carries a reference, booked today; what is wrong with it."""
    fact = BankEvent(
        BankEventKind.booked, "camt.054", reference, amount=Money(amount, "EUR"), credit=True,
        booked_on=shop.world.clock.now().date(), account=shop.lender.account, entry_reference=entry,
    )  # fmt: skip
    return await reconciling.take(shop.world, Told(shop.lender, RAIL, entry or "m-1"), fact)
