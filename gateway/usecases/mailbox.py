"""What the bank says: messages are stored before they are read, and each fact is applied once.

A message is marked done after all its facts: a crash in between applies them again, which changes nothing. An
unreadable message, or one with a fact that cannot be true, is parked for a person; what else it says still counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway import log
from gateway.domain.errors import Overloaded, Upstream
from gateway.domain.states import IllegalMove
from gateway.ports import Unreadable
from gateway.store import sql
from gateway.usecases import facts
from gateway.usecases.facts import Contradiction
from gateway.usecases.ledger import AlreadyBooked

if TYPE_CHECKING:
    from gateway.ports import Bank, BankEvent, InboundMessage
    from gateway.usecases.world import World

PROBLEM_LENGTH = 500


async def poll(world: World) -> int:
    """Fetch, store, acknowledge and apply what waits in the bank's mailbox; how many messages were settled."""
    if world.bank is None:
        return 0
    try:
        await _take(world, world.bank)
    except Upstream as error:  # what was stored before is applied all the same, the rest is fetched next time
        log.get().warning("bank.unreachable", error=error.code)
    return await _apply_stored(world, world.bank)


async def _take(world: World, bank: Bank) -> None:
    """Store what the bank has for us, then say so. A crash between the two fetches the same messages again."""
    fetched = await bank.fetch()
    if fetched:
        await _keep(world, fetched)
        await bank.acknowledge([message.message_id for message in fetched])


async def _keep(world: World, fetched: list[InboundMessage]) -> None:
    now, bank_id, seal = world.clock.now(), world.programme.bank_id, world.vault.seal
    rows = [
        {"bank_id": bank_id, "message_id": m.message_id, "body": seal(m.body, m.message_id), "received_at": now}
        for m in fetched
    ]
    await world.store.write(lambda tx: tx.many(sql.bank_messages.add, rows))


async def _apply_stored(world: World, bank: Bank) -> int:
    """Apply every stored message once, oldest first. One we fail at stays stored and does not hold up the others."""
    bank_id, count = world.programme.bank_id, 0
    after = {"after_micros": 0, "after_id": ""}
    while page := await world.store.all(sql.bank_messages.unread, bank_id=bank_id, **after):
        for _, message_id, sealed in page:
            try:
                await _apply_message(world, bank, message_id, world.vault.unseal(sealed, message_id))
            except Overloaded:
                raise
            except Exception as error:  # noqa: BLE001 - a fault of ours: told, and tried again in the next round
                log.crash(error, bank_message_id=message_id)
            else:
                count += 1
        after = {"after_micros": page[-1][0], "after_id": page[-1][1]}
    return count


async def _apply_message(world: World, bank: Bank, message_id: str, body: bytes) -> None:
    try:
        said = bank.read(body)
    except Unreadable as error:
        await _done(world, message_id, error.detail)
        return
    problems = [problem for fact in said if (problem := await _apply_fact(world, fact)) is not None]
    await _done(world, message_id, "; ".join(problems) or None)


async def _apply_fact(world: World, fact: BankEvent) -> str | None:
    """Apply one fact in a unit of its own; what cannot be applied is told, and nothing of it stays."""
    try:
        await world.store.write(lambda tx: facts.apply(tx, world, fact))
    except AlreadyBooked:
        return None
    except (Contradiction, IllegalMove) as problem:
        return f"{fact.source} {fact.end_to_end_id or fact.original_message_id}: {problem}"
    return None


async def _done(world: World, message_id: str, problem: str | None) -> None:
    if problem is not None:
        log.get().warning("bank.message_parked", bank_message_id=message_id)
    state, told = ("applied", None) if problem is None else ("parked", problem[:PROBLEM_LENGTH])
    bank_id = world.programme.bank_id
    await world.store.write(
        lambda tx: tx.run(sql.bank_messages.done, bank_id=bank_id, message_id=message_id, state=state, problem=told)
    )
