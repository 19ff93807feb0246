"""Bring events to endpoints, at least once: what the log has becomes deliveries, and what is due is sent.

What is to be sent is written before it is sent, and how far the log was read with it; what came of an attempt after.
Whoever dies in between leaves a delivery that is still due. Pings and replays are deliveries like any other.
"""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from gateway import standard_webhooks
from gateway.domain import events as shapes
from gateway.domain import states
from gateway.domain.deliveries import (
    JITTER_BPS,
    KEPT,
    MOVES,
    PINGED,
    Attempt,
    Cause,
    Delivery,
    DeliveryState,
    Due,
    Failure,
    settled,
    wished,
)
from gateway.domain.events import StoredEvent
from gateway.domain.webhooks import BadReplay, Replay, Webhook, WebhookDisabled, WebhookState, check
from gateway.store import sql
from gateway.usecases import webhooks

if TYPE_CHECKING:
    from gateway.domain.deliveries import Heard
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World

AT_ONCE_COUNT = 4
"""The most requests one endpoint gets at the same time; one that fails gets one."""
READ_COUNT = 100
"""The most events of the log that one unit makes deliveries of."""
REPLAYED_COUNT = 1_000
"""The most events that one replay sends again."""
FORGOTTEN_COUNT = 1_000
"""The most deliveries that one unit forgets."""
_LAST_POSITION = 2**62
_FIRST_AT, _LAST_AT = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
_encoder = msgspec.json.Encoder()


class Pass(msgspec.Struct, frozen=True):
    """What one pass over an endpoint did: how many events it read and requests it made, and whether one failed."""

    read_count: int = 0
    sent_count: int = 0
    failed: bool = False

    @property
    def worked(self) -> bool:
        """Whether there was anything to do."""
        return self.read_count + self.sent_count > 0


class Replayed(msgspec.Struct, frozen=True):
    """How many events are sent again; where the range holds more, `next_position` is where the next replay starts."""

    count: int
    next_position: int | None = None


async def serve(world: World, webhook_id: str) -> Pass:
    """One pass over one endpoint. Only one hand at a time does this (`gateway.usecases.courier`)."""
    webhook = await world.store.one(sql.webhooks.find, Webhook, id=webhook_id)
    if webhook is None or webhook.state is not WebhookState.enabled:
        return Pass()
    read_count = await _read_on(world, webhook)
    limit = AT_ONCE_COUNT if webhook.failing_since_at is None else 1
    now = world.system_clock.now()
    due = await world.store.all(sql.deliveries.due, Due, webhook_id=webhook_id, now_at=now, limit=limit)
    ended = await asyncio.gather(*(_attempt(world, webhook, one) for one in due), return_exceptions=True)
    for fault in ended:
        if isinstance(fault, BaseException):  # of ours; only now that nothing is under way any more
            raise fault
    return Pass(read_count, len(due), any(ended))


async def _read_on(world: World, webhook: Webhook) -> int:
    """Make deliveries of what the log has beyond the endpoint's position; how many events were read."""
    new = await world.store.all(
        sql.events.after, StoredEvent, partner_id=webhook.partner_id, after=webhook.position, limit=READ_COUNT
    )
    if not new:
        return 0

    async def unit(tx: Tx) -> int:
        position = new[-1].position
        if not await tx.run(sql.webhooks.read_on, id=webhook.id, from_position=webhook.position, position=position):
            return 0  # somebody else did, or it was disabled
        await _add(tx, world, webhook, [event for event in new if webhook.wants(event.type)], Cause.event)
        return len(new)

    return await world.store.write(unit)


async def _attempt(world: World, webhook: Webhook, due: Due) -> Failure | None:
    """Send one delivery and keep what came of it; why it failed."""
    started_at, body = world.system_clock.now(), _body(webhook, due)
    secrets = [webhook.secret]
    if webhook.previous_secret is not None and webhook.overlaps(started_at):
        secrets.append(webhook.previous_secret)
    opened = [world.vault.unseal(secret, webhook.id) for secret in secrets]
    private = world.vault.unseal(webhook.signing_key, webhook.id)
    signed = standard_webhooks.headers(due.event_id, started_at, body, opened, private)
    told = {"content-type": "application/json", "user-agent": "Restock-Webhooks", "restock-version": webhook.version}
    heard = await world.strangers.post(webhook.url, told | signed, body)
    await world.store.write(lambda tx: _keep(tx, world, webhook, due, heard))
    return heard.problem


def _body(webhook: Webhook, due: Due) -> bytes:
    """What is sent, byte for byte the same at every attempt."""
    event = StoredEvent(
        id=due.event_id,
        type=due.type,
        merchant_id=due.merchant_id or "",
        sequence=due.sequence or 1,
        position=due.position or 0,
        data={"id": webhook.id} if due.data is None else due.data,
        occurred_at=due.occurred_at or due.created_at,
    )
    return _encoder.encode(shapes.payload(event))


