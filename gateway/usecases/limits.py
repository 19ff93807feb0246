"""Look at positions afresh; where the change is material, write a decision and a new offer in the same unit."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.domain import offers, underwriting
from gateway.domain.events import Event
from gateway.domain.grants import Basis
from gateway.domain.offers import Change, Commitment, OfferState, Price
from gateway.domain.positions import Offered, Position, Verdict
from gateway.domain.underwriting import Assessment, Inputs, Outcome
from gateway.store import sql
from gateway.usecases import events

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.domain.programmes import Grade
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World


class Judged(msgspec.Struct, frozen=True):
    """A position, what policy says of it now, and whether something was written about it."""

    position: Position
    assessment: Assessment
    written: bool


class _Writes:
    """Rows that one look at many positions produces at `now`, written together."""

    def __init__(self, world: World, now: datetime) -> None:
        self.world, self.now = world, now
        self.decisions: list[dict[str, Any]] = []
        self.offers: list[dict[str, Any]] = []
        self.replaced: list[dict[str, Any]] = []
        self.canceled: list[dict[str, Any]] = []
        self.frozen: list[dict[str, Any]] = []
        self.events: list[Event] = []

    async def write(self, tx: Tx) -> None:
        for query, values in (
            (sql.decisions.add, self.decisions),
            (sql.offers.add, self.offers),
            (sql.offers.replace, self.replaced),
            (sql.offers.cancel, self.canceled),
            (sql.offers.freeze, self.frozen),
        ):
            if values:
                await tx.many(query, values)
        await events.emit(tx, self.world, self.events)


async def headroom_amount(reader: Reader, world: World, currency: str) -> int:
    """What the programme can still lend in a currency."""
    used = await reader.one(sql.exposures.find, scope=programme_scope(world, currency))
    return world.programme.capacity_amount(currency) - (used[0] if used else 0)


def programme_scope(world: World, currency: str) -> str:
    """The exposure row of the programme in one currency."""
    return f"programme:{world.programme.id}:{currency}"


async def assess(reader: Reader, world: World, position: Position) -> tuple[Inputs, Assessment]:
    """What policy says of a position this very moment; nothing is written."""
    (given,) = await _inputs(reader, world, [position], world.clock.now())
    return given, underwriting.assess(given, world.programme)


async def judge(tx: Tx, world: World, positions: Sequence[Position], *, closing: bool) -> list[Judged]:
    """Assess positions in the unit that changed them; decisions and offers go in with it."""
    writes = _Writes(world, world.clock.now())
    judged = [
        _judge(writes, position, given, closing=closing)
        for position, given in zip(positions, await _inputs(tx, world, positions, writes.now), strict=True)
    ]
    await writes.write(tx)
    return judged


async def look(reader: Reader, world: World, positions: Sequence[Position]) -> list[Judged]:
    """Assess positions that did not change; nothing is written."""
    return [
        Judged(position, underwriting.assess(given, world.programme), written=False)
        for position, given in zip(positions, await _inputs(reader, world, positions, world.clock.now()), strict=True)
    ]


async def _inputs(reader: Reader, world: World, positions: Sequence[Position], now: datetime) -> list[Inputs]:
    rooms = {c: await headroom_amount(reader, world, c) for c in {position.currency for position in positions}}
    return [
        underwriting.inputs(position, world.programme, rooms[position.currency] + position.exposure_amount, now)
        for position in positions
    ]


def _judge(writes: _Writes, position: Position, given: Inputs, *, closing: bool) -> Judged:
    world, now = writes.world, writes.now
    fresh = underwriting.assess(given, world.programme)
    change = offers.change(position.offered, fresh, world.programme, now, closing)
    if change is Change.none and not _news(position, fresh, closing=closing):
        return Judged(position, fresh, written=False)
    fresh = msgspec.structs.replace(fresh, reasons=offers.explain(position.offered, fresh))
    decision_id = _decide(writes, position, given, fresh)
    verdict = Verdict(decision_id, fresh.outcome, fresh.reasons, now)
    offered = position.offered
    if change is Change.make:
        offered = _offer(writes, position, fresh, decision_id)
    elif change is Change.withdraw and offered is not None:
        writes.canceled.append({"id": offered.id})
        writes.events.append(_event("offer.canceled", position, offered.id, decision_id, now))
        offered = None
    elif change in {Change.freeze, Change.unfreeze} and offered is not None:
        frozen = change is Change.freeze
        writes.frozen.append({"id": offered.id, "frozen_at": now if frozen else None})
        writes.events.append(
            _event(f"offer.{'frozen' if frozen else 'unfrozen'}", position, offered.id, decision_id, now)
        )
        offered = msgspec.structs.replace(offered, frozen=frozen)
    return Judged(msgspec.structs.replace(position, offered=offered, verdict=verdict), fresh, written=True)


def _news(position: Position, fresh: Assessment, *, closing: bool) -> bool:
    """Whether a refusal is worth a decision of its own: the first one, and a new reason at a day's close."""
    if fresh.outcome is Outcome.offered or not closing:
        return False
    last = position.verdict
    return last is None or [r.code for r in last.reasons] != [r.code for r in fresh.reasons]


