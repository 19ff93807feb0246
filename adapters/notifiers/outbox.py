"""The sandbox's messenger: sends nothing, keeps every message where the outbox page finds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.ports import Message


class Outbox:
    """A Notifier that hands every message to `keep`, which the composition root brings along."""

    def __init__(self, keep: Callable[[Message], Awaitable[None]]) -> None:
        self._keep = keep

    async def send(self, message: Message) -> None:
        """See Notifier."""
        await self._keep(message)
