"""The application: routes, guards, problems and pages put together; knows nothing of what the routes do."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from litestar import Litestar, Request
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.types import Scope  # noqa: TC002  litestar reads `_caller` at run time

from gateway.api import cors, docs, health, limits, metrics, openapi, problems, rights
from gateway.api.request import StrictRequest
from gateway.api.request_log import Edge
from gateway.domain.rights import Caller  # noqa: TC001  litestar reads `_caller` at run time

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from litestar.types import ControllerRouterHandler

    from gateway.domain.rights import Tokens
    from gateway.ports import IdSource
    from gateway.settings import Settings
    from gateway.usecases.rates import Quotas


class World(Protocol):
    """What the edge itself needs of the world; handlers get the same object, typed as the use cases know it."""

    @property
    def settings(self) -> Settings:
        """The process's settings."""

    @property
    def ids(self) -> IdSource:
        """Makes request ids."""

    @property
    def tokens(self) -> Tokens:
        """Knows whose token a string is."""

    @property
    def quotas(self) -> Quotas:
        """How often a token may ask."""

    async def refresh(self) -> None:
        """Take over what another replica changed, before a request is handled."""


def create_app(
    world: World,
    routes: Sequence[ControllerRouterHandler],
    *,
    lifespan: Sequence[Callable[[Litestar], AbstractAsyncContextManager[None]]] = (),
    checks: Mapping[str, health.Check] | None = None,
    banks: health.Banks = health.no_banks,
    registry: metrics.Registry | None = None,
    front: Callable[[Any], Any] = lambda app: app,
    on_drain: Callable[[], None] = lambda: None,
    may_call: Callable[[str], Awaitable[bool]] = cors.nobody,
) -> Litestar:
    """The ASGI application serving `routes` and the edge's own.

    `checks` are what `/readyz` looks at, `banks` what it says of them; `registry` holds the gauges the composition root
    registered. The lifespans run in order around the serving; the last is entered last and left first. `front` wraps
    the framework in ASGI that answers some requests itself (see `fast_lane`), behind the edge like everything.
    `on_drain` ends what would go on for long; a signal handler calls it. `may_call` says of which origins pages may.
    """
    registry = registry or metrics.Registry()
    issuer = world.settings.address
    routed = _routed((*routes, *docs.ROUTES, health.live, health.ready, metrics.exposition))
    app = Litestar(
        lifespan=list(lifespan),
        logging_config=None,
        openapi_config=None,
        state=State({
            "world": world, "issuer": issuer, "draining": False, "checks": dict(checks or {}), "banks": banks,
            "metrics": registry, "on_drain": on_drain,
            "description": openapi.Description([*routes, health.live, health.ready], issuer),
        }),
    )  # fmt: skip
    app.routes = routed.routes
    # The framework's own middleware does not see an address that matches no route; this sees everything.
    traffic = metrics.Traffic(registry)
    behind = cors.Cors(front(routed.asgi_handler), routed.routes, world.settings.origin, may_call)
    app.asgi_handler = Edge(behind, new_id=world.ids.new, issuer=issuer, traffic=traffic)  # type: ignore[assignment]
    return app


@lru_cache(maxsize=4)
def _routed(routes: tuple[ControllerRouterHandler, ...]) -> Litestar:
    """What serves `routes` for the application that a request came through: reading them is slow, so it is done once.

    It knows no world: everything that is one application's own is in that application's state.
    """
    return Litestar(
        routes,
        dependencies={
            "world": Provide(_world),
            "caller": Provide(_caller, sync_to_thread=False),
        },
        before_request=rights.authorize,
        exception_handlers={Exception: problems.on_exception},
        logging_config=None,
        openapi_config=None,
        request_class=StrictRequest,
        request_max_body_size=limits.MAX_BODY_BYTES,
    )


async def _world(request: Request[Any, Any, Any]) -> Any:
    world: World = request.app.state.world
    await world.refresh()
    return world


def _caller(scope: Scope, world: NamedDependency[Any]) -> Caller:  # noqa: ARG001
    """Asks for `world` only so that the two are resolved in turn: for two at once the framework makes a task group."""
    return rights.caller_of(scope)  # type: ignore[arg-type]


Application = Litestar
"""What `create_app` makes, for the rings that must not know the framework."""

__all__ = ["Application", "World", "create_app"]
