"""What a loan really costs, by random ways of paying it back: the domain's own rules, and a judge that shares none.

Shares, minimums and payoffs come in any order, some together, some days after they were asked for; the judge takes the
money alone and asks whether a cent more was taken than the cap on all costs allows.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import outlooks, payoffs, pricing, repayments
from gateway.domain.payoffs import Paid
from gateway.domain.programmes import INVENTORY
from tests.simulation.clocks import START

if TYPE_CHECKING:
    from random import Random

TODAY = START.date()
LONGEST_DAYS = 800
FLOWS_COUNT = 60


class Life(msgspec.Struct):
    """A loan: (day, amount) of all that was truly paid, and given back, until nothing was owed."""

    amount: int
    cap_bps: int
    principal: int
    fee: int
    paid: list[Paid] = []
    flows: list[tuple[int, int]] = []

    @property
    def owed(self) -> tuple[int, int]:
        """Principal and fee."""
        return self.principal, self.fee

    def cap_rebate(self, day: int, amount: int = 0) -> int:
        """What the cap on all costs gives up if the loan ends with `amount` on that day."""
        on = TODAY + timedelta(days=day)
        return payoffs.cap_rebate_amount(self.owed, self.paid, TODAY, self.cap_bps, on, amount=amount)

    def settle(self, day: int, amount: int, promised: int) -> None:
        """Money comes, as `gateway.usecases.settling` has it."""
        rebate = max(self.cap_rebate(day, amount), promised)
        parts = repayments.settle(amount, *self.owed, rebate_amount=rebate, promised_amount=promised)
        on = TODAY + timedelta(days=day)
        self.paid.append(Paid(on, parts.principal_amount, parts.fee_amount, parts.rebate_amount))
        self.principal -= parts.principal_amount
        self.fee -= parts.fee_amount + parts.rebate_amount
        self.flows.append((day, amount - parts.suspense_amount))


def live(random: Random) -> Life:
    """One loan, from its price to its end."""
    cap_bps = random.choice((INVENTORY.all_in_cap_bps, random.randint(0, 3_000), random.randint(0, 30_000)))
    programme = msgspec.structs.replace(INVENTORY, all_in_cap_bps=cap_bps)
    amount, fee_bps = int(10 ** random.uniform(0, 10)), random.randint(0, 2_500)
    sales = outlooks.straight(int(amount * random.uniform(0, 30)), 30)
    price = pricing.cost(amount, fee_bps, programme, sales, TODAY)
    life, day = Life(amount, cap_bps, amount, price.fee_amount), 0
    while life.owed != (0, 0):
        day += random.choice((0, 1, 1, 1, 7, random.randint(0, 90)))
        _pay(random, life, day)
    return life


def _pay(random: Random, life: Life, day: int) -> None:
    """One payment, or two that were asked for on the same day and came on two."""
    outstanding = sum(life.owed)
    late = random.choice((0, 0, 0, random.randint(1, 10)))
    if random.random() < 1 / 8 or day > LONGEST_DAYS or len(life.flows) > FLOWS_COUNT:
        early_bps = random.choice((0, 0, random.randint(0, 10_000)))
        asked = payoffs.payoff(life.owed, (0, 0), life.cap_rebate(day), early_bps)
        life.settle(day + late, max(asked.amount, 1), asked.rebate_amount)
        return
    amount = random.randint(1, max(1, outstanding // random.choice((1, 2, 5, 20, 60))))
    for _ in range(random.choice((1, 1, 1, 2))):
        if life.owed != (0, 0):
            life.settle(day + late, amount, 0)


def is_dear(life: Life) -> bool:
    """Whether more was taken than the cap allows: what was paid is worth more than what was lent, at the cap's rate."""
    with localcontext() as context:
        context.prec = 60
        daily = (1 + Decimal(life.cap_bps) / 10_000) ** (1 / Decimal(365))
        worth = sum((amount / daily**day for day, amount in life.flows), Decimal(0))
        return worth > life.amount * (1 + Decimal("1e-45"))
