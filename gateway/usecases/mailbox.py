"""What the bank says: messages are stored before they are read, and each fact is applied once.

A message is marked done after all its facts: a crash in between applies them again, which changes nothing. An
unreadable message, or one with a fact that cannot be true, is parked for a person, with an alert; what else it says
still counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway import log
from gateway.bank_ports import BankEventKind, Callbacks, Unreadable
from gateway.domain.alerts import Severity
from gateway.domain.banks import BankClosed, Way
from gateway.domain.errors import Overloaded, Upstream
from gateway.store import sql
from gateway.usecases import alerts, banks, facts, instructions, openness, parked, reconciling
from gateway.usecases.reconciling import Told
from gateway.usecases.statuses import Problem

if TYPE_CHECKING:
    from gateway.bank_ports import BankEvent, InboundMessage, Rail
    from gateway.store import Tx
    from gateway.usecases.world import Bank, World

PROBLEM_LENGTH = 500


async def poll(world: World) -> int:
    """Fetch, store, acknowledge and apply what waits in the banks' mailboxes; how many messages were settled."""
    count = 0
    for bank in world.banks.values():
        for name, rail in bank.rails.items():
            if not banks.is_due(world, bank, name):
                continue
            try:
                await openness.admit(world, bank.id, name, Way.fetch)
                await openness.heard(world, bank.id, name, Way.fetch, _take(world, bank, name, rail))
            except BankClosed:
                continue
            except Upstream as error:  # what was stored before is applied all the same, the rest is fetched next time
                log.get().warning("bank.unreachable", error=error.code)
        count += await apply_stored(world, bank)
    return count


async def _take(world: World, bank: Bank, name: str, rail: Rail) -> None:
    """Store what the bank has for us, then say so. A crash between the two fetches the same messages again."""
    fetched = await rail.fetch()
    if fetched:
        await keep(world, bank, name, fetched)
        await rail.acknowledge([message.message_id for message in fetched])


async def keep(world: World, bank: Bank, name: str, told: list[InboundMessage]) -> None:
    """Store what a bank told us over the rail `name`, raw and sealed; what is there already is not stored again."""
    now, seal = world.clock.now(), world.vault.seal
    rows = [
        {"bank_id": bank.id, "message_id": m.message_id, "rail": name, "body": seal(m.body, m.message_id),
         "received_at": now}
        for m in told
    ]  # fmt: skip
    await world.store.write(lambda tx: tx.many(sql.bank_messages.add, rows))


async def apply_stored(world: World, bank: Bank) -> int:
    """Apply every stored message once, oldest first. One we fail at stays stored and does not hold up the others."""
    count, after = 0, {"after_micros": 0, "after_rail": "", "after_id": ""}
    while page := await world.store.all(sql.bank_messages.unread, bank_id=bank.id, **after):
        for _, message_id, rail, sealed in page:
            if rail not in bank.rails:
                continue  # it waits until that rail is connected again
            try:
                told = Told(bank, rail, message_id)
                await _apply_message(world, told, world.vault.unseal(sealed, message_id))
            except Overloaded:
                raise
            except Exception as error:  # noqa: BLE001 - a fault of ours: told, and tried again in the next round
                log.crash(error, bank_message_id=message_id)
            else:
                count += 1
        after = {"after_micros": page[-1][0], "after_rail": page[-1][2], "after_id": page[-1][1]}
    return count


async def _apply_message(world: World, told: Told, body: bytes) -> None:
    try:
        said = told.bank.rails[told.rail].read(body)
    except Unreadable as error:
        await _done(world, told, [Problem(parked.UNREADABLE, error.detail)], set())
        return
    problems = [problem for fact in said if (problem := await reconciling.take(world, told, fact)) is not None]
    named = {reference for fact in said if (reference := await _hinted(world, told, fact)) is not None}
    await _done(world, told, problems, named | {one.reference for one in problems if one.reference is not None})


async def _hinted(world: World, told: Told, fact: BankEvent) -> str | None:
    """The payment of ours that a callback names by the bank's own id: a reason to ask, never news by itself."""
    rail: object = told.bank.rails[told.rail]
    if not isinstance(rail, Callbacks) or fact.kind is not BankEventKind.status or fact.end_to_end_id is not None:
        return None
    known = await facts.named(world.store, told.bank, fact)
    return None if known is None else known.end_to_end_id


async def _done(world: World, told: Told, problems: list[Problem], asked: set[str]) -> None:
    """Mark a message: applied, or parked with an alert a kind; the bank is asked after the payments in `asked`."""
    if problems:
        log.get().warning("bank.message_parked", bank_message_id=told.message_id)
    sentences = "; ".join(problem.sentence for problem in problems)[:PROBLEM_LENGTH] or None
    of = {"bank_id": told.bank.id, "rail": told.rail, "message_id": told.message_id}

    async def unit(tx: Tx) -> None:
        state = "parked" if problems else "applied"
        if not await tx.run(sql.bank_messages.done, **of, state=state, problem=sentences):
            return
        for reference in sorted(asked):
            await instructions.follow(tx, world, await instructions.find(tx, reference))
        for kind in sorted({problem.alert for problem in problems}):
            await _alert(tx, world, told, kind, problems)

    await world.store.write(unit)


async def _alert(tx: Tx, world: World, told: Told, kind: str, problems: list[Problem]) -> None:
    """One alert a message and kind: it names the payments, and the message itself is read by its id."""
    about = sorted({p.reference for p in problems if p.alert == kind and p.reference is not None})
    evidence: dict[str, Any] = {"rail": told.rail, "message_id": told.message_id, "payments": about[:10]}
    subject = parked.named(told.bank.id, told.rail, told.message_id)
    await alerts.start(tx, world, kind, subject, severity=Severity.critical, evidence=evidence)
