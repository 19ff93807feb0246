"""Stop and resume a bank, and leave one alone that does not answer (`gateway.domain.banks` has the rules).

The state is in the database; each process keeps a copy with its banks and takes over what others wrote (`follow`).
Before money is sent the database itself is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from gateway import log
from gateway.bank_ports import NotYet, Unanswered, Unreachable, Unreadable
from gateway.domain import banks as rules
from gateway.domain.alerts import Severity
from gateway.domain.banks import BankClosed, Breaker, Health, Standing, Stopped, Switch, Way
from gateway.store import sql
from gateway.usecases import alerts, audit, banks, rejudging
from gateway.usecases.audit import OPERATOR, Action

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from gateway.domain.errors import Upstream
    from gateway.store import Tx
    from gateway.usecases.world import Bank, World

ALERT = "bank_unanswering"
FAULTS = (Unreachable, Unanswered, Unreadable)
"""What a breaker counts."""
Told = TypeVar("Told")


class Listed(msgspec.Struct, frozen=True):
    """A bank as an operator sees it; `waits` are the ways of it that wait for their next attempt, since it failed."""

    id: str
    name: str
    rails: list[str]
    health: Health
    stopped: Stopped
    switch: Switch | None
    waits: list[Breaker]


async def follow(world: World) -> None:
    """Take over what other processes and persons did about the banks; where there are no others, once."""
    if world.settings.shared_database or not all(bank.is_followed for bank in world.banks.values()):
        await load(world)


async def load(world: World) -> None:
    """Ask the database how the banks stand."""
    breakers = await world.store.all(sql.banks.breakers, Breaker)
    switches = {one.bank_id: one for one in await world.store.all(sql.banks.switches, Switch)}
    for bank in world.banks.values():
        stopped = switches[bank.id].stopped if bank.id in switches else Stopped.nothing
        bank.standing = Standing(stopped, tuple(one for one in breakers if one.bank_id == bank.id))
        bank.is_followed = True


async def listed(world: World) -> list[Listed]:
    """Every connected bank."""
    await load(world)
    switches = {one.bank_id: one for one in await world.store.all(sql.banks.switches, Switch)}
    return [_listed(world, bank, switches.get(bank.id)) for bank in world.banks.values()]


async def healths(world: World) -> dict[str, str]:
    """How each connected bank stands, by its id."""
    await world.refresh()
    return standing(world)


def standing(world: World) -> dict[str, str]:
    """The same as this process knows it."""
    return {bank.id: banks.health(world, bank).value for bank in world.banks.values()}


async def switch(world: World, bank_id: str, stopped: Stopped, *, by: str, reason: str) -> Listed:
    """Stop a bank's lending, or everything that is sent to it, or resume. Raises BankUnavailable or BadSwitch."""
    bank = banks.find(world, bank_id)
    made = rules.checked(Switch(bank_id, stopped, by, reason, world.system_clock.now()))

    async def unit(tx: Tx) -> None:
        await tx.one(sql.audit.hold)  # one switch at a time: they are numbered
        await tx.run(sql.banks.switch, **msgspec.structs.asdict(made))
        if stopped is not Stopped.everything:
            await _hurry(tx, world)
        await rejudging.begin(tx, world, f"{bank_id}-{world.ids.new('job')}")
        action = Action.bank_resumed if stopped is Stopped.nothing else Action.bank_stopped
        await audit.note(tx, world, OPERATOR, action, bank_id, stopped=stopped, by=by)

    await world.store.write(unit)
    await load(world)
    return _listed(world, bank, made)


async def admit(world: World, bank_id: str, rail: str, way: Way, *, collects: bool = False) -> None:
    """Let one attempt begin. Raises BankClosed while a person or the breaker forbids it; the caller's job then waits.

    An attempt after a pause takes the next pause at once, so that a silent bank is tried once and not by everybody.
    """
    bank = banks.find(world, bank_id)
    if way is Way.send:
        await load(world)
        if not rules.may_send(bank.standing.stopped, collects=collects):
            raise BankClosed("A person stopped what is sent to that bank", bank_id=bank_id)
    breaker, now = bank.standing.breaker(bank_id, rail, way), world.clock.now()
    if not rules.may_try(breaker, now):
        raise BankClosed("That bank does not answer for now", bank_id=bank_id, until_at=breaker.retry_at)
    if breaker.retry_at is None:
        return
    trying = rules.tried(breaker, now)
    taken = await world.store.write(
        lambda tx: tx.run(
            sql.banks.attempt,
            bank_id=bank_id,
            rail=rail,
            way=way,
            pauses_count=trying.pauses_count,
            retry_at=trying.retry_at,
            state_at=now,
        )
    )
    _keep(bank, trying)
    if not taken:
        raise BankClosed("Somebody else is trying that bank just now", bank_id=bank_id, until_at=trying.retry_at)


async def heard(world: World, bank_id: str, rail: str, way: Way, asked: Awaitable[Told]) -> Told:
    """What the bank answered to an attempt that was let begin; the breaker learns how it went."""
    try:
        told = await asked
    except NotYet:
        await _note(world, Breaker(bank_id, rail, way), None)
        raise
    except FAULTS as error:
        await _note(world, Breaker(bank_id, rail, way), error)
        raise
    await _note(world, Breaker(bank_id, rail, way), None)
    return told


async def _note(world: World, about: Breaker, fault: Upstream | None) -> None:
    """Keep what an attempt showed; nothing is written while all is well."""
    bank_id, rail, way = about.bank_id, about.rail, about.way
    bank = banks.find(world, bank_id)
    before = bank.standing.breaker(bank_id, rail, way)
    if fault is None and before == about:
        return

    async def unit(tx: Tx) -> Breaker:
        was = await tx.one(sql.banks.breaker, Breaker, bank_id=bank_id, rail=rail, way=way) or about
        after = rules.succeeded(was) if fault is None else rules.failed(was, world.clock.now())
        problem = None if fault is None else fault.code
        await tx.run(sql.banks.keep, **msgspec.structs.asdict(after), problem=problem, state_at=world.clock.now())
        subject = f"{bank_id}.{rail}.{way}"
        if was.retry_at is None and after.retry_at is not None:
            evidence = {"problem": problem, "failures_count": after.failures_count}
            await alerts.start(tx, world, ALERT, subject, severity=Severity.critical, evidence=evidence)
        if was.retry_at is not None and after.retry_at is None:
            await _hurry(tx, world)
            await alerts.close(tx, world, ALERT, subject)
        return after

    after = await world.store.write(unit)
    _keep(bank, after)
    if (before.retry_at is None) is not (after.retry_at is None):
        log.get().warning("bank.breaker", message=bank_id, outcome="closed" if after.retry_at is None else "opened")


async def _hurry(tx: Tx, world: World) -> None:
    """What waits because a bank was closed or out of reach is due now."""
    for problem in (BankClosed.code, Unreachable.code):
        await tx.run(sql.jobs.hurry, problem=problem, due_at=world.clock.now())
    tx.on_commit(world.wake.set)


def _keep(bank: Bank, breaker: Breaker) -> None:
    others = tuple(one for one in bank.standing.breakers if (one.rail, one.way) != (breaker.rail, breaker.way))
    bank.standing = msgspec.structs.replace(bank.standing, breakers=(*others, breaker))


def _listed(world: World, bank: Bank, switch: Switch | None) -> Listed:
    waits = [one for one in bank.standing.breakers if one.retry_at is not None]
    found, stopped = banks.health(world, bank), bank.standing.stopped
    return Listed(bank.id, bank.name, list(bank.rails), found, stopped, switch, waits)
