"""Look at positions afresh; where the change is material, write a decision and a new offer in the same unit."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.domain import approvals, explanations, offers, pricing, routing, underwriting
from gateway.domain.events import Event
from gateway.domain.grants import Basis
from gateway.domain.notices import adverse
from gateway.domain.offers import Change, Commitment, OfferState, Price
from gateway.domain.positions import Offered, Position, Verdict
from gateway.domain.programmes import Programme
from gateway.domain.routing import Answer, Route
from gateway.domain.underwriting import Assessment, Inputs, Outcome
from gateway.store import sql
from gateway.usecases import banks, events, notices, scoring
from gateway.usecases.notices import Told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.domain.programmes import Grade
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World


class Judged(msgspec.Struct, frozen=True, gc=False):
    """A position, what policy says of it now, under which programme, and whether something was written about it.

    `route` says how the programme was chosen among several; None where there is one.
    """

    position: Position
    given: Inputs
    assessment: Assessment
    programme: Programme
    route: Route | None
    written: bool = False


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
        self.approved: dict[str, int] = {}
        """What was approved so far under the banks' approvals (`gateway.domain.approvals`), by scope."""

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


def caps(programme: Programme, partner_id: str, currency: str) -> list[tuple[str, int]]:
    """The exposure rows that bound a partner's merchants in one currency, always in this order, and their caps.

    The bank's programme first, then what the partner's merchants owe in all, whoever lent it.
    """
    return [
        (f"programme:{programme.id}:{currency}", programme.capacity_amount(currency)),
        (f"partner:{partner_id}:{currency}", programme.partner_cap_amount(currency)),
    ]


async def _headrooms(
    reader: Reader, programmes: Sequence[Programme], positions: Sequence[Position]
) -> list[tuple[int, ...]]:
    """What bank and partner leave each position under each programme, its own exposure included: the least of both."""
    bounds = [[caps(one, p.partner_id, p.currency) for one in programmes] for p in positions]
    scopes = sorted({scope for bound in bounds for pair in bound for scope, _ in pair})
    used: dict[str, int] = {}
    for row in await reader.all(sql.exposures.of, scopes_json=scopes):
        used[row[0]] = row[1]
    return [
        tuple([min([cap - used.get(scope, 0) for scope, cap in pair]) + position.exposure_amount for pair in bound])
        for bound, position in zip(bounds, positions, strict=True)
    ]


async def under(reader: Reader, world: World, position: Position, programme_id: str) -> Judged | None:
    """What one programme says of a position this very moment; None = it is not in force. Nothing is written."""
    ((position, answers),) = await _answers(reader, world, [position], world.clock.now())
    found = next((one for one in answers if one.programme.id == programme_id), None)
    return None if found is None else _told_by(position.under(programme_id), found, None)


async def judge(
    tx: Tx, world: World, positions: Sequence[Position], *, closing: bool, always: bool = False
) -> list[Judged]:
    """Assess positions in the unit that changed them; decisions and offers go in with it.

    What comes back may have newer scores, where those given were of other programmes or models; in front are always
    those of the programme that judged. `always` writes a decision though nothing material changed: a person's.
    """
    writes = _Writes(world, world.clock.now())
    if scopes := {approvals.scope(one, p.currency) for one in world.programmes if one.approval.valid_until
                  for p in positions}:  # fmt: skip
        writes.approved = {row[0]: row[1] for row in await tx.all(sql.exposures.of, scopes_json=sorted(scopes))}
    judged = [
        _judge(writes, position, answers, closing=closing, always=always)
        for position, answers in await _answers(tx, world, positions, writes.now)
    ]
    await writes.write(tx)
    return judged


async def look(reader: Reader, world: World, positions: Sequence[Position]) -> list[Judged]:
    """Assess positions that did not change; nothing is written."""
    now = world.clock.now()
    return [_told_by(*_routed(*pair, now)) for pair in await _answers(reader, world, positions, now)]


async def _answers(
    reader: Reader, world: World, positions: Sequence[Position], now: datetime
) -> list[tuple[Position, list[Answer]]]:
    """Each position with scores of the programmes and models in force, and what each programme says of it.

    Nothing is awaited between that and the judging: both may change while one waits.
    """
    if not positions:
        return []
    programmes = None
    while programmes is not world.programmes:
        programmes = world.programmes
        rooms = await _headrooms(reader, programmes, positions)
    return [
        (position, [_answer(world, position, one, room, now) for one, room in zip(programmes, left, strict=True)])
        for position, left in zip(scoring.current(world, positions), rooms, strict=True)
    ]


def _answer(world: World, position: Position, programme: Programme, room: int, now: datetime) -> Answer:
    stop, dial = banks.stop(world, programme.bank_id, position.currency), world.governance.dial_bps
    given = underwriting.inputs(position.under(programme.id), programme, room, now, dial, bank_stop=stop)
    pays_on = banks.pays_out_on(world, programme.bank_id) if len(world.programmes) > 1 else None
    return Answer(programme, given, underwriting.assess(given, programme), pays_on)


def _told_by(position: Position, answer: Answer, route: Route | None, *, written: bool = False) -> Judged:
    programme, given, fresh, _ = answer
    return Judged(position, given, fresh, programme, route, written)


def _routed(position: Position, answers: list[Answer], now: datetime) -> tuple[Position, Answer, Route | None]:
    """The answer that speaks for all, and the position with its scores in front."""
    if len(answers) == 1:
        return position, answers[0], None
    live = _live(position, now)
    present_id = None if live is None else live.programme_id
    route = routing.route(answers, pricing.outlook(position.scores), present_id)
    chosen = next(one for one in answers if one.programme.id == route.judged_id)
    return position.under(chosen.programme.id), chosen, route


