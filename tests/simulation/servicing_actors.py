"""What happens to a loan once its money went: paying early, refinancing, relief, remittances, mandates taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.domain.arrangements import ArrangementKind, Proposal
from gateway.domain.banks import Stopped
from gateway.domain.payoffs import NewRepayment
from gateway.domain.quotes import NewQuote
from gateway.domain.remittances import NewRemittance, WithheldLine
from gateway.usecases import debiting, early, hardship, openness, positions, quotes, remittances
from tests.simulation import worlds

if TYPE_CHECKING:
    from typing import Any

    from tests.simulation.runs import Partner, Run

ACTIVE = "SELECT id, amount, merchant_id FROM drawdowns WHERE state = 'active' ORDER BY id"
MANDATES = "SELECT id, merchant_id FROM mandates WHERE state = 'active' ORDER BY id"
DUE = "SELECT id, amount FROM repayments WHERE channel = 'withheld' AND state = 'scheduled' ORDER BY id LIMIT 20"


def _rows(run: Run, query: str) -> list[Any]:
    """What a person sees on a screen; nothing while a commit is under way."""
    return run.database.look(query) if run.database.settled else []


def _of(run: Run, merchant_id: str) -> Partner:
    return next(partner for partner in run.partners if partner.shop.id == merchant_id)


async def pay_early(run: Run) -> None:
    """A merchant pays a part or all, by debit or by a transfer that is more, less, or never comes."""
    if not (loans := _rows(run, ACTIVE)):
        return
    drawdown_id, amount, merchant_id = run.random.choice(loans)
    payoff, by_transfer = run.random.random() < 1 / 2, run.random.random() < 1 / 2
    some = None if payoff else 1 + run.random.randrange(amount)
    new = NewRepayment(some, payoff, "transfer" if by_transfer else None)
    world, caller = run.world, _of(run, merchant_id).shop.caller
    made = await world.store.write(lambda tx: early.pay(tx, world, caller, drawdown_id, new))
    run.steps.note(f"early {made.id} {made.amount}")
    if made.end_to_end_id is not None and run.random.random() < 3 / 4:
        sent = made.amount + run.random.choice((0, 0, 0, -1, 700))
        run.bank.take_in(made.end_to_end_id, max(1, sent), timedelta(hours=run.random.randrange(1, 200)))


async def refinance(run: Run) -> None:
    """New money that takes an active loan over."""
    if not (loans := _rows(run, ACTIVE)):
        return
    drawdown_id, _, merchant_id = run.random.choice(loans)
    partner, world = _of(run, merchant_id), run.world
    position = await positions.current(world, merchant_id)
    if position is not None and position.offered is not None:
        step = world.programme.step_amount(worlds.CURRENCY)
        new = NewQuote(position.offered.id, step * run.random.randint(1, 20), drawdown_id)
        caller = partner.shop.caller
        partner.quotes.append(await world.store.write(lambda tx: quotes.make(tx, world, caller, new)))


async def arrange(run: Run) -> None:
    """One officer proposes a pause, a plan or a write-off, another agrees."""
    if loans := _rows(run, ACTIVE):
        drawdown_id = run.random.choice(loans)[0]
        proposal = run.random.choice((
            Proposal(drawdown_id, ArrangementKind.pause, "officer-1", "a hard month", days=30),
            Proposal(drawdown_id, ArrangementKind.plan, "officer-1", "agreed", instalments_count=3, every_days=7),
            Proposal(drawdown_id, ArrangementKind.write_off, "officer-1", "the shop is gone"),
        ))  # fmt: skip
        made = await hardship.propose(run.world, proposal)
        await hardship.approve(run.world, made.id, by=run.random.choice(("officer-1", "officer-2")))


async def revoke_mandate(run: Run) -> None:
    """A merchant takes a mandate back."""
    if found := _rows(run, MANDATES):
        mandate_id, merchant_id = run.random.choice(found)
        await run.world.store.write(lambda tx: debiting.stop(tx, run.world, mandate_id, merchant_id))


async def remit(run: Run) -> None:
    """The partner reports what it withheld, some of it short, and pays: exactly, less, or twice."""
    due = _rows(run, DUE)
    lines = [WithheldLine(amount - run.random.choice((0, 0, 0, amount, amount // 2)), row_id) for row_id, amount in due]
    if lines:
        world, caller = run.world, run.partners[0].shop.caller
        new = NewRemittance(f"R{run.operations_count}", worlds.CURRENCY, tuple(lines))
        told = (await world.store.write(lambda tx: remittances.report(tx, world, caller, new))).remittance
        if told.amount:
            for amount in run.random.choice(((told.amount,), (told.amount,), (1, told.amount - 1))):
                run.bank.take_in(told.end_to_end_id, amount, timedelta(hours=run.random.randrange(1, 60)))


async def switch_bank(run: Run) -> None:
    """A person stops the bank, or lets it go on."""
    stopped = run.random.choice((Stopped.nothing, Stopped.nothing, *Stopped))
    await openness.switch(run.world, run.world.programme.bank_id, stopped, by="officer-1", reason="incident")


async def resume_bank(run: Run) -> None:
    """Whatever a person stopped goes on."""
    await openness.switch(run.world, run.world.programme.bank_id, Stopped.nothing, by="officer-1", reason="over")


CHOICES = (
    (pay_early, 25), (refinance, 15), (arrange, 6), (revoke_mandate, 3), (remit, 30), (switch_bank, 4),
)  # fmt: skip
