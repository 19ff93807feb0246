"""Consents: granted, renewed, narrowed and taken back by the merchant; ended by time.

What is in force lies in the merchant's position, and every change here raises its version: whoever writes asks the
position inside the unit it is for (`Position.permit`), so that a revocation never loses a race. When the last one goes
that let the merchant be assessed, its data is to be erased (`gateway.usecases.erasures`).
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from gateway.domain import consents, details, states
from gateway.domain import erasures as rules
from gateway.domain.audit_entries import SYSTEM, Action
from gateway.domain.consents import (
    MOVES,
    Consent,
    ConsentState,
    Evidence,
    NothingLeft,
    TooWide,
    UnknownConsent,
)
from gateway.domain.erasures import Ended
from gateway.store import sql
from gateway.usecases import audit, consent_records, erasures, limits, positions, scoring
from gateway.usecases.consent_records import Agreed, Asked

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from gateway.domain.details import Detail, Details
    from gateway.store import Tx
    from gateway.usecases.world import World


async def grant(tx: Tx, world: World, asked: Asked, granted: Sequence[Detail], evidence: Evidence) -> str:
    """Keep what the merchant agreed to; the grant's id. Raises TooWide, UnknownConsent or IllegalMove.

    A request that names a grant renews it; one that names none makes a consent that takes the place of the client's
    earlier one, whose tokens end.
    """
    agreed = tuple(granted)
    if not agreed or not consents.within(agreed, asked.details):
        raise TooWide("What is granted must be some of what was asked, and not nothing")
    await tx.one(sql.consents.hold_merchant, merchant_id=asked.merchant_id)
    if asked.grant_id is None:
        grant_id, ended = await _begin(tx, world, asked, agreed, evidence)
    else:
        held = await consent_records.hold(tx, asked.grant_id)
        if (held.client_id, held.merchant_id) != (asked.client_id, asked.merchant_id):
            raise UnknownConsent("There is no such consent to renew")
        grant_id, ended = held.grant_id, await _ended(tx, world, held)
        await _next(tx, world, held, "renewed", Agreed(asked.details, agreed, evidence))
    await _follow(tx, world, asked.merchant_id, ended)
    action = Action.consent_granted if asked.grant_id is None else Action.consent_renewed
    await audit.note(tx, world, evidence.granted_by, action, grant_id, client_id=asked.client_id)
    return grant_id


async def reject(tx: Tx, world: World, asked: Asked) -> str:
    """Record that the merchant agreed to nothing; the id of that record."""
    return await consent_records.add(tx, world, asked, ConsentState.rejected, version=0, expires_at=world.clock.now())


async def narrow(tx: Tx, world: World, grant_id: str, keys: Collection[str], evidence: Evidence) -> Consent:
    """Keep only the lines with these keys, in a new version; with none left, the consent is revoked."""
    held = await consent_records.hold(tx, grant_id)
    states.check(MOVES, held.state, ConsentState.revoked)
    ended = await _ended(tx, world, held)
    before, after = ended.details, consents.narrow(ended.details, keys)
    if after == before:
        raise NothingLeft("Name the lines to keep, fewer than there are")
    if not after:
        return await revoke(tx, world, grant_id, evidence.granted_by)
    await _next(tx, world, held, "narrowed", Agreed(before, after, evidence))
    await _follow(tx, world, held.merchant_id, ended)
    await audit.note(tx, world, evidence.granted_by, Action.consent_narrowed, grant_id, version=held.version + 1)
    return await consent_records.find(tx, grant_id, merchant_id=held.merchant_id)


async def revoke(tx: Tx, world: World, grant_id: str, by: str) -> Consent:
    """Take a consent back: its tokens die, what it let in stops, the offer freezes. `by` says who did it."""
    held = await consent_records.hold(tx, grant_id)
    await _end(tx, world, held, ConsentState.revoked, by=by)
    await _follow(tx, world, held.merchant_id, await _ended(tx, world, held))
    await audit.note(tx, world, by, Action.consent_revoked, grant_id)
    return await consent_records.find(tx, grant_id, merchant_id=held.merchant_id)


async def expire(world: World) -> int:
    """End consents whose time ran out; how many."""
    found = await world.store.all(sql.consents.to_expire, now_at=world.clock.now())
    for (grant_id,) in found:
        await world.store.write(partial(_expire, world, grant_id))
    return len(found)


async def lapse(world: World) -> int:
    """Look again where leave to assess ran out while the rest of a consent goes on; how many."""
    found = await world.store.all(sql.erasures.to_lapse, now_at=world.clock.now())
    for (grant_id,) in found:
        await world.store.write(partial(_lapse, world, grant_id))
    return len(found)


async def remind(world: World) -> int:
    """Announce consents that run out soon, once at each of REMINDERS_DAYS; how many."""
    now, count = world.clock.now(), 0
    for days in sorted(consents.REMINDERS_DAYS):  # the later one first: it makes the earlier one needless
        until_at = now + timedelta(days=days)
        found = await world.store.all(sql.consents.to_remind, now_at=now, until_at=until_at, days=days)
        for (grant_id,) in found:
            await world.store.write(partial(_remind, world, grant_id, days))
        count += len(found)
    return count


# --- inside a unit -------------------------------------------------------------------------------------------------


async def _begin(tx: Tx, world: World, asked: Asked, agreed: Details, evidence: Evidence) -> tuple[str, Ended | None]:
    """A new consent's id, and what the client's earlier one said."""
    ended = None
    earlier = await tx.one(
        sql.consents.in_force, client_id=asked.client_id, merchant_id=asked.merchant_id
    )  # at most one: an index says so
    if earlier is not None:
        held = await consent_records.hold(tx, earlier[0])
        ended = await _ended(tx, world, held)
        await _end(tx, world, held, ConsentState.superseded, by=evidence.granted_by)
    expires_at = consents.end_of(details.last_day(agreed, world.clock.now().date()))
    grant_id = await consent_records.add(tx, world, asked, ConsentState.authorised, version=1, expires_at=expires_at)
    await consent_records.add_version(tx, world, grant_id, 1, Agreed(asked.details, agreed, evidence))
    await erasures.note_lapse(tx, grant_id, agreed, expires_at)
    return grant_id, ended


async def _next(tx: Tx, world: World, held: Consent, verb: str, agreed: Agreed) -> None:
    """A further version of a consent that is in force."""
    states.check(MOVES, held.state, ConsentState.superseded)
    now = world.clock.now()
    # Taking some of it back must not make the rest last longer.
    expires_at = (
        held.expires_at if verb == "narrowed" else consents.end_of(details.last_day(agreed.details, now.date()))
    )
    await tx.run(sql.consents.renew, grant_id=held.grant_id, version=held.version, expires_at=expires_at)
    await consent_records.add_version(tx, world, held.grant_id, held.version + 1, agreed)
    await erasures.note_lapse(tx, held.grant_id, agreed.details, expires_at)
    await _cut_off(tx, world, held, refresh=False)
    await consent_records.tell(tx, world, await consent_records.find(tx, held.grant_id), verb, now)


async def _end(tx: Tx, world: World, held: Consent, state: ConsentState, *, by: str) -> None:
    states.check(MOVES, held.state, state)
    now = world.clock.now()
    await tx.run(sql.consents.end, grant_id=held.grant_id, state=state, state_at=now)
    await _cut_off(tx, world, held, refresh=True)
    await consent_records.tell(tx, world, held, state.value, now, by=by)


async def _cut_off(tx: Tx, world: World, held: Consent, *, refresh: bool) -> None:
    """What the grant's tokens say is not true any more; with `refresh` no new ones can be had either."""
    await tx.run(sql.consents.end_tokens, grant_id=held.grant_id)
    if refresh:
        await tx.run(sql.consents.end_codes, grant_id=held.grant_id)
        await tx.run(sql.consents.end_refresh_tokens, grant_id=held.grant_id, now_at=world.system_clock.now())
    tx.on_commit(lambda: world.tokens.forget_grant(held.grant_id))


