"""Erase, a bounded chunk a unit: whoever is killed in between leaves a merchant whose days and records still agree.

Every step holds the position first, as a consent's change does, so a consent given again stops it between two steps.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.domain import erasures as rules
from gateway.domain import sources, states
from gateway.domain.erasures import MOVES, Erasure, ErasureState, Loan
from gateway.domain.events import Event
from gateway.domain.positions import Position
from gateway.domain.records import PLACEHOLDER
from gateway.domain.sales import Totals, totals
from gateway.store import sql
from gateway.usecases import audit, consent_records, events, positions, reviews
from gateway.usecases.audit import SYSTEM, Action
from gateway.usecases.baskets import Baskets, Sold
from gateway.usecases.world import World

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.store import Tx

CHUNK_COUNT = 1_000
"""The most records that one unit deletes."""
SEALED_COUNT = 50
"""The most decisions that one unit seals; each is some kilobytes."""


class _Sold(Sold, frozen=True, kw_only=True):
    """A deleted record, as far as its day is made of it."""

    version: int


class _Work(msgspec.Struct, frozen=True):
    """One erasure under way; `before_on`: the first day that is not erased now, because a loan needs it."""

    world: World
    erasure: Erasure
    position: Position
    loans: tuple[Loan, ...]
    before_on: date

    @property
    def merchant_id(self) -> str:
        """Whose data."""
        return self.erasure.merchant_id


async def erase(world: World, erasure_id: str) -> None:
    """Delete what no open loan needs, seal the decisions, say so. The job of `erasures.ERASE`; safe to run twice."""
    while await world.store.write(partial(_step, world, erasure_id)):
        pass


async def _step(world: World, erasure_id: str, tx: Tx) -> bool:
    """One chunk; False when there is nothing more to do now."""
    work = await _hold(tx, world, erasure_id)
    if work is None:
        return False
    if work.erasure.state is not ErasureState.erasing:
        if _done(work):
            return False
        await _begin(tx, work)
        return True
    for chunk in (_delete_sales, _delete_records, _seal):
        if await chunk(tx, work):
            return True
    await _finish(tx, work)
    return False


async def _hold(tx: Tx, world: World, erasure_id: str) -> _Work | None:
    """The erasure and its merchant's position, held; None when it was called off or is not due."""
    known = await tx.one(sql.erasures.find, Erasure, id=erasure_id)
    if known is None:
        return None
    position = await positions.certain(tx, world, known.merchant_id)
    held = await tx.one(sql.erasures.find, Erasure, id=erasure_id)
    now = world.clock.now()
    if held is None or held.superseded_at is not None or now < held.due_at or position.assessed_under(now):
        return None
    loans = tuple(await tx.all(sql.erasures.open_loans, Loan, merchant_id=held.merchant_id))
    before_on = rules.kept_from(loans, position.timezone, position.day_cutoff)
    return _Work(world, held, position, loans, before_on)


def _done(work: _Work) -> bool:
    """Whether all is erased that can be now; data that came in since, to service a loan, is not."""
    if work.erasure.state is ErasureState.partial:
        return bool(work.loans)
    return work.erasure.state is ErasureState.erased and work.position.data_at is None


async def _begin(tx: Tx, work: _Work) -> None:
    """What is shown and used goes first: scores, and the offer that was frozen."""
    await _move(tx, work, ErasureState.erasing)
    await tx.run(sql.scenarios.remove, merchant_id=work.merchant_id)
    offered = work.position.offered
    if offered is not None and await tx.run(sql.offers.cancel, id=offered.id):
        await _count(tx, work, offers_count=1)
        data = {"id": offered.id, "merchant_id": work.merchant_id, "decision_id": offered.decision_id}
        whose = work.merchant_id, work.position.partner_id
        told = Event("offer", offered.id, "offer.canceled", *whose, data, work.world.clock.now())
        await events.emit(tx, work.world, [told])
    bare = msgspec.structs.replace(work.position, scores=None, offered=None)
    await positions.save(tx, work.world, [], [bare])
    await _end_reviews(tx, work)


async def _end_reviews(tx: Tx, work: _Work) -> None:
    """Nobody can look at these decisions again: contests end, what the merchant wrote goes, and what came of it."""
    await reviews.cancel_contests(tx, work.world, work.merchant_id)
    await tx.run(sql.erasures.forget_statements, merchant_id=work.merchant_id)
    await tx.run(sql.arrangements.forget_reasons, merchant_id=work.merchant_id)
    await tx.run(sql.positions.override, merchant_id=work.merchant_id, override_json=None)
    positions.forget(tx, work.world, work.merchant_id)