async def _keep(tx: Tx, world: World, webhook: Webhook, due: Due, heard: Heard) -> None:
    """Keep an attempt, and what it means for delivery and endpoint. Who was too slow for its lease keeps nothing."""
    now, problem, number = world.system_clock.now(), heard.problem, due.attempts_count + 1
    jitter_bps = random.randint(0, JITTER_BPS)  # noqa: S311 - spreads load
    verdict = settled(heard, number, now, jitter_bps)
    if verdict.state is not DeliveryState.pending:
        states.check(MOVES, DeliveryState.pending, verdict.state)
    kept = None if problem is None else await tx.one(sql.webhooks.hold, Webhook, id=webhook.id)
    if not await tx.run(
        sql.deliveries.settle, id=due.id, attempts_count=due.attempts_count, state=verdict.state,
        due_at=verdict.due_at, state_at=now,
    ):  # fmt: skip
        return
    await tx.run(
        sql.deliveries.note, webhook_id=webhook.id, delivery_id=due.id, number=number, ended_at=now,
        duration_ms=heard.duration_ms, status=heard.status, code=problem,
    )  # fmt: skip
    if problem is None:
        await tx.run(sql.webhooks.recover, id=webhook.id)
    elif kept is not None and kept.state is WebhookState.enabled:
        wish = wished(heard.retry_after, now)
        await tx.run(sql.webhooks.fail, id=webhook.id, failed_at=now, resumes_at=None if wish is None else now + wish)
        ending = kept.ends(gone=problem is Failure.gone, now=now)
        if ending is not None:
            await webhooks.disable(tx, world, kept, ending)


# --- what a partner asks for -----------------------------------------------------------------------------------------


async def ping(tx: Tx, world: World, webhook_id: str, partner_id: str) -> Delivery:
    """Send a ping, which is no event of the log. Raises UnknownWebhook or WebhookDisabled."""
    webhook, now = await _enabled(tx, webhook_id, partner_id), world.system_clock.now()
    delivery = Delivery(
        world.ids.new("delivery"), webhook.id, world.ids.new("event"), PINGED, Cause.ping, DeliveryState.pending, 0,
        now, now,
    )  # fmt: skip
    await tx.run(
        sql.deliveries.add, id=delivery.id, webhook_id=webhook.id, event_id=delivery.event_id, type=PINGED,
        cause=Cause.ping, created_at=now,
    )  # fmt: skip
    tx.on_commit(world.news.set)
    return delivery


async def replay(tx: Tx, world: World, webhook_id: str, partner_id: str, asked: Replay) -> Replayed:
    """Send events of the log again. Raises UnknownWebhook, WebhookDisabled or BadReplay.

    Those asked for by their ids are sent whatever the endpoint's types. Of a range those of its types are sent.
    """
    check(asked)
    webhook = await _enabled(tx, webhook_id, partner_id)
    if asked.event_ids is not None:
        named = [await _event(tx, partner_id, event_id) for event_id in dict.fromkeys(asked.event_ids)]
        await _add(tx, world, webhook, named, Cause.replay)
        return Replayed(len(named))
    times = {"from_at": asked.from_at or _FIRST_AT, "to_at": asked.to_at or _LAST_AT}
    first, last = asked.from_position or 0, asked.to_position or _LAST_POSITION
    if asked.from_at is not None:
        first, last = await tx.one(sql.events.span, partner_id=partner_id, **times) or (0, -1)
    found = await tx.all(
        sql.events.between, StoredEvent, partner_id=partner_id, from_position=first, to_position=last, **times,
        limit=REPLAYED_COUNT + 1,
    )  # fmt: skip
    more = found[REPLAYED_COUNT].position if len(found) > REPLAYED_COUNT else None
    events = [event for event in found[:REPLAYED_COUNT] if webhook.wants(event.type)]
    await _add(tx, world, webhook, events, Cause.replay)
    return Replayed(len(events), more)


async def _event(tx: Tx, partner_id: str, event_id: str) -> StoredEvent:
    found = await tx.one(sql.events.placed, StoredEvent, partner_id=partner_id, id=event_id)
    if found is None:
        raise BadReplay(f"{event_id[:40]!a} is no event of your log")
    return found


async def page(reader: Reader, webhook_id: str, before: str, limit: int) -> list[Delivery]:
    """Deliveries to an endpoint, newest first."""
    return await reader.all(sql.deliveries.page, Delivery, webhook_id=webhook_id, before=before, limit=limit)


async def attempts(reader: Reader, webhook_id: str, of: list[Delivery]) -> list[Attempt]:
    """The attempts of a page of deliveries, newest delivery first."""
    if not of:
        return []
    limit = sum(delivery.attempts_count for delivery in of)
    return await reader.all(
        sql.deliveries.attempts, Attempt, webhook_id=webhook_id, first_id=of[-1].id, last_id=of[0].id, limit=limit + 1
    )


async def forget(world: World) -> None:
    """Drop deliveries that were over long ago, with their attempts."""
    before_at = world.system_clock.now() - KEPT

    async def unit(tx: Tx) -> int:
        gone = await tx.all(sql.deliveries.forget, before_at=before_at, limit=FORGOTTEN_COUNT)
        rows = [{"webhook_id": webhook_id, "delivery_id": delivery_id} for webhook_id, delivery_id in gone]
        await tx.many(sql.deliveries.forget_attempts, rows)
        return len(gone)

    while await world.store.write(unit) == FORGOTTEN_COUNT:
        pass


async def _enabled(tx: Tx, webhook_id: str, partner_id: str) -> Webhook:
    webhook = await webhooks.held(tx, webhook_id, partner_id)
    if webhook.state is not WebhookState.enabled:
        raise WebhookDisabled("Enable the webhook first: nothing is sent to it now")
    return webhook


async def _add(tx: Tx, world: World, webhook: Webhook, events: list[StoredEvent], cause: Cause) -> None:
    now = world.system_clock.now()
    rows: list[dict[str, Any]] = [
        {
            "id": world.ids.new("delivery"), "webhook_id": webhook.id, "event_id": event.id, "type": event.type,
            "cause": cause, "created_at": now,
        } for event in events
    ]  # fmt: skip
    if rows:
        await tx.many(sql.deliveries.add, rows)
        tx.on_commit(world.news.set)
