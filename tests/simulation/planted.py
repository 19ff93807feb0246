"""Bugs to plant in the core, one rule each, and what must notice them: a simulator that misses one is not believed."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.bank_ports import Unanswered, Unreachable
from gateway.domain import doubts as doubt_rules
from gateway.domain import ledger
from gateway.domain import repayments as repayment_rules
from gateway.store import sql
from gateway.usecases import drawdowns, instructions, mailbox, openness, payments, payouts, settling
from gateway.usecases import ledger as books
from gateway.usecases.payments import Attempt
from tests.simulation import actors
from tests.simulation.tempers import Temper, Traits

if TYPE_CHECKING:
    from gateway.bank_ports import Ack
    from gateway.domain.repayments import Withholding
    from gateway.store import Tx
    from gateway.store.queries import Query
    from gateway.usecases.world import Bank, World

COMMON = 400_000
"""A chance that makes something happen in any run."""
PLAIN = Traits(inquiries=False, resend_hours=None, reference_length=35, files_per_day=None)


class Bug(msgspec.Struct, frozen=True):
    """How it is planted, the bank under which it shows, and a part of the sentence that must tell of it."""

    plant: Callable[[pytest.MonkeyPatch], None]
    told: str
    temper: Temper = Temper()
    traits: Traits = PLAIN
    only: tuple[actors.Actor, ...] = ()
    """The operations that show it; none = all there are."""


def _new_reference_for_each_sending(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers, body = count(), instructions.body

    async def again(world: World, reference: str) -> bytes:
        return (await body(world, reference)).replace(reference.encode(), f"AGAIN{next(numbers):030}".encode())

    monkeypatch.setattr(instructions, "body", again)


def _no_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    guard: Query = sql.positions.guard
    text = guard.sqlite.text.replace("exposure_amount + ?1 <= ?3", "?3 = ?3")
    assert text != guard.sqlite.text
    sqlite = msgspec.structs.replace(guard.sqlite, text=text)
    monkeypatch.setattr(sql.positions, "guard", msgspec.structs.replace(guard, sqlite=sqlite))


def _settles_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    settle = settling.settle

    async def twice(tx: Tx, world: World, drawdown: Any, repayment: Any, *rest: Any, **more: Any) -> None:
        await settle(tx, world, drawdown, repayment, *rest, **more)
        loan = books.loan(drawdown)
        await books.book(tx, world, ledger.repayment_settled(loan, f"{repayment.id}-statement", repayment.amount, 0))

    monkeypatch.setattr(settling, "settle", twice)


def _believes_the_refusal_of_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    acknowledge = payments._acknowledge

    async def believing(tx: Tx, world: World, instruction: Any, ack: Ack, _: Attempt, *, job: Any) -> None:
        await acknowledge(tx, world, instruction, ack, Attempt.first, job=job)

    monkeypatch.setattr(payments, "_acknowledge", believing)


def _releases_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    release = drawdowns.release_exposure

    async def twice(tx: Tx, world: World, drawdown: Any, amount: int) -> None:
        await release(tx, world, drawdown, amount)
        await release(tx, world, drawdown, amount)

    monkeypatch.setattr(drawdowns, "release_exposure", twice)


def _withholds_a_cent_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    withhold = repayment_rules.withhold

    def more(net: int, carried: int, bps: int, owed: int) -> Withholding:
        return withhold(net, carried, bps, owed + 1 if owed else 0)

    monkeypatch.setattr(repayment_rules, "withhold", more)


def _ignores_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ignore(*_: Any) -> None:
        pass

    monkeypatch.setattr(payouts, "_return_payout", ignore)


def _acknowledges_before_storing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def take(world: World, bank: Bank, name: str, rail: Any) -> None:
        fetched = await rail.fetch()
        if fetched:
            await rail.acknowledge([message.message_id for message in fetched])
            await mailbox.keep(world, bank, name, fetched)

    monkeypatch.setattr(mailbox, "_take", take)


def _carries_losses_as_gains(monkeypatch: pytest.MonkeyPatch) -> None:
    withhold = repayment_rules.withhold

    def carrying(net: int, carried: int, bps: int, owed: int) -> Withholding:
        return withhold(net, abs(carried), bps, owed)

    monkeypatch.setattr(repayment_rules, "withhold", carrying)


def _resends_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doubt_rules, "may_resend", lambda *_: True)


def _takes_silence_for_a_dead_line(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = openness.heard

    async def deaf(world: World, bank_id: str, rail: str, way: Any, asked: Any) -> Any:
        try:
            return await heard(world, bank_id, rail, way, asked)
        except Unanswered as silence:
            raise Unreachable(silence.detail) from silence

    monkeypatch.setattr(openness, "heard", deaf)


_FORGETFUL = msgspec.structs.replace(PLAIN, resend_hours=0)
BUGS = {
    "a new reference for each sending": Bug(_new_reference_for_each_sending, "we know []"),
    "no guard over the limit": Bug(_no_guard, "above the limit"),
    "a settlement booked twice": Bug(_settles_twice, "the books say"),
    "the refusal of a copy believed": Bug(
        _believes_the_refusal_of_a_copy,
        "is failed, the bank booked",
        Temper(lose_answer=COMMON, refuse_copy=COMMON * 2),
    ),
    "exposure released twice": Bug(_releases_twice, "the books say", Temper(decline=COMMON)),
    "a cent withheld too much": Bug(_withholds_a_cent_too_much, "come to"),
    "returns ignored": Bug(_ignores_returns, "is active, the bank booked 0", Temper(give_back=COMMON * 2)),
    "messages acknowledged before they are stored": Bug(_acknowledges_before_storing, "is not stored"),
    "negative days carried as positive": Bug(
        _carries_losses_as_gains, "more than its share", only=(actors.draw, actors.refund, actors.trade, actors.rounds)
    ),
    "copies sent to a bank that does not know them": Bug(
        _resends_for_ever, "twice", Temper(lose_answer=COMMON), _FORGETFUL
    ),
    "silence taken for a dead line": Bug(
        _takes_silence_for_a_dead_line, "twice", Temper(lose_answer=COMMON), _FORGETFUL
    ),
}