async def _ended(tx: Tx, world: World, held: Consent) -> Ended:
    """What a consent says that somebody ends or changes now."""
    return Ended(held.grant_id, (await consent_records.current(tx, held)).details, world.clock.now())


async def _expire(world: World, grant_id: str, tx: Tx) -> None:
    held = await consent_records.hold(tx, grant_id)
    if held.state is ConsentState.authorised and held.expires_at <= world.clock.now():
        said = (await consent_records.current(tx, held)).details
        await _end(tx, world, held, ConsentState.expired, by="time")
        await _follow(tx, world, held.merchant_id, Ended(grant_id, said, held.expires_at, by_time=True))
        await audit.note(tx, world, SYSTEM, Action.consent_expired, grant_id)


async def _lapse(world: World, grant_id: str, tx: Tx) -> None:
    held, now = await consent_records.hold(tx, grant_id), world.clock.now()
    if await tx.run(sql.erasures.lapse, grant_id=grant_id, now_at=now):
        said = (await consent_records.current(tx, held)).details
        at = rules.lapses_at(said) or now
        await _follow(tx, world, held.merchant_id, Ended(grant_id, said, at, by_time=True))


async def _remind(world: World, grant_id: str, days: int, tx: Tx) -> None:
    if await tx.run(sql.consents.remind, grant_id=grant_id, days=days):
        held = await consent_records.find(tx, grant_id)
        await consent_records.tell(tx, world, held, "expiring", world.clock.now(), days=days)


async def _follow(tx: Tx, world: World, merchant_id: str, ended: Ended | None) -> None:
    """Let every writer see what changed, erase what has no consent left, freeze or thaw the offer."""
    await tx.run(sql.positions.renumber, merchant_id=merchant_id)
    position = await positions.certain(tx, world, merchant_id)
    await erasures.follow(tx, world, position, ended)
    (judged,) = await limits.judge(tx, world, [await scoring.afresh(tx, world, position)], closing=False)
    await positions.save(tx, world, [], [judged.position])
