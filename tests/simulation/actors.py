"""What people, tills, clocks and the worker do: one operation each, chosen by the seed."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.domain import doubts as rules
from gateway.domain.drawdowns import Confirmation, NewDrawdown
from gateway.domain.quotes import NewQuote
from gateway.domain.sales import NewSale, SaleKind
from gateway.usecases import consents, days, doubts, drawdowns, jobs, positions, quotes, sales, work
from gateway.usecases.drawdowns import EvidenceOf
from tests.simulation import invariants, servicing_actors, worlds

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from gateway.store import Tx
    from gateway.usecases.doubts import Doubt
    from tests.simulation.runs import Partner, Run

    Actor = Callable[[Run], Awaitable[None]]

JUMPS = (timedelta(seconds=262), timedelta(seconds=-262), timedelta(days=3), timedelta(days=-3))
MINUTE = timedelta(minutes=1)


def choose(run: Run, only: Sequence[Actor]) -> Actor:
    """The next operation; `only` some of them, all alike, where some are given."""
    if only:
        return run.random.choice(only)
    (chosen,) = run.random.choices(_ACTORS, _WEIGHTS)
    return chosen


def _partner(run: Run) -> Partner:
    return run.random.choice(run.partners)


# --- the till --------------------------------------------------------------------------------------------------------


async def sell(run: Run) -> None:
    """A few sales of this hour, some sent before."""
    partner = _partner(run)
    takings = partner.shop.takings_amount
    rows = [
        _row(run, partner, SaleKind.sale, 1 + run.random.randrange(takings)) for _ in range(run.random.randint(1, 3))
    ]
    await _push(run, partner, rows)


async def refund(run: Run) -> None:
    """Money given back, now and then more than was ever taken."""
    partner = _partner(run)
    amount = 1 + run.random.randrange(partner.shop.takings_amount * run.random.choice((1, 1, 1, 8)))
    await _push(run, partner, [_row(run, partner, SaleKind.refund, amount)])


async def report_late(run: Run) -> None:
    """Rows of days that are over."""
    partner, back = _partner(run), timedelta(days=run.random.randint(1, 6))
    kind = run.random.choice((SaleKind.sale, SaleKind.refund))
    await _push(run, partner, [_row(run, partner, kind, 1 + run.random.randrange(partner.shop.takings_amount), back)])


async def close_day(run: Run) -> None:
    """Today's close, or yesterday's."""
    partner = _partner(run)
    on = (run.around.clock.at - timedelta(days=run.random.randint(0, 1))).date()
    await run.world.store.merge(run.world.closing, days.Closing(partner.shop.id, partner.shop.caller, on))


async def trade(run: Run) -> None:
    """A whole day at every shop: it sells, it closes, the night passes, the worker works."""
    shops, on = [partner for partner in run.partners if not partner.revoked], run.around.clock.at.date()
    run.operations_count += 2 * len(shops)
    await asyncio.gather(*(_sell_some(run, partner) for partner in shops))
    await asyncio.gather(*(
        run.world.store.merge(run.world.closing, days.Closing(partner.shop.id, partner.shop.caller, on))
        for partner in shops
    ))  # fmt: skip
    run.pass_time(timedelta(days=1))
    await work.rounds(run.world)


async def _sell_some(run: Run, partner: Partner) -> None:
    takings = partner.shop.takings_amount
    await _push(run, partner, [_row(run, partner, SaleKind.sale, takings // 2 + run.random.randrange(takings))])


def _row(run: Run, partner: Partner, kind: SaleKind, amount: int, back: timedelta = timedelta()) -> NewSale:
    again = partner.sales_count and run.random.random() < 1 / 10
    number = run.random.randint(1, partner.sales_count) if again else partner.sales_count + 1
    partner.sales_count = max(number, partner.sales_count)
    return NewSale(f"s{number}", kind, run.around.clock.at - back, amount, worlds.CURRENCY)


async def _push(run: Run, partner: Partner, rows: list[NewSale]) -> None:
    request = sales.Request(partner.shop.id, partner.shop.caller, rows, run.world.clock.now())
    await run.world.store.merge(run.world.intake, request)


# --- the merchant ----------------------------------------------------------------------------------------------------


async def quote(run: Run) -> None:
    """Ask for a price: a step, a part, or all there is."""
    await _quote(run, _partner(run))


async def propose(run: Run) -> None:
    """The partner proposes to draw a quote."""
    partner = _partner(run)
    await _propose(run, partner, run.random.choice((-1, 0)))


async def click(run: Run) -> None:
    """The merchant clicks, now and then twice at once."""
    partner = _partner(run)
    if partner.drawdowns:
        drawdown_id = run.random.choice(partner.drawdowns[-4:])
        times = run.random.choice((1, 1, 1, 2))
        clicks = [_confirm(run, partner, drawdown_id) for _ in range(times)]
        for answer in await asyncio.gather(*clicks, return_exceptions=True):
            if isinstance(answer, BaseException):
                raise answer


async def draw(run: Run) -> None:
    """All of it in one go."""
    partner, run.operations_count = _partner(run), run.operations_count + 2
    await _quote(run, partner)
    await _propose(run, partner)
    if partner.drawdowns:
        await _confirm(run, partner, partner.drawdowns[-1])


async def race(run: Run) -> None:
    """Two draws of most of what there is, each within it, clicked at the same moment."""
    partner, run.operations_count = _partner(run), run.operations_count + 5
    for _ in range(2):
        await _quote(run, partner, parts=(3, 4))
        await _propose(run, partner)
    clicks = [_confirm(run, partner, drawdown_id) for drawdown_id in partner.drawdowns[-2:]]
    for answer in await asyncio.gather(*clicks, return_exceptions=True):
        if isinstance(answer, BaseException):
            raise answer


async def _quote(run: Run, partner: Partner, parts: tuple[int, int] | None = None) -> None:
    world, caller = run.world, partner.shop.caller
    position = await positions.current(world, partner.shop.id)
    if position is None or position.offered is None:
        return
    step = world.programme.step_amount(worlds.CURRENCY)
    steps = position.offered.limit_amount // step
    if parts is None:
        asked = run.random.choice((1, run.random.randint(1, 12), steps // 10, steps // 4, steps // 2, steps))
    else:
        asked = steps * parts[0] // parts[1]
    new = NewQuote(position.offered.id, step * max(1, asked))
    partner.quotes.append(await world.store.write(lambda tx: quotes.make(tx, world, caller, new)))


async def _propose(run: Run, partner: Partner, index: int = -1) -> None:
    if partner.quotes:
        made = partner.quotes.pop(index)
        new, world = NewDrawdown(made.id, made.terms_hash), run.world
        drawn = await world.store.write(lambda tx: drawdowns.propose(tx, world, partner.shop.caller, new))
        partner.drawdowns.append(drawn.id)


async def _confirm(run: Run, partner: Partner, drawdown_id: str) -> None:
    world, partner_id = run.world, partner.shop.caller.partner_id
    shown = await drawdowns.find(world.store, drawdown_id)
    said, evidence = Confirmation(shown.terms_hash), EvidenceOf("sandbox", partner.shop.caller.client_id, None)

    async def unit(tx: Tx) -> list[str]:
        confirmed = await drawdowns.confirm(tx, world, drawdown_id, partner_id, said, evidence_of=evidence)
        return await invariants.beyond(tx, world, confirmed)

    run.problems += await world.store.write(unit)
    run.steps.note(f"confirmed {drawdown_id} {shown.amount}")


async def cancel(run: Run) -> None:
    """The partner takes a drawdown back."""
    partner, world = _partner(run), run.world
    if partner.drawdowns:
        drawdown_id, partner_id = run.random.choice(partner.drawdowns), partner.shop.caller.partner_id
        await world.store.write(lambda tx: drawdowns.cancel(tx, world, drawdown_id, partner_id))


async def revoke(run: Run) -> None:
    """The merchant takes its consent back."""
    partner, world = _partner(run), run.world
    grant_id, partner.revoked = partner.shop.caller.grant_id or "", True
    await world.store.write(lambda tx: consents.revoke(tx, world, grant_id, partner.shop.id))


async def agree(run: Run) -> None:
    """A merchant agrees again: one that had revoked, if there is one."""
    partner = next((one for one in run.partners if one.revoked), run.partners[0])
    caller = await worlds.agree(run.world, partner.shop.caller)
    partner.shop, partner.revoked = worlds.Shop(caller, partner.shop.takings_amount), False


# --- the gateway itself ----------------------------------------------------------------------------------------------


async def work_job(run: Run) -> None:
    """One job, as a process of its own would do it: nothing but its lease keeps another from it."""
    job = await jobs.claim(run.world)
    if job is not None:
        run.steps.note(f"{job.kind} {job.subject_id}")
        await jobs.run(run.world, job, work.HANDLERS)


async def sweep(run: Run) -> None:
    """One sweep."""
    await run.random.choice(work.SWEEPS)(run.world)


async def rounds(run: Run) -> None:
    """All that is due."""
    async with run.world.hand:
        await work.rounds(run.world)


# --- persons ---------------------------------------------------------------------------------------------------------


async def decide(run: Run) -> None:
    """An officer asks the bank about a payment in doubt, and perhaps another one approves what was found."""
    waiting = [doubt for doubt in await doubts.listed(run.world) if _old(run, doubt)]
    if waiting:
        reference = run.random.choice(waiting).reference
        await _propose_verdict(run, reference)
        await doubts.approve(run.world, reference, by=run.random.choice(("officer-1", "officer-2", "officer-2")))


async def decide_all(run: Run) -> None:
    """Whatever does not end by itself."""
    for doubt in await doubts.listed(run.world):
        if _old(run, doubt):
            await _propose_verdict(run, doubt.reference)
            await doubts.approve(run.world, doubt.reference, by="officer-2")


def _old(run: Run, doubt: Doubt) -> bool:
    return run.around.clock.at >= doubt.since_at + rules.OVERDUE


async def _propose_verdict(run: Run, reference: str) -> None:
    """What the bank says on the telephone is true."""
    taken = any(order.end_to_end_id == reference for order in run.bank.orders)
    verdict = rules.Verdict.paid if taken and reference not in run.bank.refused else rules.Verdict.unpaid
    run.steps.note(f"an officer finds {reference} {verdict}")
    await doubts.propose(run.world, reference, verdict, by="officer-1", reason="asked the bank")


# --- time ------------------------------------------------------------------------------------------------------------


async def wait(run: Run) -> None:
    """Minutes or hours go by."""
    run.pass_time(MINUTE * run.random.choice((1, 5, 20, 60, 300)))


async def sleep(run: Run) -> None:
    """Days go by."""
    run.pass_time(timedelta(days=run.random.choice((1, 1, 2, 5))))


async def jump(run: Run) -> None:
    """The system clock is set, either way; the business clock is not.

    By days only where a bank knows copies for ever: within hours nobody can know how old one is by a wrong clock.
    """
    run.around.system_clock.at += run.random.choice(JUMPS if run.traits.resend_hours is None else JUMPS[:2])


PASSING = frozenset({trade, wait, sleep})
"""Operations in which hours go by."""
ALONE = frozenset({decide})
"""Operations of people who see that nothing else is under way."""
_CHOICES: tuple[tuple[Actor, int], ...] = (
    (sell, 60), (refund, 30), (report_late, 20), (close_day, 30), (trade, 100),
    (quote, 30), (propose, 30), (click, 40), (draw, 90), (race, 15), (cancel, 15), (revoke, 5), (agree, 20),
    (work_job, 150), (sweep, 140), (rounds, 30),
    (decide, 15), (wait, 60), (sleep, 25), (jump, 15),
    *servicing_actors.CHOICES,
)  # fmt: skip
_ACTORS = [actor for actor, _ in _CHOICES]
_WEIGHTS = [weight for _, weight in _CHOICES]
