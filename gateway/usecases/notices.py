"""The sandbox's outbox: notices that were not sent anywhere, sealed, for the page that shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.ports import Notice
from gateway.store import sql

if TYPE_CHECKING:
    from gateway.usecases.world import World

SHOWN_COUNT = 50


async def keep(world: World, notice: Notice) -> None:
    """Store a notice."""
    body = world.vault.seal(msgspec.json.encode(notice), notice.id)
    await world.store.write(
        lambda tx: tx.run(
            sql.notices.add,
            id=notice.id,
            merchant_id=notice.merchant_id,
            kind=notice.kind,
            body=body,
            created_at=notice.created_at,
        )
    )


async def latest(world: World) -> list[Notice]:
    """The newest notices, newest first."""
    rows = await world.store.all(sql.notices.latest, limit=SHOWN_COUNT)
    return [msgspec.json.decode(world.vault.unseal(bytes(body), notice_id), type=Notice) for notice_id, body in rows]