def _live(position: Position, now: datetime) -> Offered | None:
    return None if position.offered is None or now >= position.offered.expires_at else position.offered


def _judge(writes: _Writes, position: Position, answers: list[Answer], *, closing: bool, always: bool) -> Judged:
    now = writes.now
    position, answer, route = _routed(position, answers, now)
    programme, _, fresh, _ = answer
    change = offers.change(position.offered, fresh, programme, now, closing)
    if change is Change.none and not always and not _news(position, fresh, closing=closing):
        return _told_by(position, answer, route)
    live = _live(position, now)
    why = explanations.explain(live, fresh, position.scores, programme)
    answer = answer._replace(fresh=msgspec.structs.replace(fresh, reasons=why))
    decision_id = _decide(writes, position, answer, live, route)
    writes.told.append(_told(position, live, answer, decision_id, change))
    verdict = Verdict(decision_id, fresh.outcome, why, now)
    if why[0].code == underwriting.STALE != _stopped_by(position):
        writes.events.append(_stale(position, now))
    offered = _changed(writes, position, answer, decision_id, change)
    position = msgspec.structs.replace(position, offered=offered, verdict=verdict)
    return _told_by(position, answer, route, written=True)


def _changed(writes: _Writes, position: Position, answer: Answer, decision_id: str, change: Change) -> Offered | None:
    """The offer as the change leaves it, with its rows and events."""
    offered, now = position.offered, writes.now
    if change is Change.make:
        return _offer(writes, position, answer, decision_id)
    if offered is None:
        return None
    if change is Change.withdraw:
        writes.canceled.append({"id": offered.id})
        writes.events.append(_event("offer.canceled", position, offered.id, decision_id, now))
        return None
    if change in {Change.freeze, Change.unfreeze}:
        frozen = change is Change.freeze
        writes.frozen.append({"id": offered.id, "frozen_at": now if frozen else None})
        name = f"offer.{'frozen' if frozen else 'unfrozen'}"
        writes.events.append(_event(name, position, offered.id, decision_id, now))
        return msgspec.structs.replace(offered, frozen=frozen)
    return offered


def _news(position: Position, fresh: Assessment, *, closing: bool) -> bool:
    """Whether a refusal is worth a decision of its own: the first one, and a new reason at a day's close."""
    if fresh.outcome is Outcome.offered or not closing:
        return False
    last = position.verdict
    return last is None or last.reasons[0].code != fresh.reasons[0].code


def _told(position: Position, live: Offered | None, answer: Answer, decision_id: str, change: Change) -> Told:
    """Whether the merchant must be told that its limit was refused, frozen or cut, or is what it was again."""
    fresh = answer.fresh
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
        material_bps=answer.programme.material_bps,
    )


def _decide(writes: _Writes, position: Position, answer: Answer, live: Offered | None, route: Route | None) -> str:
    world, (programme, given, fresh, _) = writes.world, answer
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
            "programme_json": programme.ref,
            "route_json": route,
            "bases_json": [Basis(g.grant_id, g.version) for g in position.assessed_under(writes.now)],
            "decided_at": writes.now,
            "data_at": position.data_at,
        }
    )
    return decision_id


def _offer(writes: _Writes, position: Position, answer: Answer, decision_id: str) -> Offered:
    world, now = writes.world, writes.now
    (programme, _, fresh, _), last = answer, position.offered
    old = None if last is None or now >= last.expires_at else last  # an expired offer ended by itself
    offer_id = world.ids.new("offer")
    expires_at = now + timedelta(days=programme.offer_days)
    grade = _grade(answer)
    used = writes.approved.get(approvals.scope(programme, position.currency), 0) + fresh.limit_amount
    approved = approvals.covers(
        programme, position.currency, grade=grade.name, owed_amount=fresh.limit_amount, through_on=expires_at.date(),
        used_amount=used - position.exposure_amount,
    )  # fmt: skip
    writes.offers.append(
        {
            "id": offer_id,
            "merchant_id": position.merchant_id,
            "decision_id": decision_id,
            "state": OfferState.undelivered,
            "commitment": Commitment.bank_approved if approved else Commitment.indicative,
            "currency": position.currency,
            "limit_amount": fresh.limit_amount,
            "terms_json": fresh.terms,
            "price_json": Price("flat_fee", grade.fee_bps, programme.withhold_bps, programme.term_days),
            "reasons_json": fresh.reasons,
            "programme_json": programme.ref,
            "data_at": position.data_at,
            "findings_json": answer.given.findings,
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
        bank_approved=approved,
    )


def _grade(answer: Answer) -> Grade:
    return next(grade for grade in answer.programme.grades if grade.name == answer.fresh.terms.grade)


def _event(name: str, position: Position, offer_id: str, decision_id: str, now: datetime) -> Event:
    data = {"id": offer_id, "merchant_id": position.merchant_id, "decision_id": decision_id}
    return Event("offer", offer_id, name, position.merchant_id, position.partner_id, data, now)


def _stopped_by(position: Position) -> str | None:
    return None if position.verdict is None else position.verdict.reasons[0].code


def _stale(position: Position, now: datetime) -> Event:
    """Sales stopped arriving; told once, until something else is what stops the shop."""
    data_at = None if position.data_at is None else position.data_at.isoformat()
    data = {"id": position.merchant_id, "merchant_id": position.merchant_id, "data_at": data_at}
    return Event("sales", position.merchant_id, "sales.stale", position.merchant_id, position.partner_id, data, now)
