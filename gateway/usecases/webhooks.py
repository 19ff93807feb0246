"""Webhooks: a partner's endpoints, made, changed, rotated, and ended when they answer no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway import standard_webhooks
from gateway.domain import states, targets
from gateway.domain.alerts import Severity
from gateway.domain.event_catalogue import EVENTS
from gateway.domain.events import Event
from gateway.domain.webhooks import (
    MOST_COUNT,
    MOVES,
    OVERLAP,
    Ending,
    StillOverlapping,
    TooManyWebhooks,
    UnknownWebhook,
    Webhook,
    WebhookState,
    check_types,
)
from gateway.store import sql
from gateway.usecases import alerts, audit, events
from gateway.usecases.alerts import NOBODY
from gateway.usecases.audit import Action

if TYPE_CHECKING:
    from gateway.domain.rights import Caller
    from gateway.domain.webhooks import NewWebhook, Rotation, WebhookChange
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World

DISABLED = "webhook_disabled"
"""The alert of an endpoint that was disabled because it failed."""


class Made(msgspec.Struct, frozen=True):
    """An endpoint and its newest secret, which is shown this once."""

    webhook: Webhook
    secret: str


async def add(tx: Tx, world: World, caller: Caller, new: NewWebhook) -> Made:
    """Register an endpoint: it is sent what happens from now on. Raises BadTarget, UnknownType or TooManyWebhooks."""
    targets.target(new.url, sandbox=world.settings.sandbox)
    check_types(new.types, EVENTS)
    await tx.one(sql.webhooks.hold_partner, partner_id=caller.partner_id)
    if (await tx.one(sql.webhooks.count, partner_id=caller.partner_id) or (0,))[0] >= MOST_COUNT:
        raise TooManyWebhooks(f"A partner has at most {MOST_COUNT} webhooks", limit=MOST_COUNT)
    webhook_id = world.ids.new("webhook")
    secret, pair = standard_webhooks.new_secret(), standard_webhooks.new_pair()
    await tx.run(
        sql.webhooks.add, id=webhook_id, partner_id=caller.partner_id, url=new.url, types_json=new.types,
        version=caller.version, position=await events.last_position(tx), secret=world.vault.seal(secret, webhook_id),
        signing_key=world.vault.seal(pair.private, webhook_id), public_key=pair.public,
        created_at=world.system_clock.now(),
    )  # fmt: skip
    await audit.note(tx, world, caller.client_id, Action.webhook_created, webhook_id)
    return Made(await find(tx, webhook_id, caller.partner_id), standard_webhooks.shown(secret))


async def find(reader: Reader, webhook_id: str, partner_id: str) -> Webhook:
    """One of a partner's endpoints. Raises UnknownWebhook."""
    return _own(await reader.one(sql.webhooks.find, Webhook, id=webhook_id), partner_id)


async def held(tx: Tx, webhook_id: str, partner_id: str) -> Webhook:
    """The same, and nobody else changes it until the unit ends."""
    return _own(await tx.one(sql.webhooks.hold, Webhook, id=webhook_id), partner_id)


def _own(found: Webhook | None, partner_id: str) -> Webhook:
    if found is None or found.partner_id != partner_id:
        raise UnknownWebhook("There is no such webhook")
    return found


async def page(reader: Reader, partner_id: str, after: str, limit: int) -> list[Webhook]:
    """A partner's endpoints, oldest first."""
    return await reader.all(sql.webhooks.page, Webhook, partner_id=partner_id, after=after, limit=limit)