async def _delete_sales(tx: Tx, work: _Work) -> bool:
    """Records, and their part of their days with them: nothing is counted twice should they come again."""
    gone = await tx.all(
        sql.erasures.delete_sales, _Sold, merchant_id=work.merchant_id, before_on=work.before_on, limit=CHUNK_COUNT
    )
    if not gone:
        return False
    days: dict[date, Totals] = defaultdict(Totals)
    baskets = Baskets()
    for sold in gone:
        if sold.version != PLACEHOLDER and sources.leads(work.position.leads, sold.source, sold.business_on):
            days[sold.business_on] += -totals(sold.kind, sold.net_amount)
            baskets.remove(work.merchant_id, sold)
    await baskets.write(tx)
    await tx.many(sql.days.add, [_day(work.merchant_id, on, change) for on, change in sorted(days.items())])
    await _count(tx, work, sales_count=len(gone))
    await _changed(tx, work)
    return True


async def _delete_records(tx: Tx, work: _Work) -> bool:
    """What came in beside sales: no loan needs it to be repaid."""
    for query in (sql.erasures.delete_stock, sql.erasures.delete_purchases, sql.erasures.delete_signals):
        if await tx.run(query, merchant_id=work.merchant_id, limit=CHUNK_COUNT):
            return True
    return False


async def _seal(tx: Tx, work: _Work) -> bool:
    """What decisions were made of is encrypted, each bound to its own id."""
    found = await tx.all(sql.erasures.unsealed, merchant_id=work.merchant_id, limit=SEALED_COUNT)
    rows = [
        {"id": decision_id, "sealed": work.world.vault.seal(_envelope(*made), decision_id)}
        for decision_id, *made in found
    ]
    await tx.many(sql.erasures.seal, rows)
    await _count(tx, work, decisions_count=len(rows))
    return bool(rows)


def _envelope(inputs: str, scores: str | None, against: str | None, route: str | None) -> bytes:
    """The columns as they are, side by side."""
    columns = {"inputs": inputs, "scores": scores, "against": against, "route": route}
    pairs = [f'"{name}":{column or "null"}' for name, column in columns.items()]
    return f"{{{','.join(pairs)}}}".encode()


async def _finish(tx: Tx, work: _Work) -> None:
    """The days go, and the position with them; with an open loan, all but what its repayment needs."""
    deleted = await tx.run(sql.erasures.delete_days, merchant_id=work.merchant_id, before_on=work.before_on)
    await _count(tx, work, days_count=deleted)
    for query in (sql.erasures.delete_categories, sql.erasures.delete_visits, sql.erasures.delete_aside_days):
        await tx.run(query, merchant_id=work.merchant_id, before_on=work.before_on)
    for query in (
        sql.erasures.delete_alerts, sql.erasures.delete_sources, sql.imports.delete_rejects, sql.imports.delete,
        sql.platform_events.erase,
    ):  # fmt: skip
        await tx.run(query, merchant_id=work.merchant_id)
    await positions.save(tx, work.world, [], [_serving(work) if work.loans else _empty(work.position)])
    await tx.run(sql.positions.find, merchant_id=work.merchant_id, findings_json=(), flags_json=())
    await _changed(tx, work)
    if work.loans:
        await _move(tx, work, ErasureState.partial)
        return
    await tx.run(sql.parties.erase, merchant_id=work.merchant_id)
    now = work.world.clock.now()
    await _move(tx, work, ErasureState.erased, kept_until_on=rules.keeping_ends_on(now.date()))
    consent = await consent_records.find(tx, work.erasure.grant_id)
    done = await tx.one(sql.erasures.find, Erasure, id=work.erasure.id) or work.erasure
    counts = {"sales_count": done.sales_count, "days_count": done.days_count, "decisions_count": done.decisions_count}
    await consent_records.tell(tx, work.world, consent, "erased", now, erasure_id=done.id, **counts)
    await audit.note(tx, work.world, SYSTEM, Action.data_erased, done.id, merchant=work.merchant_id, **counts)


