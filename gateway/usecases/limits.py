"""Look at positions afresh; where the change is material, write a decision and a new offer in the same unit."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.domain import explanations, offers, underwriting
from gateway.domain.events import Event
from gateway.domain.grants import Basis
from gateway.domain.notices import adverse
from gateway.domain.offers import Change, Commitment, OfferState, Price
from gateway.domain.positions import Offered, Position, Verdict
from gateway.domain.underwriting import Assessment, Inputs, Outcome
from gateway.store import sql
from gateway.usecases import events, notices, scoring
from gateway.usecases.notices import Told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.domain.programmes import Grade
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World


class Judged(msgspec.Struct, frozen=True, gc=False):
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
        self.told: list[Told] = []
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
        await notices.follow(tx, self.world, self.told)


def caps(world: World, partner_id: str, currency: str) -> list[tuple[str, int]]:
    """The exposure rows that bound a partner's merchants in one currency, always in this order, and their caps.

    The bank's programme first, then the partner's own part of it.
    """
    programme = world.programme
    return [
        (f"programme:{programme.id}:{currency}", programme.capacity_amount(currency)),
        (f"partner:{partner_id}:{currency}", programme.partner_cap_amount(currency)),
    ]


async def _headrooms(reader: Reader, world: World, positions: Sequence[Position]) -> list[int]:
    """What bank and partner leave each position, its own exposure included: the least of both."""
    bounds = [caps(world, position.partner_id, position.currency) for position in positions]
    scopes = sorted({scope for bound in bounds for scope, _ in bound})
    used: dict[str, int] = {}
    for row in await reader.all(sql.exposures.of, scopes_json=scopes):
        used[row[0]] = row[1]
    return [
        min(cap - used.get(scope, 0) for scope, cap in bound) + position.exposure_amount
        for bound, position in zip(bounds, positions, strict=True)
    ]


async def assess(reader: Reader, world: World, position: Position) -> tuple[Inputs, Assessment]:
    """What policy says of a position this very moment; nothing is written."""
    ((_, given),) = await _inputs(reader, world, [position], world.clock.now())
    return given, underwriting.assess(given, world.programme)


async def judge(
    tx: Tx, world: World, positions: Sequence[Position], *, closing: bool, always: bool = False
) -> list[Judged]:
    """Assess positions in the unit that changed them; decisions and offers go in with it.

    What comes back may have newer scores, where those given were of another programme or model.
    `always` writes a decision though nothing material changed: a person's.
    """
    writes = _Writes(world, world.clock.now())
    judged = [
        _judge(writes, position, given, closing=closing, always=always)
        for position, given in await _inputs(tx, world, positions, writes.now)
    ]
    await writes.write(tx)
    return judged


async def look(reader: Reader, world: World, positions: Sequence[Position]) -> list[Judged]:
    """Assess positions that did not change; nothing is written."""
    return [
        Judged(position, underwriting.assess(given, world.programme), written=False)
        for position, given in await _inputs(reader, world, positions, world.clock.now())
    ]


async def _inputs(
    reader: Reader, world: World, positions: Sequence[Position], now: datetime
) -> list[tuple[Position, Inputs]]:
    """Each position with scores of the programme and models in force, and what policy reads of it.

    Nothing is awaited between that and the judging: both may change while one waits.
    """
    rooms = await _headrooms(reader, world, positions) if positions else []
    return [
        (position, underwriting.inputs(position, world.programme, room, now, world.governance.dial_bps))
        for position, room in zip(scoring.current(world, positions), rooms, strict=True)
    ]


def _judge(writes: _Writes, position: Position, given: Inputs, *, closing: bool, always: bool) -> Judged:
    world, now = writes.world, writes.now
    fresh = underwriting.assess(given, world.programme)
    change = offers.change(position.offered, fresh, world.programme, now, closing)
    if change is Change.none and not always and not _news(position, fresh, closing=closing):
        return Judged(position, fresh, written=False)
    live = None if position.offered is None or now >= position.offered.expires_at else position.offered
    why = explanations.explain(live, fresh, position.scores, world.programme)
    fresh = msgspec.structs.replace(fresh, reasons=why)
    decision_id = _decide(writes, position, given, fresh, live)
    writes.told.append(_told(position, live, fresh, decision_id, change))
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
    return last is None or last.reasons[0].code != fresh.reasons[0].code


def _told(position: Position, live: Offered | None, fresh: Assessment, decision_id: str, change: Change) -> Told:
    """Whether the merchant must be told that its limit was refused, frozen or cut, or is what it was again."""
    before_amount = 0 if live is None else live.limit_amount
    kept = fresh.outcome is Outcome.offered and change is not Change.make
    return Told(
        merchant_id=position.merchant_id,
        partner_id=position.partner_id,
        currency=position.currency,
        decision_id=decision_id,
        before_amount=before_amount,
        after_amount=before_amount if kept else fresh.limit_amount,
        reasons=fresh.reasons,
        adverse=not kept and adverse(before_amount, fresh),
    )


def _decide(writes: _Writes, position: Position, given: Inputs, fresh: Assessment, live: Offered | None) -> str:
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
            "against_json": live,
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
        grounds=explanations.grounds(fresh, position.scores, programme),
        price=programme.price(grade.name),
    )


def _grade(world: World, fresh: Assessment) -> Grade:
    return next(grade for grade in world.programme.grades if grade.name == fresh.terms.grade)


def _event(name: str, position: Position, offer_id: str, decision_id: str, now: datetime) -> Event:
    data = {"id": offer_id, "merchant_id": position.merchant_id, "decision_id": decision_id}
    return Event("offer", offer_id, name, position.merchant_id, position.partner_id, data, now)