async def change(tx: Tx, world: World, caller: Caller, webhook_id: str, asked: WebhookChange) -> Webhook:
    """Another address, other types, or enabled and disabled. Raises UnknownWebhook, BadTarget or UnknownType."""
    webhook, now = await held(tx, webhook_id, caller.partner_id), world.system_clock.now()
    url = webhook.url if asked.url is msgspec.UNSET else asked.url
    types = webhook.types if asked.types is msgspec.UNSET else asked.types
    if url != webhook.url:
        targets.target(url, sandbox=world.settings.sandbox)
        await tx.run(sql.webhooks.recover, id=webhook_id)  # it was the old address that failed
    if types != webhook.types:
        check_types(types, EVENTS)
    await tx.run(sql.webhooks.change, id=webhook_id, url=url, types_json=types, updated_at=now)
    if asked.state is WebhookState.disabled and webhook.state is WebhookState.enabled:
        await _stop(tx, world, webhook, Ending.asked)
    if asked.state is WebhookState.enabled and webhook.state is WebhookState.disabled:
        await _enable(tx, world, webhook)
    await audit.note(tx, world, caller.client_id, Action.webhook_changed, webhook_id)
    return await find(tx, webhook_id, caller.partner_id)


async def rotate(tx: Tx, world: World, caller: Caller, webhook_id: str, asked: Rotation) -> Made:
    """A new secret; the one before signs beside it for 24 hours. Raises UnknownWebhook or StillOverlapping."""
    webhook, now = await held(tx, webhook_id, caller.partner_id), world.system_clock.now()
    if webhook.overlaps(now) and not asked.force:
        raise StillOverlapping("The secret before this one still signs: wait, or end it at once by `force`")
    secret = standard_webhooks.new_secret()
    await tx.run(
        sql.webhooks.rotate, id=webhook_id, secret=world.vault.seal(secret, webhook_id),
        previous_secret=webhook.secret, previous_until_at=now + OVERLAP, updated_at=now,
    )  # fmt: skip
    await audit.note(tx, world, caller.client_id, Action.webhook_rotated, webhook_id, forced=asked.force)
    return Made(await find(tx, webhook_id, caller.partner_id), standard_webhooks.shown(secret))


async def delete(tx: Tx, world: World, caller: Caller, webhook_id: str) -> None:
    """Forget an endpoint and its keys; what was on its way to it is not sent. Raises UnknownWebhook."""
    await held(tx, webhook_id, caller.partner_id)
    await tx.run(sql.deliveries.cancel, webhook_id=webhook_id, state_at=world.system_clock.now())
    await tx.run(sql.webhooks.delete, id=webhook_id)
    await audit.note(tx, world, caller.client_id, Action.webhook_deleted, webhook_id)
    await alerts.close(tx, world, DISABLED, webhook_id)


async def disable(tx: Tx, world: World, webhook: Webhook, reason: Ending) -> None:
    """End an endpoint that failed; its partner, by log and other endpoints, and the operator are told. Call it last."""
    await _stop(tx, world, webhook, reason)
    data = {"id": webhook.id, "reason": reason.value, "failing_since": _text(webhook, world)}
    told = Event("webhook", webhook.id, "webhook.disabled", NOBODY, webhook.partner_id, data, world.clock.now())
    await events.emit(tx, world, [told])
    evidence = {"partner_id": webhook.partner_id, "reason": reason.value}
    await alerts.start(tx, world, DISABLED, webhook.id, severity=Severity.warning, evidence=evidence)


async def _stop(tx: Tx, world: World, webhook: Webhook, reason: Ending) -> None:
    """What was on its way is canceled: when it comes back, the partner says what it wants again."""
    states.check(MOVES, webhook.state, WebhookState.disabled)
    now = world.system_clock.now()
    await tx.run(sql.webhooks.disable, id=webhook.id, disabled_at=now, reason=reason)
    await tx.run(sql.deliveries.cancel, webhook_id=webhook.id, state_at=now)


async def _enable(tx: Tx, world: World, webhook: Webhook) -> None:
    states.check(MOVES, webhook.state, WebhookState.enabled)
    position = await events.last_position(tx)
    await tx.run(sql.webhooks.enable, id=webhook.id, position=position, updated_at=world.system_clock.now())
    await alerts.close(tx, world, DISABLED, webhook.id)


def _text(webhook: Webhook, world: World) -> str:
    return (webhook.failing_since_at or world.system_clock.now()).isoformat()
