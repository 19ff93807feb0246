"""Idempotency-Key: the first answer is kept in the very unit that made it, and a repeat gets it again.

Scope: client, route and key (the merchant is in the route or in the body, which is hashed). Same key, other body: 422.
A refusal keeps nothing: its unit was rolled back, so nothing happened that a repeat could double. Kept 30 days.
(draft-ietf-httpapi-idempotency-key-header)
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from litestar import Response

from gateway.api import exchange
from gateway.api.problems import BadRequest
from gateway.domain.errors import Invalid
from gateway.store import sql

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from litestar import Request

    from gateway.domain.rights import Caller
    from gateway.store import Tx
    from gateway.usecases.world import World

T = TypeVar("T")

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
REPLAYED = "Idempotent-Replayed"


class KeyReused(Invalid):
    """The key came before with another body."""

    code = "idempotency_key_reused"
    title = "The Idempotency-Key was used for another request"


class Stored(msgspec.Struct, frozen=True):
    """What was answered the first time."""

    body_hash: str
    status: int
    body: str


async def once(
    request: Request[Any, Any, Any],
    world: World,
    caller: Caller,
    unit: Callable[[Tx], Awaitable[T]],
    show: Callable[[T], object],
    status: int = 201,
) -> Response[bytes]:
    """Run `unit` and keep what `show` makes of its result, or answer as before."""
    key = _key(request)
    scope = f"{request.method} {request.url.path}"
    body_hash = hashlib.sha256(await request.body()).hexdigest()
    identity = {"client_id": caller.client_id, "scope": scope, "key": key}

    async def kept(tx: Tx) -> tuple[int, bytes, bool]:
        claimed = await tx.run(sql.idempotency.claim, **identity, body_hash=body_hash, created_at=world.clock.now())
        if not claimed:
            return await _again(tx, identity, body_hash)
        body = msgspec.json.encode(show(await unit(tx)))
        await tx.run(sql.idempotency.keep, **identity, status=status, body=body.decode())
        return status, body, False

    answered, body, replayed = await world.store.write(kept)
    exchange.line(request).replayed = replayed
    headers = {REPLAYED: "true"} if replayed else {}
    return Response(body, status_code=answered, headers=headers, media_type="application/json")


async def _again(tx: Tx, identity: dict[str, str], body_hash: str) -> tuple[int, bytes, bool]:
    stored = await tx.one(sql.idempotency.find, Stored, **identity)
    if stored is None or stored.body_hash != body_hash:
        raise KeyReused("Use a new Idempotency-Key for a new request")
    return stored.status, stored.body.encode(), True


def _key(request: Request[Any, Any, Any]) -> str:
    key = request.headers.get("idempotency-key")
    if key is None or _KEY.fullmatch(key) is None:
        raise BadRequest("Send an Idempotency-Key of 1 to 255 visible ASCII characters", header="Idempotency-Key")
    return key
