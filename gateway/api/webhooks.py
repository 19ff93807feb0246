"""/v1/webhooks: a partner's endpoints, what was sent to them, and sending it again."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from gateway.api import idempotency, paging
from gateway.api.paging import DEFAULT_LIMIT, Cursor, Limit, Page
from gateway.domain.deliveries import Cause, DeliveryState, Failure
from gateway.domain.rights import Caller, Right
from gateway.domain.webhooks import Ending, NewWebhook, Replay, Rotation, WebhookChange, WebhookState
from gateway.usecases import deliveries, webhooks
from gateway.usecases.deliveries import Replayed
from gateway.usecases.world import World

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.domain.deliveries import Attempt, Delivery
    from gateway.domain.webhooks import Webhook
    from gateway.store import Tx
    from gateway.usecases.webhooks import Made

_TAGS = ["Events"]
_ACT: dict[str, Any] = {"right": Right.webhooks_write, "idempotency": "optional"}
_AFTER_ALL = "~"
"""Behind every id."""


class WebhookView(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint. `public_key` checks the `v1a` signature of what it is sent.

    `version` is that of the API whose shapes it is sent: its client's when it was made.
    `previous_secret_until` is how long the secret before the current one still signs; `failing_since` is since when
    nothing could be delivered; `paused_until` is what its last Retry-After asked for.
    """

    id: str
    url: str
    types: tuple[str, ...]
    version: str
    state: WebhookState
    public_key: str
    previous_secret_until: datetime | None
    failing_since: datetime | None
    paused_until: datetime | None
    disabled_at: datetime | None
    disabled_because: Ending | None
    created_at: datetime
    updated_at: datetime


class WebhookWithSecret(WebhookView, frozen=True, kw_only=True):
    """The same with its new secret, which is shown this once; it checks the `v1` signature."""

    secret: str


class AttemptView(msgspec.Struct, frozen=True):
    """One request. `status` is what was answered; `code` says why it was no delivery, null where it was one."""

    ended_at: datetime
    duration_ms: int
    status: int | None
    code: Failure | None


class DeliveryView(msgspec.Struct, frozen=True):
    """One event on its way to an endpoint; `webhook-id` is its `event_id` at every attempt, and of a replay too."""

    id: str
    event_id: str
    type: str
    cause: Cause
    state: DeliveryState
    next_attempt_at: datetime | None
    created_at: datetime
    attempts: tuple[AttemptView, ...]


