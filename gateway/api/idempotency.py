"""Idempotency-Key: the first answer is kept in the very unit that made it, and a repeat gets it again.

A route says whether it needs a key or heeds one that is there; without one each request is a request of its own.
Scope: client, route, key, and the merchant of a token that is for one alone. Same key, other body: 422.
A refusal keeps nothing: its unit was rolled back, so nothing happened that a repeat could double. A twin that comes
while the first is still at work waits for its answer, at most 5 seconds, without holding a connection. Kept 30 days.
An answer with a secret is kept sealed: whoever lost it needs it again, whoever has the database must not read it.
(draft-ietf-httpapi-idempotency-key-header)
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec
from litestar import Response

from gateway.api import exchange, oauth
from gateway.api.problems import BadRequest
from gateway.domain.errors import Conflict, Invalid
from gateway.store import sql

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from litestar import Request

    from gateway.domain.rights import Caller
    from gateway.store import Tx
    from gateway.usecases.world import Vault, World

T = TypeVar("T")

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
OPTION, REQUIRED, OPTIONAL = "idempotency", "required", "optional"
"""What a route's `opt` says of the key; a route without it heeds none, since its rows or its nature make it safe."""
REPLAYED = "Idempotent-Replayed"
TWIN_SECONDS = 5.0
TWIN_PAUSE_SECONDS = 0.05


class KeyReused(Invalid):
    """The key came before with another body."""

    code = "idempotency_key_reused"
    title = "The Idempotency-Key was used for another request"


class InProgress(Conflict):
    """Another request with this key is still at work; ask again for its answer."""

    code = "idempotency_key_in_use"
    title = "A request with this Idempotency-Key is still being worked on"


class Stored(msgspec.Struct, frozen=True):
    """What was answered the first time."""

    body_hash: str
    status: int
    body: str


class _Seals(NamedTuple):
    """How an answer is kept: as it is, or sealed for its key."""

    vault: Vault | None
    context: str

    def close(self, body: bytes) -> str:
        if self.vault is None:
            return body.decode()
        return base64.b64encode(self.vault.seal(body, self.context)).decode()

    def open(self, kept: str) -> bytes:
        return kept.encode() if self.vault is None else self.vault.unseal(base64.b64decode(kept), self.context)


async def once(
    request: Request[Any, Any, Any],
    world: World,
    caller: Caller,
    unit: Callable[[Tx], Awaitable[T]],
    show: Callable[[T], object],
    *,
    status: int = 201,
    secret: bool = False,
) -> Response[Any]:
    """Run `unit` and keep what `show` makes of its result, or answer as before; `secret`: no one else may keep it."""
    headers = dict(oauth.NEVER_KEPT) if secret else {}
    used = key(request)
    if used is None:
        body = msgspec.json.encode(show(await world.store.write(unit)))
        return Response(body, status_code=status, headers=headers, media_type="application/json")
    scope = " ".join(filter(None, (request.method, request.url.path, caller.merchant_id)))
    body_hash = hashlib.sha256(await request.body()).hexdigest()
    identity = {"client_id": caller.client_id, "scope": scope, "key": used}
    seals = _Seals(world.vault if secret else None, " ".join(identity.values()))

    async def kept(tx: Tx) -> tuple[int, bytes, bool]:
        if await tx.one(sql.idempotency.hold, identity=" ".join(identity.values())) != (1,):
            raise InProgress("The first request with this key has not been answered yet", retry_after=1)
        claimed = await tx.run(sql.idempotency.claim, **identity, body_hash=body_hash, created_at=world.clock.now())
        if not claimed:
            return await _again(tx, identity, body_hash, seals)
        body = msgspec.json.encode(show(await unit(tx)))
        await tx.run(sql.idempotency.keep, **identity, status=status, body=seals.close(body))
        return status, body, False

    answered, body, replayed = await _patiently(lambda: world.store.write(kept))
    exchange.line(request).replayed = replayed
    headers |= {REPLAYED: "true"} if replayed else {}
    return Response(body, status_code=answered, headers=headers, media_type="application/json")


async def _patiently(attempt: Callable[[], Awaitable[T]]) -> T:
    """Try until no twin is at work, for as long as a twin waits; raises InProgress."""
    give_up_at = asyncio.get_running_loop().time() + TWIN_SECONDS
    while True:
        try:
            return await attempt()
        except InProgress:
            if asyncio.get_running_loop().time() >= give_up_at:
                raise
        await asyncio.sleep(TWIN_PAUSE_SECONDS)


async def _again(tx: Tx, identity: dict[str, str], body_hash: str, seals: _Seals) -> tuple[int, bytes, bool]:
    stored = await tx.one(sql.idempotency.find, Stored, **identity)
    if stored is None or stored.body_hash != body_hash:
        raise KeyReused("Use a new Idempotency-Key for a new request")
    return stored.status, seals.open(stored.body), True


def key(request: Request[Any, Any, Any]) -> str | None:
    """The key of a request; None where it has none and needs none. Raises BadRequest."""
    sent = request.headers.get("idempotency-key")
    if sent is None and request.route_handler.opt[OPTION] == OPTIONAL:
        return None
    if sent is None or _KEY.fullmatch(sent) is None:
        raise BadRequest("Send an Idempotency-Key of 1 to 255 visible ASCII characters", header="Idempotency-Key")
    return sent
