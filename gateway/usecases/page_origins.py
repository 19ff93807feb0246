"""The pages that may call the gateway from a browser: those registered for some client, asked for at each preflight."""

from __future__ import annotations

from collections import OrderedDict
from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.domain import widget_sessions as rules
from gateway.domain.widget_sessions import BadOrigin
from gateway.store import sql

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.usecases.world import World

KEPT = timedelta(seconds=10)
KEPT_COUNT = 1_000
"""How many answers are kept in memory, and for how long: anybody may name any page."""


class PageOrigins:
    """Which pages may call. Whoever may, still needs a token, and sends no cookie."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._known: OrderedDict[str, tuple[bool, datetime]] = OrderedDict()

    async def may_call(self, origin: str) -> bool:
        """Whether a page of this origin may call; in the sandbox any that could be registered may."""
        try:
            rules.origins([origin], sandbox=self._world.settings.sandbox)
        except BadOrigin:
            return False
        if self._world.settings.sandbox:
            return True
        now = self._world.system_clock.now()
        kept = self._known.get(origin)
        if kept is None or now >= kept[1]:
            found = await self._world.store.one(sql.clients.with_origin, quoted=f'%"{origin}"%')
            kept = self._known[origin] = found is not None, now + KEPT
            if len(self._known) > KEPT_COUNT:
                self._known.popitem(last=False)
        return kept[0]
