"""/sandbox/outbox: what the sandbox's messenger would have sent. Live mode has no such page."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from gateway.api.connect.browser import Visit
from gateway.api.connect.pages import plain
from gateway.api.connect.routes import PAGE
from gateway.usecases import messages
from gateway.usecases.world import World


@get("/sandbox/outbox", **PAGE)
async def show(request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]) -> Response[str]:
    """The newest messages."""
    visit = Visit(request, world)
    body = plain.outbox(visit.words, visit.about(visit.words("outbox")), await messages.latest(world))
    return visit.page(body)


ROUTES = (show,)
