"""Verify merchants: asked when one is brought or changes and once a year, every answer kept with its evidence, sealed.

Nothing is offered, and so nothing confirmed, for one that is not verified (`underwriting`: merchant_not_verified).
"""

from __future__ import annotations

from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import states
from gateway.domain import verifications as rules
from gateway.domain.errors import NotFound
from gateway.domain.events import Event
from gateway.domain.merchants import MOVES, CompanyId, MerchantState
from gateway.domain.verifications import Finding, Found, Recorded, Subject
from gateway.store import sql
from gateway.usecases import contacts, events, jobs, limits, positions

if TYPE_CHECKING:
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World

VERIFY = "merchant.verify"


class _Held(msgspec.Struct, frozen=True):
    id: str
    partner_id: str
    state: MerchantState
    legal_name: str
    country: str
    company: CompanyId | None
    registered_on: date | None
    payout_account: bytes | None
    contact: bytes | None
    verify_at: datetime | None


async def latest(reader: Reader, merchant_id: str) -> Recorded | None:
    """The last answer about a merchant; None before the first."""
    return await reader.one(sql.verifications.latest, Recorded, merchant_id=merchant_id)


async def due(world: World) -> int:
    """Have merchants verified whose time has come; how many. Without a port nobody is, and nobody can borrow."""
    if world.verification is None:
        return 0
    found = await world.store.all(sql.verifications.due, now_at=world.clock.now(), kind=VERIFY)

    async def unit(tx: Tx) -> int:
        for (merchant_id,) in found:
            await jobs.enqueue(tx, world, VERIFY, merchant_id)
        return len(found)

    return await world.store.write(unit) if found else 0


async def verify(world: World, merchant_id: str) -> None:
    """Ask, and heed the answer. The job of VERIFY; raises what the Verification does."""
    held = await _find(world.store, merchant_id)
    if world.verification is None or held.state is MerchantState.closed:
        return
    last = await latest(world.store, merchant_id)
    sealed = held.payout_account
    found = await world.verification.verify(
        Subject(
            merchant_id=merchant_id,
            number=1 if last is None else last.number + 1,
            legal_name=held.legal_name,
            country=held.country,
            company=held.company,
            registered_on=held.registered_on,
            payout_account=None if sealed is None else world.vault.unseal(bytes(sealed), merchant_id).decode(),
        )
    )
    await world.store.write(partial(_heed, world, held, found))


async def ask(tx: Tx, world: World, merchant_id: str) -> None:
    """Something that was verified has changed: ask again at once. It stays verified until the answer."""
    await tx.run(sql.verifications.ask, merchant_id=merchant_id, verify_at=world.clock.now())


async def record(tx: Tx, world: World, merchant_id: str, found: Found) -> None:
    """Keep an answer, and say when to ask again."""
    last, now = await latest(tx, merchant_id), world.clock.now()
    number = 1 if last is None else last.number + 1
    evidence = world.vault.seal(msgspec.json.encode(found), f"{merchant_id}:verification:{number}")
    await tx.run(
        sql.verifications.add, merchant_id=merchant_id, number=number, outcome=found.outcome,
        reasons_json=found.reasons, reference=found.reference, evidence=evidence, recorded_at=now,
    )  # fmt: skip
    again = {Finding.verified: now + rules.AGAIN, Finding.referred: now + rules.LOOKED_FOR, Finding.refused: None}
    await tx.run(sql.verifications.ask, merchant_id=merchant_id, verify_at=again[found.outcome])


async def _heed(world: World, asked: _Held, found: Found, tx: Tx) -> None:
    """Keep the answer and move the merchant; facts that changed while it was on its way are asked about again."""
    merchant_id = asked.id
    await tx.one(sql.consents.hold_merchant, merchant_id=merchant_id)
    held = await _find(tx, merchant_id)
    await record(tx, world, merchant_id, found)
    if _facts(held) != _facts(asked):
        await ask(tx, world, merchant_id)
        return
    if found.outcome is Finding.verified:
        await _take(tx, world, held, found)
    target = rules.target(held.state, found.outcome)
    if target is held.state or held.state is MerchantState.closed:
        return
    states.check(MOVES, held.state, target)
    now = world.clock.now()
    await tx.run(sql.verifications.move, merchant_id=merchant_id, source=held.state, target=target, updated_at=now)
    data = {"id": merchant_id, "merchant_id": merchant_id, "reasons": list(found.reasons)}
    event = Event("merchant", merchant_id, f"merchant.{target.value}", merchant_id, held.partner_id, data, now)
    await events.emit(tx, world, [event])
    await _judge_again(tx, world, merchant_id)


async def _take(tx: Tx, world: World, held: _Held, found: Found) -> None:
    """The first payout account and contact are those that were confirmed: nobody else may name them."""
    now = world.clock.now()
    if held.payout_account is None and found.payout_account is not None:
        sealed = world.vault.seal(found.payout_account.encode(), held.id)
        await tx.run(sql.changes.put_payout_account, merchant_id=held.id, value=sealed, updated_at=now)
    if held.contact is None and found.contact_email is not None:
        sealed = contacts.seal(world, held.id, found.contact_email)
        await tx.run(sql.changes.put_contact, merchant_id=held.id, value=sealed, updated_at=now)


async def _judge_again(tx: Tx, world: World, merchant_id: str) -> None:
    """Let every writer see what changed, and policy say what it makes of it."""
    await tx.run(sql.positions.renumber, merchant_id=merchant_id)
    position = await positions.certain(tx, world, merchant_id)
    (judged,) = await limits.judge(tx, world, [position], closing=False)
    await positions.save(tx, world, [], [judged.position])


async def _find(reader: Reader, merchant_id: str) -> _Held:
    found = await reader.one(sql.verifications.subject, _Held, merchant_id=merchant_id)
    if found is None:
        raise NotFound("There is no such merchant")
    return found


def _facts(held: _Held) -> tuple[object, ...]:
    return held.legal_name, held.company, held.registered_on, held.payout_account
