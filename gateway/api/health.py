"""Health: `/livez` says that the process answers, `/readyz` that it should be sent work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, get

from gateway import log
from gateway.api.problems import Unavailable
from gateway.domain.rights import Right

if TYPE_CHECKING:
    from litestar import Litestar

CHECK_SECONDS = 2.0

Check = Callable[[], Awaitable[None]]
"""Raises when the thing it looks at is not usable."""
Banks = Callable[[], Awaitable[dict[str, str]]]
"""How each connected bank stands, by its id."""


async def no_banks() -> dict[str, str]:
    """For an application that has none."""
    return {}


class NotReady(Unavailable):
    """The process is draining, or something it needs does not answer: send work elsewhere for now."""

    code = "not_ready"
    title = "The gateway is not ready for work"


class Health(msgspec.Struct, frozen=True):
    """`status` is `ok`; `checks` names what was looked at; `banks` says how each bank stands.

    A bank that is not open takes no readiness: everything else goes on without it.
    """

    status: str
    checks: list[str] = []
    banks: dict[str, str] = {}


@get("/livez", opt={"right": Right.public}, tags=["Health"], sync_to_thread=False)
def live() -> Health:
    """Liveness.

    Whether the process answers at all.
    """
    return Health("ok")


@get("/readyz", opt={"right": Right.public}, tags=["Health"])
async def ready(request: Request[Any, Any, Any]) -> Health:
    """Readiness.

    Whether the gateway should be sent work: it is not draining, and every check passes.
    """
    state = request.app.state
    if state.draining:
        raise NotReady("The gateway is finishing its work before it stops")
    failed = [name for name, check in state.checks.items() if not await _passes(name, check)]
    if failed:
        raise NotReady(f"Not usable: {', '.join(failed)}", failed=",".join(failed))
    return Health("ok", list(state.checks), await state.banks())


def drain(app: Litestar) -> None:
    """From now on `/readyz` answers 503, so that a load balancer sends new work elsewhere, and streams end."""
    app.state.draining = True
    app.state.on_drain()


async def _passes(name: str, check: Callable[[], Awaitable[Any]]) -> bool:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check()
    except Exception as error:  # noqa: BLE001  whatever a check raises means that it failed
        log.get().warning("readiness.failed", message=name, error=type(error).__qualname__)
        return False
    return True
