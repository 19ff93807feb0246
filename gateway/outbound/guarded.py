"""The HTTP client for addresses that strangers gave us: it never reaches our own network, whatever a name resolves to.

A name is resolved once for each exchange, every address it has must be public, and the connection goes to the address
that was looked at, with the name in TLS and in Host. Nothing is shared between two exchanges, so no connection made
for one name can carry a request for another. Redirects, proxies and cookies do not exist here.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import targets
from gateway.domain.deliveries import Failure, Heard
from gateway.outbound import authorities

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from gateway.domain.targets import Target

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Name and port → addresses; raises OSError when there are none."""
THREADS_COUNT = 32
ADDRESSES_COUNT = 3
"""The most addresses of one name that are tried in turn."""


class Bounds(msgspec.Struct, frozen=True):
    """How long one exchange may take, in milliseconds, and how much of its answer is read."""

    connect_ms: int = 5_000
    total_ms: int = 15_000
    answer_bytes: int = 4 * 1024


class Names:
    """Looks names up in threads of its own, so that a name server that is silent holds up nobody else's look-ups.

    One look-up a name at a time: whoever asks meanwhile waits for it.
    """

    def __init__(self) -> None:
        self._asked: dict[tuple[str, int], asyncio.Future[list[str]]] = {}

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(THREADS_COUNT, thread_name_prefix="names")

    async def resolve(self, name: str, port: int) -> list[str]:
        """See Resolve."""
        asked = self._asked.get((name, port))
        if asked is None:
            asked = asyncio.get_running_loop().run_in_executor(self._threads, _look_up, name, port)
            self._asked[name, port] = asked
            asked.add_done_callback(lambda over: self._end((name, port), over))
        return await asyncio.shield(asked)

    def _end(self, asked: tuple[str, int], over: asyncio.Future[list[str]]) -> None:
        self._asked.pop(asked, None)
        if not over.cancelled():
            over.exception()  # seen: nobody may be waiting any more

    def close(self) -> None:
        """Let the threads go."""
        if "_threads" in self.__dict__:
            self._threads.shutdown(wait=False, cancel_futures=True)


class Guarded:
    """POSTs to strangers' addresses. `trust` is whose certificates are believed, the usual authorities' by default."""

    def __init__(
        self,
        *,
        sandbox: bool,
        bounds: Bounds | None = None,
        resolve: Resolve | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._sandbox = sandbox
        self._bounds = bounds or Bounds()
        self._names = Names()
        self._resolve = resolve or self._names.resolve
        self._given_trust = trust

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return self._given_trust or authorities()

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Heard:
        """One exchange, and what came of it; what the other side does is never raised."""
        started = time.perf_counter()
        heard = await self._safely(url, headers, body)
        return msgspec.structs.replace(heard, duration_ms=int((time.perf_counter() - started) * 1_000))

    def close(self) -> None:
        """Let go of what is held between exchanges."""
        self._names.close()

    async def _safely(self, url: str, headers: Mapping[str, str], body: bytes) -> Heard:
        import httpx  # noqa: PLC0415

        try:
            async with asyncio.timeout(self._bounds.total_ms / 1_000):
                about = targets.target(url, sandbox=self._sandbox)
                return await self._exchange(about, await self._addresses(about), headers, body)
        except targets.BadTarget:
            return Heard(failure=Failure.forbidden)
        except socket.gaierror:
            return Heard(failure=Failure.unresolved)
        except (TimeoutError, httpx.TimeoutException):
            return Heard(failure=Failure.slow)
        except httpx.ConnectError as error:
            return Heard(failure=Failure.insecure if _is_tls(error) else Failure.unreachable)
        except (httpx.HTTPError, OSError):
            return Heard(failure=Failure.broken)

    async def _addresses(self, about: Target) -> list[str]:
        """Where `about` may be called. One address that is not public is enough to refuse them all."""
        if targets.is_address(about.host):
            return [about.host]  # judged by its look already
        found = list(await self._resolve(about.host, about.port))
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        if not all(targets.may_call(about, address) for address in found):
            raise targets.BadTarget("the name stands for an address that is never called")
        return found[:ADDRESSES_COUNT]

    async def _exchange(
        self, about: Target, addresses: Sequence[str], headers: Mapping[str, str], body: bytes
    ) -> Heard:
        import httpx  # noqa: PLC0415

        for address in addresses[:-1]:
            try:
                return await self._at(address, about, headers, body)
            except (httpx.ConnectTimeout, httpx.ConnectError) as error:  # nothing was sent yet
                if _is_tls(error):
                    raise
        return await self._at(addresses[-1], about, headers, body)

    async def _at(self, address: str, about: Target, headers: Mapping[str, str], body: bytes) -> Heard:
        import httpx  # noqa: PLC0415

        connect, total = self._bounds.connect_ms / 1_000, self._bounds.total_ms / 1_000
        request = httpx.Request(
            "POST",
            about.at(address),
            headers={"host": about.authority, "accept-encoding": "identity", "connection": "close", **headers},
            content=body,
            extensions={
                "sni_hostname": about.host,
                "timeout": {"connect": connect, "read": total, "write": total, "pool": connect},
            },
        )
        async with httpx.AsyncHTTPTransport(verify=self._trust, trust_env=False) as transport:
            response = await transport.handle_async_request(request)
            try:
                await self._skim(response)
            finally:
                await response.aclose()
            return Heard(response.status_code, retry_after=response.headers.get("retry-after"))

    async def _skim(self, response: httpx.Response) -> None:
        """Read a little of the answer, for the other side's sake; what it says counts for nothing."""
        count = 0
        async for chunk in response.aiter_raw():
            count += len(chunk)
            if count >= self._bounds.answer_bytes:
                return


def _look_up(name: str, port: int) -> list[str]:
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _is_tls(error: BaseException) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