def _serving(work: _Work) -> Position:
    """What a loan's repayment needs: which days are closed, none from before it.

    The last verdict stays while all it says is that consent was withdrawn: it holds no data, and spares a new one.
    """
    position, history, verdict = work.position, work.position.history, work.position.verdict
    if history is not None:
        started_on = min(max(history.started_on, work.before_on), history.through_on)
        history = msgspec.structs.replace(history, started_on=started_on)
    if verdict is not None and any(reason.code != "consent_withdrawn" for reason in verdict.reasons):
        verdict = None
    return msgspec.structs.replace(position, history=history, scores=None, offered=None, verdict=verdict, tracks=None)


def _empty(position: Position) -> Position:
    """A merchant of whom nothing is known."""
    return msgspec.structs.replace(
        position, history=None, open_days={}, closes_at=None, data_at=None, scores=None, offered=None, verdict=None,
        tracks=None, leads=(),
    )  # fmt: skip


async def _changed(tx: Tx, work: _Work) -> None:
    """Days changed beneath the position: whoever holds it in memory must read it again."""
    await tx.run(sql.positions.renumber, merchant_id=work.merchant_id)
    positions.forget(tx, work.world, work.merchant_id)


async def _move(tx: Tx, work: _Work, target: ErasureState, *, kept_until_on: date | None = None) -> None:
    """One step of the state machine; the SQL repeats the guard."""
    source = work.erasure.state
    states.check(MOVES, source, target)
    moved = await tx.run(
        sql.erasures.move, id=work.erasure.id, source=source, target=target, state_at=work.world.clock.now(),
        kept_until_on=kept_until_on,
    )  # fmt: skip
    if not moved:
        raise states.IllegalMove("the erasure moved meanwhile", state=source, wanted=target)


async def _count(tx: Tx, work: _Work, **counts: int) -> None:
    """Add to what the report will say."""
    nothing = {"sales_count": 0, "days_count": 0, "decisions_count": 0, "offers_count": 0}
    await tx.run(sql.erasures.count, id=work.erasure.id, **nothing | counts)


def _day(merchant_id: str, on: date, change: Totals) -> dict[str, Any]:
    return {
        "merchant_id": merchant_id,
        "business_on": on,
        "sales_amount": change.sales_amount,
        "refunds_amount": change.refunds_amount,
        "voids_amount": change.voids_amount,
        "net_amount": change.net_amount,
        "tickets_count": change.tickets_count,
    }


# --- at the end of keeping ------------------------------------------------------------------------------------------


async def remove(world: World, erasure_id: str) -> None:
    """Delete what was kept as evidence for `rules.KEPT_YEARS`, and at last the report itself. The job of REMOVE."""
    while await world.store.write(partial(_remove, world, erasure_id)):
        pass


async def _remove(world: World, erasure_id: str, tx: Tx) -> bool:
    held = await tx.one(sql.erasures.find, Erasure, id=erasure_id)
    if held is None or held.kept_until_on is None or held.kept_until_on >= world.clock.now().date():
        return False
    for remove_some in _REMOVALS:
        if await remove_some(tx, held):
            return True
    await tx.run(sql.erasures.remove, id=erasure_id)
    return False


async def _remove_records(tx: Tx, held: Erasure) -> bool:
    """Sealed decisions, reviews, notices, verifications, removed connections, quotes nobody drew and their offers."""
    removed = 0
    for query in _RECORDS:
        removed += await tx.run(query, merchant_id=held.merchant_id, before_at=held.state_at, limit=CHUNK_COUNT)
    return removed > 0


_RECORDS = (
    sql.erasures.remove_decisions,
    sql.erasures.remove_reviews,
    sql.erasures.remove_notices,
    sql.erasures.remove_verifications,
    sql.erasures.remove_connections,
    sql.erasures.remove_quotes,
    sql.erasures.remove_offers,
)


async def _remove_consents(tx: Tx, held: Erasure) -> bool:
    found = await tx.all(
        sql.erasures.consents_to_remove, merchant_id=held.merchant_id, before_at=held.state_at, limit=SEALED_COUNT
    )
    for (grant_id,) in found:
        for query in (
            sql.erasures.remove_sessions,
            sql.erasures.remove_refresh_tokens,
            sql.erasures.remove_versions,
            sql.erasures.remove_consent,
        ):
            await tx.run(query, grant_id=grant_id)
    return bool(found)


_REMOVALS: tuple[Callable[[Tx, Erasure], Awaitable[bool]], ...] = (_remove_records, _remove_consents)
