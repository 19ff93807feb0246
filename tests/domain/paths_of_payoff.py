"""A loan repaid along any path (shares, parts paid early, returned debits, late days), and whether it cost too much.

`make simulate` runs `realised(seed)` over 100,000 seeds, the suite over a few hundred.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from fractions import Fraction

import msgspec

from gateway.domain import payoffs, pricing, repayments
from gateway.domain.payoffs import Paid
from gateway.domain.repayments import Allocation

ACTIVE_ON = date(2026, 3, 2)
LONGEST_DAYS = 700


class Life(msgspec.Struct):
    """One loan as the books have it; every settled payment keeps what it was divided into."""

    amount: int
    fee: int
    cap_bps: int
    settled: list[tuple[int, Allocation]] = []

    @property
    def owed(self) -> tuple[int, int]:
        """(principal, fee)."""
        parts = [part for _, part in self.settled]
        principal = self.amount - sum(part.principal_amount for part in parts)
        return principal, self.fee - sum(part.fee_amount + part.rebate_amount for part in parts)

    @property
    def paid(self) -> list[Paid]:
        """As the store tells it."""
        return [
            Paid(ACTIVE_ON + timedelta(day), part.principal_amount, part.fee_amount, part.rebate_amount)
            for day, part in sorted(self.settled, key=lambda one: one[0])
        ]

    def rebate(self, day: int, amount: int = 0) -> int:
        """What need not be paid if it ends on `day` with `amount`."""
        on = ACTIVE_ON + timedelta(day)
        return payoffs.cap_rebate_amount(self.owed, self.paid, ACTIVE_ON, self.cap_bps, on, amount=amount)

    def pay(self, day: int, amount: int, promised: int = 0) -> None:
        """Money comes."""
        rebate = self.rebate(day, amount)
        self.settled.append((
            day, repayments.settle(amount, *self.owed, rebate_amount=rebate, promised_amount=promised)
        ))  # fmt: skip


def lived(seed: int) -> Life:
    """A loan repaid to its end."""
    chance = random.Random(seed)
    amount = chance.choice((chance.randint(1, 200), chance.randint(1, 10**7), chance.randint(1, 10**12)))
    life = Life(amount, amount * chance.randint(0, 2_000) // 10_000, chance.choice((0, 500, 2_400, 10_000)))
    day = 0
    while life.owed != (0, 0):
        day += chance.choice((0, 1, 1, 1, 2, 7, 30, 90))
        _happen(chance, life, min(day, LONGEST_DAYS), ends=day >= LONGEST_DAYS)
    return life


def _happen(chance: random.Random, life: Life, day: int, *, ends: bool) -> None:
    owed = sum(life.owed)
    early = owed * chance.choice((0, 0, 50)) // 100 * life.fee // (life.amount + life.fee)
    event = "payoff" if ends else chance.choice(("share", "share", "share", "part", "late", "back", "payoff", "much"))
    if event == "back" and life.settled:
        life.settled.pop(chance.randrange(len(life.settled)))
    elif event == "late":  # told of days after it came
        life.pay(max(0, day - chance.randint(0, 20)), max(1, owed // chance.randint(2, 40)))
    elif event == "payoff":
        payoff = payoffs.payoff(life.owed, (0, 0), max(life.rebate(day), early), 0)
        life.pay(day + chance.randint(0, 4), payoff.amount, promised=payoff.rebate_amount)
    else:
        most = {"share": owed // 20 + 1, "part": owed // 2 + 1}.get(event, owed + owed // 3 + 1)
        life.pay(day, chance.randint(1, most))


def realised(seed: int) -> tuple[bool, str]:
    """Whether a path kept to its cap, worked out exactly; and what it was.

    What is lent grows each day at the cap's daily rate, the largest one of 15 decimals that a year does not carry
    beyond it; whoever has repaid no more than that has paid no more than the cap.
    """
    life = lived(seed)
    flows = sorted((day, part.principal_amount + part.fee_amount) for day, part in life.settled)
    rate = Fraction(pricing.RATE_SCALE + pricing.daily_rate(life.cap_bps), pricing.RATE_SCALE)
    left, since = Fraction(life.amount), 0
    for day, repaid in flows:
        left = left * rate ** (day - since) - repaid
        since = day
    cost = sum(repaid for _, repaid in flows) - life.amount
    kept = left >= 0 and 0 <= cost <= life.fee and life.owed == (0, 0)
    return kept, f"seed {seed}: {life.amount} + {life.fee} at {life.cap_bps} bps, repaid {flows}"
