"""Keep the notices a merchant is owed: opened and joined with the decision, withdrawn by a cure, sent in time."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.domain import notices as rules
from gateway.domain import states
from gateway.domain.errors import NotFound
from gateway.domain.events import Event
from gateway.domain.notices import MOVES, Notice, NoticeKind, NoticeState
from gateway.domain.reasons import Reason
from gateway.store import sql
from gateway.usecases import events, messages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.store import Reader, Tx
    from gateway.usecases.world import World

MESSAGE = "adverse_action"
"""The words of `messages.toml`."""


class Told(msgspec.Struct, frozen=True):
    """A decision that was written: the limit before it and after it, and why. `adverse` = against the merchant.

    `material_bps` is the programme's: what counts as a material change.
    """

    merchant_id: str
    partner_id: str
    currency: str
    decision_id: str
    before_amount: int
    after_amount: int
    reasons: tuple[Reason, ...]
    adverse: bool
    material_bps: int


class _Open(msgspec.Struct, frozen=True):
    """As much of an open notice as another decision changes."""

    id: str
    merchant_id: str
    before_amount: int
    decision_ids: tuple[str, ...]
    reasons: tuple[Reason, ...]
    opened_at: datetime
    send_at: datetime


async def follow(tx: Tx, world: World, told: Sequence[Told]) -> None:
    """Open, join or withdraw notices in the unit that wrote the decisions, which holds their positions."""
    if not told:
        return
    found = await tx.all(sql.notices.open, _Open, merchant_ids_json=[one.merchant_id for one in told])
    standing = {notice.merchant_id: notice for notice in found}
    now = world.clock.now()
    added, joined, opened = [], [], []
    for one in told:
        notice = standing.get(one.merchant_id)
        if one.adverse and notice is None:
            added.append(row := _opened(world, one, now))
            opened.append(_event("created", row["id"], one.merchant_id, one.partner_id, now))
        elif one.adverse and notice is not None:
            joined.append(_joined(notice, one, now))
        elif notice is not None and one.after_amount >= max(1, notice.before_amount):
            await _move(tx, world, notice.id, NoticeState.withdrawn, one)
        elif notice is not None and one.after_amount > 0:
            joined.append(_eased(notice, one))
    if joined:
        await tx.many(sql.notices.join, joined)
    if added:
        await tx.many(sql.notices.add, added)
    await events.emit(tx, world, opened)


def _opened(world: World, one: Told, now: datetime) -> dict[str, Any]:
    return {
        "id": world.ids.new("notice"),
        "merchant_id": one.merchant_id,
        "kind": NoticeKind.adverse_action,
        "currency": one.currency,
        "before_amount": one.before_amount,
        "after_amount": one.after_amount,
        "decision_ids_json": (one.decision_id,),
        "reasons_json": rules.principal((), one.reasons),
        "opened_at": now,
        "due_at": now + rules.DUE_AFTER,
        "send_at": rules.send_at(now, now, one.before_amount, one.after_amount, one.material_bps),
    }


def _joined(notice: _Open, one: Told, now: datetime) -> dict[str, Any]:
    send_at = rules.send_at(notice.opened_at, now, notice.before_amount, one.after_amount, one.material_bps)
    return {
        "id": notice.id,
        "decision_ids_json": rules.joined(notice.decision_ids, one.decision_id),
        "reasons_json": rules.principal(notice.reasons, one.reasons),
        "after_amount": one.after_amount,
        "send_at": min(notice.send_at, send_at),
    }


def _eased(notice: _Open, one: Told) -> dict[str, Any]:
    """Part of the cut was taken back: the message says the limit that there is."""
    return {
        "id": notice.id,
        "decision_ids_json": notice.decision_ids,
        "reasons_json": notice.reasons,
        "after_amount": one.after_amount,
        "send_at": notice.send_at,
    }


async def find(reader: Reader, notice_id: str, partner_id: str) -> Notice:
    """One notice about a partner's own merchant; raises NotFound."""
    notice = await reader.one(sql.notices.find, Notice, id=notice_id)
    if notice is None or notice.partner_id != partner_id:
        raise NotFound("There is no such notice")
    return notice


async def page(reader: Reader, merchant_id: str, after: str, limit: int) -> list[Notice]:
    """A merchant's notices in the order they were opened."""
    return await reader.all(sql.notices.page, Notice, merchant_id=merchant_id, after=after, limit=limit)


async def send(world: World) -> int:
    """Send what is due to merchants who have a contact; how many. Without one a notice stays open for the partner."""
    if world.notifier is None:
        return 0
    found = await world.store.all(sql.notices.to_send, now_at=world.clock.now())
    return sum([await world.store.write(partial(_send, world, notice_id)) for (notice_id,) in found])


async def _send(world: World, notice_id: str, tx: Tx) -> bool:
    notice = await tx.one(sql.notices.held, Notice, id=notice_id)
    if notice is None or notice.state is not NoticeState.open:
        return False
    told = await messages.send(
        tx,
        world,
        notice.merchant_id,
        MESSAGE,
        before=messages.money(notice.before_amount, notice.currency),
        after=messages.money(notice.after_amount, notice.currency),
        why_en="; ".join(reason.text.en for reason in notice.reasons),
        why_zh="\N{FULLWIDTH SEMICOLON}".join(reason.text.zh for reason in notice.reasons),
    )
    if told:
        await _move(tx, world, notice.id, NoticeState.sent, notice)
    return told


async def _move(tx: Tx, world: World, notice_id: str, target: NoticeState, whose: Told | Notice) -> None:
    """One step of the state machine away from `open`; the SQL repeats the guard."""
    source, now = NoticeState.open, world.clock.now()
    states.check(MOVES, source, target)
    sent_at = now if target is NoticeState.sent else None
    if not await tx.run(sql.notices.move, id=notice_id, source=source, target=target, state_at=now, sent_at=sent_at):
        raise states.IllegalMove("the notice moved meanwhile", state=source, wanted=target)
    await events.emit(tx, world, [_event(target.value, notice_id, whose.merchant_id, whose.partner_id, now)])


def _event(verb: str, notice_id: str, merchant_id: str, partner_id: str, now: datetime) -> Event:
    data = {"id": notice_id, "merchant_id": merchant_id}
    return Event("notice", notice_id, f"notice.{verb}", merchant_id, partner_id, data, now)
