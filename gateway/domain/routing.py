"""Which of several lenders a merchant is offered first, and why not each of the others.

Every programme in force is judged by itself; those that offer are compared at one amount, the largest that all of them
would lend (`common_amount`). The best for the merchant is the one that costs the least at that amount, all costs
included; of these the one with the highest limit; of these the one whose money goes out first, by its bank's cut-off
and banking days; of these the one whose id sorts first. What the partner or the gateway earns plays no part.

A merchant keeps the lender it has while that one offers and no other is materially better: cheaper by more than
`material_bps` of the best price, or no dearer with a limit higher by more than that share.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from gateway.domain import pricing
from gateway.domain.inputs import Inputs, Own
from gateway.domain.money import share
from gateway.domain.programmes import ProgrammeRef
from gateway.domain.underwriting import BANK_STOPPED, CURRENCY_NOT_SERVED, Assessment, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.domain.programmes import Programme


class Standing(StrEnum):
    """What became of one lender: chosen, or why not."""

    chosen = "chosen"
    higher_price = "higher_price"
    lower_limit = "lower_limit"
    later_payout = "later_payout"
    later_id = "later_id"
    """As good as the chosen one in everything: the ids decided."""
    not_materially_better = "not_materially_better"
    """Better than the lender the merchant has, but by too little to change."""
    no_capacity = "no_capacity"
    bank_stopped = "bank_stopped"
    currency_not_served = "currency_not_served"
    not_eligible = "not_eligible"


class Answer(NamedTuple):
    """What one programme says of a merchant, what policy read for it, and when its bank would pay out."""

    programme: Programme
    given: Inputs
    fresh: Assessment
    pays_on: date | None = None


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """One lender's answer. `fee_bps` and `cost_amount` (of the common amount) are None where it does not offer.

    `reason` is the code of what holds its limit where it is, or of what stops it; `own` what policy read for it alone;
    `pays_on` the bank's day on which a payout handed over now goes out, None where no rail pays out.
    """

    programme: ProgrammeRef
    bank_id: str
    outcome: Outcome
    limit_amount: int
    available_amount: int
    grade: str | None
    fee_bps: int | None
    cost_amount: int | None
    reason: str
    own: Own
    pays_on: date | None = None
    standing: Standing = Standing.not_eligible

    @property
    def rank(self) -> tuple[int, int, date, str]:
        """The lowest is the best for the merchant; only of one that offers."""
        return self.cost_amount or 0, -self.limit_amount, self.pays_on or date.max, self.programme.id


class Route(msgspec.Struct, frozen=True, gc=False):
    """The lenders in the order of their ids, and the amount, in minor units, that their prices were compared at.

    `present_id` is the programme of the offer that stood before; nobody is chosen where nobody offers.
    """

    common_amount: int
    present_id: str | None
    material_bps: int
    candidates: tuple[Candidate, ...]

    @property
    def chosen(self) -> Candidate | None:
        """Who is offered first."""
        return next((one for one in self.candidates if one.standing is Standing.chosen), None)

    @property
    def judged_id(self) -> str:
        """The programme that speaks for all: the chosen one; where nobody offers the present, else the first."""
        if (chosen := self.chosen) is not None:
            return chosen.programme.id
        ids = [one.programme.id for one in self.candidates]
        return self.present_id if self.present_id in ids else ids[0]


def route(answers: Sequence[Answer], outlook: Sequence[int], present_id: str | None) -> Route:
    """Compare what the programmes in force say of one merchant. `outlook`: its middle one, see `pricing.cost`."""
    offered = [fresh.limit_amount for _, _, fresh, _ in answers if fresh.outcome is Outcome.offered]
    amount = min(offered, default=0)
    found = [_candidate(answer, amount, outlook) for answer in answers]
    material = {programme.id: programme.material_bps for programme, *_ in answers}
    return choose(found, amount, present_id, material.get(present_id or "", 0))


def _candidate(answer: Answer, amount: int, outlook: Sequence[int]) -> Candidate:
    """One lender's answer, priced at `amount`."""
    programme, given, fresh, pays_on = answer
    offers = fresh.outcome is Outcome.offered
    fee_bps = programme.fee_bps(fresh.terms.grade) if offers else None
    return Candidate(
        programme=programme.ref,
        bank_id=programme.bank_id,
        outcome=fresh.outcome,
        limit_amount=fresh.limit_amount,
        available_amount=fresh.available_amount,
        grade=fresh.terms.grade,
        fee_bps=fee_bps,
        cost_amount=None if fee_bps is None else pricing.fee_amount(amount, fee_bps, programme, outlook),
        reason=fresh.reasons[0].code,
        own=given.own,
        pays_on=pays_on,
        standing=_refused(given, fresh, programme),
    )


def choose(candidates: Sequence[Candidate], amount: int, present_id: str | None, material_bps: int) -> Route:
    """The rule alone; see the module. The order of `candidates` does not matter."""
    rows = sorted(candidates, key=lambda one: one.programme.id)
    offering = [one for one in rows if one.outcome is Outcome.offered]
    best = min(offering, key=lambda one: one.rank, default=None)
    present = next((one for one in offering if one.programme.id == present_id), None)
    chosen = present if present is not None and best is not None and not _better(best, present, material_bps) else best
    told = [
        one if chosen is None or one not in offering else msgspec.structs.replace(one, standing=_standing(one, chosen))
        for one in rows
    ]
    return Route(amount, present_id, material_bps, tuple(told))


def _better(best: Candidate, present: Candidate, material_bps: int) -> bool:
    """Whether it is worth a change of lender."""
    cost, owed = best.cost_amount or 0, present.cost_amount or 0
    if owed - cost > share(cost, material_bps):
        return True
    return cost <= owed and best.limit_amount - present.limit_amount > share(present.limit_amount, material_bps)


def _standing(one: Candidate, chosen: Candidate) -> Standing:
    if one.programme.id == chosen.programme.id:
        return Standing.chosen
    if one.rank < chosen.rank:
        return Standing.not_materially_better
    if one.cost_amount != chosen.cost_amount:
        return Standing.higher_price
    if one.limit_amount != chosen.limit_amount:
        return Standing.lower_limit
    return Standing.later_payout if one.pays_on != chosen.pays_on else Standing.later_id


def _refused(given: Inputs, fresh: Assessment, programme: Programme) -> Standing:
    """Why one that does not offer does not."""
    code = fresh.reasons[0].code
    if code in {BANK_STOPPED, CURRENCY_NOT_SERVED}:
        return Standing(code)
    full = given.headroom_amount < programme.step_amount(given.currency)
    return Standing.no_capacity if full and code == "below_minimum" else Standing.not_eligible