def _decide(writes: _Writes, position: Position, given: Inputs, fresh: Assessment) -> str:
    world = writes.world
    decision_id = world.ids.new("decision")
    writes.decisions.append(
        {
            "id": decision_id,
            "merchant_id": position.merchant_id,
            "outcome": fresh.outcome,
            "limit_amount": fresh.limit_amount,
            "inputs_json": given,
            "scores_json": position.scores,
            "terms_json": fresh.terms,
            "reasons_json": fresh.reasons,
            "programme_json": world.programme.ref,
            "bases_json": [Basis(g.grant_id, g.version) for g in position.assessed_under(writes.now)],
            "decided_at": writes.now,
            "data_at": position.data_at,
        }
    )
    return decision_id


def _offer(writes: _Writes, position: Position, fresh: Assessment, decision_id: str) -> Offered:
    world, now = writes.world, writes.now
    programme, last = world.programme, position.offered
    old = None if last is None or now >= last.expires_at else last  # an expired offer ended by itself
    offer_id = world.ids.new("offer")
    expires_at = now + timedelta(days=programme.offer_days)
    grade = _grade(world, fresh)
    writes.offers.append(
        {
            "id": offer_id,
            "merchant_id": position.merchant_id,
            "decision_id": decision_id,
            "state": OfferState.undelivered,
            "commitment": Commitment.indicative,
            "currency": position.currency,
            "limit_amount": fresh.limit_amount,
            "terms_json": fresh.terms,
            "price_json": Price("flat_fee", grade.fee_bps, programme.withhold_bps, programme.term_days),
            "reasons_json": fresh.reasons,
            "programme_json": programme.ref,
            "data_at": position.data_at,
            "created_at": now,
            "expires_at": expires_at,
            "replaces_id": None if old is None else old.id,
        }
    )
    if old is not None:
        writes.replaced.append({"id": old.id, "replaced_by_id": offer_id})
        writes.events.append(_event("offer.replaced", position, old.id, decision_id, now))
    writes.events.append(_event("offer.created", position, offer_id, decision_id, now))
    raised = last is not None and fresh.limit_amount > last.limit_amount
    return Offered(
        id=offer_id,
        decision_id=decision_id,
        limit_amount=fresh.limit_amount,
        grade=grade.name,
        base_amount=fresh.terms.base_amount,
        made_at=now,
        expires_at=expires_at,
        raised_at=now if last is None or raised else last.raised_at,
    )


def _grade(world: World, fresh: Assessment) -> Grade:
    return next(grade for grade in world.programme.grades if grade.name == fresh.terms.grade)


def _event(name: str, position: Position, offer_id: str, decision_id: str, now: datetime) -> Event:
    data = {"id": offer_id, "merchant_id": position.merchant_id, "decision_id": decision_id}
    return Event("offer", offer_id, name, position.merchant_id, position.partner_id, data, now)
