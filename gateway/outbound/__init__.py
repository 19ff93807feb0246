"""The one HTTP client: how the gateway speaks to a bank or a partner over HTTP, and what it can know afterwards.

For money the important thing about a failed request is whether the other side may have seen it. Two errors say so:

`NotSent`        no connection was made: not one byte left, the same request may go again at any time
`MayHaveBeenSent`  everything after that: a timeout, a lost connection, an answer that cannot be used

An HTTP error status is an answer, not an error: what a 422 means is the caller's to say. Redirects are not followed,
proxies and credentials are not taken from the environment, cookies are not kept, and answers are bounded.
"""

from __future__ import annotations

import asyncio
import ssl
from functools import cache, cached_property
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Self

import msgspec

from gateway.domain.errors import Upstream

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    import httpx


class NotSent(Upstream):
    """No connection could be made: nothing was sent."""

    code = "outbound_not_sent"
    title = "The other side cannot be reached"


class MayHaveBeenSent(Upstream):
    """The request may have arrived, and no usable answer came back."""

    code = "outbound_unanswered"
    title = "The other side did not answer usably"


class Limits(msgspec.Struct, frozen=True):
    """Bounds of one client: times in milliseconds, sizes in bytes.

    `connect_ms` also bounds the wait for a free connection; `total_ms` bounds one exchange as a whole, so that an
    answer that drips is cut off too. A connection whose first packets are lost is tried again after one second and
    after three (RFC 6298): five leave room for both.
    """

    connect_ms: int = 5_000
    silence_ms: int = 10_000
    total_ms: int = 30_000
    connection_count: int = 20
    answer_bytes: int = 16 * 1024 * 1024


class Answer(msgspec.Struct, frozen=True):
    """What came back: the status, the headers with lower-case names, and the whole body."""

    status: int
    headers: dict[str, str]
    body: bytes


_LAST_PORT = 65_535


class Outbound:
    """An HTTP/1.1 client with pooled connections; close it, or use it as an async context manager."""

    def __init__(self, limits: Limits | None = None, identity: ssl.SSLContext | None = None) -> None:
        self._limits = limits or Limits()
        self._identity = identity

    @cached_property
    def _client(self) -> httpx.AsyncClient:
        """Made when it is first needed: httpx and a TLS context are a large part of what a start would cost."""
        import httpx  # noqa: PLC0415

        seconds = self._limits.silence_ms / 1000
        connect = self._limits.connect_ms / 1000
        return httpx.AsyncClient(
            verify=self._identity or authorities(),
            timeout=httpx.Timeout(seconds, connect=connect, pool=connect),
            limits=httpx.Limits(max_connections=self._limits.connection_count),
            follow_redirects=False,
            trust_env=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            # A compressed answer could grow without bound while it is unpacked.
            headers={"accept-encoding": "identity"},
        )

    async def send(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One exchange; never repeated by itself. Raises NotSent or MayHaveBeenSent."""
        import httpx  # noqa: PLC0415

        # httpx raises these before a byte of the request is written; all else it raises counts as "may have arrived".
        # A TLS handshake that fails is a ConnectError too.
        before_sending = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
        target = _address(url)
        try:
            async with asyncio.timeout(self._limits.total_ms / 1000):
                return await self._exchange(method, target, body, headers)
        except before_sending as error:
            raise NotSent(f"no connection to {_origin(target)}: {type(error).__name__}") from error
        except (httpx.HTTPError, OSError) as error:  # TLS 1.3 tells of a refused certificate only after the handshake
            raise MayHaveBeenSent(f"no answer from {_origin(target)}: {type(error).__name__}") from error

    async def _exchange(self, method: str, target: httpx.URL, body: bytes, headers: Mapping[str, str] | None) -> Answer:
        async with self._client.stream(method, target, content=body, headers=headers) as response:
            if response.headers.get("content-encoding", "identity") != "identity":
                raise MayHaveBeenSent(f"{_origin(target)} answered in an encoding nobody asked for")
            received = bytearray()
            async for chunk in response.aiter_raw():
                received += chunk
                if len(received) > self._limits.answer_bytes:
                    raise MayHaveBeenSent(
                        f"{_origin(target)} answered with more than {self._limits.answer_bytes} bytes"
                    )
            return Answer(response.status_code, dict(response.headers), bytes(received))

    async def aclose(self) -> None:
        """Close every connection; the client cannot be used afterwards."""
        if "_client" in self.__dict__:
            await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def identity(certificate_file: str, key_file: str, authorities_file: str | None = None) -> ssl.SSLContext:
    """Who we are to a bank, by our client certificate, and whose certificates we believe (PEM files).

    Raises OSError (of which `ssl.SSLError` is one) for files that are not there or do not fit each other.
    """
    import httpx  # noqa: PLC0415

    believed = authorities_file and ssl.create_default_context(cafile=authorities_file)
    context = believed or httpx.create_ssl_context(trust_env=False)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Without a password of its own, an encrypted key would be asked for on the terminal.
    context.load_cert_chain(certificate_file, key_file, password="")
    return context


@cache
def authorities() -> ssl.SSLContext:
    """Whose certificates we believe when nobody says; read once for all clients, because reading them is slow."""
    import httpx  # noqa: PLC0415

    return httpx.create_ssl_context(trust_env=False)


def _address(url: str) -> httpx.URL:
    import httpx  # noqa: PLC0415

    try:
        target = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise NotSent("the address is not a URL") from error
    if target.scheme not in {"http", "https"} or not target.host or not 0 < (target.port or 1) <= _LAST_PORT:
        raise NotSent("the address is not one HTTP can be spoken to")
    return target


def _origin(target: httpx.URL) -> str:
    """Scheme, host and port for an error's text: paths, queries and credentials must not be logged."""
    return f"{target.scheme}://{target.netloc.decode('ascii')}"
