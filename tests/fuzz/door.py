"""A sandbox on a socket of its own, in a thread, with real tokens; and what may come out of it."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from gateway.api import problems
from tests import served, tills
from tests.catalogues import known
from tests.gateways import KEY

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator
    from pathlib import Path
    from typing import TypeVar

    from tests.gateways import Gateway, Partner
    from tests.tills import Till

    T = TypeVar("T")

SERVERS_OWN = b"Invalid HTTP request received."
"""What the server says to bytes that are no HTTP, before anything of ours sees them."""
_MANY = 10**9


class Door:
    """A gateway, a partner of it, and a shop that trades."""

    def __init__(self, gateway: Gateway, partner: Partner, till: Till, loop: asyncio.AbstractEventLoop) -> None:
        self.gateway, self.partner, self.till, self._loop = gateway, partner, till, loop
        self.port = int(gateway.world.settings.issuer.rpartition(":")[2])
        self._nonce = ""

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Have the gateway's own loop do something."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(120)

    def proven(self, method: str, path: str, *, own: bool) -> dict[str, str]:
        """The headers of a good token of the client's own, or of the shop's grant, and a proof for one request."""
        world, token = self.gateway.world, self.partner.token if own else self.partner.grants[self.till.id]
        now = int(world.system_clock.now().timestamp())
        nonce = world.tokens.proofs.nonce()
        proof = KEY.proof(method, world.settings.issuer + path, now, nonce=nonce, token=token)
        return {"authorization": f"DPoP {token}", "dpop": proof}


@contextmanager
def opened(folder: Path) -> Iterator[Door]:
    """A running sandbox, its quotas out of the way."""
    ready: list[Door | BaseException] = []
    started, ended = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        quotas: dict[str, Any] = {"token_requests_per_minute": _MANY, "merchant_requests_per_minute": _MANY}
        try:
            async with served.gateway(folder, **quotas) as gateway:
                partner = await gateway.partner()
                ready.append(Door(gateway, partner, await tills.trading(partner), loop))
                started.set()
                await ended.wait()
        except BaseException as error:
            ready.append(error)
            started.set()
            raise

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    started.wait()
    if isinstance(ready[0], BaseException):
        raise ready[0]
    try:
        yield ready[0]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()


class Verdict:
    """Which answers were seen, and what is wrong with some."""

    def __init__(self) -> None:
        known()
        self._codes = {entry.code: entry.status for entry in problems.catalogue(("gateway", "adapters"))}
        self.counts: dict[str, int] = {}
        self.faults: list[str] = []

    def hung_up(self, what: object) -> None:
        """Count one that was not answered, which is a fault whatever was sent."""
        self.counts["hung up"] = self.counts.get("hung up", 0) + 1
        self.faults.append(f"no answer: {what!r}")

    def look(self, status: int, kind: str, body: bytes, what: object) -> None:
        """Count one answer; a fault is a 5xx, or a refusal that is no problem of the catalogue."""
        self.counts[f"{status // 100}xx"] = self.counts.get(f"{status // 100}xx", 0) + 1
        fault = self._fault(status, kind, body)
        if fault is not None:
            self.faults.append(f"{fault}: {what!r} -> {status} {body[:300]!r}")

    def _fault(self, status: int, kind: str, body: bytes) -> str | None:
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return "a failure"
        if status < HTTPStatus.BAD_REQUEST or body in {b"", SERVERS_OWN} or kind.startswith("text/html"):
            return None
        if kind != problems.CONTENT_TYPE:
            return None if "error" in json.loads(body) else "no problem"
        found = json.loads(body)
        return None if self._codes.get(found["code"]) == status == found["status"] else "a code of another status"