@post("/v1/webhooks", opt=_ACT, tags=_TAGS)
async def add(
    data: JSONBody[NewWebhook],
    request: Request[Any, Any, Any],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> Response[WebhookWithSecret]:
    """Register an endpoint for events from now on. Its `secret` is in this answer and nowhere else."""

    async def unit(tx: Tx) -> Made:
        return await webhooks.add(tx, world, caller, data)

    return await idempotency.once(request, world, caller, unit, partial(_with_secret, world), secret=True)


@get("/v1/webhooks", opt={"right": Right.webhooks_read}, tags=_TAGS)
async def listed(
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[WebhookView]:
    """List your endpoints."""
    found = await webhooks.page(world.store, caller.partner_id, paging.decode(cursor, "webhook") or "", limit + 1)
    return paging.page(found, limit, lambda one: WebhookView(**_values(world, one)), lambda one: one.id)


@get("/v1/webhooks/{webhook_id:str}", opt={"right": Right.webhooks_read}, tags=_TAGS)
async def show(
    webhook_id: FromPath[str], world: NamedDependency[World], caller: NamedDependency[Caller]
) -> WebhookView:
    """Show an endpoint."""
    return WebhookView(**_values(world, await webhooks.find(world.store, webhook_id, caller.partner_id)))


@patch("/v1/webhooks/{webhook_id:str}", opt={"right": Right.webhooks_write}, tags=_TAGS)
async def change(
    webhook_id: FromPath[str],
    data: JSONBody[WebhookChange],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> WebhookView:
    """Change an endpoint, disable it, or enable it again.

    Disabled, it is sent nothing and what was on its way is canceled; enabled again, it is sent what happens from then
    on. What it missed: replay.
    """
    changed = await world.store.write(lambda tx: webhooks.change(tx, world, caller, webhook_id, data))
    return WebhookView(**_values(world, changed))


@delete("/v1/webhooks/{webhook_id:str}", opt={"right": Right.webhooks_write}, tags=_TAGS)
async def remove(webhook_id: FromPath[str], world: NamedDependency[World], caller: NamedDependency[Caller]) -> None:
    """Delete an endpoint and its keys."""
    await world.store.write(lambda tx: webhooks.delete(tx, world, caller, webhook_id))


@post("/v1/webhooks/{webhook_id:str}/rotate-secret", opt=_ACT, status_code=200, tags=_TAGS)
async def rotate(
    webhook_id: FromPath[str],
    data: JSONBody[Rotation],
    request: Request[Any, Any, Any],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> Response[WebhookWithSecret]:
    """Make a new secret. For 24 hours the one before signs too; another rotation meanwhile is refused unless forced."""

    async def unit(tx: Tx) -> Made:
        return await webhooks.rotate(tx, world, caller, webhook_id, data)

    return await idempotency.once(request, world, caller, unit, partial(_with_secret, world), status=200, secret=True)


@post("/v1/webhooks/{webhook_id:str}/ping", opt=_ACT, status_code=202, tags=_TAGS)
async def ping(
    webhook_id: FromPath[str],
    request: Request[Any, Any, Any],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> Response[DeliveryView]:
    """Send a `webhook.pinged` to this endpoint alone. What came of it is in its deliveries."""

    async def unit(tx: Tx) -> Delivery:
        return await deliveries.ping(tx, world, webhook_id, caller.partner_id)

    return await idempotency.once(request, world, caller, unit, lambda made: _view(made, ()), status=202)


@post("/v1/webhooks/{webhook_id:str}/replay", opt=_ACT, status_code=202, tags=_TAGS)
async def replay(
    webhook_id: FromPath[str],
    data: JSONBody[Replay],
    request: Request[Any, Any, Any],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> Response[Replayed]:
    """Send events again: by their ids, or those of its types in a range of positions or times, at most 1,000 at once.

    Where the range holds more, go on with `from_position` = `next_position`.
    """

    async def unit(tx: Tx) -> Replayed:
        return await deliveries.replay(tx, world, webhook_id, caller.partner_id, data)

    return await idempotency.once(request, world, caller, unit, lambda made: made, status=202)


@get("/v1/webhooks/{webhook_id:str}/deliveries", opt={"right": Right.webhooks_read}, tags=_TAGS)
async def log(
    webhook_id: FromPath[str],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[DeliveryView]:
    """List what was or is to be sent to an endpoint, newest first, each with its attempts. Kept for 30 days."""
    await webhooks.find(world.store, webhook_id, caller.partner_id)
    before = paging.decode(cursor, "delivery") or _AFTER_ALL
    found = await deliveries.page(world.store, webhook_id, before, limit + 1)
    made = await deliveries.attempts(world.store, webhook_id, found[:limit])
    by_delivery = {name: tuple(some) for name, some in groupby(made, lambda one: one.delivery_id)}
    return paging.page(found, limit, lambda one: _view(one, by_delivery.get(one.id, ())), lambda one: one.id)


def _values(world: World, webhook: Webhook) -> dict[str, Any]:
    overlaps = webhook.overlaps(world.system_clock.now())
    return {
        "id": webhook.id,
        "url": webhook.url,
        "types": webhook.types,
        "version": webhook.version,
        "state": webhook.state,
        "public_key": webhook.public_key,
        "previous_secret_until": webhook.previous_until_at if overlaps else None,
        "failing_since": webhook.failing_since_at,
        "paused_until": webhook.resumes_at,
        "disabled_at": webhook.disabled_at,
        "disabled_because": webhook.reason,
        "created_at": webhook.created_at,
        "updated_at": webhook.updated_at,
    }


def _with_secret(world: World, made: Made) -> WebhookWithSecret:
    return WebhookWithSecret(**_values(world, made.webhook), secret=made.secret)


def _view(delivery: Delivery, attempts: Sequence[Attempt]) -> DeliveryView:
    return DeliveryView(
        id=delivery.id,
        event_id=delivery.event_id,
        type=delivery.type,
        cause=delivery.cause,
        state=delivery.state,
        next_attempt_at=delivery.due_at if delivery.state is DeliveryState.pending else None,
        created_at=delivery.created_at,
        attempts=tuple(AttemptView(one.ended_at, one.duration_ms, one.status, one.code) for one in attempts),
    )


ROUTES = (add, listed, show, change, remove, rotate, ping, replay, log)
