"""Consents: granted, renewed, narrowed and taken back by the merchant; asked at every use; ended by time.

Everything that needs consent asks `allows` inside the unit it is for, so that a revocation never loses a race.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import consents, details, states
from gateway.domain.consents import (
    MOVES,
    Consent,
    ConsentRequired,
    ConsentState,
    Evidence,
    Need,
    NothingLeft,
    TooWide,
    UnknownConsent,
)
from gateway.domain.details import Datatype, Details, Purpose
from gateway.store import sql
from gateway.usecases import consent_records, limits, positions
from gateway.usecases.consent_records import Agreed, Asked

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from gateway.domain.details import Detail
    from gateway.store import Tx
    from gateway.usecases.world import World

USE_NOTED_EVERY = timedelta(hours=1)
_ASSESSED = Need("merchant_data", "push", Datatype.sales, Purpose.credit_assessment)
"""Without this no limit can be worked out."""


class _Row(msgspec.Struct, frozen=True):
    details: Details


async def grant(tx: Tx, world: World, asked: Asked, granted: Sequence[Detail], evidence: Evidence) -> str:
    """Keep what the merchant agreed to; the grant's id. Raises TooWide, UnknownConsent or IllegalMove.

    A request that names a grant renews it; one that names none makes a consent that takes the place of the client's
    earlier one, whose tokens end.
    """
    agreed = tuple(granted)
    if not agreed or not consents.within(agreed, asked.details):
        raise TooWide("What is granted must be some of what was asked, and not nothing")
    await tx.one(sql.consents.hold_merchant, merchant_id=asked.merchant_id)
    covered = await _covered(tx, world, asked.merchant_id)
    if asked.grant_id is None:
        grant_id = await _begin(tx, world, asked, agreed, evidence)
    else:
        held = await consent_records.hold(tx, asked.grant_id)
        if (held.client_id, held.merchant_id) != (asked.client_id, asked.merchant_id):
            raise UnknownConsent("There is no such consent to renew")
        grant_id = held.grant_id
        await _next(tx, world, held, "renewed", Agreed(asked.details, agreed, evidence))
    await _follow(tx, world, asked.merchant_id, covered=covered)
    return grant_id


async def reject(tx: Tx, world: World, asked: Asked) -> str:
    """Record that the merchant agreed to nothing; the id of that record."""
    return await consent_records.add(tx, world, asked, ConsentState.rejected, version=0, expires_at=world.clock.now())


async def narrow(tx: Tx, world: World, grant_id: str, keys: Collection[str], evidence: Evidence) -> Consent:
    """Keep only the lines with these keys, in a new version; with none left, the consent is revoked."""
    held = await consent_records.hold(tx, grant_id)
    states.check(MOVES, held.state, ConsentState.revoked)
    before = (await consent_records.current(tx, held)).details
    after = consents.narrow(before, keys)
    if after == before:
        raise NothingLeft("Name the lines to keep, fewer than there are")
    if not after:
        return await revoke(tx, world, grant_id, evidence.granted_by)
    covered = await _covered(tx, world, held.merchant_id)
    await _next(tx, world, held, "narrowed", Agreed(before, after, evidence))
    await _follow(tx, world, held.merchant_id, covered=covered)
    return await consent_records.find(tx, grant_id, merchant_id=held.merchant_id)


async def revoke(tx: Tx, world: World, grant_id: str, by: str) -> Consent:
    """Take a consent back: its tokens die, what it let in stops, the offer freezes. `by` says who did it."""
    held = await consent_records.hold(tx, grant_id)
    covered = await _covered(tx, world, held.merchant_id)
    await _end(tx, world, held, ConsentState.revoked, by=by)
    await _follow(tx, world, held.merchant_id, covered=covered)
    return await consent_records.find(tx, grant_id, merchant_id=held.merchant_id)


async def allows(tx: Tx, world: World, grant_id: str, merchant_id: str, need: Need) -> int:
    """The version under which this is allowed now, held until the unit ends. Raises ConsentRequired.

    The use is noted for the merchant, once an hour.
    """
    now = world.clock.now()
    await tx.run(sql.consents.use, grant_id=grant_id, now_at=now, before_at=now - USE_NOTED_EVERY)
    held = await tx.one(sql.consents.share, Consent, grant_id=grant_id)
    if held is None or held.merchant_id != merchant_id or not _in_force(held, now):
        raise ConsentRequired("The merchant has not consented, or not any more", merchant_id=merchant_id)
    version = await consent_records.current(tx, held)
    if not consents.allowed(version.details, need, now.date()):
        raise ConsentRequired("The merchant's consent does not cover this", **msgspec.structs.asdict(need))
    return version.version


async def expire(world: World) -> int:
    """End consents whose time ran out; how many."""
    found = await world.store.all(sql.consents.to_expire, now_at=world.clock.now())
    for (grant_id,) in found:
        await world.store.write(partial(_expire, world, grant_id))
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


async def _begin(tx: Tx, world: World, asked: Asked, agreed: Details, evidence: Evidence) -> str:
    earlier = await tx.one(
        sql.consents.in_force, client_id=asked.client_id, merchant_id=asked.merchant_id
    )  # at most one: an index says so
    if earlier is not None:
        await _end(
            tx, world, await consent_records.hold(tx, earlier[0]), ConsentState.superseded, by=evidence.granted_by
        )
    expires_at = consents.end_of(details.last_day(agreed, world.clock.now().date()))
    grant_id = await consent_records.add(tx, world, asked, ConsentState.authorised, version=1, expires_at=expires_at)
    await consent_records.add_version(tx, world, grant_id, 1, Agreed(asked.details, agreed, evidence))
    return grant_id


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


async def _expire(world: World, grant_id: str, tx: Tx) -> None:
    held = await consent_records.hold(tx, grant_id)
    if held.state is ConsentState.authorised and held.expires_at <= world.clock.now():
        covered = await _covered(tx, world, held.merchant_id, at=held.expires_at - timedelta(seconds=1))
        await _end(tx, world, held, ConsentState.expired, by="time")
        await _follow(tx, world, held.merchant_id, covered=covered)


async def _remind(world: World, grant_id: str, days: int, tx: Tx) -> None:
    if await tx.run(sql.consents.remind, grant_id=grant_id, days=days):
        held = await consent_records.find(tx, grant_id)
        await consent_records.tell(tx, world, held, "expiring", world.clock.now(), days=days)


def _in_force(held: Consent, now: datetime) -> bool:
    return held.state is ConsentState.authorised and now < held.expires_at


async def _covered(tx: Tx, world: World, merchant_id: str, *, at: datetime | None = None) -> bool:
    """Whether any consent in force lets the merchant's sales be used to work out a limit."""
    today = (at or world.clock.now()).date()
    return any(
        consents.allowed(row.details, _ASSESSED, today)
        for row in await tx.all(sql.consents.details_in_force, _Row, merchant_id=merchant_id)
    )


async def _follow(tx: Tx, world: World, merchant_id: str, *, covered: bool) -> None:
    """Freeze the offer when the last consent to assess the merchant is gone, and thaw it when there is one again."""
    still = await _covered(tx, world, merchant_id)
    position = await positions.certain(tx, world, merchant_id)
    withdrawn = False if still else covered or position.withdrawn
    if withdrawn == position.withdrawn:
        return
    withdrawn_at = world.clock.now() if withdrawn else None
    await tx.run(sql.consents.withdraw, merchant_id=merchant_id, withdrawn_at=withdrawn_at)
    position = msgspec.structs.replace(position, withdrawn=withdrawn, version=position.version + 1)
    (judged,) = await limits.judge(tx, world, [position], closing=False)
    await positions.save(tx, world, [], [judged.position])
